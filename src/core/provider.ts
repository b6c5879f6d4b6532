/**
 * Providers: values that say how a token's instance comes to be.
 *
 * A provider is an immutable definition that knows no container, so any number of containers may share one. All five
 * kinds are the same flat record: an alias is a transient that hands on what it depends on, which is why it needs no
 * rules of its own in the engine.
 *
 * @module
 */

import { type Dependencies, flaw } from "./dependency.ts";
import { invalidDependency, invalidProvider } from "./failures.ts";
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

/** The kinds that users write, and the engine's own for what has no token: tuples and records; questions. */
export type Kind = ProviderKind | "frame" | "question";

/** What every provider is at run time. */
export class Definition {
  declare readonly kind: Kind;
  declare readonly token: AnyToken;
  /** `undefined`: the factory asks as it runs, through a resolver. */
  declare readonly dependencies: Dependencies | undefined;
  /** The factory; the class, when `isClass`; the instance of a `value`. */
  declare readonly make: unknown;
  declare readonly isClass: boolean;
  declare readonly options: Options;

  constructor(
    kind: Kind,
    token: AnyToken,
    dependencies: Dependencies | undefined,
    make: unknown,
    isClass: boolean,
    options: Options,
  ) {
    this.kind = kind;
    this.token = token;
    this.dependencies = dependencies;
    this.make = make;
    this.isClass = isClass;
    this.options = options;
  }
}

/** Provides nothing and asks for nothing: shared by all that have neither. */
export const none: Dependencies = [];
export const noOptions: Options = {};

/**
 * Provides an instance that is there already. It is borrowed: the container never disposes it, unless `owned` is set
 * or `dispose` is given; then it is disposed at shutdown, whether or not anyone asked for it.
 *
 * @throws `INVALID_PROVIDER` when the instance is a promise: give it as the factory of a `singleton`.
 */
export const value: DefineValue = ((token: AnyToken, instance: unknown, options?: Options) => {
  const made = definition("value", token, none, instance, false, options);
  if (isThenable(instance)) {
    throw invalidProvider(token, "its value is a promise", "write singleton(token, () => promise)");
  }
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
export const alias: DefineAlias = ((token: AnyToken, target: unknown) =>
  definition("alias", token, [target], same, false)) as never;

const same = (it: unknown): unknown => it;

function define(kind: Kind) {
  return (token: AnyToken, second?: unknown, third?: unknown, fourth?: unknown): Definition => {
    if (typeof second === "function") return definition(kind, token, undefined, second, false, third);
    const list = Array.isArray(second);
    if (typeof third === "function") return definition(kind, token, list ? second : [second], third, false, fourth);
    return list
      ? definition(kind, token, second, token, true, third)
      : definition(kind, token, none, token, true, second);
  };
}

/** The one place where a provider is checked, and refused: the earliest moment there is. */
function definition(
  kind: Kind,
  token: AnyToken,
  dependencies: readonly unknown[] | undefined,
  make: unknown,
  isClass: boolean,
  options: unknown = noOptions,
): Definition {
  const { dispose, as = none } = Object(options) as Options;
  const bad =
    (isToken(token) ? undefined : { at: "the token", it: token }) ??
    flaw(dependencies ?? none, "dependencies") ??
    flaw(as, "as");
  if (bad) throw invalidDependency(token, bad);
  if (kind !== "value") {
    if (typeof make !== "function") {
      throw invalidProvider(token, "it has no factory", `write ${kind}(token, [dependencies], factory)`);
    }
    if (!isClass && isClassSyntax(make)) {
      const hint = `write ${kind}(${make.name}, [dependencies]) and alias(${nameOf(token)}, ${make.name})`;
      throw invalidProvider(token, `its factory is the class "${make.name}", which wants new`, hint);
    }
  }
  if (Object(options) !== options) throw invalidProvider(token, "its options are not an object", "write { dispose: … }");
  if (dispose && kind === "transient") {
    throw invalidProvider(token, "a transient is never disposed", "make it scoped, or dispose where it is used");
  }
  return new Definition(kind, token, dependencies as Dependencies | undefined, make, isClass, options as Options);
}

/** Classes, as opposed to functions: only their `prototype` cannot be replaced. Arrow functions have none. */
function isClassSyntax(it: object): boolean {
  return Object.getOwnPropertyDescriptor(it, "prototype")?.writable === false;
}

/** Tells promises, of any make, from everything else. */
export function isThenable(it: unknown): it is PromiseLike<unknown> {
  return (
    it !== null && (typeof it === "object" || typeof it === "function") && typeof (it as PromiseLike<unknown>).then === "function"
  );
}
