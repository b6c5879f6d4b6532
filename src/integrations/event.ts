/**
 * Events: a scope for one request, message or call, and when it ends. What all integrations have in common.
 *
 * A scope ends when the event is really over, which every platform tells in its own way. Until then it holds a value whose
 * `stop` waits for that moment: so the stopping phase of a shutdown further up waits for the events in flight, and nothing
 * is disposed under them.
 *
 * @module
 */

import type { ScopeRecord } from "../core/model/records.ts";
import { value } from "../core/registry/provider.ts";
import type { Token } from "../core/types/dependency.ts";
import type { Provider } from "../core/types/provider.ts";
import type { Scope } from "../core/types/scope.ts";
import type { ShutdownReport } from "../core/types/shutdown.ts";
import { ShutdownError } from "../core/words/errors.ts";
import { token } from "../core/words/token.ts";

/** The `Request` of the runtime that the reader's types describe. */
export type RuntimeRequest = typeof globalThis extends { Request: { prototype: infer R } }
  ? R
  : RequestOfFetch;

// The types of Cloudflare Workers declare `Request` as a generic class, and classes are no members of `typeof globalThis`.
type RequestOfFetch = typeof globalThis extends { fetch: (input: infer I, init?: never) => unknown }
  ? Extract<I, { headers: unknown; method: string }>
  : never;

/** The request that a scope was opened for. The class `Request` is no token for it: servers replace the global. */
export const CurrentRequest: Token<RuntimeRequest> = /* @__PURE__ */ token("request");

/** The open scopes of requests, by the very object that a server has made. */
const scopes = /* @__PURE__ */ new WeakMap<object, Scope>();
/** Why events have failed, as far as somebody has said so. */
const failures = /* @__PURE__ */ new WeakMap<Scope, { readonly reason: unknown }>();

/** The open scope of a request, if an integration has opened one for this very object. */
export function scopeOf(request: object): Scope | undefined {
  const scope = scopes.get(request);
  return scope?.state === "closed" ? undefined : scope;
}

/**
 * Marks an open scope as failed, for frameworks that turn errors into responses: its disposers receive the reason, so that
 * a transaction rolls back. The first reason counts.
 */
export function fail(scope: Scope, reason: unknown): void {
  if (!failures.has(scope)) failures.set(scope, { reason });
}

/** A scope for one event. */
export interface OpenEvent {
  readonly scope: Scope;
  /** Whether `close` was called. */
  readonly isOver: boolean;
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
  let end!: () => void;
  const over = new Promise<void>((resolve) => (end = resolve));
  const event = value(current, it as never, { stop: () => over });
  const scope = container.createScope(name, event as Provider, ...providers) as Scope;
  let closing: Promise<ShutdownReport> | undefined;
  scopes.set(it, scope);
  return {
    scope,
    get isOver() {
      return closing !== undefined;
    },
    close(failure) {
      if (closing) return closing;
      end();
      const failed = failures.get(scope) ?? failure;
      closing = scope.shutdown(failed ? { reason: failed.reason } : {});
      void closing.then((report) => {
        if (!report.ok) tellUnhandled(container, new ShutdownError(name, report));
      });
      return closing;
    },
  };
}

/** Tells observers. Not the runtime: in Deno an error that is reported to it ends the program. */
function tellUnhandled(container: Scope, error: unknown): void {
  const record = container as unknown as ScopeRecord;
  record.tree.tell?.("unhandled", record, { error });
}
