/**
 * `fallback`: a provider that gives way to every other provider of its token.
 *
 * A fallback is registered under a key in place of its token. The lookup of a token goes up through all scopes first, and
 * only when it has found nothing looks for the key. Nothing of this is remembered, so a provider that is registered later
 * is what the next resolve finds.
 *
 * @module
 */

import { invalid } from "../model/messages.ts";
import { Definition, type Tree } from "../model/records.ts";
import { isDefinition } from "../registry/registry.ts";
import type { Fallback } from "../types/combinator.ts";
import type { AnyToken } from "../types/dependency.ts";

/**
 * Makes a provider that is used only where nothing else that is visible from the resolving scope provides its token. The
 * order of registration does not matter, and a provider that is registered later is used from the next resolve on.
 *
 * Among fallbacks, that of the nearest scope is used. `has`, `optional`, `all`, `one` and `parent` see it where it is
 * used, and `override` may replace it. Given to `override`, a fallback replaces like the provider it was made of, and does
 * not give way to what it replaces. Its instance lives where that of the given provider would.
 *
 * @example
 * ```ts
 * // in a library
 * export const metrics = [singleton(Recorder, [Clock]), fallback(value(Clock, Date.now))];
 * // in a program, which may bring a clock of its own
 * createContainer(metrics, value(Clock, () => 0));
 * ```
 *
 * @throws `INVALID_PROVIDER` when it is not given a provider.
 * @throws `DUPLICATE`, when it is registered, if the scope has another fallback for the token.
 */
/* @__NO_SIDE_EFFECTS__ */
export const fallback: Fallback = ((provider: Definition) => {
  if (!isDefinition(provider))
    throw invalid("what fallback() is given", provider, undefined, "write fallback(value(Clock, Date.now))");
  if (provider.options.fallback) return provider;
  let made = fallbacks.get(provider);
  if (!made) {
    const { lifetime, token, dependencies, make, options, arity } = provider;
    const marked = { ...options, given: provider, fallback: keyFor };
    fallbacks.set(provider, (made = new Definition(lifetime, token, dependencies, make, marked, arity)));
  }
  return made;
}) as never;

/** What was made of each provider, so that two groups that make a fallback of the same provider do not collide. */
const fallbacks = /* @__PURE__ */ new WeakMap<Definition, Definition>();

/** The key under which the fallbacks for a token are registered. It belongs to the tree, whose lookups have to know it. */
function keyFor(tree: Tree, token: AnyToken): object {
  const keys = (tree.fallbacks ??= new WeakMap());
  let key = keys.get(token);
  if (!key) keys.set(token, (key = { token }));
  return key;
}
