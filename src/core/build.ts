/**
 * The engine: asks for dependencies and builds what is missing.
 *
 * One engine for synchronous and asynchronous building. Asking gives the value, or `HALT`: then `stuck` is the node
 * that is waited for or, when there is none, `failure` is what was thrown. No exception travels through the engine:
 * what a factory throws is caught where it is called, so whoever began a build also ends it. Promises exist only where
 * a factory returned one.
 *
 * What has to wait gets a job, and is called again from a queue and never from inside another build. That keeps the
 * stack flat: a chain of ten thousand dependencies is built in slices, each of them started from the queue.
 *
 * All checks are made on the way to something that is not built yet, and none on the way to what is.
 *
 * @module
 */

import { type Dependencies, flaw, isCombinator, type Single } from "./dependency.ts";
import {
  captive,
  circular,
  closed,
  depthExceeded,
  notAsked,
  notProvided,
  pathOver,
  rememberPath,
  scopeNotFound,
} from "./failures.ts";
import {
  ASKING,
  BUILDING,
  BUILT,
  chainTo,
  DISPOSING,
  GONE,
  hold,
  IDLE,
  isKept,
  isService,
  Job,
  Node,
  ownerOf,
  PUT_OFF,
  route,
  RUNNING,
  WAITING,
} from "./node.ts";
import { emit, isObserved, tellBuilding, tellBuilt, tellFailed } from "./observer.ts";
import { Definition, isThenable, none, noOptions } from "./provider.ts";
import { resolverFor } from "./question.ts";
import { find, instanceIn } from "./registry.ts";
import { arrived, discard } from "./shutdown.ts";
import { isToken } from "./token.ts";
import { CLOSED, encloses, extraOf, type LocalScope, OPEN, signalOf } from "./tree.ts";

/** Given in place of a value: there is none yet, or there will be none. */
export const HALT: object = {};

/** After `HALT`: what is waited for, if it is not a failure. */
export let stuck: Node | undefined;
/** After `HALT`, when nothing is waited for: what was thrown. */
export let failure: unknown;
/** Whose factory is running, in this very turn: it is who asks, when a factory asks the container itself. */
export let current: Node | undefined;

/** How many builds are on the stack, and how many may be before the rest is put off. */
let depth = 0;
const slice = 200;

/** Jobs to be called again; those before `head` were. */
const queue: Job[] = [];
let head = 0;

export function refuse(error: unknown): object {
  stuck = undefined;
  failure = error;
  return HALT;
}

function wait(node: Node): object {
  stuck = node;
  return HALT;
}

// ---- Asking

/** Gives what `dependency` stands for in `scope`, on behalf of `asker`. */
export function ask(scope: LocalScope, dependency: Single, asker: Node | undefined): unknown {
  if (isToken(dependency)) {
    const entry = find(scope, dependency);
    return entry ? askEntry(scope, entry, asker) : refuse(notProvided(scope, dependency, asker));
  }
  if (isCombinator(dependency)) return dependency.resolve(scope, asker);
  if (Array.isArray(dependency)) return gather(scope, dependency as Dependencies, asker, (...values) => values);
  const keys = Object.keys(dependency);
  // `fromEntries` makes own properties: "__proto__" is a key like any other.
  const make = (...values: unknown[]): unknown => Object.fromEntries(keys.map((key, at) => [key, values[at]]));
  return gather(scope, Object.values(dependency), asker, make);
}

/** Asks for several dependencies and makes one value of them: a transient without a token. */
export function gather(
  scope: LocalScope,
  dependencies: Dependencies,
  asker: Node | undefined,
  make: (...values: never[]) => unknown,
): unknown {
  return begin(nameless("frame", scope, dependencies, make), asker);
}

function nameless(kind: "frame" | "question", scope: LocalScope, dependencies: Dependencies, make: unknown): Node {
  return new Node(new Definition(kind, undefined as never, dependencies, make, false, noOptions), scope);
}

/** Gives what a registered provider makes, for `scope`. */
export function askEntry(scope: LocalScope, entry: Node, asker: Node | undefined): unknown {
  const { kind, options } = entry.definition;
  if (kind === "transient" || kind === "alias") return askTransient(scope, entry, asker);
  if (kind !== "scoped") return askKept(scope, entry, asker);

  const captor = captorOf(scope, asker);
  if (captor?.definition.kind === "singleton") return refuse(captive(scope, entry, asker!, captor));
  let home: LocalScope | undefined = scope;
  if (options.in !== undefined) while (home && home.name !== options.in) home = home.parent;
  return home ? askKept(scope, instanceIn(home, entry), asker) : refuse(scopeNotFound(scope, entry, asker));
}

