/**
 * Starting: calling the `start` options of a scope's services in their order.
 *
 * @module
 */

import { madeBy } from "../../core/building/disposal.ts";
import { reportUnheard } from "../../core/building/reporting.ts";
import { BUILT, type Node, type ScopeRecord } from "../../core/model/records.ts";
import type { RuntimeAbortSignal } from "../../core/types/signal.ts";
import { Task } from "./background.ts";

/**
 * The services of a scope that have a `start`: each after those that it depends on; where that leaves a choice, lower
 * `order` first, then the one that was registered first.
 */
export function inStartOrder(scope: ScopeRecord): Node[] {
  const left = new Set(startableIn(scope));
  const ordered: Node[] = [];
  const needs = new Map([...left].map((it) => [it, dependenciesAmong(left, it)]));
  while (left.size > 0) {
    // Edges form no circle, but nothing must be left out if they did.
    const next = [...left].find((it) => needs.get(it)!.every((other) => !left.has(other))) ?? [...left][0]!;
    left.delete(next);
    ordered.push(next);
  }
  return ordered;
}

function startableIn(scope: ScopeRecord): Node[] {
  const found: Node[] = [];
  for (let it = scope.last; it; it = it.previous!) {
    if (it.state === BUILT && it.definition.options.start && !it.isStarted) found.push(it);
  }
  const places = new Map(
    [...(scope.extras?.providers ?? scope.nodes ?? []).keys()].map((key, at) => [key, at]),
  );
  const placeOf = ({ definition }: Node): number => places.get(definition.token) ?? Infinity;
  const orderOf = ({ definition }: Node): number => definition.options.order ?? 0;
  return found.sort((a, b) => orderOf(a) - orderOf(b) || placeOf(a) - placeOf(b));
}

/** Which of the given services one depends on, directly or through others. */
function dependenciesAmong(all: ReadonlySet<Node>, node: Node): Node[] {
  const found = new Set<Node>(node.edges);
  // The set grows while it is walked.
  for (const { edges } of found) for (const it of edges ?? []) found.add(it);
  return [...found].filter((it) => all.has(it) && it !== node);
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
