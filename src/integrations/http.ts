/**
 * `thimble/http`: a scope for each request of `node:http`, and of what is built on it: Express, Connect, Polka, Fastify.
 *
 * ```ts
 * import { createServer } from "node:http";
 * import { createContainer, scoped } from "thimble";
 * import { CurrentIncoming, scopePerRequest } from "thimble/http";
 *
 * class Profile {
 *   #path;
 *   constructor(request: { url?: string }) { this.#path = request.url; }
 *   html() { return `<h1>${this.#path}</h1>`; }
 * }
 *
 * const app = createContainer(scoped(Profile, [CurrentIncoming]));
 *
 * createServer(scopePerRequest(app, (request, response, scope) => {
 *   response.end(scope.get(Profile).html());
 * }));
 * ```
 *
 * The event `close` of a response is not the end of the work: it comes as well when the client leaves, and the handler
 * goes on. So a scope ends when `close` has come *and* the work is over. Three signs tell that it is: what the handler
 * returned has settled, `end()` of the response was called, or, where nothing tells, some time has passed.
 *
 * @module
 */

import type { With } from "../core/types/coverage.ts";
import type { Token } from "../core/types/dependency.ts";
import type { Provider } from "../core/types/provider.ts";
import type { Scope } from "../core/types/scope.ts";
import { isThenable } from "../core/words/thenable.ts";
import { token } from "../core/words/token.ts";
import { web } from "../core/words/web.ts";
import {
  fail,
  failAll,
  failureBy,
  openEvent,
  type OpenEvent,
  outerEvent,
  scopeOf,
  tellUnhandled,
} from "./event.ts";
import { checkOptions, type RequestScopeOptions } from "./options.ts";

export { fail, scopeOf };

/** What we use of a request: an `IncomingMessage`, or what a framework has made of it. */
export interface IncomingLike {
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
}

/** What we use of a response, or of the socket of an upgrade. */
export interface OutgoingLike {
  on(event: "close", listener: () => void): unknown;
  end(...args: any[]): unknown;
  readonly writableEnded: boolean;
  readonly destroyed: boolean;
}

// The union of the types of all modules of Node, where the reader's types have them. A plain import of "node:http" would not
// compile for a reader who has no @types/node.
type NodeModules = typeof globalThis extends {
  process: {
    getBuiltinModule: { (id: infer _Id extends "node:http"): infer M; (id: string): any };
  };
}
  ? M
  : never;

type PrototypeOf<Module, Name extends string> = Module extends { [N in Name]: { prototype: infer P } }
  ? P
  : never;

type Or<T, U> = [T] extends [never] ? U : T;

/** The `IncomingMessage` of `node:http` as the reader's types describe it, or what we use of it. */
export type NodeIncoming = Or<PrototypeOf<NodeModules, "IncomingMessage">, IncomingLike>;

/** The `ServerResponse` of `node:http` as the reader's types describe it, or what we use of it. */
export type NodeOutgoing = Or<PrototypeOf<NodeModules, "ServerResponse">, OutgoingLike>;

/**
 * The request that a scope was opened for, an `IncomingMessage`. It is not the `CurrentRequest` of the other
 * integrations, which is a web `Request`: the two have a `url` and `headers` of different kinds.
 */
export const CurrentIncoming: Token<NodeIncoming> = /* @__PURE__ */ token("incoming message");

/** Options of {@linkcode scopePerRequest} and {@linkcode scopePlugin}. */
export interface HttpScopeOptions extends Pick<RequestScopeOptions<any>, "name" | "failed"> {
  /**
   * How long the scope waits for the work after the client has left, in milliseconds, where nothing tells its end: the
   * handler returned no promise, as in Express and Fastify, and has not called `end()` of the response yet. After that
   * the scope ends, and what the handler resolves from it is `SCOPE_CLOSED`.
   *
   * @default 1000
   */
  readonly grace?: number | undefined;
}

/** A request of Fastify, or its reply. */
interface Raw<T> {
  readonly raw: T;
}

/** The scope of a request: it has what the container has, and the request. */
export type HttpScope<Has> = Scope<With<readonly [Provider<typeof CurrentIncoming, never, "value">], Has>>;

