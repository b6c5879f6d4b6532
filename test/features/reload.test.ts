/** `release`, `reload`, `withdraw` and `provided` of `thimble/reload`. */

import {
  alias,
  all,
  cleanup,
  createContainer,
  currentScope,
  decorate,
  defer,
  fallback,
  make,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { createApp } from "thimble/lifecycle";
import { observe } from "thimble/observe";
import { provided, release, reload, withdraw } from "thimble/reload";
import { overridden } from "thimble/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { catchReports } from "../core/support/report-error.ts";
import { laterRefusal, refusal, route } from "../core/support/refusal.ts";

class Db {
  isOpen = true;
}
class Users {
  readonly db: Db;
  constructor(db: Db) {
    this.db = db;
  }
}
class Page {
  readonly users: Users;
  constructor(users: Users) {
    this.users = users;
  }
}
class Clock {}

let log: string[] = [];
beforeEach(() => {
  log = [];
  catchReports();
});

const close = (db: Db): void => {
  db.isOpen = false;
  log.push("db");
};
const says = (text: string) => (): void => void log.push(text);

const provideAll = () => [
  singleton(Db, { dispose: close }),
  singleton(Users, [Db], { dispose: says("users") }),
  scoped(Page, [Users], { dispose: says("page") }),
  singleton(Clock, { dispose: says("clock") }),
];

describe("release", () => {
  it("disposes a service and everything built on it, dependents first, and nothing else", async () => {
    const app: Scope = createContainer(provideAll());
    const [db, users, clock] = app.get([Db, Users, Clock]);

    const report = await release(app, Db);

    expect(log).toEqual(["users", "db"]);
    expect(report.ok).toBe(true);
    expect(report.services.map(({ token, outcome }) => `${token} ${outcome}`)).toEqual([
      "Users disposed",
      "Db disposed",
    ]);
    expect(app.get(Clock)).toBe(clock);
    expect(app.get(Users)).not.toBe(users);
    expect(app.get(Db)).not.toBe(db);
    expect(app.get(Users).db).toBe(app.get(Db));
  });

  it("reaches dependents in scopes below", async () => {
    const app: Scope = createContainer(provideAll());
    const [a, b] = [app.createScope("a"), app.createScope("b")];
    const pages = [a.get(Page), b.get(Page)];

    await release(app, Db);

    expect(log).toEqual(
      ["page", "page", "users", "db"].sort((x, y) => (x === y ? 0 : log.indexOf(x) - log.indexOf(y))),
    );
    expect(log.slice(2)).toEqual(["users", "db"]);
    expect(a.get(Page)).not.toBe(pages[0]);
    expect(a.get(Page).users.db.isOpen).toBe(true);
    expect(a.get(Page).users).toBe(b.get(Page).users);
  });

  it("is over before it returns when no disposal is asynchronous", () => {
    const app: Scope = createContainer(provideAll());
    const users = app.get(Users);

    void release(app, Db);

    expect(log).toEqual(["users", "db"]);
    expect(app.get(Users)).not.toBe(users);
  });

  it("leaves what was not built unbuilt", async () => {
    const app: Scope = createContainer(provideAll());
    expect((await release(app, Db)).services).toEqual([]);
  });

  it("builds the next one only when the old one is disposed", async () => {
    const closed = deferred<void>();
    let open = 0;
    const app: Scope = createContainer(
      singleton(Db, [], () => (open++, new Db()), {
        dispose: async () => {
          await closed.promise;
          open--;
        },
      }),
      singleton(Users, [Db]),
    );
    app.get(Users);

    const released = release(app, Db);
    expect(refusal(() => app.get(Db)).code).toBe("ASYNC_PROVIDER");
    const next = app.getAsync(Users);
    await Promise.resolve();
    expect(open).toBe(1);
    closed.resolve();

    expect((await next).db).toBe(app.get(Db));
    expect(open).toBe(1);
    expect((await released).ok).toBe(true);
  });

  it("waits for a stop, while everything still works", async () => {
    const drained = deferred<void>();
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      singleton(Users, [Db], {
        stop: async () => {
          log.push("stopping");
          await drained.promise;
          log.push("stopped");
        },
        dispose: says("users"),
      }),
    );
    const users = app.get(Users);

    const released = release(app, Db);
    expect(log).toEqual(["stopping"]);
    expect(app.get(Users)).toBe(users);
    drained.resolve();
    await released;

    expect(log).toEqual(["stopping", "stopped", "users", "db"]);
  });

  it("reports a disposal and a stop that fail, and goes on", async () => {
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      singleton(Users, [Db], {
        stop: () => {
          throw new Error("no stop");
        },
        dispose: async () => {
          throw new Error("no dispose");
        },
      }),
    );
    app.get(Users);

    const report = await release(app, Db);

    expect(report.ok).toBe(false);
    expect(
      report.services.map((it) => [it.token, it.outcome, it.phase, (it.error as Error)?.message]),
    ).toEqual([
      ["Users", "failed", "stop", "no stop"],
      ["Users", "failed", undefined, "no dispose"],
      ["Db", "disposed", undefined, undefined],
    ]);
    expect(app.get(Users).db.isOpen).toBe(true);
  });

  it("undoes what cleanup was given, and disposes an object once, by its owner", async () => {
    const Pool = token<{ [Symbol.dispose](): void }>("pool");
    const Same = token<object>("same");
    const app: Scope = createContainer(
      singleton(Pool, [cleanup], (onCleanup) => {
        onCleanup(says("cleanup"));
        return { [Symbol.dispose]: says("pool") };
      }),
      singleton(Same, [Pool], (pool) => pool),
    );
    app.get(Same);

    await release(app, Pool);

    expect(log).toEqual(["pool", "cleanup"]);
    await release(app, Same);
    expect(log).toEqual(["pool", "cleanup"]);
  });

  it("tells observers what it tells of a shutdown", async () => {
    const app: Scope = createContainer(provideAll());
    app.get(Users);
    observe(app, {
      disposing: ({ token }) => void log.push(`disposing ${token.name}`),
      disposed: ({ token }) => void log.push(`disposed ${token.name}`),
    });

    await release(app, Db);

    expect(log).toEqual(["disposing Users", "users", "disposed Users", "disposing Db", "db", "disposed Db"]);
  });

  it("without a token releases everything that was built in the scope, which stays open", async () => {
    const app: Scope = createContainer(provideAll(), value(token<number>("n"), 1));
    const child = app.createScope("child");
    const page = child.get(Page);
    app.get(Clock);

    await release(child);
    expect(log).toEqual(["page"]);
    expect(child.state).toBe("open");
    expect(child.get(Page).users).toBe(page.users);

    log = [];
    await release(app);
    expect([...log].sort()).toEqual(["clock", "db", "page", "users"]);
    expect(log.indexOf("page")).toBeLessThan(log.indexOf("users"));
    expect(log.indexOf("users")).toBeLessThan(log.indexOf("db"));
    expect(child.get(Page).users.db.isOpen).toBe(true);
  });

  it("releases the instances of a scoped service in the scope and below", async () => {
    const app: Scope = createContainer(provideAll());
    const [a, b] = [app.createScope("a"), app.createScope("b")];
    const pages = [a.get(Page), b.get(Page)];

    await release(a, Page);
    expect(log).toEqual(["page"]);
    expect([a.get(Page) === pages[0], b.get(Page) === pages[1]]).toEqual([false, true]);

    await release(app, Page);
    expect(log).toEqual(["page", "page", "page"]);
  });

  it("releases what an alias stands for", async () => {
    const Store = token<Db>("store");
    const app: Scope = createContainer(provideAll(), alias(Store, Db));
    const db = app.get(Store);
    await release(app, Store);
    expect(db.isOpen).toBe(false);
    expect(app.get(Store)).not.toBe(db);
  });

  it("follows dependents through aliases, transients, combinators and dynamic factories", async () => {
    const A = token<object>("a");
    const B = token<object>("b");
    const C = token<object>("c");
    const D = token<object>("d");
    const T = token<object>("t");
    const Store = token<Db>("store");
    const app: Scope = createContainer(
      singleton(Db),
      alias(Store, Db),
      transient(T, [Store], () => ({})),
      singleton(A, [Store], () => ({})),
      singleton(B, [T], () => ({})),
      singleton(C, [optional({ t: T })], () => ({})),
      singleton(D, ({ get }) => ({ it: get(all(Store)) })),
    );
    const tokens = [A, B, C, D] as const;
    const before = app.get([A, B, C, D]);

    await release(app, Db);

    tokens.forEach((it, at) => expect(app.get(it), it.name).not.toBe(before[at]));
  });

  it("follows what a service has resolved late, and an instance of make", async () => {
    const Late = token<{ use(): Db }>("late");
    const unregistered = singleton(Users, [Db], { dispose: says("made") });
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      singleton(Late, [defer(Db)], (db) => ({ use: () => db.get() }), { dispose: says("late") }),
    );
    const made = app.get(make(unregistered));
    const late = app.get(Late);
    late.use();

    await release(app, Db);

    expect(log.at(-1)).toBe("db");
    expect([...log].sort()).toEqual(["db", "late", "made"]);
    expect(app.get(make(unregistered))).not.toBe(made);
    expect(late.use().isOpen).toBe(true);
  });

  it("leaves a value, and releases what was built on it; one with an init is built anew", async () => {
    const Url = token<{ url: string }>("url");
    const Conn = token<{ opened: number }>("conn");
    const url = { url: "a" };
    const conn = { opened: 0 };
    const app: Scope = createContainer(
      value(Url, url, { dispose: says("url") }),
      value(Conn, conn, { init: (it) => void it.opened++, dispose: says("conn") }),
      singleton(Users, [Url, Conn], () => new Users(new Db()), { dispose: says("users") }),
    );
    const users = app.get(Users);

    await release(app, Url);
    expect(log).toEqual(["users"]);
    expect(app.get(Url)).toBe(url);
    expect(app.get(Users)).not.toBe(users);

    await release(app, Conn);
    expect(log).toEqual(["users", "users", "conn"]);
    app.get(Users);
    expect(conn.opened).toBe(2);

    await app.shutdown();
    expect(log.filter((it) => it === "url")).toHaveLength(1);
  });

  it("has the original of a decorated service disposed", async () => {
    const app: Scope = createContainer(
      decorate(singleton(Db, { dispose: close }), [], (db) => Object.create(db) as Db),
    );
    const db = app.get(Db);
    await release(app, Db);
    expect(log).toEqual(["db"]);
    expect(app.get(Db)).not.toBe(db);
  });

  it("disposes what is left at shutdown once", async () => {
    const app: Scope = createContainer(provideAll());
    app.get([Users, Clock]);
    await release(app, Db);
    app.get(Users);
    log = [];

    const report = await app.shutdown();

    expect([...log].sort()).toEqual(["clock", "db", "users"]);
    expect(report.services).toHaveLength(3);
  });

  it("does not hang a shutdown that has to count dependents", async () => {
    const app: Scope = createContainer(
      singleton(Db, { dispose: async () => void log.push("db") }),
      singleton(Users, [Db], { dispose: async () => void log.push("users") }),
      singleton(Clock, { dispose: async () => void log.push("clock") }),
    );
    app.get([Users, Clock]);
    await release(app, Db);
    app.get(Users);
    log = [];

    expect((await app.shutdown()).ok).toBe(true);
    expect([...log].sort()).toEqual(["clock", "db", "users"]);
  });

  it("refuses a token that nothing provides, and a scope that has closed", async () => {
    const app: Scope = createContainer();
    expect((await laterRefusal(release(app, Db))).code).toBe("NOT_PROVIDED");
    expect((await laterRefusal(release(app, {} as never))).code).toBe("INVALID_PROVIDER");
    await app.shutdown();
    expect((await laterRefusal(release(app, Db))).code).toBe("SCOPE_CLOSED");
    expect((await laterRefusal(release(app))).code).toBe("SCOPE_CLOSED");
  });
});

