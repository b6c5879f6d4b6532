/**
 * The engine: builds what was asked for and is not there yet.
 *
 * One engine for synchronous and asynchronous building. Asking gives the value, or throws, or gives `HALT`: then
 * `stuck` is the build that has to be waited for. Promises exist only where a factory returned one.
 *
 * What has to wait is called again from a queue and never from inside another build. That keeps the stack flat: a
 * chain of ten thousand dependencies is built in slices, each of them started from the queue.
 *
 * @module
 */

import { ask } from "./ask.ts";
import { circular, closed, depthExceeded, isStackOverflow, pathOver, rememberPath } from "./failures.ts";
import {
  ASKING,
  type Build,
  BUILT,
  chainTo,
  DONE,
  hold,
  holderOf,
  IDLE,
  isHeldUp,
  isService,
  keeperOf,
  NEW,
  type Node,
  OUTSIDE,
  route,
  RUNNING,
  type Waiter,
  WAITING,
} from "./node.ts";
import { isWatched, tellOf } from "./observer.ts";
import { isThenable } from "./promise.ts";
import { arrived, discard } from "./shutdown.ts";
import { signalOf } from "./tree.ts";
import { now } from "./web.ts";

/** Given in place of a value that is not there yet. */
export const HALT: object = {};

/** After `HALT`: what has to be waited for. */
export let stuck: Build;
/** Whose factory is running, in this very turn: it is who asks, when a factory asks the container itself. */
export let current: Build | undefined;

/** What a build has thrown last. */
let last: unknown;

/** How many builds are on the stack, and how many may be before the rest is put off. */
let depth = 0;
const slice = 200;

/** Builds to be called again; those before `head` were. */
const queue: Build[] = [];
let head = 0;
let draining = false;

/** Calls `fn` so that what it asks a container for is a dependency of `asker`, or nobody's. */
export function onBehalf<T>(asker: Build | undefined, fn: () => T): T {
  const outer = current;
  current = asker;
  try {
    return fn();
  } finally {
    current = outer;
  }
}

/** Goes on with a build as far as it will go: asks for what it needs, all of it at once, and calls the factory. */
export function advance(build: Build): unknown {
  const { definition, scope, node } = build;
  const outer = current;
  const above = depth;
  try {
    if (build.phase === NEW) {
      const { dependencies } = definition;
      const { length } = dependencies;
      if (node) node.build ??= build;
      if (depth > slice && length > 0) {
        queue.push(build);
        return pending(build);
      }
      build.phase = ASKING;
      if (isWatched(scope)) {
        build.since = now();
        tellOf(build, "building");
      }
      if (length > 0) {
        // Of the right length at once: pushing onto an empty array takes room for seventeen.
        const values = (build.values = new Array<unknown>(length));
        depth = above + 1;
        for (let at = 0; at < length; at++) {
          const it = (values[at] = ask(scope, dependencies[at]!, build));
          if (it === HALT) waitFor(build, stuck, at);
        }
        depth = above;
      }
      build.phase = WAITING;
    }
    if (build.failure) throw build.failure.error;
    if (build.missing) return pending(build);
    // What it depends on may have shut down.
    if (scope.closing && isService(definition)) throw closed(scope, definition.token, build.asker);
    build.phase = RUNNING;
    current = build;
    const { make, isClass } = definition;
    // Below a factory, the stack is not of the engine's making.
    depth = 0;
    const it = call(make as Make, isClass, build.values);
    depth = above;
    current = outer;
    // What is only handed on is not waited for, nor what `new` gave: a record, or a query, may well have a "then".
    if (isClass || !isService(definition) || !isThenable(it)) return initialise(build, it);
    void settle(build, it, initialise);
    return pending(build);
  } catch (error) {
    current = outer;
    depth = above;
    // With no call before it: the stack may be full.
    if (node?.build === build) node.build = undefined;
    throw fail(build, error);
  }
}

type Make = { new (...args: unknown[]): unknown; (...args: unknown[]): unknown };

