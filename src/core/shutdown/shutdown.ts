/**
 * Shutdown: closing a scope and everything below it, and disposing each instance after those that depend on it.
 *
 * Scopes close one after the other, the lower ones first. Within a scope there are two ways:
 *
 * - At once. Dependencies are built before their dependents, so going back through the instances in the order they were
 *   built is right as long as nothing is in flight and nothing was resolved late. Nothing has to be counted.
 * - By counting. Each instance has a count of its dependents that are still there, and is disposed when that is 0. The
 *   order follows single edges and not levels, so a slow service delays only what it depends on. A shutdown goes on
 *   this way from the first disposer that returns a promise.
 *
 * The first disposers run before `shutdown()` returns: a page that is being left gets no second turn.
 *
 * @module
 */

import { disposeNode, ending, settle } from "../building/disposal.ts";
import { failBuild } from "../building/finish.ts";
import { addRow, addRowOf, tick } from "../building/reporting.ts";
import { drain } from "../building/resolve.ts";
import { onStack, runAs } from "../building/running.ts";
import { isWaiting, suspend } from "../building/waiting.ts";
import { dependentIn, release, waitedFor } from "../model/edges.ts";
import { closed } from "../model/messages.ts";
import {
  Build,
  BUILT,
  type Closing,
  type Dependent,
  DISPOSED,
  DISPOSING,
  extrasOf,
  IDLE,
  type Node,
  RUNNING,
  type ScopeRecord,
  TRANSIENT,
  VALUE,
} from "../model/records.ts";
import { checkShutdown, notGiven } from "../model/options.ts";
import { detach, emptyMap, encloses, itemsOf, subtree } from "../model/tree.ts";
import type { ShutdownOptions, ShutdownReport, ShutdownRow } from "../types/shutdown.ts";
import { onDeadline } from "../words/deadline.ts";
import type { Controller } from "../words/web.ts";
import { Stopping, toFinish, toStop } from "./stopping.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The shutdown of one scope. */
export class ScopeShutdown implements Closing {
  declare readonly scope: ScopeRecord;
  declare readonly reason: unknown;
  declare id: string | undefined;
  declare readonly rows: ShutdownRow[];
  /** The report, before it is complete. */
  declare live: ShutdownReport | undefined;
  declare ready: Dependent[] | undefined;
  declare refused: (() => void)[] | undefined;
  declare left: number;
  declare expired: boolean;
  /** Until the deadline is set: what is refused now ends at once, and must not begin the disposals without it. */
  declare isBeginning: boolean;
  declare controller: Controller | undefined;
  declare since: number | undefined;
  declare clock: number | undefined;
  declare report: ShutdownReport | undefined;
  declare promise: Promise<ShutdownReport> | undefined;
  declare resolve: ((report: ShutdownReport) => void) | undefined;

  constructor(scope: ScopeRecord, reason: unknown) {
    this.scope = scope;
    this.reason = reason;
    this.rows = [];
    this.left = 0;
    this.expired = false;
    this.isBeginning = true;
    // Every property is there from the beginning: engines are fast with objects that look alike.
    this.live =
      this.refused =
      this.id =
      this.ready =
      this.controller =
      this.since =
      this.clock =
      this.report =
      this.promise =
      this.resolve =
        undefined;
  }

  proceed(ended?: Dependent): void {
    if (ended) {
      if (!this.ready || --ended.count! !== 0) return;
      tick(this.scope);
      this.ready.push(ended);
    }
    // What a disposer resolves is no dependency of the factory that is running.
    runAs(undefined, () => proceed(this.scope));
  }
}

/** Shuts down a scope and everything below it. Joins a shutdown that is under way. */
export function shutdown(scope: ScopeRecord, options: ShutdownOptions = notGiven): Promise<ShutdownReport> {
  // Most scopes are closed without options.
  if (options !== notGiven) checkShutdown(options);
  const { signal, reason } = options;
  const stopping = scope.closing ? undefined : stop(scope, reason, signal?.aborted);
  if (!stopping || stopping.isOver) closeAll(scope, stopping, options);
  else limit(scope, reportAfter(stopping), options);
  const { closing } = scope;
  // A disposer, a `stop` or a factory that this shutdown waits for must not wait for the shutdown. It gets the report as
  // it is at that time; the object is completed at the end.
  if (isWaitedFor(scope)) return Promise.resolve(liveOf(closing ?? stopping!));
  return reportOf(scope);
}

