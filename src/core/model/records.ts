/**
 * The records that the engine works on: definitions, nodes, builds and scopes.
 *
 * - A *definition* is what `singleton()` and its siblings return: how to build something. It knows no container.
 * - A *node* is one definition in one scope, and its instance once that is built. A registered provider gets its node
 *   when it is first resolved; a scoped provider gets one more node in each scope that its instances live in.
 * - A *build* is one run of a definition. It knows which build resolved it, what it waits for and what waits for it,
 *   and it is dropped when it is over. Transients, aliases, tuples and waiting callers have builds and no instance of
 *   their own in a node.
 *
 * There are two kinds of edges. Builds point at the builds that they wait for: cycles are found along these. Instances
 * point at the instances that they depend on: shutdown follows these.
 *
 * This file holds data and no behaviour, and it imports nothing at run time. Only then does esbuild write the numbers
 * below in place of their names.
 *
 * @module
 */

import type { AnyToken } from "../types/dependency.ts";
import type { ScopedOptions, ValueOptions } from "../types/options.ts";
import type { ProviderKind, Resolver } from "../types/provider.ts";
import type { ScopeState } from "../types/scope.ts";
import type { ShutdownOptions, ShutdownReport, ShutdownRow } from "../types/shutdown.ts";
import type { Controller } from "../words/web.ts";

// ---- The state of a node

/** Not built, or being built for the first time. */
export const IDLE = 0;
export const BUILT = 1;
export const DISPOSING = 2;
export const DISPOSED = 3;

// ---- The phase of a build

/** Nothing was resolved for it yet. When the stack is deep, that is put off. */
export const NEW = 0;
/** It waits for some of its dependencies. */
export const WAITING = 1;
/** It resolves its dependencies. */
export const RESOLVING = 2;
/** Its factory was called. */
export const RUNNING = 3;
/** It is over, with an instance or with an error. */
export const DONE = 4;

// ---- The lifetimes of definitions. Instances of the first three are kept in a scope and shared.

export const VALUE = 0;
export const SINGLETON = 1;
export const SCOPED = 2;
/** From here on, nothing is kept: the definition is run again at every resolve. */
export const TRANSIENT = 3;
/** From here on, nothing is made either: aliases, tuples and waiting callers pass on what they resolve. */
export const ALIAS = 4;

const kinds: readonly ProviderKind[] = ["value", "singleton", "scoped", "transient", "alias"];

/** The empty list, for everything without dependencies. */
export const none: readonly never[] = [];

// ---- Dependencies

/** What a combinator makes: a dependency that knows itself how it is resolved. */
export interface Combinator {
  /** A function that is different in every copy of this library: combinators only work with the copy that made them. */
  readonly madeBy: unknown;
  /** The name of the combinator, for messages and graphs. */
  readonly kind: string;
  /** The dependency it was given, if any. */
  readonly of?: Single;
  /** Of `map`: the function; of `optional`: the fallback. For plans, which do without `resolve`. */
  readonly use?: unknown;
  /** Refuses to be a dependency of such a provider, or at that place. See `check` of `model/dependency.ts`. */
  check(at: string, token: AnyToken | undefined, lifetime: number | undefined): void;
  /** Of `ref`: gives the token. */
  token?(): AnyToken;
  /** Gives the value, or `PENDING`, by resolving on behalf of `dependent`. */
  resolve(scope: ScopeRecord, dependent: Build | undefined): unknown;
  /**
   * Tells whether what it resolves is provided, and adds the providers that it has found to `found`. A combinator without
   * this method needs nothing.
   */
  provided?(scope: ScopeRecord, dependent: Build | undefined, found?: Found): boolean;
  /** Of what looks for providers itself: those that it would resolve, and builds nothing. For tools that show the graph. */
  targets?(scope: ScopeRecord, dependent: Build | undefined): readonly Node[];
  /** Gives what disposes the transients in a value that was resolved with the providers there are now. */
  drop?(scope: ScopeRecord, dependent: Build | undefined): Drop | undefined;
}

/** One dependency: a token, a combinator, or a tuple or a record of dependencies. */
export type Single = AnyToken | Combinator | Dependencies | { readonly [name: string]: Single };
export type Dependencies = readonly Single[];

