/**
 * Resolving: from a dependency to its value, building what is not built yet.
 *
 * The way of a `get` leads from `resolve` (look up the provider) over `resolveNode` (check the rules, see what is
 * there) to `build` (resolve its dependencies, call its factory) and ends in `finishBuild` (keep the instance, hand it
 * over). Each of them returns the value, throws, or returns `PENDING`: then `pendingBuild` is the build to wait for, and
 * what waits is continued from the queue by `drain`. Promises exist only where a factory has returned one.
 *
 * All rules about what may be resolved from where are checked on the way to something that is not built yet, and none on
 * the way to what is.
 *
 * @module
 */

import { isCombinator } from "../model/dependency.ts";
import { addEdge, cachedDependent, chainTo, dependentIn, route, waitedFor } from "../model/edges.ts";
import {
  captive,
  circular,
  closed,
  invalid,
  notProvided,
  refused,
  scopeNotFound,
} from "../model/messages.ts";
import {
  ALIAS,
  Build,
  BUILT,
  type Combinator,
  Definition,
  type Dependencies,
  DONE,
  IDLE,
  NEW,
  type Node,
  RESOLVING,
  RUNNING,
  SCOPED,
  type ScopeRecord,
  type Single,
  SINGLETON,
  TRANSIENT,
  VALUE,
  WAITING,
} from "../model/records.ts";
import { claim } from "../model/ownership.ts";
import { encloses, signalOf } from "../model/tree.ts";
import { find, homeOf, nodeInScope } from "../registry/registry.ts";
import { isThenable } from "../words/thenable.ts";
import { looksLikeToken } from "../words/token.ts";
import { beginToFail, failBuild, finishBuild, forgetLastThrown } from "./finish.ts";
import { runAs, running, setRunning } from "./running.ts";
import { dequeue, isWaiting, PENDING, pendingBuild, queue, suspend, waitFor } from "./waiting.ts";

// ---- Look up

/** Gives the value of `dependency` in `scope`, on behalf of the build `dependent`. */
export function resolve(scope: ScopeRecord, dependency: Single, dependent: Build | undefined): unknown {
  if (looksLikeToken(dependency)) {
    const node = find(scope, dependency) ?? scope.tree.dependents?.lost(dependency, dependent);
    // A closed scope has nothing any more. An observer of this very build may have closed it.
    if (!node) throw (scope.closing?.report ? closed : notProvided)(scope, dependency, dependent);
    return resolveNode(scope, node, dependent);
  }
  if (isCombinator(dependency)) return dependency.resolve(scope, dependent);
  const { kind } = dependency as unknown as Combinator;
  if (kind === "resolver") return scope.tree.resolver(scope, dependent);
  if (typeof kind === "string") {
    const token = dependent?.definition.token;
    throw invalid("a dependency", dependency, token);
  }
  const keys = Object.keys(dependency);
  return combine(scope, Object.values(dependency), dependent, (...values: unknown[]) =>
    // `fromEntries` makes own properties, so that "__proto__" is a key like any other.
    Array.isArray(dependency) ? values : Object.fromEntries(keys.map((key, at) => [key, values[at]])),
  );
}

/** Resolves several dependencies and makes one value of them. This is a build of a transient without a token. */
export function combine(
  scope: ScopeRecord,
  dependencies: Dependencies,
  dependent: Build | undefined,
  make: (...values: never[]) => unknown,
): unknown {
  return build(new Build(new Definition(ALIAS, undefined, dependencies, make), scope, dependent));
}

// ---- Check

