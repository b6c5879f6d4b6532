/**
 * Providers: values that say how a token's instance comes to be.
 *
 * A provider is an immutable definition that knows no container, so any number of containers may share one. All five
 * kinds are the same flat record: an alias is a transient that hands on what it depends on, which is why it needs no
 * rules of its own in the engine.
 *
 * @module
 */

import { check, type Combinator, type Dependencies, isCombinator } from "./dependency.ts";
import { invalid } from "./failures.ts";
import { none } from "./node.ts";
import { isThenable } from "./promise.ts";
import { resolverFor } from "./question.ts";
import { isToken, nameOf } from "./token.ts";
import type { AnyToken } from "./types/dependency.ts";
import type { ScopedOptions, ValueOptions } from "./types/options.ts";
import type {
  DefineAlias,
  DefineScoped,
  DefineSingleton,
  DefineTransient,
  DefineValue,
  ProviderKind,
} from "./types/provider.ts";

/** Every option of every kind. */
export interface Options extends ScopedOptions<unknown>, ValueOptions<unknown> {}

/** What every provider is at run time. */
export interface Definition {
  readonly kind: ProviderKind;
  readonly token: AnyToken;
  readonly dependencies: Dependencies;
  /** The factory; the class, when `isClass`. */
  readonly make: unknown;
  readonly isClass: boolean;
  /** Its instances live in a scope. Others are handed over when they are made. */
  readonly kept: boolean;
  readonly options: Options;
}

const noOptions: Options = {};

const same = (it: unknown): unknown => it;

/** Of a tuple, a record or a question: what hands on what it depends on, and has not even a token. */
export function nameless(dependencies: Dependencies, make: unknown): Definition {
  return {
    kind: "alias",
    token: undefined as never,
    dependencies,
    make,
    isClass: false,
    kept: false,
    options: noOptions,
  };
}

export const question: Definition = /* @__PURE__ */ nameless(none, same);

/**
 * Provides an instance that is there already. It is borrowed: the container never disposes it, unless `owned` is set
 * or `dispose` is given; then it is disposed at shutdown, whether or not anyone asked for it.
 *
 * @throws `INVALID_PROVIDER` when the instance is a promise: give it as the factory of a `singleton`.
 */
/* @__NO_SIDE_EFFECTS__ */
export const value: DefineValue = ((token: AnyToken, instance: unknown, options?: Options) => {
  const made = definition("value", token, none, () => instance, false, options);
  if (isThenable(instance))
    throw invalid("its value", instance, token, "write singleton(token, () => promise)");
  return made;
}) as never;

/**
 * Provides one instance per scope that registers it, built when first asked for. Its dependencies come from that
 * scope, so it can never hold something that lives shorter than itself.
 *
 * @example
 * ```ts
 * singleton(Mailer, [Config]); //                              new Mailer(config)
 * singleton(Clock); //                                         new Clock()
 * singleton(Db, [Config], (config) => Db.connect(config.url)); // may be asynchronous
 * singleton(Db, ({ get }) => new Db(get(Config))); //          asks as it runs
 * ```
 *
 * @throws `INVALID_PROVIDER` when it has no factory, or its dependencies are not dependencies.
 */
export const singleton: DefineSingleton = /* @__PURE__ */ define("singleton") as never;

/**
 * Provides one instance per scope that asks, or per enclosing scope named by the option `in`. The forms are those of
 * {@linkcode singleton}; its dependencies come from the scope it lives in.
 */
export const scoped: DefineScoped = /* @__PURE__ */ define("scoped") as never;

/**
 * Provides a new instance each time it is asked for. The forms are those of {@linkcode singleton}. Transients are
 * never tracked and never disposed: whoever asks owns what it gets.
 */
export const transient: DefineTransient = /* @__PURE__ */ define("transient") as never;

/** Gives any dependency another name. It is resolved from the scope that asks, and never disposed twice. */
/* @__NO_SIDE_EFFECTS__ */
export const alias: DefineAlias = ((token: AnyToken, target: unknown) =>
  definition("alias", token, [target], same, false)) as never;

/** What a factory without a list of dependencies is given: it asks as it runs. */
const asItRuns = [{ madeBy: isCombinator, kind: "resolver", resolve: resolverFor } satisfies Combinator];

function define(kind: ProviderKind) {
  return /* @__NO_SIDE_EFFECTS__ */ (
    token: AnyToken,
    second?: unknown,
    third?: unknown,
    fourth?: unknown,
  ): Definition => {
    if (typeof second === "function")
      return definition(kind, token, asItRuns, second, false, third as Options);
    // A class without dependencies, and its options.
    if (third === undefined && !Array.isArray(second))
      return definition(kind, token, none, token, true, second as Options);
    const dependencies = Array.isArray(second) ? second : [second];
    return typeof third === "function"
      ? definition(kind, token, dependencies, third, false, fourth as Options)
      : definition(kind, token, dependencies, token, true, third as Options);
  };
}

/** The one place where a provider is checked, and refused: the earliest moment there is. */
function definition(
  kind: ProviderKind,
  token: AnyToken,
  dependencies: unknown,
  make: unknown,
  isClass: boolean,
  options: Options = noOptions,
): Definition {
  if (!isToken(token)) throw invalid("its token", token, token);
  check(dependencies, "dependencies", token);
  if (options !== noOptions) {
    if (Object(options) !== options || isToken(options) || isCombinator(options))
      throw invalid("its last argument", options, token, "options are an object, dependencies a list");
    const { as = [] } = options;
    if (!Array.isArray(as) || !as.every(isToken)) throw invalid("as", as, token, "as is a list of tokens");
  }
  if (typeof make !== "function") throw invalid("its factory", make, token, `write ${kind}(token, factory)`);
  if (!isClass && isClassSyntax(make)) {
    const { name } = make;
    const hint = `write ${kind}(${name}, [dependencies]) and alias(${nameOf(token)}, ${name})`;
    throw invalid(`its factory, the class ${name},`, make, token, hint);
  }
  if (kind === "transient" && options.dispose) {
    const hint = "make it scoped, or dispose where it is used";
    throw invalid("dispose of a transient", options.dispose, token, hint);
  }
  const kept = kind !== "transient" && kind !== "alias";
  return { kind, token, dependencies: dependencies as Dependencies, make, isClass, kept, options };
}

/** Classes, as opposed to functions: their `prototype` cannot be replaced, as little as that of a frozen function. */
function isClassSyntax(it: object): boolean {
  const isFixed = Object.getOwnPropertyDescriptor(it, "prototype")?.writable === false;
  return isFixed && Function.prototype.toString.call(it).startsWith("class");
}
