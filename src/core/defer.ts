/**
 * `defer`: a dependency asked for later.
 *
 * @module
 */

import { combinator } from "./combinator.ts";
import { resolverFor } from "./question.ts";
import type { Defer } from "./types/combinator.ts";
import type { AnyToken } from "./types/dependency.ts";

/**
 * Gives `{ get, getAsync }`, which ask when they are called. So it may close a cycle, and what is asked for is built
 * only if it is needed.
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
  combinator("defer", token, (scope, asker) => {
    const { get, getAsync } = resolverFor(scope, asker);
    return { get: () => get(token), getAsync: () => getAsync(token) };
  })) as never;
