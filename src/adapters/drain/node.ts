/**
 * Draining the servers of `node:http`, `node:https` and `node:http2`, and of what is built on them: Express, Fastify,
 * `@hono/node-server`.
 *
 * `server.close()` is not enough. It leaves a connection open whose request is being answered, for five more seconds or
 * for as long as its client goes on; it waits for connections that never sent anything (browsers open some in advance); in
 * Node 20 it does not end sessions of HTTP/2. And it destroys connections whose response was written to its end and is
 * not sent yet, so that a slow client gets the first megabytes of it.
 *
 * @module
 */

import type { AbortSignalLike } from "../signals/abort.ts";
import { drainOnce, noServer } from "./draining.ts";

/** What we use of a server of `node:http`, `node:https` or `node:http2`. */
export interface NodeServer {
  close(closed: (error?: Error) => void): unknown;
  closeIdleConnections?(): void;
  closeAllConnections?(): void;
  on(event: string, listener: (...args: any[]) => void): unknown;
  off(event: string, listener: (...args: any[]) => void): unknown;
  prependListener(event: string, listener: (...args: any[]) => void): unknown;
}

/** A server, or an object that has one, as a Fastify instance does. */
export type Drainable = NodeServer | { readonly server: NodeServer };

interface Socket {
  destroy(): void;
  readonly bytesRead?: number;
  readonly writableLength?: number;
  /** The response that is being written to this connection. */
  readonly _httpMessage?: unknown;
}

interface Session {
  close(): void;
  destroy(): void;
}

interface Response {
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
}

/** What it takes, for a message. */
const servers = "a server of node:http, node:https or node:http2, or what has one as its property server";

/** How often to look for connections whose request has been answered, in milliseconds. */
const interval = 20;

/**
 * How long a connection that has not sent anything yet may go on without, in milliseconds. Its first request may be on
 * its way.
 */
const grace = 500;

/**
 * Closes a server without losing requests: it accepts no new connections, closes idle ones, answers the requests in
 * flight, and resolves when all connections have closed. When `signal` aborts, the connections that are left are cut.
 * This is what the option `stop` of a provider needs.
 *
 * It resolves at once for a server that does not listen. Called twice, it joins. It rejects with a `TypeError` when it is
 * given no server. Node's own disposal of the server, which rejects once that is closed, has nothing left to do afterwards. A
 * server whose `start` has failed was not drained: say `dispose: false` where the provider has one.
 *
 * What it cannot do: it does not reach WebSockets and other upgraded connections, which belong to the code that upgraded
 * them; close them in the same `stop`, or it waits for them. Node 20 does not list its HTTP/2 sessions: those without a
 * request since draining began stay open until their clients leave, and are not cut. The `node:http` of Bun cuts a
 * response that was written to its end and is not sent yet; `Bun.serve` sends it. Fastify on "localhost" listens on two
 * addresses and drains one; give it one address.
 *
 * @example
 * ```ts
 * singleton(Server, [Routes], (routes) => createServer(routes).listen(8080), { stop: drain, dispose: false });
 * ```
 */
export async function drainNode(server: Drainable, signal?: AbortSignalLike): Promise<void> {
  const it = serverOf(server);
  if (!it) throw noServer(servers, "an Express app is none, but app.listen() returns one");
  const known = new Set<Session>();
  const sessions = (): Iterable<Session> => internal(it, "sessions") ?? known;
  let isCut = false;

  const close = (): Promise<void> =>
    new Promise((resolve) => {
      const onRequest = (_: unknown, response: Response): void => {
        if (!("stream" in response) && !response.headersSent) response.setHeader("Connection", "close");
      };
      const onSession = (session: Session): void => {
        known.add(session);
        session.close();
      };
      const onStream = ({ session }: { session?: Session }): void => void (session && onSession(session));
      it.prependListener("request", onRequest);
      it.on("session", onSession);
      it.on("stream", onStream);

      let age = 0;
      const timer = setInterval(() => {
        age += interval;
        if (isCut) cutConnections(it, sessions());
        else closeIdle(it, age > grace);
      }, interval);
      closeListener(it, () => {
        clearInterval(timer);
        it.off("request", onRequest);
        it.off("session", onSession);
        it.off("stream", onStream);
        resolve();
      });
      closeIdle(it, false);
    });

  await drainOnce(it, signal, close, () => {
    isCut = true;
    cutConnections(it, sessions());
  });
  disposeOnce(it);
}

/**
 * Node's own disposal of a server rejects when the server does not listen any more: a service that was drained would be
 * reported as one that could not be disposed.
 */
function disposeOnce(server: NodeServer & { listening?: boolean }): void {
  const { asyncDispose } = Symbol as { asyncDispose?: symbol };
  const own = asyncDispose && (Reflect.get(server, asyncDispose) as (() => unknown) | undefined);
  if (typeof own !== "function" || Object.hasOwn(server, asyncDispose!)) return;
  Object.defineProperty(server, asyncDispose!, {
    value: async () => (server.listening ? own.call(server) : undefined),
    configurable: true,
    writable: true,
  });
}

function serverOf(server: Drainable): NodeServer | undefined {
  const it = (server as { server?: NodeServer } | undefined)?.server ?? (server as NodeServer | undefined);
  return typeof it?.close === "function" && typeof it.prependListener === "function" ? it : undefined;
}

/** Calls `server.close()` without what it does to idle connections, which is more than to idle ones. */
function closeListener(server: NodeServer, closed: () => void): void {
  const own = Object.getOwnPropertyDescriptor(server, "closeIdleConnections");
  if (server.closeIdleConnections) server.closeIdleConnections = () => {};
  try {
    // The error that it may pass says that the server does not listen.
    server.close(closed);
  } finally {
    if (own) Object.defineProperty(server, "closeIdleConnections", own);
    else delete server.closeIdleConnections;
  }
}

/** Closes connections that carry no request, and nothing of a response that is still to be sent. */
function closeIdle(server: NodeServer, withSilent: boolean): void {
  const connections = connectionsOf(server);
  if (!connections) return server.closeIdleConnections?.();
  for (const { socket, isIdle } of connections) {
    // To Node, a connection that has not sent anything yet is not idle.
    const isOver = isIdle || (withSilent && socket.bytesRead === 0);
    if (isOver && !socket._httpMessage && !socket.writableLength) socket.destroy();
  }
}

function cutConnections(server: NodeServer, sessions: Iterable<Session>): void {
  server.closeAllConnections?.();
  for (const { socket } of connectionsOf(server) ?? []) socket.destroy();
  for (const session of [...sessions]) session.destroy();
}

interface Connection {
  readonly socket: Socket;
  /** Whether no request is being received. One may be in the middle of being answered. */
  readonly isIdle: boolean;
}

interface ConnectionsList {
  all(): { readonly socket?: Socket }[];
  idle(): { readonly socket?: Socket }[];
}

/** The connections of HTTP/1, where the runtime has a list of them that can be found. */
function connectionsOf(server: NodeServer): Connection[] | undefined {
  const list = internal<Partial<ConnectionsList>>(server, "http.server.connections");
  if (typeof list?.all === "function" && typeof list.idle === "function") {
    const idle = new Set(list.idle());
    return list.all().flatMap((it) => (it.socket ? { socket: it.socket, isIdle: idle.has(it) } : []));
  }
  return undefined;
}

/** What a runtime keeps under a symbol of its own. */
function internal<T>(server: object, name: string): T | undefined {
  const symbol = Object.getOwnPropertySymbols(server).find(({ description }) => description === name);
  return symbol && (server as Record<symbol, T>)[symbol];
}
