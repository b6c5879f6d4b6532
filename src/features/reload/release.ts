/**
 * Releasing: services, and everything that was built on them, are stopped, forgotten and disposed while their scopes stay
 * open.
 *
 * 1. What has a `stop` is stopped, dependents first, while everything still works.
 * 2. In one synchronous step, lookups forget the services, providers are changed, and builds in flight that were given
 *    one of the services begin anew: see `pending.ts`.
 * 3. The services are disposed, each after everything that depends on it, in whatever scope, also after the factories in
 *    flight that were given it. What resolves one of them meanwhile waits until the old instance is disposed.
 *
 * A shutdown of a scope that begins meanwhile takes over what lives in that scope, and the release waits for it.
 *
 * @module
 */

import { disposeNode, ending } from "../../core/building/disposal.ts";
import { onStack, runAs, running } from "../../core/building/running.ts";
import { chainTo, waitedFor } from "../../core/model/edges.ts";
import { closed, pathOver } from "../../core/model/messages.ts";
import {
  Build,
  BUILT,
  type Dependent,
  DISPOSED,
  DISPOSING,
  IDLE,
  type Node,
  RUNNING,
  type ScopeRecord,
  TRANSIENT,
  type Tree,
  VALUE,
} from "../../core/model/records.ts";
import { encloses } from "../../core/model/tree.ts";
import { rowOf } from "../../core/building/reporting.ts";
import { isToStop, Stopping } from "../../core/shutdown/stopping.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { ShutdownReport, ShutdownRow } from "../../core/types/shutdown.ts";
import { CircularDependencyError, type ContainerError, isContainerError } from "../../core/words/errors.ts";
import { now } from "../../core/words/web.ts";
import { holdsAny, type Index, indexOf, type Listener } from "./dependents.ts";
import { beginAnew, Gate, gateOf, inFlight, isInside, isUnderWay } from "./pending.ts";
import { forget, isAt, isBuilt, keyOf, sweep, successorOf } from "./places.ts";

/** What is released, and what changes in that moment. */
export interface Change {
  /** What the caller does, and to what, as error messages say it: `release "db"`. */
  readonly what: string;
  /** The token that the caller has named, if it is one. */
  readonly token?: AnyToken | undefined;
  /** The services that go themselves. Called whenever that may have changed. */
  own(): Iterable<Node>;
  /**
   * Services and providers that stay. What lives in the scope or below and was built on them goes, except for one of them
   * that was built on another. What waits for one of them begins anew.
   */
  under?(): Iterable<Node>;
  /** Changes the providers. What it throws ends the release before anything was forgotten. */
  apply?(): void;
  /** Called with every service that was built and goes, before it goes. */
  gone?(node: Node): void;
  /**
   * Lookups have to find what is there afterwards before the call returns. What has a `stop` is then stopped just before it
   * is disposed, and no longer while everything still works.
   */
  readonly isAtOnce?: boolean;
  /** Of the end of a block. What was there for the block goes in any case. */
  readonly block?: Block;
}

/** A block with providers of its own. */
export interface Block {
  /** The build whose factory has begun the block, if one has. */
  readonly by: Build | undefined;
  /** What the end has to throw: the factory was given something that goes with the block. */
  error?: Error;
}

/** Releases services of a scope. */
export function releaseAll(scope: ScopeRecord, change: Change): Promise<ShutdownReport> {
  if (scope.closing) throw closed(scope);
  return new Release(scope, change).begin();
}

/** What is affected by a change. */
interface Affected {
  /** Instances, and services in flight. */
  readonly nodes: ReadonlySet<Node>;
  /** Builds in flight that were given one of them, or wait for such a build. */
  readonly builds: ReadonlySet<Build>;
}

