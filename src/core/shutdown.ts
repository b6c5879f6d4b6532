/**
 * Shutdown: undoing what was built, each instance once everything that holds on to it is gone.
 *
 * Scopes close whole, the lower ones first; within a scope the order follows the edges between instances, one by one
 * and not level by level, so a slow service delays only what it depends on. Everything stays synchronous until a
 * disposal really returns a promise: a page that is going away gets no second turn.
 *
 * @module
 */

import { aside, drain, fail } from "./build.ts";
import { closed } from "./failures.ts";
import { BUILT, DISPOSING, GONE, IDLE, Node, PUT_OFF, RUNNING, WAITING } from "./node.ts";
import { isWatched, tell, tellOf, watch } from "./observer.ts";
import { isThenable } from "./provider.ts";
import { empty } from "./registry.ts";
import { nameOf } from "./token.ts";
import { detach, type LocalScope, subtree } from "./tree.ts";
import type { ShutdownOptions, ShutdownReport, ShutdownRow } from "./types/shutdown.ts";
import { type Controller, newController, now, symbols, web } from "./web.ts";

/** The closing of one scope. */
export class Shutdown {
  readonly scope: LocalScope;
  readonly reason: unknown;
  readonly since: number = now();
  /** When something last happened. Read once per disposal: a clock costs more than most of them. */
  clock: number = this.since;
  /** What was undone, here and below, in order of completion. */
  readonly rows: ShutdownRow[] = [];
  /** Scopes below that have not closed yet. */
  below = 0;
  /** Whether disposing has begun here: all scopes below are closed. */
  begun = false;
  /** Instances, and builds in flight, that are not settled. */
  left = 0;
  /** Instances that nothing holds on to any more. */
  readonly ready: Node[] = [];
  /** Nobody waits any longer. */
  expired = false;
  /** Aborts at the deadline. */
  controller: Controller | undefined;
  /** Takes back timers and listeners. */
  limits: (() => void)[] | undefined;
  promise: Promise<ShutdownReport> | undefined;
  resolve: ((report: ShutdownReport) => void) | undefined;
  report: ShutdownReport | undefined;

  constructor(scope: LocalScope, reason: unknown) {
    this.scope = scope;
    this.reason = reason;
  }
}

/** Closes a scope and everything below it. Joins a shutdown that is under way. */
export function shutdown(scope: LocalScope, options: ShutdownOptions = {}): Promise<ShutdownReport> {
  const { timeout, signal, reason } = options;
  if (timeout !== undefined && !(timeout >= 0)) throw new TypeError("timeout is a number of milliseconds");
  // What disposers ask for is nobody's dependency, also when it is a factory that shuts down.
  return aside(() => {
    const fresh = scope.closing ? [] : close(scope, reason);
    const closing = scope.closing!;
    if (!closing.report) limit(closing, timeout, signal);
    // The lower ones first.
    for (let at = fresh.length; at-- > 0;) proceed(fresh[at]!.closing);
    return (closing.promise ??= closing.report
      ? Promise.resolve(closing.report)
      : new Promise((resolve) => (closing.resolve = resolve)));
  });
}

/** From here on nothing new is built, registered or opened, here or below. Gives the scopes that were open. */
function close(top: LocalScope, reason: unknown): LocalScope[] {
  const fresh = top.child ? subtree(top).filter((scope) => !scope.closing) : [top];
  for (const scope of fresh) {
    scope.closing = new Shutdown(scope, reason);
    scope.hot = empty;
  }
  // One that was closing before is waited for like the others.
  for (const scope of fresh) for (let { child } = scope; child; child = child.older) scope.closing!.below++;
  for (const { extra } of fresh) extra?.controller?.abort(reason);
  for (const { nodes, extra } of fresh) {
    if (nodes) for (const node of nodes) refuseWaiting(node);
    if (extra?.flights) for (const node of extra.flights) refuseWaiting(node);
  }
  drain();
  return fresh;
}

/** Ends a build whose factory was not called yet, or a question. The factories that were are waited for. */
function refuseWaiting(node: Node): void {
  const { job, definition, scope, asker } = node;
  if (job?.phase === WAITING || job?.phase === PUT_OFF) {
    fail(node, closed(scope, definition.token ?? job.on?.definition.token, asker));
  }
}

/** Whether it is there to be disposed. A value is, also if nobody asked for it. */
function isDue({ state, definition }: Node): boolean {
  return state === BUILT || (state === IDLE && definition.kind === "value");
}

