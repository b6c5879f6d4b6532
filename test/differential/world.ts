/**
 * A world: one program on one build. It makes tokens, classes and providers of the plans, and does the steps.
 *
 * Every run has a world of its own, with fresh classes and objects: what one build does to an object must not be seen by
 * the other.
 *
 * @module
 */

import type { Build, Report, ScopeLike } from "./builds.ts";
import { hasTimers, idle, listen, pass, reset } from "./host.ts";
import type {
  Act,
  Body,
  Combined,
  Entry,
  Given,
  Need,
  Options,
  Program,
  ProviderPlan,
  Thrown,
  TokenPlan,
  Where,
} from "./program.ts";
import { Trace } from "./trace.ts";

/** How many acts callbacks may do in one run, and how deep inside each other: some would never end. */
const maxActs = 250;
const maxDepth = 5;

type Fn = (...args: unknown[]) => unknown;

interface Gate {
  readonly label: string;
  readonly open: () => void;
}

/** What a callback knows of its surroundings. */
interface Context {
  readonly args: readonly unknown[];
  readonly label: string;
  /** What it undoes, or initialises. */
  readonly isAsync: boolean;
}

const outside: Context = { args: [], label: "", isAsync: true };

/** How often a callback was called. */
interface Site {
  readonly name: string;
  calls: number;
}

const symbols = Symbol as { readonly dispose?: symbol; readonly asyncDispose?: symbol };
const dispose = symbols.dispose ?? Symbol.for("Symbol.dispose");
const asyncDispose = symbols.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

export class World {
  readonly trace: Trace;
  readonly #program: Program;
  readonly #build: Build;
  readonly #tokens: object[] = [];
  readonly #providers: unknown[] = [];
  readonly #needs = new Map<Combined, unknown>();
  readonly #scopes: ScopeLike[] = [];
  readonly #byId: ScopeLike[] = [];
  readonly #gates: Gate[] = [];
  readonly #controllers: AbortController[] = [];
  readonly #unobserve: (() => void)[] = [];
  readonly #apps = new Map<ScopeLike, ReturnType<Build["features"]["createApp"]>>();
  readonly #reports: [string, Report][] = [];
  /** What symbols on an instance do. */
  readonly #undos = new Map<unknown, { readonly site: Site; readonly body: Body | undefined }>();
  readonly #looked = new Map<string, Set<string>>();
  readonly #same = new Map<string, object>();
  readonly #shared: object[] = [];
  #sameError: unknown;
  #caught: unknown;
  #policy: unknown;
  #here: ScopeLike | undefined;
  #latest: ScopeLike | undefined;
  #acts = 0;
  #depth = 0;
  #asks = 0;
  #fresh = 0;
  #unsettled = 0;
  #isOver = false;