describe("release while something is being built", () => {
  it("has a build whose factory was not called begin anew", async () => {
    const slow = deferred<Clock>();
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      singleton(Clock, [], () => slow.promise),
      singleton(Users, [Db, Clock], (db) => new Users(db)),
    );
    const users = app.getAsync(Users);
    const both = app.getAsync([Db, Clock]);

    await release(app, Db);
    expect(log).toEqual(["db"]);
    slow.resolve(new Clock());

    expect((await users).db).toBe(app.get(Db));
    expect((await users).db.isOpen).toBe(true);
    expect((await both)[0]).toBe(app.get(Db));
  });

  it("waits for a factory that was called, disposes what it makes, and calls it again for those who wait", async () => {
    const gates = [deferred<void>(), deferred<void>()];
    let calls = 0;
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      singleton(
        Users,
        [Db],
        async (db) => {
          const gate = gates[calls++]!;
          await gate.promise;
          log.push(`built while db is ${db.isOpen ? "open" : "closed"}`);
          return new Users(db);
        },
        { dispose: says("users") },
      ),
    );
    const users = app.getAsync(Users);

    const released = release(app, Db);
    await Promise.resolve();
    expect(log).toEqual([]);
    gates[0]!.resolve();
    await released;
    expect(log).toEqual(["built while db is open", "users", "db"]);
    gates[1]!.resolve();

    expect((await users).db.isOpen).toBe(true);
    expect(calls).toBe(2);
    expect(app.get(Users)).toBe(await users);
  });

  it("fails what such a factory itself waits for, and tells nobody", async () => {
    const slow = deferred<Clock>();
    const seen: string[] = [];
    const reports = catchReports();
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      singleton(Clock, [Db], () => slow.promise),
      singleton(Users, async ({ get, getAsync }) => {
        const db = get(Db);
        try {
          await getAsync(Clock);
        } catch (error) {
          seen.push((error as { code: string }).code);
          throw error;
        }
        return new Users(db);
      }),
    );
    const users = app.getAsync(Users);

    const released = release(app, Db);
    slow.resolve(new Clock());
    const report = await released;

    expect((await users).db.isOpen).toBe(true);
    expect(seen).toEqual(["RELEASED"]);
    expect(report.ok).toBe(true);
    expect(reports).toEqual([]);
  });

  it("gives such a factory what it was given before, and has it wait for nothing", async () => {
    const go = deferred<void>();
    const seen: unknown[] = [];
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      singleton(Clock, () => go.promise.then(() => new Clock())),
      singleton(Users, async ({ get, getAsync }) => {
        const db = get(Db);
        await go.promise;
        seen.push(get(Db) === db, (await getAsync(Db)) === db, db.isOpen);
        await getAsync(Clock).catch((error: { code: string }) => void seen.push(error.code));
        return new Users(db);
      }),
    );
    const users = app.getAsync(Users);
    void app.getAsync(Clock);
    const released = release(app, Db);
    go.resolve();
    await released;

    expect((await users).db).toBe(app.get(Db));
    expect(seen.slice(0, 4)).toEqual([true, true, true, "RELEASED"]);
  });

  it("runs an asynchronous transient again for the one who waits for it", async () => {
    const gates = [deferred<void>(), deferred<void>()];
    let calls = 0;
    const T = token<Users>("t");
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      transient(T, [Db], async (db) => {
        await gates[calls++]!.promise;
        return new Users(db);
      }),
    );
    const it_ = app.getAsync(T);
    const released = release(app, Db);
    gates[0]!.resolve();
    gates[1]!.resolve();
    await released;
    expect((await it_).db.isOpen).toBe(true);
    expect(calls).toBe(2);
  });

  it("tells those who wait of a factory that fails when it is called again", async () => {
    const gate = deferred<void>();
    let calls = 0;
    const app: Scope = createContainer(
      singleton(Db),
      singleton(Users, [Db], async (db) => {
        if (++calls === 2) throw new Error("second");
        await gate.promise;
        return new Users(db);
      }),
    );
    const users = app.getAsync(Users);
    const released = release(app, Db);
    gate.resolve();
    await released;
    await expect(users).rejects.toThrow("second");
  });

  it("puts the failure of a factory that nobody waits for any more into its report", async () => {
    const gate = deferred<void>();
    let calls = 0;
    const app: Scope = createContainer(
      singleton(Db),
      singleton(Users, [Db], async (db) => {
        if (++calls === 1) {
          await gate.promise;
          throw new Error("first");
        }
        return new Users(db);
      }),
    );
    const users = app.getAsync(Users);
    const released = release(app, Db);
    gate.resolve();
    const report = await released;
    expect(report.ok).toBe(false);
    expect(
      report.services.map(({ token, phase, error }) => [token, phase, (error as Error)?.message]),
    ).toContainEqual(["Users", "build", "first"]);
    expect((await users).db).toBe(app.get(Db));
  });

  it("is refused to a factory that would wait for its own end, and nothing is released", async () => {
    const cases: [path: string, (app: Scope) => Promise<unknown>][] = [
      ["Page > Users > Db", (app) => release(app, Db)],
      ["Page > Users > Db", (app) => reload(app, Db)],
      ["Page > Users > Db", (app) => reload(app, Db, singleton(Db))],
      ["Page > Users > Db", (app) => withdraw(app, Db)],
      ["Page > Users", (app) => release(app, Users)],
      ["Page > Users", (app) => release(app)],
    ];
    for (const [path, act] of cases)
      for (const isInit of [false, true]) {
        log = [];
        let app: Scope;
        const once = (): Promise<unknown> => act(app);
        app = createContainer(
          singleton(Db, { dispose: close }),
          isInit
            ? singleton(Users, [Db], { init: once })
            : singleton(Users, [Db], (db) => once().then(() => new Users(db))),
          singleton(Page, [Users]),
        );
        const refused = await laterRefusal(app.getAsync(Page));
        expect([refused.code, route(refused.path)]).toEqual(["CIRCULAR_DEPENDENCY", path]);
        expect(refused.message).toMatch(/^Cannot (release|reload|withdraw) "\w+": the factory of "Users"/);
        expect(refused.hint).toContain('before "Users" is resolved');
        expect(log).toEqual([]);
        expect(app.get(Db).isOpen).toBe(true);
      }
  });

  it("may be waited for by a factory that was not given anything of it", async () => {
    let calls = 0;
    const app: Scope = createContainer(
      singleton(Db, { dispose: (db) => Promise.resolve(db).then(close) }),
      singleton(Clock, () =>
        release(app, Db).then(() => {
          log.push("clock");
          return new Clock();
        }),
      ),
      singleton(Users, [Db, Clock], (db) => {
        calls++;
        return new Users(db);
      }),
    );
    expect((await app.getAsync(Users)).db).toBe(app.get(Db));
    expect([log, calls]).toEqual([["db", "clock"], 1]);
  });

  it.each([false, true])(
    "may be waited for by one that another factory waits for, which was given some of it: %s",
    async (isLater) => {
      let calls = 0;
      const codes: unknown[] = [];
      const app: Scope = createContainer(
        singleton(Db, { dispose: close }),
        singleton(Clock, async () => {
          if (isLater) await new Promise((resolve) => setTimeout(resolve));
          await release(app, Db);
          return new Clock();
        }),
        singleton(Users, async ({ getAsync }) => {
          calls++;
          const db = await getAsync(Db);
          await getAsync(Clock).catch((error: { code: string }) => {
            codes.push(error.code);
            throw error;
          });
          return new Users(db);
        }),
      );
      expect((await app.getAsync(Users)).db).toBe(app.get(Db));
      expect([log, calls, codes]).toEqual([["db"], 2, ["RELEASED"]]);
    },
  );

  it("does not wait for itself when a disposer or a stop calls it", async () => {
    const app: Scope = createContainer(
      singleton(Db, {
        dispose: async () => {
          await release(app, Db);
          log.push("db");
        },
      }),
      singleton(Users, [Db], { stop: async () => void (await release(app, Users)) }),
    );
    app.get(Users);
    expect((await release(app, Db)).ok).toBe(true);
    expect(log).toEqual(["db"]);
  });
});

