/**
 * What Workers hand to their handlers, described by structure: readers may have Cloudflare's types, or none.
 *
 * @module
 */

import { token } from "../../core/words/token.ts";
import type { Token } from "../../core/types/dependency.ts";
import type { With } from "../../core/types/coverage.ts";
import type { Provider } from "../../core/types/provider.ts";
import type { Scope } from "../../core/types/scope.ts";
import type { CurrentRequest } from "../event.ts";

/** The context of an event: the `ctx` of a handler, or the state of a Durable Object. Its methods are called on itself. */
export interface WorkerContext {
  /** Keeps the event alive until the promise has settled. */
  waitUntil(work: Promise<any>): void;
  /** Not in a Durable Object. */
  passThroughOnException?(): void;
  readonly props?: any;
}

/** The context of the current event. */
export const ExecutionContext: Token<WorkerContext> = /* @__PURE__ */ token("execution context");

/**
 * The event that a scope was opened for, where it is no request: the controller of a `scheduled` event, the batch of a
 * queue, the message of an `email` event, the items of a `tail` event, what an alarm says of itself, the socket of a
 * Durable Object, the entrypoint whose method was called.
 */
export const CurrentEvent: Token<object> = /* @__PURE__ */ token("event");

/** What a `scheduled` handler is given. */
export interface ScheduledEvent {
  readonly cron: string;
  /** In milliseconds since 1970. */
  readonly scheduledTime: number;
  noRetry(): void;
}

/** A message of a queue. */
export interface QueuedMessage<Body = any> {
  readonly id: string;
  readonly timestamp: Date;
  readonly body: Body;
  readonly attempts: number;
  ack(): void;
  retry(options?: { delaySeconds?: number }): void;
}

/** What a `queue` handler is given. */
export interface QueuedBatch<Body = any> {
  readonly queue: string;
  readonly messages: readonly QueuedMessage<Body>[];
  ackAll(): void;
  retryAll(options?: { delaySeconds?: number }): void;
}

/** What an `email` handler is given. */
export interface IncomingEmail {
  readonly from: string;
  readonly to: string;
  readonly rawSize: number;
  setReject(reason: string): void;
  forward(to: string, ...more: any[]): Promise<any>;
  reply(message: any): Promise<any>;
}

/** What an `alarm` handler of a Durable Object is given. */
export interface AlarmEvent {
  readonly isRetry?: boolean;
  readonly retryCount?: number;
}

/** The `WebSocket` of the runtime that the reader's types describe. */
export type RuntimeWebSocket = typeof globalThis extends { WebSocket: { prototype: infer W } } ? W : any;

/** The scope of a request: it has what the container has, the bindings, the request and its context. */
export type RequestScope<Has, Env> = Scope<
  With<readonly [ProviderOf<typeof CurrentRequest>, EventProviders<Env>], Has>
>;

/** The scope of another event: it has what the container has, the bindings, the event and its context. */
export type EventScope<Has, Env> = Scope<
  With<readonly [ProviderOf<typeof CurrentEvent>, EventProviders<Env>], Has>
>;

type ProviderOf<T> = Provider<T, never, "value">;
type EventProviders<Env> = readonly (ProviderOf<typeof ExecutionContext> | BindingProvider<Env>)[];

/** A provider of one of the bindings in `Env`: the token of its name, as `binding` makes it. */
export type BindingProvider<Env> = {
  [Name in keyof Env]-?: ProviderOf<Token<NonNullable<Env[Name]>>>;
}[keyof Env];
