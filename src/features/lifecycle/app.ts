/**
 * `createApp`: the life of a container from its start to its stop, with hooks around both.
 *
 * @module
 */

import { closed } from "../../core/model/messages.ts";
import { extrasOf, type ScopeRecord } from "../../core/model/records.ts";
import { signalOf } from "../../core/model/tree.ts";
import { isWaitedFor, reportOf, shutdown } from "../../core/shutdown/shutdown.ts";
import type { Gettable } from "../../core/types/coverage.ts";
import type { Arguments, Dependency } from "../../core/types/dependency.ts";
import type { Scope } from "../../core/types/scope.ts";
import type { ShutdownOptions, ShutdownReport, ShutdownRow } from "../../core/types/shutdown.ts";
import type { AbortSignalLike, RuntimeAbortSignal } from "../../core/types/signal.ts";
import { ShutdownError } from "../../core/words/errors.ts";
import { type Controller, now, web } from "../../core/words/web.ts";
import { Deadline } from "./deadline.ts";
import { asOne } from "./failed.ts";
import { inStartOrder, startService } from "./start.ts";
import { warm } from "./warm.ts";

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

/** The life of a container. See {@linkcode createApp}. */
export interface App<in Has = any> {
  readonly container: Scope;
  readonly state: AppState;
  /** Resolves with the report when the app has stopped, whoever has stopped it. It never rejects. */
  readonly done: Promise<ShutdownReport>;

  /**
   * Builds what is `eager` or has a `start`; calls the `beforeStart` hooks, the last added first; starts the services in
   * the order of their dependencies; calls the `afterStart` hooks, the first added first. Further calls get the same
   * promise. When something fails, everything that had succeeded is undone, in reverse and with the stop hooks.
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
  afterStart(hook: AppHook<Has>): () => void;
  beforeStop(hook: AppHook<Has>): () => void;
  afterStop(hook: AppHook<Has>): () => void;
}

type Phase = "beforeStart" | "afterStart" | "beforeStop" | "afterStop";

/** The apps of scopes: a scope has one life. */
const apps = /* @__PURE__ */ new WeakMap<ScopeRecord, ScopeApp>();

/**
 * Makes the app of a container: `start`, `stop`, and hooks around both. Shutting the container down by hand stops its app
 * as well, hooks included. A scope has one app: a second call is refused.
 *
 * @example
 * ```ts
 * const app = createApp(container, { grace: 10_000 });
 * app.afterStart(() => console.log("listening"));
 * await app.start();
 * await app.stop();
 * ```
 *
 * @throws `SCOPE_CLOSED` when the container is not open.
 * @throws `TypeError` when the container has an app already, or `grace` is no number of milliseconds.
 */
export function createApp<Has>(container: Scope<Has>, { grace }: AppOptions = {}): App<Has> {
  const scope = container as unknown as ScopeRecord;
  if (grace !== undefined && !(typeof grace === "number" && grace >= 0))
    throw new TypeError("grace is a number of milliseconds");
  if (scope.state !== "open") throw closed(scope);
  if (apps.has(scope)) throw new TypeError("the container has an app already: pass that one on");
  const app = new ScopeApp(scope, grace);
  apps.set(scope, app);
  return app as never;
}

class ScopeApp implements App {
  readonly container: Scope;
  readonly done: Promise<ShutdownReport>;
  state: AppState = "new";
  readonly #scope: ScopeRecord;
  readonly #grace: number | undefined;
  readonly #hooks: Record<Phase, AppHook[]> = {
    beforeStart: [],
    afterStart: [],
    beforeStop: [],
    afterStop: [],
  };
  #isDone!: (report: ShutdownReport) => void;
  #started: Promise<void> | undefined;
  #stopped: Promise<ShutdownReport> | undefined;
  /** Whether the start has failed by itself, and not because the app was stopped. */
  #hasFailed = false;
  /** Why the app stops. */
  #reason: unknown;
  /** Aborts when the app begins to stop: the signal that `start` options receive. */
  readonly #controller: Controller | undefined = web.AbortController && new web.AbortController();
  /** The hook or `start` that is under way while the app starts. */
  #step: Promise<unknown> | undefined;
  /** Whether code that the app has called is on the stack: it must not be made to wait for itself. */
  #isCalling = false;
  #isServing = false;
  /** That `end` was called before `serve`, and with what. */
  #ended: { readonly reason: unknown } | undefined;
  readonly #deadline = new Deadline();

