/**
 * Closing at once: what the engine's shutdown does to a scope in which only plans have built something, as long as no
 * disposer returns a promise or does anything else that needs the engine. Then the engine goes on with what is left.
 *
 * @module
 */

import {
  disposed,
  type Disposer,
  disposeNode,
  disposerOf,
  ending,
  methodOf,
  setEnding,
  settle,
  waitForDisposal,
} from "../building/disposal.ts";
import { tick } from "../building/reporting.ts";
import { DISPOSING, type Node } from "../model/records.ts";
import { isThenable } from "../words/thenable.ts";
import { onStack, running } from "../building/running.ts";
import { end, reportOf, ScopeShutdown } from "../shutdown/shutdown.ts";
import type { ShutdownReport } from "../types/shutdown.ts";
import { symbolOf } from "./keep.ts";
import { type PlannedScope, slots } from "./records.ts";
import { nodeFor, nothing } from "./settle.ts";

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
    const it = filled![at];
    if (it === undefined) continue;
    const value = it === nothing ? undefined : it;
    const plan = shape.plans[at]!;
    const { definition } = plan;
    const { dispose } = definition.options;
    const { owners } = scope;
    const owner = owners?.[owners.length - 1]?.definition === definition ? owners!.pop() : undefined;
    const symbol = dispose === undefined ? symbolOf(plan, value) : undefined;
    // Whatever has no disposer stays as it is.
    if (dispose === false || (dispose === undefined && symbol === undefined)) continue;
    const node = owner ?? nodeFor(scope, plan, value);
    const disposer = dispose ?? (owner ? symbol! : disposerOf(node, value));
    if (!disposer) continue;
    filled![at] = node;
    dispose1(scope, closing, node, value, disposer as Disposer | symbol);
    filled = scope[slots];
    if (filled === undefined || closing.ready || scope.child || scope.extras) return false;
  }
}

/** Disposes one instance, in fewer steps than the engine where that comes to the same. */
function dispose1(
  scope: PlannedScope,
  closing: ScopeShutdown,
  node: Node,
  value: unknown,
  disposer: Disposer | symbol,
): void {
  closing.left++;
  node.count = 1;
  if (typeof disposer === "function" && disposer.length !== 1) return void disposeNode(node, value, disposer);
  const since = closing.clock ?? tick(scope);
  let result: unknown;
  try {
    const method = typeof disposer === "symbol" ? methodOf(value, disposer) : undefined;
    if (typeof disposer === "symbol" && !method) return void settle(node);
    node.state = DISPOSING;
    setEnding(node);
    try {
      result = method
        ? Reflect.apply(method, value, [])
        : (disposer as Disposer)(value, undefined as never, undefined);
    } finally {
      setEnding(undefined);
    }
    if (isThenable(result)) return void waitForDisposal(node, since, result);
  } catch (error) {
    return void disposed(node, since, { error });
  }
  disposed(node, since);
}
