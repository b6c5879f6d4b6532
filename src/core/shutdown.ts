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
import { ASKING, BUILT, DISPOSING, GONE, IDLE, isKept, type Node, RUNNING } from "./node.ts";
import { emit, isObserved, unobserve } from "./observer.ts";
import { isThenable } from "./provider.ts";
import { empty } from "./registry.ts";
import { nameOf } from "./token.ts";
import { childrenOf, CLOSED, CLOSING, detach, extraOf, type LocalScope, subtree } from "./tree.ts";
import type { ShutdownOptions, ShutdownReport, ShutdownRow } from "./types/shutdown.ts";
import { type Controller, now, symbolFor, web } from "./web.ts";

/** The closing of one scope. */
export class Shutdown {
  declare readonly scope: LocalScope;
  declare readonly reason: unknown;
  declare readonly since: number;
  /** What was undone, here and below, in order of completion. */
  declare readonly rows: ShutdownRow[];
  /** Scopes below that have not closed yet. */
  declare below: number;
  /** Whether disposing has begun here: all scopes below are closed. */
  declare begun: boolean;
  /** Instances, and builds in flight, that are not settled. */
  declare left: number;
  /** Nobody waits any longer. */
  declare expired: boolean;
  /** Instances that nothing holds on to any more. */
  declare ready: Node[];
  /** Aborts at the deadline. */
  declare controller: Controller | undefined;
  /** Ways to take back timers and listeners. */
  declare limits: (() => void)[];
  declare promise: Promise<ShutdownReport> | undefined;
  declare resolve: ((report: ShutdownReport) => void) | undefined;
  declare report: ShutdownReport | undefined;

  constructor(scope: LocalScope, reason: unknown) {
    this.scope = scope;
    this.reason = reason;
    this.since = now();
    this.rows = [];
    this.below = 0;
    this.begun = false;
    this.left = 0;
    this.expired = false;
    this.ready = [];
    this.controller = undefined;
    this.limits = [];
    this.promise = undefined;
    this.resolve = undefined;
    this.report = undefined;
  }
}

/** Closes a scope and everything below it. Joins a shutdown that is under way. */
export function shutdown(scope: LocalScope, options: ShutdownOptions = {}): Promise<ShutdownReport> {
  const { timeout, signal, reason } = options;
  if (timeout !== undefined && !(timeout >= 0)) {
    throw new TypeError(`timeout is a number of milliseconds, not ${timeout}`);
  }
  // What disposers ask for is nobody's dependency, also when a factory is what shuts down.
  return aside(() => {
    const fresh = scope.extra?.shutdown ? [] : close(scope, reason);
    const closing = scope.extra!.shutdown!;
    if (!closing.report) limit(closing, timeout, signal);
    for (const each of fresh) begin(each);
    return (closing.promise ??= closing.report
      ? Promise.resolve(closing.report)
      : new Promise((resolve) => (closing.resolve = resolve)));
  });
}

/**
 * From here on nothing new is built, registered or opened, here or below. Gives what is to be begun: the lower scopes
 * first.
 */
function close(top: LocalScope, reason: unknown): Shutdown[] {
  const scopes = subtree(top).filter((scope) => !scope.extra?.shutdown);
  for (const scope of scopes) {
    scope.phase = CLOSING;
    scope.hot = empty;
    extraOf(scope).shutdown = new Shutdown(scope, reason);
  }
  for (const scope of scopes) {
    for (const { extra } of childrenOf(scope)) {
      scope.extra!.shutdown!.below++;
      // One that was closing before is waited for, and what it has done so far is told with the rest.
      for (const row of extra!.shutdown!.rows) add(scope, row);
    }
  }
  for (const { extra } of scopes) extra!.controller?.abort(reason);
  for (const scope of scopes) refuseWaiting(scope);
  drain();
  return scopes.reverse().map(({ extra }) => extra!.shutdown!);
}

/** Ends the builds whose factory was not called yet, and the questions. The factories that were are waited for. */
function refuseWaiting(scope: LocalScope): void {
  for (const node of [...(scope.nodes ?? []), ...(scope.extra!.flights ?? [])]) {
    const { job, holder } = node;
    if (job?.phase === RUNNING) {
      // What a transient asked for was noted at whoever asked for the transient, and that may end before it does.
      if (holder !== node) node.holds = holder.holds?.slice();
    } else if (job && job.phase !== ASKING) {
      fail(node, closed(scope, node.token ?? job.on?.token, node.asker));
    }
  }
}

