/**
 * The runner: takes a program's steps on a real app, and writes down what its code sees.
 *
 * The app is never asked what it did. Everything in the journal was written by the code that the app has called, and the
 * rules read nothing else but the promises it has returned.
 *
 * @module
 */

import {
  abortSignal,
  alias,
  createContainer,
  singleton,
  token,
  transient,
  value,
  type Provider,
  type Scope,
  type ShutdownReport,
  type Token,
} from "thimble";
import { background, createApp, type App, type AppState } from "thimble/lifecycle";
import { observe } from "thimble/observe";
import type { Behaviour, HookPlan, Phase, Program, ServicePlan, Step } from "./program.ts";

/** One call of a piece of code. */
export interface Call {
  /** What was called: "factory s0", "start s1", "task s2", "hook h0", "body". */
  readonly name: string;
  readonly begun: number;
  /** When it has returned, which may have been a promise. */
  returned: number;
  ended: number;
  /** What it has thrown or rejected with. */
  error?: unknown;
  /** It has rejected with the reason of its signal. */
  hasGivenUp?: boolean;
  /** The reason it was given. */
  readonly reason?: unknown;
  /** Whether its signal had aborted when it began. */
  readonly wasAborted?: boolean | undefined;
}

/** A promise of the app. */
export interface Outcome {
  readonly what: string;
  readonly at: number;
  settledAt: number;
  value?: unknown;
  error?: unknown;
}

export interface Request {
  readonly at: number;
  readonly reason: unknown;
  /** Whether code has asked that the app has called. */
  readonly isInside: boolean;
}

export interface Journal {
  readonly program: Program;
  readonly calls: Call[];
  readonly outcomes: Outcome[];
  /** When somebody has asked for the app to stop, the first one first. */
  readonly requests: Request[];
  /** Hooks, in the order in which they were added, and the phase in which another hook has added them. */
  readonly hooks: { readonly name: string; readonly phase: Phase; readonly addedIn: Phase | undefined }[];
  /** Errors that reached observers or the runtime. */
  readonly unheard: unknown[];
  /** When the container began to close. */
  closing: number;
  /** When a deadline has passed. */
  deadline: number;
  /** When the app was asked to start, at the latest. */
  asked: number;
  state: AppState;
  scopeState: string;
  report: ShutdownReport | undefined;
  readonly trouble: string[];
  /** When each step began. What comes between two of them is one turn. */
  readonly turns: number[];
}

export async function run(program: Program, reported: unknown[]): Promise<Journal> {
  return await new Run(program, reported).go();
}

class Run {
  readonly journal: Journal;
  readonly #program: Program;
  readonly #reported: unknown[];
  #clock = 0;
  readonly #gates: { readonly name: string; open(this: void): void }[] = [];
  readonly #root: Scope = createContainer();
  readonly #container: Scope;
  readonly #app: App;
  readonly #patience = new AbortController();
  readonly #serveSignal = new AbortController();
  #send: ((reason: unknown) => void) | undefined;
  #isServing = false;
  #ended: { readonly reason: unknown } | undefined;
  #hasRun = false;