/** Who would keep what `scope` gives to `asker`. */
function captorOf(scope: LocalScope, asker: Node | undefined): Node | undefined {
  let itself = false;
  for (let node = asker; node; node = node.asker) {
    if (node.definition.kind === "question") {
      if (ownerOf(node)) return ownerOf(node);
      itself = true;
    }
    // A factory that asks a scope below its own may well have opened it, and close it again.
    if (isKept(node)) return itself && !encloses(scope, node.scope) ? undefined : node;
  }
  return undefined;
}

function askKept(scope: LocalScope, node: Node, asker: Node | undefined): unknown {
  if (node.state === BUILT) {
    if (asker) hold(asker, node);
    if (isObserved(scope)) emit(scope, "got", { token: node.token, cached: true });
    return node.value;
  }
  if (scope.phase !== OPEN || node.state > BUILT) return refuse(closed(scope, node.token, asker));
  if (node.state === BUILDING) {
    if (asker) {
      // Only here can something wait for itself: at whoever joins a build that is not done.
      const way = route(node, asker.holder);
      if (way) return refuse(circular(node, asker, way));
      hold(asker, node);
    }
    return wait(node);
  }
  if (node.attempt === 0 && node.entry === node && node.definition.kind !== "value") (node.scope.nodes ??= []).push(node);
  return begin(node, asker);
}

function askTransient(scope: LocalScope, entry: Node, asker: Node | undefined): unknown {
  const { definition } = entry;
  if (scope.phase !== OPEN && definition.kind !== "alias") return refuse(closed(scope, entry.token, asker));
  const node = new Node(definition, scope, entry);
  // Transients have no state to meet again; but while one is being built, its entry is marked.
  if (entry.count > 0) {
    for (let above = asker; above; above = above.asker) {
      if (above.entry === entry && above.scope === scope) return refuse(circular(above, asker!, []));
    }
  }
  entry.count++;
  return begin(node, asker);
}

// ---- Building

function begin(node: Node, asker: Node | undefined): unknown {
  node.state = BUILDING;
  node.asker = asker;
  node.attempt++;
  if (asker) {
    if (isKept(node)) hold(asker, node);
    else node.holder = asker.holder;
  }
  if (isObserved(node.scope)) tellBuilding(node);
  return build(node);
}

/** Asks for what the node needs, all of it at once, and calls the factory when nothing is missing. */
function build(node: Node): unknown {
  const { scope, definition } = node;
  const { dependencies = none } = definition;
  const { length } = dependencies;
  if (length === 0) return run(node, none as unknown[]);
  if (depth >= slice) {
    const job = jobOf(node);
    job.phase = PUT_OFF;
    queue.push(job);
    return wait(node);
  }
  const values = new Array<unknown>(length);
  depth++;
  for (let at = 0; at < length; at++) {
    const value = ask(scope, dependencies[at]!, node);
    if (value !== HALT) values[at] = value;
    else if (stuck) waitFor(stuck, node, values, at);
    else {
      depth--;
      return fail(node, failure);
    }
  }
  depth--;
  const { job } = node;
  if (job) {
    if (job.failure) return fail(node, job.failure.error);
    job.phase = WAITING;
    if (--job.missing > 0) return wait(node);
  }
  return run(node, values);
}

function jobOf(node: Node): Job {
  if (!node.job) {
    node.job = new Job(node);
    if (!isKept(node)) (extraOf(node.scope).flights ??= new Set()).add(node);
  }
  return node.job;
}

/** Has `waiter` called again when `node` is done, with its value at one place of `values`. */
export function waitFor(node: Node, waiter: Node, values: unknown[], at: number): Job {
  const job = jobOf(waiter);
  job.values = values;
  job.missing++;
  if (job.on?.state !== BUILDING) job.on = node;
  jobOf(node).waiters.push(job, at);
  return job;
}

