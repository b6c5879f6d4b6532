/**
 * The runner: takes a program's steps on a real container, and writes down what its factories, `stop` functions,
 * disposers and callers see. After every step everything that can move has moved.
 *
 * @module
 */

import {
  abortSignal,
  alias,
  createContainer,
  isContainerError,
  scoped,
  singleton,
  stopSignal,
  token,
  transient,
  value,
  type Provider,
  type Scope,
  type ShutdownReport,
} from "thimble";
import { Gates, rest } from "../gates.ts";
import { showStep, TOKENS, type Plan, type Program, type Step } from "./program.ts";
import { checkRest, dependsOn, isDue, isLeft } from "./rules.ts";

export interface Call {
  readonly begun: number;
  ended: number;
  error?: unknown;
  /** Whether its signal had aborted when it began. */
  readonly wasAborted: boolean;
  readonly reason: unknown;
}

/** A scope. */
export interface Place {
  readonly index: number;
  readonly parent: Place | undefined;
  readonly scope: Scope;
  readonly opened: number;
  /** When its shutdown, or that of a scope above, was called first. */
  asked: number;
  /** When its `stopSignal` and its `abortSignal` aborted. */
  stopping: number;
  closing: number;
  /** When it had closed, by the promise of its own shutdown or of one above. */
  closed: number;
  /** When a deadline passed for it, which may be that of a scope above. */
  late: number;
  readonly reasons: unknown[];
  /** Whether it was shut down itself, and not only from above, before it had closed. */
  isShutDown: boolean;
  report: ShutdownReport | undefined;
}

/** One run of a factory, or a value. It is the instance as well. */
export interface Build {
  readonly plan: Plan;
  readonly place: Place;
  readonly begun: number;
  /** When it was built. */
  ended: number;
  readonly given: readonly Build[];
  readonly stops: Call[];
  readonly disposals: Call[];
}

export interface Journal {
  readonly places: Place[];
  readonly builds: Build[];
  readonly trouble: string[];
  readonly lines: string[];
}

const tokens = Array.from({ length: TOKENS }, (_, at) => token<Build>(`t${at}`));
const Here = token<number>("here");

class Planned extends Error {}

export function run(program: Program): Promise<Journal> {
  return new Run(program).go();
}

/** Whether one scope is another, or below it. */
export function isWithin(place: Place | undefined, above: Place): boolean {
  return place !== undefined && (place === above || isWithin(place.parent, above));
}

class Run {
  readonly #program: Program;
  readonly #journal: Journal = { places: [], builds: [], trouble: [], lines: [] };
  readonly #gates = new Gates();
  readonly #deadlines: { readonly place: Place; readonly controller: AbortController }[] = [];
  readonly #byIndex: (Place | undefined)[] = [];
  #clock = 0;
  #reasons = 0;

  constructor(program: Program) {
    this.#program = program;
  }

  async go(): Promise<Journal> {
    const { places, trouble } = this.#journal;
    this.#open(0);
    for (const step of this.#program.steps) await this.#take(showStep(step), () => this.#do(step));
    await this.#openAll();
    const root = places[0]!;
    await this.#take("end: shutdown", () => this.#shutdown(root, "none"));
    await this.#openAll();
    if (root.closed === Infinity) {
      const hangs = this.#journal.builds.some(
        ({ plan, stops }) => plan.stop?.how === "hangs" && stops.length > 0,
      );
      if (!hangs) trouble.push("the shutdown hangs, and no stop does");
      await this.#take("end: deadline", () => this.#shutdown(root, "aborted"));
      await this.#openAll();
    }
    for (const it of places)
      if (!it.report) await this.#take("end: report", () => this.#shutdown(it, "none"));
    return this.#journal;
  }

  async #take(what: string, act: () => unknown): Promise<void> {
    this.#note(`- ${what}`);
    act();
    await rest(() => this.#clock);
    checkRest(this.#journal);
  }

  async #openAll(): Promise<void> {
    for (let turns = 0; turns < 100 && this.#gates.size > 0; turns++)
      await this.#take("end: open", () => this.#note(String(this.#gates.open(0))));
  }

  #note(line: string): number {
    this.#journal.lines.push(`${++this.#clock} ${line}`);
    return this.#clock;
  }

  // ---- steps

