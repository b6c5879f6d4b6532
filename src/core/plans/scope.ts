/**
 * Scopes that resolve along plans: the scope of the engine, and where plans step in.
 *
 * The engine knows nothing of plans. It reads and writes the members of a scope and of its tree, and some of these are
 * accessors here: reading `nodes` or `last` makes nodes of what plans have built, and writing `lookup`, which the engine does
 * whenever providers, observers or the state of a scope have changed, ends the use of a shape.
 *
 * @module
 */

import { closed, thenable } from "../model/messages.ts";
import {
  type Build,
  BUILT,
  Definition,
  type Guard,
  type Dependents,
  extrasOf,
  type Node,
  noOptions,
  type ScopeRecord,
  type Single,
  type Tell,
  type Tree,
  VALUE,
} from "../model/records.ts";
import { emptyMap, hold, subtree } from "../model/tree.ts";
import { onStack, running } from "../building/running.ts";
import { PENDING } from "../building/waiting.ts";
import { follow as followClosing, get, getAsync, resolverFor } from "../scope/get.ts";
import { addSymbols, getFurther, tellAll, TreeScope } from "../scope/scope.ts";
import { check } from "../model/dependency.ts";
import { cannotResolve } from "../words/thenable.ts";
import { isToken } from "../words/token.ts";
import { register } from "../registry/registry.ts";
import type { AnyToken } from "../types/dependency.ts";
import type { Resolver } from "../types/provider.ts";
import type { CreateContainer, WaitOptions } from "../types/scope.ts";
import type { ShutdownOptions, ShutdownReport } from "../types/shutdown.ts";
import { closeAtOnce, closesAtOnce } from "./close.ts";
import { symbolOf } from "./keep.ts";
import { entryFor, entryOf, planOfValue } from "./link.ts";
import { type Entry, noShape, Plan, type PlannedScope, Shape, slots } from "./records.ts";
import { nothing, settle as settleSlots } from "./settle.ts";
import { follow, forget, isBase, isOnPlans, noteCalled, promote, received, top } from "./stack.ts";

/** How often a scope with providers of its own resolves by the engine before it links plans. */
const resolvesBeforeLinking = 50;

/** How often scopes of a shape resolve by the engine before plans are linked: the only scope of a shape, and scopes that share one. */
const resolvesOfOwner = 20;
const resolvesOfShared = 2;

/** How many shapes of scopes below are remembered. */
const maxBelow = 8;

class FastScope extends TreeScope implements PlannedScope {
  declare readonly parent: FastScope | undefined;
  declare shape: Shape;
  declare hits: ReadonlyMap<unknown, Entry>;
  declare linked: ReadonlyMap<unknown, Node>;
  declare [slots]: unknown[] | undefined;
  declare lastSlot: number;
  declare order: number[] | undefined;
  declare dynamic: (Plan | Entry[])[] | undefined;
  declare owners: Node[] | undefined;
  declare ownNodes: Map<object, Node> | undefined;
  declare ownLast: Node | null;

  constructor(name: string, parent: FastScope | undefined) {
    super(name, parent);
    if (!parent) (this as { tree: Tree }).tree = new FastTree(this.tree);
    this[slots] = this.order = this.dynamic = this.owners = undefined;
    this.lastSlot = -1;
  }

  override get(dependency: Single): unknown {
    const it = this.hits.get(dependency);
    return it !== undefined && it.state === BUILT && running === undefined
      ? it.value
      : getOrFollow(this, dependency, it);
  }

  override getAsync(dependency: Single, options?: WaitOptions): Promise<unknown> {
    const it = options === undefined ? getAsyncOnPlan(this, dependency) : undefined;
    if (it) return it;
    promote();
    return super.getAsync(dependency, options);
  }

  override has(dependency: Single): boolean {
    promote();
    return super.has(dependency);
  }

  override provide(...providers: unknown[]): this {
    if (provideOnPlan(this, providers)) return this;
    beginChange(this);
    return super.provide(...providers);
  }

  override override(...providers: unknown[]): this {
    beginChange(this);
    return super.override(...providers);
  }

  override createScope(...args: unknown[]): ScopeRecord {
    promote();
    if (!this.isHeld || this.closing) {
      followClosing(this);
      if (this.closing) throw closed(this);
    }
    return open(args, "scope", this);
  }

