/**
 * Registration and lookup: which provider answers to a token, seen from a scope.
 *
 * A scope has a map of its own once it has providers, and looks it up, then up the tree. The nearest of these maps is
 * in every scope's reach, so how deep a scope lies does not matter; it is taken away when somebody observes or the
 * scope has closed, and that is what makes both checks free.
 *
 * @module
 */

import { closed, duplicate, invalid, notProvided } from "./failures.ts";
import { BUILT, Node } from "./node.ts";
import { isWatched } from "./observer.ts";
import type { Definition } from "./provider.ts";
import { type LocalScope, nowhere, subtree } from "./tree.ts";
import type { AnyToken } from "./types/dependency.ts";

/** The provider that answers to `token`: the nearest, then up. */
export function find(scope: LocalScope, token: AnyToken): Node | undefined {
  for (let at: LocalScope | undefined = scope; at; at = at.parent) {
    const node = at.own?.get(token);
    if (node) return node;
  }
  return undefined;
}

/** Registers all of them or, when one is refused, none. */
export function register(scope: LocalScope, providers: readonly unknown[], override = false): Iterable<Node> {
  if (scope.closing) throw closed(scope);
  const fresh = new Map<AnyToken, Node>();
  collect(scope, providers, fresh, override);

  // From here on nothing is refused.
  for (const node of fresh.values()) {
    const { kind, options, token } = node.definition;
    if (kind === "value" && (options.owned || options.dispose || options.init)) live(node);
    // A replacement takes the place of the old one: order of registration is what breaks ties.
    scope.own?.set(token, node);
  }
  if (!scope.own && fresh.size > 0) {
    scope.own = fresh;
    relink(scope);
  }
  return fresh.values();
}

/** Brings a scope and everything below up to date with where providers are, and whether anyone observes. */
export function relink(top: LocalScope): void {
  for (const scope of subtree(top)) {
    scope.quick = isWatched(scope) ? nowhere : (scope.own ?? scope.parent?.quick ?? nowhere);
  }
}

/** Makes a node of each provider in an arbitrarily nested list. */
function collect(
  scope: LocalScope,
  providers: readonly unknown[],
  fresh: Map<AnyToken, Node>,
  override: boolean,
): void {
  for (const it of providers) {
    if (Array.isArray(it)) collect(scope, it, fresh, override);
    else {
      // Providers of another copy of the library are as good.
      const { kept, kind, make, options, token } = Object(it) as Definition;
      if (kept === undefined) {
        const hint = it ? "give what value, singleton, scoped, transient or alias return" : undefined;
        throw invalid("a provider", it, undefined, hint);
      }
      if (fresh.has(token) || (!override && scope.own?.has(token))) throw duplicate(scope, token);
      if (override && !find(scope, token)) throw notProvided(scope, token, undefined, "override");
      const node = new Node(it as Definition, scope);
      if (kind === "value") {
        node.value = (make as () => unknown)();
        // With an `init` it is built like the others, when it is first asked for.
        if (!options.init) node.state = BUILT;
      }
      fresh.set(token, node);
    }
  }
}

/** From now on the node is its scope's to undo. */
export function live(node: Node): void {
  (node.scope.nodes ??= new Map()).set(node.entry, node);
}

/** The node of a scoped provider in the scope that its instance lives in. */
export function instanceIn(scope: LocalScope, entry: Node): Node {
  return (scope.nodes?.get(entry) as Node | undefined) ?? new Node(entry.definition, scope, entry);
}
