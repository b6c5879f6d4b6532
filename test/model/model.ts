/**
 * The model: who answers whom, by the rules of the contract, read off a table of registrations.
 *
 * It builds nothing and caches nothing. Asked what a dependency means from a place, it walks the table again each
 * time: slow, and short enough to be compared with the contract line by line. It knows the past, because what a
 * factory receives may have been looked up a moment before an override: every question names the moment it is about.
 *
 * @module
 */

import {
  BASE_CLASS,
  isAsync,
  keyOf,
  showNeed,
  SUBCLASS,
  TOKENS,
  type Need,
  type Plan,
  type RecipePlan,
} from "./program.ts";

/** A scope, as the model sees it. */
export interface Place {
  readonly index: number;
  readonly name: string;
  readonly parent: Place | undefined;
  /** Everything that was ever registered here, in order. */
  readonly entries: Entry[];
}

/** One provider in one scope, from one moment to another. */
export interface Entry {
  readonly plan: Plan;
  readonly owner: Place;
  readonly since: number;
  until: number;
  /** Its place in the order of registration: a replacement takes that of the old one. */
  readonly rank: number;
  /** What it is listed under and where, unless its provider says so: that of the first original. */
  readonly inherited: Listing;
}

interface Listing {
  readonly as: readonly number[];
  readonly order: number;
}

/** What a factory made, or a value: what every token of a program holds. */
export interface Made {
  readonly plan: Plan;
  readonly home: Place;
  readonly state: "building" | "built" | "failed";
  readonly received: readonly { readonly made: Made; readonly ambient: boolean }[];
}

/** What `map` makes of a value. */
export class Mapped {
  readonly of: unknown;
  constructor(of: unknown) {
    this.of = of;
  }
}

/** On whose behalf something is asked. */
export interface Asker {
  readonly from: Place;
  /** The provider that asks; `undefined` for somebody outside. */
  readonly by: Entry | undefined;
  /** Whether a singleton would hold the answer. "perhaps": a transient asks, and we do not see who holds it. */
  readonly captor: "no" | "perhaps" | "yes";
  readonly sync: boolean;
}

/** What can come of an ask. */
export interface Outlook {
  /** Codes of the errors it may end with. Empty: it must succeed, unless a factory fails or a scope closes. */
  readonly codes: Set<string>;
  /** The providers that may have to run for it. */
  readonly plans: Set<Plan>;
  /** Scopes it reaches besides the one it starts from: their variable was captured. */
  readonly places: Set<Place>;
}

/** Whether there is an instance of this provider in this scope already. */
export type IsBuilt = (plan: Plan, home: Place) => boolean;

/** One step of an ask: a provider that answers, and where it was asked. */
interface Target {
  readonly entry: Entry;
  readonly from: Place;
}

export class Model {
  /** Counts the changes of the table. */
  now = 0;
  readonly places: (Place | undefined)[] = [];
  /** The aliases on the way to what is being compared. */
  readonly #names: Entry[] = [];

  /** A scope that is not open yet. It counts once it is put among the places. */
  newPlace(index: number, name: string, parent: Place | undefined): Place {
    return { index, name, parent, entries: [] };
  }

  provide(place: Place, plans: readonly Plan[]): void {
    this.now++;
    for (const plan of plans) this.#add(place, plan, place.entries.length, listingOf(plan));
  }

  override(place: Place, plans: readonly Plan[]): void {
    this.now++;
    for (const plan of plans) {
      const { inherited } = this.find(place, plan.token)!;
      const old = place.entries.find((it) => it.plan.token === plan.token && it.until === Infinity);
      if (old) old.until = this.now;
      this.#add(place, plan, old?.rank ?? place.entries.length, inherited);
    }
  }

