/**
 * Providers: the functions that say how the instance of a token is built.
 *
 * A provider is an immutable definition that knows no container. An alias is a transient that passes on what it depends
 * on, which is why it needs no rules of its own in the engine.
 *
 * @module
 */

import { check, isCombinator, isPlain } from "../model/dependency.ts";
import { invalid, isNear, refused, whyUndefined } from "../model/messages.ts";
import {
  ALIAS,
  Definition,
  type Dependencies,
  none,
  type Options,
  SCOPED,
  SINGLETON,
  TRANSIENT,
  VALUE,
} from "../model/records.ts";
import type { AnyToken } from "../types/dependency.ts";
import type {
  DefineAlias,
  DefineScoped,
  DefineSingleton,
  DefineTransient,
  DefineValue,
} from "../types/provider.ts";
import { isPromise, isThenable } from "../words/thenable.ts";
import { isToken, nameOf } from "../words/token.ts";

/**
 * Provides an instance that exists already. The container borrows it and never disposes it, unless `owned` is set or
 * `dispose` is given; then it is disposed at shutdown, whether or not it was ever resolved.
 *
 * @example
 * ```ts
 * value(Config, { url: "https://example.org" }); // borrowed
 * value(Db, db, { owned: true }); //                disposed with the scope
 * ```
 *
 * @throws `INVALID_PROVIDER` when the instance is a promise: give it as the factory of a `singleton`.
 */
/* @__NO_SIDE_EFFECTS__ */
export const value: DefineValue = ((token: AnyToken, instance: unknown, options?: Options) => {
  const made = define(VALUE, token, none, instance, false, options);
  // A service may have a method `then`. What is certainly a promise belongs in a factory.
  if (isThenable(instance)) {
    const what = isPromise(instance) ? "promise" : isPlain(instance) && "thenable";
    if (what) throw refused("its value is a " + what, token, "write singleton(token, () => promise)");
  }
  return made;
}) as never;

/**
 * Provides one instance per scope that registers it, built when it is first resolved. Its dependencies come from that
 * scope, so it never keeps something with a shorter lifetime than its own.
 *
 * @example
 * ```ts
 * singleton(Mailer, [Config]); //                              new Mailer(config)
 * singleton(Counter); //                                       new Counter()
 * singleton(Db, [Config], (config) => Db.connect(config.url)); // may be asynchronous
 * singleton(Db, ({ get }) => new Db(get(Config))); //          resolves while it runs
 * ```
 *
 * A class whose constructor has parameters needs a list. When all of them are optional, the list may be empty.
 *
 * @throws `INVALID_PROVIDER` when it has no factory, or its dependencies are not dependencies, or the constructor of the
 * class has parameters and there is no list.
 */
export const singleton: DefineSingleton = /* @__PURE__ */ definer(SINGLETON) as never;

/**
 * Provides one instance per scope that resolves it, or per enclosing scope named by the option `in`. The forms are those
 * of {@linkcode singleton}; its dependencies come from the scope it lives in.
 *
 * @example
 * ```ts
 * scoped(Session, [CurrentRequest]); //                       one in each scope that resolves it
 * scoped(Transaction, [Db], (db) => db.begin(), { in: "request" }); // one per request, for the scopes below it too
 * ```
 *
 * @throws `INVALID_PROVIDER` as {@linkcode singleton}.
 */
export const scoped: DefineScoped = /* @__PURE__ */ definer(SCOPED) as never;

/**
 * Provides a new instance at every resolve. The forms are those of {@linkcode singleton}. Transients are never tracked
 * and never disposed: they belong to whatever resolved them.
 *
 * @example
 * ```ts
 * transient(Report, [Db]);
 * ```
 *
 * @throws `INVALID_PROVIDER` as {@linkcode singleton}, and for an option that needs an instance that is kept: `dispose`,
 * `stop`, `start`, `eager`, `health`.
 */
export const transient: DefineTransient = /* @__PURE__ */ definer(TRANSIENT) as never;

/**
 * Gives any dependency another name. The dependency is resolved from the scope that resolves the alias, and is not
 * disposed a second time.
 *
 * @example
 * ```ts
 * alias(Mailer, SmtpMailer);
 * alias(Exporters, all(Exporter)); // any dependency
 * ```
 *
 * @throws `INVALID_PROVIDER` when it is not given a token and a dependency, or is given options.
 */
/* @__NO_SIDE_EFFECTS__ */
export const alias: DefineAlias = ((token: AnyToken, target: unknown, options?: unknown) => {
  if (options !== undefined) throw invalid("its last argument", options, token, "an alias takes no options");
  return define(ALIAS, token, [target], (it: unknown) => it, true);
}) as never;

/** The dependencies of a factory without a list: one resolver, through which the factory resolves while it runs. */
const resolverOnly = [{ kind: "resolver" }] as never;

