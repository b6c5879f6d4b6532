/**
 * The entry point for any other runtime: an `AbortSignal`, and a record of settings.
 *
 * @module
 */

export { givenEnv as readEnv } from "../adapters/env/generic.ts";
export { abortSignals as signals } from "../adapters/signals/abort.ts";
export { shutdownOnAbort as shutdownOnSignal } from "../adapters/signals/generic.ts";
export type { EnvRecord } from "../adapters/env/env.ts";
export type { ShutdownOnSignal, ShutdownOnSignalOptions, Stopped } from "../adapters/signals/shutdown.ts";
export type { Signals, StopReason } from "../adapters/signals/signals.ts";
