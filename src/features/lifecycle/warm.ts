/**
 * `warm`: building before the first request what would otherwise be built by it.
 *
 * @module
 */

import { closed } from "../../core/model/messages.ts";
import { BUILT, type Definition, SCOPED, type ScopeRecord } from "../../core/model/records.ts";
import { definitionsIn } from "../../core/model/tree.ts";
import { find } from "../../core/registry/registry.ts";
import type { Scope } from "../../core/types/scope.ts";
import { checkOptions } from "../options.ts";
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
 * @throws what a factory throws. Once one has failed, no further service is begun. Those that were begun before are waited
 * for, and when several of them fail, `START_FAILED` has their errors.
 * @throws `SCOPE_CLOSED` when the scope is not open.
 */
export async function warm(scope: Scope, options: WarmOptions = {}): Promise<void> {
  checkOptions("warm", options, { all: ["true or false", (it) => typeof it === "boolean"] });
  const { all = false } = options;
  const record = scope as unknown as ScopeRecord;
  if (record.state === "closing" || record.state === "closed") throw closed(record);
  const wanted = buildableIn(record).filter(({ options }) => all || options.eager === true || options.start);
  const builds: Promise<unknown>[] = [];
  for (const { token } of wanted) {
    // In a list: a promise would call the method `then` of a service that is resolved alone.
    builds.push(scope.getAsync([token]));
    // A factory that has thrown would be called again for the next service that depends on it.
    if (hasFailed(record, token)) break;
  }
  const settled = await Promise.allSettled(builds);
  const errors = settled.flatMap((it) => (it.status === "rejected" ? [it.reason as unknown] : []));
  if (errors.length > 0) throw asOne(errors);
}

/** Whether a service that was just resolved is neither built nor being built. */
function hasFailed(scope: ScopeRecord, token: object): boolean {
  // A factory may have closed the scope.
  const origin = find(scope, token);
  const node = origin?.definition.lifetime === SCOPED ? scope.nodes?.get(origin) : origin;
  return node?.state !== BUILT && !node?.build;
}

/** What can be built for the scope ahead of a resolve: lower `order` first, then in order of registration. */
export function buildableIn(scope: ScopeRecord): Definition[] {
  const found: Definition[] = [];
  for (let at: ScopeRecord | undefined = scope; at; at = at.parent) {
    for (const it of definitionsIn(at)) {
      const { lifetime, token, options } = it;
      // A scoped service is built for the scopes below, unless it says that it lives in this one.
      const isScoped =
        lifetime === SCOPED && (at === scope ? options.in : (options.in ?? scope.name)) === scope.name;
      const isHere = lifetime < SCOPED ? at === scope : isScoped;
      // A fallback may have given way, and what is above may be shadowed.
      if (isHere && find(scope, token)?.definition === it) found.push(it);
    }
  }
  return found.sort((a, b) => (a.options.order ?? 0) - (b.options.order ?? 0));
}
