/**
 * `hot`: an edited module replaces its services in a running program.
 *
 * Bundlers look for the words `import.meta.hot.accept(` in the text of a module, so these stay with the user, and nothing
 * here touches `import.meta`. What a module provides is remembered in its `data`, the one object that all of its versions
 * share. The call of a new version finds there what the one before had provided, and replaces it.
 *
 * @module
 */

import { beginChange } from "../../core/building/finish.ts";
import { reportUnheard } from "../../core/building/reporting.ts";
import type { Definition, Node, ScopeRecord } from "../../core/model/records.ts";
import { alias } from "../../core/registry/provider.ts";
import { isDefinition, register } from "../../core/registry/registry.ts";
import { follow } from "../../core/scope/get.ts";
import { tellAll } from "../../core/scope/scope.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { ProviderEntry } from "../../core/types/provider.ts";
import type { Scope } from "../../core/types/scope.ts";
import { nameOf } from "../../core/words/token.ts";
import { web } from "../../core/words/web.ts";
import { instancesOf, ownNode, unregister } from "./places.ts";
import { type Before, bringBack, note } from "./reload.ts";
import { releaseAll } from "./release.ts";
import { flat } from "./withdraw.ts";

/** One service of a module, through all of its versions. */
interface Entry {
  /** Its tokens, the first one first: an edited class is a new class, and who has imported the old one resolves that. */
  readonly tokens: readonly AnyToken[];
  readonly provider: Definition;
}

/** What a module has provided in each scope. */
type Memory = Map<object, readonly Entry[]>;

const key = "~thimble";

/**
 * Replaces the services of a module when the module is edited, in development, without a reload of the page or a restart of
 * the server. It stands in a module that registers providers, after the providers and before they are registered:
 *
 * ```ts
 * import { app } from "./app.ts"; // export const app = createContainer();
 *
 * export const services = [singleton(Db), singleton(Users, [Db])];
 * if (import.meta.hot) import.meta.hot.accept(hot(import.meta.hot.data, app, services));
 * app.provide(services);
 * ```
 *
 * The condition has exactly this form: Vite and Bun look for these words, and leave nothing of it in a production build. It
 * works in pages and in the module runner of Vite, and in the development server of Bun. The module of the scope must not
 * import this one, directly or through others: where modules import each other in a circle, Vite evaluates them all anew, and
 * the page goes on with the old scope while the new version has another one. That is reported.
 *
 * Providers of the new version take the place of those of the old one: of the one of the same name, else of the one at the
 * same place in the list. Those that are gone are withdrawn, new ones are added. What was built on the old ones is released,
 * as `release` does, and what was `eager` or started is built and started again. A class or token that is defined in the
 * edited module is another one in each version; the old ones go on to give the new service, to whoever has imported them.
 *
 * When the new version throws before this, the old services stay. Nothing is thrown here, and what goes wrong is
 * reported to observers as `unhandled`, else to `reportError`, else to the console. There is one such call for each module
 * and scope.
 *
 * @param data `import.meta.hot.data`.
 * @param scope The scope that registers the providers, or a function that gives it once the module is edited.
 * @param providers The providers, or groups of them, as they were registered.
 * @returns A function for `accept`. It reports when the new version has not come to this scope.
 */
export function hot(
  data: unknown,
  scope: Scope | (() => Scope),
  providers: ProviderEntry,
): (module?: unknown) => void {
  let record: ScopeRecord | undefined;
  let hasNext = (): boolean => true;
  const failed = (error: unknown): void => tell(record, error);
  try {
    if (Object(data) !== data) throw new TypeError("hot takes import.meta.hot.data first");
    const all = flat([providers]).filter(isDefinition);
    const memory = ((data as Record<string, Memory | undefined>)[key] ??= new Map<
      object,
      readonly Entry[]
    >());
    // A scope that is given by a function may not be there yet, and is always the same one for these versions.
    const place = typeof scope === "function" ? memory : scope;
    const known = memory.get(place);
    const entries = known
      ? paired(known, all)
      : all.map((provider): Entry => ({ tokens: [provider.token], provider }));
    memory.set(place, entries);
    hasNext = () => memory.get(place) !== entries;
    if (known) {
      record = (typeof scope === "function" ? scope() : scope) as unknown as ScopeRecord;
      follow(record);
      if (!record.closing) void swap(record, known, entries).catch(failed);
    }
  } catch (error) {
    failed(error);
  }
  // It is called when the next version was evaluated; without a module when that has thrown.
  return (module) => {
    if (module && !hasNext()) failed(new Error(lost));
  };
}

