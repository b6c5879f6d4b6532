/**
 * `ref`: a token looked up when it is first needed.
 *
 * @module
 */

import { ask } from "./ask.ts";
import { combinator, isProvided } from "./combinator.ts";
import { check } from "./dependency.ts";
import { invalid } from "./failures.ts";
import type { Ref } from "./types/combinator.ts";
import type { AnyToken } from "./types/dependency.ts";

/**
 * Depends on a token that is not there yet: when two files import each other in a circle, one of them sees
 * `undefined` while it is loaded.
 *
 * @example
 * ```ts
 * singleton(Orders, [ref(() => Customers)]);
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export const ref: Ref = ((token: () => AnyToken) => {
  if (typeof token !== "function")
    throw invalid("what ref() is given", token, undefined, "write ref(() => token)");
  function given(): AnyToken {
    const found = token();
    check(found, "what ref() gives");
    return found;
  }
  return combinator(
    "ref",
    [],
    (scope, asker) => ask(scope, given(), asker),
    (scope, asker) => isProvided(scope, given(), asker),
  );
}) as never;
