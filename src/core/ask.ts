/**
 * Asking: finding what a dependency stands for, and refusing what must not be had.
 *
 * This is where all rules about who may have what are: they are checked on the way to something that is not built yet,
 * and none on the way to what is. What has to be built is handed to `build.ts`.
 *
 * @module
 */

import { advance, HALT, join } from "./build.ts";
import { type Combinator, type Dependencies, isCombinator, type Single } from "./dependency.ts";
import { captive, circular, closed, invalid, notProvided, scopeNotFound } from "./failures.ts";
import { Build, BUILT, DONE, hold, holderOf, IDLE, isService, keeperOf, type Node } from "./node.ts";
import { isWatched, tellOf } from "./observer.ts";
import { nameless } from "./provider.ts";
import { resolverFor } from "./question.ts";
import { find, instanceIn, live } from "./registry.ts";
import { looksLikeToken } from "./token.ts";
import { encloses, type LocalScope } from "./tree.ts";

/** Gives what `dependency` stands for in `scope`, on behalf of `asker`; or `HALT`, when that takes waiting. */
export function ask(scope: LocalScope, dependency: Single, asker: Build | undefined): unknown {
  if (looksLikeToken(dependency)) {
    const entry = find(scope, dependency);
    if (!entry) throw notProvided(scope, dependency, asker);
    return askEntry(scope, entry, asker);
  }
  if (isCombinator(dependency)) return dependency.resolve(scope, asker);
  const { kind } = dependency as unknown as Combinator;
  // In a provider that another copy of the library has made.
  if (kind === "resolver") return resolverFor(scope, asker);
  if (typeof kind === "string") throw invalid(`${kind}() of another copy of the library`, dependency);
  const keys = Object.keys(dependency);
  return gather(scope, Object.values(dependency), asker, (...values: unknown[]) =>
    // `fromEntries` makes own properties: "__proto__" is a key like any other.
    Array.isArray(dependency) ? values : Object.fromEntries(keys.map((key, at) => [key, values[at]])),
  );
}

/** Asks for several dependencies and makes one value of them: a transient without a token. */
export function gather(
  scope: LocalScope,
  dependencies: Dependencies,
  asker: Build | undefined,
  make: (...values: never[]) => unknown,
): unknown {
  return advance(new Build(nameless(dependencies, make), scope, asker));
}

/** Gives what a registered provider makes, for `scope`. */
export function askEntry(scope: LocalScope, entry: Node, asker: Build | undefined): unknown {
  const { definition } = entry;
  const { token } = definition;
  let node = entry;
  if (definition.kind === "scoped") node = nodeOfScoped(scope, entry, asker);
  else if (!definition.kept) {
    if (scope.closing && isService(definition)) throw closed(scope, token, asker);
    for (let above = entry.build && asker; above; above = above.asker) {
      if (above.node === entry && above.scope === scope && above.phase < DONE)
        throw circular(asker!, [above]);
    }
    return advance(new Build(definition, scope, asker, entry));
  }

  // What is kept is there, or on its way, or has to be built.
  let it: unknown;
  if (node.state === BUILT) {
    it = node.value;
    if (isWatched(scope)) tellOf(node, "got", { cached: true });
  } else if (scope.closing || node.state !== IDLE) throw closed(scope, token, asker);
  else if (node.build) it = join(node.build, asker);
  else {
    live(node);
    it = advance(new Build(definition, node.scope, asker, node));
  }
  // What has to be waited for may still fail.
  if (asker && it !== HALT) hold(holderOf(asker), node);
  return it;
}

/** Where the instance of a scoped provider lives. */
function nodeOfScoped(scope: LocalScope, entry: Node, asker: Build | undefined): Node {
  const { token, options } = entry.definition;
  const keeper = keeperOf(asker);
  // A factory that asks a scope below its own may well have opened it, and close it again.
  if (keeper?.definition.kind === "singleton" && encloses(scope, keeper.scope)) {
    throw captive(scope, token, asker!, keeper);
  }
  let home: LocalScope | undefined = scope;
  if (options.in) while (home && home.name !== options.in) home = home.parent;
  if (!home) throw scopeNotFound(scope, token, options.in!, asker);
  return instanceIn(home, entry);
}
