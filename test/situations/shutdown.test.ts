/**
 * Shutting down, where containers close the database before what writes to it,
 * stop at the first error, hang, close twice, or say "ok" when it was not.
 *
 * Order is observed by gates that the test opens, never by time. The only
 * timers are deadlines, a few milliseconds long.
 *
 * @module
 */
import { beforeEach, describe, expect, it } from "vitest";
import { catchReports } from "../core/support/report-error.ts";
import {
  alias,
  all,
  createContainer,
  currentScope,
  defer,
  isContainerError,
  map,
  one,
  optional,
  ref,
  scoped,
  ShutdownError,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { deferred } from "../core/support/deferred.ts";
import { asyncDispose } from "../core/support/disposal.ts";
import { thrown } from "../core/support/refusal.ts";
import { turn } from "../core/support/turn.ts";
import { codeOf } from "./failing.ts";
import { rejection, settles } from "./waiting.ts";

// Errors that reach no caller are told to the runtime. Some runtimes would end the run.
beforeEach(() => void catchReports());

const Db = token<object>("db");
const Repo = token<object>("repo");
const Web = token<object>("web");
const Clock = token<object>("clock");

/** A disposer that notes when it begins and when it is over, one turn later. */
function slowly(log: string[], name: string) {
  return async (): Promise<void> => {
    log.push(`${name} closing`);
    await turn();
    log.push(`${name} closed`);
  };
}

/** What `slowly` leaves behind when each waited for the one before it. */
function inOrder(...names: string[]): string[] {
  return names.flatMap((name) => [`${name} closing`, `${name} closed`]);
}

describe("the order of shutdown", () => {
  it("the database is closed after everything that writes to it has been, promises awaited", async () => {
    const log: string[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => ({}), { dispose: slowly(log, "db") }),
      singleton(Repo, [Db], (db) => ({ db }), { dispose: slowly(log, "repo") }),
      singleton(Web, [Repo], (repo) => ({ repo }), { dispose: slowly(log, "web") }),
    );
    app.get(Web);

    const report = await settles(app.shutdown());

    expect(log).toEqual(inOrder("web", "repo", "db"));
    expect(report.services.map((row) => row.token)).toEqual(["web", "repo", "db"]);
  });

  it("a factory that began first and asked after an await: closed by its edges, not by who was made when", async () => {
    const log: string[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => ({}), { dispose: slowly(log, "db") }),
      singleton(
        Web,
        async ({ getAsync }) => {
          await turn();
          return { db: await getAsync(Db) };
        },
        { dispose: slowly(log, "web") },
      ),
    );
    const web = app.getAsync(Web);
    app.get(Db);
    await settles(web);

    await settles(app.shutdown());

    expect(log).toEqual(inOrder("web", "db"));
  });

  it("a dependency first asked for long after its dependent was built: closed after it nevertheless", async () => {
    const log: string[] = [];
    const Journal = token<{ write(): object; flush(): Promise<object> }>("journal");
    const app: Scope = createContainer(
      singleton(Journal, ({ get, getAsync }) => ({ write: () => get(Db), flush: () => getAsync(Repo) }), {
        dispose: slowly(log, "journal"),
      }),
      singleton(Db, () => ({}), { dispose: slowly(log, "db") }),
      singleton(Repo, async () => ({}), { dispose: slowly(log, "repo") }),
    );
    const journal = app.get(Journal);
    journal.write();
    await settles(journal.flush());

    await settles(app.shutdown());

    expect(log.slice(0, 2)).toEqual(inOrder("journal"));
    expect(log).toHaveLength(6);
  });

  const Store = token<object>("store");
  const Session = token<object>("session");
  const wire = (name: string, register: (app: Scope, own: { dispose: () => Promise<void> }) => unknown) =>
    [name, register] as const;

  it.each([
    wire("an alias of an alias", (app, own) =>
      app.provide(
        alias(Session, Db),
        alias(Store, Session),
        singleton(Repo, [Store], (store) => ({ store }), own),
      ),
    ),
    wire("a transient that was thrown away", (app, own) =>
      app.provide(
        transient(Session, [Db], (db) => ({ db })),
        singleton(Repo, [Session], () => ({}), own),
      ),
    ),
    wire("an asynchronous transient behind an alias", (app, own) =>
      app.provide(
        transient(Session, async ({ getAsync }) => {
          await turn();
          return { db: await getAsync(Db) };
        }),
        alias(Store, Session),
        singleton(Repo, [Store], () => ({}), own),
      ),
    ),
    wire("optional", (app, own) => app.provide(singleton(Repo, [optional(Db)], (db) => ({ db }), own))),
    wire("all", (app, own) => app.provide(singleton(Repo, [all(Db)], (dbs) => ({ dbs }), own))),
    wire("one", (app, own) => app.provide(singleton(Repo, [one(Db)], (db) => ({ db }), own))),
    wire("map", (app, own) => app.provide(singleton(Repo, [map(Db, () => "row")], (row) => ({ row }), own))),
    wire("ref", (app, own) => app.provide(singleton(Repo, [ref(() => Db)], (db) => ({ db }), own))),
    wire("a record in a tuple", (app, own) =>
      app.provide(singleton(Repo, [{ db: Db }], ({ db }) => ({ db }), own)),
    ),
    wire("a deferred dependency, asked", (app, own) =>
      app.provide(
        singleton(
          Repo,
          [defer(Db)],
          (db) => {
            queueMicrotask(() => db.get());
            return {};
          },
          own,
        ),
      ),
    ),
    wire("a resolver, after an await", (app, own) =>
      app.provide(
        singleton(
          Repo,
          async ({ getAsync }) => {
            await turn();
            return { db: await getAsync(Db) };
          },
          own,
        ),
      ),
    ),
    wire("the captured container, synchronously", (app, own) =>
      app.provide(singleton(Repo, () => ({ db: app.get(Db) }), own)),
    ),
    wire("the captured container, in an asynchronous factory before it awaits", (app, own) =>
      app.provide(singleton(Repo, async () => ({ db: await app.getAsync(Db) }), own)),
    ),
    wire("the captured container's run", (app, own) =>
      app.provide(singleton(Repo, () => app.run([Db], (db) => ({ db })), own)),
    ),
    wire("the captured container, through a transient's factory", (app, own) =>
      app.provide(
        transient(Session, () => ({ db: app.get(Db) })),
        singleton(Repo, [Session], () => ({}), own),
      ),
    ),
    wire("currentScope", (app, own) =>
      app.provide(singleton(Repo, [currentScope], (scope) => ({ db: scope.get(Db) }), own)),
    ),
    wire("a child scope opened in the factory and kept", (app, own) =>
      app.provide(
        singleton(Repo, [currentScope], (scope) => ({ db: scope.createScope("inner").get(Db) }), own),
      ),
    ),
  ])("through %s: the dependent is closed first", async (_, register) => {
    const log: string[] = [];
    const app: Scope = createContainer(singleton(Db, () => ({}), { dispose: slowly(log, "db") }));
    register(app, { dispose: slowly(log, "repo") });
    await settles(app.getAsync(Repo));
    await turn();

    await settles(app.shutdown());

    expect(log).toEqual(inOrder("repo", "db"));
  });

  it("a class whose constructor asks the captured container: closed before what it asked for", async () => {
    const log: string[] = [];
    const app: Scope = createContainer(singleton(Db, () => ({}), { dispose: slowly(log, "db") }));
    class Reports {
      readonly db: object;
      constructor() {
        this.db = app.get(Db);
      }
    }
    app.provide(singleton(Reports, { dispose: slowly(log, "reports") }));
    app.get(Reports);

    await settles(app.shutdown());

    expect(log).toEqual(inOrder("reports", "db"));
  });

  it("a cycle that a deferred ask closed: the hard edge decides, and nothing hangs", async () => {
    const log: string[] = [];
    const Bus = token<{ web(): object }>("bus");
    const app: Scope = createContainer(
      singleton(Bus, [defer(Web)], (web) => ({ web: () => web.get() }), { dispose: slowly(log, "bus") }),
      singleton(Web, [Bus], (bus) => ({ bus }), { dispose: slowly(log, "web") }),
    );
    app.get(Bus).web();

    await settles(app.shutdown());

    expect(log).toEqual(inOrder("web", "bus"));
  });

  it("a request's service on a root's singleton: children first, then the root", async () => {
    const log: string[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => ({}), { dispose: slowly(log, "db") }),
      scoped(Repo, [Db], (db) => ({ db }), { dispose: slowly(log, "repo") }),
    );
    app.createScope("request").get(Repo);

    await settles(app.shutdown());

    expect(log).toEqual(inOrder("repo", "db"));
  });

  it("a root service that holds something of a child: still children first, and nothing hangs", async () => {
    const log: string[] = [];
    const app: Scope = createContainer(
      scoped(Repo, () => ({}), { dispose: slowly(log, "repo") }),
      singleton(Web, [currentScope], (scope) => ({ repo: scope.createScope("inner").get(Repo) }), {
        dispose: slowly(log, "web"),
      }),
    );
    app.get(Web);

    await settles(app.shutdown());

    expect(log).toEqual(inOrder("repo", "web"));
  });

  it("a slow, unrelated service delays nobody: each waits for its own dependents only", async () => {
    const slow = deferred();
    const log: string[] = [];
    const close = (name: string) => () => void log.push(name);
    const Search = token<object>("search");
    const app: Scope = createContainer(
      singleton(Clock, () => ({}), { dispose: close("clock") }),
      singleton(Search, [Clock], (clock) => ({ clock }), { dispose: () => slow.promise }),
      singleton(Db, () => ({}), { dispose: close("db") }),
      singleton(Repo, [Db], (db) => ({ db }), { dispose: close("repo") }),
      singleton(Web, [Repo], (repo) => ({ repo }), { dispose: close("web") }),
    );
    app.get([Search, Web]);

    const closing = app.shutdown();
    await turn();
    expect(log).toEqual(["web", "repo", "db"]);

    slow.resolve();
    await settles(closing);
    expect(log).toEqual(["web", "repo", "db", "clock"]);
  });

  it("a slow child delays its brother by nothing", async () => {
    const slow = deferred();
    const log: string[] = [];
    const app: Scope = createContainer(singleton(Db, () => ({}), { dispose: () => void log.push("db") }));
    const ada: Scope = app.createScope("ada", value(Web, {}, { dispose: () => slow.promise }));
    const ben: Scope = app.createScope("ben", value(Web, {}, { dispose: () => void log.push("ben") }));
    ada.get([Web, Db]);
    ben.get([Web, Db]);

    const closing = app.shutdown();
    await turn();
    expect(log).toEqual(["ben"]);
    expect(ben.state).toBe("closed");

    slow.resolve();
    await settles(closing);
    expect(log).toEqual(["ben", "db"]);
  });

  it("independent services: closed at the same time", async () => {
    const slow = deferred();
    const begun: string[] = [];
    const holds = (own: typeof Db) =>
      singleton(own, () => ({}), {
        dispose: () => {
          begun.push(own.name);
          return slow.promise;
        },
      });
    const app: Scope = createContainer(holds(Clock), holds(Db), holds(Web));
    app.get([Clock, Db, Web]);

    const closing = app.shutdown();

    // No await before this line: a page that is going away gets no second turn.
    expect([...begun].sort()).toEqual(["clock", "db", "web"]);
    slow.resolve();
    await settles(closing);
  });
});

