/**
 * `checkHealth`: runs the checks of a scope, so many at a time, each with its own timeout.
 *
 * A check that throws, rejects or never answers is a row of the report, and no other check notices. A sweep runs each
 * check once; sweeps at the same time know nothing of each other.
 *
 * @module
 */

import { madeBy } from "../../core/model/ownership.ts";
import { runAs } from "../../core/building/running.ts";
import { closed } from "../../core/model/messages.ts";
import { BUILT, IDLE, type Node, type ScopeRecord } from "../../core/model/records.ts";
import { signalIn } from "../../core/model/tree.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { Scope } from "../../core/types/scope.ts";
import type { AbortSignalLike } from "../../core/types/signal.ts";
import { ContainerError } from "../../core/words/errors.ts";
import { isThenable } from "../../core/words/thenable.ts";
import { isToken, nameOf } from "../../core/words/token.ts";
import { type Controller, now, web } from "../../core/words/web.ts";
import { abortSignal, atLeastOne, checkOptions, milliseconds } from "../options.ts";
import { type Check, checksFor } from "./checks.ts";

/** Options of {@linkcode checkHealth}. */
export interface HealthOptions {
  /**
   * Checks these services and no others. An alias means the service that it leads to, which is checked once.
   *
   * @default every service that has a check
   */
  readonly only?: readonly AnyToken[] | undefined;
  /**
   * How long one check may take, in milliseconds, from the moment it begins. `Infinity` means as long as it takes.
   *
   * @default 5_000
   */
  readonly timeout?: number | undefined;
  /**
   * How long all checks together may take, in milliseconds. What has not answered by then is `timed-out`, also what has
   * not begun.
   *
   * @default Infinity
   */
  readonly totalTimeout?: number | undefined;
  /**
   * How many checks run at the same time.
   *
   * @default Infinity
   */
  readonly concurrency?: number | undefined;
  /**
   * Whether the services of the scopes below are checked too. Those of the scopes above always are. A scope below that
   * has built nothing, and has nothing to dispose, is not known to the scopes above it and is left out.
   *
   * @default false
   */
  readonly descendants?: boolean | undefined;
  /** When it aborts, what has not answered is `timed-out`, and the report is there at once. */
  readonly signal?: AbortSignalLike | undefined;
}

/**
 * What is known of a service. `not-built` says nothing about its health: nothing has resolved it yet, and nothing is
 * built for a check.
 */
export type HealthStatus = "healthy" | "unhealthy" | "timed-out" | "not-built";

/** What became of one check. */
export interface HealthRow {
  /** The name of the scope that the instance lives in; of a service that is not built, of the scope that provides it. */
  readonly scope: string;
  readonly scopeId: string;
  /** The name of the token. */
  readonly token: string;
  readonly status: HealthStatus;
  /** How long the check took, in milliseconds. 0 when it did not begin. */
  readonly elapsed: number;
  /** What the check threw or rejected with, or `HEALTH_TIMEOUT`. Absent when it answered, also when it answered `false`. */
  readonly error?: unknown;
}

/** What {@linkcode checkHealth} found. */
export interface HealthReport {
  /** Whether every service that is built is healthy. */
  readonly healthy: boolean;
  /** How long all checks took together, in milliseconds. */
  readonly elapsed: number;
  /** One row for each check: nearest scope first, then in order of registration. */
  readonly checks: readonly HealthRow[];
}

/** A check has not answered in time. */
export class HealthTimeoutError extends ContainerError {
  static override readonly code = "HEALTH_TIMEOUT";
}

/**
 * Checks the services of a scope and of the scopes above it that are built and can be checked: by the option `health` of
 * their provider, or by the method `healthCheck(signal)` of their class. Never rejects because of a check.
 *
 * A check that itself calls `checkHealth`, before its first `await`, is left out of that inner report: it would wait for
 * itself. One that does so later is run again, without end: call it at once, or say which services with `only`.
 *
 * @example
 * ```ts
 * const report = await checkHealth(app, { timeout: 1_000, concurrency: 10 });
 * for (const { token, status } of report.checks) console.log(token, status);
 * ```
 *
 * @throws `SCOPE_CLOSED` when the scope has closed.
 * @throws `NOT_PROVIDED` when one of `only` is not provided, or has no check.
 * @throws `TypeError` when an option is unknown or of the wrong type.
 */
export async function checkHealth(scope: Scope, options: HealthOptions = {}): Promise<HealthReport> {
  const record = scope as unknown as ScopeRecord | undefined;
  if (!record?.tree) throw new TypeError("checkHealth: its first argument is a scope");
  checkOptions("checkHealth", options, known);
  if (record.closing?.report) throw closed(record);
  const { only, descendants = false } = options;
  const checks = checksFor(record, descendants, only).filter(({ node }) => !node || !onStack.has(node));
  return await new Sweep(checks, options).run();
}

const tokens = (it: unknown): boolean => Array.isArray(it) && [...it].every(isToken);

const known = {
  only: ["a list of tokens", tokens],
  timeout: milliseconds,
  totalTimeout: milliseconds,
  concurrency: atLeastOne,
  descendants: ["true or false", (it: unknown) => typeof it === "boolean"],
  signal: abortSignal,
} as const;

