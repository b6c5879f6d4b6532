/**
 * Giving up a build whose caller may have vanished: on Workers, nothing of a request runs on once the request is over, not
 * even the promises that others wait for. What waited for such a build then builds anew.
 *
 * A build that was given up may end after all. If it is the first to end, its instance is the one that is kept. Otherwise
 * its instance is disposed: see `finishLate`.
 *
 * @module
 */

import { addEdge, allWaitedFor, dependentIn } from "../model/edges.ts";
import { closed } from "../model/messages.ts";
import {
  Build,
  BUILT,
  DONE,
  IDLE,
  type Node,
  type ScopeRecord,
  TRANSIENT,
  type Waiter,
} from "../model/records.ts";
import { detach, itemsOf } from "../model/tree.ts";
import { disposeMade, failBuild } from "./finish.ts";
import { build, drain, goOn, join } from "./resolve.ts";
import { endBuild, PENDING, pendingBuild, waitFor } from "./waiting.ts";

/** The instances of a scope that are being built, as the builds that make them, the oldest first. */
export function pendingBuildsOf({ extras }: ScopeRecord): Build[] {
  const pending = itemsOf<Build | Node>(extras ?? {});
  return pending.filter((it) => it instanceof Build && it.definition.lifetime < TRANSIENT) as Build[];
}

/** Has the next resolve build anew what this build, and what it waits for, was to make. */
export function giveUp(it: Build): void {
  for (const given of allWaitedFor(it)) {
    const { node, scope, definition, phase } = given;
    if (phase === DONE || definition.lifetime >= TRANSIENT) continue;
    if (node!.build === given) node!.build = undefined;
    // A shutdown that begins later does not wait for it. What it makes is disposed when it is there.
    if (!scope.closing && scope.extras && !given.isGivenUp) {
      scope.tree.pending--;
      given.isGivenUp = true;
      detach(given, scope.extras);
    }
  }
}

/** The same, and what waits for it goes on with a build of its own, in the context that calls this. */
export function buildAnew(waiter: Waiter, other: Build): void {
  const { build: it, at } = waiter;
  if (other.phase === DONE) return;
  giveUp(other);
  if (!it || it.phase === DONE || !other.waiters?.includes(waiter)) return;
  other.waiters = other.waiters.filter((one) => one !== waiter);
  // A reaction to a promise may still hold the waiter.
  waiter.build = undefined;
  it.waitsFor = it.waitsFor!.filter((one) => one !== other);
  it.missing!--;
  const { definition, node, scope } = other;
  try {
    let value: unknown = PENDING;
    if (node!.state === BUILT) value = node!.value;
    else if (scope.closing || node!.state !== IDLE) throw closed(scope, definition.token, it);
    else if (node!.build) join(node!.build, it);
    else value = build(new Build(definition, scope, it, node));
    if (value === PENDING) waitFor(it, pendingBuild, at, goOn);
    else {
      it.values[at] = value;
      addEdge(dependentIn(it), node!);
      if (it.missing === 0) goOn(it);
    }
  } catch (error) {
    failBuild(it, error, true);
  }
  drain();
}

/**
 * Ends a build of which another one has been faster, after one of the two was given up. Its own instance is disposed, and
 * what waits for it receives the other one.
 */
export function finishLate(build: Build, own: unknown): unknown {
  const { definition, scope, node, cleanup } = build;
  build.cleanup = undefined;
  void disposeMade(definition, scope, { value: own }, undefined, cleanup);
  if (node!.state !== BUILT) throw closed(scope, definition.token, build.dependent);
  endBuild(build, node!.value);
  return node!.value;
}