describe("what a disposer is given", () => {
  it("the instance that an asynchronous factory made, not its promise", async () => {
    const db = { url: "mem:" };
    const given: unknown[] = [];
    const app: Scope = createContainer(
      singleton(Db, async () => (await turn(), db), { dispose: (it) => void given.push(it) }),
    );
    await settles(app.getAsync(Db));

    await settles(app.shutdown());

    expect(given).toEqual([db]);
    expect(given[0]).toBe(db);
  });

  it("falsy instances too", async () => {
    const given: unknown[] = [];
    const Port = token<number>("port");
    const app: Scope = createContainer(
      singleton(Port, () => 0, { dispose: (port) => void given.push(port) }),
    );
    app.get(Port);

    await settles(app.shutdown());

    expect(given).toEqual([0]);
  });

  it("dependencies that still answer, so that it can flush through them; and none that are already closed", async () => {
    const log: unknown[] = [];
    const db = {};
    const Journal = token<object>("journal");
    const app: Scope = createContainer(
      singleton(Db, () => db, { dispose: () => void log.push(codeOf(thrown(() => app.get(Journal)))) }),
      singleton(Journal, ({ get }) => ({ db: get(Db), get }), {
        dispose: async (journal) => {
          await turn();
          log.push((journal as { get(dep: typeof Db): object }).get(Db), await app.getAsync(Db));
        },
      }),
    );
    app.get(Journal);

    await settles(app.shutdown());

    expect(log).toEqual([db, db, "SCOPE_CLOSED"]);
    expect(log[0]).toBe(db);
  });

  it("a dependency it asks for while closing, for the first time: kept open until it is done", async () => {
    const slow = { web: deferred(), journal: deferred() };
    const log: string[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => ({}), { dispose: () => void log.push("db") }),
      singleton(Web, [Db], (db) => ({ db }), { dispose: () => slow.web.promise }),
      singleton(Clock, ({ get }) => ({ flush: () => get(Db) }), {
        dispose: async (journal) => {
          (journal as { flush(): object }).flush();
          await slow.journal.promise;
          log.push("journal");
        },
      }),
    );
    app.get([Web, Clock]);

    const closing = app.shutdown();
    slow.web.resolve();
    await turn();
    expect(log).toEqual([]);

    slow.journal.resolve();
    await settles(closing);
    expect(log).toEqual(["journal", "db"]);
  });

  it("nothing that was never built: closing builds nothing", async () => {
    let built = 0;
    const make = () => ({ n: ++built });
    const app: Scope = createContainer(
      singleton(Db, make, { dispose: () => {} }),
      scoped(Repo, make, { dispose: () => {} }),
      singleton(Web, [defer(Db)], (db) => ({ db }), { dispose: () => {} }),
      alias(Clock, Db),
    );
    app.createScope("request");
    app.get(Web);

    const report = await settles(app.shutdown());

    expect(built).toBe(0);
    expect(report.services.map((row) => row.token)).toEqual(["web"]);
  });
});

