import { createContainer, optional, scoped, singleton, token, transient, value, type Scope } from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "./support/deferred.ts";
import { laterRefusal, refusal, rejected, route } from "./support/refusal.ts";
import { turn } from "./support/turn.ts";

const Db = token<string>("db");
const Users = token<string>("users");
const Host = token<string>("host");

describe("an asynchronous provider", () => {
  it("is one whose factory returns a promise", async () => {
    const app = createContainer(singleton(Db, async () => "connected"));

    expect(await app.getAsync(Db)).toBe("connected");
  });

  it("is one whose factory returns any thenable", async () => {
    const query = {
      // oxlint-disable-next-line unicorn/no-thenable -- query builders are thenables
      then: (done: (db: string) => void) => done("connected"),
    } as PromiseLike<unknown> as PromiseLike<string>;
    const app = createContainer(singleton(Db, () => query));

    expect(refusal(() => app.get(Db)).code).toBe("ASYNC_PROVIDER");
    expect(await app.getAsync(Db)).toBe("connected");
  });

  it("is one whose `init` returns a promise", async () => {
    const app = createContainer(singleton(Db, () => "connected", { init: async () => {} }));

    expect(refusal(() => app.get(Db)).code).toBe("ASYNC_PROVIDER");
    expect(await app.getAsync(Db)).toBe("connected");
    expect(app.get(Db)).toBe("connected");
  });

  it("is not one whose instance merely has a `then` that is no function", () => {
    const Step = token<{ then: string }>("step");
    // oxlint-disable-next-line unicorn/no-thenable -- that it is not one is the point
    const app = createContainer(singleton(Step, () => ({ then: "next" })));

    expect(app.get(Step).then).toBe("next");
  });

  it("is not a class, though its instances have a `then`: a query is handed over, and not run", () => {
    let runs = 0;
    class Query {
      // oxlint-disable-next-line unicorn/no-thenable -- query builders are thenables
      then(): void {
        runs++;
      }
    }
    const app = createContainer(singleton(Query));

    expect(app.get(Query)).toBeInstanceOf(Query);
    expect(runs).toBe(0);
  });

  it("may be scoped or transient", async () => {
    class Session {}
    class Job {}
    const app: Scope = createContainer(
      scoped(Session, async () => new Session()),
      transient(Job, async () => new Job()),
    );
    const child = app.createScope("request");

    expect(await child.getAsync(Session)).toBe(child.get(Session));
    expect(await child.getAsync(Session)).not.toBe(await app.getAsync(Session));
    expect(await app.getAsync(Job)).not.toBe(await app.getAsync(Job));
    expect(refusal(() => app.get(Job)).code).toBe("ASYNC_PROVIDER");
  });
});

describe("a declared dependency that takes its time", () => {
  it("is awaited, so that the factory never sees the promise", async () => {
    const app = createContainer(
      singleton(Db, async () => "connected"),
      singleton(Users, [Db], (db) => `users on ${db}`),
    );

    expect(await app.getAsync(Users)).toBe("users on connected");
  });

  it("is awaited for a constructor, which runs once however many there are", async () => {
    let constructed = 0;
    class Service {
      readonly given: string[];
      constructor(...given: string[]) {
        constructed++;
        this.given = given;
      }
    }
    const Cache = token<string>("cache");
    const app = createContainer(
      value(Host, "here"),
      singleton(Db, async () => "db"),
      singleton(Cache, async () => "cache"),
      singleton(Service, [Db, Host, Cache]),
    );

    expect((await app.getAsync(Service)).given).toEqual(["db", "here", "cache"]);
    expect(constructed).toBe(1);
  });

  it("is awaited in a record, and deep down", async () => {
    const Top = token<string>("top");
    const app = createContainer(
      singleton(Db, async () => "db"),
      singleton(Users, { db: Db }, async ({ db }) => `users on ${db}`),
      singleton(Top, [{ users: Users }, optional(Db)], ({ users }, db) => `${users}, ${db}`),
    );

    expect(await app.getAsync(Top)).toBe("users on db, db");
  });

  it("makes its dependents wait and nobody else", async () => {
    const gate = deferred<string>();
    const app = createContainer(
      value(Host, "here"),
      singleton(Db, () => gate.promise),
      singleton(Users, [Db], (db) => db),
    );
    const waiting = app.getAsync(Users);

    expect(app.get(Host)).toBe("here");
    expect(await app.getAsync(Host)).toBe("here");
    gate.resolve("db");
    expect(await waiting).toBe("db");
  });

  it("does not keep independent ones from building at the same time", async () => {
    const Left = token<string>("left");
    const Right = token<string>("right");
    const [leftBegun, rightBegun, gate] = [deferred(), deferred(), deferred()];
    const app = createContainer(
      singleton(Left, async () => {
        leftBegun.resolve();
        await gate.promise;
        return "left";
      }),
      singleton(Right, async () => {
        rightBegun.resolve();
        await gate.promise;
        return "right";
      }),
      singleton(Users, [Left, Right], (left, right) => `${left} ${right}`),
    );

    const users = app.getAsync(Users);
    // Would wait for ever if the second were begun when the first has ended.
    await Promise.all([leftBegun.promise, rightBegun.promise]);
    gate.resolve();

    expect(await users).toBe("left right");
  });

  it("does not keep independent ones from building at the same time, deep down in two branches", async () => {
    const names = ["a", "b"] as const;
    const begun = new Map(names.map((name) => [name, deferred()]));
    const gate = deferred();
    const branches = names.map((name) => {
      const Leaf = token<string>(`${name} leaf`);
      const Branch = token<string>(name);
      const leaf = singleton(Leaf, async () => {
        begun.get(name)!.resolve();
        await gate.promise;
        return name;
      });
      return { Branch, providers: [leaf, singleton(Branch, [Leaf], (it) => it)] };
    });
    const app: Scope = createContainer(branches.map((branch) => branch.providers));

    const all = app.getAsync(branches.map((branch) => branch.Branch));
    await Promise.all([...begun.values()].map((it) => it.promise));
    gate.resolve();

    expect(await all).toEqual(["a", "b"]);
  });
});

