/**
 * Resolving in components: at once where that is possible, and else by suspending the component.
 *
 * React throws away what a component that suspends has kept so far. So the builds that components wait for are kept here,
 * for each scope and dependency.
 *
 * @module
 */

import * as React from "react";
import { ALIAS, type ScopeRecord, TRANSIENT } from "../../core/model/records.ts";
import { find } from "../../core/registry/registry.ts";
import type { Dependency, Resolved } from "../../core/types/dependency.ts";
import type { Scope } from "../../core/types/scope.ts";
import { isContainerError } from "../../core/words/errors.ts";
import { isToken } from "../../core/words/token.ts";
import { web } from "../../core/words/web.ts";
import { useScope } from "./provider.ts";

/** What components wait for. */
interface Waiting {
  readonly dependency: Dependency;
  /** Fulfilled when it has ended, also when it has failed: nobody may have to hear of a rejection. */
  readonly ended: Promise<void>;
  state: "pending" | "fulfilled" | "rejected";
  value: unknown;
  error: unknown;
  /** Whether the dependency was had without waiting since, so that the value that was waited for no longer counts. */
  wasAtOnce: boolean;
  timer: unknown;
}

const waitings = /* @__PURE__ */ new WeakMap<Scope, Set<Waiting>>();

/**
 * How long a failure is kept after a component has thrown it, in milliseconds. React renders a component that has thrown
 * once more before it shows an error boundary, and that must not begin the next build. Somebody who presses "Try again"
 * takes longer.
 */
const keepFailure = 250;

/**
 * A service, or whatever else a dependency stands for, from the nearest scope. What is there or can be built without waiting
 * is returned at once. For everything else the component suspends: the nearest `Suspense` shows its fallback meanwhile.
 *
 * A component that is rendered again gets what its scope has by then. A transient is made once for each component that
 * resolves it; one that has to be waited for, once for the scope, because React keeps nothing of a component that suspends.
 *
 * A list or a record may be written in the component: it is compared by what is in it. Whatever `optional`, `all` and the
 * others make belongs outside of the component, as it would be another dependency each time.
 *
 * @throws `SCOPE_NOT_FOUND` where no `ScopeProvider` is above. The nearest error boundary gets what the build failed with.
 * The failure is then forgotten: a boundary that renders its children again has it built anew.
 *
 * @example
 * ```tsx
 * function Greeting() {
 *   const { users, clock } = useService({ users: Users, clock: Clock });
 *   return <h1>{clock() < 12 ? "Good morning" : "Hello"}, {users.current.name}</h1>;
 * }
 * ```
 */
export function useService<const D extends Dependency>(dependency: D): Resolved<D> {
  const scope = useScope();
  const isOwn = isTransient(scope as unknown as ScopeRecord, dependency);
  const own = React.useMemo<{ it?: { value: unknown } }>(() => ({}), [scope, dependency]);
  if (own.it) return own.it.value as Resolved<D>;
  const value = resolve(scope, dependency, isOwn);
  if (isOwn) own.it = { value };
  return value as Resolved<D>;
}

function resolve(scope: Scope, dependency: Dependency, isTransient: boolean): unknown {
  const waiting = waitingFor(scope, dependency);
  // React 19 wants a component that has suspended in `use` to call it again, also when there is nothing to wait for.
  if (waiting) suspend(waiting);
  if (waiting && (isTransient || waiting.state === "rejected")) return outcome(scope, waiting);
  try {
    const value = scope.get(dependency);
    if (waiting) waiting.wasAtOnce = true;
    return value;
  } catch (error) {
    if (!isContainerError(error, "ASYNC_PROVIDER")) throw error;
    // A transient inside of a list has to be waited for each time.
    if (waiting && !waiting.wasAtOnce) return outcome(scope, waiting);
    if (waiting) forget(scope, waiting);
    const begun = wait(scope, dependency);
    suspend(begun);
    return outcome(scope, begun);
  }
}

function waitingFor(scope: Scope, dependency: Dependency): Waiting | undefined {
  for (const it of waitings.get(scope) ?? []) if (isSame(it.dependency, dependency)) return it;
  return undefined;
}

function wait(scope: Scope, dependency: Dependency): Waiting {
  // In a list, because a promise would call the method `then` of a service.
  const ended = scope.getAsync([dependency]).then(
    ([value]) => {
      waiting.state = "fulfilled";
      waiting.value = value;
    },
    (error) => {
      waiting.state = "rejected";
      waiting.error = error;
      forgetSoon(scope, waiting);
    },
  );
  const waiting: Waiting = {
    dependency,
    ended,
    state: "pending",
    value: undefined,
    error: undefined,
    wasAtOnce: false,
    timer: undefined,
  };
  let all = waitings.get(scope);
  if (!all) waitings.set(scope, (all = new Set()));
  all.add(waiting);
  return waiting;
}

/** What came of the waiting. */
function outcome(scope: Scope, waiting: Waiting): unknown {
  if (waiting.state === "fulfilled") return waiting.value;
  forgetSoon(scope, waiting);
  throw waiting.error;
}

function forget(scope: Scope, waiting: Waiting): void {
  waitings.get(scope)?.delete(waiting);
}

function forgetSoon(scope: Scope, waiting: Waiting): void {
  web.clearTimeout?.(waiting.timer);
  const timer = web.setTimeout?.(() => forget(scope, waiting), keepFailure);
  // It keeps no server running.
  (timer as { unref?(): void } | undefined)?.unref?.();
  waiting.timer = timer;
}

/** React 18 has no `use`. A bundler that finds the name where it knows the module would complain. */
const nameOfUse = "use";

/** Suspends the component until the waiting has ended. */
function suspend({ ended, state }: Waiting): void {
  const { [nameOfUse]: use } = React as { [nameOfUse]?: (promise: Promise<void>) => void };
  if (use) use(ended);
  else if (state === "pending") throw ended;
}

/** Whether a component gets an instance of its own for this token. */
function isTransient(scope: ScopeRecord, dependency: Dependency): boolean {
  let it: unknown = dependency;
  while (isToken(it)) {
    const definition = find(scope, it)?.definition;
    if (definition?.lifetime !== ALIAS) return definition?.lifetime === TRANSIENT;
    // An alias has one, its target.
    [it] = definition.dependencies as readonly unknown[];
  }
  return false;
}

/** Whether two dependencies are the same: lists and records by what is in them, all others by identity. */
function isSame(one: Dependency, other: Dependency): boolean {
  if (one === other) return true;
  if (!isPlain(one) || !isPlain(other) || Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name]!, other[name]!))
  );
}

/** A list or a record. What a combinator made, and a token, has a `kind` that says so. */
function isPlain(it: unknown): it is Record<string, Dependency> {
  return typeof it === "object" && it !== null && typeof (it as { kind?: unknown }).kind !== "string";
}
