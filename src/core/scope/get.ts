/**
 * Callers: resolving from outside the engine, through a scope or through the resolver that a factory was given.
 *
 * While a factory runs, it resolves on behalf of its build; a built service resolves on behalf of its instance. A caller
 * becomes a build of its own when it has to wait, so that it can be told the result.
 *
 * @module
 */

import { onStack, running } from "../building/running.ts";
import { drain, goOn, resolve, resolveNode } from "../building/resolve.ts";
import { failBuild, finishBuild, forgetLastThrown } from "../building/finish.ts";
import { PENDING, pendingBuild, queue, suspend, waitFor } from "../building/waiting.ts";
import { check } from "../model/dependency.ts";
import { allWaitedFor, cachedDependent } from "../model/edges.ts";
import { asyncProvider, closed, thenable } from "../model/messages.ts";
import {
  ALIAS,
  Build,
  Definition,
  DONE,
  type Found,
  type Node,
  none,
  SCOPED,
  type ScopeRecord,
  type Settled,
  type Single,
  TRANSIENT,
  WAITING,
} from "../model/records.ts";
import { checkNames, checkSignal, notGiven } from "../model/options.ts";
import { encloses } from "../model/tree.ts";
import { homeOf, isProvided } from "../registry/registry.ts";
import { shutdown } from "../shutdown/shutdown.ts";
import type { Resolver } from "../types/provider.ts";
import type { WaitOptions } from "../types/scope.ts";
import { cannotResolve } from "../words/thenable.ts";
import { isToken } from "../words/token.ts";

/** The definition of every caller that is a build: it passes on what it waited for. */
const caller: Definition = /* @__PURE__ */ new Definition(
  ALIAS,
  undefined,
  none,
  (it: unknown) => it,
  undefined,
  1,
);

/** Gives the value of a dependency, or throws; it never waits. `node`: the provider, if it was looked up already. */
export function get(
  scope: ScopeRecord,
  dependency: Single,
  dependent: Build | undefined,
  owner?: Build,
  node?: Node,
): unknown {
  const it = start(scope, dependency, dependent, owner, node, true);
  if (it !== PENDING) return it;
  // It waits for one that has failed, and whose clean-up is not over.
  const failure = [...allWaitedFor(pendingBuild)].find((build) => build.failure)?.failure;
  if (failure) failure.isHeard = true;
  throw failBuild(pendingBuild, failure ? failure.error : asyncProvider(pendingBuild));
}

/**
 * Gives a promise of the value of a dependency. When the signal aborts, the caller gives up: what was begun goes on, for
 * others may wait for it.
 */
export function getAsync(
  scope: ScopeRecord,
  dependency: Single,
  dependent: Build | undefined,
  owner?: Build,
  options: WaitOptions = notGiven,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (options !== notGiven) checkNames("getAsync", options, ["signal"]);
    const { signal } = options;
    checkSignal(signal);
    if (signal?.aborted) return reject(signal.reason as Error);
    const it = start(scope, dependency, dependent, owner);
    // A promise would call the method `then` of an instance, which may well run a query.
    const give = (it: unknown): void => {
      if (cannotResolve(it)) reject(thenable());
      else resolve(it);
    };
    if (it !== PENDING) return give(it);
    const build = pendingBuild;
    const giveUp = (): void => {
      reject(signal!.reason as Error);
      if (build.phase < DONE) failBuild(build, signal!.reason);
      // A factory may listen to the same signal and throw the same reason, which then gets a path.
      forgetLastThrown();
    };
    // Not assigned to the property at once: V8 would keep such a function, and all that it sees, past the next collections.
    const settled: Settled = (failure, it) => {
      signal?.removeEventListener("abort", giveUp);
      if (failure) reject(failure.error as Error);
      else give(it);
    };
    build.settled = settled;
    signal?.addEventListener("abort", giveUp);
    // What was begun may have aborted it.
    if (signal?.aborted) giveUp();
  });
}

/** Whether something visible provides the dependency, and everything that its providers declare to depend on. */
export function has(scope: ScopeRecord, dependency: Single): boolean {
  checkResolvable(scope, dependency);
  const found: Found = new Map();
  let isThere = isProvided(scope, dependency, undefined, found);
  // The map grows while it is walked.
  for (const [node, at] of found) {
    const { definition } = node;
    const from = definition.lifetime < SCOPED ? node.scope : homeOf(at, definition);
    isThere &&=
      encloses(node.scope, from) &&
      isProvided(from!, definition.dependencies, new Build(definition, from!, undefined, node), found);
  }
  return isThere;
}

/** Whether a scope above is closing, which could not close this one: it does not know of it. */
export function isForgotten(scope: ScopeRecord): boolean {
  let at: ScopeRecord | undefined = scope;
  if (!scope.isHeld && !scope.closing) while ((at = at.parent)) if (at.closing) return true;
  return false;
}

