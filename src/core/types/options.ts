/**
 * Options of providers, one interface per kind.
 *
 * Everything that receives an instance is written as a method: TypeScript then compares the parameters both ways,
 * and a callback that takes the `AbortSignal` of another `lib` fits.
 *
 * @module
 */

import type { Class, Dependency, TokenFor } from "./dependency.ts";
import type { RuntimeAbortSignal } from "./signal.ts";

/** Options that every kind but `alias` understands. `T` is the instance. */
export interface ProviderOptions<T> {
  /**
   * Runs after building and before anyone receives the instance. May be asynchronous, and then makes the provider
   * asynchronous. If it fails, the instance is disposed and the error is the build's. `signal` aborts when the scope of
   * the instance begins to close; a function that declares exactly one parameter receives the instance alone.
   *
   * @default nothing runs
   */
  init?(instance: T, signal: RuntimeAbortSignal): unknown;

  /**
   * Dependencies that are not passed on: they are built before the instance, and disposed after it. For migrations that
   * must have run before a repository is used, or a tracer that outlives all others. Whether they are provided is found
   * out when the service is resolved, and not by the compiler.
   *
   * @default []
   */
  readonly after?: readonly Dependency[];

  /**
   * Further tokens this provider answers to when resolved through `all` and `one`: the interfaces it implements.
   * `get` of such a token does not find it; use `alias` for that. The compiler checks tokens, and takes any class.
   *
   * @default []
   */
  readonly as?: readonly (TokenFor<T> | Class)[];

  /**
   * Makes this the one that `one()` picks among several.
   *
   * @default false
   */
  readonly default?: boolean;

  /**
   * The instance holds something that belongs to one request on some runtimes: a socket, the body of a response, the stub
   * of a Durable Object. With `thimble/cloudflare` a singleton that says so lives as long as the event that resolves it,
   * and a singleton that depends on it, and does not say so itself, is refused with `CAPTIVE_DEPENDENCY`. Everywhere else
   * it changes nothing.
   *
   * @default false
   */
  readonly io?: boolean;

  /**
   * The layer of the program that it belongs to, for the policy of `thimble/layers`.
   *
   * @default none: it may depend on everything, and everything on it
   */
  readonly layer?: string;

  /**
   * Tie-break among the services that `all` finds in one scope: lower first, then order of registration.
   *
   * @default 0
   */
  readonly order?: number;

  /**
   * Words to select by: `all(token, { tag })`.
   *
   * @default []
   */
  readonly tags?: readonly string[];
}

/** When an instance is built, and how its work begins: read by `thimble/lifecycle`. */
export interface StartOptions<T> {
  /**
   * Built by `warm(scope)` and `app.start()`, and not when it is first resolved.
   *
   * @default false, unless there is a `start`
   */
  readonly eager?: boolean;

  /**
   * Begins the work of the instance when an app starts, after everything it depends on has started: a server listens.
   * May be asynchronous. `signal` aborts when the app stops meanwhile. An instance whose `start` has not succeeded is not
   * stopped. Without an app, nothing calls it.
   *
   * @default nothing is started
   */
  start?(instance: T, signal: RuntimeAbortSignal): unknown;
}

/** How an instance is disposed. */
export interface DisposeOption<T> {
  /**
   * `(instance, signal, reason) => …` disposes the instance, once everything that depends on it has been disposed. It
   * may be asynchronous. `false`: the container never disposes the instance.
   *
   * `signal` aborts when the deadline of the shutdown has passed. `reason` is the one given to `shutdown`, and
   * `undefined` without one: a transaction rolls back when it is an error. A function that declares exactly one
   * parameter (`dispose.length === 1`) is called with the instance alone: no signal is made for `(db) => db.close()`,
   * nor for a function that has only parameters with default values or rest parameters after the first.
   *
   * @default the instance's `[Symbol.asyncDispose]()`, else its `[Symbol.dispose]()`
   */
  dispose?: false | Dispose<T>["dispose"];
}

interface Dispose<T> {
  dispose(instance: T, signal: RuntimeAbortSignal, reason: unknown): unknown;
}

/** How the work of an instance ends. */
export interface StopOption<T> {
  /**
   * Ends the work of the instance while everything still works: a server accepts no more connections and waits for the
   * requests that it is answering. It is the first phase of shutdown. Dependents are stopped before what they depend
   * on, and nothing is closed or disposed until all have stopped. `signal` aborts when the deadline of the shutdown has
   * passed; a function that declares exactly one parameter receives the instance alone. `reason` is the one given to
   * `shutdown`.
   *
   * @default nothing is stopped
   */
  stop?(instance: T, signal: RuntimeAbortSignal, reason: unknown): unknown;
}

/** How the health of an instance is checked. */
export interface HealthOption<T> {
  /**
   * Checks the instance, when `checkHealth` of `thimble/health` is called. The instance is unhealthy when this returns
   * or resolves to `false`, throws or rejects, and healthy otherwise. `signal` aborts when nobody waits for the answer any
   * longer; a function that declares exactly one parameter receives the instance alone.
   *
   * @default the method `healthCheck(signal)` of the class, where the provider is for a class and has no factory
   */
  health?(instance: T, signal: RuntimeAbortSignal): unknown;
}

/** Options of `singleton`. */
export interface SingletonOptions<T>
  extends ProviderOptions<T>, StartOptions<T>, DisposeOption<T>, StopOption<T>, HealthOption<T> {}

/** Options of `value`. */
export interface ValueOptions<T>
  extends ProviderOptions<T>, StartOptions<T>, DisposeOption<T>, StopOption<T>, HealthOption<T> {
  /**
   * The container owns the value and disposes it at shutdown, whether or not it was ever resolved. Giving `dispose`
   * means the same. Without either the value is borrowed, and never disposed by the container.
   *
   * @default false
   */
  readonly owned?: boolean;
}

/** Options of `scoped`. */
export interface ScopedOptions<T>
  extends ProviderOptions<T>, StartOptions<T>, DisposeOption<T>, StopOption<T>, HealthOption<T> {
  /**
   * The instance lives in the nearest enclosing scope of this name, and is shared by all scopes below it. To resolve
   * it where no such scope encloses throws `SCOPE_NOT_FOUND`.
   *
   * @default the scope that resolves it
   */
  readonly in?: string;
}

/** Options of `transient`. There is no `dispose`: transients are never tracked; what resolves one owns it. */
export interface TransientOptions<T> extends ProviderOptions<T> {}
