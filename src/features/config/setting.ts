/**
 * `setting` and `settings`: dependencies that are read from the environment.
 *
 * A setting is read anew at every ask, from the `Env` and with the `EnvPrefix` that the dependent's scope sees; what is
 * built once reads it once. Reading collects problems and does not stop at the first: one setting is the case of a
 * record with one entry.
 *
 * @module
 */

import { combine } from "../../core/building/resolve.ts";
import { combinator, isProvided } from "../../core/combinators/combinator.ts";
import { optional } from "../../core/combinators/optional.ts";
import { isCombinator } from "../../core/model/dependency.ts";
import { chainTo } from "../../core/model/edges.ts";
import { pathOver } from "../../core/model/messages.ts";
import type { Combinator, Dependencies, Single } from "../../core/model/records.ts";
import { find } from "../../core/registry/registry.ts";
import type { Dep, Exactly, Token, Value } from "../../core/types/dependency.ts";
import type { Path } from "../../core/types/path.ts";
import { InvalidProviderError } from "../../core/words/errors.ts";
import { isThenable } from "../../core/words/thenable.ts";
import { isToken } from "../../core/words/token.ts";
import { Env, EnvPrefix, type EnvSource, lookUp, nameFor } from "./env.ts";
import { ConfigInvalidError, type ConfigProblem } from "./invalid.ts";
import { type AnyParser, type Parser, parserOf, reasonOf } from "./parser.ts";

declare const reads: unique symbol;

/** A dependency that is read from the environment; so there has to be an `Env`. */
export interface Setting<out T> extends Dep<T, Exactly<Token<EnvSource>>> {
  /** Only in types: tells it from dependencies that need an `Env` for something else. */
  readonly [reads]: true;
}

/** Options of {@linkcode setting}. */
export interface SettingOptions<T> {
  /**
   * What holds when nothing is set, given as it is. `undefined`, when it is written down, makes the setting optional.
   *
   * @default none: the setting is required
   */
  readonly default?: T;
  /** What it is for: a sentence for `--help`. */
  readonly description?: string;
}

/** Settings by name, as {@linkcode settings} takes them: each of them a `setting`, or `settings` again. */
export interface SettingRecord {
  readonly [name: string]: Setting<unknown>;
}

/**
 * Depends on a setting of the environment. In its name `.` and `-` become `_`, and letters upper case: `db.url` is
 * `DB_URL`, under a prefix `APP_DB_URL`. What is set and wrong is an error, also where there is a default.
 *
 * @example
 * ```ts
 * singleton(Server, [setting("PORT", integer, { default: 8080 })]);
 * alias(DbUrl, setting("db.url", secret(url), { description: "where the database is" }));
 * app.get(setting("LOG_LEVEL", oneOf("debug", "info"), { default: "info" })); // "debug" | "info"
 * app.get(setting("LIMIT", z.coerce.number().max(100))); //                      any Standard Schema
 * ```
 *
 * @throws `INVALID_PROVIDER` when it has no key or no parser; once it is asked for, when its schema is asynchronous.
 * @throws `CONFIG_INVALID`, once it is asked for, when it is missing or the parser refuses it.
 */
export function setting<T>(
  key: string,
  parser: AnyParser<T>,
  options: { readonly default: NoInfer<T>; readonly description?: string },
): Setting<T>;
export function setting<T>(
  key: string,
  parser: AnyParser<T>,
  options: { readonly default: NoInfer<T> | undefined; readonly description?: string },
): Setting<T | undefined>;
// The last one, because the compiler explains the last one when none fits.
export function setting<T>(
  key: string,
  parser: AnyParser<T>,
  options?: SettingOptions<NoInfer<T>>,
): Setting<T>;
/* @__NO_SIDE_EFFECTS__ */
export function setting(
  key: string,
  parser: AnyParser<unknown>,
  options: SettingOptions<unknown> = {},
): Setting<unknown> {
  const declaration = declare(key, parser, options);
  return reading("setting", [declaration], (looking) => readOne(declaration, looking));
}

/**
 * Depends on several settings at once, as a record. What is wrong with them is told together.
 *
 * @example
 * ```ts
 * const SmtpSettings = settings({
 *   host: setting("smtp.host", string),
 *   port: setting("smtp.port", integer, { default: 587 }),
 *   password: setting("smtp.password", secret(string)),
 * });
 * singleton(Mailer, [SmtpSettings]); // new Mailer({ host, port, password })
 * ```
 *
 * @throws `INVALID_PROVIDER` when something in it is not a setting.
 * @throws `CONFIG_INVALID`, once they are asked for, with all `problems`.
 */
