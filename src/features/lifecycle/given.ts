/**
 * What callers give: options that do not exist or are of the wrong type are refused before anything happens.
 *
 * @module
 */

import type { ShutdownOptions } from "../../core/types/shutdown.ts";

/** @throws a `TypeError` when there is an option that does not exist. */
export function checkNames(what: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new TypeError(`${what} has no option "${name}": it has ${known.join(", ")}`);
  }
}

/** @throws a `TypeError` when it is given and no number of milliseconds. */
export function checkMilliseconds(name: string, it: unknown): void {
  if (it !== undefined && !(typeof it === "number" && it >= 0))
    throw new TypeError(`${name} is a number of milliseconds`);
}

/** @throws a `TypeError` when it is given and no `AbortSignal`. */
export function checkSignal(it: unknown): void {
  if (
    it !== undefined &&
    typeof (it as { addEventListener?: unknown } | null)?.addEventListener !== "function"
  )
    throw new TypeError("signal is an AbortSignal; signals of the runtime go into the option signals");
}

/** @throws a `TypeError` when the options of a shutdown are wrong. */
export function checkShutdown({ timeout, signal }: ShutdownOptions): void {
  checkMilliseconds("timeout", timeout);
  checkSignal(signal);
}
