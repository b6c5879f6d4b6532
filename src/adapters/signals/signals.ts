/**
 * Signals: how a runtime says that it wants the program gone.
 *
 * One shape for a process that is sent SIGTERM, a page that is left and an `AbortSignal` that somebody holds,
 * so that a program changes its runtime by changing an import. An adapter tells what happened and leaves the
 * rest to the program: it prints nothing, counts nothing down, and picks no exit code for a shutdown that
 * went its way.
 *
 * @module
 */

/**
 * Why the program has to go: a signal's name, "pagehide", or what an `AbortSignal` was aborted with, which
 * may be anything.
 */
// The names add nothing to `{}`; they are here for the editor to offer.
export type StopReason = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGBREAK" | "pagehide" | {} | null | undefined;

/** How a runtime tells that it wants the program gone. `signals()` of each entry point makes one. */
export interface Signals {
  /** Calls `listener` when the runtime wants the program to stop. Returns a function that removes it. */
  onStop(listener: (reason: StopReason) => void): () => void;

  /**
   * Calls `listener` each time a page has gone out of sight: the last moment that is sure to come, so the one
   * to send what must not be lost. A page that is left goes out of sight as well, before or after it stops.
   * Where there is no page it never comes. Returns a function that removes the listener.
   */
  onHidden(listener: () => void): () => void;

  /**
   * Keeps the runtime from ending before `work` has settled. Only where one would: a Worker is over once it
   * has responded.
   */
  waitUntil?(work: Promise<unknown>): void;
}

/**
 * Refuses what cannot be called, when it is given and not when the signal comes.
 *
 * @throws a `TypeError`.
 */
export function checkListener(listener: unknown): void {
  if (typeof listener !== "function") throw new TypeError("a listener is a function");
}

/** Listening for what does not happen in this runtime. */
export const never = (): (() => void) => () => {};
