/**
 * `restartable`: a service with data, and a runtime that is made from the data anew whenever it has changed.
 *
 * Others depend on the handle, which stays the same, so nothing else has to be released when the runtime changes.
 *
 * @module
 */

import { combinator } from "../../core/combinators/combinator.ts";
import { reportUnheard } from "../../core/building/reporting.ts";
import { isNear, refused } from "../../core/model/messages.ts";
import { type Build, DONE, type ScopeRecord } from "../../core/model/records.ts";
import { singleton } from "../../core/registry/provider.ts";
import type { Arguments, DependencyTuple, ElementsOf, Identity, Token } from "../../core/types/dependency.ts";
import type { SingletonOptions } from "../../core/types/options.ts";
import type { Provider } from "../../core/types/provider.ts";
import type { RuntimeAbortSignal } from "../../core/types/signal.ts";
import { ScopeClosedError } from "../../core/words/errors.ts";
import { isThenable } from "../../core/words/thenable.ts";
import { nameOf } from "../../core/words/token.ts";
import { asyncDisposeSymbol, type Controller, disposeSymbol, web } from "../../core/words/web.ts";
import { hasGivenUp } from "../lifecycle/failed.ts";

/** `failed`: the last restart has failed, and there is no runtime. The next update tries again. */
export type RestartableState = "running" | "restarting" | "failed" | "stopped";

/** What stands under the token of a restartable service. See {@linkcode restartable}. */
export interface Restartable<Core, Runtime> {
  readonly state: RestartableState;
  /** What `build` has made; nothing while it restarts, after it has failed to, and once it was disposed. */
  readonly runtime: Runtime | undefined;
  /** How many runtimes there were, with this one. */
  readonly generation: number;
  /** What the last restart has failed with. */
  readonly error: unknown;

  /**
   * Edits the data, and has the runtime restarted. `edit` is given a copy, which it changes; what it returns, other than
   * `undefined`, takes its place. It may be asynchronous: edits are made one after the other. Resolves when the edit is
   * stored, and does not wait for the restart, so that a run may await it.
   *
   * @throws what `edit` throws; the data stays as it was then.
   * @throws `SCOPE_CLOSED` when the service has stopped.
   * @throws `TypeError` when an edit begins another one, which would wait for it.
   */
  update(edit: (draft: Core) => unknown): Promise<void>;

  /**
   * Has the runtime restarted, and waits for that. A run that awaits it waits for its own end, until `grace` is over.
   *
   * @throws what the restart has failed with.
   * @throws `SCOPE_CLOSED` when the service has stopped.
   * @throws `TypeError` when an edit calls it, or what a restart waits for: `build`, `dispose` and their like. What does so
   * after an `await` cannot be seen, and waits for itself.
   */
  restart(): Promise<void>;

  /**
   * Resolves when no edit and no restart is under way or pending, also when it has failed.
   *
   * @throws `TypeError` where `restart` does.
   */
  settled(): Promise<void>;
}

/** A task of a runtime. `signal` aborts when it has to end. */
export type RestartableRun<Runtime> = (runtime: Runtime, signal: RuntimeAbortSignal) => unknown;

/** Options of `restartable`. */
export interface RestartableOptions<Core, Runtime, D extends DependencyTuple> extends Pick<
  SingletonOptions<unknown>,
  "after" | "eager" | "order" | "tags"
> {
  /** The data to begin with: anything that `structuredClone` copies. Every container has a copy of its own. */
  readonly core: Core;
  /**
   * What `build` is given besides the data.
   *
   * @default []
   */
  readonly deps?: D;
  /**
   * Makes the runtime from a copy of the data. `signal` aborts when the runtime has to end, also when the data changes again
   * while it is being made.
   */
  readonly build: (
    core: Core,
    ...rest: [...Arguments<D>, signal: RuntimeAbortSignal]
  ) => Runtime | PromiseLike<Runtime>;
  /**
   * What runs as long as the runtime is there: a function, or several under their names. It is not waited for.
   *
   * @default nothing runs
   */
  readonly run?: RestartableRun<Runtime> | Readonly<Record<string, RestartableRun<Runtime>>>;
  /**
   * Called before the runs begin.
   *
   * @default nothing is called
   */
  readonly beforeRun?: (runtime: Runtime) => unknown;
  /**
   * Called when all runs of a runtime have ended, by themselves or because they had to.
   *
   * @default nothing is called
   */
  readonly afterRun?: (runtime: Runtime) => unknown;
  /**
   * Called when a restart has succeeded; not after the first build.
   *
   * @default nothing is called
   */
  readonly afterRestart?: (runtime: Runtime) => unknown;
  /**
   * Disposes a runtime, when the next one is to take its place, and at shutdown.
   *
   * @default `Symbol.asyncDispose`, or `Symbol.dispose`, of the runtime
   */
  readonly dispose?: ((runtime: Runtime) => unknown) | false;
  /**
   * How long the runs are waited for that have to end, in milliseconds. After that they are reported and left behind.
   *
   * @default 10_000
   */
  readonly grace?: number;
}