/**
 * A middleware, a listener for `request` or `upgrade`, or a hook `onRequest` of Fastify. It opens a scope, which
 * {@linkcode scopeOf} finds, calls `next` if there is one, and returns what that returned; nothing when the container is
 * closing.
 */
export type ScopeMiddleware = <R = void>(
  // One signature and not three: Fastify's types take a function with several for an asynchronous one.
  request: IncomingLike | Raw<IncomingLike>,
  response: OutgoingLike | Raw<OutgoingLike>,
  next?: (error?: any) => R,
) => R | undefined;

/**
 * Gives each request a scope, which holds the request as {@linkcode CurrentIncoming} and is found with
 * {@linkcode scopeOf}. With a handler it makes a listener for `createServer`; without one, a middleware for Express,
 * Connect and Polka, a hook `onRequest` for Fastify, and a listener for the events `request` and `upgrade`. Where the
 * request has an open scope of this container already, that one is used.
 *
 * The scope ends when the connection is done with the response, or has closed, and the work is over: the promise that the
 * handler or `next` returned has settled or, without a promise, `end()` was called or `grace` has passed. Until then a
 * shutdown of the container waits for it. A client that leaves is no failure, and no end of the work. A promise that never
 * settles keeps its scope until the deadline of the shutdown. The scope of an upgrade ends with its socket.
 *
 * An error that the handler or `next` throws, or rejects with, goes on to the caller as it is, and disposers get it as the
 * reason. Errors that a framework handles are told by {@linkcode scopeErrors}, by {@linkcode scopePlugin}, by
 * {@linkcode fail}, or by the option `failed`.
 *
 * A request that arrives when the container is closing or closed is answered with status 503.
 *
 * @throws `TypeError` when the container, the handler or an option is not what it has to be.
 *
 * @example
 * ```ts
 * const server = createServer(
 *   scopePerRequest(app, async (request, response, scope) => {
 *     const users = await scope.getAsync(Users);
 *     response.end(await users.html(request.url));
 *   }),
 * );
 * ```
 *
 * @example
 * ```ts
 * const site = express();
 * site.use(scopePerRequest(app));
 * site.get("/", async (request, response) => {
 *   const users = await scopeOf(request)!.getAsync(Users);
 *   response.send(await users.html(request.url));
 * });
 * site.use(scopeErrors());
 * ```
 */
export function scopePerRequest<
  Has,
  R,
  Incoming extends IncomingLike = NodeIncoming,
  Outgoing extends OutgoingLike = NodeOutgoing,
>(
  container: Scope<Has>,
  handler: (request: Incoming, response: Outgoing, scope: HttpScope<Has>) => R,
  options?: HttpScopeOptions,
): (request: Incoming, response: Outgoing) => R | undefined;
export function scopePerRequest(container: Scope, options?: HttpScopeOptions): ScopeMiddleware;
export function scopePerRequest(
  container: Scope,
  handlerOrOptions: ((...args: any[]) => unknown) | HttpScopeOptions = {},
  more: HttpScopeOptions = {},
): (...args: any[]) => unknown {
  const handler = typeof handlerOrOptions === "function" ? handlerOrOptions : undefined;
  const options = handler ? more : (handlerOrOptions as HttpScopeOptions);
  checkOptions(container, options, ["name", "failed", "grace"]);
  if (handler)
    return function scopePerRequest(request: IncomingLike, response: OutgoingLike) {
      const work = workFor(container, request, response, options);
      return work?.run(() => handler(request, response, work.scope));
    };
  return function scopePerRequest(
    request: IncomingLike & Partial<Raw<IncomingLike>>,
    response: OutgoingLike & Partial<Raw<OutgoingLike>>,
    next?: () => unknown,
  ) {
    const isOfFastify = typeof response.raw?.end === "function";
    const work = isOfFastify
      ? workFor(container, request.raw!, response.raw!, options)
      : workFor(container, request, response, options);
    return next && work?.run(next);
  };
}

