/**
 * Waiting: builds that cannot go on yet, who waits for whom, and the queue of those that can go on again.
 *
 * A build that has waited is continued from a queue and never from inside another build. This keeps the stack flat: a
 * chain of ten thousand dependencies is built in slices, each of them started from the queue.
 *
 * @module
 */

import { addEdge, dependentIn } from "../model/edges.ts";
import { attach, detach } from "../model/tree.ts";
import { type Build, DONE, extrasOf, RESOLVING, TRANSIENT, type Waiter } from "../model/records.ts";

/** Returned in place of a value that is not there yet. `pendingBuild` is then the build to wait for. */
export const PENDING: object = {};

/** After `PENDING` was returned: the build to wait for. */
export let pendingBuild: Build;

/** Notes that others may have to wait for the build, and that a shutdown has to. */
export function suspend(build: Build): typeof PENDING {
  if (build.missing === undefined) {
    build.missing = 0;
    attach(build, extrasOf(build.scope));
  }
  pendingBuild = build;
  return PENDING;
}

/** Whether the build is continued from the queue: its factory was not called, and it resolves nothing right now. */
export function isWaiting({ phase }: Build): boolean {
  return phase < RESOLVING;
}

/** Has `build` continued when another one is over, with the result at one place of its `values`. */
export function waitFor(build: Build, other: Build, at: number): void {
  suspend(build);
  build.missing!++;
  (build.waitsFor ??= []).push(other);
  (other.waiters ??= []).push({ build, at });
}

/** Ends a build, with an instance or with its failure, and hands the result to all that wait for it. */
export function endBuild(build: Build, value?: unknown): void {
  const { waiters, scope, waitsFor, failure } = build;
  build.phase = DONE;
  build.dependent = undefined;
  if (failure && waitsFor) {
    // What it has waited for goes on without it, and must not keep it alive.
    for (const other of waitsFor) other.waiters = other.waiters?.filter((waiter) => waiter.build !== build);
  }
  if (build.missing === undefined) return;
  // This variable must not keep the last pending build alive until something else has to wait.
  if (pendingBuild === build) pendingBuild = undefined as never;
  if (scope.extras) detach(build, scope.extras);
  build.settled?.(failure, value);
  build.waiters = undefined;
  for (const waiter of waiters ?? []) deliver(waiter, build, value);
  scope.closing?.proceed(dependentIn(build));
}

/** Gives a waiting build the result of another, and queues it when nothing is missing any more. */
function deliver({ build, at }: Waiter, { definition, node, failure }: Build, value: unknown): void {
  if (failure) build.failure ??= failure;
  else {
    build.values[at] = value;
    if (definition.lifetime < TRANSIENT) addEdge(dependentIn(build), node!);
  }
  if (--build.missing! === 0 || failure) queue.push(build);
}

// ---- The queue

/** Builds to be continued. Those before `head` were. */
export const queue: Build[] = [];
let head = 0;

/** The next build to continue. */
export function dequeue(): Build | undefined {
  if (head < queue.length) return queue[head++];
  // Entries are removed one by one: an array whose length is set to 0 gives its memory away.
  for (; head > 0; head--) queue.pop();
  return undefined;
}