  constructor(program: Program, build: Build) {
    this.#program = program;
    this.#build = build;
    this.trace = new Trace(build.core.pathOf);
    program.tokens.forEach((it, at) => this.#tokens.push(this.#token(it, at)));
  }

  async run(): Promise<readonly string[]> {
    const { trace } = this;
    reset();
    listen((how, error) => trace.add(`${how} ${trace.error(error)}`));
    const { steps, pace } = this.#program;
    for (let at = 0; at < steps.length; at++) {
      const step = steps[at]!;
      trace.add(`#${at} ${step.do}`);
      try {
        const it = this.#act(step, outside);
        if (it instanceof Promise) await this.#atMost(it);
      } catch (error) {
        this.#caught = error;
        trace.add(`  threw ${trace.error(error)}`);
      }
      for (let turn = 0; turn < pace; turn++) await undefined;
    }
    await this.#end();
    return trace.lines;
  }

  // ---- The end

  /** Lets everything that can end do so, closes everything, and looks at what is left. */
  async #end(): Promise<void> {
    const { trace } = this;
    trace.add("end");
    await this.#rest();
    this.#isOver = true;
    for (const how of [undefined, AbortSignal.abort("end")]) {
      for (const scope of [...this.#scopes]) {
        if (scope.state === "closed" || (!how && scope.parent)) continue;
        void this.#shutdown(scope, how && { signal: how });
      }
      await this.#rest();
    }
    for (const [label, report] of this.#reports) trace.add(`${label} ${trace.report(report)}`);
    for (const it of this.#scopes) trace.add(`${it.id} ${it.state}${it.parent ? " below" : ""}`);
    for (const [label, seen] of this.#looked) trace.add(`${label} looked at ${[...seen].sort().join(" ")}`);
    if (this.#unsettled > 0) trace.add(`${this.#unsettled} never settled`);
    await idle();
    listen(() => {});
  }

  async #rest(): Promise<void> {
    for (let turns = 0; turns < 12; turns++) await undefined;
    for (let turns = 0; turns < 60 && (this.#gates.length > 0 || this.#unsettled > 0); turns++) {
      await idle();
      const gate = this.#gates.shift();
      if (gate) this.#open(gate);
      else if (hasTimers()) pass(1_000_000);
      else break;
    }
  }

  #open(gate: Gate): void {
    this.trace.add(`open ${gate.label}`);
    gate.open();
  }

  /** Waits for a promise, but not for ever: what it waits for may be opened by a later step. */
  async #atMost(promise: Promise<unknown>): Promise<void> {
    let isOver = false;
    const over = () => (isOver = true);
    promise.then(over, over);
    for (let turns = 0; turns < 40 && !isOver; turns++) await undefined;
  }

  // ---- Tokens, classes

  #token(plan: TokenPlan, at: number): object {
    const name = `t${at}`;
    if (!plan.cls) return this.trace.label(this.#build.core.token(name), name);
    return this.trace.label(this.#class(plan, name), name);
  }

  #class(plan: TokenPlan, name: string): object {
    const { cls, base, body, disp, undo } = plan;
    // oxlint-disable-next-line no-this-alias, unicorn/no-this-assignment
    const world = this;
    const site: Site = { name, calls: 0 };
    const above = base === undefined ? undefined : this.#tokens[base];
    const Base = (typeof above === "function" ? above : Object) as new () => object;
    let made: new (...args: never[]) => object;
    if (cls === "es5") {
      made = function (this: object, ...args: unknown[]) {
        return world.#construct(site, body, this, args);
      } as never;
    } else if (Base !== Object) {
      made = class extends Base {
        constructor(...args: unknown[]) {
          super();
          return (new.target as unknown) === made ? world.#construct(site, body, this, args) : this;
        }
      };
    } else if (cls === "fixed") {
      made = class {
        constructor(...args: [unknown?, unknown?, unknown?]);
        constructor(a: unknown, b: unknown, c: unknown) {
          if ((new.target as unknown) !== made) return;
          // oxlint-disable-next-line prefer-rest-params
          return world.#construct(site, body, this, arguments.length > 3 ? [a, b, c] : [...arguments]);
        }
      };
    } else {
      made = class {
        constructor(...args: unknown[]) {
          return (new.target as unknown) === made ? world.#construct(site, body, this, args) : this;
        }
      };
    }
    Object.defineProperty(made, "name", { value: name });
    const undoing: Site = { name: `${name}.undo`, calls: 0 };
    this.#undoBodies.set(name, undo);
    if (disp) addSymbols(made.prototype as object, disp, this.#undoing(undoing, undo));
    return made;
  }

  #construct(site: Site, body: Body | undefined, self: object, args: unknown[]): never {
    const call = ++site.calls;
    const label = `${site.name}#${call}`;
    this.trace.labels.set(self, label);
    this.trace.add(args.length > 0 ? `new ${label}(${this.trace.list(args)})` : `new ${label}`);
    if (body) {
      const context = { args, label, isAsync: false };
      this.#do(body.acts, call, context);
      this.#throws(body, call, label);
      const { gives } = body;
      if (gives && isAt(gives.at, call)) {
        const it = this.#give(gives.what, site, label, args);
        if (Object(it) === it) return it as never;
      }
    }
    return self as never;
  }

  // ---- Callbacks

  /** A function that does what a body says. `make` gives what it returns when the body does not say. */
  #callback(
    name: string,
    body: Body | undefined,
    make: (label: string, args: readonly unknown[], site: Site) => unknown,
  ): Fn {
    const site: Site = { name, calls: 0 };
    return (...args) => this.#called(site, body, args, make);
  }

  #called(
    site: Site,
    body: Body | undefined,
    args: readonly unknown[],
    make: (label: string, args: readonly unknown[], site: Site) => unknown,
  ): unknown {
    const call = ++site.calls;
    const label = `${site.name}#${call}`;
    this.trace.add(`${label}(${this.trace.list(args)})`);
    if (!body || this.trace.isFull) return make(label, args, site);
    const { answers, gives } = body;
    const give = () =>
      gives && isAt(gives.at, call) ? this.#give(gives.what, site, label, args) : make(label, args, site);
    if (answers && isAt(answers.at, call)) {
      const { how } = answers;
      const context = { args, label, isAsync: true };
      if (how === "async" || how === "gate" || how === "late failure" || how === "never") {
        // What is left waiting at the end would never be seen to end.
        const it = this.#later(body, call, context, this.#isOver ? "async" : how, give);
        // Whoever receives it may drop it, which is a matter of the program and not of the library.
        it.catch(nothing);
        return it;
      }
      this.#do(body.acts, call, { ...context, isAsync: false });
      this.#throws(body, call, label);
      const it = give();
      return how === "promise" ? Promise.resolve(it) : thenable(it);
    }
    this.#do(body.acts, call, { args, label, isAsync: false });
    this.#throws(body, call, label);
    return give();
  }

  async #later(
    body: Body,
    call: number,
    context: Context,
    how: "async" | "gate" | "late failure" | "never",
    give: () => unknown,
  ): Promise<unknown> {
    const { label } = context;
    this.#do(body.acts, call, context);
    this.#throws(body, call, label);
    if (how === "gate") await this.#gate(label);
    else if (how === "never") await new Promise(() => {});
    else await undefined;
    if (this.trace.isFull) return give();
    this.trace.add(`${label} goes on`);
    for (const act of body.late ?? []) {
      if (!isAt(act.at, call)) continue;
      const it = this.#inside(act, context);
      if (it instanceof Promise) await it;
    }
    if (how === "late failure") throw this.#error(label);
    return give();
  }

