/**
 * `make`: an instance from a provider that is not registered.
 *
 * The provider counts as if it were registered, under no token, in the scope that resolves the dependency. A singleton
 * made from a child scope therefore lives in the child scope, sees what the child scope sees, and ends with it. Its node
 * is kept in the scope under a key that belongs to the provider; a transient or an alias has nothing to keep.
 *
 * @module
 */

import { dropOf } from "../building/finish.ts";
import { resolveNode } from "../building/resolve.ts";
import { circular, invalid } from "../model/messages.ts";
import {
  type Combinator,
  type Definition,
  DONE,
  type Found,
  Node,
  type ScopeRecord,
  TRANSIENT,
} from "../model/records.ts";
import { find, homeOf, isDefinition, isProvided, nodeInScope } from "../registry/registry.ts";
import type { Make } from "../types/combinator.ts";
import { combinator } from "./combinator.ts";

/**
 * Gives an instance from a provider that nobody registered. Its dependencies come from the scope that resolves it; as a
 * dependency of a service, from the scope that the other dependencies of that service come from. In one scope, the same
 * provider object gives the same instance, which is disposed with that scope, dependents first. A transient is a new
 * instance at every resolve, and belongs to its receiver.
 *
 * A singleton lives in the scope it is made in: made from two scopes, it is two instances. A `scoped` provider with `in`
 * lives in the enclosing scope of that name. If the very same provider is registered and visible, its registered instance
 * is given. Write the provider once, outside of functions: one that is written in place is another provider each time.
 *
 * @example
 * ```ts
 * const report = singleton(Report, [Db]); //  not registered anywhere
 * const { pages } = app.get(make(report)); // disposed with `app`
 * singleton(Printer, [make(report)]); //      new Printer(report), of the scope that registers it
 * ```
 *
 * @throws `INVALID_PROVIDER` when it is not given a provider.
 * @throws `CAPTIVE_DEPENDENCY`, when it is resolved, if the provider is `scoped` and the dependent a singleton.
 */
/* @__NO_SIDE_EFFECTS__ */
export const make: Make = ((provider: Definition) => {
  if (!isDefinition(provider))
    throw invalid("what make() is given", provider, undefined, "write make(singleton(Report, [Db]))");
  const { dependencies, lifetime } = provider;
  const made: Combinator = combinator(
    "make",
    [],
    (scope, dependent) => {
      if (lifetime < TRANSIENT) return resolveNode(scope, nodeFor(scope, provider), dependent);
      for (let above = dependent; above; above = above.dependent)
        if (above.definition === provider && above.scope === scope && above.phase < DONE)
          throw circular(dependent!, [above]);
      return resolveNode(scope, new Node(provider, scope), dependent);
    },
    (scope, _, found) => isMakeable(scope, provider, found),
  );
  return {
    ...made,
    of: dependencies,
    targets: (scope) => [
      registeredFor(scope, provider) ??
        existingFor(scope, provider) ??
        new Node(provider, homeOf(scope, provider) ?? scope),
    ],
    drop: (scope, dependent) => dropOf(scope, new Node(provider, scope), dependent),
  } satisfies Combinator;
}) as never;

/** Under which key the nodes of a provider are kept. Not under the provider itself, which a program might resolve. */
const keys = /* @__PURE__ */ new WeakMap<Definition, { readonly definition: Definition }>();

/** The node of a provider whose instances are kept. Of a scoped provider, the one that its instances come from. */
function nodeFor(scope: ScopeRecord, provider: Definition): Node {
  const registered = registeredFor(scope, provider);
  if (registered) return registered;
  // The scope that counts as the one that registered the provider.
  const home = homeOf(scope, provider);
  // Resolving it is refused, because no scope has the name given as `in`.
  if (!home) return new Node(provider, scope);
  if (provider.options.stop) scope.tree.hasStops = true;
  let key = keys.get(provider);
  if (!key) keys.set(provider, (key = { definition: provider }));
  return nodeInScope(home, key);
}

/** The node of a provider that was made before. */
function existingFor(scope: ScopeRecord, provider: Definition): Node | undefined {
  const key = keys.get(provider);
  return key && homeOf(scope, provider)?.nodes?.get(key);
}

/** The node of the very same provider, where it is registered and not shadowed. */
function registeredFor(scope: ScopeRecord, provider: Definition): Node | undefined {
  const node = find(scope, provider.token);
  const { given, wrap } = node?.definition.options ?? {};
  // What `override` and `fallback` make of a provider counts as that provider; what `decorate` makes of it does not.
  const isSame = node?.definition === provider || (given === provider && wrap === provider.options.wrap);
  return isSame ? node : undefined;
}

/** The providers that are being looked into, because those in a circle would be looked into without end. */
const seen = /* @__PURE__ */ new Set<Definition>();

/** Whether what the provider declares to depend on is provided. */
function isMakeable(scope: ScopeRecord, provider: Definition, found?: Found): boolean {
  const { dependencies, token } = provider;
  if (registeredFor(scope, provider)) return isProvided(scope, token, undefined, found);
  if (seen.has(provider)) return true;
  seen.add(provider);
  try {
    return isProvided(homeOf(scope, provider) ?? scope, dependencies, undefined, found);
  } finally {
    seen.delete(provider);
  }
}
