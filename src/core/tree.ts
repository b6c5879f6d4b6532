/**
 * The tree of scopes: what a scope is made of, and the way from one to the next.
 *
 * A server opens a scope for every request, and most of them never need more than the first few fields. So a scope is
 * one object of twelve fields, and siblings are linked through themselves.
 *
 * @module
 */

import type { Build, Holder, Node } from "./node.ts";
import type { Shutdown } from "./shutdown.ts";
import type { AnyToken } from "./types/dependency.ts";
import type { Observer } from "./types/observer.ts";
import type { ScopeState } from "./types/scope.ts";
import type { RuntimeAbortSignal } from "./types/signal.ts";
import { type Controller, newController } from "./web.ts";

/** A scope, as the core sees it. What users may call is in `scope.ts`. */
export interface LocalScope {
  readonly name: string;
  readonly id: string;
  readonly parent: LocalScope | undefined;
  readonly state: ScopeState;
  readonly tree: Tree;
  /** What is registered here, in order of registration. */
  own: Map<AnyToken, Node> | undefined;
  /** The nearest of these maps: its own, or one above. `nowhere` while anyone watches, and once it has closed. */
  quick: ReadonlyMap<unknown, Node>;
  /** What lives here, by what was registered, in the order it was begun; and builds of what lives nowhere, that wait. */
  nodes: Map<Holder, Node | Build> | undefined;
  /** The youngest scope below. */
  child: LocalScope | undefined;
  younger: LocalScope | undefined;
  older: LocalScope | undefined;
  /** There from the moment it begins to close. */
  closing: Shutdown | undefined;
  /** Aborts when the scope begins to close. */
  controller: Controller | undefined;
}

/** Where nothing is found. */
export const nowhere: ReadonlyMap<unknown, Node> = new Map();

/** What all scopes of a tree share. */
export interface Tree {
  readonly root: LocalScope;
  /** How many scopes were opened: what ids are made of. */
  opened: number;
  /** Those who watch, in the order they came; replaced as a whole, so whoever is being told is told to the end. */
  watches: readonly Watch[];
}

/** An observer of a scope and everything below it. */
export interface Watch {
  readonly scope: LocalScope;
  readonly observer: Observer;
}

/** Puts a scope below its parent, as the youngest. */
export function attach(scope: LocalScope, parent: LocalScope): void {
  const { child } = parent;
  scope.older = child;
  if (child) child.younger = scope;
  parent.child = scope;
}

/** Takes a scope out of its parent, or a server would keep every request it ever had. */
export function detach(scope: LocalScope): void {
  const { parent, younger, older } = scope;
  if (younger) younger.older = older;
  else if (parent) parent.child = older;
  if (older) older.younger = younger;
  // A closed scope that someone still holds must not hold its siblings.
  scope.younger = scope.older = undefined;
}

/** The scopes directly below, eldest first. */
export function childrenOf(scope: LocalScope): LocalScope[] {
  const children: LocalScope[] = [];
  for (let { child } = scope; child; child = child.older) children.push(child);
  return children.reverse();
}

/** A scope and everything below it, each before what is below it. */
export function subtree(top: LocalScope): LocalScope[] {
  const scopes = [top];
  // Grows while it is walked: this is the queue as well, so the depth of a tree costs no stack.
  for (const scope of scopes) if (scope.child) for (const child of childrenOf(scope)) scopes.push(child);
  return scopes;
}

/** Whether `lower` is `upper` or lies below it. */
export function encloses(upper: LocalScope, lower: LocalScope | undefined): boolean {
  while (lower && lower !== upper) lower = lower.parent;
  return lower !== undefined;
}

/** Aborts when the scope begins to close; has aborted if it did. */
export function signalOf(scope: LocalScope): RuntimeAbortSignal {
  return signalIn(scope, scope.closing !== undefined, scope.closing?.reason);
}

/** The signal of what may abort, or has; made when someone may look at it. */
export function signalIn(
  it: { controller?: Controller | undefined },
  aborted?: boolean,
  reason?: unknown,
): RuntimeAbortSignal {
  if (!it.controller) {
    it.controller = newController();
    if (aborted) it.controller?.abort(reason);
  }
  return it.controller?.signal as RuntimeAbortSignal;
}
