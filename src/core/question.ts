/**
 * Asking from outside the engine: through a scope, or through the resolver that a factory was given.
 *
 * @module
 */

import type { Single } from "./dependency.ts";
import { current, failure, HALT, leave, put, stuck } from "./build.ts";
import { asyncProvider, closed } from "./failures.ts";
import { askerOf, BUILDING, isService, type Node } from "./node.ts";
import { find } from "./registry.ts";
import type { LocalScope } from "./tree.ts";
import type { AnyToken } from "./types/dependency.ts";
import type { Resolver } from "./types/provider.ts";

/** Gives what is asked for, or throws; it does not wait. */
export function get(scope: LocalScope, dependency: Single, asker?: Node, owner?: Node): unknown {
  const it = put(scope, dependency, asker, owner);
  if (it !== HALT) return it;
  if (!stuck) throw failure;
  const error = asyncProvider(stuck);
  leave(stuck);
  throw error;
}

/** Gives a promise of what is asked for. */
export function getAsync(
  scope: LocalScope,
  dependency: Single,
  asker?: Node,
  owner?: Node,
): Promise<unknown> {
  const it = put(scope, dependency, asker, owner);
  if (it !== HALT) return Promise.resolve(it);
  const job = stuck?.job;
  const promise = job
    ? new Promise((resolve, reject) => {
        job.answer = (ok, value) => (ok ? resolve(value) : reject(value as Error));
      })
    : Promise.reject(failure as Error);
  // Nobody has to wait for a build: one that fails unawaited is no unhandled rejection.
  promise.catch(() => {});
  return promise;
}

/** Whether something visible provides the token. */
export function has(scope: LocalScope, token: AnyToken): boolean {
  if (scope.closing?.report) throw closed(scope, token);
  return find(scope, token) !== undefined;
}

/**
 * What a factory asks through, and `defer` later. While the node is being built, it is the node that asks; afterwards
 * its instance does, and holds on to what it is given.
 */
export function resolverFor(asker: Node): Resolver {
  // A tuple or an alias is over as soon as it is made; what asks is what it is made for.
  let node = asker;
  while (!isService(node)) {
    const next = askerOf(node);
    if (!next) break;
    node = next;
  }
  const { scope } = asker;
  const { attempt } = node;
  let owner: Node | undefined = node.holder;
  while (owner?.definition.kind === "question") owner = askerOf(owner)?.holder;
  const ask =
    <R>(how: (scope: LocalScope, dependency: Single, asker?: Node, owner?: Node) => R) =>
    (dependency: unknown): R => {
      // A resolver may outlive a build that failed. The next build of the same node is not its business.
      const mine = node.attempt === attempt ? [node, owner] : [];
      const builder = mine.find((it) => it?.state === BUILDING) ?? current;
      return how(scope, dependency as Single, builder, mine[1]);
    };
  return { get: ask(get), getAsync: ask(getAsync), has: (token: AnyToken) => has(scope, token) } as Resolver;
}
