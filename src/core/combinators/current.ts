/**
 * `currentScope`, `abortSignal`, `stopSignal` and `consumer`: what a service may know of the place it is built in.
 *
 * @module
 */

import { cachedDependent, dependentOf } from "../model/edges.ts";
import { ALIAS, type Dependent, extrasOf, type Node, type ScopeRecord } from "../model/records.ts";
import { hold, signalIn, signalOf } from "../model/tree.ts";
import type { AnyToken, Dep } from "../types/dependency.ts";
import type { Scope } from "../types/scope.ts";
import type { RuntimeAbortSignal } from "../types/signal.ts";
import { combinator } from "./combinator.ts";

/** The services that hold their scope. */
const holders = /* @__PURE__ */ new WeakSet<Dependent>();

/**
 * The scope that owns what is being built: where a singleton is registered, where a scoped service lives. What a service
 * resolves later through it cannot be seen to be its dependency. So at shutdown the services that hold it are disposed
 * before all others of the scope, except for those that depend on them.
 */
export const currentScope: Dep<Scope> = /* @__PURE__ */ combinator("currentScope", [], (scope, dependent) => {
  const holder = cachedDependent(dependent);
  if (holder) {
    holders.add(holder);
    const extras = extrasOf(holder.scope);
    extras.order = orderByHolders;
    extras.hasLateEdges = true;
  }
  return scope;
});

/** Lets what holds the scope depend on everything that does not depend on something that holds the scope. */
function orderByHolders(all: ReadonlySet<Dependent>): void {
  const first = new Set([...all].filter((it) => holders.has(it)));
  const others = new Set([...all].filter((it) => !first.has(it)));
  const holding = [...first];
  for (let size = -1; size !== first.size;) {
    size = first.size;
    for (const it of others) {
      if (it.edges?.some((node) => first.has(node))) {
        first.add(it);
        others.delete(it);
      }
    }
  }
  for (const it of holding) it.edges = [...(it.edges ?? []), ...([...others] as Node[])];
}

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
