/**
 * Waiting: builds that cannot go on yet, who waits for whom, and the queue of those that can go on again.
 *
 * A build that has waited is continued from a queue and never from inside another build. This keeps the stack flat: a
 * chain of ten thousand dependencies is built in slices, each of them started from the queue.
 *
 * @module
 */

import { addEdge, dependentIn, noteChange, waitingChain } from "../model/edges.ts";
import { attach, detach, hold } from "../model/tree.ts";
import { now } from "../words/web.ts";
import { noteUnheard } from "./reporting.ts";
import { type Build, DONE, extrasOf, RESOLVING, TRANSIENT, type Waiter } from "../model/records.ts";

/** Returned in place of a value that is not there yet. `pendingBuild` is then the build to wait for. */
export const PENDING: object = {};

/** After `PENDING` was returned: the build to wait for. */
export let pendingBuild: Build;

/** Notes that others may have to wait for the build, and that a shutdown has to. */
export function suspend(build: Build): typeof PENDING {
  if (build.missing === undefined) {
    build.missing = 0;
    build.began = now();
    hold(build.scope);
    noteChange(build.scope);
    build.scope.tree.pending++;
    attach(build, extrasOf(build.scope));
  }
  pendingBuild = build;
  return PENDING;
}

/** Whether the build is continued from the queue: its factory was not called, and it resolves nothing right now. */
export function isWaiting({ phase }: Build): boolean {
  return phase < RESOLVING;
}

/** Has `build` continued, by `goOn`, when another one is over, with the result at one place of its `values`. */
export function waitFor(build: Build, other: Build, at: number, goOn: (build: Build) => void): void {
  suspend(build);
  build.missing!++;
  // Others may join it, and its failure must not wait for anything else. The promise is made here and not by them, so that
  // it belongs to the asynchronous context that began the build.
  if (build.node && !build.over) build.over = new Promise((end) => (build.end = end));
  (build.waitsFor ??= []).push(other);
  const waiter: Waiter = { build, at };
  (other.waiters ??= []).push(waiter);
  // A build that it has begun itself runs in the same asynchronous context, and may continue it directly.
  if (other.dependent !== build) listen(waiter, other, goOn);
}

/**
 * Has a build that joined another one continued in a reaction of its own, to a promise that the other one has made. What
 * it calls then runs in the asynchronous context of the caller who waits (`AsyncLocalStorage`; on Workers, the request
 * whose I/O it may use) and not in the context of whatever settles the other build.
 */
function listen(waiter: Waiter, other: Build, goOn: (build: Build) => void): void {
  const progress = progressOf(other);
  // Without a promise, it was only put off to the queue, in this very turn.
  if (!progress) return;
  const step = other.over ?? progress;
  other.scope.tree.joined?.(waiter, other, step);
  waiter.reaction = step.then(() => {
    if (!waiter.build) return;
    if (waiter.isReady) goOn(waiter.build);
    else if (other.phase < DONE) listen(waiter, other, goOn);
  });
}

/** The promise that a build waits for, itself or through another build. */
export function progressOf(build: Build): Promise<void> | undefined {
  for (const it of waitingChain(build)) if (it.progress) return it.progress;
  return undefined;
}

/** Ends a build, with an instance or with its failure, and hands the result to all that wait for it. */
export function endBuild(build: Build, value?: unknown): void {
  const { waiters, scope, waitsFor, failure } = build;
  build.phase = DONE;
  build.dependent = undefined;
  if (failure && waitsFor) {
    // What it has waited for goes on without it, and must not keep it alive.
    for (const other of waitsFor) {
      // A reaction to a promise may still hold the waiter.
      other.waiters = other.waiters?.filter((it) => it.build !== build || (it.build = undefined));
    }
  }
  if (build.missing === undefined) return;
  // This variable must not keep the last pending build alive until something else has to wait.
  if (pendingBuild === build) pendingBuild = undefined as never;
  if (!build.isGivenUp) scope.tree.pending--;
  if (scope.extras) detach(build, scope.extras);
  if (build.settled) {
    if (failure) failure.isHeard = true;
    tell(build, () => build.settled!(failure, value));
  }
  build.waiters = undefined;
  for (const waiter of waiters ?? []) deliver(waiter, build, value);
  build.end?.();
  scope.closing?.proceed(build.isGivenUp ? undefined : dependentIn(build));
}

/**
 * Tells a caller the result. A caller from outside that a shutdown refuses is told when the shutdown is over: a program
 * that has to end while it starts is to end in order, and not by an error that nothing catches. A factory or a
 * service is told at once, because the shutdown may wait for it.
 */
function tell({ scope, failure, isOutside }: Build, settled: () => void): void {
  let closing = isOutside && failure ? scope.closing : undefined;
  for (let at = scope.parent; closing && at?.closing; at = at.parent) closing = at.closing;
  if (closing && !closing.report) (closing.refused ??= []).push(settled);
  else settled();
}

/** Gives a waiting build the result of another, and queues it when nothing is missing any more. */
function deliver(waiter: Waiter, other: Build, value: unknown): void {
  const { definition, node, failure, scope } = other;
  const { at } = waiter;
  const build = waiter.build!;
  if (failure) {
    build.failure ??= failure;
    // It was about to fail because of another dependency, and can only pass on that error.
    if (build.failure.error !== failure.error) noteUnheard(other, failure);
  } else {
    build.values[at] = value;
    if (definition.lifetime < TRANSIENT) addEdge(dependentIn(build), node!);
  }
  if (--build.missing! === 0 || failure) {
    // While a scope closes, nothing it refuses is kept waiting for a promise.
    if (waiter.reaction && !scope.closing) {
      waiter.isReady = true;
      // What joins it before that reaction has to listen as well.
      build.progress = waiter.reaction;
    } else queue.push(build);
  }
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
