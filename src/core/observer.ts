/**
 * Observers: telling those who watch what happens in a scope and below it.
 *
 * @module
 */

import { onBehalf } from "./build.ts";
import { pathOver } from "./failures.ts";
import { type Build, chainTo, isService, type Node } from "./node.ts";
import { relink } from "./registry.ts";
import { encloses, type LocalScope, type Tree, type Watch } from "./tree.ts";
import type { Observer } from "./types/observer.ts";
import { web } from "./web.ts";

/** Changes who watches. Bringing a tree up to date takes a walk through it: not when nobody has come or gone. */
export function watch(tree: Tree, watches: readonly Watch[]): void {
  if (watches.length === tree.watches.length) return;
  tree.watches = watches;
  relink(tree.root);
}

/** Whether anyone watches, anywhere in the tree. Whoever has something to tell asks first, and makes no event in vain. */
export function isWatched({ tree }: LocalScope): boolean {
  return tree.watches.length > 0;
}

/** Tells everyone who watches `scope`. */
export function tell(scope: LocalScope, name: keyof Observer, more?: object): void {
  const { watches } = scope.tree;
  const event = { scope, ...more };
  for (const { scope: watched, observer } of watches) {
    if (!encloses(watched, scope)) continue;
    try {
      // What an observer asks for is nobody's dependency.
      onBehalf(undefined, () => observer[name]?.(event as never));
    } catch (error) {
      // One that throws breaks nothing.
      web.reportError?.(error);
    }
  }
}

/** Tells of a service: not of the question, the tuple or the alias on the way to one. */
export function tellOf(it: Node | Build, name: keyof Observer, more?: object): void {
  const { scope, definition } = it;
  // A path takes walking: not for nobody.
  if (!isService(definition) || !scope.tree.watches.some(({ observer }) => name in observer)) return;
  // The events of builds are the ones with a path.
  const path = name.startsWith("b") && { path: pathOver(chainTo(it as Build)) };
  tell(scope, name, { token: definition.token, ...path, ...more });
}