/** Gives the value of the registered provider `origin` for `scope`. */
export function resolveNode(scope: ScopeRecord, origin: Node, dependent: Build | undefined): unknown {
  const { definition } = origin;
  const { token, lifetime } = definition;
  let node = origin;
  if (dependent) scope.tree.guard?.(dependent, origin);
  if (lifetime === SCOPED) node = nodeOfScoped(scope, origin, dependent);
  else if (lifetime >= TRANSIENT) {
    if (scope.closing && lifetime === TRANSIENT) throw closed(scope, token, dependent);
    for (let above = origin.build && dependent; above; above = above.dependent) {
      if (above.node === origin && above.scope === scope && above.phase < DONE)
        throw circular(dependent!, [above]);
    }
    scope.tree.dependents?.find(origin, dependent);
    return build(new Build(definition, scope, dependent, origin));
  } else if (lifetime === SINGLETON && definition.options.io && scope.tree.nodeOfIo)
    node = scope.tree.nodeOfIo(scope, origin, dependent);

  node = scope.tree.dependents?.find(node, dependent) ?? node;
  // The instance is built, being built, or not built yet.
  let it: unknown;
  if (node.state === BUILT) {
    it = node.value;
    scope.tree.tell?.("got", node, { cached: true });
  } else if (node.scope.closing || node.state !== IDLE) throw closed(scope, token, dependent);
  else if (node.build) return join(node.build, dependent);
  else it = build(new Build(definition, node.scope, dependent, node));
  // What is pending may still fail. Its edge is added when it is delivered.
  if (dependent && it !== PENDING) addEdge(dependentIn(dependent), node);
  return it;
}

/** The node in which the instance of a scoped provider lives, or will live. */
export function nodeOfScoped(scope: ScopeRecord, origin: Node, dependent: Build | undefined): Node {
  const { token, options } = origin.definition;
  const owner = cachedDependent(dependent);
  // The factory of a singleton may resolve from a scope that it opened below its own, and will close again.
  if (owner && owner.definition.lifetime < SCOPED && encloses(scope, owner.scope)) {
    throw captive(scope, token, dependent!, owner);
  }
  const home = homeOf(scope, origin.definition);
  if (!home) throw scopeNotFound(scope, token, options.in!, dependent);
  // Nothing outlives the scope that registered it.
  if (!encloses(origin.scope, home)) {
    const hint = `register it in "${home.name}", or above`;
    throw refused('its option "in" names a scope above the one that registers it', token, hint);
  }
  return nodeInScope(home, origin);
}

/** Waits for a build that something else has begun. Only here can something come to wait for itself. */
export function join(other: Build, dependent: Build | undefined): typeof PENDING {
  if (dependent) {
    const dependents = new Set(chainTo(dependent));
    const way = route(other, (it) => dependents.has(it), waitedFor);
    if (way) throw circular(dependent, way);
  }
  return suspend(other);
}

// ---- Build

/** How many builds are on the stack. */
let depth = 0;
/** How many may be, before the rest is put off to the queue. */
const maxDepth = 200;

/** Says how many there are besides those that this file knows of: see `core/plans/`. */
export function setDepth(builds: number): void {
  depth = builds;
}

/** Goes on with a build as far as possible: resolves all dependencies at once, then calls the factory. */
export function build(it: Build, isResumed: boolean = it.missing !== undefined): unknown {
  const { definition, scope, node } = it;
  const outer = running;
  const above = depth;
  try {
    if (it.phase === NEW) {
      const { dependencies } = definition;
      const { length } = dependencies;
      if (node) node.build ??= it;
      if (depth > maxDepth && length > 0) {
        queue.push(it);
        return suspend(it);
      }
      it.phase = RESOLVING;
      scope.tree.tell?.("building", it);
      scope.tree.guard?.(it);
      if (length > 0) {
        // Made in its full length at once: pushing to an empty array takes the room of seventeen.
        const values = (it.values = new Array<unknown>(length));
        depth = above + 1;
        for (let at = 0; at < length; at++) {
          const value = (values[at] = resolve(scope, dependencies[at]!, it));
          if (value === PENDING) waitFor(it, pendingBuild, at, goOn);
        }
        depth = above;
      }
      it.phase = WAITING;
    }
    if (isResumed) it.waiters ??= [];
    if (it.failure) throw it.failure.error;
    if (it.missing) return suspend(it);
    const { lifetime, make, token, arity } = definition;
    const isService = lifetime < ALIAS;
    const isClass = make === token && lifetime !== VALUE;
    // A dependency may have shut down.
    if (scope.closing && isService) throw closed(scope, token, it.dependent);
    it.phase = RUNNING;
    it.below = outer;
    setRunning(it);
    // The factory may call anything: how deep the stack is below it, the engine cannot know.
    depth = 0;
    const given = it.values.length > arity ? it.values.slice(0, arity) : it.values;
    const made = lifetime === VALUE ? make : call(make as Make, isClass, given);
    depth = above;
    setRunning(outer);
    it.below = undefined;
    // Only what a factory returned may be a promise. What `new` gives may well be a query with a method `then`.
    if (isClass || lifetime === VALUE || !isService || !isThenable(made)) return initialise(it, made);
    it.progress = continueAfter(it, made, initialise);
    return suspend(it);
  } catch (error) {
    setRunning(outer);
    depth = above;
    it.below = undefined;
    // This assignment comes before any call, because the stack may be full.
    if (node?.build === it) node.build = undefined;
    const failing = beginToFail(it, error);
    if (!failing) throw failBuild(it, it.failure!.error, isResumed);
    if (node) node.build ??= it;
    it.progress = failAfter(it, failing);
    return suspend(it);
  }
}

