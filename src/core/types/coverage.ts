/**
 * Coverage: which tokens a list of providers covers, which it leaves open, and what the compiler says about them.
 *
 * Two things to know before changing anything here, because the checker's work must grow linearly. Membership that
 * holds is found by identity and costs nothing, membership that does not hold is searched for by comparing types one
 * by one: so questions are asked whose usual answer is yes ("is all of it there?"), and what exactly is missing is
 * only looked for once something is known to be. And a conditional type over a union runs once per member: what most
 * lists do not need (scoped providers, services that wait for a later scope) hides behind a check of the whole.
 *
 * @module
 */

import type { Exactly, FromAbove, NeedsOf, NeedsOfElement } from "./dependency.ts";
import type { IdentitiesOf, NeededBy, Provider, ProvidedBy } from "./provider.ts";

declare const later: unique symbol;
declare const scoped: unique symbol;

// ---- What the compiler names in its errors

/** Something that is needed is provided nowhere. */
export interface MissingProvider<I> {
  readonly "no provider for": I;
}

/** A singleton declares a dependency that lives shorter than itself. */
export interface CaptiveDependency<I> {
  readonly "a singleton would capture the scoped": I;
}

/** An override has nothing to replace. */
export interface NothingToOverride<I> {
  readonly "nothing to override for": I;
}

// ---- What a scope has: `Scope<Has>` is a union of identities, and of these two

/** `I` is provided, and can be got once everything in `N` is there too. */
export interface Later<in out I, out N> {
  readonly [later]: Exactly<I>;
  readonly needs: N;
}

/** `I` is provided per scope, so that no singleton may hold it. Stands beside a bare `I` once it can be got. */
export interface Scoped<in out I, out N = never> extends Later<I, N> {
  readonly [scoped]: true;
}

/** What can be got now. */
type Ready<Has> =
  Has extends Later<infer I, infer N> ? ([N] extends [never] ? Exactly<I> : never) : Exactly<Has>;
/** What can be got now and lives as long as the scope that registered it. */
type ReadyToKeep<Has> = Exclude<Ready<Has>, KnownScoped<Has>>;
/** What is there, whether or not it can be got now. */
type Known<Has> = Has extends Later<infer I, any> ? Exactly<I> : Exactly<Has>;
/** What is there and waits for something. */
type Waiting<Has> = Has extends Later<any, infer N> ? ([N] extends [never] ? never : Has) : never;
type KnownScoped<Has> = Has extends Scoped<infer I, any> ? Exactly<I> : never;

// ---- What is in a list

/** The providers among the arguments of `createContainer` and its like, as a union. */
export type ProvidersOf<P extends readonly unknown[]> = Flat4<P[number]>;

// Counted, because a group whose type says no more than `ProviderGroup` has no end. What lies deeper might be anything,
// and is taken for that. What is neither provider nor group is a name.
type Flat4<E> = E extends Provider ? E : E extends readonly (infer F)[] ? Flat3<F> : never;
type Flat3<E> = E extends Provider ? E : E extends readonly (infer F)[] ? Flat2<F> : never;
type Flat2<E> = E extends Provider ? E : E extends readonly (infer F)[] ? Flat1<F> : never;
type Flat1<E> = E extends Provider ? E : E extends readonly (infer F)[] ? Flat0<F> : never;
type Flat0<E> = E extends Provider ? E : E extends readonly unknown[] ? Provider : never;

/** Built from the scope that registered it: what it needs must be there. */
type Fixed<U> = U extends { readonly kind: "value" | "singleton" } ? U : never;
/** Built from the scope that asks: what it needs may come later. */
type Roaming<U> = U extends { readonly kind: "scoped" | "transient" | "alias" } ? U : never;
type PerScope<U> = U extends { readonly kind: "scoped" } ? U : never;
type NotPerScope<U> = U extends { readonly kind: "scoped" } ? never : U;

/** Whether the providers `U` need nothing but what they and `Has` give: almost always so. */
type Complete<U extends Provider, Has> = [NeededBy<U>] extends [ProvidedBy<U> | Ready<Has>] ? true : false;

type IsAny<T> = 0 extends 1 & T ? true : false;

// ---- What there is once a list is registered

/** What is had once the providers of `P` are registered in a scope that has `Has`, or in a child of it. */
export type With<P extends readonly unknown[], Has> = HasWith<ProvidersOf<P>, Has>;
type HasWith<U extends Provider, Has> =
  IsAny<Has | IdentitiesOf<U>> extends true
    ? any
    : [Complete<U, Has>, Waiting<Has>] extends [true, never]
      ? Has | ReadyEntries<U>
      : Settled<Has, Reachable<U, Has>> | Entries<U, Reachable<U, Has>>;

type ReadyEntries<U extends Provider> =
  IdentitiesOf<U> | ("scoped" extends U["kind"] ? AsScoped<IdentitiesOf<PerScope<U>>> : never);
type AsScoped<I> = I extends unknown ? Scoped<I> : never;

type Entries<U, R> =
  U extends Provider<infer I, infer D, infer Kind>
    ? Kind extends "scoped"
      ? ScopedEntry<I, Exclude<NeedsOfElement<D>, R>>
      : Kind extends "value" | "singleton"
        ? I
        : ReadyOrLater<I, Exclude<NeedsOfElement<D>, R>>
    : never;
