/**
 * Draining a server, which is what a service that listens has to do before anything below it is disposed.
 *
 * Each runtime's servers drain in a way of their own, so each has a file beside this one. They share this contract:
 *
 * - Draining begins before the call returns. From then on no new connection is accepted.
 * - Requests in flight are answered, and their connections close after that. Idle connections close at once.
 * - When the signal aborts, what is left is cut, as far as the server can.
 * - The promise resolves when the server has closed; at once when it does not listen. Draining a server twice joins.
 *
 * @module
 */

import { abortSignals, type AbortSignalLike } from "../signals/abort.ts";

/** The servers that are being drained. */
const draining = /* @__PURE__ */ new WeakMap<object, Promise<void>>();

/**
 * Drains a server once, however often it is called meanwhile. `close` begins and resolves when the server has closed;
 * `cut` is called when the signal of any call aborts before that.
 */
export async function drainOnce(
  server: object,
  signal: AbortSignalLike | undefined,
  close: () => Promise<unknown>,
  cut: () => void,
): Promise<void> {
  let closed = draining.get(server);
  if (!closed) {
    closed = close().then(() => {});
    draining.set(server, closed);
  }
  const forget = abortSignals(signal).onStop(cut);
  try {
    await closed;
  } finally {
    forget();
    // It may listen again, and then it can be drained again.
    draining.delete(server);
  }
}

/** What `drain` rejects with when it is given no server. */
export const noServer = (servers: string, hint: string): TypeError =>
  new TypeError(`drain takes ${servers}\n  hint: ${hint}`);