type Make = { new (...args: unknown[]): unknown; (...args: unknown[]): unknown };

/** Makes the instance. Most services have few dependencies, and JavaScriptCore is slow at spreading. */
function call(fn: Make, isClass: boolean, values: readonly unknown[]): unknown {
  const { length, 0: a, 1: b, 2: c } = values;
  switch (isClass ? length : ~length) {
    case 0:
      return new fn();
    case 1:
      return new fn(a);
    case 2:
      return new fn(a, b);
    case 3:
      return new fn(a, b, c);
    case ~0:
      return fn();
    case ~1:
      return fn(a);
    case ~2:
      return fn(a, b);
    case ~3:
      return fn(a, b, c);
    default:
      return isClass ? new fn(...values) : fn(...values);
  }
}

export function initialise(it: Build, value: unknown): unknown {
  const { init, wrap = finishBuild } = it.definition.options;
  if (it.definition.lifetime < TRANSIENT) claim(it.node!, value);
  if (!init) return wrap(it, value);
  // No dependent has the instance yet, so if `init` fails the container has to dispose it.
  it.made = { value };
  // As a disposer, it is given no signal if it declares one parameter: making and aborting one takes several microseconds.
  const signal = init.length === 1 ? undefined : signalOf(it.scope);
  const result = runAs(it, () => init(value, signal as never));
  if (!isThenable(result)) return wrap(it, value);
  it.progress = continueAfter(it, result, () => wrap(it, value));
  return suspend(it);
}

// ---- Wait

/** Goes on with a build when the promise that its factory or `init` returned has settled. */
export async function continueAfter(
  it: Build,
  promise: unknown,
  next: (it: Build, value: unknown) => unknown,
): Promise<void> {
  it.waiters ??= [];
  try {
    next(it, await promise);
  } catch (error) {
    const failing = beginToFail(it, error);
    if (failing) return failAfter(it, failing);
    failBuild(it, error, true);
  }
  drain();
}

/** Ends a build that has failed when what it has made is disposed. */
export async function failAfter(it: Build, undone: Promise<void>): Promise<void> {
  await undone;
  failBuild(it, it.failure!.error, true);
  drain();
}

/** Goes on with a build that has waited. */
export function goOn(it: Build): void {
  queue.push(it);
  drain();
}

let isDraining = false;

/**
 * Continues the builds in the queue. While that is under way, a factory that cannot go on without a value starts it once
 * more (`nested`).
 */
export function drain(nested = false): void {
  if (isDraining && !nested) return;
  const above = depth;
  const outer = isDraining;
  isDraining = true;
  try {
    for (let it: Build | undefined; (it = dequeue());) {
      if (!isWaiting(it)) continue;
      depth = 0;
      try {
        build(it);
      } catch {
        // What waits for it was told.
      }
    }
    forgetLastThrown();
  } finally {
    depth = above;
    isDraining = outer;
  }
}
