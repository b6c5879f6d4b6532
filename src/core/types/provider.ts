/**
 * Providers: values that say how a token's instance comes to be, and the call signatures that make them.
 *
 * A provider's type names the token it is for and what it declares to need. Whether a list of them holds together is
 * worked out where the list is registered, in coverage.ts.
 *
 * @module
 */

import type {
  AnyToken,
  Arguments,
  Dependency,
  DependencyRecord,
  DependencyTuple,
  ElementsOf,
  Exactly,
  Identity,
  NeedsOfElement,
  Resolved,
  ResolvedTuple,
  Value,
} from "./dependency.ts";
import type { ScopedOptions, SingletonOptions, TransientOptions, ValueOptions } from "./options.ts";

declare const provided: unique symbol;
declare const identity: unique symbol;
declare const declared: unique symbol;

/** How long what a provider gives lives. */
export type ProviderKind = "value" | "singleton" | "scoped" | "transient" | "alias";

/**
 * How a token's instance comes to be. Made by `value`, `singleton`, `scoped`, `transient` and `alias`; immutable, and
 * any number of containers may share one. Plain `Provider` is any of them.
 *
 * @typeParam I The token, as types name it: `Db` for the class, `Token<Config>` for a token.
 * @typeParam D The dependencies it declares, as a union; `never` for none.
 */
export interface Provider<in out I = any, out D = any, out Kind extends ProviderKind = ProviderKind> {
  readonly token: AnyToken;
  readonly kind: Kind;
  /** Only in types: the token as a member of a set. */
  readonly [provided]: Exactly<I>;
  /** Only in types: the same, bare. */
  readonly [identity]: I;
  /** Only in types. */
  readonly [declared]: D;
}

/** A provider or a group of them: what `createContainer`, `createScope`, `provide` and `override` take. */
export type ProviderEntry = Provider | ProviderGroup;

/** A group of providers, nested as you like; four levels are looked into by the checker, any number at run time. */
export interface ProviderGroup extends ReadonlyArray<ProviderEntry> {}

/** Arguments of `createContainer` and `createScope`: an optional name, then providers and groups of them. */
export type NamedProviders = readonly [first?: string | ProviderEntry, ...rest: ProviderEntry[]];

/** The tokens that a union of providers provides. */
export type ProvidedBy<U extends Provider> = U[typeof provided];

/** The same tokens, as types name them. */
export type IdentitiesOf<U extends Provider> = U[typeof identity];

/** What a union of providers needs. */
export type NeededBy<U extends Provider> = NeedsOfElement<U[typeof declared]>;

/** What a factory is given that declares no dependencies: it asks as it runs. */
export interface Resolver {
  /**
   * Gives what is asked for, building it if need be.
   *
   * @throws `ASYNC_PROVIDER` when it cannot be had without waiting.
   */
  get<const D extends Dependency>(this: void, dependency: D): Resolved<D>;
  /** Gives what is asked for, waiting if need be. */
  getAsync<const D extends Dependency>(this: void, dependency: D): Promise<Resolved<D>>;
  /** Tells whether something visible from here provides the token. Builds nothing. */
  has(this: void, token: AnyToken): boolean;
}

/** What a factory may return for `K`: the instance, or a promise of it. */
export type Made<K> = Value<K> | PromiseLike<Value<K>>;

/**
 * What makes an instance for `K`. Nothing is inferred from it, so that its token decides what a literal in it is: the
 * "a" of a `Token<"a" | "b">`, and not any string.
 */
type Factory<A extends readonly unknown[], K> = NoInfer<(...args: A) => Made<K>>;

interface OptionsByKind<T> {
  singleton: SingletonOptions<T>;
  scoped: ScopedOptions<T>;
  transient: TransientOptions<T>;
}

interface ByFactory<Kind extends keyof OptionsByKind<unknown>> {
  /** Dependencies and a factory: `factory(...resolved)`, or `factory(record)` when they are a record. */
  <K extends AnyToken, const D extends DependencyTuple | DependencyRecord>(
    token: K,
    dependencies: D,
    factory: Factory<Arguments<D>, K>,
    options?: OptionsByKind<Value<K>>[Kind],
  ): Provider<Identity<K>, ElementsOf<D>, Kind>;
}

interface Otherwise<Kind extends keyof OptionsByKind<unknown>> {
  /** A factory that asks for its dependencies as it runs: they are checked at run time only. */
  <K extends AnyToken>(
    token: K,
    factory: Factory<[resolver: Resolver], K>,
    options?: OptionsByKind<Value<K>>[Kind],
  ): Provider<Identity<K>, never, Kind>;
  /** A class whose constructor needs nothing. */
  <T>(token: new () => T, options?: OptionsByKind<T>[Kind]): Provider<T, never, Kind>;
  /** A class and the dependencies of its constructor: `new Class(...resolved)`. */
  <T, const D extends DependencyTuple>(
    token: new (...args: ResolvedTuple<D>) => T,
    dependencies: D,
    options?: OptionsByKind<T>[Kind],
  ): Provider<T, D[number], Kind>;
}

interface AgainByFactory<Kind extends keyof OptionsByKind<unknown>> extends ByFactory<Kind> {}

/**
 * The forms of `singleton`, and of `scoped` and `transient`, which differ in kind and options only.
 *
 * The order of the overloads is for people: when none fits, the compiler explains the last one that has room for
 * the arguments, and that should be the form most are written in. That one is the first as well, because what a
 * factory without parameters returns is worked out only once, against the first form that has room for it: elsewhere
 * the "a" of a `Token<"a" | "b">` would be any string.
 */
export interface Define<Kind extends keyof OptionsByKind<unknown>>
  extends ByFactory<Kind>, Otherwise<Kind>, AgainByFactory<Kind> {}

/** `singleton`: one instance per scope that registers it. Its dependencies come from that scope. */
export interface DefineSingleton extends Define<"singleton"> {}

/** `scoped`: one instance per scope that asks, or per enclosing scope named by `in`. Its dependencies come from there. */
export interface DefineScoped extends Define<"scoped"> {}

/** `transient`: a new instance each time it is asked for. Never tracked and never disposed. */
export interface DefineTransient extends Define<"transient"> {}

/** `value`: an instance that is there already. Borrowed: disposed only with `owned` or `dispose`. */
export interface DefineValue {
  <K extends AnyToken>(
    token: K,
    instance: Value<K>,
    options?: ValueOptions<Value<K>>,
  ): Provider<Identity<K>, never, "value">;
}

/** `alias`: another name for any dependency. What it gives must be assignable to what the token holds. */
export interface DefineAlias {
  <K extends AnyToken, const D extends Dependency>(
    token: K,
    dependency: D & Fits<D, K>,
  ): Provider<Identity<K>, ElementsOf<D>, "alias">;
}

type Fits<D, K> = [Resolved<D>] extends [Value<K>] ? unknown : NotAssignable<Resolved<D>, Value<K>>;

/** What the compiler names when an alias leads to something that is not what its token holds. */
export interface NotAssignable<Given, Wanted> {
  readonly "what it gives": Given;
  readonly "is not assignable to": Wanted;
}
