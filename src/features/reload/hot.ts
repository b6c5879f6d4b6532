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
import { duplicate } from "../../core/model/messages.ts";
import type { Definition, Node, ScopeRecord } from "../../core/model/records.ts";
import { definitionOf } from "../../core/model/tree.ts";
import { alias } from "../../core/registry/provider.ts";
import { isDefinition, keyIn, register } from "../../core/registry/registry.ts";
import { follow } from "../../core/scope/get.ts";
import { tellAll } from "../../core/scope/scope.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { ProviderEntry } from "../../core/types/provider.ts";
import type { Scope } from "../../core/types/scope.ts";
import { nameOf } from "../../core/words/token.ts";
import { web } from "../../core/words/web.ts";
import { allAt, instancesOf, unregister } from "./places.ts";
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
 * The end of what is replaced is waited for, up to ten seconds: then it is reported and left behind.
 *
 * When the new version throws before this, or provides what another module provides already, the old services stay. Nothing
 * is thrown here, and what goes wrong is reported to observers as `unhandled`, else to `reportError`, else to the console.
 * There is one such call for each module and scope.
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
      const refused = (): void => {
        // What was there before is still there. A copy tells that there was a next version all the same.
        if (memory.get(place) === entries) memory.set(place, [...known]);
      };
      if (!record.closing) void swap(record, known, entries, refused).catch(failed);
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

/** How long the end of what an edit replaces is waited for, in milliseconds. */
const patience = 10_000;

/** What stands under the old tokens of each service. */
const aliases = /* @__PURE__ */ new WeakSet<Definition>();

/**
 * Replaces the providers of one version by those of the next, in one step.
 *
 * @param refused Called when nothing was replaced.
 */
async function swap(
  scope: ScopeRecord,
  known: readonly Entry[],
  entries: readonly Entry[],
  refused: () => void,
): Promise<void> {
  const before: Before[] = [];
  const given = new Set(entries.map(({ provider }) => provider));
  for (const { tokens, provider } of entries)
    for (const it of tokens)
      if (it !== provider.token) {
        const made = alias(it, provider.token) as unknown as Definition;
        aliases.add(made);
        given.add(made);
      }
  const ours = new Set(known.map(({ provider }) => provider));
  const keyOf = (it: Definition): object => keyIn(scope.tree, it);
  const isOurs = (it: Definition | undefined): boolean => !!it && (ours.has(it) || aliases.has(it));
  /** What the old version has in the scope. Another module may provide one of its tokens by now. */
  const old = (): Node[] =>
    [...new Set(known.flatMap(({ tokens, provider }) => [...tokens, keyOf(provider)]))]
      .flatMap((it) => allAt(scope, it))
      .filter(({ definition }) => isOurs(definition) || isOurs(definition.options.given));
  const apply = (): void => {
    const keys = new Set<object>();
    for (const it of given) {
      if (keys.has(keyOf(it))) throw duplicate(scope, it.token);
      keys.add(keyOf(it));
    }
    const left = new Map(old().map((it) => [keyOf(it.definition), it]));
    const [added, replaced] = [false, true].map((is) =>
      [...given].filter((it) => left.has(keyOf(it)) === is),
    );
    beginChange(scope);
    // Another module may provide one of them already: then all of this is refused.
    const registered = [...register(scope, added!)];
    const overridden: (Node | Definition)[] = [];
    for (const it of replaced!) {
      const key = keyOf(it);
      // What overrides something is no fallback any more.
      if (it.options.fallback) {
        unregister(left.get(key)!);
        registered.push(...register(scope, [it]));
      } else overridden.push(...register(scope, [it], true));
      left.delete(key);
    }
    for (const it of overridden) {
      // What was edited must not come back.
      definitionOf(it).options.replaced = undefined;
    }
    for (const it of left.values()) unregister(it);
    tellAll(scope, "registered", registered);
    tellAll(scope, "overridden", overridden);
  };
  const orRefused = <T>(fn: () => T): T => {
    try {
      return fn();
    } catch (error) {
      refused();
      throw error;
    }
  };
  const { services } = await orRefused(() =>
    releaseAll(scope, {
      what: "replace the services of an edited module",
      options: { timeout: patience },
      own: () => old().flatMap((it) => [it, ...instancesOf(it, scope)]),
      apply: () => orRefused(apply),
      gone: (node) => note(before, node),
    }),
  );
  for (const { outcome, token, error } of services)
    if (outcome === "abandoned")
      tell(scope, new Error(`"${token}" was edited, and the old one has not ended within ${patience} ms`));
    else if (outcome === "failed") tell(scope, error);
  await bringBack(scope, successors(before, known, entries));
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
