import {
  all,
  createContainer,
  decorate,
  fallback,
  one,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { layers } from "thimble/layers";
import { createApp } from "thimble/lifecycle";
import { release } from "thimble/reload";
import { clone, fake, graphOf, NotFakedError, overridden, testContainer } from "thimble/testing";
import { describe, expect, expectTypeOf, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { catchReports } from "../core/support/report-error.ts";
import { laterRefusal, refusal, route } from "../core/support/refusal.ts";

class Db {
  #rows = ["Ada"];
  query(_sql: string): string[] {
    return this.#rows;
  }
  close(): void {}
}
class Users {
  #db;
  constructor(db: Db) {
    this.#db = db;
  }
  names(): string[] {
    return this.#db.query("select name from users");
  }
  end(): void {
    this.#db.close();
  }
}
const Clock = token<() => number>("clock");

describe("testContainer", () => {
  it("has the providers of the program, those replaced excepted, which are never built", () => {
    let built = 0;
    const providers = [singleton(Db, [], () => (built++, new Db())), singleton(Users, [Db])];
    const app = testContainer(providers, { override: [fake(Db, { query: () => ["Eve"] })] });

    expect(app.get(Users).names()).toEqual(["Eve"]);
    expect([app.name, built]).toEqual(["test", 0]);
  });

  it("takes groups, in both lists, and a name", () => {
    const group = [[singleton(Db)], singleton(Users, [Db])] as const;
    const app = testContainer([group], { override: [[value(Db, new Db())]], name: "shop" });
    expect(app.get(Users).names()).toEqual(["Ada"]);
    expect(app.name).toBe("shop");
  });

  it("works without options", () => {
    expect(
      testContainer([singleton(Db)])
        .get(Db)
        .query(""),
    ).toEqual(["Ada"]);
  });

  it("refuses a stand-in for what is not there", () => {
    expect(
      // @ts-expect-error nothing to override
      refusal(() => testContainer([singleton(Db)], { override: [value(Clock, () => 0)] })),
    ).toMatchObject({ code: "NOT_PROVIDED", path: [{ token: "clock" }] });
  });

  it("gives a replacement the place of the original", () => {
    const Job = token<string>("job");
    const First = token<string>("first");
    const Second = token<string>("second");
    const app = testContainer(
      [value(First, "1", { as: [Job], default: true }), value(Second, "2", { as: [Job] })],
      { override: [value(First, "one")] },
    );
    expect(app.get(all(Job))).toEqual(["one", "2"]);
    expect(app.get(one(Job))).toBe("one");
  });

  it.each([
    [() => testContainer(undefined as never), "its first argument is a list of providers"],
    [() => testContainer(singleton(Db) as never), "its first argument is a list of providers"],
    [() => testContainer([], { overrides: [] } as never), 'did you mean "override"?'],
    [() => testContainer([], { override: value(Clock, () => 0) as never }), "a list of providers"],
    [() => testContainer([], { name: 7 as never }), "a string"],
  ])("says what is wrong with its arguments: %#", (make, words) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(words);
  });

  it("says where in the list something is no provider", () => {
    expect(refusal(() => testContainer([singleton(Db), undefined] as never))).toMatchObject({
      code: "INVALID_PROVIDER",
      message: expect.stringContaining("providers[1]"),
    });
  });

  it("knows in its type what it covers", () => {
    const app = testContainer([singleton(Db), singleton(Users, [Db])], {
      override: [fake(Db, { query: () => [] })],
    });
    expectTypeOf(app.get(Users)).toEqualTypeOf<Users>();
    // @ts-expect-error nothing provides the clock
    expect(() => app.get(Clock)).toThrow();
    // @ts-expect-error nothing provides the database
    testContainer([singleton(Users, [Db])]);
  });
});

describe("fake", () => {
  const users = () =>
    testContainer([singleton(Db), singleton(Users, [Db])], {
      override: [fake(Db, { query: () => ["Eve"] })],
    });

  it("names the member that it was not given", () => {
    const failure = refusal(() => users().get(Users).end());
    expect(failure).toBeInstanceOf(NotFakedError);
    expect(failure).toMatchObject({ code: "NOT_FAKED", path: [{ token: "Db" }] });
    expect(failure.message).toContain('Cannot use "close" of the fake "Db": it was not given');
    expect(failure.hint).toBe("write fake(Db, { query, close })");
  });

  it("suggests the member that was meant", () => {
    const db = createContainer(fake(Db, { query: () => [] })).get(Db) as unknown as { qurey(): void };
    expect(refusal(() => db.qurey()).hint).toBe('did you mean "query"?');
  });

  it("is an instance of the class that it stands in for", () => {
    const db = createContainer(fake(Db, {})).get(Db);
    expect(db).toBeInstanceOf(Db);
    expect(createContainer(fake(Db, Object.freeze({}))).get(Db)).not.toBeInstanceOf(Db);
  });

  it("passes on the members as they are, and itself as this", () => {
    const members = {
      query: () => ["Eve"],
      close() {
        closed = (this as unknown as Db).query;
      },
    };
    let closed: unknown;
    const db = createContainer(fake(Db, members)).get(Db);
    expect(db.query).toBe(members.query);
    db.close();
    expect(closed).toBe(members.query);
    members.query = () => ["Zoe"];
    expect(db.query("")).toEqual(["Zoe"]);
  });

  it("lets a test replace a member on it", () => {
    const db = createContainer(fake(Db, { query: () => [] })).get(Db);
    db.query = () => ["set"];
    expect(db.query("")).toEqual(["set"]);
  });

  it("can be awaited, printed and compared", async () => {
    const app = createContainer(fake(Db, { query: () => [] }));
    const db = await app.getAsync(Db);
    expect(await Promise.resolve(db)).toBe(db);
    expect(JSON.stringify(db)).toBe("{}");
    expect(String(db)).toBe("[object Object]");
    expect({ db }).toEqual({ db });
    expect(() => expect({ db }).toEqual({ db: 1 })).toThrow("to deeply equal");
  });

  it("is a value that is borrowed: shutdown finds nothing to dispose in it", async () => {
    const app = createContainer(fake(Db, {}));
    app.get(Db);
    expect(await app.shutdown()).toMatchObject({ ok: true, services: [] });
  });

  it("may be given a disposer, which nobody calls unless it is a value that is owned", async () => {
    let disposed = 0;
    const members = { [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]: () => void disposed++ };
    await createContainer(fake(token<object>("it"), members)).shutdown();
    expect(disposed).toBe(0);
  });

  it.each([undefined, null, 7, () => 0, new Db(), new Map()])("refuses %s as its members", (members) => {
    expect(refusal(() => fake(Db, members as never))).toMatchObject({ code: "INVALID_PROVIDER" });
  });

  it("refuses a token that is none", () => {
    expect(refusal(() => fake("db" as never, {} as never))).toMatchObject({ code: "INVALID_PROVIDER" });
  });

  it("checks its members against the public type of the service", () => {
    expectTypeOf(fake(Db, { query: (sql) => [sql] })).toEqualTypeOf(fake(Db, {}));
    expect(createContainer(fake(Db, {})).has(Db)).toBe(true);
    // @ts-expect-error a query gives a list
    fake(Db, { query: () => 7 });
    // @ts-expect-error there is no such member
    fake(Db, { qurey: () => [] });
    // @ts-expect-error a function has no members that could stand in for it
    fake(Clock, {});
    // @ts-expect-error a private member is nobody else's
    fake(Db, { "#rows": [] });
  });

  it.each(["constructor", "hasOwnProperty"])("treats %s as every object does", (key) => {
    const db = createContainer(fake(Db, {})).get(Db) as unknown as Record<string, unknown>;
    expect(db[key]).toBe(({} as Record<string, unknown>)[key]);
  });
});

describe("clone", () => {
  it("has the same providers, and nothing built", () => {
    let built = 0;
    const app = createContainer(
      singleton(Db, [], () => (built++, new Db())),
      singleton(Users, [Db]),
    );
    const db = app.get(Db);

    const copy = clone(app);
    expect(built).toBe(1);
    expect(copy.get(Db)).not.toBe(db);
    expect(copy.get(Db)).toBe(copy.get(Db));
    expect([copy.name, copy.root === copy, built]).toEqual(["root", true, 2]);
    expectTypeOf(copy).toEqualTypeOf(app);
  });

  it("has what was overridden, decorated and registered late, in the same order", () => {
    const Job = token<string>("job");
    const names = ["a", "b", "c"].map((name) => token<string>(name));
    const app = createContainer("jobs", value(names[0]!, "a", { as: [Job] })) as Scope;
    app.provide(singleton(names[1]!, [], () => "b", { as: [Job], order: -1 }));
    app.provide(
      decorate(
        singleton(names[2]!, [], () => "c", { as: [Job] }),
        [],
        (it) => it.toUpperCase(),
      ),
    );
    app.override(value(names[0]!, "A"));
    expect(clone(app).get(all(Job))).toEqual(["b", "A", "C"]);
  });

  it("has the scopes that are open, each below its own parent", () => {
    const Name = token<string>("name");
    const app = createContainer("root", singleton(Db));
    const page = app.createScope("page", value(Name, "page"), singleton(Users, [Db]));
    page.get(Users);
    page.createScope(
      "part",
      singleton(Clock, [], () => () => 0),
    );
    const copy = clone(app);

    const [first, ...others] = copy.children;
    expect(others).toEqual([]);
    expect([first!.name, [...first!.children].map(({ name }) => name)]).toEqual(["page", ["part"]]);
    expect(first!.get(Name)).toBe("page");
    expect(first!.get(Users)).not.toBe(page.get(Users));
    expect([...first!.children][0]!.get(Clock)()).toBe(0);
  });

  it("leaves out a scope that is closing", async () => {
    let finish = (): void => {};
    const app = createContainer();
    const page = app.createScope(
      "page",
      singleton(Db, { dispose: () => new Promise<void>((resolve) => (finish = resolve)) }),
    );
    page.get(Db);
    const over = page.shutdown();
    expect([...clone(app).children]).toEqual([]);
    finish();
    await over;
  });

  it("borrows values: it neither starts, stops nor disposes what the original owns", async () => {
    const calls: string[] = [];
    const log = (name: string) => () => void calls.push(name);
    const app = createContainer(
      value(Db, new Db(), { dispose: log("dispose"), stop: log("stop") }),
      value(Users, new Users(new Db()), { owned: true }),
    );
    const copy = clone(app);
    expect(copy.get(Db)).toBe(app.get(Db));
    expect(await copy.shutdown()).toMatchObject({ ok: true, services: [] });
    expect(calls).toEqual([]);
    await app.shutdown();
    expect(calls).toEqual(["stop", "dispose"]);
  });

  it("goes its own way: neither changes the other", async () => {
    const app = createContainer(singleton(Db), singleton(Users, [Db]));
    const copy = clone(app);
    copy.override(fake(Db, { query: () => ["copy"] }));
    app.override(fake(Db, { query: () => ["app"] }));
    expect([copy.get(Users).names(), app.get(Users).names()]).toEqual([["copy"], ["app"]]);
    await copy.shutdown();
    expect([app.state, copy.state]).toEqual(["open", "closed"]);
  });

  it("keeps fallbacks, policies of layers, transients and scoped services what they are", () => {
    const app = createContainer(
      layers({ handler: ["service"], service: [] }),
      fallback(value(Clock, () => 1)),
      scoped(Db),
      transient(Users, [Db], (db) => new Users(db)),
    );
    const copy = clone(app);
    expect(copy.get(Clock)()).toBe(1);
    copy.provide(value(Clock, () => 2));
    expect(copy.get(Clock)()).toBe(2);
    expect(copy.get(Users)).not.toBe(copy.get(Users));
    expect(copy.createScope().get(Db)).not.toBe(copy.get(Db));
    copy.provide(singleton(token<number>("below"), [], () => 0, { layer: "service" }));
  });

  it("has what its policy of layers refuses refused too", () => {
    const Low = token<number>("low");
    const High = token<number>("high");
    const app = createContainer(
      layers({ low: [], high: ["low"] }),
      singleton(High, [], () => 0, { layer: "high" }),
      singleton(Low, [High], (it) => it, { layer: "low" }),
    );
    expect(refusal(() => clone(app).get(Low))).toMatchObject({ code: "LAYER_VIOLATION" });
  });

  it("counts a provider that is registered once more as the same one", () => {
    const lent = value(Clock, () => 0, { owned: true });
    const copy = clone(createContainer(lent)) as Scope;
    expect(copy.provide(lent).get(Clock)()).toBe(0);
  });

  it("is watched by the observers it is given, and not by those of the original", () => {
    const told: string[] = [];
    const app = createContainer(singleton(Db));
    app.get(Db);
    const copy = clone(app, {
      observers: [
        {
          registered: ({ token: { name } }) => void told.push(`registered ${name}`),
          built: ({ token: { name } }) => void told.push(`built ${name}`),
        },
      ],
    });
    copy.get(Db);
    expect(told).toEqual(["registered Db", "built Db"]);
  });

  it("can be cloned itself, deep trees too", () => {
    const app = createContainer(value(Clock, () => 3));
    let at: Scope = app;
    for (let depth = 0; depth < 3_000; depth++) at = at.createScope("deep", singleton(Db));
    let below: Scope = clone(clone(app));
    let depth = 0;
    for (let next; (next = [...below.children][0]); below = next) depth++;
    expect([depth, below.get(Clock)()]).toEqual([3_000, 3]);
  });

  it.each([
    [() => clone(undefined as never), "its first argument is a container"],
    [() => clone({} as never), "its first argument is a container"],
    [() => clone(createContainer().createScope()), "clone(scope.root)"],
    [() => clone(createContainer(), { observer: [] } as never), 'did you mean "observers"?'],
    [() => clone(createContainer(), { observers: [1] as never }), "a list of observers"],
  ])("says what is wrong with its arguments: %#", (make, words) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(words);
  });

  it("refuses a container that has closed", async () => {
    const app = createContainer();
    await app.shutdown();
    expect(refusal(() => clone(app))).toMatchObject({ code: "SCOPE_CLOSED" });
  });
});