  override shutdown(options?: ShutdownOptions): Promise<ShutdownReport> {
    if (options === undefined && closesAtOnce(this) && isCurrent(this)) return closeAtOnce(this);
    promote();
    return super.shutdown(options);
  }
}

Object.defineProperty(FastScope.prototype, "constructor", {
  value: TreeScope,
  writable: true,
  configurable: true,
});

/** The members that the engine reads and writes. They are defined here, because they are fields of the class above. */
Object.defineProperties(FastScope.prototype, {
  nodes: {
    get(this: FastScope) {
      if (this[slots] !== undefined) settle(this);
      return this.ownNodes;
    },
    set(this: FastScope, nodes: Map<object, Node> | undefined) {
      if (nodes) promote();
      this[slots] = undefined;
      this.ownNodes = nodes;
    },
  },
  last: {
    get(this: FastScope) {
      if (this[slots] !== undefined) settle(this);
      return this.ownLast;
    },
    set(this: FastScope, last: Node | null) {
      this.ownLast = last;
    },
  },
  lookup: {
    get(this: FastScope) {
      return this.isHeld && this.ownNodes && this.linked !== emptyMap ? this.ownNodes : this.linked;
    },
    set(this: FastScope, lookup: ReadonlyMap<unknown, Node>) {
      if (this[slots] !== undefined) settle(this);
      const hadOwn = this.shape?.owner === this;
      this.shape = noShape;
      this.hits = this.linked = lookup;
      if (hadOwn) forget();
    },
  },
});

/** A tree whose scopes leave everything to the engine while somebody observes, checks or follows what is resolved. */
class FastTree implements Tree {
  declare readonly root: ScopeRecord;
  declare latest: ScopeRecord;
  declare opened: number;
  declare changes: number;
  declare pending: number;
  declare hasStops: boolean;
  declare readonly resolver: Tree["resolver"];
  /** Whether scopes may resolve along plans. */
  isPlain = true;

  #tell: Tell | undefined;
  #guard: Guard | undefined;
  #dependents: Dependents | undefined;
  #nodeOfIo: Tree["nodeOfIo"];

  constructor({ root, latest, opened }: Tree) {
    this.root = root;
    this.latest = latest;
    this.opened = opened;
    this.changes = this.pending = 0;
    this.hasStops = false;
    this.resolver = resolverOf;
  }

  get tell(): Tell | undefined {
    return this.#tell;
  }
  set tell(it) {
    this.#tell = it;
    this.#check();
  }

  get guard(): Guard | undefined {
    return this.#guard;
  }
  set guard(it) {
    this.#guard = it;
    this.#check();
  }

  get dependents(): Dependents | undefined {
    return this.#dependents;
  }
  set dependents(it) {
    this.#dependents = it;
    this.#check();
  }

  get nodeOfIo(): Tree["nodeOfIo"] {
    return this.#nodeOfIo;
  }
  set nodeOfIo(it) {
    this.#nodeOfIo = it;
    this.#check();
  }

  #check(): void {
    promote();
    this.isPlain = !(this.#tell ?? this.#guard ?? this.#dependents ?? this.#nodeOfIo);
    if (this.isPlain) return;
    for (const scope of subtree(this.root) as FastScope[]) leave(scope);
  }
}

/** Makes the resolver of the engine. Using it may begin while the factory of a plan is running. */
function resolverOf(scope: ScopeRecord, dependent: Build | undefined): Resolver {
  const { get, getAsync, has } = resolverFor(scope, dependent);
  const first =
    <A, R>(fn: (it: A) => R) =>
    (it: A): R => {
      promote();
      return fn(it);
    };
  return { get: first(get), getAsync: first(getAsync), has: first(has) } as Resolver;
}

/** Has the engine resolve from a scope, until `revive` finds it a shape. */
function leave(scope: FastScope): void {
  settleSlots(scope);
  scope.shape = noShape;
  scope.hits = scope.lookup;
}

/** Makes nodes of what plans have built in a scope. What a plan is building right now becomes a build. */
function settle(scope: FastScope): void {
  promote();
  settleSlots(scope);
}