  #add(owner: Place, plan: Plan, rank: number, inherited: Listing): void {
    owner.entries.push({ plan, owner, since: this.now, until: Infinity, rank, inherited });
  }

  // ---- lookup: nearest scope first, then up; never down or sideways

  find(place: Place, token: number, at = this.now): Entry | undefined {
    for (const scope of upwards(place)) {
      const entry = scope.entries.find((it) => it.plan.token === token && liveAt(it, at));
      if (entry) return entry;
    }
    return undefined;
  }

  /** Whether providers are visible for what is resolved, and for everything that these declare to depend on. */
  isProvided(place: Place, need: Need, by?: Entry, seen = new Set<Entry>()): boolean {
    switch (need.ask) {
      case "optional":
      case "all":
      case "defer":
        return true;
      case "map":
        return this.isProvided(place, need.of, by, seen);
      case "tuple":
      case "record":
        return need.of.every((it) => this.isProvided(place, it, by, seen));
      default: {
        const from = need.ask === "parent" ? (by?.owner ?? place).parent : place;
        const entry = from && this.find(from, need.token);
        if (!entry || seen.has(entry)) return entry !== undefined;
        seen.add(entry);
        const { plan } = entry;
        if (plan.kind === "value") return true;
        if (plan.kind === "alias") return this.isProvided(from, plan.to, entry, seen);
        const declared = plan.form === "resolver" ? [] : plan.needs;
        const home = this.home({ entry, from });
        return home !== undefined && declared.every((it) => this.isProvided(home, it, entry, seen));
      }
    }
  }

  /** Nearest scope first, then `order`, then order of registration; one that is shadowed does not count. */
  candidates(place: Place, token: number, at = this.now): Entry[] {
    const shadowed = new Set<number>();
    return upwards(place).flatMap((scope) => {
      const live = scope.entries.filter((it) => liveAt(it, at));
      const answering = live.filter((it) => !shadowed.has(it.plan.token) && answers(it, token));
      for (const { plan } of live) shadowed.add(plan.token);
      return answering.sort((a, b) => orderOf(a) - orderOf(b) || a.rank - b.rank);
    });
  }

  /** What `all` gives to the asker: a composite, which is one of them itself, gets the others. */
  #others({ from, by }: Asker, token: number, at: number): Entry[] {
    const isOwn = (entry: Entry) =>
      by &&
      by.plan.kind !== "alias" &&
      (entry === by || this.#serviceKey({ entry, from }, at, 0, false) === this.#linkOf(by, from));
    return this.candidates(from, token, at).filter((entry) => !isOwn(entry));
  }

  /** Where the instance lives, and from where its own dependencies are looked up. */
  home({ entry, from }: Target): Place | undefined {
    const { plan, owner } = entry;
    switch (plan.kind) {
      case "value":
      case "singleton":
        return owner;
      case "scoped":
        return plan.in === undefined ? from : upTo(owner, from).find((it) => it.name === plan.in);
      default:
        return from;
    }
  }

  /** The singleton or scoped instance that an ask for one thing is about, through aliases. */
  single(
    need: Need,
    from: Place,
    at = this.now,
  ): { readonly plan: RecipePlan; readonly home: Place } | undefined {
    for (let hops = 0; hops < TOKENS; hops++) {
      if (need.ask !== "one" && need.ask !== "ref" && need.ask !== "optional") return undefined;
      const entry = this.find(from, need.token, at);
      if (!entry) return undefined;
      const { plan } = entry;
      if (plan.kind === "singleton" || plan.kind === "scoped") {
        const home = this.home({ entry, from });
        return home && { plan, home };
      }
      if (plan.kind !== "alias") return undefined;
      need = plan.to;
    }
    return undefined;
  }

  #targets(need: Need, asker: Asker, at: number, missing: () => void): Target[] {
    const { from, by } = asker;
    switch (need.ask) {
      case "all":
        return this.#others(asker, need.token, at).map((entry) => ({ entry, from }));
      case "map":
        return this.#targets(need.of, asker, at, missing);
      case "tuple":
      case "record":
        return need.of.flatMap((it) => this.#targets(it, asker, at, missing));
      case "defer":
        return [];
      case "parent": {
        const above = (by?.owner ?? from).parent;
        const entry = above && this.find(above, need.token, at);
        if (!entry) missing();
        // Only the search starts above: what it finds is asked for from here.
        return entry ? [{ entry, from }] : [];
      }
      default: {
        const entry = this.find(from, need.token, at);
        if (!entry && need.ask !== "optional") missing();
        return entry ? [{ entry, from }] : [];
      }
    }
  }

  // ---- what may go wrong

  /**
   * Follows everything that an ask leads to, except what is built and what is only asked for later. `building`: the
   * asker is still being built, so what leads back to it is a cycle. `since`: a build may look up one dependency by
   * an old table and the next by the newest, so each may come from any of them.
   */
  outlook(need: Need, asker: Asker, since: number, isBuilt: IsBuilt, building: boolean): Outlook {
    const outlook: Outlook = { codes: new Set(), plans: new Set(), places: new Set() };
    const done = new Set<string>();
    const missing = () => outlook.codes.add("NOT_PROVIDED");

    const follow = (wanted: Need, on: Asker, chain: readonly string[]): void => {
      for (let at = since; at <= this.now; at++) {
        for (const target of this.#targets(wanted, on, at, missing)) visit(target, on, chain);
      }
    };

    const visit = (target: Target, on: Asker, chain: readonly string[]): void => {
      const { entry } = target;
      const { plan } = entry;
      if (plan.kind === "value") return;
      // A singleton must not hold what lives shorter, directly or through transients and aliases.
      if (plan.kind === "scoped" && on.captor !== "no") outlook.codes.add("CAPTIVE_DEPENDENCY");
      const home = this.home(target);
      if (!home) {
        const above = plan.kind === "scoped" && upwards(entry.owner).some((it) => it.name === plan.in);
        return void outlook.codes.add(above ? "INVALID_PROVIDER" : "SCOPE_NOT_FOUND");
      }
      if (plan.kind !== "alias" && plan.kind !== "transient" && isBuilt(plan, home)) return;

      // Identity is (provider, scope): the same token in two scopes is not a cycle.
      const link = this.#linkOf(entry, home);
      if (plan.kind !== "alias" && on.sync && isAsync(plan)) outlook.codes.add("ASYNC_PROVIDER");
      // The walk goes on: the asker may fail meanwhile, and what comes back to it then is a new build.
      if (chain.includes(link)) outlook.codes.add("CIRCULAR_DEPENDENCY");
      outlook.plans.add(plan);
      const visited = `${link} ${on.captor} ${String(on.sync)}`;
      if (done.has(visited)) return;
      done.add(visited);
      const longer = [...chain, link];

      if (plan.kind === "alias") return follow(plan.to, { ...on, from: home, by: entry }, longer);
      const inner = this.askerOf(plan, entry, home, on);
      for (const it of plan.needs) follow(it, inner, longer);
      if (plan.form !== "constructor") {
        for (const it of handlesToUse(plan.needs)) follow(it, { ...inner, sync: !plan.async }, longer);
      }
      // It is not waited for, and still counts as such while the factory runs.
      if (plan.starts !== undefined)
        follow({ ask: "one", token: plan.starts }, { ...inner, sync: false }, longer);
      const { ambient } = plan;
      const captured = ambient && this.places[ambient.scope];
      if (!ambient || !captured) return;
      outlook.places.add(captured);
      follow(
        { ask: "one", token: ambient.token },
        { from: captured, by: undefined, captor: "perhaps", sync: ambient.sync },
        longer,
      );
    };

    follow(need, asker, building && asker.by ? [this.#linkOf(asker.by, asker.from)] : []);
    return outlook;
  }

  #linkOf(entry: Entry, home: Place): string {
    return `${entry.plan.id} of s${entry.owner.index} in s${home.index}`;
  }

  /** On whose behalf the needs of a provider are asked. `on`: who asked for the provider, if we know. */
  askerOf(plan: RecipePlan, entry: Entry, home: Place, on?: Asker): Asker {
    const captor =
      plan.kind === "singleton" ? "yes" : plan.kind === "scoped" ? "no" : (on?.captor ?? "perhaps");
    const sync = plan.form === "resolver" ? plan.asks === "get" : (on?.sync ?? false);
    return { from: home, by: entry, captor, sync };
  }

  // ---- what must be under way

  /**
   * The services that an asynchronous ask must have begun to build by now: those whose own declared dependencies are
   * built. Independent ones are built at the same time.
   */
  startable(
    need: Need,
    asker: Asker,
    at: number,
    isBuilt: IsBuilt,
  ): { readonly plan: RecipePlan; readonly home: Place }[] {
    const found = new Map<string, { plan: RecipePlan; home: Place }>();
    const seen = new Set<string>();
    const ready = (wanted: Need, on: Asker): boolean =>
      this.#targets(wanted, on, at, () => {})
        .map((target) => isReady(target, on))
        .every(Boolean);

    const isReady = (target: Target, on: Asker): boolean => {
      const { plan } = target.entry;
      const home = this.home(target);
      if (plan.kind === "value" || !home) return true;
      const link = this.#linkOf(target.entry, home);
      if (plan.kind === "alias") {
        if (seen.has(link)) return false;
        seen.add(link);
        return ready(plan.to, { ...on, from: home, by: target.entry });
      }
      if (plan.kind !== "transient" && isBuilt(plan, home)) return true;
      if (seen.has(link)) return false;
      seen.add(link);
      const inner = this.askerOf(plan, target.entry, home, on);
      const declared = plan.form === "resolver" ? [] : plan.needs;
      const all = declared.map((it) => ready(it, inner)).every(Boolean);
      if (all && plan.kind !== "transient") found.set(link, { plan, home });
      return false;
    };

    ready(need, asker);
    return [...found.values()];
  }

  /** Whether all of an ask can be handed out without building anything. */
  isReady(need: Need, asker: Asker, isBuilt: IsBuilt): boolean {
    let all = true;
    const seen = new Set<string>();
    const look = (wanted: Need, on: Asker): void => {
      for (const target of this.#targets(wanted, on, this.now, () => (all = false))) {
        const { plan } = target.entry;
        const home = this.home(target);
        if (!home || plan.kind === "transient" || (plan.kind === "scoped" && on.captor !== "no")) all = false;
        else if (plan.kind === "alias") {
          const link = this.#linkOf(target.entry, home);
          if (seen.has(link)) all = false;
          else {
            seen.add(link);
            look(plan.to, { ...on, from: home, by: target.entry });
            seen.delete(link);
          }
        } else if (!isBuilt(plan, home)) all = false;
      }
    };
    look(need, asker);
    return all;
  }

  // ---- what must come back

  /** Compares what was received with what the dependency means. Gives the complaint, if there is one. */
  complaint(need: Need, value: unknown, asker: Asker, at: number): string | undefined {
    const { from, by } = asker;
    switch (need.ask) {
      case "defer":
        return typeof (value as { get?: unknown } | undefined)?.get === "function"
          ? undefined
          : "not a handle";
      case "map":
        return value instanceof Mapped
          ? this.complaint(need.of, value.of, asker, at)
          : "not what map's function made";
      case "tuple":
        return this.#listComplaint(need.of, value, asker, at);
      case "record": {
        const keys = Object.keys(value as object);
        const expected = need.of.map((_, index) => keyOf(index));
        if (keys.join() !== expected.join()) return `the keys ${keys.join()} instead of ${expected.join()}`;
        return this.#listComplaint(need.of, Object.values(value as object), asker, at);
      }
      case "all":
        return this.#allComplaint(need.token, value, asker, at);
      case "parent": {
        const above = (by?.owner ?? from).parent;
        const entry = above && this.find(above, need.token, at);
        if (!entry) return "something, where the scopes above provide nothing";
        return this.#entryComplaint({ entry, from }, value, asker, at);
      }
      default: {
        const entry = this.find(from, need.token, at);
        if (!entry)
          return need.ask === "optional" && value === undefined
            ? undefined
            : "something that nothing provides";
        // Whether a name that leads nowhere is provided is a question the contract leaves open.
        if (need.ask === "optional" && value === undefined && this.#leadsNowhere({ entry, from }, at))
          return undefined;
        return this.#entryComplaint({ entry, from }, value, asker, at);
      }
    }
  }

  #listComplaint(needs: readonly Need[], value: unknown, asker: Asker, at: number): string | undefined {
    if (!Array.isArray(value) || value.length !== needs.length) return "not a list of the right length";
    for (const [index, need] of needs.entries()) {
      const complaint = this.complaint(need, value[index], asker, at);
      if (complaint) return `${showNeed(need)}: ${complaint}`;
    }
    return undefined;
  }

  #allComplaint(token: number, value: unknown, asker: Asker, at: number): string | undefined {
    if (!Array.isArray(value)) return "not a list";
    const { from } = asker;
    const given = [...(value as unknown[])];
    const seen = new Set<string>();
    for (const entry of this.#others(asker, token, at)) {
      const once = this.#serviceKey({ entry, from }, at);
      if (once !== undefined && seen.has(once)) continue;
      if (once !== undefined) seen.add(once);
      if (given.length === 0) return `${entry.plan.id} is not among all`;
      const complaint = this.#entryComplaint({ entry, from }, given.shift(), asker, at);
      if (complaint) return `where all should have ${entry.plan.id}: ${complaint}`;
    }
    return given.length > 0 ? `${given.length} more than all` : undefined;
  }

  /** What a service reached by several names is recognised by. */
  #serviceKey(target: Target, at: number, hops = 0, isAboveSeen = true): string | undefined {
    const { plan } = target.entry;
    const home = this.home(target);
    if (!home) return undefined;
    if (plan.kind !== "alias") return this.#linkOf(target.entry, home);
    const { to } = plan;
    if (to.ask !== "one" && to.ask !== "ref" && (to.ask !== "parent" || !isAboveSeen)) return undefined;
    const [next] = this.#targets(
      to,
      { from: home, by: target.entry, captor: "no", sync: false },
      at,
      () => {},
    );
    return next && hops < TOKENS ? this.#serviceKey(next, at, hops + 1, isAboveSeen) : undefined;
  }

  #leadsNowhere(target: Target, at: number, hops = 0): boolean {
    const { plan } = target.entry;
    if (plan.kind !== "alias") return false;
    let nowhere = false;
    const asker: Asker = { from: target.from, by: target.entry, captor: "no", sync: false };
    const next = this.#targets(plan.to, asker, at, () => (nowhere = true));
    return nowhere || (hops < TOKENS && next.some((it) => this.#leadsNowhere(it, at, hops + 1)));
  }

  #entryComplaint(target: Target, value: unknown, asker: Asker, at: number): string | undefined {
    const { entry } = target;
    const { plan } = entry;
    const home = this.home(target);
    if (!home) return "something that has no scope to live in";
    if (plan.kind === "alias") {
      if (this.#names.includes(entry)) return "something by a name that leads to itself";
      this.#names.push(entry);
      const complaint = this.complaint(plan.to, value, { ...asker, from: home, by: entry }, at);
      this.#names.pop();
      return complaint;
    }
    const expected = `${plan.id} of s${home.index}`;
    if (!isMade(value)) return `${String(value)} instead of ${expected}`;
    if (value.plan !== plan || value.home !== home) return `${String(value)} instead of ${expected}`;
    if (value.state !== "built") return `${String(value)}, which is ${value.state}`;
    if (asker.captor === "yes" && holdsScoped(value)) return `${String(value)}, held captive by a singleton`;
    return undefined;
  }
}