describe("a disposer that fails", () => {
  const stuck = new Error("db is stuck");

  it.each([
    ["throws", stuck, () => throwing(stuck)],
    ["rejects", stuck, () => turn().then(() => throwing(stuck))],
    ["throws what is no error", "db is stuck", () => throwing("db is stuck")],
    ["throws undefined", undefined, () => throwing(undefined)],
  ])(
    "%s: the others are closed all the same, and the report says which and why",
    async (_, error, dispose) => {
      const log: string[] = [];
      const app: Scope = createContainer(
        singleton(Db, () => ({}), { dispose: slowly(log, "db") }),
        singleton(Repo, [Db], (db) => ({ db }), { dispose }),
        singleton(Web, [Repo], (repo) => ({ repo }), { dispose: slowly(log, "web") }),
        singleton(Clock, () => ({}), { dispose: slowly(log, "clock") }),
      );
      app.get([Web, Clock]);

      const report = await settles(app.shutdown());

      expect(report.ok).toBe(false);
      expect(Object.fromEntries(report.services.map((row) => [row.token, row.outcome]))).toEqual({
        web: "disposed",
        clock: "disposed",
        repo: "failed",
        db: "disposed",
      });
      const failed = report.services.find((row) => row.outcome === "failed");
      expect(failed).toHaveProperty("error");
      expect(failed?.error).toBe(error);
      expect(app.state).toBe("closed");
    },
  );

  function throwing(what: unknown): never {
    throw what;
  }

  it("under `await using`: thrown as SHUTDOWN_FAILED, whose causes can be matched", async () => {
    const stuck = new TypeError("db is stuck");
    const app: Scope = createContainer(
      singleton(Db, () => ({}), {
        dispose: () => {
          throw stuck;
        },
      }),
    );

    const error = await rejection(
      (async () => {
        await using scope = app;
        scope.get(Db);
      })(),
    );

    expect(isContainerError(error, "SHUTDOWN_FAILED")).toBe(true);
    expect(error).toBeInstanceOf(ShutdownError);
    const { errors, report } = error as ShutdownError;
    expect(errors).toEqual([stuck]);
    expect(errors[0]).toBe(stuck);
    expect(report).toBe(await app.shutdown());
  });

  it("in a child: the parent goes on, and its report carries the child's failure", async () => {
    const stuck = new Error("socket is stuck");
    const closed: string[] = [];
    const app: Scope = createContainer(singleton(Db, () => ({}), { dispose: () => void closed.push("db") }));
    app.get(Db);
    const request: Scope = app.createScope(
      "request",
      value(Web, {}, { dispose: () => Promise.reject(stuck) }),
    );

    const report = await settles(app.shutdown());

    expect(closed).toEqual(["db"]);
    expect(report.ok).toBe(false);
    expect(report.services).toMatchObject([
      { scope: "request", scopeId: request.id, token: "web", outcome: "failed", error: stuck },
      { scope: "root", token: "db", outcome: "disposed" },
    ]);
  });
});

