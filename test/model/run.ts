/**
 * The runner: takes a program's steps on a real container and throws when a rule of the contract is broken.
 *
 * After every step all promises that can move have moved, so whatever is pending then waits for a gate, and the journal
 * must show which. No clock takes part: timers run in the step `wait` and at no other time.
 *
 * @module
 */

import { createContainer, isContainerError, type Scope, value } from "thimble";
import { Asks } from "./asks.ts";
import { Closings } from "./closings.ts";
import { type Ask, isFailing, Journal, text, type Gate } from "./journal.ts";
import type { Place } from "./model.ts";
import { showNeed, showStep, type Need, type Plan, type Program, type Step } from "./program.ts";
import { Here, Services, tokenOf } from "./services.ts";

/** Runs a program. Throws what was wrong first, with the journal up to there. */
export async function run(program: Program): Promise<void> {
  await new Run(program).go();
}

class Run {
  readonly #program: Program;
  readonly #journal: Journal;
  readonly #asks: Asks;
  readonly #closings: Closings;
  readonly #services: Services;

  constructor(program: Program) {
    this.#program = program;
    this.#journal = new Journal(program);
    this.#asks = new Asks(this.#journal);
    this.#closings = new Closings(this.#journal);
    this.#services = new Services(this.#journal, this.#asks, this.#closings);
  }

  async go(): Promise<void> {
    await this.#take("0. open s0", () => this.#openRoot());
    for (const [index, step] of this.#program.steps.entries()) {
      await this.#take(`${index + 1}. ${showStep(step)}`, () => this.#do(step));
    }
    await this.#end();
  }