type Settled<Has, R> =
  Has extends Scoped<infer I, infer N>
    ? ScopedEntry<I, Exclude<N, R>>
    : Has extends Later<infer I, infer N>
      ? ReadyOrLater<I, Exclude<N, R>>
      : Has;
type ScopedEntry<I, N> = Scoped<I, N> | ([N] extends [never] ? I : never);
type ReadyOrLater<I, N> = [N] extends [never] ? I : Later<I, N>;

/**
 * All that can be got once `U` is registered: begin with everything provided, take away what needs something that is
 * not in the set, repeat until nothing changes. Six rounds: a service further than six steps from what is missing
 * counts as covered, and is left to the run time.
 */
type Reachable<U extends Provider, Has> = Narrowed<
  Roaming<U>,
  Waiting<Has>,
  ProvidedBy<Fixed<U>> | Ready<Has> | NeededFromAbove<U>,
  ProvidedBy<U> | Known<Has> | NeededFromAbove<U>,
  [1, 2, 3, 4, 5, 6]
>;
type Narrowed<U, W, Always, R, Rounds> = Rounds extends readonly [unknown, ...infer Fewer]
  ? [R] extends [Always | Covered<U, R> | Released<W, R>]
    ? R
    : Narrowed<U, W, Always, Always | Covered<U, R> | Released<W, R>, Fewer>
  : R;
type Covered<U, R> =
  U extends Provider<infer I, infer D> ? ([NeedsOfElement<D>] extends [R] ? Exactly<I> : never) : never;
type Released<W, R> = W extends Later<infer I, infer N> ? ([N] extends [R] ? Exactly<I> : never) : never;

/** Needs of `parent()`. They must be met where the list is registered, whatever asks for them, and so never wait. */
type NeededFromAbove<U extends Provider> = Extract<NeededBy<U>, FromAbove<any>>;

// ---- Verdicts: `unknown` when all is well (`P & unknown` is `P`), else a type that the arguments do not fit

/** Whether the providers of `P` may be registered in a scope that has `Has`, or in a child of it. */
export type Registrable<P extends readonly unknown[], Has> = Verdict<P, Fault<ProvidersOf<P>, Has>>;

/** Whether each provider of `P` replaces one that `Has` knows. */
export type Overriding<P extends readonly unknown[], Has> =
  IsAny<Has> extends true ? unknown : Verdict<P, Stale<Exclude<ProvidedBy<ProvidersOf<P>>, Known<Has>>>>;

/** Whether a scope that has `Has` can give `D`. */
export type Gettable<D, Has> =
  IsAny<Has> extends true
    ? unknown
    : [NeedsOf<D>] extends [Ready<Has>]
      ? unknown
      : Refused<Missing<Exclude<NeedsOf<D>, Ready<Has>>, Waiting<Has>, Has>>;
type Refused<I> = [I] extends [never] ? unknown : MissingProvider<I>;

// A name that comes first is left alone, or the error would be about a string.
type Verdict<P, F> = [F] extends [never]
  ? unknown
  : P extends readonly [string, ...unknown[]]
    ? [string, ...F[]]
    : F[];

type Fault<U extends Provider, Has> =
  IsAny<Has | NeededBy<U>> extends true
    ? never
    : Complete<U, Has> extends true
      ? Captives<U, Has>
      : FaultIn<U, Has, Reachable<U, Has>>;
type FaultIn<U extends Provider, Has, R> = [
  Exclude<NeededBy<Fixed<U>>, R>,
  NotAbove<NeededFromAbove<U>, Has>,
] extends [never, never]
  ? Captives<U, Has>
  : MissingProvider<
      | NotAbove<NeededFromAbove<U>, Has>
      | Missing<Exclude<NeededBy<Fixed<U>>, R>, Waiting<Entries<Roaming<U>, R> | Has>, Has>
    >;

/** The scoped tokens among the direct needs of singletons. */
type Captives<U extends Provider, Has> = [Extract<U["kind"], "scoped">, KnownScoped<Has>] extends [
  never,
  never,
]
  ? never
  : [NeededBy<Fixed<U>>] extends [ProvidedBy<NotPerScope<U>> | ReadyToKeep<Has>]
    ? never
    : Captured<Extract<NeededBy<Fixed<U>>, ProvidedBy<PerScope<U>> | KnownScoped<Has>>>;
type Captured<N> = [N] extends [never] ? never : CaptiveDependency<Inside<N>>;
type Stale<N> = [N] extends [never] ? never : NothingToOverride<Inside<N>>;
type Inside<N> = N extends Exactly<infer I> ? I : never;

type NotAbove<N, Has> = N extends FromAbove<infer I> ? (Exactly<I> extends Known<Has> ? never : I) : never;

/** What is really missing where `N` is: something that is there but waits is followed to what it waits for. */
type Missing<N, W, Has, Steps = [1, 2, 3, 4, 5, 6]> =
  N extends Exactly<infer I>
    ? [Extract<W, Later<I, any>>, Steps] extends [infer L, readonly [unknown, ...infer Fewer]]
      ? [L] extends [never]
        ? I
        : Missing<Exclude<AwaitedBy<L>, N>, W, Has, Fewer>
      : I
    : NotAbove<N, Has>;
type AwaitedBy<W> = W extends Later<any, infer N> ? N : never;
