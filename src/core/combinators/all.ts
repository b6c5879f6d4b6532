/**
 * `all` and `one`: the services that answer to a token, by their token, by `as` or by inheritance.
 *
 * @module
 */

import { dropOf } from "../building/finish.ts";
import { combine, resolveNode } from "../building/resolve.ts";
import { isPlain } from "../model/dependency.ts";
import { ambiguous, invalid, notProvided, refused } from "../model/messages.ts";
import {
  ALIAS,
  type Build,
  type Combinator,
  type Definition,
  type Node,
  type ScopeRecord,
} from "../model/records.ts";
import { definitionsIn } from "../model/tree.ts";
import { find } from "../registry/registry.ts";
import type { All, AllOptions, One } from "../types/combinator.ts";
import type { AnyToken } from "../types/dependency.ts";
import { isToken, nameOf } from "../words/token.ts";
import { checkToken, combinator, providerOf } from "./combinator.ts";

/**
 * Gives every service whose token it is, whose `as` lists the token, or whose class extends it. Nearest scope first,
 * then `order`, then order of registration. `[]` when there is none. A service that answers to the token itself, a
 * composite, gets the others.
 *
 * @throws `INVALID_PROVIDER` when it is not given a token, or has an option other than `tag`.
 *
 * @example
 * ```ts
 * singleton(Router, [all(Route)]);
 * singleton(Cli, [all(Command, { tag: "admin" })]);
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export const all: All = ((token: AnyToken, options?: AllOptions) => {
  const tag = tagIn("all", token, options);
  function targets(scope: ScopeRecord, dependent: Build | undefined): Node[] {
    const own = providerOf(scope, dependent);
    return candidates(scope, token, tag).filter(
      (it) => !own || own.definition.lifetime === ALIAS || targetOf(scope, it) !== own,
    );
  }
  const made: Combinator = combinator("all", token, (scope, dependent) =>
    combine(scope, targets(scope, dependent).map(exactly), dependent, (...services: unknown[]) =>
      // One object may have come by two ways that could not be seen to be the same.
      services.filter((it, at) => Object(it) !== it || services.indexOf(it) === at),
    ),
  );
  return {
    ...made,
    targets,
    drop(scope, dependent) {
      const drops = candidates(scope, token, tag).map((node) => dropOf(scope, node, dependent));
      // A composite has received one service less. Then it cannot be told which of them came from which provider.
      return (services, by) => {
        if (drops.length === (services as unknown[]).length)
          drops.forEach((drop, at) => drop?.((services as unknown[])[at], by));
      };
    },
  } satisfies Combinator;
}) as never;

/**
 * Gives the single service that answers to the token, among the same as {@linkcode all}: the one provided under that
 * very token, else the one marked `default`, else the only one. With a `tag`, only those that carry it count.
 *
 * @example
 * ```ts
 * singleton(Export, [one(Exporter, { tag: "pdf" })]);
 * ```
 *
 * @throws `AMBIGUOUS` when several are left.
 * @throws `NOT_PROVIDED` when there is none.
 * @throws `INVALID_PROVIDER` when it is not given a token, or has an option other than `tag`.
 */
/* @__NO_SIDE_EFFECTS__ */
export const one: One = ((token: AnyToken, options?: AllOptions) => {
  const tag = tagIn("one", token, options);
  /** The node that answers, and those that answer as well where that cannot be decided. */
  function pick(scope: ScopeRecord): Node[] {
    const exact = find(scope, token);
    if (exact && isTagged(exact.definition, tag)) return [exact];
    const found = candidates(scope, token, tag);
    const marked = found.filter((node) => node.definition.options.default);
    return marked.length > 0 ? marked : found;
  }
  const made: Combinator = combinator(
    "one",
    token,
    (scope, dependent) => {
      const [only, ...others] = pick(scope);
      if (!only) {
        const hint = tag === undefined ? undefined : `nothing that answers to it carries the tag "${tag}"`;
        throw notProvided(scope, token, dependent, undefined, hint);
      }
      if (others.length > 0) throw ambiguous(scope, token, [only, ...others], dependent);
      return resolveNode(scope, only, dependent);
    },
    (scope, _, found) => {
      const nodes = candidates(scope, token, tag);
      if (nodes.length === 1) found?.set(nodes[0]!, scope);
      return nodes.length > 0;
    },
  );
  return {
    ...made,
    targets: pick,
    drop: (scope, dependent) => dropOf(scope, pick(scope)[0], dependent),
  } satisfies Combinator;
}) as never;

/** The tag in the options, once token and options are checked. */
function tagIn(kind: string, token: AnyToken, options: AllOptions | undefined): string | undefined {
  checkToken(kind, token);
  if (options === undefined) return undefined;
  const hint = `write ${kind}(${nameOf(token)}, { tag: "…" })`;
  if (!isPlain(options) || Array.isArray(options) || isToken(options))
    throw invalid(`the last argument of ${kind}()`, options, token, hint);
  for (const name of Object.keys(options))
    if (name !== "tag")
      throw refused(`${kind}() has no option "${name}"`, token, `did you mean "tag"? ${hint}`);
  const { tag } = options as AllOptions;
  if (tag !== undefined && typeof tag !== "string")
    throw invalid(`the option "tag" of ${kind}()`, tag, token, hint);
  return tag;
}

/** A dependency on a provider and not on its token, which a nearer scope might shadow. */
function exactly(node: Node): Combinator {
  const made: Combinator = combinator("provider", [], (scope, dependent) =>
    resolveNode(scope, node, dependent),
  );
  return { ...made, drop: (scope, dependent) => dropOf(scope, node, dependent) };
}

/** The providers that answer to the token, each service once. */
function candidates(scope: ScopeRecord, token: AnyToken, tag?: string): Node[] {
  const found = new Map<Node, Node>();
  for (let at: ScopeRecord | undefined = scope; at; at = at.parent) {
    const here: Node[] = [];
    for (const it of definitionsIn(at) as Iterable<Definition>) {
      if (!answers(it, token) || !isTagged(it, tag)) continue;
      const node: Node = find(scope, it.token)!;
      // Neither a shadowed provider counts, nor a fallback that gives way to another provider.
      if (node.scope === at && node.definition === it) here.push(node);
    }
    for (const node of here.sort((a, b) => orderOf(a) - orderOf(b))) {
      const service = targetOf(scope, node);
      if (!found.has(service)) found.set(service, node);
    }
  }
  return [...found.values()];
}

function answers({ token, options }: Definition, wanted: AnyToken): boolean {
  return (
    token === wanted ||
    options.as?.includes(wanted as never) === true ||
    (typeof token === "function" && typeof wanted === "function" && token.prototype instanceof wanted)
  );
}

function isTagged({ options }: Definition, tag: string | undefined): boolean {
  return tag === undefined || options.tags?.includes(tag) === true;
}

function orderOf({ definition }: Node): number {
  return definition.options.order ?? 0;
}

/** The provider that an alias leads to. */
function targetOf(scope: ScopeRecord, node: Node): Node {
  const seen = new Set([node]);
  // The set grows while it is walked, and a circle of aliases ends the walk.
  for (const { definition } of seen) {
    const [target] = definition.dependencies;
    const token = (target as Combinator | undefined)?.token?.() ?? target;
    const next = definition.lifetime === ALIAS && isToken(token) && find(scope, token);
    if (next) seen.add(next);
  }
  return [...seen].at(-1)!;
}
