/**
 * The stack of plans: what is being built along plans right now, each for the one below it.
 *
 * As long as nothing unusual happens, a plan on this stack is all there is. When the engine has to know more (a factory
 * calls a container, throws, or returns a promise; something is resolved that has no plan), `promote` makes a build of
 * each plan on the stack. From then on those builds are the engine's: it goes on with them, waits, fails and tells.
 * There is no second implementation of any of that.
 *
 * @module
 */

import { beginToFail, failBuild, finishBuild } from "../building/finish.ts";
import {
  build,
  continueAfter,
  drain,
  failAfter,
  goOn,
  initialise,
  resolve,
  resolveNode,
  setDepth,
} from "../building/resolve.ts";
import { running, setRunning } from "../building/running.ts";
import { PENDING, pendingBuild, suspend, waitFor } from "../building/waiting.ts";
import { addEdge, dependentIn } from "../model/edges.ts";
import { closed } from "../model/messages.ts";
import {
  Build,
  type Node,
  none,
  RESOLVING,
  RUNNING,
  SCOPED,
  type Single,
  TRANSIENT,
  WAITING,
} from "../model/records.ts";
import { claim } from "../model/ownership.ts";
import { nodeInScope } from "../registry/registry.ts";
import { combinator } from "../combinators/combinator.ts";
import { follow as followClosing, get } from "../scope/get.ts";
import type { Entry, Plan, PlannedScope, Run } from "./records.ts";
import { reach, settle } from "./settle.ts";

/** The plans on the stack. The array keeps its length when one is over, so that adding the next one takes no time. */
const frames: (Plan | undefined)[] = [];
/** How many there are. */
export let top = 0;
/** How many of them are builds already: none or all, except while those are being made. */
export let promoted = 0;
const builds: Build[] = [];
/** The values that a plan had received when one of its dependencies threw. */
const partial: (unknown[] | undefined)[] = [];
/** The resolvers of the dynamic factories on the stack, and the instances whose `init` is running. */
const resolvers: (Told | undefined)[] = [];
const initialising: ({ readonly value: unknown } | undefined)[] = [];
/** What the factories on the stack have resolved by calling a scope, under the places of the services that depend on it. */
const called: (Entry[] | undefined)[] = [];
/** Whether there is any. */
export let hasCalled = false;
/** What a plan has received so far, where that cannot be told by what it resolves now: it depends on that twice. */
const progress: (unknown[] | undefined)[] = [];
/** The scope that everything on the stack is resolved from. */
let base: PlannedScope | undefined;
/** Whether something was promoted since the stack was empty. Then builds may be in the queue. */
let wasPromoted = false;

/** Told the build of the service that it belongs to, once there is one. */
export interface Told {
  build: Build | undefined;
  /** What the factory has resolved so far. */
  entries: Entry[] | undefined;
}

export function push(plan: Plan): number {
  frames[top] = plan;
  return top++;
}

export function pop(): void {
  // A plan leads to its container, which must not be kept.
  frames[--top] = undefined;
}

/**
 * Stands for the running factory of the plan on top. Whoever reads one of its properties makes it that build; it is then
 * replaced, because others may keep it.
 */
class Stand extends Build {}
for (const name of [
  "definition",
  "scope",
  "dependent",
  "node",
  "phase",
  "values",
  "edges",
  "below",
  "missing",
  "began",
  "younger",
  "older",
  "progress",
  "over",
  "end",
  "drops",
  "waiters",
  "waitsFor",
  "endFailing",
  "failure",
  "wanted",
  "isOutside",
  "settled",
  "owner",
  "made",
  "cleanup",
  "count",
  "original",
  "isGivenUp",
  "since",
] as const)
  Object.defineProperty(Stand.prototype, name, {
    get(this: Stand) {
      promote();
      // Where nothing is on the stack, there is no build either.
      return Object.hasOwn(this, name) ? this[name] : undefined;
    },
    set(this: Stand, value: never) {
      promote();
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
    },
  });

let stand: Build = Object.create(Stand.prototype) as Build;

/** Whether the factory that is running belongs to a plan, which nothing has made a build yet. */
export function isOnPlans(): boolean {
  return running === stand;
}

/** Makes the plans on the stack builds of the engine, if there are any. Comes before everything that may look at them. */
export function promote(): void {
  const isRunning = running === stand;
  if (isRunning) setRunning(undefined);
  if (top === 0 || promoted !== 0) return;
  const at = top - 1;
  promoteAll();
  const it = builds[at]!;
  if (!frames[at]!.isDynamic) {
    it.below = outer();
    reachAll(it, frames[at]!.deps);
  }
  it.phase = RUNNING;
  // The engine may have put it aside, to run something on behalf of something else.
  if (isRunning) setRunning(it);
}

/** The build of the last dynamic factory that is running on the stack. */
function outer(): Build | undefined {
  for (let at = top - 1; at >= 0; at--) if (frames[at]!.isDynamic) return builds[at];
  return undefined;
}

