/**
 * `warm`: building before the first request what would otherwise be built by it.
 *
 * @module
 */

import { closed } from "../../core/model/messages.ts";
import { type Definition, SCOPED, type ScopeRecord } from "../../core/model/records.ts";
import { definitionsIn } from "../../core/model/tree.ts";
import { find } from "../../core/registry/registry.ts";
import type { Scope } from "../../core/types/scope.ts";
import { asOne } from "./failed.ts";

/** Options of `warm`. */
export interface WarmOptions {
  /**
   * Builds everything, and not only what is `eager` or has a `start`.
   *
   * @default false
   */
  readonly all?: boolean;
}

/**
 * Builds the services of a scope that are `eager` or have a `start`: the values and singletons that it registers, and the
 * scoped services that scopes above register, for this scope. Dependencies are built first, and independent services at
 * the same time. What is built already stays.
 *
 * @example
 * ```ts
 * await warm(app); //               what is eager
 * await warm(app, { all: true }); // everything: a test that all of it can be built
 * ```
 *
 * @throws what a factory throws. When several builds fail, all others are waited for, and `START_FAILED` has their errors.
 * @throws `SCOPE_CLOSED` when the scope is not open.
 */
export async function warm(scope: Scope, { all = false }: WarmOptions = {}): Promise<void> {
  const record = scope as unknown as ScopeRecord;
  if (record.state === "closing" || record.state === "closed") throw closed(record);
  const wanted = buildableIn(record).filter(({ options }) => all || options.eager === true || options.start);
  // In a list: a promise would call the method `then` of a service that is resolved alone.
  const builds = await Promise.allSettled(wanted.map(({ token }) => scope.getAsync([token])));
  const errors = builds.flatMap((it) => (it.status === "rejected" ? [it.reason as unknown] : []));
  if (errors.length > 0) throw asOne(errors);
}

/** What can be built for the scope ahead of a resolve: lower `order` first, then in order of registration. */
function buildableIn(scope: ScopeRecord): Definition[] {
  const found = definitionsIn(scope).filter(({ lifetime }) => lifetime < SCOPED);
  for (let at = scope.parent; at; at = at.parent) {
    for (const it of definitionsIn(at)) {
      if (it.lifetime !== SCOPED || find(scope, it.token)?.definition !== it) continue;
      // One that lives in a scope of another name is built for that one.
      if (it.options.in === undefined || it.options.in === scope.name) found.push(it);
    }
  }
  return found.sort((a, b) => (a.options.order ?? 0) - (b.options.order ?? 0));
}
