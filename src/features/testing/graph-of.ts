/**
 * `graphOf`: what a scope declares, for a snapshot.
 *
 * @module
 */

import type { Scope } from "../../core/types/scope.ts";
import { type Graph, graphFrom } from "../graph/graph.ts";

/**
 * The graph of a scope, its ancestors and its descendants as plain JSON, for a snapshot test: a change of the graph is then
 * seen in a review. It has only what is declared, so it is the same before and after something is built. What a factory
 * resolves as it runs is not in it; `graph` of `thimble/graph` has that as well, once it has run.
 *
 * @example
 * ```ts
 * expect(graphOf(app)).toMatchSnapshot();
 * ```
 *
 * @throws `SCOPE_CLOSED` when the scope has closed.
 * @throws `TypeError` when it is not given a scope.
 */
export function graphOf(scope: Scope): Graph {
  if (!(scope as { tree?: unknown } | undefined)?.tree)
    throw new TypeError("graphOf: its argument is a scope");
  return graphFrom(scope, true);
}
