/**
 * Scopes: where providers and instances live, and what can be resolved from them.
 *
 * `Scope<Has>` remembers which tokens it covers. Plain `Scope` covers everything: it is what a function takes that
 * does not care, and any scope may be passed for it.
 *
 * @module
 */

import type { Gettable, Overriding, Registrable, With } from "./coverage.ts";
import type { Arguments, Dependency, Resolved } from "./dependency.ts";
import type { NamedProviders, ProviderEntry } from "./provider.ts";
import type { AbortSignalLike } from "./signal.ts";
import type { ShutdownOptions, ShutdownReport } from "./shutdown.ts";

/** Where a scope is in its life. While `stopping`, everything still works. While `closing`, what is built can still be got and nothing new begins. */
export type ScopeState = "open" | "stopping" | "closing" | "closed";

/** How long {@linkcode Scope.getAsync} waits. */
export interface WaitOptions {
  /** Ends the waiting, and not the build. */
  readonly signal?: AbortSignalLike | undefined;
}

/** What every scope has covered, so that an empty one may still be passed for a plain {@linkcode Scope}. */
export interface Nothing {
  readonly "nothing is provided here": never;
}

/**
 * What `await using` needs, where the reader's `lib` knows of it (`esnext.disposable`), and nothing elsewhere. A
 * plain `[Symbol.asyncDispose]()` in the interface would not compile under an older `lib`; declaring the symbol
 * globally would cure that, and JSR takes no package that touches global types.
 */
export type ForAwaitUsing = SymbolConstructor extends { readonly asyncDispose: infer S extends symbol }
  ? { [K in S]: () => Promise<void> }
  : {};

/**
 * Where providers and instances live. Scopes form a tree; the root is called the container.
 *
 * @typeParam Has The tokens it covers, as a union: a class by its instances: `Scope<Db | Token<Config>>`.
 */
export interface Scope<in Has = any> extends ForAwaitUsing {
  readonly name: string;
  /** Unique in its tree, and the same from run to run: ids follow the order of creation. */
  readonly id: string;
  /** The scope above. The container has none, and neither has a scope that has closed: it keeps nothing alive. */
  readonly parent?: Scope;
  /** The container this scope belongs to. A scope that has closed is its own root. */
  readonly root: Scope;
  /**
   * The open scopes directly below, in the order in which they were first used. A scope that has nothing to dispose and
   * nothing in flight, and at most values that it borrows, is not among them: a program may forget it without closing it.
   */
  readonly children: Iterable<Scope>;
  readonly state: ScopeState;

  /**
   * Resolves the dependency, and builds it where that is necessary.
   *
   * @throws `NOT_PROVIDED` when nothing provides it, here or above.
   * @throws `ASYNC_PROVIDER` when it cannot be had without waiting. What it began goes on: use `getAsync`.
   * @throws `SCOPE_CLOSED` when the scope is closing and it is not built yet.
   *
   * @example
   * ```ts
   * const db = scope.get(Db);
   * const [users, mailer] = scope.get([Users, Mailer]);
   * const { clock } = scope.get({ clock: optional(Clock) });
   * ```
   */
  get<const D extends Dependency>(dependency: Gettable<D, Has>): Resolved<D>;

  /**
   * Resolves the dependency; builds it, and waits for it, where that is necessary. Rejects with what `get` throws, but never
   * with `ASYNC_PROVIDER`.
   *
   * @param options With a `signal`, it waits no longer than until that aborts, and then rejects with the reason of the
   * signal. What it has begun to build goes on, because others may wait for it.
   *
   * @example
   * ```ts
   * const db = await scope.getAsync(Db, { signal: AbortSignal.timeout(5_000) });
   * ```
   */
  getAsync<const D extends Dependency>(
    dependency: Gettable<D, Has>,
    options?: WaitOptions,
  ): Promise<Resolved<D>>;

  /**
   * Tells whether providers are visible from here for the dependency, and for everything that these providers declare to
   * depend on. Builds nothing. What a factory without a list resolves while it runs cannot be seen.
   *
   * @throws `SCOPE_CLOSED` when the scope has closed.
   */
  has(dependency: Dependency): boolean;

  /**
   * Resolves the dependencies and calls `fn` with them; a tuple is spread, anything else is one argument.
   *
   * @throws what `get` throws, and what `fn` throws.
   */
  run<const D extends Dependency, R>(dependencies: Gettable<D, Has>, fn: (...args: Arguments<D>) => R): R;

  /** Resolves the dependencies, waiting if need be, and calls `fn` with them. Resolves to what `fn` resolves to. */
  runAsync<const D extends Dependency, R>(
    dependencies: Gettable<D, Has>,
    fn: (...args: Arguments<D>) => R,
  ): Promise<Awaited<R>>;

  /**
   * Registers providers here. All of them or, when one fails, none. Returns the same scope, wider in its type.
   *
   * @throws `DUPLICATE` when this scope provides one of the tokens already; `override` replaces.
   * @throws `INVALID_PROVIDER` when one is not a provider.
   * @throws `SCOPE_CLOSED` when the scope is not open.
   */
  provide<const P extends readonly ProviderEntry[]>(...providers: Registrable<P, Has>): Scope<With<P, Has>>;

  /**
   * Replaces, in this scope only, the providers of tokens that are visible from it. What was built on the old ones
   * stays with its dependents, and is still disposed at shutdown.
   *
   * @throws `NOT_PROVIDED` when there is nothing to replace.
   * @throws `SCOPE_CLOSED` when the scope is not open.
   */
  override<const P extends readonly ProviderEntry[]>(...providers: Overriding<P, Has>): Scope<With<P, Has>>;

  /**
   * Opens a scope below this one. If a provider fails to register, no scope is left behind.
   *
   * @throws `SCOPE_CLOSED` when this scope is not open.
   *
   * @example
   * ```ts
   * await using request = app.createScope("request", value(CurrentRequest, incoming));
   * ```
   */
  createScope<const P extends NamedProviders>(...providers: Registrable<P, Has>): Scope<With<P, Has>>;

  /**
   * Closes the scopes below, then disposes what was built here, dependents before what they depend on. Never rejects:
   * failures are in the report. Overlapping calls share one shutdown, which a shorter `timeout` or an aborted
   * `signal` may shorten.
   *
   * `await using` shuts down too, and throws `SHUTDOWN_FAILED` when the report is not ok.
   */
  shutdown(options?: ShutdownOptions): Promise<ShutdownReport>;
}

/** `createContainer`: opens the root of a scope tree, named "root" unless a name comes first. */
export interface CreateContainer {
  <const P extends NamedProviders>(...providers: Registrable<P, Nothing>): Scope<With<P, Nothing>>;
}
