/**
 * A Worker, which nobody tells to stop: it is simply not called again. What it has instead is `waitUntil`,
 * without which a shutdown that is still going on when the response is out is cut off. So an `AbortSignal`
 * says when, and this says: until it is done.
 *
 * ```ts
 * const over = new AbortController();
 * void shutdownOnSignal(scope, { signals: signals(ctx), signal: over.signal });
 * ```
 *
 * @module
 */

import { workersModule } from "../workers-module.ts";
import { shutdownOn, type ShutdownOnSignal } from "./shutdown.ts";
import { never, type Signals } from "./signals.ts";

/** What we use of an `ExecutionContext`, or of a service worker's event. */
export interface CanWait {
  waitUntil(work: Promise<unknown>): void;
}

/**
 * Never tells to stop. Without the handler's `ctx` it is the current event that waits, where
 * `cloudflare:workers` can be found.
 *
 * @example
 * ```ts
 * signals(context).waitUntil?.(scope.shutdown());
 * ```
 */
export function workerSignals(event: CanWait | undefined = workersModule()): Signals {
  return {
    onStop: never,
    onHidden: never,
    ...(event && { waitUntil: (work) => event.waitUntil(work) }),
  };
}

export const shutdownInWorker: ShutdownOnSignal = /* @__PURE__ */ shutdownOn(workerSignals);
