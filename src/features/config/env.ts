/**
 * `Env` and `EnvPrefix`: the tokens of the environment that settings are read from, and the names of settings in it.
 *
 * The environment is a dependency like any other: a test provides a record, and a child scope may provide an environment
 * of its own. This module never reads `process.env` or anything else of a runtime. `readEnv` of `thimble/node` and of
 * the other runtimes does.
 *
 * @module
 */

import { token } from "../../core/words/token.ts";
import type { Token } from "../../core/types/dependency.ts";

/** An environment that is read by name: a `Map`, `Deno.env`, the client of a configuration service. */
export interface WatchableEnv {
  /** Returns the text that is set under the name; `undefined` or `""` when nothing is set. */
  get(name: string): string | undefined;
  /** Calls `changed` whenever the text under `name` changes. May return a function that ends this. */
  watch?(name: string, changed: () => void): (() => void) | void;
}

/** An environment: texts by name, or an object with a method `get`. An empty text counts as not set. */
export type EnvSource = Readonly<Record<string, string | undefined>> | WatchableEnv;

/**
 * The environment that settings are read from.
 *
 * @example
 * ```ts
 * const app = createContainer(value(Env, readEnv()));
 * const test = createContainer(value(Env, { PORT: "0" }));
 * ```
 */
export const Env: Token<EnvSource> = /* @__PURE__ */ token<EnvSource>("Env");

/**
 * The beginning of the names of all settings: with `value(EnvPrefix, "APP_")`, `setting("port", …)` reads `APP_PORT`.
 * The prefix is used unchanged. The nearest scope that provides one counts.
 */
export const EnvPrefix: Token<string> = /* @__PURE__ */ token<string>("EnvPrefix");

/** Returns the name of a key in the environment, without the prefix: `DB_POOL_SIZE` for `db.pool-size`. */
export function nameFor(key: string): string {
  return key.replace(/[.-]/g, "_").toUpperCase();
}

/**
 * Returns what the environment has under a name, and `undefined` when that is nothing or empty. An environment is
 * not always typed: a record from JSON may contain numbers, and `URLSearchParams` returns null.
 */
export function lookUp(source: EnvSource, name: string): unknown {
  const entry: unknown = hasGet(source)
    ? source.get(name)
    : // Only own properties: a name like "constructor" must not find what every object inherits.
      Object.hasOwn(source, name)
      ? source[name]
      : undefined;
  return entry === null || entry === "" ? undefined : entry;
}

/** Tells an environment with a method `get` from a record, which may have a text under that name. */
export function hasGet(source: EnvSource): source is WatchableEnv {
  return typeof source.get === "function";
}
