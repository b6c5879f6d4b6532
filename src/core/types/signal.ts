/**
 * Abort signals, as the container takes them and as it hands them out.
 *
 * The published types must compile where no `lib` knows `AbortSignal`, so what we take is described by its
 * structure. What we give goes on into `fetch` and friends, which want the real type: it is the `AbortSignal`
 * of whatever `lib` or `@types` the reader has, and the structure only where there is none.
 *
 * @module
 */

/** What the container uses of an `AbortSignal`. Every real one fits. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** The `AbortSignal` of the runtime that the reader's types describe, else {@linkcode AbortSignalLike}. */
export type RuntimeAbortSignal = typeof globalThis extends {
  AbortSignal: { prototype: infer S extends AbortSignalLike };
}
  ? S
  : SignalOfFetch;

// The types of Cloudflare Workers declare `AbortSignal` as a class, and classes are no members of `typeof globalThis`.
// Functions are: so there it is the signal that `fetch` takes.
type SignalOfFetch = typeof globalThis extends { fetch: (input: never, init?: infer I) => unknown }
  ? NonNullable<I> extends { signal?: infer S }
    ? NonNullable<S> extends AbortSignalLike
      ? NonNullable<S>
      : AbortSignalLike
    : AbortSignalLike
  : AbortSignalLike;
