/**
 * Closings: shutdowns, and the rules about whose turn it is to be disposed.
 *
 * The edges are those the journal saw, also those of late asks. Where two rules of the contract pull apart (children go
 * first, and so do dependents, and a service above may hold on to one below), children go first; and in a circle that
 * a late ask closes, anybody.
 *
 * @module
 */

import type { ShutdownReport } from "thimble";
import { Instance, isFailing, text, type Closing, type Journal, type Shutdown } from "./journal.ts";
import { upwards, type Place } from "./model.ts";
import type { Bound, Plan } from "./program.ts";

export class Closings {
  readonly #journal: Journal;
  #memory = { clock: -1, found: new Map<string, Map<Instance, readonly Instance[]>>() };

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Calls `shutdown` and looks at what has happened when the call returns. */
  shutdown(place: Place, bound: Bound): void {
    const { closings, shutdowns, instances } = this.#journal;
    const scope = this.#journal.scopeOf(place);
    const controller = bound === "signal" || bound === "aborted" ? new AbortController() : undefined;
    if (bound === "aborted") controller?.abort();
    const before = shutdowns.find((it) => it.place === place && it.report);
    const wasClosed = this.#journal.phase(place) === "closed";
    const call: Shutdown = {
      text: `s${place.index}.shutdown`,
      place,
      bound,
      controller,
      fired: bound === "aborted",
      report: undefined,
    };
    const busy = this.#journal.pending().length > 0 || this.#journal.building().length > 0;
    const at = ++this.#journal.clock;
    for (const below of this.#within(place)) {
      if (closings.has(below)) continue;
      closings.set(below, { at, step: this.#journal.step, busy, closedAt: Infinity, reported: false });
    }
    const first = busy ? [] : instances.filter((it) => isWithin(it.home, place) && this.#isNext(it));
    shutdowns.push(call);

    const options = {
      ...(controller ? { signal: controller.signal } : {}),
      ...(bound === "timeout" ? { timeout: 1 } : {}),
    };
    const promise = scope.shutdown(options);

    if (scope.state === "open") this.#journal.complain(`${call.text}() left the scope open`);
    // What a disposer has asked for meanwhile may be on its way to it: then it has to stay.
    const onItsWay = this.#journal.pending().some((ask) => ask.startedAt > at && ask.asker.by);
    for (const it of onItsWay ? [] : first) {
      if (this.#isNext(it))
        this.#journal.complain(`${String(it)} was not disposed before ${call.text}() returned`);
    }
    promise.then(
      (report) => this.#ended(call, report, wasClosed ? before?.report : undefined),
      (error: unknown) => this.#journal.complain(`${call.text}() was rejected: ${text(error)}`),
    );
  }

  /** Called as a disposer begins: is it this instance's turn? */
  checkTurn(it: Instance, signal: AbortSignal | undefined): void {
    const complain = (why: string) => this.#journal.complain(`${String(it)} is being disposed ${why}`);
    if (it.undoing === "nothing") complain(`although it is ${it.state} and nothing is to be undone`);
    if (it.undoing === "begun" || it.undoing === "ended") complain("a second time");
    if (it.state === "failed") return;
    if (!this.#journal.closings.has(it.home)) complain("and its scope is open");
    const late = this.#isLate(it.home);
    if (signal && signal.aborted !== late) complain(`with a signal that is ${late ? "not " : ""}aborted`);
    for (const holder of this.#holders(it)) {
      if (!this.#goesFirst(holder, it)) continue;
      if (!late) complain(`before ${String(holder)}, which depends on it`);
      // At the deadline nobody waits, and still the dependents begin first.
      else if (holder.home === it.home && holder.undoing === "due")
        complain(`at the deadline, before ${String(holder)}`);
    }
    if (late) return;
    const below = this.#journal.instances.find((other) => this.#isBelow(other, it));
    if (below) complain(`before ${String(below)} of a scope below`);
  }

  /** What is still pending must be waiting for something. */
  checkRest(): void {
    const { instances, closings, shutdowns } = this.#journal;
    for (const it of instances) {
      if (it.undoing === "due" && closings.has(it.home) && this.#isNext(it)) {
        this.#journal.complain(`${String(it)} waits to be disposed, and nothing is in its way`);
      }
    }
    for (const it of instances) {
      const isDeaf = it.undoing === "begun" && it.signal?.aborted === false && this.#isLate(it.home);
      if (isDeaf) this.#journal.complain(`${String(it)} was not told of the deadline`);
    }
    for (const call of shutdowns) {
      if (call.report || instances.some((it) => this.#delays(it, call))) continue;
      this.#journal.complain(`${call.text}() is pending, and waits for nothing`);
    }
    for (const [place, closing] of closings) this.#checkState(place, closing);
  }

  #checkState(place: Place, closing: Closing): void {
    const { state } = this.#journal.scopeOf(place);
    const complain = (why: string) => this.#journal.complain(`s${place.index} is ${state}, ${why}`);
    if (state === "open") complain("and shutdown was called");
    if (closing.closedAt < Infinity && state !== "closed") complain("and its shutdown has ended");
    if (state !== "closed") return;
    const { instances } = this.#journal;
    const left = instances.find((it) => isWithin(it.home, place) && isInTheWay(it) && !this.#isLate(it.home));
    if (left) complain(`and ${String(left)} is not disposed`);
    const { parent } = place;
    if (parent && [...this.#journal.scopeOf(parent).children].includes(this.#journal.scopeOf(place))) {
      complain("and still a child of its parent");
    }
  }

  #ended(call: Shutdown, report: ShutdownReport, earlier: ShutdownReport | undefined): void {
    const { closings, shutdowns } = this.#journal;
    const { place } = call;
    call.report = report;
    this.#journal.note(`   ${call.text}() → ${report.ok ? "ok" : "not ok"}`);
    if (earlier && earlier !== report)
      this.#journal.complain(`${call.text}() gave another report than before`);
    const other = shutdowns.find((it) => it.place === place && it.report && it.report !== report);
    if (other) this.#journal.complain(`overlapping calls of ${call.text}() gave different reports`);
    const own = closings.get(place);
    if (own && !own.reported) {
      own.reported = true;
      this.#checkReport(call, report);
    }
    const now = ++this.#journal.clock;
    for (const below of this.#within(place)) {
      const closing = closings.get(below);
      if (closing) closing.closedAt = Math.min(closing.closedAt, now);
    }
  }

  /** The rows are what the disposers saw, in order of completion. */
  #checkReport({ place, text: what }: Shutdown, report: ShutdownReport): void {
    const { instances, closings } = this.#journal;
    const complain = (why: string) => this.#journal.complain(`the report of ${what}() ${why}`);
    // A child that was closing before is waited for, and its rows are told again. What was built when its scope had
    // closed, and what failed in `init` before it began to close, is nobody's.
    const began = (it: Instance) => closings.get(it.home)?.at ?? Infinity;
    const isTold = (it: Instance) =>
      it.endedAt > began(it) && it.begunAt < this.#closedAt(it.home) && this.#isToldIn(it.home, place);
    const rows = instances
      .filter((it) => it.begunAt < Infinity && isWithin(it.home, place))
      .filter(isTold)
      .sort((a, b) => a.endedAt - b.endedAt);
    // A build that the deadline found in flight is abandoned as well, whatever became of it since.
    const inFlight = (row: ShutdownReport["services"][number]) =>
      instances.some(
        (it) =>
          `t${it.plan.token}` === row.token &&
          this.#journal.scopeOf(it.home).id === row.scopeId &&
          Math.min(it.builtAt, it.failedAt) > began(it) &&
          this.#isLate(it.home),
      );
    // A build that ends without an instance while its scope closes is told, because its caller was refused before. When its
    // `init` has failed, it ends after what it made was undone.
    const failedMeanwhile = (row: ShutdownReport["services"][number]) =>
      instances.some(
        (it) =>
          row.outcome === "failed" &&
          `t${it.plan.token}` === row.token &&
          it.failure === row.error &&
          (isFailing(it) || Math.max(it.failedAt, it.undoing === "ended" ? it.endedAt : 0) > began(it)),
      );
    let last = 0;
    // Whose deadline has passed: what has not ended by then comes last.
    const over = new Set<string>();
    for (const row of report.services) {
      const isOf = (it: Instance) =>
        this.#journal.scopeOf(it.home).id === row.scopeId &&
        it.home.name === row.scope &&
        `t${it.plan.token}` === row.token &&
        this.#outcomeOf(it) === row.outcome &&
        (row.outcome !== "failed" || it.wrong === row.error);
      const index = rows.findIndex(isOf);
      const [it] = index < 0 ? [] : rows.splice(index, 1);
      if (row.outcome === "abandoned") over.add(row.scopeId);
      else if (over.has(row.scopeId))
        complain(`has a row of ${row.token} after the deadline of ${row.scopeId}`);
      if (!it && row.outcome === "abandoned" && inFlight(row)) continue;
      if (!it && failedMeanwhile(row)) continue;
      // Transients that nobody received are disposed by their symbols.
      if (!it && this.#journal.instances.some((one) => one.dropped && `t${one.plan.token}` === row.token))
        continue;
      if (!it) {
        complain(
          `says that ${row.token} of ${row.scopeId} was ${row.outcome}${row.error ? `, ${text(row.error)}` : ""}`,
        );
        continue;
      }
      if (row.outcome === "abandoned") {
        if (!this.#isLate(it.home)) complain(`has abandoned ${String(it)} before any deadline`);
        continue;
      }
      if (it.endedAt < last) complain(`has ${String(it)} too late`);
      last = it.endedAt;
    }
    for (const it of rows) complain(`does not say that ${String(it)} was ${this.#outcomeOf(it)}`);
    if (report.ok !== report.services.every((it) => it.outcome === "disposed"))
      complain(`says ok: ${String(report.ok)}`);
  }

  /** Whether a scope above tells again what a scope has undone: each on the way was open still as the next one closed. */
  #isToldIn(place: Place, above: Place): boolean {
    if (place === above || !place.parent) return true;
    const began = this.#journal.closings.get(place.parent)?.at ?? Infinity;
    return this.#closedAt(place) > began && this.#isToldIn(place.parent, above);
  }

  /** What ends after its scope has closed was abandoned, in the eyes of whoever reports about it. */
  #outcomeOf({ undoing, wrong, endedAt, home }: Instance): string {
    if (undoing !== "ended" || endedAt > this.#closedAt(home)) return "abandoned";
    return wrong ? "failed" : "disposed";
  }

  #closedAt(place: Place): number {
    return this.#journal.closings.get(place)?.closedAt ?? Infinity;
  }

  // ---- what was received late

  /** Called as an instance receives another: is it late? Then whoever keeps the receiver holds on to it from now on. */
  holdsLate(receiver: Instance, made: Instance): boolean {
    const isKept = receiver.plan.kind !== "transient";
    if (isKept && receiver.state !== "built") return receiver.state === "failed";
    const keepers = isKept ? [receiver] : this.#keepers(receiver);
    for (const keeper of keepers) {
      for (const held of keptIn([made], true)) keeper.heldLate.add(held);
    }
    // Excluded, for the library forgets it: a transient that somebody outside asked for, and that is still being built,
    // was given the receiver. Nobody will keep it, but while its factory runs what it was given must stay.
    return isKept || this.#receivers(receiver).length > 0;
  }

  /** Who was given an instance, early or late. */
  #receivers(made: Instance): readonly Instance[] {
    return this.#remembered("receivers", made, () =>
      this.#journal.instances.filter((it) => it.received.some((receipt) => receipt.made === made)),
    );
  }

  /** Who was given a transient, directly or in another one. */
  #keepers(transient: Instance): readonly Instance[] {
    return this.#remembered("keepers", transient, () => {
      const met = new Set([transient]);
      const found = new Set<Instance>();
      // The set grows while it is walked.
      for (const it of met) {
        for (const receiver of this.#receivers(it)) {
          if (receiver.state !== "failed") (receiver.plan.kind === "transient" ? met : found).add(receiver);
        }
      }
      return [...found];
    });
  }

  /** Whether what was received late has to wait for its holder: not in a circle, in which nobody could go first. */
  #binds(holder: Instance, held: Instance): boolean {
    return holder.heldLate.has(held) && !this.#reaches(held, holder);
  }

  /** Whether one instance holds on to another of its scope, directly or through others that live there. */
  #reaches(from: Instance, to: Instance): boolean {
    const met = this.#remembered(`reached in s${to.home.index}`, from, () => {
      const all = new Set([from]);
      for (const it of all) for (const held of this.#heldBy(it)) if (held.home === to.home) all.add(held);
      return [...all];
    });
    return met.includes(to);
  }

  /** What an instance holds on to, and what the library takes it to hold on to. */
  #heldBy(it: Instance): readonly Instance[] {
    return this.#remembered("held", it, () => {
      const received = it.received.filter(({ late }) => !late).map(({ made }) => made);
      return [...keptIn(received, false), ...it.heldLate, ...this.#fanciedBy(it)];
    });
  }

  /**
   * More than the contract asks for: the library notes what is received late before it is clear that it will be, and so an
   * instance also holds on to
   * - what was built, or found, for an ask of its that fails in the end;
   * - what an earlier attempt to build it began to ask for, which came only after that had failed.
   * Those are disposed later than they could be, and in a circle such an edge may stand in place of a real one. To take
   * the edges back, each would have to be counted: the same instance may have been received on another way. What failed
   * late is rare, and waiting for a dependent that does not use it does no harm.
   */
  #fanciedBy(holder: Instance): readonly Instance[] {
    return this.#remembered("fancied", holder, () => {
      const { instances } = this.#journal;
      const isAttempt = (it: Instance) =>
        it.state === "failed" && it.plan === holder.plan && it.home === holder.home;
      const isLost = (it: Instance) => it.plan.kind === "transient" && this.#keepers(it).length === 0;
      const attempts = instances.filter(isAttempt);
      const wishes = wishesOf(holder);
      const lost = wishes.length > 0 ? instances.filter(isLost) : [];
      const received = [...attempts, ...lost].flatMap((it) => it.received.map(({ made }) => made));
      const wished = new Set([...wishes, ...attempts.flatMap(wishesOf)].flatMap((it) => [...it]));
      return [...keptIn(received, true), ...instances.filter(({ plan }) => wished.has(plan))];
    });
  }

  /**
   * What was found out about an instance, as long as nothing happens. The checks ask the same again and again, and
   * without this a program with some hundred transients takes minutes.
   */
  #remembered(what: string, it: Instance, find: () => readonly Instance[]): readonly Instance[] {
    const { clock } = this.#journal;
    if (this.#memory.clock !== clock) this.#memory = { clock, found: new Map() };
    const { found } = this.#memory;
    const about = found.get(what) ?? new Map<Instance, readonly Instance[]>();
    found.set(what, about);
    const known = about.get(it) ?? find();
    about.set(it, known);
    return known;
  }

  // ---- whose turn it is

  /** Everything that depends on it, directly or through what is not disposed itself, and is not out of the way. */
  #holders(it: Instance, hard = true): readonly Instance[] {
    return this.#remembered(hard ? "holders" : "possible holders", it, () => {
      const found = new Set<Instance>();
      const met = new Set([it]);
      for (const held of met) {
        for (const holder of this.#directHolders(held, hard)) {
          if (holder === it) continue;
          if (holder.state === "failed" && !isInTheWay(holder)) continue;
          // Children go first, also when a service above holds on to something of theirs. A transient is nobody's.
          if (hard && held.plan.kind !== "transient" && isAbove(holder.home, held.home)) continue;
          found.add(holder);
          if (holder.plan.kind === "transient" || !this.#isGone(holder)) met.add(holder);
        }
      }
      return [...found].filter(isInTheWay);
    });
  }

  #directHolders(held: Instance, hard: boolean): readonly Instance[] {
    return this.#remembered(hard ? "direct" : "possible direct", held, () =>
      this.#journal.instances.filter(
        (holder) =>
          holder.received.some(({ made, late }) => made === held && !late) ||
          (hard
            ? this.#binds(holder, held)
            : holder.heldLate.has(held) || this.#fanciedBy(holder).includes(held)),
      ),
    );
  }

  /** What is gone needs nothing any more, and stands for nobody. */
  #isGone({ undoing, home }: Instance): boolean {
    return undoing === "ended" || this.#journal.phase(home) === "closed";
  }

  /** Whether a dependent must be disposed before what it depends on. Scopes side by side close whole, in any order. */
  #goesFirst(holder: Instance, held: Instance): boolean {
    return isWithin(holder.home, held.home) && !this.#isLate(holder.home);
  }

  /** Nothing that could be waited for is in its way. */
  #isNext(it: Instance): boolean {
    if (it.undoing !== "due" || it.state !== "built") return false;
    if (this.#isLate(it.home)) return true;
    if (this.#holders(it, false).some((holder) => !this.#isLate(holder.home))) return false;
    return !this.#journal.instances.some(
      (other) => (other.state === "building" && this.#holdsUp(other, it)) || this.#isBelow(other, it),
    );
  }

  /** A build in flight may still ask for anything. */
  #holdsUp({ home }: Instance, it: Instance): boolean {
    return isWithin(home, it.home) && !this.#isLate(home);
  }

  /** It belongs to a scope below, and those go first. */
  #isBelow(other: Instance, it: Instance): boolean {
    return other.home !== it.home && isInTheWay(other) && this.#holdsUp(other, it);
  }

  #delays(it: Instance, { place }: Shutdown): boolean {
    if (!isWithin(it.home, place) || this.#isLate(place)) return false;
    if (it.state === "building" || it.undoing === "begun") return true;
    return (
      it.undoing === "due" &&
      this.#holders(it, false).some(
        (holder) => holder.state === "building" || this.#journal.closings.has(holder.home),
      )
    );
  }

  /** Whether the deadline of a scope has passed: its own, or that of one above. */
  #isLate(place: Place): boolean {
    return this.#journal.shutdowns.some((it) => it.fired && isWithin(place, it.place));
  }

  #within(place: Place): Place[] {
    return this.#journal.model.places.filter((it) => it !== undefined).filter((it) => isWithin(it, place));
  }
}

/** Whether a scope is another one, or below it. */
function isWithin(place: Place, other: Place): boolean {
  return upwards(place).includes(other);
}

function isAbove(place: Place, other: Place): boolean {
  return place !== other && isWithin(other, place);
}

/** What it has not received, or a transient that it was given has not. */
function wishesOf({ wishes, received }: Instance): ReadonlySet<Plan>[] {
  const transients = received.map(({ made }) => made).filter(({ plan }) => plan.kind === "transient");
  return [...wishes, ...transients.flatMap(wishesOf)];
}

/** It is being built, or must be undone and is not yet. */
function isInTheWay({ state, undoing }: Instance): boolean {
  return state === "building" || undoing === "due" || undoing === "begun";
}

/** The kept ones among instances, and in the transients among them. `late`: also what those received late. */
function keptIn(all: readonly Instance[], late: boolean): Instance[] {
  return all.flatMap((it) => {
    if (it.plan.kind !== "transient") return [it];
    return keptIn(
      it.received.filter((receipt) => late || !receipt.late).map(({ made }) => made),
      late,
    );
  });
}
