/**
 * The handle of a restartable service: edits one after the other, and restarts that follow them.
 *
 * @module
 */

import { isThenable } from "../../core/words/thenable.ts";
import { ScopeClosedError } from "../../core/words/errors.ts";
import { asyncDisposeSymbol, type Controller, disposeSymbol, web } from "../../core/words/web.ts";
import type { RuntimeAbortSignal } from "../../core/types/signal.ts";
import { hasGivenUp } from "../lifecycle/failed.ts";
import { clone, type Plan } from "./restartable-plan.ts";
import type { Restartable, RestartableState } from "./restartable-types.ts";

/** What a handle has to know of the service that it is. */
export interface Service {
  /** Reports an error that no caller receives. */
  report(error: unknown): void;
  /** Resolves when the service was built, or could not be. */
  built(): Promise<void>;
}

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

export class Handle implements Restartable<unknown, unknown> {
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
