/**
 * What is registered for a scope leaves with it, and a signal that comes while a program starts ends it in order: with
 * several scopes and trees on one source of signals, and with every way to close a scope and to start.
 */

import {
  abortSignal,
  alias,
  all,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Provider,
  type Scope,
} from "thimble";
import { shutdownOnSignal } from "thimble/generic";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { turn } from "../core/support/turn.ts";
import { uncheckedContainer as container } from "../core/support/unchecked.ts";
import { asker } from "./asker.ts";
import { rejection, settles } from "./waiting.ts";

const Db = token<object>("db");
const Server = token<object>("server");
const Plugin = token<object>("plugin");
const never = () => new Promise<void>(() => {});

const owned = (dispose: () => unknown) => value(Db, {}, { dispose });

describe("`shutdownOnSignal` leaves with its scope, whoever closes it", () => {
  it.each<[string, (job: Scope, app: Scope) => unknown]>([
    ["`await using` of the scope", (job) => job[Symbol.asyncDispose]()],
    ["`await using` of the scope above", (_, app) => app[Symbol.asyncDispose]()],
    ["a shutdown with a deadline", (job) => job.shutdown({ timeout: 1 })],
    ["a shutdown whose deadline has passed", (job) => job.shutdown({ signal: AbortSignal.abort() })],
    [
      "a factory of the scope",
      (job) => {
        job.provide(scoped(Plugin, () => (void job.shutdown(), {}) as object) as never);
        return rejection(job.createScope().getAsync(Plugin));
      },
    ],
    [
      "a `stop` of the scope above",
      (job, app) => {
        app.provide(value(Plugin, {}, { stop: () => void job.shutdown() }) as never);
        return app.shutdown();
      },
    ],
  ])("%s", async (_, close) => {
    const signals = asker();
    const app = container(singleton(Db, () => ({}), { dispose: () => turn() }));
    const job = app.createScope("job", singleton(Server, () => ({}), { dispose: () => turn() }) as never);
    job.get([Db, Server]);
    const stopped = shutdownOnSignal(job, { signals });
    expect(signals.listening).toBe(1);

    await close(job, app);

    const { report } = await settles(stopped);
    expect(signals.listening).toBe(0);
    expect(report).toBe(await job.shutdown());
    expect(report.services.map(({ token }) => token)).toEqual(["server"]);
  });

  it("a closing with a failure: it resolves with that report, and leaves", async () => {
    const signals = asker();
    const app = container(owned(() => Promise.reject(new Error("cannot"))));
    const stopped = shutdownOnSignal(app, { signals });

    expect(await rejection(app[Symbol.asyncDispose]())).toMatchObject({ code: "SHUTDOWN_FAILED" });

    expect((await settles(stopped)).report).toMatchObject({ ok: false });
    expect(signals.listening).toBe(0);
  });

  it("one container after the other, of which each heard of no signal", async () => {
    const signals = asker();
    const reasons: unknown[] = [];
    for (let n = 0; n < 20; n++) {
      const app = container(owned(() => turn()));
      const stopped = shutdownOnSignal(app, { signals });
      expect(signals.listening).toBe(1);
      await app.shutdown({ reason: n });
      reasons.push((await settles(stopped)).reason);
    }

    expect(reasons).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(signals.listening).toBe(0);
  });

  it("not before: it listens while the scope stops and closes", async () => {
    const [stop, dispose] = [deferred(), deferred()];
    const signals = asker();
    const app = container(
      value(Server, {}, { stop: () => stop.promise }),
      owned(() => dispose.promise),
    );
    const stopped = shutdownOnSignal(app, { signals });
    const seen: unknown[] = [];

    const closing = app.shutdown();
    seen.push(app.state, signals.listening);
    stop.resolve();
    await turn();
    seen.push(app.state, signals.listening);
    dispose.resolve();
    await settles(closing);
    seen.push(app.state, signals.listening);

    expect(seen).toEqual(["stopping", 1, "closing", 1, "closed", 0]);
    await settles(stopped);
  });

  it("also when it was registered while the scope was stopping", async () => {
    const signals = asker();
    const gate = deferred();
    const app = container(value(Server, {}, { stop: () => gate.promise }));
    const closing = app.shutdown({ reason: "deploy" });

    const stopped = shutdownOnSignal(app, { signals });
    gate.resolve();

    expect(await settles(stopped)).toEqual({ reason: "deploy", report: await closing });
    expect(signals.listening).toBe(0);
  });
});