/** Instances that may have to be undone, and builds that shutdown waits for. */
function unsettled({ nodes = [], extra }: LocalScope): Node[] {
  const flights = [...(extra?.flights ?? [])].filter(({ job }) => job?.phase === RUNNING);
  return [...nodes.filter(({ state, definition }) => state < GONE && (state > IDLE || definition.kind === "value")), ...flights];
}

/** Whether it is there to be disposed. A value is, also if nobody asked for it. */
function isDue({ state, definition }: Node): boolean {
  return state === BUILT || (state === IDLE && definition.kind === "value");
}

/** Begins to dispose, if no scope below is left. */
function begin(shutdown: Shutdown): void {
  if (shutdown.below > 0 || shutdown.begun) return;
  start(shutdown);
  proceed(shutdown);
}

function start(shutdown: Shutdown): void {
  const { scope } = shutdown;
  const nodes = unsettled(scope);
  shutdown.begun = true;
  shutdown.left = nodes.length;
  for (const node of nodes) {
    node.count = 0;
    if (node.job) node.job.counted = true;
  }
  for (const { holds = [] } of nodes) for (const held of holds) if (held.scope === scope) held.count++;
  for (const node of nodes) if (node.count === 0 && isDue(node)) shutdown.ready.push(node);
}

/** Disposes whatever is ready, closes the scope when nothing is left, and goes on with the scope above. */
function proceed(shutdown: Shutdown): void {
  for (let at: Shutdown | undefined = shutdown; at; at = next(at)) {
    // From the end: where nothing else decides, the youngest goes first.
    for (let node; (node = at.ready.pop()); ) undo(node);
    if (at.left > 0 || at.below > 0 || at.report) return;
    end(at);
  }
}

/** The shutdown above, if it waited for this one alone. */
function next({ scope }: Shutdown): Shutdown | undefined {
  const above = scope.parent?.extra?.shutdown;
  if (!above || --above.below > 0 || above.begun) return undefined;
  start(above);
  return above;
}

/** Disposes one instance, if there is anything to undo. */
function undo(node: Node): void {
  const { scope, value, token } = node;
  const { kind, options } = node.definition;
  const since = now();
  let result: unknown;
  let promised: boolean;
  try {
    const method = options.dispose ?? (kind === "value" && !options.owned ? undefined : disposerOf(value));
    if (!method) return void settled(node);
    node.state = DISPOSING;
    if (isObserved(scope)) emit(scope, "disposing", { token });
    if (scope.extra?.shutdown?.expired) release(node);
    // The language's own methods take nothing; and who takes the instance alone is not made a signal.
    result = options.dispose
      ? options.dispose(value, (method.length === 1 ? undefined : deadlineOf(scope)) as never)
      : (method as () => unknown).call(value);
    promised = isThenable(result);
  } catch (error) {
    return disposed(node, since, { error });
  }
  if (!promised) return disposed(node, since);
  const later = (failure?: { readonly error: unknown }): void => {
    disposed(node, since, failure);
    const shutdown = scope.extra?.shutdown;
    if (shutdown?.begun) proceed(shutdown);
  };
  Promise.resolve(result).then(
    () => later(),
    (error: unknown) => later({ error }),
  );
}

/** The method that the language itself has for it. */
function disposerOf(value: unknown): (() => unknown) | undefined {
  const it = value as Record<symbol, (() => unknown) | undefined> | null | undefined;
  return it?.[symbolFor("asyncDispose")] ?? it?.[symbolFor("dispose")];
}

/** The signal that aborts at the deadline. Made when a disposer may look at it. */
function deadlineOf(scope: LocalScope): never {
  const shutdown = scope.extra?.shutdown;
  const controller = shutdown?.controller ?? (web.AbortController && new web.AbortController());
  if (shutdown) {
    shutdown.controller = controller;
    if (shutdown.expired) controller?.abort();
  }
  return controller?.signal as never;
}

/** One disposal is over. */
function disposed(node: Node, since: number, failure?: { readonly error: unknown }): void {
  const { scope, token } = node;
  const shutdown = scope.extra?.shutdown;
  const elapsed = now() - since;
  node.state = GONE;
  node.value = undefined;
  if (isObserved(scope)) emit(scope, "disposed", { token, elapsed, ...failure });
  if (shutdown && !shutdown.report) report(node, failure ? "failed" : "disposed", elapsed, failure);
  else if (failure) web.reportError?.(failure.error);
  settled(node);
}

