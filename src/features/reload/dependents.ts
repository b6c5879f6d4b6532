/**
 * Which services depend on which. The core records what an instance depends on; here is the other direction.
 *
 * The index of a tree of scopes is made when something in it is released for the first time, by a walk over everything
 * that is built. From then on it is kept up to date edge by edge, so that a release costs what the services cost that it
 * concerns, and not a walk over all of them.
 *
 * Transients and aliases have no instance. What has resolved one of them gets an edge to the node of its provider, which
 * no shutdown follows, so that replacing the provider of a transient releases what was built with it.
 *
 * @module
 */

import { isCombinator } from "../../core/model/dependency.ts";
import { onStack } from "../../core/building/running.ts";
import { addEdge, cachedDependent, dependentIn } from "../../core/model/edges.ts";
import {
  Build,
  type Combinator,
  type Dependent,
  type Dependents,
  type Node,
  type ScopeRecord,
  type Single,
  TRANSIENT,
  type Tree,
  VALUE,
} from "../../core/model/records.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { ShutdownRow } from "../../core/types/shutdown.ts";
import { encloses, itemsOf, subtree } from "../../core/model/tree.ts";
import { find } from "../../core/registry/registry.ts";
import { isToken } from "../../core/words/token.ts";

/** Told when the part that something has in a shutdown or a release is over. */
export interface Listener {
  /** A `stop` has ended. */
  stopped(node: Node, row: ShutdownRow | undefined): void;
  /** Gives whether it waits for it. */
  told(it: Dependent, row: ShutdownRow): boolean;
  ended(it: Dependent): void;
  /** See `Dependents`. */
  find(node: Node, dependent: Build | undefined): Node | undefined;
  lost(token: AnyToken, dependent: Build | undefined): Node | undefined;
}

export class Index implements Dependents {
  /** What was built before there was an index, and may have resolved transients or aliases that nobody can see. */
  readonly #unknown = new Set<Node>();
  /** The releases under way. */
  readonly listeners: Set<Listener> = new Set();

  constructor(tree: Tree) {
    tree.dependents = this;
    const nodes = new Set<Node>();
    const add = (it: Build | Node): void => {
      const node = it instanceof Build ? it.node : it;
      if (node && node.definition.lifetime < TRANSIENT) nodes.add(node);
    };
    for (const scope of subtree(tree.root)) {
      for (let it = scope.last; it; it = it.previous!) add(it);
      itemsOf<Build | Node>(scope.extras ?? {}).forEach(add);
    }
    onStack().forEach(add);
    for (const node of nodes) {
      this.#fill(node);
      // What waits for its turn in a shutdown is on no list. It can be found from what is being disposed before it.
      for (const it of node.edges ?? []) if (it.scope.closing) add(it);
    }
  }

  #fill(node: Node): void {
    const { lifetime, dependencies } = node.definition;
    // A value that depends on nothing has no edges of its own, but may stand for a whole app: see `lifecycle/nested.ts`.
    if (lifetime === VALUE && dependencies.length === 0) return;
    for (const it of node.edges ?? []) this.add(node, it);
    this.#fillDeclared(node);
  }

  /** Adds edges to the transients and aliases that are declared, as they are provided now. */
  #fillDeclared(node: Node): void {
    const seen = new Set<unknown>();
    const visit = (dependency: Single): void => {
      if (seen.has(dependency)) return;
      seen.add(dependency);
      if (isToken(dependency)) {
        const origin = find(node.scope, dependency);
        if (!origin || origin.definition.lifetime < TRANSIENT) return;
        addEdge(node, origin);
        origin.definition.dependencies.forEach(visit);
      } else if (isCombinator(dependency)) {
        const { kind, of, token } = dependency;
        if (kind === "all" || kind === "one" || kind === "currentScope") this.#unknown.add(node);
        if (token) visit(token());
        else if (of) visit(of);
      } else if ((dependency as unknown as Combinator).kind === "resolver") this.#unknown.add(node);
      else for (const part of Object.values(dependency)) visit(part as Single);
    };
    node.definition.dependencies.forEach(visit);
  }

  add(dependent: Dependent, node: Node): void {
    // What is not kept is only of interest while it is being built, and is found among the builds in flight.
    if (dependent.definition.lifetime >= TRANSIENT) return;
    (node.dependents ??= new Set()).add(dependent as Node);
  }

  find(node: Node, dependent: Build | undefined): Node | undefined {
    if (node.definition.lifetime < TRANSIENT) return this.#first((it) => it.find(node, dependent));
    const it = cachedDependent(dependent);
    if (it && it.definition.lifetime < TRANSIENT) addEdge(it, node);
    return undefined;
  }

  ended(it: Dependent): void {
    for (const node of it.edges ?? []) node.dependents?.delete(it as Node);
    this.#unknown.delete(it as Node);
    for (const listener of [...this.listeners]) listener.ended(it);
  }

  stopped(node: Node, row: ShutdownRow | undefined): void {
    for (const listener of [...this.listeners]) listener.stopped(node, row);
  }

  lost(token: AnyToken, dependent: Build | undefined): Node | undefined {
    return this.#first((it) => it.lost(token, dependent));
  }

  #first(of: (listener: Listener) => Node | undefined): Node | undefined {
    for (const listener of this.listeners) {
      const it = of(listener);
      if (it) return it;
    }
    return undefined;
  }

  /**
   * A row of the report of what has disposed it: it belongs to the reports of all releases that wait for it. Gives whether
   * there is one.
   */
  row(it: Dependent, row: ShutdownRow): boolean {
    return [...this.listeners].map((listener) => listener.told(it, row)).includes(true);
  }

  /** What depends on the node directly, or may do so. */
  of(node: Node): Node[] {
    const all = node.dependents;
    // A build that has failed has lost its edges, and what was built on another provider by now has others.
    for (const it of all ?? []) if (!it.edges?.includes(node)) all!.delete(it);
    if (node.definition.lifetime < TRANSIENT) return [...(all ?? [])];
    const unknown = [...this.#unknown].filter((it) => encloses(node.scope, it.scope));
    return [...new Set([...(all ?? []), ...unknown])];
  }
}

/** The index of a tree, which is made if there is none. */
export function indexOf({ tree }: ScopeRecord): Index {
  return (tree.dependents as Index | undefined) ?? new Index(tree);
}

/** Whether something in flight was given one of the nodes. */
export function holdsAny(it: Build | Node, nodes: ReadonlySet<Node>): boolean {
  const { edges } = it instanceof Build ? dependentIn(it) : it;
  return edges?.some((node) => nodes.has(node)) ?? false;
}
