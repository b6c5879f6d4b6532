/**
 * The end of a build: its instance is kept and passed on, or its error is.
 *
 * @module
 */

import {
  addEdge,
  addLateEdge,
  cachedDependent,
  chainTo,
  dependentIn,
  list,
  waitedFor,
} from "../model/edges.ts";
import { isCombinator } from "../model/dependency.ts";
import { closed, depthExceeded, isStackOverflow, pathOver, rememberPath } from "../model/messages.ts";
import {
  ALIAS,
  Build,
  BUILT,
  type Cleanup,
  type Definition,
  DONE,
  type Drop,
  IDLE,
  Node,
  none,
  RUNNING,
  type ScopeRecord,
  type Single,
  TRANSIENT,
  VALUE,
} from "../model/records.ts";
import { claim, isOwned } from "../model/ownership.ts";
import { itemsOf, subtree } from "../model/tree.ts";
import { find } from "../registry/registry.ts";
import { isToken } from "../words/token.ts";
import { disposeUnreceived } from "./disposal.ts";
import { noteUnheard } from "./reporting.ts";
import { forEachResolving } from "./running.ts";
import { endBuild, PENDING } from "./waiting.ts";

/** The error that a build has thrown last. Builds further out recognise it when they rethrow it. */
let lastThrown: unknown;

/** From here on the same error counts as thrown anew. */
export function forgetLastThrown(): void {
  lastThrown = undefined;
}

/** The instance is there: keeps it and hands it to everything that waits for it. */
export function finishBuild(build: Build, value: unknown): unknown {
  const { definition, scope, node, dependent, edges } = build;
  const { lifetime, token } = definition;
  const isCached = lifetime < TRANSIENT;
  const isService = lifetime < ALIAS;
  const own = build.original ? build.original.value : value;
  build.made &&= undefined;
  if (node?.build === build) node.build = undefined;
  // It was given up, and what was begun in its place is there already.
  if (isCached && node!.state !== IDLE) return scope.tree.finishLate!(build, own);
  if (isCached) {
    node!.value = value;
    node!.state = BUILT;
    if (build.original) {
      node!.original = build.original;
      // Whatever passes the wrapper on does not own it either.
      claim(node!, value);
    }
    if (build.cleanup) {
      node!.cleanup = build.cleanup;
      build.cleanup = undefined;
    }
    // Many instances live long. Pushing has made room for more edges, and the copy has none to spare.
    if (node!.edges?.[3]) node!.edges = node!.edges.slice();
    dropAfter(build);
    list(node!);
  } else {
    // What is not kept has no edges in a shutdown. What receives it depends on its dependencies instead.
    if (edges) for (const it of edges) passEdgeOn(build, it);
    dropAfter(build);
    // The same holds for what a transient has begun to resolve and did not wait for.
    if (isService && waitedFor(build).length > 0) build.owner ??= cachedDependent(dependent);
  }
  // Aliases and tuples only pass on what is built. That is allowed until the scope has closed.
  if (scope.closing && isService) {
    if (!isCached) void disposeUnreceived(definition, scope, own);
    throw closed(scope, token, dependent);
  }
  const { tree } = scope;
  if (tree.tell) {
    tree.tell("built", build, { instance: value });
    // Everything that waited receives it now. Otherwise it is returned to the one that resolved it.
    for (const _ of build.waiters ?? [build]) tree.tell?.("got", build, { cached: false });
    // An observer may have shut down.
    if (isCached && node!.state !== BUILT) throw closed(scope, token, dependent);
  }
  // Everything that waited for it has given up or failed. What has not waited is returned to the one that resolved it, also
  // when its factory has shut down a scope meanwhile.
  if (build.waiters?.length === 0) {
    if (lifetime === TRANSIENT) void disposeUnreceived(definition, scope, own);
    if (lifetime === ALIAS) dropTransientsOf(build);
  }
  endBuild(build, value);
  return value;
}

/** Records that what received the result of the build depends on `node`. */
function passEdgeOn({ dependent, owner }: Build, node: Node): void {
  const isBuilding = dependent && dependent.phase < DONE;
  if (isBuilding) addEdge(dependentIn(dependent), node);
  // Or it is an instance that is built already, and resolved this one too late to receive it while it was built.
  const late = cachedDependent(owner ?? (isBuilding ? undefined : dependent)) as Node | undefined;
  if (late && (late.state || late.build)) addLateEdge(late, node);
}

/**
 * Ends a build without an instance. Nothing is remembered: the next resolve tries again. Returns the error to throw.
 *
 * @param isResumed The build has waited, so the error reaches nobody but what waits for it.
 */
export function failBuild(build: Build, thrown: unknown, isResumed?: boolean): unknown {
  const { scope, node, definition, phase } = build;
  if (node?.build === build) node.build = undefined;
  // This comes before observers are told, because they may shut down.
  void beginToFail(build, thrown);
  const failure = build.failure!;
  const { error } = failure;
  // Its factory was not called, so nobody receives the transients that were built for it.
  if (phase < RUNNING) dropTransientsOf(build);
  else dropAfter(build);
  scope.tree.tell?.("buildFailed", build, { error });
  if (isResumed && !isAwaited(build)) noteUnheard(build, failure);
  endBuild(build);
  // An observer may have resolved it again.
  if (definition.lifetime < TRANSIENT && node!.state === IDLE && !node!.build) node!.edges = undefined;
  return error;
}

/**
 * Disposes what a failed build has made. What its factory has opened and gave to `cleanup` would be met by whoever tries
 * again, so the build is to end after that: this gives a promise, which is resolved then, or at the deadline of a shutdown.
 */