/** Disposes the transients in a value that nobody receives. `by`: what was to receive it. */
export type Drop = (value: unknown, by: Dependent) => void;

/** Providers that were found, each with the scope from which it was looked up. */
export type Found = Map<Node, ScopeRecord>;

// ---- Definitions

/** The options of all kinds of providers together. */
export interface Options extends ScopedOptions<unknown>, ValueOptions<unknown> {
  /** Only of a replacement: the options of the first original, whose place it takes. */
  readonly original?: Options;
  /** Of what `override` or `fallback` made of a provider: that provider. */
  readonly given?: Definition;
  /** Only of a replacement: the node of what it replaces, if that is of the same scope. `thimble/reload` changes it. */
  replaced?: Node | undefined;
  /** Only of a policy: what is called for every edge of the tree, see `Tree`. */
  readonly guard?: Guard;
  /** Only of a fallback: gives the key that it is registered under, so that it does not stand under its token. */
  readonly fallback?: ((tree: Tree, token: AnyToken) => object) | undefined;
  /**
   * Only of a decorated provider: makes the instance that others receive from the one that the factory has made, and
   * passes it on to `next`, which finishes the build unless it is another decorator.
   */
  readonly wrap?: (build: Build, value: unknown, next?: Wrapped) => unknown;
  /** Only of a decorated transient: the instance that its factory has made, for what was made from it. */
  readonly originalOf?: (value: unknown) => unknown;
}

type Wrapped = (build: Build, value: unknown) => unknown;

export const noOptions: Options = {};

/** A provider at run time. It is immutable, and any number of containers may share it. */
export class Definition {
  declare readonly lifetime: number;
  declare readonly token: AnyToken;
  declare readonly dependencies: Dependencies;
  /** How many of them the factory receives: those of the option `after`, and of a decorator, come last. */
  declare readonly arity: number;
  /** The factory; the class itself when there is none; the instance of a value. */
  declare readonly make: unknown;
  declare readonly options: Options;

  constructor(
    lifetime: number,
    token: AnyToken | undefined,
    dependencies: Dependencies,
    make: unknown,
    options: Options = noOptions,
    arity: number = dependencies.length,
  ) {
    this.lifetime = lifetime;
    this.token = token!;
    this.dependencies = dependencies;
    this.arity = arity;
    this.make = make;
    this.options = options;
  }

  get kind(): ProviderKind {
    return kinds[this.lifetime]!;
  }
}

// ---- Nodes and builds

/** What can depend on instances: an instance, or a build that has none yet. */
export interface Dependent {
  readonly definition: Definition;
  readonly scope: ScopeRecord;
  /** The instances it depends on, as far as shutdown has to know of them. */
  edges: Node[] | undefined;
  /**
   * During a shutdown that counts: how many dependents it still has, and one more while it is built or disposed.
   * Undefined outside of that, where counting gives `NaN` and has no effect.
   */
  count?: number | undefined;
}

/** One definition in one scope, and its instance once that is built. */
export class Node implements Dependent {
  declare readonly definition: Definition;
  /** The scope it lives in. Its dependencies are resolved from there. */
  declare readonly scope: ScopeRecord;
  declare state: number;
  declare value: unknown;
  declare edges: Node[] | undefined;
  /** The build in flight. Of a transient it is one of those in flight. */
  declare build: Build | undefined;
  /**
   * The node that was listed before it in its scope: see `ScopeRecord.last`. `null` ends the list. A node with
   * `undefined` is not listed, because it is not built, or is a value that the container does not own.
   */
  declare previous: Node | null | undefined;
  declare count: number | undefined;
  /** What its factory has made, when a decorator has made something else from that. Only this is stopped and disposed. */
  declare original?: { readonly value: unknown } | undefined;
  /** Of what was built with the dependency `cleanup`: see `Build`. */
  declare cleanup?: Cleanup | undefined;
  /** Whether its `start` has succeeded. Without that, what has a `start` is not stopped. */
  declare isStarted?: boolean;
  /** Whether its `stop` was called, and whether that has not ended. */
  declare isStopped?: boolean;
  declare isStopping?: boolean;
  /** Set by `thimble/reload`: what depends on it; and what keeps it from being built until its predecessor is disposed. */
  declare dependents?: Set<Node>;
  declare gate?: object;
  /** Of a service that is released: what its disposal belongs to, where its scope is not closing. */
  declare rows?: Released | undefined;
  /** Of a disposal that began while its scope is open: aborts at the deadline. */
  declare controller?: Controller | undefined;
  /** While a disposer or `stop` waits for a promise: when it was called, and its neighbours among what is in flight. */
  declare since?: number;
  declare younger?: Build | Node | undefined;
  declare older?: Build | Node | undefined;

