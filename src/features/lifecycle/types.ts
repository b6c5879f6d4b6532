/**
 * The types of an app: what `createApp` takes and gives. What they do is in `app.ts`.
 *
 * @module
 */

import type { Gettable } from "../../core/types/coverage.ts";
import type { Arguments, Dependency } from "../../core/types/dependency.ts";
import type { Scope } from "../../core/types/scope.ts";
import type { ShutdownReport } from "../../core/types/shutdown.ts";
import type { AbortSignalLike } from "../../core/types/signal.ts";

/** Where an app is in its life. */
export type AppState = "new" | "starting" | "started" | "stopping" | "stopped";

/** Called before or after an app starts or stops. It may be asynchronous. */
export type AppHook<Has = any> = (app: App<Has>) => unknown;

/** Options of `createApp`. */
export interface AppOptions {
  /**
   * How long stopping may take, in milliseconds, with its hooks. At this deadline whatever has not ended is abandoned,
   * and the report says so.
   *
   * @default no deadline
   */
  readonly grace?: number;
}

/** Options of `app.serve()`. */
export interface ServeOptions {
  /**
   * What tells that the program has to stop: `signals()` of the entry point of a runtime.
   *
   * @default nothing
   */
  readonly signals?: {
    onStop(listener: (reason: unknown) => void): () => void;
    waitUntil?(work: Promise<unknown>): void;
  };
  /** Stops the app, with its reason, when it aborts. */
  readonly signal?: AbortSignalLike;
}

/** What `app.serve()` resolves with. */
export interface Served {
  /** The name of the signal, the reason of the `AbortSignal`, or what `end` or `stop` was given. */
  readonly reason: unknown;
  readonly report: ShutdownReport;
}

/** The life of a container. See `createApp`. */
export interface App<in Has = any> {
  /** The container whose life it is. */
  readonly container: Scope;
  /** How far it has come. */
  readonly state: AppState;
  /** Resolves with the report when the app has stopped, whoever has stopped it. It never rejects. */
  readonly done: Promise<ShutdownReport>;

  /**
   * Builds what is `eager` or has a `start`; calls the `beforeStart` hooks, the last added first; starts the services in
   * the order of their dependencies; calls the `afterStart` hooks, the first added first. Further calls get the same
   * promise. When something fails, everything that had succeeded is ended again, in reverse and with the stop hooks.
   *
   * @throws what has failed; `START_FAILED` with all errors when there are several.
   * @throws `SCOPE_CLOSED` when the app stops meanwhile, or has stopped.
   */
  start(): Promise<void>;

  /**
   * Calls the `beforeStop` hooks, the last added first; shuts the container down, which stops services before anything is
   * disposed; calls the `afterStop` hooks, the first added first. Further calls get the same promise. It never rejects: a
   * hook that fails is a row of the report, under the name of its phase.
   */
  stop(reason?: unknown): Promise<ShutdownReport>;

  /**
   * Starts, resolves the dependencies, calls `fn` with them, and stops, also when something fails.
   *
   * @returns what `fn` returns.
   * @throws what `fn` throws; `SHUTDOWN_FAILED` when only stopping has failed.
   */
  run<const D extends Dependency, R>(
    dependencies: Gettable<D, Has>,
    fn: (...args: Arguments<D>) => R,
  ): Promise<Awaited<R>>;

  /**
   * Starts, waits for a signal, `end`, or a background task that fails, and stops. A signal that comes while the app
   * starts is no error: what had started is stopped.
   *
   * @throws what `start` throws; `SHUTDOWN_FAILED` when the report is not ok.
   *
   * @example
   * ```ts
   * await createApp(container, { grace: 10_000 }).serve({ signals: signals() });
   * ```
   */
  serve(options?: ServeOptions): Promise<Served>;

  /** Has `serve` stop the app. Before `serve`, that is remembered. */
  end(reason?: unknown): void;

  /** Adds a hook. A hook that is added while the hooks of its phase run is not called. Returns what removes it. */
  beforeStart(hook: AppHook<Has>): () => void;
  /** Adds a hook, called when everything has started. */
  afterStart(hook: AppHook<Has>): () => void;
  /** Adds a hook, called before anything is stopped. */
  beforeStop(hook: AppHook<Has>): () => void;
  /** Adds a hook, called when the container has closed. */
  afterStop(hook: AppHook<Has>): () => void;
}
