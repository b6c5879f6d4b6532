/**
 * Instances that are passed on, in other shapes: out of lists and records, over several scopes and containers, by
 * overrides, decorators and composites, while a scope closes. Each object is disposed once, by the provider that made
 * it, and a borrowed one never.
 */

import {
  alias,
  all,
  createContainer,
  defer,
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
  type Provider,
  type Scope,
  type ShutdownReport,
} from "thimble";
import { observe } from "thimble/observe";
import { beforeEach, describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { asyncDispose, dispose } from "../core/support/disposal.ts";
import { refusal } from "../core/support/refusal.ts";
import { turn } from "../core/support/turn.ts";
import { uncheckedContainer } from "../core/support/unchecked.ts";
import { rejection, settles } from "./waiting.ts";

class Db {
  disposals = 0;
  [dispose](): void {
    this.disposals++;
  }
}
class Replica extends Db {}
const Storage = token<Db>("storage");
const Chosen = token<Db>("chosen");
const Again = token<Db>("again");
const Flag = token<unknown>("flag");

const names = ({ services }: ShutdownReport) => services.map(({ token }) => token);
const container = (...providers: Provider[]): Scope => uncheckedContainer(...providers);

describe("an instance that a factory takes out of what it was given, and passes on", () => {
  it.each<[string, Provider]>([
    ["one()", singleton(Chosen, [one(Storage)], (db) => db)],
    ["ref()", singleton(Chosen, [ref(() => Db)], (db) => db)],
    ["defer(), which it resolves at once", singleton(Chosen, [defer(Db)], (db) => db.get())],
    ["defer(), which it waits for", singleton(Chosen, [defer(Db)], (db) => db.getAsync())],
    ["an alias of an alias", singleton(Chosen, [Again], (db) => db)],
    ["a list of a record of a list", singleton(Chosen, { of: [{ all: [Db] }] }, (it) => it.of[0].all[0])],
    [
      "optional(all()) through its resolver",
      singleton(Chosen, ({ get }) => get(optional(all(Storage)))![0]!),
    ],
    ["a record that its resolver gave", singleton(Chosen, ({ get }) => get({ dbs: [Db] }).dbs[0])],
    ["several of the same", singleton(Chosen, [Db, Storage, all(Storage)], (_, db) => db)],
    [
      "a list that its resolver gave after an await",
      singleton(Chosen, async ({ getAsync }) => {
        await turn();
        return (await getAsync([Flag, Db]))[1];
      }),
    ],
  ])("stays its maker's: %s", async (_, provider) => {
    const app = container(
      singleton(Db),
      alias(Storage, Db),
      alias(Again, Storage),
      singleton(Flag, async () => turn()),
      provider,
    );
    const db = await app.getAsync(Chosen);
    expect(db).toBe(app.get(Db));

    const report = await app.shutdown();

    expect(names(report)).toEqual(["Db"]);
    expect(db.disposals).toBe(1);
  });

  it.each<[string, Provider]>([
    ["optional()", scoped(Chosen, [optional(Db)], (db) => db!)],
    ["parent()", scoped(Db, [parent(Db)], (db) => db)],
    ["one()", scoped(Chosen, [one(Db)], (db) => db)],
    ["its resolver", scoped(Chosen, ({ get }) => get(Db))],
    ["map() of a record", scoped(Chosen, [map({ db: Db }, ({ db }) => db)], (db) => db)],
    ["a transient of a transient", scoped(Chosen, [Again], (db) => db)],
  ])("is never disposed where it was borrowed: %s", async (_, provider) => {
    const borrowed = new Db();
    const app = container(
      value(Db, borrowed),
      transient(Storage, [Db], (db) => db),
      transient(Again, [Storage], (db) => db),
    );
    const request = app.createScope("request", provider as never);
    expect(request.get(request.has(Chosen) ? Chosen : Db)).toBe(borrowed);

    expect(names(await request.shutdown())).toEqual([]);
    expect(names(await app.shutdown())).toEqual([]);
    expect(borrowed.disposals).toBe(0);
  });

  it("is the request's own or the program's, whichever of all() it picks", async () => {
    for (const at of [0, 1]) {
      const app = container(
        singleton(Replica, { as: [Storage] }),
        scoped(Chosen, [all(Storage)], (storages) => storages[at]!),
      );
      const request = app.createScope("request", singleton(Db, { as: [Storage] }) as never);
      const chosen = request.get(Chosen);
      const ofRequest = request.get(Db);

      expect(names(await request.shutdown())).toEqual(["Db"]);
      expect(chosen.disposals).toBe(chosen === ofRequest ? 1 : 0);
      expect(ofRequest.disposals).toBe(1);

      await app.shutdown();
      expect(chosen.disposals).toBe(1);
    }
  });

  it("may be a function", async () => {
    let disposals = 0;
    const Greet = token<() => string>("greet");
    const Loud = token<() => string>("loud");
    const app = createContainer(
      singleton(Greet, () => Object.assign(() => "hello", { [asyncDispose]: async () => void disposals++ })),
      singleton(Loud, [Greet], (greet) => greet),
    );
    expect(app.get(Loud)()).toBe("hello");

    expect(names(await app.shutdown())).toEqual(["greet"]);
    expect(disposals).toBe(1);
  });

  it("is out of reach of a provider that takes a member of it, and says `dispose: false`", async () => {
    const Tenants = token<Record<string, Db>>("tenants");
    const tenants = { acme: new Db(), umbrella: new Db() };
    const app = container(
      singleton(Tenants, () => tenants, {
        dispose: (all) => Object.values(all).forEach((db) => db[dispose]()),
      }),
      scoped(Chosen, [Tenants], (all) => all["acme"]!, { dispose: false }),
    );
    for (let n = 0; n < 3; n++) {
      const request = app.createScope("request");
      expect(request.get(Chosen).disposals).toBe(0);
      await request.shutdown();
    }

    await app.shutdown();

    expect([tenants.acme.disposals, tenants.umbrella.disposals]).toEqual([1, 1]);
  });
});

describe("a maker that says how its instance is disposed", () => {
  it("is the only one that disposes it, in its way, when others pass it on", async () => {
    const log: string[] = [];
    const app = createContainer(
      singleton(Db, { dispose: () => void log.push("closed") }),
      singleton(Chosen, [Db], (db) => db),
      singleton(Again, [Chosen], async (db) => db),
    );
    const db = await app.getAsync(Again);

    expect(names(await app.shutdown())).toEqual(["Db"]);
    expect(log).toEqual(["closed"]);
    expect(db.disposals).toBe(0);
  });

  it("and says never, is believed for those that pass it on too", async () => {
    const app = createContainer(
      singleton(Db, { dispose: false }),
      singleton(Chosen, [Db], (db) => db),
    );
    const db = app.get(Chosen);

    expect(names(await app.shutdown())).toEqual([]);
    expect(db.disposals).toBe(0);
  });

  it("is not hindered by a provider that passes it on and says never", async () => {
    const app = createContainer(
      singleton(Db),
      singleton(Chosen, [Db], (db) => db, { dispose: false }),
    );
    const db = app.get(Chosen);

    expect(names(await app.shutdown())).toEqual(["Db"]);
    expect(db.disposals).toBe(1);
  });

  it("stops it once, and a provider that passes it on stops it in its own way before that", async () => {
    const log: string[] = [];
    const app = createContainer(
      singleton(Db, { stop: () => void log.push("db stops") }),
      singleton(Chosen, [Db], (db) => db, { stop: (db) => void log.push(`chosen stops, ${db.disposals}`) }),
    );
    const db = app.get(Chosen);

    expect(names(await app.shutdown())).toEqual(["Db"]);
    expect(log).toEqual(["chosen stops, 0", "db stops"]);
    expect(db.disposals).toBe(1);
  });

  it("is the one that observers are told of", async () => {
    const told: string[] = [];
    const app = container(
      singleton(Db),
      singleton(Chosen, [Db], (db) => db),
      scoped(Again, [Chosen], (db) => db),
    );
    observe(app, {
      disposing: ({ token, scope }) => told.push(`${scope.name}: ${token.name} disposing`),
      disposed: ({ token, scope }) => told.push(`${scope.name}: ${token.name} disposed`),
    });
    app.createScope("request").get(Again);

    await app.shutdown();

    expect(told).toEqual(["root: Db disposing", "root: Db disposed"]);
  });
});

describe("decorators in scopes below each other", () => {
  let late = deferred();
  beforeEach(() => void (late = deferred()));
  const lateGate = async (db: Db) => (await late.promise, db);
  const decorate = (how: (db: Db) => Db) => singleton(Db, [parent(Db)], how) as never;

  it("that all decline leave the instance to the scope at the top", async () => {
    const app = container(singleton(Db));
    const tenant = app.createScope(
      "tenant",
      decorate((db) => db),
    );
    const user = tenant.createScope(
      "user",
      decorate((db) => db),
    );
    const request = user.createScope(
      "request",
      decorate((db) => db),
    );
    const db = request.get(Db);
    expect(db).toBe(app.get(Db));

    for (const scope of [request, user, tenant]) {
      expect(names(await scope.shutdown())).toEqual([]);
      expect(db.disposals).toBe(0);
    }
    await app.shutdown();
    expect(db.disposals).toBe(1);
  });

  it("of which one wraps leave the wrapper to the scope that made it", async () => {
    const app = container(singleton(Db));
    const tenant = app.createScope(
      "tenant",
      decorate(() => new Replica()),
    );
    const request = tenant.createScope(
      "request",
      decorate((db) => db),
    );
    const wrapper = request.get(Db);
    expect(wrapper).toBeInstanceOf(Replica);

    await request.shutdown();
    expect(wrapper.disposals).toBe(0);
    await tenant.shutdown();
    expect(wrapper.disposals).toBe(1);
    const original = app.get(Db);
    expect(original.disposals).toBe(0);
    await app.shutdown();
    expect([wrapper.disposals, original.disposals]).toEqual([1, 1]);
  });

  it("may be overrides, transients or aliases, and leave it to the scope at the top all the same", async () => {
    const app = container(singleton(Db));
    const tenant = app.createScope("tenant");
    tenant.override(scoped(Db, [parent(Db)], (db) => db));
    const user = tenant.createScope("user", transient(Db, [parent(Db)], (db) => db) as never);
    const request = user.createScope("request", alias(Db, parent(Db)) as never);
    const db = request.get(Db);
    expect(db).toBe(app.get(Db));

    expect(names(await tenant.shutdown())).toEqual([]);
    expect(db.disposals).toBe(0);
    expect(names(await app.shutdown())).toEqual(["Db"]);
    expect(db.disposals).toBe(1);
  });

  it("may wait before they decline, also while their scope closes", async () => {
    const gate = deferred();
    const app = container(singleton(Db));
    const request = app.createScope(
      "request",
      singleton(Db, [parent(Db)], async (db) => (await gate.promise, db)) as never,
    );
    const refused = rejection(request.getAsync(Db));

    const closing = request.shutdown();
    gate.resolve();

    expect(names(await settles(closing))).toEqual([]);
    expect(await refused).toMatchObject({ code: "SCOPE_CLOSED" });
    expect(app.get(Db).disposals).toBe(0);
  });

  it.each<[string, Provider, Provider]>([
    ["a singleton of the program", singleton(Db), singleton(Db, [parent(Db)], lateGate)],
    ["what a scoped service borrowed", value(Db, new Db()), scoped(Db, [parent(Db)], lateGate)],
    ["what a transient borrowed", value(Db, new Db()), transient(Db, [parent(Db)], lateGate)],
    ["what a resolver gave", value(Chosen, new Db()), singleton(Db, ({ get }) => lateGate(get(Chosen)))],
  ])("may decline after the deadline of their scope: %s", async (_, original, decorator) => {
    const app = container(original);
    const request = app.createScope("request", decorator as never);
    const refused = rejection(request.getAsync(Db));

    await settles(request.shutdown({ timeout: 0 }));
    late.resolve();
    await refused;
    await turn();

    expect(app.get(app.has(Db) ? Db : Chosen).disposals).toBe(0);
  });
});

describe("a composite with one other service behind it", () => {
  it("may give that one instead of itself, which stays its maker's", async () => {
    const app = container(
      singleton(Replica, { as: [Storage] }),
      singleton(Storage, [all(Storage)], ([only, ...others]) => (others.length > 0 ? new Db() : only!)),
    );
    const storage = app.get(Storage);
    expect(storage).toBeInstanceOf(Replica);

    expect(names(await app.shutdown())).toEqual(["Replica"]);
    expect(storage.disposals).toBe(1);
  });
});

describe("an override that gives what the original had built", () => {
  it("does not become its owner", async () => {
    const app = container(
      singleton(Storage, () => new Db()),
      singleton(Chosen, [Storage], (db) => db),
    );
    const db = app.get(Storage);
    app.override(singleton(Storage, () => db));
    expect(app.get(Chosen)).toBe(db);

    await app.shutdown();

    expect(db.disposals).toBe(1);
  });

  it("in a request, as a module that was loaded anew does, leaves it to the program", async () => {
    let kept: Db | undefined;
    // What hot replacement runs twice: the text of one module.
    const load = () => singleton(Storage, () => (kept ??= new Db()));
    const app = container(load());
    const first = app.get(Storage);
    const request = app.createScope("request", load() as never);
    expect(request.get(Storage)).toBe(first);

    await request.shutdown();
    expect(first.disposals).toBe(0);
    await app.shutdown();
    expect(first.disposals).toBe(1);
  });
});

describe("two containers that keep one object", () => {
  it.each(["the first", "the second"])(
    "dispose it once, with the first: closed before the other, %s",
    async (which) => {
      let kept: Db | undefined;
      const open = () => container(singleton(Storage, () => (kept ??= new Db())));
      const [first, second] = [open(), open()];
      const db = first.get(Storage);
      expect(second.get(Storage)).toBe(db);

      await (which === "the first" ? first : second).shutdown();
      expect(db.disposals).toBe(which === "the first" ? 1 : 0);
      await (which === "the first" ? second : first).shutdown();
      expect(db.disposals).toBe(1);
    },
  );

  it("leave it to the one that it was lent by, over a bridge of two services", async () => {
    const shared = container(
      singleton(Db, () => new Db()),
      scoped(Chosen, [Db], (db) => db),
    );
    const session = shared.createScope("session");
    const app = container(
      singleton(Storage, async () => {
        await turn();
        return session.get(Chosen);
      }),
      singleton(Again, [Storage], (db) => db),
    );
    const db = await app.getAsync(Again);

    expect(names(await app.shutdown())).toEqual([]);
    expect(names(await session.shutdown())).toEqual([]);
    expect(db.disposals).toBe(0);
    expect(names(await shared.shutdown())).toEqual(["Db"]);
    expect(db.disposals).toBe(1);
  });
});

describe("a service that lives in the scope of a session", () => {
  it("is passed on by its requests, and disposed with the session", async () => {
    const app = container(
      scoped(Db, { in: "session" }),
      scoped(Chosen, [Db], (db) => db),
    );
    const session = app.createScope("session");
    const requests = [session.createScope("request"), session.createScope("request")];
    const [db, other] = requests.map((request) => request.get(Chosen));
    expect(other).toBe(db);

    for (const request of requests) expect(names(await request.shutdown())).toEqual([]);
    expect(db!.disposals).toBe(0);
    expect(names(await session.shutdown())).toEqual(["Db"]);
    expect(db!.disposals).toBe(1);
  });
});

describe("a transient that passes an instance on", () => {
  it.each<[string, Provider]>([
    ["at once", transient(Chosen, [Db], (db) => db)],
    ["later", transient(Chosen, [Db], async (db) => db)],
    ["in an alias of a record", alias(Chosen, { db: Db } as never)],
  ])("%s, does not have it disposed when nobody receives it", async (_, provider) => {
    const app = container(
      singleton(Db),
      provider,
      singleton(Flag, () => {
        throw new Error("no flag");
      }),
    );
    const db = app.get(Db);

    expect(await rejection(app.getAsync([Chosen, { flag: Flag }]))).toMatchObject({ message: "no flag" });
    await turn();
    expect(db.disposals).toBe(0);

    await app.shutdown();
    expect(db.disposals).toBe(1);
  });

  it("that was owned and that nobody received is disposed by its value's provider only", async () => {
    const owned = new Db();
    const app = container(
      value(Db, owned, { owned: true }),
      transient(Chosen, [Db], async (db) => db),
    );
    expect(refusal(() => app.get(Chosen)).code).toBe("ASYNC_PROVIDER");
    await turn();
    expect(owned.disposals).toBe(0);

    expect(names(await app.shutdown())).toEqual(["Db"]);
    expect(owned.disposals).toBe(1);
  });
});

describe("a provider whose `init` fails after it has passed an instance on", () => {
  it("at once or later, leaves it open for everybody else", async () => {
    for (const init of [
      () => {
        throw new Error("no");
      },
      () => Promise.reject(new Error("no")),
    ]) {
      const app = container(
        singleton(Db),
        singleton(Chosen, [Db], (db) => db, { init }),
      );

      expect(await rejection(app.getAsync(Chosen))).toMatchObject({ message: "no" });
      await turn();
      expect(app.get(Db).disposals).toBe(0);

      expect(names(await app.shutdown())).toEqual(["Db"]);
    }
  });
});

describe("an instance of a class", () => {
  it("is passed on by a provider of another class of the tree, by request after request", async () => {
    const app = container(
      singleton(Replica),
      scoped(Db, [Replica], (replica) => replica),
    );
    const replica = app.get(Replica);
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const request = app.createScope("request");
        expect(request.get(Db)).toBe(replica);
        await request.shutdown();
      }),
    );
    expect(replica.disposals).toBe(0);

    await app.shutdown();
    expect(replica.disposals).toBe(1);
  });
});
