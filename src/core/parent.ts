/**
 * `parent`: a child scope decorating what its parent has.
 *
 * @module
 */

import { askEntry } from "./ask.ts";
import { refuse } from "./build.ts";
import { combinator } from "./combinator.ts";
import { notProvided } from "./failures.ts";
import { askerOf, type Node } from "./node.ts";
import { find } from "./registry.ts";
import type { LocalScope } from "./tree.ts";
import type { Parent } from "./types/combinator.ts";
import type { AnyToken } from "./types/dependency.ts";

/**
 * Gives the service that the token stands for above the scope that registered the asking provider; asked for from
 * outside, above the scope that is asked.
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
    (scope, asker) => {
      const entry = above(scope, token, asker);
      return entry ? askEntry(scope, entry, asker) : refuse(notProvided(scope, token, asker));
    },
    (scope, asker) => above(scope, token, asker) !== undefined,
  )) as never;

function above(scope: LocalScope, token: AnyToken, asker: Node | undefined): Node | undefined {
  let node = asker;
  // A factory that asks a scope itself asks from outside.
  while (node && !node.definition.token) {
    node = node.definition.kind === "question" && !node.value ? undefined : askerOf(node);
  }
  const { parent } = node ? node.entry.scope : scope;
  return parent && find(parent, token);
}
