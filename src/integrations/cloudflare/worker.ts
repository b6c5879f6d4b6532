/**
 * The Worker: the handlers of a module, each of which is given a scope of its own.
 *
 * @module
 */

import type { Scope } from "../../core/types/scope.ts";
import type { RuntimeRequest, RuntimeResponse } from "../event.ts";
import type {
  EventScope,
  IncomingEmail,
  QueuedBatch,
  RequestScope,
  ScheduledEvent,
  WorkerContext,
} from "./context.ts";
import { type Place, respond, run } from "./events.ts";
import { buildsEnded, isolateOf, type MakeContainer } from "./isolate.ts";
import { checkOptions, type EndingOptions } from "./options.ts";

/** The container and the handlers of a Worker. Each handler is given the scope of its event. */
export interface WorkerOptions<Env, Has> extends EndingOptions<RuntimeResponse> {
  /**
   * Makes the container, once per isolate, when the first event comes: before that there are no bindings. A failure is not
   * remembered, and the next event tries again. Nobody tells a Worker that it will end, so this container is never shut
   * down. The very same function given to {@linkcode scopePerCall} or to another `createWorker` shares the container.
   */
  readonly container: (env: Env) => Scope<Has>;
  /**
   * How long others wait for something that an event has begun to build, in milliseconds. A build stands still when its
   * event is over, and nothing tells that; after this time those who wait begin anew.
   *
   * @default 10_000
   */
  readonly buildTimeout?: number | undefined;
  /** Answers a request. */
  fetch?(
    request: RuntimeRequest,
    scope: RequestScope<Has, Env>,
  ): RuntimeResponse | PromiseLike<RuntimeResponse>;
  /** Runs at the times of a cron trigger. */
  scheduled?(controller: ScheduledEvent, scope: EventScope<Has, Env>): unknown;
  /** Takes a batch of messages of a queue. When it throws, the messages come again. */
  queue?(batch: QueuedBatch, scope: EventScope<Has, Env>): unknown;
  /** Takes a message that was sent to an address of the Worker. */
  email?(message: IncomingEmail, scope: EventScope<Has, Env>): unknown;
  /** Takes what other Workers have logged. */
  tail?(items: any[], scope: EventScope<Has, Env>): unknown;
}

/** What a module exports: the handlers that were given, as the runtime calls them. */
export interface WorkerHandlers<Env> {
  readonly fetch: (request: RuntimeRequest, env: Env, context: WorkerContext) => Promise<RuntimeResponse>;
  readonly scheduled: (controller: ScheduledEvent, env: Env, context: WorkerContext) => Promise<void>;
  readonly queue: (batch: QueuedBatch, env: Env, context: WorkerContext) => Promise<void>;
  readonly email: (message: IncomingEmail, env: Env, context: WorkerContext) => Promise<void>;
  readonly tail: (items: any[], env: Env, context: WorkerContext) => Promise<void>;
}

const handlers = ["fetch", "scheduled", "queue", "email", "tail"];
const known = ["container", "buildTimeout", "scopeEnds", "abandonAfter", "failed"];

/**
 * Makes what a Worker's module exports as its default: handlers that open a scope for each event and close it when the
 * event is really over.
 *
 * The scope is named "request", "scheduled", "queue", "email" or "tail". It has what the container has, the bindings (see
 * {@linkcode binding}), {@linkcode CurrentRequest} or {@linkcode CurrentEvent}, and {@linkcode ExecutionContext}. That of a
 * request ends when its response was sent, its client has left, or the sockets of {@linkcode webSocketPair} have closed. A
 * handler that throws gives its error to the disposers of the scope as their `reason`, and to the runtime. What cannot be
 * disposed is told to observers, and never to the runtime, which would deliver a batch again.
 *
 * @throws `TypeError` when an option is wrong. A request fails with `INVALID_RESPONSE` when its handler returned no response.
 *
 * @example
 * ```ts
 * interface Env {
 *   DB: D1Database;
 * }
 * const Db = binding<D1Database>("DB");
 *
 * export default createWorker({
 *   container: (env: Env) => createContainer(bindings(env), singleton(Users, [Db])),
 *   async fetch(request, scope) {
 *     return Response.json(await scope.get(Users).list());
 *   },
 * });
 * ```
 */
export function createWorker<Env extends object, Has, const Given extends string>(
  options: WorkerOptions<Env, Has> & { readonly [Name in Given]: unknown },
): Pick<WorkerHandlers<Env>, Given & keyof WorkerHandlers<Env>> {
  checkOptions("createWorker", options, known, handlers);
  const place = placeOf(options.container as never, options.buildTimeout);
  const all = options as unknown as Record<string, (it: unknown, scope: Scope) => never>;
  const worker: Record<string, (it: never, env: Env, context: WorkerContext) => Promise<unknown>> = {};
  for (const name of handlers) {
    if (!all[name]) continue;
    worker[name] = (it, env, context) => {
      const handler = (scope: Scope): unknown => all[name]!(it, scope);
      return name === "fetch"
        ? respond(context, () => place(env), it, handler, options)
        : run(context, () => place(env), name, it, handler);
    };
  }
  return worker as never;
}

/** Gives the container of the isolate, as the place of events. */
export function placeOf(make: MakeContainer<never, never>, buildTimeout = 10_000): (env: unknown) => Place {
  return (env) => {
    const isolate = isolateOf(make, env, buildTimeout);
    return { container: isolate.container, ended: () => buildsEnded(isolate) };
  };
}
