/**
 * The deadline of a stop: how long its hooks may take, and what is left of that for the shutdown of the container.
 *
 * @module
 */

import type { ShutdownOptions } from "../../core/types/shutdown.ts";
import { type Bound, onDeadline } from "../../core/words/deadline.ts";
import { now } from "../../core/words/web.ts";

export class Deadline {
  readonly #bounds: { readonly since: number; readonly bound: Bound }[] = [];
  readonly #ends: (() => void)[] = [];
  #pass!: () => void;
  readonly #passed: Promise<boolean> = new Promise((resolve) => {
    this.#pass = () => resolve(false);
  });

  /** Bounds the stop further, by a `timeout` or a `signal`. */
  limit({ timeout, signal }: Bound): void {
    if (timeout === undefined && !signal) return;
    this.#bounds.push({ since: now(), bound: { timeout, signal } });
    if (signal?.aborted) this.#pass();
    this.#ends.push(onDeadline({ timeout, signal }, this.#pass));
  }

  /** Waits for the work until the deadline. Gives whether it has ended. */
  unlessPassed(work: Promise<unknown>): Promise<boolean> {
    const ended = work.then(() => true);
    // When the deadline has passed already, work that has nothing to wait for still counts as ended.
    return Promise.race([ended, this.#passed.then((it) => it).then((it) => it)]);
  }

  /** What is left, as the options of a shutdown each; without a bound, one without any. */
  left(): ShutdownOptions[] {
    const bounds = this.#bounds.map(({ since, bound: { timeout, signal } }) => ({
      ...(signal && { signal }),
      ...(timeout !== undefined && { timeout: Math.max(0, timeout - (now() - since)) }),
    }));
    return bounds.length > 0 ? bounds : [{}];
  }

  clear(): void {
    for (const end of this.#ends) end();
  }
}