class Release implements Listener {
  readonly #scope: ScopeRecord;
  readonly #change: Change;
  /** A scope that has closed has forgotten its tree. */
  readonly #tree: Tree;
  readonly #index: Index;
  readonly #own = new Set<Node>();
  readonly #rows: ShutdownRow[] = [];
  readonly #report = { ok: true, elapsed: 0, services: this.#rows };
  readonly #since: number = now();
  /** What is not disposed yet, with how much still depends on it. */
  readonly #left = new Map<Dependent, number>();
  /** The edges of these, because they are taken away when a build fails. */
  readonly #edges = new Map<Dependent, readonly Node[]>();
  readonly #gates = new Map<Dependent, Gate>();
  /** A build whose factory is refused to wait for its own end. It is left as it is. */
  #refused: Build | undefined;
  /** How many instances of each scope are gone that the scope still lists. */
  readonly #gone = new Map<ScopeRecord, number>();
  /** In the order in which what was behind them has ended: dependents first. */
  readonly #toOpen: Gate[] = [];
  readonly #before: Promise<void>[] = [];
  readonly #ready: Node[] = [];
  #isProceeding = false;
  #isOver = false;
  #stopping: Stopping | undefined;
  #resolve!: (report: ShutdownReport) => void;
  #reject!: (error: unknown) => void;
  readonly #promise = new Promise<ShutdownReport>((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  constructor(scope: ScopeRecord, change: Change) {
    this.#scope = scope;
    this.#change = change;
    this.#tree = scope.tree;
    this.#index = indexOf(scope);
  }

  begin(): Promise<ShutdownReport> {
    const { block, isAtOnce } = this.#change;
    const by = running ?? block?.by;
    const affected = this.#affected();
    const stack = onStack();
    const isOnStack = [...affected.builds].some((it) => stack.has(it));
    // What is being built on the stack ends first, so nothing can be replaced at once.
    const first = isAtOnce && !block ? [...affected.builds].find((it) => stack.has(it)) : undefined;
    const waiting = by && affected.builds.has(by) ? by : first;
    const error = waiting && this.#circular(waiting);
    if (error && !block) throw error;
    if (error) {
      block!.error = error;
      this.#refused = by;
    }
    if (isOnStack && !error) void Promise.resolve().then(() => this.#stop());
    else this.#stop();
    // A disposer or a `stop` cannot wait for what waits for it.
    const isInside =
      ending !== undefined && (isOnStack || affected.nodes.has(ending) || this.#left.has(ending));
    return isInside ? Promise.resolve(this.#report) : this.#promise;
  }

  /** A factory would wait for its own end. */
  #circular(build: Build): ContainerError {
    const { what, token } = this.#change;
    const chain: Parameters<typeof pathOver>[0][number][] = chainTo(build);
    const path = pathOver(chain);
    const name = path.at(-1)?.token;
    const isOther = token && build.definition.token !== token;
    return new CircularDependencyError(
      `${what}: the factory of "${name}" would wait for its own end`,
      isOther ? pathOver([...chain, { scope: this.#scope, definition: { token } }]) : path,
      `do it before "${name}" is resolved, or once it is built`,
    );
  }

  // ---- What is affected

  #affected(): Affected {
    const scope = this.#scope;
    const index = this.#index;
    // A scope that has closed meanwhile finds nothing any more.
    for (const it of this.#change.own()) this.#own.add(it);
    const own = this.#own;
    const under = new Set(this.#change.under?.());
    const nodes = new Set<Node>();
    for (const it of own)
      if (it.definition.lifetime < TRANSIENT && ((it.state === BUILT && !this.#stays(it)) || it.build))
        nodes.add(it);
    for (const root of [...under, ...own])
      for (const it of index.of(root))
        if (own.has(root) || (encloses(scope, it.scope) && !under.has(it))) nodes.add(it);
    // The set grows while it is walked.
    for (const it of nodes) for (const dependent of index.of(it)) nodes.add(dependent);

    const refused = this.#refused;
    const pending = new Set<Build | Node>([...inFlight(this.#tree.root), ...onStack()]);
    if (refused) {
      pending.delete(refused);
      nodes.delete(refused.node!);
    }
    const builds = new Set<Build>();
    const isHere = (it: Build): boolean => encloses(scope, it.scope);
    for (let size = -1; size !== builds.size + nodes.size;) {
      size = builds.size + nodes.size;
      for (const it of pending) {
        if (!(it instanceof Build)) {
          // What nobody has received is disposed as well.
          if (holdsAny(it, nodes)) nodes.add(it);
          continue;
        }
        const { node, definition } = it;
        const isService = definition.lifetime < TRANSIENT;
        const isRoot = node && (own.has(node) || (!isService && under.has(node) && isHere(it)));
        const holds = isService
          ? nodes.has(node!)
          : holdsAny(it, nodes) || (isHere(it) && holdsAny(it, under));
        const waits =
          !isUnderWay(it) &&
          waitedFor(it).some(
            (other) => builds.has(other) || (isHere(it) && !under.has(node!) && under.has(other.node!)),
          );
        if (!isRoot && !holds && !waits && !isInside(it, builds)) continue;
        builds.add(it);
        pending.delete(it);
        if (isService) nodes.add(node!);
      }
    }
    return { nodes, builds };
  }

  /** A value stays what it is unless it is withdrawn or replaced: nothing could build it anew. */
  #stays({ definition }: Node): boolean {
    return definition.lifetime === VALUE && !isBuilt(definition) && !this.#change.apply;
  }

  // ---- Stop

  #stop(): void {
    const toStop = (): Node[] => [...this.#affected().nodes].filter(isToStop);
    if (this.#change.isAtOnce || !this.#tree.hasStops || toStop().length === 0) return this.#replace();
    const stopping = new PartStopping(this.#scope, toStop);
    this.#stopping = stopping;
    this.#index.listeners.add(this);
    stopping.proceed();
    if (stopping.isOver) this.#stopped(stopping);
    else void stopping.promise.then(() => this.#stopped(stopping));
  }

  #stopped(stopping: Stopping): void {
    this.#rows.push(...stopping.rows);
    this.#replace();
  }

  // ---- Replace

  #replace(): void {
    try {
      if (this.#scope.closing && this.#change.apply) throw closed(this.#scope);
      const { nodes, builds } = this.#affected();
      const doomed = [...builds].filter(isUnderWay);
      // What lives in a scope that closes is disposed by that shutdown.
      const places = new Map<Node, object>();
      for (const it of [...nodes, ...this.#own]) {
        const isThere = (it.state === BUILT || it.build) && !it.scope.closing;
        const key = isThere ? keyOf(it) : undefined;
        if (key) places.set(it, key);
      }
      this.#change.apply?.();
      this.#expectAll(nodes, doomed, places);
      const next = new Map([...places].map(([it, key]) => [it, successorOf(it, key)]));
      const resume = beginAnew(builds, (it) => places.has(it) && next.get(it) !== it);
      for (const [it, successor] of next) {
        if (successor && this.#left.has(it)) this.#gates.set(it, new Gate(successor, doomed));
        // What was in its place before may not be disposed yet.
        else if (successor !== it) gateOf(it)?.moveTo(successor);
      }
      // A release that has begun before is not over yet. A disposer cannot wait for it.
      for (const it of this.#own) {
        const gate = ending ? undefined : gateOf(it);
        if (gate) this.#before.push(gate.opened);
      }
      this.#index.listeners.add(this);
      for (const [it, count] of [...this.#left].reverse()) if (count === 0) this.#ready.push(it as Node);
      this.#proceed();
      resume();
    } catch (error) {
      this.#index.listeners.delete(this);
      this.#reject(error);
    }
  }

  /** Notes what has to be disposed, and has lookups forget it. */
  #expectAll(nodes: ReadonlySet<Node>, doomed: readonly Build[], places: ReadonlyMap<Node, object>): void {
    for (const it of nodes) {
      const { state, build, scope } = it;
      const isBuilding = state === IDLE && build?.phase === RUNNING;
      const { closing } = scope;
      if ((state !== BUILT && state !== DISPOSING && !isBuilding) || closing?.report) continue;
      // Its shutdown may be done with it already, because there was nothing to dispose.
      (closing?.refused ?? (closing && (closing.refused = [])))?.push(() => this.ended(it));
      if (state === BUILT) this.#change.gone?.(it);
      const key = places.get(it);
      if (key && isAt(it, key)) forget(it, key);
      // What is disposed already is only waited for.
      this.#left.set(it, state === BUILT ? 0 : 1);
    }
    for (const it of doomed) {
      if (it.definition.lifetime >= TRANSIENT) this.#left.set(it, 1);
      // Another release may wait for it as well.
      const before = it.settled;
      it.settled = (failure, value) => {
        before?.(failure, value);
        this.#settled(it, failure);
      };
    }
    for (const scope of new Set([...this.#left.keys()].map((it) => it.scope)))
      scope.extras?.order?.(new Set([...this.#left.keys()].filter((it) => it.scope === scope)));
    for (const it of this.#left.keys()) {
      this.#edges.set(it, it.edges ?? []);
      (it as Node).rows = this.#index;
    }
    for (const edges of this.#edges.values()) for (const node of edges) this.#count(node, 1);
  }

  #count(node: Node, by: number): void {
    const count = this.#left.get(node);
    if (count === undefined) return;
    this.#left.set(node, count + by);
    if (count + by === 0) this.#ready.push(node);
  }

  /** A factory that was called before has ended. */
  #settled(it: Build, failure: { readonly error: unknown } | undefined): void {
    const { node, definition } = it;
    const isService = definition.lifetime < TRANSIENT;
    if (failure && !isOurs(failure.error))
      this.#rows.push(rowOf(it, "failed", now() - this.#since, { error: failure.error, phase: "build" }));
    // The core is not done with it yet.
    void Promise.resolve().then(() => {
      if (!isService) this.ended(it);
      else if (node!.state === IDLE) this.ended(node!);
      // Another release may have begun to dispose it.
      else this.#count(node!, -1);
      this.#proceed();
    });
  }

  // ---- Dispose

  #proceed(): void {
    if (this.#isProceeding) return;
    this.#isProceeding = true;
    // The last one first: where nothing else decides, the youngest goes first.
    for (let it; (it = this.#ready.pop());) {
      const { scope } = it;
      // Its shutdown disposes it, or another release has begun to.
      if (scope.closing || it.state !== BUILT) continue;
      const node = it;
      // What a disposer resolves is no dependency of the factory that is running.
      void runAs(undefined, () => disposeNode(node));
    }
    this.#isProceeding = false;
    if (this.#left.size === 0 && !this.#isOver) this.#end();
  }

  stopped(node: Node, row: ShutdownRow | undefined): void {
    // Another release, or the shutdown of a scope, has called it.
    if (this.#stopping?.inFlight.has(node)) this.#stopping.stopped(node, row);
  }

  told(it: Dependent, row: ShutdownRow): void {
    if (this.#left.has(it)) this.#rows.push(row);
  }

  ended(it: Dependent): void {
    // After a deadline, its `stop` may never end.
    this.stopped(it as Node, undefined);
    if (!this.#left.delete(it)) return;
    const node = it as Node;
    // The deadline of a shutdown has passed.
    if (node.state === DISPOSING) this.#rows.push(rowOf(it, "abandoned", now() - this.#since));
    if (node.state === BUILT) {
      // There was nothing to dispose.
      node.state = DISPOSED;
      node.value = undefined;
    }
    node.rows = undefined;
    const gate = this.#gates.get(it);
    if (gate) this.#toOpen.push(gate);
    if (node.previous !== undefined) this.#gone.set(it.scope, (this.#gone.get(it.scope) ?? 0) + 1);
    for (const other of this.#edges.get(it) ?? []) this.#count(other, -1);
    this.#proceed();
  }

  #end(): void {
    this.#isOver = true;
    // What others depend on comes first, so that a factory that calls `get` finds it.
    for (const gate of this.#toOpen.reverse()) gate.open();
    this.#index.listeners.delete(this);
    for (const [scope, count] of this.#gone) sweep(scope, count);
    this.#report.ok = this.#rows.every(({ outcome }) => outcome === "disposed");
    this.#report.elapsed = now() - this.#since;
    void Promise.all(this.#before).then(() => this.#resolve(this.#report));
  }
}

/** Stops a part of what there is. */
class PartStopping extends Stopping {
  readonly #toStop: () => Node[];

  constructor(scope: ScopeRecord, toStop: () => Node[]) {
    super(scope, undefined);
    this.#toStop = toStop;
  }

  /** Nothing tells it of changes. */
  override proceed(): void {
    this.isStale = true;
    super.proceed();
  }

  override toStop(): Node[] {
    return this.#toStop();
  }

  override toFinish(): Build[] {
    return [];
  }
}

/** Whether a factory has failed because it could not have what is being released. */
function isOurs(error: unknown): boolean {
  return isContainerError(error, "RELEASED") || isContainerError(error, "CIRCULAR_DEPENDENCY");
}
