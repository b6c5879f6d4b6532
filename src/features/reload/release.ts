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
import { chainTo, dependentIn, route, waitedFor } from "../../core/model/edges.ts";
import { closed, pathOver } from "../../core/model/messages.ts";
import {
  Build,
  BUILT,
  type Dependent,
  DISPOSED,
  DISPOSING,
  IDLE,
  type Node,
  type Released,
  RUNNING,
  type ScopeRecord,
  TRANSIENT,
  type Tree,
} from "../../core/model/records.ts";
import { encloses } from "../../core/model/tree.ts";
import { reportUnheard, rowOf } from "../../core/building/reporting.ts";
import { isToStop, Stopping } from "../../core/shutdown/stopping.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { ShutdownReport, ShutdownRow } from "../../core/types/shutdown.ts";
import { CircularDependencyError, type ContainerError, isContainerError } from "../../core/words/errors.ts";
import { nameOf } from "../../core/words/token.ts";
import { onDeadline } from "../../core/words/deadline.ts";
import { now } from "../../core/words/web.ts";
import { type Affected, affectedBy, type Change } from "./affected.ts";
import { type Index, indexOf, type Listener } from "./dependents.ts";
import { PartStopping } from "./part-stopping.ts";
import { beginAnew, Gate, gateOf, isUnderWay, released } from "./pending.ts";
import { forget, isAt, keyOf, sweep, successorOf } from "./places.ts";

/** Releases services of a scope. */
export function releaseAll(scope: ScopeRecord, change: Change): Promise<ShutdownReport> {
  if (scope.closing) throw closed(scope);
  return new Release(scope, change).begin();
}

class Release implements Listener, Released {
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
  /** What was in the place of a node before, and has to be disposed before that is built. */
  readonly #predecessors = new Map<Node, Node>();
  readonly #lost = new Set<Node>();
  /** The tokens under which something else is found than before. */
  readonly #tokens = new Set<AnyToken>();
  /** A build whose factory is refused to wait for its own end. It is left as it is. */
  #refused: Build | undefined;
  /** How many instances of each scope are gone that the scope still lists. */
  readonly #gone = new Map<ScopeRecord, number>();
  /** In the order in which what was behind them has ended: dependents first. */
  readonly #toOpen: Gate[] = [];
  /** What other releases have begun to dispose in the same places, and when those are done. */
  readonly #before = new Map<Node, Promise<void>>();
  readonly #ready: Node[] = [];
  readonly reason: unknown;
  /** The deadline has passed. */
  expired = false;
  #isReplaced = false;
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
    this.reason = change.options?.reason;
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
    this.#limit();
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

