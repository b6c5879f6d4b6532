/**
 * `createApp`: the life of a container from its start to its stop, with hooks around both.
 *
 * @module
 */

import { reportUnheard } from "../../core/building/reporting.ts";
import { runAs } from "../../core/building/running.ts";
import { closed, pathOf } from "../../core/model/messages.ts";
import { extrasOf, type Node, type ScopeRecord } from "../../core/model/records.ts";
import { checkShutdown } from "../../core/model/options.ts";
import { signalOf } from "../../core/model/tree.ts";
import { isWaitedFor, reportOf, shutdown } from "../../core/shutdown/shutdown.ts";
import type { Arguments, Dependency } from "../../core/types/dependency.ts";
import type { Scope } from "../../core/types/scope.ts";
import type { ShutdownOptions, ShutdownReport, ShutdownRow } from "../../core/types/shutdown.ts";
import type { AbortSignalLike, RuntimeAbortSignal } from "../../core/types/signal.ts";
import { ShutdownError } from "../../core/words/errors.ts";
import { nameOf } from "../../core/words/token.ts";
import { type Controller, now, web } from "../../core/words/web.ts";
import { abortSignal, checkOptions, type Expected, milliseconds } from "../options.ts";
import { reasonOf } from "../reason.ts";
import { Deadline } from "./deadline.ts";
import { asOne, errorsIn, hasGivenUp } from "./failed.ts";
import { Hooks } from "./hooks.ts";
import { stopBefore } from "./nested.ts";
import { inStartOrder, startService } from "./start.ts";
import type { App, AppHook, AppOptions, AppState, Served, ServeOptions } from "./types.ts";
import { warm } from "./warm.ts";

/** A hook, or the `start` of a service, that was called. */
interface Step {
  /** What its row in the report is called. */
  readonly name: string;
  readonly since: number;
  readonly ended: Promise<unknown>;
}

const ofRuntime: Expected = [
  "what signals() of the entry point of a runtime gives",
  (it) => typeof (it as { onStop?: unknown } | null)?.onStop === "function",
];

/** The apps of scopes: a scope has one life. */
const apps = /* @__PURE__ */ new WeakMap<ScopeRecord, ScopeApp>();

/**
 * Makes the app of a container: `start`, `stop`, and hooks around both. Shutting the container down by hand stops its app
 * as well, hooks included, and so does the shutdown of a scope above, which waits for the app. A scope has one app: a
 * second call is refused.
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
 * @throws `TypeError` when the container has an app already, when it is no container, or when an option is wrong.
 */
export function createApp<Has>(container: Scope<Has>, options: AppOptions = {}): App<Has> {
  const scope = container as unknown as ScopeRecord;
  checkOptions("createApp", options, { grace: milliseconds });
  if (!scope?.tree) throw new TypeError("createApp takes a container: createApp(createContainer(…))");
  if (scope.state !== "open") throw closed(scope);
  if (apps.has(scope)) throw new TypeError("the container has an app already: pass that one on");
  const app = new ScopeApp(scope, options.grace);
  apps.set(scope, app);
  return app as never;
}

class ScopeApp implements App {
  readonly container: Scope;
  readonly done: Promise<ShutdownReport>;
  state: AppState = "new";
  readonly #scope: ScopeRecord;
  readonly #grace: number | undefined;
  readonly #hooks = new Hooks(this);
  #isDone!: (report: ShutdownReport) => void;
  #started: Promise<void> | undefined;
  #stopped: Promise<ShutdownReport> | undefined;
  /** Whether the start was complete. */
  #hasStarted = false;
  /** Whether the start has failed by itself, and not because the app was stopped. */
  #hasFailed = false;
  /** Why the app stops. */
  #reason: unknown;
  /** Aborts when the app begins to stop: the signal that `start` options receive. */
  readonly #controller: Controller | undefined = web.AbortController && new web.AbortController();
  /** The building that is under way while the app starts. */
  #building: Promise<void> | undefined;
  /** How often providers had been registered in the tree when that began. */
  #changes = 0;
  /** The hook or `start` that is under way while the app starts. */
  #step: Step | undefined;
  /** Whether code that the app has called is on the stack: it must not be made to wait for itself. */
  #isCalling = false;
  #isRunning = false;
  #isServing = false;
  /** That `end` was called before `serve`, and with what. */
  #ended: { readonly reason: unknown } | undefined;
  /** The report so far: what has gone wrong in hooks, and from some time on what the container has reported. */
  readonly #rows: ShutdownRow[] = [];
  readonly #deadline = new Deadline();
  /** Ends the waiting of a scope above for this app. */
  #leave: (() => void) | undefined;

