/**
 * The option `stop`, in other shapes: over every way to depend on something, in scopes of sessions and requests, in two
 * trees, with services that are built, replaced or opened while others stop, and at a deadline.
 */

import {
  abortSignal,
  alias,
  all,
  currentScope,
  defer,
  map,
  one,
  optional,
  parent,
  ref,
  scoped,
  singleton,
  stopSignal,
  token,
  transient,
  value,
  type Provider,
  type Scope,
  type ShutdownOptions,
  type ShutdownReport,
} from "thimble";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { turn } from "../core/support/turn.ts";
import { uncheckedContainer as container } from "../core/support/unchecked.ts";
import { rejection, settles } from "./waiting.ts";

const Db = token<object>("db");
const Store = token<object>("store");
const Server = token<object>("server");
const Mailer = token<object>("mailer");
const Session = token<object>("session");
const Job = token<object>("job");

const rows = ({ services }: ShutdownReport) =>
  services.map(({ scope, token, outcome }) => `${scope}: ${token} ${outcome}`);

/** Options of a service that notes when its stop begins, ends after a turn, and when it is disposed. */
function noting(log: string[]) {
  return (name: string) => ({
    stop: async () => {
      log.push(`${name} stops`);
      await turn();
      log.push(`${name} stopped`);
    },
    dispose: () => void log.push(`${name} disposed`),
  });
}

const never = () => new Promise<void>(() => {});

describe("a service is stopped before what it depends on", () => {
  type Options = { stop(): unknown; dispose(): unknown };

  it.each<[string, (options: Options) => Provider]>([
    ["in a list of a record", (options) => singleton(Server, [{ of: [Db] }], () => ({}), options)],
    ["optional()", (options) => singleton(Server, [optional(Db)], () => ({}), options)],
    ["all()", (options) => singleton(Server, [all(Store)], () => ({}), options)],
    ["one()", (options) => singleton(Server, [one(Store)], () => ({}), options)],
    [
      "map() of ref()",
      (options) =>
        singleton(
          Server,
          [
            map(
              ref(() => Db),
              () => 1,
            ),
          ],
          () => ({}),
          options,
        ),
    ],
    ["an alias", (options) => singleton(Server, [Store], () => ({}), options)],
    [
      "defer(), resolved at once",
      (options) => singleton(Server, [defer(Db)], (db) => ({ db: db.get() }), options),
    ],
    ["its resolver", (options) => singleton(Server, ({ get }) => ({ db: get(Db) }), options)],
    [
      "its resolver, after an await",
      (options) =>
        singleton(
          Server,
          async ({ getAsync }) => {
            await turn();
            return getAsync([Db]);
          },
          options,
        ),
    ],
    ["a transient that has a resolver", (options) => singleton(Server, [Mailer], () => ({}), options)],
    [
      "its `init`, through the captured scope",
      (options) => {
        let scope: Scope;
        const factory = (it: Scope) => (scope = it) && {};
        return singleton(Server, [currentScope], factory, { ...options, init: () => void scope.get(Db) });
      },
    ],
  ])("that it has through %s", async (_, provider) => {
    const log: string[] = [];
    const options = noting(log);
    const app = container(
      singleton(Db, () => ({}), options("db")),
      alias(Store, Db),
      transient(Mailer, ({ get }) => ({ db: get(Db) })),
      provider(options("server")),
    );
    await app.getAsync(Server);

    const report = await settles(app.shutdown());

    expect(report.ok).toBe(true);
    expect(log).toEqual([
      "server stops",
      "server stopped",
      "db stops",
      "db stopped",
      "server disposed",
      "db disposed",
    ]);
  });

  it("that a scope above has, and that it decorates with parent()", async () => {
    const log: string[] = [];
    const options = noting(log);
    const app = container(singleton(Db, () => ({}), options("db")));
    const tenant = app.createScope(
      "tenant",
      singleton(Db, [parent(Db)], (db) => ({ db }), options("tenant's db")) as never,
    );
    tenant.get(Db);

    await settles(app.shutdown());

    expect(log).toEqual([
      "tenant's db stops",
      "tenant's db stopped",
      "db stops",
      "db stopped",
      "tenant's db disposed",
      "db disposed",
    ]);
  });

  it("that it resolved long after it was built", async () => {
    const log: string[] = [];
    const options = noting(log);
    const app = container(
      singleton(Server, ({ get }) => ({ connect: () => get(Db) }), options("server")),
      singleton(Db, () => ({}), options("db")),
    );
    (app.get(Server) as { connect(): object }).connect();

    await settles(app.shutdown());

    expect(log.slice(0, 4)).toEqual(["server stops", "server stopped", "db stops", "db stopped"]);
  });

  it("of which nothing in between has a `stop`, over three scopes and a session", async () => {
    const log: string[] = [];
    const options = noting(log);
    const app = container(
      singleton(Db, () => ({}), options("db")),
      scoped(Store, [Db], () => ({}), { in: "tenant" }),
      scoped(Session, [Store], () => ({}), { in: "session", ...options("session") }),
      scoped(Mailer, { of: [optional(Session)] }, () => ({})),
      scoped(Job, [Mailer], () => ({}), options("job")),
    );
    app.createScope("tenant").createScope("session").createScope("request").get(Job);

    await settles(app.shutdown());

    expect(log.filter((it) => !it.endsWith("disposed"))).toEqual([
      "job stops",
      "job stopped",
      "session stops",
      "session stopped",
      "db stops",
      "db stopped",
    ]);
  });

  it("and waits for its own dependents only, however slow others are", async () => {
    const log: string[] = [];
    const slow = deferred();
    const app = container(
      singleton(Db, () => ({}), { stop: () => void log.push("db") }),
      singleton(Store, () => ({}), { stop: () => void log.push("store") }),
      singleton(Server, [Db], () => ({}), { stop: () => slow.promise }),
      singleton(Mailer, [Store], () => ({}), { stop: async () => void log.push("mailer") }),
    );
    app.get([Server, Mailer]);

    const closing = app.shutdown();
    await turn();
    expect(log).toEqual(["mailer", "store"]);
    slow.resolve();

    await settles(closing);
    expect(log).toEqual(["mailer", "store", "db"]);
  });
});

