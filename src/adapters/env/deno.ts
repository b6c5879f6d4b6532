/**
 * Deno's environment, which takes permission.
 *
 * A variable that may not be read is not a variable that is missing, so a refusal is an error. All variables
 * together need `--allow-env`; who is allowed some names them, in the second argument and on the command
 * line. Of all together Deno leaves out what `--deny-env` denies, without a word: that too is only told of names.
 *
 * @module
 */

import { copyEnv, type EnvRecord } from "./env.ts";

/** What we use of `Deno.env`. */
export interface DenoEnv {
  get(name: string): string | undefined;
  toObject(): EnvRecord;
}

/**
 * Reads `Deno.env`: all of it, or the given names.
 *
 * @example
 * ```ts
 * readEnv(Deno.env, ["PORT", "DB_URL"]); // deno run --allow-env=PORT,DB_URL
 * ```
 * @throws when Deno refuses, naming the flag that would allow it.
 */
export function denoEnv(
  source: DenoEnv = (globalThis as unknown as { Deno: { env: DenoEnv } }).Deno.env,
  names?: readonly string[],
): EnvRecord {
  try {
    return copyEnv(
      names ? Object.fromEntries(names.map((name) => [name, source.get(name)])) : source.toObject(),
    );
  } catch (cause) {
    throw isRefusal(cause) ? refused(cause, names) : cause;
  }
}

/** By its name, which is NotCapable since Deno 2 and was PermissionDenied before. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && (error.name === "NotCapable" || error.name === "PermissionDenied");
}

function refused(cause: Error, names?: readonly string[]): Error {
  const hint = names
    ? `run with --allow-env=${names.join(",")}, and without --deny-env for them`
    : `run with --allow-env, or name what you need: readEnv(Deno.env, ["PORT"]) and --allow-env=PORT`;
  return new Error(`Cannot read the environment: ${cause.message}\n  hint: ${hint}`, { cause });
}
