/**
 * `parent`: the service that a scope above has, for a child scope that decorates it.
 *
 * @module
 */

import { resolveNode } from "../building/resolve.ts";
import { notProvided } from "../model/messages.ts";
import { type Build, Node, type ScopeRecord } from "../model/records.ts";
import { find } from "../registry/registry.ts";
import type { Parent } from "../types/combinator.ts";
import type { AnyToken } from "../types/dependency.ts";
import { combinator } from "./combinator.ts";

const hint = "parent() looks above the scope that registers the dependent: provide it there";

/**
 * Gives the service that the token stands for above the scope that registered the dependent. Resolved from outside, it
 * looks above the scope it is resolved from.
 *
 * @example
 * ```ts
 * app.createScope("admin", singleton(Mailer, [parent(Mailer)], (mailer) => new AuditedMailer(mailer)));
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export const parent: Parent = ((token: AnyToken) =>
  combinator(
    "parent",
    token,
    (scope, dependent) => {
      const node = findAbove(scope, token, dependent);
      if (!node) throw notProvided(scope, token, dependent, undefined, hint);
      return resolveNode(scope, node, dependent);
    },
    (scope, dependent) => findAbove(scope, token, dependent) !== undefined,
  )) as never;

function findAbove(scope: ScopeRecord, token: AnyToken, dependent: Build | undefined): Node | undefined {
  let build = dependent;
  // Tuples have no token. The dependent is the service that they are resolved for.
  while (build && !build.definition.token && !build.owner) build = build.dependent;
  // A factory that resolves from a scope other than its own does so from outside.
  const node = build?.scope === scope ? ((build.owner as Build | undefined) ?? build).node : undefined;
  const { parent } = node ? registrationOf(node).scope : scope;
  return parent && find(parent, token);
}

/** The node of the registered provider. For a scoped instance, its scope has the instance under that node. */
function registrationOf(node: Node): Node {
  for (const [key, it] of node.scope.nodes ?? []) if (it === node && key instanceof Node) return key;
  return node;
}
