/**
 * `parent`: the service that a scope above has, for a child scope that decorates it.
 *
 * @module
 */

import { dropOf } from "../building/finish.ts";
import { resolveNode } from "../building/resolve.ts";
import { notProvided } from "../model/messages.ts";
import { type Build, type Combinator, type Node, none, type ScopeRecord } from "../model/records.ts";
import { find } from "../registry/registry.ts";
import type { Parent } from "../types/combinator.ts";
import type { AnyToken } from "../types/dependency.ts";
import { checkToken, combinator, providerOf } from "./combinator.ts";

const hint =
  "parent() looks above the scope that registers the dependent: provide it there, or pass its provider to decorate()";

/**
 * Resolves the token in the scope above the one that registered the dependent, for a service that wraps the one it
 * shadows. Resolved by `get`, and not as a dependency, it looks above the scope it is resolved from.
 *
 * @example
 * ```ts
 * app.createScope("admin", singleton(Mailer, [parent(Mailer)], (mailer) => new AuditedMailer(mailer)));
 * ```
 *
 * @throws `INVALID_PROVIDER` when it is not given a token.
 */
/* @__NO_SIDE_EFFECTS__ */
export const parent: Parent = ((token: AnyToken) => {
  checkToken("parent", token);
  const made: Combinator = combinator(
    "parent",
    token,
    (scope, dependent) => {
      const node = findAbove(scope, token, dependent);
      if (!node) throw notProvided(scope, token, dependent, undefined, hint);
      return resolveNode(scope, node, dependent);
    },
    (scope, dependent, found) => {
      const node = findAbove(scope, token, dependent);
      if (node) found?.set(node, scope);
      return node !== undefined;
    },
  );
  const targets: Combinator["targets"] = (scope, dependent) => {
    const node = findAbove(scope, token, dependent);
    return node ? [node] : none;
  };
  const drop: Combinator["drop"] = (scope, dependent) =>
    dropOf(scope, findAbove(scope, token, dependent), dependent);
  return { ...made, targets, drop };
}) as never;

function findAbove(scope: ScopeRecord, token: AnyToken, dependent: Build | undefined): Node | undefined {
  const { parent } = providerOf(scope, dependent)?.scope ?? scope;
  return parent && find(parent, token);
}
