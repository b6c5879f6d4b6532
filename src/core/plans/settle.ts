/**
 * Settling: making the nodes and edges that the engine works on of what plans have built in a scope. From then on the scope
 * is one that the engine has built, and nothing tells the difference.
 *
 * @module
 */

import { BUILT, DISPOSED, Node, TRANSIENT, VALUE } from "../model/records.ts";
import { type Entry, Plan, type PlannedScope, slots } from "./records.ts";

/** Stands in a slot for an instance that is `undefined`, because an empty slot is one that was not built. */
export const nothing: object = {};

/** Makes nodes of what is in the slots. */
export function settle(scope: PlannedScope): void {
  const filled = scope[slots];
  if (filled === undefined) return;
  const { shape, order, lastSlot, owners, dynamic } = scope;
  scope[slots] = scope.order = scope.owners = scope.dynamic = undefined;
  const nodes = (scope.ownNodes = new Map<object, Node>());
  const { length } = shape.given;
  for (let at = 0; at < length; at++) {
    const definition = filled[at] as Plan["definition"];
    const node = new Node(definition, scope);
    node.state = BUILT;
    node.value = definition.make;
    nodes.set(definition.token, node);
  }
  const built: [Node, Plan][] = [];
  for (let at = length; at < filled.length; at++) {
    const it = filled[at];
    if (it === undefined) continue;
    const plan = shape.plans[at]!;
    const owner = owners?.find(({ definition }) => definition === plan.definition);
    const node = it instanceof Node ? it : (owner ?? nodeFor(scope, plan, it));
    nodes.set(plan.origin!, node);
    built.push([node, plan]);
  }
  // All nodes first: edges lead from one to the other.
  for (const [node, plan] of built) {
    if (node.state === DISPOSED) continue;
    const edges: Node[] = [];
    const entries = [...plan.deps];
    dynamic?.forEach((it, at) => {
      if (it === plan) entries.push(...(dynamic[at + 1] as Entry[]));
    });
    for (const dependency of entries)
      reach(scope, dependency, (it) => {
        if (edges[edges.length - 1] !== it) edges.push(it);
      });
    if (edges.length > 0) node.edges = edges;
  }
  // While the scope closes at once, what comes after `lastSlot`, or is no longer in `order`, has been dealt with.
  const places = order ?? built.map(([, { slot }]) => slot).filter((slot) => slot <= lastSlot);
  for (const at of places) {
    const node = nodes.get(shape.plans[at]!.origin!)!;
    node.previous = scope.ownLast;
    scope.ownLast = node;
  }
}

/** Notes what a service depends on because its factory, or the service itself, has resolved it. */
export function noteDynamic(scope: PlannedScope, plan: Plan, entries: Entry[]): void {
  if (scope.dynamic === undefined) scope.dynamic = [plan, entries];
  else scope.dynamic.push(plan, entries);
}

/** Makes the node of an instance in a slot, if no node owns it yet. */
export function nodeFor(scope: PlannedScope, { definition }: Plan, value: unknown): Node {
  const node = new Node(definition, scope);
  node.state = BUILT;
  node.value = value === nothing ? undefined : value;
  return node;
}

/** Calls `add` with the nodes that something depends on because it depends on `dependency`, in a scope that is settled. */
export function reach(scope: PlannedScope, dependency: Entry, add: (node: Node) => void): void {
  each(dependency);
  function each(it: Entry): void {
    if (!(it instanceof Plan)) return found(it);
    const { lifetime, token } = it.definition;
    if (lifetime >= TRANSIENT) return it.deps.forEach(each);
    let home = scope;
    for (let { up } = it; up > 0; up--) home = home.parent!;
    found(home.nodes?.get(lifetime === VALUE ? token : it.origin!));
  }
  function found(node: Node | undefined): void {
    if (node?.state === BUILT) add(node);
  }
}
