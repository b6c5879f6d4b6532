/**
 * Releases against a simple model: random graphs over random scopes, and random sequences of resolves, releases, reloads,
 * withdrawals, failures and shutdowns.
 *
 * One step after the other, a release takes exactly what was built on the service. All at the same time, with slow
 * factories and disposers, nobody is ever given something that is gone, everything is disposed once and after what was
 * built on it, and nothing hangs.
 */

import fc from "fast-check";
import {
  createContainer,
  defer,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Provider,
  type Scope,
  type Token,
} from "thimble";
import { release, reload, withdraw } from "thimble/reload";
import { beforeEach, describe, expect, it } from "vitest";
import { catchReports } from "../core/support/report-error.ts";

beforeEach(() => void catchReports());

type Kind = "singleton" | "scoped" | "transient" | "value" | "dynamic";

interface Service {
  readonly kind: Kind;
  /** Which of the services before it depends on, modulo their number. */
  readonly needs: readonly number[];
  readonly isSlow: boolean;
  readonly undo: "now" | "later" | "throws" | "never";
  readonly stops: boolean;
  /** In which scope it is registered. */
  readonly at: number;
}

type Step =
  | {
      readonly do: "get" | "release" | "hurry" | "reload" | "renew" | "withdraw" | "override" | "break";
      readonly scope: number;
      readonly of: number;
    }
  | { readonly do: "all" | "shutdown"; readonly scope: number; readonly of: number }
  | { readonly do: "wait"; readonly turns: number };

const service = fc.record<Service>({
  kind: fc.constantFrom("singleton", "singleton", "scoped", "transient", "value", "dynamic"),
  needs: fc.array(fc.nat(9), { maxLength: 3 }),
  isSlow: fc.boolean(),
  undo: fc.constantFrom("now", "now", "later", "throws", "never"),
  stops: fc.boolean(),
  at: fc.constantFrom(0, 0, 0, 1, 3),
});

const steps = (names: readonly Step["do"][]) =>
  fc.array(
    fc.oneof(
      ...names.map((name) =>
        name === "wait"
          ? fc.record({ do: fc.constant(name), turns: fc.nat(4) })
          : fc.record({ do: fc.constant(name), scope: fc.nat(3), of: fc.nat(9) }),
      ),
    ) as fc.Arbitrary<Step>,
    { minLength: 1, maxLength: 25 },
  );

/** What a factory has made. */
interface Made {
  readonly of: number;
  readonly name: string;
  readonly given: readonly Made[];
  readonly isKept: boolean;
  readonly isOwned: boolean;
  state: "there" | "going" | "gone";
  /** Of a service that resolves late. */
  readonly late?: (key: Token<Made>) => Made;
}

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await Promise.resolve();
};

/** Whether it settles. Everything here takes turns and no time, so that nothing has to wait to see that it hangs. */
const settles = (it: Promise<unknown>, within = 2_000): Promise<boolean> =>
  Promise.race([it.then(() => true), turns(within).then(() => false)]);

class World {
  readonly made: Made[] = [];
  readonly wrong: string[] = [];
  readonly broken = new Set<number>();
  readonly overridden = new Set<number>();
  readonly tokens: Token<Made>[];
  readonly scopes: Scope[];
  readonly services: readonly Service[];
  readonly isConcurrent: boolean;

  constructor(services: readonly Service[], isConcurrent: boolean) {
    this.services = services;
    this.isConcurrent = isConcurrent;
    this.tokens = services.map((_, at) => token<Made>(`s${at}`));
    const providers = [0, 1, 2, 3].map((at) =>
      services.flatMap((it, of) => (it.at === at ? [this.provider(of)] : [])),
    );
    const root: Scope = createContainer("root", ...(providers[0] as never[]));
    const a: Scope = root.createScope("a", ...(providers[1] as never[]));
    const b: Scope = root.createScope("b");
    const c: Scope = a.createScope("c", ...(providers[3] as never[]));
    this.scopes = [root, a, b, c];
  }

  needsOf(of: number): number[] {
    return of === 0 ? [] : [...new Set(this.services[of]!.needs.map((it) => it % of))];
  }

  note(of: number, given: readonly Made[]): Made {
    const { kind, undo } = this.services[of]!;
    const isKept = kind !== "transient";
    const isOwned = isKept && undo !== "never";
    const it: Made = { of, name: `s${of}/${this.made.length}`, given, isKept, isOwned, state: "there" };
    this.made.push(it);
    return it;
  }

  /** What `it` was built on, through transients as well. */
  below(it: Made, found = new Set<Made>()): Set<Made> {
    for (const other of it.given) if (!found.has(other)) this.below(other, found.add(other));
    return found;
  }

