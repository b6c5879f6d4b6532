/**
 * Health checks, where containers run the checks of the root again and again, count a timeout from queueing, take what
 * is not built for healthy, wait for ever for a check that asks for its own service, and die of one that throws.
 *
 * @module
 */
import { alias, createContainer, scoped, singleton, token, value, type Scope } from "thimble";
import { checkHealth } from "thimble/health";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";

const Db = token<string>("db");

/** A scope so many levels below a root whose one service counts its checks. */
function deep(levels: number): { scope: Scope; runs: () => number } {
  let runs = 0;
  let scope: Scope = createContainer(value(Db, "db", { health: () => void runs++ }));
  for (let level = 0; level < levels; level++) scope = scope.createScope();
  return { scope, runs: () => runs };
}

describe("the checks of the root", () => {
  it.each([0, 1, 5, 20])("run once, from %i scopes below", async (levels) => {
    const { scope, runs } = deep(levels);

    expect((await checkHealth(scope)).checks).toHaveLength(1);
    expect(runs()).toBe(1);
  });

  it("run once with all descendants, and by any number of other names", async () => {
    let runs = 0;
    const names = Array.from({ length: 5 }, (_, at) => token<string>(`name ${at}`));
    const app: Scope = createContainer(
      value(Db, "db", { health: () => void runs++ }),
      names.map((name) => alias(name, Db)),
    );
    for (let at = 0; at < 5; at++) app.createScope().createScope();

    await checkHealth(app, { descendants: true, only: [Db, ...names] });

    expect(runs).toBe(1);
  });
});

describe("the timeout of a check", () => {
  it("counts from when that check began, and not from when it was put into a queue", async () => {
    const slow = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
    const app: Scope = createContainer(
      Array.from({ length: 5 }, (_, at) => value(token<number>(`service ${at}`), at, { health: slow })),
    );

    // The last one begins 80 ms after the first.
    const { checks } = await checkHealth(app, { concurrency: 1, timeout: 60 });

    expect(checks.map((it) => it.status)).toEqual(Array.from({ length: 5 }, () => "healthy"));
  });
});

describe("a service that is not built", () => {
  it("does not look healthy, and is not built to be checked", async () => {
    let built = 0;
    const app = createContainer(singleton(Db, () => `db ${++built}`, { health: () => true }));

    expect((await checkHealth(app)).checks).toMatchObject([{ token: "db", status: "not-built" }]);
    expect(built).toBe(0);
  });

  it("stays that when its build has failed", async () => {
    const app = createContainer(
      singleton(
        Db,
        () => {
          throw new Error("no database");
        },
        { health: () => true },
      ),
    );
    expect(() => app.get(Db)).toThrow("no database");

    expect((await checkHealth(app)).checks).toMatchObject([{ token: "db", status: "not-built" }]);
  });
});

describe("a check", () => {
  it("that asks for its own service gets it", async () => {
    const app: Scope = createContainer(
      singleton(Db, async () => "db", {
        health: async (db) => (await app.getAsync(Db)) === db && app.get(Db) === db,
      }),
    );
    await app.getAsync(Db);

    expect((await checkHealth(app)).healthy).toBe(true);
  });

  it("that throws, rejects or hangs leaves the others as they are", async () => {
    const bad: (() => unknown)[] = [
      () => {
        throw new Error("thrown");
      },
      () => Promise.reject(new Error("rejected")),
      () => new Promise(() => {}),
      () => false,
    ];
    const app: Scope = createContainer(
      bad.map((health, at) => value(token<number>(`bad ${at}`), at, { health })),
      value(Db, "db", { health: async () => true }),
    );

    const { healthy, checks } = await checkHealth(app, { timeout: 5 });

    expect(healthy).toBe(false);
    expect(checks.map((it) => it.status)).toEqual([
      "unhealthy",
      "unhealthy",
      "timed-out",
      "unhealthy",
      "healthy",
    ]);
  });

  it("of a scope that closes meanwhile ends with the report", async () => {
    const gate = deferred();
    const app = createContainer(scoped(Db, () => "db", { health: () => gate.promise }));
    const request = app.createScope();
    request.get(Db);

    const report = checkHealth(request);
    await request.shutdown();
    gate.resolve();

    expect((await report).checks).toMatchObject([{ token: "db", status: "healthy" }]);
  });
});

describe("options", () => {
  it("that two sweeps share are changed by neither", async () => {
    const options = Object.freeze({ timeout: 50, only: Object.freeze([Db]) });
    const app = createContainer(value(Db, "db", Object.freeze({ health: () => true })));

    const reports = await Promise.all([checkHealth(app, options), checkHealth(app, options)]);

    expect(reports.map((it) => it.healthy)).toEqual([true, true]);
  });
});
