/**
 * Ownership: an object belongs to the first provider that produced it, and only that provider disposes it. A factory
 * that passes on what another provider built or borrowed does not own it.
 */

import {
  alias,
  all,
  createContainer,
  decorate,
  map,
  optional,
  parent,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Provider,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { asyncDispose, dispose } from "../core/support/disposal.ts";
import { deferred } from "../core/support/deferred.ts";
import { rejected } from "../core/support/refusal.ts";
import { turn } from "../core/support/turn.ts";

class Db {
  disposals = 0;
  [dispose](): void {
    this.disposals++;
  }
}
class Replica extends Db {}
const ReadDb = token<Db>("read db");
const Again = token<Db>("again");
const Config = token<{ replica: boolean }>("config");

const names = ({ services }: { services: readonly { token: string }[] }) =>
  services.map(({ token }) => token);

describe("an instance that a factory passes on", () => {
  it.each([
    ["a declared dependency", () => singleton(ReadDb, [Db], (db) => db)],
    ["a dependency in a record", () => singleton(ReadDb, { db: Db }, ({ db }) => db)],
    [
      "a dependency in a tuple in a record",
      () => singleton(ReadDb, [{ in: [Db] as const }] as never, ((it: { in: Db[] }) => it.in[0]!) as never),
    ],
    ["what its resolver gave", () => singleton(ReadDb, ({ get }) => get(Db))],
    ["what its resolver gave later", () => singleton(ReadDb, async ({ getAsync }) => getAsync(Db))],
    ["one of all()", () => singleton(ReadDb, [all(Db)], ([db]) => db!)],
    ["an optional dependency", () => singleton(ReadDb, [optional(Db)], (db) => db!)],
    ["a dependency through map()", () => singleton(ReadDb, [map(Db, (db) => db)], (db) => db)],
    ["after a while", () => singleton(ReadDb, [Db], async (db) => (await turn(), db))],
    ["to a scoped service", () => scoped(ReadDb, [Db], (db) => db)],
  ])("stays its maker's to dispose: %s", async (_, provider) => {
    const app = (createContainer() as Scope).provide(singleton(Db), provider() as Provider) as Scope;
    const db = await app.getAsync(ReadDb);
    expect(db).toBe(app.get(Db));

    const report = await app.shutdown();

    expect(db.disposals).toBe(1);
    expect(names(report)).toEqual(["Db"]);
  });

  it("is disposed in its maker's turn, after everything that uses it", async () => {
    const log: string[] = [];
    class Repository {
      readonly db: Db;
      constructor(db: Db) {
        this.db = db;
      }
    }
    const app = createContainer(
      singleton(Db),
      singleton(ReadDb, [Db], (db) => db),
      singleton(Repository, [Db], {
        dispose: async (repository) => {
          await turn();
          log.push(`flushed, database disposed ${repository.db.disposals} times`);
        },
      }),
    );
    app.get([ReadDb, Repository]);

    expect((await app.shutdown()).ok).toBe(true);
    expect(log).toEqual(["flushed, database disposed 0 times"]);
  });

  it("is disposed once when the implementation is chosen by configuration", async () => {
    const app = createContainer(
      value(Config, { replica: true }),
      singleton(Db),
      singleton(Replica),
      singleton(ReadDb, ({ get }) => (get(Config).replica ? get(Replica) : get(Db))),
    );
    const chosen = app.get(ReadDb);

    await app.shutdown();

    expect(chosen).toBeInstanceOf(Replica);
    expect(chosen.disposals).toBe(1);
  });

  it("is disposed once when it is passed on several times", async () => {
    const app = createContainer(
      singleton(Db),
      transient(ReadDb, [Db], (db) => db),
      singleton(Again, [ReadDb], (db) => db),
    );
    const db = app.get(Again);

    expect(names(await app.shutdown())).toEqual(["Db"]);
    expect(db.disposals).toBe(1);
  });

  it("outlives the scope that passed it on", async () => {
    const app: Scope = createContainer(singleton(Db));
    const request = app.createScope(
      "request",
      singleton(Db, [parent(Db)], (db) => db),
      scoped(ReadDb, [Db], (db) => db),
    );
    const db = request.get(ReadDb);

    expect(names(await request.shutdown())).toEqual([]);
    expect(db.disposals).toBe(0);
    expect(app.get(Db)).toBe(db);

    await app.shutdown();
    expect(db.disposals).toBe(1);
  });

  it("of another container is left to that container", async () => {
    const other = createContainer(singleton(Db));
    const app = createContainer(singleton(ReadDb, () => other.get(Db)));
    const db = app.get(ReadDb);

    await app.shutdown();
    expect(db.disposals).toBe(0);

    await other.shutdown();
    expect(db.disposals).toBe(1);
  });

  describe("that it has no edge to, because it had it from elsewhere", () => {
    class Frozen {
      static disposals = 0;
      constructor() {
        Object.freeze(this);
      }
      get disposals() {
        return Frozen.disposals;
      }
      [dispose](): void {
        Frozen.disposals++;
      }
    }
    const Tool = token<{ readonly disposals: number }>("tool");
    const wrap = (it: Db) => new Proxy(it, {});

    it.each<[string, number, Provider]>([
      ["an instance of a class", 1, singleton(Tool, [Db], (db) => db)],
      ["what a factory has made", 1, singleton(Tool, () => new Db())],
      ["an instance of a class that is frozen", 1, singleton(Tool, () => new Frozen())],
      ["an owned value", 1, value(Tool, new Db(), { owned: true })],
      ["a borrowed value", 0, value(Tool, new Db())],
      [
        "the wrapper of a decorator",
        1,
        decorate(
          singleton(Tool, () => new Db()),
          [],
          wrap as never,
        ),
      ],
    ])("stays its maker's to dispose, whoever is disposed first: %s", async (_, disposals, provider) => {
      for (const first of ["maker", "other"]) {
        Frozen.disposals = 0;
        const maker = (createContainer(singleton(Db)) as Scope).provide(provider) as Scope;
        const tool = maker.get(Tool) as Db;
        const before = tool.disposals;
        const other = createContainer(singleton(Again, async () => (await turn(), tool)));
        const below = other.createScope(
          "below",
          scoped(ReadDb, () => tool),
        );
        await other.getAsync(Again);
        below.get(ReadDb);

        if (first === "maker") await maker.shutdown();
        expect((await other.shutdown()).services).toEqual([]);
        await maker.shutdown();

        expect(tool.disposals - before).toBe(disposals);
      }
    });

    it("is disposed with the scope that made it, and not with one further up or down", async () => {
      const app: Scope = createContainer(scoped(Db));
      const [one, two] = [app.createScope("one"), app.createScope("two")];
      const db = one.get(Db);
      for (const scope of [app, two]) scope.provide(singleton(ReadDb, () => db)).get(ReadDb);

      await two.shutdown();
      expect(db.disposals).toBe(0);
      await one.shutdown();
      expect(db.disposals).toBe(1);
      await app.shutdown();
      expect(db.disposals).toBe(1);
    });

    it("belongs to the next provider that gives it, once the scope that lent it has closed", async () => {
      const db = new Db();
      await createContainer(value(Db, db)).shutdown();
      const app = createContainer(singleton(ReadDb, () => db));
      app.get(ReadDb);

      await app.shutdown();

      expect(db.disposals).toBe(1);
    });

    it.each(["singleton", "transient"])(
      "is disposed once when a %s in flight gives it after the deadline",
      async (kind) => {
        const gate = deferred();
        const provider = { singleton, transient }[kind] as typeof singleton;
        const app = createContainer(
          singleton(Db),
          provider(ReadDb, [Db], async (db) => (await gate.promise, db)),
        );
        const db = app.get(Db);
        const refused = rejected(app.getAsync(ReadDb));

        await app.shutdown({ signal: AbortSignal.abort() });
        gate.resolve();
        await refused;
        await turn();

        expect(db.disposals).toBe(1);
      },
    );

    it("shows nothing of its owner", () => {
      const db = createContainer(singleton(Db)).get(Db);
      expect(Reflect.ownKeys(db)).toEqual(["disposals"]);
    });
  });

  it("is never disposed when it was borrowed", async () => {
    const borrowed = new Db();
    const app = createContainer(
      value(Db, borrowed),
      singleton(ReadDb, [Db], (db) => db),
      scoped(Again, [ReadDb], (db) => db),
    );
    const request = app.createScope();
    expect(request.get(Again)).toBe(borrowed);

    await request.shutdown();
    await app.shutdown();

    expect(borrowed.disposals).toBe(0);
  });

  it("is disposed by its owner when it is an owned value", async () => {
    const owned = new Db();
    const app = createContainer(
      value(Db, owned, { owned: true }),
      singleton(ReadDb, [Db], (db) => db),
    );
    app.get(ReadDb);

    expect(names(await app.shutdown())).toEqual(["Db"]);
    expect(owned.disposals).toBe(1);
  });

  it("is disposed by a provider that says how, and by its maker", async () => {
    const log: string[] = [];
    const app = createContainer(
      singleton(Db),
      singleton(ReadDb, [Db], (db) => db, { dispose: () => void log.push("read db") }),
    );
    const db = app.get(ReadDb);

    expect(names(await app.shutdown())).toEqual(["read db", "Db"]);
    expect(log).toEqual(["read db"]);
    expect(db.disposals).toBe(1);
  });

  it("belongs to the first of two providers that give the same object", async () => {
    const shared = new Db();
    const app = createContainer(
      singleton(ReadDb, () => shared),
      singleton(Again, () => shared),
    );
    app.get([ReadDb, Again]);

    expect(names(await app.shutdown())).toEqual(["read db"]);
    expect(shared.disposals).toBe(1);
  });

  it("may be lent again by a pool after it was disposed", async () => {
    const connection = new Db();
    const app: Scope = createContainer(scoped(ReadDb, () => connection));

    for (let n = 1; n <= 3; n++) {
      const request = app.createScope();
      request.get(ReadDb);
      await request.shutdown();
      expect(connection.disposals).toBe(n);
    }
  });

  it("is not disposed by an alias of it", async () => {
    const app = createContainer(singleton(Db), alias(ReadDb, Db));
    const db = app.get(ReadDb);

    await app.shutdown();

    expect(db.disposals).toBe(1);
  });

  it("is disposed by a `dispose` option of the provider that passes it on, also when its `init` fails", () => {
    const log: string[] = [];
    const app: Scope = createContainer(
      singleton(Db),
      singleton(ReadDb, [Db], (db) => db, {
        init() {
          throw new Error("no");
        },
        dispose: () => void log.push("read db"),
      }),
    );

    expect(() => app.get(ReadDb)).toThrow("no");
    expect(log).toEqual(["read db"]);
    expect(app.get(Db).disposals).toBe(0);
  });
});

describe("an instance that is new", () => {
  it("is disposed although it wraps a dependency", async () => {
    const log: string[] = [];
    const app = createContainer(
      singleton(Db),
      singleton(ReadDb, [Db], (db) =>
        Object.assign(Object.create(db) as Db, { [asyncDispose]: async () => void log.push("wrapper") }),
      ),
    );
    app.get(ReadDb);

    expect(names(await app.shutdown())).toEqual(["read db", "Db"]);
    expect(log).toEqual(["wrapper"]);
  });

  it("of a transient belongs to the service that keeps it", async () => {
    const app = createContainer(
      transient(Db),
      singleton(ReadDb, [Db], (db) => db),
    );
    const db = app.get(ReadDb);

    expect(names(await app.shutdown())).toEqual(["read db"]);
    expect(db.disposals).toBe(1);
  });
});
