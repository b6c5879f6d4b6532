/**
 * The engine: builds what was asked for and is not there yet.
 *
 * One engine for synchronous and asynchronous building. Asking gives the value, or `HALT`: then `stuck` is the node
 * that is waited for or, when there is none, `failure` is what was thrown. No exception travels through the engine:
 * what a factory throws is caught where it is called, so whoever began a build also ends it. Promises exist only where
 * a factory returned one.
 *
 * What has to wait gets a job, and is called again from a queue and never from inside another build. That keeps the
 * stack flat: a chain of ten thousand dependencies is built in slices, each of them started from the queue.
 *
 * @module
 */

import { ask } from "./ask.ts";
import { closed, depthExceeded, isStackOverflow, pathOver, rememberPath } from "./failures.ts";
import {
  askFor,
  ASKING,
  BUILDING,
  BUILT,
  chainTo,
  GONE,
  IDLE,
  isService,
  Job,
  Node,
  PUT_OFF,
  RUNNING,
  standIn,
  WAITING,
} from "./node.ts";
import { isWatched, tellOf } from "./observer.ts";
import { isThenable, none } from "./provider.ts";
import { answer, resolverFor } from "./question.ts";
import { arrived, discard } from "./shutdown.ts";
import { extraOf, signalOf } from "./tree.ts";
import { now } from "./web.ts";

/** Given in place of a value: there is none yet, or there will be none. */
export const HALT: object = {};

/** After `HALT`: what is waited for, if it is not a failure. */
export let stuck: Node | undefined;
/** After `HALT`, when nothing is waited for: what was thrown. */
export let failure: unknown;
/** Whose factory is running, in this very turn: it is who asks, when a factory asks the container itself. */
export let current: Node | undefined;

/** The build that began last, of those on the stack. */
let innermost: Node | undefined;

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

export function wait(node: Node): object {
  stuck = node;
  return HALT;
}

/** Begins to ask from outside: what is on the stack already is not of the engine's making. Gives what to go back to. */
export function enter(): number {
  const outer = depth;
  depth = 0;
  failure = undefined;
  return outer;
}

/** Goes back to where a factory was asking. */
export function exit(outer: number): void {
  depth = outer;
}

// ---- Building

/** Makes an instance of a transient class that needs nothing. Nothing can wait here, so the entry does for a node. */
export function construct(entry: Node, asker: Node | undefined): unknown {
  const outer = current;
  current = entry;
  entry.count = 1;
  askFor(entry, asker);
  let value: unknown;
  try {
    value = new (entry.definition.make as new () => unknown)();
  } catch (error) {
    return caught(standIn(entry), error, outer, depth, innermost);
  }
  current = outer;
  entry.count = 0;
  entry.asker = undefined;
  return value;
}

/** Begins a build: asks for what it needs, all of it at once, and calls the factory when nothing is missing. */
export function begin(node: Node, asker: Node | undefined): unknown {
  const { scope, definition } = node;
  const outer = innermost;
  // Before anything is called, `askFor` included: from here on a full stack finds it.
  innermost = node;
  node.asker = asker;
  node.askedIn = asker ? asker.attempt : 0;
  node.state = BUILDING;
  node.attempt++;
  if (asker && !definition.kept) node.holder = asker.holder;
  if (isWatched(scope)) {
    if (definition.kind !== "value") node.value = now();
    tellOf(node, "building");
  }
  const it = build(node);
  innermost = outer;
  return it;
}

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
    if (!node.definition.kept) (extraOf(node.scope).flights ??= new Set()).add(node);
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
  const outer = current;
  const outerDepth = depth;
  const outermost = innermost;
  current = node;
  let value = make;
  let promised = false;
  try {
    if (isClass) value = new (make as new (...args: unknown[]) => unknown)(...values);
    else if (kind !== "value") {
      value = (make as (...args: unknown[]) => unknown)(...(dependencies ? values : [resolverFor(node)]));
      // What is only handed on is not waited for; and a record may hold a service under "then".
      promised = isService(node) && isThenable(value);
    }
  } catch (error) {
    return caught(node, error, outer, outerDepth, outermost);
  }
  current = outer;
  return promised ? settle(node, value, initialise, failOwn) : initialise(node, value);
}