describe("what a disposer resolves", () => {
  it("through its resolver or defer is what its service was given, as long as that is needed", async () => {
    const T = token<{ isOpen: boolean }>("t");
    const open = (text: string) => () => ({ isOpen: true, text });
    const end = (it: { isOpen: boolean }): void => void (it.isOpen = false);
    const app: Scope = createContainer(
      singleton(T, open("t"), { dispose: end }),
      singleton(Db, [T], () => new Db(), { dispose: close }),
      singleton(
        Users,
        [Db, T, defer(T), defer(Db)],
        (db, it, late, lateDb) =>
          Object.assign(new Users(db), {
            async end() {
              const whole = late.get() === it && it.isOpen && lateDb.get() === db && db.isOpen;
              await Promise.resolve();
              log.push(whole && late.get() === it && it.isOpen ? "whole" : "half");
            },
          }),
        { dispose: (users) => (users as never as { end(): Promise<void> }).end() },
      ),
    );
    const acts: (() => Promise<unknown>)[] = [
      () => release(app, T),
      () => release(app, Db),
      () => release(app),
      () => reload(app, T, singleton(T, open("other"), { dispose: end })),
      () => withdraw(app, T),
    ];
    for (const act of acts) {
      app.get(Users);
      await act();
    }
    expect(log).toEqual(acts.flatMap(() => ["whole", "db"]));
  });

  it("from the scope, while it is on the stack, is what its service was given, too", async () => {
    const app: Scope = createContainer(
      singleton(Clock),
      singleton(Db, [Clock], () => new Db(), { dispose: close }),
      singleton(Users, [currentScope], (scope) => Object.assign(new Users(new Db()), { scope }), {
        dispose: (users) => void log.push(`${(users as never as { scope: Scope }).scope.get(Db).isOpen}`),
      }),
    );
    app.get([Db, Users]);
    await release(app);
    expect(log).toEqual(["true", "db"]);
  });

  it("for the first time is there until its end, if it was not disposed before", async () => {
    const app: Scope = createContainer(
      singleton(Clock),
      singleton(Db, [Clock], () => new Db(), { dispose: close }),
      singleton(Users, [Clock, defer(Db)], (_, late) => Object.assign(new Users(new Db()), { late }), {
        dispose: async (users) => {
          const db = (users as never as { late: { get(): Db } }).late.get();
          await Promise.resolve();
          log.push(db.isOpen ? "open" : "closed");
        },
      }),
    );
    app.get([Db, Users]);
    await release(app, Clock);
    expect(log).toEqual(["open", "db"]);
  });

  it("is refused when it would wait for the disposer", async () => {
    const seen: string[] = [];
    const Of = token<Db>("of");
    const ask = async (it: Promise<unknown>): Promise<void> => {
      const refused = await laterRefusal(it);
      seen.push(`${refused.code} ${route(refused.path)}`);
    };
    const app: Scope = createContainer(
      singleton(Db, ({ getAsync }) => Object.assign(new Db(), { getAsync }), {
        dispose: async (db) => {
          const late = (db as never as { getAsync(it: unknown): Promise<unknown> }).getAsync;
          const all = [late(Db), app.getAsync(Db), app.getAsync(Of), app.getAsync([Clock])];
          expect(await all.pop()).toEqual([new Clock()]);
          for (const it of all) await ask(it);
        },
      }),
      singleton(Of, [Db], (db) => db),
      singleton(Clock),
    );
    app.get(Db);
    expect((await release(app, Db)).ok).toBe(true);
    expect(seen).toEqual([
      "CIRCULAR_DEPENDENCY Db > Db",
      "CIRCULAR_DEPENDENCY Db > Db",
      "CIRCULAR_DEPENDENCY Db > of > Db",
    ]);
  });

  it("by somebody else waits, as everything does, also through a service that goes", async () => {
    const closing = deferred<void>();
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      singleton(Users, ({ get, getAsync }) => Object.assign(new Users(get(Db)), { getAsync })),
      singleton(Page, [Users], { dispose: () => closing.promise.then(says("page")) }),
    );
    const page = app.get(Page);
    const released = release(app, Db);
    const { getAsync } = page.users as never as { getAsync(it: typeof Page): Promise<Page> };
    const next = getAsync(Page);
    closing.resolve();
    await released;
    expect((await next).users.db).toBe(app.get(Db));
    expect(page.users.db.isOpen).toBe(false);
  });
});