describe("the report", () => {
  it("when all went well: ok, without an error anywhere, and `await using` throws nothing", async () => {
    const app: Scope = createContainer(singleton(Db, () => ({}), { dispose: async () => {} }));
    app.get(Db);

    await settles(app[asyncDispose]());

    const report = await settles(app.shutdown());
    expect(report.ok).toBe(true);
    expect(report.services).toHaveLength(1);
    expect(report.services[0]).not.toHaveProperty("error");
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it("when there was nothing to do: ok and empty", async () => {
    const report = await settles(createContainer(value(Db, {})).shutdown());

    expect(report).toMatchObject({ ok: true, services: [] });
  });

  it("when something was abandoned: not ok, and `await using` throws", async () => {
    const app: Scope = createContainer(value(Db, {}, { dispose: () => new Promise(() => {}) }));

    const report = await settles(app.shutdown({ timeout: 5 }));

    expect(report.ok).toBe(false);
    expect(report.services).toMatchObject([{ token: "db", outcome: "abandoned" }]);
    expect(codeOf(await rejection(app[asyncDispose]()))).toBe("SHUTDOWN_FAILED");
  });
});

describe("a disposer that never settles", () => {
  const never = () => new Promise<void>(() => {});

  it("under a timeout: abandoned, and what waited behind it is closed at once, in order", async () => {
    const log: string[] = [];
    const signals: { aborted: boolean }[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => ({}), { dispose: () => void log.push("db") }),
      singleton(Repo, [Db], (db) => ({ db }), { dispose: () => void log.push("repo") }),
      singleton(Web, [Repo], (repo) => ({ repo }), {
        dispose: (_, signal) => {
          signals.push(signal);
          log.push("web");
          return never();
        },
      }),
    );
    app.get(Web);

    const closing = app.shutdown({ timeout: 40 });
    await turn();
    expect(log).toEqual(["web"]);
    expect(signals[0]?.aborted).toBe(false);
    const report = await settles(closing);

    expect(log).toEqual(["web", "repo", "db"]);
    expect(signals[0]?.aborted).toBe(true);
    expect(Object.fromEntries(report.services.map((row) => [row.token, row.outcome]))).toEqual({
      web: "abandoned",
      repo: "disposed",
      db: "disposed",
    });
    expect(app.state).toBe("closed");
  });

  it("in a child, under the parent's timeout: the parent's own services are closed all the same", async () => {
    const closed: string[] = [];
    const app: Scope = createContainer(singleton(Db, () => ({}), { dispose: () => void closed.push("db") }));
    app.get(Db);
    const request: Scope = app.createScope("request", value(Web, {}, { dispose: never }));

    const report = await settles(app.shutdown({ timeout: 10 }));

    expect(closed).toEqual(["db"]);
    expect(report.ok).toBe(false);
    expect(report.services.map((row) => [row.token, row.outcome])).toEqual(
      expect.arrayContaining([
        ["web", "abandoned"],
        ["db", "disposed"],
      ]),
    );
    expect([...app.children]).toEqual([]);
    expect(request.state).toBe("closed");
  });

  it("in a child that is hurried by itself, while its parent waits: the parent goes on and ends", async () => {
    const closed: string[] = [];
    const app: Scope = createContainer(singleton(Db, () => ({}), { dispose: () => void closed.push("db") }));
    app.get(Db);
    const request: Scope = app.createScope("request", value(Web, {}, { dispose: never }));
    const whole = app.shutdown();
    await turn();
    expect(closed).toEqual([]);

    const part = request.shutdown({ timeout: 5 });

    expect((await settles(part)).services).toMatchObject([{ token: "web", outcome: "abandoned" }]);
    const report = await settles(whole);
    expect(closed).toEqual(["db"]);
    expect(report.ok).toBe(false);
    expect(report.services.map((row) => row.outcome)).toEqual(["abandoned", "disposed"]);
  });

  it("two levels down, under the root's timeout: told in the root's report", async () => {
    const app: Scope = createContainer();
    const step: Scope = app.createScope("request").createScope("step", value(Web, {}, { dispose: never }));

    const report = await settles(app.shutdown({ timeout: 5 }));

    expect(report).toMatchObject({
      ok: false,
      services: [{ scope: "step", token: "web", outcome: "abandoned" }],
    });
    expect(step.state).toBe("closed");
  });

  it("and a timeout of nothing: the disposers are called all the same", async () => {
    const closed: string[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => ({}), { dispose: () => void closed.push("db") }),
      singleton(Repo, [Db], () => ({}), { dispose: () => (closed.push("repo"), never()) }),
    );
    app.get(Repo);

    const report = await settles(app.shutdown({ timeout: 0 }));

    expect(closed).toEqual(["repo", "db"]);
    expect(report.services).toHaveLength(2);
  });

  it("and a second call with a timeout, while the first waits without one: both end, with one report", async () => {
    const app: Scope = createContainer(value(Db, {}, { dispose: never }));
    const patient = app.shutdown();

    const hurried = app.shutdown({ timeout: 5 });

    const [first, second] = await settles(Promise.all([patient, hurried]));
    expect(second).toBe(first);
    expect(first.services).toMatchObject([{ token: "db", outcome: "abandoned" }]);
  });

  it("and a signal that aborts meanwhile: shutdown ends then", async () => {
    const controller = new AbortController();
    const app: Scope = createContainer(value(Db, {}, { dispose: never }));
    const closing = app.shutdown({ signal: controller.signal });
    await turn();

    controller.abort();

    expect((await settles(closing)).services).toMatchObject([{ token: "db", outcome: "abandoned" }]);
  });

  it("and two deadlines in one turn: what is begun late is begun once", async () => {
    const begun: string[] = [];
    const hang = (name: string) => () => (begun.push(name), never());
    const controller = new AbortController();
    const app: Scope = createContainer(
      singleton(Db, () => ({}), { dispose: hang("db") }),
      singleton(Repo, [Db], () => ({}), { dispose: hang("repo") }),
      singleton(Web, [Repo], () => ({}), { dispose: hang("web") }),
    );
    app.get(Web);
    const closing = app.shutdown({ signal: controller.signal });
    await turn();

    controller.abort();
    const hurried = app.shutdown({ timeout: 0, signal: controller.signal });

    expect(await settles(hurried)).toBe(await settles(closing));
    expect(begun).toEqual(["web", "repo", "db"]);
    expect((await closing).services.map((row) => row.outcome)).toEqual([
      "abandoned",
      "abandoned",
      "abandoned",
    ]);
  });

  it("because it waits, a turn later, for the very shutdown that it is part of: abandoned at the deadline", async () => {
    const app: Scope = createContainer(
      value(Web, {}, { dispose: async () => (await turn(), await app.shutdown()) }),
    );

    const report = await settles(app.shutdown({ timeout: 5 }));

    expect(report.services).toMatchObject([{ token: "web", outcome: "abandoned" }]);
  });

  it("does not, when it waits at once for the shutdown that it is part of", async () => {
    const seen: unknown[] = [];
    const app: Scope = createContainer(
      value(Web, {}, { dispose: async () => void seen.push(await app.shutdown()) }),
    );

    const report = await settles(app.shutdown());

    expect(report.services).toMatchObject([{ token: "web", outcome: "disposed" }]);
    expect(seen).toEqual([report]);
  });

  it("but rejects after it was abandoned: no unhandled rejection, and the report stays as it was", async () => {
    const stuck = deferred();
    const app: Scope = createContainer(value(Db, {}, { dispose: () => stuck.promise }));
    const report = await settles(app.shutdown({ timeout: 5 }));

    // An unhandled rejection would fail the whole run, in every runtime.
    stuck.reject(new Error("too late"));
    await turn();

    expect(report.services).toMatchObject([{ token: "db", outcome: "abandoned" }]);
  });
});

