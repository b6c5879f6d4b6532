/**
 * `optional`: a dependency that may be missing.
 *
 * @module
 */

import { dropFor } from "../building/finish.ts";
import { resolve } from "../building/resolve.ts";
import type { Combinator, Single } from "../model/records.ts";
import { isProvided } from "../registry/registry.ts";
import type { Optional } from "../types/combinator.ts";
import { combinator } from "./combinator.ts";

/**
 * Gives what is provided, else the fallback, else `undefined`. This is about "not provided" and never about "failed to
 * build": a provider that exists and fails still fails.
 *
 * @example
 * ```ts
 * singleton(Mailer, [optional(Clock, Date.now)]);
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export const optional: Optional = ((dependency: Single, fallback?: unknown) => {
  const made: Combinator = combinator("optional", dependency, (scope, dependent) =>
    isProvided(scope, dependency, dependent) ? resolve(scope, dependency, dependent) : fallback,
  );
  return {
    ...made,
    use: fallback,
    // A fallback is not the container's to dispose, and what was not resolved may be a circle.
    drop: (scope, dependent) =>
      isProvided(scope, dependency, dependent) ? dropFor(scope, dependency, dependent) : undefined,
  } satisfies Combinator;
}) as never;
