/**
 * Observers: telling those who watch what happens in a scope and below it.
 *
 * With no observer in the tree nothing is told, and the events are not even made: whoever has something to tell asks
 * `isObserved` first.
 *
 * @module
 */

import { aside } from "./build.ts";
import { pathOver } from "./failures.ts";
import { chainTo, isService, type Node } from "./node.ts";
import { relink } from "./registry.ts";
import { encloses, type LocalScope, type Watch } from "./tree.ts";
import type { Observer } from "./types/observer.ts";
import { now, web } from "./web.ts";

/** Adds an observer to a scope and everything below it. Returns the way out. */
export function observe(scope: LocalScope, observer: Observer): () => void {
  const mine = { scope, observer };
  rewatch(scope, (watches) => [...watches, mine]);
  return () => rewatch(scope, (watches) => watches.filter((watch) => watch !== mine));
}

/** Forgets the observers of a scope that has closed. */
export function unobserve(scope: LocalScope): void {
  rewatch(scope, (watches) => watches.filter((watch) => watch.scope !== scope));
}

function rewatch({ tree }: LocalScope, change: (watches: readonly Watch[]) => readonly Watch[]): void {
  const { length } = tree.watches;
  tree.watches = change(tree.watches);
  // The first one takes away the caches, which know nothing of observers; the last one brings them back.
  if (length === 0 || tree.watches.length === 0) relink(tree.root);
}

export function isObserved({ tree }: LocalScope): boolean {
  return tree.watches.length > 0;
}

/** Tells everyone who watches `scope`. One that throws breaks nothing. */
export function emit(scope: LocalScope, name: keyof Observer, event: object): void {
  const told = { scope, ...event };
  for (const { scope: watched, observer } of scope.tree.watches) {
    if (!encloses(watched, scope)) continue;
    try {
      // What an observer asks for is nobody's dependency.
      aside(() => observer[name]?.(told as never));
    } catch (error) {
      web.reportError?.(error);
    }
  }
}

export function tellRegistered(scope: LocalScope, nodes: readonly Node[], name: "registered" | "overridden"): void {
  if (isObserved(scope)) for (const { token } of nodes) emit(scope, name, { token });
}

// ---- Builds

const began = /* @__PURE__ */ new WeakMap<Node, number>();

export function tellBuilding(node: Node): void {
  if (!isService(node)) return;
  began.set(node, now());
  emit(node.scope, "building", { token: node.token, path: pathOver(chainTo(node)) });
}

export function tellBuilt(node: Node): void {
  if (!isService(node)) return;
  tell("built", node, {});
  // Those who waited are handed it now, each of them; else it is on the way to the one who asked.
  for (let left = node.job ? node.job.waiters.length : 2; left > 0; left -= 2) {
    emit(node.scope, "got", { token: node.token, cached: false });
  }
}

export function tellFailed(node: Node, error: unknown): void {
  if (isService(node)) tell("buildFailed", node, { error });
}

function tell(name: "built" | "buildFailed", node: Node, more: object): void {
  const { token, scope } = node;
  const elapsed = now() - (began.get(node) ?? now());
  emit(scope, name, { token, path: pathOver(chainTo(node)), elapsed, ...more });
}
