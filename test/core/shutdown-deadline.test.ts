/**
 * `timeout` and `signal`: what bounds the wait of a shutdown.
 *
 * The disposers here never settle on their own, so the tests wait for a deadline of a few milliseconds and measure
 * nothing.
 */

import { createContainer, singleton, token, type Scope } from "thimble";
import { observe } from "thimble/observe";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { deferred } from "./support/deferred.ts";
import { asyncDispose } from "./support/disposal.ts";
import { laterRefusal } from "./support/refusal.ts";
import { catchReports } from "./support/report-error.ts";
import { turn } from "./support/turn.ts";

const Db = token<string>("db");
const Users = token<string>("users");
const Server = token<string>("server");
const Cache = token<string>("cache");

const never = () => new Promise<never>(() => {});

describe("a timeout", () => {
  it("bounds the wait: what has not settled is abandoned", async () => {
    const app = createContainer(singleton(Db, () => "db", { dispose: never }));
    app.get(Db);

    const report = await app.shutdown({ timeout: 5 });

    expect(report.ok).toBe(false);
    expect(report.services).toEqual([
      {
        scope: "root",
        scopeId: app.id,
        token: "db",
        outcome: "abandoned",
        elapsed: expect.any(Number) as number,
      },
    ]);
  });

  it("leaves the scope closed all the same, and out of its parent", async () => {
    const app = createContainer();
    const child = app.createScope(
      "request",
      singleton(Db, () => "db", { dispose: never }),
    );
    child.get(Db);

    await child.shutdown({ timeout: 5 });

    expect(child.state).toBe("closed");
    expect([...app.children]).toEqual([]);
  });

  it("that is not reached changes nothing", async () => {
    const app = createContainer(singleton(Db, () => "db", { dispose: async () => {} }));
    app.get(Db);

    const report = await app.shutdown({ timeout: 10_000 });

    expect(report).toMatchObject({ ok: true, services: [{ outcome: "disposed" }] });
  });

  it("that is not reached leaves no timer behind, or a program would not end before it", async () => {
    const set = globalThis.setTimeout;
    const clear = globalThis.clearTimeout;
    const timers = new Set<unknown>();
    try {
      globalThis.setTimeout = ((...args: Parameters<typeof set>) => {
        const timer = set(...args);
        timers.add(timer);
        return timer;
      }) as typeof set;
      globalThis.clearTimeout = (timer) => {
        timers.delete(timer);
        clear(timer);
      };
      await createContainer().shutdown({ timeout: 60_000 });
    } finally {
      globalThis.setTimeout = set;
      globalThis.clearTimeout = clear;
    }

    expect([...timers]).toEqual([]);
  });

  it("of nothing still calls every disposal", async () => {
    const begun: string[] = [];
    const hang = (name: string) => ({ dispose: () => (begun.push(name), never()) });
    const app = createContainer(
      singleton(Db, () => "db", hang("db")),
      singleton(Users, [Db], () => "users", hang("users")),
    );
    app.get(Users);

    const report = await app.shutdown({ timeout: 0 });

    expect(begun).toEqual(["users", "db"]);
    expect(report.services.map((row) => row.outcome)).toEqual(["abandoned", "abandoned"]);
  });

  it("counts for the scopes below as well", async () => {
    const begun: string[] = [];
    const app = createContainer(singleton(Db, () => "db", { dispose: () => begun.push("db") }));
    const child = app.createScope("request").createScope(
      "job",
      singleton(Users, [Db], () => "users", { dispose: () => (begun.push("users"), never()) }),
    );
    child.get(Users);

    const report = await app.shutdown({ timeout: 5 });

    expect(begun).toEqual(["users", "db"]);
    expect(Object.fromEntries(report.services.map((row) => [row.token, row.outcome]))).toEqual({
      users: "abandoned",
      db: "disposed",
    });
    expect([app.state, child.state]).toEqual(["closed", "closed"]);
  });

  it("is not forgotten by a scope above that has nothing to wait for itself", async () => {
    const app = createContainer();
    const child = app.createScope(
      "request",
      singleton(Db, () => "db", { dispose: never }),
    );
    child.get(Db);

    const report = await app.shutdown({ timeout: 5 });

    expect(report.ok).toBe(false);
    expect(report.services.map((row) => [row.scope, row.token, row.outcome])).toEqual([
      ["request", "db", "abandoned"],
    ]);
    expect(await child.shutdown()).toMatchObject({
      ok: false,
      services: [{ token: "db", outcome: "abandoned" }],
    });
  });

  it("closes the scopes below before the one above, as ever", async () => {
    const closed: string[] = [];
    const app = createContainer(singleton(Users, () => "users", { dispose: never }));
    app.get(Users);
    app
      .createScope("request")
      .createScope(
        "job",
        singleton(Db, () => "db", { dispose: never }),
      )
      .get(Db);
    observe(app, { scopeClosed: ({ scope }) => closed.push(scope.name) });

    await app.shutdown({ timeout: 5 });

    expect(closed).toEqual(["job", "request", "root"]);
  });

  it("makes `await using` throw, since the report is not ok", async () => {
    const app = createContainer(singleton(Db, () => "db", { dispose: never }));
    app.get(Db);

    void app.shutdown({ timeout: 5 });
    const leaving = (app as unknown as Record<symbol, () => Promise<void>>)[asyncDispose]!();

    expect((await laterRefusal(leaving)).code).toBe("SHUTDOWN_FAILED");
  });
});

