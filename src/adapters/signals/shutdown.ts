/**
 * From being asked to stop to having stopped: what every door exports as `shutdownOnSignal`, written once
 * over the signals of a runtime.
 *
 * The program decides what comes after. `process.exitCode = report.ok ? 0 : 1` lets a process end by itself;
 * after a `timeout` it may not, because what was abandoned can still hold a socket or a timer, and then
 * `process.exit(report.ok ? 0 : 1)` (`Deno.exit`) is right.
 *
 * @module
 */

import { abortSignals, type AbortSignalLike } from "./abort.ts";
import type { Signals, StopReason } from "./signals.ts";

/** Whatever can be shut down: a scope, by its shape. */
export interface Closable<Report> {
  shutdown(options: { timeout?: number; reason?: unknown }): Promise<Report>;
}

export interface ShutdownOnSignalOptions {
  /**
   * Who asks to stop.
   *
   * @default signals() of the same door
   */
  signals?: Pick<Signals, "onStop" | "waitUntil">;

  /** Asks to stop as well, with its reason. */
  signal?: AbortSignalLike;

  /**
   * How long the shutdown may take before its report is written without waiting any longer, in milliseconds.
   *
   * @default as long as it takes
   */
  timeout?: number;
}

export interface Stopped<Report> {
  readonly reason: StopReason;
  readonly report: Report;
}

/**
 * Waits to be asked to stop, shuts the scope down, and tells why it did and what happened. Waiting keeps no
 * process alive, and afterwards nothing of it stays registered. Rejects at once, with a TypeError, when `timeout` is no
 * number of milliseconds.
 *
 * @example
 * ```ts
 * const stopped = shutdownOnSignal(app, { timeout: 10_000 }); // before the work begins, or a signal may be missed
 * await app.getAsync(Server);
 *
 * const { reason, report } = await stopped;
 * console.log(reason, report);
 * process.exit(report.ok ? 0 : 1);
 * ```
 */
export type ShutdownOnSignal = <Report>(
  scope: Closable<Report>,
  options?: ShutdownOnSignalOptions,
) => Promise<Stopped<Report>>;

interface Stopping<Report> {
  reason: StopReason;
  closing: Promise<Report>;
}

/** Makes the `shutdownOnSignal` of a runtime from its `signals`. */
/* @__NO_SIDE_EFFECTS__ */
export function shutdownOn(signals: () => Signals): ShutdownOnSignal {
  return async function shutdownOnSignal<Report>(
    scope: Closable<Report>,
    { signals: source = signals(), signal, timeout }: ShutdownOnSignalOptions = {},
  ): Promise<Stopped<Report>> {
    if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0))
      throw new TypeError("timeout is a number of milliseconds");
    const undo: (() => void)[] = [];
    try {
      const { reason, closing } = await new Promise<Stopping<Report>>((resolve, reject) => {
        let asked = false;
        const stop = (reason: StopReason): void => {
          if (asked) return;
          asked = true;
          try {
            // Here and not after the await: a page that is going away gets no second turn.
            const closing = scope.shutdown(timeout === undefined ? { reason } : { reason, timeout });
            source.waitUntil?.(closing);
            resolve({ reason, closing });
          } catch (error) {
            reject(error as Error);
          }
        };
        undo.push(source.onStop(stop));
        undo.push(abortSignals(signal).onStop(stop));
      });
      return { reason, report: await closing };
    } finally {
      for (const forget of undo) forget();
    }
  };
}
