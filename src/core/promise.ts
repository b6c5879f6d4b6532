/**
 * Promises, of any make: what factories, `init` and disposers may return.
 *
 * @module
 */

/** Told how something ended: with a value, or with what was thrown. */
export type Ended = (failed: boolean, it: unknown) => void;

/** Tells promises from everything else. */
export function isThenable(it: unknown): it is PromiseLike<unknown> {
  return typeof (it as PromiseLike<unknown> | null | undefined)?.then === "function";
}