type Hook = ((runtime: unknown) => unknown) | undefined;

interface Plan {
  readonly core: unknown;
  readonly build: (...args: unknown[]) => unknown;
  readonly run: readonly [name: string, run: RestartableRun<unknown>][];
  readonly beforeRun: Hook;
  readonly afterRun: Hook;
  readonly afterRestart: Hook;
  readonly dispose: Hook | false;
  readonly grace: number;
}

const clone = <T>(it: T): T =>
  (globalThis as unknown as { structuredClone: <T>(it: T) => T }).structuredClone(it);

/** A runtime, and what belongs to it. */
class Generation {
  readonly controller: Controller | undefined = web.AbortController && new web.AbortController();
  /** Resolved when the runs have ended, with what they have failed with. */
  runs: Promise<readonly unknown[]> | undefined;
  hasRun = false;
  hasEnded = false;
  isThere = false;
  runtime: unknown;

  get signal(): RuntimeAbortSignal {
    return this.controller?.signal as RuntimeAbortSignal;
  }
}

const anEdit = "an edit";

/** Resolves when timers and whatever else has come meanwhile have had their turn. */
function aTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (web.setTimeout) web.setTimeout(resolve, 0);
    else resolve();
  });
}

class Handle implements Restartable<unknown, unknown> {
  state: RestartableState = "restarting";
  generation = 0;
  error: unknown = undefined;
  readonly #name: string;
  readonly #plan: Plan;
  readonly #given: readonly unknown[];
  readonly #service: Service;
  #core: unknown;
  /** The runtime that is there, or that is being made. */
  #now = new Generation();
  #isBuilding = false;
  /** The data has changed since the last build began, or a restart is wanted. */
  #isDue = false;
  #isStopping = false;
  #restarting: Promise<void> | undefined;
  /** How many edits are under way or pending, and the last one. */
  #edits = 0;
  #lastEdit: Promise<unknown> = Promise.resolve();
  /** Whether the last edit is stored already, because none was under way and it was not asynchronous. */
  #isStored = false;
  /** What is on the stack of that which edits and restarts wait for. */
  #inside: string | undefined;
  /** How many callers of `restart` hear of a failure. */
  #hearers = 0;

  constructor(name: string, plan: Plan, given: readonly unknown[], service: Service) {
    this.#name = name;
    this.#plan = plan;
    this.#given = given;
    this.#service = service;
    this.#core = clone(plan.core);
  }

  get runtime(): unknown {
    return this.state === "running" || this.state === "stopped" ? this.#now.runtime : undefined;
  }

  // ---- Edits

