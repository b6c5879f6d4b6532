/**
 * `withdraw` and `provided`: providers that go, and providers that are there for a while.
 *
 * @module
 */

import { beginChange } from "../../core/building/finish.ts";
import { reportUnheard } from "../../core/building/reporting.ts";
import { running } from "../../core/building/running.ts";
import { isPlain } from "../../core/model/dependency.ts";
import { closed, invalid } from "../../core/model/messages.ts";
import type { Definition, Node, ScopeRecord } from "../../core/model/records.ts";
import { checkShutdown } from "../../core/model/options.ts";
import { find, isDefinition, keyIn } from "../../core/registry/registry.ts";
import { follow } from "../../core/scope/get.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { ProviderEntry } from "../../core/types/provider.ts";
import type { ForAwaitUsing, Scope } from "../../core/types/scope.ts";
import type { ShutdownOptions, ShutdownReport } from "../../core/types/shutdown.ts";
import { NotProvidedError, ShutdownError } from "../../core/words/errors.ts";
import { isToken, nameOf } from "../../core/words/token.ts";
import { asyncDisposeSymbol, disposeSymbol } from "../../core/words/web.ts";
import { allAt, instancesOf, ownNode, unregister } from "./places.ts";
import type { Block, Change } from "./affected.ts";
import { releaseAll } from "./release.ts";

/**
 * Takes providers out of the scope that has them, given by their tokens or as they were registered, and releases what was
 * built on them, as `release` does. What a provider has overridden in this scope shows again, with its instance if that was
 * built; and so does what it has shadowed, or a fallback. Without either, the token is not provided any more.
 *
 * All of them or, when one is refused, none. An owned value is disposed. Options as for `release` may come last.
 *
 * @example
 * ```ts
 * app.provide(plugin); // a group of providers
 * await withdraw(app, plugin);
 * ```
 *
 * @throws `NOT_PROVIDED` when the scope itself does not provide one of them.
 * @throws `CIRCULAR_DEPENDENCY` when a factory calls it that would wait for its own end.
 * @throws `SCOPE_CLOSED` when the scope is closing or closed.
 */
export async function withdraw(
  scope: Scope,
  ...what: readonly [...(AnyToken | ProviderEntry)[], AnyToken | ProviderEntry | ShutdownOptions]
): Promise<ShutdownReport> {
  const last: unknown = what.at(-1);
  const hasOptions = isPlain(last) && !isToken(last) && !isDefinition(last);
  if (hasOptions) checkShutdown(last, "withdraw");
  return withdrawFrom(scope as unknown as ScopeRecord, hasOptions ? what.slice(0, -1) : what, {
    options: hasOptions ? (last as ShutdownOptions) : undefined,
  });
}

/** How providers are withdrawn. */
export interface Withdrawing extends Pick<Change, "gone" | "isAtOnce" | "block" | "options"> {
  /** Whether what is not there any more is passed over. */
  readonly isQuiet?: boolean;
}

export function withdrawFrom(
  scope: ScopeRecord,
  what: readonly unknown[],
  { isQuiet = false, ...how }: Withdrawing = {},
): Promise<ShutdownReport> {
  follow(scope);
  if (scope.closing) throw closed(scope);
  const definitions = new Set<Definition>();
  for (const it of flat(what)) {
    const origin = registeredAs(scope, it);
    if (origin) definitions.add(origin.definition);
    else if (!isQuiet) throw notHere(scope, it);
  }
  // Another release may have put another node in the place of one.
  const left = (): Node[] =>
    [...definitions].flatMap(
      (it) => allAt(scope, keyIn(scope.tree, it)).find(({ definition }) => definition === it) ?? [],
    );
  const tokens = [...definitions].map(({ token }) => token);
  return releaseAll(scope, {
    ...how,
    what: `withdraw ${tokens.map((it) => `"${nameOf(it)}"`).join(", ")}`,
    token: tokens.length === 1 ? tokens[0] : undefined,
    own: () => left().flatMap((it) => [it, ...instancesOf(it, scope)]),
    apply() {
      beginChange(scope);
      for (const it of left()) unregister(it);
    },
  });
}

