/**
 * Starting: calling the `start` options of a scope's services in their order.
 *
 * @module
 */

import { madeBy } from "../../core/model/ownership.ts";
import { reportUnheard } from "../../core/building/reporting.ts";
import { BUILT, type Node, type ScopeRecord } from "../../core/model/records.ts";
import type { RuntimeAbortSignal } from "../../core/types/signal.ts";
import { Task } from "./background.ts";
import { buildableIn } from "./warm.ts";

/**
 * The services of a scope that have a `start` and were not started yet: each after those that it depends on, directly or
 * through others; where that leaves a choice, lower `order` first, then the one that was registered first.
 */
export function inStartOrder(scope: ScopeRecord): Node[] {
  const startable = startableIn(scope);
  const rank = new Map(startable.map((it, at) => [it, at]));
  const dependents = new Map<Node, Node[]>();
  const missing = new Map<Node, number>();
  // The set grows while it is walked. Services without a `start` take part in it, because they connect those with one.
  const all = new Set(startable);
  for (const it of all) {
    const dependencies = new Set(it.edges);
    missing.set(it, dependencies.size);
    for (const dependency of dependencies) {
      all.add(dependency);
      const known = dependents.get(dependency);
      if (known) known.push(it);
      else dependents.set(dependency, [it]);
    }
  }

  const ordered: Node[] = [];
  // What may start now. The one to be started first is the last one.
  const ready: Node[] = [];
  const free = [...all].filter((it) => missing.get(it) === 0);
  for (;;) {
    for (let it; (it = free.pop());) {
      if (rank.has(it)) insert(it);
      else release(it);
    }
    const next = ready.pop();
    if (!next) break;
    ordered.push(next);
    release(next);
  }
  // Edges form no circle, but nothing must be left out if they did.
  return ordered.length < startable.length ? [...new Set([...ordered, ...startable])] : ordered;

  function release(node: Node): void {
    for (const it of dependents.get(node) ?? []) {
      const left = missing.get(it)! - 1;
      missing.set(it, left);
      if (left === 0) free.push(it);
    }
  }

  function insert(node: Node): void {
    let [low, high] = [0, ready.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rank.get(ready[middle]!)! > rank.get(node)!) low = middle + 1;
      else high = middle;
    }
    ready.splice(low, 0, node);
  }
}

/** What is built and has a `start`, in the order in which it would start if nothing depended on anything. */
function startableIn(scope: ScopeRecord): Node[] {
  const found: Node[] = [];
  for (let it = scope.last; it; it = it.previous!) {
    if (it.state === BUILT && it.definition.options.start && !it.isStarted) found.push(it);
  }
  // They are in their order already. What replaces a provider takes the place of that, which may be built as well.
  const registered = buildableIn(scope);
  const places = new Map(registered.map(({ token }, at) => [token, at]).reverse() as [object, number][]);
  // What `make` has made is not registered, and comes last.
  const placeOf = ({ definition }: Node): number => places.get(definition.token) ?? registered.length;
  // Among equals, the one that was built first.
  return found.reverse().sort((a, b) => placeOf(a) - placeOf(b));
}

/**
 * Calls the `start` of a service. `failed` is called when a background task fails later.
 *
 * @throws what `start` throws, or rejects with.
 */
export async function startService(
  node: Node,
  signal: RuntimeAbortSignal,
  failed: (error: unknown) => boolean,
): Promise<void> {
  const instance = madeBy(node);
  if (instance instanceof Task) {
    instance.start((error) => {
      if (!failed(error)) reportUnheard(node, error);
    });
  } else await node.definition.options.start!(instance, signal);
  node.isStarted = true;
}