  constructor(scope: ScopeRecord, grace: number | undefined) {
    this.#scope = scope;
    this.#grace = grace;
    this.container = scope as unknown as Scope;
    this.done = new Promise((resolve) => (this.#isDone = resolve));
    extrasOf(scope).shutdown = (options) => this.#shutdown(options);
    extrasOf(scope).start = (node) => this.#startOne(node);
    if (!scope.parent) return;
    this.#leave = stopBefore(scope.parent, scope, async (reason, signal) => {
      const report = await this.#shutdown({ reason, signal });
      if (!(signal as AbortSignalLike | undefined)?.aborted) return this.#check(report);
      // The scope above waits no longer, and has closed this one: its report has what was disposed here.
      this.#tell(report, scope.closing?.report?.services.map(({ error }) => error) ?? []);
    });
    // A shutdown above that has stopped everything else already closes this scope without waiting for its app.
    const signal = signalOf(scope) as AbortSignalLike | undefined;
    signal?.addEventListener("abort", () => void this.stop(signal.reason));
  }

  beforeStart(hook: AppHook): () => void {
    return this.#hooks.add("beforeStart", hook);
  }
  afterStart(hook: AppHook): () => void {
    return this.#hooks.add("afterStart", hook);
  }
  beforeStop(hook: AppHook): () => void {
    return this.#hooks.add("beforeStop", hook);
  }
  afterStop(hook: AppHook): () => void {
    return this.#hooks.add("afterStop", hook);
  }

