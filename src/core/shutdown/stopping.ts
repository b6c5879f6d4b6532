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
  /** What is waited for. */
  readonly inFlight: Set<Node> = new Set();
  /** Builds in flight whose services will have to be stopped. */
  readonly building: Set<Build> = new Set();
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
    for (;;) {
      const left = this.toStop();
      const busy = left.filter((it) => it.stopping !== undefined);
      const idle = left.filter((it) => it.stopping === undefined);
      for (const it of busy) this.wait(it);
      const builds = this.expired ? [] : this.toFinish();
      for (const it of builds) this.waitForBuild(it);
      const used = dependenciesOf(this.expired ? idle : [...left, ...builds.map(dependentIn)]);
      const free = idle.filter((it) => !used.has(it));
      const isWaiting = busy.length + builds.length > 0 && !this.expired;
      // Edges form no circle, but nothing must wait for ever if they did.
      const next = free.length > 0 || isWaiting ? free : idle;
      if (next.length === 0) break;
      // A `stop` may have shut down a scope below, which has then stopped what lives there.
      for (const it of next) if (!it.isStopped) this.begin(it);
    }
    if (this.inFlight.size + this.building.size === 0) this.end();
  }

  /** A scope below has closed. What was in flight in it when its deadline passed is not waited for any longer. */
  lostScope(): void {
    if (this.isOver || this.building.size === 0) return;
    const builds = new Set(this.toFinish());
    for (const it of this.building) if (!builds.has(it)) this.building.delete(it);
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
      if (!this.expired) this.proceed();
    })();
  }

  /** Ends the phase, if it is not over, because nobody waits any longer. Gives the rows. */
  abandon(): ShutdownRow[] {
    if (this.isOver) return this.rows;
    this.expired = true;
    this.controller?.abort();
    this.building.clear();
    for (const it of this.inFlight) {
      const isAbandoned = it.stopping || this.follows(it.stopRow);
      this.add(isAbandoned ? rowOf(it, "abandoned", now() - it.since!, { phase: "stop" }) : it.stopRow);
    }
    this.end();
    return this.rows;
  }

  add(row: ShutdownRow | undefined): void {
    if (row && !this.rows.includes(row)) this.rows.push(row);
  }

  /** Whether a `stop` has failed with the reason of its signal: because of the deadline, and not by itself. */
  follows(row: ShutdownRow | undefined): boolean {
    const signal = this.controller?.signal;
    return signal?.aborted === true && row?.error === signal.reason;
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
    this.proceed();
    // One turn later, because what had nothing to wait for is not abandoned.
    await undefined;
    this.abandon();
  }

  begin(node: Node): void {
    const { scope, definition } = node;
    const value = madeBy(node);
    const { stop } = definition.options;
    let failure: object | undefined;
    const since = (node.since = now());
    node.isStopped = true;
    // There before it is called: it may shut down a scope above, which then waits for it.
    let over!: () => void;
    node.stopping = new Promise((resolve) => (over = resolve));
    const ended = (): void => {
      node.stopping = undefined;
      over();
      scope.tree.tell?.("stopped", node, { elapsed: now() - since, ...failure });
      if (failure) node.stopRow = rowOf(node, "failed", now() - since, { ...failure, phase: "stop" });
    };
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
      if (isThenable(result)) {
        void Promise.resolve(result).then(ended, (error: unknown) => {
          failure = { error };
          ended();
        });
        this.wait(node);
        return;
      }
    } catch (error) {
      failure = { error };
    }
    ended();
    this.add(node.stopRow);
  }

  wait(node: Node): void {
    if (this.inFlight.has(node)) return;
    this.inFlight.add(node);
    void node.stopping!.then(() => {
      this.inFlight.delete(node);
      const { stopRow } = node;
      if (!stopRow || !this.isOver || this.rows.includes(stopRow)) this.add(stopRow);
      // The report of a phase that is over is complete. A `stop` that follows its signal is abandoned in it, and no news.
      else if (!this.follows(stopRow)) reportUnheard(node, stopRow.error);
      if (!this.expired) this.proceed();
    });
  }
}

/** What is to be stopped in a scope and below, or is being stopped right now. */
export function toStop(top: ScopeRecord): Node[] {
  const found: Node[] = [];
  for (const scope of subtree(top)) {
    for (let it = scope.last; it; it = it.previous!) if (isToStop(it)) found.push(it);
  }
  return found;
}

export function isToStop({ state, definition, stopping, isStopped, isStarted }: Node): unknown {
  const { start, stop } = definition.options;
  const isThere = state === BUILT || (state === IDLE && definition.lifetime === VALUE);
  return stop && (!start || isStarted) && isThere && (stopping || !isStopped);
}

/** The builds in flight, in a scope and below, of services that have a `stop`. */
export function toFinish(top: ScopeRecord): Build[] {
  return subtree(top).flatMap(({ extras }) =>
    itemsOf<Build | Node>(extras ?? {}).filter((it): it is Build => {
      const { lifetime, options } = it.definition;
      return it instanceof Build && options.stop !== undefined && !options.start && lifetime < TRANSIENT;
    }),
  );
}

/** Everything that the given instances depend on, in whatever scope. */
function dependenciesOf(nodes: readonly Dependent[]): Set<Node> {
  const found = new Set<Node>();
  for (const { edges } of nodes) for (const it of edges ?? []) found.add(it);
  // The set grows while it is walked.
  for (const { edges } of found) for (const it of edges ?? []) found.add(it);
  return found;
}
