/**
 * `currentScope`, `abortSignal` and `consumer`: what a service may know of the place it is built in.
 *
 * @module
 */

import { combinator } from "./combinator.ts";
import { askerOf, type Holder, isService } from "./node.ts";
import { signalOf } from "./tree.ts";
import type { AnyToken, Dep } from "./types/dependency.ts";
import type { Scope } from "./types/scope.ts";
import type { RuntimeAbortSignal } from "./types/signal.ts";

/** The scope that owns what is being built: where a singleton is registered, where a scoped service lives. */
export const currentScope: Dep<Scope> = /* @__PURE__ */ combinator("currentScope", [], (scope) => scope);

/** A signal that aborts when that scope begins to shut down, with the reason given to `shutdown`. */
export const abortSignal: Dep<RuntimeAbortSignal> = /* @__PURE__ */ combinator("abortSignal", [], (scope) =>
  signalOf(scope),
);

/**
 * The token of the service that asked for the one being built, for a logger that names its user; `undefined` when it
 * was asked for from outside. What is built once knows the first who asked.
 */
export const consumer: Dep<AnyToken | undefined> = /* @__PURE__ */ combinator("consumer", [], (_, asker) => {
  const built = named(asker);
  return built && named(askerOf(built))?.definition.token;
});

/** The nearest, going up, that is a service with a token of its own. */
function named(from: Holder | undefined): Holder | undefined {
  let it = from;
  while (it && !isService(it.definition)) it = askerOf(it);
  return it;
}
