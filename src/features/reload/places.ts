/**
 * Where lookups find a node, and how they come to find another one in its place.
 *
 * @module
 */

import {
  BUILT,
  Definition,
  DISPOSED,
  Node,
  SCOPED,
  type ScopeRecord,
  TRANSIENT,
  VALUE,
} from "../../core/model/records.ts";
import { definitionOf, subtree } from "../../core/model/tree.ts";
import { find, homeOf, keyIn, nodeInScope } from "../../core/registry/registry.ts";
import type { AnyToken } from "../../core/types/dependency.ts";

/**
 * The key under which the scope keeps the node. When it is hidden because its provider was overridden, that is the provider
 * which has taken its place, and which gives way to it again. Nothing, when another one has taken its place for good.
 */
export function keyOf(node: Node): object | undefined {
  const { scope, definition } = node;
  const { nodes, tree } = scope;
  const { token, lifetime } = definition;
  const likely = [token, tree.fallbacks?.get(token), lifetime === SCOPED && find(scope, token)];
  for (const key of likely) if (key && nodes?.get(key) === node) return key;
  for (const [key, it] of nodes ?? []) if (it === node) return key;
  return allAt(scope, token).find((it) => it.definition.options.replaced === node)?.definition;
}

/** Whether the scope still keeps the node under a key that it had. */
export function isAt(node: Node, key: object): boolean {
  return (key instanceof Definition ? key.options.replaced : node.scope.nodes?.get(key)) === node;
}

/** Has lookups find another node in place of one whose provider stays registered. */
export function forget(node: Node, key: object): void {
  const { scope, definition } = node;
  const { nodes, extras } = scope;
  if (key instanceof Definition) {
    const fresh = new Node(definition, scope);
    key.options.replaced = fresh;
    if (definition.lifetime === VALUE) fresh.value = definition.make;
    return;
  }
  // Its provider was replaced or withdrawn.
  if (key instanceof Node && find(scope, definition.token) !== key) return void nodes!.delete(key);
  const fresh = new Node(definition, scope);
  // Not by deleting the old one: a large map would be made anew again and again.
  nodes!.set(key, fresh);
  if (definition.lifetime !== VALUE) return;
  // A value is registered by its node.
  fresh.value = definition.make;
  if (!isBuilt(definition)) fresh.state = BUILT;
  if (extras?.providers?.has(key)) extras.providers.set(key, fresh);
}

/** Whether a value is built, by `init`, and so can be built anew. */
export function isBuilt({ options, dependencies }: Definition): boolean {
  return options.init !== undefined || options.wrap !== undefined || dependencies.length > 0;
}

/** The node that lookups find in place of one that was forgotten, if its instance will live in the same scope. */
export function successorOf({ scope, definition }: Node, key: object): Node | undefined {
  const { token, lifetime } = definition;
  if (key instanceof Definition) return key.options.replaced;
  const isRegistered = key === token || key === scope.tree.fallbacks?.get(token) || key instanceof Node;
  // What `make` has made has a key of its own.
  if (!isRegistered) return nodeInScope(scope, key as Node);
  const origin = find(scope, token);
  if (!origin || origin.definition.lifetime >= TRANSIENT) return undefined;
  if (origin.definition.lifetime !== SCOPED) return origin.scope === scope ? origin : undefined;
  return (lifetime === SCOPED || origin.scope === scope) && homeOf(scope, origin.definition) === scope
    ? nodeInScope(scope, origin)
    : undefined;
}

/** The instances of a registered provider in a scope and below: of a scoped provider there may be many. */
export function instancesOf(origin: Node, top: ScopeRecord): Node[] {
  if (origin.definition.lifetime !== SCOPED) return [origin];
  const found: Node[] = [];
  for (const scope of subtree(top)) {
    const node = scope.nodes?.get(origin);
    if (node) found.push(node);
  }
  return found;
}

/** The node of what the scope itself registers for a token, a fallback included. */
export function ownNode(scope: ScopeRecord, token: AnyToken): Node | undefined {
  const key = ownKey(scope, token);
  return key && nodeAt(scope, key);
}

/** The node of what the scope itself registers under a key, which is made if there is none. */
function nodeAt(scope: ScopeRecord, key: object): Node | undefined {
  const known = scope.nodes?.get(key);
  if (known) return known;
  const definition = scope.extras?.providers?.get(key);
  if (!definition) return undefined;
  const node = new Node(definitionOf(definition), scope);
  scope.nodes!.set(key, node);
  return node;
}

/** The same, and after it what that has overridden, one after the other, and what shows again when it goes. */
export function allAt(scope: ScopeRecord, key: object): Node[] {
  const found: Node[] = [];
  // A container that was made from the providers of this one has their options as well.
  for (let it = nodeAt(scope, key); it?.scope === scope; it = it.definition.options.replaced) found.push(it);
  return found;
}

/** The key under which the scope itself registers something for a token. */
export function ownKey(scope: ScopeRecord, token: AnyToken): object | undefined {
  const { nodes, extras, tree } = scope;
  const all = extras?.providers ?? nodes;
  for (const key of [token, tree.fallbacks?.get(token)]) if (key && all?.has(key)) return key;
  return undefined;
}

/** Takes a provider out of its scope. What it has replaced there takes its place again. */
export function unregister(origin: Node): void {
  const { scope, definition } = origin;
  const { nodes, extras } = scope;
  const key = keyIn(scope.tree, definition);
  const all = allAt(scope, key);
  const at = all.indexOf(origin);
  const next = all[at + 1];
  if (at > 0) all[at - 1]!.definition.options.replaced = next;
  else if (next) {
    nodes!.set(key, next);
    extras?.providers?.set(key, next.definition.lifetime === VALUE ? next : next.definition);
  } else {
    nodes?.delete(key);
    extras?.providers?.delete(key);
  }
}

/** How many of the instances that a scope lists are gone, and how many may be before all of the list is walked. */
const goneIn = /* @__PURE__ */ new WeakMap<ScopeRecord, { count: number; limit: number }>();

/**
 * Takes instances that are gone off the list of their scope. The list is linked in one direction, from the youngest on. What
 * is released again and again is young, so that a few steps find it; only when as many are gone as are left, all of the
 * list is walked.
 */
export function sweep(scope: ScopeRecord, count: number): void {
  if (scope.closing) return;
  let gone = goneIn.get(scope);
  if (!gone) goneIn.set(scope, (gone = { count: 0, limit: 256 }));
  gone.count += count;
  const isFull = gone.count >= gone.limit;
  let steps = isFull ? Infinity : 4 * count + 16;
  let left = 0;
  let younger: Node | undefined;
  for (let it = scope.last; it && steps > 0; steps--) {
    const { previous } = it;
    if (it.state === DISPOSED) {
      if (younger) younger.previous = previous!;
      else scope.last = previous!;
      it.previous = undefined;
      gone.count--;
    } else {
      younger = it;
      left++;
    }
    it = previous!;
  }
  if (isFull) Object.assign(gone, { count: 0, limit: Math.max(256, left) });
}
