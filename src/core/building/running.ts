/**
 * The running build: the one whose factory is on the stack right now.
 *
 * A factory that calls the container itself, instead of the resolver it was given, resolves on behalf of this build.
 * This holds for the synchronous part of a factory only. What runs after an `await` cannot be told apart.
 *
 * @module
 */

import { type Build, RUNNING } from "../model/records.ts";

export let running: Build | undefined;

/** What was running when something else was called on behalf of another build, or of none: it is still on the stack. */
const shelved: (Build | undefined)[] = [];

export function setRunning(build: Build | undefined): void {
  running = build;
}

/** Calls `fn` so that everything it resolves from a container is a dependency of `build`, or of nothing. */
export function runAs<T>(build: Build | undefined, fn: () => T): T {
  shelved.push(running);
  running = build;
  try {
    return fn();
  } finally {
    running = shelved.pop();
  }
}

const nothing: ReadonlySet<Build> = new Set();

/** All builds on the stack: those whose factories were called, and those that they are built for. */
export function onStack(): ReadonlySet<Build> {
  if (!running && shelved.length === 0) return nothing;
  const builds = new Set<Build>();
  for (const last of [running, ...shelved]) {
    for (let it = last; it; it = it.below) {
      // What a known one is built for is known as well.
      for (let build: Build | undefined = it; build && !builds.has(build); build = build.dependent)
        builds.add(build);
    }
  }
  return builds;
}

/**
 * Calls `visit` with the builds on the stack that resolve their dependencies. Thousands of factories may be on the stack, one
 * inside the other, so it makes no collection, and leaves the dependents of a factory to the step that comes to that factory.
 */
export function forEachResolving(visit: (build: Build) => void): void {
  for (const last of [running, ...shelved]) {
    for (let it = last; it; it = it.below) {
      let build: Build | undefined = it.phase < RUNNING ? it : it.dependent;
      for (; build && build.phase < RUNNING; build = build.dependent) visit(build);
    }
  }
}
