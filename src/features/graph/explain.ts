/**
 * `explain` and `explainService`: what a scope holds, and what one service depends on, as data.
 *
 * The data is flat and plain: rows that name each other by id. So it may be of any size, however deep the graph is, and
 * goes through JSON. It has names and no values, because any value may be a secret.
 *
 * @module
 */

import { isCombinator } from "../../core/model/dependency.ts";
import { closed, notProvided } from "../../core/model/messages.ts";
import { madeBy, ownerOf, symbolIn } from "../../core/model/ownership.ts";
import {
  BUILT,
  type Definition,
  none,
  noOptions,
  type ScopeRecord,
  type Single,
  TRANSIENT,
  VALUE,
} from "../../core/model/records.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { Scope, ScopeState } from "../../core/types/scope.ts";
import { checkerOf } from "../health/checks.ts";
import { type Edge, readGraph, type Row, type ServiceKind, type ServiceState } from "./read.ts";
import { buildTimeOf } from "./timing.ts";

/** A scope, in an explanation or a graph. */
export interface ExplainedScope {
  /** Its id, which is unique in the container. */
  readonly id: string;
  readonly name: string;
  /** The id of the scope above. Absent of the root. */
  readonly parent?: string;
  readonly state: ScopeState;
}

/** One end of an edge. */
export interface ExplainedLink {
  readonly id: string;
  /** The name of the token. */
  readonly token: string;
  /** It is resolved later, by `defer` or `assisted`. */
  readonly soft?: true;
  /** It is not declared: a factory has resolved it while it ran. */
  readonly dynamic?: true;
}

/** A service: a provider, and what there is of it. */
export interface ExplainedService {
  /** Unique in the container: `root#0/Users`. */
  readonly id: string;
  /** The name of its token. */
  readonly token: string;
  /** The name and the id of the scope that registers it. */
  readonly scope: string;
  readonly scopeId: string;
  /**
   * The kind of its provider. Of a token that something depends on and nothing provides: `missing`, or `later` when a scope
   * that is opened later may provide it.
   */
  readonly kind: ServiceKind;
  readonly state: ServiceState;
  /** How many instances there are in the scopes that were looked at. Only of a scoped service. */
  readonly instances?: number;
  /**
   * How long it took to build, in milliseconds, of several instances the longest. Known of what was built while
   * `timeBuilds` was on.
   */
  readonly buildTime?: number;
  /**
   * Whether shutdown has something to call: a `dispose` option, `cleanup`, or one of the symbols. Before it is built, the
   * symbols are looked for where they can be seen: in a class without a factory.
   */
  readonly disposable: boolean;
  readonly healthCheckable: boolean;
  readonly tags: readonly string[];
  readonly layer?: string;
  /** Its factory resolves what it needs while it runs, so it may depend on more than is known. */
  readonly dynamic?: true;
  /** It gives way to every other provider of its token. */
  readonly fallback?: true;
  /** Nobody registered it: it is made by `make`. */
  readonly unregistered?: true;
  readonly dependencies: readonly ExplainedLink[];
  readonly dependents: readonly ExplainedLink[];
}

/** What a scope, its ancestors and its descendants hold. */
export interface Explanation {
  /** The id of the scope that was given. */
  readonly scopeId: string;
  /** Ancestors from the root down, the scope, and its descendants: each comes after the one above it. */
  readonly scopes: readonly ExplainedScope[];
  /** In the order of scopes, and of registration in each. */
  readonly services: readonly ExplainedService[];
}

/** A service on the way from another one, along edges. */
export interface ExplainedStep extends ExplainedLink {
  readonly kind: ServiceKind;
  readonly scopeId: string;
  /** How many edges lead to it. `1` is a direct dependency or dependent. */
  readonly depth: number;
  /** It was listed before, with what follows it, which is not listed again. */
  readonly repeated?: true;
}

/** A service, with everything it depends on and everything that depends on it. */
export interface ServiceExplanation extends ExplainedService {
  /** Depth first, as a tree is read: what follows with a greater depth belongs to it. What is shared is listed once. */
  readonly allDependencies: readonly ExplainedStep[];
  /** The same in the other direction. */
  readonly allDependents: readonly ExplainedStep[];
}

/**
 * Explains what a scope, its ancestors and its descendants hold: every provider, its kind, what there is of it, and the
 * edges between them. Nothing is built. A scope that holds nothing yet is not known to its parent, and is not listed.
 *
 * @example
 * ```ts
 * console.log(formatTree(explain(app)));
 * ```
 */
export function explain(scope: Scope): Explanation {
  const { scopes, rows } = readGraph(scope as unknown as ScopeRecord);
  return { scopeId: scope.id, scopes: scopes.map(scopeOf), services: rows.map(serviceOf) };
}