describe("a deadline", () => {
  const never = (): Promise<void> => new Promise(() => {});
  const outcomes = (report: { readonly services: readonly { token: string; outcome: string }[] }): string[] =>
    report.services.map(({ token, outcome }) => `${token} ${outcome}`);

  it("ends a release: what has not begun begins, in order, and the new ones may be built", async () => {
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      singleton(Users, [Db], {
        dispose: (_, signal, reason) => {
          log.push(`users ${signal.aborted} ${String(reason)}`);
          signal.addEventListener("abort", says("aborted"));
          return never();
        },
      }),
      singleton(Page, [Users], { dispose: says("page") }),
    );
    app.get(Page);
    const released = release(app, Db, { timeout: 0, reason: "why" });
    const next = app.getAsync(Page);
    const report = await released;
    expect(log).toEqual(["page", "users false why", "aborted", "db"]);
    expect(outcomes(report)).toEqual(["Page disposed", "Db disposed", "Users abandoned"]);
    expect(report.ok).toBe(false);
    expect((await next).users.db.isOpen).toBe(true);
    await app.shutdown({ timeout: 0 });
  });

  it("that has passed already disposes everything, and waits for nothing", async () => {
    const app: Scope = createContainer(
      singleton(Db, { dispose: (db, signal) => (close(db), log.push(`${signal.aborted}`), never()) }),
      singleton(Users, [Db], {
        stop: (_, signal) => (log.push(`stop ${signal.aborted}`), never()),
        dispose: says("users"),
      }),
    );
    app.get(Users);
    const report = await release(app, Db, { signal: AbortSignal.abort() });
    expect(log).toEqual(["stop true", "users", "db", "true"]);
    expect(outcomes(report)).toEqual(["Users abandoned", "Users disposed", "Db abandoned"]);
  });

  it("leaves a factory behind that does not end, and disposes what it makes after all", async () => {
    const slow = deferred<void>();
    let calls = 0;
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      singleton(Users, [Db], (db) => (calls++ ? new Users(db) : slow.promise.then(() => new Users(db))), {
        dispose: says("users"),
      }),
    );
    const users = app.getAsync(Users);
    expect(outcomes(await release(app, Db, { timeout: 0 }))).toEqual(["Db disposed", "Users abandoned"]);
    expect((await users).db.isOpen).toBe(true);
    slow.resolve();
    await new Promise((resolve) => setTimeout(resolve));
    expect(log).toEqual(["db", "users"]);
    expect(app.get(Users)).toBe(await users);
  });

  it("ends what cannot be seen: a factory that releases what it was given, after an await", async () => {
    let isFirst = true;
    const app: Scope = createContainer(
      singleton(Db),
      singleton(Users, [Db], async (db) => {
        await Promise.resolve();
        if (isFirst) {
          isFirst = false;
          log.push(...outcomes(await release(app, Db, { timeout: 0 })));
        }
        return new Users(db);
      }),
    );
    expect((await app.getAsync(Users)).db).toBe(app.get(Db));
    expect(log).toEqual(["Users abandoned"]);
  });

  it("has what fails after it reported, except for what follows its signal", async () => {
    const reports = catchReports();
    const late = deferred<void>();
    let isFirst = true;
    const app: Scope = createContainer(
      singleton(Db, { dispose: () => late.promise.then(() => Promise.reject(new RangeError("disposer"))) }),
      singleton(Clock, {
        dispose: (_, signal) => late.promise.then(() => Promise.reject(signal.reason as Error)),
      }),
      singleton(Users, async () => {
        if (isFirst) {
          isFirst = false;
          await late.promise;
          throw new RangeError("factory");
        }
        return new Users(new Db());
      }),
    );
    app.get([Db, Clock]);
    const users = app.getAsync(Users);
    const report = await release(app, undefined, { timeout: 0 });
    expect(report.services.every(({ outcome }) => outcome === "abandoned")).toBe(true);
    late.resolve();
    await users;
    await new Promise((resolve) => setTimeout(resolve));
    expect(reports.map(String).sort()).toEqual(["RangeError: disposer", "RangeError: factory"]);
  });

  it("ends one of two releases, and the other one waits on", async () => {
    const closing = deferred<void>();
    const app: Scope = createContainer(
      singleton(Db),
      singleton(Users, [Db], { dispose: () => closing.promise }),
    );
    app.get(Users);
    const first = release(app, Users, { timeout: 0 });
    const second = release(app, Db);
    expect(outcomes(await first)).toEqual(["Users abandoned"]);
    closing.resolve();
    expect(outcomes(await second)).toEqual(["Users disposed"]);
  });

  it("is taken by reload and withdraw as well, and refused when it is none", async () => {
    const app: Scope = createContainer(singleton(Db, { eager: true, dispose: never }));
    const db = app.get(Db);
    expect(outcomes(await reload(app, Db, undefined, { timeout: 0 }))).toEqual(["Db abandoned"]);
    expect(app.get(Db)).not.toBe(db);
    expect(outcomes(await reload(app, Db, singleton(Db), { timeout: 0 }))).toEqual(["Db abandoned"]);
    expect(outcomes(await withdraw(app, Db, { timeout: 0 }))).toEqual([]);
    expect(app.has(Db)).toBe(false);
    app.provide(singleton(Db));
    for (const act of [
      () => release(app, Db, { timeout: "1" } as never),
      () => release(app, Db, { timeOut: 1 } as never),
      () => release(app, Db, AbortSignal.abort() as never),
      () => reload(app, Db, undefined, { timeout: -1 }),
      () => withdraw(app, Db, { time: 1 } as never),
    ])
      await expect(act()).rejects.toBeInstanceOf(TypeError);
    expect(app.has(Db)).toBe(true);
  });
});