/** Instances that may have to be undone, and builds that shutdown waits for. */
function unsettled({ nodes, extra }: LocalScope): Node[] {
  const left: Node[] = [];
  if (nodes)
    for (const node of nodes) if (isDue(node) || (node.state > IDLE && node.state < GONE)) left.push(node);
  if (extra?.flights) for (const node of extra.flights) if (node.job?.phase === RUNNING) left.push(node);
  return left;
}

/** Begins to dispose, now that all scopes below are closed. */
function start(closing: Shutdown): void {
  const { scope } = closing;
  const nodes = unsettled(scope);
  closing.begun = true;
  closing.left = nodes.length;
  for (const node of nodes) {
    node.count = 0;
    if (node.job) node.job.counted = true;
    // What a transient asks for is noted at whoever asked for the transient, and that may be gone before it is.
    if (node.holder !== node) node.holds = node.holder.holds?.slice();
  }
  for (const { holds } of nodes) if (holds) for (const held of holds) if (held.scope === scope) held.count++;
  for (const node of nodes) if (node.count === 0 && isDue(node)) closing.ready.push(node);
}

/** Disposes whatever is ready, closes the scope when nothing is left, and goes on with the scope above. */
function proceed(closing: Shutdown | undefined): void {
  while (closing && closing.below <= 0 && !closing.report) {
    if (!closing.begun) start(closing);
    undoReady(closing);
    if (closing.left > 0) return;
    closing = end(closing);
  }
}

/** Disposes what nothing holds on to, and what becomes so by that. */
function undoReady({ ready }: Shutdown): void {
  // From the end: where nothing else decides, the youngest goes first.
  for (let node; (node = ready.pop());) undo(node);
}

/** Closes the scope and tells everybody. Gives the closing above, if there is one that waited for it. */
function end(closing: Shutdown): Shutdown | undefined {
  const { scope, rows, since } = closing;
  const { parent, tree } = scope;
  const elapsed = closing.clock - since;
  closing.report = { ok: rows.every(({ outcome }) => outcome === "disposed"), elapsed, services: rows };
  for (const forget of closing.limits ?? []) forget();
  detach(scope);
  // Whoever still holds the scope shall not hold what was in it.
  scope.own = scope.nodes = scope.child = scope.extra = undefined;
  if (isWatched(scope)) {
    tell(scope, "scopeClosed", { elapsed, report: closing.report });
    const others = tree.watches.filter((it) => it.scope !== scope);
    if (others.length < tree.watches.length) watch(scope, others);
  }
  closing.resolve?.(closing.report);
  const above = parent?.closing;
  if (above) {
    above.below--;
    above.clock = closing.clock;
  }
  return above;
}

// ---- Disposing

/** Disposes one instance, if there is anything to undo. */
function undo(node: Node): void {
  const { scope, value, definition } = node;
  const { kind, options } = definition;
  const { closing } = scope;
  const since = closing?.clock ?? now();
  let result: unknown;
  let promised: boolean;
  try {
    // A value that is lent is left alone.
    const method = options.dispose ?? (kind === "value" && !options.owned ? undefined : disposerOf(value));
    if (!method) return void settled(node);
    node.state = DISPOSING;
    if (isWatched(scope)) tellOf(node, "disposing");
    if (closing?.expired) release(node);
    result = options.dispose
      ? options.dispose(value, deadlineOf(closing) as never)
      : (method as () => unknown).call(value);
    promised = isThenable(result);
  } catch (error) {
    return disposed(node, since, { error });
  }
  if (!promised) return disposed(node, since);
  const later = (failure?: object): void => {
    disposed(node, since, failure);
    if (scope.closing?.begun) proceed(scope.closing);
  };
  Promise.resolve(result).then(
    () => later(),
    (error: unknown) => later({ error }),
  );
}

/** The method that the language itself has for it. */
function disposerOf(value: unknown): (() => unknown) | undefined {
  const it = value as Record<symbol, (() => unknown) | undefined> | null | undefined;
  return it?.[symbols.asyncDispose] ?? it?.[symbols.dispose];
}

/** The signal that aborts at the deadline. Made when a disposer may look at it. */
function deadlineOf(closing: Shutdown | undefined): unknown {
  const controller = closing?.controller ?? newController();
  if (closing) {
    closing.controller = controller;
    if (closing.expired) controller?.abort();
  }
  return controller?.signal;
}