/**
 * A middleware for errors, of Express and Connect, that keeps what a handler threw or passed to `next` as the reason for
 * which the scope of the request ends, and passes it on. Put it after the routes and before other such middlewares.
 *
 * @example
 * ```ts
 * site.use(scopePerRequest(app));
 * site.get("/", (request, response) => response.send(scopeOf(request)!.get(Page).html));
 * site.use(scopeErrors());
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export function scopeErrors(): (
  error: any,
  request: object,
  response: object,
  next: (error?: any) => void,
) => void {
  // Express and Connect tell such a middleware by its four parameters.
  return function scopeErrors(error, request, _response, next) {
    failAll(request, error);
    next(error);
  };
}

/** What we use of a Fastify instance. */
export interface FastifyLike {
  addHook(name: any, hook: any): unknown;
}

/**
 * A plugin for Fastify that gives each request a scope, and keeps the error of a request as the reason for which its scope
 * ends. The scope also waits for a stream that is sent as the body, whose source may go on after the client has left. It counts for the instance that registers it and for everything below, so register it first, on the outermost.
 *
 * @throws `TypeError` as {@linkcode scopePerRequest} does.
 *
 * @example
 * ```ts
 * const site = Fastify();
 * site.register(scopePlugin(app));
 * site.get("/", async (request) => (await scopeOf(request)!.getAsync(Users)).list());
 * ```
 */
export function scopePlugin(
  container: Scope,
  options?: HttpScopeOptions,
): (fastify: FastifyLike, options: unknown, done: () => void) => void {
  const onRequest = scopePerRequest(container, options);
  const plugin = (fastify: FastifyLike, _options: unknown, done: () => void): void => {
    fastify.addHook("onRequest", onRequest);
    fastify.addHook("onError", (request: object, _reply: unknown, error: unknown, done: () => void) => {
      failAll(request, error);
      done();
    });
    fastify.addHook("onSend", ({ raw }: Raw<object>, _reply: unknown, body: unknown, done: () => void) => {
      const event: HttpEvent | undefined = outerEvent(container, raw);
      const { pipe, on, getReader, body: ofResponse } = Object(body) as Record<string, unknown>;
      if (event && typeof pipe === "function" && typeof on === "function")
        event.work?.follow(body as BodyStream);
      else if (typeof (getReader ?? (Object(ofResponse) as { getReader?: unknown }).getReader) === "function")
        event?.work?.followWeb();
      done();
    });
    done();
  };
  // Without this, Fastify would keep the hooks from the routes beside the plugin, without a word.
  return Object.assign(plugin, {
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: "thimble",
  });
}

/** An event of this file. */
interface HttpEvent extends OpenEvent {
  work?: Work;
}

/** The work for a request that has an open scope of the container, or that gets one; none when the container closes. */
function workFor(
  container: Scope,
  request: IncomingLike,
  response: OutgoingLike,
  options: HttpScopeOptions,
): Work | undefined {
  const outer: HttpEvent | undefined = outerEvent(container, request);
  if (outer?.work) return outer.work;
  const { state } = container;
  if (state === "closing" || state === "closed") return refuse(request, response);
  return new Work(container, request, response, options);
}

/** A response, which has more than a socket has. */
interface Answer extends OutgoingLike {
  readonly socket?: object | null;
  statusCode: number;
  setHeader(name: string, value: string): unknown;
}

const isAnswer = (it: OutgoingLike): it is Answer => typeof (it as Partial<Answer>).setHeader === "function";

function refuse(request: IncomingLike & { httpVersionMajor?: number }, response: OutgoingLike): undefined {
  if (!isAnswer(response)) return void (response as { destroy?(): void }).destroy?.();
  response.statusCode = 503;
  if (request.httpVersionMajor === 1) response.setHeader("Connection", "close");
  response.end();
  return undefined;
}

interface BodyStream {
  on(event: string, listener: () => void): unknown;
}

/** What is done for one request, and when it is over. */
class Work {
  declare readonly event: HttpEvent;
  declare readonly container: Scope;
  declare readonly response: OutgoingLike;
  declare readonly options: HttpScopeOptions;
  /** Whether `close` has come. */
  declare isClosed: boolean;
  /** How many promises of handlers have not settled yet. */
  declare pending: number;
  /** Whether something has told that the work is over. */
  declare isTold: boolean;
  declare timer: unknown;

