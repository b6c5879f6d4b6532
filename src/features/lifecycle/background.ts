/**
 * `background`: a service that is a running task.
 *
 * @module
 */

import { invalid } from "../../core/model/messages.ts";
import { singleton } from "../../core/registry/provider.ts";
import type {
  Arguments,
  DependencyRecord,
  DependencyTuple,
  ElementsOf,
  Identity,
  Token,
} from "../../core/types/dependency.ts";
import type { SingletonOptions } from "../../core/types/options.ts";
import type { Provider } from "../../core/types/provider.ts";
import type { RuntimeAbortSignal } from "../../core/types/signal.ts";
import { type Controller, web } from "../../core/words/web.ts";
import { hasGivenUp } from "./failed.ts";

/** `idle`: not started. `ended`: it has returned, or it was stopped. `failed`: it has thrown or rejected. */
export type BackgroundState = "idle" | "running" | "ended" | "failed";

/** What stands under the token of a background task. */
export interface Background {
  readonly state: BackgroundState;
  /** What it has thrown or rejected with. */
  readonly error: unknown;
}

/** The service: the task, and what has become of it. */
export class Task implements Background {
  state: BackgroundState = "idle";
  error: unknown = undefined;
  readonly #run: (signal: RuntimeAbortSignal) => unknown;
  #controller: Controller | undefined;
  #over: Promise<void> | undefined;
  #isStopped = false;

  constructor(run: (signal: RuntimeAbortSignal) => unknown) {
    this.#run = run;
  }

  /** Begins to run, and does not wait. `failed` is called when it fails before anybody has stopped it. */
  start(failed: (error: unknown) => void): void {
    const controller = (this.#controller = web.AbortController && new web.AbortController());
    this.state = "running";
    this.#over = (async () => {
      try {
        await this.#run(controller?.signal as RuntimeAbortSignal);
        this.state = "ended";
      } catch (error) {
        // A task that gives up because it was stopped has not failed.
        const hasEnded = this.#isStopped && hasGivenUp(error, controller?.signal.reason);
        this.state = hasEnded ? "ended" : "failed";
        if (hasEnded) return;
        this.error = error;
        if (!this.#isStopped) failed(error);
      }
    })();
  }

  /** Aborts the signal, and waits until the task is over if it is not. Throws what it has failed with. */
  stop(reason: unknown): Promise<void> | undefined {
    this.#isStopped = true;
    this.#controller?.abort(reason);
    const check = (): undefined => {
      if (this.state === "failed") throw this.error;
    };
    return this.state === "running" ? this.#over!.then(check) : check();
  }
}

/**
 * Provides a task that runs while the program does: a loop, a consumer of a queue. It begins when an app starts, which
 * does not wait for it. When the app stops, its signal aborts, and it is waited for; what it depends on is stopped and
 * disposed after it. When it fails, an app that serves stops, and the report has a row with the error. A task that
 * returns has ended, and the program goes on.
 *
 * @example
 * ```ts
 * const Poller = token<Background>("poller");
 *
 * background(Poller, [Queue], async (queue, signal) => {
 *   while (!signal.aborted) await queue.takeOne({ signal });
 * });
 * ```
 *
 * @throws `INVALID_PROVIDER` when there is no function, or its dependencies are not dependencies.
 */
/* @__NO_SIDE_EFFECTS__ */
export function background<K extends Token<Background>, const D extends DependencyTuple | DependencyRecord>(
  token: K,
  dependencies: D,
  run: (...args: [...Arguments<D>, signal: RuntimeAbortSignal]) => unknown,
  options?: BackgroundOptions,
): Provider<Identity<K>, ElementsOf<D>, "singleton"> {
  if (typeof run !== "function")
    throw invalid("its task", run, token, "write background(token, [dependencies], (…, signal) => …)");
  const make = (...given: unknown[]): Task => new Task((signal) => run(...([...given, signal] as never)));
  // Its `start` is called by the app, which knows whom to tell when the task fails.
  return singleton(
    token as never,
    dependencies as never,
    make as never,
    {
      ...options,
      start: (task: Task) => task.start(() => {}),
      stop: (task: Task, _: unknown, reason: unknown) => task.stop(reason),
      dispose: false,
    } as never,
  ) as never;
}

/** Options of `background`: those of a singleton that say nothing about how it starts and ends. */
export interface BackgroundOptions extends Pick<SingletonOptions<Background>, "after" | "order" | "tags"> {}
