/**
 * Learning that a scope closes, whether or not a signal closed it.
 *
 * The one place where an adapter uses the core, and only what the core exports: its `abortSignal` dependency.
 *
 * @module
 */

import { abortSignal } from "../../index.ts";
import { abortSignals, type AbortSignalLike } from "./abort.ts";
import type { StopReason } from "./signals.ts";

/** Whatever can be shut down: a scope, by its shape. */
export interface Closable<Report> {
  readonly state?: string;
  get?(dependency: never): unknown;
  shutdown(options: { timeout?: number; reason?: unknown }): Promise<Report>;
}

/**
 * Calls `listener` when the scope begins to close, with the reason its shutdown was given; at once when it has begun
 * already. What has no `get` is no scope, and nothing can be learned of it. Returns a function that ends the listening.
 */
export function onClosing(scope: Closable<unknown>, listener: (reason: StopReason) => void): () => void {
  // A closed scope resolves nothing any more.
  if (scope.state === "closed") listener(undefined);
  else if (scope.get)
    return abortSignals(scope.get(abortSignal as never) as AbortSignalLike).onStop(listener);
  return () => {};
}
