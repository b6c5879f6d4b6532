/**
 * The registry: which provider a scope finds for a token.
 *
 * A provider is registered by storing its definition, and its node is made when it is first resolved. Values are built
 * already, so they get their nodes at once, and a scope that only registers values (a request scope with its request) has
 * no map of definitions.
 *
 * @module
 */

import { isCombinator } from "../model/dependency.ts";
import { list } from "../model/edges.ts";
import { closed, duplicate, invalid, notProvided, whyUndefined } from "../model/messages.ts";
import {
  type Build,
  BUILT,
  Definition,
  extrasOf,
  type Found,
  Node,
  type ScopeRecord,
  type Single,
  type Tree,
  VALUE,
} from "../model/records.ts";
import { claim } from "../model/ownership.ts";
import { definitionOf, emptyMap, hold, isProvider, relink } from "../model/tree.ts";
import { isThenable } from "../words/thenable.ts";
import { isToken, nameOf } from "../words/token.ts";

/** The node of the provider for a token: that of the nearest scope, going up. A fallback is found after all others. */
export function find(scope: ScopeRecord, token: object): Node | undefined {
  for (let at: ScopeRecord | undefined = scope; at; at = at.parent) {
    const { nodes, extras } = at;
    const node = nodes?.get(token);
    if (node) return node;
    const definition = extras?.providers?.get(token);
    if (definition) {
      const made = new Node(definition as Definition, at);
      nodes!.set(token, made);
      return made;
    }
  }
  const key = scope.tree.fallbacks?.get(token);
  return key && find(scope, key);
}

/** The key under which a scope registers a provider: its token, or that of the fallbacks for the token. */
export function keyIn(tree: Tree, it: Definition): object {
  return it.options.fallback?.(tree, it.token) ?? it.token;
}

/**
 * Whether resolving a dependency would find a provider. What that provider needs in turn is another question: providers
 * that are found are added to `found`.
 */
export function isProvided(
  scope: ScopeRecord,
  dependency: Single,
  dependent: Build | undefined,
  found?: Found,
): boolean {
  if (isToken(dependency)) {
    const node = find(scope, dependency);
    if (node && !found?.has(node)) found?.set(node, scope);
    return node !== undefined;
  }
  if (isCombinator(dependency)) return dependency.provided?.(scope, dependent, found) ?? true;
  // The resolver of a factory without a list is a record that holds no dependencies.
  return (
    Object(dependency) !== dependency ||
    Object.values(dependency).every((part: Single) => isProvided(scope, part, dependent, found))
  );
}

/** The scope in which instances of a provider live that are resolved from `scope`: the nearest of the name in `in`. */
export function homeOf(scope: ScopeRecord, { options }: Definition): ScopeRecord | undefined {
  let home: ScopeRecord | undefined = scope;
  if (options.in) while (home && home.name !== options.in) home = home.parent;
  return home;
}

/** The node in which an instance of the scoped provider `origin` lives. `make` has origins that are no nodes. */
export function nodeInScope(scope: ScopeRecord, origin: { readonly definition: Definition }): Node {
  const nodes = (scope.nodes ??= new Map());
  let node = nodes.get(origin);
  if (!node) nodes.set(origin, (node = new Node(origin.definition, scope)));
  return node;
}

