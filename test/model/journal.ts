/**
 * The journal: what has happened in a run, as its factories, disposers and asks saw it.
 *
 * The container is never asked what it did. All that the checks know they read here, and all that is written here was
 * written by code that a user could have written.
 *
 * @module
 */

import type { Scope, ShutdownReport } from "thimble";
import { Mapped, Model, type Asker, type Entry, type Made, type Place } from "./model.ts";
import {
  show,
  type Bound,
  type Need,
  type Plan,
  type Program,
  type RecipePlan,
  type ValuePlan,
} from "./program.ts";

export type Phase = Scope["state"];

/** What a planned failure throws. */
export class Planned extends Error {
  readonly plan: Plan;
  /** When the container knows it, too. */
  knownAt = Infinity;
  /** Printed when nobody handles the rejection: then there is no other way back to the program. */
  readonly program: string;
  constructor(plan: Plan, what: string, program: Program) {
    super(`${what} of ${plan.id} fails, as planned`);
    this.plan = plan;
    this.program = show(program);
  }
}

/** A resolver as a factory is given it, types aside. */
export interface Resolving {
  get(dependency: unknown): unknown;
  getAsync(dependency: unknown): Promise<unknown>;
}

/** What `defer` gives, types aside. */
export interface Handle {
  get(): unknown;
  getAsync(): Promise<unknown>;
}

export interface Receipt {
  readonly made: Instance;
  /** Got from a captured scope. */
  readonly ambient: boolean;
  /** Got after the receiver was built or handed over: asked for late, or never waited for. */
  readonly late: boolean;
}

/** An instance, and its life so far. */
export class Instance implements Made {
  readonly plan: ValuePlan | RecipePlan;
  readonly home: Place;
  readonly serial: number;
  state: Made["state"] = "building";
  readonly received: Receipt[] = [];
  /** What it holds on to since it was built: received late by itself, or by a transient that it was given. */
  readonly heldLate = new Set<Instance>();
  /** What it has asked for late, or began to ask for, and did not receive, yet or ever: all that this could reach. */
  readonly wishes = new Set<ReadonlySet<Plan>>();
  /** When its factory was called. */
  calledAt = Infinity;
  /** A transient that the container has disposed, because nobody received it. */
  dropped = false;
  builtAt = Infinity;
  /** When the container knows it, too: a promise needs a moment to tell. */
  knownAt = Infinity;
  failedAt = Infinity;
  /** What it failed with. */
  failure: unknown;
  /** "due": it must be undone, once. */
  undoing: "nothing" | "due" | "begun" | "ended" = "nothing";
  begunAt = Infinity;
  /** What its disposer was given. */
  signal: AbortSignal | undefined;
  endedAt = Infinity;
  /** What its disposer threw or rejected with; an object, so that it is recognised. */
  wrong: object | undefined;
  keptResolver: Resolving | undefined;
  readonly keptHandles: {
    readonly token: number;
    readonly when: "building" | "later";
    readonly handle: Handle;
  }[] = [];

  constructor(plan: ValuePlan | RecipePlan, home: Place, serial: number) {
    this.plan = plan;
    this.home = home;
    this.serial = serial;
  }

  toString(): string {
    return `${this.plan.id}#${this.serial} of s${this.home.index}`;
  }
}

/** A promise that the program settles. */
export interface Gate {
  readonly of: "building" | "undoing";
  readonly text: string;
  open(): void;
}

/** A question put to the container, and what came of it. */
export interface Ask {
  readonly text: string;
  readonly need: Need;
  readonly asker: Asker;
  /** Not by a factory: by somebody outside, or by a finished service. */
  readonly outside: boolean;
  readonly startedAt: number;
  /** The table of registrations then. */
  readonly version: number;
  /** The oldest one that a build under way then may have gone by. */
  readonly since: number;
  readonly phase: Phase;
  readonly failuresBefore: number;
  result: { readonly ok: boolean; readonly value: unknown } | undefined;
}

/** How a scope is closing. */
export interface Closing {
  readonly at: number;
  readonly step: number;
  /** Whether something was being built or waited for when it began. */
  readonly busy: boolean;
  closedAt: number;
  /** Its report was looked at. */
  reported: boolean;
}

/** A call of `shutdown`. */
export interface Shutdown {
  readonly text: string;
  readonly place: Place;
  readonly bound: Bound;
  readonly controller: AbortController | undefined;
  /** Its deadline has passed. */
  fired: boolean;
  report: ShutdownReport | undefined;
}