describe("release and shutdown", () => {
  it("leaves the rest to a shutdown that begins meanwhile, and waits for it", async () => {
    const closing = deferred<void>();
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      singleton(Users, [Db], { dispose: () => closing.promise.then(says("users")) }),
      singleton(Clock, { dispose: says("clock") }),
    );
    app.get([Users, Clock]);

    const released = release(app, Db);
    const next = laterRefusal(app.getAsync(Users));
    const shut = app.shutdown();
    closing.resolve();

    const [of, all] = await Promise.all([released, shut]);
    expect(log).toEqual(["clock", "users", "db"]);
    expect(of.services.map(({ token }) => token)).toEqual(["Users", "Db"]);
    expect(all.services.map(({ token }) => token)).toEqual(["Clock", "Users", "Db"]);
    expect((await next).code).toBe("SCOPE_CLOSED");
  });

  it("is released from a disposal that never ends by the deadline of a shutdown", async () => {
    const app: Scope = createContainer(singleton(Db, { dispose: () => new Promise(() => {}) }));
    app.get(Db);
    const released = release(app, Db);
    const report = await app.shutdown({ timeout: 0 });
    expect(report.services.map(({ outcome }) => outcome)).toEqual(["abandoned"]);
    expect((await released).services.map(({ outcome }) => outcome)).toEqual(["abandoned"]);
  });

  it("is released from a stop that never ends in the same way, and two releases wait for one stop", async () => {
    const app: Scope = createContainer(singleton(Db, { stop: () => new Promise(() => {}), dispose: close }));
    app.get(Db);
    const releases = [release(app, Db), release(app, Db)];
    await app.shutdown({ timeout: 0 });
    await Promise.all(releases);
    expect(log).toEqual(["db"]);
  });

  it("waits for a child that closes with a dependent in it", async () => {
    const closing = deferred<void>();
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      scoped(Users, [Db], { dispose: () => closing.promise.then(says("users")) }),
    );
    const child = app.createScope("child");
    child.get(Users);
    const shut = child.shutdown();
    const released = release(app, Db);
    await Promise.resolve();
    expect(log).toEqual([]);
    closing.resolve();
    await Promise.all([shut, released]);
    expect(log).toEqual(["users", "db"]);
  });

  it("of what another release is disposing waits for that", async () => {
    const closing = deferred<void>();
    const app: Scope = createContainer(singleton(Db, { dispose: () => closing.promise.then(says("db")) }));
    app.get(Db);
    void release(app, Db);
    const second = release(app, Db).then(says("second"));
    await new Promise((resolve) => setTimeout(resolve));
    expect(log).toEqual([]);
    closing.resolve();
    await second;
    expect(log).toEqual(["db", "second"]);
  });

  it("overlapping another release disposes everything once, and both wait", async () => {
    const closing = deferred<void>();
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      singleton(Users, [Db], { dispose: () => closing.promise.then(says("users")) }),
    );
    app.get(Users);
    const first = release(app, Users);
    const second = release(app, Db);
    await Promise.resolve();
    expect(log).toEqual([]);
    closing.resolve();
    const reports = await Promise.all([first, second]);
    expect(log).toEqual(["users", "db"]);
    expect(reports.map(({ services }) => services.map(({ token }) => token))).toEqual([
      ["Users"],
      ["Users", "Db"],
    ]);
  });
});