/** Waits for a factory or an `init` that returned a promise. From here on nothing can stop the build. */
function settle(
  node: Node,
  promise: unknown,
  onValue: (node: Node, it: unknown) => unknown,
  onError: (node: Node, error: unknown) => unknown,
): object {
  jobOf(node).phase = RUNNING;
  Promise.resolve(promise).then(
    (it) => {
      onValue(node, it);
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
  const { options, kind } = node.definition;
  if (!options.init) return finish(node, value);
  const spoil = (_: Node, error: unknown): object => {
    // Nobody receives the instance, so nobody else will undo it. A value that is lent, or owned, stays what it is.
    if (kind !== "value") discard(node, value);
    return failOwn(node, error);
  };
  const outer = current;
  current = node;
  let result: unknown;
  let promised: boolean;
  try {
    result = options.init(value, signalOf(node.scope) as never);
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
  const { scope, definition } = node;
  const { kind, kept, token } = definition;
  const since = node.value as number;
  if (kept) {
    node.state = BUILT;
    node.value = value;
    // Edges to what it waited for are no more; shutdown needs those to instances of the same scope.
    if (node.job) node.holds = node.holds?.filter((it) => it.state === BUILT && it.scope === scope);
  }
  // An alias, and what has no token, only hands on what is built; that is allowed until the scope has closed.
  if (scope.closing && (kept || kind === "transient")) {
    const error = closed(scope, token, node.asker);
    const job = leave(node);
    if (job) deliver(job, false, error);
    if (kept || job?.counted) arrived(node);
    return refuse(error);
  }
  if (kind === "question") answer(node);
  if (isWatched(scope)) {
    tellOf(node, "built", { elapsed: now() - since });
    // Those who waited are handed it now, each of them; else it is on the way to the one who asked.
    for (let left = node.job ? node.job.waiters.length : 2; left > 0; left -= 2)
      tellOf(node, "got", { cached: false });
  }
  const job = leave(node);
  if (job) deliver(job, true, value);
  return value;
}

/** The build is over, one way or the other; or a question is no longer asked. */
export function leave(node: Node): Job | undefined {
  const { job, entry, asker } = node;
  // With no call in between: what is above must be found also if the stack is full right here.
  if (innermost === node) innermost = asker;
  node.asker = node.job = undefined;
  if (!node.definition.kept) {
    node.state = GONE;
    node.value = undefined;
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

/** Calls again what was put off, and what has waited long enough. */
export function drain(): void {
  while (head < queue.length) {
    const job = queue[head++]!;
    const { node, phase, failure } = job;
    if (node.job !== job) continue;
    if (phase === PUT_OFF) {
      job.phase = ASKING;
      build(node);
    } else if (phase === WAITING) {
      if (failure) fail(node, failure.error);
      else run(node, job.values);
    }
  }
  if (head > 0) queue.length = head = 0;
}

// ---- Failing

/** A factory threw, and the engine is back where it had called it. */
function caught(
  node: Node,
  error: unknown,
  outer: Node | undefined,
  outerDepth: number,
  outermost: Node | undefined,
): object {
  const isPassedOn = error === failure;
  current = outer;
  depth = outerDepth;
  // A full stack ends builds without a word: those that this factory had begun and that are still at it. It may be
  // full here, too: nothing is called, and after each step the way up is still there.
  while (innermost && innermost !== outermost && innermost !== node) {
    const lost: Node = innermost;
    const { kept } = lost.definition;
    const isLost = lost.state === BUILDING && !lost.job;
    if (isLost) lost.state = kept ? IDLE : GONE;
    innermost = lost.asker;
    if (isLost) {
      lost.asker = lost.holds = undefined;
      if (!kept) lost.entry.count--;
    }
  }
  innermost = outermost;
  return failOwn(node, error, isPassedOn);
}

/** The node's own factory failed, or its `init`. */
function failOwn(node: Node, error: unknown, isPassedOn = error === failure): object {
  const isDeep = isStackOverflow(error);
  // A factory that lets through what the engine threw just now has nothing to say about where it came from. Asking
  // first also saves a long way from being walked again at each step back.
  if (isDeep || !isPassedOn) {
    const chain = chainTo(node);
    // Few factories deep it is the factory's own endless recursion, and none of our business.
    if (isDeep && chain.length > 50) error = depthExceeded(node, error);
    rememberPath(error, pathOver(chain));
  }
  return fail(node, error);
}

/** Ends a build without an instance. Nothing is remembered: the next ask tries again. */
export function fail(node: Node, error: unknown): object {
  const { scope, definition } = node;
  const { kept, kind, make } = definition;
  if (isWatched(scope)) tellOf(node, "buildFailed", { error, elapsed: now() - (node.value as number) });
  const job = leave(node);
  if (kept) node.state = IDLE;
  node.value = kind === "value" ? make : undefined;
  if (scope.closing && (kept || job?.counted)) arrived(node);
  // What was asked for on behalf of others goes over to those of them that are still at it.
  for (const flight of scope.extra?.flights ?? []) {
    if (flight.holder !== node) continue;
    flight.holder = flight;
    flight.holds = node.holds?.slice();
  }
  node.holds = undefined;
  if (job) {
    job.failure ??= { error };
    deliver(job, false, error);
  }
  return refuse(error);
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