  constructor(program: Program, reported: unknown[]) {
    this.#program = program;
    this.#reported = reported;
    this.journal = {
      program,
      calls: [],
      outcomes: [],
      requests: [],
      hooks: [],
      unheard: [],
      closing: Infinity,
      deadline: Infinity,
      asked: Infinity,
      state: "new",
      scopeState: "open",
      report: undefined,
      trouble: [],
      turns: [],
    };
    const providers = this.#providers();
    this.#container = program.isNested
      ? (this.#root.createScope as (...all: unknown[]) => Scope)("part", ...providers)
      : (createContainer as unknown as (...all: unknown[]) => Scope)(...providers);
    if (program.isObserved)
      observe(this.#container, { unhandled: ({ error }) => this.journal.unheard.push(error) });
    this.#app = createApp(this.#container);
    this.#container
      .get(abortSignal)
      .addEventListener(
        "abort",
        () => (this.journal.closing = Math.min(this.journal.closing, ++this.#clock)),
      );
    program.hooks.forEach((plan, at) => this.#addHook(plan, `h${at}`));
  }

  // ---- The code

  /** Calls a piece of code as it was planned. It returns a promise only where it has to wait. */
  #call(name: string, plan: Behaviour, signal?: AbortSignal, reason?: unknown): unknown {
    const call: Call = {
      name,
      begun: ++this.#clock,
      returned: Infinity,
      ended: Infinity,
      reason,
      ...(signal && { wasAborted: signal.aborted }),
    };
    this.journal.calls.push(call);
    try {
      return this.#behave(call, plan, signal);
    } finally {
      call.returned = ++this.#clock;
    }
  }

  #behave(call: Call, plan: Behaviour, signal: AbortSignal | undefined): unknown {
    const { name } = call;
    const end = (): void => void (call.ended = ++this.#clock);
    const fail = (error: unknown = new Error(name)): never => {
      call.ended = ++this.#clock;
      call.error = error;
      throw error;
    };
    const acted = plan.act && this.#act(plan.act);
    const how = plan.how === "gives up" && !signal ? "slow" : plan.how;
    const isWaiting = acted !== undefined && plan.waits === true;
    if (!isWaiting && how === "ok") return void end();
    if (!isWaiting && how === "throws") return fail();
    return (async () => {
      if (isWaiting) await acted;
      switch (how) {
        case "throws":
          return fail();
        case "slow":
        case "rejects":
          await new Promise<void>((open) => this.#gates.push({ name, open }));
          return how === "slow" ? end() : fail();
        case "gives up":
          await new Promise<void>((resolve) =>
            signal!.aborted ? resolve() : signal!.addEventListener("abort", () => resolve()),
          );
          call.hasGivenUp = true;
          return fail(signal!.reason);
        case "hangs":
          return await new Promise(() => {});
        default:
          return end();
      }
    })();
  }

  /** What code may call. The promise it gets back never rejects. */
  #act(act: NonNullable<Behaviour["act"]>): Promise<unknown> {
    switch (act) {
      case "stop":
        this.#request("from inside", true);
        return this.#app.stop("from inside");
      case "shutdown":
        this.#request("from inside", true);
        return this.#container.shutdown({ reason: "from inside" });
      case "end":
        this.#end("from inside", true);
        this.#app.end("from inside");
        return Promise.resolve();
      case "start":
        this.journal.asked = Math.min(this.journal.asked, ++this.#clock);
        return this.#app.start().catch(() => {});
    }
  }

  #request(reason: unknown, isInside = false): void {
    this.journal.requests.push({ at: ++this.#clock, reason, isInside });
  }

  /** `end` stops an app that serves, and is remembered by one that does not yet. */
  #end(reason: unknown, isInside = false): void {
    this.#ended ??= { reason };
    if (this.#isServing) this.#request(this.#ended.reason, isInside);
  }

  #addHook({ phase, behaviour, adds }: HookPlan, name: string, addedIn?: Phase): void {
    this.journal.hooks.push({ name, phase, addedIn });
    this.#app[phase](() => {
      try {
        return this.#call(`hook ${name}`, behaviour);
      } finally {
        if (adds) this.#addHook({ phase: adds, behaviour: { how: "ok" } }, `${name}+`, phase);
      }
    });
  }

  #providers(): Provider[] {
    const { services } = this.#program;
    const tokens = services.map((_, at) => token<object>(`s${at}`));
    return services.flatMap((plan, at) => this.#provider(plan, at, tokens));
  }

  #provider(plan: ServicePlan, at: number, tokens: readonly Token<object>[]): Provider[] {
    const name = `s${at}`;
    const it = { name };
    const more: Provider[] = [];
    const declared: Token<object>[] = [];
    const later: Token<object>[] = [];
    for (const { on, via } of plan.needs) {
      const target = tokens[on]!;
      if (via === "itself") declared.push(target);
      else if (via === "resolver") later.push(target);
      else {
        const between = token<object>(`${name} to s${on}`);
        more.push(
          via === "alias"
            ? (alias(between, target) as Provider)
            : (transient(between, [target], () => ({})) as Provider),
        );
        declared.push(between);
      }
    }
    const { eager, order, start, stop, dispose, init } = plan;
    const during = (what: string, behaviour: Behaviour | undefined, withReason = false) =>
      behaviour && {
        [what]: (_: object, signal: AbortSignal, reason: unknown) =>
          this.#call(`${what} ${name}`, behaviour, withReason ? undefined : signal, reason),
      };
    const options = {
      eager,
      order,
      ...during("init", init, true),
      ...during("start", start),
      ...during("stop", stop, true),
      ...during("dispose", dispose, true),
    };
    const made = (): unknown => {
      const result = this.#call(`factory ${name}`, plan.factory);
      return result instanceof Promise ? result.then(() => it) : it;
    };
    const { length } = declared;
    const one = async (resolver: { getAsync(it: Token<object>): Promise<object> }): Promise<unknown> => {
      // One after the other: of several that fail at the same time, this factory could only pass on one.
      for (const dependency of [...declared, ...later]) await resolver.getAsync(dependency);
      return await made();
    };
    switch (plan.kind) {
      case "value":
        return [...more, value(tokens[at]!, it, options) as Provider];
      case "background":
        return [
          ...more,
          background(
            tokens[at] as never,
            [...declared, ...later],
            (...given: unknown[]) => this.#run(name, plan.task, given.at(-1) as AbortSignal),
            { order },
          ) as unknown as Provider,
        ];
      default:
        return [
          ...more,
          (later.length > 0
            ? singleton(tokens[at]!, one as never, options)
            : singleton(
                tokens[at]!,
                declared,
                ((...given: unknown[]) => {
                  if (given.length !== length) this.journal.trouble.push(`${name} was given ${given.length}`);
                  return made();
                }) as never,
                options,
              )) as Provider,
        ];
    }
  }

  /** A background task. When it fails before it is stopped, and the app serves, the app is asked to stop. */
  #run(name: string, plan: Behaviour, signal: AbortSignal): unknown {
    const failed = (error: unknown): never => {
      if (!signal.aborted && this.#isServing) {
        this.#end(error, true);
      }
      throw error;
    };
    let result: unknown;
    try {
      result = this.#call(`task ${name}`, plan, signal);
    } catch (error) {
      return failed(error);
    }
    return result instanceof Promise ? result.catch(failed) : result;
  }

  // ---- The steps

  async go(): Promise<Journal> {
    const { journal } = this;
    void this.#app.done.then((report) => (journal.report = report));
    for (const step of this.#program.steps) {
      journal.turns.push(++this.#clock);
      this.#do(step);
      await this.#rest();
    }
    await this.#finish();
    journal.state = this.#app.state;
    journal.scopeState = this.#container.state;
    journal.unheard.push(...this.#reported.splice(0));
    return journal;
  }

  #watch(what: string, promise: Promise<unknown>): void {
    const outcome: Outcome = { what, at: this.#clock, settledAt: Infinity };
    this.journal.outcomes.push(outcome);
    promise.then(
      (given) => {
        outcome.settledAt = ++this.#clock;
        outcome.value = given;
      },
      (error: unknown) => {
        outcome.settledAt = ++this.#clock;
        outcome.error = error;
      },
    );
  }

  #do(step: Step): void {
    const app = this.#app;
    const isStarting = (): void => void (this.journal.asked = Math.min(this.journal.asked, ++this.#clock));
    switch (step.do) {
      case "start":
        isStarting();
        return this.#watch("start", app.start());
      case "serve":
        this.#isServing = true;
        if (this.#serveSignal.signal.aborted) this.#ended ??= { reason: "aborted" };
        if (this.#ended) this.#request(this.#ended.reason);
        else isStarting();
        return this.#watch(
          "serve",
          app.serve({
            signals: {
              onStop: (listener) => {
                this.#send = listener;
                return () => (this.#send = undefined);
              },
            },
            signal: this.#serveSignal.signal,
          }),
        );
      case "run":
        if (this.#hasRun) return;
        this.#hasRun = true;
        isStarting();
        return this.#watch("run", this.#runBody());
      case "stop":
        this.#request("stop");
        return this.#watch("stop", app.stop("stop"));
      case "shutdown":
        this.#request("shutdown");
        return this.#watch("shutdown", this.#container.shutdown({ reason: "shutdown" }));
      case "end":
        this.#end("end");
        return app.end("end");
      case "signal":
        if (this.#send) this.#end("SIGTERM");
        return this.#send?.("SIGTERM");
      case "abort":
        if (this.#isServing && this.#send) this.#end("aborted");
        return this.#serveSignal.abort("aborted");
      case "above":
        if (!this.#program.isNested) return;
        this.#request("above");
        return this.#watch("above", this.#root.shutdown({ reason: "above" }));
      case "deadline":
        this.#request("deadline");
        if (this.#patience.signal.aborted) this.#pass();
        return this.#watch(
          "deadline",
          this.#container.shutdown({ reason: "deadline", signal: this.#patience.signal }),
        );
      case "expire":
        return this.#expire();
      case "open":
        return this.#gates.splice(step.nth % Math.max(1, this.#gates.length), 1)[0]?.open();
      case "wait":
        return;
    }
  }

  #expire(): void {
    if (this.journal.requests.some(({ reason }) => reason === "deadline")) this.#pass();
    this.#patience.abort();
  }

  /** The deadline has passed. */
  #pass(): void {
    this.journal.deadline = Math.min(this.journal.deadline, ++this.#clock);
  }

  /** The body of `run`. When it is over the app is asked to stop, and the first who asks gives the reason. */
  async #runBody(): Promise<unknown> {
    const { journal } = this;
    return await this.#app.run([], async () => {
      try {
        await this.#call("body", this.#program.body);
        return "the result";
      } finally {
        const call = journal.calls.find(({ name }) => name === "body")!;
        this.#request(call.error, true);
      }
    });
  }

  /** Until nothing can move without a gate. */
  async #rest(): Promise<void> {
    let seen = -1;
    for (let quiet = 0; quiet < 60; quiet++) {
      if (seen !== this.#clock) quiet = 0;
      seen = this.#clock;
      await undefined;
    }
  }

  /** Opens all gates, has the app stop if it does not by itself, and cuts what hangs. */
  async #finish(): Promise<void> {
    const { journal } = this;
    const openAll = async (): Promise<void> => {
      for (let gate; (gate = this.#gates.shift());) {
        journal.turns.push(++this.#clock);
        gate.open();
        await this.#rest();
      }
    };
    await openAll();
    if (!journal.report) {
      // Not a rule, but the end of the program: it may have come to it by itself meanwhile.
      this.#request("finish");
      this.#watch("stop", this.#app.stop("finish"));
      await this.#rest();
      await openAll();
    }
    if (!journal.report) {
      this.#request("deadline");
      if (this.#patience.signal.aborted) this.#pass();
      this.#watch("deadline", this.#container.shutdown({ signal: this.#patience.signal }));
      await this.#rest();
      this.#expire();
      await this.#rest();
      await openAll();
    }
    await this.#rest();
  }
}
