/**
 * Stopping: the first phase of a shutdown. Services with a `stop` option end their work while everything still works: a
 * server accepts no more connections, and answers the requests that are in flight.
 *
 * A service is stopped after the services that depend on it, across services without `stop` and across scopes. Services
 * that do not depend on each other are stopped at the same time. Where nothing has a `stop`, there is no such phase.
 *
 * @module
 */

import { setEnding } from "../building/disposal.ts";
import { reportUnheard, rowOf } from "../building/reporting.ts";
import { runAs } from "../building/running.ts";
import { dependentIn } from "../model/edges.ts";
import {
  Build,
  BUILT,
  type Dependent,
  IDLE,
  type Node,
  none,
  type ScopeRecord,
  TRANSIENT,
  VALUE,
} from "../model/records.ts";
import { madeBy } from "../model/ownership.ts";
import { itemsOf, signalIn, subtree } from "../model/tree.ts";
import type { ShutdownReport, ShutdownRow } from "../types/shutdown.ts";
import { isThenable } from "../words/thenable.ts";
import { type Controller, now } from "../words/web.ts";

/** The stopping of one scope and of everything below it, or of what is released: see `thimble/reload`. */
export class Stopping {
  declare readonly scope: ScopeRecord;
  declare readonly reason: unknown;
  /** The stops that have failed or were abandoned. */
  readonly rows: ShutdownRow[] = [];
  live: ShutdownReport | undefined = undefined;
  readonly since: number = now();
  /** The deadline has passed. */
  expired = false;
  /** Aborts at the deadline. */
  controller: Controller | undefined = undefined;
  /** The stops that are waited for. */
  readonly inFlight: Set<Node> = new Set();
  /** Builds in flight whose services will have to be stopped. */
  readonly building: Set<Build> = new Set();
  /** Something was built or has got an edge since dependents were counted: see `noteChange`. */
  isStale = true;
  /** What was left to be stopped at that time. */
  left: Set<Dependent> = new Set();
  /** What depends on others, with its edges. */
  edges: Map<Dependent, readonly Node[]> = new Map();
  /** How many dependents each of those has that were not stopped. */
  counts: Map<Dependent, number> = new Map();
  /** What may be stopped. Those before `next` were. */
  ready: Node[] = [];
  next = 0;
  isProceeding = false;
  /** Resolved with the report of the whole shutdown, where the phase has to wait. */
  declare report?: Promise<ShutdownReport>;
  isOver = false;
  declare resolve: () => void;
  /** Resolved when everything has stopped, or at the deadline. */
  readonly promise: Promise<void> = new Promise((resolve) => {
    this.resolve = resolve;
  });

  constructor(scope: ScopeRecord, reason: unknown) {
    this.scope = scope;
    this.reason = reason;
  }

  /** What is to be stopped, or is being stopped right now. */
  toStop(): Node[] {
    return toStop(this.scope);
  }

  /** The builds in flight whose services will have to be stopped. */
  toFinish(): Build[] {
    return toFinish(this.scope);
  }

  /** Stops what no dependent uses any more. After the deadline, the dependents have only to have been stopped before. */
  proceed(): void {
    // What a `stop` does while it is called is seen when it has returned.
    if (this.isProceeding) return;
    this.isProceeding = true;
    for (let isCounted = false; !this.isOver;) {
      if (this.isStale) {
        this.count();
        isCounted = true;
      }
      const node = this.ready[this.next];
      const isBusy = this.inFlight.size + this.building.size > 0;
      if (node) {
        this.next++;
        // A `stop` may have shut down a scope below, which has then stopped what lives there.
        if (!node.isStopped) this.begin(node);
        isCounted = false;
      } else if (isBusy && (isCounted || !this.expired)) break;
      // What was stopped in a scope below may have been missed.
      else if (!isCounted) this.isStale = true;
      else this.end();
    }
    this.isProceeding = false;
  }

  /** Counts the dependents of what is left to be stopped, and of everything that it depends on, in whatever scope. */
  count(): void {
    const left = this.toStop();
    const idle = left.filter((it) => !it.isStopping);
    const builds = this.expired ? [] : this.toFinish();
    for (const it of left) if (it.isStopping) this.inFlight.add(it);
    for (const it of builds) this.waitForBuild(it);
    const all = new Set<Dependent>(this.expired ? idle : [...left, ...builds.map(dependentIn)]);
    this.left = new Set(left);
    this.edges = new Map();
    this.counts = new Map();
    // The set grows while it is walked.
    for (const it of all) {
      const edges = it.edges ?? [];
      this.edges.set(it, edges);
      for (const other of edges) {
        all.add(other);
        this.counts.set(other, (this.counts.get(other) ?? 0) + 1);
      }
    }
    const free = idle.filter((it) => !this.counts.has(it));
    // Edges form no circle, but nothing must wait for ever if they did.
    this.ready = free.length + this.inFlight.size + this.building.size > 0 ? free : idle;
    this.next = 0;
    this.isStale = false;
  }

  /** What it depends on has one dependent less. */
  release(node: Node): void {
    const free = [node];
    // The array grows while it is walked.
    for (const it of free) {
      const edges = this.edges.get(it) ?? [];
      this.edges.delete(it);
      for (const other of edges) {
        const count = this.counts.get(other)! - 1;
        this.counts.set(other, count);
        if (count > 0 || other.isStopping) continue;
        if (this.left.has(other) && !other.isStopped) this.ready.push(other);
        else free.push(other);
      }
    }
  }