  /** Takes one step, lets everything move, and looks whether all is as it must be. */
  async #take(what: string, act: () => unknown): Promise<void> {
    const journal = this.#journal;
    journal.step++;
    journal.note(what);
    const together = this.#asks.askedTogether();
    const underWay = journal.building().length > 0 ? [journal.window] : [];
    journal.window = Math.min(journal.model.now, ...underWay, ...journal.pending().map((it) => it.since));
    const calls = journal.factoryCalls;
    await act();
    await this.#rest();
    if (/^\d+\. s\d+\.(has|provide|override)/.test(what) && journal.factoryCalls !== calls) {
      journal.complain("built something that nobody asked for");
    }
    this.#asks.checkTogether(together);
    this.#asks.checkBegun();
    this.#closings.checkRest();
    if (!journal.gates.some((it) => it.of === "building") && !journal.instances.some(isFailing)) {
      // A caller that a shutdown has refused is told when that is over.
      const isRefused = ({ asker }: Ask) => journal.closings.has(asker.from) && journal.isClosing();
      for (const it of journal.pending().filter((one) => !isRefused(one)))
        journal.complain(`${it.text} is pending, and nothing is being built`);
    }
    if (journal.complaints.length === 0) return;
    throw new Error(
      `${journal.complaints.join("\n")}\n\nThe run until then:\n  ${journal.lines.slice(-60).join("\n  ")}`,
    );
  }

  /** Until nothing has happened for longer than any chain of promises between two happenings. */
  async #rest(): Promise<void> {
    let seen = -1;
    for (let quiet = 0; quiet < 60; quiet++) {
      if (seen !== this.#journal.lines.length) quiet = 0;
      seen = this.#journal.lines.length;
      await undefined;
    }
    this.#journal.rests();
  }

  // ---- steps

  #do(step: Step): unknown {
    if ("scope" in step) this.#open(step.scope);
    switch (step.do) {
      case "get":
      case "getAsync":
        return this.#ask(step.scope, step.need, step.do === "get");
      case "has":
        return this.#has(step.scope, step.token);
      case "provide":
      case "override":
        return this.#register(step.do, step.scope, step.plans);
      case "shutdown": {
        const place = this.#journal.model.places[step.scope];
        return place && this.#closings.shutdown(place, step.bound);
      }
      case "abort": {
        const running = this.#journal.shutdowns.filter((it) => it.controller && !it.fired && !it.report);
        const chosen = running[step.nth % running.length];
        if (chosen) chosen.fired = true;
        return chosen?.controller?.abort();
      }
      case "settle":
        return this.#settle(this.#journal.gates[step.nth % this.#journal.gates.length]);
      case "later":
        return this.#later(step);
      case "wait":
        return this.#wait();
    }
  }

  #openRoot(): void {
    const [root] = this.#program.scopes;
    if (!root) throw new Error("a program has a root");
    const place = this.#journal.model.newPlace(0, root.name, undefined);
    this.#journal.scopes[0] = (createContainer(root.name, value(Here, place)) as Scope).provide(
      root.provides.map((it) => this.#services.provider(it, place)),
    );
    this.#opened(place, root.provides);
  }

  /** Opens a scope, after those above it; a scope above that is closing refuses. */
  #open(index: number): void {
    const { model, scopes } = this.#journal;
    const plan = this.#program.scopes[index];
    if (plan?.parent === undefined || model.places[index]) return;
    this.#open(plan.parent);
    const above = model.places[plan.parent];
    if (!above) return;
    const place = model.newPlace(index, plan.name, above);
    const scope = this.#journal.scopeOf(above);
    const create = () =>
      scope.createScope(
        plan.name,
        value(Here, place),
        plan.provides.map((it) => this.#services.provider(it, place)),
      );
    if (this.#journal.phase(above) !== "open") return this.#refused("createScope", "SCOPE_CLOSED", create);
    this.#journal.note(`   s${index} is opened`);
    scopes[index] = create();
    this.#opened(place, plan.provides);
  }

  #opened(place: Place, plans: readonly Plan[]): void {
    this.#journal.model.places[place.index] = place;
    this.#journal.model.provide(place, plans);
    this.#services.registered(place, plans);
  }

  #register(how: "provide" | "override", index: number, plans: readonly Plan[]): void {
    const { model } = this.#journal;
    const place = model.places[index];
    if (!place) return;
    const scope = this.#journal.scopeOf(place);
    const act = () => scope[how](...plans.map((it) => this.#services.provider(it, place)));
    const taken = (it: Plan) =>
      place.entries.some((entry) => entry.plan.token === it.token && entry.until === Infinity);
    const twice = plans.some((it, at) => plans.findIndex((other) => other.token === it.token) !== at);
    if (this.#journal.phase(place) !== "open") return this.#refused(how, "SCOPE_CLOSED", act);
    if (how === "provide" && (twice || plans.some(taken))) return this.#refused(how, "DUPLICATE", act);
    if (how === "override" && plans.some((it) => !model.find(place, it.token))) {
      return this.#refused(how, "NOT_PROVIDED", act);
    }
    act();
    model[how](place, plans);
    this.#services.registered(place, plans);
  }

  #has(index: number, token: number): void {
    const place = this.#journal.model.places[index];
    if (!place) return;
    const scope = this.#journal.scopeOf(place);
    if (this.#journal.phase(place) === "closed") {
      return this.#refused("has", "SCOPE_CLOSED", () => scope.has(tokenOf(token)));
    }
    const isThere = this.#journal.model.isProvided(place, { ask: "one", token });
    if (scope.has(tokenOf(token)) !== isThere)
      this.#journal.complain(`has(t${token}) is ${String(!isThere)}`);
  }

  #ask(index: number, need: Need, sync: boolean): void {
    const place = this.#journal.model.places[index];
    if (!place) return;
    const scope = this.#journal.scopeOf(place);
    const asker = { from: place, by: undefined, captor: "no" as const, sync };
    const what = `s${index}.${sync ? "get" : "getAsync"}(${showNeed(need)})`;
    // Failures are judged where they arrive; here they only end the step.
    if (!sync) {
      const got = this.#asks.getAsync(what, need, asker, true, () =>
        scope.getAsync(this.#services.dependency(need) as never),
      );
      return void got.catch(() => {});
    }
    try {
      this.#asks.get(what, need, asker, true, () => scope.get(this.#services.dependency(need) as never));
    } catch {}
  }

  /** A service that is built, and may be on its way out, uses what it kept. */
  #later({ nth, pick, sync }: Step & { readonly do: "later" }): void {
    const keepers = this.#journal.instances.filter(
      (it) => it.state === "built" && (it.keptResolver ?? it.keptHandles[0]),
    );
    const keeper = keepers[nth % keepers.length];
    if (keeper) this.#services.askLate(keeper, pick, sync, "later");
  }

  #settle(gate: Gate | undefined): void {
    if (!gate) return;
    this.#journal.gates = this.#journal.gates.filter((it) => it !== gate);
    this.#journal.note(`   ${gate.text}`);
    gate.open();
  }

  async #wait(): Promise<void> {
    for (const it of this.#journal.shutdowns) if (it.bound === "timeout" && !it.report) it.fired = true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }

  #refused(what: string, code: string, act: () => unknown): void {
    try {
      act();
    } catch (error) {
      if (isContainerError(error, code as never)) return;
      return this.#journal.complain(`${what} failed with ${text(error)} instead of ${code}`);
    }
    this.#journal.complain(`${what} was accepted instead of failing with ${code}`);
  }

  // ---- the end

  /** Lets everything that can end do so, closes the container, and sees that nothing is left. */
  async #end(): Promise<void> {
    const journal = this.#journal;
    // Bounded: builds that fail while what they asked for goes on, and asks for them again, may do so for ever.
    const settleAll = async (of?: Gate["of"]) => {
      for (let turns = 0; turns < 100; turns++) {
        const gate = journal.gates.find((it) => !of || it.of === of);
        if (!gate) return;
        await this.#take("end: settle", () => this.#settle(gate));
      }
    };
    const [root] = journal.model.places;
    if (!root) return;
    await settleAll("building");
    await this.#take("end: s0.shutdown()", () => this.#closings.shutdown(root, "none"));
    await settleAll();
    if (journal.shutdowns.some((it) => !it.report)) {
      const hangs = journal.instances.some((it) => it.undoing === "begun" && it.plan.undo.how === "hangs");
      if (!hangs) journal.complain("shutdown hangs, and no disposer does");
      await this.#take("end: s0.shutdown(aborted)", () => this.#closings.shutdown(root, "aborted"));
      await settleAll();
    }
    // A scope that was closed from above has a report as well.
    for (const place of journal.model.places) {
      if (!place || journal.closings.get(place)?.reported) continue;
      await this.#take(`end: s${place.index}.shutdown()`, () => this.#closings.shutdown(place, "none"));
    }
    await this.#take("end: look", () => this.#look());
  }

  #look(): void {
    const { instances, shutdowns, model, complaints } = this.#journal;
    const complain = (what: string) => this.#journal.complain(what);
    for (const it of this.#journal.pending()) complain(`${it.text} never settled`);
    for (const it of shutdowns) if (!it.report) complain(`${it.text}() never settled`);
    for (const it of instances) {
      if (it.state === "building") complain(`${String(it)} was never built`);
      if (it.undoing === "due") complain(`${String(it)} was never disposed`);
    }
    if (complaints.length > 0) return;
    for (const place of model.places) if (place) this.#lookAtClosed(place);
  }

  /** After closing everything is SCOPE_CLOSED. */
  #lookAtClosed(place: Place): void {
    const scope = this.#journal.scopeOf(place);
    if (scope.state !== "closed") this.#journal.complain(`s${place.index} is ${scope.state} in the end`);
    for (const [what, act] of Object.entries({
      get: () => scope.get(tokenOf(0)),
      has: () => scope.has(tokenOf(0)),
      run: () => scope.run([], () => {}),
      createScope: () => scope.createScope("late"),
      provide: () => scope.provide(value(tokenOf(0), {} as never)),
      override: () => scope.override(value(tokenOf(0), {} as never)),
    })) {
      this.#refused(`${what} of a closed scope`, "SCOPE_CLOSED", act);
    }
    this.#ask(place.index, { ask: "one", token: 0 }, false);
  }
}