/** Closes a scope that its parent did not hold when a scope above began to close. There is nothing to dispose in it. */
export function follow(scope: ScopeRecord): void {
  if (isForgotten(scope)) void shutdown(scope);
}

function checkResolvable(scope: ScopeRecord, dependency: Single, dependent?: Build): void {
  follow(scope);
  if (scope.closing?.report) throw closed(scope, isToken(dependency) ? dependency : undefined, dependent);
  check(dependency, "what is resolved");
}

/**
 * Makes a resolver, for a factory or for `defer`. While the service it belongs to is being built, it resolves on behalf
 * of that build. Afterwards it resolves on behalf of the instance, which then depends on the result.
 */
export function resolverFor(scope: ScopeRecord, dependent: Build | undefined): Resolver {
  // Aliases and tuples are over as soon as they are made. The resolver belongs to the service they are made for.
  let service = dependent;
  while (service?.dependent && service.definition.lifetime === ALIAS) service = service.dependent;
  const owner = service && service.definition.lifetime >= TRANSIENT ? cachedDependent(service) : undefined;
  // What receives a transient may still be under construction, and goes on resolving through it.
  let receiver = service;
  while (receiver && receiver.definition.lifetime >= TRANSIENT) receiver = receiver.dependent;
  const through =
    <R>(how: (scope: ScopeRecord, it: Single, dependent?: Build, owner?: Build) => R) =>
    (it: unknown): R => {
      const build = service && service.phase < DONE ? service : receiver;
      // Another factory that is running right now, and that uses the service, is a dependent as well.
      const isAlone = !running || running === build;
      if (build && build.phase < DONE)
        return isAlone ? how(scope, it as Single, build) : how(scope, it as Single, running, build);
      // The build of a transient that is over no longer knows what it was made for.
      if (owner) service!.owner ??= owner;
      return how(scope, it as Single, running, service);
    };
  return {
    get: through(get),
    getAsync: through(getAsync),
    has: (it: Single) => has(scope, it),
  } as Resolver;
}

/** Resolves. After `PENDING`, `pendingBuild` is the caller that waits. */
function start(
  scope: ScopeRecord,
  dependency: Single,
  dependent: Build | undefined,
  owner?: Build,
  node?: Node,
  isSync?: boolean,
): unknown {
  if (!node) checkResolvable(scope, dependency, dependent);
  const { closing } = scope;
  let build: Build | undefined;
  if (owner) {
    build = new Build(caller, scope, dependent);
    build.owner = owner;
  }
  let it: unknown;
  try {
    it = node ? resolveNode(scope, node, dependent) : resolve(scope, dependency, build ?? dependent);
    if (it === PENDING) {
      // What was resolved may have closed the scope. One that was closing before may wait for what lives further up.
      follow(scope);
      if (scope.closing !== closing) throw closed(scope, pendingBuild.definition.token, build ?? dependent);
      build = wait(scope, build, dependent, dependency);
    } else if (build) finishBuild(build, it);
  } finally {
    // What is in the queue may wait for builds that are on the stack below a running factory, so it is left to them.
    if (it === PENDING || !running) drain(it === PENDING);
  }
  if (it !== PENDING) return it;
  // What has all it waited for may only wait for a reaction of its own to that, see `listen`. This caller cannot wait.
  let ready;
  while (isSync && (ready = [...allWaitedFor(build!)].find((it) => it.phase === WAITING && !it.missing))) {
    queue.push(ready);
    drain(true);
  }
  if (build!.failure) throw build!.failure.error;
  // What was only put off to the queue is built by now.
  return build!.phase < DONE ? suspend(build!) : build!.values[0];
}

function noop(): void {}

/** Makes the caller wait for the pending build. The caller may give up; by then its factory waits no longer. */
function wait(
  scope: ScopeRecord,
  made: Build | undefined,
  dependent: Build | undefined,
  dependency: Single,
): Build {
  const other = pendingBuild;
  const build = made ?? new Build(caller, scope, dependent);
  if (other.dependent === dependent && !onStack().has(other)) other.dependent = build;
  build.values = [];
  build.wanted = dependency;
  build.phase = WAITING;
  // A caller learns of a failure, by a promise or because it is thrown when the queue is drained.
  build.settled = noop;
  if (!made && !dependent) build.isOutside = true;
  waitFor(build, other, 0, goOn);
  // What is drained next may meet the builds that are on the stack here. Each of them waits for the one above it.
  for (let it = build; it.dependent && !it.dependent.waitsFor?.includes(it); it = it.dependent) {
    (it.dependent.waitsFor ??= []).push(it);
  }
  return build;
}
