/**
 * Services: the providers of a program, with factories, `init`s and disposers that do as planned and keep the journal.
 *
 * An instance records what it received from whom: these are the edges that shutdown must respect, whatever the
 * container believes.
 *
 * @module
 */

import {
  alias,
  all,
  defer,
  map,
  optional,
  parent,
  ref,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Provider,
} from "thimble";
import { askerFor, type Asks } from "./asks.ts";
import type { Closings } from "./closings.ts";
import {
  Instance,
  instancesIn,
  isFailing,
  Planned,
  text,
  type Handle,
  type Journal,
  type Resolving,
} from "./journal.ts";
import { Mapped, type Asker, type Place } from "./model.ts";
import {
  BASE_CLASS,
  isAsync,
  keyOf,
  showNeed,
  TOKENS,
  type Flush,
  type Need,
  type Plan,
  type RecipePlan,
  type ValuePlan,
} from "./program.ts";

// WebKit lacks the two symbols; the well-known keys are what every `using` helper falls back to.
const dispose: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);
const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for("Symbol.asyncDispose") as typeof Symbol.asyncDispose);

/** A class that is a token: its constructor is given the way to make an instance, and what the instance needs. */
class Base {
  constructor(make: (args: unknown[]) => object, ...args: unknown[]) {
    return make(args);
  }
}
const classes = { [`t${BASE_CLASS}`]: class extends Base {} };
const base = classes[`t${BASE_CLASS}`] as typeof Base;
const derived = { [`t${BASE_CLASS - 1}`]: class extends base {} }[`t${BASE_CLASS - 1}`] as typeof Base;
const tokens = [
  ...Array.from({ length: BASE_CLASS - 1 }, (_, index) => token<unknown>(`t${index}`)),
  derived,
  base,
];

export function tokenOf(index: number) {
  const found = tokens[index];
  if (!found) throw new Error(`there is no t${index}`);
  return found;
}

/** A value that every scope of a program has: where its services live. */
export const Here = token<Place>("here");

export class Services {
  readonly #journal: Journal;
  readonly #asks: Asks;
  readonly #closings: Closings;
  readonly #providers = new Map<Plan, Provider>();
  readonly #values = new Map<Plan, Instance>();
  readonly #shared: ReadonlySet<Plan>;
  readonly #runs = new Map<string, number>();

  constructor(journal: Journal, asks: Asks, closings: Closings) {
    this.#journal = journal;
    this.#asks = asks;
    this.#closings = closings;
    const everywhere = journal.program.scopes.flatMap((it) => it.provides);
    this.#shared = new Set(everywhere.filter((it, index) => everywhere.indexOf(it) !== index));
  }

  // ---- providers

  /** The provider of a plan: the same object in every scope that has the plan. */
  provider(plan: Plan, place: Place): Provider {
    const provider = this.#providers.get(plan) ?? this.#define(plan, place);
    this.#providers.set(plan, provider);
    return provider;
  }

  /** Values are there as soon as they are registered; the owned ones are due then, asked for or not. */
  registered(place: Place, plans: readonly Plan[]): void {
    for (const plan of plans) {
      const instance = this.#values.get(plan);
      if (plan.kind !== "value" || instance?.home !== place) continue;
      instance.state = "built";
      instance.builtAt = instance.knownAt = ++this.#journal.clock;
      if (plan.keep !== "borrowed") instance.undoing = "due";
      this.#journal.instances.push(instance);
    }
  }

  dependency(need: Need): unknown {
    switch (need.ask) {
      case "map":
        return map(this.dependency(need.of) as never, (it: unknown) => new Mapped(it));
      case "tuple":
        return need.of.map((it) => this.dependency(it));
      case "record":
        return Object.fromEntries(need.of.map((it, index) => [keyOf(index), this.dependency(it)]));
      case "one":
        return tokenOf(need.token);
      case "ref":
        return ref(() => tokenOf(need.token));
      case "defer":
        return defer(tokenOf(need.token));
      case "optional":
        return optional(tokenOf(need.token));
      case "all":
        return all(tokenOf(need.token));
      case "parent":
        return parent(tokenOf(need.token));
    }
  }

