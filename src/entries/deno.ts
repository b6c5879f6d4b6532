/**
 * The entry point for Deno: its signals, its environment with the permissions that reading it takes, and draining
 * `Deno.serve`.
 *
 * @module
 */

export { drainDeno as drain } from "../adapters/drain/deno.ts";
export { denoEnv as readEnv } from "../adapters/env/deno.ts";
export {
  shutdownOnDenoSignals as shutdownOnSignal,
  denoSignals as signals,
} from "../adapters/signals/deno.ts";
export type { EnvRecord } from "../adapters/env/env.ts";
export type { ShutdownOnSignal, ShutdownOnSignalOptions, Stopped } from "../adapters/signals/shutdown.ts";
export type { Signals, StopReason } from "../adapters/signals/signals.ts";
