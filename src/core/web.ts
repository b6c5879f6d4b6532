/**
 * The globals the core uses, beyond ECMAScript: those that every web-standard runtime shares, and nothing else.
 *
 * They are described here and not taken from `lib.dom`, so that the core compiles without knowing any runtime, and
 * all of them are optional: without `performance` an elapsed time is 0, without `setTimeout` a deadline never
 * passes, without `AbortController` nobody is given a signal.
 *
 * @module
 */

import type { RuntimeAbortSignal } from "./types/signal.ts";

/** What the core uses of an `AbortController`. */
export interface Controller {
  readonly signal: RuntimeAbortSignal;
  abort(reason?: unknown): void;
}

interface Web {
  readonly setTimeout?: (fn: () => void, ms: number) => unknown;
  readonly clearTimeout?: (timer: unknown) => void;
  readonly AbortController?: new () => Controller;
  readonly performance?: { now(): number };
  readonly reportError?: (error: unknown) => void;
}

export const web: Web = globalThis as Web;

/** The time in ms, for differences only. */
export function now(): number {
  return web.performance?.now() ?? 0;
}

export function newController(): Controller | undefined {
  return web.AbortController && new web.AbortController();
}

/**
 * A symbol of `using`; where the runtime has none, the one that compilers make up. Looked up each time: what gives it to
 * an old runtime may be loaded after us.
 */
export function symbolOf(name: "dispose" | "asyncDispose"): symbol {
  return (Symbol as { dispose?: symbol; asyncDispose?: symbol })[name] ?? Symbol.for("Symbol." + name);
}