describe("reload", () => {
  it("puts another provider in place of the old one", async () => {
    const app: Scope = createContainer(provideAll());
    const child = app.createScope("child");
    child.get(Page);
    const other = new Db();

    await reload(app, Db, value(Db, other));

    expect(log).toEqual(["page", "users", "db"]);
    expect(child.get(Page).users.db).toBe(other);
    await withdraw(app, Db);
    expect(app.has(Db)).toBe(false);
  });

  it("in a scope below leaves the service of the others alone", async () => {
    const app: Scope = createContainer(singleton(Db, { dispose: close }), scoped(Users, [Db]));
    const [a, b] = [app.createScope("a"), app.createScope("b")];
    const users = [a.get(Users), b.get(Users)];
    const other = new Db();

    await reload(a, Db, value(Db, other));

    expect(log).toEqual([]);
    expect(a.get(Users).db).toBe(other);
    expect(b.get(Users)).toBe(users[1]);
  });

  it("replaces a transient and an alias, and releases what was built with them", async () => {
    const T = token<string>("t");
    const Name = token<string>("name");
    const A = token<string>("a");
    const B = token<string>("b");
    const app: Scope = createContainer(
      transient(T, [], () => "old"),
      value(Name, "x"),
      alias(A, T),
      singleton(B, [A, defer(Name)], (a) => `b of ${a}`),
      singleton(Users, ({ get }) => new Users(get(T) as never)),
    );
    app.get([B, Users]);

    await reload(
      app,
      T,
      transient(T, [], () => "new"),
    );
    expect(app.get(B)).toBe("b of new");
    expect(app.get(Users).db).toBe("new");

    await reload(app, A, alias(A, Name));
    expect(app.get(B)).toBe("b of x");
  });

  it("builds again what was eager, and starts again what an app had started", async () => {
    const app: Scope = createContainer(
      singleton(Db, { dispose: close, eager: true, init: says("open db") }),
      singleton(Users, [Db], { start: says("start users"), stop: says("stop users") }),
      singleton(Clock, [Db], () => new Clock(), { init: says("clock") }),
    );
    const life = createApp(app);
    await life.start();
    app.get(Clock);
    log = [];

    await reload(app, Db);

    expect(log).toEqual(["stop users", "db", "open db", "start users"]);
    log = [];
    await life.stop();
    expect(log).toEqual(["stop users", "db"]);
  });

  it("rejects with what building again has thrown, and the next resolve tries again", async () => {
    let isBroken = false;
    const app: Scope = createContainer(
      singleton(
        Db,
        [],
        () => {
          if (isBroken) throw new Error("no db");
          return new Db();
        },
        { eager: true },
      ),
    );
    app.get(Db);
    isBroken = true;
    await expect(reload(app, Db)).rejects.toThrow("no db");
    isBroken = false;
    expect(app.get(Db).isOpen).toBe(true);
  });

  it("refuses a provider of another token, and what is none", async () => {
    const app: Scope = createContainer(provideAll());
    const db = app.get(Db);
    expect((await laterRefusal(reload(app, Db, singleton(Clock) as never))).code).toBe("INVALID_PROVIDER");
    expect((await laterRefusal(reload(app, Db, {} as never))).code).toBe("INVALID_PROVIDER");
    expect((await laterRefusal(reload(app, Page as never, null as never))).code).toBe("INVALID_PROVIDER");
    expect(app.get(Db)).toBe(db);
  });

  it("moves those who wait to the new provider", async () => {
    const never = deferred<Db>();
    const app: Scope = createContainer(
      singleton(Clock, [], () => never.promise as never),
      singleton(Db, [Clock], () => new Db()),
      singleton(Users, [Db]),
    );
    const users = app.getAsync(Users);
    const other = new Db();
    await reload(app, Db, value(Db, other));
    expect((await users).db).toBe(other);
  });

  it("in a scope below moves those who wait there for the service of a scope above", async () => {
    const slow = deferred<string>();
    const T = token<string>("t");
    const Of = token<string>("of");
    const app: Scope = createContainer(singleton(T, [], () => slow.promise));
    const child: Scope = app.createScope(
      "child",
      singleton(Of, [T], (it) => `of ${it}`),
    );
    const all = [child.getAsync(Of), child.getAsync(T), app.getAsync(T)];
    await reload(child, T, value(T, "new"));
    slow.resolve("old");
    expect(await Promise.all(all)).toEqual(["of new", "new", "old"]);
  });

  it("has the new service wait until the old one is disposed, also when it is replaced twice", async () => {
    const closing = deferred<void>();
    let open = 0;
    const provider = () =>
      singleton(Db, [], () => (open++, new Db()), { dispose: () => closing.promise.then(() => void open--) });
    const app: Scope = createContainer(provider());
    app.get(Db);
    const reloads = [reload(app, Db, provider()), reload(app, Db, provider())];
    const next = app.getAsync(Db);
    await Promise.resolve();
    expect(open).toBe(1);
    closing.resolve();
    await Promise.all(reloads);
    await next;
    expect(open).toBe(1);
  });
});

