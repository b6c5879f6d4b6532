/**
 * Sockets: a pair of which one half is sent to the client, and whose scope ends with it.
 *
 * @module
 */

import type { Scope } from "../../core/types/scope.ts";
import type { RuntimeWebSocket } from "./context.ts";
import { addSocket } from "./events.ts";

interface Socket {
  addEventListener(type: string, listener: () => void): void;
}

/**
 * Makes the two halves of a WebSocket. The scope of the request stays open until the socket has closed, whichever side
 * closes it, or until its client has vanished. Accept the `server` half yourself, and return the `client` half in a
 * response. From the response alone nobody could tell when a socket ends.
 *
 * Not for the hibernating sockets of a Durable Object, each of whose messages is an event of its own.
 *
 * @throws `TypeError` when the scope is not that of an event, or below one.
 *
 * @example
 * ```ts
 * export default createWorker({
 *   container: () => createContainer(scoped(Echo)),
 *   fetch(_request, scope) {
 *     const [client, server] = webSocketPair(scope);
 *     server.accept();
 *     server.addEventListener("message", ({ data }) => server.send(scope.get(Echo).answer(data)));
 *     return new Response(null, { status: 101, webSocket: client });
 *   },
 * });
 * ```
 */
export function webSocketPair(scope: Scope): [client: RuntimeWebSocket, server: RuntimeWebSocket] {
  let close!: () => void;
  addSocket(scope, new Promise<void>((resolve) => (close = resolve)));
  const Pair = (globalThis as unknown as { WebSocketPair: new () => [Socket, Socket] }).WebSocketPair;
  const { 0: client, 1: server } = new Pair();
  // Later, so that the program's own listeners still find the scope open.
  const closeLater = (): void => void setTimeout(close);
  server.addEventListener("close", closeLater);
  server.addEventListener("error", closeLater);
  return [client, server] as never;
}
