/**
 * Builds in flight that were given something which is released, or wait for such a build.
 *
 * A build whose factory was not called yet begins anew: it forgets what it was given, and resolves all of its dependencies
 * again. A factory that runs cannot be taken back: its build is waited for, and what it makes is disposed. Whatever waits
 * for it begins anew as well. So everybody who waits receives an instance that was built, all of it, on what is there
 * after the release; except for such a doomed factory itself: whatever it waits for fails with `RELEASED`, because that may
 * wait for the end of the factory.
 *
 * @module
 */

import { dropTransientsOf, failBuild } from "../../core/building/finish.ts";
import { drain, goOn, resolve } from "../../core/building/resolve.ts";
import { endBuild, PENDING, pendingBuild, queue, suspend, waitFor } from "../../core/building/waiting.ts";
import { chainTo, dependentIn } from "../../core/model/edges.ts";
import { pathOver } from "../../core/model/messages.ts";
import {
  Build,
  DONE,
  IDLE,
  NEW,
  type Node,
  none,
  RESOLVING,
  RUNNING,
  type ScopeRecord,
  TRANSIENT,
} from "../../core/model/records.ts";
import { itemsOf, subtree } from "../../core/model/tree.ts";
import { ContainerError } from "../../core/words/errors.ts";

/**
 * What a factory waits for was released, with something that this very factory was given already. What the factory makes
 * is not used: it is called again, and whoever waits for its service receives what it makes then.
 */
export class ReleasedError extends ContainerError {
  static override readonly code = "RELEASED";
}

export function released(build: Build): ReleasedError {
  return new ReleasedError(
    "go on with this build: it was given something that is being released",
    pathOver(chainTo(build)),
    "let the error pass: the factory is called again",
  );
}

/** The builds and the disposals in flight in a tree. */
export function inFlight(top: ScopeRecord): (Build | Node)[] {
  return subtree(top).flatMap(({ extras }) => (extras ? itemsOf<Build | Node>(extras) : []));
}

/** Whether its factory was called, or it is on the stack. */
export function isUnderWay({ phase }: Build): boolean {
  return phase === RUNNING || phase === RESOLVING;
}

/**
 * Whether a caller waits on behalf of a factory that runs and whose build is one of these. What such a factory makes is not
 * used, so it need not wait for anything; and it must not, for what it waits for may wait for the release.
 */
export function isInside(caller: Build, builds: ReadonlySet<Build>): boolean {
  if (caller.wanted === undefined) return false;
  for (let it = caller.dependent; it; it = it.dependent) if (builds.has(it) && isUnderWay(it)) return true;
  return false;
}

/**
 * Has builds begin anew, and gives what is to be called once lookups find what is there afterwards.
 *
 * @param isReplaced Whether the provider of a service is being replaced or withdrawn.
 */
export function beginAnew(builds: ReadonlySet<Build>, isReplaced: (node: Node) => boolean): () => void {
  const doomed = new Set([...builds].filter(isUnderWay));
  const again: Build[] = [];
  for (const it of builds) {
    const { wanted, node, definition, failure, phase } = it;
    // It is about to fail anyway.
    if (doomed.has(it) || failure || phase === DONE) continue;
    const isService = definition.lifetime < TRANSIENT;
    // It was given nothing yet.
    if (phase === NEW && isService && !(gateOf(node!) && isReplaced(node!))) continue;
    if (isInside(it, doomed)) failBuild(it, released(it), true);
    else if (wanted !== undefined || (isService && !isReplaced(node!))) again.push(it);
    else if (!isService || !gateOf(node!)) discard(it);
  }
  for (const it of again) takeBack(it);
  for (const it of doomed) it.waiters = [];
  return () => {
    for (const it of again) {
      if (it.phase === DONE) continue;
      if (it.wanted === undefined) queue.push(it);
      else resolveAgain(it);
    }
    drain();
  };
}

/** Ends a build of which nothing is wanted any more. */
function discard(it: Build): void {
  it.waiters = [];
  // Nobody needs to hear of it.
  it.settled = () => {};
  failBuild(it, released(it), true);
}

/** Takes back everything that a build was given. */
function takeBack(it: Build): void {
  if (it.phase === NEW) return;
  for (const other of it.waitsFor ?? []) {
    other.waiters = other.waiters?.filter((waiter) => {
      if (waiter.build !== it) return true;
      waiter.build = undefined;
      return false;
    });
  }
  if (it.wanted === undefined) {
    dropTransientsOf(it);
    delete it.drops;
    it.phase = NEW;
  }
  dependentIn(it).edges = undefined;
  it.waitsFor = [];
  it.values = it.wanted === undefined ? (none as never) : [];
  it.missing = 0;
}

/** Resolves for a caller what it waits for. */
function resolveAgain(it: Build): void {
  try {
    const value = resolve(it.scope, it.wanted!, it);
    if (value === PENDING) return waitFor(it, pendingBuild, 0, goOn);
    it.values[0] = value;
    goOn(it);
  } catch (error) {
    failBuild(it, error, true);
  }
}

/** The gate in front of a node, if it is not open yet. */
export function gateOf(node: Node): Gate | undefined {
  return node.gate as Gate | undefined;
}

/**
 * Keeps a node from being built until it is opened, because what was in its place is not disposed yet. A caller of
 * `getAsync` waits, and `get` is refused.
 */
export class Gate {
  #build: Build | undefined;
  readonly #opened: Promise<void>;
  #open!: () => void;
  readonly #doomed: readonly Build[];

  /** @param doomed What has to end before: if it resolves the node, it waits for itself, and is refused. */
  constructor(node: Node, doomed: readonly Build[]) {
    this.#opened = new Promise((resolve) => (this.#open = resolve));
    this.#doomed = doomed;
    this.moveTo(node);
  }

  /** Resolved once it is open. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  /** Stands in front of another node from now on. What has waited here must have been told before. */
  moveTo(node: Node | undefined): void {
    const before = this.#build;
    if (before) delete before.node!.gate;
    if (before && before.phase < DONE) endGate(before);
    this.#build = undefined;
    if (!node || node.build || node.state !== IDLE || node.scope.closing) return;
    node.gate = this;
    const build = new Build(node.definition, node.scope, undefined, node);
    this.#build = build;
    node.build = build;
    build.waitsFor = [...this.#doomed];
    build.progress = this.#opened;
    build.over = new Promise((end) => (build.end = end));
    suspend(build);
  }

  /** Builds the node if something waits for it. */
  open(): void {
    const build = this.#build;
    if (build) delete build.node!.gate;
    // It may have moved to nowhere, and the scope may be closing.
    if (build?.phase === NEW) {
      build.waitsFor = [];
      delete build.progress;
      if (build.waiters?.length) {
        queue.push(build);
        drain();
      } else endGate(build);
    }
    this.#open();
  }
}

/** Ends the build of a gate without a word, because nothing was built. */
function endGate(build: Build): void {
  if (build.node!.build === build) build.node!.build = undefined;
  build.waiters = undefined;
  endBuild(build);
}
