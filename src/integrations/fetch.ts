/**
 * `thimble/fetch`: a scope for each request, for whatever speaks `Request` and `Response`: `Deno.serve`, `Bun.serve`, a
 * service worker, srvx, Elysia.
 *
 * ```ts
 * import { createContainer, scoped } from "thimble";
 * import { CurrentRequest, scopePerRequest } from "thimble/fetch";
 *
 * class Profile {
 *   readonly request: Request;
 *   constructor(request: Request) {
 *     this.request = request;
 *   }
 * }
 *
 * const app = createContainer(scoped(Profile, [CurrentRequest]));
 *
 * Deno.serve(scopePerRequest(app, (request, scope) => new Response(scope.get(Profile).request.url)));
 * ```
 *
 * @module
 */

import type { With } from "../core/types/coverage.ts";
import type { Provider } from "../core/types/provider.ts";
import type { Scope } from "../core/types/scope.ts";
import { follow, isBun, type NodeResponse, type Sign, signOfDeno, signOfNode } from "./ending.ts";
import {
  CurrentRequest,
  eventIn,
  fail,
  failureOf,
  openEvent,
  outerEvent,
  type RuntimeRequest,
  type RuntimeResponse,
  scopeOf,
} from "./event.ts";
import {
  BodyAbandonedError,
  checkOptions,
  InvalidResponseError,
  type RequestScopeOptions,
} from "./options.ts";

export { BodyAbandonedError, CurrentRequest, fail, InvalidResponseError, scopeOf };
export type { RequestScopeOptions, RuntimeRequest, RuntimeResponse };

/** The scope of a request: it has what the container has, and the request. */
export type RequestScope<Has> = Scope<With<readonly [Provider<typeof CurrentRequest, never, "value">], Has>>;

/** What a handler may give: a response, or `undefined` for a request that was upgraded to a socket. */
export type Answer = RuntimeResponse | undefined;

/**
 * Makes a handler of requests out of one that has a scope for each of them, with the request as {@linkcode CurrentRequest}.
 *
 * The scope ends when the response is over: when its body has been sent or has failed, or the client has left and the work
 * for it has ended. Then its services are disposed. They receive the error of the handler as their `reason`, so that a
 * transaction can roll back; a response from 500 on counts as an error too, see the option `failed`. A shutdown of the
 * container waits for the requests in flight, until its deadline.
 *
 * Pass on what the server passes beside the request, because it may tell when the response is over: the second argument of
 * `Deno.serve`, and the event of a service worker. Inside of another `scopePerRequest` of the same container, the handler
 * is given the scope that is open already.
 *
 * @throws `TypeError` when an argument or an option is wrong. The handler that is returned rejects with what the handler
 * throws; with `INVALID_RESPONSE` when it gives no response, or one whose body is used already; with `SCOPE_CLOSED` when the
 * container has been shut down.
 *
 * @example
 * ```ts
 * const handle = scopePerRequest(app, async (request, scope) => {
 *   const users = await scope.getAsync(Users);
 *   return Response.json(await users.list());
 * });
 *
 * Deno.serve(handle);
 * Bun.serve({ fetch: handle });
 * addEventListener("fetch", (event) => event.respondWith(handle(event.request, event)));
 * ```
 */
export function scopePerRequest<
  Has,
  R extends Answer,
  Req extends RuntimeRequest = RuntimeRequest,
  Info = unknown,
