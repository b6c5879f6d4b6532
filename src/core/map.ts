/**
 * `map`: what a function makes of a dependency.
 *
 * @module
 */

import { gather } from "./ask.ts";
import { combinator, isProvided } from "./combinator.ts";
import type { Single } from "./dependency.ts";
import { invalid } from "./failures.ts";
import type { Mapped } from "./types/combinator.ts";

/**
 * Gives `fn(value)`, anew at every ask: picking a field, or a service with a parameter. `fn` is not awaited.
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
  return combinator(
    "map",
    dependency,
    (scope, asker) => gather(scope, [dependency], asker, fn),
    (scope, asker) => isProvided(scope, dependency, asker),
  );
}) as never;