  constructor(container: Scope, request: IncomingLike, response: OutgoingLike, options: HttpScopeOptions) {
    const name = options.name ?? "request";
    // Where the types of Node are known, the two kinds of token have nothing in common.
    this.event = openEvent(
      container,
      name,
      CurrentIncoming as Token<unknown> as Token<IncomingLike>,
      request,
    );
    this.event.work = this;
    this.container = container;
    this.response = response;
    this.options = options;
    this.isClosed = this.isTold = false;
    this.pending = 0;
    this.timer = undefined;
    // Another middleware may have waited before this one, and the client may have left meanwhile.
    if (response.destroyed) this.#close();
    else response.on("close", () => this.#close());
    // A pipelined request waits for the connection. In Deno its response is never closed if that is cut meanwhile.
    if (isAnswer(response) && !response.socket)
      (request as { on?(event: string, listener: () => void): unknown }).on?.("aborted", () => this.#close());
  }

  get scope(): Scope {
    return this.event.scope;
  }

  /** Waits for a body that Fastify sends. It destroys it when the client leaves, and reads it to its end for HEAD. */
  follow(body: BodyStream): void {
    let isOver = false;
    this.pending++;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      this.pending--;
      this.#tell();
    };
    // Not every stream has the first of these.
    for (const event of ["close", "end", "error"]) body.on(event, over);
  }

  /**
   * Waits for a web stream that Fastify sends. When the client leaves, Fastify cancels it and calls `end()` of the response at
   * once, while the source may be in the middle of a step, whose end nothing tells.
   */
  followWeb(): void {
    const { response } = this;
    this.pending++;
    const over = (): void => {
      this.pending--;
      this.#tell();
    };
    response.on("close", () => {
      if (response.writableEnded) over();
      else web.setTimeout?.(over, this.options.grace ?? 1000);
    });
  }

  /** Runs a handler, or `next`, and notices what becomes of it. */
  run(handler: () => unknown): unknown {
    let result: unknown;
    try {
      result = handler();
    } catch (error) {
      fail(this.scope, error);
      this.#tell();
      throw error;
    }
    if (!isThenable(result)) return result;
    this.pending++;
    // This promise is returned in place of the other one, so that a rejection which nobody handles stays one.
    return result.then(
      (value) => {
        this.pending--;
        this.#tell();
        return value;
      },
      (error) => {
        this.pending--;
        fail(this.scope, error);
        this.#tell();
        throw error;
      },
    );
  }

  #tell(): void {
    this.isTold = true;
    this.#look();
  }

  #close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.isTold || this.pending > 0) return this.#look();
    const { response } = this;
    // The end of a socket is the end of an upgrade. A handler may have a few lines left after `end()`, and other listeners
    // of this event as well.
    if (response.writableEnded || !isAnswer(response)) return this.#tellIn(0);
    // The client has left while a handler is at work. From now on only this call tells that it is done.
    const { end } = response;
    response.end = (...args) => {
      const result: unknown = end.apply(response, args);
      this.#tellIn(0);
      return result;
    };
    this.#tellIn(this.options.grace ?? 1000);
  }

  #tellIn(ms: number): void {
    web.clearTimeout?.(this.timer);
    this.timer = web.setTimeout?.(() => this.#tell(), ms);
  }

  #look(): void {
    if (!this.isClosed || !this.isTold || this.pending > 0 || this.event.isOver) return;
    web.clearTimeout?.(this.timer);
    void this.event.close(this.#failure());
  }

  /** What the response tells of a failure. */
  #failure(): { readonly reason: unknown } | undefined {
    const { response, options } = this;
    if (!isAnswer(response)) return undefined;
    const { statusCode } = response;
    try {
      return failureBy(options.failed ? options.failed(response) : statusCode >= 500, statusCode);
    } catch (error) {
      tellUnhandled(this.container, error);
      return { reason: error };
    }
  }
}