describe("withdraw", () => {
  it("forgets a provider, and disposes what was built on it", async () => {
    const app: Scope = createContainer(provideAll());
    app.get(Users);
    await withdraw(app, Db);
    expect(log).toEqual(["users", "db"]);
    expect(app.has(Db)).toBe(false);
    expect(refusal(() => app.get(Users)).code).toBe("NOT_PROVIDED");
    app.provide(singleton(Db));
    expect(app.get(Users).db.isOpen).toBe(true);
  });

  it("shows what was inherited, shadowed or given way", async () => {
    const app: Scope = createContainer(
      value(Db, new Db()),
      scoped(Users, [Db]),
      fallback(value(Clock, new Clock())),
    );
    const child = app.createScope("child", singleton(Db, { dispose: close }));
    child.get(Users);

    await withdraw(child, Db);
    expect(log).toEqual(["db"]);
    expect(child.get(Users).db).toBe(app.get(Db));

    const clock = app.get(Clock);
    app.provide(singleton(Clock));
    expect(app.get(Clock)).not.toBe(clock);
    await withdraw(app, Clock);
    expect(app.get(Clock)).toBe(clock);
    await withdraw(app, Clock);
    expect(app.has(Clock)).toBe(false);
  });

  it("shows what was overridden, with its instance, one override after the other", async () => {
    const app: Scope = createContainer(singleton(Db, { dispose: close }), scoped(Users, [Db]));
    const db = app.get(Db);
    app.override(value(Db, new Db()));
    const second = app.get(Db);
    app.override(value(Db, new Db()));
    app.get(Users);

    await withdraw(app, Db);
    expect(app.get(Users).db).toBe(second);
    await withdraw(app, Db);
    expect(app.get(Users).db).toBe(db);
    expect(log).toEqual([]);
    await withdraw(app, Db);
    expect(log).toEqual(["db"]);
  });

  it("shows a new instance of what was overridden, when the old one was released meanwhile", async () => {
    const closing = deferred<void>();
    const T = token<string>("t");
    const dispose = (it: string): Promise<void> => closing.promise.then(says(it));
    let made = 0;
    const app: Scope = createContainer(
      singleton(Db),
      singleton(T, [Db], () => `t${++made}`, { dispose }),
    );
    app.get(T);
    app.override(value(T, "other"));
    app.override(value(T, "another"));
    const released = release(app, Db);
    await withdraw(app, T);
    expect(app.get(T)).toBe("other");
    const withdrawn = withdraw(app, T);
    // The old one is not disposed yet.
    expect(refusal(() => app.get(T)).code).toBe("ASYNC_PROVIDER");
    const next = app.getAsync(T).then((it) => log.push(it));
    closing.resolve();
    await Promise.all([released, withdrawn, next]);
    expect(log).toEqual(["t1", "t2"]);
  });

  it("takes groups of providers, and refuses all when one is not there", async () => {
    const app: Scope = createContainer();
    const group = [singleton(Db), [singleton(Users, [Db])]] as const;
    app.provide(group);
    const users = app.get(Users);
    expect((await laterRefusal(withdraw(app, group, Clock))).code).toBe("NOT_PROVIDED");
    expect(app.get(Users)).toBe(users);
    await withdraw(app, group);
    expect([app.has(Db), app.has(Users)]).toEqual([false, false]);
    expect((await laterRefusal(withdraw(app, group))).code).toBe("NOT_PROVIDED");
    expect((await laterRefusal(withdraw(app, undefined as never))).code).toBe("INVALID_PROVIDER");
  });

  it("names the scope that registers it", async () => {
    const app: Scope = createContainer(provideAll());
    const error = await laterRefusal(withdraw(app.createScope("child"), Db));
    expect(error.code).toBe("NOT_PROVIDED");
    expect(error.message).toContain('withdraw it from the scope that registers it: "root"');
  });

  it("disposes an owned value, and the instances of a scoped service in every scope", async () => {
    const Url = token<string>("url");
    const app: Scope = createContainer(
      value(Url, "a", { dispose: says("url") }),
      scoped(Clock, { dispose: says("clock") }),
    );
    const [a, b] = [app.createScope("a"), app.createScope("b")];
    a.get(Clock);
    b.get(Clock);
    await withdraw(app, Url, Clock);
    expect([...log].sort()).toEqual(["clock", "clock", "url"]);
    expect((await app.shutdown()).services).toEqual([]);
  });

  it("fails those who wait for it, when nothing else provides it", async () => {
    const slow = deferred<Clock>();
    const app: Scope = createContainer(
      singleton(Clock, [], () => slow.promise),
      singleton(Users, [Clock], () => new Users(new Db())),
    );
    const users = laterRefusal(app.getAsync(Users));
    const released = withdraw(app, Clock);
    slow.resolve(new Clock());
    await released;
    expect((await users).code).toBe("NOT_PROVIDED");
  });
});

