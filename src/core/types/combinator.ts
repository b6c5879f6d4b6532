/**
 * Call signatures of the combinators: what each gives, and what must be provided for it.
 *
 * `optional`, `all` and `defer` need nothing. `one` needs nothing either: the service that answers may stand under
 * another token and only list this one in its `as`, which types do not follow.
 *
 * @module
 */

import type { UnknownProvider } from "./coverage.ts";
import type {
  AnyToken,
  Class,
  Dep,
  Dependency,
  DependencyTuple,
  Exactly,
  FromAbove,
  Identity,
  NeedsOf,
  NeedsOfElement,
  Resolved,
  ResolvedTuple,
  Token,
  Value,
} from "./dependency.ts";
import type { ClassAsFactory, Fitting, Provider } from "./provider.ts";

declare const given: unique symbol;

/** Options of `all`. */
export interface AllOptions {
  /**
   * Only providers that carry this tag.
   *
   * @default all of them
   */
  readonly tag?: string;
}

/** What `defer` gives: the dependency, resolved when it is used. */
export interface Deferred<T> {
  /** Resolves it. Throws what `scope.get` throws. */
  get(): T;
  /** Resolves it, and waits where that is necessary. */
  getAsync(): Promise<T>;
}

/** `optional`: what is provided, else the fallback. A provider that fails to build still fails. */
export interface Optional {
  <const D extends Dependency>(dependency: D): Dep<Resolved<D> | undefined>;
  <const D extends Dependency>(dependency: D, fallback: Resolved<D>): Dep<Resolved<D>>;
  <const D extends Dependency, F>(dependency: D, fallback: F): Dep<Resolved<D> | F>;
}

/** `all`: every service that answers to the token, nearest scope first. */
export interface All {
  <K extends AnyToken>(token: K, options?: AllOptions): Dep<Value<K>[]>;
}

/** `one`: the single service that answers to the token. */
export interface One {
  <K extends AnyToken>(token: K, options?: AllOptions): Dep<Value<K>>;
}

/** `defer`: any dependency, resolved later, so that it may close a cycle. */
export interface Defer {
  <const D extends Dependency>(dependency: D): Dep<Deferred<Resolved<D>>>;
}

/** `ref`: the token looked up when first needed, for files that import each other in a circle. */
export interface Ref {
  <K extends AnyToken>(token: () => K): Dep<Value<K>, Exactly<Identity<K>>>;
}

/** `parent`: the service from the scope above the one that registers the dependent. */
export interface Parent {
  <K extends AnyToken>(token: K): Dep<Value<K>, FromAbove<Identity<K>>>;
}

/** What `cleanup` gives: takes what is to be called when the factory fails, or when its instance is disposed. */
export type AddCleanup = (close: () => unknown) => void;

/** `decorate`: a provider whose instance is passed through `fn`. */
export interface Decorate {
  <P extends Provider, const D extends DependencyTuple>(
    provider: P,
    dependencies: D,
    fn: (instance: InstanceOf<P>, ...dependencies: ResolvedTuple<D>) => Decorating<InstanceOf<P>>,
  ): Decorated<P, D>;
}
type Decorating<T> = T | PromiseLike<T>;

/** What a provider builds. */
export type InstanceOf<P> = P extends Provider<infer I> ? (I extends Token<infer T> ? T : I) : never;

/** The provider that `decorate` makes of `P`: it also needs what the decorator depends on. */
export type Decorated<P, D extends DependencyTuple> =
  P extends Provider<infer I, infer Needed, infer Kind>
    ? Provider<I, Kind extends "alias" ? Needed : Needed | D[number], Kind>
    : never;

/** `map`: what `fn` makes of the dependency, anew at every resolve. */
export interface Mapped {
  <const D extends Dependency, R>(dependency: D, fn: (value: Resolved<D>) => R): Dep<R, NeedsOf<D>>;
}

/** `make`: an instance from a provider that is not registered. Needs what the provider needs. */
export interface Make {
  <const P>(provider: ProviderOnly<P>): Dep<InstanceOf<P>, NeedsOfMade<P>>;
}

// Without a constraint on `P`, what is no provider is one error and not a second one where it is resolved.
type ProviderOnly<P> = P extends Provider ? P : Provider;
// What the type of a provider does not say cannot be checked, so no scope may give it whose type says what it has.
type NeedsOfMade<P> =
  P extends Provider<infer I, infer D>
    ? 0 extends 1 & I
      ? Exactly<UnknownProvider>
      : NeedsOfElement<D>
    : never;

/** `fallback`: the same provider, except that it gives way to every other one of its token. */
export interface Fallback {
  <const P extends Provider>(provider: P): P;
}

/** The place of a value among the dependencies of `assisted`, made by `arg`. It is no dependency anywhere else. */
export interface Arg<out T = unknown> {
  /** Only in types. */
  readonly [given]: T;
}

/** `arg`: the place of a value that the caller gives. */
export interface MakeArg {
  <T>(): Arg<T>;
}

/** `assisted`: a function that takes the `arg`s in order and resolves the other dependencies when it is called. */
export interface Assisted {
  <K extends AnyToken, const D extends readonly (Dependency | Arg)[]>(
    token: K,
    dependencies: Fitting<K, WithoutArgs<D>, D>,
  ): AssistedFunction<K, D>;
  <K extends AnyToken, const D extends readonly (Dependency | Arg)[], F>(
    token: K,
    dependencies: D,
    factory: AssistedFactory<K, ResolvedTuple<WithoutArgs<D>>, F>,
  ): AssistedFunction<K, D>;
}

// Like the last argument of `singleton`, except that the instance is not promised.
type AssistedFactory<K, A extends unknown[], F> = [K] extends [never]
  ? F
  : unknown extends F
    ? (...args: [...A, ...never[]]) => Value<K>
    : [F] extends [Class]
      ? [F] extends [(...args: never[]) => unknown]
        ? (...args: A) => Value<K>
        : ClassAsFactory
      : (...args: A) => Value<K>;

/** Needs everything in the list but the `arg`s. */
type AssistedFunction<K, D extends readonly unknown[]> = Dep<
  (...args: ArgsOf<D>) => Value<K>,
  NeedsOfElement<Exclude<D[number], Arg>>
>;

/** The list with dependencies of the same types in the places of the `arg`s. */
type WithoutArgs<D extends readonly unknown[]> = {
  [I in keyof D]: D[I] extends Arg<infer T> ? Dep<T> : D[I];
};

/** The types of the `arg`s, in order. */
type ArgsOf<D extends readonly unknown[]> = D extends readonly [infer First, ...infer Rest]
  ? First extends Arg<infer T>
    ? [T, ...ArgsOf<Rest>]
    : ArgsOf<Rest>
  : [];