  constructor(scope: ScopeRecord, grace: number | undefined) {
    this.#scope = scope;
    this.#grace = grace;
    this.container = scope as unknown as Scope;
    this.done = new Promise((resolve) => (this.#isDone = resolve));
    extrasOf(scope).shutdown = (options) => this.#shutdown(options);
    // The shutdown of a scope above closes this one without asking the app.
    const signal = signalOf(scope) as AbortSignalLike | undefined;
    signal?.addEventListener("abort", () => void this.stop(signal.reason));
  }

  beforeStart(hook: AppHook): () => void {
    return this.#add("beforeStart", hook);
  }
  afterStart(hook: AppHook): () => void {
    return this.#add("afterStart", hook);
  }
  beforeStop(hook: AppHook): () => void {
    return this.#add("beforeStop", hook);
  }
  afterStop(hook: AppHook): () => void {
    return this.#add("afterStop", hook);
  }

  #add(phase: Phase, hook: AppHook): () => void {
    if (typeof hook !== "function") throw new TypeError(`${phase} takes a function`);
    // A function of our own, so that one hook given twice is two.
    const added: AppHook = (app) => hook(app);
    this.#hooks[phase].push(added);
    return () => {
      this.#hooks[phase] = this.#hooks[phase].filter((it) => it !== added);
    };
  }

  /** A copy: what is added while the hooks of a phase run is not called. */
  #hooksOf(phase: Phase): AppHook[] {
    const hooks = [...this.#hooks[phase]];
    return phase.startsWith("before") ? hooks.reverse() : hooks;
  }

  /** Calls code of the user. While it is on the stack, it may stop the app without waiting for itself. */
  #call(code: () => Promise<unknown>): Promise<unknown> {
    this.#isCalling = true;
    try {
      return code();
    } finally {
      this.#isCalling = false;
    }
  }

  // ---- Start

