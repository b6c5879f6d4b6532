/**
 * Asks: every question that a run puts to the container, and whether the model allows what came of it.
 *
 * An answer is compared with what the dependency means; an error must be one that the model sees coming, or the
 * planned failure of a factory that the ask could reach, thrown since it was asked.
 *
 * @module
 */

import { isContainerError, pathOf } from "thimble";
import { instancesIn, isFailing, Planned, text, type Ask, type Instance, type Journal } from "./journal.ts";
import type { Asker, Outlook, Place } from "./model.ts";
import type { Need, Plan, RecipePlan } from "./program.ts";

export class Asks {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get(what: string, need: Need, asker: Asker, outside: boolean, act: () => unknown): unknown {
    const ask = this.#begin(what, need, asker, outside);
    try {
      const it = act();
      this.#end(ask, true, it);
      return it;
    } catch (error) {
      this.#end(ask, false, error);
      throw error;
    }
  }

  async getAsync(
    what: string,
    need: Need,
    asker: Asker,
    outside: boolean,
    act: () => Promise<unknown>,
  ): Promise<unknown> {
    const ask = this.#begin(what, need, asker, outside);
    let promise: Promise<unknown>;
    try {
      promise = act();
    } catch (error) {
      this.#journal.complain(`${ask.text} threw instead of rejecting: ${text(error)}`);
      this.#end(ask, false, error);
      throw error;
    }
    try {
      const it = await promise;
      this.#end(ask, true, it);
      return it;
    } catch (error) {
      this.#end(ask, false, error);
      throw error;
    }
  }

  /** What is wrong with something received, by every table of registrations that was in force since. */
  complaint(need: Need, it: unknown, asker: Asker, since: number): string | undefined {
    const { model } = this.#journal;
    let complaint: string | undefined;
    for (let at = model.now; at >= since; at--) {
      const wrong = model.complaint(need, it, asker, at);
      if (!wrong) return undefined;
      complaint ??= wrong;
    }
    return `received ${complaint}`;
  }

  /** The asks of somebody outside for one instance, by instance: whatever becomes of it becomes of all of them. */
  askedTogether(): Ask[][] {
    const { model } = this.#journal;
    const groups = new Map<string, Ask[]>();
    for (const ask of this.#journal.pending()) {
      const single = ask.outside ? model.single(ask.need, ask.asker.from, ask.version) : undefined;
      if (!single) continue;
      const key = `${single.plan.id} of s${single.home.index}`;
      groups.set(key, [...(groups.get(key) ?? []), ask]);
    }
    return [...groups.values()].filter((it) => it.length > 1);
  }

  checkTogether(groups: readonly Ask[][]): void {
    for (const group of groups) {
      const open = group.filter((it) => this.#journal.phase(it.asker.from) === "open");
      const [first] = open;
      const apart = open.find(
        (it) => it.result?.ok !== first?.result?.ok || it.result?.value !== first?.result?.value,
      );
      if (!first || !apart) continue;
      const became = (it: Ask) => (it.result ? text(it.result.value) : "nothing yet");
      this.#journal.complain(
        `asked together, apart in the end: ${first.text} → ${became(first)}; ${apart.text} → ${became(apart)}`,
      );
    }
  }

  /** Independent ones are built at the same time: what could have begun by now has. */
  checkBegun(): void {
    const { model, instances, closings, failures } = this.#journal;
    if (closings.size > 0) return;
    const built = (plan: Plan, home: Place) =>
      instances.some((it) => it.plan === plan && it.home === home && it.state === "built");
    for (const ask of this.#journal.pending()) {
      if (!ask.outside || ask.since !== model.now || ask.failuresBefore !== failures.length) continue;
      if (model.outlook(ask.need, ask.asker, model.now, built, false).codes.size > 0) continue;
      for (const { plan, home } of model.startable(ask.need, ask.asker, model.now, built)) {
        const isThere = (it: Instance) => it.state !== "failed" || isFailing(it);
        if (instances.some((it) => it.plan === plan && it.home === home && isThere(it))) continue;
        this.#journal.complain(`${ask.text} waits, and ${plan.id} of s${home.index} could have begun`);
      }
    }
  }

  #begin(what: string, need: Need, asker: Asker, outside: boolean): Ask {
    const { model, failures, asks } = this.#journal;
    const ask: Ask = {
      text: what,
      need,
      asker,
      outside,
      startedAt: ++this.#journal.clock,
      version: model.now,
      since: Math.min(model.now, this.#journal.window),
      phase: this.#journal.phase(asker.from),
      failuresBefore: failures.length,
      result: undefined,
    };
    asks.push(ask);
    return ask;
  }

