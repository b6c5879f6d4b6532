/**
 * `thimble/hono`: a scope for each request of a Hono app, as `c.var.scope`.
 *
 * ```ts
 * import { Hono } from "hono";
 * import { createContainer, scoped } from "thimble";
 * import { CurrentRequest, scopePerRequest } from "thimble/hono";
 *
 * class Profile {
 *   readonly request: Request;
 *   constructor(request: Request) {
 *     this.request = request;
 *   }
 * }
 *
 * const container = createContainer(scoped(Profile, [CurrentRequest]));
 *
 * export default new Hono()
 *   .use(scopePerRequest(container))
 *   .get("/", (c) => c.text(c.var.scope.get(Profile).request.url));
 * ```
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import type { With } from "../core/types/coverage.ts";
import type { Provider } from "../core/types/provider.ts";
import type { Scope } from "../core/types/scope.ts";
import { follow, isBun, type NodeResponse, type Sign, signOfDeno, signOfNode } from "./ending.ts";
import {
  CurrentRequest,
  fail,
  failureOf,
  type OpenEvent,
  openEvent,
  outerEvent,
  type RuntimeRequest,
  scopeOf,
} from "./event.ts";
import { BodyAbandonedError, checkOptions, type RequestScopeOptions } from "./options.ts";

export { BodyAbandonedError, CurrentRequest, fail, scopeOf };
export type { RequestScopeOptions, RuntimeRequest };

/** The variables that the middleware sets: `c.var.scope`. It has what the container has, and the request. */
export interface ScopeVariables<Has> {
  scope: Scope<With<readonly [Provider<typeof CurrentRequest, never, "value">], Has>>;
}

/**
 * A middleware that opens a scope for each request, as `c.var.scope`, with the request as {@linkcode CurrentRequest}.
 *
 * The scope ends when the response is over: when it has been sent or has failed, or the client has left and the work for it
 * has ended. Then its services are disposed. They receive the error of the handler as their `reason`, so that a
 * transaction can roll back; a response from 500 on counts as an error too, see the option `failed`. `app.onError` runs
 * before that. A shutdown of the container waits for the requests in flight, until its deadline.
 *
 * Put it before the other middlewares: one that is outside of it runs on after it, and finds the scope closed where the
 * response has no body. Where it is used a second time, and inside of `scopePerRequest` of `thimble/fetch` with the same
 * container, `c.var.scope` is the scope that is open already.
 *
 * @throws `TypeError` when an argument or an option is wrong. A request is answered with `SCOPE_CLOSED` by `app.onError` when
 * the container has been shut down.
 *
 * @example
 * ```ts
 * const app = new Hono()
 *   .use(scopePerRequest(container))
 *   .get("/users", async (c) => c.json(await (await c.var.scope.getAsync(Users)).list()));
 * ```
 */
export function scopePerRequest<Has>(
  container: Scope<Has>,
  options: RequestScopeOptions<Context["res"]> = {},
): MiddlewareHandler<{ Variables: ScopeVariables<Has> }> {
  checkOptions(container, options);
  const { name = "request", scopeEnds, failed, abandonAfter = 10_000 } = options;

  return async function scopePerRequest(c, next) {
    const request = c.req.raw;
    const outer = outerEvent(container, request) ?? outerEvent(container, requestOf(c.get("scope")));
    if (outer) {
      c.set("scope", outer.scope as never);
      await outer.join(next);
      if (c.error) fail(outer.scope, c.error);
      return;
    }

    const event = openEvent(container, name, CurrentRequest, request as never);
    try {
      const sign = scopeEnds ? undefined : signOf(c.env);
      // On Workers the scope of a request whose client has left would be forgotten otherwise, with everything in it.
      if (!sign && !isBun(c.env)) waitUntil(c, event);
      c.set("scope", event.scope as never);
      await next();
      if (c.error) fail(event.scope, c.error);
      if (!c.finalized) {
        // A middleware further out may still answer; else Hono does, with 500.
        void event.close({ reason: new Error("No handler has answered the request") });
        return;
      }
      const failure = failureOf(c.res, failed);
      if (failure) fail(event.scope, failure.reason);
      if (scopeEnds) {
        await event.close();
        return;
      }
      const isHead = c.req.method === "HEAD";
      if (sign && !isHead) {
        sign.close(event, c.res);
        return;
      }
      const { res } = c;
      const answer = follow(event, res, c.req.raw, abandonAfter);
      // Somebody has the body already: a middleware that has answered by itself.
      if (!answer) void event.close();
      if (!answer || answer === res) return;
      // Hono would merge the headers of the two.
      c.res = undefined;
      c.res = answer;
    } catch (error) {
      const closing = event.close({ reason: error });
      if (scopeEnds) await closing;
      throw error;
    }
  };
}

/** Has the runtime wait for the event where it has to be told to. */
function waitUntil(c: Context, event: OpenEvent): void {
  let context: Context["executionCtx"];
  try {
    // Where there is none it throws, which takes longer than all the rest: so it is not read on servers that are known.
    context = c.executionCtx;
  } catch {
    return;
  }
  context.waitUntil(event.ended);
}

/** What the server tells the end of the response by, if it does: Node by the response, Deno by a promise. */
function signOf(env: unknown): Sign | undefined {
  const { outgoing, completed } = Object(env) as {
    outgoing?: NodeResponse;
    completed?: PromiseLike<unknown>;
  };
  // A binding of a Worker has every method that one looks for, and no property of another type.
  if (typeof outgoing?.writableEnded === "boolean") return signOfNode(outgoing);
  if (typeof completed?.then === "function") return signOfDeno(completed, false);
  return undefined;
}

/** The request of a scope, which stays the same when a middleware has put another one in its place. */
function requestOf(scope: Scope | undefined): object | undefined {
  try {
    return scope?.get(CurrentRequest) as object;
  } catch {
    return undefined;
  }
}
