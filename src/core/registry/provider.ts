/**
 * Providers: the functions that say how the instance of a token is built.
 *
 * A provider is an immutable definition that knows no container. An alias is a transient that passes on what it depends
 * on, which is why it needs no rules of its own in the engine.
 *
 * @module
 */

import { check, isCombinator, isPlain } from "../model/dependency.ts";
import { invalid, isNear } from "../model/messages.ts";
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
import { isThenable } from "../words/thenable.ts";
import { isToken, nameOf } from "../words/token.ts";

/**
 * Provides an instance that exists already. The container borrows it and never disposes it, unless `owned` is set or
 * `dispose` is given; then it is disposed at shutdown, whether or not it was ever resolved.
 *
 * @throws `INVALID_PROVIDER` when the instance is a promise: give it as the factory of a `singleton`.
 */
/* @__NO_SIDE_EFFECTS__ */
export const value: DefineValue = ((token: AnyToken, instance: unknown, options?: Options) => {
  const made = define(VALUE, token, none, instance, false, options);
  // A service may have a method `then`. What is certainly a promise belongs in a factory.
  if (isThenable(instance) && (instance instanceof Promise || isPlain(instance)))
    throw invalid("its value, a promise,", instance, token, "write singleton(token, () => promise)");
  return made;
}) as never;

/**
 * Provides one instance per scope that registers it, built when it is first resolved. Its dependencies come from that
 * scope, so it never keeps something with a shorter lifetime than its own.
 *
 * @example
 * ```ts
 * singleton(Mailer, [Config]); //                              new Mailer(config)
 * singleton(Clock); //                                         new Clock()
 * singleton(Db, [Config], (config) => Db.connect(config.url)); // may be asynchronous
 * singleton(Db, ({ get }) => new Db(get(Config))); //          resolves while it runs
 * ```
 *
 * @throws `INVALID_PROVIDER` when it has no factory, or its dependencies are not dependencies.
 */
export const singleton: DefineSingleton = /* @__PURE__ */ definer(SINGLETON) as never;

/**
 * Provides one instance per scope that resolves it, or per enclosing scope named by the option `in`. The forms are those
 * of {@linkcode singleton}; its dependencies come from the scope it lives in.
 */
export const scoped: DefineScoped = /* @__PURE__ */ definer(SCOPED) as never;

/**
 * Provides a new instance at every resolve. The forms are those of {@linkcode singleton}. Transients are never tracked
 * and never disposed: they belong to whatever resolved them.
 */
export const transient: DefineTransient = /* @__PURE__ */ definer(TRANSIENT) as never;

/**
 * Gives any dependency another name. The dependency is resolved from the scope that resolves the alias, and is not
 * disposed a second time.
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
    // A class without dependencies, perhaps with options.
    if (third === undefined && !Array.isArray(second)) {
      return define(lifetime, token, none, token, false, second as Options);
    }
    const dependencies = Array.isArray(second) ? second : [second];
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
  if (dependencies !== resolverOnly) check(dependencies, "dependencies", token);
  if (options !== undefined) {
    if (Object(options) !== options || Array.isArray(options) || isToken(options) || isCombinator(options))
      throw invalid("its last argument", options, token, "options are an object, dependencies a list");
    for (const [name, it] of Object.entries(options)) {
      if (it !== undefined && !known[name]?.(it, lifetime)) throw invalidOption(name, it, token, lifetime);
    }
  }
  const given = dependencies as Dependencies;
  const after = options?.after as Dependencies | undefined;
  const all = after ? [...given, ...after] : given;
  const made = new Definition(lifetime, token, all, make, options, given.length);
  if (lifetime !== VALUE) checkFactory(made, isFactory);
  return made;
}

/** Whether it is a function, and the provider is of a kind whose instances are kept. */
function isFunctionOfKept(it: unknown, lifetime: number): boolean {
  return typeof it === "function" && lifetime < TRANSIENT;
}

/** The options that there are, and what each of them takes. */
const known: Readonly<Record<string, (it: unknown, lifetime: number) => boolean>> = {
  // @ts-expect-error Without a prototype, no name from outside finds anything that is not written here.
  __proto__: null,
  after: (it) => Array.isArray(it) && (check(it, 'the option "after"'), true),
  as: (it) => Array.isArray(it) && [...it].every(isToken),
  default: (it) => typeof it === "boolean",
  dispose: (it, lifetime) => it === false || isFunctionOfKept(it, lifetime),
  eager: (it, lifetime) => typeof it === "boolean" && lifetime < TRANSIENT,
  health: isFunctionOfKept,
  in: (it, lifetime) => typeof it === "string" && lifetime === SCOPED,
  init: (it) => typeof it === "function",
  layer: (it) => typeof it === "string",
  order: (it) => typeof it === "number" && !Number.isNaN(it),
  owned: (it, lifetime) => typeof it === "boolean" && lifetime === VALUE,
  start: isFunctionOfKept,
  stop: isFunctionOfKept,
  tags: (it) => Array.isArray(it) && [...it].every((tag) => typeof tag === "string"),
};

function invalidOption(name: string, it: unknown, token: AnyToken, lifetime: number): Error {
  const near = Object.keys(known).find((other) => isNear(other, name));
  const hint = known[name]
    ? lifetime === TRANSIENT && name !== "in"
      ? "a transient is not kept: make it scoped"
      : "see the options of this kind of provider"
    : isToken(it) || isCombinator(it)
      ? `dependencies are a list: [{ ${name}: … }]`
      : near
        ? `did you mean "${near}"?`
        : `the options are ${Object.keys(known).join(", ")}`;
  return invalid(`its option "${name}"`, it, token, hint);
}

function checkFactory({ kind, token, make }: Definition, isFactory: boolean): void {
  if (typeof make !== "function") throw invalid("its factory", make, token, `write ${kind}(token, factory)`);
  if (!isFactory || (make !== token && !isClassSyntax(make))) return;
  const { name } = make;
  const hint = `write ${kind}(${name}, [dependencies]) and alias(${nameOf(token)}, ${name})`;
  throw invalid(`its factory, the class ${name},`, make, token, hint);
}

/** Classes, as opposed to functions: their `prototype` cannot be replaced. The same is true of a frozen function. */
export function isClassSyntax(it: object): boolean {
  const isFixed = Object.getOwnPropertyDescriptor(it, "prototype")?.writable === false;
  return isFixed && Function.prototype.toString.call(it).startsWith("class");
}
