/**
 * The runner: takes a program's steps on a real container, and writes down what its factories, disposers and callers see.
 *
 * The container is never asked what it did. Whom an object was received from is looked up in the program: nearest scope
 * first, then up.
 *
 * @module
 */

import {
  alias,
  all,
  arg,
  assisted,
  cleanup,
  createContainer,
  decorate,
  isContainerError,
  make,
  optional,
  parent,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Provider,
  type Scope,
  type ShutdownReport,
} from "thimble";
import { asyncDispose, dispose } from "../../core/support/disposal.ts";
import { Gates, rest } from "../gates.ts";
import { TOKENS, type How, type Need, type Plan, type Program, type Step, type Wanted } from "./program.ts";

/** What factories make and values are. */
export class Thing {
  readonly name: string;
  readonly plan: Plan;
  constructor(plan: Plan, serial: number) {
    this.name = `${plan.id}#${serial}`;
    this.plan = plan;
  }
}

/** One call of something that undoes: a disposer, a method of an object, a step of `cleanup`. */
export interface Call {
  readonly what: string;
  readonly begun: number;
  ended: number;
  error?: unknown;
}

/** A scope. */
export interface Place {
  readonly index: number;
  readonly parent: Place | undefined;
  /** What is registered there now, and all that ever was. */
  plans: readonly Plan[];
  readonly everything: Plan[];
  /** When it was shut down, by itself or from above, and when that was over. */
  closing: number;
  closed: number;
  /** When it was shut down with a deadline that had passed. */
  late: number;
  report: ShutdownReport | undefined;
}

/** One run of a factory, or a value. */
export interface Build {
  readonly plan: Plan;
  readonly place: Place;
  readonly begun: number;
  state: "building" | "made" | "built" | "failed";
  /** When it was built or had failed. */
  ended: number;
  thing: Thing | undefined;
  /** What a decorator has put around that. */
  wrapper: Thing | undefined;
  /** Whether what it returned belonged to nobody. */
  isOwner: boolean;
  /** What its factory was given, by whom. */
  readonly given: Build[];
  /** Whether a factory or a caller was given what it has returned. */
  isReceived: boolean;
  /** The steps that it gave to `cleanup`. */
  steps: number;
  readonly undone: Call[];
}

export interface Journal {
  readonly places: readonly Place[];
  readonly builds: readonly Build[];
  /** Errors that reached nobody but the runtime. */
  readonly unheard: readonly unknown[];
  readonly trouble: string[];
  readonly lines: readonly string[];
}

// The last one is that of what `make` builds.
const tokens = Array.from({ length: TOKENS + 1 }, (_, at) => token<unknown>(`t${at}`));
const Group = token<unknown>("G");
const Here = token<Place>("here");

class Planned extends Error {}

export function run(program: Program, reported: unknown[]): Promise<Journal> {
  return new Run(program, reported).go();
}

/** Whether one scope is another, or below it. */
export function isWithin(place: Place | undefined, above: Place): boolean {
  return place !== undefined && (place === above || isWithin(place.parent, above));
}

class Run {
  readonly #program: Program;
  readonly #reported: unknown[];
  readonly #gates = new Gates();
  readonly #places: Place[] = [];
  readonly #scopes: Scope[] = [];
  readonly #builds: Build[] = [];
  readonly #trouble: string[] = [];
  readonly #lines: string[] = [];
  readonly #owners = new Map<Thing, Build>();
  readonly #runs = new Map<string, number>();
  readonly #callers: AbortController[] = [];
  readonly #loose: readonly Provider[];
  /** Of a replacement: whether the first original is a member of the group. */
  readonly #isInGroup = new Map<Plan, boolean>();
  /** What was got from functions of `assisted`, or made by decorators. */
  readonly #received = new Set<unknown>();
  #clock = 0;

  constructor(program: Program, reported: unknown[]) {
    this.#program = program;
    this.#reported = reported;
    this.#loose = program.loose.map((it) => this.#provider(it, undefined));
  }

