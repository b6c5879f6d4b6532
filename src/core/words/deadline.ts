/**
 * Deadlines: a time that passes, or a signal that aborts.
 *
 * @module
 */

import type { AbortSignalLike } from "../types/signal.ts";
import { web } from "./web.ts";

/** How long something may take: so many milliseconds, or until a signal aborts. */
export interface Bound {
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignalLike | undefined;
}

/**
 * Calls `passed` when the time has passed, and when the signal aborts. One that has aborted already calls nothing. Returns
 * what ends the waiting.
 */
export function onDeadline(bound: Bound, passed: () => void): () => void {
  const { timeout, signal } = bound;
  // A timer cannot count more milliseconds than this. A timeout of a month or more is no deadline.
  const timer = timeout! < 2 ** 31 && web.setTimeout?.(passed, timeout!);
  signal?.addEventListener("abort", passed);
  return () => {
    web.clearTimeout?.(timer);
    signal?.removeEventListener("abort", passed);
  };
}