  constructor(definition: Definition, scope: ScopeRecord) {
    this.definition = definition;
    this.scope = scope;
    this.state = IDLE;
    this.value = this.edges = this.build = this.previous = this.count = undefined;
  }

  /** Some loggers print a scope member by member. They must not get to see instances, which may be secrets. */
  toJSON(): void {}
}

/** One attempt to build something. */
export class Build implements Dependent {
  declare readonly definition: Definition;
  /** The scope from which its dependencies are resolved. */
  declare readonly scope: ScopeRecord;
  /** The build that resolved it first, while it lasts: an instance must not keep its first dependent alive. */
  declare dependent: Build | undefined;
  /** The node of the instance; of a transient or alias the node of its registration; nothing for tuples and callers. */
  declare readonly node: Node | undefined;
  declare phase: number;
  /** The arguments of the factory, as far as they are resolved. */
  declare values: unknown[];
  declare edges: Node[] | undefined;

  /** While its factory is on the stack: the build whose factory was called before. */
  declare below: Build | undefined;

  // What most builds never have. These are not there until they are set.

  /** How many values are still missing. Defined once it is pending. */
  declare missing?: number;
  /** When it became pending. */
  declare began?: number;
  /** While it is pending: its neighbours among what is in flight in its scope. */
  declare younger?: Build | Node | undefined;
  declare older?: Build | Node | undefined;
  /** While it waits for a promise of its factory or `init`: resolved when it has gone on from there. */
  declare progress?: Promise<void>;
  /** Of a service that waits for others: resolved by `end` when its build is over. */
  declare over?: Promise<void>;
  declare end?: () => void;
  /** What disposes its values: there where providers have changed since they were resolved. */
  declare drops?: Drop[];
  /** The builds that wait for this one. There once it has waited itself, so that nothing on the stack receives its result. */
  declare waiters?: Waiter[] | undefined;
  /** The builds that this one waits for, or has waited for. */
  declare waitsFor?: Build[];
  /** Once it has failed, and what it has made is being disposed: ends it without waiting for that. */
  declare endFailing?: () => void;
  /** What it has thrown, or something it waited for. */
  declare failure?: Failure;
  /** Of a caller: what it resolves, so that it can begin anew. */
  declare wanted?: Single;
  /** Of a caller: whether it is neither a factory nor a service. */
  declare isOutside?: boolean;
  /** Of a caller: how it learns the result. */
  declare settled?: Settled;
  /** What resolves late, through a resolver that outlived its build: the instance that depends on the result. */
  declare owner?: Dependent | undefined;
  /** The instance that `init` was called with, until `init` has succeeded. */
  declare made?: { readonly value: unknown } | undefined;
  /** Of a service that depends on `cleanup`: closes what its factory has opened, after the instance was disposed. */
  declare cleanup?: Cleanup | undefined;
  declare count?: number | undefined;
  /** See `Node`. */
  declare original?: { readonly value: unknown } | undefined;
  /** Nobody waits for it any longer: see `giveUp`. */
  declare isGivenUp?: boolean;
  /** Set by `thimble/observe`: when it began. */
  declare since?: number;

  constructor(definition: Definition, scope: ScopeRecord, dependent?: Build, node?: Node) {
    this.definition = definition;
    this.scope = scope;
    this.dependent = dependent;
    this.node = node;
    this.phase = NEW;
    this.values = none as never;
    this.edges = this.below = undefined;
  }

  /** See `Node`: it has what the factory is given. */
  toJSON(): void {}
}

