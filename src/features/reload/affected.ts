/**
 * What a release is to change, and which services and builds in flight that affects: everything that was built on what goes,
 * in whatever scope, and everything that waits for it.
 *
 * @module
 */

import { onStack } from "../../core/building/running.ts";
import { waitedFor } from "../../core/model/edges.ts";
import {
  Build,
  BUILT,
  type Node,
  type ScopeRecord,
  TRANSIENT,
  type Tree,
  VALUE,
} from "../../core/model/records.ts";
import { encloses } from "../../core/model/tree.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { ShutdownOptions } from "../../core/types/shutdown.ts";
import { holdsAny, type Index } from "./dependents.ts";
import { inFlight, isInside, isUnderWay } from "./pending.ts";
import { isBuilt } from "./places.ts";

/** What is released, and what changes in that moment. */
export interface Change {
  /** What the caller does, and to what, as error messages say it: `release "db"`. */
  readonly what: string;
  /** The token that the caller has named, if it is one. */
  readonly token?: AnyToken | undefined;
  /** The services that go themselves. Called whenever that may have changed. */
  own(): Iterable<Node>;
  /**
   * Services and providers that stay. What lives in the scope or below and was built on them goes, except for one of them
   * that was built on another. What waits for one of them begins anew.
   */
  under?(): Iterable<Node>;
  /** Changes the providers. What it throws ends the release before anything was forgotten. */
  apply?(): void;
  /** Called with every service that was built and goes, before it goes. */
  gone?(node: Node): void;
  /**
   * Lookups have to find what is there afterwards before the call returns. What has a `stop` is then stopped just before it
   * is disposed, and no longer while everything still works.
   */
  readonly isAtOnce?: boolean;
  /** @default no deadline */
  readonly options?: ShutdownOptions | undefined;
  /** Of the end of a block. What was there for the block goes in any case. */
  readonly block?: Block;
}

/** A block with providers of its own. */
export interface Block {
  /** The build whose factory has begun the block, if one has. */
  readonly by: Build | undefined;
  /** What the end has to throw: the factory was given something that goes with the block. */
  error?: Error;
}

/** What is affected by a change. */
export interface Affected {
  /** Instances, and services in flight. */
  readonly nodes: ReadonlySet<Node>;
  /** Builds in flight that were given one of them, or wait for such a build. */
  readonly builds: ReadonlySet<Build>;
}

/**
 * Finds what is affected by a change.
 *
 * @param own The services that go themselves.
 * @param refused A build that is left as it is.
 */
export function affectedBy(
  scope: ScopeRecord,
  tree: Tree,
  index: Index,
  change: Change,
  own: ReadonlySet<Node>,
  refused: Build | undefined,
): Affected {
  const under = new Set(change.under?.());
  const nodes = new Set<Node>();
  for (const it of own)
    if (it.definition.lifetime < TRANSIENT && ((it.state === BUILT && !stays(it, change)) || it.build))
      nodes.add(it);
  for (const root of [...under, ...own])
    for (const it of index.of(root))
      if (own.has(root) || (encloses(scope, it.scope) && !under.has(it))) nodes.add(it);
  // The set grows while it is walked.
  for (const it of nodes) for (const dependent of index.of(it)) nodes.add(dependent);

  const pending = new Set<Build | Node>([...inFlight(tree.root), ...onStack()]);
  if (refused) {
    pending.delete(refused);
    nodes.delete(refused.node!);
  }
  const builds = new Set<Build>();
  const isHere = (it: Build): boolean => encloses(scope, it.scope);
  for (let size = -1; size !== builds.size + nodes.size;) {
    size = builds.size + nodes.size;
    for (const it of pending) {
      if (!(it instanceof Build)) {
        // What nobody has received is disposed as well.
        if (holdsAny(it, nodes)) nodes.add(it);
        continue;
      }
      const { node, definition } = it;
      const isService = definition.lifetime < TRANSIENT;
      const isRoot = node && (own.has(node) || (!isService && under.has(node) && isHere(it)));
      const holds = isService ? nodes.has(node!) : holdsAny(it, nodes) || (isHere(it) && holdsAny(it, under));
      const waits =
        !isUnderWay(it) &&
        waitedFor(it).some(
          (other) => builds.has(other) || (isHere(it) && !under.has(node!) && under.has(other.node!)),
        );
      if (!isRoot && !holds && !waits && !isInside(it, builds)) continue;
      builds.add(it);
      pending.delete(it);
      if (isService) nodes.add(node!);
    }
  }
  return { nodes, builds };
}

/** A value stays what it is unless it is withdrawn or replaced: nothing could build it anew. */
function stays({ definition }: Node, { apply }: Change): boolean {
  return definition.lifetime === VALUE && !isBuilt(definition) && !apply;
}
