/**
 * Callers that wait for one pending build, in other shapes: nested dependencies, resolvers, child scopes, several trees,
 * callers that give up or meet a failure. Each of them goes on in its own asynchronous context, whoever settles the build.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import {
  alias,
  all,
  consumer,
  createContainer,
  currentScope,
  map,
  one,
  optional,
  parent,
  ref,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { asyncDispose } from "../core/support/disposal.ts";
import { turn } from "../core/support/turn.ts";
import { uncheckedContainer } from "../core/support/unchecked.ts";

interface Seen {
  readonly user: string | undefined;
}

const user = new AsyncLocalStorage<string>();
const users = ["ada", "ben", "eve"];
const seen = (): Seen => ({ user: user.getStore() });
const each = <T>(make: (name: string) => T): T[] => users.map(make);

const Pool = token<object>("pool");
const Orders = token<Seen>("orders");
const Audit = token<Seen>("audit");

/** Every user does the same at the same time, each in a context of its own. */
const everybody = <T>(act: (name: string) => Promise<T>): Promise<T[]> =>
  Promise.all(users.map((name) => user.run(name, act, name)));

/** A pending singleton, in a container with more providers. It is settled in the context of somebody else. */
function pending(...providers: unknown[]) {
  const gate = deferred<object>();
  const app = uncheckedContainer(
    singleton(Pool, () => gate.promise),
    ...providers,
  );
  return {
    app,
    gate,
    settle: () => user.run("mallory", () => gate.resolve({})),
    fail: () => user.run("mallory", () => gate.reject(new Error("no pool"))),
  };
}