  #gate(label: string): Promise<void> {
    return new Promise((open) => void this.#gates.push({ label, open }));
  }

  #do(acts: readonly Act[] | undefined, call: number, context: Context): void {
    if (acts) for (const act of acts) if (isAt(act.at, call)) void this.#inside(act, context);
  }

  /** Does an act in a callback, unless there were too many. */
  #inside(act: Act, context: Context): unknown {
    if (this.trace.isFull || this.#depth >= maxDepth || this.#acts >= maxActs) return undefined;
    this.#acts++;
    this.#depth++;
    const here = this.#here;
    try {
      this.trace.add(`  ${context.label}: ${act.do}`);
      const it = this.#act(act, context);
      return it;
    } catch (error) {
      this.#caught = error;
      if (!act.swallow) throw error;
      this.trace.add(`  ${context.label}: caught ${this.trace.error(error)}`);
      return undefined;
    } finally {
      this.#depth--;
      this.#here = here;
    }
  }

  #throws({ throws }: Body, call: number, label: string): void {
    if (throws) for (const { at, what } of throws) if (isAt(at, call)) throw this.#thrown(what, label);
  }

  #thrown(what: Thrown, label: string): unknown {
    switch (what) {
      case "same":
        return (this.#sameError ??= this.#error("same"));
      case "text":
        return "text";
      case "nothing":
        return undefined;
      case "frozen":
        return Object.freeze(this.#error(label));
      case "caught":
        return this.#caught;
      case "abort": {
        const error = this.#error(label);
        error.name = "AbortError";
        return error;
      }
      default:
        return this.#error(label);
    }
  }

  #error(label: string): Error {
    const error = new Error(label);
    this.trace.labels.set(error, `error of ${label}`);
    return error;
  }

  // ---- What callbacks give

  #give(what: Given, site: Site, label: string, args: readonly unknown[]): unknown {
    const { trace } = this;
    switch (what) {
      case "undefined":
        return undefined;
      case "null":
        return null;
      case "zero":
        return 0;
      case "text":
        return label;
      case "function":
        return trace.label(() => {}, label);
      case "disposable":
        return this.#disposable(site, label, "sync");
      case "async disposable":
        return this.#disposable(site, label, "async");
      case "both":
        return this.#disposable(site, label, "both");
      case "own disposable": {
        const it = trace.label({}, label);
        this.#undos.set(it, this.#undoOf(site));
        return addSymbols(it, "sync", this.#undo);
      }
      case "half": {
        // As a class of a library does whose runtime lacks one of the symbols.
        const it = trace.label({ [asyncDispose]: undefined }, label);
        this.#undos.set(it, this.#undoOf(site));
        return addSymbols(it, "sync", this.#undo);
      }
      case "getter": {
        const it = trace.label({}, label);
        this.#undos.set(it, this.#undoOf(site));
        const read = () => {
          this.#looks(label, "dispose");
          return this.#undo;
        };
        return Object.defineProperty(it, dispose, { get: read, configurable: true });
      }
      case "thenable object": {
        // oxlint-disable-next-line unicorn/no-thenable
        return trace.label({ then: () => void trace.add(`${label}.then was called`) }, label);
      }
      case "frozen":
        return Object.freeze(this.#disposable(site, label, "sync"));
      case "proxy":
        return this.#proxy(site, label);
      case "same": {
        let it = this.#same.get(site.name);
        if (!it) this.#same.set(site.name, (it = this.#disposable(site, label, "sync")));
        return it;
      }
      case "shared":
        return (this.#shared[0] ??= this.#disposable(site, "shared", "async"));
      case "argument":
        return args.length > 0 ? args[0] : undefined;
      case "scope":
        return this.#here;
      case "open scope":
        return this.#here ? this.#opened(this.#here.createScope("given")) : undefined;
    }
  }

  #undoOf(site: Site): { site: Site; body: Body | undefined } {
    return { site: { name: `${site.name}.undo`, calls: 0 }, body: this.#undoBodies.get(site.name) };
  }

  readonly #undoBodies = new Map<string, Body | undefined>();

  #disposable(site: Site, label: string, how: "sync" | "async" | "both"): object {
    const it = this.trace.label(Object.create(this.#prototype(how)) as object, label);
    this.#undos.set(it, this.#undoOf(site));
    return it;
  }

  readonly #prototypes: { sync?: object; async?: object; both?: object } = {};

  #prototype(how: "sync" | "async" | "both"): object {
    return (this.#prototypes[how] ??= addSymbols({}, how, this.#undo));
  }

  /** What stands under the symbols of objects that factories give. */
  readonly #undo: Fn = this.#undoMethod();

  #undoMethod(): Fn {
    // oxlint-disable-next-line no-this-alias, unicorn/no-this-assignment
    const world = this;
    return function (this: unknown, ...args: unknown[]) {
      const { site, body } = world.#undos.get(this)!;
      return world.#called(site, body, [this, ...args], nothing);
    };
  }

  #undoing(site: Site, body: Body | undefined): Fn {
    // oxlint-disable-next-line no-this-alias, unicorn/no-this-assignment
    const world = this;
    return function (this: unknown, ...args: unknown[]) {
      return world.#called(site, body, [this, ...args], nothing);
    };
  }

  /** An object that knows who looks at it. */
  #proxy(site: Site, label: string): object {
    const target = this.#disposable(site, `target of ${label}`, "sync");
    const isGuarded = this.#fresh++ % 2 === 0;
    const seen = (key: string | symbol) => {
      this.#looks(label, String(key));
      if (isGuarded && key !== dispose && key !== asyncDispose) throw this.#error(`${label} is guarded`);
    };
    const it: object = new Proxy(target, {
      get: (_, key) => {
        seen(key);
        return key === dispose ? this.#undo : undefined;
      },
      has: (_, key) => {
        seen(key);
        return key === dispose;
      },
    });
    this.#undos.set(it, this.#undos.get(target)!);
    return this.trace.label(it, label);
  }

  #looks(label: string, what: string): void {
    const seen = this.#looked.get(label);
    if (seen) seen.add(what);
    else this.#looked.set(label, new Set([what]));
  }

  // ---- Dependencies

  need(need: Need): unknown {
    if (typeof need === "number") return this.#tokens[need % this.#tokens.length];
    let made = this.#needs.get(need);
    if (made === undefined) this.#needs.set(need, (made = this.#combinator(need)));
    return made;
  }

  #combinator(need: Combined): unknown {
    const { core } = this.#build;
    const { c, t = 0, of = [], tag, p = 0, body } = need;
    const token = this.#tokens[t % this.#tokens.length];
    const first = () => (of[0] === undefined ? token : this.need(of[0]));
    switch (c) {
      case "optional":
        return tag ? core.optional(first(), tag) : core.optional(first());
      case "all":
        return tag ? core.all(token, { tag }) : core.all(token);
      case "one":
        return tag ? core.one(token, { tag }) : core.one(token);
      case "map":
        return core.map(
          first(),
          this.#callback(`map${this.#needs.size}`, body, (label, args) => args[0] ?? label),
        );
      case "defer":
        return core.defer(first());
      case "ref":
        return core.ref(() => token);
      case "parent":
        return core.parent(token);
      case "make":
        return core.make(this.#provider(p));
      case "assisted": {
        const list = of.map((it) => (typeof it === "object" && it.c === "arg" ? core.arg() : this.need(it)));
        const name = `assisted${this.#needs.size}`;
        return typeof token === "function" && !body
          ? core.assisted(token, list)
          : core.assisted(token, list, this.#factory(name, body, list.length));
      }
      case "tuple":
        return of.map((it) => this.need(it));
      case "record":
        return Object.fromEntries(of.map((it, at) => [`k${at}`, this.need(it)]));
      case "arg":
        return core.arg();
      case "bad":
        return undefined;
      default:
        return core[c];
    }
  }

  // ---- Providers

  #provider(at: number): unknown {
    const plan = this.#program.providers[at];
    if (!plan) return undefined;
    return (this.#providers[at] ??= this.#wrapped(plan, `p${at}`));
  }

  #wrapped(plan: ProviderPlan, name: string): unknown {
    const { core } = this.#build;
    let made = this.#make(plan, name);
    (plan.wrap ?? []).forEach((wrap, at) => {
      if (wrap === "fallback") made = core.fallback(made);
      else {
        const fn = this.#callback(`${name}.wrap${at}`, wrap.body, (label) => this.trace.label({}, label));
        made = core.decorate(
          made,
          wrap.decorate.map((it) => this.need(it)),
          fn,
        );
      }
    });
    return made;
  }

  #make(plan: ProviderPlan, name: string): unknown {
    const { core } = this.#build;
    const { kind, t, form, needs, body, undo, opts } = plan;
    const token = this.need(t);
    const options = opts && this.#options(opts, name, kind);
    this.#undoBodies.set(name, undo);
    if (kind === "alias") return core.alias(token, this.need(needs[0] ?? t + 1));
    if (kind === "value") {
      const site: Site = { name, calls: 1 };
      const gives = body?.gives;
      const it = gives ? this.#give(gives.what, site, name, []) : this.trace.label({}, name);
      return options ? core.value(token, it, options) : core.value(token, it);
    }
    const list = needs.map((it) => this.need(it));
    const more = options ? [options] : [];
    const define = core[kind];
    switch (form) {
      case "class":
        if (typeof token === "function")
          return list.length > 0 || !options ? define(token, list, ...more) : define(token, ...more);
        return define(token, list, this.#factory(name, body, list.length), ...more);
      case "list":
        return define(token, list, this.#factory(name, body, list.length), ...more);
      case "record":
        return define(
          token,
          Object.fromEntries(list.map((it, at) => [`k${at}`, it])),
          this.#factory(name, body, 1),
          ...more,
        );
      case "dynamic":
        return define(token, this.#factory(name, body, 1), ...more);
    }
  }

  #factory(name: string, body: Body | undefined, arity: number): Fn {
    const make = this.#callback(name, body, (label) => this.trace.label({}, label));
    // Few people write rest parameters.
    if (arity === 0) return () => make();
    if (arity === 1) return (a) => make(a);
    if (arity === 2) return (a, b) => make(a, b);
    return make;
  }

  #options(opts: Options, name: string, kind: string): Record<string, unknown> {
    const { dispose, stop, start, init, as, after, bad, ...plain } = opts;
    const made: Record<string, unknown> = { ...plain };
    if (dispose === false) made["dispose"] = false;
    else if (dispose) made["dispose"] = this.#withArity(`${name}.dispose`, dispose.body, dispose.arity);
    if (stop) made["stop"] = this.#withArity(`${name}.stop`, stop.body, stop.arity);
    if (start) made["start"] = this.#callback(`${name}.start`, start, nothing);
    if (init) made["init"] = this.#callback(`${name}.init`, init, nothing);
    if (as) made["as"] = as.map((it) => this.need(it));
    if (after) made["after"] = after.map((it) => this.need(it));
    if (bad) made["onDispose"] = kind;
    return made;
  }

  #withArity(name: string, body: Body, arity: number | "rest" | "default"): Fn {
    const call = this.#callback(name, body, nothing);
    switch (arity) {
      case 0:
        return () => call();
      case 1:
        return (it) => call(it);
      case 2:
        return (it, signal) => call(it, signal);
      case "default":
        return (it, signal = "no signal") => call(it, signal);
      case "rest":
        return (it, ...more) => call(it, ...more);
      default:
        return (it, signal, reason) => call(it, signal, reason);
    }
  }

  #entries(list: readonly Entry[]): unknown[] {
    return list.map((it) => this.#entry(it));
  }

  #entry(it: Entry): unknown {
    const { core, features } = this.#build;
    if (typeof it === "number") return this.#provider(it);
    if (Array.isArray(it)) return this.#entries(it as readonly Entry[]);
    if (it === "policy") return (this.#policy ??= features.layers({ a: ["a", "b"], b: ["c"], c: [] }));
    if (it === "undefined") return undefined;
    if (it === "nonsense") return { kind: "nonsense" };
    const { v, what, keep } = it as Exclude<Entry, number | string | readonly Entry[]>;
    const label = `v${++this.#fresh}`;
    const site: Site = { name: label, calls: 1 };
    const value = what ? this.#give(what, site, label, []) : this.trace.label({}, label);
    const token = this.need(v);
    if (!keep) return core.value(token, value);
    if (keep === "owned") return core.value(token, value, { owned: true });
    const dispose = this.#callback(`${label}.dispose`, undefined, nothing);
    return keep === "borrowed" ? core.value(token, value, {}) : core.value(token, value, { dispose });
  }

  // ---- Acts

  #where(where: Where | undefined): ScopeLike | undefined {
    if (typeof where === "number") return this.#byId[where];
    const here = this.#here ?? this.#scopes[0];
    switch (where) {
      case "root":
        return here?.root;
      case "parent":
        return here?.parent;
      case "child":
        return here && [...here.children].at(-1);
      case "latest":
        return this.#latest;
      case "any":
        return this.#scopes[this.#acts % this.#scopes.length];
      default:
        return here;
    }
  }

  #opened(scope: ScopeLike): ScopeLike {
    if (!this.#scopes.includes(scope)) this.#scopes.push(scope);
    this.#latest = scope;
    return scope;
  }

  /** Follows a promise that the library has returned. */
  #follow(label: string, promise: Promise<unknown>, say: (it: unknown) => string): Promise<void> {
    this.#unsettled++;
    return promise.then(
      (it) => {
        this.#unsettled--;
        this.trace.add(`${label} resolved ${say(it)}`);
      },
      (error: unknown) => {
        this.#unsettled--;
        this.trace.add(`${label} rejected ${this.trace.error(error)}`);
      },
    );
  }

  #shutdown(scope: ScopeLike, options: object | undefined, isUsing = false): Promise<void> {
    const label = `shutdown${this.#asks++} of ${scope.id}`;
    if (isUsing) {
      const end = (scope as unknown as Record<symbol, () => Promise<unknown>>)[asyncDispose]!;
      return this.#follow(label, end.call(scope), String);
    }
    const promise = scope.shutdown(options);
    this.trace.add(`  ${label} began, ${scope.state}`);
    return this.#follow(label, promise, (it) => {
      this.#reports.push([label, it as Report]);
      return this.trace.report(it as Report);
    });
  }

  /** Does something. Gives a promise where it is to be waited for. */
  #act(act: Act, context: Context): unknown {
    const { trace } = this;
    const { core, features } = this.#build;
    switch (act.do) {
      case "create": {
        const open = act.other ? this.#build.other : core.createContainer;
        const scope = open(...this.#openArgs(act));
        this.#opened(scope);
        if (act.id !== undefined) this.#byId[act.id] = scope;
        return undefined;
      }
      case "tick":
        return context.isAsync ? this.#ticks(act.n ?? 1) : undefined;
      case "idle":
        return context === outside ? idle() : undefined;
      case "time":
        pass(act.n ?? 1);
        return undefined;
      case "settle": {
        const [gate] = this.#gates.splice((act.n ?? 0) % Math.max(1, this.#gates.length), 1);
        if (gate) this.#open(gate);
        return undefined;
      }
      case "abort": {
        const controllers = this.#controllers;
        if (controllers.length > 0) controllers[(act.n ?? 0) % controllers.length]!.abort("aborted");
        return undefined;
      }
      case "unobserve":
        this.#unobserve.splice((act.n ?? 0) % Math.max(1, this.#unobserve.length), 1)[0]?.();
        return undefined;
      case "throw":
        throw this.#thrown(act.what ?? "error", context.label);
      case "listen": {
        const signal = trace.signals[(act.n ?? 0) % Math.max(1, trace.signals.length)];
        const label = signal && trace.of(signal);
        signal?.addEventListener("abort", () => {
          trace.add(`${label} aborts by ${trace.of(signal.reason)}`);
          // The runtime takes an error of a listener for one that nothing catches.
          try {
            this.#do(act.body?.acts, 1, { args: [], label: `${label}.abort`, isAsync: false });
          } catch (error) {
            trace.add(`${label}.abort threw ${trace.error(error)}`);
          }
        });
        return undefined;
      }
      case "onCleanup": {
        const add = context.args.find((it) => typeof it === "function") as Fn | undefined;
        add?.(this.#callback(`${context.label}.cleanup${this.#fresh++}`, act.body, nothing));
        return undefined;
      }
      case "kept":
        return this.#useKept(act, context);
      default:
    }
    const scope = this.#where(act.in);
    if (!scope) return undefined;
    this.#here = scope;
    switch (act.do) {
      case "get":
      case "getAsync":
      case "has":
        return this.#ask(act, context, scope);
      case "run":
        trace.add(`  ran ${trace.of(scope.run(this.need(act.need ?? 0), this.#ran(act)))}`);
        return undefined;
      case "runAsync": {
        const label = `run${this.#asks++}`;
        const settled = this.#follow(label, scope.runAsync(this.need(act.need ?? 0), this.#ran(act)), (it) =>
          trace.of(it),
        );
        return act.wait ? settled : undefined;
      }
      case "open": {
        const opened = this.#opened(scope.createScope(...this.#openArgs(act)));
        if (act.id !== undefined) this.#byId[act.id] = opened;
        return undefined;
      }
      case "provide":
      case "override": {
        const list = this.#entries(act.list ?? []);
        if (scope[act.do](...list) !== scope) trace.add("ANOTHER SCOPE");
        return undefined;
      }
      case "shutdown": {
        const options: Record<string, unknown> = {};
        if (act.timeout !== undefined) options["timeout"] = act.timeout;
        if (act.signal) options["signal"] = this.#signal(act.signal);
        if (act.reason) options["reason"] = this.#error(`reason ${this.#asks}`);
        const hasOptions = Object.keys(options).length > 0;
        const settled = this.#shutdown(scope, hasOptions ? options : undefined, act.using);
        return act.wait && (context === outside || context.isAsync) ? settled : undefined;
      }
      case "observe": {
        const plan = this.#program.observers[act.n ?? 0];
        if (plan) this.#unobserve.push(features.observe(scope, this.#observer(plan, act.n ?? 0)));
        return undefined;
      }
      case "release":
      case "reload":
      case "withdraw":
        return this.#release(act, context, scope);
      case "warm":
      case "app":
        return this.#live(act, context, scope);
      case "graph":
        trace.add(`  graph ${JSON.stringify(features.graph(scope))}`);
        return undefined;
      case "pending":
        for (const it of features.listPending(scope)) trace.add(`  pending ${timeless(it, trace)}`);
        for (const it of features.listBuilt(scope)) trace.add(`  built ${timeless(it, trace)}`);
        return undefined;
      case "look": {
        const children = [...scope.children].map(({ id }) => id).join(" ");
        const text = `${JSON.stringify(scope)} in ${scope.parent?.id} of ${scope.root.id}`;
        trace.add(`  ${text} has ${children}`);
        return undefined;
      }
      default:
        return undefined;
    }
  }

  async #ticks(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) await undefined;
  }

  #openArgs({ name, list }: Act): unknown[] {
    const given = list ? this.#entries(list) : [];
    return name === undefined ? given : [name, ...given];
  }

  #signal(how: "aborted" | "later"): AbortSignal {
    const controller = new AbortController();
    if (how === "aborted") controller.abort("aborted before");
    else this.#controllers.push(controller);
    return controller.signal;
  }

  #ran(act: Act): Fn {
    return this.#callback(`run${this.#asks++}`, act.body, (label) => label);
  }

  #ask(act: Act, context: Context, scope: ScopeLike): unknown {
    const { trace } = this;
    const need = this.need(act.need ?? 0);
    let by: Pick<ScopeLike, "get" | "getAsync" | "has"> = scope;
    if (act.own) by = (context.args.find(isResolver) as ScopeLike | undefined) ?? scope;
    if (act.do === "get") {
      trace.add(`  got ${trace.of(by.get(need))}`);
      return undefined;
    }
    if (act.do === "has") {
      trace.add(`  has ${by.has(need)}`);
      return undefined;
    }
    const label = `get${this.#asks++}`;
    const promise = act.signal ? by.getAsync(need, { signal: this.#signal(act.signal) }) : by.getAsync(need);
    return this.#waited(act, context, label, promise);
  }

  #waited(
    act: Act,
    context: Context,
    label: string,
    promise: Promise<unknown>,
  ): Promise<unknown> | undefined {
    const settled = this.#follow(label, promise, (it) => this.trace.of(it));
    if (!act.wait || !context.isAsync) return undefined;
    // A factory fails with what it waits for.
    return context === outside || act.swallow ? settled : promise;
  }

  #useKept(act: Act, context: Context): unknown {
    const { trace } = this;
    const { kept } = trace;
    if (kept.length === 0) return undefined;
    const { it, label } = kept[(act.n ?? 0) % kept.length]!;
    const need = this.need(act.need ?? 0);
    trace.add(`  through ${label}`);
    if (typeof it === "function") {
      const name = `${label}.arg${this.#fresh++}`;
      const given = trace.label(this.#callback(name, act.body, nothing), name);
      trace.add(`  called ${trace.of(it(given))}`);
      return undefined;
    }
    if (act.op === "getAsync")
      return this.#waited(act, context, `get${this.#asks++}`, it["getAsync"]!(need) as Promise<unknown>);
    if (act.op === "has" && it["has"]) trace.add(`  has ${String(it["has"](need))}`);
    else trace.add(`  got ${trace.of(it["get"]!(need))}`);
    return undefined;
  }

  #release(act: Act, context: Context, scope: ScopeLike): unknown {
    const { features } = this.#build;
    const token = act.t === undefined ? undefined : this.need(act.t);
    const provider = act.p === undefined ? undefined : this.#provider(act.p);
    const options: object[] = act.timeout === undefined ? [] : [{ timeout: act.timeout }];
    const how =
      act.do === "withdraw"
        ? features.withdraw(scope, provider ?? token, ...options)
        : act.do === "release"
          ? features.release(scope, token, ...options)
          : features.reload(scope, token, provider, ...options);
    const settled = this.#follow(`${act.do}${this.#asks++}`, how, (it) => this.trace.report(it as Report));
    return act.wait && context === outside ? settled : undefined;
  }

  #live(act: Act, context: Context, scope: ScopeLike): unknown {
    const { features } = this.#build;
    let how: Promise<unknown>;
    if (act.do === "warm") how = act.n ? features.warm(scope, { all: true }) : features.warm(scope);
    else {
      let app = this.#apps.get(scope);
      if (!app) this.#apps.set(scope, (app = features.createApp(scope)));
      how = act.op === "stop" ? app.stop() : app.start();
    }
    const label = `${act.do}${this.#asks++}`;
    const settled = this.#follow(label, how, (it) =>
      it && typeof it === "object" && "services" in it ? this.trace.report(it as Report) : "",
    );
    return act.wait && context === outside ? settled : undefined;
  }

  #observer(plan: Readonly<Partial<Record<string, Body>>>, at: number): object {
    const observer: Record<string, Fn> = {};
    for (const name in plan) {
      const call = this.#callback(`o${at}.${name}`, plan[name], nothing);
      observer[name] = (event) => call(this.#event(event as Record<string, unknown>));
    }
    return observer;
  }

  /** An event in words, without times. Given as an argument, whose text stands as it is. */
  #event(event: Record<string, unknown>): unknown {
    const { trace } = this;
    let text = "";
    for (const key in event) {
      const it = event[key];
      text += `${text ? " " : ""}${key} `;
      if (key === "elapsed") text += (it as number) >= 0 ? "" : String(it);
      else if (key === "error") text += trace.error(it);
      else if (key === "report") text += trace.report(it as Report);
      else if (key === "path")
        text += (it as { token: string; scope: string }[]).map((s) => `${s.token}@${s.scope}`).join(">");
      else text += trace.of(it);
    }
    return text;
  }
}

function isAt(at: number | undefined, call: number): boolean {
  return !at || at === call;
}

function nothing(): undefined {
  return undefined;
}

function isResolver(it: unknown): boolean {
  const { get, getAsync } = Object(it) as { get?: unknown; getAsync?: unknown };
  return typeof get === "function" && typeof getAsync === "function";
}

/** A promise of another library. */
function thenable(it: unknown): object {
  // oxlint-disable-next-line unicorn/no-thenable
  return { then: (resolve: (it: unknown) => void) => resolve(it) };
}

function addSymbols<T extends object>(to: T, how: "sync" | "async" | "both", undo: Fn): T {
  const add = (symbol: symbol) => Object.defineProperty(to, symbol, { value: undo, configurable: true });
  if (how !== "async") add(dispose);
  if (how !== "sync") add(asyncDispose);
  return to;
}

function timeless(it: object, trace: Trace): string {
  const parts = Object.entries(it).filter(([key]) => !/elapsed|since|time|began|for$/i.test(key));
  return parts.map(([key, part]) => `${key} ${trace.of(part)}`).join(" ");
}
