/**
 * What the combinators have in common. Each of them is a file of its own, and a program only carries those it imports.
 *
 * @module
 */

import { check, isCombinator } from "../model/dependency.ts";
import { invalid, whyUndefined } from "../model/messages.ts";
import { type Build, type Combinator, Node, type ScopeRecord, type Single } from "../model/records.ts";
import { isToken } from "../words/token.ts";

/** Makes a dependency about another one, which is checked here: it is the earliest moment there is. */
export function combinator(
  kind: string,
  of: Single,
  resolve: Combinator["resolve"],
  provided?: Combinator["provided"],
): never {
  check(of, `what ${kind}() is given`);
  return {
    madeBy: isCombinator,
    kind,
    of,
    check: (at, token, lifetime) => check(of, `${at}.${kind}`, token, lifetime),
    resolve,
    provided,
  } as Combinator as never;
}

/** Refuses everything but a token: for the combinators that look for a token and not for a value. */
export function checkToken(kind: string, it: unknown): void {
  if (isToken(it)) return;
  throw invalid(
    `what ${kind}() is given`,
    it,
    undefined,
    it === undefined ? whyUndefined : `write ${kind}(token)`,
  );
}

/** The registered provider of the service that resolves something in the scope; nothing when that is done from outside. */
export function providerOf(scope: ScopeRecord, dependent: Build | undefined): Node | undefined {
  let build = dependent;
  // Tuples have no token. The dependent is the service that they are resolved for.
  while (build && !build.definition.token && !build.owner) build = build.dependent;
  // A factory that resolves from a scope other than its own does so from outside.
  const node = build?.scope === scope ? ((build.owner as Build | undefined) ?? build).node : undefined;
  // A scoped instance is kept in its scope under the node of its provider.
  for (const [key, it] of node?.scope.nodes ?? []) if (it === node && key instanceof Node) return key;
  return node;
}