  async go(): Promise<Journal> {
    for (const { parent: above, plans } of this.#program.scopes) this.#openScope(above, plans);
    for (const step of this.#program.steps) {
      this.#do(step);
      await rest(() => this.#clock);
    }
    await this.#openAll();
    this.#shutdown(0, false);
    await this.#openAll();
    for (const place of this.#places) if (!place.report) this.#shutdown(place.index, false);
    await this.#openAll();
    return {
      places: this.#places,
      builds: this.#builds,
      unheard: this.#reported.splice(0),
      trouble: this.#trouble,
      lines: this.#lines,
    };
  }

  // ---- steps

  #do(step: Step): void {
    switch (step.do) {
      case "get":
        try {
          this.#answer(step.scope, step.wanted, this.#scopes[step.scope]!.get(dependencyOn(step.wanted)));
        } catch (error) {
          this.#refused(error);
        }
        return;
      case "getAsync": {
        const caller = new AbortController();
        this.#callers.push(caller);
        const over = () => this.#callers.splice(this.#callers.indexOf(caller), 1);
        const { signal } = caller;
        this.#scopes[step.scope]!.getAsync(dependencyOn(step.wanted), { signal }).then(
          (it) => (over(), this.#answer(step.scope, step.wanted, it)),
          (error: unknown) => (over(), this.#refused(error)),
        );
        return;
      }
      case "abort":
        return this.#callers[step.nth % Math.max(1, this.#callers.length)]?.abort(new Planned("gave up"));
      case "open":
        return void this.#note(`opened ${String(this.#gates.open(step.nth))}`);
      case "shutdown":
        return this.#shutdown(step.scope, step.isLate);
      case "override":
        return this.#override(step.scope, step.plan);
    }
  }

  #answer(scope: number, wanted: Wanted, it: unknown): void {
    const needs: readonly Need[] =
      "all" in wanted ? [{ on: 0, via: "all" }] : wanted.tokens.map((on) => ({ on, via: "itself" }));
    const values = "all" in wanted || wanted.tokens.length === 1 ? [it] : (it as unknown[]);
    const place = this.#places[scope]!;
    for (const build of this.#sources(needs, values, place, place)) build.isReceived = true;
    this.#note(`s${scope} answers`);
  }

  #refused(error: unknown): void {
    this.#note(`a caller is refused: ${String(error).split("\n")[0]}`);
    if (!(error instanceof Planned) && !isContainerError(error))
      this.#trouble.push(`a caller was refused with ${String(error)}`);
  }

  #override(index: number, drawn: Plan): void {
    const place = this.#places[index]!;
    // What was received before may arrive later, and could not be told from what is received afterwards.
    if (this.#gates.size > 0) return;
    const [original] = this.#targets({ on: drawn.token, via: "itself" }, place, place, false);
    // It answers to what the first original answers to, and to what it says itself.
    const isOfFirst = original && (this.#isInGroup.get(original.plan) ?? original.plan.inGroup);
    const plan = { ...drawn, inGroup: drawn.inGroup || isOfFirst === true };
    this.#isInGroup.set(plan, isOfFirst === true);
    const begun = this.#builds.length;
    try {
      this.#scopes[index]!.override(this.#provider(plan, place));
    } catch (error) {
      // A value that was refused is in no scope.
      this.#builds.splice(begun);
      return this.#refused(error);
    }
    this.#note(`s${index}.override(${plan.id})`);
    place.plans = [...place.plans.filter((it) => it.token !== plan.token), plan];
    place.everything.push(plan);
  }

  #shutdown(index: number, isLate: boolean): void {
    const place = this.#places[index]!;
    const at = this.#note(`s${index}.shutdown(${isLate ? "late" : ""})`);
    for (const it of this.#places) if (isWithin(it, place)) it.closing = Math.min(it.closing, at);
    if (isLate) place.late = Math.min(place.late, at);
    void this.#scopes[index]!.shutdown(isLate ? { signal: AbortSignal.abort() } : {}).then((report) => {
      const now = this.#note(`s${index} is closed`);
      place.report ??= report;
      if (place.report !== report) this.#trouble.push(`s${index} has two reports`);
      for (const it of this.#places) if (isWithin(it, place)) it.closed = Math.min(it.closed, now);
    });
  }

  async #openAll(): Promise<void> {
    await rest(() => this.#clock);
    // Bounded, because a fault may build something for ever.
    for (let turns = 0; turns < 200 && this.#gates.size > 0; turns++) {
      this.#note(`opened ${String(this.#gates.open(0))}`);
      await rest(() => this.#clock);
    }
  }

  #note(line: string): number {
    this.#lines.push(`${++this.#clock} ${line}`);
    return this.#clock;
  }

  // ---- scopes and providers

  #openScope(above: number | undefined, plans: readonly Plan[]): void {
    const place: Place = {
      index: this.#places.length,
      parent: above === undefined ? undefined : this.#places[above],
      plans,
      everything: [...plans],
      closing: Infinity,
      closed: Infinity,
      late: Infinity,
      report: undefined,
    };
    this.#places.push(place);
    const providers = [value(Here, place) as Provider, ...plans.map((it) => this.#provider(it, place))];
    const open = (above === undefined ? createContainer : this.#scopes[above]!.createScope) as (
      this: unknown,
      ...all: unknown[]
    ) => Scope;
    this.#scopes.push(
      open.call(above === undefined ? undefined : this.#scopes[above], `s${place.index}`, providers),
    );
  }

  #provider(plan: Plan, place: Place | undefined): Provider {
    const provider = this.#undecorated(plan, place);
    return plan.decorated
      ? (decorate(provider, [], (it: unknown) => this.#decorate(plan, it as Thing)) as Provider)
      : provider;
  }

  /** Called with what the factory has made. */
  #decorate(plan: Plan, it: Thing): Thing {
    const build = this.#builds.find((one) => one.plan === plan && one.thing === it);
    if (build?.state !== "built" || build.wrapper) {
      this.#trouble.push(`the decorator of ${plan.id} was called with ${it.name}`);
      return it;
    }
    if (plan.decorated === "throws")
      throw this.#fail(build, new Planned(`the decorator of ${plan.id} fails`));
    if (plan.decorated === "same") return it;
    build.wrapper = this.#foreign(plan.id, `${it.name} wrapped`);
    this.#received.add(build.wrapper);
    if (plan.kind !== "transient") this.#owners.set(build.wrapper, build);
    return build.wrapper;
  }

  /** What no factory has made: it is disposed by its method only if another provider hands it on, which then owns it. */
  #foreign(id: string, name: string): Thing {
    const thing = Object.assign(new Thing({ id, symbol: "asyncDispose" } as Plan, 0), { name });
    return Object.assign(thing, {
      [asyncDispose]: () => {
        const owner = this.#ownerOf(thing);
        if (owner) return this.#undo(owner, name, "sync");
        // Nobody has received it: who called the function has given up.
        if (!this.#received.has(thing)) return this.#received.add(thing);
        return this.#trouble.push(`${name} was disposed, and is not the container's`);
      },
    });
  }

  #undecorated(plan: Plan, place: Place | undefined): Provider {
    const key = tokens[plan.token]!;
    const needs = plan.needs.map((it) => this.#dependencyFor(it));
    if (plan.kind === "alias") return alias(key, needs[0] as never) as Provider;
    if (plan.kind === "value") {
      const build = this.#begin(plan, place!);
      build.thing = this.#make(plan);
      build.state = "built";
      build.isOwner = true;
      this.#owners.set(build.thing, build);
      return value(key, build.thing as never, this.#options(plan)) as Provider;
    }
    const define = { singleton, scoped, transient }[plan.kind] as unknown as (...all: unknown[]) => Provider;
    const before = plan.steps.length > 0 ? [Here, cleanup] : [Here];
    if (plan.form === "declared") {
      const factory = (here: Place, ...rest: unknown[]) => {
        const add = before.length > 1 ? (rest.shift() as Add) : undefined;
        const build = this.#begin(plan, here);
        return this.#run(build, this.#take(build, plan.needs, rest), add);
      };
      return define(key, [...before, ...needs], factory, this.#options(plan));
    }
    const factory = ({
      get,
      getAsync,
    }: {
      get(it: unknown): unknown;
      getAsync(it: unknown): Promise<unknown>;
    }) => {
      const build = this.#begin(plan, get(Here) as Place);
      const add = before.length > 1 ? (get(cleanup) as Add) : undefined;
      const given: unknown[] = [];
      const take = (at: number, it: unknown) => {
        given.push(...this.#take(build, [plan.needs[at]!], [it]));
      };
      try {
        if (!plan.isSlow) needs.forEach((it, at) => take(at, get(it)));
      } catch (error) {
        throw this.#fail(build, error);
      }
      if (!plan.isSlow) return this.#run(build, given, add);
      return (async () => {
        try {
          for (const [at, it] of needs.entries()) take(at, await getAsync(it));
        } catch (error) {
          throw this.#fail(build, error);
        }
        return await this.#run(build, given, add);
      })();
    };
    return define(key, factory, this.#options(plan));
  }

  #options(plan: Plan): object {
    const options: Record<string, unknown> = {};
    if (plan.inGroup) options["as"] = [Group];
    if (plan.dispose === "false") options["dispose"] = false;
    if (plan.dispose === "option") {
      options["dispose"] = (it: Thing) => {
        const waiting = (one: Build) => one.thing === it && one.plan === plan && one.undone.length === 0;
        const build = this.#builds.find(waiting);
        if (build) return this.#undo(build, "dispose", plan.how);
        return this.#trouble.push(`the disposer of ${plan.id} was called with ${it.name} once too often`);
      };
    }
    if (plan.kind === "value" && plan.isOwned) options["owned"] = true;
    if (plan.init) options["init"] = (it: Thing) => this.#init(plan, it);
    return options;
  }

  // ---- building

  #begin(plan: Plan, place: Place): Build {
    const build: Build = {
      plan,
      place,
      begun: this.#note(`${plan.id} in s${place.index} is called`),
      state: "building",
      ended: Infinity,
      thing: undefined,
      wrapper: undefined,
      isOwner: false,
      given: [],
      isReceived: false,
      steps: 0,
      undone: [],
    };
    this.#builds.push(build);
    return build;
  }

  /** Notes whom it was given what by. Gives what it was given: for a function, what that gives. */
  #take(build: Build, needs: readonly Need[], values: readonly unknown[]): unknown[] {
    const { plan, place } = build;
    const owner = this.#places.find((it) => it.everything.includes(plan));
    return needs.flatMap((need, at) => {
      let value = values[at];
      if (need.via === "assisted") {
        try {
          value = (value as (word: string) => unknown)(plan.id);
        } catch (error) {
          this.#refused(error);
          return [];
        }
        this.#received.add(value);
      }
      for (const it of this.#sources([need], [value], place, owner)) {
        it.isReceived = true;
        build.given.push(it);
      }
      return [value];
    });
  }

  #dependencyFor(need: Need): unknown {
    const { on, via } = need;
    const it = tokens[on]!;
    switch (via) {
      case "itself":
        return it;
      case "optional":
        return optional(it);
      case "parent":
        return parent(it);
      case "all":
        return all(Group);
      case "make":
        return make(this.#loose[on % this.#loose.length]!);
      case "assisted": {
        const made = token<unknown>(`assisted t${on}`);
        // With the word of one of them it hands on what it was given, whose owner stays who it is.
        const factory = (service: unknown, word: string) => {
          const isHandedOn = on % 2 === 0;
          for (const build of this.#builds) {
            // What is around a transient is handed on alone, and belongs to whoever receives that.
            const isItsOwn = !isHandedOn || (build.plan.kind === "transient" && build.wrapper === service);
            if (outputOf(build) === service && isItsOwn) build.isReceived = true;
          }
          if (isHandedOn) this.#received.delete(service);
          if (isHandedOn) return service;
          return this.#foreign(word, `what ${word} got from assisted`);
        };
        return (assisted as (...all: unknown[]) => unknown)(made, [it, arg<string>()], factory);
      }
    }
  }

  #run(build: Build, given: readonly unknown[], add: Add | undefined): unknown {
    const { plan } = build;
    const end = (): Thing => {
      for (const how of plan.steps) {
        const name = `step ${++build.steps}`;
        add!(() => this.#undo(build, name, how));
      }
      if (this.#count(plan, "factory") <= plan.fails)
        throw this.#fail(build, new Planned(`${plan.id} fails`));
      const things = given.flat().filter((it) => it instanceof Thing);
      const thing =
        (plan.makes === "pooled" && this.#builds.find((it) => it.plan === plan && it.thing)?.thing) ||
        (plan.makes === "first" && things[0]) ||
        (plan.makes === "last" && things.at(-1)) ||
        this.#make(plan);
      build.thing = thing;
      build.state = plan.init ? "made" : "built";
      build.ended = this.#note(`${plan.id} in s${build.place.index} returns ${thing.name}`);
      if (plan.kind !== "transient" && !this.#isOwned(thing) && !isHandedOn(build, thing)) {
        build.isOwner = true;
        this.#owners.set(thing, build);
      }
      return thing;
    };
    if (!plan.isSlow) return end();
    return this.#gates.wait(`${plan.id} in s${build.place.index}`).then(end);
  }

  #init(plan: Plan, it: Thing): unknown {
    const build = this.#builds.find((one) => one.plan === plan && one.thing === it && one.state === "made");
    if (!build) return this.#trouble.push(`init of ${plan.id} was called with ${it.name}`);
    const end = (): void => {
      if (this.#count(plan, "init") <= plan.init!.fails)
        throw this.#fail(build, new Planned(`init of ${plan.id} fails`));
      build.state = "built";
      build.ended = this.#note(`init of ${plan.id} is over`);
    };
    return plan.init!.isSlow ? this.#gates.wait(`init of ${plan.id}`).then(end) : end();
  }

  #fail(build: Build, error: unknown): unknown {
    build.state = "failed";
    build.ended = this.#note(
      `${build.plan.id} in s${build.place.index} fails: ${String(error).split("\n")[0]}`,
    );
    return error;
  }

  #make(plan: Plan): Thing {
    const thing = new Thing(plan, this.#count(plan, "things"));
    const undo = () => {
      return this.#undo(this.#ownerOf(thing)!, thing.name, plan.how);
    };
    if (plan.symbol === "asyncDispose") Object.assign(thing, { [asyncDispose]: undo });
    if (plan.symbol === "dispose") Object.assign(thing, { [dispose]: undo });
    return thing;
  }

  #ownerOf(thing: Thing): Build | undefined {
    const owner = this.#owners.get(thing);
    if (owner?.thing === thing) return owner;
    // Without an owner it is a transient that nobody has received, or another one that has handed that one on.
    const makers = this.#builds.filter((it) => it.thing === thing);
    return makers.find((it) => !it.isReceived) ?? makers[0];
  }

  /** An object belongs to whoever produced it first. That ends when it has been disposed. */
  #isOwned(thing: Thing): boolean {
    const owner = this.#owners.get(thing);
    return owner !== undefined && !owner.undone.some((it) => it.what === thing.name && it.ended < Infinity);
  }

  #count(plan: Plan, what: string): number {
    const count = (this.#runs.get(`${what} ${plan.id}`) ?? 0) + 1;
    this.#runs.set(`${what} ${plan.id}`, count);
    return count;
  }

  #undo(build: Build, what: string, how: How): unknown {
    const name = `${what} of ${build.plan.id} in s${build.place.index}`;
    const call: Call = { what, begun: this.#note(`${name} is undone`), ended: Infinity };
    build.undone.push(call);
    const end = (): void => {
      if (how === "throws" || how === "rejects") call.error = new Planned(`${name} fails`);
      call.ended = this.#note(`${name} is over`);
      if (call.error !== undefined) throw call.error as Error;
    };
    return how === "sync" || how === "throws" ? end() : this.#gates.wait(name).then(end);
  }

  // ---- lookup

  /** The runs of factories, and the values, that given objects came from. */
  #sources(
    needs: readonly Need[],
    values: readonly unknown[],
    from: Place,
    owner: Place | undefined,
  ): Build[] {
    return needs.flatMap((need, at) => {
      const objects = [values[at]].flat();
      return this.#targets(need, from, owner).flatMap(({ plan, home }) => {
        const mine = this.#builds.filter(
          (it) => it.plan === plan && it.place === home && it.state === "built",
        );
        if (plan.kind !== "transient") return mine.slice(-1);
        return mine.filter((it) => !it.isReceived && objects.includes(outputOf(it))).slice(0, 1);
      });
    });
  }

  /** The providers that answer, through aliases, and where their instances live. */
  #targets(
    { on, via }: Need,
    from: Place,
    owner: Place | undefined,
    isFollowed = true,
  ): { plan: Plan; home: Place }[] {
    if (via === "make") return [{ plan: this.#program.loose[on % this.#loose.length]!, home: from }];
    const start = via === "parent" ? owner!.parent : from;
    const found: { plan: Plan; at: Place }[] = [];
    const seen = new Set<number>();
    for (let at = start; at; at = at.parent) {
      for (const plan of at.plans) {
        const isMeant = via === "all" ? plan.inGroup : plan.token === on;
        if (isMeant && !seen.has(plan.token)) found.push({ plan, at });
      }
      for (const plan of at.plans) seen.add(plan.token);
    }
    return found.flatMap(({ plan, at }) => {
      if (plan.kind === "alias" && isFollowed) return this.#targets(plan.needs[0]!, from, at);
      const home = plan.kind === "singleton" || plan.kind === "value" ? at : from;
      return [{ plan, home }];
    });
  }
}

/** Whether a factory returns what it was given and belongs to another: not a transient, which is whoever's receives it. */
function isHandedOn({ given }: Build, thing: Thing): boolean {
  return given.some(
    (it) => outputOf(it) === thing && (it.plan.kind !== "transient" || isHandedOn(it, thing)),
  );
}

/** What others receive. */
export function outputOf({ wrapper, thing }: Build): Thing | undefined {
  return wrapper ?? thing;
}

type Add = (undo: () => unknown) => void;

function dependencyOn(wanted: Wanted): never {
  if ("all" in wanted) return all(Group) as never;
  const [first, ...others] = wanted.tokens.map((it) => tokens[it]!);
  return (others.length === 0 ? first : [first, ...others]) as never;
}