describe("several that listen to one source", () => {
  it("of two containers, one that closes by itself leaves, and the other one still hears", async () => {
    const signals = asker();
    const log: string[] = [];
    const [shop, admin] = ["shop", "admin"].map((name) => container(owned(() => log.push(name))));
    const stopped = [shop!, admin!].map((app) => shutdownOnSignal(app, { signals }));
    expect(signals.listening).toBe(2);

    await admin!.shutdown({ reason: "no admin today" });
    expect(signals.listening).toBe(1);
    expect(log).toEqual(["admin"]);
    signals.ask("SIGTERM");

    const [first, second] = await settles(Promise.all(stopped));
    expect([first!.reason, second!.reason]).toEqual(["SIGTERM", "no admin today"]);
    expect(log).toEqual(["admin", "shop"]);
    expect(signals.listening).toBe(0);
  });

  it("of a scope and the one above, both hear of one signal, and each resolves with its own report", async () => {
    const signals = asker();
    const app = container(owned(() => {}));
    const job = app.createScope("job", value(Server, {}, { dispose: () => turn() }) as never);
    const stopped = [app, job].map((scope) => shutdownOnSignal(scope, { signals }));

    signals.ask("SIGINT");

    const [above, below] = await settles(Promise.all(stopped));
    expect(above!.report.services.map(({ token }) => token)).toEqual(["server", "db"]);
    expect(below!.report.services.map(({ token }) => token)).toEqual(["server"]);
    expect([above!.reason, below!.reason, signals.listening]).toEqual(["SIGINT", "SIGINT", 0]);
  });

  it("for one scope, a library and the program: both resolve with one report, at the shorter deadline", async () => {
    const signals = asker();
    const app = container(owned(never));
    const stopped = [60_000, 1].map((timeout) => shutdownOnSignal(app, { signals, timeout }));

    signals.ask("SIGTERM");

    const [program, library] = await settles(Promise.all(stopped));
    expect(program!.report).toBe(library!.report);
    expect(program!.report.services).toMatchObject([{ outcome: "abandoned" }]);
    expect(signals.listening).toBe(0);
  });

  it("a signal during a shutdown that was begun by other code, and is stopping, sets the deadline", async () => {
    const signals = asker();
    const app = container(value(Server, {}, { stop: never }));
    const stopped = shutdownOnSignal(app, { signals, timeout: 1 });
    const closing = app.shutdown({ reason: "deploy" });
    await turn();
    expect(app.state).toBe("stopping");

    signals.ask("SIGTERM");

    const { report } = await settles(stopped);
    expect(report).toBe(await settles(closing));
    expect(report.services).toMatchObject([{ token: "server", outcome: "abandoned" }]);
  });

  it("a thousand scopes that come and go leave nothing", async () => {
    const signals = asker();
    const app = container();
    for (let n = 0; n < 100; n++) {
      const scopes = Array.from({ length: 10 }, () => app.createScope("request"));
      const stopped = scopes.map((scope) => shutdownOnSignal(scope, { signals }));
      expect(signals.listening).toBe(10);
      await Promise.all(scopes.map((scope) => scope.shutdown()));
      await Promise.all(stopped);
    }

    expect(signals.listening).toBe(0);
    expect([...app.children]).toEqual([]);
  });
});

