/**
 * `ref`: a token that is looked up when it is first needed.
 *
 * @module
 */

import { dropFor } from "../building/finish.ts";
import { resolve } from "../building/resolve.ts";
import { check } from "../model/dependency.ts";
import { invalid, refused } from "../model/messages.ts";
import type { Combinator } from "../model/records.ts";
import { isProvided } from "../registry/registry.ts";
import type { Ref } from "../types/combinator.ts";
import type { AnyToken } from "../types/dependency.ts";
import { combinator } from "./combinator.ts";

/**
 * Depends on a token that is not defined yet: when two files import each other in a circle, one of them sees
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
    if ((found as Partial<Combinator>).token)
      throw refused("what ref() gives is another ref()", undefined, "give the token that it stands for");
    return found;
  }
  const made: Combinator = combinator(
    "ref",
    [],
    (scope, dependent) => resolve(scope, given(), dependent),
    (scope, dependent, found) => isProvided(scope, given(), dependent, found),
  );
  return {
    ...made,
    token: given,
    drop: (scope, dependent) => dropFor(scope, given(), dependent),
  } satisfies Combinator;
}) as never;