/** Where spreading is slow, in JavaScriptCore, a graph takes half as long again; and most services depend on few others. */
function call(make: Make, isClass: boolean, values: readonly unknown[]): unknown {
  const { length, 0: a, 1: b, 2: c } = values;
  switch (isClass ? length : ~length) {
    case 0:
      return new make();
    case 1:
      return new make(a);
    case 2:
      return new make(a, b);
    case 3:
      return new make(a, b, c);
    case ~0:
      return make();
    case ~1:
      return make(a);
    case ~2:
      return make(a, b);
    case ~3:
      return make(a, b, c);
    default:
      return isClass ? new make(...values) : make(...values);
  }
}

/** Notes that others may have to wait for it. */
export function pending(build: Build): object {
  // What is kept, its scope knows already.
  if (!build.definition.kept) {
    build.count ??= OUTSIDE;
    (build.scope.nodes ??= new Map()).set(build, build);
  }
  stuck = build;
  return HALT;
}

/** Waits for a build that someone else has begun. Only here can something wait for itself. */
export function join(build: Build, asker: Build | undefined): object {
  if (asker) {
    const askers = new Set(chainTo(asker));
    const way = route(build, (it) => askers.has(it), waitedFor);
    if (way) throw circular(asker, way);
  }
  return pending(build);
}

/** What a build still waits for. */
export function waitedFor({ on = [] }: Build): Build[] {
  return on.filter(({ phase }) => phase < DONE);
}

/** Has `build` called again when another one is over, with its value at one place of `values`. */
export function waitFor(build: Build, other: Build, at: number): void {
  build.missing = (build.missing ?? 0) + 1;
  (build.on ??= []).push(other);
  (other.waiters ??= []).push({ by: build, at });
}

/** Waits for a factory or an `init` that returned a promise. From here on nothing can stop the build. */
async function settle(
  build: Build,
  promise: unknown,
  next: (build: Build, it: unknown) => unknown,
): Promise<void> {
  try {
    next(build, await promise);
  } catch (error) {
    fail(build, error);
  }
  drain();
}

function initialise(build: Build, value: unknown): unknown {
  const { init } = build.definition.options;
  if (!init) return finish(build, value);
  // Nobody has received the instance: should this fail, nobody else will undo it.
  build.made = { value };
  const it = onBehalf(build, () => init(value, signalOf(build.scope) as never));
  if (!isThenable(it)) return finish(build, value);
  void settle(build, it, () => finish(build, value));
  return pending(build);
}

/** The instance is there: hands it to all who wait. */
export function finish(build: Build, value: unknown): unknown {
  const { definition, scope, node, asker, holds } = build;
  const { kept, token } = definition;
  if (build.made) build.made = undefined;
  if (node?.build === build) node.build = undefined;
  if (kept) {
    node!.value = value;
    node!.state = BUILT;
  } else {
    // What is handed over holds on to nothing itself: who receives it does.
    if (holds) for (const held of holds) handOn(build, held);
    // And so of what a transient has asked for that is still to come.
    if (build.on && isService(definition)) build.owner ??= keeperOf(asker);
  }
  // What is no service only hands on what is built; that is allowed until the scope has closed.
  if (scope.closing && isService(definition)) throw closed(scope, token, asker);
  if (isWatched(scope)) {
    tellOf(build, "built", { elapsed: elapsedOf(build) });
    // Those who waited are handed it now, each of them; else it is on the way to the one who asked.
    for (let left = build.waiters?.length ?? 1; left > 0; left--) tellOf(build, "got", { cached: false });
    // Who was told may have shut down.
    if (kept && node!.state !== BUILT) throw closed(scope, token, asker);
  }
  leave(build, false, value);
  return value;
}

/** Who asked for it holds on to it; and so does an instance that asked too late to be given it while it was built. */
function handOn({ asker, owner }: Build, held: Node): void {
  if (asker && asker.phase < DONE) hold(holderOf(asker), held);
  const late = (owner ?? asker?.owner ?? asker?.node) as Node | undefined;
  // A transient that is handed over holds on to nothing, nor does what was registered for it.
  if (!late?.definition.kept || !(late.state || late.build)) return;
  if (held.state !== BUILT || late.holds?.includes(held)) return;
  const isLate = (it: Node): boolean => it === late;
  // Between instances an edge must not close a circle, or nobody would be the first to go.
  if (!route(held, isLate, ({ holds }) => holds)) hold(late, held);
}

