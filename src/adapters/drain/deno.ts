/**
 * Draining `Deno.serve`, which does it well by itself and cannot be hurried.
 *
 * @module
 */

import type { AbortSignalLike } from "../signals/abort.ts";
import { drainOnce, noServer } from "./draining.ts";

/** What we use of the server that `Deno.serve` returns. */
export interface DenoServer {
  shutdown(): Promise<void>;
}

/**
 * Closes a server without losing requests: it accepts no new connections, closes idle ones, answers the requests in
 * flight, and resolves when all connections have closed. This is what the option `stop` of a provider needs.
 *
 * It takes what `Deno.serve` returns. Called twice, it joins. It rejects with a `TypeError` when it is given no server.
 *
 * What it cannot do: nothing cuts the connections of `Deno.serve`, so `signal` is taken and changes nothing. A request
 * that is never answered keeps the server open, the promise pending and the process alive; the service is reported as
 * abandoned at the deadline, and `Deno.exit` ends the program. For a server of `node:http` take `drain` of
 * `thimble/node`.
 *
 * @example
 * ```ts
 * singleton(Server, [Routes], (routes) => Deno.serve(routes), { stop: drain });
 * ```
 */
export async function drainDeno(server: DenoServer, signal?: AbortSignalLike): Promise<void> {
  if (typeof (server as Partial<DenoServer> | undefined)?.shutdown !== "function")
    throw noServer("what Deno.serve returns", "a server of node:http is drained by drain of thimble/node");
  return drainOnce(
    server,
    signal,
    () => server.shutdown(),
    () => {},
  );
}