describe("overridden", () => {
  const Name = token<string>("name");
  class Greeter {
    readonly name;
    constructor(name: string) {
      this.name = name;
    }
  }
  class Page {
    readonly greeter;
    constructor(greeter: Greeter) {
      this.greeter = greeter;
    }
  }
  const open = (calls: string[] = []) =>
    createContainer(
      singleton(Name, [], () => "real", { dispose: () => void calls.push("real") }),
      singleton(Greeter, [Name], { dispose: ({ name }) => void calls.push(`greeter of ${name}`) }),
      scoped(Page, [Greeter]),
    );

  it("replaces until the end of the block, also under what had been built", async () => {
    const calls: string[] = [];
    const app = open(calls);
    const real = app.get(Greeter);
    const page = app.createScope("page");
    page.get(Page);
    {
      await using _ = overridden(app, value(Name, "fake"));
      expect(app.get(Name)).toBe("fake");
      expect(page.get(Page).greeter.name).toBe("fake");
      expect(calls).toEqual(["greeter of real"]);
    }
    expect(calls).toEqual(["greeter of real", "greeter of fake"]);
    expect(page.get(Page).greeter.name).toBe("real");
    expect(app.get(Greeter)).not.toBe(real);
    await app.shutdown();
    expect(calls).toEqual(["greeter of real", "greeter of fake", "greeter of real", "real"]);
  });

  it("works with using, where nothing is asynchronous", () => {
    const app = open();
    expect(app.get(Greeter).name).toBe("real");
    {
      using _ = overridden(app, value(Name, "fake"));
      expect(app.get(Greeter).name).toBe("fake");
    }
    expect(app.get(Greeter).name).toBe("real");
  });

  it("shows the old instance again, which was not disposed", async () => {
    const app = createContainer(singleton(Db), singleton(Users, [Db]));
    const db = app.get(Db);
    {
      await using _ = overridden(app, fake(Db, { query: () => ["Eve"] }));
      expect(app.get(Users).names()).toEqual(["Eve"]);
    }
    expect(app.get(Db)).toBe(db);
    expect(app.get(Users).names()).toEqual(["Ada"]);
  });

  it("can be nested", async () => {
    const app = open();
    {
      await using _ = overridden(app, value(Name, "first"));
      {
        await using __ = overridden(app, value(Name, "second"));
        expect(app.get(Greeter).name).toBe("second");
      }
      expect(app.get(Greeter).name).toBe("first");
    }
    expect(app.get(Greeter).name).toBe("real");
  });

  it("replaces in a scope below for that scope alone", async () => {
    const app = open();
    const below = app.createScope("below");
    {
      await using _ = overridden(
        below,
        singleton(Greeter, [], () => new Greeter("fake")),
      );
      expect([below.get(Page).greeter.name, app.get(Greeter).name]).toEqual(["fake", "real"]);
    }
    expect(below.get(Page).greeter.name).toBe("real");
  });

  it("builds and starts again at the end what an app had started", async () => {
    const calls: string[] = [];
    const Server = token<string>("server");
    const container = createContainer(
      value(Name, "real"),
      singleton(Server, [Name], (name) => name, {
        start: (it) => void calls.push(`start ${it}`),
        stop: (it) => void calls.push(`stop ${it}`),
      }),
    );
    const app = createApp(container);
    await app.start();
    {
      await using _ = overridden(container, value(Name, "fake"));
      expect(await container.getAsync(Server)).toBe("fake");
    }
    expect(calls[0]).toBe("start real");
    expect(calls.at(-1)).toBe("start real");
    await app.stop();
    expect(calls.at(-1)).toBe("stop real");
  });

  it("throws at the end what could not be disposed", async () => {
    const app = open();
    const failing = singleton(Name, [], () => "fake", {
      dispose: () => {
        throw new RangeError("stuck");
      },
    });
    const block = async () => {
      await using _ = overridden(app, failing);
      app.get(Name);
    };
    await expect(block()).rejects.toMatchObject({
      code: "SHUTDOWN_FAILED",
      errors: [new RangeError("stuck")],
    });
    expect(app.get(Name)).toBe("real");
  });

  it("replaces a service that is being built: those who wait receive the replacement, and it is there after the block", async () => {
    const Slow = token<string>("slow");
    const Of = token<string>("of");
    for (const when of ["in", "after"]) {
      let finish: (name: string) => void = () => {};
      let calls = 0;
      const app = createContainer(
        singleton(Slow, () => {
          calls++;
          return new Promise<string>((resolve) => (finish = resolve));
        }),
        singleton(Of, [Slow], (it) => `of ${it}`),
      );
      const pending = [app.getAsync(Of), app.getAsync(Slow)];
      {
        await using _ = overridden(app, value(Slow, "fake"));
        if (when === "in") finish("real");
        expect(await Promise.all(pending)).toEqual(["of fake", "fake"]);
        expect(app.get(Of)).toBe("of fake");
      }
      const after = app.getAsync(Of);
      if (when === "after") finish("real");
      expect(await after).toBe("of real");
      expect([app.get(Slow), calls]).toEqual(["real", 1]);
    }
  });

  it("builds a service anew after the block whose build has failed in it", async () => {
    const reports = catchReports();
    const Slow = token<string>("slow");
    const slow = deferred<string>();
    let calls = 0;
    const app = createContainer(singleton(Slow, () => (calls++ ? "real" : slow.promise)));
    const pending = app.getAsync(Slow);
    {
      await using _ = overridden(app, value(Slow, "fake"));
      expect(await pending).toBe("fake");
      slow.reject(new RangeError("nobody waits for this"));
      await new Promise((resolve) => setTimeout(resolve));
      expect(reports).toEqual([new RangeError("nobody waits for this")]);
    }
    expect(app.get(Slow)).toBe("real");
  });

  it("keeps all services that are replaced, also when one was built on another", async () => {
    const app = createContainer(singleton(Db), singleton(Users, [Db]));
    const before = app.get([Db, Users]);
    {
      await using _ = overridden(app, fake(Users, {}), fake(Db, {}));
      expect(app.get(Users)).not.toBe(before[1]);
    }
    expect(app.get([Db, Users])).toEqual(before);
    expect(app.get(Users)).toBe(before[1]);
  });

  it("shows a new instance afterwards of a service that was released in the block", async () => {
    const app = createContainer(singleton(Db), singleton(Users, [Db]));
    const before = app.get(Users);
    {
      await using _ = overridden(app, fake(Users, { names: () => ["Eve"] }));
      await release(app, Db);
      expect(app.get(Users).names()).toEqual(["Eve"]);
    }
    expect(app.get(Users).names()).toEqual(["Ada"]);
    expect(app.get(Users)).not.toBe(before);
  });

  it("replaces at once, also under something that takes its time to stop", async () => {
    const calls: string[] = [];
    const app = createContainer(
      value(Name, "real"),
      singleton(Greeter, [Name], {
        stop: ({ name }) => Promise.resolve().then(() => void calls.push(`stop ${name}`)),
        dispose: ({ name }) => void calls.push(`dispose ${name}`),
      }),
    );
    app.get(Greeter);
    {
      using _ = overridden(app, value(Name, "fake"));
      expect(app.get(Name)).toBe("fake");
      expect((await app.getAsync(Greeter)).name).toBe("fake");
      expect(calls).toEqual(["stop real", "dispose real"]);
    }
    expect(app.get(Name)).toBe("real");
    expect((await app.getAsync(Greeter)).name).toBe("real");
    expect(calls.slice(2)).toEqual(["stop fake", "dispose fake"]);
  });

  it("is refused to a factory that was given the service which it replaces, and changes nothing", async () => {
    const Of = token<string>("of");
    const app: Scope = createContainer(
      singleton(Name, () => "real"),
      singleton(Of, [Name], async (name) => {
        await using _ = overridden(app, value(Name, "fake"));
        return name;
      }),
      singleton(Greeter, [Name], (name) => {
        using _ = overridden(app, value(Name, "fake"));
        return new Greeter(name);
      }),
    );
    for (const it of [Of, Greeter]) {
      const refused = await laterRefusal(app.getAsync(it as typeof Of));
      expect(refused.code).toBe("CIRCULAR_DEPENDENCY");
      expect(route(refused.path)).toBe(it === Of ? "of > name" : "Greeter > name");
      expect(app.get(Name)).toBe("real");
    }
  });

  it("has nothing left to do when the scope has closed", async () => {
    const app = open();
    const block = async () => {
      await using _ = overridden(app, value(Name, "fake"));
      await app.shutdown();
    };
    await expect(block()).resolves.toBe(undefined);
  });

  it.each([
    [
      () =>
        overridden(
          open(),
          value(Clock, () => 0),
        ),
      "NOT_PROVIDED",
    ],
    [() => overridden(open(), Name as never), "INVALID_PROVIDER"],
    [() => overridden(open(), undefined as never), "INVALID_PROVIDER"],
    [() => overridden(open(), value(Name, "a"), value(Name, "b")), "DUPLICATE"],
  ])("refuses at once what it cannot do, and changes nothing: %#", (run, code) => {
    expect(refusal(run)).toMatchObject({ code });
  });
});

