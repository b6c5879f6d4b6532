/**
 * Calls over RPC: each method of an entrypoint runs in a scope of its own.
 *
 * @module
 */

import type { Scope } from "../../core/types/scope.ts";
import { scopeOf } from "../event.ts";
import type { WorkerContext } from "./context.ts";
import { type Place, respond, run } from "./events.ts";
import type { MakeContainer } from "./isolate.ts";
import { placeOf } from "./worker.ts";

/** What the runtime gives to an entrypoint. */
interface Entrypoint {
  readonly ctx: WorkerContext;
  readonly env: unknown;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The events that a class may receive beside calls. */
const events = ["scheduled", "queue", "email", "tail"];

/**
 * Makes a class of a `WorkerEntrypoint` whose methods run in a scope of their own: `scopeOf(this)` in a method. The scope
 * is named "rpc", and for `fetch`, `scheduled`, `queue`, `email` and `tail` as in {@linkcode createWorker}. It ends when what
 * the method returned has settled, or the response of `fetch` is over. A method that calls another one of the same
 * entrypoint shares its scope with it. {@linkcode CurrentEvent} of a call is the
 * entrypoint.
 *
 * What a method returns is used after that by the other Worker: an `RpcTarget` must not need a service of the scope.
 *
 * @param container The function that makes the container. The very same function given to `createWorker` shares it.
 *
 * @throws `TypeError` when the container is no function, or the entrypoint no class.
 *
 * @example
 * ```ts
 * import { WorkerEntrypoint } from "cloudflare:workers";
 *
 * class AccountsOfShop extends WorkerEntrypoint<Env> {
 *   find(id: string): Promise<User> {
 *     return scopeOf(this)!.get(Users).find(id);
 *   }
 * }
 * export const Accounts = scopePerCall(container, AccountsOfShop);
 * ```
 */
export function scopePerCall<Env, Has, C extends new (...args: any[]) => object>(
  container: (env: Env) => Scope<Has>,
  entrypoint: C,
): C {
  if (typeof container !== "function")
    throw new TypeError(
      "scopePerCall takes a function that makes a container first: (env) => createContainer(…)",
    );
  if (typeof entrypoint !== "function" || !entrypoint.prototype)
    throw new TypeError("scopePerCall takes a class that extends WorkerEntrypoint after the container");
  const place = placeOf(container as MakeContainer<never, never>);
  const scoped = class extends entrypoint {};
  Object.defineProperty(scoped, "name", { value: entrypoint.name });
  for (let at = entrypoint.prototype as object; !isBase(at); at = Object.getPrototypeOf(at) as object) {
    for (const [name, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (name === "constructor" || typeof method !== "function" || Object.hasOwn(scoped.prototype, name))
        continue;
      const value = inScope(name, method as Method, place);
      Object.defineProperty(scoped.prototype, name, { value, writable: true, configurable: true });
    }
  }
  return scoped;
}

/** Whether it is the prototype of a class of the runtime. */
function isBase(prototype: object): boolean {
  const name = (prototype.constructor as { readonly name?: string } | undefined)?.name;
  return Object.getPrototypeOf(prototype) === null || name === "WorkerEntrypoint";
}

function inScope(name: string, method: Method, place: ReturnType<typeof placeOf>): Method {
  return function (this: unknown, ...args) {
    const entrypoint = this as Entrypoint;
    // The runtime makes an entrypoint for each call, so this is a method that calls another one.
    if (scopeOf(entrypoint)) return method.apply(entrypoint, args);
    const { ctx, env } = entrypoint;
    const handler = (): unknown => method.apply(entrypoint, args);
    const here = (): Place => place(env);
    if (name === "fetch") return respond(ctx, here, args[0] as never, handler, {}, entrypoint);
    return events.includes(name)
      ? run(ctx, here, name, args[0] as object, handler, entrypoint)
      : run(ctx, here, "rpc", entrypoint, handler);
  };
}