function definer(lifetime: number) {
  return /* @__NO_SIDE_EFFECTS__ */ (
    token: AnyToken,
    second?: unknown,
    third?: unknown,
    fourth?: unknown,
  ): Definition => {
    if (typeof second === "function") {
      return define(lifetime, token, resolverOnly, second, true, third as Options);
    }
    const isList = Array.isArray(second);
    // A class without dependencies, perhaps with options; or a dependency without brackets, which `define` refuses.
    if (!isList && (third === undefined || isToken(second) || isCombinator(second))) {
      return define(lifetime, token, none, token, false, second as Options);
    }
    const dependencies = isList ? second : [second];
    return typeof third === "function"
      ? define(lifetime, token, dependencies, third, true, fourth as Options)
      : define(lifetime, token, dependencies, token, false, third as Options);
  };
}

/** The one place where a provider is checked and refused: it is the earliest moment there is. */
function define(
  lifetime: number,
  token: AnyToken,
  dependencies: unknown,
  make: unknown,
  isFactory: boolean,
  options?: Options,
): Definition {
  if (!isToken(token)) throw invalid("its token", token);
  if (dependencies !== resolverOnly) check(dependencies, "dependencies", token, lifetime);
  if (options !== undefined) {
    if (Object(options) !== options || Array.isArray(options) || isToken(options) || isCombinator(options))
      throw invalid(
        "one of its arguments",
        options,
        token,
        "dependencies are a list before the factory, options an object after it",
      );
    for (const [name, it] of Object.entries(options)) {
      if (it !== undefined) checkOption(name, it, token, lifetime);
    }
  }
  const given = dependencies as Dependencies;
  const after = options?.after as Dependencies | undefined;
  const all = after ? [...given, ...after] : given;
  const made = new Definition(lifetime, token, all, make, options, given.length);
  if (lifetime !== VALUE) checkFactory(made, isFactory, given !== none);
  return made;
}

/** The options that there are, and what each of them takes. */
const types: Readonly<Record<string, string>> = {
  // @ts-expect-error Without a prototype, no name from outside finds anything that is not written here.
  __proto__: null,
  after: "list of dependencies",
  as: "list of tokens",
  default: "boolean",
  dispose: "function",
  eager: "boolean",
  health: "function",
  in: "string",
  init: "function",
  io: "boolean",
  layer: "string",
  order: "number",
  owned: "boolean",
  start: "function",
  stop: "function",
  tags: "list of strings",
};

/** The options that are not for transients, because nothing is done with an instance that is not kept. */
const ofKept = ["dispose", "eager", "health", "start", "stop"];

function checkOption(name: string, it: unknown, token: AnyToken, lifetime: number): void {
  const type = types[name];
  const at = `its option "${name}"`;
  const isList = Array.isArray(it);
  if (isList && name === "after") return check(it, at, token, lifetime);
  const isOfType = isList
    ? (name === "as" && [...it].every(isToken)) || (name === "tags" && [...it].every(isText))
    : // NaN is no number that anything can be ordered by.
      (typeof it === type && it === it) || (it === false && name === "dispose");
  const isForKept = ofKept.includes(name);
  const isOfKind =
    name === "in"
      ? lifetime === SCOPED
      : name === "owned"
        ? lifetime === VALUE
        : lifetime < TRANSIENT || !isForKept;
  if (isOfType && isOfKind) return;
  const near = Object.keys(types).find((other) => isNear(other, name));
  const hint = type
    ? isOfType
      ? isForKept
        ? "a transient is not kept: make it scoped"
        : "another kind of provider has it"
      : isList && it.includes(undefined)
        ? whyUndefined
        : "it takes a " + type
    : isToken(it) || isCombinator(it)
      ? `dependencies are a list: [{ ${name}: … }]`
      : near
        ? `did you mean "${near}"?`
        : `the options are ${Object.keys(types).join(", ")}`;
  throw !isOfType && (type || isToken(it) || isCombinator(it))
    ? invalid(at, it, token, hint)
    : refused(`it has no option "${name}"`, token, hint);
}

function isText(it: unknown): boolean {
  return typeof it === "string";
}

/** @param isListed Whether there is a list of dependencies, which may be empty. */
function checkFactory({ kind, token, make }: Definition, isFactory: boolean, isListed: boolean): void {
  if (typeof make !== "function") throw refused("it has no factory", token, `write ${kind}(token, factory)`);
  if (isFactory ? make !== token && !isClassSyntax(make) : isListed || !make.length || !isClassSyntax(make))
    return;
  const name = nameOf(make as AnyToken);
  const hint = `write ${kind}(${name}, [dependencies])`;
  throw isFactory
    ? refused("its factory is the class " + name, token, `${hint} and alias(${nameOf(token)}, ${name})`)
    : refused("its constructor takes dependencies", token, hint);
}

/** Classes, as opposed to functions: their `prototype` cannot be replaced. The same is true of a frozen function. */
export function isClassSyntax(it: object): boolean {
  const isFixed = Object.getOwnPropertyDescriptor(it, "prototype")?.writable === false;
  return isFixed && Function.prototype.toString.call(it).startsWith("class");
}
