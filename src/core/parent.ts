/**
 * `parent`: a child scope decorating what its parent has.
 *
 * @module
 */

import { askEntry } from "./ask.ts";
import { combinator } from "./combinator.ts";
import { notProvided } from "./failures.ts";
import type { Build, Node } from "./node.ts";
import { find } from "./registry.ts";
import type { LocalScope } from "./tree.ts";
import type { Parent } from "./types/combinator.ts";
import type { AnyToken } from "./types/dependency.ts";

const hint = "parent() looks above the scope that registers who asks: provide it there";

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
      if (!entry) throw notProvided(scope, token, asker, undefined, hint);
      return askEntry(scope, entry, asker);
    },
    (scope, asker) => above(scope, token, asker) !== undefined,
  )) as never;

function above(scope: LocalScope, token: AnyToken, asker: Build | undefined): Node | undefined {
  let build = asker;
  while (build && !build.definition.token && !build.owner) build = build.asker;
  const by = build?.owner ?? build;
  // A factory that asks another scope than its own asks from outside.
  const { entry } = (by?.scope === scope && ((by as Build).node ?? by)) as Node;
  const { parent } = entry ? entry.scope : scope;
  return parent && find(parent, token);
}
