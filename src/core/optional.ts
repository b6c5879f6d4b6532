/**
 * `optional`: a dependency that may be missing.
 *
 * @module
 */

import { ask } from "./ask.ts";
import { combinator, isProvided } from "./combinator.ts";
import type { Single } from "./dependency.ts";
import type { Optional } from "./types/combinator.ts";

/**
 * Gives what is provided, else the fallback, else `undefined`. It is about "not provided" and never about "failed to
 * build": a provider that is there and fails still fails.
 *
 * @example
 * ```ts
 * singleton(Mailer, [optional(Clock, Date.now)]);
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export const optional: Optional = ((dependency: Single, fallback?: unknown) =>
  combinator("optional", dependency, (scope, asker) =>
    isProvided(scope, dependency, asker) ? ask(scope, dependency, asker) : fallback,
  )) as never;
