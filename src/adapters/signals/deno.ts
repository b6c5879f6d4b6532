/**
 * Deno's signals, brought into the shape of a process that has them. Listening needs no permission. In Deno, signals
 * reach the worker threads too, so nothing is refused there.
 *
 * @module
 */

import { processSignals, type SignalHandler } from "./process.ts";
import { shutdownOn, type ShutdownOnSignal } from "./shutdown.ts";
import type { Signals } from "./signals.ts";

/** What we use of `Deno`. */
export interface DenoWithSignals {
  readonly build: { readonly os: string };
  addSignalListener(name: string, handler: SignalHandler): void;
  removeSignalListener(name: string, handler: SignalHandler): void;
  exit(code: number): unknown;
}

/**
 * Stops on the signals of these names: SIGINT and SIGTERM unless given; SIGINT and SIGBREAK on Windows, where
 * Deno refuses SIGTERM.
 *
 * @example
 * ```ts
 * const ignore = signals(["SIGHUP"]).onStop(() => void reload(app, Server)); // reload of thimble/reload
 * ```
 *
 * @throws a `TypeError` when `names` is no list of names of signals.
 * @throws from `onStop` when Deno refuses a name, with Deno's reason.
 */
export function denoSignals(
  names?: readonly string[],
  deno: DenoWithSignals = (globalThis as unknown as { Deno: DenoWithSignals }).Deno,
): Signals {
  return processSignals(names === undefined && deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : names, {
    on: (name, handler) => deno.addSignalListener(name, handler),
    off: (name, handler) => deno.removeSignalListener(name, handler),
    exit: (code) => deno.exit(code),
  });
}

export const shutdownOnDenoSignals: ShutdownOnSignal = /* @__PURE__ */ shutdownOn(denoSignals, denoSignals);
