/**
 * Closing at once: what the engine's shutdown does to a scope in which only plans have built something, as long as no
 * disposer returns a promise or does anything else that needs the engine. Then the engine goes on with what is left.
 *
 * @module
 */

import { disposeNode, ending } from "../building/disposal.ts";
import { onStack, running } from "../building/running.ts";
import type { Node } from "../model/records.ts";
import { symbolIn } from "../model/ownership.ts";
import { end, reportOf, ScopeShutdown } from "../shutdown/shutdown.ts";
import type { ShutdownReport } from "../types/shutdown.ts";
import { type PlannedScope, slots } from "./records.ts";
import { nodeFor } from "./settle.ts";

/** Whether nothing in a scope, and nobody who calls, needs the engine to close it. */
export function closesAtOnce(scope: PlannedScope): boolean {
  return (
    running === undefined &&
    ending === undefined &&
    scope.ownNodes === undefined &&
    scope.child === undefined &&
    scope.extras === undefined &&
    scope.closing === undefined &&
    !scope.shape.hasStop &&
    onStack().size === 0
  );
}

/** Closes such a scope. */
export function closeAtOnce(scope: PlannedScope): Promise<ShutdownReport> {
  const closing = new ScopeShutdown(scope, undefined);
  const above = scope.parent;
  closing.isBeginning = false;
  scope.closing = closing;
  if (scope[slots] !== undefined && !disposeAll(scope, closing)) {
    closing.proceed();
    return reportOf(scope);
  }
  end(scope);
  above?.closing?.proceed();
  return reportOf(scope);
}

/** Disposes what is in the slots, the last built first. Gives whether that is all. */
function disposeAll(scope: PlannedScope, closing: ScopeShutdown): boolean {
  const { shape, order } = scope;
  const { length } = shape.given;
  let filled = scope[slots];
  for (;;) {
    const at = order ? (order.pop() ?? -1) : scope.lastSlot--;
    if (at < length) return true;
    const value = filled![at];
    if (value === undefined) continue;
    const plan = shape.plans[at]!;
    const { dispose } = plan.definition.options;
    // Whatever has no disposer stays as it is.
    if (dispose === false || (dispose === undefined && !symbolIn(value, scope))) continue;
    const node: Node = nodeFor(scope, plan, value);
    (scope.ended ??= [])[at] = node;
    closing.left++;
    node.count = 1;
    void disposeNode(node);
    filled = scope[slots];
    if (filled === undefined || closing.ready || scope.child || scope.extras) return false;
  }
}