  #do(step: Step): unknown {
    switch (step.do) {
      case "open":
        return this.#note(String(this.#gates.open(step.nth)));
      case "expire": {
        const [deadline] = this.#deadlines.splice(step.nth % Math.max(1, this.#deadlines.length), 1);
        if (!deadline) return;
        if (deadline.place.closed === Infinity) this.#expire(deadline.place);
        return deadline.controller.abort();
      }
    }
    const place = this.#open(step.scope);
    if (!place) return;
    if (step.do === "shutdown") return this.#shutdown(place, step.bound);
    return this.#get(place, step.do, step.token);
  }

  /** Opens a scope, if it is not open yet. While a scope above is stopping that works, and not when it is closing. */
  #open(index: number): Place | undefined {
    const plan = this.#program.scopes[index]!;
    const known = this.#byIndex[index];
    if (known) return known;
    const parent = plan.parent === undefined ? undefined : this.#open(plan.parent);
    if (plan.parent !== undefined && (!parent || parent.closing < Infinity)) return undefined;
    const place: Place = {
      index,
      parent,
      scope: undefined as never,
      opened: ++this.#clock,
      // A scope that is opened below one that is stopping belongs to that shutdown.
      asked: parent?.asked ?? Infinity,
      stopping: Infinity,
      closing: Infinity,
      closed: Infinity,
      late: Infinity,
      reasons: [],
      isShutDown: false,
      report: undefined,
    };
    const providers = [value(Here, index) as Provider, ...plan.plans.map((it) => this.#provider(it, place))];
    const scope = parent
      ? (parent.scope.createScope as (...all: unknown[]) => Scope).call(parent.scope, `s${index}`, providers)
      : (createContainer as (...all: unknown[]) => Scope)(`s${index}`, providers);
    this.#note(`s${index} is opened`);
    Object.assign(place, { scope });
    this.#journal.places.push(place);
    this.#byIndex[index] = place;
    scope
      .get(stopSignal)
      .addEventListener("abort", () => (place.stopping = this.#note(`s${index} is stopping`)));
    scope
      .get(abortSignal)
      .addEventListener("abort", () => (place.closing = this.#note(`s${index} is closing`)));
    return place;
  }

  /** Whatever is asked for while a scope is not closing is there, or can be built. */
  #get(place: Place, how: "get" | "getAsync", on: number): void {
    const { scope, index } = place;
    const isClosed = place.closing < Infinity;
    const refused = (error: unknown): void => {
      const wasRefused = isContainerError(error, "SCOPE_CLOSED");
      this.#note(`s${index}.${how}(t${on}) fails: ${String(error).split("\n")[0]}`);
      if (!isContainerError(error))
        this.#journal.trouble.push(`s${index}.${how}(t${on}) fails with ${String(error)}`);
      if (wasRefused && place.closing === Infinity)
        this.#journal.trouble.push(`s${index}.${how}(t${on}) was refused, and the scope is not closing`);
    };
    const received = (it: Build): void => {
      this.#note(`s${index}.${how}(t${on}) gives ${it.plan.id}`);
      if (isClosed && it.ended > place.closing && isWithin(place, it.place) && it.place.closing < it.begun)
        this.#journal.trouble.push(`${it.plan.id} was built in a closing scope`);
    };
    if (how === "getAsync") return void scope.getAsync(tokens[on]!).then(received, refused);
    try {
      received(scope.get(tokens[on]!));
    } catch (error) {
      refused(error);
    }
  }

  #shutdown(place: Place, bound: "none" | "signal" | "aborted"): Promise<unknown> {
    const { places, builds, trouble } = this.#journal;
    const controller = new AbortController();
    const within = places.filter((it) => isWithin(it, place));
    const reason = `reason ${++this.#reasons}`;
    const now = this.#note(`s${place.index}.shutdown(${bound}), ${reason}`);
    if (place.closed === Infinity) place.isShutDown = true;
    for (const it of within) {
      it.asked = Math.min(it.asked, now);
      it.reasons.push(reason);
    }
    if (bound === "signal" && place.closed === Infinity) this.#deadlines.push({ place, controller });
    if (bound === "aborted") {
      controller.abort();
      if (place.closed === Infinity) this.#expire(place);
    }
    const mine = builds.filter((it) => isWithin(it.place, place));
    const isBusy = builds.some((it) => it.ended === Infinity);
    const first = mine.filter(
      (it) => isDue(it) && !mine.some((other) => isLeft(other) && dependsOn(other, it)),
    );
    const isFirst = place.asked === now;
    const report = place.scope.shutdown({
      reason,
      ...(bound === "none" ? {} : { signal: controller.signal }),
    });
    void report.then((it) => {
      const at = this.#note(`s${place.index}.shutdown is over`);
      if (place.report && place.report !== it) trouble.push(`s${place.index} has two reports`);
      place.report = it;
      for (const one of places) if (isWithin(one, place)) one.closed = Math.min(one.closed, at);
    });
    // The first ones are called before `shutdown` returns. Without any, there is no such phase.
    if (!isFirst || isBusy || builds.some((it) => it.ended === Infinity)) return report;
    // What the first ones have built is a dependent, too.
    const isInTheWay = (it: Build) => builds.some((other) => isLeft(other) && dependsOn(other, it));
    for (const it of first)
      if (it.stops.length === 0 && !isInTheWay(it))
        trouble.push(`s${place.index}.shutdown() returned before ${it.plan.id} was stopped`);
    const isIdle = !builds.some((it) => isWithin(it.place, place) && isLeft(it));
    if (isIdle && place.scope.state === "stopping")
      trouble.push(`s${place.index} is stopping, and there is nothing to stop`);
    return report;
  }

  #expire(place: Place): void {
    const now = this.#note(`the deadline of s${place.index} passes`);
    for (const it of this.#journal.places) if (isWithin(it, place)) it.late = Math.min(it.late, now);
  }

  // ---- providers

  #provider(plan: Plan, place: Place): Provider {
    const key = tokens[plan.token]!;
    const needs = plan.needs.map((it) => tokens[it]!);
    if (plan.kind === "alias") return alias(key, needs[0]!) as Provider;
    if (plan.kind === "value") {
      const build = this.#begin(plan, place, []);
      build.ended = build.begun;
      return value(key, build, this.#options(plan)) as Provider;
    }
    const factory = (here: number, ...given: Build[]): Build | Promise<Build> => {
      const build = this.#begin(plan, this.#byIndex[here]!, given);
      const end = (): Build => {
        build.ended = this.#note(`${plan.id} in s${here} is built`);
        return build;
      };
      return plan.isSlow ? this.#gates.wait(`${plan.id} may be built`).then(end) : end();
    };
    const define = { singleton, scoped, transient }[plan.kind] as unknown as (...all: unknown[]) => Provider;
    return define(key, [Here, ...needs], factory, this.#options(plan));
  }

  #begin(plan: Plan, place: Place, given: readonly Build[]): Build {
    const begun = this.#note(`${plan.id} in s${place.index} is called`);
    const build: Build = {
      plan,
      place,
      begun,
      ended: Infinity,
      given,
      stops: [],
      disposals: [],
    };
    this.#journal.builds.push(build);
    return build;
  }

  #options({ stop, dispose, kind }: Plan): object {
    if (kind === "transient") return {};
    const options: Record<string, unknown> = {};
    if (stop)
      options["stop"] = (it: Build, signal: AbortSignal, reason: unknown) =>
        this.#call(it, "stops", stop.how, signal.aborted, reason, stop.does);
    if (dispose)
      options["dispose"] = (it: Build, signal: AbortSignal, reason: unknown) =>
        this.#call(it, "disposals", dispose, signal.aborted, reason);
    return options;
  }

  #call(
    it: Build,
    list: "stops" | "disposals",
    how: NonNullable<Plan["stop"]>["how"],
    wasAborted: boolean,
    reason: unknown,
    does?: NonNullable<Plan["stop"]>["does"],
  ): unknown {
    const { plan, place } = it;
    const name = `${list === "stops" ? "stop" : "dispose"} of ${plan.id} in s${place.index}`;
    const call: Call = { begun: this.#note(name), ended: Infinity, wasAborted, reason };
    it[list].push(call);
    const end = (): void => {
      if (how === "throws" || how === "rejects") call.error = new Planned(`${name} fails`);
      call.ended = this.#note(`${name} is over`);
      if (call.error !== undefined) throw call.error as Error;
    };
    let joined: Promise<unknown> | undefined;
    if (does && "token" in does) this.#get(place, does.what, does.token);
    else if (does) joined = this.#shutdown(place, "none");
    if (does?.what === "wait for shutdown") return joined!.then(end);
    if (how === "sync" || how === "throws") return end();
    return how === "hangs" ? new Promise(() => {}) : this.#gates.wait(name).then(end);
  }
}