/** What is checked on the stack right now: the synchronous part of a check. */
const onStack = /* @__PURE__ */ new Set<Node>();

/** Why a check is no longer waited for. */
interface GivingUp {
  readonly why: string;
  readonly cause?: unknown;
}

/** How a check ended. */
type Outcome = Pick<HealthRow, "status" | "error">;

/** One run of `checkHealth`. */
class Sweep {
  readonly checks: readonly Check[];
  readonly options: HealthOptions;
  readonly rows: HealthRow[] = [];
  /** What is told when the whole sweep is over: one function for each check in flight. */
  readonly inFlight: Set<(reason: GivingUp) => void> = new Set();
  /** There once the sweep is over before its checks are. */
  over: GivingUp | undefined = undefined;

  constructor(checks: readonly Check[], options: HealthOptions) {
    this.checks = checks;
    this.options = options;
  }

  async run(): Promise<HealthReport> {
    const { checks, rows, options } = this;
    const { totalTimeout = Infinity, concurrency = Infinity, signal } = options;
    const since = now();
    const aborted = (): void =>
      this.end({ why: "the signal has aborted before it answered", cause: signal!.reason });
    if (signal?.aborted) aborted();
    signal?.addEventListener("abort", aborted);
    const timer = after(totalTimeout, () =>
      this.end({ why: `all checks together took longer than ${totalTimeout} ms` }),
    );
    let next = 0;
    // Each of them runs one check after the other, so there are never more checks in flight than of these.
    const worker = async (): Promise<void> => {
      while (next < checks.length) {
        const at = next++;
        rows[at] = await this.check(checks[at]!);
      }
    };
    const workers: Promise<void>[] = [];
    while (workers.length < concurrency && next < checks.length) workers.push(worker());
    await Promise.all(workers);
    web.clearTimeout?.(timer);
    signal?.removeEventListener("abort", aborted);
    const healthy = rows.every(({ status }) => status === "healthy" || status === "not-built");
    return { healthy, elapsed: now() - since, checks: rows };
  }

  end(reason: GivingUp): void {
    this.over ??= reason;
    for (const giveUp of this.inFlight) giveUp(this.over);
  }

  async check(check: Check): Promise<HealthRow> {
    const { scope, definition, node } = check;
    const since = now();
    // An instance may be built or disposed while its check waits for its turn.
    const isBuilt = node !== undefined && node.state !== IDLE;
    const begins = isBuilt && node.state === BUILT && !this.over;
    const outcome: Outcome = begins
      ? await this.outcomeOf(check, node)
      : !isBuilt
        ? { status: "not-built" }
        : node.state !== BUILT
          ? { status: "unhealthy", error: closed(node.scope, definition.token) }
          : timedOut(check, this.over!);
    return {
      scope: scope.name,
      scopeId: scope.id,
      token: nameOf(definition.token),
      elapsed: begins ? now() - since : 0,
      ...outcome,
    };
  }

  outcomeOf(check: Check, node: Node): Outcome | Promise<Outcome> {
    const holder: { controller?: Controller | undefined } = {};
    let answer: unknown;
    onStack.add(node);
    try {
      // What a check resolves is nobody's dependency.
      answer = runAs(undefined, () => check.checker(madeBy(node), () => signalIn(holder)));
    } catch (error) {
      return { status: "unhealthy", error };
    } finally {
      onStack.delete(node);
    }
    return isThenable(answer) ? this.wait(check, answer, holder.controller) : outcomeOf(answer);
  }

  /** Waits for an answer, until the timeout of the check or the end of the sweep. */
  wait(check: Check, answer: unknown, controller: Controller | undefined): Promise<Outcome> {
    const { timeout = 5_000 } = this.options;
    return new Promise((resolve) => {
      let timer: unknown;
      const settle = (outcome: Outcome): void => {
        this.inFlight.delete(giveUp);
        web.clearTimeout?.(timer);
        resolve(outcome);
      };
      const giveUp = (reason: GivingUp): void => {
        const outcome = timedOut(check, reason);
        settle(outcome);
        controller?.abort(outcome.error);
      };
      // An answer that comes after this is given up changes nothing.
      void answered(answer).then(settle);
      // The synchronous part of the check may have aborted the signal of the sweep.
      if (this.over) return giveUp(this.over);
      this.inFlight.add(giveUp);
      timer = after(timeout, () => giveUp({ why: `no answer within ${timeout} ms` }));
    });
  }
}

/** Calls `fn` after so many milliseconds. A timer cannot count more than this: a timeout of a month is none. */
function after(ms: number, fn: () => void): unknown {
  return ms < 2 ** 31 ? web.setTimeout?.(fn, ms) : undefined;
}

async function answered(answer: unknown): Promise<Outcome> {
  try {
    return outcomeOf(await answer);
  } catch (error) {
    return { status: "unhealthy", error };
  }
}

function outcomeOf(answer: unknown): Outcome {
  return { status: answer === false ? "unhealthy" : "healthy" };
}

function timedOut({ scope, definition }: Check, { why, cause }: GivingUp): Outcome {
  const token = nameOf(definition.token);
  const error = new HealthTimeoutError(
    `check the health of "${token}": ${why}`,
    [{ token, scope: scope.name }],
    "find out what the check waits for, or give it more time",
    cause,
  );
  return { status: "timed-out", error };
}