  check(what: string, it: Made): void {
    const gone = [it, ...this.below(it)].find(({ state }) => state !== "there");
    if (gone) this.wrong.push(`${what} ${it.name} while ${gone.name} is ${gone.state}`);
  }

  undo(it: Made): unknown {
    const { undo } = this.services[it.of]!;
    this.useLate(it);
    if (it.state !== "there") this.wrong.push(`${it.name} is disposed twice`);
    const user = this.made.find(
      (other) => other.isOwned && other.state !== "gone" && other !== it && this.below(other).has(it),
    );
    if (user) this.wrong.push(`${it.name} is disposed before ${user.name}, which is ${user.state}`);
    it.state = "going";
    const end = (): void => {
      it.state = "gone";
      if (undo === "throws") throw new Error(it.name);
    };
    return undo === "later" && this.isConcurrent ? turns(3).then(end) : end();
  }

  /** A disposer resolves late what its service was given, and receives just that. */
  useLate(it: Made): void {
    for (const other of it.late ? it.given : []) {
      // What is overridden, and was not released, is found no more.
      if (!other.isKept || this.overridden.has(other.of)) continue;
      try {
        const found = it.late!(this.tokens[other.of]!);
        if (found !== other) this.wrong.push(`${it.name} finds ${found.name} in place of ${other.name}`);
      } catch (error) {
        this.wrong.push(`${it.name} cannot find ${other.name}: ${String(error)}`);
      }
    }
  }

  provider(of: number): Provider {
    const { kind, isSlow, undo, stops } = this.services[of]!;
    const key = this.tokens[of]!;
    const options = {
      dispose: undo === "never" ? (false as const) : (it: Made) => this.undo(it),
      ...(stops && { stop: () => (this.isConcurrent ? turns(2) : undefined) }),
    };
    if (kind === "value") return value(key, this.note(of, []), options as never);
    const needs = this.needsOf(of).map((it) => this.tokens[it]!);
    const build = (given: readonly Made[]): Made | Promise<Made> => {
      for (const it of given) this.check(`s${of} is given`, it);
      if (this.broken.has(of)) throw new Error(`broken ${of}`);
      // What was made counts from the moment when the factory has returned it.
      if (!isSlow || !this.isConcurrent) return this.note(of, given);
      return turns(4).then(() => this.note(of, given));
    };
    if (kind === "dynamic")
      return singleton(
        key,
        async ({ get, getAsync }) => {
          const given: Made[] = [];
          for (const it of needs) given.push(await getAsync(it));
          return Object.assign(await build(given), { late: get });
        },
        options as never,
      );
    if (kind === "transient")
      return (transient as unknown as (...args: unknown[]) => Provider)(key, needs, (...given: Made[]) =>
        build(given),
      );
    const define = (kind === "scoped" ? scoped : singleton) as (...args: unknown[]) => Provider;
    return define(
      key,
      [needs, needs.map((it) => defer(it))],
      (given: Made[], deferred: { get(): Made }[]) => {
        const made = build(given);
        const late = (it: Token<Made>): Made => deferred[needs.indexOf(it)]!.get();
        return made instanceof Promise
          ? made.then((it) => Object.assign(it, { late }))
          : Object.assign(made, { late });
      },
      options,
    );
  }

  async step(step: Step): Promise<void> {
    if (step.do === "wait") return turns(step.turns);
    const scope = this.scopes[step.scope]!;
    if (step.do === "all") return void (await release(scope));
    if (step.do === "shutdown")
      return void (step.scope === 0 && this.isConcurrent ? undefined : await scope.shutdown());
    const of = step.of % this.services.length;
    const key = this.tokens[of]!;
    switch (step.do) {
      case "get": {
        const it = await scope.getAsync(key);
        // Between the turn in which it was given and this one nothing can have begun.
        if (scope.state === "open" && !this.isConcurrent) this.check("a caller receives", it);
        return;
      }
      case "release":
        return void (await release(scope, key));
      case "hurry":
        return void (await release(scope, key, { signal: AbortSignal.abort() }));
      case "renew":
        return void (await reload(scope, key));
      case "reload":
        return void (await reload(scope, key, this.provider(of) as never));
      case "override":
        this.overridden.add(of);
        return void scope.override(this.provider(of) as never);
      case "withdraw":
        return void (await withdraw(scope, key));
      case "break":
        if (!this.broken.delete(of)) this.broken.add(of);
    }
  }

  /** Looks at everything that can be resolved. */
  async look(): Promise<void> {
    for (const scope of this.scopes)
      for (const key of this.tokens) {
        const it = await scope.getAsync(key).catch((error: unknown) => {
          if (!isExpected(error)) this.wrong.push(String(error));
        });
        if (it) this.check("in the end there is", it);
      }
  }

