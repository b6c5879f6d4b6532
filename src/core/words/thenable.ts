/**
 * Thenables: what factories, `init` and disposers may return instead of a value.
 *
 * @module
 */

/** Whether a promise that is resolved with it would call its `then`, or fail to look at it. */
export function cannotResolve(it: unknown): boolean {
  try {
    return (
      typeof (it as PromiseLike<unknown> | null | undefined)?.then === "function" && !(it instanceof Promise)
    );
  } catch {
    return true;
  }
}

/** Tells native promises, of any realm. It looks at the prototype, so that nothing is read from the object itself. */
export function isPromise(it: unknown): boolean {
  return (Object.getPrototypeOf(it) as Record<symbol, unknown> | null)?.[Symbol.toStringTag] === "Promise";
}

/** Tells promises, of any library, from everything else. A proxy that refuses to be looked at is none. */
export function isThenable(it: unknown): it is PromiseLike<unknown> {
  try {
    return typeof (it as PromiseLike<unknown> | null | undefined)?.then === "function";
  } catch {
    return false;
  }
}
