/**
 * What `shutdown()` takes and what it tells.
 *
 * @module
 */

import type { AbortSignalLike } from "./signal.ts";

/** Options of `scope.shutdown()`. */
export interface ShutdownOptions {
  /**
   * How long to wait for disposals, in milliseconds. At the deadline whatever had not begun is begun at once, and
   * what has not settled is reported as `abandoned`.
   *
   * @default no deadline
   */
  readonly timeout?: number;
  /** Ends the waiting when it aborts, as `timeout` does. One that is aborted already still disposes everything. */
  readonly signal?: AbortSignalLike;
  /**
   * What the `abortSignal` dependency aborts with.
   *
   * @default an `AbortError`
   */
  readonly reason?: unknown;
}

/** What became of one service. Names, not objects, so that a row may be logged or sent; `error` is as it was thrown. */
export interface ShutdownRow {
  /** The name of the scope that the instance lived in. */
  readonly scope: string;
  /** The id of that scope. */
  readonly scopeId: string;
  /** The name of the token, or of the class. */
  readonly token: string;
  /** `abandoned`: it had not settled when the deadline passed. */
  readonly outcome: "disposed" | "failed" | "abandoned";
  /**
   * What failed or was abandoned, when it was not the disposal: the `stop` of the service, or its build, which was in
   * flight when its scope began to close.
   */
  readonly phase?: "stop" | "build";
  /** How long that took, in milliseconds; of a build, how long the shutdown had taken by then. */
  readonly elapsed: number;
  /** What disposing threw or rejected with. There when the outcome is `failed`. */
  readonly error?: unknown;
}

/** What happened at shutdown. Only services that had something to dispose, in order of completion. */
export interface ShutdownReport {
  /** Whether every service was disposed. */
  readonly ok: boolean;
  /** How long the whole shutdown took, in milliseconds. */
  readonly elapsed: number;
  readonly services: readonly ShutdownRow[];
}
