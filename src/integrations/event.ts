/**
 * Events: a scope for one request, message or call, and when it ends. What all integrations have in common.
 *
 * A scope ends when the event is really over, which every platform tells in its own way. Until then it holds a value whose
 * `stop` waits for that moment: so the stopping phase of a shutdown further up waits for the events in flight, and nothing
 * is disposed under them.
 *
 * @module
 */

import { Definition, none, type Options, type ScopeRecord, VALUE } from "../core/model/records.ts";
import type { Token } from "../core/types/dependency.ts";
import type { Provider } from "../core/types/provider.ts";
import type { Scope } from "../core/types/scope.ts";
import type { AbortSignalLike } from "../core/types/signal.ts";
import type { ShutdownReport } from "../core/types/shutdown.ts";
import { ShutdownError } from "../core/words/errors.ts";
import { token } from "../core/words/token.ts";
import { reasonOf } from "../features/reason.ts";
import type { RuntimeRequest } from "../features/request.ts";

export type { RuntimeRequest };

/** The `Response` of the runtime that the reader's types describe. */
export type RuntimeResponse = typeof globalThis extends { Response: { prototype: infer R } }
  ? R
  : ResponseOfFetch;

type ResponseOfFetch = typeof globalThis extends { fetch: (...args: never[]) => Promise<infer R> }
  ? R
  : never;

/** The request that a scope was opened for. The class `Request` is no token for it: servers replace the global. */
export const CurrentRequest: Token<RuntimeRequest> = /* @__PURE__ */ token("request");

/**
 * Under this key a request has its event: the very object that a server has made. A later event hides an earlier one until it
 * is over. This is no WeakMap, because the garbage collector takes longer for thousands of young entries in one than all
 * the rest of a request scope takes.
 */
const eventKey = /* @__PURE__ */ Symbol("thimble event");
/** The events of requests that take no property. */
const others = /* @__PURE__ */ new WeakMap<object, OpenEvent>();
/** Why events have failed, as far as somebody has said so. */
const failures = /* @__PURE__ */ new WeakMap<Scope, { readonly reason: unknown }>();

/**
 * The open scope of a request, if an integration has opened one for this very object. It also takes a framework's own
 * object that has the request as its property `raw`, as those of Fastify and Hono have.
 *
 * @example
 * ```ts
 * const users = scopeOf(request)!.get(Users);
 * ```
 */
export function scopeOf(request: object): Scope | undefined {
  const scope = findEvent(request)?.scope;
  return scope?.state === "closed" ? undefined : scope;
}

/**
 * Marks the open scope of a request, or of another event, as failed, for frameworks that turn errors into responses: its
 * disposers receive the reason, so that a transaction rolls back. The first reason counts. In place of a reason that is
 * falsy, as that of `throw undefined` is, they receive an `Error` that says so.
 *
 * @example
 * ```ts
 * fail(scope, new Error("the payment was refused"));
 * ```
 *
 * @throws `TypeError` when it is given no scope.
 */
export function fail(scope: Scope, reason: unknown): void {
  // What is taken for the scope, such as the request, would be marked without a word, and the transaction committed.
  if (typeof (scope as { createScope?: unknown } | undefined)?.createScope !== "function")
    throw new TypeError(
      "fail takes a scope, and then the reason; scopeOf(request) gives none when no scope is open",
    );
  if (!failures.has(scope)) failures.set(scope, { reason });
}

/** Marks the scopes of a request as failed. It has several where there is an integration for each of several containers. */
export function failAll(request: object, reason: unknown): void {
  for (let event = findEvent(request); event; event = event.hidden)
    if (event.scope.state !== "closed") fail(event.scope, reason);
}

