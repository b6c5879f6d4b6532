/**
 * Dependencies at run time: what may be asked for, and what a combinator is to the engine.
 *
 * A record may have a key called `kind`, as long as a token stands under it: only a `kind` that is a string makes an
 * object a token or a combinator.
 *
 * @module
 */

import type { Node } from "./node.ts";
import type { LocalScope } from "./tree.ts";
import { isToken } from "./token.ts";
import type { AnyToken } from "./types/dependency.ts";

/** What a combinator makes: a dependency that says itself how it is resolved. */
export interface Combinator {
  /** Its name: what a graph prints. */
  readonly kind: string;
  /** What it is about, if anything. */
  readonly of?: Single;
  /** Gives the value, or `HALT`, by asking the engine on behalf of `asker`. */
  resolve(scope: LocalScope, asker: Node | undefined): unknown;
  /** Tells whether what it asks for is provided. Without it, it needs nothing. */
  provided?(scope: LocalScope, asker: Node | undefined): boolean;
}

/** What can be asked for. */
export type Single = AnyToken | Combinator | Dependencies | { readonly [name: string]: Single };
export type Dependencies = readonly Single[];

/** Tells combinators, of this copy of the library, from everything else. */
export function isCombinator(it: unknown): it is Combinator {
  const { kind, resolve } = Object(it) as Combinator;
  return typeof kind === "string" && typeof resolve === "function";
}

/** What cannot be asked for, and where it stands. */
export interface Flaw {
  readonly at: string;
  readonly it: unknown;
}

/** The first part of `it` that cannot be asked for; nothing when all of it can. */
export function flaw(it: unknown, at: string): Flaw | undefined {
  if (isToken(it) || isCombinator(it)) return undefined;
  if (!isGroup(it)) return { at, it };
  for (const [key, part] of Object.entries(it)) {
    const found = flaw(part, at + "." + key);
    if (found) return found;
  }
  return undefined;
}

/** Arrays and plain objects, of any realm; not a `Map`, a `Date` or an instance of a class. */
function isGroup(it: unknown): it is object {
  if (typeof it !== "object" || it === null) return false;
  const prototype: unknown = Object.getPrototypeOf(it);
  return Array.isArray(it) || prototype === null || Object.getPrototypeOf(prototype) === null;
}
