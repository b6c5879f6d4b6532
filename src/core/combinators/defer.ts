/**
 * `defer`: a dependency that is resolved later.
 *
 * @module
 */

import { resolverFor } from "../scope/get.ts";
import type { Defer } from "../types/combinator.ts";
import type { AnyToken } from "../types/dependency.ts";
import { combinator } from "./combinator.ts";

/**
 * Gives `{ get, getAsync }`, which resolve when they are called. So it may close a cycle, and the service is built only
 * if it is needed.
 *
 * @example
 * ```ts
 * class Parent {
 *   #child: Deferred<Child>;
 *   constructor(child: Deferred<Child>) {
 *     this.#child = child;
 *   }
 *   greet() {
 *     return this.#child.get().name;
 *   }
 * }
 * singleton(Parent, [defer(Child)]);
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export const defer: Defer = ((token: AnyToken) =>
  combinator("defer", token, (scope, dependent) => {
    const { get, getAsync } = resolverFor(scope, dependent);
    return { get: () => get(token), getAsync: () => getAsync(token) };
  })) as never;