  async end(): Promise<void> {
    await this.scopes[0]!.shutdown();
    for (const it of this.made)
      if (it.isOwned && it.state !== "gone" && this.services[it.of]!.kind !== "value")
        this.wrong.push(`${it.name} is never disposed`);
  }
}

/** Everything but what fails by itself, in ways that a caller is told. */
const expected = new Set(["NOT_PROVIDED", "SCOPE_CLOSED", "CAPTIVE_DEPENDENCY"]);

const isExpected = (error: unknown): boolean =>
  expected.has((error as { code?: string }).code ?? "") || /^Error: broken|START_FAILED/.test(String(error));

const runs = 300;

describe("random releases", () => {
  it("one after the other take exactly what was built on the service, and everything built later is whole", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(service, { minLength: 1, maxLength: 7 }),
        steps(["get", "get", "get", "release", "renew", "all", "break", "withdraw", "reload", "shutdown"]),
        async (services, all) => {
          const world = new World(services, false);
          // From the first release on it is known what resolves transients.
          await release(world.scopes[0]!);
          for (const step of all) {
            const before = world.made.filter((it) => it.isOwned && it.state === "there");
            await world.step(step).catch((error: unknown) => {
              if (!isExpected(error)) throw error;
            });
            const gone = new Set(before.filter((it) => it.state !== "there"));
            // Nothing that is there was built on something that is gone.
            for (const it of world.made)
              if (it.state === "there" && it.isKept && it.isOwned) world.check("after the step there is", it);
            if (step.do === "get" || step.do === "break")
              for (const it of gone) world.wrong.push(`${it.name} is gone`);
            if (step.do === "release" || step.do === "renew") {
              const of = step.of % services.length;
              // What is gone is the service, or was built on it.
              const { kind } = services[of]!;
              for (const it of gone)
                if (it.of !== of && ![...world.below(it)].some((other) => other.of === of))
                  world.wrong.push(`${it.name} is gone with s${of}, a ${kind}`);
            }
          }
          await world.end();
          expect(world.wrong).toEqual([]);
        },
      ),
      { numRuns: runs, seed: 20261130 },
    );
  });

  it("at the same time as builds, failures, other releases and shutdowns show nothing half replaced, and end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(service, { minLength: 1, maxLength: 7 }),
        steps([
          "get",
          "get",
          "get",
          "wait",
          "wait",
          "release",
          "renew",
          "all",
          "break",
          "withdraw",
          "override",
          "reload",
          "shutdown",
        ]),
        async (services, all) => {
          const world = new World(services, true);
          const running: Promise<unknown>[] = [];
          for (const step of all) {
            if (step.do === "wait") await world.step(step);
            else
              running.push(
                world.step(step).catch((error: unknown) => {
                  if (!isExpected(error)) world.wrong.push(String(error));
                }),
              );
          }
          expect(await settles(Promise.all(running)), "the steps end").toBe(true);
          world.broken.clear();
          expect(await settles(world.look()), "everything can be resolved").toBe(true);
          expect(await settles(world.end()), "the last shutdown ends").toBe(true);
          expect(world.wrong).toEqual([]);
        },
      ),
      { numRuns: runs, seed: 20261130 },
    );
  });

  it("that wait for nothing end at once, and everything is disposed in the end, once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(service, { minLength: 1, maxLength: 7 }),
        steps([
          "get",
          "get",
          "get",
          "wait",
          "wait",
          "hurry",
          "hurry",
          "release",
          "withdraw",
          "reload",
          "shutdown",
        ]),
        async (services, all) => {
          const world = new World(services, true);
          const running: Promise<unknown>[] = [];
          for (const step of all) {
            const step_ = world.step(step).catch((error: unknown) => {
              if (!isExpected(error)) world.wrong.push(String(error));
            });
            if (step.do === "wait") await step_;
            else if (step.do !== "hurry") running.push(step_);
            else if (!(await settles(step_, 20))) world.wrong.push("a release never ends, or not at once");
          }
          expect(await settles(Promise.all(running)), "the steps end").toBe(true);
          expect(await settles(world.look()), "everything can be resolved").toBe(true);
          expect(await settles(world.end()), "the last shutdown ends").toBe(true);
          // What nobody waits for may end after that.
          await turns(50);
          // What was abandoned is not there when what uses it goes.
          expect(world.wrong.filter((it) => /twice|never/.test(it))).toEqual([]);
        },
      ),
      { numRuns: runs, seed: 20261130 },
    );
  });
});
