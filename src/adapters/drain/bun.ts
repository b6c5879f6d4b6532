/**
 * Draining `Bun.serve`, which does it well by itself, and the servers that Bun has in common with Node.
 *
 * @module
 */

import type { AbortSignalLike } from "../signals/abort.ts";
import { drainOnce } from "./draining.ts";
import { type Drainable, drainNode } from "./node.ts";

/** What we use of the server that `Bun.serve` returns. */
export interface BunServer {
  stop(closeActiveConnections?: boolean): Promise<void>;
}

/**
 * Closes a server without losing requests: it accepts no new connections, closes idle ones, answers the requests in
 * flight, and resolves when all connections have closed. When `signal` aborts, the connections that are left are cut,
 * WebSockets too. This is what the option `stop` of a provider needs.
 *
 * It takes what `Bun.serve` returns, and the servers of `node:http`, `node:https` and `node:http2` with what is built on
 * them. It resolves at once for a server that does not listen. Called twice, it joins. It rejects with a `TypeError` when
 * it is given no server.
 *
 * What it cannot do: it waits for WebSockets until they close or the signal aborts, so close them in the same `stop`. The
 * `node:http` of Bun cuts a response that was written to its end and is not sent yet; `Bun.serve` sends it.
 *
 * @example
 * ```ts
 * singleton(Server, [Routes], (routes) => Bun.serve({ fetch: routes }), { stop: drain });
 * ```
 */
export async function drainBun(server: BunServer | Drainable, signal?: AbortSignalLike): Promise<void> {
  if (typeof (server as Partial<BunServer> | undefined)?.stop !== "function")
    return drainNode(server as Drainable, signal);
  const it = server as BunServer;
  return drainOnce(
    it,
    signal,
    async () => it.stop(),
    () => void it.stop(true),
  );
}
