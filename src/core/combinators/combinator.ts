/**
 * What the combinators have in common. Each of them is a file of its own, and a program only carries those it imports.
 *
 * @module
 */

import { check, isCombinator } from "../model/dependency.ts";
import type { Build, Combinator, ScopeRecord, Single } from "../model/records.ts";
import { find } from "../registry/registry.ts";
import { isToken } from "../words/token.ts";

/** Makes a dependency about another one, which is checked here: it is the earliest moment there is. */
export function combinator(
  kind: string,
  of: Single,
  resolve: Combinator["resolve"],
  provided?: Combinator["provided"],
): never {
  check(of, `what ${kind}() is given`);
  return { madeBy: isCombinator, kind, of, resolve, provided } as never;
}

/** Whether resolving it would find a provider. What that provider needs in turn is another question. */
export function isProvided(scope: ScopeRecord, dependency: Single, dependent: Build | undefined): boolean {
  if (isToken(dependency)) return find(scope, dependency) !== undefined;
  if (isCombinator(dependency)) return dependency.provided?.(scope, dependent) ?? true;
  return Object.values(dependency).every((part: Single) => isProvided(scope, part, dependent));
}
