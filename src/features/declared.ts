/**
 * The declared graph: what providers say that they depend on, read without building anything, and without making a record
 * of what was never resolved.
 *
 * A dependency leads to providers by way of tuples, records and combinators, and what it leads to depends on the scope
 * that resolves it: `all` gives what is visible from there, and `parent` looks further up. So everything here is read of a
 * *place*: a provider, and the scope that its dependencies come from.
 *
 * @module
 */

import { isCombinator } from "../core/model/dependency.ts";
import {
  Build,
  type Combinator,
  type Definition,
  type Dependencies,
  Node,
  SCOPED,
  type ScopeRecord,
  type Single,
} from "../core/model/records.ts";
import { definitionOf, subtree } from "../core/model/tree.ts";
import { find, homeOf, isProvided, keyIn } from "../core/registry/registry.ts";
import type { AnyToken } from "../core/types/dependency.ts";
import { isToken } from "../core/words/token.ts";

/** A provider and the scope that registers it; of one that nobody registered, the scope that it would be built for. */
export interface Provided {
  readonly definition: Definition;
  readonly scope: ScopeRecord;
}

/** A provider and the scope that its dependencies come from. */
export interface Place {
  readonly provided: Provided;
  readonly home: ScopeRecord;
}

/** What is told of the dependencies of a place, in the order in which they are declared. */
export interface Reader {
  /**
   * It depends on what this token stands for, which may be nothing.
   *
   * @param isSoft Whether it is resolved later: by `defer`, or by a function of `assisted`.
   */
  token(token: AnyToken, isSoft: boolean): void;
  /** It depends on this provider, whatever its token stands for. */
  provided(it: Provided, isSoft: boolean): void;
  /**
   * Resolving this dependency throws before anything is built: `one` of several, a `ref` of `undefined`.
   *
   * @param token What it looks for, if that is a token.
   * @param isMissing Whether it finds nothing, as opposed to several.
   */
  refused(dependency: Single, token: AnyToken | undefined, isSoft: boolean, isMissing: boolean): void;
  /** Its factory resolves what it needs while it runs. */
  dynamic(): void;
}

/** The provider that a token stands for in a scope. */
export function lookUp(scope: ScopeRecord, token: object): Provided | undefined {
  for (let at: ScopeRecord | undefined = scope; at; at = at.parent) {
    const it = at.extras?.providers?.get(token) ?? at.nodes?.get(token);
    if (it) return { definition: definitionOf(it), scope: at };
  }
  const key = scope.tree.fallbacks?.get(token);
  return key && lookUp(scope, key);
}

/** The scope that the dependencies of a provider come from when it is resolved from `scope`. */
export function homeFor({ definition, scope: origin }: Provided, scope: ScopeRecord): ScopeRecord {
  const { lifetime, options } = definition;
  if (lifetime < SCOPED) return origin;
  // Where no scope of that name encloses, one may be opened below.
  return lifetime === SCOPED && options.in ? (homeOf(scope, definition) ?? scope) : scope;
}

/** A place as a build that never begins: combinators, and the functions that make messages, take builds. */
export function buildAt({ provided, home }: Place, dependent?: Build): Build {
  const { definition, scope } = provided;
  const node = provided instanceof Node ? provided : nodeOf(scope, definition);
  return new Build(definition, home, dependent, node);
}

/** The record of a registered provider. It stands under its token, or under the key of a fallback. */
function nodeOf(scope: ScopeRecord, definition: Definition): Node | undefined {
  return find(scope, keyIn(scope.tree, definition));
}

/** Tells the reader what the provider of a place declares to depend on. */
export function readDeclared(place: Place, reader: Reader): void {
  readAll(place, place.provided.definition.dependencies, reader, false);
}

function readAll(place: Place, dependencies: Dependencies, reader: Reader, isSoft: boolean): void {
  for (const it of dependencies) {
    if (isToken(it)) reader.token(it, isSoft);
    else readOther(place, it, reader, isSoft);
  }
}

function readOther(place: Place, it: Exclude<Single, AnyToken>, reader: Reader, isSoft: boolean): void {
  const { kind } = it as { readonly kind?: unknown };
  if (isCombinator(it)) readCombinator(place, it, reader, isSoft);
  else if (kind === "resolver") reader.dynamic();
  // A combinator of another copy of the library.
  else if (typeof kind === "string") reader.refused(it, undefined, isSoft, false);
  else readAll(place, Object.values(it) as Dependencies, reader, isSoft);
}

function readCombinator(place: Place, it: Combinator, reader: Reader, isSoft: boolean): void {
  const { kind, of = [] } = it;
  if (it.targets) {
    const nodes = it.targets(place.home, buildAt(place));
    const isWrong = kind !== "all" && nodes.length !== 1;
    if (isWrong) reader.refused(it, isToken(of) ? of : undefined, isSoft, nodes.length === 0);
    for (const node of nodes) reader.provided(kind === "make" ? sameNode(node) : node, isSoft);
  } else if (it.token) {
    const given = givenBy(it);
    if (given) readAll(place, [given], reader, isSoft);
    else reader.refused(it, undefined, isSoft, false);
  } else if (kind !== "optional" || isProvided(place.home, of, buildAt(place)))
    readAll(place, [of], reader, isSoft || kind === "defer" || kind === "assisted");
}

/** What a `ref` gives, unless it gives nothing that can be resolved. */
function givenBy(it: Combinator): Single | undefined {
  try {
    return it.token!();
  } catch {
    return undefined;
  }
}

/** The nodes of providers that nobody registered and nothing was made of yet, of which there is one in each scope. */
const unregistered = /* @__PURE__ */ new WeakMap<ScopeRecord, WeakMap<Definition, Node>>();

/** The same node each time, because `make` of such a provider gives another one at each look. */
function sameNode(node: Node): Node {
  const { definition, scope } = node;
  const isKept = [...(scope.nodes?.values() ?? [])].includes(node);
  if (isKept) return node;
  let known = unregistered.get(scope);
  if (!known) unregistered.set(scope, (known = new WeakMap()));
  const same = known.get(definition);
  if (!same) known.set(definition, node);
  return same ?? node;
}

// ---- Scopes

/** The scopes above, from the root down; the scope; and everything below it. */
export function relatedTo(scope: ScopeRecord): ScopeRecord[] {
  return [...ancestorsOf(scope).reverse(), ...subtree(scope)];
}

/** The scopes above, the nearest first. */
export function ancestorsOf({ parent }: ScopeRecord): ScopeRecord[] {
  const above: ScopeRecord[] = [];
  for (let at = parent; at; at = at.parent) above.push(at);
  return above;
}
