/**
 * The tree of scopes: how scopes are linked to each other, and how to walk from one to the next.
 *
 * Siblings are linked through themselves, so that opening and closing a scope costs no collection.
 *
 * @module
 */

import type { RuntimeAbortSignal } from "../types/signal.ts";
import { type Controller, web } from "../words/web.ts";
import { type Definition, extrasOf, type Node, type ScopeRecord } from "./records.ts";

/** A list that is linked through its items: the scopes below a scope, and what is in flight in a scope. */
interface Linked<T> {
  younger?: T | undefined;
  older?: T | undefined;
}
interface List<T> {
  child?: T | undefined;
}

/** Adds an item as the youngest. */
export function attach<T extends Linked<T>>(it: T, list: List<T>): void {
  const { child } = list;
  it.older = child;
  if (child) child.younger = it;
  list.child = it;
}

/** Has the scopes above keep a scope, because there is something to dispose or to wait for. */
export function hold(scope: ScopeRecord): void {
  for (let at = scope; !at.isHeld; at = at.parent!) {
    at.isHeld = true;
    attach(at, at.parent!);
    if (at.child) relink(at);
    else linkOne(at);
  }
}

/** A map in which nothing is found. */
export const emptyMap: ReadonlyMap<unknown, Node> = new Map();

/** Brings the lookups of a scope and of everything below up to date: with its providers, and with its observers. */
export function relink(top: ScopeRecord): void {
  for (const scope of subtree(top)) {
    const { nodes, tree, extras } = scope;
    if (tree.tell && extras?.lends) {
      // Scopes that their parent does not know look into the same map. They have to notice that there is an observer.
      scope.nodes = new Map(nodes);
      nodes!.clear();
    }
    linkOne(scope);
  }
}

function linkOne(scope: ScopeRecord): void {
  scope.lookup = scope.tree.tell ? emptyMap : (scope.nodes ?? scope.parent?.lookup ?? emptyMap);
}

/** Takes an item out. Without this, a server would keep the scope of every request it ever had. */
export function detach<T extends Linked<T>>(it: T, list: List<T>): void {
  const { younger, older } = it;
  if (younger) younger.older = older;
  else if (list.child === it) list.child = older;
  if (older) older.younger = younger;
  // Somebody may keep the item. It must not keep its neighbours.
  it.younger = it.older = undefined;
}

/** The items, the oldest first. */
export function itemsOf<T extends Linked<T>>(list: List<T>): T[] {
  const items: T[] = [];
  for (let it = list.child; it; it = it.older) items.push(it);
  return items.reverse();
}

/** A scope and everything below it. Each scope comes before those below it. */
export function subtree(top: ScopeRecord): ScopeRecord[] {
  const scopes = [top];
  // The array grows while it is walked: it is the queue as well, so that a deep tree needs no recursion.
  for (const scope of scopes) if (scope.child) for (const child of itemsOf(scope)) scopes.push(child);
  return scopes;
}

/** What is registered in a scope, in order of registration. */
export function definitionsIn({ nodes, extras }: ScopeRecord): Definition[] {
  const entries: Iterable<[object, Node | Definition]> = extras?.providers ?? nodes ?? [];
  return [...entries].filter(isProvider).map(([, it]) => definitionOf(it));
}

/**
 * Tells registered providers from the instances that live in the scope under other keys. A provider is under its token;
 * a fallback is under a key that names the token.
 */
export function isProvider([key, it]: readonly [object, Node | Definition]): boolean {
  const { token } = definitionOf(it);
  return key === token || (key as Partial<Definition>).token === token;
}

export function definitionOf(it: Node | Definition): Definition {
  return (it as Node).definition ?? it;
}

/** Whether `lower` is `upper` or lies below it. */
export function encloses(upper: ScopeRecord, lower: ScopeRecord | undefined): boolean {
  while (lower && lower !== upper) lower = lower.parent;
  return lower !== undefined;
}

/** The signal that aborts when the scope begins to close. After that moment, it has aborted. */
export function signalOf(scope: ScopeRecord): RuntimeAbortSignal {
  hold(scope);
  return signalIn(extrasOf(scope), !!scope.closing, scope.closing?.reason);
}

/** The signal of something that may abort or has aborted. Its controller is made when somebody may look at it. */
export function signalIn(
  it: { controller?: Controller | undefined },
  aborted?: boolean,
  reason?: unknown,
): RuntimeAbortSignal {
  if (!it.controller) {
    it.controller = web.AbortController && new web.AbortController();
    if (aborted) it.controller?.abort(reason);
  }
  return it.controller?.signal as RuntimeAbortSignal;
}