describe("a signal that was aborted before shutdown began", () => {
  it("closes everything nevertheless, dependents first", async () => {
    const log: string[] = [];
    const aborted: boolean[] = [];
    const close = (name: string) => (_: unknown, signal: { aborted: boolean }) => {
      aborted.push(signal.aborted);
      log.push(name);
    };
    const controller = new AbortController();
    controller.abort();
    const app: Scope = createContainer(
      singleton(Db, () => ({}), { dispose: close("db") }),
      singleton(Repo, [Db], (db) => ({ db }), { dispose: close("repo") }),
    );
    app.get(Repo);
    const request: Scope = app.createScope("request", value(Web, {}, { dispose: close("web") }));
    request.get(Web);

    const report = await settles(app.shutdown({ signal: controller.signal }));

    expect(log).toEqual(["web", "repo", "db"]);
    expect(aborted).toEqual([true, true, true]);
    expect(report.ok).toBe(true);
  });
});

describe("two shutdowns at once", () => {
  it("SIGTERM and a framework's onClose: one run in order, everything closed once, both told at the end", async () => {
    const log: string[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => ({}), { dispose: slowly(log, "db") }),
      singleton(Repo, [Db], (db) => ({ db }), { dispose: slowly(log, "repo") }),
    );
    app.get(Repo);
    const sigterm = app.shutdown({ reason: "SIGTERM" }).then((report) => (log.push("sigterm told"), report));
    await turn();

    const onClose = app.shutdown().then((report) => (log.push("onClose told"), report));

    const [first, second] = await settles(Promise.all([sigterm, onClose]));
    expect(log.slice(0, 4)).toEqual(inOrder("repo", "db"));
    expect(log.slice(4).sort()).toEqual(["onClose told", "sigterm told"]);
    expect(second).toBe(first);
  });

  it("again, long after: the same report, and nothing is closed twice", async () => {
    let closed = 0;
    const app: Scope = createContainer(value(Db, {}, { dispose: () => void closed++ }));
    const report = await settles(app.shutdown());

    expect(await settles(app.shutdown({ timeout: 1 }))).toBe(report);
    expect(closed).toBe(1);
  });

  it("a child that is already closing: its parent waits for it, and closes nothing twice", async () => {
    const slow = deferred();
    const log: string[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => ({}), { dispose: () => void log.push("db") }),
      scoped(Repo, [Db], (db) => ({ db }), {
        dispose: async () => {
          await slow.promise;
          log.push("repo");
        },
      }),
    );
    const request = app.createScope("request");
    request.get(Repo);

    const child = request.shutdown();
    const parent = app.shutdown();
    await turn();
    expect(log).toEqual([]);

    slow.resolve();
    await settles(Promise.all([child, parent]));
    expect(log).toEqual(["repo", "db"]);
  });

  it("a parent that is already closing: a child's own call joins it", async () => {
    const slow = deferred();
    let closed = 0;
    const app: Scope = createContainer();
    const request: Scope = app.createScope(
      "request",
      value(
        Web,
        {},
        {
          dispose: async () => {
            closed++;
            await slow.promise;
          },
        },
      ),
    );

    const parent = app.shutdown();
    const child = request.shutdown();
    slow.resolve();

    await settles(Promise.all([parent, child]));
    expect(closed).toBe(1);
  });
});

