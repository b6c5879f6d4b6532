/**
 * Tokens: the keys that services are asked for by.
 *
 * A token is compared by identity and never by its name, so two packages can both call something "logger" and never
 * meet. The name is for people: it is what error paths and graphs print.
 *
 * @module
 */

import type { AnyToken, Token } from "./types/dependency.ts";

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

/** Tells tokens from everything else: a class, or a key of any copy of this library. */
export function isToken(it: unknown): it is AnyToken {
  return looksLikeToken(it) && (typeof it !== "function" || "prototype" in it);
}

/** The same, without a look at whether a function is a class: for what was checked. */
export function looksLikeToken(it: unknown): it is AnyToken {
  return typeof it === "function" || (it as Token | null | undefined)?.kind === "token";
}

/** What people call it. A class may have a static `name` of its own, of any kind. */
export function nameOf({ name }: AnyToken): string {
  return typeof name === "string" && name ? name : "(anonymous)";
}
