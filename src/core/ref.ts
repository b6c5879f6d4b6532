/**
 * `ref`: a token looked up when it is first needed.
 *
 * @module
 */

import { ask } from "./ask.ts";
import { combinator, isProvided } from "./combinator.ts";
import { check } from "./dependency.ts";
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
export const ref: Ref = ((token: () => AnyToken) =>
  combinator(
    "ref",
    [],
    (scope, asker) => {
      const found = token();
      check(found, "what ref() gives");
      return ask(scope, found, asker);
    },
    (scope, asker) => isProvided(scope, token(), asker),
  )) as never;
