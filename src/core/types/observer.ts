/**
 * Observers: what is told, as it happens, to those who watch a scope tree.
 *
 * Every method is optional and receives one object. With no observer the container makes none of these.
 *
 * @module
 */

import type { AnyToken } from "./dependency.ts";
import type { Path } from "./path.ts";
import type { Scope } from "./scope.ts";
import type { ShutdownReport } from "./shutdown.ts";

/** Something happened to a scope. */
export interface ScopeEvent {
  readonly scope: Scope;
}

/** A scope and everything below it is closed. */
export interface ScopeClosedEvent extends ScopeEvent {
  /** How long closing took, in milliseconds. */
  readonly elapsed: number;
  readonly report: ShutdownReport;
}

/** Something happened to a service. */
export interface ServiceEvent extends ScopeEvent {
  readonly token: AnyToken;
}

/** A service is about to be built, or has been asked for. */
export interface BuildingEvent extends ServiceEvent {
  readonly path: Path;
}

/** A service was built. */
export interface BuiltEvent extends BuildingEvent {
  /** How long the build took, waiting included, in milliseconds. */
  readonly elapsed: number;
}

/** A build threw or rejected. */
export interface BuildFailedEvent extends BuiltEvent {
  /** What was thrown, untouched. */
  readonly error: unknown;
}

/** Someone received a service: a caller from outside, or a service that depends on it. */
export interface GotEvent extends ServiceEvent {
  /** Whether the instance was there already. */
  readonly cached: boolean;
}

/** A service was disposed, or failed to be. */
export interface DisposedEvent extends ServiceEvent {
  /** How long disposing took, in milliseconds. */
  readonly elapsed: number;
  /** What disposing threw or rejected with. Absent when it went well. */
  readonly error?: unknown;
}

/**
 * Told what happens in a scope and everything below it, synchronously, in the order observers were added. One that
 * throws breaks nothing: its error goes to `reportError` where that exists.
 *
 * @example
 * ```ts
 * const forget = app.observe({
 *   built: ({ token, elapsed }) => console.log(`${token.name} took ${elapsed} ms`),
 * });
 * ```
 */
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
