/**
 * `defer`: a dependency that is resolved later.
 *
 * @module
 */

import { check } from "../model/dependency.ts";
import { type Single, TRANSIENT } from "../model/records.ts";
import type { Defer } from "../types/combinator.ts";
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
 *
 * @throws `INVALID_PROVIDER` when it is given `cleanup`, which is only of use while the factory runs.
 */
/* @__NO_SIDE_EFFECTS__ */
export const defer: Defer = ((dependency: Single) => {
  const made = combinator("defer", dependency, (scope, dependent) => {
    const { get, getAsync } = scope.tree.resolver(scope, dependent);
    return { get: () => get(dependency as never), getAsync: () => getAsync(dependency as never) };
  });
  // What is resolved later is not for a factory that is running.
  check(dependency, "what defer() is given", undefined, TRANSIENT);
  return made;
}) as never;
