/**
 * Where settings come from: a source given as the token `Env`, and the names that they have there.
 *
 * The environment is a service like any other, so tests give another one, a scope below may have its own, and nothing
 * here knows of `process.env`. How to get at the environment of a runtime is what the doors are for: `readEnv`.
 *
 * @module
 */

import { token } from "../../core/words/token.ts";
import type { Token } from "../../core/types/dependency.ts";

/** A source that is asked by name: a `Map`, `Deno.env`, a client of a configuration service. */
export interface WatchableEnv {
  /** Gives the text that is set; `undefined` or `""` when there is none. */
  get(name: string): string | undefined;
  /** Calls `changed` whenever what is set under `name` becomes another. May return the way out. */
  watch?(name: string, changed: () => void): (() => void) | void;
}

/** Settings by name, as text. What is empty is not set. */
export type EnvSource = Readonly<Record<string, string | undefined>> | WatchableEnv;

/**
 * The source that settings are read from.
 *
 * @example
 * ```ts
 * const app = createContainer(value(Env, readEnv()));
 * const test = createContainer(value(Env, { PORT: "0" }));
 * ```
 */
export const Env: Token<EnvSource> = /* @__PURE__ */ token<EnvSource>("Env");

/**
 * What the names of all settings begin with: `value(EnvPrefix, "APP_")` makes `setting("port", …)` read `APP_PORT`.
 * Taken as it is, and from the nearest scope that provides one.
 */
export const EnvPrefix: Token<string> = /* @__PURE__ */ token<string>("EnvPrefix");

/** The name of a key, without prefix: `db.pool-size` is `DB_POOL_SIZE`. */
export function nameFor(key: string): string {
  return key.replace(/[.-]/g, "_").toUpperCase();
}

/** The text under a name, if any. */
export function lookUp(source: EnvSource, name: string): string | undefined {
  const found: unknown = isAsked(source)
    ? source.get(name)
    : // Of its own: "CONSTRUCTOR" must not find what every object inherits, whatever the case of a prefix.
      Object.hasOwn(source, name)
      ? source[name]
      : undefined;
  // A record that came from JSON may hold numbers, whatever its type says; URLSearchParams gives null.
  return found === undefined || found === null || found === "" ? undefined : String(found);
}

/** A record may hold a text under "get"; a source has a function there. */
export function isAsked(source: EnvSource): source is WatchableEnv {
  return typeof source.get === "function";
}
