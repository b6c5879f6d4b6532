/**
 * Bindings: what the `env` of a Worker holds, each under a token of its own.
 *
 * They are borrowed from the runtime: nothing disposes them, and no name is looked for on them, because a service binding
 * takes every name for a method of the other Worker.
 *
 * @module
 */

import { value } from "../../core/registry/provider.ts";
import type { Token } from "../../core/types/dependency.ts";
import type { Provider } from "../../core/types/provider.ts";
import type { Scope } from "../../core/types/scope.ts";
import { token } from "../../core/words/token.ts";
import type { BindingProvider } from "./context.ts";

const tokens = /* @__PURE__ */ new Map<string, Token>();

/**
 * The token of a binding, by its name in the `env`. The same name is the same token, wherever this is called.
 *
 * @example
 * ```ts
 * const Db = binding<D1Database>("DB");
 * scoped(Users, [Db]);
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export function binding<T>(name: string): Token<T> {
  if (typeof name !== "string" || name === "")
    throw new TypeError('A binding has the name that it has in the env: binding("DB")');
  let it = tokens.get(name);
  if (!it) tokens.set(name, (it = token(name)));
  return it as Token<T>;
}

/**
 * Provides every binding of an `env` as a borrowed value. `createWorker` provides those that its container lacks by
 * itself; a singleton that depends on a binding needs this, because the compiler wants to see what a singleton needs
 * where that is registered.
 *
 * @example
 * ```ts
 * const container = (env: Env) => createContainer(bindings(env), singleton(Users, [Db]));
 * ```
 */
export function bindings<Env extends object>(env: Env): readonly BindingProvider<Env>[] {
  if (Object(env) !== env) throw new TypeError("bindings takes the env that a handler is given");
  return Object.entries(env)
    .filter(([, it]) => it !== undefined)
    .map(([name, it]) => value(binding(name), it as never)) as never;
}

/** Provides those bindings that the container has not got yet: a test may have put its own in place of some. */
export function provideBindings(container: Scope, env: object): void {
  const missing = (bindings(env) as readonly Provider[]).filter(({ token }) => !container.has(token));
  if (missing.length > 0) container.provide(...missing);
}