  #end(ask: Ask, ok: boolean, value: unknown): void {
    if (ask.result) return;
    ask.result = { ok, value };
    if (ask.outside) this.#journal.note(`   ${ask.text} → ${text(value).split("\n")[0]}`);
    const complaint = ok ? this.#wrongAnswer(ask, value) : this.#wrongError(ask, value);
    if (complaint) this.#journal.complain(`${ask.text}: ${complaint}`);
  }

  #wrongAnswer({ asker, need, phase, version, startedAt, outside }: Ask, it: unknown): string | undefined {
    if (phase === "closed") return `a closed scope answered ${text(it)}`;
    const wrong = this.complaint(need, it, asker, version);
    if (wrong) return wrong;
    if (phase === "closing") {
      const made = instancesIn(it);
      // What lives further up, where the scope is open, may be built all the same.
      const isClosing = ({ home }: Instance) =>
        (this.#journal.closings.get(home)?.at ?? Infinity) < startedAt;
      const fresh = made.find((one) => one.builtAt > startedAt && isClosing(one));
      if (fresh) return `${String(fresh)} was not built before the scope began to close`;
      const gone = made.find((one) => one.endedAt < startedAt);
      if (gone) return `${String(gone)} was disposed already`;
    }
    const dropped = instancesIn(it).find((made) => made.dropped);
    if (dropped) return `${String(dropped)} was disposed because nobody had received it`;
    if (outside && phase === "open" && this.#journal.phase(asker.from) !== "open") {
      return `answered ${text(it)} although its scope began to close meanwhile`;
    }
    return undefined;
  }

  #wrongError(ask: Ask, error: unknown): string | undefined {
    const { phase, startedAt } = ask;
    const code = isContainerError(error) ? error.code : undefined;
    if (phase === "closed")
      return code === "SCOPE_CLOSED" ? undefined : `a closed scope failed with ${text(error)}`;
    const outlook = this.#outlook(ask);
    if (error instanceof Planned) {
      const { plan, knownAt } = error;
      if (knownAt < startedAt) return `a failure from before it was asked: ${text(error)}`;
      if (!outlook.plans.has(plan)) return `a failure of something else: ${text(error)}`;
      const path = pathOf(error).map((it) => String(it.token));
      const end = path.at(-1);
      return end === `t${plan.token}`
        ? undefined
        : `${text(error)}, by the path ${path.join(" > ") || "(empty)"}`;
    }
    if (code === undefined) return `neither planned nor an error of the container: ${text(error)}`;
    if (code === "SCOPE_CLOSED") return this.#wronglyClosed(ask, outlook);
    if (outlook.codes.has(code) || this.#hasJoined(ask, outlook, error)) return undefined;
    return `${text(error)}\n  where the model sees ${[...outlook.codes].join(", ") || "no problem"}`;
  }

  /** Whether it joined a build that was under way, and fails with what that had met before: judged there. */
  #hasJoined({ startedAt }: Ask, { plans }: Outlook, error: unknown): boolean {
    const isUnderWay = (it: Instance) => it.calledAt < startedAt && startedAt < it.failedAt;
    return this.#journal.instances.some((it) => it.failure === error && plans.has(it.plan) && isUnderWay(it));
  }

  /** SCOPE_CLOSED is right when a scope is, and what was asked for is not at hand. */
  #wronglyClosed({ asker, need, phase, startedAt }: Ask, { places }: Outlook): string | undefined {
    const { model, instances } = this.#journal;
    const involved = [asker.from, ...places];
    if (involved.every((it) => this.#journal.phase(it) === "open"))
      return "SCOPE_CLOSED, and every scope is open";
    if (phase !== "closing" || this.#journal.scopeOf(asker.from).state === "closed") return undefined;
    const atHand = (it: Instance) => it.knownAt < startedAt && it.begunAt === Infinity;
    const ready = model.isReady(need, asker, (plan, home) =>
      instances.some((it) => it.plan === plan && it.home === home && atHand(it)),
    );
    return ready ? "SCOPE_CLOSED, although all of it is built and none of it disposed" : undefined;
  }

  /** What may go wrong, by every table of registrations that it, or a build it joined, may have gone by. */
  #outlook({ need, asker, outside, startedAt, since }: Ask): Outlook {
    const { model, instances } = this.#journal;
    const built = (plan: Plan, home: Place) =>
      instances.some((it) => it.plan === plan && it.home === home && it.knownAt < startedAt);
    return model.outlook(need, asker, since, built, !outside);
  }
}

/** On whose behalf an instance asks while it is being built, and afterwards. */
export function askerFor(journal: Journal, { plan, home }: Instance, sync: boolean): Asker {
  const entry = journal.entryOf(plan, home);
  if (!entry) throw new Error(`${plan.id} was never registered`);
  return { ...journal.model.askerOf(plan as RecipePlan, entry, home), sync };
}
