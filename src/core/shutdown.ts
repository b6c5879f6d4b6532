/**
 * Shutdown: undoing what was built, each instance once everything that holds on to it is gone.
 *
 * Scopes close whole, the lower ones first; within a scope the order follows the edges between instances, one by one
 * and not level by level, so a slow service delays only what it depends on. Everything stays synchronous until a
 * disposal really returns a promise: a page that is going away gets no second turn.
 *
 * @module
 */

import { current, drain, fail, onBehalf, pending, waitedFor } from "./build.ts";
import { closed } from "./failures.ts";
import {
  type Build,
  BUILT,
  DISPOSING,
  GONE,
  type Holder,
  holderOf,
  IDLE,
  isHeldUp,
  Node,
  OUTSIDE,
  RUNNING,
} from "./node.ts";
import { isWatched, tell, tellOf, watch } from "./observer.ts";
import { isThenable } from "./promise.ts";
import { live } from "./registry.ts";
import { nameOf } from "./token.ts";
import { detach, type LocalScope, nowhere, signalIn, subtree } from "./tree.ts";
import type { ShutdownOptions, ShutdownReport, ShutdownRow } from "./types/shutdown.ts";
import { type Controller, now, symbolOf, web } from "./web.ts";

/** The closing of one scope. */
export class Shutdown {
  declare readonly reason: unknown;
  readonly since: number = now();
  /** When something last happened. Read once per disposal: a clock costs more than most of them. */
  clock: number = this.since;
  /** What was undone, here and below, in order of completion. */
  readonly rows: ShutdownRow[] = [];
  /** Whether disposing has begun here: all scopes below are closed. */
  begun = false;
  /** Instances, and builds in flight, that are not settled. */
  left = 0;
  /** Instances that nothing holds on to any more. */
  readonly ready: Holder[] = [];
  /** Nobody waits any longer. */
  expired = false;
  /** Aborts at the deadline. */
  declare controller?: Controller | undefined;
  declare resolve: (report: ShutdownReport) => void;
  readonly promise: Promise<ShutdownReport> = new Promise((resolve) => (this.resolve = resolve));
  /** Once it is over. */
  declare report?: ShutdownReport;

  constructor(reason: unknown) {
    this.reason = reason;
  }
}

/** Closes a scope and everything below it. Joins a shutdown that is under way. */
export function shutdown(scope: LocalScope, options: ShutdownOptions = {}): Promise<ShutdownReport> {
  const { timeout, signal, reason } = options;
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0))
    throw new TypeError("timeout is a number of milliseconds");
  // Who shuts down may be a factory, and then the builds that it runs for are in flight.
  for (let build = current; build; build = build.asker) pending(build);
  // What disposers ask for is nobody's dependency.
  return onBehalf(undefined, () => {
    const fresh = close(scope, reason);
    const closing = scope.closing!;
    if (!closing.report && (signal || timeout !== undefined)) limit(scope, timeout, signal);
    // The lower ones first.
    fresh.reverse().forEach(proceed);
    return closing.promise;
  });
}

/** From here on nothing new is built, registered or opened, here or below. Gives the scopes that were open. */
function close(top: LocalScope, reason: unknown): LocalScope[] {
  const fresh: LocalScope[] = [];
  for (const scope of subtree(top)) {
    const { closing, parent } = scope;
    if (!closing) {
      scope.closing = new Shutdown(reason);
      fresh.push(scope);
    } else if (fresh.includes(parent!)) {
      // It was closing before, and what it has undone so far belongs into the reports above as well.
      for (const row of closing.rows) add(row, parent);
    }
  }
  for (const { controller, nodes } of fresh) {
    controller?.abort(reason);
    for (const it of nodes?.values() ?? []) refuse(it);
  }
  drain(true);
  return fresh;
}

/** Ends a build whose factory was not called yet, or a question. The factories that were are waited for. */
function refuse(it: Node | Build): void {
  const build = it instanceof Node ? it.build : it;
  // With a failure it is about to end anyway.
  if (!build || !isHeldUp(build) || build.failure) return;
  const { definition, scope, asker } = build;
  fail(build, closed(scope, definition.token ?? waitedFor(build)[0]?.definition.token, asker));
}

/** Whether it is there to be disposed. A value is, also if nobody asked for it. */
function isDue(it: Holder): it is Node {
  const { state, definition, build } = it as Node;
  return state === BUILT || (definition.kind === "value" && state === IDLE && !build);
}

