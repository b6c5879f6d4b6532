/**
 * `ref`: a token that is looked up when it is first needed.
 *
 * @module
 */

import { dropFor } from "../building/finish.ts";
import { resolve } from "../building/resolve.ts";
import { check } from "../model/dependency.ts";
import { invalid, refused } from "../model/messages.ts";
import type { Build, Combinator, ScopeRecord } from "../model/records.ts";
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
 *
 * @throws `INVALID_PROVIDER` when it is not given a function; and, when it is resolved, if that gives no dependency, another
 * `ref`, or something that leads back to the same `ref`.
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
  /** On whose behalf it is being resolved right now. */
  const active: unknown[] = [];
  function through<T>(scope: ScopeRecord, dependent: Build | undefined, next: (it: AnyToken) => T): T {
    const by = serviceOf(dependent) ?? scope;
    // An observer may resolve it as well in the meantime. What leads back to itself does so without end.
    if (active.filter((it) => it === by).length > 9)
      throw refused(
        "what ref() gives leads back to that ref()",
        (by as Partial<Build>).definition?.token,
        "give the token that it stands for",
      );
    active.push(by);
    try {
      return next(given());
    } finally {
      active.pop();
    }
  }
  const made: Combinator = combinator(
    "ref",
    [],
    (scope, dependent) => through(scope, dependent, (it) => resolve(scope, it, dependent)),
    (scope, dependent, found) => through(scope, dependent, (it) => isProvided(scope, it, dependent, found)),
  );
  return {
    ...made,
    token: given,
    drop: (scope, dependent) => dropFor(scope, given(), dependent),
  } satisfies Combinator;
}) as never;

/** The build that resolves something: tuples and `map` are part of it. */
function serviceOf(dependent: Build | undefined): Build | undefined {
  let build = dependent;
  while (build && !build.definition.token) build = build.dependent;
  return build;
}