/** One disposal is over; `failure` holds what it threw. */
function disposed(node: Node, since: number, failure?: object): void {
  const { scope } = node;
  const clock = now();
  const elapsed = clock - since;
  if (scope.closing) scope.closing.clock = clock;
  node.state = GONE;
  node.value = undefined;
  if (isWatched(scope)) tellOf(node, "disposed", { elapsed, ...failure });
  note(node, failure ? "failed" : "disposed", elapsed, failure);
  settled(node);
}

/** Writes down what became of a node. */
function note(node: Node, outcome: ShutdownRow["outcome"], elapsed: number, failure?: object): void {
  const { name, id } = node.scope;
  const row = { scope: name, scopeId: id, token: nameOf(node.definition.token), outcome, elapsed };
  report(node.scope, failure ? { ...row, ...failure } : row);
}

/** Adds a row, here and to every report above that is still open. */
function report(scope: LocalScope | undefined, row: ShutdownRow): void {
  for (; scope?.closing && !scope.closing.report; scope = scope.parent) scope.closing.rows.push(row);
}

/** Nothing more will come of this node. */
function settled(node: Node): void {
  const { nodes, closing } = node.scope;
  if (closing?.begun) {
    closing.left--;
    release(node);
  } else if (nodes) {
    // Not at shutdown: an instance whose `init` failed. Nobody else knows it.
    nodes.splice(nodes.indexOf(node), 1);
  }
}

/** Lets go of what it held on to. Past the deadline that is when disposing begins, and then not a second time. */
function release(node: Node): void {
  const { scope, holds } = node;
  // Marks it as out of the order: edges from and to it no longer count.
  node.count = -1;
  node.holds = undefined;
  for (const held of holds ?? []) {
    if (held.scope === scope && --held.count === 0 && isDue(held)) scope.closing!.ready.push(held);
  }
}

/** A build ended while its scope was closing: with an instance, which is undone, or without one. */
export function arrived(node: Node): void {
  const closing = node.scope.closing!;
  if (!closing.begun) return;
  closing.clock = now();
  if (node.state !== BUILT) settled(node);
  else if (closing.expired || node.count === 0) undo(node);
  proceed(closing);
}

/** Disposes an instance that nobody will receive. */
export function discard({ definition, scope, holds }: Node, value: unknown): void {
  const ghost = new Node(definition, scope);
  ghost.state = BUILT;
  ghost.value = value;
  ghost.holds = holds?.filter((held) => held.state === BUILT && held.scope === scope);
  if (!scope.closing?.report) (scope.nodes ??= []).push(ghost);
  if (scope.closing?.begun) {
    scope.closing.left++;
    for (const held of ghost.holds ?? []) held.count++;
  }
  aside(() => undo(ghost));
}

// ---- The deadline

function limit(closing: Shutdown, timeout: number | undefined, signal: ShutdownOptions["signal"]): void {
  if (timeout === undefined && !signal) return;
  const expired = (): void => expire(closing);
  const limits = (closing.limits ??= []);
  // More ms than a timer can count are as good as none.
  if (timeout !== undefined && timeout < 2 ** 31) {
    const timer = web.setTimeout?.(expired, timeout);
    limits.push(() => web.clearTimeout?.(timer));
  }
  if (signal?.aborted) expired();
  else if (signal) {
    signal.addEventListener("abort", expired);
    limits.push(() => signal.removeEventListener("abort", expired));
  }
}

/** Begins at once, in order, whatever had not begun, and ends without waiting for it. */
function expire(closing: Shutdown): void {
  if (closing.expired) return;
  const all = subtree(closing.scope).reverse();
  for (const { closing: each } of all) {
    each!.expired = true;
    each!.clock = now();
    each!.controller?.abort();
  }
  for (const scope of all) {
    const each = scope.closing!;
    if (!each.begun) start(each);
    for (const node of unsettled(scope)) if (!isDue(node)) release(node);
    undoReady(each);
  }
  // A turn later: a disposal that had nothing to wait for counts as done.
  void Promise.resolve().then(() => {
    let above: Shutdown | undefined;
    for (const scope of all) {
      const each = scope.closing!;
      if (each.report) continue;
      for (const node of unsettled(scope))
        if (node.definition.kept && !isDue(node)) note(node, "abandoned", now() - each.since);
      above = end(each);
    }
    proceed(above);
  });
}