  #define(plan: Plan, place: Place): Provider {
    const key = tokenOf(plan.token);
    if (plan.kind === "alias") return alias(key, this.dependency(plan.to) as never) as Provider;
    if (plan.kind === "value") {
      const instance = new Instance(plan, place, 1);
      this.#values.set(plan, instance);
      this.#equip(instance);
      return value(key, instance as never, this.#options(plan)) as Provider;
    }

    // `Here` says where it runs, except where there is only one place it can be. Not `currentScope`: what holds that is
    // disposed before everything else.
    const fixed = plan.kind === "singleton" && !this.#shared.has(plan);
    const placeOf = (here: unknown) => (fixed ? place : (here as Place));
    const needs = plan.needs.map((it) => this.dependency(it));
    const define = { singleton, scoped, transient }[plan.kind] as unknown as (...args: unknown[]) => Provider;
    const options = this.#options(plan);
    switch (plan.form) {
      case "constructor": {
        const make = map(Here, (here) => (args: unknown[]) => this.#build(plan, placeOf(here), args));
        return define(key, [make, ...needs], options);
      }
      case "resolver": {
        // Taken apart, as the contract writes it: the functions must not need their object.
        const build = ({ get, getAsync }: Resolving) =>
          this.#build(plan, placeOf(fixed ? undefined : get(Here)), [], { get, getAsync });
        return define(key, build, options);
      }
      case "record": {
        const record = Object.fromEntries(needs.map((it, index) => [keyOf(index), it]));
        const build = ({ here, ...rest }: { readonly here?: unknown }) =>
          this.#build(plan, placeOf(here), Object.values(rest));
        return define(key, fixed ? record : { here: Here, ...record }, build, options);
      }
      default: {
        if (fixed) return define(key, needs, (...args: unknown[]) => this.#build(plan, place, args), options);
        const build = (here: unknown, ...args: unknown[]) => this.#build(plan, placeOf(here), args);
        return define(key, [Here, ...needs], build, options);
      }
    }
  }

  #options(plan: ValuePlan | RecipePlan): object {
    const { as, undo } = plan;
    const options: Record<string, unknown> = {};
    if (as.length > 0) options["as"] = as.map(tokenOf);
    if (undo.by === "false") options["dispose"] = false;
    if (plan.kind === "value") {
      if (plan.keep === "owned") options["owned"] = true;
      if (plan.keep === "dispose")
        options["dispose"] = (it: unknown, signal: AbortSignal) => this.#undo(plan, it, signal);
      return options;
    }
    if (undo.by === "option")
      options["dispose"] = (it: unknown, signal: AbortSignal) => this.#undo(plan, it, signal);
    if (plan.in !== undefined) options["in"] = plan.in;
    if (plan.order > 0) options["order"] = plan.order;
    if (plan.init) options["init"] = (it: unknown) => this.#init(plan, it);
    return options;
  }

  /** Gives an instance the methods by which it may be undone; where it must not be, calling them is a complaint. */
  #equip(instance: Instance): void {
    const { plan } = instance;
    const { by } = plan.undo;
    const never = () => {
      const complain = (why: string) =>
        this.#journal.complain(`${String(instance)} was disposed, and ${why}`);
      if (plan.kind !== "transient") complain(`it is ${whyNever(plan)}`);
      else if (instance.dropped) complain("was before");
      else if (this.#journal.isReceived(instance)) complain("somebody has received it");
      instance.dropped = true;
      instance.undoing = "ended";
      instance.begunAt = instance.endedAt = ++this.#journal.clock;
    };
    const undo = () => this.#undo(plan, instance);
    const untouchable = whyNever(plan) !== undefined;
    if (untouchable || by === "asyncDispose")
      Object.assign(instance, { [asyncDispose]: untouchable ? never : undo });
    if (untouchable || by === "dispose") Object.assign(instance, { [dispose]: untouchable ? never : undo });
  }

  // ---- building

  #build(plan: RecipePlan, home: Place, args: readonly unknown[], resolver?: Resolving): object {
    const instance = this.#begin(plan, home);
    return plan.async
      ? this.#buildAsync(instance, plan, args, resolver)
      : this.#buildSync(instance, plan, args, resolver);
  }