describe("at the deadline", () => {
  it("the signal given to every disposal aborts", async () => {
    const before: boolean[] = [];
    const signals: { readonly aborted: boolean }[] = [];
    const hang = {
      dispose: (_: unknown, signal: { readonly aborted: boolean }) => {
        before.push(signal.aborted);
        signals.push(signal);
        return never();
      },
    };
    const app = createContainer(
      singleton(Db, () => "db", hang),
      singleton(Users, () => "users", hang),
    );
    app.get([Db, Users]);

    await app.shutdown({ timeout: 5 });

    expect(before).toEqual([false, false]);
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
  });

  it("the signal does not abort when everything was in time", async () => {
    const signals: { readonly aborted: boolean }[] = [];
    const app = createContainer(singleton(Db, () => "db", { dispose: (_, signal) => signals.push(signal) }));
    app.get(Db);

    await app.shutdown({ timeout: 10_000 });
    await turn();

    expect(signals.map((signal) => signal.aborted)).toEqual([false]);
  });

  it("a disposer that listens can give up", async () => {
    const gaveUp = deferred();
    const app = createContainer(
      singleton(Db, () => "db", {
        dispose: (_, signal) =>
          new Promise<void>((resolve) => {
            signal.addEventListener("abort", () => {
              resolve();
              gaveUp.resolve();
            });
          }),
      }),
    );
    app.get(Db);

    await app.shutdown({ timeout: 5 });
    await gaveUp.promise;

    expect(app.state).toBe("closed");
  });

  it("whatever had not begun is begun at once, in order, without waiting", async () => {
    const begun: string[] = [];
    const aborted: boolean[] = [];
    const hang = (name: string) => ({
      dispose: (_: unknown, signal: { readonly aborted: boolean }) => {
        begun.push(name);
        aborted.push(signal.aborted);
        return never();
      },
    });
    const app = createContainer(
      singleton(Db, () => "db", hang("db")),
      singleton(Users, [Db], () => "users", hang("users")),
      singleton(Server, [Users], () => "server", hang("server")),
    );
    app.get(Server);

    const report = await app.shutdown({ timeout: 5 });

    expect(begun).toEqual(["server", "users", "db"]);
    expect(aborted).toEqual([false, true, true]);
    expect(report.services.map((row) => row.outcome)).toEqual(["abandoned", "abandoned", "abandoned"]);
  });

  it("what two depend on still goes after both of them", async () => {
    const begun: string[] = [];
    const say = (name: string) => ({ dispose: () => void begun.push(name) });
    const Left = token<string>("left");
    const Right = token<string>("right");
    const app = createContainer(
      singleton(Db, () => "db", say("db")),
      singleton(Left, [Db], () => "left", say("left")),
      singleton(Right, [Db], () => "right", say("right")),
      singleton(Server, [Left, Right], () => "server", { dispose: never }),
    );
    app.get(Server);

    await app.shutdown({ timeout: 5 });

    expect(begun).toHaveLength(3);
    expect(begun.at(-1)).toBe("db");
  });

  it("what is undone at once is still disposed, and says so", async () => {
    const app = createContainer(
      singleton(Db, () => "db", { dispose: () => {} }),
      singleton(Cache, () => "cache", {
        dispose: () => {
          throw new Error("cannot close");
        },
      }),
      singleton(Users, [Db, Cache], () => "users", { dispose: never }),
    );
    app.get(Users);

    const report = await app.shutdown({ timeout: 5 });

    expect(Object.fromEntries(report.services.map((row) => [row.token, row.outcome]))).toEqual({
      users: "abandoned",
      db: "disposed",
      cache: "failed",
    });
  });
});