/** Does what `promote` does, while the plan on top resolves `dependency` and its factory was not called. Gives its build. */
function promoteFor(dependency: Entry): Build | undefined {
  if (promoted === 0) {
    promoteAll();
    if (top > 0 && !frames[top - 1]!.isDynamic) reachAll(builds[top - 1]!, before(top - 1, dependency));
    setRunning(outer());
  }
  return builds[top - 1];
}

/** What a plan on the stack depends on, up to the dependency that it resolves right now. */
function before(at: number, dependency: Entry): Entry[] {
  const { deps } = frames[at]!;
  return deps.slice(0, progress[at]?.length ?? deps.indexOf(dependency));
}

function promoteAll(): void {
  const scope = base!;
  wasPromoted = true;
  promoted = top;
  settle(scope);
  let dependent: Build | undefined;
  let below: Build | undefined;
  for (let at = 0; at < top; at++) {
    const plan = frames[at]!;
    const { definition, origin } = plan;
    const node = definition.lifetime === SCOPED ? nodeInScope(scope, origin!) : origin;
    let it: Build;
    if (at === top - 1) {
      // Whatever has kept the one that stands for the running factory knows its build now.
      it = Object.setPrototypeOf(stand, Build.prototype) as Build;
      Object.assign(it, new Build(definition, scope, dependent, node));
      stand = Object.create(Stand.prototype) as Build;
    } else it = new Build(definition, scope, dependent, node);
    it.phase = RESOLVING;
    if (node) node.build ??= it;
    const told = resolvers[at];
    if (told) told.build = it;
    if (plan.isDynamic) {
      it.phase = RUNNING;
      it.below = below;
      below = it;
      reachAll(it, told?.entries ?? none);
    } else if (at < top - 1) reachAll(it, before(at, frames[at + 1]!));
    reachAll(it, called[at] ?? none);
    const made = initialising[at];
    if (made) {
      if (node && definition.lifetime < TRANSIENT) claim(node, made.value);
      it.made = made;
    }
    builds[at] = dependent = it;
  }
}

/** Has a build depend on what it has received so far. */
function reachAll(it: Build, deps: readonly Entry[]): void {
  for (const dependency of deps)
    reach(it.scope as PlannedScope, dependency, (node) => addEdge(dependentIn(it), node));
}

function popBuild(): Build {
  const it = builds[--top]!;
  builds.length = promoted = top;
  resolvers[top] = initialising[top] = progress[top] = called[top] = undefined;
  setRunning(outer());
  it.below = undefined;
  return it;
}

/** How many builds are on the stack above the last factory that is running. */
function height(): number {
  let at = top;
  while (at > 0 && !frames[at - 1]!.isDynamic) at--;
  return top - at;
}

/** Resolves by the engine what has no plan that could be followed right now. */
export function away(scope: PlannedScope, origin: Node, entry: Entry): unknown {
  const dependent = promoteFor(entry);
  setDepth(height());
  return resolveNode(scope, origin, dependent);
}

/** Has the engine go on with the build on top. `values` has what it has received, the last one a moment ago. */
export function rest(values: unknown[]): unknown {
  const plan = frames[top - 1]!;
  const it = popBuild();
  const { dependencies } = it.definition;
  const { length } = dependencies;
  let at = values.length - 1;
  values.length = length;
  it.values = values;
  try {
    if (values[at] === PENDING) waitFor(it, pendingBuild, at, goOn);
    else if (lifetimeOf(plan.deps[at]!) < TRANSIENT) reachAll(it, [plan.deps[at]!]);
    setDepth(height() + 1);
    while (++at < length) {
      const value = (values[at] = resolve(it.scope, dependencies[at]!, it));
      if (value === PENDING) waitFor(it, pendingBuild, at, goOn);
    }
    it.phase = WAITING;
  } catch (error) {
    return failed(it, error);
  }
  setDepth(height());
  return build(it, false);
}

function lifetimeOf({ definition }: Entry): number {
  return definition.lifetime;
}

/** Has the engine end the build on top, whose factory has returned. */
export function done(made: unknown, isPromise: boolean): unknown {
  promote();
  const it = popBuild();
  try {
    if (!isPromise) return initialise(it, made);
    it.progress = continueAfter(it, made, initialise);
    return suspend(it);
  } catch (error) {
    return failed(it, error);
  }
}

/** The same for one whose `init` has returned. */
export function initDone(value: unknown, result: unknown, isPromise: boolean): unknown {
  promote();
  const it = popBuild();
  try {
    if (!isPromise) return finishBuild(it, value);
    it.progress = continueAfter(it, result, () => finishBuild(it, value));
    return suspend(it);
  } catch (error) {
    return failed(it, error);
  }
}

/** Notes that the `init` of an instance is called, for the plan on top; and that it has ended. */
export function beginInit(value: unknown): void {
  initialising[top - 1] = { value };
}
export function endInit(): void {
  initialising[top - 1] = undefined;
}

/**
 * Notes that the factory on top has called a scope and received something that was there already. The service that is kept, and
 * for which the factory runs, depends on it.
 */
export function noteCalled(entry: Entry): void {
  let at = top - 1;
  while (at >= 0 && lifetimeOf(frames[at]!) >= TRANSIENT) at--;
  if (at < 0) return;
  (called[at] ??= []).push(entry);
  hasCalled = true;
}

