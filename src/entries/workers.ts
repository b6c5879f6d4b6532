/**
 * The entry point for Cloudflare Workers: `waitUntil`, and the bindings that are settings.
 *
 * @module
 */

export { workerEnv as readEnv } from "../adapters/env/workers.ts";
export {
  shutdownInWorker as shutdownOnSignal,
  workerSignals as signals,
} from "../adapters/signals/workers.ts";
export type { EnvRecord } from "../adapters/env/env.ts";
export type { ShutdownOnSignal, ShutdownOnSignalOptions, Stopped } from "../adapters/signals/shutdown.ts";
export type { Signals, StopReason } from "../adapters/signals/signals.ts";