  start(): Promise<void> {
    if (this.#started) return this.#started;
    if (this.#stopped) return Promise.reject(closed(this.#scope));
    this.state = "starting";
    return (this.#started = this.#start());
  }

  async #start(): Promise<void> {
    try {
      await warm(this.container);
      for (const hook of this.#hooksOf("beforeStart")) await this.#take(async () => hook(this));
      const signal = this.#controller?.signal as RuntimeAbortSignal;
      for (const node of inStartOrder(this.#scope)) {
        await this.#take(() => startService(node, signal, (error) => this.#endServing(error)));
      }
      for (const hook of this.#hooksOf("afterStart")) await this.#take(async () => hook(this));
      if (this.#stopped) throw closed(this.#scope);
      this.state = "started";
    } catch (error) {
      if (this.#stopped) {
        // Whoever stops the app has the report. What fails because of that is no news.
        await this.#stopped;
        throw closed(this.#scope);
      }
      this.#hasFailed = true;
      const report = await this.stop(error);
      throw asOne([error, ...report.services.flatMap((row) => ("error" in row ? [row.error] : []))]);
    }
  }

  /** Takes a step of the start, unless the app is to stop. */
  async #take(step: () => Promise<unknown>): Promise<void> {
    if (this.#stopped) throw closed(this.#scope);
    const taken = (this.#step = this.#call(step));
    try {
      await taken;
    } finally {
      this.#step = undefined;
    }
  }

  // ---- Stop

  stop(reason?: unknown): Promise<ShutdownReport> {
    return this.#shutdown(reason === undefined ? {} : { reason });
  }

  #shutdown(options: ShutdownOptions): Promise<ShutdownReport> {
    const scope = this.#scope;
    if (this.#stopped) {
      this.#deadline.limit(options);
      const { state } = scope;
      if (state === "stopping" || state === "closing") void shutdown(scope, options);
    } else {
      // This comes first: what is called from here on may ask for the same.
      this.#stopped = this.done;
      void this.#stop(options);
    }
    // A disposer, a `stop` or a factory that is waited for gets the report as it is at that time.
    if (isWaitedFor(scope)) return shutdown(scope, options);
    return this.#isCalling ? Promise.resolve({ ok: true, elapsed: 0, services: [] }) : this.#stopped;
  }

  async #stop(options: ShutdownOptions): Promise<void> {
    const since = now();
    const { reason } = options;
    const wasNew = this.state === "new";
    const deadline = this.#deadline;
    const [before, after]: ShutdownRow[][] = [[], []];
    this.state = "stopping";
    this.#reason = reason;
    if (this.#grace !== undefined) deadline.limit({ timeout: this.#grace });
    deadline.limit(options);
    this.#controller?.abort(reason);
    // Nothing is awaited where there is nothing to wait for: a page that is being left gets no second turn.
    if (this.#isCalling) await undefined;
    if (this.#step) await deadline.unlessPassed(this.#step.catch(() => {}));
    if (!wasNew)
      for (const hook of this.#hooksOf("beforeStop")) await this.#callDown("beforeStop", hook, before!);
    for (const bound of deadline.left())
      void shutdown(this.#scope, reason === undefined ? bound : { ...bound, reason });
    const report = await reportOf(this.#scope);
    if (!wasNew)
      for (const hook of this.#hooksOf("afterStop")) await this.#callDown("afterStop", hook, after!);
    deadline.clear();
    this.state = "stopped";
    const services = [...before!, ...report.services, ...after!];
    const whole =
      services.length > report.services.length ? { ok: false, elapsed: now() - since, services } : report;
    this.#isDone(whole);
  }

  /** Calls a hook on the way down. Its failure is a row, because everything else has to be stopped all the same. */
  async #callDown(phase: Phase, hook: AppHook, rows: ShutdownRow[]): Promise<void> {
    const since = now();
    const { name, id } = this.#scope;
    const add = (outcome: ShutdownRow["outcome"], failure?: object): void => {
      rows.push({ scope: name, scopeId: id, token: phase, outcome, elapsed: now() - since, ...failure });
    };
    try {
      if (!(await this.#deadline.unlessPassed(this.#call(async () => hook(this))))) add("abandoned");
    } catch (error) {
      add("failed", { error });
    }
  }

  // ---- Run and serve

  async run<const D extends Dependency, R>(
    dependencies: D,
    fn: (...args: Arguments<D>) => R,
  ): Promise<Awaited<R>> {
    let result: Awaited<R>;
    try {
      await this.start();
      result = await this.container.runAsync(dependencies, fn);
    } catch (error) {
      await this.stop(error);
      throw error;
    }
    this.#check(await this.stop());
    return result;
  }

  async serve({ signals, signal }: ServeOptions = {}): Promise<Served> {
    const end = (reason: unknown): void => this.end(reason);
    const aborted = (): void => this.end(signal?.reason);
    this.#isServing = true;
    const ends = [signals?.onStop(end), () => signal?.removeEventListener("abort", aborted)];
    signals?.waitUntil?.(this.done);
    signal?.addEventListener("abort", aborted);
    try {
      if (signal?.aborted) aborted();
      if (this.#ended) void this.stop(this.#ended.reason);
      else {
        try {
          await this.start();
        } catch (error) {
          if (this.#hasFailed) throw error;
        }
      }
      const report = await this.done;
      this.#check(report);
      return { reason: this.#reason, report };
    } finally {
      for (const leave of ends) leave?.();
    }
  }

  end(reason?: unknown): void {
    this.#ended ??= { reason };
    // In this turn, for a page that is being left.
    if (this.#isServing) void this.stop(reason);
  }

  /** A background task has failed. Gives whether somebody hears of that. */
  #endServing(error: unknown): boolean {
    if (this.#isServing) this.end(error);
    return this.#isServing;
  }

  #check(report: ShutdownReport): void {
    if (!report.ok) throw new ShutdownError(this.#scope.name, report);
  }
}
