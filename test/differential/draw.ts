/**
 * Drawing programs from a seed.
 *
 * Most of them are mostly ordinary: a graph of services below which many scopes are opened alike, in which the same tokens
 * are resolved again and again, and then one or two unusual things in the middle of that. A build that has prepared how to
 * resolve something has by then prepared it, and has to notice that it is not true any more. The others are wild.
 *
 * @module
 */

import type {
  Act,
  Answer,
  Body,
  Combined,
  Entry,
  Given,
  Kind,
  Need,
  ObserverPlan,
  Options,
  Program,
  ProviderPlan,
  Thrown,
  TokenPlan,
  Where,
} from "./program.ts";
import { Random, weights, type Weights } from "./random.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** A program that is still being drawn. */
interface Draft {
  family: string;
  tokens: Mutable<TokenPlan>[];
  providers: Mutable<ProviderPlan>[];
  observers: ObserverPlan[];
  steps: Mutable<Act>[];
  pace: number;
}

export function draw(seed: number): Program {
  const drawer = new Drawer(new Random(seed));
  return { seed, ...drawer.program() };
}

const names = ["request", "session", "job", "root"];
const events = [
  "registered",
  "overridden",
  "building",
  "built",
  "buildFailed",
  "got",
  "stopping",
  "stopped",
  "disposing",
  "disposed",
  "scopeOpened",
  "scopeClosing",
  "scopeClosed",
  "unhandled",
];
const thrown: readonly Thrown[] = [
  "error",
  "error",
  "error",
  "same",
  "text",
  "nothing",
  "frozen",
  "caught",
  "abort",
];
const answers: readonly Answer[] = [
  "promise",
  "async",
  "gate",
  "gate",
  "late failure",
  "late failure",
  "thenable",
  "never",
];
const given: readonly Given[] = [
  "undefined",
  "undefined",
  "null",
  "zero",
  "text",
  "function",
  "disposable",
  "async disposable",
  "both",
  "own disposable",
  "half",
  "getter",
  "thenable object",
  "frozen",
  "proxy",
  "same",
  "shared",
  "shared",
  "argument",
  "argument",
  "scope",
  "open scope",
];

const families = weights({ ordinary: 560, levels: 150, wild: 200, slow: 85, deep: 5 });
const paces: readonly number[] = [0, 0, 0, 0, 0, 1, 1, 1, 3, 8];
const closings = weights({ yes: 8, sometimes: 1, no: 1 });
const kinds = weights<Kind>({ singleton: 30, scoped: 36, transient: 26, alias: 5, value: 3 });
const forms = weights({ class: 60, list: 30, record: 3, dynamic: 7 });
const plainForms = weights<ProviderPlan["form"]>({ class: 60, list: 40, record: 0, dynamic: 0 });
const perturbations = weights({
  step: 26,
  act: 26,
  undo: 12,
  throws: 8,
  answers: 8,
  gives: 8,
  options: 8,
  need: 8,
  opening: 8,
  init: 4,
  late: 8,
  ambient: 6,
  observer: 5,
  wrap: 3,
  twice: 3,
  kind: 3,
});
const anyKinds = weights<Kind>({ singleton: 34, scoped: 26, transient: 22, alias: 8, value: 10 });
const anyForms = weights({ class: 40, list: 30, record: 5, dynamic: 25 });
const optionNames = weights({
  dispose: 26,
  never: 4,
  stop: 8,
  start: 3,
  init: 10,
  owned: 4,
  as: 8,
  tags: 6,
  order: 4,
  default: 3,
  after: 8,
  eager: 3,
  in: 6,
  layer: 4,
  bad: 1,
});
const combinators = weights<Combined["c"]>({
  optional: 16,
  all: 10,
  one: 6,
  map: 12,
  defer: 12,
  ref: 6,
  parent: 5,
  make: 5,
  assisted: 5,
  currentScope: 5,
  abortSignal: 3,
  stopSignal: 1,
  consumer: 3,
  cleanup: 5,
  tuple: 4,
  record: 6,
  arg: 0,
  bad: 0,
});
const entries = weights({
  plain: 30,
  odd: 12,
  kept: 8,
  again: 14,
  fresh: 26,
  list: 4,
  policy: 2,
  undefined: 1,
  nonsense: 1,
});
const steps = weights<Act["do"]>({
  get: 20,
  getAsync: 8,
  has: 3,
  run: 2,
  runAsync: 2,
  kept: 8,
  open: 12,
  provide: 8,
  override: 8,
  shutdown: 12,
  abort: 2,
  settle: 3,
  observe: 5,
  unobserve: 2,
  release: 5,
  reload: 3,
  withdraw: 2,
  graph: 2,
  pending: 2,
  look: 3,
  listen: 2,
  tick: 4,
  idle: 2,
  time: 2,
  warm: 2,
  app: 1,
} as Record<Act["do"], number>);
/** What does not have everything resolved another way from then on. */
const calmSteps = weights<Act["do"]>({
  get: 44,
  getAsync: 4,
  has: 1,
  kept: 2,
  open: 22,
  provide: 5,
  override: 5,
  shutdown: 14,
  tick: 2,
} as Record<Act["do"], number>);
const slowSteps = weights<Act["do"]>({
  get: 20,
  getAsync: 26,
  has: 3,
  run: 2,
  runAsync: 2,
  kept: 8,
  open: 12,
  provide: 8,
  override: 8,
  shutdown: 12,
  abort: 2,
  settle: 14,
  observe: 5,
  unobserve: 2,
  release: 5,
  reload: 3,
  withdraw: 2,
  graph: 2,
  pending: 2,
  look: 3,
  listen: 2,
  tick: 4,
  idle: 2,
  time: 2,
  warm: 2,
  app: 1,
} as Record<Act["do"], number>);
const weightsOfActs = {
  get: 30,
  getAsync: 7,
  has: 2,
  run: 2,
  runAsync: 1,
  kept: 8,
  open: 7,
  provide: 6,
  override: 7,
  shutdown: 10,
  abort: 1,
  settle: 2,
  observe: 4,
  unobserve: 1,
  release: 4,
  reload: 2,
  withdraw: 1,
  graph: 1,
  pending: 2,
  look: 2,
  listen: 1,
  time: 1,
  throw: 6,
  onCleanup: 4,
  warm: 1,
  tick: 2,
} as Record<Act["do"], number>;
const acts = weights<Act["do"]>(weightsOfActs);
const slowActs = weights<Act["do"]>({ ...weightsOfActs, getAsync: 18 });

