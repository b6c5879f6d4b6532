/**
 * `release` and `reload`: services are built anew, with everything that was built on them.
 *
 * @module
 */

import { beginChange } from "../../core/building/finish.ts";
import { closed, invalid, notProvided } from "../../core/model/messages.ts";
import {
  ALIAS,
  type Combinator,
  type Definition,
  type Node,
  type Options,
  SCOPED,
  type ScopeRecord,
  VALUE,
} from "../../core/model/records.ts";
import { checkShutdown } from "../../core/model/options.ts";
import { encloses } from "../../core/model/tree.ts";
import { find, homeOf, isDefinition, register } from "../../core/registry/registry.ts";
import { follow } from "../../core/scope/get.ts";
import { tellAll } from "../../core/scope/scope.ts";
import type { AnyToken, Identity } from "../../core/types/dependency.ts";
import type { Provider } from "../../core/types/provider.ts";
import type { Scope } from "../../core/types/scope.ts";
import type { ShutdownOptions, ShutdownReport } from "../../core/types/shutdown.ts";
import { isToken, nameOf } from "../../core/words/token.ts";
import { asOne } from "../lifecycle/failed.ts";
import { inStartOrder } from "../lifecycle/start.ts";
import { instancesOf, isBuilt, ownNode } from "./places.ts";
import { releaseAll } from "./release.ts";

/**
 * Stops and disposes the service that the token stands for, and everything that was built on it, in this scope or any
 * other, dependents first; and forgets them, so that the next resolve builds them anew. Without a token, that is everything
 * that was built in the scope, and the scope stays open. The report is that of a shutdown, and the promise does not reject
 * because a disposal has failed. The options are those of a shutdown as well: without `timeout` or `signal` it waits as long
 * as the disposals take.
 *
 * Of a scoped service, all instances in the scope and below are released. An alias is released with what it stands for.
 * A value stays what it is, and what was built on it is released, unless it has an `init`, which is then run again.
 *
 * Nothing is ever seen half replaced:
 *
 * - What has a `stop` is stopped first, while everything still works. Then all of it is forgotten in one step.
 * - What is being built on it, and whose factory was not called yet, begins anew. A factory that was called is waited for,
 *   what it makes is disposed, and it is called again for those who wait: they receive what was built on the new services.
 *   Where such a factory waits for another service, that fails with `RELEASED`.
 * - What is resolved before the old instance is disposed waits for that: two servers never need one port. `get` throws
 *   `ASYNC_PROVIDER` meanwhile. When no disposal is asynchronous, everything is over before `release` returns.
 *
 * What a caller outside of the container keeps of old instances is out of sight, and so is what a transient was given that
 * such a caller keeps. A service that has resolved another one through `defer`, and that the other one depends on, stays.
 * What a service resolves late while it is going, through `defer` or the resolver that it was given, is what it was given
 * before, or what is there still. A disposer cannot wait for what is built next, because that waits for the disposer.
 *
 * @example
 * ```ts
 * await release(app, Db); // closes the users of Db, then Db
 * app.get(Users); //         built anew, on a new Db
 * ```
 *
 * A factory or an `init` cannot release its own service, or something that it was given: that is refused. What cannot be seen,
 * because it is called after an `await`, waits for its own end, until the `timeout`.
 *
 * @throws `NOT_PROVIDED` when nothing provides the token.
 * @throws `CIRCULAR_DEPENDENCY` when a factory calls it that would wait for its own end. Nothing is released then.
 * @throws `SCOPE_CLOSED` when the scope is closing or closed.
 */
export async function release(
  scope: Scope,
  token?: AnyToken,
  options?: ShutdownOptions,
): Promise<ShutdownReport> {
  return releaseWith(scope as unknown as ScopeRecord, token, "release", options);
}

