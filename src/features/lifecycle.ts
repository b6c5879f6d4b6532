/**
 * `thimble/lifecycle`: the life of a program: build what it needs, start it, wait for the moment to stop, and stop it.
 *
 * ```ts
 * import { createContainer, singleton } from "thimble";
 * import { createApp } from "thimble/lifecycle";
 * import { signals } from "thimble/node";
 *
 * class Poller {
 *   start() {}
 *   stop() {}
 * }
 *
 * const container = createContainer(
 *   singleton(Poller, { start: (poller) => poller.start(), stop: (poller) => poller.stop() }),
 * );
 *
 * await createApp(container, { grace: 10_000 }).serve({ signals: signals() });
 * ```
 *
 * @module
 */

// Only re-exports: there is no logic in this file.
export { createApp } from "./lifecycle/app.ts";
export {
  background,
  type Background,
  type BackgroundOptions,
  type BackgroundState,
} from "./lifecycle/background.ts";
export { StartFailedError } from "./lifecycle/failed.ts";
export type { App, AppHook, AppOptions, AppState, ServeOptions, Served } from "./lifecycle/types.ts";
export { warm, type WarmOptions } from "./lifecycle/warm.ts";