describe("graphOf", () => {
  it("has what is declared, as plain JSON, the same before and after building", () => {
    const secret = { password: "swordfish" };
    const Config = token<typeof secret>("config");
    const app = createContainer(
      "shop",
      value(Config, secret),
      singleton(Db, [Config], () => new Db(), { tags: ["data"] }),
      singleton(Users, ({ get }) => new Users(get(Db))),
    );
    const before = graphOf(app);

    app.get(Users);

    expect(graphOf(app)).toEqual(before);
    expect(JSON.parse(JSON.stringify(before))).toEqual(before);
    expect(JSON.stringify(before)).not.toContain("swordfish");
    expect(before.scopes.map(({ name }) => name)).toEqual(["shop"]);
    expect(before.nodes.map(({ token: name, kind, tags }) => [name, kind, tags])).toEqual([
      ["config", "value", undefined],
      ["Db", "singleton", ["data"]],
      ["Users", "singleton", undefined],
    ]);
    expect(before.edges).toHaveLength(1);
  });

  it("is the same for a clone", () => {
    const app = createContainer(singleton(Db), singleton(Users, [Db]));
    app.get(Users);
    expect(graphOf(clone(app))).toEqual(graphOf(app));
  });

  it("says that it was not given a scope", () => {
    expect(() => graphOf(undefined as never)).toThrow(TypeError);
    expect(() => graphOf({} as never)).toThrow("its argument is a scope");
  });
});
