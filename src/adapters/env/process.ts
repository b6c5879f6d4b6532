/**
 * The environment of a `process`: Node and Bun.
 *
 * @module
 */

import { copyEnv, type EnvRecord } from "./env.ts";

/**
 * Reads `process.env`, or another record; all of it, or the given names.
 *
 * @example
 * ```ts
 * const app = createContainer(value(Env, readEnv())); // Env of thimble/config
 * ```
 */
export function processEnv(
  source: EnvRecord = (globalThis as unknown as { process: { env: EnvRecord } }).process.env,
  names?: readonly string[],
): EnvRecord {
  return copyEnv(source, names);
}
