/**
 * Thimble: dependency injection for the web platform.
 *
 * The core's public names, and no logic.
 *
 * @module
 */

export { all, one } from "./core/all.ts";
export { abortSignal, consumer, currentScope } from "./core/current.ts";
export { defer } from "./core/defer.ts";
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
} from "./core/errors.ts";
export { pathOf } from "./core/failures.ts";
export { map } from "./core/map.ts";
export { optional } from "./core/optional.ts";
export { parent } from "./core/parent.ts";
export { alias, scoped, singleton, transient, value } from "./core/provider.ts";
export { ref } from "./core/ref.ts";
export { createContainer } from "./core/scope.ts";
export { token } from "./core/token.ts";