function notHere(scope: ScopeRecord, it: AnyToken | Definition): Error {
  const wanted = isToken(it) ? it : it.token;
  const other = find(scope, wanted);
  const hint = !other
    ? "nothing provides it, so there is nothing to withdraw"
    : other.scope === scope
      ? "the scope has another provider for it: give the token, or the provider that was registered"
      : `withdraw it from the scope that registers it: "${other.scope.name}"`;
  const path = [{ token: nameOf(wanted), scope: scope.name }];
  return new NotProvidedError(
    `withdraw "${nameOf(wanted)}": scope "${scope.name}" does not register it`,
    path,
    hint,
  );
}

/**
 * The node of what the scope registers under a token, or as a provider. A provider may be hidden by what has overridden it.
 */
export function registeredAs(scope: ScopeRecord, it: AnyToken | Definition): Node | undefined {
  if (isToken(it)) return ownNode(scope, it);
  const isSame = ({ definition }: Node): boolean => definition === it || definition.options.given === it;
  return allAt(scope, keyIn(scope.tree, it)).find(isSame);
}

/** The tokens and providers in a list that is nested to any depth. */
export function flat(list: readonly unknown[], seen: Set<unknown> = new Set()): (AnyToken | Definition)[] {
  return list.flatMap((it) => {
    if (Array.isArray(it) && !seen.has(it)) return flat(it, seen.add(it));
    if (isDefinition(it) || isToken(it)) return [it as AnyToken | Definition];
    throw invalid("what is withdrawn", it, undefined, "give tokens, or providers as they were registered");
  });
}

/** Providers that are there until it is disposed. Made by {@linkcode provided}. */
export type Provided = ForAwaitUsing & ForUsing;

/** What `using` needs, where the reader's `lib` knows of it. */
export type ForUsing = SymbolConstructor extends { readonly dispose: infer S extends symbol }
  ? { [K in S]: () => void }
  : {};

/**
 * Registers providers in the scope until the end of the block, as for a plug-in, or for a test. At the end they are
 * withdrawn, which releases what was built on them. `using` does not wait for disposals that are asynchronous, and reports
 * what fails; `await using` waits, and throws `SHUTDOWN_FAILED` when something has failed. What was withdrawn before by hand
 * is passed over, and so is everything when the scope has closed.
 *
 * @example
 * ```ts
 * {
 *   await using _ = provided(app, singleton(Plugin, [Db]));
 *   app.get(Plugin);
 * } // disposed, and Plugin is not provided any more
 * ```
 *
 * A block inside a factory must not give that factory what goes with the block: its end throws `CIRCULAR_DEPENDENCY` then.
 *
 * @throws what `scope.provide` throws: `DUPLICATE`, `INVALID_PROVIDER`, `SCOPE_CLOSED`.
 */
export function provided(scope: Scope, ...providers: readonly ProviderEntry[]): Provided {
  const record = scope as unknown as ScopeRecord;
  const known = new Set<unknown>();
  // What was there before stays there.
  const all = flat(providers);
  for (const it of all) if (registeredAs(record, it)) known.add(it);
  scope.provide(...(providers as never[]));
  const added = all.filter((it) => !known.has(it));
  return ending(record, (how) => withdrawFrom(record, added, { isQuiet: true, ...how }));
}

/** Something whose end releases services. */
export function ending(
  scope: ScopeRecord,
  end: (how: Pick<Change, "isAtOnce" | "block">) => Promise<ShutdownReport>,
): Provided {
  const block: Block = { by: running };
  let report: Promise<ShutdownReport> | undefined;
  const once = (isAtOnce: boolean): Promise<ShutdownReport | undefined> => {
    if (report || scope.closing) return report ?? Promise.resolve(undefined);
    return (report = end({ isAtOnce, block }));
  };
  const made: Record<symbol, () => unknown> = {
    [disposeSymbol()]: () => {
      void once(true).then(
        (it) => {
          for (const { error } of it?.services ?? []) if (error !== undefined) reportUnheard(scope, error);
        },
        (error: unknown) => reportUnheard(scope, error),
      );
      if (block.error) throw block.error;
    },
    [asyncDisposeSymbol()]: async () => {
      const it = await once(false);
      if (block.error) throw block.error;
      if (it && !it.ok) throw new ShutdownError(scope.name, it);
    },
  };
  return made as never;
}