describe("while services stop", () => {
  it("what their `stop` builds for the first time is stopped as well, one after the other", async () => {
    const log: string[] = [];
    const app: Scope = container(
      singleton(Server, () => ({}), {
        stop: async () => void log.push("server", typeof (await app.getAsync(Mailer))),
      }),
      singleton(Mailer, async () => ({}), { stop: () => void log.push("mailer", typeof app.get(Db)) }),
      singleton(Db, () => ({}), {
        stop: () => void log.push("db"),
        dispose: () => void log.push("db disposed"),
      }),
    );
    app.get(Server);

    const report = await settles(app.shutdown());

    expect(report.ok).toBe(true);
    expect(log).toEqual(["server", "object", "mailer", "object", "db", "db disposed"]);
  });

  it("a build that had begun before ends as ever, and its service is stopped and disposed", async () => {
    const log: string[] = [];
    const [opening, draining] = [deferred<object>(), deferred()];
    const app = container(
      singleton(Db, () => opening.promise, {
        stop: () => void log.push("stop"),
        dispose: () => void log.push("dispose"),
      }),
      value(Server, {}, { stop: () => draining.promise }),
    );
    const db = app.getAsync(Db);

    const closing = app.shutdown();
    opening.resolve({});
    expect(await settles(db)).toBe(app.get(Db));
    draining.resolve();

    expect((await settles(closing)).ok).toBe(true);
    expect(log).toEqual(["stop", "dispose"]);
  });

  it("providers may be registered, replaced and given to new scopes", async () => {
    const log: string[] = [];
    const app: Scope = container(
      singleton(Mailer, () => "smtp" as never),
      value(
        Server,
        {},
        {
          stop: async () => {
            await turn();
            app.provide(singleton(Db, () => "db" as never) as never);
            app.override(singleton(Mailer, () => "silent" as never));
            const request = app.createScope("request", value(Job, "job" as never) as never);
            log.push(...(request.get([Db, Mailer, Job]) as unknown as string[]), request.state, app.state);
          },
        },
      ),
    );

    expect((await settles(app.shutdown())).ok).toBe(true);
    expect(log).toEqual(["db", "silent", "job", "open", "stopping"]);
  });

  it("an event in flight, held by a value of its scope, is waited for, also when it begins meanwhile", async () => {
    const log: string[] = [];
    const Event = token<object>("event");
    const app: Scope = container(
      scoped(Session, [Event], () => ({}), { dispose: () => void log.push("session disposed") }),
      value(Server, {}, { stop: () => void begin("second") }),
    );
    const begin = (name: string) => {
      const over = deferred();
      const request = app.createScope("request", value(Event, {}, { stop: () => over.promise }) as never);
      request.get(Session);
      void turn().then(() => {
        log.push(`${name} answered`);
        over.resolve();
      });
    };
    begin("first");

    expect((await settles(app.shutdown())).ok).toBe(true);
    expect(log).toEqual(["first answered", "second answered", "session disposed", "session disposed"]);
  });

  it("a scope that is opened and forgotten is closed with the others", async () => {
    const log: string[] = [];
    const app: Scope = container(
      scoped(Job, () => ({}), {
        stop: () => void log.push("job stopped"),
        dispose: () => void log.push("job disposed"),
      }),
      singleton(Server, () => ({}), {
        stop: async () => {
          await turn();
          app.createScope("forgotten").get(Job);
        },
        dispose: () => void log.push("server disposed"),
      }),
    );
    app.get(Server);

    const report = await settles(app.shutdown());

    expect(rows(report)).toEqual(["forgotten: job disposed", "root: server disposed"]);
    expect(log).toEqual(["job stopped", "job disposed", "server disposed"]);
    expect([...app.children]).toEqual([]);
  });

  it("the signals of scopes below say that they stop, and not yet that they close", async () => {
    const gate = deferred();
    const app = container(
      value(Server, {}, { stop: () => gate.promise }),
      scoped(Job, [stopSignal, abortSignal], (...signals) => signals),
    );
    const request = app.createScope("session").createScope("request");
    const [stopping, closing] = request.get(Job) as AbortSignal[];

    const closed = app.shutdown({ reason: "deploy" });
    expect([stopping!.aborted, stopping!.reason, closing!.aborted]).toEqual([true, "deploy", false]);
    gate.resolve();
    await settles(closed);

    expect([closing!.aborted, closing!.reason]).toEqual([true, "deploy"]);
  });

  it("a loop in each of several scopes ends by `stopSignal`, and its last turn finds everything open", async () => {
    const log: string[] = [];
    const Loop = token<Promise<void>[]>("loop");
    const app = container(
      singleton(Db, () => ({ open: true }), {
        dispose: (db) => void ((db as { open: boolean }).open = false),
      }),
      scoped(
        Loop,
        [stopSignal, Db, currentScope],
        (signal, db, scope) => [
          (async () => {
            while (!signal.aborted) await turn();
            await turn();
            log.push(`${scope.name} ${(db as { open: boolean }).open}`);
          })(),
        ],
        { stop: ([ended]) => ended },
      ),
    );
    const queues = ["mail", "stock"].map((name) => app.createScope(name));
    for (const it of queues) void it.get(Loop);

    expect((await settles(app.shutdown())).ok).toBe(true);
    expect(log.toSorted()).toEqual(["mail true", "stock true"]);
  });
});

