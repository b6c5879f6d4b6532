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

/** Never built, or the last build failed. */
export const IDLE = 0;
export const BUILDING = 1;
export const BUILT = 2;
export const DISPOSING = 3;
/** Disposed; or handed over, when it is not kept. */
export const GONE = 4;

export class Node {
  declare readonly definition: Definition;
  /** Where it is registered, and lives; for what is not kept, the scope that asks. Dependencies come from here. */
  declare readonly scope: LocalScope;
  /** What was registered. */
  declare readonly entry: Node;
  declare state: number;
  /** The instance. Before it is there, when the build began; of a question, whose resolver it was put through. */
  declare value: unknown;
  /** Who made it being built. Only while it is: an instance must not keep its first asker alive. */
  declare asker: Node | undefined;
  /** Which build of the asker it was: a later one is not waiting. */
  declare askedIn: number;
  /** What takes the edges of all that is asked for on its behalf: the nearest that is kept, else the outermost. */
  declare holder: Node;
  declare holds: Node[] | undefined;
  /** What it waits for and who waits for it. Only while a build takes longer than one turn. */
  declare job: Job | undefined;
  /** Counts builds, so that a resolver that outlived a failed one is told from that of the next. */
  declare attempt: number;
  /**
   * Of a transient's entry: how many are being built. At shutdown: how many that hold on to it are not gone; below 0
   * when it is out of that order, because it is done or was only lent.
   */
  declare count: number;

  constructor(definition: Definition, scope: LocalScope, entry?: Node) {
    this.definition = definition;
    this.scope = scope;
    this.entry = entry ?? this;
    this.state = IDLE;
    this.value = undefined;
    this.asker = undefined;
    this.askedIn = 0;
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
  readonly node: Node;
  phase: number = ASKING;
  /** What the factory will be called with, as far as it is there. */
  values: unknown[] = [];
  /** How many of them are missing, and one more while the build is still asking for them. */
  missing = 1;
  /** A node it waits for: where to look when people ask why. */
  on: Node | undefined;
  /** The jobs that wait for this one, each followed by the place that its value goes to. */
  readonly waiters: (Job | number)[] = [];
  /** Set when something it waits for has failed. */
  failure: { readonly error: unknown } | undefined;
  /** Of a question: whom to tell. */
  answer: ((ok: boolean, it: unknown) => void) | undefined;
  /** Shutdown waits for it. */
  counted = false;

  constructor(node: Node) {
    this.node = node;
  }
}

/** Of a question that was put through a resolver: the node that the resolver was given to. */
export function ownerOf({ definition, value }: Node): Node | undefined {
  return definition.kind === "question" ? (value as Node | undefined) : undefined;
}

/** Whether it is what people call a service, and not a tuple, a question or an alias on the way to one. */
export function isService({ definition: { token, kind } }: Node): boolean {
  return token !== undefined && kind !== "alias";
}

/** Notes who asks for a node. */
export function askFor(node: Node, asker: Node | undefined): void {
  node.asker = asker;
  if (asker) node.askedIn = asker.attempt;
}

/** The node of its own that a transient's entry was spared while it stood in for one, for those who look. */
export function standIn(entry: Node): Node {
  const { definition, scope, asker } = entry;
  const node = new Node(definition, scope, entry);
  node.state = BUILDING;
  askFor(node, asker);
  if (asker) node.holder = asker.holder;
  return node;
}

/** Who asked for it: not if that build has failed meanwhile, and another one may have begun. */
export function askerOf(node: Node): Node | undefined {
  const { asker, askedIn } = node;
  if (asker?.attempt === askedIn) return asker;
  const owner = ownerOf(node);
  return owner?.state === BUILDING ? undefined : owner;
}

/** Who asked, and on whose behalf, from the first to `last`. */
export function chainTo(last: Node | undefined): Node[] {
  const chain: Node[] = [];
  for (let node = last; node; node = askerOf(node)) chain.push(node);
  return chain.reverse();
}

/**
 * The way from one node to another over what each holds on to, or waits for; or, between builds, to any of those that
 * cannot go on before `to` does: whoever asked for it, up to whoever asked first.
 */
export function route(from: Node, to: Node): Node[] | undefined {
  const cameFrom = new Map<Node, Node | undefined>([[from, undefined]]);
  // Entries that are added while a Map is walked are walked too: this is the queue as well.
  for (const [node] of cameFrom) {
    for (const next of node.holds ?? []) {
      // What is built waits for nobody.
      if (!cameFrom.has(next) && (next.state === BUILDING || from.state !== BUILDING))
        cameFrom.set(next, node);
    }
  }
  for (let end: Node | undefined = to; end?.state === to.state; end = askerOf(end)) {
    for (const met of [end, end.holder]) {
      if (!cameFrom.has(met)) continue;
      const way: Node[] = [];
      for (let at: Node | undefined = met; at; at = cameFrom.get(at)) way.unshift(at);
      return way;
    }
  }
  return undefined;
}

/** Notes that `asker` makes its holder hold on to `node`, or wait for it. */
export function hold({ holder }: Node, node: Node): void {
  const { scope } = node;
  const { holds, definition } = holder;
  // What is built in another scope needs no edge: scopes close whole, the lower ones first. But a question may be put
  // to one scope on behalf of another.
  if (node === holder || node.count < 0) return;
  if (node.state !== BUILDING && scope !== holder.scope && definition.kind !== "question") return;
  // A literal takes the room of one; pushing onto an empty array takes that of seventeen.
  if (!holds) holder.holds = [node];
  else if (holds[holds.length - 1] === node) return;
  else holds.push(node);
  // Once disposing has begun, every edge counts: those from instances, and from builds that shutdown waits for.
  if (scope.closing?.begun && holder.count >= 0 && (definition.kept || holder.job?.counted)) node.count++;
}
