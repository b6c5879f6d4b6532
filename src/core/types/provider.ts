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
  Class,
  Dependency,
  DependencyRecord,
  DependencyTuple,
  ElementsOf,
  Exactly,
  Identity,
  NeedsOfElement,
  Resolved,
  ResolvedTuple,
  Token,
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

/** Arguments of `createContainer` and `createScope`: a name or `undefined`, if any, then providers and groups. */
export type NamedProviders = readonly [first?: string | ProviderEntry | undefined, ...rest: ProviderEntry[]];

/** The tokens that a union of providers provides. */
export type ProvidedBy<U extends Provider> = U[typeof provided];

/** The same tokens, as types name them. */
export type IdentitiesOf<U extends Provider> = U[typeof identity];

/** What a union of providers needs. */
export type NeedsOfProviders<U extends Provider> = NeedsOfElement<U[typeof declared]>;

/** What a factory is given that declares no dependencies: it resolves them as it runs. */
export interface Resolver {
  /**
   * Resolves the dependency, and builds it where that is necessary.
   *
   * @throws `ASYNC_PROVIDER` when it cannot be had without waiting.
   */
  get<const D extends Dependency>(this: void, dependency: D): Resolved<D>;
  /** Resolves the dependency, and waits where that is necessary. */
  getAsync<const D extends Dependency>(this: void, dependency: D): Promise<Resolved<D>>;
  /** Tells whether the dependency is provided: see {@linkcode Scope.has}. Builds nothing. */
  has(this: void, dependency: Dependency): boolean;
}

/** What a factory may return for `K`: the instance, or a promise of it. */
export type Made<K> = Value<K> | PromiseLike<Value<K>>;

type Factory<A extends readonly unknown[], K> = (...args: A) => Made<K>;
type AnyFunction = (...args: never[]) => unknown;

// What gives a factory its types while it is inferred. The compiler takes the "a" of `async () => "a"` for any string
// unless everything it may return has a `then`; so here it is the instance and the promise at once.
type FactoryContext<A extends readonly unknown[], K> = (
  ...args: A
) => (Value<K> & PromiseLike<Value<K>>) | PromiseLike<Value<K>>;

interface OptionsByKind<T> {
  singleton: SingletonOptions<T>;
  scoped: ScopedOptions<T>;
  transient: TransientOptions<T>;
}
type OptionsFor<K, Kind extends keyof OptionsByKind<unknown>> = OptionsByKind<Value<K>>[Kind];

/**
 * The forms of `singleton`, and of `scoped` and `transient`, which differ in kind and options only.
 *
 * There is one signature for each number of arguments, so that the compiler never explains a mistake in the words of
 * another form. What the second and the third argument have to be depends on what they are: `S` and `T` are inferred
 * from them, and the type of the parameter is computed from that.
 */
export interface Define<Kind extends keyof OptionsByKind<unknown>> {
  /** A class whose constructor needs nothing. */
  <K extends AnyToken>(token: First<K>): Provider<Identity<K>, never, Kind>;
  /**
   * A class and the dependencies of its constructor: `new Class(...resolved)`; or a factory that resolves its
   * dependencies as it runs, so that they are checked at run time only; or a class whose constructor needs nothing,
   * and options.
   */
  <K extends AnyToken, const S>(
    token: K,
    dependencies: Second<K, S, Kind>,
  ): Provider<Identity<K>, ListedIn<S>, Kind>;
  /**
   * Dependencies and a factory: `factory(...resolved)`, or `factory(record)` when they are a record; or one of the
   * forms with two arguments, and options.
   */
  <K extends AnyToken, const S extends Listed, T>(
    token: K,
    dependencies: SecondOfThree<K, S, T>,
    factory: Third<K, S, T, Kind>,
  ): Provider<Identity<K>, DeclaredBy<S>, Kind>;
  /** Dependencies, a factory and options. */
  <K extends AnyToken, const D extends DependencyTuple | DependencyRecord, T>(
    token: K,
    dependencies: D,
    factory: ThirdOfFour<K, D, T>,
    options: OptionsFor<K, Kind> | undefined,
  ): Provider<Identity<K>, ElementsOf<D>, Kind>;
}

type ListedIn<S> = S extends readonly unknown[] ? S[number] : never;
type DeclaredBy<S> = S extends readonly unknown[] ? S[number] : S extends Function ? never : S[keyof S];

type Listed = DependencyTuple | DependencyRecord | AnyFunction | Class;

// Each of the types below returns `S` or `T` itself in one of its branches: that is where they are inferred. As long as
// they are not, `S` is its constraint and `T` is `unknown`. The type then gives the parameters of functions their types,
// and accepts every `object` or `Function`, so that nothing is refused before the type of the whole argument is known.
//
// `Given` is `S` under another name: what is returned where `S` was narrowed is instantiated together with what it was
// narrowed to, and the checker would compare the whole list of dependencies again.

// What is no token at all leaves `K` as wide as its constraint.
type First<K> = [K] extends [never]
  ? K
  : [AnyToken] extends [K]
    ? K
    : K extends new () => unknown
      ? K
      : MissingArgument<K>;

type Second<K, S, Kind extends keyof OptionsByKind<unknown>, Given = S> = [K] extends [never]
  ? S
  : unknown extends S
    ? FactoryContext<[resolver: Resolver], K> | DependencyTuple | OptionsFor<K, Kind> | object
    : [S] extends [readonly unknown[]]
      ? Fitting<K, Given>
      : [S] extends [AnyFunction]
        ? Factory<[resolver: Resolver], K>
        : [S] extends [Class]
          ? ClassAsFactory
          : K extends new () => unknown
            ? OptionsFor<K, Kind> | undefined
            : MissingArgument<K>;