/** What shutdown waits for: instances, and builds whose factory was called. */
function unsettled({ nodes }: LocalScope): Holder[] {
  return [...(nodes?.values() ?? [])].filter(
    (it) => isDue(it) || (it instanceof Node ? it.build || it.state === DISPOSING : it.phase === RUNNING),
  );
}

/** Begins to dispose, now that all scopes below are closed. */
function begin(scope: LocalScope): void {
  const closing = scope.closing!;
  if (closing.begun) return;
  const all = unsettled(scope);
  closing.begun = true;
  closing.left = all.length;
  // What is still being built has one more reason to stay.
  for (const it of all) it.count = isDue(it) ? 0 : 1;
  for (const { holds } of all) if (holds) for (const held of holds) if (held.scope === scope) held.count++;
  for (const it of all) if (it.count === 0) closing.ready.push(it);
}

/** Disposes whatever is ready, closes the scope when nothing is left, and goes on with the scope above. */
function proceed(from: LocalScope): void {
  for (let scope: LocalScope | undefined = from; scope?.closing; scope = scope.parent) {
    const { closing } = scope;
    if (!scope.child) begin(scope);
    // From the end: where nothing else decides, the youngest goes first.
    for (let it; (it = closing.ready.pop());) {
      // What a disposer has asked for meanwhile waits for that one to go, and is put here again.
      if (it.count !== 0) continue;
      it.count = 1;
      undo(it);
    }
    if (scope.child || closing.left > 0 || closing.report) return;
    end(scope);
  }
}

/** Closes the scope and tells everybody. */
function end(scope: LocalScope): void {
  const { parent, tree } = scope;
  const closing = scope.closing!;
  const { rows, since, clock } = closing;
  const elapsed = clock - since;
  const report = { ok: rows.every(({ outcome }) => outcome === "disposed"), elapsed, services: rows };
  closing.report = report;
  detach(scope);
  // Whoever still holds the scope shall not hold what was in it.
  scope.own = scope.nodes = scope.child = scope.controller = undefined;
  scope.quick = nowhere;
  if (isWatched(scope)) {
    tell(scope, "scopeClosed", { elapsed, report });
    watch(
      tree,
      tree.watches.filter((it) => it.scope !== scope),
    );
  }
  closing.resolve(report);
  if (parent?.closing) parent.closing.clock = clock;
}

// ---- Disposing

/** Disposes one instance, if there is anything to undo. */
function undo(node: Holder): void {
  const { scope, definition } = node;
  const { dispose, owned } = definition.options;
  const { closing } = scope;
  const since = closing?.clock ?? now();
  if (!isDue(node)) return settled(node);
  let failure: object | undefined;
  try {
    const { value } = node;
    // A value that is lent is left alone, and so is a scope of this tree: the tree closes it.
    const isLent = (definition.kind === "value" && !owned) || isOfItsTree(scope, value);
    const method = dispose ?? (isLent ? undefined : disposerOf(value));
    if (!method) return settled(node);
    node.state = DISPOSING;
    if (isWatched(scope)) tellOf(node, "disposing");
    if (closing?.expired) release(node);
    // Only one that was written for it is given the signal.
    const result = dispose
      ? dispose(value, signalIn(closing ?? {}, closing?.expired) as never)
      : (method as () => unknown).call(value);
    if (isThenable(result)) return void settle(node, since, result);
  } catch (error) {
    failure = { error };
  }
  disposed(node, since, failure);
}

/** Waits for a disposal that returned a promise. */
async function settle(node: Node, since: number, promise: unknown): Promise<void> {
  const { scope } = node;
  let failure: object | undefined;
  node.since = since;
  // Whatever is undone next begins now.
  if (scope.closing) scope.closing.clock = now();
  try {
    await promise;
  } catch (error) {
    failure = { error };
  }
  disposed(node, since, failure);
  proceed(scope);
}

/** Whether it is a scope of the same tree. By its prototype first: reading a property takes long, as below. */
function isOfItsTree(scope: LocalScope, it: unknown): boolean {
  const isScope = Object.getPrototypeOf(Object(it)) === Object.getPrototypeOf(scope);
  return isScope && (it as LocalScope).tree === scope.tree;
}

/**
 * The method that the language itself has for it. By reflection: of a thousand classes no cache remembers which of them
 * has which symbol, and a property that no cache knows takes several times as long.
 */
