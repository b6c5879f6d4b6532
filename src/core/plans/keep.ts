/**
 * Keeping: what the engine does at the end of a build, for an instance that a plan has built in a slot.
 *
 * @module
 */

import { isScopeOfTree, own, ownFresh } from "../model/ownership.ts";
import { noteChange } from "../model/edges.ts";
import { type Node, none } from "../model/records.ts";
import { attach } from "../model/tree.ts";
import { type Plan, type PlannedScope, slots } from "./records.ts";
import { nodeFor, noteDynamic, nothing } from "./settle.ts";
import { hasCalled, takeCalled } from "./stack.ts";

/** From how many slots on the order in which they are filled is noted from the beginning. */
const manySlots = 48;

/** Puts a new instance in its slot, and has the scope known to the one above, because there is something to dispose. */
export function keep(scope: PlannedScope, plan: Plan, it: unknown): unknown {
  const { slot, shape } = plan;
  const filled = (scope[slots] ??= new Array<unknown>(shape.plans.length));
  filled[slot] = it === undefined ? nothing : it;
  if (slot > scope.lastSlot && scope.order === undefined && filled.length < manySlots) scope.lastSlot = slot;
  else inOrder(scope, slot);
  if (!scope.isHeld) hold(scope);
  if (symbolOf(plan, it) !== undefined && !isScopeOfTree(it as object, scope)) {
    const node = nodeFor(scope, plan, it);
    if (owns(plan, node, it as object)) scope.owners = append(scope.owners ?? none, node);
  }
  if (scope.tree.hasStops) noteChange(scope);
  if (hasCalled) dependOnCalled(scope, plan);
  return it;
}

/** Its factory, or that of a transient made for it, has called a scope. */
function dependOnCalled(scope: PlannedScope, plan: Plan): void {
  const entries = takeCalled();
  if (entries) noteDynamic(scope, plan, entries);
}

/** Has a node own an instance, and gives whether it does. Looking first who owns it takes longer than trying. */
function owns(plan: Plan, node: Node, it: object): boolean {
  if (!plan.isPassingOn) {
    try {
      ownFresh(node, it);
      return true;
    } catch {
      plan.isPassingOn = true;
    }
  }
  return !own(node, it);
}

/** The places were not filled in their order. */
function inOrder(scope: PlannedScope, slot: number): void {
  const filled = scope[slots]!;
  // As long as none was filled, there is nothing to look for.
  scope.order ??= scope.lastSlot < scope.shape.given.length ? [] : filledBut(scope, filled, slot);
  scope.order.push(slot);
}

function filledBut(scope: PlannedScope, filled: readonly unknown[], slot: number): number[] {
  return scope.shape.plans.flatMap((_, at) =>
    at >= scope.shape.given.length && at !== slot && filled[at] !== undefined ? at : [],
  );
}

/** What `hold` of the engine does, without bringing lookups up to date: those of a planned scope are its shape's. */
function hold(scope: PlannedScope): void {
  for (let at = scope; !at.isHeld; at = at.parent!) {
    at.isHeld = true;
    attach(at, at.parent!);
    at.hits = at.shape;
    at.linked = at.parent!.lookup;
  }
}

/** The symbol under which an instance has a disposer. */
export function symbolOf(plan: Plan, it: unknown): symbol | undefined {
  try {
    return (typeof it === "object" || typeof it === "function") && it !== null
      ? plan.symbolIn(it)
      : undefined;
  } catch {
    // A revoked proxy, or one that refuses to be looked at.
    return undefined;
  }
}

/** Adds to a short list. An array literal takes the room of its elements; pushing to an empty array makes room for seventeen. */
export function append<T>(list: readonly T[], it: T): T[] {
  const { length, 0: a, 1: b } = list;
  if (length === 0) return [it];
  if (length === 1) return [a!, it];
  if (length === 2) return [a!, b!, it];
  (list as T[]).push(it);
  return list as T[];
}