describe("callers that wait for one pending singleton go on in their own contexts", () => {
  it("when another user's request is what settles it", async () => {
    const listeners: ((pool: object) => void)[] = [];
    const app: Scope = createContainer(
      // As an event emitter does: the listener is called in the context of whoever emits.
      singleton(Pool, () => new Promise<object>((resolve) => listeners.push(resolve))),
      scoped(Orders, [Pool], seen),
    );

    const orders = everybody(() => app.createScope("request").getAsync(Orders));
    await user.run("mallory", async () => {
      await undefined;
      for (const tell of listeners) tell({});
    });

    expect(await orders).toEqual(each((name) => ({ user: name })));
  });

  it("when its factory returned a thenable that calls back from somebody else's context", async () => {
    let tell: (pool: object) => void;
    const app: Scope = createContainer(
      // oxlint-disable-next-line unicorn/no-thenable -- It is what the factory returns.
      singleton(Pool, () => ({ then: (resolve: (pool: object) => void) => void (tell = resolve) }) as never),
      scoped(Orders, [Pool], seen),
      transient(Audit, [Orders], ({ user: builtFor }) => ({ user: `${builtFor} ${seen().user}` })),
    );

    const audits = everybody(() => app.createScope("request").getAsync(Audit));
    await turn();
    user.run("mallory", () => tell({}));

    expect(await audits).toEqual(each((name) => ({ user: `${name} ${name}` })));
  });

  it("in every part of a record of tuples and of records", async () => {
    const { app, settle } = pending(scoped(Orders, [Pool], seen), transient(Audit, [{ pool: [Pool] }], seen));

    const results = everybody(() =>
      app.createScope("request").getAsync({ page: [Orders, { audits: [Audit, Audit] }], pool: Pool }),
    );
    settle();

    for (const [at, { page }] of (await results).entries()) {
      const own = { user: users[at] };
      expect(page).toEqual([own, { audits: [own, own] }]);
      expect(page[1].audits[0]).not.toBe(page[1].audits[1]);
    }
  });

  it("when their factories wait for it through a resolver, before and after something else", async () => {
    const { app, settle } = pending(
      transient(Audit, [Pool], seen),
      scoped(Orders, async ({ getAsync }) => {
        const before = seen();
        await getAsync(Pool);
        const audit = await getAsync(Audit);
        return { user: [before, seen(), audit].map((it) => it.user).join() };
      }),
    );

    const orders = everybody(() => app.createScope("request").getAsync(Orders));
    settle();

    expect(await orders).toEqual(each((name) => ({ user: [name, name, name].join() })));
  });

  it("when a request decorates it", async () => {
    const { app, settle } = pending();

    const pools = everybody(() =>
      app.createScope("request", singleton(Pool, [parent(Pool)], seen) as never).getAsync(Pool),
    );
    settle();

    expect(await pools).toEqual(each((name) => ({ user: name })));
  });

  it("when a request overrides a service of the program with one that needs it", async () => {
    const { app, settle } = pending(singleton(Orders, () => ({ user: "nobody" })));

    const orders = everybody(async () => {
      const request = app.createScope("request");
      request.override(singleton(Orders, [Pool], seen));
      return request.getAsync(Orders);
    });
    settle();

    expect(await orders).toEqual(each((name) => ({ user: name })));
    expect(app.get(Orders)).toEqual({ user: "nobody" });
  });

  it("when it is one of all(), and the others are built for each of them", async () => {
    const Plugin = token<Seen>("plugin");
    const { app, settle } = pending(
      alias(
        Plugin,
        map(Pool, () => ({ user: "everybody" })),
      ),
      scoped(Orders, [Pool], seen, { as: [Plugin] }),
      transient(Audit, seen, { as: [Plugin] }),
    );

    const lists = everybody(() => app.createScope("request").getAsync(all(Plugin)));
    settle();

    expect(await lists).toEqual(each((name) => [{ user: "everybody" }, { user: name }, { user: name }]));
  });

  it("when they get to it through one(), ref() and an alias of an alias", async () => {
    const Storage = token<object>("storage");
    const Renamed = token<object>("renamed");
    const { app, settle } = pending(
      alias(
        Storage,
        ref(() => Pool),
      ),
      alias(Renamed, Storage),
      scoped(Orders, [one(Renamed), optional(Renamed)], seen),
    );

    const orders = everybody(() => app.createScope("request").getAsync(Orders));
    settle();

    expect(await orders).toEqual(each((name) => ({ user: name })));
  });

  it("when it fails, and their factories do without it", async () => {
    const { app, fail } = pending(
      scoped(Orders, async ({ getAsync }) => {
        try {
          await getAsync(Pool);
        } catch {
          return seen();
        }
        return { user: "a pool" };
      }),
    );

    const orders = everybody(() => app.createScope("request").getAsync(Orders));
    fail();

    expect(await orders).toEqual(each((name) => ({ user: name })));
  });

  it("when it was begun by a `get` of somebody who did not wait for it", async () => {
    const { app, settle } = pending(scoped(Orders, [Pool], seen));
    user.run("zoe", () => expect(() => app.get(Pool)).toThrow("still being built"));

    const orders = everybody(() => app.createScope("request").getAsync(Orders));
    settle();

    expect(await orders).toEqual(each((name) => ({ user: name })));
  });

  it("when its `init` is what they wait for", async () => {
    const gate = deferred();
    const app: Scope = createContainer(
      singleton(Pool, () => ({}), { init: () => gate.promise }),
      scoped(Orders, [Pool], seen, { init: async (orders) => expect(seen()).toEqual(orders) }),
    );

    const orders = everybody(() => app.createScope("request").getAsync(Orders));
    user.run("mallory", () => gate.resolve());

    expect(await orders).toEqual(each((name) => ({ user: name })));
  });

  it("when one of them gives up waiting, which goes on in its own context too", async () => {
    const { app, settle } = pending(scoped(Orders, [Pool], seen));
    const impatient = new AbortController();

    const results = everybody(async (name) => {
      const signal = name === "ben" ? impatient.signal : new AbortController().signal;
      return app
        .createScope("request")
        .getAsync(Orders, { signal })
        .catch(() => ({ user: `${seen().user} gave up` }));
    });
    user.run("mallory", () => impatient.abort());
    settle();

    expect(await results).toEqual([{ user: "ada" }, { user: "ben gave up" }, { user: "eve" }]);
  });

  it("when a service that they share resolves on their behalf, long after it was built", async () => {
    const Repository = token<{ query(): Promise<Seen> }>("repository");
    const { app, settle } = pending(
      transient(Audit, [Pool], seen),
      singleton(Repository, ({ getAsync }) => ({ query: () => getAsync(Audit) })),
    );
    const repository = user.run("zoe", () => app.get(Repository));

    const audits = everybody(() => repository.query());
    settle();

    expect(await audits).toEqual(each((name) => ({ user: name })));
  });

  it("in the function of runAsync(), with a record that has a service of their own in it", async () => {
    const { app, settle } = pending(scoped(Orders, [Pool], seen));

    const results = everybody(() =>
      app
        .createScope("request")
        .runAsync({ orders: Orders, scope: currentScope }, async ({ orders, scope }) => {
          await undefined;
          return [scope.name, orders.user, seen().user];
        }),
    );
    settle();

    expect(await results).toEqual(each((name) => ["request", name, name]));
  });

  it("through a chain of three hundred services of each request", async () => {
    const links = Array.from({ length: 300 }, (_, at) => token<string[]>(`link ${at}`));
    const { app, settle } = pending(
      ...links.map((link, at) =>
        at === 0
          ? scoped(link, [Pool], () => [String(seen().user)])
          : scoped(link, [links[at - 1]!], (names) => [...new Set([...names, String(seen().user)])]),
      ),
    );

    const names = everybody(() => app.createScope("request").getAsync(links.at(-1)!));
    settle();

    expect(await names).toEqual(each((name) => [name]));
  });

  it("when each of them has a container of its own over a shared one", async () => {
    const { app: shared, settle } = pending();
    const Mine = token<Seen>("mine");
    const open = (name: string): Scope =>
      createContainer(
        name,
        // A whole tree above another one is reached through a factory.
        singleton(Mine, async () => (await shared.getAsync(Pool), seen())),
        scoped(Orders, [Mine], ({ user: above }) => ({ user: `${above} ${seen().user}` })),
      );

    const orders = everybody((name) => open(name).createScope("request").getAsync(Orders));
    settle();

    expect(await orders).toEqual(each((name) => ({ user: `${name} ${name}` })));
  });

  it("and are the ones a scoped service is built for, where several requests share a session", async () => {
    const Session = token<Seen>("session");
    const gate = deferred();
    const app: Scope = createContainer(
      scoped(Session, async () => (await gate.promise, seen()), { in: "session" }),
      scoped(Orders, [Session], ({ user: owner }) => ({ user: `${owner} for ${seen().user}` })),
    );
    const session = app.createScope("session");

    const orders = everybody(() => session.createScope("request").getAsync(Orders));
    user.run("mallory", () => gate.resolve());

    // The first one began the session. Everyone's orders are their own.
    expect(await orders).toEqual(each((name) => ({ user: `ada for ${name}` })));
  });
});