/** Registers all of the providers or, when one of them is refused, none. Returns what it has registered. */
export function register(
  scope: ScopeRecord,
  providers: readonly unknown[],
  override?: boolean,
): Iterable<Node | Definition> {
  if (scope.closing) throw closed(scope);
  const { nodes, extras, tree } = scope;
  const known = extras?.providers ?? nodes;
  const fresh = new Map<object, Node | Definition>();
  const owned: Node[] = [];
  let hasValuesOnly = true;
  forEach(providers, (given) => {
    const { token } = given;
    let it = given;
    if (override) {
      const original = find(scope, token);
      if (!original) throw notProvided(scope, token, undefined, "override");
      it = inPlaceOf(original.definition, given, nodes?.get(token));
    }
    const { lifetime, options } = it;
    const key = keyIn(tree, it);
    const same = fresh.get(key) ?? (override ? undefined : known?.get(key));
    if (same) {
      // Two groups may share a third: the very same provider counts once.
      const other = definitionOf(same);
      if (other === given || other.options.given === given) return;
      throw duplicate(scope, token);
    }
    if (options.stop) tree.hasStops = true;
    if (options.guard) tree.guard = options.guard;
    if (lifetime === VALUE) {
      const node = new Node(it, scope);
      node.value = it.make;
      // A value with an `init` is built when it is first resolved, like other services.
      if (!options.init && !options.wrap && it.dependencies.length === 0) {
        node.state = BUILT;
        claim(node, it.make);
      }
      if (options.owned || options.dispose || options.stop || options.start) owned.push(node);
      fresh.set(key, node);
    } else {
      hasValuesOnly = false;
      fresh.set(key, it);
    }
  });
  // From here on nothing is refused. Whatever was built on a provider that is replaced stays where it is: only the lookup
  // finds the new one, and in the same place, because the order of registration breaks ties.
  if (hasValuesOnly && !nodes && fresh.size > 0) scope.nodes = fresh as Map<object, Node>;
  else if (fresh.size > 0) {
    const here = (scope.nodes ??= new Map());
    let all: Map<unknown, unknown> = here;
    if (!hasValuesOnly || extras?.providers)
      all = extrasOf(scope).providers ??= nodes ? new Map([...nodes].filter(isProvider)) : fresh;
    for (const [key, it] of fresh) {
      if (all !== fresh) all.set(key, it);
      if (it instanceof Node) here.set(key, it);
      else if (nodes) here.delete(key);
    }
  }
  for (const it of owned) list(it);
  // Scopes that provide more than a value or two live longer than a request, and are to be found among the scopes.
  if (!hasValuesOnly) hold(scope);
  // Most scopes have nothing below them yet.
  if (scope.child) relink(scope);
  else if (scope.nodes && !tree.tell) scope.lookup = scope.isHeld ? scope.nodes : emptyMap;
  return fresh.values();
}

/**
 * A replacement answers to the same tokens as the original, in the same place, unless it says otherwise. When it is
 * replaced too, the first original counts again.
 */
function inPlaceOf(original: Definition, replacement: Definition, replaced: Node | undefined) {
  const { lifetime, token, dependencies, make, options, arity } = replacement;
  const first = original.options.original ?? original.options;
  const place: Record<string, unknown> = {
    ...options,
    original: first,
    given: replacement,
    replaced,
    // What replaces a provider does not give way to it.
    fallback: undefined,
  };
  for (const name of ["as", "tags", "order", "default"] as const) place[name] ??= first[name];
  return new Definition(lifetime, token, dependencies, make, place, arity);
}

/** What to write in place of something that is no provider. */
function hintFor(it: unknown): string {
  if (it === undefined) return whyUndefined;
  if (isToken(it)) return `write singleton(${nameOf(it)}, …)`;
  return isThenable(it) ? "await it" : "give what value, singleton, scoped, transient or alias return";
}

/** Calls `visit` with the definitions in a list that is nested to any depth: without recursion, which has an end. */
function forEach(providers: readonly unknown[], visit: (it: Definition) => void): void {
  // The innermost list comes first, and so does the place in it.
  const lists = [providers];
  const places = [-1];
  while (lists[0]) {
    const it = lists[0][++places[0]!];
    const isList = Array.isArray(it);
    if (places[0]! >= lists[0].length) {
      lists.shift();
      places.shift();
    } else if (isDefinition(it)) visit(it);
    else if (isList && !lists.includes(it)) {
      lists.unshift(it);
      places.unshift(-1);
    } else {
      const hint = isList ? "it contains itself" : hintFor(it);
      throw invalid(`providers[${places.reverse().join("][")}]`, it, undefined, hint);
    }
  }
}

/** A provider made by another copy of the library is as good as one of ours. */
export function isDefinition(it: unknown): it is Definition {
  return (it as Definition | null | undefined)?.lifetime !== undefined;
}