/** The report of a shutdown that has begun. */
export function reportOf({ closing, extras }: ScopeRecord): Promise<ShutdownReport> {
  return closing ? promiseOf(closing) : reportAfter(extras!.stopping as Stopping);
}

/** Whether a disposer, a `stop` or a factory on the stack belongs to the scope or to one below it. */
export function isWaitedFor(scope: ScopeRecord): boolean {
  for (const it of onStack()) if (encloses(scope, it.scope)) return true;
  return ending !== undefined && encloses(scope, ending.scope);
}

/** The report, before it is complete. */
function liveOf(it: Closing | Stopping): Writable<ShutdownReport> {
  return (it.live ??= { ok: true, elapsed: 0, services: it.rows });
}

/** Begins the first phase, if there is something to stop, or gives the one that is under way. */
function stop(scope: ScopeRecord, reason: unknown, isExpired?: boolean): Stopping | undefined {
  const begun = scope.extras?.stopping as Stopping | undefined;
  // What is being built on the stack is in flight as well, and has to be stopped once it is built.
  if (!begun && scope.tree.hasStops) for (const build of onStack()) suspend(build);
  // Most scopes of a tree have nothing to stop, such as those of requests that are over.
  if (!begun && !(scope.tree.hasStops && toStop(scope).length + toFinish(scope).length)) return undefined;
  const stopping = begun ?? new Stopping(scope, reason);
  extrasOf(scope).stopping = stopping;
  if (!begun) for (const it of subtree(scope)) it.extras?.stopSignal?.controller?.abort(reason);
  if (isExpired) void stopping.expire();
  else if (!begun) stopping.proceed();
  return stopping;
}

/** The report of the whole shutdown, when its first phase has to wait. A `stop` may want it before that is known. */
function reportAfter(stopping: Stopping): Promise<ShutdownReport> {
  const { scope } = stopping;
  return (stopping.report ??= stopping.promise.then(() => {
    // A shutdown of a scope above may have closed it meanwhile.
    if (!scope.closing) closeAll(scope, stopping);
    return promiseOf(scope.closing!);
  }));
}

/** Closes a scope and everything below it, and disposes what can be disposed at once. */
function closeAll(scope: ScopeRecord, stopping?: Stopping, options: ShutdownOptions = notGiven): void {
  // Every build on the stack is in flight, whoever calls this: its factory, another service, an observer or a disposer.
  for (const build of onStack()) suspend(build);
  // What disposers resolve is nobody's dependency.
  runAs(undefined, () => {
    const fresh = close(scope, (stopping ?? options).reason);
    const closing = scope.closing!;
    if (stopping) {
      closing.since ??= stopping.since;
      tick(scope);
    }
    for (const it of fresh) (it.closing as ScopeShutdown).isBeginning = false;
    if (stopping?.expired || options.signal?.aborted) void expire(scope);
    else if (!closing.report) limit(scope, undefined, options);
    // The lower scopes come first.
    fresh.reverse().forEach(proceed);
    for (const it of fresh) if (!it.closing!.report) tick(it);
  });
}

/** The promise of the report. A shutdown that nobody waits for, or that is over already, needs no open one. */
function promiseOf(closing: Closing): Promise<ShutdownReport> {
  return (closing.promise ??= closing.report
    ? Promise.resolve(closing.report)
    : new Promise((resolve) => (closing.resolve = resolve)));
}

// ---- Closing