describe("what is stopped", () => {
  it("is each instance once, however many names it has", async () => {
    let stops = 0;
    const app = container(
      singleton(Db, () => ({}), { stop: () => void stops++, as: [Store, Mailer] }),
      alias(Server, Db),
      alias(Job, { all: all(Store), one: one(Mailer) } as never),
    );
    app.get([Db, Server, Job]);
    app.createScope("request", alias(Db, parent(Db)) as never).get(Db);

    await settles(app.shutdown());

    expect(stops).toBe(1);
  });

  it("is what an override has replaced, and what has replaced it", async () => {
    const log: string[] = [];
    const app = container(
      singleton(Server, () => "old" as never, { stop: (it) => void log.push(String(it)) }),
    );
    app.get(Server);
    app.override(singleton(Server, () => "new" as never, { stop: (it) => void log.push(String(it)) }));
    app.get(Server);
    app.override(singleton(Server, () => "newest, and needs no stop" as never));
    app.get(Server);

    await settles(app.shutdown());

    expect(log.toSorted()).toEqual(["new", "old"]);
  });

  it.each([[0], [""], [false], [null], [undefined]])("may be %j", async (instance) => {
    const seen: unknown[] = [];
    const app = container(
      singleton(Server, () => instance as never, { stop: (...args) => void seen.push(args[0], args[2]) }),
    );
    app.get(Server);

    await settles(app.shutdown());

    expect(seen).toEqual([instance, undefined]);
  });

  it("is nothing whose `init` has failed", async () => {
    const log: string[] = [];
    const app = container(
      singleton(Server, () => ({}), {
        init: async () => Promise.reject(new Error("no port")),
        stop: () => void log.push("stop"),
        dispose: () => void log.push("dispose"),
      }),
    );
    expect(await rejection(app.getAsync(Server))).toMatchObject({ message: "no port" });

    await settles(app.shutdown());

    expect(log).toEqual(["dispose"]);
  });

  it("is nothing of a request that ended before", async () => {
    const log: string[] = [];
    const app = container(scoped(Session, () => ({}), { stop: () => void log.push("stop"), dispose: false }));
    const request = app.createScope("request");
    request.get(Session);
    expect(rows(await settles(request.shutdown()))).toEqual([]);
    expect(log).toEqual(["stop"]);

    await settles(app.shutdown());

    expect(log).toEqual(["stop"]);
  });

  it("is nothing beside or above the scope that is shut down", async () => {
    const log: string[] = [];
    const app = container(
      singleton(Db, () => ({}), { stop: () => void log.push("db") }),
      scoped(Session, [Db, currentScope], (_, { name }) => name as never, {
        stop: (it) => void log.push(String(it)),
      }),
    );
    const [ada, ben] = ["ada", "ben"].map((name) => app.createScope(name));
    for (const it of [ada, ben]) it!.get(Session);

    await settles(ada!.shutdown());

    expect(log).toEqual(["ada"]);
    expect([app.state, ada!.state, ben!.state]).toEqual(["open", "closed", "open"]);
  });
});

