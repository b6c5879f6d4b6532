/**
 * The entry point for pages: a page that is left, and the settings that were written into it.
 *
 * @module
 */

export { pageEnv as readEnv } from "../adapters/env/page.ts";
export { shutdownOnPageHide as shutdownOnSignal, pageSignals as signals } from "../adapters/signals/page.ts";
export type { EnvRecord } from "../adapters/env/env.ts";
export type { ShutdownOnSignal, ShutdownOnSignalOptions, Stopped } from "../adapters/signals/shutdown.ts";
export type { Signals, StopReason } from "../adapters/signals/signals.ts";
