/**
 * Reading a graph: the providers of a scope, of its ancestors and of its descendants, and which depends on which.
 *
 * What is declared is read from the providers. What a factory has resolved while it ran is read from the instances, as far
 * as shutdown had to know of it. Every search here is a loop and not a recursion, because a chain of dependencies, or of
 * scopes, may be longer than the stack.
 *
 * @module
 */

import {
  ALIAS,
  BUILT,
  type Definition,
  DISPOSED,
  DISPOSING,
  Node,
  SCOPED,
  type ScopeRecord,
  TRANSIENT,
} from "../../core/model/records.ts";
import { definitionsIn, encloses } from "../../core/model/tree.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { ProviderKind } from "../../core/types/provider.ts";
import { nameOf } from "../../core/words/token.ts";
import {
  homeFor,
  lookUp,
  type Place,
  type Provided,
  readDeclared,
  type Reader,
  relatedTo,
} from "../declared.ts";

/**
 * What a node of a graph is: the kind of its provider. Of a token that no provider is found for it is `missing` when a
 * singleton needs it, directly or through transients and aliases, and `later` when only scoped services and transients
 * do: they are resolved from scopes that are opened later, and those may provide it.
 */
export type ServiceKind = ProviderKind | "missing" | "later";

/**
 * What there is of a service. A scoped service is `built` when some scope has an instance. Transients and aliases are
 * `not-kept`: nothing is known of them once they were received.
 */
export type ServiceState = "not-built" | "building" | "built" | "disposing" | "disposed" | "not-kept";

/** An edge from one row to another. Between two rows there is one at most. */
export interface Edge {
  readonly from: Row;
  readonly to: Row;
  /** Resolved later, by `defer` or `assisted`, and never at once. */
  isSoft: boolean;
  /** Not declared: a factory has resolved it while it ran. */
  readonly isDynamic: boolean;
}

/** The list of rows without edges. It stays empty. */
const noEdges: Edge[] = [];

/** One node of a graph. */
export class Row {
  declare readonly id: string;
  declare readonly token: string;
  declare readonly scope: ScopeRecord;
  /** Absent of what nothing provides. */
  declare readonly place: Place | undefined;
  declare readonly isRegistered: boolean;
  declare needs: Edge[];
  declare usedBy: Edge[];
  /** Its factory resolves what it needs while it runs. */
  declare isDynamic: boolean;
  /** Where its instances are, in the scopes that were read. */
  declare nodes: Node[] | undefined;
  /** The edge that was added last to this row: so that the next one from the same row is found at once. */
  declare last: Edge | undefined;

  /** What an explanation has of it where it is one end of an edge. */
  declare link: { readonly id: string; readonly token: string } | undefined;

  constructor(
    id: string,
    token: string,
    scope: ScopeRecord,
    place: Place | undefined,
    isRegistered: boolean,
  ) {
    this.id = id;
    this.token = token;
    this.scope = scope;
    this.place = place;
    this.isRegistered = isRegistered;
    this.needs = this.usedBy = noEdges;
    this.isDynamic = false;
    this.nodes = this.last = this.link = undefined;
  }

  get definition(): Definition | undefined {
    return this.place?.provided.definition;
  }

  get kind(): ServiceKind {
    return this.definition?.kind ?? (isNeededNow(this) ? "missing" : "later");
  }

  get state(): ServiceState {
    const { definition, nodes } = this;
    if (!definition || definition.lifetime >= TRANSIENT) return "not-kept";
    if (!nodes) return "not-built";
    if (nodes.length === 1) return stateOf(nodes[0]!);
    const all = nodes.map(stateOf);
    return states.find((state) => all.includes(state)) ?? "not-built";
  }
}

/** Whether something that is resolved from its own scope needs what stands in this row. */
function isNeededNow(row: Row): boolean {
  const users = new Set(row.usedBy.map(({ from }) => from));
  // The set grows while it is walked.
  for (const user of users) {
    const { lifetime } = user.definition!;
    if (lifetime < SCOPED) return true;
    if (lifetime > SCOPED) for (const { from } of user.usedBy) users.add(from);
  }
  return false;
}

const states: readonly ServiceState[] = ["built", "building", "disposing", "disposed"];

export function stateOf({ state, build }: Node): ServiceState {
  if (state === BUILT) return "built";
  if (state === DISPOSING) return "disposing";
  if (state === DISPOSED) return "disposed";
  return build ? "building" : "not-built";
}

/** What was read of a scope. */
export interface Reading {
  /** Ancestors from the root down, the scope, and its descendants. */
  readonly scopes: readonly ScopeRecord[];
  /** In the order of scopes, and of registration in each. What nobody registered comes last. */
  readonly rows: readonly Row[];
  /** The row of what a token stands for in the scope. */
  rowOf(token: AnyToken): Row | undefined;
}

/**
 * Reads the graph of a scope.
 *
 * @param isDeclared Only what is declared: the same before and after anything is built.
 */