function releaseWith(
  scope: ScopeRecord,
  token: AnyToken | undefined,
  what: string,
  options?: ShutdownOptions,
  gone?: (node: Node) => void,
): Promise<ShutdownReport> {
  if (options) checkShutdown(options, what);
  follow(scope);
  if (token !== undefined) originOf(scope, token);
  return releaseAll(scope, {
    what: `${what} "${token === undefined ? scope.name : nameOf(token)}"`,
    token,
    options,
    own: () => (token === undefined ? builtIn(scope) : meant(scope, token)),
    ...(gone && { gone }),
  });
}

/** The node of the provider of a token. */
export function originOf(scope: ScopeRecord, token: AnyToken): Node {
  if (!isToken(token)) throw invalid("what is released", token, undefined, "give a token");
  if (scope.closing) throw closed(scope, token);
  const origin = find(scope, token);
  if (!origin) throw notProvided(scope, token);
  return origin;
}

/** Everything that was built in a scope, and what is being built there. */
function builtIn(scope: ScopeRecord): Node[] {
  const found = new Set<Node>();
  for (let it = scope.last; it; it = it.previous!)
    if (it.definition.lifetime !== VALUE || isBuilt(it.definition)) found.add(it);
  for (const it of scope.nodes?.values() ?? []) if (it.build && it.definition.lifetime < ALIAS) found.add(it);
  return [...found];
}

/** The nodes that a token stands for: of an alias, what it leads to as well. */
function meant(scope: ScopeRecord, token: AnyToken): Node[] {
  const found = new Set<Node>();
  const seen = new Set<unknown>();
  const tokens: unknown[] = [token];
  // The list grows while it is walked.
  for (const it of tokens) {
    const origin = isToken(it) && !seen.has(it) ? find(scope, it) : undefined;
    seen.add(it);
    if (!origin) continue;
    const { definition } = origin;
    found.add(origin);
    const top = homeOf(scope, definition) ?? scope;
    for (const node of instancesOf(origin, top)) found.add(node);
    if (definition.lifetime === ALIAS)
      for (const target of definition.dependencies) tokens.push((target as Combinator).token?.() ?? target);
  }
  return [...found];
}

/**
 * The same as {@linkcode release}, and then builds again what had been `eager`, and builds and starts again what an app had
 * started. With a provider, that one takes the place of the old one for good, in this scope: if the old one is of a scope
 * above, what was built on it in this scope and below is released, and the old service stays for the others.
 *
 * @example
 * ```ts
 * await reload(app, Server); //                            stopped, disposed, built and started
 * await reload(app, Config, value(Config, readConfig())); // and everything that was built on Config
 *
 * const unwatch = watchSetting(app, Port, () => void reload(app, Server)); // thimble/config
 * ```
 *
 * @throws what `release` throws.
 * @throws `INVALID_PROVIDER` when the provider is not one for the token.
 * @throws what building or starting throws; `START_FAILED` when several have failed. The old services are gone by then. The
 * next resolve tries again, and the next `reload` brings back what could not be.
 */
export async function reload<K extends AnyToken>(
  scope: Scope,
  token: K,
  provider?: Provider<Identity<K>>,
  options?: ShutdownOptions,
): Promise<ShutdownReport> {
  const record = scope as unknown as ScopeRecord;
  const before: Before[] = [];
  const gone = (node: Node): void => note(before, node);
  const report = await (provider === undefined
    ? releaseWith(record, token, "reload", options, gone)
    : replace(record, [checked(token, provider)], "reload", gone, options));
  await bringBack(record, before);
  return report;
}

function checked(token: AnyToken, provider: unknown): Definition {
  const hint = `give a provider for ${nameOf(token)}`;
  if (!isDefinition(provider)) throw invalid("the new provider", provider, token, hint);
  if (provider.token !== token)
    throw invalid(`the new provider, for ${nameOf(provider.token)},`, provider, token, hint);
  return provider;
}

/**
 * Overrides providers in a scope, and releases what was built on the old ones there and below. For a block, it keeps the
 * old services themselves: `withdraw` shows them again.
 *
 * @param gone Called with every service that was built and goes, before it goes.
 */
