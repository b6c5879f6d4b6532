/**
 * Asking: finding what a dependency stands for, and refusing what must not be had.
 *
 * This is where all rules about who may have what are: they are checked on the way to something that is not built yet,
 * and none on the way to what is. What has to be built is handed to `build.ts`.
 *
 * @module
 */

import { begin, construct, HALT, refuse, stuck, wait } from "./build.ts";
import { type Dependencies, isCombinator, type Single } from "./dependency.ts";
import { captive, circular, closed, notProvided, scopeNotFound } from "./failures.ts";
import { askerOf, BUILT, GONE, hold, IDLE, Node, ownerOf, route } from "./node.ts";
import { isWatched, tellOf } from "./observer.ts";
import { type Kind, noOptions } from "./provider.ts";
import { find, instanceIn } from "./registry.ts";
import { looksLikeToken } from "./token.ts";
import { encloses, type LocalScope } from "./tree.ts";

/** Gives what `dependency` stands for in `scope`, on behalf of `asker`. */
export function ask(scope: LocalScope, dependency: Single, asker: Node | undefined): unknown {
  if (looksLikeToken(dependency)) {
    const entry = find(scope, dependency);
    return entry ? askEntry(scope, entry, asker) : refuse(notProvided(scope, dependency, asker));
  }
  if (isCombinator(dependency)) return dependency.resolve(scope, asker);
  if (Array.isArray(dependency)) {
    return gather(scope, dependency as Dependencies, asker, (...values) => values);
  }
  const keys = Object.keys(dependency);
  // `fromEntries` makes own properties: "__proto__" is a key like any other.
  const make = (...values: unknown[]): unknown =>
    Object.fromEntries(keys.map((key, at) => [key, values[at]]));
  return gather(scope, Object.values(dependency), asker, make);
}

/** Asks for several dependencies and makes one value of them: a transient without a token. */
export function gather(
  scope: LocalScope,
  dependencies: Dependencies,
  asker: Node | undefined,
  make: (...values: never[]) => unknown,
): unknown {
  return begin(nameless("frame", scope, dependencies, make), asker);
}

export function nameless(kind: Kind, scope: LocalScope, dependencies: Dependencies, make: unknown): Node {
  const no = false;
  const token = undefined as never;
  return new Node(
    { kind, token, dependencies, make, isClass: no, kept: no, isLeaf: no, options: noOptions },
    scope,
  );
}

/** Gives what a registered provider makes, for `scope`. */
export function askEntry(scope: LocalScope, entry: Node, asker: Node | undefined): unknown {
  const { kind, token, options } = entry.definition;
  if (kind === "scoped") {
    const captor = captorOf(scope, asker);
    if (captor?.definition.kind === "singleton") return refuse(captive(scope, token, asker!, captor));
    let home: LocalScope | undefined = scope;
    if (options.in) while (home && home.name !== options.in) home = home.parent;
    if (!home) return refuse(scopeNotFound(scope, token, options.in!, asker));
    entry = instanceIn(home, entry);
  } else if (!entry.definition.kept) return askTransient(scope, entry, asker);

  // What is kept is there, or on its way, or has to be built.
  const node = entry;
  const { state } = node;
  let it: unknown;
  if (state === BUILT) {
    it = node.value;
    if (isWatched(scope)) tellOf(node, "got", { cached: true });
  } else if (scope.closing || state > BUILT) return refuse(closed(scope, token, asker));
  else if (state === IDLE) {
    // Kept for good, from the first time on. Those of scoped providers were, and values, when they were made.
    if (node.attempt === 0 && kind === "singleton") (node.scope.nodes ??= []).push(node);
    it = begin(node, asker);
    if (it === HALT && !stuck) return it;
  } else {
    // Only here can something wait for itself: at whoever joins a build that is not done.
    const way = asker && route(node, asker);
    if (way) return refuse(circular(node, asker!, way));
    it = wait(node);
  }
  if (asker) hold(asker, node);
  return it;
}

/** Who would keep what `scope` gives to `asker`. */
function captorOf(scope: LocalScope, asker: Node | undefined): Node | undefined {
  let itself = false;
  for (let node = asker; node; node = node.asker) {
    // A factory that asks a scope below its own may well have opened it, and close it again.
    if (node.definition.kept) return itself && !encloses(scope, node.scope) ? undefined : node;
    if (node.definition.kind === "question") {
      if (node.value) return ownerOf(node);
      itself = true;
    }
  }
  return undefined;
}

function askTransient(scope: LocalScope, entry: Node, asker: Node | undefined): unknown {
  const { definition } = entry;
  if (scope.closing && definition.kind === "transient") return refuse(closed(scope, definition.token, asker));
  // Transients have no state to meet again; but while one is being built, its entry is marked.
  if (entry.count > 0) {
    for (let above = asker; above; above = askerOf(above)) {
      // One that was handed over may well ask for another, through the resolver that it kept.
      if (above.entry === entry && above.scope === scope && above.state !== GONE)
        return refuse(circular(above, asker!, []));
    }
  } else if (definition.isLeaf && !isWatched(scope)) return construct(entry, asker);
  entry.count++;
  return begin(new Node(definition, scope, entry), asker);
}