/** From here on nothing is built, registered or opened, here or below. Gives the scopes that were open until now. */
function close(top: ScopeRecord, reason: unknown): ScopeRecord[] {
  const fresh: ScopeRecord[] = [];
  for (const scope of subtree(top)) {
    const { closing, parent, extras } = scope;
    if (!closing) {
      // A scope below that somebody has shut down, and that still stops, keeps the reason which it was given then.
      scope.closing = new ScopeShutdown(scope, (extras?.stopping ?? parent?.closing ?? { reason }).reason);
      fresh.push(scope);
    } else if (fresh.includes(parent!)) {
      // It was closing before. What it has disposed so far belongs in the reports of the scopes above as well.
      for (const row of closing.rows) addRow(row, parent);
    }
  }
  for (const scope of fresh) top.tree.tell?.("scopeClosing", scope, { reason: scope.closing!.reason });
  for (const { closing, extras } of fresh) {
    const stopping = extras?.stopping as Stopping | undefined;
    // Whoever was given the report before it was complete has this very object.
    closing!.live = stopping?.live;
    // A scope above that closes it has waited as long as it could, and has these rows already.
    for (const row of stopping?.abandon() ?? [])
      // A scope below that was closing before may have brought it.
      if (!closing!.rows.includes(row)) closing!.rows.push(row);
    extras?.stopSignal?.controller?.abort(closing!.reason);
    extras?.controller?.abort(closing!.reason);
    if (extras?.child) for (const it of itemsOf<Build | Node>(extras)) if (it instanceof Build) refuse(it);
  }
  drain(true);
  return fresh;
}

/** Ends a build whose factory was not called yet, or a waiting caller. Factories that were called are waited for. */
function refuse(build: Build): void {
  // A build with a failure is about to end anyway.
  if (!isWaiting(build) || build.failure) return;
  const { definition, scope, dependent } = build;
  failBuild(build, closed(scope, definition.token ?? waitedFor(build)[0]?.definition.token, dependent));
}

/** Disposes what can be disposed, closes the scope when nothing is left, and goes on with the scope above. */
function proceed(from: ScopeRecord): void {
  for (let scope: ScopeRecord | undefined = from, above; scope?.closing; scope = above) {
    above = scope.parent;
    const closing = scope.closing as ScopeShutdown;
    if (closing.isBeginning) return;
    if (!scope.child) disposeAtOnce(scope);
    // The last one first: where nothing else decides, the youngest goes first.
    for (let it; (it = closing.ready?.pop());) {
      // A disposer may have resolved it meanwhile. Then it waits for that one, and comes back here.
      if (it.count !== 0) continue;
      it.count = 1;
      dispose(it);
    }
    if (scope.child || scope.last || closing.left > 0 || closing.report) return;
    end(scope);
  }
}

/** The tree of all scopes that have closed. */
const closedTree = {
  root: undefined,
  latest: undefined,
  opened: 0,
  changes: 0,
  pending: 0,
  hasStops: false,
  tell: undefined,
} as never;

/** Closes the scope, tells observers and whoever waits for the report. */
export function end(scope: ScopeRecord): void {
  const closing = scope.closing!;
  const isIdle = !scope.extras?.child;
  const { rows, since, clock } = closing;
  // Where nothing was disposed or waited for, the clock was not read.
  const elapsed = clock! - since! || 0;
  const report = (closing.report = liveOf(closing));
  report.ok = rows.every(({ outcome }) => outcome === "disposed");
  report.elapsed = elapsed;
  report.services = rows;
  if (scope.parent && scope.isHeld) detach(scope, scope.parent);
  if (scope.extras?.lends) scope.nodes?.clear();
  // Somebody may keep the closed scope. It must not keep what was in it.
  const ofApp = scope.extras?.shutdown;
  scope.nodes = scope.extras = scope.child = undefined;
  // Further calls go to the app as well: its report has more rows.
  if (ofApp) scope.extras = { shutdown: ofApp };
  scope.last = null;
  scope.lookup = emptyMap;
  scope.tree.tell?.("scopeClosed", scope, { elapsed, report });
  // A phase of a scope above may have waited for builds that were in flight here.
  for (let at = scope.parent; at; at = at.parent) (at.extras?.stopping as Stopping | undefined)?.lostScope();
  // What is still in flight, after a deadline, tells its end to the observers of the tree.
  if (isIdle && scope.parent) {
    const it = scope as Writable<ScopeRecord>;
    it.parent = undefined;
    it.tree = closedTree;
  }
  closing.resolve?.(report);
  for (const tell of closing.refused ?? []) tell();
}