/* @__NO_SIDE_EFFECTS__ */
export function settings<const R extends SettingRecord>(
  record: R,
): Setting<{ -readonly [K in keyof R]: Value<R[K]> }> {
  if (Object(record) !== record) throw undeclared("settings: they are not a record", "write settings({ … })");
  const parts = Object.entries(record).map(([name, part]) => {
    if (isReading(part)) return [name, part] as const;
    throw undeclared(
      `settings: "${name}" is not a setting`,
      "give what setting() or settings() returns, and map() the whole record to shape it",
    );
  });
  return reading(
    "settings",
    parts.flatMap(([, part]) => part.declares),
    (looking) => Object.fromEntries(parts.map(([name, part]) => [name, part.read(looking)])),
  );
}

// ---- At run time

/** A setting as it was declared. */
export interface Declaration {
  readonly key: string;
  readonly parser: Parser<unknown>;
  readonly description: string | undefined;
  /** Gives what holds when nothing is set. A function, so that whoever prints providers prints no default. */
  fallback(this: void): { readonly value: unknown } | undefined;
}

function declare(key: string, given: unknown, options: SettingOptions<unknown>): Declaration {
  if (typeof key !== "string" || key === "")
    throw undeclared("a setting: it has no key", "write setting(key, parser)");
  const parser = parserOf(given);
  if (!parser) {
    throw undeclared(
      `setting "${key}": it has no parser`,
      "give it a parser of thimble/config, or a Standard Schema: setting(key, string)",
    );
  }
  if (Object(options) !== options)
    throw undeclared(`setting "${key}": its options are not an object`, "write { default: … }");
  const own = Object.hasOwn(options, "default") ? { value: options.default } : undefined;
  return {
    key,
    parser,
    description: options.description,
    fallback: () => own ?? attempt(() => parser.absent?.()),
  };
}

function undeclared(what: string, hint: string): InvalidProviderError {
  return new InvalidProviderError(`declare ${what}`, [], hint);
}

/** What a schema throws at `undefined` is its way to say that it takes none. */
function attempt<T>(fn: () => T): T | undefined {
  try {
    return fn();
  } catch {
    return undefined;
  }
}

/** What `setting` and `settings` make, to the engine and to the files around. */
interface Reading extends Combinator {
  readonly declares: readonly Declaration[];
  read(looking: Looking): unknown;
}

/** One look at the environment, on somebody's behalf. */
interface Looking {
  readonly source: EnvSource;
  readonly prefix: string;
  readonly from: string;
  readonly path: Path;
  readonly problems: ConfigProblem[];
}

const source = [Env, /* @__PURE__ */ optional(EnvPrefix, "")] as unknown as Dependencies;

function reading(kind: string, declares: readonly Declaration[], read: Reading["read"]): never {
  const made: Combinator = combinator(
    kind,
    Env,
    (scope, dependent) =>
      combine(scope, source, dependent, (source: EnvSource, prefix: string) => {
        const problems: ConfigProblem[] = [];
        const path = pathOver(chainTo(dependent));
        const value = read({ source, prefix, from: find(scope, Env)!.scope.name, path, problems });
        if (problems.length > 0) throw new ConfigInvalidError(problems, path);
        return value;
      }),
    (scope, dependent) => isProvided(scope, Env, dependent),
  );
  return { ...made, declares, read } satisfies Reading as never;
}

export function isReading(it: unknown): it is Reading {
  return isCombinator(it) && Array.isArray((it as Reading).declares);
}

/** Gives the value of a setting, or notes what is wrong with it. */
function readOne({ key, parser, fallback }: Declaration, looking: Looking): unknown {
  const { source, prefix, from, path, problems } = looking;
  const { expected } = parser;
  const name = prefix + nameFor(key);
  const text = lookUp(source, name);
  let value: unknown;
  if (text === undefined) {
    const instead = fallback();
    if (!instead) return void problems.push({ key, name, from, problem: "missing", expected });
    ({ value } = instead);
  } else {
    try {
      value = parser.read(text);
    } catch (error) {
      const reason = reasonOf(error);
      // Whoever parses may repeat what it was given: of a secret, the reason is one as well.
      const seen = parser.secret ? {} : { found: shortened(text), ...(reason && { reason }) };
      return void problems.push({ key, name, from, problem: "invalid", expected, ...seen });
    }
  }
  if (!isThenable(value)) return value;
  throw new InvalidProviderError(
    `read setting "${key}": its parser is asynchronous, or a schema that throws`,
    path,
    "check at once what can be, and wait for the rest in a factory that depends on the setting",
  );
}

function shortened(text: string): string {
  return text.length > 50 ? text.slice(0, 49) + "…" : text;
}

/** The settings that a dependency declares, in itself or further in; not those of the services it leads to. */
export function declaredIn(dependency: Single): readonly Declaration[] {
  if (isReading(dependency)) return dependency.declares;
  if (isCombinator(dependency)) return declaredIn(dependency.of ?? []);
  // Tokens, and the resolver of a factory that resolves while it runs: nothing is declared in them.
  if (isToken(dependency) || typeof (dependency as unknown as Combinator).kind === "string") return [];
  return Object.values(dependency).flatMap((part: Single) => declaredIn(part));
}