/** Ends a build without an instance. Nothing is remembered: the next ask tries again. Gives what is to be thrown. */
export function fail(build: Build, thrown: unknown): unknown {
  const { scope, node, made, definition, phase } = build;
  if (node?.build === build) node.build = undefined;
  let error = thrown;
  try {
    if (phase === RUNNING) error = claim(build, thrown);
  } catch {
    // An error that cannot even be looked at is an error nevertheless, and there are those who wait.
  }
  build.failure = { error };
  last = error;
  // Before anyone is told: who is told may shut down.
  if (made && definition.kind !== "value") discard(build, made.value);
  if (isWatched(scope)) tellOf(build, "buildFailed", { error, elapsed: elapsedOf(build) });
  leave(build, true, error);
  // Unless who was told has asked again.
  if (definition.kept && node!.state === IDLE && !node!.build) node!.holds = undefined;
  return error;
}

/** Remembers whose factory has thrown, or whose `init`. */
function claim(build: Build, error: unknown): unknown {
  const isDeep = isStackOverflow(error);
  // What it lets through is not its own. Asking first also saves a long way from being walked at each step back.
  if (!isDeep && (error === last || build.on?.some(({ failure }) => failure?.error === error))) return error;
  const chain = chainTo(build);
  // Few factories deep it is the factory's own endless recursion, and none of our business.
  const factories = chain.filter((it) => (it as Build).phase === RUNNING);
  const it = isDeep && factories.length > 50 ? depthExceeded(build, error) : error;
  rememberPath(it, pathOver(chain));
  return it;
}

/** The build is over, one way or the other; or a question is no longer asked. Those who wait go on from the queue. */
export function leave(build: Build, failed: boolean, it: unknown): void {
  const { waiters, scope } = build;
  build.phase = DONE;
  build.asker = undefined;
  // It is not kept for having been the last that somebody had to wait for.
  if (stuck === build) stuck = undefined as never;
  if (build.count) {
    scope.nodes?.delete(build);
    build.ended?.(failed, it);
  }
  if (failed) {
    // What it waited for goes on without it, and must not keep it.
    for (const other of build.on ?? []) other.waiters = other.waiters?.filter(({ by }) => by !== build);
  }
  if (waiters) {
    build.waiters = undefined;
    for (const waiter of waiters) receive(waiter, build, failed, it);
  }
  if (scope.closing) arrived(holderOf(build));
}

/** What a build has waited for is there, or has failed. */
function receive({ by, at }: Waiter, { definition, node }: Build, failed: boolean, it: unknown): void {
  if (failed) by.failure ??= { error: it };
  else {
    by.values[at] = it;
    if (definition.kept) hold(holderOf(by), node!);
  }
  if (--by.missing! === 0 || failed) queue.push(by);
}

/** In ms; 0 when nobody was watching yet as it began. */
function elapsedOf({ since }: Build): number {
  return since === undefined ? 0 : now() - since;
}

/**
 * Calls again what was put off, and what has waited long enough. `nested`: also in the middle of doing so, for a
 * factory that cannot go on without.
 */
export function drain(nested = false): void {
  if (draining && !nested) return;
  const above = depth;
  const outer = draining;
  draining = true;
  try {
    while (head < queue.length) {
      const build = queue[head++]!;
      if (!isHeldUp(build)) continue;
      depth = 0;
      try {
        advance(build);
      } catch {
        // Those who wait for it have been told.
      }
    }
    // One by one: with its length set to 0, an array gives its room away, and most queues are of one.
    for (; head > 0; head--) queue.pop();
    // From here on, the same error is thrown anew.
    last = undefined;
  } finally {
    depth = above;
    draining = outer;
  }
}
