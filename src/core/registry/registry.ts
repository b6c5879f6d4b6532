/**
 * The registry: which provider a scope finds for a token.
 *
 * A provider is registered by storing its definition. Its node is made when the provider is first resolved, so that a
 * program pays for what it uses. Values are different: they are built already, so they get their nodes at once, and a
 * scope that only registers values (a request scope with its request) has no map of definitions.
 *
 * @module
 */

import { list } from "../model/edges.ts";
import { closed, duplicate, invalid, notProvided } from "../model/messages.ts";
import { BUILT, type Definition, extrasOf, Node, type ScopeRecord, VALUE } from "../model/records.ts";
import { definitionsIn, subtree } from "../model/tree.ts";
import type { AnyToken } from "../types/dependency.ts";

/** A map in which nothing is found. */
export const emptyMap: ReadonlyMap<unknown, Node> = new Map();

/** The node of the provider for a token: that of the nearest scope, going up. */
export function find(scope: ScopeRecord, token: AnyToken): Node | undefined {
  for (let at: ScopeRecord | undefined = scope; at; at = at.parent) {
    const { nodes, extras } = at;
    const node = nodes?.get(token);
    if (node) return node;
    const definition = extras?.providers?.get(token);
    if (definition) {
      const made = new Node(definition, at);
      nodes!.set(token, made);
      return made;
    }
  }
  return undefined;
}

/** The node in which an instance of the scoped provider `origin` lives. */
export function nodeInScope(scope: ScopeRecord, origin: Node): Node {
  const nodes = (scope.nodes ??= new Map());
  let node = nodes.get(origin);
  if (!node) nodes.set(origin, (node = new Node(origin.definition, scope)));
  return node;
}

/** Registers providers in a scope that is being opened. When one is refused, nobody ever sees the scope. */
export function registerFirst(scope: ScopeRecord, providers: readonly unknown[], from: number): void {
  forEach(providers, from, (it) => {
    if (!add(scope, it)) throw duplicate(scope, it.token);
  });
  if (scope.nodes && !scope.tree.tell) scope.lookup = scope.nodes;
}

/** Registers all of the providers or, when one of them is refused, none. */
export function register(
  scope: ScopeRecord,
  providers: readonly unknown[],
  override: boolean,
): Iterable<Definition> {
  if (scope.closing) throw closed(scope);
  const fresh = new Map<AnyToken, Definition>();
  const { nodes, extras } = scope;
  const here = extras?.providers ?? nodes;
  forEach(providers, 0, (it) => {
    const { token } = it;
    if (fresh.has(token) || (!override && here?.has(token))) throw duplicate(scope, token);
    if (override && !find(scope, token)) throw notProvided(scope, token, undefined, "override");
    fresh.set(token, it);
  });
  // From here on nothing is refused.
  for (const [token, it] of fresh) {
    // Whatever was built on the provider that it replaces stays where it is. Only the lookup finds the new one.
    nodes?.delete(token);
    add(scope, it);
  }
  if (scope.lookup !== scope.nodes && !scope.tree.tell) relink(scope);
  return fresh.values();
}

/** Brings the lookups of a scope and of everything below up to date: with its providers, and with its observers. */
export function relink(top: ScopeRecord): void {
  for (const scope of subtree(top)) {
    scope.lookup = scope.tree.tell ? emptyMap : (scope.nodes ?? scope.parent?.lookup ?? emptyMap);
  }
}

/** Calls `visit` with the definitions in an arbitrarily nested list. */
function forEach(providers: readonly unknown[], from: number, visit: (it: Definition) => void): void {
  for (let at = from; at < providers.length; at++) {
    const it = providers[at];
    if (Array.isArray(it)) forEach(it, 0, visit);
    else visit(definitionFrom(it));
  }
}

/** A provider made by another copy of the library is as good as one of ours. */
function definitionFrom(it: unknown): Definition {
  if ((it as Definition | null | undefined)?.lifetime !== undefined) return it as Definition;
  const hint = it ? "give what value, singleton, scoped, transient or alias return" : undefined;
  throw invalid("a provider", it, undefined, hint);
}

/** Registers a provider, and returns whether it is the first one for its token. */
function add(scope: ScopeRecord, definition: Definition): boolean {
  const { lifetime, token, make, options } = definition;
  const nodes = (scope.nodes ??= new Map());
  const isValue = lifetime === VALUE;
  // One that replaces another takes its place: the order of registration breaks ties.
  const providers = isValue
    ? scope.extras?.providers
    : (extrasOf(scope).providers ??= new Map(Array.from(definitionsIn(scope), (it) => [it.token, it])));
  const { size } = providers ?? nodes;
  providers?.set(token, definition);
  if (isValue) {
    const node = new Node(definition, scope);
    node.value = make;
    // A value with an `init` is built when it is first resolved, like other services.
    if (!options.init) node.state = BUILT;
    if (options.owned || options.dispose) list(node);
    nodes.set(token, node);
  }
  return (providers ?? nodes).size > size;
}