describe("a factory that asks through its resolver", () => {
  it("gets a promise only where it asked for one", async () => {
    const seen: unknown[] = [];
    const app = createContainer(
      value(Host, "here"),
      singleton(Db, async () => "db"),
      singleton(Users, async ({ get, getAsync }) => {
        const promise = getAsync(Db);
        seen.push(get(Host), promise instanceof Promise);
        return `users on ${await promise}`;
      }),
    );

    expect(await app.getAsync(Users)).toBe("users on db");
    expect(seen).toEqual(["here", true]);
  });

  it("is told by get, too, that something is still being built", async () => {
    const app = createContainer(
      singleton(Db, async () => "db"),
      singleton(Users, ({ get }) => `users on ${get(Db)}`),
    );

    const error = refusal(() => app.get(Users));

    expect(error.code).toBe("ASYNC_PROVIDER");
    expect(route(error.path)).toBe("users > db");
    await app.getAsync(Db);
    expect(app.get(Users)).toBe("users on db");
  });

  it("may ask for many at the same time", async () => {
    const begun: string[] = [];
    const Cache = token<string>("cache");
    const build = (name: string) => async () => {
      begun.push(name);
      await turn();
      return name;
    };
    const app = createContainer(
      singleton(Db, build("db")),
      singleton(Cache, build("cache")),
      singleton(Users, async ({ getAsync }) => (await Promise.all([getAsync(Db), getAsync(Cache)])).join()),
    );

    const users = app.getAsync(Users);
    await Promise.resolve();

    expect(await users).toBe("db,cache");
    expect(begun).toEqual(["db", "cache"]);
  });
});

describe("getAsync", () => {
  it("always works: for what is there, what is made at once, and what takes its time", async () => {
    const app = createContainer(
      value(Host, "here"),
      singleton(Db, () => "db"),
      singleton(Users, async () => "users"),
    );

    expect(await Promise.all([app.getAsync(Host), app.getAsync(Db), app.getAsync(Users)])).toEqual([
      "here",
      "db",
      "users",
    ]);
  });

  it("gives a promise also for what has been built", async () => {
    const app = createContainer(singleton(Db, () => "db"));
    app.get(Db);

    const promise = app.getAsync(Db);

    expect(promise).toBeInstanceOf(Promise);
    expect(await promise).toBe("db");
  });

  it("rejects and never throws", async () => {
    const failure = new Error("no disk");
    const app: Scope = createContainer(
      singleton(Db, (): string => {
        throw failure;
      }),
    );

    const failing = app.getAsync(Db);
    const missing = app.getAsync(Host);

    expect(await rejected(failing)).toBe(failure);
    expect((await laterRefusal(missing)).code).toBe("NOT_PROVIDED");
  });
});

