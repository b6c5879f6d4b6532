/**
 * Events of Workers: what all of them have in common, whatever they bring.
 *
 * The runtime stops whatever nobody has told it to wait for, without running a `finally`. So the first thing that happens
 * in an event is that all of it is handed to `waitUntil`: the handler, the end of its response, the end of its scope. What
 * is handed there never rejects, because a queue would deliver its batch again over a disposer that has failed.
 *
 * @module
 */

import { value } from "../../core/registry/provider.ts";
import type { Token } from "../../core/types/dependency.ts";
import type { Scope } from "../../core/types/scope.ts";
import { follow } from "../ending.ts";
import { alsoFor, CurrentRequest, fail, failureOf, openEvent, type OpenEvent } from "../event.ts";
import { InvalidResponseError } from "../options.ts";
import { CurrentEvent, ExecutionContext, type WorkerContext } from "./context.ts";
import type { EndingOptions } from "./options.ts";

/** What is known of an event, by its scope. */
interface WorkerEvent {
  /** Settle when its sockets have closed. */
  sockets?: Promise<void>[];
}

const events = /* @__PURE__ */ new WeakMap<object, WorkerEvent>();

/** Whether it is the scope of an event, and not one further up or down. */
export function isOfEvent(scope: object): boolean {
  return events.has(scope);
}

/** Has the event that a scope belongs to wait for a socket. */
export function addSocket(scope: Scope, closed: Promise<void>): void {
  let at: Scope | undefined = scope;
  while (at && !events.has(at)) at = at.parent;
  if (!at) throw new TypeError("webSocketPair takes the scope that a handler was given, or one below it");
  (events.get(at)!.sockets ??= []).push(closed);
}

/** Where the scope of an event is opened, and what else has to end before the event does. */
export interface Place {
  readonly container: Scope;
  readonly ended?: () => Promise<void> | undefined;
}

/** Opens the scope of an event. All of it has been handed to `waitUntil` before anything else happens. */
export function begin<T extends object>(
  context: WorkerContext,
  place: () => Place,
  name: string,
  current: Token<T>,
  it: T,
): OpenEvent {
  let end!: () => void;
  // Called on the context itself: its methods work on nothing else.
  context.waitUntil(new Promise<void>((resolve) => (end = resolve)));
  try {
    const { container, ended } = place();
    const event = openEvent(container, name, current, it, value(ExecutionContext, context) as never);
    events.set(event.scope, {});
    void event.ended.then(ended).then(end, end);
    return event;
  } catch (error) {
    end();
    throw error;
  }
}

/** Runs an event that is no request. It ends with its handler, whose failure is thrown on. */
export async function run<R>(
  context: WorkerContext,
  place: () => Place,
  name: string,
  it: object,
  handler: (scope: Scope) => R | PromiseLike<R>,
  entrypoint: object = it,
): Promise<R> {
  const event = begin(context, place, name, CurrentEvent, it);
  if (entrypoint !== it) alsoFor(event, entrypoint);
  try {
    const result = await handler(event.scope);
    void event.close();
    return result;
  } catch (error) {
    void event.close({ reason: error });
    throw error;
  }
}

/** Runs a request. It ends with its response. */
export async function respond<R>(
  context: WorkerContext,
  place: () => Place,
  request: { readonly method: string },
  handler: (scope: Scope) => R | PromiseLike<R>,
  { scopeEnds, failed, abandonAfter = 10_000 }: EndingOptions<any>,
  entrypoint?: object,
): Promise<R> {
  const event = begin(context, place, "request", CurrentRequest, request as never);
  if (entrypoint) alsoFor(event, entrypoint);
  try {
    const response: unknown = await handler(event.scope);
    check(response);
    const failure = failureOf(response, failed);
    if (failure) fail(event.scope, failure.reason);
    if (scopeEnds) await event.close();
    // The half of a socket that is in a response tells nothing. That one of ours has closed is told by the other half.
    else if (response.webSocket)
      void Promise.all(events.get(event.scope)!.sockets ?? []).then(() => event.close());
    else {
      const answer = follow(event, response, request, abandonAfter);
      if (answer) return answer as R;
      // Somebody else has the body, and the runtime says so itself.
      void event.close();
    }
    return response as R;
  } catch (error) {
    const closing = event.close({ reason: error });
    if (scopeEnds) await closing;
    throw error;
  }
}

/** Refuses what is no response. One is known by its shape and not by its class, because frameworks bring classes of their own. */
function check(response: unknown): asserts response is Response & { readonly webSocket?: unknown } {
  const { status, headers } = Object(response) as Partial<Response>;
  if (typeof status === "number" && typeof headers?.get === "function") return;
  const kind =
    response === undefined ? "nothing" : response === null ? "null" : `something of type ${typeof response}`;
  throw new InvalidResponseError(`answer the request: the handler returned ${kind}`, [], "return a Response");
}
