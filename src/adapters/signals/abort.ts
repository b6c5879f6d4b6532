/**
 * An `AbortSignal` as what tells a program to stop: for a runtime nobody has written an adapter for, and for a
 * program that ends when another one says so.
 *
 * @module
 */

import { checkListener, never, type Signals } from "./signals.ts";

/** What we use of an `AbortSignal`. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/**
 * Stops when `signal` is aborted, with its reason; at once, within `onStop`, when it has been already.
 * Without one it never does.
 *
 * @example
 * ```ts
 * const leaving = new AbortController();
 * const ended = shutdownOnSignal(app, { signals: signals(leaving.signal) });
 * ```
 */
export function abortSignals(signal?: AbortSignalLike): Signals {
  return {
    onStop(listener) {
      checkListener(listener);
      const tell = (): void => listener(signal?.reason);
      if (signal?.aborted) tell();
      signal?.addEventListener("abort", tell);
      return () => signal?.removeEventListener("abort", tell);
    },
    onHidden: never,
  };
}
