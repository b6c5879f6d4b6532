/**
 * The environment of any runtime at all: the record that it is given.
 *
 * @module
 */

import { copyEnv, type EnvRecord } from "./env.ts";

/**
 * Reads a record, or the given names of it. Without one there are no settings.
 *
 * @example
 * ```ts
 * const { PORT } = readEnv({ PORT: 8080 }); // "8080"
 * ```
 */
export function givenEnv(source: object = {}, names?: readonly string[]): EnvRecord {
  return copyEnv(source, names);
}