function disposerOf(value: unknown): (() => unknown) | undefined {
  const it = Object(value) as object;
  return Reflect.get(it, symbolOf("asyncDispose")) ?? Reflect.get(it, symbolOf("dispose"));
}

/** One disposal is over; `failure` holds what it threw. */
function disposed(node: Node, since: number, failure?: object): void {
  const { scope } = node;
  const clock = now();
  const elapsed = clock - since;
  node.state = GONE;
  node.value = undefined;
  if (scope.closing) scope.closing.clock = clock;
  if (isWatched(scope)) tellOf(node, "disposed", { elapsed, ...failure });
  note(node, failure ? "failed" : "disposed", elapsed, failure);
  settled(node);
}

/** Reports what became of it. */
function note(
  { scope, definition }: Holder,
  outcome: ShutdownRow["outcome"],
  elapsed: number,
  failure?: object,
): void {
  const token = nameOf(definition.token);
  add({ scope: scope.name, scopeId: scope.id, token, outcome, elapsed, ...failure }, scope);
}

/** Adds a row to the report of a scope, and to every one above that is still open. */
function add(row: ShutdownRow, scope: LocalScope | undefined): void {
  for (let at = scope; at?.closing && !at.closing.report; at = at.parent) at.closing.rows.push(row);
}

/** Nothing more will come of it. */
function settled(holder: Holder): void {
  const { nodes, closing } = holder.scope;
  if (closing?.begun) closing.left--;
  // Not at shutdown: an instance whose `init` failed. Nobody else knows it.
  else nodes?.delete(holder);
  release(holder);
}

/** Lets go of what it held on to. Past the deadline that is when disposing begins, and then not a second time. */
function release(holder: Holder): void {
  const { holds, scope } = holder;
  holder.holds = undefined;
  holder.count = OUTSIDE;
  if (holds)
    for (const held of holds) if (held.scope === scope && --held.count === 0) scope.closing!.ready.push(held);
}

/** A build ended while its scope was closing: with an instance, which is undone, or without one. */
export function arrived(holder: Holder): void {
  const { closing } = holder.scope;
  if (--holder.count! === 0) {
    closing!.clock = now();
    closing!.ready.push(holder);
    // Whoever's factory is running: what a disposer asks for is nobody's dependency.
    onBehalf(undefined, () => proceed(holder.scope));
  }
}

/** Disposes an instance that nobody will receive. */
export function discard(build: Build, value: unknown): void {
  const { definition, scope } = build;
  const ghost = new Node(definition, scope);
  const { closing } = scope;
  ghost.state = BUILT;
  ghost.value = value;
  ghost.holds = holderOf(build).holds;
  if (!closing?.report) live(ghost);
  if (closing) closing.clock = now();
  if (closing?.begun) {
    closing.left++;
    for (const held of ghost.holds ?? []) held.count++;
  }
  onBehalf(undefined, () => {
    undo(ghost);
    // Its disposer may have shut down.
    proceed(scope);
  });
}

// ---- The deadline

function limit(scope: LocalScope, timeout: number | undefined, signal: ShutdownOptions["signal"]): void {
  const expired = (): void => void expire(scope);
  // More ms than a timer can count are as good as none.
  const timer = timeout! < 2 ** 31 && web.setTimeout?.(expired, timeout!);
  signal?.addEventListener("abort", expired);
  if (signal?.aborted) expired();
  void scope.closing!.promise.then(() => {
    web.clearTimeout?.(timer);
    signal?.removeEventListener("abort", expired);
  });
}

/** Begins at once, in order, whatever had not begun, and ends without waiting for it. */
async function expire(top: LocalScope): Promise<void> {
  const all = subtree(top).reverse();
  for (const { closing: each } of all) {
    each!.expired = true;
    each!.clock = now();
    each!.controller?.abort();
  }
  for (const scope of all) {
    begin(scope);
    // What has not ended counts as gone.
    for (const it of unsettled(scope)) {
      if (isDue(it)) continue;
      release(it);
      // A build is undone when it ends.
      if ((it as Node).state !== DISPOSING) it.count = 1;
    }
    proceed(scope);
  }
  // A turn later: a disposal that had nothing to wait for counts as done.
  await undefined;
  for (const scope of all) {
    const each = scope.closing!;
    for (const it of unsettled(scope)) {
      if (it.definition.kept && !isDue(it)) note(it, "abandoned", now() - ((it as Node).since ?? each.since));
    }
    each.left = 0;
    proceed(scope);
  }
}