>(
  container: Scope<Has>,
  handler: (request: Req, scope: RequestScope<Has>, info: Info) => R | PromiseLike<R>,
  options: RequestScopeOptions<NonNullable<R>> = {},
): (request: Req, info?: Info) => Promise<R> {
  checkOptions(container, options);
  if (typeof handler !== "function")
    throw new TypeError("scopePerRequest takes a handler after the container");
  const { name = "request", scopeEnds, failed, abandonAfter = 10_000 } = options;

  return async function scopePerRequest(request: Req, info?: Info): Promise<R> {
    const it = request as unknown as ServedRequest;
    const outer = outerEvent(container, it);
    if (outer) return outer.join(() => handler(request, outer.scope as never, info as Info));

    const event = openEvent(container, name, CurrentRequest, request as never);
    try {
      for (const waiter of [it, info as Waiter | undefined])
        if (typeof waiter?.waitUntil === "function") waiter.waitUntil(event.ended);
      const sign = scopeEnds ? undefined : signOf(it, info);
      const response = await handler(request, event.scope as never, info as Info);
      if (isUpgraded(it, response)) {
        void event.close();
        return response;
      }
      check(response, info);
      const failure = failureOf(response, failed);
      const isHead = it.method === "HEAD";
      if (failure) fail(event.scope, failure.reason);
      if (scopeEnds) await event.close();
      else if (isHead && isBun(info)) void event.close();
      else if (sign) sign.close(event, response);
      else return (follow(event, response, it, abandonAfter) ?? refuse(locked)) as R;
      return response;
    } catch (error) {
      const closing = event.close({ reason: error });
      if (scopeEnds) await closing;
      throw error;
    }
  };
}

/**
 * A generator with a scope of its own, which ends with it: for a generator that goes on after its response is over, as those
 * of tRPC and GraphQL subscriptions do. `open` is called when the first value is wanted. What the generator throws is the
 * `reason` that the disposers of the scope receive. A shutdown of the container waits for the generator, until its deadline.
 *
 * @example
 * ```ts
 * const ticks = () =>
 *   within(
 *     () => app.createScope("subscription"),
 *     async function* (scope) {
 *       yield* scope.get(Ticker).ticks();
 *     },
 *   );
 * ```
 */
export async function* within<S extends Scope<never>, T>(
  open: () => S,
  body: (scope: S) => AsyncIterable<T> | Iterable<T>,
): AsyncGenerator<T, void, undefined> {
  const scope = open();
  const event = eventIn(scope as unknown as Scope);
  try {
    yield* body(scope);
  } catch (error) {
    fail(event.scope, error);
    throw error;
  } finally {
    await event.close();
  }
}

/** What takes promises of work that goes on: the event of a service worker, a request of srvx. */
interface Waiter {
  waitUntil?(work: Promise<unknown>): unknown;
}

/** What servers add to their requests. */
interface ServedRequest extends Request, Waiter {
  readonly runtime?: {
    readonly node?: { readonly res?: NodeResponse };
    readonly deno?: { readonly info?: unknown };
  };
}

/** What the server tells the end of the response by, if it does. */
function signOf({ method, runtime }: ServedRequest, info: unknown): Sign | undefined {
  const response = runtime?.node?.res;
  if (response) return signOfNode(response);
  for (const it of [info, runtime?.deno?.info]) {
    const completed = (it as { completed?: PromiseLike<unknown> } | undefined)?.completed;
    if (typeof completed?.then === "function") return signOfDeno(completed, method === "HEAD");
  }
  return undefined;
}

/** Whether there is a socket in place of a response: its answer is passed on as it is. */
function isUpgraded(request: Request, response: unknown): response is undefined {
  if (response === undefined) return request.headers.has("upgrade");
  const { status, webSocket } = Object(response) as { status?: unknown; webSocket?: unknown };
  return status === 101 || Boolean(webSocket);
}

/**
 * Refuses what no server can send. Some servers end the process over it. A response is known by its shape and not by its
 * class, because frameworks bring classes of their own.
 */
function check(response: unknown, info: unknown): asserts response is Response {
  const { status, headers, type, bodyUsed } = Object(response) as Partial<Response>;
  const isInWorker = typeof (info as { respondWith?: unknown } | undefined)?.respondWith === "function";
  if (typeof status !== "number" || typeof headers?.get !== "function")
    refuse(`the handler returned ${kindOf(response)}`, "return a Response");
  if (type === "error" && !isInWorker)
    refuse("the handler returned Response.error()", "throw an error, or return a response with a status");
  if (bodyUsed) refuse(locked);
}

const locked = "the body of the response was read already, or somebody else is reading it";

const kindOf = (it: unknown): string =>
  it === undefined ? "nothing" : it === null ? "null" : `something of type ${typeof it}`;

function refuse(what: string, hint = "return response.clone() and read the other one"): never {
  throw new InvalidResponseError(`answer the request: ${what}`, [], hint);
}