describe("a `stop` that fails", () => {
  it.each<[string, () => unknown, unknown]>([
    ["with a text", () => Promise.reject("cannot" as never), "cannot"],
    [
      "with nothing",
      () => {
        throw undefined;
      },
      undefined,
    ],
  ])("%s, keeps nothing else from being stopped in order", async (_, fail, error) => {
    const log: string[] = [];
    const options = noting(log);
    const app = container(
      singleton(Db, () => ({}), options("db")),
      singleton(Store, [Db], () => ({}), { stop: fail }),
      singleton(Server, [Store], () => ({}), options("server")),
    );
    app.get(Server);

    const { ok, services } = await settles(app.shutdown());

    expect(ok).toBe(false);
    expect(services.find(({ token }) => token === "store")).toMatchObject({ outcome: "failed", error });
    expect(log.slice(0, 4)).toEqual(["server stops", "server stopped", "db stops", "db stopped"]);
  });

  it("in a scope below is in the reports of both scopes, and in what `await using` throws", async () => {
    const error = new Error("cannot");
    const app = container();
    const session = app.createScope(
      "session",
      value(Job, {}, { stop: async () => Promise.reject(error) }) as never,
    );
    const below = settles(session.shutdown());

    const thrown = (await rejection(app[Symbol.asyncDispose]())) as { code: string; errors: unknown[] };

    expect(thrown).toMatchObject({ code: "SHUTDOWN_FAILED", errors: [error] });
    expect(rows(await below)).toEqual(["session: job failed"]);
    expect(rows(await app.shutdown())).toEqual(["session: job failed"]);
  });

  it("is told to observers with its error, while the scope still stops", async () => {
    const told: unknown[] = [];
    const error = new Error("cannot");
    const app = container(value(Server, {}, { stop: async () => Promise.reject(error) }));
    observe(app, {
      stopping: ({ token, scope }) => told.push(`${token.name} stopping, ${scope.state}`),
      stopped: ({ token, scope, error }) => told.push(`${token.name} stopped, ${scope.state}`, error),
      scopeClosed: ({ report }) => told.push(`closed, ${report.ok}`),
    });

    await settles(app.shutdown());

    expect(told).toEqual(["server stopping, stopping", "server stopped, stopping", error, "closed, false"]);
  });
});