/** A build that waits for another one, and the place in its `values` where the result belongs. */
export interface Waiter {
  /** Undefined when that has failed meanwhile, and waits no longer. */
  build: Build | undefined;
  readonly at: number;
  /** The reaction in which it goes on, if that is its own and not the queue. */
  reaction?: Promise<void>;
  /** Nothing is missing any more, so that reaction has something to do. */
  isReady?: boolean;
}

/** What was thrown, which may be anything. Builds that fail because of another build share its failure. */
export interface Failure {
  readonly error: unknown;
  /** Whether a caller, an observer or the runtime was told. */
  isHeard?: boolean;
}

/** Closes what a factory has opened. */
export interface Cleanup {
  /** Calls `dispose`, if it is given, and then closes what was opened. May return a promise. */
  (dispose?: () => unknown): unknown;
  /** Begins at once, without waiting, whatever it has not begun: the deadline has passed. */
  hurry?: (() => void) | undefined;
}

/** Told how something ended: with what was thrown, or with a value. */
export type Settled = (failure: Failure | undefined, value: unknown) => void;

// ---- Scopes

/** A scope as the engine sees it. What users may call is in `scope/scope.ts`. A server makes one per request: keep it small. */
export interface ScopeRecord {
  readonly name: string;
  readonly id: string;
  /** The scope above. A closed scope has none: somebody may keep it, and it must not keep the others. */
  readonly parent: ScopeRecord | undefined;
  readonly state: ScopeState;
  readonly tree: Tree;
  /**
   * Whether it is among the scopes below its parent. It is not before there is something to dispose or to wait for: until
   * then it may be collected when the program forgets it.
   */
  isHeld: boolean;
  /**
   * Under a token: the node of the provider registered here, in order of registration. Under a node, of this scope or of
   * one above: the node of the scoped instance that lives here. `fallback` and `make` have keys of their own.
   */
  nodes: Map<object, Node> | undefined;
  /**
   * Where `get` looks first: the nearest map of nodes, going up, of a scope with providers. It is empty while the tree is
   * observed, after the scope has closed, and while a scope that its parent does not know has nodes of its own, or a parent
   * without nodes or not known itself, which makes these checks free.
   */
  lookup: ReadonlyMap<unknown, Node>;
  /** The last built of the instances that shutdown has to deal with. They are linked through `previous`. */
  last: Node | null;
  /** The youngest of the scopes below. */
  child: ScopeRecord | undefined;
  younger: ScopeRecord | undefined;
  older: ScopeRecord | undefined;
  /** There from the moment the scope begins to close. */
  closing: Closing | undefined;
  extras: Extras | undefined;
}

/** What few scopes have. One object is made for the first of these that is needed. */
export interface Extras {
  /** What is registered here, in order of registration. A scope that only registered values has none. */
  providers?: Map<object, Node | Definition>;
  /** Whether scopes that this one does not know look into the nodes of this one: then the map is cleared when it is given up. */
  lends?: boolean;
  /** The last begun of the builds and disposals in flight. */
  child?: Build | Node | undefined;
  /** Aborts when the scope begins to close. */
  controller?: Controller | undefined;
  /** The same for the moment when it begins to stop. */
  stopSignal?: { controller?: Controller | undefined };
  /** The first phase of a shutdown of this scope, once it has begun. */
  stopping?: { readonly reason: unknown; isStale: boolean };
  /** Of a scope that has an app: shuts down that app, and through it the scope. */
  shutdown?: (options?: ShutdownOptions) => Promise<ShutdownReport>;
  /** Of a scope that has an app: starts a service that was built again. */
  start?: (node: Node) => Promise<void>;
  /** Adds edges between instances of the scope before their dependents are counted: see `currentScope`. */
  order?: (all: ReadonlySet<Dependent>) => void;
  /** Whether an instance here has resolved another one after it was built. Then the order of building says nothing. */
  hasLateEdges?: boolean;
}

export function extrasOf(scope: ScopeRecord): Extras {
  return (scope.extras ??= {});
}

