/**
 * Registration and lookup: which provider answers to a token, seen from a scope.
 *
 * A few providers are searched one by one, many have an index. Above that lies a cache that a whole branch of the tree
 * shares, so that the depth of a scope does not matter; only a scope that shadows something has one of its own. The
 * cache is swapped for an empty one when a scope closes or somebody observes: that is what makes both checks free.
 *
 * @module
 */

import { closed, duplicate, invalid, nothingToOverride } from "./failures.ts";
import { BUILT, Node } from "./node.ts";
import type { Definition } from "./provider.ts";
import { Key } from "./token.ts";
import { encloses, extraOf, type LocalScope } from "./tree.ts";
import type { AnyToken } from "./types/dependency.ts";

/** Up to this many are found faster by looking at each than by hashing. */
const few = 8;

/** Nodes by token. Keys have numbers: an array finds them without hashing. */
export class Index {
  readonly keys: (Node | undefined)[] = [];
  readonly others: Map<unknown, Node> = new Map();
  /** The highest scope this is a cache for; nothing may be put into one that has none. */
  readonly owner: LocalScope | undefined;

  constructor(owner?: LocalScope) {
    this.owner = owner;
  }

  get(token: unknown): Node | undefined {
    return typeof token !== "function" && token instanceof Key
      ? this.keys[token.index]
      : this.others.get(token);
  }

  set(node: Node): void {
    const token: unknown = node.definition.token;
    if (typeof token !== "function" && token instanceof Key) this.keys[token.index] = node;
    else this.others.set(token, node);
  }
}

/** The cache of scopes that are closing or observed. */
export const empty: Index = /* @__PURE__ */ new Index();

/** The provider that answers to `token`: the nearest, then up. */
export function find(scope: LocalScope, token: AnyToken): Node | undefined {
  const { hot } = scope;
  let node = hot.get(token);
  for (let at: LocalScope | undefined = scope; at && !node; at = at.parent) {
    node = ownProvider(at, token);
    // What stands below the cache's owner is not for everyone who shares the cache.
    if (node && encloses(at, hot.owner)) hot.set(node);
  }
  return node;
}

/** The provider of `token` in this very scope. */
function ownProvider({ own, extra }: LocalScope, token: AnyToken): Node | undefined {
  if (extra?.index) return extra.index.get(token);
  if (own) for (const node of own) if (node.definition.token === token) return node;
  return undefined;
}

/** Registers all of them or, when one is refused, none. */
export function register(
  scope: LocalScope,
  providers: readonly unknown[],
  override = false,
): readonly Node[] {
  const fresh: Node[] = [];
  collect(scope, providers, fresh);
  if (scope.closing) throw closed(scope);

  const { own = [] } = scope;
  const added = scope.parent && own.length + fresh.length <= few ? undefined : new Index(scope);
  for (const node of fresh) {
    const { token } = node.definition;
    const twin = added ? added.get(token) : fresh.find(({ definition }) => definition.token === token);
    if ((twin ?? node) !== node || (!override && ownProvider(scope, token))) throw duplicate(scope, token);
    if (override && !find(scope, token)) throw nothingToOverride(scope, token);
    added?.set(node);
  }

  // From here on nothing is refused.
  for (const node of fresh) {
    const { token, kind, options } = node.definition;
    // A replacement takes the place of the old one: order of registration is what breaks ties.
    const at = override ? own.findIndex(({ definition }) => definition.token === token) : -1;
    own[at < 0 ? own.length : at] = node;
    if (kind !== "value") continue;
    if (options.owned || options.dispose || options.init) (scope.nodes ??= []).push(node);
    // What is only lent has no place in the order of shutdown.
    else node.count = -1;
  }
  if (added) {
    const extra = extraOf(scope);
    if (extra.index) for (const node of fresh) extra.index.set(node);
    else if (own.length > fresh.length) for (const node of own) added.set(node);
    extra.index ??= added;
  }
  if (own.length > 0) scope.own = own;
  relink(scope);
  return fresh;
}

/** Makes a node of each provider in an arbitrarily nested list. */
function collect(scope: LocalScope, providers: readonly unknown[], into: Node[]): void {
  for (const it of providers) {
    if (Array.isArray(it)) collect(scope, it, into);
    else {
      // Providers of another copy of the library are as good.
      const { kept, kind, make, options } = Object(it) as Definition;
      if (kept === undefined) {
        throw invalid(
          "a provider",
          it,
          undefined,
          it && "give what value, singleton, scoped, transient or alias return",
        );
      }
      const node = new Node(it as Definition, scope);
      if (kind === "value") {
        node.value = make;
        // With an `init` it is built like the others, when it is first asked for.
        if (!options.init) node.state = BUILT;
      }
      into.push(node);
    }
  }
}

/** Brings a scope and everything below up to date with who shadows something, who is open, who is observed. */
export function relink(scope: LocalScope): void {
  const { parent, own, tree, closing, extra } = scope;
  if (closing || tree.watches.length > 0) scope.hot = empty;
  else if (!parent) scope.hot = extra?.index ?? empty;
  else
    scope.hot = own?.some(({ definition }) => find(parent, definition.token)) ? new Index(scope) : parent.hot;
  for (let { child } = scope; child; child = child.older) relink(child);
}

/** The node of a scoped provider in the scope that its instance lives in. */
export function instanceIn(scope: LocalScope, entry: Node): Node {
  const nodes = (scope.nodes ??= []);
  let instances = scope.extra?.instances;
  let node = instances ? instances.get(entry) : nodes.find((it) => it.entry === entry);
  if (!node) {
    node = new Node(entry.definition, scope, entry);
    nodes.push(node);
    if (!instances && nodes.length > few) {
      extraOf(scope).instances = instances = new Map();
      for (const it of nodes) instances.set(it.entry, it);
    }
    instances?.set(entry, node);
  }
  return node;
}