  #affected(): Affected {
    // A scope that has closed meanwhile finds nothing any more.
    for (const it of this.#change.own()) this.#own.add(it);
    return affectedBy(this.#scope, this.#tree, this.#index, this.#change, this.#own, this.#refused);
  }

  // ---- Stop

  #stop(): void {
    const toStop = (): Node[] => [...this.#affected().nodes].filter(isToStop);
    if (this.#change.isAtOnce || !this.#tree.hasStops || toStop().length === 0) return this.#replace();
    const stopping = new PartStopping(this.#scope, toStop, this.reason);
    this.#stopping = stopping;
    this.#index.listeners.add(this);
    if (this.expired) void stopping.expire();
    else stopping.proceed();
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
      for (const it of [...this.#own, ...(this.#change.under?.() ?? [])])
        this.#tokens.add(it.definition.token);
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
        if (successor && this.#left.has(it)) {
          this.#gates.set(it, new Gate(successor, doomed));
          this.#predecessors.set(successor, it);
        }
        // What was in its place before may not be disposed yet.
        else if (successor !== it) gateOf(it)?.moveTo(successor);
      }
      // A release that has begun before is not over yet. A disposer cannot wait for it.
      for (const it of this.#own) {
        const gate = ending ? undefined : gateOf(it);
        if (gate) this.#before.set(it, gate.opened);
      }
      this.#isReplaced = true;
      this.#index.listeners.add(this);
      for (const [it, count] of [...this.#left].reverse()) if (count === 0) this.#ready.push(it as Node);
      this.#proceed();
      if (this.expired) void this.#hurry();
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
      (it as Node).rows = this;
      this.#tokens.add(it.definition.token);
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
    if (failure && !isOurs(failure.error)) {
      // The report is complete.
      if (this.#isOver) reportUnheard(it, failure.error);
      else
        this.#rows.push(rowOf(it, "failed", now() - this.#since, { error: failure.error, phase: "build" }));
    }
    // The core is not done with it yet.
    void Promise.resolve().then(() => {
      if (this.#isOver) this.#disposeLate(node);
      else if (!isService) this.ended(it);
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
      // Its shutdown disposes it, or another release has begun to; or what is disposed has resolved it late.
      if (scope.closing || it.state !== BUILT || this.#left.get(it) !== 0) continue;
      const node = it;
      node.rows = this;
      // What a disposer resolves is no dependency of the factory that is running.
      void runAs(undefined, () => disposeNode(node));
      if (this.expired) this.#pass(node);
    }
    this.#isProceeding = false;
    if (this.#left.size === 0 && !this.#isOver) this.#end();
  }

  stopped(node: Node, row: ShutdownRow | undefined): void {
    // Another release, or the shutdown of a scope, has called it.
    if (this.#stopping?.inFlight.has(node)) this.#stopping.stopped(node, row);
  }

  told(it: Dependent, row: ShutdownRow): boolean {
    const isWaiting = this.#left.has(it);
    if (isWaiting) this.#rows.push(row);
    return isWaiting;
  }

  row(it: Dependent, row: ShutdownRow): void {
    const isReported = this.#index.row(it, row);
    // It was abandoned, and nobody reads of it. With the reason of its signal it has failed because of that.
    const isNews = row.error !== undefined && row.error !== (it as Node).controller?.signal.reason;
    if (!isReported && isNews) reportUnheard(it as Node, row.error);
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
    this.#opens(it);
    if (node.previous !== undefined) this.#gone.set(it.scope, (this.#gone.get(it.scope) ?? 0) + 1);
    this.#pass(it);
    this.#proceed();
  }

  /** What stands in its place by now may be built once all is over. */
  #opens(it: Dependent): void {
    const gate = this.#gates.get(it);
    if (gate) this.#toOpen.push(gate);
  }

  #end(): void {
    this.#isOver = true;
    // What others depend on comes first, so that a factory that calls `get` finds it.
    for (const gate of this.#toOpen.reverse()) gate.open();
    this.#index.listeners.delete(this);
    for (const it of this.#lost) it.scope.nodes?.delete(it);
    for (const [scope, count] of this.#gone) sweep(scope, count);
    this.#report.ok = this.#rows.every(({ outcome }) => outcome === "disposed");
    this.#report.elapsed = now() - this.#since;
    if (this.expired) this.#abandonOthers();
    else void Promise.all(this.#before.values()).then(() => this.#resolve(this.#report));
  }

  // ---- The deadline

  #limit(): void {
    const { options } = this.#change;
    if (!options) return;
    const over = onDeadline(options, () => this.#expire());
    void this.#promise.then(over, over);
    if (options.signal?.aborted) this.#expire();
  }

  #expire(): void {
    if (this.expired) return;
    this.expired = true;
    for (const it of this.#left.keys()) (it as Node).controller?.abort();
    if (this.#isOver) this.#abandonOthers();
    else if (this.#isReplaced) void this.#hurry();
    else void this.#stopping?.expire();
  }

  /** Begins at once, in order, whatever had not begun, and waits for nothing. */
  async #hurry(): Promise<void> {
    for (const it of this.#left.keys()) {
      if ((it as Node).state === BUILT) continue;
      (it as Node).cleanup?.hurry?.();
      this.#pass(it);
    }
    this.#proceed();
    // One turn later, because a disposal that had nothing to wait for is not abandoned.
    await undefined;
    for (const it of [...this.#left.keys()]) {
      if (it.definition.lifetime < TRANSIENT)
        this.#rows.push(rowOf(it, "abandoned", now() - ((it as Node).since ?? this.#since)));
      this.#left.delete(it);
      this.#opens(it);
    }
    this.#proceed();
  }

  /** What is in flight no longer keeps waiting what it depends on. */
  #pass(it: Dependent): void {
    const edges = this.#edges.get(it);
    this.#edges.delete(it);
    for (const other of edges ?? []) this.#count(other, -1);
  }

  #abandonOthers(): void {
    for (const it of this.#before.keys())
      if (gateOf(it)) this.#rows.push(rowOf(it, "abandoned", now() - this.#since));
    this.#report.ok = this.#rows.every(({ outcome }) => outcome === "disposed");
    this.#resolve(this.#report);
  }

  /** A factory that was abandoned has made an instance, which nobody receives. */
  #disposeLate(node: Node | undefined): void {
    if (node?.state !== BUILT || node.scope.closing) return;
    node.rows = this;
    void runAs(undefined, () => disposeNode(node));
    sweep(node.scope, 1);
  }

  // ---- What is resolved meanwhile

  find(node: Node, dependent: Build | undefined): Node | undefined {
    const { definition, build, state } = node;
    const { token } = definition;
    if (state === BUILT && !this.#tokens.has(token)) return undefined;
    const { user, isDirect, chain } = this.#userOf(dependent);
    if (user && isDirect) {
      const before = this.#givenTo(user, token, node);
      if (before) return before;
      if (user instanceof Build && state !== BUILT) throw released(user);
    }
    // What a disposer begins while it is on the stack, it may wait for.
    const disposing = (user as Node | undefined)?.state === DISPOSING ? user : this.#disposing(chain);
    if (!build || !disposing) return undefined;
    if (!route(build, (it) => this.#isClosed(it), waitedFor)) return undefined;
    throw new CircularDependencyError(
      `resolve "${nameOf(token)}": the disposal of "${nameOf(disposing.definition.token)}" would wait for its own end`,
      pathOver([...(chain.includes(disposing) ? [] : [disposing]), ...chain, node]),
      "use what it was given",
    );
  }

  lost(token: AnyToken, dependent: Build | undefined): Node | undefined {
    if (!this.#tokens.has(token)) return undefined;
    const { user, isDirect } = this.#userOf(dependent);
    const it = user && isDirect ? this.#givenTo(user, token) : undefined;
    // Looking the instance of a scoped service up from its node leaves an entry.
    if (it) this.#lost.add(it);
    return it;
  }

  /** What is going and resolves something, if there is any, and whether it receives that itself. */
  #userOf(dependent: Build | undefined) {
    const chain = chainTo(dependent);
    const isGoing = (it: Dependent): boolean =>
      this.#left.has(it) || (it instanceof Build && this.#left.has(it.node!));
    const at = chain.findLastIndex(isGoing);
    // What is kept will stay.
    const isDirect = chain.slice(at + 1).every((it) => it.definition.lifetime >= TRANSIENT);
    return { user: chain[at] ?? this.#disposing(chain), isDirect, chain };
  }

  /** The disposer on the stack that has begun a chain of builds, which it may wait for. */
  #disposing(chain: readonly Dependent[]): Node | undefined {
    const isFresh = chain.every((it) => !(it instanceof Build) || it.missing === undefined);
    return isFresh && ending && this.#left.has(ending) ? ending : undefined;
  }

  /** What something that is going was given, or what is there still, where something else is found by now, or nothing. */
  #givenTo(user: Dependent, token: AnyToken, node?: Node): Node | undefined {
    const of = user instanceof Build ? dependentIn(user) : user;
    const known = this.#edges.get(of) ?? [];
    const isIt = (it: Dependent): it is Node =>
      it.definition.token === token && (it as Node).state === BUILT && it !== node;
    const all = [...known, ...(of.edges ?? [])].filter(isIt);
    const there = (): Dependent | undefined =>
      node
        ? this.#predecessors.get(node)
        : [...this.#left.keys()].find((it) => isIt(it) && encloses(it.scope, of.scope));
    const before = all.find((it) => it.scope === node?.scope) ?? all[0] ?? there();
    if (!before || !isIt(before)) return undefined;
    if (this.#left.has(before) && !known.includes(before) && !this.expired) {
      // It goes after this one from now on.
      this.#edges.set(of, [...known, before]);
      this.#count(before, 1);
    }
    return before;
  }

  /** Whether it is the build of a node that cannot be built before this release is over. */
  #isClosed({ node }: Build): boolean {
    return node !== undefined && this.#predecessors.has(node) && gateOf(node) !== undefined;
  }
}

/** Whether a factory has failed because it could not have what is being released. */
function isOurs(error: unknown): boolean {
  return isContainerError(error, "RELEASED") || isContainerError(error, "CIRCULAR_DEPENDENCY");
}