  #begin(plan: RecipePlan, home: Place): Instance {
    const { instances, closings } = this.#journal;
    const same = instances.filter((it) => it.plan === plan && it.home === home);
    const instance = new Instance(plan, home, same.length + 1);
    instance.calledAt = ++this.#journal.clock;
    this.#journal.factoryCalls++;
    this.#journal.note(`   ${String(instance)} is being built`);
    const complain = (why: string) => this.#journal.complain(`${String(instance)} is being built, ${why}`);
    const other = same.find((it) => it.state !== "failed" || isFailing(it));
    if (other && plan.kind !== "transient") complain(`and ${String(other)} is ${other.state}`);
    if (!this.#journal.entryOf(plan, home)) complain("where nothing registered it");
    if (plan.in !== undefined && home.name !== plan.in) complain(`and lives in "${plan.in}"`);
    const closing = closings.get(home);
    if (closing && closing.closedAt < Infinity) complain("in a closed scope");
    else if (closing && !closing.busy) complain("in a closing scope where nothing was under way");
    instances.push(instance);
    return instance;
  }

  #buildSync(instance: Instance, plan: RecipePlan, args: readonly unknown[], resolver?: Resolving): Instance {
    try {
      this.#start(instance, plan, resolver);
      if (plan.ambient) this.#receive(instance, this.#askAmbient(instance, plan), true);
      if (resolver) {
        for (const need of plan.needs)
          this.#take(instance, need, this.#askResolver(instance, need, resolver));
      } else this.#takeDeclared(instance, plan, args);
      for (const { token, handle } of this.#handlesToUse(instance, plan)) {
        const asker = askerFor(this.#journal, instance, true);
        const what = `${String(instance)}'s handle of t${token}`;
        this.#receive(
          instance,
          this.#asks.get(what, { ask: "one", token }, asker, false, () => handle.get()),
        );
      }
      return this.#finish(instance, plan, resolver);
    } catch (error) {
      this.#fail(instance, error);
      throw error;
    }
  }

  async #buildAsync(
    instance: Instance,
    plan: RecipePlan,
    args: readonly unknown[],
    resolver?: Resolving,
  ): Promise<Instance> {
    try {
      this.#start(instance, plan, resolver);
      const ambient = plan.ambient && this.#askAmbient(instance, plan);
      // It is awaited below; should the factory fail before that, this failure is nobody's.
      if (ambient instanceof Promise) ambient.catch(() => {});
      if (!resolver) this.#takeDeclared(instance, plan, args);
      if (plan.gates.before) await this.#journal.gate("building", `${String(instance)} may ask`);
      if (ambient !== undefined) this.#receive(instance, await ambient, true);
      if (resolver) await this.#askAll(instance, plan, resolver);
      for (const { token, handle } of this.#handlesToUse(instance, plan)) {
        const asker = askerFor(this.#journal, instance, false);
        const what = `${String(instance)}'s handle of t${token}`;
        const got = this.#asks.getAsync(what, { ask: "one", token }, asker, false, () => handle.getAsync());
        this.#receive(instance, await got);
      }
      if (plan.gates.after) await this.#journal.gate("building", `${String(instance)} may answer`);
      return this.#finish(instance, plan, resolver);
    } catch (error) {
      this.#fail(instance, error);
      throw error;
    }
  }

  async #askAll(instance: Instance, plan: RecipePlan, resolver: Resolving): Promise<void> {
    const ask = async (need: Need) => {
      if (plan.asks === "get") return this.#take(instance, need, this.#askResolver(instance, need, resolver));
      const asker = askerFor(this.#journal, instance, false);
      const what = `${String(instance)}'s getAsync(${showNeed(need)})`;
      const got = this.#asks.getAsync(what, need, asker, false, () =>
        resolver.getAsync(this.dependency(need)),
      );
      this.#take(instance, need, await got);
    };
    if (plan.asks === "together") await Promise.all(plan.needs.map(ask));
    else for (const need of plan.needs) await ask(need);
  }

  #askResolver(instance: Instance, need: Need, resolver: Resolving): unknown {
    const asker = askerFor(this.#journal, instance, true);
    const what = `${String(instance)}'s get(${showNeed(need)})`;
    return this.#asks.get(what, need, asker, false, () => resolver.get(this.dependency(need)));
  }

  /** Begins to ask and does not wait: it may be built and handed over before the answer comes. */
  #start(instance: Instance, { starts }: RecipePlan, resolver?: Resolving): void {
    if (starts === undefined) return;
    const asker = askerFor(this.#journal, instance, false);
    const what = `${String(instance)}'s getAsync(t${starts}), not waited for`;
    const got = this.#asks.getAsync(what, { ask: "one", token: starts }, asker, false, () =>
      (resolver ?? (this.#journal.scopeOf(instance.home) as Resolving)).getAsync(tokenOf(starts)),
    );
    const receive = this.#wish(instance, { ask: "one", token: starts }, asker);
    got.then(receive, () => {});
  }

  /** Asks a scope whose variable the factory captured. */
  #askAmbient(instance: Instance, { ambient }: RecipePlan): unknown {
    const place = ambient && this.#journal.model.places[ambient.scope];
    const scope = ambient && this.#journal.scopes[ambient.scope];
    if (!place || !scope) return undefined;
    const { token, sync } = ambient;
    const need: Need = { ask: "one", token };
    // The container sees on whose behalf it is asked, so a singleton's captive may be refused here too.
    const by = askerFor(this.#journal, instance, sync);
    const asker = { ...by, by: undefined, from: place, captor: "perhaps" as const };
    const what = `${String(instance)}'s s${place.index}.${sync ? "get" : "getAsync"}(t${token})`;
    return sync
      ? this.#asks.get(what, need, asker, false, () => scope.get(tokenOf(token)))
      : this.#asks.getAsync(what, need, asker, false, () => scope.getAsync(tokenOf(token)));
  }

  #takeDeclared(instance: Instance, plan: RecipePlan, args: readonly unknown[]): void {
    if (args.length !== plan.needs.length)
      this.#journal.complain(`${String(instance)} was given ${text(args)}`);
    const asker = askerFor(this.#journal, instance, false);
    for (const [index, need] of plan.needs.entries()) {
      const wrong = this.#asks.complaint(need, args[index], asker, this.#journal.window);
      if (wrong) this.#journal.complain(`${String(instance)}, for ${showNeed(need)}, ${wrong}`);
      this.#take(instance, need, args[index]);
    }
  }

  #take(instance: Instance, need: Need, it: unknown): void {
    this.#receive(instance, it);
    this.#keepHandles(instance, need, it);
  }

  #receive(instance: Instance, it: unknown, ambient = false): void {
    for (const made of instancesIn(it)) {
      if (made.dropped)
        this.#journal.complain(`${String(instance)} received ${String(made)}, which was disposed`);
      const late = this.#closings.holdsLate(instance, made);
      instance.received.push({ made, ambient, late });
      this.#journal.clock++;
    }
  }

  #keepHandles(instance: Instance, need: Need, it: unknown): void {
    if (need.ask === "defer") {
      instance.keptHandles.push({ token: need.token, when: need.when, handle: it as Handle });
    } else if (need.ask === "map") this.#keepHandles(instance, need.of, (it as Mapped).of);
    else if (need.ask === "tuple" || need.ask === "record") {
      const parts = Object.values(it as object) as unknown[];
      for (const [index, part] of need.of.entries()) this.#keepHandles(instance, part, parts[index]);
    }
  }

  #handlesToUse(instance: Instance, { form }: RecipePlan) {
    return form === "constructor" ? [] : instance.keptHandles.filter((it) => it.when === "building");
  }

  #finish(instance: Instance, plan: RecipePlan, resolver: Resolving | undefined): Instance {
    if (this.#runOf(plan, "factory") <= plan.fails)
      throw new Planned(plan, "the factory", this.#journal.program);
    instance.keptResolver = resolver;
    this.#equip(instance);
    if (plan.init) return instance;
    this.#built(instance);
    return instance;
  }

  #init(plan: RecipePlan, it: unknown): unknown {
    if (!(it instanceof Instance) || it.plan !== plan || it.state !== "building") {
      return this.#journal.complain(`init of ${plan.id} was given ${text(it)}`);
    }
    const end = () => {
      if (this.#runOf(plan, "init") > (plan.init?.fails ?? 0)) return this.#built(it);
      const error = new Planned(plan, "init", this.#journal.program);
      this.#fail(it, error);
      // Its resource exists: nobody will ever have it, so somebody has to undo it.
      if (isUndone(plan)) it.undoing = "due";
      throw error;
    };
    if (!plan.init?.async) return end();
    return this.#journal.gate("building", `init of ${String(it)} may end`).then(end);
  }

  #built(instance: Instance): void {
    instance.state = "built";
    instance.builtAt = ++this.#journal.clock;
    if (instance.plan.kind === "value" || !isAsync(instance.plan)) instance.knownAt = instance.builtAt;
    if (isUndone(instance.plan)) instance.undoing = "due";
    this.#journal.note(`   ${String(instance)} is built`);
  }

  #fail(instance: Instance, error: unknown): void {
    instance.state = "failed";
    instance.failedAt = ++this.#journal.clock;
    instance.failure = error;
    this.#journal.note(`   ${String(instance)} failed: ${text(error).split("\n")[0]}`);
    // Whoever joined a build that this one fails is told in the same turn. It may also be letting through what
    // another one threw, perhaps long ago.
    if (!(error instanceof Planned)) return;
    error.knownAt = Infinity;
    this.#journal.failures.push(error);
  }

  /** Counts the runs of a factory or an `init`, in all scopes together. */
  #runOf({ id }: Plan, what: string): number {
    const run = (this.#runs.get(`${what} of ${id}`) ?? 0) + 1;
    this.#runs.set(`${what} of ${id}`, run);
    return run;
  }

  // ---- later

  /**
   * A service that is built uses what it kept: a handle; or its resolver, which may be asked for anything: for what it
   * was asked before, or for something else that is there and has still to be disposed.
   */
  askLate(instance: Instance, pick: number, sync: boolean, when: string): void {
    const { plan, keptHandles, keptResolver } = instance;
    const kept = keptHandles[pick % (keptHandles.length + (keptResolver ? 1 : 0))];
    if (plan.kind === "value" || !(kept ?? keptResolver)) return;
    // While whoever it was made for is still being built, a transient asks for that one, and it is nobody else's.
    if (plan.kind === "transient" && this.#journal.instances.some((it) => it.state === "building")) return;
    const there = this.#journal.instances.filter(
      (it) => it !== instance && it.home === instance.home && it.undoing === "due",
    );
    const token = there[pick % there.length]?.plan.token ?? pick % TOKENS;
    const need: Need = kept ? { ask: "one", token: kept.token } : (plan.needs[pick] ?? { ask: "one", token });
    const asker = askerFor(this.#journal, instance, sync);
    const what = `${String(instance)}, ${when}, ${sync ? "get" : "getAsync"}(${showNeed(need)})`;
    const resolver = keptResolver as Resolving;
    const receive = this.#wish(instance, need, asker);
    // Failures are judged where they arrive; whoever asks late goes on without.
    if (!sync) {
      const got = this.#asks.getAsync(what, need, asker, true, () =>
        kept ? kept.handle.getAsync() : resolver.getAsync(this.dependency(need)),
      );
      return void got.then(receive, () => {});
    }
    try {
      receive(
        this.#asks.get(what, need, asker, true, () =>
          kept ? kept.handle.get() : resolver.get(this.dependency(need)),
        ),
      );
    } catch {}
  }

  /** Notes what an instance asks for and may have to do without. Gives what it receives the answer with. */
  #wish(instance: Instance, need: Need, asker: Asker): (it: unknown) => void {
    const { model, window } = this.#journal;
    const { plans } = model.outlook(need, asker, window, () => false, false);
    // In a scope that is closing, what is not there is refused at once.
    if (this.#journal.phase(instance.home) === "open") instance.wishes.add(plans);
    this.#journal.clock++;
    return (it) => {
      instance.wishes.delete(plans);
      this.#journal.clock++;
      this.#receive(instance, it);
    };
  }

  // ---- undoing

  #undo(plan: ValuePlan | RecipePlan, it: unknown, signal?: AbortSignal): unknown {
    if (!(it instanceof Instance) || it.plan !== plan) {
      return this.#journal.complain(`the disposer of ${plan.id} was given ${text(it)}`);
    }
    this.#journal.note(`   ${String(it)} is being disposed`);
    this.#closings.checkTurn(it, signal);
    it.signal = signal;
    it.undoing = "begun";
    it.begunAt = ++this.#journal.clock;
    const end = (wrong?: object) => {
      it.undoing = "ended";
      it.endedAt = ++this.#journal.clock;
      it.wrong = wrong;
      this.#journal.note(`   ${String(it)} ${wrong ? "could not be disposed" : "is disposed"}`);
    };
    this.#flush(it, "first");
    switch (plan.undo.how) {
      case "sync":
        return end();
      case "throws": {
        // Not an Error: those must get into the report as well.
        const wrong = { thrownBy: String(it) };
        end(wrong);
        throw wrong as unknown as Error;
      }
      case "async":
        return this.#waits(it, "may be disposed").then(() => end());
      case "rejects":
        return this.#waits(it, "may fail to be disposed").then(() => {
          const wrong = new Error(`the disposer of ${plan.id} fails, as planned`);
          end(wrong);
          throw wrong;
        });
      case "hangs":
        return this.#waits(it, undefined);
    }
  }

  /** What a slow disposer waits for. One that asks in between waits twice: what it is given must stay that long. */
  async #waits(it: Instance, what: string | undefined): Promise<unknown> {
    if (it.plan.undo.asks?.when === "waited") {
      await this.#journal.gate("undoing", `${String(it)} may ask`);
      this.#flush(it, "waited");
    }
    return what ? this.#journal.gate("undoing", `${String(it)} ${what}`) : new Promise(() => {});
  }

  /** A service that flushes through another asks for it while it is being disposed. */
  #flush(it: Instance, when: Flush["when"]): void {
    const { plan, home } = it;
    const flush = plan.undo.asks;
    if (flush?.when !== when || this.#journal.phase(home) === "open") return;
    const { pick: token, sync, through } = flush;
    if (through === "kept") {
      if (it.state === "built") this.askLate(it, token, sync, "being disposed");
      return;
    }
    // Nobody's dependency: whoever asks the scope itself is anybody.
    const asker = { from: home, by: undefined, captor: "no" as const, sync };
    const need: Need = { ask: "one", token };
    const what = `the disposer of ${plan.id} asks s${home.index}.${sync ? "get" : "getAsync"}(t${token})`;
    const scope = this.#journal.scopeOf(home);
    if (!sync) {
      const got = this.#asks.getAsync(what, need, asker, true, () => scope.getAsync(tokenOf(token)));
      return void got.catch(() => {});
    }
    try {
      this.#asks.get(what, need, asker, true, () => scope.get(tokenOf(token)));
    } catch {
      // Judged already; a flush that finds nothing to flush through goes on.
    }
  }
}

/** Whether the container has to undo the instances of a plan. */
function isUndone(plan: ValuePlan | RecipePlan): boolean {
  return whyNever(plan) === undefined && plan.undo.by !== "nothing";
}

function whyNever(plan: ValuePlan | RecipePlan): string | undefined {
  if (plan.kind === "transient") return "transient";
  if (plan.kind === "value") return plan.keep === "borrowed" ? "borrowed" : undefined;
  return plan.undo.by === "false" ? "not to be" : undefined;
}
