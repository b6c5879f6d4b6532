/**
 * `shutdownOnSignal`, written once over the signals of a runtime.
 *
 * The program decides what comes after the shutdown. `process.exitCode = report.ok ? 0 : 1` lets a process end by
 * itself. After a `timeout` it may not, because a service that was abandoned can still hold a socket or a timer. Then
 * `process.exit(report.ok ? 0 : 1)` is right (`Deno.exit` in Deno).
 *
 * @module
 */

import { abortSignals, type AbortSignalLike } from "./abort.ts";
import { type Closable, onClosing } from "./closing.ts";
import type { Signals, StopReason } from "./signals.ts";

/** Options of `shutdownOnSignal`. */
export interface ShutdownOnSignalOptions {
  /**
   * Which signals shut the scope down: a list of names (`["SIGTERM", "SIGHUP"]`; Node, Bun and Deno only), or a
   * `Signals` object, such as `signals()` of any entry point makes.
   *
   * @default signals() of the same entry point
   */
  signals?: Pick<Signals, "onStop" | "waitUntil"> | readonly string[];

  /**
   * Shuts the scope down as well, with its reason, when it is aborted.
   *
   * @default none
   */
  signal?: AbortSignalLike;

  /**
   * How long the shutdown may take, in milliseconds. At this deadline whatever has not ended is abandoned, and the report
   * says so.
   *
   * @default no deadline
   */
  timeout?: number;
}

/** What `shutdownOnSignal` resolves with. */
export interface Stopped<Report> {
  /**
   * The name of the signal, "pagehide", or the reason of the `AbortSignal`. When other code shut the scope down, the
   * reason that its `shutdown` was given: an `AbortError` when it was given none, `undefined` when the scope had closed
   * before.
   */
  readonly reason: StopReason;
  /** What `scope.shutdown()` resolved with. */
  readonly report: Report;
}

/**
 * Waits for a signal, shuts the scope down, and resolves with the reason and the report. When other code shuts the
 * scope down first, it resolves with that report. As soon as the scope has closed, no handler stays registered. Waiting
 * keeps no process alive. A second signal ends the process at once, with 128 and the signal's number.
 *
 * Call it before the work begins, and end the program in its `then`: a signal that arrives while the program is still
 * starting shuts down what was built so far, and what the program is waiting for rejects afterwards.
 *
 * It rejects at once with a `TypeError` when an option is unknown or of the wrong type or when a signal's name is wrong;
 * with an `Error` when the runtime refuses a signal, and in a worker thread of Node or Bun, which no signal reaches. It
 * rejects with whatever `scope.shutdown` rejects with; that of a scope never does.
 *
 * @example
 * ```ts
 * void shutdownOnSignal(app, { timeout: 10_000 }).then(({ reason, report }) => {
 *   console.log(reason, report);
 *   process.exit(report.ok ? 0 : 1);
 * });
 *
 * await app.getAsync(Server);
 * ```
 */
export type ShutdownOnSignal = <Report>(
  scope: Closable<Report>,
  options?: ShutdownOnSignalOptions,
) => Promise<Stopped<Report>>;

/**
 * Makes the `shutdownOnSignal` of a runtime: from its `signals`, and from how it listens for signals by their names
 * when it has such signals.
 */
/* @__NO_SIDE_EFFECTS__ */
export function shutdownOn(
  signals: () => Signals,
  named?: (names: readonly string[]) => Signals,
): ShutdownOnSignal {
  return async function shutdownOnSignal<Report>(
    scope: Closable<Report>,
    options: ShutdownOnSignalOptions = {},
  ): Promise<Stopped<Report>> {
    check(scope, options);
    const { signal, timeout } = options;
    const source = sourceOf(options.signals, signals, named);
    const ends: (() => void)[] = [];
    const leave = (): void => ends.splice(0).forEach((it) => it());

    try {
      return await new Promise<Stopped<Report>>((resolve, reject) => {
        let first: { reason: StopReason } | undefined;
        let isSignalled = false;
        const close = (
          reason: StopReason,
          options: { timeout?: number; reason?: unknown },
        ): Promise<Report> => {
          first ??= { reason };
          const closing = scope.shutdown(options);
          closing.then((report) => {
            // Here and not after the await below: code that waits for the same shutdown finds no handler any more.
            leave();
            resolve({ reason: first!.reason, report });
          }, reject);
          return closing;
        };
        const stop = (reason: StopReason): void => {
          if (isSignalled) return;
          isSignalled = true;
          try {
            // In this turn: a page that is being left gets no second one.
            const closing = close(reason, timeout === undefined ? { reason } : { reason, timeout });
            source.waitUntil?.(closing);
          } catch (error) {
            reject(error as Error);
          }
        };

        // Other code may shut the scope down. A signal that comes during that shutdown still sets the deadline.
        ends.push(onClosing(scope, (reason) => void (first || close(reason, {}))));
        ends.push(source.onStop(stop));
        ends.push(abortSignals(signal).onStop(stop));
      });
    } finally {
      leave();
    }
  };
}

const known: readonly string[] = ["signals", "signal", "timeout"];

function check(scope: Closable<unknown>, options: ShutdownOnSignalOptions): void {
  if (
    typeof (scope as Partial<Closable<unknown>> | undefined)?.shutdown !== "function" ||
    Object(options) !== options
  )
    throw new TypeError("shutdownOnSignal takes a scope, then options");
  const { signal, timeout } = options;
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new TypeError(`shutdownOnSignal has no option "${name}": it has ${known.join(", ")}`);
  }
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0))
    throw new TypeError("timeout is a number of milliseconds");
  if (signal !== undefined && typeof signal?.addEventListener !== "function")
    throw new TypeError("signal is an AbortSignal; names of signals go into the option signals");
}

function sourceOf(
  given: ShutdownOnSignalOptions["signals"],
  signals: () => Signals,
  named?: (names: readonly string[]) => Signals,
): Pick<Signals, "onStop" | "waitUntil"> {
  if (given === undefined) return signals();
  if (Array.isArray(given)) {
    if (named) return named(given);
    throw new TypeError("This runtime has no signals with names: leave out the option signals");
  }
  if (typeof (given as Partial<Signals> | null)?.onStop === "function") return given as Signals;
  throw new TypeError(`signals is a list of names, such as ["SIGTERM"], or an object that signals() makes`);
}
