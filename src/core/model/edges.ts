/**
 * Edges: what depends on what, among instances and among builds.
 *
 * @module
 */

import {
  type Build,
  BUILT,
  type Dependent,
  DONE,
  extrasOf,
  type Node,
  type ScopeRecord,
  TRANSIENT,
} from "./records.ts";
import { hold } from "./tree.ts";

/** Where the edges of what a build resolves start: at its node if its instance is kept there, else at the build. */
export function dependentIn(build: Build): Dependent {
  return build.definition.lifetime < TRANSIENT ? build.node! : build;
}

/** What an instance given to `dependent` belongs to: the nearest, going up, whose instance is kept in a scope. */
export function cachedDependent(dependent: Dependent | undefined): Dependent | undefined {
  let it: Dependent | undefined = dependent;
  while (it && it.definition.lifetime >= TRANSIENT) it = (it as Build).owner ?? (it as Build).dependent;
  return (it as Build | undefined)?.node ?? it;
}

/** What resolved it: a build, or an instance that resolves late, through a resolver that it kept. */
export function dependentOf(it: Dependent): Dependent | undefined {
  const { dependent, owner } = it as Build;
  return dependent ?? cachedDependent(owner) ?? owner;
}

/** Everything on the way from the first dependent to `last`. */
export function chainTo(last: Dependent | undefined): Dependent[] {
  const chain: Dependent[] = [];
  for (let it = last; it; it = dependentOf(it)) chain.push(it);
  return chain.reverse();
}

/** The shortest way from one to another along edges. */
export function route<T extends object>(
  from: T,
  isEnd: (at: T) => boolean,
  next: (at: T) => readonly T[] | undefined,
): T[] | undefined {
  const cameFrom = new Map<T, T | undefined>([[from, undefined]]);
  // Entries that are added to a Map while it is walked are walked too: it is the queue as well.
  for (const [met] of cameFrom) {
    if (isEnd(met)) {
      const way: T[] = [];
      for (let at: T | undefined = met; at; at = cameFrom.get(at)) way.unshift(at);
      return way;
    }
    for (const it of next(met) ?? []) if (!cameFrom.has(it)) cameFrom.set(it, met);
  }
  return undefined;
}

/** The builds that a build still waits for. */
export function waitedFor({ waitsFor = [] }: Build): Build[] {
  return waitsFor.filter(({ phase }) => phase < DONE);
}

/** A build, and all those it waits for, directly or through another one. */
export function allWaitedFor(build: Build): Set<Build> {
  const all = new Set([build]);
  // The set grows while it is walked.
  for (const it of all) for (const other of waitedFor(it)) all.add(other);
  return all;
}

/** A build, and those it waits for, each of them for the next: one for each of them, where there are several. */
export function waitingChain(build: Build): Set<Build> {
  const chain = new Set([build]);
  // The set grows while it is walked, and what waits in a circle ends the walk.
  for (const it of chain) {
    const [next] = waitedFor(it);
    if (next) chain.add(next);
  }
  return chain;
}

/**
 * Records that the dependent needs the instance, so that it is disposed first. Edges lead into scopes above too, and to
 * values: a shutdown closes scopes one after the other and needs only those within a scope, but `thimble/reload` has to
 * find everything that was built on something.
 */
export function addEdge(dependent: Dependent, node: Node): void {
  const { edges, scope, count } = dependent;
  const ready = scope.closing?.ready;
  // A dependent whose edges were taken away would never give up this one.
  if (ready && count === undefined && dependent.definition.lifetime < TRANSIENT) return;
  noteChange(scope);
  // An array literal takes the room of its elements. Pushing makes room for sixteen more.
  if (!edges) dependent.edges = [node];
  else if (edges[edges.length - 1] === node) return;
  else if (!edges[1]) dependent.edges = [edges[0]!, node];
  else if (!edges[2]) dependent.edges = [edges[0]!, edges[1], node];
  else edges.push(node);
  if (ready && count !== undefined && node.scope === scope) node.count!++;
  scope.tree.dependents?.add(dependent, node);
}

/** The same for an instance that is built already and resolved the other one late. */
export function addLateEdge(late: Node, node: Node): void {
  if (node.state !== BUILT || late.edges?.includes(node)) return;
  const isLate = (it: Node): boolean => it === late;
  // Edges between instances must not form a circle, or shutdown would find none to begin with.
  if (route(node, isLate, ({ edges }) => edges)) return;
  addEdge(late, node);
  // Going back in the order of building is still right when what it has resolved was built before.
  let it: Node | null | undefined = late;
  while (it && it !== node) it = it.previous;
  if (late.state && !it) extrasOf(late.scope).hasLateEdges = true;
}

/** Has scopes that are stopping count again what depends on what. */
export function noteChange(scope: ScopeRecord): void {
  if (!scope.tree.hasStops) return;
  for (let at: ScopeRecord | undefined = scope; at; at = at.parent)
    if (at.extras?.stopping) at.extras.stopping.isStale = true;
}

/** Has shutdown deal with an instance. */
export function list(node: Node): void {
  const { scope } = node;
  hold(scope);
  noteChange(scope);
  // What was in flight when counting began is counted already.
  if (scope.closing?.ready) return;
  if (node.previous === undefined) {
    node.previous = scope.last;
    scope.last = node;
  } else if (node.edges) {
    // It was listed before it was built, and so before the instances it depends on.
    extrasOf(scope).hasLateEdges = true;
  }
}

/** Takes away the edges of a dependent. Instances that have no dependent left are disposed next. */
export function release(it: Dependent): void {
  const { edges, scope } = it;
  const { closing, tree } = scope;
  tree.dependents?.ended(it);
  it.edges = it.count = undefined;
  if (!closing?.ready) return;
  for (const node of edges ?? []) if (node.scope === scope && --node.count! === 0) closing.ready.push(node);
}
