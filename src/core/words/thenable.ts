/**
 * Thenables: what factories, `init` and disposers may return instead of a value.
 *
 * @module
 */

/** Tells promises, of any library, from everything else. */
export function isThenable(it: unknown): it is PromiseLike<unknown> {
  return typeof (it as PromiseLike<unknown> | null | undefined)?.then === "function";
}
