/**
 * The entry point for Bun: SIGINT, SIGTERM and `process.env`, which Bun has in common with Node, and draining its servers.
 *
 * @module
 */

export { drainBun as drain } from "../adapters/drain/bun.ts";
export { processEnv as readEnv } from "../adapters/env/process.ts";
export {
  shutdownOnProcessSignals as shutdownOnSignal,
  processSignals as signals,
} from "../adapters/signals/process.ts";
export type { EnvRecord } from "../adapters/env/env.ts";
export type { ShutdownOnSignal, ShutdownOnSignalOptions, Stopped } from "../adapters/signals/shutdown.ts";
export type { Signals, StopReason } from "../adapters/signals/signals.ts";