describe("the signal of a disposal", () => {
  it.each([
    ["two parameters", (seen: unknown[]) => (_: unknown, signal: unknown) => seen.push(signal)],
    [
      "rest parameters",
      (seen: unknown[]) =>
        (...all: unknown[]) =>
          seen.push(all[1]),
    ],
  ])("is given to a disposer that takes it with %s", async (_, disposer) => {
    const seen: unknown[] = [];
    const app = createContainer(singleton(Db, () => "db", { dispose: disposer(seen) }));
    app.get(Db);

    await app.shutdown();

    expect(seen).toEqual([expect.objectContaining({ aborted: false })]);
  });

  it.each([
    ["nothing else", (seen: unknown[]) => (it: unknown) => seen.push(it, "no signal")],
    [
      "a default for it",
      (seen: unknown[]) =>
        (it: unknown, signal: unknown = "no signal") =>
          seen.push(it, signal),
    ],
    [
      "the rest of the arguments",
      (seen: unknown[]) =>
        (it: unknown, ...[signal = "no signal"]: unknown[]) =>
          seen.push(it, signal),
    ],
  ])("is not made for a disposer that declares one parameter and %s", async (_, disposer) => {
    const made = vi.spyOn(globalThis, "AbortController");
    onTestFinished(() => made.mockRestore());
    const seen: unknown[] = [];
    const app = createContainer(singleton(Db, () => "db", { dispose: disposer(seen) }));
    app.get(Db);

    await app.shutdown();

    expect(seen).toEqual(["db", "no signal"]);
    expect(made).not.toHaveBeenCalled();
  });
});

describe("what settles after it was abandoned", () => {
  it("does not change the report", async () => {
    const gate = deferred();
    const app = createContainer(singleton(Db, () => "db", { dispose: () => gate.promise }));
    app.get(Db);
    const report = await app.shutdown({ timeout: 5 });
    const before = structuredClone(report);

    gate.resolve();
    await turn();

    expect(report).toEqual(before);
  });

  it("is no unhandled rejection when it fails", async () => {
    catchReports();
    const gate = deferred();
    const app = createContainer(singleton(Db, () => "db", { dispose: () => gate.promise }));
    app.get(Db);
    const report = await app.shutdown({ timeout: 5 });

    gate.reject(new Error("too late to tell anyone"));
    await turn();

    expect(report.services.map((row) => row.outcome)).toEqual(["abandoned"]);
  });
});

describe("a signal", () => {
  it("bounds the wait when it aborts", async () => {
    const patience = new AbortController();
    const begun: string[] = [];
    const app = createContainer(
      singleton(Db, () => "db", { dispose: () => begun.push("db") }),
      singleton(Users, [Db], () => "users", { dispose: () => (begun.push("users"), never()) }),
    );
    app.get(Users);

    const closing = app.shutdown({ signal: patience.signal });
    await turn();
    expect(begun).toEqual(["users"]);
    patience.abort();
    const report = await closing;

    expect(begun).toEqual(["users", "db"]);
    expect(report.services.map((row) => [row.token, row.outcome])).toContainEqual(["users", "abandoned"]);
  });

  it("that has aborted already still disposes everything", async () => {
    const begun: string[] = [];
    const undone: string[] = [];
    const app = createContainer(
      singleton(Db, () => "db", { dispose: () => undone.push("db") }),
      singleton(Users, [Db], () => "users", { dispose: () => (begun.push("users"), never()) }),
      singleton(Server, [Users], () => "server", { dispose: () => undone.push("server") }),
    );
    const child = app.createScope(
      "request",
      singleton(Cache, [Db], () => "cache", { dispose: () => undone.push("cache") }),
    );
    app.get(Server);
    child.get(Cache);

    const report = await app.shutdown({ signal: AbortSignal.abort() });

    expect(undone).toEqual(["cache", "server", "db"]);
    expect(begun).toEqual(["users"]);
    expect(Object.fromEntries(report.services.map((row) => [row.token, row.outcome]))).toEqual({
      cache: "disposed",
      server: "disposed",
      users: "abandoned",
      db: "disposed",
    });
  });

  it("that has aborted already calls every disposal before shutdown returns", () => {
    const begun: string[] = [];
    const hang = (name: string) => ({ dispose: () => (begun.push(name), never()) });
    const app = createContainer(
      singleton(Db, () => "db", hang("db")),
      singleton(Users, [Db], () => "users", hang("users")),
    );
    app.get(Users);

    void app.shutdown({ signal: AbortSignal.abort() });

    expect(begun).toEqual(["users", "db"]);
  });

  it("that never aborts is not in the way", async () => {
    const app = createContainer(singleton(Db, () => "db", { dispose: async () => {} }));
    app.get(Db);

    const report = await app.shutdown({ signal: new AbortController().signal });

    expect(report.ok).toBe(true);
  });
});