/** Takes what was noted for the service that was on top, and is built now. */
export function takeCalled(): Entry[] | undefined {
  const entries = called[top];
  called[top] = undefined;
  if (top === 0) hasCalled = false;
  return entries;
}

/** Whether everything on the stack is resolved from this scope. */
export function isBase(scope: PlannedScope): boolean {
  return scope === base;
}

/** Notes where a plan finds what it receives, one value after the other. */
export function track(at: number, values: unknown[] | undefined): void {
  progress[at] = values;
}

/** Notes the resolver that a dynamic factory is given. */
export function lend(at: number, told: Told | undefined): void {
  resolvers[at] = told;
}

/** The resolver of the service on top, if it has one. */
export function lentTo(at: number): Told | undefined {
  return resolvers[at];
}

/** Whether the dynamic factory of a plan is on the stack already. */
export function isOnStack(plan: Plan): boolean {
  for (let at = 0; at < top; at++) if (frames[at] === plan) return true;
  return false;
}

/** Follows a plan for the dynamic factory that is running, the one on top. Gives its value as the engine's `get` would. */
export function followWithin(
  scope: PlannedScope,
  run: Run,
  entry: Entry,
  dependency: Single,
  told: Told,
): unknown {
  const floor = top;
  let it: unknown;
  try {
    it = run(scope);
  } catch (error) {
    it = unwind(error, floor);
  }
  const { build } = told;
  if (!build) return it;
  setDepth(0);
  if (it === PENDING) return get(scope, received(it, dependency), build);
  if (lifetimeOf(entry) < TRANSIENT) reachAll(build, [entry]);
  return it;
}

/**
 * A dependency that was resolved already, so that the engine can have a caller wait for it. A caller that has to begin anew
 * resolves `dependency`.
 */
export function received(value: unknown, dependency: Single): Single {
  let isFirst = true;
  return combinator("received", [], (scope, dependent) => {
    if (!isFirst) return resolve(scope, dependency, dependent);
    isFirst = false;
    return value;
  });
}

/** What the engine does when a build throws. */
function failed(it: Build, error: unknown): unknown {
  const { node } = it;
  if (node?.build === it) node.build = undefined;
  const failing = beginToFail(it, error);
  if (!failing) throw failBuild(it, it.failure!.error, false);
  if (node) node.build ??= it;
  it.progress = failAfter(it, failing);
  return suspend(it);
}

/** Remembers what a plan had received, because one of its dependencies has thrown. */
export function note(at: number, values: unknown[]): void {
  if (top > at) partial[at] = values;
}

/** Follows a plan, when no factory is running. Gives `PENDING` and more by the engine. */
export function follow(scope: PlannedScope, run: Run): unknown {
  base = scope;
  setRunning(stand);
  let it: unknown;
  try {
    it = run(scope);
  } catch (error) {
    it = recover(error);
  }
  setRunning(undefined);
  base = undefined;
  return wasPromoted ? after(scope, it) : it;
}

/** Ends everything on the stack. It is a function of its own, because `follow` has to be short. */
function recover(error: unknown): unknown {
  try {
    return unwind(error);
  } finally {
    // The stack of the runtime may be full, so that this was not finished. Nothing may stay on the stack of plans then.
    if (top !== 0) {
      for (const { node } of builds) if (node) node.build = undefined;
      top = promoted = 0;
      for (const list of [builds, frames, partial, resolvers, initialising, called, progress])
        list.length = 0;
      wasPromoted = hasCalled = false;
    }
  }
}

/** Ends what is on the stack above `floor` by the engine, the last first, because something has thrown. */
function unwind(thrown: unknown, floor = 0): unknown {
  let error = thrown;
  let hasFailed = true;
  let it: unknown;
  promote();
  wasPromoted = true;
  while (top > floor) {
    const at = top - 1;
    const values = partial[at];
    partial[at] = undefined;
    try {
      if (hasFailed) {
        const build = popBuild();
        if (values && build.phase < RUNNING) build.values = values;
        it = failed(build, error);
      } else {
        // It waits now, because what it has made is being disposed. What is below it waits for that.
        it = rest([...(values ?? none), it]);
      }
      hasFailed = false;
    } catch (next) {
      hasFailed = true;
      error = next;
    }
  }
  if (!hasFailed) return it;
  if (floor === 0) {
    wasPromoted = false;
    base = undefined;
    setRunning(undefined);
    setDepth(0);
    frames.length = 0;
    drain();
  }
  throw error;
}

/** The engine has taken part, so others may have come to wait. */
function after(scope: PlannedScope, it: unknown): unknown {
  wasPromoted = false;
  setDepth(0);
  frames.length = 0;
  if (it !== PENDING) {
    drain();
    return it;
  }
  followClosing(scope);
  if (!scope.closing) return it;
  // What was resolved has closed the scope.
  const { token } = pendingBuild.definition;
  drain(true);
  throw closed(scope, token);
}

/** What was on the stack once must not be kept by it. */
export function forget(): void {
  frames.length = top;
}
