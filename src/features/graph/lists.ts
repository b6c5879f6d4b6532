/**
 * Lists: what is provided, what is built, what is being built, and the scopes around a scope.
 *
 * @module
 */

import {
  ALIAS,
  Build,
  BUILT,
  type Definition,
  type Node,
  none,
  SCOPED,
  type ScopeRecord,
} from "../../core/model/records.ts";
import { waitingChain } from "../../core/model/edges.ts";
import { pathOver } from "../../core/model/messages.ts";
import { definitionsIn, itemsOf, subtree } from "../../core/model/tree.ts";
import { keyIn } from "../../core/registry/registry.ts";
import type { Path } from "../../core/types/path.ts";
import type { ProviderKind } from "../../core/types/provider.ts";
import type { Scope } from "../../core/types/scope.ts";
import { nameOf } from "../../core/words/token.ts";
import { now } from "../../core/words/web.ts";
import { ancestorsOf, lookUp, relatedTo } from "../declared.ts";

/** An instance that there is. */
export interface BuiltService {
  /** The name of its token. */
  readonly token: string;
  readonly kind: ProviderKind;
  /** The name and the id of the scope that it lives in. */
  readonly scope: string;
  readonly scopeId: string;
}

/** A provider. */
export interface ProvidedService {
  /** The name of its token. */
  readonly token: string;
  readonly kind: ProviderKind;
  /** The name and the id of the scope that registers it. */
  readonly scope: string;
  readonly scopeId: string;
  readonly tags: readonly string[];
  /** Resolving its token gives something else: another provider is nearer, or a fallback gives way. */
  readonly shadowed?: true;
}

/** A service that is being built. */
export interface PendingService {
  /** The name of its token. */
  readonly token: string;
  /** The name and the id of the scope that it is built for. */
  readonly scope: string;
  readonly scopeId: string;
  /** For how long, in milliseconds. */
  readonly elapsed: number;
  /**
   * What it waits for, what that waits for, and so on: the last of them is what everything waits for. Empty when it waits
   * for its own factory or `init`.
   */
  readonly waitsFor: Path;
}

/**
 * Lists what a scope and its ancestors register: nearest scope first, then in order of registration.
 *
 * @example
 * ```ts
 * for (const { token, kind, shadowed } of listProvided(app)) console.log(token, kind, shadowed);
 * ```
 */
export function listProvided(scope: Scope): ProvidedService[] {
  const view = scope as unknown as ScopeRecord;
  const all: ProvidedService[] = [];
  for (const at of [view, ...ancestorsOf(view)]) {
    const { name, id } = at;
    for (const definition of definitionsIn(at)) {
      const { token, kind, options } = definition;
      const found = lookUp(view, token);
      const row = { token: nameOf(token), kind, scope: name, scopeId: id, tags: options.tags ?? none };
      all.push(found?.definition === definition && found.scope === at ? row : { ...row, shadowed: true });
    }
  }
  return all;
}

/**
 * Lists the instances that live in a scope and in its ancestors, values included: nearest scope first, then in order of
 * registration. In which order they were built makes no difference.
 *
 * @example
 * ```ts
 * console.log(listBuilt(app).map(({ token }) => token));
 * ```
 */
export function listBuilt(scope: Scope): BuiltService[] {
  const view = scope as unknown as ScopeRecord;
  const scopes = [view, ...ancestorsOf(view)];
  return scopes.flatMap((at, index) => {
    const { name, id, nodes } = at;
    if (!nodes) return [];
    const found: Node[] = [];
    const left = new Set<Node>();
    for (const [, node] of nodes) if (node.state === BUILT) left.add(node);
    const take = (node: Node | undefined): void => {
      if (node && left.delete(node)) found.push(node);
    };
    // Those that are registered here, the scoped ones of the scopes above, and last what nobody registered.
    for (const registered of scopes.slice(index))
      for (const definition of definitionsIn(registered)) {
        const { lifetime } = definition;
        const origin = nodeIn(registered, definition);
        if (lifetime >= SCOPED) take(origin && nodes.get(origin));
        else if (registered === at) take(origin);
      }
    const all = [...found, ...left];
    return all.map(({ definition: { token, kind } }) => ({
      token: nameOf(token),
      kind,
      scope: name,
      scopeId: id,
    }));
  });
}

/** The record of a provider, if it was ever resolved. */
function nodeIn({ nodes, tree }: ScopeRecord, definition: Definition): Node | undefined {
  return nodes?.get(keyIn(tree, definition));
}

/**
 * Lists what is being built right now in a scope, its ancestors and its descendants: what a start that hangs waits for. A
 * scope that is read after everything has settled has nothing here.
 *
 * @example
 * ```ts
 * setTimeout(() => console.warn(listPending(app)), 10_000);
 * ```
 */
export function listPending(scope: Scope): PendingService[] {
  const time = now();
  return relatedTo(scope as unknown as ScopeRecord).flatMap((at) =>
    itemsOf<Build | Node>(at.extras ?? {}).flatMap((build) => {
      if (!(build instanceof Build) || build.definition.lifetime >= ALIAS) return [];
      return {
        token: nameOf(build.definition.token),
        scope: at.name,
        scopeId: at.id,
        elapsed: Math.max(0, time - (build.since ?? build.began ?? time)),
        waitsFor: pathOver([...waitingChain(build)].slice(1)),
      };
    }),
  );
}

/**
 * Finds a scope below this one: by its id, else by its name. The nearest comes first, and among equals the oldest. A scope
 * that holds nothing yet is not known to its parent, and is not found.
 *
 * @example
 * ```ts
 * const request = findScope(app, "request");
 * ```
 */
export function findScope(scope: Scope, nameOrId: string): Scope | undefined {
  const below = subtree(scope as unknown as ScopeRecord).slice(1);
  const found = below.find(({ id }) => id === nameOrId) ?? below.find(({ name }) => name === nameOrId);
  return found as unknown as Scope | undefined;
}

/**
 * The scopes above this one, the nearest first.
 *
 * @example
 * ```ts
 * console.log(ancestors(scope).map(({ name }) => name).join(" < "));
 * ```
 */
export function ancestors(scope: Scope): Scope[] {
  return ancestorsOf(scope as unknown as ScopeRecord) as unknown as Scope[];
}