/**
 * Explains one service as it is seen from the scope: what it depends on and what depends on it, directly or not.
 *
 * @example
 * ```ts
 * const { allDependents } = explainService(app, Db);
 * allDependents.map(({ token }) => token); // what is affected when the database is
 * ```
 *
 * @throws `NOT_PROVIDED` when nothing visible provides the token; `SCOPE_CLOSED` when the scope has closed.
 */
export function explainService(scope: Scope, token: AnyToken): ServiceExplanation {
  const record = scope as unknown as ScopeRecord;
  const row = readGraph(record).rowOf(token);
  if (!row) throw record.state === "closed" ? closed(record, token) : notProvided(record, token);
  return {
    ...serviceOf(row),
    allDependencies: stepsFrom(
      row,
      ({ needs }) => needs,
      ({ to }) => to,
    ),
    allDependents: stepsFrom(
      row,
      ({ usedBy }) => usedBy,
      ({ from }) => from,
    ),
  };
}

export function scopeOf({ id, name, parent, state }: ScopeRecord): ExplainedScope {
  return { id, name, ...(parent && { parent: parent.id }), state };
}

function serviceOf(row: Row): ExplainedService {
  const { id, token, scope, kind, definition, nodes, needs, usedBy } = row;
  const options = definition ? definition.options : noOptions;
  const { layer, tags, fallback } = options;
  const service: { -readonly [Key in keyof ExplainedService]: ExplainedService[Key] } = {
    id,
    token,
    scope: scope.name,
    scopeId: scope.id,
    kind,
    state: row.state,
    disposable: definition !== undefined && isDisposable(row, definition),
    healthCheckable: definition !== undefined && checkerOf(definition) !== undefined,
    tags: tags ?? none,
    dependencies: needs.length > 0 ? needs.map(linkTo) : none,
    dependents: usedBy.length > 0 ? usedBy.map(linkFrom) : none,
  };
  if (kind === "scoped") service.instances = nodes?.filter((it) => it.state === BUILT).length ?? 0;
  const buildTime = buildTimeOf(nodes);
  if (buildTime !== undefined) service.buildTime = buildTime;
  if (layer !== undefined) service.layer = layer;
  if (row.isDynamic) service.dynamic = true;
  if (fallback) service.fallback = true;
  if (definition && !row.isRegistered) service.unregistered = true;
  return service;
}

function linkTo(edge: Edge): ExplainedLink {
  return linkOf(edge, edge.to);
}

function linkFrom(edge: Edge): ExplainedLink {
  return linkOf(edge, edge.from);
}

/** Most edges to a row look alike, and share one object. */
function linkOf({ isSoft, isDynamic }: Edge, row: Row): ExplainedLink {
  const { id, token } = row;
  if (isSoft) return { id, token, soft: true };
  if (isDynamic) return { id, token, dynamic: true };
  return (row.link ??= { id, token });
}

function isDisposable({ nodes, scope }: Row, definition: Definition): boolean {
  const { lifetime, make, token, options, dependencies } = definition;
  const { dispose, owned } = options;
  if (lifetime >= TRANSIENT) return false;
  if (dispose || dependencies.some(isCleanup)) return true;
  if (dispose === false || (lifetime === VALUE && !owned)) return false;
  const built = nodes?.find(({ state }) => state === BUILT);
  if (built) {
    const made = madeBy(built);
    // What another provider has built is disposed by that one.
    const isOwn = lifetime === VALUE || (ownerOf(made) ?? built) === built;
    return isOwn && symbolIn(made, scope) !== false;
  }
  return make === token && symbolIn((token as { readonly prototype?: unknown }).prototype, scope) !== false;
}

function isCleanup(it: Single): boolean {
  return isCombinator(it) && it.kind === "cleanup";
}

/** Everything that is reached along edges, depth first. Without recursion, because a graph may be deeper than the stack. */
function stepsFrom(
  start: Row,
  edgesOf: (row: Row) => readonly Edge[],
  endOf: (edge: Edge) => Row,
): ExplainedStep[] {
  const steps: ExplainedStep[] = [];
  const met = new Set([start]);
  const next: { readonly edge: Edge; readonly depth: number }[] = [];
  const push = (row: Row, depth: number): void => {
    for (const edge of [...edgesOf(row)].reverse()) next.push({ edge, depth });
  };
  push(start, 1);
  for (let step; (step = next.pop());) {
    const { edge, depth } = step;
    const row = endOf(edge);
    const isRepeated = met.has(row);
    const { kind, scope } = row;
    steps.push({
      ...linkOf(edge, row),
      kind,
      scopeId: scope.id,
      depth,
      ...(isRepeated && { repeated: true }),
    });
    met.add(row);
    if (!isRepeated) push(row, depth + 1);
  }
  return steps;
}