// ---- Disposing

/** Goes back through the instances in the order they were built, as long as that is right. */
function disposeAtOnce(scope: ScopeRecord): void {
  const closing = scope.closing!;
  while (!closing.ready) {
    const { last, extras } = scope;
    if (extras?.hasLateEdges || extras?.child) startCounting(scope);
    else if (!last) return;
    else {
      scope.last = last.previous!;
      closing.left++;
      last.count = 1;
      dispose(last);
    }
  }
}

/** Counts the dependents of everything that is left. */
function startCounting(scope: ScopeRecord): void {
  const closing = scope.closing!;
  if (closing.ready) return;
  const ready: Dependent[] = (closing.ready = []);
  const all = new Set<Dependent>(pendingIn(scope));
  // What was released is gone.
  for (let node = scope.last; node; node = node.previous!) if (node.state < DISPOSED) all.add(node);
  scope.last = null;
  for (const it of all) {
    // A disposal that this shutdown has begun is among those left already.
    if (!(it.count! >= 0)) closing.left++;
    // What is in flight has one more reason to stay.
    it.count = isDue(it) ? 0 : 1;
  }
  scope.extras?.order?.(all);
  for (const { edges } of all) for (const it of edges ?? []) if (all.has(it)) it.count!++;
  // The oldest first: `ready` is a stack.
  for (const it of [...all].reverse()) if (it.count === 0) ready.push(it);
}

/** The disposals in flight, and what the builds in flight will make. */
function pendingIn({ extras }: ScopeRecord): Dependent[] {
  return itemsOf<Build | Node>(extras ?? {}).flatMap((it) => {
    if (!(it instanceof Build)) return it;
    const isWaitedFor = it.definition.lifetime < TRANSIENT || it.phase === RUNNING;
    return isWaitedFor ? dependentIn(it) : [];
  });
}

/** Whether there is an instance to dispose. An owned value has one even if nothing has resolved it. */
function isDue(it: Dependent): it is Node {
  const { state, definition, build } = it as Node;
  return state === BUILT || (definition.lifetime === VALUE && state === IDLE && !build);
}

export function dispose(it: Dependent): void {
  if (isDue(it)) void disposeNode(it);
  else settle(it);
}

// ---- The deadline

function limit(
  scope: ScopeRecord,
  report: Promise<ShutdownReport> | undefined,
  options: ShutdownOptions,
): void {
  if ((options.timeout ?? options.signal) === undefined) return;
  const over = onDeadline(
    options,
    () => void (scope.closing ? expire(scope) : (scope.extras!.stopping as Stopping).expire()),
  );
  void (report ?? promiseOf(scope.closing!)).then(over);
}

/** Begins at once, in order, whatever had not begun, and closes everything without waiting for it. */
async function expire(top: ScopeRecord): Promise<void> {
  if (top.closing!.report) return;
  const all = subtree(top).reverse();
  for (const scope of all) {
    const closing = scope.closing!;
    tick(scope);
    if (closing.expired) continue;
    closing.expired = true;
    closing.controller?.abort();
  }
  for (const scope of all) {
    startCounting(scope);
    for (const it of pendingIn(scope)) {
      // What is in flight no longer keeps its dependencies waiting. It may still pass one of them on.
      release(it);
      (it as Node).controller?.abort();
      (it as Node).cleanup?.hurry?.();
      (it as Node).build?.endFailing?.();
      // A build is disposed when it ends.
      if ((it as Node).state !== DISPOSING) it.count = 1;
    }
    proceed(scope);
  }
  // One turn later, because a disposal that had nothing to wait for is not abandoned.
  await undefined;
  for (const scope of all) {
    const closing = scope.closing!;
    for (const it of pendingIn(scope)) {
      const since = (it as Node).since ?? closing.since!;
      if (it.definition.lifetime < TRANSIENT) addRowOf(it, "abandoned", tick(scope) - since);
    }
    closing.left = 0;
    proceed(scope);
  }
}
