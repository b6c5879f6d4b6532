/**
 * Options of calls: what is refused before anything happens. Those of providers are checked in `registry/provider.ts`.
 *
 * @module
 */

import type { ShutdownOptions } from "../types/shutdown.ts";

/** Stands for options that were not given, and needs no check. */
export const notGiven = {};

/**
 * Refuses what is no object of options, a signal in place of them, and options that do not exist. An explicit `undefined`
 * counts as not given.
 *
 * @throws `TypeError`
 */
export function checkNames(of: string, options: unknown, names: readonly string[]): void {
  const isObject = Object(options) === options && !("aborted" in (options as object));
  const wrong = isObject
    ? Object.entries(options as object).find(([name, it]) => it !== undefined && !names.includes(name))
    : ["options"];
  if (!wrong) return;
  const what = isObject ? `no option is named "${wrong[0]}"` : "its options are an object";
  throw new TypeError(`${of}: ${what}: there is ${names.join(", ")}`);
}

/** @throws `TypeError` when it is given and no `AbortSignal`. */
export function checkSignal(it: unknown): void {
  const { addEventListener } = Object(it) as { addEventListener?: unknown };
  if (it !== undefined && typeof addEventListener !== "function")
    throw new TypeError("signal is an AbortSignal");
}

/** @throws `TypeError` when the options of a shutdown, or of a release, are wrong. */
export function checkShutdown(options: ShutdownOptions, of: string = "shutdown"): void {
  checkNames(of, options, ["timeout", "signal", "reason"]);
  const { timeout, signal } = options;
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0))
    throw new TypeError("timeout is a number of milliseconds");
  checkSignal(signal);
}
