/**
 * An app whose scope lies below another one: the shutdown of a scope above stops the app first, and waits for it.
 *
 * The scope above gets a node that nobody can resolve. It has a `stop`, which stops the app, and it counts as a
 * dependent of everything in the scope of the app, and so also of what those services depend on further up. All of that
 * is therefore still there while the hooks of the app run.
 *
 * @module
 */

import { list } from "../../core/model/edges.ts";
import { BUILT, Definition, Node, none, type ScopeRecord, VALUE } from "../../core/model/records.ts";
import { subtree } from "../../core/model/tree.ts";
import type { RuntimeAbortSignal } from "../../core/types/signal.ts";
import { token } from "../../core/words/token.ts";

/** Has the shutdown of `parent`, or of a scope above it, call `stop` and wait for it. Returns what ends that. */
export function stopBefore(
  parent: ScopeRecord,
  scope: ScopeRecord,
  stop: (reason: unknown, signal: RuntimeAbortSignal) => Promise<unknown>,
): () => void {
  const definition = new Definition(VALUE, token(`app of ${scope.name}`) as never, none, undefined, {
    stop: (_, signal, reason) => stop(reason, signal),
  });
  const node = new Node(definition, parent);
  node.state = BUILT;
  // What the app has changes with time, so it is looked up each time.
  Object.defineProperty(node, "edges", { get: () => nodesIn(scope), set() {} });
  parent.tree.hasStops = true;
  list(node);
  return () => unlist(node);
}

function nodesIn(top: ScopeRecord): Node[] {
  const found: Node[] = [];
  for (const scope of subtree(top)) for (let it = scope.last; it; it = it.previous!) found.push(it);
  return found;
}

/** Takes a node out of the list of its scope. A scope that is being disposed has taken its list apart already. */
function unlist(node: Node): void {
  const { scope, previous } = node;
  if (scope.last === node) scope.last = previous!;
  else
    for (let it = scope.last; it; it = it.previous!) {
      if (it.previous === node) it.previous = previous;
    }
}