  /** A scope below has closed. What was in flight in it when its deadline passed is not waited for any longer. */
  lostScope(): void {
    if (this.isOver || this.building.size === 0) return;
    const builds = new Set(this.toFinish());
    for (const it of this.building) if (!builds.has(it)) this.building.delete(it);
    this.isStale = true;
    this.proceed();
  }

  /** Waits for a build in flight, because what it builds has to be stopped as well. */
  waitForBuild(build: Build): void {
    if (this.building.has(build)) return;
    this.building.add(build);
    build.over ??= new Promise((end) => (build.end = end));
    void (async () => {
      await build.over;
      // What waits for it goes on first, in reactions of its own, and then depends on it.
      for (let turns = 4; turns > 0; turns--) await undefined;
      this.building.delete(build);
      this.isStale = true;
      if (!this.expired) this.proceed();
    })();
  }

  /** Ends the phase, if it is not over, because nobody waits any longer. Gives the rows. */
  abandon(): ShutdownRow[] {
    if (this.isOver) return this.rows;
    this.expired = true;
    this.controller?.abort();
    this.building.clear();
    for (const it of this.inFlight) this.rows.push(abandoned(it));
    this.end();
    return this.rows;
  }

  end(): void {
    this.isOver = true;
    this.resolve();
  }

  /** Ends the phase: what has not begun is begun at once, and nothing is waited for. */
  async expire(): Promise<void> {
    if (this.expired || this.isOver) return;
    this.expired = true;
    this.controller?.abort();
    this.isStale = true;
    this.proceed();
    // One turn later, because what had nothing to wait for is not abandoned.
    await undefined;
    this.abandon();
  }

  begin(node: Node): void {
    const { scope, definition } = node;
    const value = madeBy(node);
    const { stop } = definition.options;
    const since = (node.since = now());
    // A scope that has closed does not know them any more.
    const above = scopesFrom(scope);
    // The stopping of a part is no phase of a scope.
    const phases = (): Set<Stopping> =>
      new Set([this, ...above.flatMap(({ extras }) => (extras?.stopping as Stopping | undefined) ?? [])]);
    const ended = (failure?: object): void => {
      node.isStopping = false;
      scope.tree.tell?.("stopped", node, { elapsed: now() - since, ...failure });
      const row = failure && rowOf(node, "failed", now() - since, { ...failure, phase: "stop" });
      // Every scope above that stops has waited for it.
      const isReported = [...phases()].map((it) => it.stopped(node, row));
      if (row && !isReported.includes(true)) reportUnheard(node, row.error);
      scope.tree.dependents?.stopped(node, row);
    };
    const failed = (error: unknown): void => ended({ error });
    // This comes before it is called: it may shut down a scope, which then waits for it.
    node.isStopped = node.isStopping = true;
    for (const it of phases()) it.inFlight.add(node);
    scope.tree.tell?.("stopping", node);
    try {
      const signal = stop!.length === 1 ? undefined : signalIn(this, this.expired);
      const outer = setEnding(node);
      let result: unknown;
      try {
        result = runAs(undefined, () => stop!(value, signal as never, this.reason));
      } finally {
        setEnding(outer);
      }
      if (isThenable(result)) void Promise.resolve(result).then(() => ended(), failed);
      else ended();
    } catch (error) {
      failed(error);
    }
    // After the deadline nothing waits for it.
    if (this.expired) this.release(node);
  }

  /** A `stop` has ended. Gives whether its failure is in the report, or is no news. */
  stopped(node: Node, row: ShutdownRow | undefined): boolean {
    const wasWaitedFor = this.inFlight.delete(node);
    const signal = this.controller?.signal;
    // With the reason of its signal it has failed because of the deadline, and not by itself.
    const isAbandoned = signal?.aborted === true && row?.error === signal.reason;
    // The report of a phase that is over is complete.
    if (this.isOver) return isAbandoned;
    if (row) this.rows.push(isAbandoned ? abandoned(node) : row);
    if (wasWaitedFor && !this.counts.get(node)) this.release(node);
    if (!this.expired) this.proceed();
    return true;
  }
}

/** A scope and those above it. */
function scopesFrom(scope: ScopeRecord): ScopeRecord[] {
  const found: ScopeRecord[] = [];
  for (let at: ScopeRecord | undefined = scope; at; at = at.parent) found.push(at);
  return found;
}

function abandoned(node: Node): ShutdownRow {
  return rowOf(node, "abandoned", now() - node.since!, { phase: "stop" });
}

/** What is to be stopped in a scope and below, or is being stopped right now. */
export function toStop(top: ScopeRecord): Node[] {
  const found: Node[] = [];
  for (const scope of subtree(top)) {
    for (let it = scope.last; it; it = it.previous!) if (isToStop(it)) found.push(it);
  }
  return found;
}

export function isToStop({ state, definition, isStopping, isStopped, isStarted }: Node): unknown {
  const { start, stop } = definition.options;
  const isThere = state === BUILT || (state === IDLE && definition.lifetime === VALUE);
  return stop && (!start || isStarted) && isThere && (isStopping || !isStopped);
}

/** The builds in flight, in a scope and below, of services that have a `stop`. */
export function toFinish(top: ScopeRecord): Build[] {
  // Most scopes are closed while nothing is in flight.
  const scopes = top.tree.pending > 0 ? subtree(top) : none;
  return scopes.flatMap(({ extras }) =>
    itemsOf<Build | Node>(extras ?? {}).filter((it): it is Build => {
      const { lifetime, options } = it.definition;
      return it instanceof Build && options.stop !== undefined && !options.start && lifetime < TRANSIENT;
    }),
  );
}