describe("the deadline of a shutdown that is stopping", () => {
  it.each<[string, (app: Scope) => unknown]>([
    ["a timeout", (app) => app.shutdown({ timeout: 1 })],
    ["an aborted signal", (app) => app.shutdown({ signal: AbortSignal.abort() })],
    [
      "a signal that aborts later",
      async (app) => {
        const controller = new AbortController();
        void app.shutdown({ signal: controller.signal });
        await turn();
        controller.abort();
      },
    ],
  ])("may come with a later call: %s", async (_, hurry) => {
    const app = container(value(Server, {}, { stop: never }), value(Db, {}, { dispose: () => {} }));
    const closing = app.shutdown();
    await turn();
    expect(app.state).toBe("stopping");

    await hurry(app);

    const report = await settles(closing);
    expect(rows(report).toSorted()).toEqual(["root: db disposed", "root: server abandoned"]);
    expect(await app.shutdown()).toBe(report);
  });

  it("has what waited behind a `stop` that hangs stopped at once, and then disposed, in order", async () => {
    const log: string[] = [];
    const app = container(
      singleton(Db, () => ({}), {
        stop: (_, signal) => void log.push(`db stops, ${signal.aborted}`),
        dispose: () => void log.push("db disposed"),
      }),
      singleton(Store, [Db], () => ({}), {
        stop: (_, signal) => void log.push(`store stops, ${signal.aborted}`),
        dispose: () => void log.push("store disposed"),
      }),
      singleton(Server, [Store], () => ({}), {
        stop: never,
        dispose: () => void log.push("server disposed"),
      }),
    );
    app.get(Server);

    await settles(app.shutdown({ timeout: 1 }));

    expect(log).toEqual([
      "store stops, true",
      "db stops, true",
      "server disposed",
      "store disposed",
      "db disposed",
    ]);
  });

  it("keeps to the order over scopes, whatever lives above and whatever below", async () => {
    const log: string[] = [];
    const noted = (name: string) => ({ stop: () => void log.push(name) });
    const app = container(
      singleton(Db, () => ({}), noted("db")),
      scoped(Store, [Db], () => ({}), { in: "tenant", ...noted("store") }),
      scoped(Session, [Store], () => ({}), { in: "session", ...noted("session") }),
      scoped(Job, [Session], () => ({}), { stop: never }),
    );
    app.createScope("tenant").createScope("session").createScope("request").get(Job);

    await settles(app.shutdown({ timeout: 1 }));

    expect(log).toEqual(["session", "store", "db"]);
  });

  it("that has passed before it begins has everything stopped before `shutdown` returns, in order", async () => {
    const log: string[] = [];
    const app = container(
      singleton(Db, () => ({}), {
        stop: (_, signal) => void log.push(`db stops, ${signal.aborted}`),
        dispose: () => void log.push("db disposed"),
      }),
      scoped(Session, [Db], () => ({}), {
        stop: async (_, signal) => void log.push(`session stops, ${signal.aborted}`),
        dispose: () => void log.push("session disposed"),
      }),
    );
    app.createScope("request").get(Session);

    const closing = app.shutdown({ signal: AbortSignal.abort() });

    const stops = ["session stops, true", "db stops, true"];
    expect(log).toEqual(stops);
    expect((await settles(closing)).ok).toBe(true);
    expect(log).toEqual([...stops, "session disposed", "db disposed"]);
  });
});