export function replace(
  scope: ScopeRecord,
  providers: readonly Definition[],
  what: "reload" | "override",
  gone: (node: Node) => void,
  options?: ShutdownOptions,
): Promise<ShutdownReport> {
  if (options) checkShutdown(options, what);
  const keeps = what === "override";
  follow(scope);
  const origins = (): Node[] =>
    providers.flatMap(({ token }) => {
      const origin = find(scope, token);
      return origin ? [origin] : [];
    });
  for (const { token } of providers) {
    if (scope.closing) throw closed(scope, token);
    if (!find(scope, token)) throw notProvided(scope, token, undefined, "override");
  }
  return releaseAll(scope, {
    what: `${what} ${providers.map(({ token }) => `"${nameOf(token)}"`).join(", ")}`,
    token: providers.length === 1 ? providers[0]!.token : undefined,
    // A block begins in the turn in which it is written.
    isAtOnce: keeps,
    options,
    own: () =>
      origins().flatMap((it) => {
        const here = instancesOf(it, scope).filter((node) => encloses(scope, node.scope));
        // An instance that is kept must not be in use by what is built on the new provider.
        return keeps && it.definition.lifetime !== SCOPED ? [] : here;
      }),
    under: origins,
    apply() {
      const old = new Map(providers.map(({ token }) => [token, ownNode(scope, token)]));
      beginChange(scope);
      const registered = [...register(scope, providers, true)];
      // What is replaced for good must not come back.
      if (!keeps)
        for (const it of registered) {
          const { options, token } = "definition" in it ? it.definition : it;
          (options as { replaced?: Options["replaced"] }).replaced =
            old.get(token)?.definition.options.replaced;
        }
      tellAll(scope, "overridden", registered);
    },
    gone,
  });
}

// ---- Bringing back

/** A service that was built, and is to be built again. */
export interface Before {
  readonly scope: ScopeRecord;
  readonly token: AnyToken;
  readonly isStarted: boolean;
}

/** Notes a service that has to be brought back. */
export function note(before: Before[], { scope, definition, isStarted = false }: Node): void {
  if (definition.options.eager || isStarted) before.push({ scope, token: definition.token, isStarted });
}

/** What could not be brought back, in each tree of scopes. It is tried again with the next change. */
const missed = /* @__PURE__ */ new WeakMap<ScopeRecord, readonly Before[]>();

/** Builds services again, and starts those that were started. Tries what has failed before once more, in silence. */
export async function bringBack({ tree: { root } }: ScopeRecord, before: readonly Before[]): Promise<void> {
  // It has closed.
  if (!root) return;
  const isThere = ({ scope, token }: Before): boolean => !scope.closing && find(scope, token) !== undefined;
  const wanted = before.filter(isThere);
  const isKnown = (it: Before): boolean =>
    wanted.some(({ scope, token }) => scope === it.scope && token === it.token);
  const again = (missed.get(root) ?? []).filter((it) => isThere(it) && !isKnown(it));
  missed.delete(root);
  const all = [...wanted, ...again];
  const failed = new Set<Before>();
  const errors: unknown[] = [];
  const fail = (it: Before, error: unknown): void => {
    failed.add(it);
    if (wanted.includes(it)) errors.push(error);
  };
  await Promise.all(
    // In a list: a promise would call the method `then` of a service that is resolved alone.
    all.map((it) =>
      (it.scope as unknown as Scope).getAsync([it.token]).catch((error: unknown) => fail(it, error)),
    ),
  );
  for (const scope of new Set(all.map((it) => it.scope))) {
    const started = new Map(
      all.filter((it) => it.scope === scope && it.isStarted).map((it) => [it.token, it]),
    );
    if (started.size === 0) continue;
    for (const node of inStartOrder(scope)) {
      const it = started.get(node.definition.token);
      if (!it) continue;
      try {
        await scope.extras?.start?.(node);
      } catch (error) {
        fail(it, error);
      }
    }
  }
  if (failed.size > 0) missed.set(root, [...(missed.get(root) ?? []), ...failed]);
  if (errors.length > 0) throw asOne(errors);
}
