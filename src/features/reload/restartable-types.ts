/**
 * The types of `restartable`: its handle and its options. What they do is in `restartable-handle.ts`.
 *
 * @module
 */

import type { Arguments, DependencyTuple } from "../../core/types/dependency.ts";
import type { SingletonOptions } from "../../core/types/options.ts";
import type { RuntimeAbortSignal } from "../../core/types/signal.ts";

/** `failed`: the last restart has failed, and there is no runtime. The next update tries again. */
export type RestartableState = "running" | "restarting" | "failed" | "stopped";

/** What stands under the token of a restartable service. See `restartable`. */
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