describe("a `stop` that shuts down", () => {
  it("its own scope, while the scope above stops, is given the report that is complete in the end", async () => {
    const failure = new Error("cannot stop");
    let given: ShutdownReport | undefined;
    const app = container();
    const session: Scope = app.createScope(
      "session",
      value(
        Job,
        {},
        {
          stop: async () => {
            given = await session.shutdown();
            throw failure;
          },
          dispose: () => {},
        },
      ) as never,
    );

    await settles(app.shutdown());

    expect(given).toMatchObject({
      ok: false,
      services: [{ phase: "stop", error: failure }, { token: "job" }],
    });
    expect(await session.shutdown()).toBe(given);
  });

  it("the scope above its own does not wait for itself", async () => {
    const log: string[] = [];
    const app = container(singleton(Db, () => ({}), { dispose: () => void log.push("db disposed") }));
    app.get(Db);
    const session: Scope = app.createScope(
      "session",
      value(
        Job,
        {},
        {
          stop: async () => {
            await app.shutdown();
            log.push("job stopped");
          },
        },
      ) as never,
    );

    expect((await settles(session.shutdown())).ok).toBe(true);
    expect((await settles(app.shutdown())).ok).toBe(true);
    expect(log).toEqual(["job stopped", "db disposed"]);
  });

  it.each<[string, (app: Scope) => unknown]>([
    ["a timeout", (app) => app.shutdown({ timeout: 1 })],
    ["an aborted signal", (app) => app.shutdown({ signal: AbortSignal.abort() })],
  ])("its own scope sets the deadline of that: %s", async (_, hurry) => {
    const log: string[] = [];
    const app: Scope = container(
      singleton(Server, () => ({}), {
        stop: (_, signal) => {
          signal.addEventListener("abort", () => log.push("cut"));
          void hurry(app);
          return never();
        },
        dispose: () => void log.push("disposed"),
      }),
    );
    app.get(Server);

    const report = await settles(app.shutdown());

    expect(rows(report)).toEqual(["root: server abandoned", "root: server disposed"]);
    expect(log).toEqual(["cut", "disposed"]);
  });

  it("its own scope at once, and then fails, is one row of the report", async () => {
    const app: Scope = container(
      value(
        Server,
        {},
        {
          stop: () => {
            void app.shutdown({ signal: AbortSignal.abort() });
            throw new Error("cannot");
          },
        },
      ),
    );

    expect(rows(await settles(app.shutdown()))).toEqual(["root: server failed"]);
  });

  it.each<[string, () => unknown, ShutdownOptions]>([
    ["at once", () => undefined, {}],
    ["later", turn, {}],
    ["at once, past the deadline", () => undefined, { signal: AbortSignal.abort() }],
  ])("the scope above its own, and then fails, is one row of each report: %s", async (_, wait, options) => {
    const app = container();
    const session = app.createScope(
      "session",
      value(
        Job,
        {},
        {
          stop: () => {
            void app.shutdown(options);
            const fail = () => Promise.reject(new Error("cannot"));
            const waited = wait() as Promise<void> | undefined;
            if (waited) return waited.then(fail);
            throw new Error("cannot");
          },
        },
      ) as never,
    );

    const below = await settles(session.shutdown());

    expect(rows(below)).toEqual(["session: job failed"]);
    expect(rows(await settles(app.shutdown()))).toEqual(["session: job failed"]);
  });

  it("another container waits for it, whose report is its own", async () => {
    const log: string[] = [];
    const options = noting(log);
    const sidecar = container(
      "sidecar",
      singleton(Db, () => ({}), options("sidecar's db")),
      singleton(Server, [Db], () => ({}), options("sidecar's server")),
    );
    sidecar.get(Server);
    const app = container(
      "app",
      value(Job, sidecar as object, { stop: async (it) => void (await (it as Scope).shutdown()) }),
      singleton(Store, () => ({}), options("store")),
    );
    app.get(Store);

    const report = await settles(app.shutdown());

    expect(rows(report)).toEqual(["app: store disposed"]);
    expect(rows(await sidecar.shutdown())).toEqual(["sidecar: server disposed", "sidecar: db disposed"]);
    expect(log.indexOf("sidecar's db disposed")).toBeLessThan(log.indexOf("store disposed"));
  });

  it("its scope in a factory that is in flight is joined by that factory, which does not wait for itself", async () => {
    const log: string[] = [];
    const app: Scope = container(
      value(Server, {}, { stop: async () => (await turn(), void log.push("server stopped")) }),
      singleton(
        Job,
        async () => {
          await app.shutdown();
          log.push("job built");
          return {};
        },
        { dispose: () => void log.push("job disposed") },
      ),
    );
    const job = app.getAsync(Job).catch(() => log.push("refused"));

    expect((await settles(app.shutdown())).ok).toBe(true);
    await job;
    expect(log).toContain("job disposed");
    expect(log).toContain("server stopped");
  });
});