/** Writes a row, here and in every report above that is still open. */
function report(
  { scope, token }: Node,
  outcome: ShutdownRow["outcome"],
  elapsed: number,
  failure?: { readonly error: unknown },
): void {
  add(scope, { scope: scope.name, scopeId: scope.id, token: nameOf(token), outcome, elapsed, ...failure });
}

function add(scope: LocalScope, row: ShutdownRow): void {
  for (let at: LocalScope | undefined = scope; at; at = at.parent) {
    const shutdown = at.extra?.shutdown;
    if (!shutdown || shutdown.report) return;
    shutdown.rows.push(row);
  }
}

/** Nothing more will come of this node: what it held on to may go. */
function settled(node: Node): void {
  const { nodes, extra } = node.scope;
  const shutdown = extra?.shutdown;
  if (shutdown?.begun) {
    shutdown.left--;
    release(node);
  } else if (nodes) {
    // Not at shutdown: an instance whose `init` failed. Nobody else knows it.
    nodes.splice(nodes.indexOf(node), 1);
  }
}

/** Lets go of what it held on to. Past the deadline that is done when disposing begins, and not a second time. */
function release(node: Node): void {
  const { scope, holds } = node;
  // Marks it as out of the order: edges from and to it no longer count.
  node.count = -1;
  node.holds = undefined;
  for (const held of holds ?? []) {
    if (held.scope === scope && --held.count === 0 && isDue(held)) scope.extra!.shutdown!.ready.push(held);
  }
}

/** A build ended while its scope was closing: with an instance, which is undone, or without one. */
export function arrived(node: Node): void {
  const { shutdown } = node.scope.extra!;
  if (!shutdown!.begun) return;
  if (node.state !== BUILT) settled(node);
  else if (shutdown!.report || shutdown!.expired || node.count === 0) shutdown!.ready.push(node);
  proceed(shutdown!);
}

/** Disposes an instance that nobody will receive. */
export function discard(node: Node): void {
  const { scope } = node;
  const shutdown = scope.extra?.shutdown;
  if (shutdown?.begun) {
    shutdown.left++;
    for (const held of node.holds ?? []) held.count++;
  } else (scope.nodes ??= []).push(node);
  aside(() => undo(node));
}

/** Closes the scope and tells everybody. */
function end(shutdown: Shutdown): void {
  const { scope, rows, limits, since, resolve } = shutdown;
  shutdown.report = { ok: rows.every(({ outcome }) => outcome === "disposed"), elapsed: now() - since, services: rows };
  for (const forget of limits) forget();
  scope.phase = CLOSED;
  detach(scope);
  // Whoever still holds the scope shall not hold what was in it.
  scope.own = scope.home = scope.nodes = scope.child = undefined;
  scope.extra = { shutdown };
  if (isObserved(scope)) {
    emit(scope, "scopeClosed", { elapsed: shutdown.report.elapsed, report: shutdown.report });
    unobserve(scope);
  }
  resolve?.(shutdown.report);
}

// ---- The deadline

function limit(shutdown: Shutdown, timeout: number | undefined, signal: ShutdownOptions["signal"]): void {
  const expired = (): void => expire(shutdown);
  // More ms than a timer can count are as good as none.
  if (timeout !== undefined && timeout < 2 ** 31 && web.setTimeout) {
    const timer = web.setTimeout(expired, timeout);
    shutdown.limits.push(() => web.clearTimeout?.(timer));
  }
  if (signal?.aborted) expired();
  else if (signal) {
    signal.addEventListener("abort", expired);
    shutdown.limits.push(() => signal.removeEventListener("abort", expired));
  }
}

/** Begins at once, in order, whatever had not begun, and ends without waiting for it. */
function expire(shutdown: Shutdown): void {
  if (shutdown.expired) return;
  const all = subtree(shutdown.scope)
    .reverse()
    .map(({ extra }) => extra!.shutdown!);
  for (const each of all) {
    each.expired = true;
    each.controller?.abort();
  }
  for (const each of all) {
    if (each.report) continue;
    if (!each.begun) start(each);
    for (const node of unsettled(each.scope)) if (!isDue(node)) release(node);
    proceed(each);
  }
  // One turn later: a disposal that had nothing to wait for counts as done.
  void Promise.resolve().then(() => {
    for (const each of all) {
      if (each.report) continue;
      for (const node of unsettled(each.scope)) {
        if (isKept(node)) report(node, "abandoned", now() - each.since);
      }
      end(each);
    }
    const above = next(shutdown);
    if (above) proceed(above);
  });
}