type SecondOfThree<K, S, T, Given = S> = DependencyTuple extends S
  ? FactoryContext<[resolver: Resolver], K> | DependencyTuple | DependencyRecord | Function
  : S extends readonly unknown[]
    ? {} extends T
      ? unknown extends T
        ? Given
        : Fitting<K, Given>
      : keyof T extends never
        ? Given
        : UnlessFunction<T, Given, Fitting<K, Given>>
    : S extends AnyFunction
      ? Factory<[resolver: Resolver], K>
      : S extends Class
        ? ClassAsFactory
        : unknown extends T
          ? Given
          : [T] extends [Function]
            ? Given
            : DependencyTuple;

type UnlessFunction<T, Yes, No> = [T] extends [Function] ? Yes : No;

type Third<K, S extends Listed, T, Kind extends keyof OptionsByKind<unknown>> = T extends Function
  ? S extends Function
    ? OptionsFor<K, Kind>
    : T extends AnyFunction
      ? Factory<Arguments<S>, K>
      : ClassAsFactory
  : unknown extends T
    ? ThirdContext<K, S, Kind>
    : T extends undefined
      ? T
      : OptionsFor<K, Kind>;

type ThirdContext<K, S extends Listed, Kind extends keyof OptionsByKind<unknown>> = S extends AnyFunction
  ? OptionsFor<K, Kind> | object
  : K extends Token
    ? FactoryContext<Arguments<S>, K> | object
    : FactoryContext<Arguments<S>, K> | OptionsFor<K, Kind> | object;

type ThirdOfFour<K, D extends DependencyTuple | DependencyRecord, T> = [K] extends [never]
  ? T
  : unknown extends T
    ? FactoryContext<Arguments<D>, K> | object
    : [T] extends [Class]
      ? [T] extends [AnyFunction]
        ? Factory<Arguments<D>, K>
        : ClassAsFactory
      : Factory<Arguments<D>, K>;

/** `S` when the constructor of `K` takes what it gives, else what it should have been. */
export type Fitting<K, S, Given = S> = S extends readonly unknown[]
  ? K extends new (...args: ResolvedTuple<S>) => unknown
    ? S["length"] extends ConstructorParameters<K>["length"]
      ? Given
      : Explained<S, ConstructorParameters<K>, Given>
    : K extends new (...args: infer A) => unknown
      ? Explained<S, A, Given>
      : MissingArgument<K>
  : never;

type Explained<S extends readonly unknown[], A extends readonly unknown[], Given> = number extends A["length"]
  ? NotAssignable<ResolvedTuple<S>, A>
  : ExplainedEach<S, A, Given>;
type ExplainedEach<S extends readonly unknown[], A extends readonly unknown[], Given> = {
  readonly [I in keyof A]: I extends keyof S
    ? I extends FirstOf<Wrong<S, A>>
      ? S[I] extends Dependency
        ? NotAssignable<Resolved<S[I]>, A[I]>
        : Dependency
      : Given[I & keyof Given]
    : DependencyFor<A[I]>;
};
type Wrong<S extends readonly unknown[], A> = {
  [I in keyof S]: I extends keyof A ? ([Resolved<S[I]>] extends [A[I]] ? never : I) : never;
};
type FirstOf<F> = F extends readonly [infer First, ...infer Rest]
  ? [First] extends [never]
    ? FirstOf<Rest>
    : First
  : never;

/** What the compiler names when the constructor of a class has a parameter that no dependency is listed for. */
export interface DependencyFor<T> {
  readonly "a dependency that gives": T;
}

/** What the compiler names when a class stands in the place of a factory. */
export interface ClassAsFactory {
  readonly "a class is no factory: give the class its own provider, and write alias(token, Class)": never;
}

/** What the compiler names when a token has no factory, or a class no dependencies for its constructor. */
export type MissingArgument<K> = K extends abstract new (...args: infer A) => unknown
  ? K extends new (...args: never[]) => unknown
    ? MissingDependencies<A>
    : MissingFactory<K>
  : MissingFactory<K>;

/** What the compiler names when the constructor of a class has parameters, and no dependencies are listed for them. */
export interface MissingDependencies<Parameters> {
  readonly "a list of dependencies has to follow, for the parameters": Parameters;
  /** With it, options in the place of the list are not blamed for what they are. */
  readonly [option: string]: unknown;
}

/** What the compiler names when there is no factory, and nothing that `new` can be applied to. */
export interface MissingFactory<K> {
  readonly "a factory has to follow": K;
  readonly [option: string]: unknown;
}

/** `singleton`: one instance per scope that registers it. Its dependencies come from that scope. */
export interface DefineSingleton extends Define<"singleton"> {}

/** `scoped`: one instance per scope that resolves it, or per enclosing scope named by `in`. Its dependencies come from there. */
export interface DefineScoped extends Define<"scoped"> {}

/** `transient`: a new instance at every resolve. Never tracked and never disposed. */
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

/** What the compiler names when a dependency gives something else than what is wanted in its place. */
export interface NotAssignable<Given, Wanted> {
  readonly "is not assignable to": Wanted;
  readonly "what it gives"?: Given;
}