export function beginToFail(build: Build, thrown: unknown): Promise<void> | undefined {
  const { scope, made, definition, phase, failure, cleanup } = build;
  // It has begun to fail.
  if (phase === RUNNING && failure) return undefined;
  let error = thrown;
  try {
    if (phase === RUNNING) error = nameError(build, thrown);
  } catch {
    // Even an error that cannot be looked at has to reach everything that waits.
  }
  build.failure = failure && failure.error === error ? failure : { error };
  lastThrown = error;
  build.made = build.cleanup = undefined;
  const undoing = disposeMade(definition, scope, made, dependentIn(build).edges, cleanup);
  if (!undoing || scope.closing?.expired) return undefined;
  return new Promise((end) => {
    build.endFailing = end;
    void undoing.then(end);
  });
}

/** Disposes what nobody receives of a failed build, and closes what its factory has opened, with or without an instance. */
export function disposeMade(
  definition: Definition,
  scope: ScopeRecord,
  made: { readonly value: unknown } | undefined,
  edges?: Node[],
  cleanup?: Cleanup,
): Promise<void> | false {
  const isOwn = made && definition.lifetime !== VALUE && (definition.options.dispose || !isOwned(made.value));
  if (!isOwn && !cleanup) return false;
  const alone = cleanup && Object.assign(() => cleanup(), { hurry: cleanup.hurry });
  return disposeUnreceived(definition, scope, made?.value, edges, isOwn ? cleanup : alone);
}

/** Whether a service or a caller learns how the build ends: whatever waits for a transient or tuple may have given up. */
function isAwaited({ settled, waiters }: Build): unknown {
  return (
    settled ??
    waiters?.some(({ build }) => build && (build.definition.lifetime < TRANSIENT || isAwaited(build)))
  );
}

/** Disposes the transients among the values that a build was to receive. */
export function dropTransientsOf(build: Build, from: number = 0, to?: number): void {
  const { scope, definition, values, drops } = build;
  values.slice(from, to).forEach((value, i) => {
    const at = from + i;
    (drops?.[at] ?? dropFor(scope, definition.dependencies[at]!, build))(value, dependentIn(build));
  });
}

/** The same for those listed in `after`, which no factory receives. */
function dropAfter(build: Build): void {
  const { arity, options } = build.definition;
  if (!options.after) return;
  dropTransientsOf(build, arity, arity + options.after.length);
  // Once only, whatever happens next.
  build.values = none as never;
}

/**
 * Comes before providers change in a scope: notes which of the values that builds have received so far came from a
 * transient. Afterwards it could not be told.
 */
export function beginChange(top: ScopeRecord): void {
  top.tree.changes++;
  forEachResolving(noteTransientsOf);
  if (!top.tree.pending) return;
  for (const { extras } of subtree(top))
    for (const it of itemsOf<Build | Node>(extras ?? {}))
      if (it instanceof Build && it.phase < RUNNING) noteTransientsOf(it);
}

function noteTransientsOf(it: Build): void {
  const { scope, definition, values } = it;
  const drops = (it.drops ??= []);
  // In a list that is being resolved, what has no place in `values` yet is still to be looked up.
  definition.dependencies.forEach((dependency, at) => {
    if (at in values) drops[at] ??= dropFor(scope, dependency, it);
  });
}

/** Gives what disposes the transients in the value of a dependency. */
export function dropFor(scope: ScopeRecord, dependency: Single, dependent: Build | undefined): Drop {
  let drop: Drop | undefined;
  if (isToken(dependency)) drop = dropOf(scope, find(scope, dependency), dependent);
  else if (isCombinator(dependency)) drop = dependency.drop?.(scope, dependent);
  else if (typeof dependency === "object") {
    const parts = Object.entries(dependency).map(
      ([key, part]) => [key, dropFor(scope, part as Single, dependent)] as const,
    );
    drop = (value, by) => parts.forEach(([key, part]) => part((value as Record<string, unknown>)[key], by));
  }
  return (value, by) => {
    // Only an object may hold something to dispose.
    if (Object(value) === value && value !== PENDING) drop?.(value, by);
  };
}

/** The same for the value of one provider. */
export function dropOf(
  scope: ScopeRecord,
  node: Node | undefined,
  dependent: Build | undefined,
): Drop | undefined {
  const definition = node?.definition;
  // For `parent`, the dependent is the alias.
  if (definition?.lifetime === ALIAS)
    return dropFor(scope, definition.dependencies[0]!, new Build(definition, scope, dependent, node));
  if (definition?.lifetime !== TRANSIENT) return undefined;
  const { originalOf = (it: unknown) => it } = definition.options;
  return (value, by) => {
    const original = originalOf(value);
    if ((by as Node).state !== BUILT || scope.closing) {
      void disposeUnreceived(definition, scope, original, by.edges);
      return;
    }
    // It was listed in `after`: it is disposed when the service is, and before what both depend on.
    const node = new Node(definition, scope);
    node.state = BUILT;
    node.value = original;
    node.edges = by.edges?.slice();
    claim(node, original);
    list(node);
    (by.edges ??= []).push(node);
  };
}

/** Remembers the path of an error that a factory or an `init` has thrown. */
function nameError(build: Build, error: unknown): unknown {
  const isDeep = isStackOverflow(error);
  // An error that the factory only rethrows has its path already. Looking this up first also keeps a failure linear:
  // otherwise every level of a deep graph would make the whole path again.
  if (!isDeep && (error === lastThrown || build.waitsFor?.some(({ failure }) => failure?.error === error)))
    return error;
  const chain = chainTo(build);
  // When only few factories are on the stack, one of them called itself without end, and the error is its own.
  const factories = chain.filter((it) => (it as Build).phase === RUNNING);
  const it = isDeep && factories.length > 50 ? depthExceeded(build, error) : error;
  rememberPath(it, pathOver(chain));
  return it;
}