describe("the signal of a caller", () => {
  it("is not listened to for longer than the shutdown lasts", async () => {
    const listeners = new Set<unknown>();
    const signal = {
      aborted: false,
      reason: undefined,
      throwIfAborted() {},
      addEventListener: (_: string, listener: unknown) => void listeners.add(listener),
      removeEventListener: (_: string, listener: unknown) => void listeners.delete(listener),
    };
    const gate = deferred();
    const app = createContainer(singleton(Db, () => "db", { dispose: () => gate.promise }));
    app.get(Db);

    const closing = app.shutdown({ signal });
    expect(listeners.size).toBe(1);
    gate.resolve();
    await closing;
    expect(listeners.size).toBe(0);

    await app.shutdown({ signal });
    expect(listeners.size).toBe(0);
  });
});

describe("a later call", () => {
  it("with a shorter timeout shortens the shutdown that is under way", async () => {
    const app = createContainer(singleton(Db, () => "db", { dispose: never }));
    app.get(Db);

    const first = app.shutdown({ timeout: 60_000 });
    const second = app.shutdown({ timeout: 5 });

    expect(await first).toBe(await second);
    expect((await first).services.map((row) => row.outcome)).toEqual(["abandoned"]);
  });

  it("with a timeout shortens a shutdown that had none", async () => {
    const app = createContainer(singleton(Db, () => "db", { dispose: never }));
    app.get(Db);

    const first = app.shutdown();
    await turn();
    void app.shutdown({ timeout: 5 });

    expect((await first).ok).toBe(false);
  });

  it("with a longer timeout, or with none, lengthens nothing", async () => {
    const app = createContainer(singleton(Db, () => "db", { dispose: never }));
    app.get(Db);

    const first = app.shutdown({ timeout: 10 });
    void app.shutdown({ timeout: 60_000 });
    void app.shutdown();

    expect((await first).services.map((row) => row.outcome)).toEqual(["abandoned"]);
  });

  it("with an aborted signal shortens the shutdown that is under way", async () => {
    const begun: string[] = [];
    const app = createContainer(
      singleton(Db, () => "db", { dispose: () => begun.push("db") }),
      singleton(Users, [Db], () => "users", { dispose: () => (begun.push("users"), never()) }),
    );
    app.get(Users);

    const first = app.shutdown({ timeout: 60_000 });
    void app.shutdown({ signal: AbortSignal.abort() });
    await first;

    expect(begun).toEqual(["users", "db"]);
  });

  it("on the scope above shortens that of a child, too", async () => {
    const app = createContainer();
    const child: Scope = app.createScope(
      "request",
      singleton(Db, () => "db", { dispose: never }),
    );
    child.get(Db);

    const own = child.shutdown();
    await app.shutdown({ timeout: 5 });

    expect((await own).services.map((row) => row.outcome)).toEqual(["abandoned"]);
    expect(child.state).toBe("closed");
  });

  it("on a child shortens it while the scope above waits on", async () => {
    const gate = deferred();
    const app = createContainer(singleton(Db, () => "db", { dispose: () => gate.promise }));
    const child = app.createScope(
      "request",
      singleton(Users, [Db], () => "users", { dispose: never }),
    );
    child.get(Users);

    const above = app.shutdown();
    const below = await child.shutdown({ timeout: 5 });
    expect(below.services.map((row) => row.outcome)).toEqual(["abandoned"]);

    gate.resolve();
    expect((await above).services.map((row) => [row.token, row.outcome])).toEqual([
      ["users", "abandoned"],
      ["db", "disposed"],
    ]);
  });
});