describe("shared builds that wait for each other", () => {
  it("each run in the context of the caller that began them, and what is not shared in that of its caller", async () => {
    const Cache = token<Seen>("cache");
    const Catalog = token<Seen & { cache: Seen }>("catalog");
    const { app, settle } = pending(
      singleton(Cache, [Pool], seen),
      singleton(Catalog, [Cache, Pool], (cache) => ({ cache, ...seen() })),
      scoped(Orders, [Catalog], ({ user: catalog, cache }) => ({
        user: [cache.user, catalog, seen().user].join(),
      })),
    );

    const pool = user.run("yan", () => app.getAsync(Pool));
    const cache = user.run("zoe", () => app.getAsync(Cache));
    const orders = everybody(() => app.createScope("request").getAsync(Orders));
    settle();
    await Promise.all([pool, cache]);

    expect(await orders).toEqual(each((name) => ({ user: `zoe,ada,${name}` })));
  });

  it("run their second try in the context of the caller that tries again first", async () => {
    const gates = [deferred<object>(), deferred<object>()];
    const contexts: (string | undefined)[] = [];
    const app: Scope = createContainer(
      singleton(Pool, () => {
        contexts.push(user.getStore());
        return gates[contexts.length - 1]!.promise;
      }),
      scoped(Orders, [Pool], seen),
    );
    const first = user.run("zoe", () => app.getAsync(Pool));
    const failed = first.catch((error: Error) => error.message);
    const orders = everybody(async () => {
      const request = app.createScope("request");
      return request.getAsync(Orders).catch(() => request.getAsync(Orders));
    });

    user.run("mallory", () => gates[0]!.reject(new Error("no pool yet")));
    await turn();
    user.run("mallory", () => gates[1]!.resolve({}));

    expect(await failed).toBe("no pool yet");
    expect(await orders).toEqual(each((name) => ({ user: name })));
    expect(contexts).toEqual(["zoe", "ada"]);
  });
});