export function readGraph(view: ScopeRecord, isDeclared = false): Reading {
  const scopes = relatedTo(view);
  const rows: Row[] = [];
  const known = new Map<ScopeRecord, Map<object, Row>>();
  const ids = new Set<string>();

  /** @param key The definition; or the token, when nothing provides it. */
  function rowFor(
    scope: ScopeRecord,
    key: Definition | AnyToken,
    provided?: Provided,
    isRegistered = false,
  ): Row {
    let here = known.get(scope);
    if (!here) known.set(scope, (here = new Map()));
    let row = here.get(key);
    if (!row) {
      const name = nameOf(provided ? provided.definition.token : (key as AnyToken));
      row = new Row(idFor(scope, name), name, scope, provided && placeOf(provided), isRegistered);
      here.set(key, row);
      rows.push(row);
    }
    return row;
  }

  let prefixed: ScopeRecord | undefined;
  let prefix = "";
  function idFor(scope: ScopeRecord, name: string): string {
    // An id is made when it is read, and most rows of a scope follow each other.
    if (scope !== prefixed) [prefixed, prefix] = [scope, `${scope.id}/`];
    const id = prefix + name;
    let unique = id;
    for (let count = 2; ids.has(unique); count++) unique = `${id}~${count}`;
    ids.add(unique);
    return unique;
  }

  /** Scoped services and transients are shown as they are seen from the scope that is read, where they can be seen there. */
  function placeOf(provided: Provided): Place {
    const from = encloses(provided.scope, view) ? view : provided.scope;
    return { provided, home: homeFor(provided, from) };
  }

  for (const scope of scopes)
    for (const definition of definitionsIn(scope)) rowFor(scope, definition, { definition, scope }, true);
  if (!isDeclared) findInstances(scopes, known, (node) => rowFor(node.scope, node.definition, node));

  /** Under a scope and a token: the row of what the token stands for there. */
  const seen = new Map<ScopeRecord, Map<object, Row>>();
  function rowOfToken(home: ScopeRecord, token: AnyToken): Row {
    let here = seen.get(home);
    if (!here) seen.set(home, (here = new Map()));
    let row = here.get(token);
    if (!row) {
      const provided = lookUp(home, token);
      row = provided ? rowFor(provided.scope, provided.definition, provided) : rowFor(home, token);
      here.set(token, row);
    }
    return row;
  }

  let at: Row;
  const reader: Reader = {
    token: (token, isSoft) => addEdge(at, rowOfToken(at.place!.home, token), isSoft),
    provided: (it, isSoft) => addEdge(at, rowFor(it.scope, it.definition, it), isSoft),
    refused(_, token, isSoft, isMissing) {
      if (token && isMissing) addEdge(at, rowFor(at.place!.home, token), isSoft);
    },
    dynamic: () => void (at.isDynamic = true),
  };
  // The array grows while it is walked.
  for (at of rows) if (at.place) readDeclared(at.place, reader);
  if (!isDeclared) addDynamic(rows, known);
  return {
    scopes,
    rows,
    rowOf(token) {
      const provided = lookUp(view, token);
      return provided && known.get(provided.scope)?.get(provided.definition);
    },
  };
}

function addEdge(from: Row, to: Row, isSoft: boolean, isDynamic = false): void {
  const same = to.last?.from === from ? to.last : undefined;
  if (same) {
    // What is resolved at once, and later too, is needed at once.
    if (!isSoft) same.isSoft = false;
    return;
  }
  const edge: Edge = { from, to, isSoft, isDynamic };
  to.last = edge;
  // An array literal takes the room of one element. Pushing to an empty array takes the room of seventeen.
  if (from.needs === noEdges) from.needs = [edge];
  else from.needs.push(edge);
  if (to.usedBy === noEdges) to.usedBy = [edge];
  else to.usedBy.push(edge);
}

/** Finds where the instances of services are. `rowOfMade` makes a row for what nobody registered. */
function findInstances(
  scopes: readonly ScopeRecord[],
  known: ReadonlyMap<ScopeRecord, ReadonlyMap<object, Row>>,
  rowOfMade: (node: Node) => Row,
): void {
  for (const { nodes } of scopes) {
    if (!nodes) continue;
    for (const [key, node] of nodes) {
      // A scoped instance stands under the node of its provider, and what `make` has made under a key of its own.
      const { scope, definition } = key instanceof Node ? key : node;
      const row =
        known.get(scope)?.get(definition) ?? (definition === node.definition ? rowOfMade(node) : undefined);
      if (row) (row.nodes ??= []).push(node);
    }
  }
}

/** Adds edges for what instances were seen to depend on and no provider declares. */
function addDynamic(rows: readonly Row[], known: ReadonlyMap<ScopeRecord, ReadonlyMap<object, Row>>): void {
  let instances: Map<Node, Row> | undefined;
  /** A scoped instance lives in another scope than the one that registers its provider. */
  const rowOfScoped = (node: Node): Row | undefined => {
    if (!instances) {
      instances = new Map();
      for (const row of rows) for (const it of row.nodes ?? []) instances.set(it, row);
    }
    return instances.get(node);
  };
  for (const from of rows) {
    if (!from.nodes) continue;
    for (const { edges, scope } of from.nodes) {
      // While a scope closes, edges are added and taken away to order disposal.
      if (!edges || scope.closing) continue;
      let declared: Set<Row> | undefined;
      for (const node of edges) {
        const { definition } = node;
        const to =
          definition.lifetime === SCOPED ? rowOfScoped(node) : known.get(node.scope)?.get(definition);
        if (!to || to === from || needs(from, to)) continue;
        declared ??= reachedBy(from);
        if (!declared.has(to)) addEdge(from, to, false, true);
      }
    }
  }
}

function needs(from: Row, to: Row): boolean {
  for (const edge of from.needs) if (edge.to === to) return true;
  return false;
}

/**
 * What a service is declared to depend on, also through transients and aliases, of which nothing is kept: an instance
 * depends on what those depend on.
 */
function reachedBy(from: Row): Set<Row> {
  const reached = new Set<Row>();
  const walked = new Set([from]);
  // The set grows while it is walked.
  for (const row of walked) {
    for (const { to, isDynamic } of row.needs) {
      if (isDynamic) continue;
      reached.add(to);
      if ((to.definition?.lifetime ?? 0) >= TRANSIENT || to.definition?.lifetime === ALIAS) walked.add(to);
    }
  }
  return reached;
}
