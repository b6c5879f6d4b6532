/**
 * Checks of dependencies: what may be resolved at all.
 *
 * A record may have a key named `kind`, as long as a dependency stands under it: only a `kind` that is a string makes an
 * object a token or a combinator.
 *
 * @module
 */

import type { AnyToken } from "../types/dependency.ts";
import { isToken } from "../words/token.ts";
import { invalid, refused } from "./messages.ts";
import type { Combinator } from "./records.ts";

/** Tells combinators made by this copy of the library from everything else. */
export function isCombinator(it: unknown): it is Combinator {
  return (it as Combinator | null | undefined)?.madeBy === isCombinator;
}

/**
 * Refuses what is not a dependency.
 *
 * @param at What it is used as, in words: `dependencies`.
 * @param token The token of the provider that declares it, if any.
 * @param lifetime The lifetime of that provider. Some combinators are not for all of them.
 * @throws `INVALID_PROVIDER`
 */
export function check(it: unknown, at: string, token?: AnyToken, lifetime?: number): void {
  if (isToken(it)) return;
  // What contains itself would be walked without end.
  if (at.length > 999) throw refused("its dependencies nest without end", token, "it contains itself");
  if (isCombinator(it)) return it.check(at, token, lifetime);
  const isList = Array.isArray(it);
  // `keys()` of an array includes its holes. A combinator of another copy is no record.
  const keys = isList ? it.keys() : isPlain(it) && typeof it["kind"] !== "string" && Object.keys(it);
  if (!keys) throw invalid(at, it, token);
  for (const key of keys) {
    const part = (it as Record<number | string, unknown>)[key];
    // Most dependencies are tokens. For those, the text of the place is never made.
    if (!isToken(part)) check(part, at + (isList ? `[${key}]` : "." + key), token, lifetime);
  }
}

/** Plain objects, of any realm; not a `Map`, a `Date` or an instance of a class. */
export function isPlain(it: unknown): it is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(it ?? 0);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
