/**
 * `map`: a dependency passed through a function.
 *
 * @module
 */

import { combine } from "../building/resolve.ts";
import { invalid } from "../model/messages.ts";
import type { Combinator, Single } from "../model/records.ts";
import { isProvided } from "../registry/registry.ts";
import type { Mapped } from "../types/combinator.ts";
import { combinator } from "./combinator.ts";

/**
 * Gives `fn(value)`, called anew at every resolve: to pick a field, or for a service with a parameter. A promise that
 * `fn` returns is not awaited.
 *
 * @example
 * ```ts
 * singleton(Db, [map(Config, (config) => config.dbUrl)]);
 * singleton(Orders, [map(LoggerFactory, (make) => make("orders"))]);
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export const map: Mapped = ((dependency: Single, fn: (value: unknown) => unknown) => {
  if (typeof fn !== "function")
    throw invalid("what map() is given", fn, undefined, "write map(dependency, fn)");
  const made: Combinator = combinator(
    "map",
    dependency,
    (scope, dependent) => combine(scope, [dependency], dependent, fn),
    (scope, dependent, found) => isProvided(scope, dependency, dependent, found),
  );
  return { ...made, use: fn } satisfies Combinator;
}) as never;
