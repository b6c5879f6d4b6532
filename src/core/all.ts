/**
 * `all` and `one`: asking for whoever answers to a token, by `as` or by inheritance.
 *
 * @module
 */

import { ask, askEntry, gather } from "./ask.ts";
import { combinator } from "./combinator.ts";
import type { Combinator } from "./dependency.ts";
import { ambiguous, notProvided } from "./failures.ts";
import type { Node } from "./node.ts";
import { find } from "./registry.ts";
import { isToken } from "./token.ts";
import type { LocalScope } from "./tree.ts";
import type { All, AllOptions, One } from "./types/combinator.ts";
import type { AnyToken } from "./types/dependency.ts";

/**
 * Gives every service that answers to the token: whose token it is, whose `as` lists it, or whose class extends it.
 * Nearest scope first, then `order`, then order of registration. `[]` when there is none.
 *
 * @example
 * ```ts
 * singleton(Router, [all(Route)]);
 * singleton(Cli, [all(Command, { tag: "admin" })]);
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export const all: All = ((token: AnyToken, { tag }: AllOptions = {}) =>
  combinator("all", token, (scope, asker) =>
    gather(scope, candidates(scope, token, tag).map(exactly), asker, (...services: unknown[]) =>
      // One object may have come by two ways that nobody could see were one.
      services.filter((it, at) => Object(it) !== it || services.indexOf(it) === at),
    ),
  )) as never;

/**
 * Gives the single service that answers to the token, among the same as {@linkcode all}: the one provided under that
 * very token, else the one marked `default`, else the only one.
 *
 * @throws `AMBIGUOUS` when several are left.
 * @throws `NOT_PROVIDED` when there is none.
 */
/* @__NO_SIDE_EFFECTS__ */
export const one: One = ((token: AnyToken) =>
  combinator(
    "one",
    token,
    (scope, asker) => {
      if (find(scope, token)) return ask(scope, token, asker);
      const found = candidates(scope, token);
      const marked = found.filter((node) => node.definition.options.default);
      const [only, ...others] = marked.length > 0 ? marked : found;
      if (!only) throw notProvided(scope, token, asker);
      if (others.length > 0) throw ambiguous(scope, token, [only, ...others], asker);
      return askEntry(scope, only, asker);
    },
    (scope) => candidates(scope, token).length > 0,
  )) as never;

/** A dependency on a provider rather than on a token, which a nearer scope might shadow. */
function exactly(entry: Node): Combinator {
  return combinator("entry", [], (scope, asker) => askEntry(scope, entry, asker));
}

/** Those who answer, each service once. */
function candidates(scope: LocalScope, token: AnyToken, tag?: string): Node[] {
  const found = new Map<Node, Node>();
  for (let at: LocalScope | undefined = scope; at; at = at.parent) {
    const here = [...(at.own?.values() ?? [])].filter(
      (node) =>
        answers(node, token) &&
        (tag === undefined || node.definition.options.tags?.includes(tag)) &&
        // A shadowed provider does not count.
        find(scope, node.definition.token) === node,
    );
    for (const node of here.sort((a, b) => orderOf(a) - orderOf(b))) {
      const service = targetOf(scope, node);
      if (!found.has(service)) found.set(service, node);
    }
  }
  return [...found.values()];
}

function answers({ definition }: Node, wanted: AnyToken): boolean {
  const { token } = definition;
  return (
    token === wanted ||
    definition.options.as?.includes(wanted as never) === true ||
    (typeof token === "function" && typeof wanted === "function" && token.prototype instanceof wanted)
  );
}

function orderOf({ definition }: Node): number {
  return definition.options.order ?? 0;
}

/** What an alias is another name for. */
function targetOf(scope: LocalScope, node: Node): Node {
  const seen = new Set([node]);
  // The set grows while it is walked, and a circle of aliases ends the walk.
  for (const { definition } of seen) {
    const [target] = definition.dependencies;
    const next = definition.kind === "alias" && isToken(target) && find(scope, target);
    if (next) seen.add(next);
  }
  return [...seen].at(-1)!;
}
