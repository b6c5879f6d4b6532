/**
 * Keeping: what the engine does at the end of a build, for an instance that a plan has built in a slot.
 *
 * @module
 */

import { claim, symbolIn } from "../model/ownership.ts";
import { noteChange } from "../model/edges.ts";
import { BUILT, Node } from "../model/records.ts";
import { attach } from "../model/tree.ts";
import { type Plan, type PlannedScope, slots } from "./records.ts";
import { nothing, settle } from "./settle.ts";

/** Puts a new instance in its slot, and has the scope known to the one above, because there is something to dispose. */
export function keep(scope: PlannedScope, plan: Plan, it: unknown): unknown {
  const { slot, definition, shape } = plan;
  const filled = (scope[slots] ??= new Array<unknown>(shape.plans.length));
  filled[slot] = it;
  if (slot > scope.lastSlot && scope.order === undefined) scope.lastSlot = slot;
  else inOrder(scope, slot);
  if (!scope.isHeld) hold(scope);
  if (symbolIn(it, scope)) {
    const node = new Node(definition, scope);
    node.state = BUILT;
    node.value = it;
    claim(node, it);
  }
  if (scope.tree.hasStops) noteChange(scope);
  if (it === undefined) {
    filled[slot] = nothing;
    settle(scope);
  }
  return it;
}

/** The places were not filled in their order. */
function inOrder(scope: PlannedScope, slot: number): void {
  const filled = scope[slots]!;
  scope.order ??= scope.shape.plans.flatMap((plan, at) =>
    at >= scope.shape.given.length && at !== slot && filled[at] !== undefined ? at : [],
  );
  scope.order.push(slot);
}

/** What `hold` of the engine does, without bringing lookups up to date: those of a planned scope are its shape's. */
function hold(scope: PlannedScope): void {
  for (let at = scope; !at.isHeld; at = at.parent!) {
    at.isHeld = true;
    attach(at, at.parent!);
    at.hits = at.shape;
  }
}
