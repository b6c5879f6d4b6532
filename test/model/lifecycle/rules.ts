/**
 * The rules: what must be true of a journal, whatever the program. They are section 6.2 of the contract, said as facts
 * about when pieces of code began and ended.
 *
 * After a deadline nothing waits any longer, so the rules about waiting are about what has begun before it.
 *
 * @module
 */

import { isContainerError, type ShutdownReport } from "thimble";
import type { Phase, ServicePlan } from "./program.ts";
import type { Call, Journal, Outcome } from "./run.ts";

const phases: readonly Phase[] = ["beforeStart", "afterStart", "beforeStop", "afterStop"];

/** Gives what is wrong with a journal. */
export function check(journal: Journal): string[] {
  return new Rules(journal).all();
}

function usesResolver({ needs }: ServicePlan): boolean {
  return needs.some(({ via }) => via === "resolver");
}

class Rules {
  readonly #journal: Journal;
  readonly #wrong: string[];
  /** When somebody has asked for the first time that the app stops. */
  readonly #stopAt: number;
  /** The step that has failed by itself, and not because the app was to stop. */
  readonly #failed: Call | undefined;
  /** Whether the start has failed by itself. */
  readonly #hasFailed: boolean;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#wrong = [...journal.trouble];
    const first = journal.requests[0]?.at ?? Infinity;
    this.#failed = this.#up().find(({ ended, error }) => error !== undefined && ended < first);
    // A build that fails fails the start when all others that it waits for have ended. Then the way down begins.
    const hasBroken = this.#calls("factory", "init").some((it) => it.error !== undefined);
    const down = Math.min(
      journal.closing,
      ...[...this.#calls("stop"), ...this.#hooks("beforeStop", "afterStop")].map((it) => it.begun),
    );
    this.#hasFailed = journal.asked < first && (this.#failed !== undefined || (hasBroken && down < first));
    this.#stopAt = this.#hasFailed ? (this.#failed?.ended ?? down) : first;
  }

  all(): string[] {
    this.#onlyOnce();
    this.#goesUpInOrder();
    this.#comesDownInOrder();
    this.#stopsWhatHasStarted();
    this.#disposesWhatWasBuilt();
    this.#tellsWhy();
    this.#keepsEveryError();
    this.#keepsItsPromises();
    return this.#wrong;
  }

  // ---- Looking into the journal