const usual: readonly Given[] = [
  "disposable",
  "disposable",
  "disposable",
  "async disposable",
  "both",
  "same",
  "shared",
];

class Drawer {
  readonly r: Random;
  /** Chances of odd things in a thousand. */
  odd = 20;
  isAsync = false;
  isFailing = false;
  /** Whether what an ordinary program declares is classes and factories with lists of tokens, and nothing else. */
  isPlain = false;
  scopes = 0;
  tags = ["x", "y"];
  readonly draft: Draft = { family: "", tokens: [], providers: [], observers: [], steps: [], pace: 0 };

  constructor(r: Random) {
    this.r = r;
  }

  program(): Omit<Program, "seed"> {
    const { r, draft } = this;
    const family = r.weigh(families);
    draft.family = family;
    draft.pace = r.pick(paces);
    this.isAsync = family === "slow" || (family === "wild" && r.in1000(400));
    this.isFailing = this.isAsync && r.in1000(250);
    if (family === "wild" || family === "slow") this.#wild();
    else if (family === "deep") this.#deep();
    else this.#ordinary(family === "levels");
    return draft;
  }

  // ---- Mostly ordinary

  #ordinary(hasLevels: boolean): void {
    const { r, draft } = this;
    this.odd = r.pick([0, 0, 0, 10, 30]);
    this.isPlain = r.in1000(650);
    // What requests bring along comes first: the others may depend on it.
    const brought = r.pick([0, 1, 1, 1, 2, 2]);
    const count = r.between(2, r.in1000(200) ? 9 : 5);
    const isInner: boolean[] = [];
    const list: Entry[] = [];
    for (let t = 0; t < brought + count; t++) {
      draft.tokens.push(this.#plainToken());
      if (t < brought) {
        isInner.push(true);
        continue;
      }
      const kind = this.#ordinaryKind(t);
      const from = [...Array(t).keys()].filter((it) => kind !== "singleton" || !isInner[it]);
      // Mostly what is just above, so that graphs are deep.
      const wanted = r.pick([0, 1, 1, 2, 2, 3, r.between(0, 5)]);
      const needs: number[] = [];
      for (let n = 0; n < wanted && from.length > 0; n++) {
        const at = r.in1000(500) ? from.length - 1 - r.int(Math.min(2, from.length)) : r.int(from.length);
        needs.push(from[at]!);
      }
      if (kind === "alias" && needs.length === 0) needs.push(from.length > 0 ? r.pick(from) : 0);
      isInner.push(kind === "scoped" || (kind !== "singleton" && needs.some((it) => isInner[it])));
      list.push(this.#provide(this.#ordinaryProvider(kind, t, needs)));
    }
    const late: Entry[] = [];
    if (list.length > 1 && r.in1000(60)) late.push(...list.splice(r.int(list.length), 1));
    draft.steps.push(this.#create(list));
    if (r.in1000(80)) draft.steps.push({ do: "observe", in: 0, n: this.#observer() });

    const tokens = [...Array(brought + count).keys()];
    const upper = tokens.slice(brought + (count >> 1));
    const wanted = r.some(upper.length > 0 && r.in1000(800) ? upper : tokens, r.between(1, 3));
    let parents = [0];
    if (hasLevels) {
      const shadowing = r.in1000(400);
      parents = [];
      for (let n = r.between(1, 2); n > 0; n--) {
        const own: Entry[] = [];
        if (r.in1000(500)) own.push({ v: r.int(brought + count) });
        if (shadowing) own.push(this.#provide(this.#anyProvider(r.int(brought + count))));
        parents.push(this.scopes + 1);
        draft.steps.push(this.#open(0, "session", own));
      }
    }
    this.#siblings(parents, brought, wanted);
    if (late.length > 0)
      draft.steps.splice(r.between(2, draft.steps.length), 0, { do: "provide", in: 0, list: late });
    if (r.in1000(100)) draft.steps.splice(r.between(1, draft.steps.length), 0, this.#create(list));
    if (r.in1000(80)) draft.steps.splice(r.between(1, draft.steps.length), 0, this.#part(this.#token()));
    for (let n = r.pick([0, 1, 1, 1, 1, 2, 2, 3]); n > 0; n--) this.#perturb(brought + count);
  }

  /** Scopes that are opened alike, and what is resolved in each. */
  #siblings(parents: readonly number[], brought: number, wanted: readonly number[]): void {
    const { r, draft } = this;
    const values: Entry[] = [...Array(brought).keys()].map((v) => ({ v }));
    const name = r.in1000(700) ? "request" : undefined;
    const count = r.between(3, 6);
    const closes = r.weigh(closings);
    const isOneByOne = r.in1000(700);
    const isMixed = r.in1000(120);
    const useful = wanted.map((need) => this.#outerNeed(need));
    const uses: Mutable<Act>[][] = [];
    for (let n = 0; n < count; n++) {
      const parent = r.pick(parents);
      // What scopes bring along differs now and then, and one may shadow what others do not.
      const own = isMixed ? [...r.some(values, r.int(values.length + 1)), { v: this.#token() }] : values;
      const open = this.#open(parent, name, own);
      const id = open.id!;
      const asks = r.in1000(300) ? r.some(useful, useful.length) : useful;
      const steps: Mutable<Act>[] = [open, ...asks.map((need) => this.#askOf(id, need))];
      if (r.in1000(200)) steps.push(this.#askOf(id, asks[0]!));
      if (r.in1000(120)) {
        const below = this.#open(id, name, r.in1000(500) ? values : []);
        steps.push(below, ...asks.map((need) => this.#askOf(below.id!, need)));
      }
      if (closes === "yes" || (closes === "sometimes" && r.in1000(500))) steps.push(this.#close(id));
      uses.push(steps);
    }
    if (isOneByOne) draft.steps.push(...uses.flat());
    else while (uses.some((it) => it.length > 0)) for (const it of uses) draft.steps.push(...it.splice(0, 1));
  }

  #askOf(id: number, need: Need): Mutable<Act> {
    const { r } = this;
    if (r.in1000(60)) return { do: "getAsync", in: id, need, wait: r.in1000(700) };
    if (r.in1000(20)) return { do: r.pick(["run", "has", "runAsync"] as const), in: id, need };
    return { do: "get", in: id, need };
  }

  #close(id: number): Mutable<Act> {
    const { r } = this;
    const act: Mutable<Act> = { do: "shutdown", in: id };
    if (r.in1000(300)) act.wait = true;
    if (r.in1000(60)) act.reason = true;
    if (r.in1000(30)) act.using = true;
    if (r.in1000(20)) act.timeout = r.pick([0, 5]);
    return act;
  }

  #outerNeed(t: number): Need {
    const { r } = this;
    if (r.in1000(900)) return t;
    return r.pick<Need>([
      { c: "tuple", of: [t, r.int(this.draft.tokens.length)] },
      { c: "record", of: [t] },
      { c: "optional", t },
      { c: "all", t },
    ]);
  }

  #plainToken(): Mutable<TokenPlan> {
    const { r } = this;
    if (r.in1000(350)) return {};
    const plan: Mutable<TokenPlan> = { cls: r.pick(["rest", "rest", "fixed", "es5"] as const) };
    if (plan.cls !== "es5" && r.in1000(150)) plan.disp = r.pick(["sync", "sync", "async", "both"] as const);
    if (plan.cls === "rest" && r.in1000(60) && this.draft.tokens.length > 0)
      plan.base = r.int(this.draft.tokens.length);
    return plan;
  }

  #ordinaryKind(t: number): Kind {
    const kind = this.r.weigh(kinds);
    return kind === "alias" && t === 0 ? "scoped" : kind;
  }

  #ordinaryProvider(kind: Kind, t: number, needs: readonly number[]): Mutable<ProviderPlan> {
    const { r } = this;
    const form = r.weigh(this.isPlain ? plainForms : forms);
    const plan: Mutable<ProviderPlan> = { kind, t, form, needs: needs.map((it) => this.#mostlyPlain(it)) };
    // A resolver is of no use unless somebody resolves something.
    if (form === "dynamic")
      plan.body = {
        acts: needs.map((need) => ({ do: "get" as const, own: true, need, in: "here" as const })),
      };
    if (kind !== "alias" && r.in1000(200)) plan.body = merged(plan.body, this.#usually());
    if (kind !== "transient" && kind !== "alias" && kind !== "value" && r.in1000(300))
      plan.opts = { dispose: { arity: r.pick([1, 1, 1, 2, 3, "rest", "default"] as const), body: {} } };
    if (kind === "singleton" && this.r.in1000(40)) plan.opts = { ...plan.opts, eager: true };
    return plan;
  }

  #mostlyPlain(t: number): Need {
    const { r } = this;
    return this.isPlain || r.in1000(900) ? t : this.#combined(t, 1);
  }

  // ---- One unusual thing

  #perturb(tokens: number): void {
    const { r, draft } = this;
    const { steps, providers } = draft;
    // Mostly when the scopes before have been used alike.
    const place = () => r.between(r.in1000(700) ? Math.ceil(steps.length / 2) : 1, steps.length);
    const plan = providers.length > 0 ? r.pick(providers) : undefined;
    switch (r.weigh(perturbations)) {
      case "step":
        steps.splice(place(), 0, this.#step());
        break;
      case "act":
        this.#intoBody(plan, { acts: [this.#act(1, this.#when())] });
        break;
      case "undo": {
        if (!plan) break;
        const body = this.#body(1);
        const arity = r.pick([1, 2, 3, "rest"] as const);
        if (r.in1000(600)) plan.opts = { ...plan.opts, dispose: { arity, body } };
        else {
          const token = draft.tokens[plan.t]!;
          token.disp = r.pick(["sync", "async", "both"] as const);
          token.undo = body;
          plan.undo = body;
        }
        break;
      }
      case "throws":
        this.#intoBody(plan, { throws: [{ at: this.#when(), what: r.pick(thrown) }] });
        break;
      case "answers":
        this.#intoBody(plan, { answers: { at: this.#when(), how: r.pick(answers) } });
        break;
      case "gives":
        this.#intoBody(plan, { gives: this.#gives() });
        break;
      case "options":
        if (plan && plan.kind !== "alias") plan.opts = { ...plan.opts, ...this.#options(plan.kind, 1) };
        break;
      case "need":
        if (plan && plan.needs.length > 0) {
          const needs = [...plan.needs];
          const at = r.int(needs.length);
          const old = needs[at]!;
          needs[at] = typeof old === "number" && r.in1000(600) ? this.#combined(old, 1) : this.#need(1);
          plan.needs = needs;
        } else if (plan) plan.needs = [this.#need(1)];
        break;
      case "opening": {
        const opening = r.pick(steps.filter((it) => it.do === "open" || it.do === "create"));
        const list = [...(opening.list ?? [])];
        if (r.in1000(200)) list.splice(r.int(list.length), 1);
        else if (r.in1000(150)) opening.name = r.pick(names);
        else list.splice(r.int(list.length + 1), 0, this.#entry());
        opening.list = list;
        break;
      }
      case "late":
        if (plan && draft.tokens.length > 1) this.#late(plan, tokens, place());
        break;
      case "ambient": {
        const need = r.int(tokens);
        this.#intoBody(plan, {
          acts: [{ do: "get", in: r.pick<Where>(["root", "here", 0]), need, at: this.#when() }],
        });
        if (r.in1000(500)) steps.splice(place(), 0, this.#part(need));
        break;
      }
      case "init":
        if (plan && plan.kind !== "alias") plan.opts = { ...plan.opts, init: this.#body(1) };
        break;
      case "observer":
        steps.splice(place(), 0, { do: "observe", in: this.#where(), n: this.#observer() });
        if (r.in1000(400)) steps.splice(place(), 0, { do: "unobserve", n: 0 });
        break;
      case "wrap":
        if (plan) plan.wrap = [...(plan.wrap ?? []), this.#wrap()];
        break;
      case "twice":
        if (plan) steps.splice(place(), 0, this.#create([providers.indexOf(plan), ...this.#entries(2)]));
        break;
      case "kind":
        if (plan) {
          const { needs } = plan;
          plan.kind = r.pick(["singleton", "scoped", "transient", "alias", "value"] as const);
          if (plan.kind === "alias" && needs.length === 0) plan.needs = [r.int(tokens)];
          if (plan.kind !== "singleton" && plan.kind !== "scoped") delete (plan as { opts?: unknown }).opts;
        }
        break;
    }
  }

  /** A service keeps the means to resolve another one, and uses it when it is built. */
  #late(plan: Mutable<ProviderPlan>, tokens: number, place: number): void {
    const { r, draft } = this;
    const t = r.int(tokens);
    if (plan.kind === "alias" || plan.kind === "value") return;
    if (plan.form === "dynamic") plan.body = merged(plan.body, { acts: [] });
    else plan.needs = [...plan.needs, { c: "defer", of: [t] }];
    if (plan.kind !== "transient" && !plan.opts?.dispose)
      plan.opts = { ...plan.opts, dispose: { arity: 1, body: {} } };
    const target = draft.providers.find(
      (it) => it.t === t && (it.kind === "singleton" || it.kind === "scoped"),
    );
    if (target && !target.opts?.dispose) target.opts = { ...target.opts, dispose: { arity: 1, body: {} } };
    for (let n = r.between(1, 3); n > 0; n--)
      draft.steps.splice(r.between(place, draft.steps.length), 0, {
        do: "kept",
        n: r.int(7),
        op: r.pick(["get", "get", "getAsync"] as const),
        need: t,
      });
  }

  /** What depends on what is seen when a part goes. */
  #part(t: number): Mutable<Act> {
    const { r } = this;
    if (r.in1000(200)) return { do: "graph", in: 0 };
    return { do: "release", in: r.int(this.scopes + 1), t, wait: true };
  }

  /** At which call something happens: often at one that comes after everything has been linked. */
  #when(): number {
    const { r } = this;
    return r.in1000(250) ? 0 : r.between(1, 7);
  }

  #gives(): NonNullable<Body["gives"]> {
    const what = this.r.pick(given);
    // It is of interest who owns what is given more than once.
    return { at: what === "same" || what === "shared" ? 0 : this.#when(), what };
  }

  /** What many factories give: something that can be disposed. */
  #usually(): Body {
    return {
      gives: { at: 0, what: this.r.pick(usual) },
    };
  }

  /** Where the factory is a class, what it does is said by its token. */
  #intoBody(plan: Mutable<ProviderPlan> | undefined, more: Body): void {
    if (!plan) return;
    const token = this.draft.tokens[plan.t]!;
    if (plan.form === "class" && token.cls) token.body = merged(token.body, more);
    else plan.body = merged(plan.body, more);
  }

  // ---- Wild

  #wild(): void {
    const { r, draft } = this;
    this.odd = r.pick([20, 60, 150]);
    this.isPlain = !this.isAsync && r.in1000(500);
    const count = r.between(2, 8);
    for (let t = 0; t < count; t++) {
      const plan = this.#plainToken();
      if (plan.cls && r.in1000(300)) plan.body = this.#body(1);
      if (plan.disp && r.in1000(500)) plan.undo = this.#body(1);
      draft.tokens.push(plan);
    }
    const list: Entry[] = [];
    for (let t = 0; t < count; t++) if (r.in1000(900)) list.push(this.#provide(this.#anyProvider(t)));
    draft.steps.push(this.#create(list));
    const steps = r.between(6, 22);
    for (let n = 0; n < steps; n++) {
      if (r.in1000(120)) {
        // The same again, in scopes that look alike.
        const again = draft.steps.slice(-r.between(1, 4));
        const opened = this.#open(this.#where(), r.in1000(500) ? "request" : undefined, this.#entries(2));
        for (let times = r.between(2, 3); times > 0; times--) {
          const copy = { ...opened, id: ++this.scopes };
          draft.steps.push(copy, ...again.map((it) => this.#again(it, copy.id!)));
        }
      }
      draft.steps.push(this.#step());
    }
  }

  /** Mostly what can be prepared, but of any kind and in any order. */
  #calmProvider(t: number): Mutable<ProviderPlan> {
    const { r } = this;
    const needs: number[] = [];
    for (let n = r.int(4); n > 0 && t > 0; n--) needs.push(r.int(t));
    return this.#ordinaryProvider(this.#ordinaryKind(needs.length), t, needs);
  }

  /** The same act, in another scope. */
  #again(act: Act, id: number): Mutable<Act> {
    const copy: Mutable<Act> = { ...act, in: id };
    if (copy.id !== undefined) copy.id = ++this.scopes;
    return copy;
  }

  #anyProvider(t: number): Mutable<ProviderPlan> {
    if (this.isPlain && this.r.in1000(850)) return this.#calmProvider(t);
    const { r, draft } = this;
    const count = draft.tokens.length;
    const kind = r.weigh(anyKinds);
    const needs: Need[] = [];
    const isFree = r.in1000(100);
    for (let n = r.pick([0, 1, 1, 2, 2, 3, 5]); n > 0; n--) {
      const low = isFree ? r.int(count) : r.int(t);
      if (!isFree && t === 0) break;
      needs.push(r.in1000(750) ? low : this.#combined(low, 1));
    }
    if (kind === "alias" && needs.length === 0) needs.push(r.int(count));
    const form = r.weigh(anyForms);
    const plan: Mutable<ProviderPlan> = { kind, t, form, needs };
    if (form === "dynamic")
      plan.body = {
        acts: needs.map((need) => ({ do: "get" as const, own: true, need, in: "here" as const })),
      };
    if (r.in1000(250)) plan.body = merged(plan.body, this.#usually());
    if (r.in1000(350)) plan.body = merged(plan.body, this.#body(1));
    if (r.in1000(150)) plan.undo = this.#body(1);
    if (kind !== "alias" && r.in1000(450)) plan.opts = this.#options(kind, 1);
    if (r.in1000(this.odd)) plan.wrap = [this.#wrap()];
    if (r.in1000(this.odd >> 1)) plan.wrap = [...(plan.wrap ?? []), this.#wrap()];
    return plan;
  }

  // ---- Deep

  #deep(): void {
    const { r, draft } = this;
    const count = r.between(185, 235);
    const list: Entry[] = [];
    const lifetimes = r.pick<readonly Kind[]>([
      ["transient"],
      ["scoped"],
      ["singleton"],
      ["scoped", "transient", "scoped", "alias"],
    ]);
    for (let t = 0; t < count; t++) {
      draft.tokens.push(r.in1000(500) ? { cls: "rest" } : {});
      const kind = t === 0 ? "singleton" : r.pick(lifetimes);
      list.push(this.#provide({ kind, t, form: "class", needs: t > 0 ? [t - 1] : [] }));
    }
    draft.steps.push(this.#create(list));
    const wanted = [count - 1, r.between(count - 20, count - 1), r.int(count)];
    this.#siblings([0], 0, r.some(wanted, r.between(1, 2)));
    // A trace has an end.
    draft.steps.splice(8);
    for (let n = r.int(3); n > 0; n--) this.#perturb(count);
  }

  // ---- Parts

  #provide(plan: Mutable<ProviderPlan>): number {
    this.draft.providers.push(plan);
    return this.draft.providers.length - 1;
  }

  #create(list: Entry[]): Mutable<Act> {
    const { r } = this;
    const first = this.draft.steps.length === 0;
    const act: Mutable<Act> = { do: "create", id: first ? 0 : ++this.scopes, list };
    if (r.in1000(100)) act.name = r.pick(names);
    if (!first && r.in1000(400)) act.other = true;
    return act;
  }

  #open(parent: Where, name: string | undefined, list: readonly Entry[]): Mutable<Act> {
    const act: Mutable<Act> = { do: "open", in: parent, id: ++this.scopes };
    if (name !== undefined) act.name = name;
    if (list.length > 0) act.list = list;
    return act;
  }

  #observer(): number {
    const { r, draft } = this;
    const plan: Record<string, Body> = {};
    for (const name of r.some(events, r.pick([1, 2, 3, 14]))) plan[name] = r.in1000(150) ? this.#body(2) : {};
    draft.observers.push(plan);
    return draft.observers.length - 1;
  }

  #wrap(): NonNullable<ProviderPlan["wrap"]>[number] {
    const { r } = this;
    if (r.in1000(400)) return "fallback";
    const needs = r.in1000(400) ? [this.#need(1)] : [];
    return { decorate: needs, body: r.in1000(400) ? this.#body(2) : {} };
  }

  #options(kind: Kind, depth: number): Options {
    const { r } = this;
    const made: Mutable<Options> = {};
    const isKept = kind !== "transient" || r.in1000(20);
    for (let n = r.pick([1, 1, 1, 2, 3]); n > 0; n--) {
      switch (r.weigh(optionNames)) {
        case "dispose":
          if (isKept)
            made.dispose = {
              arity: r.pick([0, 1, 1, 2, 3, "rest", "default"] as const),
              body: this.#body(depth),
            };
          break;
        case "never":
          if (isKept) made.dispose = false;
          break;
        case "stop":
          if (isKept) made.stop = { arity: r.pick([1, 2, 3]), body: this.#body(depth) };
          break;
        case "start":
          if (isKept) made.start = this.#body(depth);
          break;
        case "init":
          made.init = this.#body(depth);
          break;
        case "owned":
          if (kind === "value") made.owned = true;
          break;
        case "as":
          made.as = [this.#hub()];
          break;
        case "tags":
          made.tags = [r.pick(this.tags)];
          break;
        case "order":
          made.order = r.int(3);
          break;
        case "default":
          made.default = true;
          break;
        case "after":
          made.after = [this.#need(depth)];
          break;
        case "eager":
          if (isKept) made.eager = true;
          break;
        case "in":
          if (kind === "scoped") made.in = r.pick(names);
          break;
        case "layer":
          made.layer = r.pick(["a", "b", "c", "c", "d"]);
          break;
        case "bad":
          if (r.in1000(200)) made.bad = true;
          break;
      }
    }
    return made;
  }

  #token(): number {
    return this.r.int(this.draft.tokens.length);
  }

  /** What services answer to besides their own token: few, so that they meet. */
  #hub(): number {
    return this.r.int(Math.min(2, this.draft.tokens.length));
  }

  #need(depth: number): Need {
    const t = this.#token();
    return this.r.in1000(700) ? t : this.#combined(t, depth);
  }

  #combined(t: number, depth: number): Need {
    const { r, draft } = this;
    const inner = (): Need => (depth < 3 && r.in1000(250) ? this.#combined(t, depth + 1) : t);
    const c = r.weigh(combinators);
    switch (c) {
      case "optional":
        return r.in1000(200) ? { c, of: [inner()], tag: "fallback" } : { c, of: [inner()] };
      case "defer":
        return { c, of: [inner()] };
      case "all":
      case "one":
        if (r.in1000(500)) return { c, t: this.#hub() };
        return r.in1000(200) ? { c, t, tag: r.pick(this.tags) } : { c, t };
      case "map":
        return { c, of: [inner()], body: r.in1000(250) ? this.#body(depth + 1) : {} };
      case "ref":
      case "parent":
        return { c, t };
      case "make": {
        if (draft.providers.length === 0) return t;
        const registered = r.in1000(300);
        if (registered) return { c, p: r.int(draft.providers.length) };
        const kind = r.pick(["singleton", "scoped", "transient"] as const);
        return { c, p: this.#provide({ kind, t: this.#token(), form: "list", needs: [t] }) };
      }
      case "assisted": {
        const of: Need[] = [{ c: "arg" }, t];
        return { c, t: this.#token(), of, body: r.in1000(500) ? {} : this.#body(depth + 1) };
      }
      case "tuple":
      case "record":
        return { c, of: r.in1000(300) ? [inner(), this.#token()] : [inner()] };
      default:
        return { c };
    }
  }

  #entries(most: number): Entry[] {
    const made: Entry[] = [];
    for (let n = this.r.int(most + 1); n > 0; n--) made.push(this.#entry());
    return made;
  }

  #entry(): Entry {
    const { r, draft } = this;
    switch (r.weigh(entries)) {
      case "odd":
        return { v: this.#token(), what: r.pick(given) };
      case "kept": {
        const keep = r.pick(["owned", "dispose", "borrowed"] as const);
        return r.in1000(600) ? { v: this.#token(), keep, what: r.pick(given) } : { v: this.#token(), keep };
      }
      case "again":
        return draft.providers.length > 0 ? r.int(draft.providers.length) : { v: this.#token() };
      case "fresh":
        return this.#provide(this.#anyProvider(this.#token()));
      case "list":
        return this.#entries(2);
      case "policy":
        return "policy";
      case "undefined":
        return "undefined";
      case "nonsense":
        return "nonsense";
      default:
        return { v: this.#token() };
    }
  }

  #where(): Where {
    const { r } = this;
    if (r.in1000(700)) return r.int(this.scopes + 1);
    return r.pick<Where>(["here", "here", "root", "parent", "child", "latest", "any"]);
  }

  #step(): Mutable<Act> {
    const { r } = this;
    if (this.isPlain && this.draft.family === "wild" && r.in1000(850)) return this.#someAct(0, calmSteps);
    return this.#someAct(0, this.isAsync ? slowSteps : steps);
  }

  /** An act of a callback. */
  #act(depth: number, at: number): Act {
    const act = this.#someAct(depth, this.isAsync ? slowActs : acts);
    if (at > 0) act.at = at;
    if (this.r.in1000(500)) act.swallow = true;
    return act;
  }

  #someAct(depth: number, from: Weights<Act["do"]>): Mutable<Act> {
    const { r, draft } = this;
    const what = r.weigh(from);
    const act: Mutable<Act> = { do: what };
    const isInside = depth > 0;
    switch (what) {
      case "tick":
        act.n = r.between(1, 4);
        return act;
      case "time":
        act.n = r.pick([1, 5, 10]);
        return act;
      case "settle":
      case "abort":
      case "unobserve":
      case "listen":
        act.n = r.int(4);
        if (what === "listen" && r.in1000(500)) act.body = this.#body(depth + 1);
        return act;
      case "throw":
        act.what = r.pick(thrown);
        return act;
      case "onCleanup":
        act.body = this.#body(depth + 1);
        return act;
      case "kept":
        act.n = r.int(6);
        act.op = r.pick(["get", "get", "getAsync", "has", "call"] as const);
        act.need = this.#need(1);
        return act;
      case "idle":
        return act;
      default:
    }
    act.in = isInside && r.in1000(500) ? r.pick<Where>(["here", "here", "root", "parent"]) : this.#where();
    switch (what) {
      case "get":
      case "getAsync":
      case "has":
        act.need = this.#need(1);
        if (isInside && r.in1000(400)) act.own = true;
        if (what !== "getAsync") break;
        if (r.in1000(350)) act.wait = true;
        if (r.in1000(70)) act.signal = r.pick(["aborted", "later"] as const);
        break;
      case "run":
      case "runAsync":
        act.need = this.#need(1);
        if (r.in1000(300)) act.body = this.#body(depth + 1);
        break;
      case "open":
        act.id = ++this.scopes;
        if (r.in1000(500)) act.name = r.pick(names);
        act.list = this.#entries(2);
        break;
      case "provide":
      case "override":
        act.list = [this.#entry(), ...this.#entries(1)];
        break;
      case "shutdown":
        if (r.in1000(200)) act.timeout = r.pick([0, 1, 5]);
        if (r.in1000(150)) act.signal = r.pick(["aborted", "later"] as const);
        if (r.in1000(200)) act.reason = true;
        if (r.in1000(80)) act.using = true;
        if (r.in1000(200)) act.wait = true;
        break;
      case "observe":
        act.n =
          draft.observers.length > 0 && r.in1000(300) ? r.int(draft.observers.length) : this.#observer();
        break;
      case "release":
      case "reload":
      case "withdraw":
        if (what !== "release" || r.in1000(900)) act.t = this.#token();
        if (what === "reload" && r.in1000(500) && act.t !== undefined)
          act.p = this.#provide(this.#anyProvider(act.t));
        if (r.in1000(150)) act.timeout = r.pick([0, 5]);
        break;
      case "warm":
        act.n = r.int(2);
        break;
      case "app":
        act.op = r.pick(["start", "start", "stop"] as const);
        break;
      default:
    }
    return act;
  }

  #body(depth: number): Body {
    const { r } = this;
    const body: Mutable<Body> = {};
    if (depth < 3 && r.in1000(600)) {
      const acts: Act[] = [];
      for (let n = r.pick([1, 1, 1, 2]); n > 0; n--) acts.push(this.#act(depth + 1, this.#when()));
      body.acts = acts;
    }
    if (r.in1000(150)) body.throws = [{ at: this.#when(), what: r.pick(thrown) }];
    if (r.in1000(this.isAsync ? 450 : 150)) {
      body.answers = {
        at: r.in1000(500) ? 0 : this.#when(),
        how: this.isFailing ? "late failure" : r.pick(answers),
      };
      if (depth < 3 && r.in1000(300)) body.late = [this.#act(depth + 1, 0)];
    }
    if (r.in1000(150)) body.gives = this.#gives();
    return body;
  }
}

function merged(body: Body | undefined, more: Body): Body {
  if (!body) return more;
  return { ...body, ...more, acts: [...(body.acts ?? []), ...(more.acts ?? [])] };
}
