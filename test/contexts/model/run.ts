/**
 * The runner and the rules: takes a program's steps on a real container, each in the context of its user, and looks in
 * whose context factories run. Section 3 of the contract says:
 *
 * - A build runs in the context of whoever began it. That is the first caller who resolved it, directly or because
 *   something that it began declares it; when it has failed, the next one. (A `get` that needs it in the very turn in which
 *   it can go on finishes it in its own context, for `get` cannot wait; these programs have no such `get`.)
 * - What is made for one caller, a transient, runs in the context of that caller, whoever settled what it waited for.
 *
 * @module
 */

import {
  alias,
  createContainer,
  isContainerError,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { Gates, rest } from "../../model/gates.ts";
import { DEEP, showStep, TOKENS, USERS, type Plan, type Program, type Step } from "./program.ts";

/** What `AsyncLocalStorage` is, as far as it is used here. */
export interface Storage {
  run<R>(user: string, fn: () => R): R;
  getStore(): string | undefined;
}

/** What factories make. */
interface Thing {
  readonly plan: Plan | undefined;
  readonly user: string | undefined;
}

const CHAIN = 210;
const tokens = Array.from({ length: TOKENS }, (_, at) => token<Thing>(`t${at}`));
const chain = Array.from({ length: CHAIN }, (_, at) => token<Thing>(`c${at}`));
const Here = token<string>("here");

class Planned extends Error {}

/** Gives what is wrong, and what has happened. */
export function run(program: Program, storage: Storage): Promise<{ wrong: string[]; lines: string[] }> {
  return new Run(program, storage).go();
}

class Run {
  readonly #plans: readonly Plan[];
  readonly #steps: readonly Step[];
  readonly #storage: Storage;
  readonly #gates = new Gates();
  readonly #wrong: string[] = [];
  readonly #lines: string[] = [];
  readonly #scopes = new Map<string, Scope>();
  /** Who has begun what is kept, by service and scope. What has failed is not in it. */
  readonly #begunBy = new Map<string, string>();
  readonly #isBuilt = new Set<string>();
  readonly #runs = new Map<Plan, number>();

  constructor({ plans, steps }: Program, storage: Storage) {
    this.#plans = plans;
    this.#steps = steps;
    this.#storage = storage;
  }

  async go(): Promise<{ wrong: string[]; lines: string[] }> {
    const links = chain.map((it, at) =>
      transient(it, [Here, at === 0 ? tokens[0]! : chain[at - 1]!], (_: string, below: Thing) => {
        // The whole chain is made for whoever asked for its end.
        return this.#received(below, this.#make(undefined));
      }),
    );
    const providers = [...this.#plans.map((it) => this.#provider(it)), ...links];
    const root = (createContainer as (...all: unknown[]) => Scope)(value(Here, "root"), providers);
    this.#scopes.set("root", root);
    for (const name of ["team", ...USERS])
      this.#scopes.set(name, root.createScope(name, value(Here, name)) as Scope);

    for (const step of this.#steps) await this.#take(showStep(step), () => this.#do(step));
    for (let turns = 0; turns < 100 && this.#gates.size > 0; turns++)
      await this.#take("end: open", () => this.#open(0));
    const report = await root.shutdown();
    if (!report.ok) this.#wrong.push("something could not be disposed");
    return { wrong: this.#wrong, lines: this.#lines };
  }

  async #take(what: string, act: () => void): Promise<void> {
    this.#lines.push(`- ${what}`);
    act();
    await rest(() => this.#lines.length);
  }

  #do(step: Step): void {
    if (step.do === "open") return this.#open(step.nth);
    const { user, token: on } = step;
    const name = step.scope === "own" ? user : step.scope;
    const scope = this.#scopes.get(name)!;
    const key = on === DEEP ? chain.at(-1)! : tokens[on]!;
    this.#storage.run(user, () => {
      this.#reach(on === DEEP ? 0 : on, name, user);
      const refused = (error: unknown): void => {
        this.#lines.push(`${user} is refused: ${String(error).split("\n")[0]}`);
        if (!(error instanceof Planned) && !isContainerError(error))
          this.#wrong.push(`${user} was refused with ${String(error)}`);
      };
      if (step.do === "getAsync") return void scope.getAsync(key).then((it) => this.#received(it), refused);
      try {
        this.#received(scope.get(key));
      } catch (error) {
        refused(error);
      }
    });
  }

  /** Somebody else settles what users wait for, in a context of their own. */
  #open(nth: number): void {
    this.#storage.run("mallory", () => this.#gates.open(nth));
  }

  // ---- what is to be expected

  /** Notes who begins what: everything that is declared, down to what is built or begun. */
  #reach(on: number, from: string, user: string): void {
    const plan = this.#plans[on]!;
    const home = homeOf(plan, from);
    const key = home === undefined ? undefined : keyOf(plan, home);
    if (key !== undefined) {
      if (this.#begunBy.has(key)) return;
      this.#begunBy.set(key, user);
    }
    // What is asked for one after the other is noted when it is.
    if (!plan.isDynamic) for (const need of plan.needs) this.#reach(need, home ?? from, user);
  }

  /** What has failed takes along what waits for it, whose factories were not called. */
  #fail(plan: Plan, home: string): void {
    this.#begunBy.delete(keyOf(plan, home));
    for (const key of this.#begunBy.keys()) {
      const [on, at] = key.split(" in ");
      const waiting = this.#plans[Number(on)]!;
      if (!waiting.isDynamic && !this.#isBuilt.has(key) && this.#needs(waiting, at!, keyOf(plan, home)))
        this.#begunBy.delete(key);
    }
  }

  #needs(plan: Plan, from: string, key: string): boolean {
    return plan.needs.some((on) => {
      const next = this.#plans[on]!;
      const home = homeOf(next, from) ?? from;
      if (keyOf(next, home) === key) return true;
      return !next.isDynamic && !this.#isBuilt.has(keyOf(next, home)) && this.#needs(next, home, key);
    });
  }

  // ---- what happens

  /** Called in the context of whoever receives something. */
  #received<T>(it: Thing, given?: T): T {
    const user = this.#storage.getStore();
    const isTransient = !it.plan || it.plan.kind === "transient";
    if (isTransient && it.user !== user)
      this.#wrong.push(
        `${user} received ${it.plan ? `t${it.plan.token}` : "a chain"}, which was made in the context of ${it.user}`,
      );
    return given as T;
  }

  #make(plan: Plan | undefined): Thing {
    return { plan, user: this.#storage.getStore() };
  }

  #provider(plan: Plan): unknown {
    const key = tokens[plan.token]!;
    const needs = plan.needs.map((it) => tokens[it]!);
    if (plan.kind === "alias") return alias(key, needs[0]!);
    const define = { singleton, scoped, transient }[plan.kind] as unknown as (...all: unknown[]) => unknown;
    if (!plan.isDynamic)
      return define(key, [Here, ...needs], (here: string, ...given: Thing[]) => {
        const thing = this.#begin(plan, here);
        for (const it of given) this.#received(it);
        return plan.isSlow
          ? this.#gates.wait(`t${plan.token}`).then(() => this.#end(thing, here))
          : this.#end(thing, here);
      });
    return define(
      key,
      async ({ getAsync, get }: { get(it: unknown): string; getAsync(it: unknown): Promise<Thing> }) => {
        const here = get(Here);
        const thing = this.#begin(plan, here);
        try {
          for (const [at, it] of needs.entries()) {
            this.#reach(plan.needs[at]!, here, this.#storage.getStore()!);
            this.#received(await getAsync(it));
          }
        } catch (error) {
          this.#fail(plan, here);
          throw error;
        }
        await this.#gates.wait(`t${plan.token}`);
        return this.#end(thing, here);
      },
    );
  }

  #begin(plan: Plan, here: string): Thing {
    const thing = this.#make(plan);
    this.#lines.push(`t${plan.token} in ${here} is built in the context of ${thing.user}`);
    const key = keyOf(plan, here);
    const expected = this.#begunBy.get(key);
    if (homeOf(plan, here) === undefined) return thing;
    if (thing.user !== expected)
      this.#wrong.push(
        `t${plan.token} in ${here} was built in the context of ${thing.user}, and ${expected} has begun it`,
      );
    return thing;
  }

  #end(thing: Thing, here: string): Thing {
    const plan = thing.plan!;
    const count = (this.#runs.get(plan) ?? 0) + 1;
    this.#runs.set(plan, count);
    if (count <= plan.fails) {
      this.#lines.push(`t${plan.token} in ${here} fails`);
      this.#fail(plan, here);
      throw new Planned(`t${plan.token} fails`);
    }
    if (homeOf(plan, here) !== undefined) this.#isBuilt.add(keyOf(plan, here));
    return thing;
  }
}

/** The scope in which an instance is kept, if it is. */
function homeOf({ kind }: Plan, from: string): string | undefined {
  if (kind === "singleton") return "root";
  return kind === "scoped" ? from : undefined;
}

function keyOf({ token: on }: Plan, home: string): string {
  return `${on} in ${home}`;
}