export class Journal {
  readonly program: Program;
  readonly model = new Model();
  readonly scopes: Scope[] = [];
  readonly instances: Instance[] = [];
  readonly asks: Ask[] = [];
  readonly failures: Planned[] = [];
  readonly shutdowns: Shutdown[] = [];
  readonly closings = new Map<Place, Closing>();
  readonly lines: string[] = [];
  readonly complaints: string[] = [];
  gates: Gate[] = [];
  clock = 0;
  step = 0;
  factoryCalls = 0;
  /** The oldest table of registrations that something under way may still go by. */
  window = 0;

  constructor(program: Program) {
    this.program = program;
  }

  note(line: string): void {
    this.lines.push(line);
  }

  /** Kept for the end of the step: thrown where it arises, it would be taken for a factory's own failure. */
  complain(what: string): void {
    this.complaints.push(what);
    this.note(`!! ${what}`);
  }

  /** Whether a shutdown is under way. */
  isClosing(): boolean {
    return [...this.closings.values()].some(({ closedAt }) => closedAt === Infinity);
  }

  /** Whether a factory was called with it, or a caller outside was given it. */
  isReceived(instance: Instance): boolean {
    return (
      this.instances.some(({ received }) => received.some(({ made }) => made === instance)) ||
      this.asks.some(
        ({ outside, result }) => outside && result?.ok && instancesIn(result.value).includes(instance),
      )
    );
  }

  /** All that can move has moved: what was built or has failed is known to everybody. */
  rests(): void {
    const now = ++this.clock;
    for (const it of this.instances) if (it.state === "built") it.knownAt = Math.min(it.knownAt, now);
    const failing = this.instances.filter(isFailing).map((it) => it.failure);
    for (const it of this.failures) if (!failing.includes(it)) it.knownAt = Math.min(it.knownAt, now);
  }

  gate(of: Gate["of"], text: string): Promise<void> {
    return new Promise((open) => this.gates.push({ of, text, open }));
  }

  scopeOf(place: Place): Scope {
    const scope = this.scopes[place.index];
    if (!scope) throw new Error(`s${place.index} was not opened`);
    return scope;
  }

  /** What state the scope must be in. When exactly a child of a closing scope is done, only the container knows. */
  phase(place: Place): Phase {
    const closing = this.closings.get(place);
    if (!closing) return "open";
    return closing.closedAt < Infinity || this.scopeOf(place).state === "closed" ? "closed" : "closing";
  }

  pending(): Ask[] {
    return this.asks.filter((it) => !it.result);
  }

  building(): Instance[] {
    return this.instances.filter((it) => it.state === "building" || isFailing(it));
  }

  /** The registration by which an instance was built. */
  entryOf(plan: Plan, home: Place): Entry | undefined {
    const own = home.entries.find((it) => it.plan === plan);
    if (own || plan.kind === "singleton") return own;
    for (let above = home.parent; above; above = above.parent) {
      const entry = above.entries.find((it) => it.plan === plan);
      if (entry) return entry;
    }
    // `in` makes it live above the scope that registered it.
    return this.model.places.flatMap((it) => it?.entries ?? []).find((it) => it.plan === plan);
  }
}

/** Its `init` has failed, and it is being undone: the build ends after that, and whoever asks meanwhile joins it. */
export function isFailing({ state, undoing }: Instance): boolean {
  return state === "failed" && undoing === "begun";
}

/** The instances in what was received. A handle holds none: it has only promised to ask. */
export function instancesIn(it: unknown): Instance[] {
  if (it instanceof Instance) return [it];
  if (it instanceof Mapped) return instancesIn(it.of);
  if (Array.isArray(it)) return it.flatMap(instancesIn);
  return isRecord(it) ? Object.values(it).flatMap(instancesIn) : [];
}

function isRecord(it: unknown): it is object {
  return typeof it === "object" && it !== null && Object.getPrototypeOf(it) === Object.prototype;
}

/** For the journal. */
export function text(it: unknown): string {
  if (Array.isArray(it)) return `[${it.map(text).join(", ")}]`;
  if (it instanceof Mapped) return `mapped ${text(it.of)}`;
  if (it instanceof Instance || it instanceof Error || !isRecord(it)) return String(it);
  return `{ ${Object.entries(it)
    .map(([key, value]) => `${key}: ${text(value)}`)
    .join(", ")} }`;
}
