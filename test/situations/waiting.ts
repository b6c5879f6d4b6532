/**
 * Waiting that ends: what would hang elsewhere becomes a clear failure here.
 *
 * Time never decides whether a situation passes. The one long timer is the
 * guard that says "it hangs" before the runner's own, wordless limit does.
 *
 * @module
 */

/** How long something may stay pending before we say that it hangs, in milliseconds. */
const limit = 1_000;

/** What `promise` gives, or a failure that says it hangs. */
export async function settles<T>(promise: PromiseLike<T>): Promise<T> {
  let guard: ReturnType<typeof setTimeout> | undefined;
  const hangs = new Promise<never>((_, reject) => {
    guard = setTimeout(() => reject(new Error(`it hangs: still pending after ${limit} ms`)), limit);
  });
  try {
    return await Promise.race([promise, hangs]);
  } finally {
    clearTimeout(guard);
  }
}

/** Why `promise` was rejected; a failure when it hangs or is fulfilled. */
export function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  const reason = promise.then(
    () => {
      throw new Error("it was expected to reject, and resolved");
    },
    (thrown: unknown) => thrown,
  );
  return settles(reason);
}

/** As many microtasks as asked: a factory that waits a little, within one turn of the event loop. */
export async function beats(count: number): Promise<void> {
  for (let beat = 0; beat < count; beat++) await undefined;
}
