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
import { BUILT, DISPOSED, DISPOSING, type Extras, type Node } from "../model/records.ts";
import { web } from "../words/web.ts";
import { nameOf } from "../words/token.ts";
import { madeBy } from "../model/ownership.ts";
import { isThenable } from "../words/thenable.ts";
import { onStack, running } from "../building/running.ts";
import { dispose, end, reportOf, ScopeShutdown } from "../shutdown/shutdown.ts";
import type { ShutdownReport, ShutdownRow } from "../types/shutdown.ts";
import { append, symbolOf } from "./keep.ts";
import { type PlannedScope, slots } from "./records.ts";
import { nodeFor, nothing } from "./settle.ts";

/** Whether nothing in a scope, and nobody who calls, needs the engine to close it. */
export function closesAtOnce(scope: PlannedScope): boolean {
  return (
    running === undefined &&
    ending === undefined &&
    scope.child === undefined &&
    scope.closing === undefined &&
    !(scope.tree.hasStops && (scope.shape.hasStop || scope.ownNodes || scope.ownLast)) &&
    (scope.extras === undefined || areForLookups(scope.extras)) &&
    onStack().size === 0
  );
}

/** Whether a scope has nothing but what it needs to look up its providers. */
function areForLookups(extras: Extras): boolean {
  for (const name in extras)
    if (name !== "providers" && name !== "lends" && extras[name as keyof Extras] !== undefined) return false;
  return true;
}

/** Closes such a scope. */
export function closeAtOnce(scope: PlannedScope): Promise<ShutdownReport> {
  const closing = new ScopeShutdown(scope, undefined);
  const above = scope.parent;
  closing.isBeginning = false;
  scope.closing = closing;
  clock = undefined;
  if (!disposeSlots(scope, closing) || !disposeListed(scope, closing)) {
    closing.proceed();
    return reportOf(scope);
  }
  end(scope);
  above?.closing?.proceed();
  return reportOf(scope);
}

/** Disposes the instances in nodes, the last built first. Gives whether that is all. */
function disposeListed(scope: PlannedScope, closing: ScopeShutdown): boolean {
  for (let node = scope.ownLast; node; node = scope.ownLast) {
    scope.ownLast = node.previous!;
    const value = madeBy(node);
    const isPlain = node.state === BUILT && !node.cleanup;
    const disposer = isPlain && disposerOf(node, value);
    if (disposer) disposeAlone(scope, closing, node, value, disposer);
    else {
      closing.left++;
      node.count = 1;
      dispose(node);
    }
    if (closing.ready || scope.child || scope.extras?.child || scope.extras?.hasLateEdges) return false;
  }
  return true;
}

/** Disposes what is in the slots, the last built first. Gives whether that is all. */
function disposeSlots(scope: PlannedScope, closing: ScopeShutdown): boolean {
  if (scope[slots] === undefined) return true;
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
    const { dispose: option } = definition.options;
    const { owners } = scope;
    const owner = owners?.[owners.length - 1]?.definition === definition ? owners!.pop() : undefined;
    const symbol = option === undefined ? symbolOf(plan, value) : undefined;
    // Whatever has no disposer stays as it is.
    if (option === false || (option === undefined && symbol === undefined)) continue;
    const node = owner ?? nodeFor(scope, plan, value);
    const disposer = option ?? (owner ? symbol! : disposerOf(node, value));
    if (!disposer) continue;
    filled![at] = node;
    disposeAlone(scope, closing, node, value, disposer as Disposer | symbol);
    filled = scope[slots];
    if (filled === undefined || closing.ready || scope.child || scope.extras) return false;
  }
}

/** Disposes one instance, in fewer steps than the engine where that comes to the same. */
function disposeAlone(
  scope: PlannedScope,
  closing: ScopeShutdown,
  node: Node,
  value: unknown,
  disposer: Disposer | symbol,
): void {
  closing.left++;
  node.count = 1;
  // It is to be given a signal, or an earlier disposer has begun to observe.
  if (scope.tree.tell || (typeof disposer === "function" && disposer.length !== 1))
    return void disposeNode(node, value, disposer);
  const since = closing.clock ?? (closing.since = closing.clock = time());
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
  const { name, parent } = scope;
  // Somebody may look at the report already, or share it.
  if (closing.ready || closing.live || parent?.closing || scope.tree.tell) return void disposed(node, since);
  const now = (closing.clock = time());
  node.state = DISPOSED;
  node.value = node.edges = node.count = undefined;
  if (node.original) node.original = undefined;
  const row = {
    scope: name,
    scopeId: (closing.id ??= scope.id),
    token: nameOf(node.definition.token),
    outcome: "disposed",
    elapsed: now - since,
  } as const;
  (closing as { rows: readonly ShutdownRow[] }).rows = append(closing.rows, row);
  closing.left--;
}

let clock: typeof web.performance;

/** Reads the clock. In Node.js, finding it takes half as long again as reading it. */
function time(): number {
  return (clock ??= web.performance)?.now() ?? 0;
}
