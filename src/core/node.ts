/**
 * Nodes: one provider in one scope, and what has become of it there.
 *
 * This is the only thing the engine moves. A registered provider is a node, and for a singleton or a value that node
 * is the instance as well; a scoped provider has one more node for each scope it is built in, a transient one for the
 * time it takes to build. Nodes point at the nodes they hold on to: those edges are what cycles are found by and what
 * shutdown follows.
 *
 * @module
 */

import type { Definition } from "./provider.ts";
import type { LocalScope } from "./tree.ts";
import type { AnyToken } from "./types/dependency.ts";

/** Never built, or the last build failed. */
export const IDLE = 0;
export const BUILDING = 1;
export const BUILT = 2;
export const DISPOSING = 3;
/** Disposed; or a transient that was handed over. */
export const GONE = 4;

export class Node {
  declare readonly token: AnyToken;
  declare readonly definition: Definition;
  /** What was registered; the node itself, for all that is not scoped or transient. */
  declare readonly entry: Node;
  /** Where it is registered, and lives; for a frame, the scope that asks. Dependencies are resolved from here. */
  declare readonly scope: LocalScope;
  declare state: number;
  declare value: unknown;
  /** Who made it being built. Only while it is: an instance must not keep its first asker alive. */
  declare asker: Node | undefined;
  /** What takes the edges of all that is asked for on its behalf: the nearest instance that somebody disposes. */
  declare holder: Node;
  declare holds: Node[] | undefined;
  /** What it waits for and who waits for it. Only while a build takes longer than one turn. */
  declare job: Job | undefined;
  /** Counts builds, so that a resolver that outlived a failed one is told from that of the next. */
  declare attempt: number;
  /** Of a transient's entry: how many are being built. At shutdown: how many that hold on to it are not gone. */
  declare count: number;

  constructor(definition: Definition, scope: LocalScope, entry?: Node) {
    this.token = definition.token;
    this.definition = definition;
    this.entry = entry ?? this;
    this.scope = scope;
    this.state = IDLE;
    this.value = undefined;
    this.asker = undefined;
    this.holder = this;
    this.holds = undefined;
    this.job = undefined;
    this.attempt = 0;
    this.count = 0;
  }
}

/** Put off for lack of stack; asking for its dependencies; waiting for some of them; its factory was called. */
export const PUT_OFF = 0;
export const ASKING = 1;
export const WAITING = 2;
export const RUNNING = 3;

/** A build that has to wait. */
export class Job {
  declare readonly node: Node;
  /** What the factory will be called with, as far as it is there. */
  declare values: unknown[];
  /** How many of them are missing, and one more while the build is still asking for them. */
  declare missing: number;
  /** A node it waits for: where to look when people ask why. */
  declare on: Node | undefined;
  /** The jobs that wait for this one, each followed by the place that its value goes to. */
  declare waiters: (Job | number)[];
  /** Set when something it waits for has failed. */
  declare failure: { readonly error: unknown } | undefined;
  declare phase: number;
  /** Shutdown waits for it. */
  declare counted: boolean;
  /** Of a question: whom to tell. */
  declare answer: ((ok: boolean, it: unknown) => void) | undefined;

  constructor(node: Node) {
    this.node = node;
    this.values = [];
    this.missing = 1;
    this.on = undefined;
    this.waiters = [];
    this.failure = undefined;
    this.phase = ASKING;
    this.counted = false;
    this.answer = undefined;
  }
}

/** Whether the instance is one that lives in a scope, and not handed over when it is made. */
export function isKept({ definition: { kind } }: Node): boolean {
  return kind === "singleton" || kind === "scoped" || kind === "value";
}

/** Whether it is what people call a service, and not a tuple, a question or an alias on the way to one. */
export function isService({ token, definition }: Node): boolean {
  return token !== undefined && definition.kind !== "alias";
}

/** Whether it is a value that the container was only lent, and has nothing to do with. */
export function isBorrowed({ definition: { kind, options } }: Node): boolean {
  return kind === "value" && !options.owned && !options.dispose && !options.init;
}

/** Who asked, and on whose behalf, from the first to `last`. */
export function chainTo(last: Node | undefined): Node[] {
  const chain: Node[] = [];
  for (let node = last; node; node = node.asker ?? ownerOf(node)) chain.push(node);
  return chain.reverse();
}

/** Of a question that was put through a resolver: the node that the resolver was given to. */
export function ownerOf(node: Node): Node | undefined {
  return node.definition.kind === "question" ? (node.value as Node | undefined) : undefined;
}

/**
 * The way from one node to another over what each holds on to, or is about to. Between builds it only goes over
 * builds: what is built waits for nobody.
 */
export function route(from: Node, to: Node): Node[] | undefined {
  const cameFrom = new Map<Node, Node | undefined>([[from, undefined]]);
  // Entries that are added while a Map is walked are walked too: this is the queue as well.
  for (const [node] of cameFrom) {
    if (node === to) {
      const way: Node[] = [];
      for (let at: Node | undefined = node; at; at = cameFrom.get(at)) way.push(at);
      return way.reverse();
    }
    for (const next of node.holds ?? []) {
      if (!cameFrom.has(next) && (next.state === BUILDING || to.state !== BUILDING)) cameFrom.set(next, node);
    }
  }
  return undefined;
}

/** Notes that `asker` makes its holder hold on to `node`. */
export function hold({ holder }: Node, node: Node): void {
  // What is built in another scope needs no edge: scopes close whole, the lower ones first. And what is borrowed
  // stays when everything is gone.
  if (holder === node || (node.state !== BUILDING && (node.scope !== holder.scope || isBorrowed(node)))) return;
  const holds = (holder.holds ??= []);
  if (holds[holds.length - 1] === node || holder.count < 0 || node.count < 0) return;
  holds.push(node);
  // Once disposing has begun, every edge counts: those from instances, and from builds that shutdown waits for.
  if (node.scope.extra?.shutdown?.begun && (isKept(holder) || holder.job?.counted)) node.count++;
}