/** Comes before providers change. What plans have built depends on what was provided then. */
function beginChange(top: FastScope): void {
  promote();
  for (const scope of subtree(top) as FastScope[]) settleSlots(scope);
}

// ---- Resolving

/** Everything that is not built, or not in the first map. */
function getOrFollow(scope: FastScope, dependency: Single, found: Entry | undefined): unknown {
  const it = isOnPlans() ? getWithin(scope, dependency) : getOnPlan(scope, dependency, found);
  if (it === unplanned) {
    promote();
    return getFurther(scope, dependency, undefined);
  }
  return it === PENDING ? get(scope, received(it, dependency), undefined) : it;
}

/** Stands for a value that only the engine can resolve. */
const unplanned: object = {};

/** Gives the value, `PENDING` or `unplanned`, or throws. */
function getOnPlan(scope: FastScope, dependency: Single, found: Entry | undefined): unknown {
  if (running !== undefined || top !== 0 || scope.closing !== undefined) return unplanned;
  let it = found;
  if (it === undefined || (it as Plan).shape !== scope.shape) {
    if (!isCurrent(scope)) return unplanned;
    const { shape } = scope;
    // Linking pays where something is resolved more often than in a container for one test.
    if (shape.uses < (shape.owner ? resolvesOfOwner : resolvesOfShared)) {
      shape.uses++;
      return unplanned;
    }
    it = entryOf(shape, scope, dependency);
    if (it === undefined && !isToken(dependency)) {
      check(dependency, "what is resolved");
      it = entryFor(shape, scope, dependency, 0);
    }
    if (it === undefined) return unplanned;
  }
  const { run } = it as Plan;
  if (run !== undefined) return follow(scope, run);
  return it.state === BUILT ? it.value : unplanned;
}

/** The same while a factory on the stack of plans calls a scope: only for what is there already. */
function getWithin(scope: FastScope, dependency: Single): unknown {
  if (scope.closing !== undefined || !isCurrent(scope)) return unplanned;
  const it = entryOf(scope.shape, scope, dependency);
  let value: unknown;
  if (it === undefined) return unplanned;
  if (it.state === BUILT) ({ value } = it);
  else if ((it as Plan).slot < scope.shape.given.length || !isBase(scope)) return unplanned;
  else if ((value = scope[slots]?.[(it as Plan).slot]) === undefined) return unplanned;
  noteCalled(it);
  return value === nothing ? undefined : value;
}

/** A promise of what was resolved, as the engine's `getAsync` makes it. */
function getAsyncOnPlan(scope: FastScope, dependency: Single): Promise<unknown> | undefined {
  let it: unknown;
  try {
    it = getOnPlan(scope, dependency, undefined);
  } catch (error) {
    return Promise.reject(error as Error);
  }
  if (it === unplanned) return undefined;
  if (it === PENDING) return getAsync(scope, received(it, dependency), undefined);
  return cannotResolve(it) ? Promise.reject(thenable()) : new Promise((resolve) => resolve(it));
}

/**
 * Whether a scope has the shape that it should have, which it is given if it may have one. Otherwise the engine has to resolve.
 */
function isCurrent(scope: FastScope): boolean {
  let isStale = scope.shape === noShape;
  for (let at = scope; !at.isHeld; at = at.parent!) {
    const { closing, shape } = at.parent!;
    if (closing) return false;
    if (at.shape.above !== shape) isStale = true;
  }
  return isStale ? revive(scope) : true;
}

/** Gives a scope, and those above it, a shape. */
function revive(scope: FastScope): boolean {
  if (!(scope.tree as FastTree).isPlain || scope.closing?.report) return false;
  const { parent } = scope;
  // Linking pays where something is resolved often. Most scopes with providers of their own end before that.
  if (parent && scope.ownNodes !== undefined && ++scope.lastSlot < resolvesBeforeLinking) return false;
  if (parent && !isCurrent(parent)) return false;
  const above = parent?.shape;
  if (scope.ownNodes !== undefined || !above) scope.shape = new Shape(above, scope);
  else {
    // Nothing is built in it, or it would have been settled.
    const values = scope[slots]?.slice(0, scope.shape.given.length) ?? [];
    scope.shape = shapeBelow(above, values as Definition[]);
  }
  if (scope.isHeld) scope.hits = scope.shape;
  return true;
}

