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
  return web.performance ? web.performance.now() : 0;
}

export function newController(): Controller | undefined {
  return web.AbortController && new web.AbortController();
}

/** The symbols of `using`; where the runtime has none, those that compilers make up. */
export const symbols: { dispose: symbol; asyncDispose: symbol } = {} as never;

/** Looks for the symbols when the first container is made: what gives them to an old runtime may be loaded after us. */
export function findSymbols(): void {
  const { dispose, asyncDispose } = Symbol as { dispose?: symbol; asyncDispose?: symbol };
  symbols.dispose = dispose ?? Symbol.for("Symbol.dispose");
  symbols.asyncDispose = asyncDispose ?? Symbol.for("Symbol.asyncDispose");
}
