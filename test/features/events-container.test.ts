/**
 * `containerEvents`: the life of a scope as events.
 */
import { createContainer, singleton, token, value, type Scope } from "thimble";
import { type AppEventMap, type ContainerEvents, containerEvents } from "thimble/events";
import { createApp } from "thimble/lifecycle";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { rejected, thrown } from "../core/support/refusal.ts";
import { catchReports } from "../core/support/report-error.ts";
import { turn } from "../core/support/turn.ts";

const Db = token<string>("db");
const fails = singleton(Db, () => {
  throw new Error("no database");
});

/** The names of all events, with the scopes that they are about. */
function listen(scope: Scope): { heard: string[]; events: ContainerEvents } {
  const heard: string[] = [];
  const events = containerEvents(scope);
  events.intercept("*", ({ name, payload }) => void heard.push(`${name} ${payload.scope.name}`));
  return { heard, events };
}

describe("containerEvents", () => {
  it("tells when a scope opens, begins to close and has closed", async () => {
    const app = createContainer("app");
    const { heard } = listen(app);

    const request = app.createScope("request");
    request.createScope("part");
    await app.shutdown();

    expect(heard).toEqual([
      "opened request",
      "opened part",
      "closing app",
      "closing request",
      "closing part",
      "closed part",
      "closed request",
      "closed app",
    ]);
  });

  it("has scope, reason, report and error in its payloads", async () => {
    const app = createContainer("app", fails);
    const events = containerEvents(app);
    const heard: unknown[] = [];
    events.on("opened", ({ payload }) => void heard.push(payload));
    events.on("buildFailed", ({ payload }) => void heard.push(payload));
    events.on("closing", ({ payload }) => void heard.push(payload));
    events.on("closed", ({ payload }) => void heard.push(payload));

    const request = app.createScope("request");
    thrown(() => app.get(Db));
    await request.shutdown({ reason: "over" });

    expect(heard).toEqual([
      { scope: request },
      {
        scope: app,
        token: Db,
        path: [{ token: "db", scope: "app" }],
        elapsed: expect.any(Number),
        error: new Error("no database"),
      },
      { scope: request, reason: "over" },
      { scope: request, elapsed: 0, report: await request.shutdown() },
    ]);
    expect(heard.every(Object.isFrozen)).toBe(true);
  });

  it("tells of a build that fails later", async () => {
    const app = createContainer(
      "app",
      singleton(Db, () => Promise.reject(new Error("no database"))),
    );
    const { heard } = listen(app);

    await rejected(app.getAsync(Db));

    expect(heard).toEqual(["buildFailed app"]);
  });

  it("is about the scope and what is below it, and not about what is above or beside it", async () => {
    const app = createContainer("app");
    const request = app.createScope("request");
    const { heard } = listen(request);

    request.createScope("part");
    app.createScope("other");
    await app.shutdown();

    expect(heard).toEqual([
      "opened part",
      "closing request",
      "closing part",
      "closed part",
      "closed request",
    ]);
  });

  it("does not hold up the scope, and can be drained", async () => {
    const app = createContainer("app");
    const events = containerEvents(app);
    const gate = deferred();
    const heard: string[] = [];
    events.once("closing", async () => {
      await gate.promise;
      heard.push("closing is over");
    });

    await app.shutdown();
    heard.push("closed");
    gate.resolve();
    await events.drain();

    expect(heard).toEqual(["closed", "closing is over"]);
  });

  it("tells each of the scopes that a scope below has begun to close once", async () => {
    const app = createContainer("app", value(Db, "db", { dispose: () => turn() }));
    const { heard } = listen(app);
    const request = app.createScope("request", value(Db, "db", { dispose: () => turn() }));

    const first = request.shutdown();
    await app.shutdown();
    await first;

    expect(heard.filter((it) => it.startsWith("closing"))).toEqual(["closing request", "closing app"]);
  });

  it("ends with stop, which may be called again", async () => {
    const app = createContainer("app");
    const { heard, events } = listen(app);

    events.stop();
    events.stop();
    app.createScope("request");
    await app.shutdown();

    expect(heard).toEqual([]);
  });

  it("cannot be emitted on from outside", () => {
    expect("emit" in containerEvents(createContainer())).toBe(false);
  });

  it("tells observers what its handlers throw, as of an observer that throws", async () => {
    const unhandled: unknown[] = [];
    const reported = catchReports();
    const app = createContainer("app");
    observe(app, { unhandled: ({ scope, error }) => void unhandled.push(scope, error) });
    const events = containerEvents(app);
    events.on("opened", () => Promise.reject(new Error("mine")));

    app.createScope();
    await turn();

    expect(unhandled).toMatchObject([app, { code: "EVENT_HANDLER_FAILED", cause: new Error("mine") }]);
    expect(reported).toEqual([]);
  });

  it("reports what its handlers throw, unless there is a finalizer, which has it in the report", async () => {
    const reported = catchReports();
    const app = createContainer("app");
    const events = containerEvents(app);
    const finalized: unknown[] = [];
    events.on("opened", () => {
      throw new Error("mine");
    });

    app.createScope();
    await turn();
    expect(reported).toMatchObject([{ code: "EVENT_HANDLER_FAILED", cause: new Error("mine") }]);

    const remove = events.finalize((_, { errors }) => void finalized.push(...errors));
    app.createScope();
    await turn();
    expect(reported).toHaveLength(1);
    expect(finalized).toMatchObject([{ cause: new Error("mine") }]);

    remove();
    app.createScope();
    await turn();
    expect(reported).toHaveLength(2);
  });

  it("of an app tells of its start and stop as well, among the events of its container", async () => {
    const heard: string[] = [];
    const container = createContainer(
      "app",
      singleton(Db, () => "db", {
        eager: true,
        start: () => void heard.push("start db"),
        stop: () => void heard.push("stop db"),
      }),
    );
    const app = createApp(container);
    containerEvents(app).intercept(
      "*",
      ({ name, payload }) => void heard.push(`${name} ${payload.scope.name}`),
    );

    await app.start();
    await app.stop();

    expect(heard).toEqual([
      "starting app",
      "start db",
      "started app",
      "stopping app",
      "stop db",
      "closing app",
      "closed app",
      "stopped app",
    ]);
  });

  it("of an app whose start fails tells that it stops, and not that it has started", async () => {
    const container = createContainer(value(Db, "db", { start: () => Promise.reject(new Error("no")) }));
    const app = createApp(container);
    const heard: string[] = [];
    containerEvents(app).intercept("*", ({ name }) => void heard.push(name));

    expect(await rejected(app.start())).toEqual(new Error("no"));

    expect(heard).toEqual(["starting", "stopping", "closing", "closed", "stopped"]);
  });

  it("of an app holds up neither its start nor its stop, and leaves it with stop", async () => {
    const app = createApp(createContainer("app"));
    const events = containerEvents(app);
    const heard: string[] = [];
    for (const name of ["starting", "started", "stopping", "stopped"] as const) {
      events.on(name, () => {
        heard.push(name);
        return new Promise(() => {});
      });
    }

    await app.start();
    events.stop();
    await app.stop();

    expect(heard).toEqual(["starting", "started"]);
  });

  it("of an app tells of errors that reach no caller, and takes none away while nobody listens", () => {
    const reported = catchReports();
    const container: Scope = createContainer("app");
    const events = containerEvents(createApp(container));
    const heard: unknown[] = [];
    observe(container, {
      scopeOpened() {
        throw new Error("an observer's own");
      },
    });

    container.createScope();
    expect(reported).toEqual([new Error("an observer's own")]);

    const remove = events.on("unhandled", ({ payload }) => void heard.push(payload.error));
    container.createScope();
    expect(heard).toEqual([new Error("an observer's own")]);
    remove();
    container.createScope();
    expect([reported.length, heard.length]).toEqual([2, 1]);
  });

  it.each<[string, (events: ContainerEvents<AppEventMap>, heard: unknown[]) => unknown]>([
    ["an interceptor", (events, heard) => events.intercept("*", (it) => void heard.push(it.name))],
    ["a finalizer", (events, heard) => events.finalize(({ name }) => void heard.push(name))],
  ])("of an app tells %s of errors that reach no caller", (_, arrange) => {
    const reported = catchReports();
    const container: Scope = createContainer("app");
    const heard: unknown[] = [];
    arrange(containerEvents(createApp(container)), heard);
    observe(container, {
      scopeOpened() {
        throw new Error("an observer's own");
      },
    });

    container.createScope();

    expect(heard).toEqual(["opened", "unhandled"]);
    expect(reported).toEqual([]);
  });

  it("of an app tells of what its other handlers throw, and reports what a handler of that throws, once", async () => {
    const reported = catchReports();
    const container: Scope = createContainer("app");
    const events = containerEvents(createApp(container));
    const heard: unknown[] = [];
    events.on("opened", () => Promise.reject(new Error("first")));
    events.on("unhandled", ({ payload }) => {
      heard.push(payload.error);
      throw new Error("second");
    });

    container.createScope();
    await turn();

    expect(heard).toMatchObject([{ code: "EVENT_HANDLER_FAILED", cause: new Error("first") }]);
    expect(reported).toMatchObject([{ code: "EVENT_HANDLER_FAILED", cause: new Error("second") }]);
  });

  it("is refused for a scope that has closed", async () => {
    const app = createContainer("app");
    await app.shutdown();

    expect(thrown(() => containerEvents(app))).toMatchObject({ code: "SCOPE_CLOSED" });
  });
});
