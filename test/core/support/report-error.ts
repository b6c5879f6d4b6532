/**
 * Stands in for `globalThis.reportError` until the test has finished, and keeps what it is given.
 *
 * Where a runtime has the real one, an error that reaches it counts as uncaught: it would fail the run, in Deno even
 * end it. Not every runtime has one, so it may have to be taken away again.
 *
 * @module
 */

import { onTestFinished } from "vitest";

export function catchReports(): unknown[] {
  const reported: unknown[] = [];
  const world = globalThis as { reportError?: ((error: unknown) => void) | undefined };
  const original = Object.getOwnPropertyDescriptor(world, "reportError");
  Object.defineProperty(world, "reportError", {
    value: (error: unknown) => void reported.push(error),
    configurable: true,
    writable: true,
  });
  onTestFinished(() => {
    if (original) Object.defineProperty(world, "reportError", original);
    else delete world.reportError;
  });
  return reported;
}