  /** Calls code of the user. While it is on the stack, it may stop the app without waiting for itself. */
  #call(name: string, code: () => unknown): Step {
    const since = now();
    this.#isCalling = true;
    try {
      // What a hook resolves is no dependency of a factory that has stopped the app.
      return { name, since, ended: runAs(undefined, async () => code()) };
    } finally {
      this.#isCalling = false;
    }
  }

  /** Whether the caller is code that the app waits for, as far as that can be seen. */
  #isInside(): boolean {
    return this.#isCalling || isWaitedFor(this.#scope);
  }

  // ---- Start

  start(): Promise<void> {
    const isInside = this.#isInside();
    // A start that has failed, or that was cut short by a stop, says so again.
    if (this.#stopped && (isInside || this.#hasStarted || !this.#started))
      return Promise.reject(closed(this.#scope));
    if (!this.#started) {
      this.state = "starting";
      // One turn later, because a factory that is called here may call this again.
      this.#started = Promise.resolve().then(() => this.#start());
    }
    return isInside ? Promise.resolve() : this.#started;
  }

  async #start(): Promise<void> {
    const scope = this.#scope;
    try {
      // A hook or a `start` that was abandoned may never end.
      await Promise.race([this.#startAll(), this.done]);
      if (this.#stopped) throw closed(scope);
      this.#hasStarted = true;
      this.state = "started";
    } catch (error) {
      if (this.#stopped) {
        // Whoever stops the app has the report, and what has failed is in there.
        await this.#stopped;
        throw closed(scope);
      }
      this.#hasFailed = true;
      const report = await this.stop(reasonOf(error));
      throw asOne([
        ...errorsIn(error),
        ...report.services.flatMap((row) => ("error" in row ? [row.error] : [])),
      ]);
    }
  }

  async #startAll(): Promise<void> {
    await this.#build();
    for (const hook of this.#hooks.of("beforeStart")) await this.#take("beforeStart", hook);
    // A hook or a service that has started may have registered further services.
    for (let next; (next = await this.#startable()).length > 0;) {
      for (const node of next) await this.#take(nameOf(node.definition.token), () => this.#startOne(node));
    }
    for (const hook of this.#hooks.of("afterStart")) await this.#take("afterStart", hook);
  }

  #build(): Promise<void> {
    if (this.#stopped) throw closed(this.#scope);
    this.#changes = this.#scope.tree.changes;
    return (this.#building = warm(this.container));
  }

  async #startable(): Promise<Node[]> {
    if (this.#changes !== this.#scope.tree.changes) await this.#build();
    return inStartOrder(this.#scope);
  }

  #startOne(node: Node): Promise<void> {
    return startService(node, this.#controller?.signal as RuntimeAbortSignal, (error) =>
      this.#endServing(error),
    );
  }

  /** Takes a step of the start, unless the app is to stop. */
  async #take(name: string, code: () => unknown): Promise<void> {
    if (this.#stopped) throw closed(this.#scope);
    this.#step = this.#call(name, code);
    await this.#step.ended;
    this.#step = undefined;
  }

  // ---- Stop

  stop(reason?: unknown): Promise<ShutdownReport> {
    return this.#shutdown(reason === undefined ? {} : { reason });
  }

  #shutdown(options: ShutdownOptions = {}): Promise<ShutdownReport> {
    const scope = this.#scope;
    checkShutdown(options);
    if (!this.#stopped) {
      // This comes first: what is called from here on may want the same.
      this.#stopped = this.done;
      void this.#stop(options);
    } else if (this.state !== "stopped") {
      this.#deadline.limit(options);
      const isBounded = options.timeout !== undefined || options.signal !== undefined;
      if (isBounded && scope.state !== "open") void shutdown(scope, options);
    }
    if (!this.#isInside()) return this.#stopped;
    // Code that is waited for gets the report as it is at that time.
    return scope.state === "open" ? Promise.resolve({ ok: true, elapsed: 0, services: [] }) : shutdown(scope);
  }

  async #stop(options: ShutdownOptions): Promise<void> {
    const scope = this.#scope;
    const since = now();
    const { reason } = options;
    const hasHooks = this.state !== "new";
    const deadline = this.#deadline;
    this.state = "stopping";
    this.#reason = reason;
    deadline.limit({ timeout: this.#grace });
    deadline.limit(options);
    this.#controller?.abort(reason);
    // Nothing is awaited where there is nothing to wait for: a page that is being left gets no second turn.
    if (this.#isCalling) await undefined;
    // A start that has failed by itself rejects with this error.
    if (this.#step && !this.#hasFailed) await this.#end(this.#step, true);
    if (hasHooks)
      for (const hook of this.#hooks.of("beforeStop")) await this.#end(this.#call("beforeStop", hook));
    for (const bound of deadline.left())
      void shutdown(scope, reason === undefined ? bound : { ...bound, reason });
    const report = await reportOf(scope);
    this.#rows.push(...report.services);
    if (this.#building && !this.#hasFailed) await this.#endBuilding(this.#building, since);
    if (hasHooks)
      for (const hook of this.#hooks.of("afterStop")) await this.#end(this.#call("afterStop", hook));
    deadline.clear();
    this.#leave?.();
    this.#leave = undefined;
    this.state = "stopped";
    const services = this.#rows;
    const isAlone = services.length === report.services.length;
    this.#isDone(isAlone ? report : { ok: false, elapsed: now() - since, services });
  }

  /**
   * Waits for a step until the deadline. Its failure is a row, because everything else has to be stopped all the same.
   * A step of the start may also give up because the app stops, and that is no failure.
   */
  async #end({ name, since, ended }: Step, mayGiveUp = false): Promise<void> {
    let isAbandoned = false;
    const failed = (error: unknown): void => {
      if (mayGiveUp && hasGivenUp(error, this.#controller?.signal.reason)) return;
      if (isAbandoned) reportUnheard(this.#scope, error);
      else this.#addRow(name, "failed", since, { error });
    };
    if (await this.#deadline.unlessPassed(ended.catch(failed))) return;
    isAbandoned = true;
    this.#addRow(name, "abandoned", since);
  }

  /** The same for what was being built. The container has waited for it, and has told by now whoever waited as well. */
  async #endBuilding(building: Promise<void>, since: number): Promise<void> {
    const failed = (thrown: unknown): void => {
      for (const error of errorsIn(thrown)) {
        if (hasGivenUp(error, this.#controller?.signal.reason)) continue;
        // Another service may have failed with it when nobody waited for that one any more.
        if (this.#rows.some((row) => "error" in row && row.error === error)) continue;
        if (this.state === "stopped") reportUnheard(this.#scope, error);
        else this.#addRow(pathOf(error).at(-1)?.token ?? "start", "failed", since, { error });
      }
    };
    await this.#deadline.unlessPassed(building.catch(failed));
  }

  #addRow(token: string, outcome: ShutdownRow["outcome"], since: number, failure?: object): void {
    const { name: scope, id: scopeId } = this.#scope;
    this.#rows.push({ scope, scopeId, token, outcome, elapsed: now() - since, ...failure });
  }

  /** Reports the errors of a report that nobody receives, except for those that somebody has. */
  #tell({ services }: ShutdownReport, known: readonly unknown[]): void {
    // Observers were told already of a build that has failed during the shutdown.
    const errors = services.flatMap((it) => ("error" in it && it.phase !== "build" ? [it.error] : []));
    for (const it of new Set(errors)) if (!known.includes(it)) reportUnheard(this.#scope, it);
  }

  #check(report: ShutdownReport): void {
    if (!report.ok) throw new ShutdownError(this.#scope.name, report);
  }

  // ---- Run and serve

  async run<const D extends Dependency, R>(
    dependencies: D,
    fn: (...args: Arguments<D>) => R,
  ): Promise<Awaited<R>> {
    this.#refuseInside("run");
    if (this.#isRunning) throw new TypeError("the app runs already: give all of its work to one run");
    this.#isRunning = true;
    let result: Awaited<R>;
    try {
      await this.start();
      result = await this.container.runAsync(dependencies, fn);
    } catch (error) {
      // Only this error is thrown. What has failed in stopping goes to observers, or to the runtime.
      this.#tell(await this.stop(reasonOf(error)), errorsIn(error));
      throw error;
    } finally {
      this.#isRunning = false;
    }
    this.#check(await this.stop());
    return result;
  }

  async serve(options: ServeOptions = {}): Promise<Served> {
    checkOptions("serve", options, { signals: ofRuntime, signal: abortSignal });
    const { signals, signal } = options;
    this.#refuseInside("serve");
    const end = (reason: unknown): void => this.end(reason);
    const aborted = (): void => this.end(signal?.reason);
    const ends: (() => void)[] = [];
    try {
      if (signals) ends.push(signals.onStop(end));
      this.#isServing = true;
      signals?.waitUntil?.(this.done);
      signal?.addEventListener("abort", aborted);
      ends.push(() => signal?.removeEventListener("abort", aborted));
      if (signal?.aborted) aborted();
      if (this.#ended) void this.stop(this.#ended.reason);
      if (!this.#stopped || this.#hasFailed) {
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
      for (const leave of ends) leave();
    }
  }

  /** What waits until the app has stopped cannot be waited for by what the app waits for. */
  #refuseInside(name: string): void {
    if (this.#isInside())
      throw new TypeError(
        `${name} waits until the app has stopped: no hook and no service can wait for that`,
      );
  }

  end(reason?: unknown): void {
    this.#ended ??= { reason };
    // In this turn, for a page that is being left.
    if (this.#isServing) void this.stop(this.#ended.reason);
  }

  /** A background task has failed. Gives whether somebody hears of that. */
  #endServing(error: unknown): boolean {
    if (this.#isServing) this.end(reasonOf(error));
    return this.#isServing;
  }
}
