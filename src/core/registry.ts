/**
 * Registration and lookup: which provider answers to a token, seen from a scope.
 *
 * A few providers are searched one by one, many have an index. Above that lies a cache that a whole branch of the tree
 * shares, so that the depth of a scope does not matter; only a scope that shadows something has one of its own. The
 * cache is swapped for an empty one when a scope closes or somebody observes: that is what makes both checks free.
 *
 * @module
 */

import { closed, duplicate, notAProvider, nothingToOverride } from "./failures.ts";
import { BUILT, isBorrowed, Node } from "./node.ts";
import { isObserved } from "./observer.ts";
import { Definition } from "./provider.ts";
import { encloses, extraOf, type LocalScope, OPEN, subtree } from "./tree.ts";
import { Key } from "./token.ts";
import type { AnyToken } from "./types/dependency.ts";

/** Up to this many are found faster by looking at each than by hashing. */
const few = 8;

/** Nodes by token. Keys have numbers: an array finds them without hashing. */
export class Index {
  /** The highest scope this is a cache for; nothing may be put into one that has none. */
  declare readonly owner: LocalScope | undefined;
  declare readonly keys: (Node | undefined)[];
  declare readonly others: Map<unknown, Node>;

  constructor(owner: LocalScope | undefined) {
    this.owner = owner;
    this.keys = [];
    this.others = new Map();
  }

  get(token: unknown): Node | undefined {
    return token instanceof Key ? this.keys[token.index] : this.others.get(token);
  }

  set(node: Node): void {
    const token: unknown = node.token;
    if (token instanceof Key) this.keys[token.index] = node;
    else this.others.set(token, node);
  }
}

/** The cache of scopes that are closing or observed. */
export const empty: Index = /* @__PURE__ */ new Index(undefined);

/** The provider that answers to `token`: the nearest, then up. */
export function find(scope: LocalScope, token: AnyToken): Node | undefined {
  const { hot } = scope;
  const cached = hot.get(token);
  if (cached) return cached;
  for (let at = scope.home; at; at = at.parent?.home) {
    const node = ownProvider(at, token);
    if (!node) continue;
    // What stands below the cache's owner is not for everyone who shares the cache.
    if (hot.owner && encloses(at, hot.owner)) hot.set(node);
    return node;
  }
  return undefined;
}

/** The provider of `token` in this very scope. */
function ownProvider(scope: LocalScope, token: AnyToken): Node | undefined {
  const index = scope.extra?.index;
  return index ? index.get(token) : scope.own?.find((node) => node.token === token);
}

/** Registers all of them or, when one is refused, none. */
export function register(scope: LocalScope, entries: readonly unknown[], override: boolean): readonly Node[] {
  const fresh: Node[] = [];
  collect(scope, entries, fresh);
  if (fresh.length === 0) return fresh;
  if (scope.phase !== OPEN) throw closed(scope, fresh[0]!.token);

  const own = scope.own ?? [];
  const many = !scope.parent || own.length + fresh.length > few;
  const added = many ? new Index(scope) : undefined;
  for (const node of fresh) {
    const { token } = node;
    const first = added ? (added.get(token) ?? node) : fresh.find((other) => other.token === token);
    if (first !== node || (!override && ownProvider(scope, token))) throw duplicate(scope, token);
    if (override && !find(scope, token)) throw nothingToOverride(scope, token);
    added?.set(node);
  }

  // From here on nothing is refused.
  scope.own = own;
  for (const node of fresh) {
    // A replacement takes the place of the old one: order of registration is what breaks ties.
    const at = override ? own.findIndex((old) => old.token === node.token) : -1;
    if (at < 0) own.push(node);
    else own[at] = node;
    if (node.definition.kind === "value" && !isBorrowed(node)) (scope.nodes ??= []).push(node);
  }
  if (added) {
    const extra = extraOf(scope);
    const { index } = extra;
    extra.index ??= added;
    for (const node of index ? fresh : own) extra.index.set(node);
  }
  relink(scope);
  return fresh;
}

/** Makes a node of each provider in an arbitrarily nested list. */
function collect(scope: LocalScope, entries: readonly unknown[], into: Node[]): void {
  for (const entry of entries) {
    if (Array.isArray(entry)) collect(scope, entry, into);
    else if (entry instanceof Definition) {
      const node = new Node(entry, scope);
      if (entry.kind === "value") {
        // One with an `init` is built like the others, when it is first asked for.
        if (!entry.options.init) node.state = BUILT;
        node.value = entry.make;
      }
      into.push(node);
    } else throw notAProvider(scope, entry);
  }
}

/** Brings a scope and everything below up to date with who provides something, who shadows something, who is open. */
export function relink(top: LocalScope): void {
  for (const scope of subtree(top)) {
    const { parent, own } = scope;
    scope.home = own ? scope : parent?.home;
    if (scope.phase !== OPEN || isObserved(scope)) scope.hot = empty;
    else if (!parent) scope.hot = scope.extra?.index ?? empty;
    else scope.hot = own?.some(({ token }) => find(parent, token)) ? new Index(scope) : parent.hot;
  }
}

/** The node of a scoped provider in the scope that its instance lives in. */
export function instanceIn(scope: LocalScope, entry: Node): Node {
  const nodes = (scope.nodes ??= []);
  let instances = scope.extra?.instances;
  const known = instances ? instances.get(entry) : nodes.find((node) => node.entry === entry);
  if (known) return known;

  const node = new Node(entry.definition, scope, entry);
  nodes.push(node);
  if (!instances && nodes.length > few) {
    instances = extraOf(scope).instances = new Map();
    for (const each of nodes) if (each.entry !== each) instances.set(each.entry, each);
  }
  instances?.set(entry, node);
  return node;
}
