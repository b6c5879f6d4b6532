/**
 * The entry point for Node.js: SIGINT, SIGTERM, `process.env`, and draining its servers.
 *
 * @module
 */

export { drainNode as drain } from "../adapters/drain/node.ts";
export { processEnv as readEnv } from "../adapters/env/process.ts";
export {
  shutdownOnProcessSignals as shutdownOnSignal,
  processSignals as signals,
} from "../adapters/signals/process.ts";
export type { EnvRecord } from "../adapters/env/env.ts";
export type { ShutdownOnSignal, ShutdownOnSignalOptions, Stopped } from "../adapters/signals/shutdown.ts";
export type { Signals, StopReason } from "../adapters/signals/signals.ts";
