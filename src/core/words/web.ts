/**
 * The globals that the core uses beyond ECMAScript: those that every web-standard runtime shares, and no others.
 *
 * They are declared here instead of coming from `lib.dom`, so that the core compiles without knowing any runtime. All
 * of them are optional: without `performance` an elapsed time is 0, without `setTimeout` a deadline never passes,
 * without `AbortController` nobody is given a signal. They are read when they are used and not when this file is
 * loaded: in Node.js the first read of `performance` alone costs more than half a millisecond.
 *
 * @module
 */

import type { RuntimeAbortSignal } from "../types/signal.ts";

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

/** The time in milliseconds. Only differences between two readings mean something. */
export function now(): number {
  return web.performance?.now() ?? 0;
}

// The symbols of `using`. Where the runtime has none, they are those that compilers use instead. They are looked up each
// time, because a polyfill may be loaded after this file; and by two functions, because an access by a variable name takes
// several times as long.

interface Symbols {
  readonly dispose?: symbol;
  readonly asyncDispose?: symbol;
}

export function disposeSymbol(): symbol {
  return (Symbol as Symbols).dispose ?? Symbol.for("Symbol.dispose");
}

export function asyncDisposeSymbol(): symbol {
  return (Symbol as Symbols).asyncDispose ?? Symbol.for("Symbol.asyncDispose");
}
