/**
 * `thimble/cloudflare`: Workers and Durable Objects, with a scope for each event.
 *
 * ```ts
 * import { createContainer, scoped } from "thimble";
 * import { binding, createWorker, CurrentRequest } from "thimble/cloudflare";
 *
 * class Greeting {
 *   readonly text: string;
 *   constructor(request: Request, name: string) {
 *     this.text = `Hello from ${name} to ${request.url}`;
 *   }
 * }
 *
 * interface Env {
 *   NAME: string;
 * }
 *
 * export default createWorker({
 *   container: (env: Env) => createContainer(scoped(Greeting, [CurrentRequest, binding<string>("NAME")])),
 *   fetch: (request, scope) => new Response(scope.get(Greeting).text),
 * });
 * ```
 *
 * @module
 */

export { CurrentRequest, fail, scopeOf } from "./event.ts";
export type { RuntimeRequest, RuntimeResponse } from "./event.ts";
export { BodyAbandonedError, InvalidResponseError } from "./options.ts";
export { binding, bindings } from "./cloudflare/bindings.ts";
export { scopePerCall } from "./cloudflare/call.ts";
export { CurrentEvent, ExecutionContext } from "./cloudflare/context.ts";
export type {
  AlarmEvent,
  BindingProvider,
  EventScope,
  IncomingEmail,
  QueuedBatch,
  QueuedMessage,
  RequestScope,
  RuntimeWebSocket,
  ScheduledEvent,
  WorkerContext,
} from "./cloudflare/context.ts";
export { durableObject } from "./cloudflare/object.ts";
export type { ObjectHandlers, ObjectMethods, ObjectOptions, ObjectState } from "./cloudflare/object.ts";
export type { EndingOptions } from "./cloudflare/options.ts";
export { webSocketPair } from "./cloudflare/socket.ts";
export { createWorker } from "./cloudflare/worker.ts";
export type { WorkerHandlers, WorkerOptions } from "./cloudflare/worker.ts";