  update(edit: (draft: never) => unknown): Promise<void> {
    if (typeof edit !== "function")
      return Promise.reject(new TypeError("update takes a function: update((draft) => …)"));
    if (this.#isStopping) return Promise.reject(this.#stopped("update"));
    if (this.#inside === anEdit)
      return Promise.reject(
        new TypeError("an edit cannot wait for another edit: change the draft it was given"),
      );
    // Where no edit is under way, this one is made in this turn.
    const stored = this.#edits === 0 ? this.#edit(edit) : this.#lastEdit.then(() => this.#edit(edit));
    if (this.#isStored) return stored;
    this.#edits++;
    const over = (): void => void this.#edits--;
    this.#lastEdit = stored.then(over, over);
    return stored;
  }

  async #edit(edit: (draft: never) => unknown): Promise<void> {
    this.#isStored = false;
    if (this.#isStopping) throw this.#stopped("update");
    const draft = clone(this.#core);
    let result: unknown = this.#within(anEdit, () => edit(draft as never));
    if (isThenable(result)) result = await result;
    // A copy, because whoever has made the edit may keep the draft.
    this.#core = clone(result === undefined ? draft : result);
    this.#isStored = this.#edits === 0;
    this.#request();
  }

  // ---- Restarts

  async restart(): Promise<void> {
    if (this.#isStopping) throw this.#stopped("restart");
    this.#checkOutside();
    this.#hearers++;
    try {
      this.#request();
      await this.#restarting;
      if (this.state === "failed") throw this.error;
    } finally {
      this.#hearers--;
    }
  }

  async settled(): Promise<void> {
    this.#checkOutside();
    while (this.#edits > 0 || this.#restarting) await (this.#edits > 0 ? this.#lastEdit : this.#restarting);
  }

  /** Calls something that edits or restarts wait for. */
  #within<T>(what: string, fn: () => T): T {
    const outer = this.#inside;
    this.#inside = what;
    try {
      return fn();
    } finally {
      this.#inside = outer;
    }
  }

  #checkOutside(): void {
    const what = this.#inside;
    if (what !== undefined && (what === anEdit || this.#restarting))
      throw new TypeError(`${what} cannot wait for a restart of "${this.#name}", which waits for it`);
  }

  #request(): void {
    if (this.#isStopping) return;
    this.#isDue = true;
    // What is being made is not wanted any more.
    if (this.#isBuilding) this.#now.controller?.abort();
    // One turn later, so that many updates at once cost one restart.
    this.#restarting ??= Promise.resolve()
      .then(() => this.#restartAll())
      .finally(() => (this.#restarting = undefined));
  }

  async #restartAll(): Promise<void> {
    for (let count = 1; this.#isDue && !this.#isStopping; count++) {
      this.state = "restarting";
      // One that edits the data each time it is restarted must not keep everything else from running.
      if (count % 50 === 0) await aTurn();
      await this.#endRuns((error) => this.#service.report(error));
      // Stopping leaves the runtime there: what depends on it may still be stopping.
      if (this.#isStopping) return;
      await this.#disposeRuntime().catch((error: unknown) => this.#service.report(error));
      // What is about to change need not be built.
      while (this.#edits > 0) await this.#lastEdit;
      if (this.#isStopping) return;
      this.#isDue = false;
      let isRunning = false;
      try {
        await this.#make();
        if (this.#isDue || this.#isStopping) continue;
        this.#run();
        isRunning = true;
        await this.#within("afterRestart", () => this.#plan.afterRestart?.(this.#now.runtime));
      } catch (error) {
        if (isRunning) this.#service.report(error);
        else if (this.#isDue || this.#isStopping) continue;
        else {
          this.state = "failed";
          this.error = error;
          if (this.#hearers === 0) this.#service.report(error);
        }
      }
    }
  }

  /** Builds the first runtime. Stays synchronous if it can. */
  begin(): unknown {
    const made = this.#make();
    const run = (): this => {
      // The factory has to return before a run can resolve this service.
      this.#run(this.#service.built());
      return this;
    };
    return isThenable(made) ? Promise.resolve(made).then(run) : run();
  }

  /** Makes a runtime, up to the moment when its runs can begin. */
  #make(): unknown {
    const now = (this.#now = new Generation());
    const { build, beforeRun } = this.#plan;
    const isMade = (runtime: unknown): unknown => {
      now.runtime = runtime;
      now.isThere = true;
      // It is not wanted any more.
      return this.#isDue || this.#isStopping
        ? undefined
        : this.#within("beforeRun", () => beforeRun?.(runtime));
    };
    const failed = async (error: unknown): Promise<never> => {
      this.#isBuilding = false;
      await this.#disposeRuntime().catch((error: unknown) => this.#service.report(error));
      throw error;
    };
    const ended = (): void => void (this.#isBuilding = false);
    this.#isBuilding = true;
    try {
      const core = clone(this.#core);
      const made = this.#within("build", () => build(core, ...this.#given, now.signal));
      const before = isThenable(made) ? Promise.resolve(made).then(isMade) : isMade(made);
      return isThenable(before) ? Promise.resolve(before).then(ended, failed) : ended();
    } catch (error) {
      if (now.isThere) return failed(error);
      this.#isBuilding = false;
      throw error;
    }
  }

  #run(ready?: Promise<void>): void {
    const now = this.#now;
    const { run } = this.#plan;
    this.generation++;
    this.error = undefined;
    this.state = "running";
    now.hasRun = true;
    if (run.length === 0) return;
    const runs = run.map(async ([, fn]) => {
      if (ready) await ready;
      if (!now.signal?.aborted) await fn(now.runtime, now.signal);
    });
    const failures: unknown[] = [];
    for (const it of runs)
      it.catch((error: unknown) => {
        if (now.signal?.aborted && hasGivenUp(error, now.signal.reason)) return;
        if (now.signal?.aborted) failures.push(error);
        else this.#service.report(error);
      });
    now.runs = Promise.allSettled(runs).then(async () => {
      await this.#afterRun(now).catch((error: unknown) => failures.push(error));
      return failures;
    });
    void now.runs.then((all) => {
      // Nobody waits for them any more.
      if (!now.signal?.aborted) for (const error of all) this.#service.report(error);
    });
  }

  async #afterRun(now: Generation): Promise<void> {
    if (!now.hasRun || now.hasEnded) return;
    now.hasEnded = true;
    const afterRun = (): unknown => this.#plan.afterRun?.(now.runtime);
    // A restart waits for it only when it has ended the runs itself.
    await (now.signal?.aborted ? this.#within("afterRun", afterRun) : afterRun());
  }

  /** Ends the runs, and waits for them as long as `grace` says. */
  async #endRuns(failed: (error: unknown) => void): Promise<void> {
    const now = this.#now;
    if (!now.isThere) return;
    const wasOver = now.hasEnded;
    now.controller?.abort();
    const { grace, run } = this.#plan;
    if (now.runs && !wasOver) {
      let timer: unknown;
      const late = new Promise<undefined>((resolve) => {
        // A timer cannot count more milliseconds than this.
        if (grace < 2 ** 31) timer = web.setTimeout?.(() => resolve(undefined), grace);
      });
      const failures = await Promise.race([now.runs, late]);
      web.clearTimeout?.(timer);
      if (failures) failures.forEach(failed);
      else {
        const names = run.map(([name]) => name).filter(Boolean);
        const which = names.length > 0 ? ` (${names.join(", ")})` : "";
        failed(new Error(`A run of "${this.#name}"${which} has not ended within ${grace} ms of its signal`));
        void now.runs.then((all) => all.forEach((error) => this.#service.report(error)));
      }
    }
    await this.#afterRun(now).catch(failed);
  }

  async #disposeRuntime(): Promise<void> {
    const now = this.#now;
    if (!now.isThere) return;
    const { runtime } = now;
    const { dispose } = this.#plan;
    now.isThere = false;
    now.runtime = undefined;
    if (dispose === false) return;
    const it = Object(runtime) as Record<symbol, (() => unknown) | undefined>;
    await this.#within("dispose", () =>
      dispose ? dispose(runtime) : (it[asyncDisposeSymbol()] ?? it[disposeSymbol()])?.call(runtime),
    );
  }

  // ---- Stop

  /** Ends the runs. A restart that is under way goes no further. */
  async stop(): Promise<void> {
    const errors: unknown[] = [];
    this.#isStopping = true;
    if (this.#isBuilding) this.#now.controller?.abort();
    await this.#restarting;
    await this.#endRuns((error) => errors.push(error));
    this.state = "stopped";
    if (errors.length > 1)
      throw new AggregateError(errors, `${errors.length} runs of "${this.#name}" have failed`);
    if (errors.length > 0) throw errors[0];
  }

  dispose(): Promise<void> {
    return this.#disposeRuntime();
  }

  #stopped(what: string): ScopeClosedError {
    return new ScopeClosedError(
      `${what} "${this.#name}": it has stopped`,
      [{ token: this.#name, scope: "" }],
      "resolve it anew, from a scope that is open",
    );
  }
}

const functions = ["build", "beforeRun", "afterRun", "afterRestart"];
const others = ["after", "core", "deps", "dispose", "eager", "grace", "order", "run", "tags"];

function planOf(token: Token<unknown>, options: Readonly<Record<string, unknown>>): Plan {
  const hint = "write restartable(token, { core, build: (core, …, signal) => … })";
  if (Object(options) !== options) throw refused("its options are not an object", token, hint);
  const { core, build, run, dispose, grace = 10_000 } = options;
  for (const [name, it] of Object.entries(options)) {
    const known = [...functions, ...others];
    const near = known.find((other) => isNear(other, name));
    if (!known.includes(name))
      throw refused(
        `it has no option "${name}"`,
        token,
        near ? `did you mean "${near}"?` : `there is ${known.join(", ")}`,
      );
    if (functions.includes(name) && it !== undefined && typeof it !== "function")
      throw refused(`its option "${name}" is no function`, token, hint);
  }
  if (typeof build !== "function") throw refused("nothing makes its runtime", token, hint);
  const runs = typeof run === "function" ? { "": run } : (run ?? {});
  if (typeof runs !== "object" || Object.values(runs).some((it) => typeof it !== "function"))
    throw refused('its option "run" is neither a function nor a record of functions', token, hint);
  if (dispose !== undefined && dispose !== false && typeof dispose !== "function")
    throw refused('its option "dispose" is neither a function nor false', token, hint);
  if (!(typeof grace === "number" && grace >= 0))
    throw refused(
      'its option "grace" is no number of milliseconds',
      token,
      "leave it out, or write Infinity",
    );
  try {
    // The copy is what containers begin with: the original may change.
    return { ...options, core: clone(core), run: Object.entries(runs), grace } as unknown as Plan;
  } catch {
    throw refused(
      "its core cannot be copied",
      token,
      "data only: no functions; build makes what is more than data",
    );
  }
}

/**
 * Provides a service that has data, its core, and a runtime made from it, which is made anew whenever the data has changed.
 * Under its token stands a handle, which stays the same: `handle.update((draft) => …)` edits the data.
 *
 * For a restart, the runs of the old runtime are aborted and waited for, up to `grace`, and the old runtime is disposed;
 * then the new one is built and its runs begin. Any number of updates while a restart is pending cost one restart, and what
 * is being built from data that has changed meanwhile is given up. A restart that fails leaves the state "failed" and
 * everything else as it was; its error goes to observers as `unhandled`, unless `restart()` was called, and the next update
 * tries again. A failure of a run goes there as well, and restarts nothing.
 *
 * The runs begin as soon as the service is built. They are ended by its `stop`, and the runtime is disposed in its turn.
 * When the service is released, the next one begins with the first data again.
 *
 * @example
 * ```ts
 * const Proxy = token<Restartable<{ port: number }, Server>>("proxy");
 *
 * restartable(Proxy, {
 *   core: { port: 8080 },
 *   deps: [Routes],
 *   build: ({ port }, routes) => listen(port, routes),
 *   run: { watch: (server, signal) => server.watch({ signal }) },
 *   dispose: (server) => server.close(),
 * });
 * await app.get(Proxy).update((draft) => void (draft.port = 9090));
 * ```
 *
 * @throws `INVALID_PROVIDER` when an option is unknown or of the wrong type, or the core cannot be copied.
 */
/* @__NO_SIDE_EFFECTS__ */
export function restartable<Core, Runtime, const D extends DependencyTuple = readonly []>(
  token: Token<Restartable<Core, Runtime>>,
  options: RestartableOptions<Core, Runtime, D>,
): Provider<Identity<Token<Restartable<Core, Runtime>>>, ElementsOf<D>, "singleton"> {
  const plan = planOf(token as never, options as never);
  const { after, eager, order, tags, deps = [] } = options;
  const make = (...given: unknown[]): unknown => {
    const service = given.pop() as Service;
    return new Handle(nameOf(token), plan, given, service).begin();
  };
  return singleton(
    token as never,
    [...deps, thisService] as never,
    make as never,
    {
      after,
      eager,
      order,
      tags,
      stop: (handle: Handle) => handle.stop(),
      dispose: (handle: Handle) => handle.dispose(),
    } as never,
  ) as never;
}

/** What a handle has to know of the service that it is. */
interface Service {
  /** Reports an error that no caller receives. */
  report(error: unknown): void;
  /** Resolves when the service was built, or could not be. */
  built(): Promise<void>;
}

const thisService: unknown = /* @__PURE__ */ combinator(
  "service",
  [],
  (scope: ScopeRecord, build: Build | undefined): Service => ({
    report: (error) => reportUnheard(build?.node ?? scope, error),
    async built() {
      await undefined;
      if (!build || build.phase === DONE) return;
      build.over ??= new Promise((end) => (build.end = end));
      await build.over;
    },
  }),
);
