/**
 * `currentScope`, `abortSignal`, `stopSignal` and `consumer`: what a service may know of the place it is built in.
 *
 * @module
 */

import { dependentOf } from "../model/edges.ts";
import { ALIAS, type Dependent, extrasOf, type ScopeRecord } from "../model/records.ts";
import { hold, signalIn, signalOf } from "../model/tree.ts";
import type { AnyToken, Dep } from "../types/dependency.ts";
import type { Scope } from "../types/scope.ts";
import type { RuntimeAbortSignal } from "../types/signal.ts";
import { combinator } from "./combinator.ts";

/** The scope that owns what is being built: where a singleton is registered, where a scoped service lives. */
export const currentScope: Dep<Scope> = /* @__PURE__ */ combinator("currentScope", [], (scope) => scope);

/**
 * A signal that aborts when that scope begins to close, with the reason given to `shutdown`. A `stop` that waits for a
 * loop on this signal waits until the deadline, because scopes close after everything has stopped: use `stopSignal`.
 */
export const abortSignal: Dep<RuntimeAbortSignal> = /* @__PURE__ */ combinator("abortSignal", [], (scope) =>
  signalOf(scope),
);

/** A signal that aborts when that scope begins to stop: for a loop that its service's `stop` then waits for. */
export const stopSignal: Dep<RuntimeAbortSignal> = /* @__PURE__ */ combinator("stopSignal", [], (scope) => {
  // A scope stops when a scope above does, and what is built meanwhile is stopped as well.
  let at: ScopeRecord | undefined = scope;
  while (at && at.state === "open") at = at.parent;
  const reason = at?.closing?.reason ?? at?.extras?.stopping?.reason;
  hold(scope);
  return signalIn((extrasOf(scope).stopSignal ??= {}), at !== undefined, reason);
});

/**
 * The token of the service that resolved the one being built, for a logger that names its user; `undefined` when it was
 * resolved from outside. A service that is built once knows only the first of its dependents.
 */
export const consumer: Dep<AnyToken | undefined> = /* @__PURE__ */ combinator(
  "consumer",
  [],
  (_, dependent) => {
    const built = serviceIn(dependent);
    return built && serviceIn(dependentOf(built))?.definition.token;
  },
);

/** The nearest, going up, that makes a service and is no alias, tuple or caller. */
function serviceIn(from: Dependent | undefined): Dependent | undefined {
  let it = from;
  while (it && it.definition.lifetime === ALIAS) it = dependentOf(it);
  return it;
}
