/**
 * `START_FAILED`: several things went wrong while a program started, or while what had started was stopped again. And what
 * is no failure: giving up because the program stops.
 *
 * @module
 */

import { pathOf } from "../../core/model/messages.ts";
import { ContainerError, isContainerError } from "../../core/words/errors.ts";

/** Several errors at once. `errors` has all of them, and the first of them is also the `cause`. */
export class StartFailedError extends ContainerError {
  static override readonly code = "START_FAILED";

  /** What was thrown, untouched: first what failed while starting, then what failed while that was ended again. */
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[]) {
    const hint = "look at errors: the first one came first, and is the cause";
    super(`start: ${errors.length} errors`, pathOf(errors[0]), hint, errors[0]);
    this.errors = errors;
  }
}

/** One error as it is, several as one. The same error may have come by several ways. */
export function asOne(errors: readonly unknown[]): unknown {
  const different = [...new Set(errors)];
  return different.length > 1 ? new StartFailedError(different) : different[0];
}

/** The errors that were made into one. */
export function errorsIn(error: unknown): readonly unknown[] {
  return error instanceof StartFailedError ? error.errors : [error];
}

/** Whether something was thrown because the work was to end, for this reason, or because the scope was closing. */
export function hasGivenUp(error: unknown, reason: unknown): boolean {
  try {
    const isAbort = error === reason || (error as Error).name === "AbortError";
    return isAbort || isContainerError(error, "SCOPE_CLOSED");
  } catch {
    // Somebody threw `undefined`, or something that refuses to be looked at.
    return false;
  }
}