describe("a provider that is hidden", () => {
  const T = token<string>("t");
  const make = (text: string) => singleton(T, () => text, { dispose: says(text) });

  it("is withdrawn as well, and what it has hidden shows again in its place", async () => {
    const [one, two, three] = [make("one"), make("two"), make("three")];
    const app: Scope = createContainer(one);
    app.get(T);
    app.override(two);
    app.get(T);
    app.override(three);
    await withdraw(app, two);
    expect([app.get(T), log]).toEqual(["three", ["two"]]);
    await withdraw(app, three);
    expect(app.get(T)).toBe("one");
    app.override(make("four"));
    await withdraw(app, one);
    await withdraw(app, T);
    expect([app.has(T), log]).toEqual([false, ["two", "three", "one"]]);
  });

  it("goes at the end of its block, also when an inner block goes on", async () => {
    const app: Scope = createContainer();
    const outer = provided(app, make("outer"));
    app.get(T);
    const inner = overridden(app, make("inner"));
    expect(app.get(T)).toBe("inner");
    await end(outer);
    expect([app.get(T), log]).toEqual(["inner", ["outer"]]);
    await end(inner);
    expect([app.has(T), log]).toEqual([false, ["outer", "inner"]]);
  });

  it("may end before what has overridden it", async () => {
    const app: Scope = createContainer(make("real"));
    app.get(T);
    const [first, second] = [overridden(app, make("first")), overridden(app, make("second"))];
    await end(first);
    expect(app.get(T)).toBe("second");
    await end(second);
    expect(app.get(T)).toBe("real");
  });

  const end = async (it: AsyncDisposable): Promise<void> => {
    await using _ = it;
  };
});

describe("a withdrawal", () => {
  it("takes the provider out also when its service is released while something stops", async () => {
    const stopping = deferred<void>();
    const app: Scope = createContainer(
      singleton(Db, { dispose: close }),
      singleton(Users, [Db], { stop: () => stopping.promise }),
    );
    app.get(Users);
    const all = [withdraw(app, Db), release(app, Db)];
    stopping.resolve();
    await Promise.all(all);
    expect([app.has(Db), log]).toEqual([false, ["db"]]);
  });
});

describe("provided", () => {
  it("is there until the end of the block", async () => {
    const app: Scope = createContainer(singleton(Db, { dispose: close }));
    {
      await using _ = provided(app, singleton(Users, [Db], { dispose: says("users") }), [singleton(Clock)]);
      app.get([Users, Clock]);
    }
    expect(log).toEqual(["users"]);
    expect([app.has(Users), app.has(Clock), app.has(Db)]).toEqual([false, false, true]);
    {
      using _ = provided(app, singleton(Users, [Db], { dispose: says("users") }));
      app.get(Users);
    }
    expect(app.has(Users)).toBe(false);
    expect(log).toEqual(["users", "users"]);
  });

  it("releases a list that a plug-in was in", async () => {
    const Plugin = token<string>("plugin");
    const List = token<readonly string[]>("list");
    const app: Scope = createContainer(singleton(List, [all(Plugin)], (them) => them));
    {
      await using _ = provided(app, value(Plugin, "a"));
      expect(app.get(List)).toEqual(["a"]);
    }
    expect(app.get(List)).toEqual([]);
  });

  it("leaves what was there before, and passes over what is gone", async () => {
    const db = singleton(Db, { dispose: close });
    const app: Scope = createContainer(db);
    app.get(Db);
    {
      await using _ = provided(app, db, singleton(Clock));
      await withdraw(app, Clock);
    }
    expect(app.has(Db)).toBe(true);
    expect(log).toEqual([]);
    {
      await using _ = provided(app, singleton(Clock));
      await app.shutdown();
    }
  });

  it("ends in a factory that was given some of it, and fails that factory", async () => {
    const codes: unknown[] = [];
    const app: Scope = createContainer(
      singleton(Clock, async ({ getAsync }) => {
        await using _ = provided(app, singleton(Db, { dispose: close }));
        return getAsync(Db);
      }),
      singleton(Users, async ({ getAsync }) => {
        using _ = provided(app, singleton(Db, { dispose: close }));
        return new Users(await getAsync(Db));
      }),
      singleton(Page, ({ get }) => {
        using _ = provided(app, singleton(Db, { dispose: close }));
        return new Page(new Users(get(Db)));
      }),
    );
    for (const it of [Clock, Users, Page]) {
      const refused = await laterRefusal(app.getAsync(it as never));
      codes.push(refused.code, route(refused.path));
      expect(app.has(Db)).toBe(false);
    }
    expect(codes).toEqual(["Clock", "Users", "Page"].flatMap((it) => ["CIRCULAR_DEPENDENCY", `${it} > Db`]));
    expect(log).toEqual(["db", "db", "db"]);
  });

  it("throws what failed in await using, and reports it in using", async () => {
    const reports = catchReports();
    const app: Scope = createContainer();
    const failing = () =>
      singleton(Clock, {
        dispose: () => {
          throw new Error("no");
        },
      });
    const run = async () => {
      await using _ = provided(app, failing());
      app.get(Clock);
    };
    expect((await laterRefusal(run())).code).toBe("SHUTDOWN_FAILED");
    {
      using _ = provided(app, failing());
      app.get(Clock);
    }
    await new Promise((resolve) => setTimeout(resolve));
    expect(reports.map(String)).toEqual(["Error: no"]);
  });
});
