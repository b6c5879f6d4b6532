/**
 * `thimble/observe`: an observer's methods are called as things happen in a scope and everything below it.
 *
 * ```ts
 * import { createContainer, singleton } from "thimble";
 * import { observe } from "thimble/observe";
 *
 * class Db {}
 *
 * const app = createContainer(singleton(Db));
 * const stopObserving = observe(app, {
 *   built: ({ token, scope }) => console.log(`built ${token.name} in ${scope.name}`),
 *   scopeOpened: ({ scope }) => console.log(`opened ${scope.name}`),
 * });
 *
 * app.createScope("request").get(Db); // opened request, built Db in root
 * stopObserving();
 * ```
 *
 * @module
 */

import { closed } from "../core/failures.ts";
import { watch } from "../core/observer.ts";
import type { LocalScope } from "../core/tree.ts";
import type { AnyToken } from "../core/types/dependency.ts";
import type { Path } from "../core/types/path.ts";
import type { Scope } from "../core/types/scope.ts";
import type { ShutdownReport } from "../core/types/shutdown.ts";

/** An event about a scope. */
export interface ScopeEvent {
  readonly scope: Scope;
}

/** A scope and everything below it has closed. */
export interface ScopeClosedEvent extends ScopeEvent {
  /** How long closing took, in milliseconds. */
  readonly elapsed: number;
  readonly report: ShutdownReport;
}

/** An event about a service. */
export interface ServiceEvent extends ScopeEvent {
  readonly token: AnyToken;
}

/** A service is about to be built. */
export interface BuildingEvent extends ServiceEvent {
  /** The tokens from the one that a caller resolved to the one that is being built. */
  readonly path: Path;
}

/** A service was built. */
export interface BuiltEvent extends BuildingEvent {
  /** How long the build took, in milliseconds, with the time that it waited for its dependencies. */
  readonly elapsed: number;
}

/** A build threw an error or rejected. */
export interface BuildFailedEvent extends BuiltEvent {
  /** The error itself, unchanged. */
  readonly error: unknown;
}

/** A caller from outside, or a service that depends on it, received an instance. */
export interface GotEvent extends ServiceEvent {
  /** Whether the instance existed before it was resolved. */
  readonly cached: boolean;
}

/** A service was disposed, or its disposal failed. */
export interface DisposedEvent extends ServiceEvent {
  /** How long disposing took, in milliseconds. */
  readonly elapsed: number;
  /** What the disposal threw or rejected with. The property is absent when the disposal succeeded. */
  readonly error?: unknown;
}

/** The methods of an observer. All are optional, and each receives one event. */
export interface Observer {
  registered?(event: ServiceEvent): void;
  overridden?(event: ServiceEvent): void;
  building?(event: BuildingEvent): void;
  built?(event: BuiltEvent): void;
  buildFailed?(event: BuildFailedEvent): void;
  got?(event: GotEvent): void;
  disposing?(event: ServiceEvent): void;
  disposed?(event: DisposedEvent): void;
  scopeOpened?(event: ScopeEvent): void;
  scopeClosed?(event: ScopeClosedEvent): void;
}

/**
 * Calls the observer's methods as things happen in `scope` and in every scope below it. Several observers are called
 * synchronously, in the order in which they were added, with the same event. An observer that throws breaks nothing:
 * its error goes to `reportError`, where the runtime has that function.
 *
 * @example
 * ```ts
 * const stopObserving = observe(app, {
 *   built: ({ token, elapsed }) => console.log(`${token.name} took ${elapsed} ms`),
 * });
 * ```
 *
 * @returns A function that removes the observer.
 * @throws `SCOPE_CLOSED` when the scope has closed.
 * @throws `TypeError` when the observer is not an object.
 */
export function observe(scope: Scope, observer: Observer): () => void {
  const local = scope as unknown as LocalScope;
  if (local.closing?.report) throw closed(local);
  if (Object(observer) !== observer) throw new TypeError("an observer is an object");
  const { tree } = local;
  const added = { scope: local, observer };
  watch(tree, [...tree.watches, added]);
  return () =>
    watch(
      tree,
      tree.watches.filter((it) => it !== added),
    );
}
