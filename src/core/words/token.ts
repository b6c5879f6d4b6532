/**
 * Tokens: the keys by which services are resolved.
 *
 * A token is compared by identity and never by its name, so two packages can both call something "logger" and never
 * get each other's. The name is for people: error paths and graphs print it.
 *
 * @module
 */

import type { AnyToken, Token } from "../types/dependency.ts";

/**
 * Makes a new token. Call it once per service and export what it returns.
 *
 * @example
 * ```ts
 * const Clock = token<() => number>("clock");
 * const app = createContainer(value(Clock, () => Date.now()));
 * const now = app.get(Clock)(); // number
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export function token<T>(name: string): Token<T> {
  return { kind: "token", name } as unknown as Token<T>;
}

/** Tells tokens from everything else: classes, and tokens made by any copy of this library. */
export function isToken(it: unknown): it is AnyToken {
  return looksLikeToken(it) && (typeof it !== "function" || "prototype" in it);
}

/** The same without checking that a function is a class: for dependencies that were checked before. */
export function looksLikeToken(it: unknown): it is AnyToken {
  return typeof it === "function" || (it as Token | null | undefined)?.kind === "token";
}

function textOr(it: unknown, other: string): string {
  return it && typeof it === "string" ? it : other;
}

/**
 * The name that messages print: of a class its own static `displayName`, if it has one. A class may have a static member
 * of either name that is not a string.
 */
export function nameOf(token: AnyToken): string {
  // A subclass inherits the static members of its base class.
  const own = Object.hasOwn(token, "displayName") && (token as { displayName?: unknown }).displayName;
  return textOr(own, textOr(token.name, "(anonymous)"));
}
