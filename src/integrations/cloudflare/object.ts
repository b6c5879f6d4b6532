/**
 * Durable Objects: a container per object, and a scope per event of it.
 *
 * An object has one context for all its events, so what one of them has begun goes on for the others, and singletons with
 * the option `io` live as long as the object.
 *
 * @module
 */

import type { Scope } from "../../core/types/scope.ts";
import type { RuntimeRequest, RuntimeResponse } from "../event.ts";
import type { AlarmEvent, EventScope, RequestScope, RuntimeWebSocket, WorkerContext } from "./context.ts";
import { respond, run } from "./events.ts";
import { madeBy } from "./isolate.ts";
import { checkOptions, type EndingOptions } from "./options.ts";

/** What is needed of the state of a Durable Object. */
export interface ObjectState {
  waitUntil(work: Promise<any>): void;
}

/** The methods that others may call on a Durable Object, each of which is given the scope of the call first. */
export type ObjectMethods<Has, Env> = Readonly<
  Record<string, (scope: EventScope<Has, Env>, ...args: any[]) => unknown>
>;

/** The container and the handlers of a Durable Object. Each handler is given the scope of its event, as the last argument. */
export interface ObjectOptions<State, Env, Has, Methods> extends EndingOptions<RuntimeResponse> {
  /**
   * Makes the container of one object, in its constructor. Nothing is told when an object is evicted, and no disposer of
   * this container is ever called: what has to be saved is saved in the scope of an event.
   */
  readonly container: (state: State, env: Env) => Scope<Has>;
  /** The methods that others may call. They need the class `DurableObject` of `cloudflare:workers` as the second argument. */
  readonly methods?: Methods & ObjectMethods<Has, Env>;
  /** Answers a request. */
  fetch?(
    request: RuntimeRequest,
    scope: RequestScope<Has, Env>,
  ): RuntimeResponse | PromiseLike<RuntimeResponse>;
  /** Runs when the alarm goes off. When it throws, the alarm is run again. */
  alarm?(info: AlarmEvent, scope: EventScope<Has, Env>): unknown;
  /** Takes a message of a socket that may hibernate. */
  webSocketMessage?(
    socket: RuntimeWebSocket,
    message: string | ArrayBuffer,
    scope: EventScope<Has, Env>,
  ): unknown;
  /** Runs when such a socket has closed. */
  webSocketClose?(
    socket: RuntimeWebSocket,
    code: number,
    reason: string,
    wasClean: boolean,
    scope: EventScope<Has, Env>,
  ): unknown;
  /** Runs when such a socket has failed. */
  webSocketError?(socket: RuntimeWebSocket, error: unknown, scope: EventScope<Has, Env>): unknown;
}

/** What the runtime calls on a Durable Object. */
export interface ObjectHandlers {
  fetch(request: RuntimeRequest): Promise<RuntimeResponse>;
  alarm(info?: AlarmEvent): Promise<void>;
  webSocketMessage(socket: RuntimeWebSocket, message: string | ArrayBuffer): Promise<void>;
  webSocketClose(socket: RuntimeWebSocket, code: number, reason: string, wasClean: boolean): Promise<void>;
  webSocketError(socket: RuntimeWebSocket, error: unknown): Promise<void>;
}

type Called<Methods> = {
  [Name in keyof Methods]: Methods[Name] extends (scope: any, ...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

/** How many arguments come before the scope. */
const handlers: Record<string, number> = {
  fetch: 1,
  alarm: 1,
  webSocketMessage: 2,
  webSocketClose: 4,
  webSocketError: 2,
};
const known = ["container", "methods", "scopeEnds", "abandonAfter", "failed"];

/**
 * Makes the class of a Durable Object, to be exported under its name: `export class Room extends durableObject(…) {}`.
 *
 * Each object has a container of its own. Each of its events has a scope, named "request", "alarm", "socket" (a message
 * of a hibernating socket, or its end) or "rpc", with {@linkcode CurrentRequest} or {@linkcode CurrentEvent}, the bindings,
 * and the state of the object as {@linkcode ExecutionContext}. After a hibernation the container is made anew, so that
 * whatever has to outlast it belongs in the storage. An alarm that fails is run again.
 *
 * @throws `TypeError` when an option is wrong. When `container` throws, the runtime makes a new object for the next event.
 *
 * @example
 * ```ts
 * export class Room extends durableObject(
 *   {
 *     container: (state: DurableObjectState, _env: Env) =>
 *       createContainer(value(Storage, state.storage), scoped(Visitors, [Storage])),
 *     fetch: async (_, scope) => Response.json(await scope.get(Visitors).list()),
 *     methods: { join: (scope, name: string) => scope.get(Visitors).add(name) },
 *   },
 *   DurableObject, // import { DurableObject } from "cloudflare:workers"
 * ) {}
 * ```
 */
export function durableObject<
  State extends ObjectState,
  Env extends object,
  Has,
  const Given extends string,
  Methods = {},
  Base extends object = object,
>(
  options: ObjectOptions<State, Env, Has, Methods> & { readonly [Name in Given]: unknown },
  base?: abstract new (...args: any[]) => Base,
): new (
  state: State,
  env: Env,
) => Base & Pick<ObjectHandlers, Given & keyof ObjectHandlers> & Called<Methods> {
  checkOptions("durableObject", options, known, Object.keys(handlers));
  const given = options as unknown as Record<string, (...args: unknown[]) => never>;
  const { methods = {}, container } = options;
  if (base === undefined && Object.keys(methods).length > 0)
    throw new TypeError(
      'Methods are only called on a class that extends DurableObject: give that of "cloudflare:workers" as the second argument',
    );

  // The members are private by name, so that nobody can call them over RPC.
  const places = new WeakMap<object, { readonly context: WorkerContext; readonly container: Scope }>();
  class ScopedObject extends ((base ?? Object) as new (...args: unknown[]) => object) {
    constructor(state: State, env: Env) {
      super(...(base ? [state, env] : []));
      places.set(this, { context: state, container: madeBy(container as never, state, env) });
    }
  }
  const define = (name: string, call: (it: object, args: unknown[]) => unknown): void => {
    const method = function (this: object, ...args: unknown[]): unknown {
      return call(this, args);
    };
    Object.defineProperty(ScopedObject.prototype, name, {
      value: method,
      writable: true,
      configurable: true,
    });
  };
  for (const [name, count] of Object.entries(handlers)) {
    if (!given[name]) continue;
    define(name, (object, args) => {
      const place = places.get(object)!;
      const first = args.slice(0, count);
      if (first[0] === undefined) first[0] = {};
      const handler = (scope: Scope): unknown => given[name]!(...first, scope);
      const it = first[0] as never;
      return name === "fetch"
        ? respond(place.context, () => place, it, handler, options)
        : run(place.context, () => place, name === "alarm" ? name : "socket", it, handler);
    });
  }
  for (const [name, method] of Object.entries(methods as ObjectMethods<Has, Env>)) {
    define(name, (object, args) => {
      const place = places.get(object)!;
      return run(
        place.context,
        () => place,
        "rpc",
        object,
        (scope) => method(scope as never, ...args),
      );
    });
  }
  return ScopedObject as never;
}