/** A scope for one event. */
export interface OpenEvent {
  readonly scope: Scope;
  /** Whether `close` was called. */
  readonly isOver: boolean;
  /** Resolves when the scope has closed. It never rejects, so a runtime may be told to wait for it. */
  readonly ended: Promise<void>;
  /** The event that this one hides: that of an integration with another container, around this one. */
  readonly hidden: OpenEvent | undefined;
  /** Runs a handler that is mounted inside of another one. The event is not over before both have settled. */
  join<R>(handler: () => R | PromiseLike<R>): Promise<R>;
  /** Called when a shutdown further up begins to wait for the event, if that is before the event is over. */
  onStop?: () => void;
  /**
   * The event is over, with the reason of its failure if there is one: shuts the scope down. Only the first call counts,
   * and all get its promise. It never rejects: what could not be disposed is told to observers.
   */
  close(failure?: { readonly reason: unknown }): Promise<ShutdownReport>;
}

/**
 * Opens a scope for an event.
 *
 * @param current The token under which the event is found.
 * @param it The event: `scopeOf(it)` finds its scope.
 */
export function openEvent<T extends object>(
  container: Scope,
  name: string,
  current: Token<T>,
  it: T,
  ...providers: Provider[]
): OpenEvent {
  const event = new ScopeEvent(container, it);
  event.scope = container.createScope(name, event.as(current, it), ...providers) as Scope;
  setEvent(it, event);
  return event;
}

/** Has `scopeOf` find the scope of an event by another object as well. */
export function alsoFor(event: OpenEvent, it: object): void {
  setEvent(it, event);
}

/** Makes an event of a scope that somebody else has opened: a shutdown further up waits until `close` was called. */
export function eventIn(scope: Scope): OpenEvent {
  const event = new ScopeEvent(scope.root);
  event.scope = scope.provide(event.as(token<object>("event"), event)) as Scope;
  return event;
}

function findEvent(request: object): OpenEvent | undefined {
  const { raw } = request as { raw?: unknown };
  return eventOf(request) ?? (Object(raw) === raw ? eventOf(raw as object) : undefined);
}

function eventOf(it: object): OpenEvent | undefined {
  return (it as { [eventKey]?: OpenEvent })[eventKey] ?? others.get(it);
}

function setEvent(it: object, event: OpenEvent): void {
  // Nobody who prints the request, copies it or walks through it meets the property.
  if (!Reflect.defineProperty(it, eventKey, { value: event, writable: true, configurable: true }))
    others.set(it, event);
}

/** The event that is open for this very object in a scope below the container: for what is mounted inside of another. */
export function outerEvent(container: Scope, it: object | undefined): OpenEvent | undefined {
  const event = it && eventOf(it);
  if (!event || event.isOver) return undefined;
  // The scope may belong to the container of somebody else, which has other services.
  let above = event.scope.parent;
  while (above && above !== container) above = above.parent;
  return above && event;
}

/**
 * Why a response means that its event has failed: what `failed` gives for it. Without `failed` it is any status from 500
 * on, so that a transaction is not committed where a framework has turned an error into such a response.
 */
export function failureOf<R extends { readonly status: number }>(
  response: R,
  failed: (response: R) => unknown = ({ status }) => status >= 500,
): { readonly reason: unknown } | undefined {
  return failureBy(failed(response), response.status);
}

/** What is made of the verdict of the option `failed`. */
export function failureBy(verdict: unknown, status: number): { readonly reason: unknown } | undefined {
  if (!verdict) return undefined;
  // Every promise is truthy: all responses would be failures.
  if (typeof (verdict as { then?: unknown }).then === "function") {
    (verdict as Promise<unknown>).then(undefined, () => {});
    throw new TypeError(
      "the option failed has to tell at once, and has returned a promise: call fail(scope, reason) instead",
    );
  }
  return { reason: verdict === true ? new Error(`The response has the status ${status}`) : verdict };
}

type Stop = (_: unknown, signal: AbortSignalLike | undefined, reason: unknown) => unknown;

const reasonAtDeadline = (): Error =>
  new Error("The shutdown has reached its deadline while the event was at work");