describe("get", () => {
  it("builds what can be built without waiting", () => {
    const app = createContainer(
      value(Host, "here"),
      singleton(Db, [Host], (host) => `db on ${host}`),
      singleton(Users, ({ get }) => `users on ${get(Db)}`),
    );

    expect(app.get(Users)).toBe("users on db on here");
  });

  it("says which token takes its time, and the path to it", async () => {
    const app = createContainer(
      singleton(Db, async () => "db"),
      singleton(Users, [Db], (db) => db),
    );

    const error = refusal(() => app.get(Users));

    expect(error.code).toBe("ASYNC_PROVIDER");
    expect(error.message).toContain('"db"');
    expect(route(error.path)).toBe("users > db");
    await app.getAsync(Db);
  });

  it("lets the build that it began go on, and shares it", async () => {
    let built = 0;
    const gate = deferred<string>();
    const app = createContainer(
      singleton(Db, () => {
        built++;
        return gate.promise;
      }),
    );

    expect(refusal(() => app.get(Db)).code).toBe("ASYNC_PROVIDER");
    expect(refusal(() => app.get(Db)).code).toBe("ASYNC_PROVIDER");
    const waiting = app.getAsync(Db);
    gate.resolve("db");

    expect(await waiting).toBe("db");
    expect(app.get(Db)).toBe("db");
    expect(built).toBe(1);
  });

  it("works as soon as what takes its time is built, though nobody awaited it", async () => {
    const app = createContainer(
      singleton(Db, async () => "db"),
      singleton(Users, [Db], (db) => `users on ${db}`),
    );
    refusal(() => app.get(Users));

    await turn();

    expect(app.get(Users)).toBe("users on db");
  });

  it("works for a service that is made at once of one that took its time", async () => {
    const app = createContainer(
      singleton(Db, async () => "db"),
      singleton(Users, [Db], (db) => `users on ${db}`),
    );
    await app.getAsync(Db);

    expect(app.get(Users)).toBe("users on db");
  });

  describe("of what others wait for works once everything that it needs is there", () => {
    // Three callers, each of whom joins what the one before has begun. The first goes on before the others do.
    const Orders = token<string>("orders");
    const Page = token<string>("page");
    const begun = (first: (app: Scope) => unknown, isBroken = false) => {
      const gate = deferred<string>();
      const built: string[] = [];
      const make = (name: string, below: string): string => {
        built.push(name);
        if (isBroken && name === "orders") throw new Error("no orders");
        return `${name} on ${below}`;
      };
      const app = createContainer(
        singleton(Db, () => gate.promise),
        singleton(Users, [Db], (db) => make("users", db)),
        singleton(Orders, [Users], (users) => make("orders", users)),
        singleton(Page, [Users, Orders], (users, orders) => make("page", `${users} and ${orders}`)),
      );
      const asked = [
        app.getAsync(Db).then(() => first(app)),
        ...[Users, Orders, Page].map((it) => app.getAsync(it).catch(() => "refused")),
      ];
      gate.resolve("db");
      return { built, done: Promise.all(asked) };
    };

    it("one step away, and several steps away, and each is built once", async () => {
      for (const wanted of [Users, Orders, Page]) {
        const { built, done } = begun((app) => app.get(wanted));
        const [seen, ...others] = await done;

        expect(others).toContain(seen);
        expect(built).toEqual(["users", "orders", "page"]);
      }
    });

    it("in a list, through `run`, through a combinator, from a factory", async () => {
      const ways: ((app: Scope) => unknown)[] = [
        (app) => (app.get([Db, Orders]) as string[])[1],
        (app) => app.run([Orders], (it) => it),
        (app) => app.get(optional(Orders)),
        (app) => app.createScope(scoped(Host, ({ get }) => get(Orders))).get(Host),
        (app) => app.createScope(scoped(Host, [Orders], (it) => it)).get(Host),
        (app) => app.createScope(transient(Host, () => app.get(Orders))).get(Host),
      ];
      for (const way of ways) {
        const { built, done } = begun(way);

        expect(await done).toContain("orders on users on db");
        expect(built).toHaveLength(3);
      }
    });

    it("and throws the error of a factory that fails", async () => {
      const { built, done } = begun((app) => {
        try {
          return app.get(Page);
        } catch (error) {
          return (error as Error).message;
        }
      }, true);

      expect(await done).toEqual(["no orders", "users on db", "refused", "refused"]);
      expect(built).toEqual(["users", "orders"]);
    });
  });

  it("of a list says no when one of it takes its time, and yes afterwards", async () => {
    const app = createContainer(
      value(Host, "here"),
      singleton(Db, async () => "db"),
    );

    expect(refusal(() => app.get([Host, Db])).code).toBe("ASYNC_PROVIDER");
    await app.getAsync(Db);
    expect(app.get({ host: Host, db: Db })).toEqual({ host: "here", db: "db" });
  });
});
