/**
 * The running build: the one whose factory is on the stack right now.
 *
 * A factory that calls the container itself, instead of the resolver it was given, resolves on behalf of this build.
 * This holds for the synchronous part of a factory only. What runs after an `await` cannot be told apart.
 *
 * @module
 */

import type { Build } from "../model/records.ts";

export let running: Build | undefined;

export function setRunning(build: Build | undefined): void {
  running = build;
}

/** Calls `fn` so that everything it resolves from a container is a dependency of `build`, or of nothing. */
export function runAs<T>(build: Build | undefined, fn: () => T): T {
  const outer = running;
  running = build;
  try {
    return fn();
  } finally {
    running = outer;
  }
}
