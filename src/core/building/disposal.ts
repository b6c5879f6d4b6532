/**
 * Disposal: what ends one instance. In which order instances are disposed is decided in `shutdown/`.
 *
 * Everything stays synchronous until a disposer really returns a promise.
 *
 * @module
 */

import { release } from "../model/edges.ts";
import {
  type Cleanup,
  type Definition,
  type Dependent,
  DISPOSED,
  DISPOSING,
  extrasOf,
  type Failure,
  Node,
  type ScopeRecord,
  TRANSIENT,
  VALUE,
} from "../model/records.ts";
import { claim, isOwned, madeBy, ownerOf, symbolIn } from "../model/ownership.ts";
import { attach, detach, hold, signalIn } from "../model/tree.ts";
import { isThenable } from "../words/thenable.ts";
import { disposeSymbol } from "../words/web.ts";
import { addRowOf, reportUnheard, tick } from "./reporting.ts";
import { runAs } from "./running.ts";

export type Disposer = (instance: unknown, signal: never, reason: unknown) => unknown;

/** What disposes an instance: the function given as an option, or the symbol of its method. Nothing of it is read. */
export function disposerOf(node: Node, value: unknown): Disposer | symbol | false {
  const { definition, scope } = node;
  const { dispose, owned } = definition.options;
  if (dispose !== undefined) return dispose;
  // A value that the container does not own is left alone, and so is what belongs to another provider.
  const isValue = definition.lifetime === VALUE;
  const symbol = isValue && !owned ? false : symbolIn(value, scope);
  if (isValue || !symbol) return symbol;
  // What is made for an instance that nobody receives is another node than the one that has claimed it.
  const owner = ownerOf(value) ?? node;
  return owner.scope === scope && owner.definition === definition && symbol;
}

/**
 * Disposes an instance. Afterwards, or when its promise has settled, its dependencies have one dependent less. Gives
 * a promise if there is something to wait for.
 */
export function disposeNode(
  node: Node,
  value: unknown = madeBy(node),
  disposer: Disposer | symbol | false = disposerOf(node, value),
): Promise<void> | false {
  const { scope, rows, cleanup } = node;
  const { closing = rows, tree } = scope;
  const stop = stopOf(node);
  if (!disposer && !cleanup && !stop) return settle(node);
  const since = closing?.clock ?? tick(scope);
  let failure: Failure | undefined;
  try {
    const isOption = typeof disposer !== "symbol";
    const dispose = isOption ? disposer : methodOf(value, disposer);
    if (!dispose && !cleanup && !stop) return settle(node);
    node.state = DISPOSING;
    tree.tell?.("disposing", node);
    // A function that declares one parameter takes no signal, and none is made for it: on some runtimes making one takes
    // longer than opening, using and closing a request scope.
    const needsSignal = (isOption && dispose && dispose.length !== 1) || (stop && stop.length !== 1);
    const signal = needsSignal ? signalIn(scope.closing ?? node, closing?.expired) : undefined;
    const reason = closing?.reason;
    const outer = setEnding(node);
    let result: unknown;
    try {
      result =
        cleanup || stop
          ? callWithin(cleanup, stop, dispose, isOption, value, signal, reason, closing?.expired)
          : call(dispose as Disposer, isOption, value, signal, reason);
      if (closing?.expired) cleanup?.hurry?.();
    } finally {
      setEnding(outer);
    }
    if (isThenable(result)) {
      return waitForDisposal(node, since, result);
    }
  } catch (error) {
    failure = { error };
  }
  return disposed(node, since, failure);
}

function call(
  dispose: Disposer,
  isOption: boolean,
  value: unknown,
  signal: unknown,
  reason: unknown,
): unknown {
  return isOption ? dispose(value, signal as never, reason) : Reflect.apply(dispose, value, []);
}

/** A function of its own, because a function that makes a closure is slower, whether or not it makes one. */
function callWithin(
  cleanup: Cleanup | undefined,
  stop: Stop | undefined,
  dispose: Disposer | false | undefined,
  isOption: boolean,
  value: unknown,
  signal: unknown,
  reason: unknown,
  isHurried: boolean | undefined,
): unknown {
  const end = dispose ? () => call(dispose, isOption, value, signal, reason) : undefined;
  const both = stop ? () => stopFirst(() => stop(value, signal as never, reason), end, isHurried) : end;
  return cleanup ? cleanup(both) : both!();
}

