/**
 * A chain of singletons, each of which adds one to the one before.
 *
 * @module
 */

import { singleton, token, type Provider, type Token } from "thimble";

/** The providers of a chain over what `bottom` makes, and the token at its end. */
export function chain(length: number, bottom: () => number): readonly [Provider[], Token<number>] {
  const links = Array.from({ length }, (_, at) => token<number>(`link ${at}`));
  const providers = links.map((it, at) =>
    at === 0 ? singleton(it, bottom) : singleton(it, [links[at - 1]!], (n) => n + 1),
  );
  return [providers, links.at(-1)!];
}