const lost =
  "Cannot replace the services of an edited module: its new version has another scope, or does not call hot\n" +
  "  hint: the module that makes the scope must not import the edited one, directly or through others";

/** Pairs the providers of the new version with those of the old one: by name, then by position. */
function paired(known: readonly Entry[], all: readonly Definition[]): readonly Entry[] {
  const left = new Set(known);
  const found = new Map<Definition, Entry>();
  const take = (provider: Definition, entry: Entry | undefined): void => {
    if (!entry || !left.delete(entry)) return;
    found.set(provider, entry);
  };
  for (const it of all)
    take(
      it,
      [...left].find(({ tokens }) => nameOf(tokens.at(-1)!) === nameOf(it.token)),
    );
  all.forEach((it, at) => {
    if (!found.has(it)) take(it, known[at]);
  });
  return all.map((provider) => {
    const tokens = found.get(provider)?.tokens ?? [];
    return { tokens: [...tokens.filter((it) => it !== provider.token), provider.token], provider };
  });
}

/** Replaces the providers of one version by those of the next, in one step. */
async function swap(scope: ScopeRecord, known: readonly Entry[], entries: readonly Entry[]): Promise<void> {
  const before: Before[] = [];
  const tokens = (list: readonly Entry[]): Set<AnyToken> => new Set(list.flatMap((it) => it.tokens));
  const kept = tokens(entries);
  const nodesOf = (wanted: Iterable<AnyToken>): Node[] =>
    [...wanted].flatMap((token) => ownNode(scope, token) ?? []);
  await releaseAll(scope, {
    what: "replace the services of an edited module",
    own: () => nodesOf(tokens(known)).flatMap((it) => [it, ...instancesOf(it, scope)]),
    apply() {
      const given = entries.map(({ provider }) => provider);
      const aliases = entries.flatMap(({ tokens, provider }) =>
        tokens
          .filter((it) => it !== provider.token)
          .map((it) => alias(it, provider.token) as unknown as Definition),
      );
      const isThere = ({ token }: Definition): boolean => ownNode(scope, token) !== undefined;
      const fresh = given.filter((it) => !isThere(it));
      const others = [...given, ...aliases].filter(isThere);
      beginChange(scope);
      tellAll(scope, "registered", [...register(scope, fresh)]);
      const overridden = [...register(scope, others, true)];
      for (const it of overridden) {
        const { options } = "definition" in it ? it.definition : it;
        // What was edited must not come back.
        (options as { replaced?: Node | undefined }).replaced = undefined;
      }
      tellAll(scope, "overridden", overridden);
      for (const it of nodesOf([...tokens(known)].filter((token) => !kept.has(token)))) unregister(it);
    },
    gone: (node) => note(before, node),
  });
  await bringBack(successors(before, known, entries));
}

/** What was built under a token of the old version is built under that of the new one. */
function successors(
  before: readonly Before[],
  known: readonly Entry[],
  entries: readonly Entry[],
): readonly Before[] {
  return before.map((it) => {
    const entry = known.some(({ tokens }) => tokens.includes(it.token))
      ? entries.find(({ tokens }) => tokens.includes(it.token))
      : undefined;
    return entry ? { ...it, token: entry.provider.token } : it;
  });
}

/** Reports what went wrong. In Node.js there is no `reportError`, and an edit that fails must not do so in silence. */
function tell(scope: ScopeRecord | undefined, error: unknown): void {
  try {
    if (scope && (scope.tree.tell || web.reportError)) reportUnheard(scope, error);
    else if (web.reportError) web.reportError(error);
    else (globalThis as { console?: { error(it: unknown): void } }).console?.error(error);
  } catch {
    // A program may have replaced one of them by a function that throws.
  }
}
