/**
 * `graph`: nodes and edges, for a drawing or a snapshot.
 *
 * It holds what is the same from run to run: no state, and no time.
 *
 * @module
 */

import type { ScopeRecord } from "../../core/model/records.ts";
import type { Scope } from "../../core/types/scope.ts";
import { readGraph, type Row, type ServiceKind } from "./read.ts";

/** A scope of a graph. */
export interface GraphScope {
  readonly id: string;
  readonly name: string;
  /** The id of the scope above. Absent of the root. */
  readonly parent?: string;
}

/** A service of a graph. */
export interface GraphNode {
  /** Unique in the graph: `root#0/Users`. */
  readonly id: string;
  /** The name of its token. */
  readonly token: string;
  readonly scopeId: string;
  readonly kind: ServiceKind;
  readonly tags?: readonly string[];
  readonly layer?: string;
  /** Its factory resolves what it needs while it runs, so it may depend on more than is known. */
  readonly dynamic?: true;
  /** It gives way to every other provider of its token. */
  readonly fallback?: true;
  /** Nobody registered it: it is made by `make`. */
  readonly unregistered?: true;
}

/** One service depends on another one. Between two of them there is one edge at most in each direction. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** It is resolved later, by `defer` or `assisted`. */
  readonly soft?: true;
  /** It is not declared: a factory has resolved it while it ran. */
  readonly dynamic?: true;
}

/** A graph, as plain data. */
export interface Graph {
  readonly scopes: readonly GraphScope[];
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/**
 * The graph of a scope, its ancestors and its descendants. Nothing is built for it, and it is the same before and after
 * something is built, except for what nobody declares: the edges of factories that resolve while they run are known once
 * those have run.
 *
 * @example
 * ```ts
 * console.log(toMermaid(graph(app)));
 * ```
 */
export function graph(scope: Scope): Graph {
  return graphFrom(scope, false);
}

/** @param isDeclared Only what is declared. */
export function graphFrom(scope: Scope, isDeclared: boolean): Graph {
  const { scopes, rows } = readGraph(scope as unknown as ScopeRecord, isDeclared);
  return {
    scopes: scopes.map(({ id, name, parent }) => ({ id, name, ...(parent && { parent: parent.id }) })),
    nodes: rows.map(nodeOf),
    edges: rows.flatMap(({ id, needs }) =>
      needs.map(({ to, isSoft, isDynamic }): GraphEdge => {
        if (isSoft) return { from: id, to: to.id, soft: true };
        return isDynamic ? { from: id, to: to.id, dynamic: true } : { from: id, to: to.id };
      }),
    ),
  };
}

function nodeOf({ id, token, scope, kind, isDynamic, isRegistered, definition }: Row): GraphNode {
  const { tags, layer, fallback } = definition?.options ?? {};
  return {
    id,
    token,
    scopeId: scope.id,
    kind,
    ...(tags && { tags }),
    ...(layer !== undefined && { layer }),
    ...(isDynamic && { dynamic: true }),
    ...(fallback && { fallback: true }),
    ...(definition && !isRegistered && { unregistered: true }),
  };
}
