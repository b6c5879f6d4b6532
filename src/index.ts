/**
 * Thimble: tokens, providers, scopes, and an orderly asynchronous shutdown.
 *
 * ```ts
 * import { createContainer, scoped, singleton } from "thimble";
 *
 * class Db {}
 * class Users {
 *   constructor(db: Db) {}
 * }
 *
 * const app = createContainer(singleton(Db), scoped(Users, [Db]));
 * const request = app.createScope("request");
 * request.get(Users); //      one per request, on the one Db
 * await request.shutdown(); // disposes what belongs to the request
 * ```
 *
 * @module
 */

// Only re-exports: there is no logic in this file.
export { all, one } from "./core/combinators/all.ts";
export { arg, assisted } from "./core/combinators/assisted.ts";
export { cleanup } from "./core/combinators/cleanup.ts";
export { abortSignal, consumer, currentScope, stopSignal } from "./core/combinators/current.ts";
export { decorate } from "./core/combinators/decorate.ts";
export { defer } from "./core/combinators/defer.ts";
export {
  AmbiguousError,
  AsyncProviderError,
  CaptiveDependencyError,
  CircularDependencyError,
  ContainerError,
  type ContainerErrorCode,
  DepthExceededError,
  DuplicateError,
  InvalidProviderError,
  isContainerError,
  NotProvidedError,
  ScopeClosedError,
  ScopeNotFoundError,
  ShutdownError,
} from "./core/words/errors.ts";
export { pathOf } from "./core/model/messages.ts";
export { fallback } from "./core/combinators/fallback.ts";
export { make } from "./core/combinators/make.ts";
export { map } from "./core/combinators/map.ts";
export { optional } from "./core/combinators/optional.ts";
export { parent } from "./core/combinators/parent.ts";
export { alias, scoped, singleton, transient, value } from "./core/registry/provider.ts";
export { ref } from "./core/combinators/ref.ts";
export { createContainer } from "./core/scope/scope.ts";
export { token } from "./core/words/token.ts";

export type {
  AddCleanup,
  AllOptions,
  Arg,
  Decorated,
  Deferred,
  InstanceOf,
} from "./core/types/combinator.ts";
export type {
  CaptiveDependency,
  Later,
  MissingProvider,
  NeededBy,
  NeededHere,
  NothingToOverride,
  Scoped,
  UnknownProvider,
} from "./core/types/coverage.ts";
export type {
  AnyToken,
  Class,
  ClosedClass,
  Dep,
  Dependency,
  DependencyRecord,
  DependencyTuple,
  Exactly,
  FromAbove,
  NeedsOf,
  NotAToken,
  Resolved,
  Token,
  TokenFor,
  Value,
} from "./core/types/dependency.ts";
export type {
  ProviderOptions,
  ScopedOptions,
  SingletonOptions,
  TransientOptions,
  ValueOptions,
} from "./core/types/options.ts";
export type { Path, PathStep } from "./core/types/path.ts";
export type {
  ClassAsFactory,
  DependencyFor,
  Made,
  MissingDependencies,
  MissingFactory,
  NotAssignable,
  Provider,
  ProviderEntry,
  ProviderGroup,
  ProviderKind,
  Resolver,
} from "./core/types/provider.ts";
export type { CreateContainer, Nothing, Scope, ScopeState, WaitOptions } from "./core/types/scope.ts";
export type { ShutdownOptions, ShutdownReport, ShutdownRow } from "./core/types/shutdown.ts";
export type { AbortSignalLike, RuntimeAbortSignal } from "./core/types/signal.ts";