describe("a build in flight while its scope shuts down", () => {
  /** A container whose `db` is finished when `open` is resolved. */
  function building(closed: string[]) {
    const open = deferred();
    const app: Scope = createContainer(
      singleton(Clock, () => ({}), { dispose: slowly(closed, "clock") }),
      singleton(
        Db,
        async ({ getAsync }) => {
          const clock = await getAsync(Clock);
          await open.promise;
          return { clock };
        },
        { dispose: slowly(closed, "db") },
      ),
    );
    return { app, open };
  }

  it("is waited for, closed before what it was built on, and its caller is told SCOPE_CLOSED", async () => {
    const closed: string[] = [];
    const { app, open } = building(closed);
    const asked = rejection(app.getAsync(Db));
    await turn();

    const closing = app.shutdown();
    await turn();
    expect(closed).toEqual([]);
    open.resolve();

    expect(codeOf(await asked)).toBe("SCOPE_CLOSED");
    const report = await settles(closing);
    expect(closed).toEqual(inOrder("db", "clock"));
    expect(report.services.map((row) => row.token)).toEqual(["db", "clock"]);
  });

  it("that nobody waits for: closed as well", async () => {
    const closed: string[] = [];
    const { app, open } = building(closed);
    thrown(() => app.get(Db));
    await turn();

    const closing = app.shutdown();
    open.resolve();
    await settles(closing);

    expect(closed).toEqual(inOrder("db", "clock"));
  });

  it("that fails: shutdown ends, and the report says so", async () => {
    const closed: string[] = [];
    const { app, open } = building(closed);
    const asked = rejection(app.getAsync(Db));
    await turn();

    const closing = app.shutdown();
    open.reject(new Error("no connection"));
    await asked;
    const report = await settles(closing);

    expect(report.services.map(({ token, outcome }) => `${token} ${outcome}`)).toEqual([
      "db failed",
      "clock disposed",
    ]);
    expect(report.ok).toBe(false);
  });

  it("that asks for more: gets what is built, is refused what is not", async () => {
    const go = deferred();
    const heard: unknown[] = [];
    const app: Scope = createContainer(
      singleton(Clock, () => ({})),
      singleton(Db, () => ({})),
      singleton(Repo, async ({ get }) => {
        await go.promise;
        heard.push(get(Clock), codeOf(thrown(() => get(Db))));
        return {};
      }),
    );
    const clock = app.get(Clock);
    const asked = rejection(app.getAsync(Repo));
    await turn();

    const closing = app.shutdown();
    go.resolve();
    await settles(closing);

    expect(codeOf(await asked)).toBe("SCOPE_CLOSED");
    expect(heard).toEqual([clock, "SCOPE_CLOSED"]);
  });

  it("what a build returns after its scope has closed is undone at once", async () => {
    const closed: string[] = [];
    const { app, open } = building(closed);
    const asked = rejection(app.getAsync(Db));
    await turn();
    await settles(app.shutdown({ timeout: 5 }));
    expect(closed).not.toContain("db closing");

    open.resolve();

    expect(codeOf(await asked)).toBe("SCOPE_CLOSED");
    await turn();
    await turn();
    expect(closed.filter((line) => line.startsWith("db"))).toEqual(["db closing", "db closed"]);
  });

  it("what init finishes after its scope has closed is undone at once", async () => {
    const ready = deferred();
    const closed: string[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => ({}), { init: () => ready.promise, dispose: () => void closed.push("db") }),
    );
    const asked = rejection(app.getAsync(Db));
    await settles(app.shutdown({ timeout: 5 }));

    ready.resolve();

    expect(codeOf(await asked)).toBe("SCOPE_CLOSED");
    await turn();
    expect(closed).toEqual(["db"]);
  });

  it("that outlasts the deadline and fails then: no unhandled rejection, its caller hears of it", async () => {
    const { app, open } = building([]);
    const asked = rejection(app.getAsync(Db));
    await turn();
    await settles(app.shutdown({ timeout: 5 }));

    // An unhandled rejection would fail the whole run, in every runtime.
    open.reject(new Error("no connection"));
    await turn();

    expect(await asked).toBeInstanceOf(Error);
  });

  it("that shuts its own scope down: closed, and its caller is told SCOPE_CLOSED", async () => {
    const closed: string[] = [];
    const closings: Promise<unknown>[] = [];
    const app: Scope = createContainer(
      singleton(
        Db,
        async () => {
          closings.push(app.shutdown());
          await turn();
          return {};
        },
        { dispose: () => void closed.push("db") },
      ),
    );

    expect(codeOf(await rejection(app.getAsync(Db)))).toBe("SCOPE_CLOSED");
    await settles(Promise.all(closings));
    await settles(app.shutdown());
    expect(closed).toEqual(["db"]);
  });

  it("that shuts its own scope down and waits for that before it fails: does not wait for itself", async () => {
    const app: Scope = createContainer(
      singleton(Db, async () => {
        await app.shutdown();
        throw new Error("the port is taken");
      }),
    );

    expect(codeOf(await rejection(app.getAsync(Db)))).toBe("SCOPE_CLOSED");
    await settles(app.shutdown());
    expect(app.state).toBe("closed");
  });

  it("in the child, of a service built on the parent's: both are closed, dependents first", async () => {
    const open = deferred();
    const log: string[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => ({}), { dispose: slowly(log, "db") }),
      scoped(
        Repo,
        [Db],
        async (db) => {
          await open.promise;
          return { db };
        },
        { dispose: slowly(log, "repo") },
      ),
    );
    const asked = rejection(app.createScope("request").getAsync(Repo));
    await turn();

    const closing = app.shutdown();
    await turn();
    expect(log).toEqual([]);
    open.resolve();
    await settles(closing);

    expect(codeOf(await asked)).toBe("SCOPE_CLOSED");
    expect(log).toEqual(inOrder("repo", "db"));
  });

  it("of the parent, awaited by a child that closes: the child is told SCOPE_CLOSED, the build lives on", async () => {
    const closed: string[] = [];
    const { app, open } = building(closed);
    const request: Scope = app.createScope(
      "request",
      singleton(Repo, [Db], (db) => ({ db })),
    );
    const asked = rejection(request.getAsync(Repo));
    const direct = rejection(request.getAsync(Db));
    await turn();

    await settles(request.shutdown());

    expect(codeOf(await asked)).toBe("SCOPE_CLOSED");
    expect(codeOf(await direct)).toBe("SCOPE_CLOSED");
    open.resolve();
    expect(await settles(app.getAsync(Db))).toEqual({ clock: app.get(Clock) });
    expect(closed).toEqual([]);
  });
});