/** Calls the factory. */
function run(node: Node, values: unknown[]): unknown {
  const { make, isClass, dependencies, kind } = node.definition;
  const factory = make as (...args: unknown[]) => unknown;
  const outer = current;
  const outerDepth = depth;
  current = node;
  let value: unknown;
  let promised = false;
  try {
    if (kind === "value") value = make;
    else if (isClass) value = new (make as new (...args: unknown[]) => unknown)(...values);
    else {
      value = dependencies ? factory(...values) : factory(resolverFor(node));
      // What is handed on is not waited for; and a record may hold a service under "then".
      promised = isService(node) && isThenable(value);
    }
  } catch (error) {
    current = outer;
    depth = outerDepth;
    return failOwn(node, error);
  }
  current = outer;
  return promised ? settle(node, value, (it) => initialise(node, it), failOwn) : initialise(node, value);
}

/** Waits for a factory or an `init` that returned a promise. From here on nothing can stop the build. */
function settle(
  node: Node,
  promise: unknown,
  onValue: (it: unknown) => unknown,
  onError: (node: Node, error: unknown) => unknown,
): object {
  jobOf(node).phase = RUNNING;
  Promise.resolve(promise).then(
    (it) => {
      onValue(it);
      drain();
    },
    (error: unknown) => {
      onError(node, error);
      drain();
    },
  );
  return wait(node);
}

function initialise(node: Node, value: unknown): unknown {
  const { init } = node.definition.options;
  if (!init) return finish(node, value);
  const outer = current;
  current = node;
  node.value = value;
  let result: unknown;
  let promised: boolean;
  try {
    result = init(value, signalOf(node.scope) as never);
    promised = isThenable(result);
  } catch (error) {
    current = outer;
    return spoil(node, error);
  }
  current = outer;
  return promised ? settle(node, result, () => finish(node, value), spoil) : finish(node, value);
}

/** The instance is there: hands it to all who wait. */
function finish(node: Node, value: unknown): unknown {
  const { scope } = node;
  const { kind } = node.definition;
  const kept = isKept(node);
  if (kept) {
    node.state = BUILT;
    node.value = value;
    tidy(node);
  }
  // An alias, and what has no token, only hands on what is built; that is allowed until the scope has closed.
  if (scope.phase !== OPEN && (kept || kind === "transient")) {
    const error = closed(scope, node.token, node.asker);
    const job = leave(node);
    if (job) deliver(job, false, error);
    if (kept || job?.counted) arrived(node);
    return refuse(error);
  }
  if (kind === "question") answer(node);
  if (isObserved(scope)) tellBuilt(node);
  const job = leave(node);
  if (job) deliver(job, true, value);
  return value;
}

/** Keeps the edges that shutdown needs: those to instances of the same scope. */
function tidy(node: Node): void {
  node.holds = node.holds?.filter((it) => it.state === BUILT && it.scope === node.scope);
}

/** The build is over, one way or the other; or a question is no longer asked. */
export function leave(node: Node): Job | undefined {
  const { job, entry } = node;
  node.asker = undefined;
  node.job = undefined;
  if (!isKept(node)) {
    node.state = GONE;
    if (entry !== node) entry.count--;
    if (job) node.scope.extra?.flights?.delete(node);
  }
  return job;
}

/** Hands a value, or a failure, to all who wait for it. They go on from the queue. */
function deliver(job: Job, ok: boolean, it: unknown): void {
  const { waiters } = job;
  for (let at = 0; at < waiters.length; at += 2) {
    const waiter = waiters[at] as Job;
    // It may have failed, or given up, while it waited.
    if (waiter.node.job !== waiter) continue;
    if (ok) {
      waiter.values[waiters[at + 1] as number] = it;
      if (--waiter.missing > 0) continue;
    } else waiter.failure ??= { error: it };
    queue.push(waiter);
  }
  job.answer?.(ok, it);
}

/** Calls again what was put off and what has waited long enough. */
export function drain(): void {
  while (head < queue.length) {
    const job = queue[head++]!;
    const { node } = job;
    if (node.job !== job) continue;
    if (job.phase === PUT_OFF) {
      job.phase = ASKING;
      build(node);
    } else if (job.phase === WAITING) {
      if (job.failure) fail(node, job.failure.error);
      else run(node, job.values);
    }
  }
  if (head > 0) queue.length = head = 0;
}

// ---- Failing

