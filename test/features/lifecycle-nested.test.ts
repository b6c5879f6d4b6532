/**
 * An app whose container is a scope below another one: a tenant, a plug-in, a part that is started on its own.
 */
import {
  createContainer,
  currentScope,
  scoped,
  singleton,
  token,
  value,
  type Provider,
  type Scope,
} from "thimble";
import { createApp, warm, type App } from "thimble/lifecycle";
import { beforeEach, describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { catchReports } from "../core/support/report-error.ts";
import { turn } from "../core/support/turn.ts";
import { uncheckedContainer } from "../core/support/unchecked.ts";
import { rejection, settles } from "../situations/waiting.ts";

// Errors that reach no caller are told to the runtime. Some runtimes would end the run.
beforeEach(() => void catchReports());

const [Db, Api, Job] = [token<string>("db"), token<string>("api"), token<string>("job")];

/** A service that writes down what happens to it. */
function noting(log: string[], it: typeof Db, deps: readonly (typeof Db)[] = []): Provider {
  return singleton(it, [...deps], () => it.name, {
    start: () => log.push(`${it.name} started`),
    stop: () => log.push(`${it.name} stopped`),
    dispose: () => log.push(`${it.name} disposed`),
  }) as Provider;
}

function noteHooks(log: string[], app: App, name: string): void {
  for (const phase of ["beforeStart", "afterStart", "beforeStop", "afterStop"] as const)
    app[phase](() => log.push(`${name}: ${phase}`));
}

describe("an app below another scope", () => {
  it("is stopped whole, hooks included, before what it depends on further up", async () => {
    const log: string[] = [];
    const root: Scope = uncheckedContainer(noting(log, Db));
    const app = createApp(root.createScope("part", noting(log, Api, [Db])));
    noteHooks(log, app, "part");
    await app.start();
    log.length = 0;

    const report = await settles(root.shutdown({ reason: "enough" }));

    // The database has a `start` and no app, so it was never started, and is not stopped.
    expect(log).toEqual([
      "part: beforeStop",
      "api stopped",
      "api disposed",
      "part: afterStop",
      "db disposed",
    ]);
    expect([report.ok, app.state]).toEqual([true, "stopped"]);
  });

  it("stops with the app of the scope above: its hooks run while everything still works", async () => {
    const log: string[] = [];
    const root: Scope = uncheckedContainer(noting(log, Db));
    const above = createApp(root);
    const below = createApp(root.createScope("part", noting(log, Api, [Db])));
    below.beforeStop(async () => {
      await turn();
      log.push(`${root.state}, with ${root.get(Db)} and ${below.container.get(Api)}`);
    });
    noteHooks(log, above, "root");
    noteHooks(log, below, "part");
    await above.start();
    await below.start();
    log.length = 0;

    await settles(above.stop());

    expect(log).toEqual([
      "root: beforeStop",
      "part: beforeStop",
      "stopping, with db and api",
      "api stopped",
      "api disposed",
      "part: afterStop",
      "db stopped",
      "db disposed",
      "root: afterStop",
    ]);
  });

  it("stops in turn at any depth", async () => {
    const log: string[] = [];
    const root: Scope = createContainer();
    const middle = createApp(root.createScope("middle", noting(log, Api)));
    const lowest = createApp(middle.container.createScope("lowest", noting(log, Job, [Api])));
    await middle.start();
    await lowest.start();
    noteHooks(log, middle, "middle");
    noteHooks(log, lowest, "lowest");
    log.length = 0;

    await settles(root.shutdown());

    expect(log).toEqual([
      ...["middle: beforeStop", "lowest: beforeStop", "job stopped", "job disposed", "lowest: afterStop"],
      ...["api stopped", "api disposed", "middle: afterStop"],
    ]);
  });

  it("that fails to stop fails the shutdown above", async () => {
    const failure = new Error("no");
    const root: Scope = createContainer();
    const app = createApp(
      root.createScope("part", value(Api, "api", { dispose: () => Promise.reject(failure) })),
    );
    await app.start();

    const report = await settles(root.shutdown());

    expect(report).toMatchObject({
      ok: false,
      services: [
        { scope: "root", token: "app of part", outcome: "failed", error: { code: "SHUTDOWN_FAILED" } },
      ],
    });
    expect((await app.done).services).toMatchObject([{ token: "api", error: failure }]);
  });

  it("does not keep the scope above waiting after its deadline", async () => {
    const root: Scope = createContainer();
    const app = createApp(root.createScope("part"));
    app.beforeStop(() => new Promise(() => {}));
    await app.start();

    const report = await settles(root.shutdown({ timeout: 5 }));

    expect(report.services).toMatchObject([{ token: "app of part", outcome: "abandoned" }]);
    expect((await settles(app.done)).services).toMatchObject([{ token: "beforeStop", outcome: "abandoned" }]);
  });

  it("is stopped while it starts", async () => {
    const log: string[] = [];
    const gate = deferred();
    const root: Scope = createContainer();
    const app = createApp(
      root.createScope(
        "part",
        noting(log, Api),
        singleton(Job, () => "job", { start: () => gate.promise }),
      ),
    );
    const starting = rejection(app.start());
    await turn();

    const closing = root.shutdown();
    await turn();
    expect(log).toEqual(["api started"]);
    gate.resolve();

    expect((await settles(closing)).ok).toBe(true);
    expect(await starting).toMatchObject({ code: "SCOPE_CLOSED" });
    expect(log).toEqual(["api started", "api stopped", "api disposed"]);
  });

  it("that was never started, or has stopped before, is in nobody's way", async () => {
    const log: string[] = [];
    const root: Scope = createContainer();
    const idle = createApp(root.createScope("idle"));
    const over = createApp(root.createScope("over"));
    noteHooks(log, idle, "idle");
    await over.start();
    await over.stop();
    noteHooks(log, over, "over");

    expect(await settles(root.shutdown())).toMatchObject({ ok: true, services: [] });
    expect([idle.state, over.state, log]).toEqual(["stopped", "stopped", []]);
  });

  it("made while the scope above is stopping is stopped as well", async () => {
    const log: string[] = [];
    const gate = deferred();
    const root: Scope = createContainer(value(Db, "db", { stop: () => gate.promise }));
    const closing = root.shutdown();
    const app = createApp(root.createScope("late", noting(log, Api)));
    noteHooks(log, app, "late");
    await app.start();
    log.length = 0;
    gate.resolve();

    expect((await settles(closing)).ok).toBe(true);
    expect((await settles(app.done)).ok).toBe(true);
    expect(log.slice(0, 3)).toEqual(["late: beforeStop", "api stopped", "api disposed"]);
  });

  it("whose hook shuts down the scope above stops, and nothing waits for itself", async () => {
    const log: string[] = [];
    const root: Scope = createContainer();
    const app = createApp(root.createScope("part", noting(log, Api)));
    app.afterStart(() => root.shutdown());
    const starting = app.start().catch(() => {});

    expect((await settles(app.done)).ok).toBe(true);
    await settles(starting);
    expect(root.state).toBe("closed");
    expect(log).toEqual(["api started", "api stopped", "api disposed"]);
  });

  it("serves until the scope above is shut down", async () => {
    const root: Scope = createContainer();
    const app = createApp(root.createScope("part"));
    const serving = app.serve();
    await turn();

    await settles(root.shutdown({ reason: "the program ends" }));

    expect(await settles(serving)).toMatchObject({ reason: "the program ends", report: { ok: true } });
  });

  it("starts the scoped services of the scopes above, for its own scope", async () => {
    const log: string[] = [];
    const note = (it: typeof Db, options: object = {}) =>
      scoped(it, [currentScope], ({ name }) => name, {
        start: (name: string) => log.push(`${it.name} of ${name} started`),
        stop: (name: string) => log.push(`${it.name} of ${name} stopped`),
        ...options,
      });
    // Registered in another order than they would be built in.
    const root: Scope = createContainer(note(Api), note(Job, { in: "tenant" }), note(Db, { order: -1 }));
    const first = createApp(root.createScope("tenant"));
    const second = createApp(root.createScope("other"));
    await first.start();
    await second.start();
    expect(log.splice(0)).toEqual([
      ...["db of tenant started", "api of tenant started", "job of tenant started"],
      ...["db of other started", "api of other started"],
    ]);

    await settles(root.shutdown());
    expect(log.sort()).toEqual([
      ...["api of other stopped", "api of tenant stopped", "db of other stopped"],
      ...["db of tenant stopped", "job of tenant stopped"],
    ]);
  });

  it("starts a scoped service that lives in its own scope by name", async () => {
    const log: string[] = [];
    const root: Scope = createContainer();
    const tenant = root.createScope(
      "tenant",
      scoped(Api, () => "api", { in: "tenant", start: () => log.push("up") }),
    );
    await createApp(tenant).start();

    expect(log).toEqual(["up"]);
    await root.shutdown();
  });

  it("a thousand of them leave nothing behind in the scope above", async () => {
    const root: Scope = createContainer();
    for (let i = 0; i < 1_000; i++) {
      const app = createApp(root.createScope("part"));
      await app.start();
      await app.stop();
    }

    expect([...root.children]).toEqual([]);
    expect(await settles(root.shutdown())).toMatchObject({ ok: true, services: [] });
  });

  it("many apps in one program do not know of each other", async () => {
    const reported = catchReports();
    const logs = Array.from({ length: 20 }, (): string[] => []);
    const providers = noting([], Db);
    const apps = logs.map((log, at) => {
      const app = createApp<never>(uncheckedContainer(providers, noting(log, Api)) as never);
      if (at % 2) app.afterStart(() => Promise.reject(new Error("no")));
      return app;
    });

    const results = await settles(Promise.allSettled(apps.map((app) => app.run([], () => {}))));

    expect(results.map(({ status }) => status)).toEqual(
      logs.map((_, at) => (at % 2 ? "rejected" : "fulfilled")),
    );
    for (const log of logs) expect(log).toEqual(["api started", "api stopped", "api disposed"]);
    expect(reported).toEqual([]);
  });

  it("is warmed by itself: what is above is built when it is needed, and not started", async () => {
    const log: string[] = [];
    const root: Scope = uncheckedContainer(noting(log, Db));
    const part = root.createScope("part", noting(log, Api, [Db]));

    await warm(part);
    await createApp(part).start();

    expect(log).toEqual(["api started"]);
    await root.shutdown();
  });
});
