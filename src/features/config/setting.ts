/**
 * `setting` and `settings`: dependencies that are read from the environment.
 *
 * A setting is read at every resolve, from the `Env` and with the `EnvPrefix` that the scope of its dependent sees. A
 * singleton is built once, so it reads its settings once. Reading does not stop at the first problem: all of them are
 * collected and reported in one error, and a single setting is treated like a record with one entry.
 *
 * @module
 */

import { combine } from "../../core/building/resolve.ts";
import { combinator } from "../../core/combinators/combinator.ts";
import { optional } from "../../core/combinators/optional.ts";
import { isCombinator } from "../../core/model/dependency.ts";
import { chainTo } from "../../core/model/edges.ts";
import { pathOver } from "../../core/model/messages.ts";
import type { Combinator, Dependencies, Single } from "../../core/model/records.ts";
import { find, isProvided } from "../../core/registry/registry.ts";
import type { Dep, Exactly, Token, Value } from "../../core/types/dependency.ts";
import { InvalidProviderError } from "../../core/words/errors.ts";
import { isThenable } from "../../core/words/thenable.ts";
import { isToken } from "../../core/words/token.ts";
import { Env, EnvPrefix, type EnvSource, lookUp, nameFor } from "./env.ts";
import { ConfigInvalidError, type ConfigProblem } from "./invalid.ts";
import { AsynchronousError, atOnce, type Parser } from "./parser.ts";
import { reasonOf, redact } from "./redact.ts";
import { type AnyParser, parserOf } from "./schema.ts";

declare const isSetting: unique symbol;

/** A dependency that is read from the environment, and therefore needs an `Env`. */
export interface Setting<out T> extends Dep<T, Exactly<Token<EnvSource>>> {
  /** Exists only in types: tells settings from other dependencies that need an `Env`. */
  readonly [isSetting]: true;
}

/** Options of {@linkcode setting}. */
export interface SettingOptions<T> {
  /**
   * The value when nothing is set. It is not parsed: the dependent gets this very value. `default: undefined`, when it
   * is written down, makes the setting optional, which is the one place where an explicit `undefined` differs from
   * leaving the option out.
   *
   * @default none: the setting is required
   */
  readonly default?: T;
  /**
   * What the setting is for, in a sentence, for `formatSettings`.
   *
   * @default none
   */
  readonly description?: string;
}

/** The record that {@linkcode settings} takes. Each entry is a `setting`, or `settings` again. */
export interface SettingRecord {
  readonly [name: string]: Setting<unknown>;
}

/**
 * A dependency on one setting of the environment. The name in the environment is the key in upper case, with `_` for
 * `.` and `-`: the key `db.url` is read from `DB_URL`, and with the prefix `APP_` from `APP_DB_URL`. An empty value
 * counts as not set. A value that is set and wrong is an error even if the setting has a default.
 *
 * @example
 * ```ts
 * singleton(Server, [setting("PORT", integer, { default: 8080 })]);
 * alias(DbUrl, setting("db.url", secret(url), { description: "where the database is" }));
 * app.get(setting("LOG_LEVEL", oneOf("debug", "info"), { default: "info" })); // "debug" | "info"
 * app.get(setting("LIMIT", z.coerce.number().max(100))); //                      any Standard Schema
 * ```
 *
 * @throws `INVALID_PROVIDER` when it has no key or no parser, or an option is unknown or of the wrong type.
 * @throws `CONFIG_INVALID`, when it is resolved, if the setting is missing, if the parser or schema refuses it, and if
 * the parser or schema answers with a promise.
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
// The last overload, because the compiler explains the last one when none of them fits.
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
  return makeSetting("setting", [declaration], (reader) => readOne(declaration, reader));
}

/**
 * A dependency on several settings, which are resolved as a record. One error reports the problems of all of them.
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
 * @throws `INVALID_PROVIDER` when it is not given a record, or an entry is not a setting.
 * @throws `CONFIG_INVALID`, when it is resolved, with the problem of every setting that cannot be read.
 */
/* @__NO_SIDE_EFFECTS__ */
export function settings<const R extends SettingRecord>(
  record: R,
): Setting<{ -readonly [K in keyof R]: Value<R[K]> }> {
  if (!isPlain(record))
    throw invalid("settings: they are not a record", "write settings({ name: setting(…) })");
  const parts = Object.entries(record).map(([name, part]: [string, unknown]) => {
    if (isSettingDependency(part)) return [name, part] as const;
    throw invalid(
      `settings: "${name}" is not a setting`,
      "an entry is what setting() or settings() returns; use map() on the whole record to shape it",
    );
  });
  return makeSetting(
    "settings",
    parts.flatMap(([, part]) => part.declares),
    // `fromEntries` defines properties, so a key named `__proto__` stays a key.
    (reader) => Object.fromEntries(parts.map(([name, part]) => [name, part.read(reader)])),
  );
}

// ---- Declarations

/** A setting as it was declared. */
export interface Declaration {
  readonly key: string;
  readonly parser: Parser<unknown>;
  readonly description: string | undefined;
  /**
   * Returns the value when nothing is set, or `undefined` when the setting is required. It is a function, so that a
   * default, which may be a secret, does not show when a provider is printed.
   */
  fallback(this: void): { readonly value: unknown } | undefined;
}

