/**
 * Coverage: which tokens a list of providers covers, which it leaves open, and what the compiler says about them.
 *
 * Two things to know before changing anything here, because the checker's work must grow linearly. Membership that
 * holds is found by identity and costs nothing, membership that does not hold is searched for by comparing types one
 * by one: so every question here is one whose usual answer is yes ("is all of it there?"), and what exactly is missing is
 * only looked for once something is known to be. And a conditional type over a union runs once per member: what most
 * lists do not need (scoped providers, services that wait for a later scope) hides behind a check of the whole.
 *
 * @module
 */

import type {
  Dependency,
  Exactly,
  FromAbove,
  NeedsOf,
  NeedsOfElement,
  SingleDependency,
} from "./dependency.ts";
import type { IdentitiesOf, NeedsOfProviders, Provider, ProvidedBy } from "./provider.ts";

declare const later: unique symbol;
declare const scoped: unique symbol;

// ---- What the compiler names in its errors

/** What is missing is needed by the provider for `I`. */
export interface NeededBy<I> {
  readonly token: I;
}

/** What is missing is resolved from the scope itself. */
export interface NeededHere {
  readonly token: never;
}

/** Something that is needed is provided nowhere. */
export interface MissingProvider<I, By> {
  readonly "no provider for": I;
  readonly "needed by"?: By;
}

/** A singleton declares a dependency that lives shorter than itself. */
export interface CaptiveDependency<I, By> {
  readonly "a singleton would capture the scoped": I;
  readonly "needed by"?: By;
}

/** An override has nothing to replace. */
export interface NothingToOverride<I> {
  readonly "nothing to override for": I;
}