/** The shape of scopes that are given these values, from the place `from` on. */
function shapeBelow(above: Shape, values: readonly Definition[], from = 0): Shape {
  const length = values.length - from;
  const { below } = above;
  outer: for (let i = 0; i < below.length; i++) {
    const { given } = below[i]!;
    if (given.length !== length) continue;
    for (let at = 0; at < length; at++) if (given[at] !== values[from + at]!.token) continue outer;
    return below[i]!;
  }
  const given: readonly AnyToken[] = values.slice(from).map(({ token }) => token);
  const shape = new Shape(above, undefined, given);
  given.forEach((token, slot) => shape.plans.push(planOfValue(shape, token as never, slot)));
  below.push(shape);
  if (below.length > maxBelow) below.shift();
  return shape;
}

// ---- Opening

/** Opens a scope. One that is given nothing, or plain values, shares its shape with others. */
function open(args: unknown[], fallback: string, parent?: FastScope): FastScope {
  const first = args.length > 0 ? args[0] : fallback;
  const isNamed = typeof first === "string";
  const name = isNamed ? first : fallback;
  const from = args.length > 0 && (isNamed || first === undefined) ? 1 : 0;
  const scope = new FastScope(name, parent);
  const shape =
    parent && (parent.tree as FastTree).isPlain && isCurrent(parent) && shapeFor(args, from, parent);
  if (shape) openOnPlan(scope, shape, parent, args as Definition[], from);
  else {
    const providers = from === 1 ? args.slice(1) : args;
    const registered = providers.length > 0 ? register(scope, providers) : [];
    if (scope.tree.tell) hold(scope);
    else if (parent?.isHeld && parent.nodes) extrasOf(parent).lends = true;
    scope.tree.tell?.("scopeOpened", scope);
    tellAll(scope, "registered", registered);
  }
  return scope;
}

function openOnPlan(
  scope: FastScope,
  shape: Shape,
  parent: FastScope,
  args: Definition[],
  from: number,
): void {
  scope.shape = shape;
  const count = args.length - from;
  if (count > 0) {
    const filled = (scope[slots] = new Array<unknown>(shape.plans.length));
    for (let at = 0; at < count; at++) filled[at] = args[from + at];
    scope.lastSlot = count - 1;
    scope.hits = scope.linked = emptyMap;
  } else if (parent.isHeld && parent.nodes) extrasOf(parent).lends = true;
}

/** Gives plain values to a scope in which nothing is built, and below which nothing is known. */
function provideOnPlan(scope: FastScope, providers: unknown[]): boolean {
  const { parent, shape } = scope;
  if (!parent || scope.ownNodes || scope.order || scope.lastSlot >= shape.given.length) return false;
  if (scope.child || scope.extras || scope.closing || onStack().size > 0 || !isCurrent(scope)) return false;
  const all = [...(scope[slots]?.slice(0, shape.given.length) ?? []), ...providers];
  const next = shapeFor(all, 0, parent);
  if (!next) return false;
  scope.tree.changes++;
  openOnPlan(scope, next, parent, all as Definition[], 0);
  if (scope.isHeld) scope.hits = next;
  return true;
}

/** The shape of a scope with these providers, if they are plain values, for different tokens, that nothing has to own. */
function shapeFor(args: unknown[], from: number, parent: FastScope): Shape | undefined {
  for (let at = from; at < args.length; at++) {
    const it = args[at];
    if (!(it instanceof Definition) || it.lifetime !== VALUE || it.options !== noOptions) return undefined;
    if (it.dependencies.length > 0) return undefined;
    for (let other = from; other < at; other++)
      if ((args[other] as Definition).token === it.token) return undefined;
  }
  const shape = shapeBelow(parent.shape, args as Definition[], from);
  for (let at = from; at < args.length; at++)
    if (symbolOf(shape.plans[at - from]!, (args[at] as Definition).make)) return undefined;
  return shape;
}

/** Opens a container whose scopes resolve along plans. Otherwise it is the one of the engine. */
export const createContainer: CreateContainer = ((...args: unknown[]) => {
  const prototype = TreeScope.prototype as unknown as Record<symbol, unknown>;
  if (!prototype[Symbol.toStringTag]) addSymbols(prototype);
  return open(args, "root");
}) as never;