  #calls(...kinds: string[]): Call[] {
    return this.#journal.calls.filter(({ name }) => kinds.includes(name.split(" ")[0]!));
  }

  #call(kind: string, at: number): Call | undefined {
    return this.#journal.calls.find(({ name }) => name === `${kind} s${at}`);
  }

  #phaseOf({ name }: Call): Phase | undefined {
    return this.#journal.hooks.find((it) => `hook ${it.name}` === name)?.phase;
  }

  #hooks(...phases: Phase[]): Call[] {
    return this.#calls("hook").filter((it) => phases.includes(this.#phaseOf(it)!));
  }

  /** What the way up consists of, in the order in which it began. Nobody waits for a background task. */
  #up(): Call[] {
    return this.#journal.calls
      .filter(
        (it) => /^(start|task) /.test(it.name) || ["beforeStart", "afterStart"].includes(this.#phaseOf(it)!),
      )
      .map((it) => (it.name.startsWith("task") ? { ...it, ended: it.returned, error: undefined } : it));
  }

  /** When a service was there to be used. */
  #builtAt(at: number): number {
    const { kind, init } = this.#journal.program.services[at]!;
    if (kind === "background") return this.#call("task", at)?.begun ?? Infinity;
    const calls = [...(kind === "value" ? [] : ["factory"]), ...(init ? ["init"] : [])].map((it) =>
      this.#call(it, at),
    );
    return Math.max(0, ...calls.map((it) => (!it || it.error !== undefined ? Infinity : it.ended)));
  }

  /** Everything that a service depends on, directly or through others. */
  #below(at: number): number[] {
    const found = new Set(this.#journal.program.services[at]!.needs.map(({ on }) => on));
    for (const it of found) for (const { on } of this.#journal.program.services[it]!.needs) found.add(on);
    return [...found];
  }

  #each(): number[] {
    return this.#journal.program.services.map((_, at) => at);
  }

  #isOneTurn(one: number, other: number): boolean {
    return !this.#journal.turns.some((it) => one < it && it < other);
  }

  #complain(why: string): void {
    this.#wrong.push(why);
  }

  /** The hooks of a phase that were there when it began, in their order. */
  #expectedHooks(phase: Phase): string[] {
    const { hooks } = this.#journal;
    const isThere = (addedIn: Phase | undefined): boolean =>
      addedIn === undefined || phases.indexOf(addedIn) < phases.indexOf(phase);
    const names = hooks
      .filter((it) => it.phase === phase && isThere(it.addedIn))
      .map(({ name }) => `hook ${name}`);
    return phase.startsWith("before") ? names.reverse() : names;
  }

  /** The services that start, by the definition of their order: the first of those that may be next, and so on. */
  #expectedStarts(): string[] {
    const { services } = this.#journal.program;
    const startable = this.#each().filter((at) => services[at]!.kind === "background" || services[at]!.start);
    let left = startable.sort((a, b) => services[a]!.order - services[b]!.order || a - b);
    const found: string[] = [];
    while (left.length > 0) {
      const next = left.find((at) => !this.#below(at).some((it) => left.includes(it)))!;
      found.push(`${services[next]!.kind === "background" ? "task" : "start"} s${next}`);
      left = left.filter((at) => at !== next);
    }
    return found;
  }

  // ---- The rules

  #onlyOnce(): void {
    const { calls, report, state, scopeState } = this.#journal;
    const names = calls.map(({ name }) => name);
    // What has failed is built again for a factory that resolves it later.
    const { services } = this.#journal.program;
    const again = services.filter(usesResolver).flatMap(({ needs }) => needs.map(({ on }) => on));
    const mayRepeat = again
      .flatMap((at) => [at, ...this.#below(at)])
      .flatMap((at) => ["factory", "init", "dispose"].map((it) => `${it} s${at}`));
    for (const name of new Set(names.filter((it, at) => names.indexOf(it) !== at && !mayRepeat.includes(it))))
      this.#complain(`${name} was called more than once`);
    if (!report) this.#complain("done has not resolved");
    if (state !== "stopped") this.#complain(`the app is ${state} in the end`);
    if (scopeState !== "closed") this.#complain(`the container is ${scopeState} in the end`);
  }

  #goesUpInOrder(): void {
    const { asked, program, requests } = this.#journal;
    const up = this.#up();
    const expected = [
      ...this.#expectedHooks("beforeStart"),
      ...this.#expectedStarts(),
      ...this.#expectedHooks("afterStart"),
    ];
    const names = up.map(({ name }) => name);
    if (names.some((it, at) => it !== expected[at]))
      this.#complain(`went up by ${names.join(", ")} and not by ${expected.join(", ")}`);
    up.forEach((it, at) => {
      const before = up[at - 1];
      if (before && !(before.ended <= it.begun)) this.#complain(`${it.name} did not wait for ${before.name}`);
      if (before && before.error !== undefined)
        this.#complain(`${it.name} began although ${before.name} has failed`);
      if (it.begun > this.#stopAt) this.#complain(`${it.name} began although the app was to stop`);
      if (it.wasAborted) this.#complain(`${it.name} was given a signal that has aborted`);
    });

    const wanted = this.#each().filter((at) => {
      const { kind, eager, start } = program.services[at]!;
      return kind !== "background" && (eager || start);
    });
    const tooEarly = wanted.filter((at) => up[0] && !(this.#builtAt(at) < up[0].begun));
    if (tooEarly.length > 0) this.#complain(`${up[0]!.name} began before s${tooEarly.join(", s")} was built`);
    // A factory with a resolver was called before it does what is noted.
    const late = this.#calls("factory").filter(
      ({ name, begun }) =>
        begun > this.#journal.closing && !usesResolver(program.services[Number(name.slice(9))]!),
    );
    for (const it of late) this.#complain(`${it.name} began although the container was closing`);

    // It stands still for a reason: it has failed, it is to stop, or it waits.
    const isComplete = names.length >= expected.length;
    const isBusy = [...up, ...this.#calls("factory", "init")].some(
      (it) => it.begun < this.#stopAt && it.ended > this.#stopAt,
    );
    const isOver = [...up, ...this.#calls("factory", "init")].some((it) => it.error !== undefined);
    const begins = asked < this.#stopAt && !requests[0]?.isInside;
    if (begins && !isComplete && !isBusy && !isOver) this.#complain("stood still on its way up");
  }

  #comesDownInOrder(): void {
    const { asked, deadline, closing } = this.#journal;
    const before = this.#hooks("beforeStop");
    const after = this.#hooks("afterStop");
    const hasHooks = asked < this.#stopAt;
    for (const [phase, calls] of [
      ["beforeStop", before],
      ["afterStop", after],
    ] as const) {
      const names = calls.map(({ name }) => name);
      const expected = hasHooks ? this.#expectedHooks(phase) : [];
      if (names.join() !== expected.join())
        this.#complain(`${phase} called ${names.join(", ")} and not ${expected.join(", ")}`);
    }

    const inFlight = this.#up().filter((it) => it.begun < this.#stopAt);
    const ends = this.#calls("stop");
    const disposals = this.#calls("dispose").filter((it) => it.begun >= closing);
    const tasks = this.#calls("task");
    const wait = (later: readonly Call[], earlier: readonly Call[]): void => {
      for (const it of later)
        for (const other of earlier)
          if (it.begun < deadline && !(other.ended <= it.begun))
            this.#complain(`${it.name} did not wait for ${other.name}`);
    };
    before.forEach((it, at) => wait([it], [...inFlight, ...before.slice(0, at)]));
    wait(ends, [...inFlight, ...before]);
    wait(disposals, [...inFlight, ...before, ...ends, ...tasks]);
    after.forEach((it, at) =>
      wait([it], [...before, ...ends, ...tasks, ...disposals, ...after.slice(0, at)]),
    );
    for (const it of before)
      if (it.begun > closing) this.#complain(`${it.name} began when the container was closing`);
  }

  #stopsWhatHasStarted(): void {
    const { program, closing, deadline } = this.#journal;
    for (const at of this.#each()) {
      const { kind, start, stop } = program.services[at]!;
      const call = this.#call("stop", at);
      if (!stop || kind === "background") continue;
      const builtAt = kind === "value" ? 0 : this.#builtAt(at);
      const started = this.#call("start", at);
      const isUp =
        !start || (started !== undefined && started.error === undefined && started.ended < closing);
      const isDue = builtAt < closing && isUp;
      // What came up as the deadline passed may have come too late.
      const isLate = builtAt > deadline || (started?.ended ?? 0) > deadline;
      // A promise of a factory is heard a little later than it is resolved.
      const isSlow =
        usesResolver(program.services[at]!) ||
        [this.#call("factory", at), this.#call("init", at)].some((it) => it && it.ended > it.returned);
      const isClose = isLate || (isSlow && this.#isOneTurn(builtAt, closing));
      if (isDue && !call && !isClose) this.#complain(`s${at} was not stopped`);
      // What was being built when the app began to stop is stopped as well, once it is built.
      const mayBe = isDue || (!start && builtAt < Infinity);
      if (!mayBe && call) this.#complain(`s${at} was stopped`);
      if (!call || call.begun > deadline) continue;
      for (const above of this.#each().filter((it) => this.#below(it).includes(at))) {
        const other = this.#call("stop", above) ?? this.#call("task", above);
        if (other && this.#builtAt(above) < call.begun && !(other.ended <= call.begun))
          this.#complain(`s${at} was stopped before s${above}, which depends on it`);
      }
    }
  }

  #disposesWhatWasBuilt(): void {
    const { program, closing, deadline } = this.#journal;
    for (const at of this.#each()) {
      const { kind, dispose } = program.services[at]!;
      const call = this.#call("dispose", at);
      if (!dispose || kind === "background") continue;
      const made = this.#call("factory", at);
      const isHanging = this.#call("init", at)?.ended === Infinity;
      const isMade = made !== undefined && made.ended < Infinity && made.error === undefined;
      const isDue = (kind === "value" || isMade) && !isHanging;
      if (isDue !== (call !== undefined)) this.#complain(`s${at} was ${call ? "" : "not "}disposed`);
      const hasFailed = this.#call("init", at)?.error !== undefined;
      if (call && call.begun < closing && !hasFailed) this.#complain(`s${at} was disposed too early`);
      if (!call || call.begun > deadline) continue;
      for (const above of this.#each().filter((it) => this.#below(it).includes(at))) {
        const isThere = (this.#call("factory", above)?.begun ?? Infinity) < call.begun;
        const isMaking = isThere && this.#call("factory", above)!.ended > call.begun;
        const other = this.#call("dispose", above);
        if (isMaking || (isThere && other && !(other.ended <= call.begun)))
          this.#complain(`s${at} was disposed before s${above}, which depends on it`);
      }
    }
  }

  /** The reason of the first who has asked reaches everything that ends. */
  #tellsWhy(): void {
    const { requests, closing } = this.#journal;
    const isRight = ({ reason }: Call): boolean =>
      this.#hasFailed ? this.#isFailure(reason) : reason === requests[0]?.reason;
    for (const it of this.#calls("stop", "dispose"))
      if (!isRight(it) && (it.begun > closing || it.name.startsWith("stop")))
        this.#complain(`${it.name} was given the reason ${String(it.reason)}`);
  }

  /** Whether something is the error with which the start has failed, or has it as its first one. */
  #isFailure(error: unknown): boolean {
    const first = isContainerError(error, "START_FAILED") ? error.cause : error;
    if (this.#failed) return first === this.#failed.error;
    return this.#calls("factory", "init").some((it) => it.error === first && it.error !== undefined);
  }

  #keepsEveryError(): void {
    const { report, outcomes, unheard, deadline, program } = this.#journal;
    if (!report) return;
    const thrown = this.#journal.calls.filter((it) => it.error !== undefined && !it.hasGivenUp);
    const rows = report.services.filter(({ outcome }) => outcome === "failed");
    const told = [
      ...outcomes.flatMap(({ error }) => [
        error,
        ...((error as { errors?: unknown[] } | undefined)?.errors ?? []),
      ]),
      ...rows.map(({ error }) => error),
      ...unheard,
    ];
    for (const { name, error } of thrown)
      if (!told.includes(error)) this.#complain(`the error of ${name} is lost`);
    for (const error of unheard)
      if (!thrown.some((it) => it.error === error)) this.#complain(`${String(error)} was reported`);

    // Whatever has failed on the way down is one row, under its name.
    const nameOf = (it: Call): string => this.#phaseOf(it) ?? it.name.split(" ")[1]!;
    const isOnTheWayDown = (it: Call): boolean => {
      if (it.name.startsWith("dispose")) return it.begun > this.#journal.closing;
      if (/^(stop|task)/.test(it.name)) return true;
      if (/^(factory|init)/.test(it.name)) return !this.#hasFailed;
      return it.name.startsWith("body") ? false : it.ended > this.#stopAt;
    };
    for (const it of thrown.filter(isOnTheWayDown)) {
      const found = rows.filter(({ error }) => error === it.error);
      const isLate = it.ended > deadline;
      // Of several builds that fail at the same time, a dependent can only pass on one. Observers are told of the others.
      const isElsewhere = /^(factory|init)/.test(it.name) && unheard.includes(it.error);
      if (found.length > 1 || (found.length === 0 && !isLate && !isElsewhere))
        this.#complain(`the error of ${it.name} is in ${found.length} rows`);
      // What a factory has resolved by itself fails that factory.
      const names = [
        nameOf(it),
        ...this.#each()
          .filter((at) => this.#below(at).includes(Number(nameOf(it).slice(1))))
          .map((at) => `s${at}`),
      ];
      for (const { token } of found)
        if (!names.includes(token)) this.#complain(`the error of ${it.name} is under ${token}`);
    }
    for (const { error, token } of rows)
      if (!thrown.some((it) => it.error === error))
        this.#complain(`${token} has failed with ${String(error)}`);

    const disposed = report.services
      .filter(({ outcome }) => outcome === "disposed")
      .map(({ token }) => token);
    const expected = this.#calls("dispose")
      .filter((it) => it.begun > this.#journal.closing && it.error === undefined && it.ended < deadline)
      .map(nameOf);
    for (const it of expected) if (!disposed.includes(it)) this.#complain(`the report has no row of ${it}`);
    for (const it of disposed) {
      const plan = program.services[Number(it.slice(1))];
      if (!plan?.dispose || plan.kind === "background")
        this.#complain(`the report says that ${it} was disposed`);
    }
    if (deadline === Infinity && report.services.some(({ outcome }) => outcome === "abandoned"))
      this.#complain("something was abandoned without a deadline");
    if (report.ok !== report.services.every(({ outcome }) => outcome === "disposed"))
      this.#complain(`the report says ok: ${String(report.ok)}`);
  }

  #keepsItsPromises(): void {
    const { outcomes } = this.#journal;
    for (const it of outcomes) {
      // A run that goes on when its app has stopped is not cut. And a scope above has a deadline of its own.
      const hangs =
        (it.what === "run" && this.#calls("body").some(({ ended }) => ended === Infinity)) ||
        (it.what === "above" && this.#calls("stop", "task").some(({ ended }) => ended === Infinity));
      if (it.settledAt < Infinity) this.#keeps(it);
      else if (!hangs) this.#complain(`${it.what} is still pending`);
    }
  }

  #keeps(it: Outcome): void {
    const { report, requests, asked } = this.#journal;
    const isClosed = isContainerError(it.error, "SCOPE_CLOSED");
    const failed = (isRight: boolean): void => {
      if (!isRight) this.#complain(`${it.what} has given ${String(it.error ?? JSON.stringify(it.value))}`);
    };
    const hasFailed = this.#hasFailed && it.at < (this.#failed?.ended ?? Infinity) + 1e9;
    switch (it.what) {
      case "start":
        if (hasFailed) return failed(this.#isFailure(it.error) && this.#hasAll(it.error, report));
        return failed(it.at < this.#stopAt && this.#isUp() ? it.error === undefined : isClosed);
      case "serve":
        if (hasFailed && asked < this.#stopAt) return failed(this.#isFailure(it.error));
        if (!report?.ok) return failed((it.error as { report?: unknown } | undefined)?.report === report);
        return failed(
          (it.value as { reason: unknown } | undefined)?.reason === requests[0]?.reason &&
            (it.value as { report: unknown }).report === report,
        );
      case "run": {
        const body = this.#calls("body")[0];
        if (!body) return failed(hasFailed ? this.#isFailure(it.error) : isClosed);
        if (body.error !== undefined) return failed(it.error === body.error);
        if (!report?.ok) return failed((it.error as { report?: unknown } | undefined)?.report === report);
        return failed(it.value === "the result");
      }
      case "above":
        return failed(it.error === undefined);
      default:
        return failed(it.value === report);
    }
  }

  /** Whether the whole way up was taken before the app was to stop. */
  #isUp(): boolean {
    const up = this.#up();
    const names = up.map(({ name }) => name);
    const all = [
      ...this.#expectedHooks("beforeStart"),
      ...this.#expectedStarts(),
      ...this.#expectedHooks("afterStart"),
    ];
    const isBad = [...up, ...this.#calls("factory", "init")].some(
      (it) => !(it.ended < this.#stopAt) || it.error !== undefined,
    );
    return !isBad && all.every((it) => names.includes(it)) && this.#journal.asked < this.#stopAt;
  }

  /** A start that has failed tells of everything that has failed since as well. */
  #hasAll(error: unknown, report: ShutdownReport | undefined): boolean {
    const all = isContainerError(error, "START_FAILED")
      ? (error as unknown as { errors: unknown[] }).errors
      : [error];
    return report!.services.every((row) => !("error" in row) || all.includes(row.error));
  }
}