/** The shutdown of one scope, as the layers below `shutdown/` need it. */
export interface Closing {
  readonly reason: unknown;
  /** The id of the scope, once a row needed it. */
  id: string | undefined;
  /** What was disposed, here and below, in order of completion. */
  readonly rows: ShutdownRow[];
  /** The report, before it is complete. */
  live: ShutdownReport | undefined;
  /** There once the scope is closed. */
  report: ShutdownReport | undefined;
  /** The promise of the report, once it was returned to a caller, and what resolves it. */
  promise: Promise<ShutdownReport> | undefined;
  resolve: ((report: ShutdownReport) => void) | undefined;
  /** The deadline has passed: nobody waits any longer. */
  expired: boolean;
  /** Aborts at the deadline. */
  controller: Controller | undefined;
  /** Callers to be told when it is over. */
  refused: (() => void)[] | undefined;
  /** How many builds and instances are left to wait for. */
  left: number;
  /** Instances without dependents left, to be disposed next. There once dependents are counted. */
  ready: Dependent[] | undefined;
  /** When it began. The clock is not read before something is disposed or waited for. */
  since: number | undefined;
  /** The last reading of the clock. It is read once per disposal, because a reading costs more than most of them. */
  clock: number | undefined;
  /** Goes on after a disposal, or after a build that was in flight. */
  proceed(ended?: Dependent): void;
}

/** What disposes services while their scopes stay open: see `thimble/reload`. */
export interface Released extends Partial<Pick<Closing, "clock" | "reason" | "expired">> {
  /** Something was disposed, or that has failed. */
  row(it: Dependent, row: ShutdownRow): void;
}

/** Called when a build begins, and when it resolves a provider. Refuses by throwing. */
export type Guard = (dependent: Build, node?: Node) => void;

/** Told of edges between instances. */
export interface Dependents {
  /** An edge was added. */
  add(dependent: Dependent, node: Node): void;
  /**
   * Something resolves what stands in a node; of a transient or an alias, in that of its provider. Gives another node, when
   * something is going and is to receive what it was given before. Refuses by throwing.
   */
  find(node: Node, dependent: Build | undefined): Node | undefined;
  /** The same for a token that nothing provides any more. */
  lost(token: AnyToken, dependent: Build | undefined): Node | undefined;
  /** The edges of something are about to be taken away: it was disposed, or there was nothing to dispose. */
  ended(dependent: Dependent): void;
  /** A `stop` has ended. */
  stopped(node: Node, row: ShutdownRow | undefined): void;
}

/** What all scopes of a tree share. */
export interface Tree {
  readonly root: ScopeRecord;
  /** The scope that was opened last. Error messages look at it even if its parent does not hold it. */
  latest: ScopeRecord;
  /** How many scopes were opened. Ids are made of it. */
  opened: number;
  /** How often `provide` and `override` were called. */
  changes: number;
  /** How many builds are in flight, in all scopes. */
  pending: number;
  /** Whether something was registered that has a `stop`. */
  hasStops: boolean;
  /** Checks the edges between services. There once a policy was registered: see `thimble/layers`. */
  guard?: Guard | undefined;
  /**
   * Gives the node of a singleton with the option `io` for the scope that resolves it. There where such a singleton lives
   * as long as an event: see `thimble/cloudflare`.
   */
  nodeOfIo?: ((scope: ScopeRecord, origin: Node, dependent: Build | undefined) => Node) | undefined;
  /**
   * Called when a build waits for one that another caller has begun, and again after each step of that one. `step` resolves
   * with its next step. There where what has begun a build may vanish without a word: see `thimble/cloudflare`.
   */
  joined?: (waiter: Waiter, other: Build, step: Promise<void>) => void;
  /** Ends a build that was given up, or took the place of one, once the other one is there: see `giveUp`. */
  finishLate?: (build: Build, own: unknown) => unknown;
  /** Follows what depends on what. There once something was released: see `thimble/reload`. */
  dependents?: Dependents | undefined;
  /** Tells observers what happens. There while somebody observes: see `thimble/observe`. */
  tell: Tell | undefined;
  /** Under a token: the key that its fallbacks are registered under. There once one was registered. */
  fallbacks?: WeakMap<object, object>;
  /** Makes what a factory without declared dependencies is given. */
  readonly resolver: (scope: ScopeRecord, dependent: Build | undefined) => Resolver;
}

/** Tells observers that `name` happened to a scope, or to the service of a node or build. Gives whether one listens. */
export type Tell = (name: string, it: ScopeRecord | Node | Build, more?: object) => boolean;