/** What a factory asks for through the handles it is given. */
function handlesToUse(needs: readonly Need[]): Need[] {
  return needs.flatMap((need): Need[] => {
    if (need.ask === "defer") return need.when === "building" ? [{ ask: "one", token: need.token }] : [];
    if (need.ask === "map") return handlesToUse([need.of]);
    return need.ask === "tuple" || need.ask === "record" ? handlesToUse(need.of) : [];
  });
}

/** Whether an instance is scoped, or a transient that was given something scoped. */
function holdsScoped({ plan, received }: Made): boolean {
  if (plan.kind === "scoped") return true;
  return plan.kind === "transient" && received.some((it) => !it.ambient && holdsScoped(it.made));
}

export function isMade(it: unknown): it is Made {
  return typeof it === "object" && it !== null && "plan" in it && "received" in it;
}

/** A scope and everything above it, nearest first. */
export function upwards(place: Place): Place[] {
  return [place, ...(place.parent ? upwards(place.parent) : [])];
}

/** Where what `owner` registered may live when it is asked for below: nothing outlives the scope that registered it. */
function upTo(owner: Place, from: Place): Place[] {
  return upwards(from).filter((it) => upwards(it).includes(owner));
}

function liveAt(entry: Entry, at: number): boolean {
  return entry.since <= at && at < entry.until;
}

/** What `all` counts: the token itself, what lists it in `as`, and what extends it. */
function answers({ plan, inherited }: Entry, token: number): boolean {
  if (plan.token === token || (plan.token === SUBCLASS && token === BASE_CLASS)) return true;
  const { as } = listingOf(plan);
  return (as.length > 0 ? as : inherited.as).includes(token);
}

function orderOf({ plan, inherited }: Entry): number {
  return listingOf(plan).order || inherited.order;
}

function listingOf(plan: Plan): Listing {
  return { as: "as" in plan ? plan.as : [], order: "order" in plan ? plan.order : 0 };
}
