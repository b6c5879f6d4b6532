/**
 * The `Request` of the runtime, as the reader's own program knows it.
 *
 * @module
 */

/** The `Request` of the runtime that the reader's types describe. */
export type RuntimeRequest = typeof globalThis extends { Request: { prototype: infer R } }
  ? R
  : RequestOfFetch;

// The types of Cloudflare Workers declare `Request` as a generic class, and classes are no members of `typeof globalThis`.
type RequestOfFetch = typeof globalThis extends { fetch: (input: infer I, init?: never) => unknown }
  ? Extract<I, { headers: unknown; method: string }>
  : never;