class ScopeEvent implements OpenEvent {
  declare scope: Scope;
  declare onStop?: () => void;
  isOver = false;
  readonly #container: Scope;
  readonly #it: object | undefined;
  readonly hidden: OpenEvent | undefined;
  readonly #options: { stop: Stop | undefined } = {
    stop: (...[, signal, reason]) => this.#stop(signal, reason),
  };
  /** How many handlers that are mounted inside of another one are at work. */
  #joined = 0;
  #closeLater: (() => void) | undefined = undefined;
  #isGivenUp = false;
  #over: Promise<void> | undefined = undefined;
  #setOver: (() => void) | undefined = undefined;
  #closing: Promise<ShutdownReport> | undefined = undefined;
  #ended: Promise<void> | undefined = undefined;
  #setEnded: (() => void) | undefined = undefined;

  constructor(container: Scope, it?: object) {
    this.#container = container;
    this.#it = it;
    const before = it && eventOf(it);
    // An object that has one event after the other keeps none of those that are over.
    this.hidden = before?.isOver ? undefined : before;
  }

  /** The event as a value of its scope, which a shutdown further up waits for. */
  as<T>(current: Token<T>, it: T): Provider {
    // What `value` would make, without the checks of options that are our own.
    return new Definition(VALUE, current, none, it, this.#options as Options) as never;
  }

  #stop(signal: AbortSignalLike | undefined, reason: unknown): Promise<void> {
    this.#over ??= new Promise((resolve) => (this.#setOver = resolve));
    // At the deadline the scope closes under its handler: without a reason, half of a transaction would be committed.
    const giveUp = (): void => {
      if (reason !== undefined || this.isOver) return;
      this.#isGivenUp = true;
      void this.scope.shutdown({ reason: reasonAtDeadline() });
    };
    if (signal?.aborted) giveUp();
    // Where there is no AbortController, there is no signal.
    else signal?.addEventListener("abort", giveUp);
    this.onStop?.();
    return this.#over;
  }

  get ended(): Promise<void> {
    this.#ended ??= this.#closing?.then(() => {}) ?? new Promise((resolve) => (this.#setEnded = resolve));
    return this.#ended;
  }

  async join<R>(handler: () => R | PromiseLike<R>): Promise<R> {
    this.#joined++;
    try {
      return await handler();
    } finally {
      if (--this.#joined === 0) this.#closeLater?.();
    }
  }

  close(failure?: { readonly reason: unknown }): Promise<ShutdownReport> {
    return (this.#closing ??= this.#joined
      ? new Promise((resolve) => (this.#closeLater = () => resolve(this.#close(failure))))
      : this.#close(failure));
  }

  #close(failure?: { readonly reason: unknown }): Promise<ShutdownReport> {
    const { scope } = this;
    this.isOver = true;
    // The scope's own shutdown has nothing to wait for, unless one further up is waiting already.
    this.#options.stop = undefined;
    this.#setOver?.();
    const it = this.#it;
    if (this.hidden && eventOf(it!) === this && !this.hidden.isOver) setEvent(it!, this.hidden);
    const failed = failures.get(scope) ?? failure;
    const closing = scope.shutdown(failed ? { reason: reasonOf(failed.reason) } : {});
    const { report } = (scope as unknown as ScopeRecord).closing ?? {};
    if (report) this.#tell(report);
    else void closing.then((it) => this.#tell(it));
    return closing;
  }

  #tell(report: ShutdownReport): void {
    this.#setEnded?.();
    // What was given up is in the report of the shutdown that has done so.
    if (!report.ok && !this.#isGivenUp)
      tellUnhandled(this.#container, new ShutdownError(this.scope.name, report));
  }
}

/** Tells observers. Not the runtime: in Deno an error that is reported to it ends the program. */
export function tellUnhandled(container: Scope, error: unknown): void {
  const record = container as unknown as ScopeRecord;
  record.tree.tell?.("unhandled", record, { error });
}
