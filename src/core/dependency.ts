/**
 * Dependencies at run time: what may be asked for, and what a combinator is to the engine.
 *
 * A record may have a key called `kind`, as long as a token stands under it: only a `kind` that is a string makes an
 * object a token or a combinator.
 *
 * @module
 */

import { invalid } from "./failures.ts";
import type { Build } from "./node.ts";
import { isToken } from "./token.ts";
import type { LocalScope } from "./tree.ts";
import type { AnyToken } from "./types/dependency.ts";

/** What a combinator makes: a dependency that says itself how it is resolved. */
export interface Combinator {
  /** {@linkcode isCombinator}, of the copy of the library that made it. */
  readonly madeBy: typeof isCombinator;
  /** Its name: what a graph prints. */
  readonly kind: string;
  /** What it is about, if anything. */
  readonly of?: Single;
  /** Gives the value, or `HALT`, by asking the engine on behalf of `asker`. */
  resolve(scope: LocalScope, asker: Build | undefined): unknown;
  /** Tells whether what it asks for is provided. Without it, it needs nothing. */
  provided?(scope: LocalScope, asker: Build | undefined): boolean;
}

/** What can be asked for. */
export type Single = AnyToken | Combinator | Dependencies | { readonly [name: string]: Single };
export type Dependencies = readonly Single[];

/** Tells combinators, of this copy of the library, from everything else. */
export function isCombinator(it: unknown): it is Combinator {
  return (it as Combinator | null | undefined)?.madeBy === isCombinator;
}

/**
 * Refuses what cannot be asked for.
 *
 * @param at Where it stands, in words: `dependencies`.
 * @param token Who asks for it, when that is a provider.
 * @throws `INVALID_PROVIDER`
 */
export function check(it: unknown, at: string, token?: AnyToken): void {
  if (isToken(it) || isCombinator(it)) return;
  // Holes in an array have a key, too.
  const keys = Array.isArray(it) ? it.keys() : isPlain(it) && Object.keys(it);
  if (!keys) throw invalid(at, it, token);
  for (const key of keys) {
    const part = (it as Record<number | string, unknown>)[key];
    // Most are tokens.
    if (!isToken(part)) check(part, at + "." + key, token);
  }
}

/** Plain objects, of any realm; not a `Map`, a `Date` or an instance of a class. */
function isPlain(it: unknown): it is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(it ?? 0);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