/** The node's own factory failed, or its `init`. */
function failOwn(node: Node, error: unknown): object {
  const chain = chainTo(node);
  // Few factories deep it is the factory's own endless recursion, and none of our business.
  if (chain.length > 50 && isStackOverflow(error)) return fail(node, depthExceeded(node, error));
  rememberPath(error, pathOver(chain));
  return fail(node, error);
}

/** What every engine throws when the stack is full. */
function isStackOverflow(error: unknown): boolean {
  return error instanceof Error && /call stack|too much recursion/i.test(error.message);
}

/** The instance is there, but `init` failed: nobody receives it, so nobody else will undo it. */
function spoil(node: Node, error: unknown): object {
  tidy(node);
  if (node.definition.kind === "value") return failOwn(node, error);
  const ghost = new Node(node.definition, node.scope);
  ghost.state = BUILT;
  ghost.value = node.value;
  ghost.holds = node.holds;
  discard(ghost);
  return failOwn(node, error);
}

/** Ends a build without an instance. Nothing is remembered: the next ask tries again. */
export function fail(node: Node, error: unknown): object {
  const { scope } = node;
  if (isObserved(scope)) tellFailed(node, error);
  // A full stack ends builds without a word, below the factory that it was caught at.
  for (const lost of node.holds ?? []) if (lost.state === BUILDING && !lost.job) fail(lost, error);
  const job = leave(node);
  if (isKept(node)) node.state = IDLE;
  if (scope.phase !== OPEN && (isKept(node) || job?.counted)) arrived(node);
  node.holds = undefined;
  if (node.definition.kind !== "value") node.value = undefined;
  if (job) {
    job.failure ??= { error };
    deliver(job, false, error);
  }
  return refuse(error);
}

// ---- Questions: asking from outside

/**
 * Asks for `dependency`, from outside the engine: `asker` is the node whose factory is running, `owner` the one whose
 * resolver was used. After `HALT`, `stuck` is the question that is still open.
 */
export function put(
  scope: LocalScope,
  dependency: Single,
  asker: Node | undefined,
  owner: Node | undefined,
): unknown {
  const bad = isToken(dependency) ? undefined : flaw(dependency, "it");
  if (bad) return refuse(notAsked(bad, asker));
  if (scope.phase === CLOSED) return refuse(closed(scope, isToken(dependency) ? dependency : undefined, asker));

  const outerDepth = depth;
  depth = 0;
  let question = asker || owner ? newQuestion(scope, asker, owner) : undefined;
  let it = ask(scope, dependency, question);
  if (it !== HALT || !stuck) {
    const error = failure;
    if (question) {
      if (it !== HALT) answer(question);
      leave(question);
    }
    drain();
    if (it === HALT) refuse(error);
  } else {
    question ??= newQuestion(scope, asker, owner);
    const job = waitFor(stuck, question, [], 0);
    job.missing = 1;
    job.phase = WAITING;
    drain();
    if (question.job) wait(question);
    else it = job.failure ? refuse(job.failure.error) : job.values[0];
  }
  depth = outerDepth;
  return it;
}

function newQuestion(scope: LocalScope, asker: Node | undefined, owner: Node | undefined): Node {
  const question = nameless("question", scope, none, (it: unknown) => it);
  question.state = BUILDING;
  question.asker = asker;
  question.value = owner;
  if (asker) hold(asker, question);
  return question;
}

/** What was asked for is there: from now on, who asked holds on to it. */
function answer(question: Node): void {
  for (const node of question.holds ?? []) {
    if (node.state !== BUILT) continue;
    for (const holder of [question.asker?.holder, ownerOf(question)]) {
      if (holder?.state === BUILDING) hold(holder, node);
      // Between instances an edge must not close a circle, or nobody would be the first to go.
      else if (isThere(holder) && !holder.holds?.includes(node) && !route(node, holder)) hold(holder, node);
    }
  }
}

/** Whether it was built and not yet disposed, and so may come to hold on to more. */
function isThere(node: Node | undefined): node is Node {
  return node?.state === BUILT || node?.state === DISPOSING;
}

/** Calls `fn` so that what it asks a container for is nobody's dependency. */
export function aside<T>(fn: () => T): T {
  const outer = current;
  current = undefined;
  try {
    return fn();
  } finally {
    current = outer;
  }
}