describe("asking while closing", () => {
  it("a disposer that asks for what was never built, or opens a scope: refused by code, shutdown goes on", async () => {
    const heard: unknown[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => ({})),
      value(
        Web,
        {},
        {
          dispose: async () => {
            heard.push(codeOf(thrown(() => app.get(Db))), codeOf(thrown(() => app.createScope("late"))));
            heard.push(codeOf(await rejection(app.getAsync(Db))));
          },
        },
      ),
    );

    const report = await settles(app.shutdown());

    expect(heard).toEqual(["SCOPE_CLOSED", "SCOPE_CLOSED", "SCOPE_CLOSED"]);
    expect(report.ok).toBe(true);
  });

  it("a resolver kept beyond the end of its scope: refused by code", async () => {
    const Journal = token<{ write(): object; flush(): Promise<object> }>("journal");
    const app: Scope = createContainer(
      singleton(Db, () => ({})),
      singleton(Journal, ({ get, getAsync }) => ({ write: () => get(Db), flush: () => getAsync(Db) })),
    );
    const journal = app.get(Journal);
    journal.write();
    await settles(app.shutdown());

    expect(codeOf(thrown(() => journal.write()))).toBe("SCOPE_CLOSED");
    expect(codeOf(await rejection(journal.flush()))).toBe("SCOPE_CLOSED");
  });

  it("a child that asks while its parent is closing is refused, by code", async () => {
    const slow = deferred();
    const app: Scope = createContainer(
      singleton(Db, () => ({})),
      scoped(Repo, () => ({}), { dispose: () => slow.promise }),
      value(Clock, {}),
    );
    const request = app.createScope("request");
    const repo = request.get(Repo);

    const closing = app.shutdown();

    expect(codeOf(thrown(() => request.get(Db)))).toBe("SCOPE_CLOSED");
    expect(codeOf(await rejection(request.getAsync(Db)))).toBe("SCOPE_CLOSED");
    expect(codeOf(thrown(() => request.createScope("step")))).toBe("SCOPE_CLOSED");
    expect(codeOf(thrown(() => app.createScope("request")))).toBe("SCOPE_CLOSED");
    expect(codeOf(thrown(() => request.provide(value(Web, {}))))).toBe("SCOPE_CLOSED");
    expect(codeOf(thrown(() => app.override(value(Db, {}))))).toBe("SCOPE_CLOSED");
    expect(request.state).toBe("closing");
    expect(repo).toBeDefined();
    slow.resolve();
    await settles(closing);
    expect(request.state).toBe("closed");
  });

  it("a child whose build is in flight when its parent closes: waited for, and closed with it", async () => {
    const open = deferred();
    const closed: string[] = [];
    const app: Scope = createContainer(
      scoped(
        Repo,
        async () => {
          await open.promise;
          return {};
        },
        { dispose: () => void closed.push("repo") },
      ),
    );
    const asked = rejection(app.createScope("request").getAsync(Repo));

    const closing = app.shutdown();
    open.resolve();
    await settles(closing);

    expect(codeOf(await asked)).toBe("SCOPE_CLOSED");
    expect(closed).toEqual(["repo"]);
  });
});
