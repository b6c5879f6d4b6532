/**
 * The records of linked plans: shapes, plans, and what a scope has besides those of the engine.
 *
 * A *shape* says what can be resolved from a scope, and where the instances that live in that scope are kept. Scopes that
 * were opened alike, below the same scope, share one shape. A *plan* says how to get one service in scopes of one shape.
 *
 * @module
 */

import { nextCheck } from "./disposers.ts";
import type { AnyToken } from "../types/dependency.ts";
import { type Definition, IDLE, type Node, type ScopeRecord } from "../model/records.ts";

/** Gives the value of what a plan is for, or `PENDING`, or throws. */
export type Run = (scope: PlannedScope) => unknown;

/** What a plan depends on: another plan, or something that all scopes below the one that registers it share. */
export type Entry = Node | Plan;

/** How to get a service, a tuple or the like in scopes of one shape. It holds nothing of the scopes that it is followed in. */
export class Plan {
  /** Never `BUILT`: `get` looks at the state of nodes and plans alike. */
  declare readonly state: number;
  declare readonly value: undefined;
  declare readonly shape: Shape;
  /** Of what a combinator or a list depends on, one without a token. */
  declare readonly definition: Definition;
  /** The node of the registered provider. Tuples and the like have none, and neither has a value that a scope was given. */
  declare readonly origin: Node | undefined;
  /** One for each dependency, in their order. */
  declare deps: readonly Entry[];
  /** Undefined when it can only be resolved by the engine. */
  declare run: Run | undefined;
  /** Of a scoped service, and of a value that the scopes of this shape were given: its place in the slots. Otherwise -1. */
  declare slot: number;
  /** Of a value that a scope further up was given: how many scopes further up. */
  declare up: number;
  /** How many plans lie below it, at most. */
  declare height: number;
  /** Whether its factory is given a resolver, and resolves what it needs while it runs. */
  declare isDynamic: boolean;
  /** Whether one of its dependencies is made by `defer`. */
  declare isLending: boolean;
  /** The plans with such factories that it leads to, by what is declared. */
  declare dynamics: readonly Plan[];
  /** Whether it has given an instance that belonged to something already, or that takes no mark of its owner. */
  declare isPassingOn: boolean;
  /** The symbol under which an instance has a disposer: see `disposers.ts`. */
  declare readonly symbolIn: (it: object) => symbol | undefined;

  constructor(shape: Shape, definition: Definition, origin?: Node) {
    this.state = IDLE;
    this.value = undefined;
    this.shape = shape;
    this.definition = definition;
    this.origin = origin;
    this.deps = this.dynamics = [];
    this.run = undefined;
    this.slot = -1;
    this.up = this.height = 0;
    this.isDynamic = this.isLending = this.isPassingOn = false;
    this.symbolIn = nextCheck();
  }

  /** Some loggers print a scope member by member. Definitions of values hold instances, which may be secrets. */
  toJSON(): void {}
}

/**
 * What can be resolved from a scope, as a cache that fills when something is resolved: under a token, its plan, or the node
 * that all scopes of this shape share.
 */
export class Shape extends Map<unknown, Entry> {
  /** The shape of the scope above. */
  declare readonly above: Shape | undefined;
  /** The scope that registers providers of its own, and then is the only one of this shape. */
  declare readonly owner: PlannedScope | undefined;
  /** The tokens of the values that each of its scopes was given. They are the first slots. */
  declare readonly given: readonly AnyToken[];
  /** What the slots are for: values that the scopes were given, then scoped services. Dependencies have lower numbers. */
  declare readonly plans: Plan[];
  /** Shapes of scopes below that register nothing but plain values: the last few of them. */
  declare readonly below: Shape[];
  /** Whether one of its services has a `stop`. */
  declare hasStop: boolean;
  /** How often something was resolved from one of its scopes by the engine, before it was linked. */
  declare uses: number;

  constructor(above?: Shape, owner?: PlannedScope, given: readonly AnyToken[] = []) {
    super();
    this.above = above;
    this.owner = owner;
    this.given = given;
    this.plans = [];
    this.below = [];
    this.hasStop = false;
    this.uses = 0;
  }

  toJSON(): void {}
}

/** The shape of scopes for which the engine does everything, until `revive` finds them a better one. */
export const noShape: Shape = /* @__PURE__ */ new Shape();

/** The instances of a scope by the places of their plans. Under a symbol, because loggers print what stands under names. */
export const slots: unique symbol = Symbol("slots");

/** A scope that resolves along plans. */
export interface PlannedScope extends ScopeRecord {
  readonly parent: PlannedScope | undefined;
  shape: Shape;
  /** Where `get` looks first: the shape, or what the engine's rules allow instead. */
  hits: ReadonlyMap<unknown, Entry>;
  /** What the engine has set as `lookup`. */
  linked: ReadonlyMap<unknown, Node>;
  /**
   * What lives in the scope, as long as only plans have built it: the definitions of the values that it was given, and
   * instances; while the scope closes at once, the nodes of those that were disposed. Either this is undefined, or `ownNodes` is.
   */
  [slots]: unknown[] | undefined;
  /** The last place that was filled. As long as places are filled in their order, that is the order of building. */
  lastSlot: number;
  /** The places in the order in which they were filled, once that is another one. */
  order: number[] | undefined;
  /** What dynamic factories have resolved: a plan, and what it depends on because of that, in turns. */
  dynamic: (Plan | Entry[])[] | undefined;
  /** The nodes that own those instances in the slots which have a disposer under a symbol, in order of building. */
  owners: Node[] | undefined;
  /** What the engine sees as `nodes` and `last`: reading those makes nodes of what is in the slots first. */
  ownNodes: Map<object, Node> | undefined;
  ownLast: Node | null;
}