describe("an observer of callers that wait for one pending singleton", () => {
  it("is told in their own contexts of everything that happens in their scopes", async () => {
    const { app, settle } = pending(
      scoped(Orders, [Pool], () => ({ user: undefined, [asyncDispose]: turn })),
    );
    const told: Record<string, string[]> = {};
    const note = (event: string) => (it: { scope: { id: string; name: string } }) => {
      if (it.scope.name !== "root") (told[it.scope.name] ??= []).push(`${event} ${seen().user}`);
    };
    observe(app, {
      scopeOpened: note("opened"),
      building: note("building"),
      built: note("built"),
      got: note("got"),
      disposing: note("disposing"),
      disposed: note("disposed"),
    });

    const done = everybody(async (name) => {
      const request = app.createScope(name);
      await request.getAsync(Orders);
      await request.shutdown();
    });
    settle();
    await done;

    for (const name of users) {
      expect(told[name]).toEqual(
        ["opened", "building", "built", "got", "disposing", "disposed"].map((event) => `${event} ${name}`),
      );
    }
  });

  it("is told in their own contexts that what they wanted has failed", async () => {
    const { app, fail } = pending(scoped(Orders, [Pool], seen));
    const told: string[] = [];
    observe(app, {
      buildFailed: ({ token, scope }) => token === Orders && told.push(`${scope.name}: ${seen().user}`),
    });

    const results = everybody((name) =>
      app
        .createScope(name)
        .getAsync(Orders)
        .catch(() => seen()),
    );
    fail();

    expect(await results).toEqual(each((name) => ({ user: name })));
    expect(told.toSorted()).toEqual(each((name) => `${name}: ${name}`));
  });
});

describe("what only one caller has asked for", () => {
  it("is built in the context of that one, although another one began what it needs", async () => {
    const Middle = token<object>("middle");
    const { app, settle } = pending(
      singleton(Middle, [Pool], () => ({})),
      singleton(Orders, [Middle], seen),
      scoped(Audit, async ({ getAsync }) => {
        await getAsync(Pool);
        // By now the middle has all that it needs, and waits for the reaction of the one who began it.
        return getAsync(Orders);
      }),
    );
    const audit = user.run("eve", () => app.getAsync(Audit));
    const middle = user.run("ada", () => app.getAsync(Middle));
    settle();

    expect(await audit).toEqual({ user: "eve" });
    await middle;
  });
});

describe("the consumer of a service that waits", () => {
  it("is that of the caller whose context it is built in", async () => {
    const Logger = token<string>("logger");
    const { app, settle } = pending(
      transient(Logger, [consumer, Pool], (of) => `${of?.name} for ${seen().user}`),
      scoped(Orders, [Logger], (logger) => ({ user: logger })),
      scoped(Audit, [Logger], (logger) => ({ user: logger })),
      value(token<string>("unused"), ""),
    );

    const results = everybody((name) => app.createScope("request").getAsync(name === "ben" ? Audit : Orders));
    settle();

    expect(await results).toEqual([
      { user: "orders for ada" },
      { user: "audit for ben" },
      { user: "orders for eve" },
    ]);
  });
});