/** The type of a list or provider was written by hand and says nothing, so that the checker cannot look into it. */
export interface UnknownProvider {
  readonly "its type must say what it provides and needs: leave out an annotation such as Provider[]": never;
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
/** Built from the scope that resolves it: what it needs may come later. */
type Roaming<U> = U extends { readonly kind: "scoped" | "transient" | "alias" } ? U : never;
type PerScope<U> = U extends { readonly kind: "scoped" } ? U : never;
type NotPerScope<U> = U extends { readonly kind: "scoped" } ? never : U;

/** Whether the providers `U` need nothing but what they and `Has` give: almost always so. */
type Complete<U extends Provider, Has> = [NeedsOfProviders<U>] extends [ProvidedBy<U> | Ready<Has>]
  ? true
  : false;

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

/** Needs of `parent()`. They must be met where the list is registered, whatever depends on them, and so never wait. */
type NeededFromAbove<U extends Provider> = Extract<NeedsOfProviders<U>, FromAbove<any>>;

// ---- Verdicts: the arguments as they are when all is well, else with what is wrong in the place of what is at fault

/** `P` when its providers may be registered in a scope that has `Has`, or in a child of it. */
export type Registrable<P extends readonly unknown[], Has> =
  Sound<ProvidersOf<P>, Has> extends true
    ? P
    : Refused<P, Has, ProvidersOf<P>, Reachable<ProvidersOf<P>, Has>>;

/** The same, and each provider of `P` replaces one that `Has` knows. */
export type Overriding<P extends readonly unknown[], Has> =
  IsAny<Has> extends true
    ? P
    : [ProvidedBy<ProvidersOf<P>>] extends [Known<Has>]
      ? Registrable<P, Has>
      : { [I in keyof P]: Stale<P[I], Known<Has>> };

/** `D` when a scope that has `Has` can give it. */
export type Gettable<D, Has> =
  IsAny<Has> extends true ? D : [NeedsOf<D>] extends [Ready<Has>] ? D : NotGettable<D, Has, Ready<Has>>;

/** Whether nothing is wrong with the providers `U`. */
type Sound<U extends Provider, Has> =
  IsAny<Has> extends true
    ? true
    : IsAny<IdentitiesOf<U>> extends true
      ? false
      : Complete<U, Has> extends true
        ? Capturing<U, Has> extends true
          ? false
          : true
        : [
              Exclude<NeedsOfProviders<Fixed<U>>, Reachable<U, Has>>,
              NotAbove<NeededFromAbove<U>, Has>,
            ] extends [never, never]
          ? Capturing<U, Has> extends true
            ? false
            : true
          : false;

/** Whether one of the singletons in `U` directly needs something scoped. */
type Capturing<U extends Provider, Has> = [Extract<U["kind"], "scoped">, KnownScoped<Has>] extends [
  never,
  never,
]
  ? false
  : [NeedsOfProviders<Fixed<U>>] extends [ProvidedBy<NotPerScope<U>> | ReadyToKeep<Has>]
    ? false
    : [Extract<NeedsOfProviders<Fixed<U>>, ScopedIn<U, Has>>] extends [never]
      ? false
      : true;
type ScopedIn<U extends Provider, Has> = ProvidedBy<PerScope<U>> | KnownScoped<Has>;

/** The arguments, with what is wrong in the place of each provider or group that something is wrong with. */
type Refused<P, Has, U extends Provider, R> = { [I in keyof P]: Fault<P[I], Has, U, R> };
type Fault<E, Has, U extends Provider, R> = E extends readonly unknown[]
  ? number extends E["length"]
    ? OrSound<FaultOf<ProvidersOf<E>, Has, U, R>, E>
    : Refused<E, Has, U, R>
  : OrSound<FaultOf<E, Has, U, R>, E>;
type OrSound<F, E> = [F] extends [never] ? E : F;
type FaultOf<E, Has, U extends Provider, R> =
  E extends Provider<infer I, infer D, infer Kind>
    ? IsAny<I> extends true
      ? UnknownProvider
      : FirstOf<
          [
            Kind extends "value" | "singleton"
              ? Captured<Extract<NeedsOfElement<D>, ScopedIn<U, Has>>, I>
              : never,
            Lacking<NotAbove<Extract<NeedsOfElement<D>, FromAbove<any>>, Has>, NeededBy<I>>,
            Kind extends "value" | "singleton"
              ? Missing<
                  Exclude<NeedsOfElement<D>, R>,
                  NeededBy<I>,
                  Waiting<Entries<Roaming<U>, R> | Has>,
                  Has
                >
              : never,
          ]
        >
    : never;
type FirstOf<F> = F extends readonly [infer First, ...infer Rest]
  ? [First] extends [never]
    ? FirstOf<Rest>
    : First
  : never;

type Captured<N, I> = [N] extends [never] ? never : CaptiveDependency<Inside<N>, NeededBy<I>>;
type Lacking<I, By> = [I] extends [never] ? never : MissingProvider<I, By>;
type Inside<N> = N extends Exactly<infer I> ? I : never;
type NotAbove<N, Has> = N extends FromAbove<infer I> ? (Exactly<I> extends Known<Has> ? never : I) : never;

type Stale<E, K> = E extends readonly unknown[]
  ? number extends E["length"]
    ? OrSound<StaleOf<ProvidersOf<E>, K>, E>
    : { [I in keyof E]: Stale<E[I], K> }
  : OrSound<StaleOf<E, K>, E>;
type StaleOf<E, K> =
  E extends Provider<infer I> ? (Exactly<I> extends K ? never : NothingToOverride<I>) : never;

/** `D`, with what is missing in the place of each part that cannot be given. */
type NotGettable<D, Has, R> = Dependency extends D
  ? D
  : [NeedsOf<D>] extends [R]
    ? D
    : D extends SingleDependency
      ? OrSound<Missing<Exclude<NeedsOf<D>, R>, NeededHere, Waiting<Has>, Has>, D>
      : { [I in keyof D]: NotGettable<D[I], Has, R> };

/**
 * What is really missing where `N` is, and what needs it: a provider that is there but waits is followed to what it
 * waits for.
 */
type Missing<N, By, W, Has, Steps = [1, 2, 3, 4, 5, 6]> =
  N extends Exactly<infer I>
    ? [Extract<W, Later<I, any>>, Steps] extends [infer L, readonly [unknown, ...infer Fewer]]
      ? [L] extends [never]
        ? MissingProvider<I, By>
        : Missing<Exclude<AwaitedBy<L>, N>, NeededBy<I>, W, Has, Fewer>
      : MissingProvider<I, By>
    : Lacking<NotAbove<N, Has>, By>;
type AwaitedBy<W> = W extends Later<any, infer N> ? N : never;
