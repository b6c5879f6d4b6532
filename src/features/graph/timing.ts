/**
 * `timeBuilds`: how long services took to build.
 *
 * The container itself reads no clock for that, so something has to watch. The times are kept beside the instances and go
 * with them.
 *
 * @module
 */

import { type Node, SCOPED, type ScopeRecord } from "../../core/model/records.ts";
import { find } from "../../core/registry/registry.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { Scope } from "../../core/types/scope.ts";
import { observe } from "../observe.ts";

const times = /* @__PURE__ */ new WeakMap<Node, number>();
let isUsed = false;

/**
 * Has `explain` tell how long services took to build: those that are built in the scope, or below it, from now on. It is
 * an observer, and costs what an observer costs: see `thimble/observe`.
 *
 * @example
 * ```ts
 * const stopTiming = timeBuilds(app);
 * await warm(app);
 * explain(app).services.toSorted((a, b) => (b.buildTime ?? 0) - (a.buildTime ?? 0));
 * ```
 *
 * @returns A function that ends it. What is known by then stays known.
 * @throws `SCOPE_CLOSED` when the scope has closed.
 */
export function timeBuilds(scope: Scope): () => void {
  isUsed = true;
  return observe(scope, {
    built({ scope, token, elapsed }) {
      const node = nodeOf(scope as unknown as ScopeRecord, token);
      if (node) times.set(node, elapsed);
    },
  });
}

/** In milliseconds, with the time that the build waited for its dependencies; of several instances the longest. */
export function buildTimeOf(nodes: readonly Node[] | undefined): number | undefined {
  if (!isUsed || !nodes) return undefined;
  const known = nodes.flatMap((node) => times.get(node) ?? []);
  return known.length > 0 ? Math.max(...known) : undefined;
}

/** Where an instance is that was just built for a scope. What `make` has made is not found by its token. */
function nodeOf(scope: ScopeRecord, token: AnyToken): Node | undefined {
  const origin = find(scope, token);
  return origin?.definition.lifetime === SCOPED ? scope.nodes?.get(origin) : origin;
}