describe("a signal while a program starts", () => {
  /** A program whose server takes its time, and what it logs. */
  function starting(...providers: Provider[]) {
    const gate = deferred();
    const log: string[] = [];
    const signals = asker();
    const closes = (name: string) => ({
      dispose: async () => {
        await turn();
        log.push(`${name} closed`);
      },
    });
    const app = container(
      singleton(Db, async () => ({}), closes("db")),
      singleton(Server, [Db], async () => (await gate.promise, {}), { as: [Plugin], ...closes("server") }),
      ...providers,
    );
    const stopped = shutdownOnSignal(app, { signals }).then(({ reason, report }) => {
      log.push(`${String(reason)} ${report.ok}`);
    });
    /** Waits for what the program starts with, and logs how that ended. */
    const start = async (pending: Promise<unknown>) => {
      const told = pending.then(
        () => log.push("started"),
        (error: { code: string }) => log.push(`refused: ${error.code}`),
      );
      await turn();
      signals.ask("SIGTERM");
      gate.resolve();
      await settles(Promise.all([stopped, told]));
      return log;
    };
    return { app, start, gate, log };
  }

  const Checked = token<object>("checked");

  it.each<[string, (app: Scope) => Promise<unknown>]>([
    ["for a list", (app) => app.getAsync([Db, Server])],
    ["for a record of lists", (app) => app.getAsync({ of: [{ server: Server }] })],
    ["for all()", (app) => app.getAsync(all(Plugin))],
    [
      "for an alias of a list",
      (app) => app.provide(alias(Checked, [Server] as never) as never).getAsync(Checked),
    ],
    [
      "for a transient",
      (app) => app.provide(transient(Checked, [Server], async (it) => it) as never).getAsync(Checked),
    ],
    ["with runAsync()", (app) => app.runAsync([Server], () => "started")],
    ["with a signal of its own", (app) => app.getAsync(Server, { signal: new AbortController().signal })],
    ["in a scope below", (app) => app.createScope("job").getAsync(Server)],
    [
      "in a scope below, for a service of that scope",
      (app) => app.createScope("job", scoped(Checked, [Server], () => ({})) as never).getAsync(Checked),
    ],
    [
      "for something that is built on the server",
      (app) => app.provide(singleton(Checked, [Server], () => ({})) as never).getAsync(Checked),
    ],
  ])("that waits %s shuts down first, and refuses that afterwards", async (_, begin) => {
    const { app, start } = starting();

    const log = await start(begin(app));

    // The server was being built, so it is there to be closed, before the database.
    expect(log.slice(0, 2)).toEqual(["server closed", "db closed"]);
    expect(log.slice(2).toSorted()).toEqual(["SIGTERM true", "refused: SCOPE_CLOSED"]);
  });

  it("that waits for an `init` closes what that has begun with", async () => {
    const { start, app, gate, log } = starting();
    const migrate = async () => {
      await gate.promise;
      log.push("migrated");
    };
    const dispose = () => void log.push("checked closed");
    app.provide(singleton(Checked, [Db], () => ({}), { init: migrate, dispose }) as never);

    expect((await start(app.getAsync(Checked))).slice(0, 3)).toEqual([
      "migrated",
      "checked closed",
      "db closed",
    ]);
    expect(log.slice(3).toSorted()).toEqual(["SIGTERM true", "refused: SCOPE_CLOSED"]);
  });

  it.each([
    ["with the reason of that", "true", (reason: unknown) => reason],
    ["with an error of its own, which the report tells", "false", () => new Error("half open")],
  ])("that gives up by its abort signal, %s, has nothing of it to close", async (_, ok, errorOf) => {
    const { app, start } = starting(
      singleton(
        Checked,
        [Db, abortSignal],
        (_, signal) =>
          new Promise<object>((_, reject) =>
            signal.addEventListener("abort", () => reject(errorOf(signal.reason) as Error)),
          ),
        { dispose: () => expect.unreachable() },
      ),
    );

    const log = await start(app.getAsync(Checked));

    expect(log[0]).toBe("db closed");
    expect(log.slice(1).toSorted()).toEqual([`SIGTERM ${ok}`, "refused: SCOPE_CLOSED"]);
  });

  it("of which one part was not begun yet never begins that", async () => {
    let begun = 0;
    const { app, start } = starting(singleton(Checked, [Server], async () => ({ begun: begun++ })));

    await start(app.getAsync([Checked, Db]));

    expect(begun).toBe(0);
  });

  it("before the program has resolved anything refuses what it then wants", async () => {
    const { app, log, gate } = starting();
    const signals = asker();
    const stopped = shutdownOnSignal(app, { signals });

    signals.ask("SIGTERM");
    const refused = rejection(app.getAsync(Server));
    gate.resolve();

    expect(await refused).toMatchObject({ code: "SCOPE_CLOSED" });
    expect((await settles(stopped)).report).toMatchObject({ ok: true, services: [] });
    expect(log).not.toContain("started");
  });
});
