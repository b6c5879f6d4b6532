/**
 * Nodes and builds: where an instance lives, and one attempt to make one.
 *
 * A registered provider is a node, and for a singleton or a value that node holds the instance as well; a scoped
 * provider has one more node for each scope it is built in. A build is one run of a provider: it knows who asked, what
 * it waits for and who waits for it, and it is forgotten when it is over. What is not kept, and what has no token at
 * all (a tuple, a question), has a build and no node.
 *
 * Two kinds of edges follow from that. Builds point at the builds they wait for: by these, cycles are found. Instances
 * point at the instances they hold on to: these are what shutdown follows.
 *
 * @module
 */

import type { Ended } from "./promise.ts";
import type { Definition } from "./provider.ts";
import type { LocalScope } from "./tree.ts";

// Numbers come first, and nothing is imported that runs: only then does esbuild write them in place of their names.

// What has become of a node.

/** Not built, or not yet. */
export const IDLE = 0;
export const BUILT = 1;
export const DISPOSING = 2;
export const GONE = 3;

// How far a build has come.

/** Nothing was asked for yet; for lack of stack, that may be put off. */
export const NEW = 0;
/** It waits for some of what it needs. */
export const WAITING = 1;
/** It asks for that. */
export const ASKING = 2;
/** Its factory was called. */
export const RUNNING = 3;
export const DONE = 4;

/** The `count` of what has no part in a shutdown. So low that no edge brings it up to 0. */
export const OUTSIDE = -1e9;

/** No dependencies, and no values of them. */
export const none: readonly never[] = [];

/** What can hold on to instances: an instance, or a build that may become one. */
export interface Holder {
  readonly definition: Definition;
  readonly scope: LocalScope;
  holds: Node[] | undefined;
  /** At shutdown: how many that hold on to it are not gone. */
  count?: number;
}

/** One provider in one scope, and what has become of it there. */
export class Node implements Holder {
  declare readonly definition: Definition;
  /** Where it is registered, or lives: its dependencies come from here. */
  declare readonly scope: LocalScope;
  /** What was registered. */
  declare readonly entry: Node;
  declare state: number;
  declare value: unknown;
  declare holds: Node[] | undefined;
  declare count: number;
  /** While there is one; of what is not kept, one of those there are. */
  declare build: Build | undefined;
  /** When its disposal began, if that takes a while. */
  declare since?: number;

  constructor(definition: Definition, scope: LocalScope, entry?: Node) {
    this.definition = definition;
    this.scope = scope;
    this.entry = entry ?? this;
    this.state = IDLE;
    this.count = OUTSIDE;
    this.value = this.holds = this.build = undefined;
  }
}

/** One attempt to build something. */
export class Build implements Holder {
  declare readonly definition: Definition;
  /** Where dependencies come from. */
  declare readonly scope: LocalScope;
  /** Who asked first. Only while it lasts: an instance must not keep its first asker alive. */
  declare asker: Build | undefined;
  /** Where the instance will live; what was registered, when it is not kept; nothing, when it has no token. */
  declare readonly node: Node | undefined;
  declare phase: number;
  /** What the factory is called with, as far as it is there. */
  declare values: unknown[];
  declare holds: Node[] | undefined;

  // What most builds never have: it is not there until it is set.

  /** How many values are not there yet. */
  declare missing?: number;
  declare waiters?: Waiter[] | undefined;
  /** Of a question: told what became of it. */
  declare ended?: Ended;
  /** The builds it waits for, or has waited for. */
  declare on?: Build[];
  /** What it has thrown, or something it waits for. */
  declare failure?: { readonly error: unknown };
  /** Of a question that was put through a resolver: who holds on to what the resolver was given to. */
  declare owner?: Holder | undefined;
  /** Once `init` was called: on what. */
  declare made?: { readonly value: unknown } | undefined;
  /** When it began, if anyone watches. */
  declare since?: number;
  declare count?: number;

  constructor(definition: Definition, scope: LocalScope, asker?: Build, node?: Node) {
    this.definition = definition;
    this.scope = scope;
    this.asker = asker;
    this.node = node;
    this.phase = NEW;
    this.values = none as never;
    this.holds = undefined;
  }
}

/** A build that waits for another, and at which place of its `values`. */
export interface Waiter {
  readonly by: Build;
  readonly at: number;
}

/** Whether it is called again: its factory was not called yet, and it is not asking. */
export function isHeldUp({ phase }: Build): boolean {
  return phase < ASKING;
}

/** Where the edges of what is asked for start: at what will be the instance, or at the build when there is none. */
export function holderOf(build: Build): Holder {
  return build.definition.kept ? build.node! : build;
}

/** Who keeps what is given to `asker`: the nearest, going up, whose instance will live, or lives, in a scope. */
export function keeperOf(asker: Build | undefined): Holder | undefined {
  for (let build = asker; build; build = build.asker) {
    const holder = build.owner ?? holderOf(build);
    if (holder.definition.kept) return holder;
  }
  return undefined;
}

/** Whether it makes what people call a service, and not a tuple, a question or an alias on the way to one. */
export function isService({ kind }: Definition): boolean {
  return kind !== "alias";
}

/** Who asked: a build, or an instance that asks later, through the resolver that it kept. */
export function askerOf(it: Holder): Holder | undefined {
  const { asker, owner } = it as Build;
  return asker ?? owner;
}

/** Who asked, and on whose behalf, from the first to `last`. */
export function chainTo(last: Holder | undefined): Holder[] {
  const chain: Holder[] = [];
  for (let it = last; it; it = askerOf(it)) chain.push(it);
  return chain.reverse();
}

/** The way from one to another, the shortest there is. */
export function route<T extends object>(
  from: T,
  isEnd: (at: T) => boolean,
  next: (at: T) => readonly T[] | undefined,
): T[] | undefined {
  const cameFrom = new Map<T, T | undefined>([[from, undefined]]);
  // Entries that are added while a Map is walked are walked too: this is the queue as well.
  for (const [met] of cameFrom) {
    if (isEnd(met)) {
      const way: T[] = [];
      for (let at: T | undefined = met; at; at = cameFrom.get(at)) way.unshift(at);
      return way;
    }
    for (const it of next(met) ?? []) if (!cameFrom.has(it)) cameFrom.set(it, met);
  }
  return undefined;
}

/** Notes that one holds on to another. */
export function hold(holder: Holder, node: Node): void {
  const { holds, scope, definition } = holder;
  // What lives in another scope needs no edge: scopes close whole, the lower ones first. What is not kept may hand it
  // on to something that lives there.
  if (node.scope !== scope && definition.kept) return;
  // Nobody waits for a holder that is past the deadline, and it will lower no count a second time.
  if (definition.kept && scope.closing?.begun && !(holder.count! >= 0)) return;
  // A literal takes the room of one; pushing onto an empty array takes that of seventeen.
  if (!holds) holder.holds = [node];
  else if (holds[holds.length - 1] === node) return;
  else holds.push(node);
  // Shutdown has begun, and waits for the holder.
  if (holder.count! >= 0 && node.scope === scope) node.count++;
}
