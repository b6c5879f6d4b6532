/**
 * What the combinators have in common. Each of them is a file of its own that only those pay for who import it.
 *
 * @module
 */

import { check, type Combinator, isCombinator, type Single } from "./dependency.ts";
import type { Build } from "./node.ts";
import { find } from "./registry.ts";
import { isToken } from "./token.ts";
import type { LocalScope } from "./tree.ts";

/** Makes a dependency about another one, which is checked here: the earliest moment there is. */
export function combinator(
  kind: string,
  of: Single,
  resolve: Combinator["resolve"],
  provided?: Combinator["provided"],
): never {
  check(of, `what ${kind}() is given`);
  return { madeBy: isCombinator, kind, of, resolve, provided } as never;
}

/** Whether asking for it would find a provider. What that one needs in turn is another question. */
export function isProvided(scope: LocalScope, dependency: Single, asker: Build | undefined): boolean {
  if (isToken(dependency)) return find(scope, dependency) !== undefined;
  if (isCombinator(dependency)) return dependency.provided?.(scope, asker) ?? true;
  return Object.values(dependency).every((part: Single) => isProvided(scope, part, asker));
}
