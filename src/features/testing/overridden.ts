/**
 * `overridden`: providers that are replaced until the end of a block.
 *
 * @module
 */

import { duplicate, invalid } from "../../core/model/messages.ts";
import type { Definition, ScopeRecord } from "../../core/model/records.ts";
import { isDefinition } from "../../core/registry/registry.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { ProviderEntry } from "../../core/types/provider.ts";
import type { Scope } from "../../core/types/scope.ts";
import type { ShutdownReport } from "../../core/types/shutdown.ts";
import { type Before, bringBack, note, replace } from "../reload/reload.ts";
import { ending, flat, type Provided, withdrawFrom } from "../reload/withdraw.ts";

/**
 * Replaces providers in a scope until the end of the block. What had been built on the old ones is released, as by `release`
 * of `thimble/reload`, so that whatever is resolved in the block is built on the new ones. At the end it is the other way
 * round: what was built on the replacements is disposed, and the old providers show again, with their instances if they were
 * built. What had been `eager` or started is built and started again then; everything else when it is resolved.
 *
 * The services that are replaced stay as they are meanwhile; of scoped services the instances are released, too. One that is
 * being built goes on, and is there after the block: those who wait for it receive the replacement. What has a `stop` is
 * stopped as it is disposed, for the replacements are there at once.
 *
 * `using` does not wait for disposals that are asynchronous, and reports what fails to observers as `unhandled`. `await using`
 * waits, and throws `SHUTDOWN_FAILED` when something could not be disposed. When the scope has closed before the end, nothing
 * is left to do.
 *
 * @example
 * ```ts
 * test("greets in the morning", async () => {
 *   await using _ = overridden(app, value(Clock, () => 9));
 *   // app.get(Greeter) is built on this clock
 * }); // and from here on it is built on the old one
 * ```
 *
 * @throws `NOT_PROVIDED` when one of them has nothing to replace.
 * @throws `CIRCULAR_DEPENDENCY` when a factory calls it that was given what is replaced, or when that factory was given what
 * goes with the block, at its end.
 * @throws `INVALID_PROVIDER` when one is not a provider.
 * @throws `DUPLICATE` when two of them are for one token.
 * @throws `SCOPE_CLOSED` when the scope is closing or closed.
 */
export function overridden(scope: Scope, ...providers: readonly ProviderEntry[]): Provided {
  const record = scope as unknown as ScopeRecord | undefined;
  if (!record?.tree) throw new TypeError("overridden: its first argument is a scope");
  const byToken = new Map<AnyToken, Definition>();
  for (const it of flat(providers)) {
    if (!isDefinition(it)) throw invalid("a replacement", it, undefined, "give a provider");
    if ((byToken.get(it.token) ?? it) !== it) throw duplicate(record, it.token);
    byToken.set(it.token, it);
  }
  const replacements = [...byToken.values()];
  const before: Before[] = [];
  const gone = (node: Parameters<typeof note>[1]): void => note(before, node);
  const begun = replace(record, replacements, "override", gone);
  // Nobody waits for this promise before the end of the block, and it may reject before that.
  begun.catch(() => {});
  return ending(record, (how) => {
    const restored = withdrawFrom(record, replacements, { isQuiet: true, gone, ...how });
    return Promise.all([begun, restored]).then(async (reports) => {
      await bringBack(record, before);
      return both(reports);
    });
  });
}

function both(reports: readonly ShutdownReport[]): ShutdownReport {
  return {
    ok: reports.every(({ ok }) => ok),
    elapsed: Math.max(...reports.map(({ elapsed }) => elapsed)),
    services: reports.flatMap(({ services }) => services),
  };
}