function declare(key: string, given: unknown, options: SettingOptions<unknown>): Declaration {
  if (typeof key !== "string" || key === "")
    throw invalid("a setting: it has no key", "write setting(key, parser)");
  const parser = parserOf(given);
  if (!parser) {
    throw invalid(
      `setting "${key}": it has no parser`,
      "give it a parser of thimble/config, or a Standard Schema: setting(key, string)",
    );
  }
  checkOptions(key, options);
  const own = Object.hasOwn(options, "default") ? { value: options.default } : undefined;
  return {
    key,
    parser,
    description: options.description,
    fallback() {
      if (own) return own;
      const absent = atOnce(parser.absent?.(), "parser");
      atOnce(absent?.value, "parser");
      return absent;
    },
  };
}

const optionNames = ["default", "description"];

/** Refuses options of JavaScript programs, and of objects that TypeScript does not check for unknown properties. */
function checkOptions(key: string, options: unknown): void {
  const refuse = (what: string, hint: string): never => {
    throw invalid(`setting "${key}": ${what}`, hint);
  };
  if (!isPlain(options)) return refuse("its options are not an object", "write { default: … }");
  for (const [name, it] of Object.entries(options)) {
    if (it === undefined) continue;
    if (name === "default") {
      if (isThenable(it)) refuse("its default is a promise", "await it before the setting is declared");
    } else if (name !== "description") {
      const near = optionNames.find((other) => isNear(name.toLowerCase(), other));
      const hint = near ? `did you mean "${near}"?` : `its options are ${optionNames.join(" and ")}`;
      refuse(`it has no option "${name}"`, hint);
    } else if (typeof it !== "string") {
      refuse(`its description is of type ${typeof it}`, "a description is a string");
    }
  }
}

function isNear(name: string, other: string): boolean {
  return name.slice(0, 3) === other.slice(0, 3) || name.slice(-3) === other.slice(-3);
}

function invalid(what: string, hint: string): InvalidProviderError {
  return new InvalidProviderError(`declare ${what}`, [], hint);
}

/** Plain objects, of any realm; not a `Map`, an array or an instance of a class. */
function isPlain(it: unknown): it is Record<string, unknown> {
  if (typeof it !== "object" || it === null) return false;
  const prototype: unknown = Object.getPrototypeOf(it);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

// ---- Reading

/** The dependency that `setting` and `settings` make, as the engine and the other files of this module see it. */
interface SettingDependency extends Combinator {
  /** All settings in it, also those of `settings` inside `settings`. */
  readonly declares: readonly Declaration[];
  read(reader: Reader): unknown;
}

/** One pass over the environment: where to read from, and the problems met so far. */
interface Reader {
  readonly source: EnvSource;
  readonly prefix: string;
  /** The name of the scope that provides the `Env`. */
  readonly from: string;
  readonly problems: ConfigProblem[];
}

const sources = [Env, /* @__PURE__ */ optional(EnvPrefix, "")] as unknown as Dependencies;

function makeSetting(kind: string, declares: readonly Declaration[], read: SettingDependency["read"]): never {
  const made: Combinator = combinator(
    kind,
    Env,
    (scope, dependent) =>
      combine(scope, sources, dependent, (source: EnvSource, prefix: string) => {
        const problems: ConfigProblem[] = [];
        const path = pathOver(chainTo(dependent));
        const from = find(scope, Env)!.scope.name;
        if (Object(source) !== source) {
          const what = `read the configuration: the Env of scope "${from}" is not an object`;
          throw new InvalidProviderError(what, path, "write value(Env, readEnv())");
        }
        const value = read({ source, prefix, from, problems });
        if (problems.length > 0) throw new ConfigInvalidError(problems, path);
        return value;
      }),
    (scope, dependent, found) => isProvided(scope, Env, dependent, found),
  );
  return { ...made, declares, read } satisfies SettingDependency as never;
}

function isSettingDependency(it: unknown): it is SettingDependency {
  return isCombinator(it) && Array.isArray((it as SettingDependency).declares);
}

/** Returns the value of a setting, or adds what is wrong with it to the problems and returns nothing. */
function readOne({ key, parser, fallback }: Declaration, reader: Reader): unknown {
  const { source, prefix, from, problems } = reader;
  const name = prefix + nameFor(key);
  const note = (problem: ConfigProblem["problem"], more?: Partial<ConfigProblem>): void =>
    void problems.push({ key, name, from, problem, expected: parser.expected, ...more });

  const entry = lookUp(source, name);
  let text: string | undefined;
  try {
    if (entry === undefined) {
      const instead = fallback();
      return instead ? instead.value : note("missing");
    }
    text = String(atOnce(entry, "Env", ": fetch the settings in the factory of a singleton(Env, …) first"));
    return atOnce(parser.read(text), "parser");
  } catch (error) {
    // Its message names the vendor or the source and quotes nothing, so it is shown of a secret too.
    if (error instanceof AsynchronousError) return note("asynchronous", { reason: error.message });
    // What a parser says about a secret may repeat it.
    const reason = parser.secret ? "" : reasonOf(error, text ?? "");
    return note(entry === undefined ? "missing" : "invalid", {
      ...(text !== undefined && !parser.secret && { found: redact(text) }),
      ...(reason && { reason }),
    });
  }
}

/**
 * Returns the settings that a dependency declares, also those inside combinators, tuples and records. It does not
 * follow tokens: the settings of the services behind them belong to those services.
 */
export function declaredIn(dependency: Single): readonly Declaration[] {
  if (isSettingDependency(dependency)) return dependency.declares;
  if (isCombinator(dependency)) return declaredIn(dependency.of ?? []);
  // A token, or the resolver of a factory that resolves while it runs, declares nothing.
  if (isToken(dependency) || typeof (dependency as unknown as Combinator).kind === "string") return [];
  return Object.values(dependency).flatMap((part: Single) => declaredIn(part));
}
