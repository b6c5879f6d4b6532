/**
 * Both builds in one program: a library names one of them and the program the other, or a bundler finds both. They are one
 * library with two ways to make a container, so everything else of one is of the other.
 */

import * as fast from "thimble/fast";
import * as small from "thimble/small";
import { observe } from "thimble/observe";
import { clone, testContainer } from "thimble/testing";
import { describe, expect, it } from "vitest";
import { refusal, rejected, route, thrown } from "./support/refusal.ts";
import { turn } from "./support/turn.ts";

const Host = small.token<string>("host");
const Users = fast.token<string>("users");
const Orders = small.token<string>("orders");

const builds = { small, fast };
const pairs = Object.keys(builds).flatMap((here) =>
  Object.keys(builds).map((there) => ({ here, there })),
) as {
  here: keyof typeof builds;
  there: keyof typeof builds;
}[];

describe("the two builds", () => {
  it("have the same names, and behind them the same values", () => {
    const { createContainer: _, ...restOfFast } = fast;
    const { createContainer: __, ...restOfSmall } = small;

    expect(Object.keys(restOfFast).toSorted()).toEqual(Object.keys(restOfSmall).toSorted());
    for (const [name, it] of Object.entries(restOfSmall))
      expect(restOfFast[name as keyof typeof restOfFast], name).toBe(it);
  });

  it("have a way of their own to make a container", () => {
    expect(fast.createContainer).not.toBe(small.createContainer);
    expect(fast.createContainer.name).toBe(small.createContainer.name);
  });

  it("are told apart by no feature: what opens a container itself opens a small one", () => {
    const original = fast.createContainer(fast.value(Host, "here"));
    const classOf = (scope: object): unknown => Object.getPrototypeOf(scope);

    expect(classOf(original)).not.toBe(classOf(small.createContainer()));
    for (const opened of [testContainer([fast.value(Host, "here")]), clone(original)]) {
      expect(classOf(opened)).toBe(classOf(small.createContainer()));
      expect(opened.get(Host)).toBe("here");
    }
  });
});

describe.each(pairs)("a container of the $here build", ({ here, there }) => {
  const { createContainer } = builds[here];
  const other = builds[there];

  it(`takes providers, tokens and combinators of the ${there} one`, () => {
    class Db {}
    class Page {
      readonly db: Db;
      readonly host: string;
      readonly users: string | undefined;
      constructor(db: Db, host: string, users: string | undefined) {
        this.db = db;
        this.host = host;
        this.users = users;
      }
    }
    const providers = [
      other.singleton(Db),
      other.value(Host, "here"),
      other.scoped(Page, [Db, Host, other.optional(Users)]),
    ] as const;
    const app = createContainer(providers);
    const another = other.createContainer(providers);
    const request = app.createScope("request", other.value(Users, "Ada"));

    expect(request.get(Page)).toEqual({ db: app.get(Db), host: "here", users: "Ada" });
    expect(another.createScope().get(Page)).toEqual({
      db: another.get(Db),
      host: "here",
      users: undefined,
    });
    expect(app.get(Db)).not.toBe(another.get(Db));
  });

  it(`and one of the ${there} build may resolve from each other in turn`, () => {
    const inner: small.Scope = other.createContainer(
      small.singleton(Orders, () => `orders of ${String(outer.get(Users))}`),
    );
    const outer: small.Scope = createContainer(
      small.singleton(Host, () => `host with ${String(inner.get(Orders))}`),
      small.transient(Users, () => "Ada"),
    );

    expect(outer.get(Host)).toBe("host with orders of Ada");
  });

  it(`notices a cycle that leads through one of the ${there} build`, () => {
    const inner: small.Scope = other.createContainer(
      small.singleton(Orders, [Users], (users) => `orders of ${users}`),
      small.transient(Users, () => String(outer.get(Host))),
    );
    const outer: small.Scope = createContainer(
      small.singleton(Host, [Users], (users) => `host with ${users}`),
      small.transient(Users, () => String(inner.get(Orders))),
    );

    for (const [scope, token, path] of [
      [inner, Orders, "orders > users > host > users > orders"],
      [outer, Host, "host > users > orders > users > host"],
    ] as const) {
      const error = refusal(() => scope.get(token));
      expect([error.code, route(error.path)]).toEqual(["CIRCULAR_DEPENDENCY", path]);
    }
  });

  it(`notices that a singleton is made of something scoped, behind one of the ${there} build`, () => {
    const inner: small.Scope = other.createContainer(
      small.transient(Orders, () => `orders of ${String(outer.get(Users))}`),
    );
    const outer: small.Scope = createContainer(
      small.singleton(Host, () => `host with ${String(inner.get(Orders))}`),
      small.scoped(Users, () => "Ada"),
    );

    const { code, path } = refusal(() => outer.get(Host));
    expect([code, route(path)]).toEqual(["CAPTIVE_DEPENDENCY", "host > orders > users"]);
    expect(inner.get(Orders)).toBe("orders of Ada");
  });

  it(`passes on what a factory of the ${there} build throws, with its path`, async () => {
    const failure = new Error("no host");
    const inner: small.Scope = other.createContainer(
      small.singleton(Host, (): string => {
        throw failure;
      }),
    );
    const outer: small.Scope = createContainer(
      small.singleton(Users, () => String(inner.get(Host))),
      small.scoped(Orders, async ({ getAsync }) => `orders of ${String(await getAsync(Users))}`),
    );

    expect(thrown(() => outer.get(Users))).toBe(failure);
    expect(route(small.pathOf(failure))).toBe("users > host");
    expect(await rejected(outer.createScope().getAsync(Orders))).toBe(failure);
    expect(thrown(() => inner.get(Orders))).toBeInstanceOf(small.NotProvidedError);
  });

  it(`leaves to one of the ${there} build what that built, and can own it as a whole`, async () => {
    const log: string[] = [];
    class Db {
      async close() {
        await turn();
        log.push("db");
      }
    }
    class Pool {
      readonly db: Db;
      constructor(db: Db) {
        this.db = db;
      }
    }
    const Inner = small.token<small.Scope>("inner");
    const outer = createContainer(
      small.singleton(
        Inner,
        () => other.createContainer(small.singleton(Db, { dispose: (db) => db.close() })) as small.Scope,
        { dispose: async (inner) => void (await inner.shutdown()) },
      ),
      small.singleton(Pool, [Inner], (inner) => new Pool(inner.get(Db) as Db), {
        dispose: () => void log.push("pool"),
      }),
      small.transient(Db, [Pool], ({ db }) => db),
    );
    const db = outer.get(Db);
    expect(outer.get(Db)).toBe(db);

    const { ok, services } = await outer.shutdown();

    expect(log).toEqual(["pool", "db"]);
    expect(services.map(({ token, outcome }) => `${token} ${outcome}`)).toEqual([
      "Pool disposed",
      "inner disposed",
    ]);
    expect(ok).toBe(true);
  });

  it(`is heard by an observer that resolves from one of the ${there} build`, () => {
    const heard: string[] = [];
    const inner = other.createContainer(small.transient(Orders, () => "orders"));
    const outer = createContainer(
      small.transient(Host, () => "host"),
      small.singleton(Users, [Host], (host) => `users at ${host}`),
    );
    observe(outer, { built: ({ token }) => heard.push(`${token.name} ${inner.get(Orders)}`) });

    expect(outer.get(Users)).toBe("users at host");
    expect(heard).toEqual(["host orders", "users orders"]);
  });
});