type Stop = (instance: unknown, signal: never, reason: unknown) => unknown;

/** The `stop` of an instance that was built too late to be stopped with the others. */
function stopOf({ definition, isStopped, isStarted }: Node): Stop | undefined {
  const { start, stop } = definition.options;
  return isStopped || (start && !isStarted) ? undefined : (stop as Stop | undefined);
}

async function stopFirst(
  stop: () => unknown,
  dispose: (() => unknown) | undefined,
  isHurried: boolean | undefined,
): Promise<void> {
  const stopped = (async () => stop())();
  try {
    if (!isHurried) await stopped;
  } finally {
    await dispose?.();
  }
  await stopped;
}

/** What is being disposed or stopped on the stack right now. */
export let ending: Node | undefined;

/** Notes what is disposed or stopped from now on, and returns what was before. */
export function setEnding(node: Node | undefined): Node | undefined {
  const outer = ending;
  ending = node;
  return outer;
}

/** By reflection: when a thousand classes have the symbol, no inline cache helps, and a miss takes much longer. */
export function methodOf(value: unknown, symbol: symbol): Disposer | undefined {
  const it = Object(value) as object;
  return (Reflect.get(it, symbol) ?? Reflect.get(it, disposeSymbol())) as Disposer | undefined;
}

export async function waitForDisposal(node: Node, since: number, promise: unknown): Promise<void> {
  const { scope } = node;
  let failure: Failure | undefined;
  const extras = extrasOf(scope);
  detach(node, extras);
  attach(node, extras);
  node.since = since;
  // After the deadline nothing waits for a disposal that has begun.
  if (scope.closing?.expired) release(node);
  // The next disposal begins now.
  tick(scope);
  try {
    await promise;
  } catch (error) {
    failure = { error };
  }
  detach(node, extras);
  disposed(node, since, failure);
  scope.closing?.proceed();
}

/** A disposal is over. `failure` holds what was thrown. */
export function disposed(node: Node, since: number, failure?: Failure): false {
  const { scope } = node;
  const elapsed = tick(scope) - since;
  node.state = DISPOSED;
  node.value = undefined;
  node.original &&= undefined;
  node.cleanup &&= undefined;
  scope.tree.tell?.("disposed", node, { elapsed, ...failure });
  const isReported = addRowOf(node, failure ? "failed" : "disposed", elapsed, failure);
  // A disposer that follows its signal is abandoned in the report, and no news.
  const isNews = failure && !isReported && failure.error !== scope.closing?.controller?.signal.reason;
  if (isNews) reportUnheard(node, failure.error);
  return settle(node);
}

/** Ends the part that something has in a shutdown: it was disposed, or there was nothing to dispose. */
export function settle(it: Dependent): false {
  const { closing } = it.scope;
  // A disposal may have begun before the shutdown did. It counts from the moment when the shutdown has seen it.
  if (closing && it.count! >= 0) closing.left--;
  release(it);
  return false;
}

/** Disposes an instance that nobody receives: that of a failed `init`, or a transient. Gives what `disposeNode` gives. */
export function disposeUnreceived(
  definition: Definition,
  scope: ScopeRecord,
  value: unknown,
  edges?: Node[],
  cleanup?: Cleanup,
): Promise<void> | false {
  if (definition.lifetime === TRANSIENT && isOwned(value)) return false;
  const { closing } = scope;
  const node = new Node(definition, scope);
  const extras = extrasOf(scope);
  node.state = DISPOSING;
  node.value = value;
  node.edges = edges;
  claim(node, value);
  // It was never in service.
  node.isStopped = true;
  if (cleanup) node.cleanup = cleanup;
  // The disposer may call `shutdown`, which has to see this disposal.
  hold(scope);
  attach(node, extras);
  if (closing) {
    // The time that the build took is no part of the disposal.
    tick(scope);
    closing.left++;
    node.count = 1;
    if (closing.ready) for (const it of edges ?? []) if (it.scope === scope) it.count!++;
  }
  // What a disposer resolves is no dependency of the factory that is running.
  return runAs(undefined, () => {
    const waiting = disposeNode(node);
    if (!waiting) detach(node, extras);
    scope.closing?.proceed();
    return waiting;
  });
}
