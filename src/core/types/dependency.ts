/**
 * Tokens and dependencies: what can be resolved, what that gives, and what must be provided for it.
 *
 * What is needed and what is provided are unions of `Exactly<…>`: of the instance type for a class, of the token's type
 * for a token. The wrapping is for set difference, which goes by assignability: a base class would otherwise pass for
 * its subclass. Instance types, not `typeof Class`, because the checker walks through every `typeof` in a union each
 * time it hands the union on, and a list of providers would be checked in the square of its length.
 *
 * @module
 */

// `any` stands here only where a type parameter accepts every argument; nothing of type `any` reaches a caller.

declare const instance: unique symbol;
declare const accepted: unique symbol;
declare const value: unique symbol;
declare const needs: unique symbol;
declare const exactly: unique symbol;
declare const above: unique symbol;

/**
 * The key that a service is resolved by, made with `token<T>("name")`. Compared by identity; the name is for people.
 *
 * @typeParam T The type of the instance.
 */
export interface Token<in out T = any> {
  readonly kind: "token";
  readonly name: string;
  /** Only in types: what `get` gives. */
  readonly [instance]: () => T;
  /** Only in types: what may be provided. */
  readonly [accepted]: (instance: T) => void;
}

/** A class, abstract or not: the token for its instances. */
export type Class<T = any> = abstract new (...args: never[]) => T;

/** A class with a private or protected constructor, which types know by its `prototype` alone. */
export interface ClosedClass<out T = any> extends Function {
  readonly prototype: T;
}

/** A token of either sort: a class, or one made with `token()`. */
export type AnyToken<T = any> = Token<T> | Class<T> | ClosedClass<T>;

/** What a plain function stands for: it has the `prototype` of every function, which is of type `any`. */
export interface NotAToken {
  readonly "a function is no token": never;
}

type Instance<T> = 0 extends 1 & T ? NotAToken : T;

/** A token under which a `T` may stand: `Token<Mailer>` for an `SmtpMailer`. */
export interface TokenFor<in T> {
  readonly kind: "token";
  readonly [accepted]: (instance: T) => void;
}

/**
 * A dependency made by a combinator (`optional`, `all`, `defer`, …).
 *
 * @typeParam T What it gives.
 * @typeParam N What must be provided for it, as a union of {@linkcode Exactly}; `never` for nothing.
 */
export interface Dep<out T, out N = never> {
  readonly kind: string;
  /** Only in types. */
  readonly [value]: T;
  /** Only in types. */
  readonly [needs]: N;
}

/** A token, or what a combinator made. */
export type SingleDependency = AnyToken | Dep<unknown, unknown>;

/** Dependencies by name; resolved to an object with the same keys. */
export interface DependencyRecord {
  readonly [name: string]: Dependency;
}

/** Dependencies in order; resolved to an array, or to the arguments of a constructor or factory. */
export type DependencyTuple = readonly Dependency[];

/** What can be resolved: a token, what a combinator made, or a tuple or record of those. */
export type Dependency = SingleDependency | DependencyTuple | DependencyRecord;

/** What a single dependency gives: the instance of a token, the value of a combinator. */
export type Value<D> =
  D extends Token<infer T>
    ? T
    : D extends Class<infer T>
      ? T
      : D extends Dep<infer T, unknown>
        ? T
        : D extends ClosedClass<infer T>
          ? Instance<T>
          : never;

/** What resolving `D` gives: `Resolved<[typeof Db, Token<Config>]>` is `[Db, Config]`. */
export type Resolved<D> =
  D extends Class<infer T>
    ? T
    : D extends Token<infer T>
      ? T
      : D extends Dep<infer T, unknown>
        ? T
        : D extends ClosedClass<infer T>
          ? Instance<T>
          : D extends readonly (infer F)[]
            ? // A tuple whose type does not say what is in it has no end: it may hold itself.
              Dependency extends F
              ? unknown[]
              : ResolvedTuple<D>
            : ResolvedRecord<D>;

/** The arguments a function receives for `D`: a tuple is spread, everything else is one argument. */
export type Arguments<D> = D extends readonly unknown[] ? ResolvedTuple<D> : [Resolved<D>];

/** The values of a tuple of dependencies, in order. */
export type ResolvedTuple<D extends readonly unknown[]> = { -readonly [I in keyof D]: Resolved<D[I]> };
type ResolvedRecord<D> = { -readonly [K in keyof D]: Resolved<D[K]> };

/** How types name a token: a class by its instances, so `Scope<Db | Token<Config>>`. */
export type Identity<K> =
  K extends Class<infer T> ? T : K extends Token ? K : K extends ClosedClass<infer T> ? Instance<T> : K;

/** A token as a member of a set of tokens: equal to itself and to nothing else, neither base class nor subclass. */
export interface Exactly<in out I> {
  readonly [exactly]: I;
}

/** The need of `parent(token)`: the token, provided above the scope that the dependent is registered in. */
export interface FromAbove<in out I> {
  readonly [above]: I;
}

/** What must be provided for `D`: a union of {@linkcode Exactly}, `never` for nothing. */
export type NeedsOf<D> = NeedsOfElement<ElementsOf<D>>;

/** The dependencies that `D` is made of, as a union. */
export type ElementsOf<D> = D extends SingleDependency
  ? D
  : D extends DependencyTuple
    ? D[number]
    : D[keyof D];

/** What must be provided for any of the dependencies in the union `E`. */
export type NeedsOfElement<E> =
  E extends Class<infer T>
    ? Exactly<T>
    : E extends Token
      ? Exactly<E>
      : E extends Dep<unknown, infer N>
        ? N
        : NeedsOfParts<E>;
// A tuple or record whose type does not say what is in it has no end: a record may hold a record.
type NeedsOfParts<E> =
  E extends ClosedClass<infer T>
    ? Exactly<Instance<T>>
    : E extends readonly (infer F)[]
      ? Dependency extends F
        ? never
        : NeedsOfElement<F>
      : string extends keyof E
        ? never
        : NeedsOfElement<E[keyof E]>;
