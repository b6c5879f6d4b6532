import { alias, createContainer, pathOf, scoped, singleton, token, transient, type Scope } from "thimble";
import { beforeEach, describe, expect, it } from "vitest";
import { catchReports } from "./support/report-error.ts";
import { deferred } from "./support/deferred.ts";
import { refusal, rejected, route, thrown } from "./support/refusal.ts";
import { turn } from "./support/turn.ts";

// Errors that reach no caller are told to the runtime. Some runtimes would end the run.
beforeEach(() => void catchReports());

const Db = token<object>("db");
const Users = token<unknown>("users");
const Orders = token<unknown>("orders");

describe("a singleton", () => {
  it("is built once, however many ask at once", async () => {
    let built = 0;
    const gate = deferred();
    const app = createContainer(
      singleton(Db, async () => {
        built++;
        await gate.promise;
        return {};
      }),
    );

    const asked = Array.from({ length: 100 }, () => app.getAsync(Db));
    gate.resolve();
    const instances = await Promise.all(asked);

    expect(built).toBe(1);
    expect(new Set(instances).size).toBe(1);
  });

  it("is built once for dependents, aliases and children that ask at once", async () => {
    let built = 0;
    const Store = token<object>("store");
    const app = createContainer(
      singleton(Db, async () => {
        built++;
        await turn();
        return {};
      }),
      alias(Store, Db),
      singleton(Users, [Db], (db) => db),
      singleton(Orders, ({ getAsync }) => getAsync(Store)),
    );
    const child = app.createScope("request");

    const instances = await Promise.all([
      app.getAsync(Users),
      child.getAsync(Orders),
      child.getAsync(Db),
      app.getAsync(Store),
      app.getAsync(Db),
    ]);

    expect(built).toBe(1);
    expect(new Set(instances).size).toBe(1);
  });

  it("is built once when its factory asks before it waits, and others ask meanwhile", async () => {
    let built = 0;
    const app = createContainer(
      singleton(Db, () => ({})),
      singleton(Users, [Db], async (db) => {
        built++;
        await turn();
        return db;
      }),
    );

    const first = app.getAsync(Users);
    await Promise.resolve();
    const second = app.getAsync(Users);

    expect(await first).toBe(await second);
    expect(built).toBe(1);
  });
});

describe("a scoped service", () => {
  it("is built once per scope, however many ask at once", async () => {
    let built = 0;
    const app: Scope = createContainer(
      scoped(Db, async () => {
        built++;
        await turn();
        return {};
      }),
    );
    const [left, right] = [app.createScope("left"), app.createScope("right")];

    const instances = await Promise.all([left, left, right, right].map((scope) => scope.getAsync(Db)));

    expect(built).toBe(2);
    expect(new Set(instances).size).toBe(2);
  });
});

describe("a build that fails", () => {
  it("fails for all who asked with the same error", async () => {
    const failure = new Error("no disk");
    const gate = deferred<object>();
    let built = 0;
    const app = createContainer(
      singleton(Db, () => {
        built++;
        return gate.promise;
      }),
      singleton(Users, [Db], (db) => db),
    );
    const asked = [app.getAsync(Db), app.getAsync(Db), app.getAsync(Users)].map(rejected);

    gate.reject(failure);

    expect(await Promise.all(asked)).toEqual([failure, failure, failure]);
    expect((await Promise.all(asked)).every((it) => it === failure)).toBe(true);
    expect(built).toBe(1);
  });

  it("is not remembered: the next ask tries again", async () => {
    let tries = 0;
    const app = createContainer(
      singleton(Db, async () => {
        if (++tries === 1) throw new Error("not yet");
        return { tries };
      }),
    );
    await rejected(app.getAsync(Db));

    expect(await app.getAsync(Db)).toEqual({ tries: 2 });
    expect(app.get(Db)).toEqual({ tries: 2 });
  });

  it("is not remembered when it fails at once", () => {
    let tries = 0;
    const app = createContainer(
      singleton(Db, () => {
        if (++tries < 3) throw new Error("not yet");
        return { tries };
      }),
    );
    thrown(() => app.get(Db));
    thrown(() => app.get(Db));

    expect(app.get(Db)).toEqual({ tries: 3 });
  });

  it("is not remembered by dependents either", async () => {
    let tries = 0;
    const app = createContainer(
      singleton(Db, async () => {
        if (++tries === 1) throw new Error("not yet");
        return {};
      }),
      singleton(Users, [Db], (db) => db),
    );
    await rejected(app.getAsync(Users));

    expect(await app.getAsync(Users)).toBe(await app.getAsync(Db));
  });

  it("can be tried again from where the failure is caught", async () => {
    let tries = 0;
    const app = createContainer(
      singleton(Db, async () => {
        if (++tries === 1) throw new Error("not yet");
        return { tries };
      }),
    );

    const db = await app.getAsync(Db).catch(() => app.getAsync(Db));

    expect(db).toEqual({ tries: 2 });
  });

  it("holds on to nothing any more: what it had asked for may ask for it, and goes first", async () => {
    const undone: string[] = [];
    let tries = 0;
    const app: Scope = createContainer(
      singleton(
        Users,
        ({ get }) => {
          if (++tries > 1) return "users";
          get(Db);
          throw new Error("not yet");
        },
        { dispose: () => undone.push("users") },
      ),
      singleton(Db, ({ get }) => ({ ask: () => get(Users) }), { dispose: () => undone.push("db") }),
    );
    thrown(() => app.get(Users));

    expect((app.get(Db) as { ask(): unknown }).ask()).toBe("users");
    await app.shutdown();

    expect(undone).toEqual(["db", "users"]);
  });

  it("keeps the dependencies that were built", async () => {
    let connections = 0;
    let tries = 0;
    const app = createContainer(
      singleton(Db, async () => ({ connection: ++connections })),
      singleton(Users, [Db], (db) => {
        if (++tries === 1) throw new Error("not yet");
        return db;
      }),
    );
    await rejected(app.getAsync(Users));

    expect(app.get(Db)).toEqual({ connection: 1 });
    expect(app.get(Users)).toEqual({ connection: 1 });
  });

  it("does not disturb what else is being built for the same asker", async () => {
    const gate = deferred<object>();
    const app = createContainer(
      singleton(Db, () => gate.promise),
      singleton(Orders, async () => {
        throw new Error("no orders");
      }),
      singleton(Users, [Db, Orders], (db) => db),
    );
    const users = rejected(app.getAsync(Users));
    await turn();

    gate.resolve({});
    expect(await users).toMatchObject({ message: "no orders" });
    await turn();

    expect(app.get(Db)).toEqual({});
  });
});

// Vitest fails a run in which a rejection was left unhandled, in every runtime of this suite; that is the other half
// of what these tests say.
describe("a build that nobody awaits", () => {
  it("fails in silence when it was begun by get", async () => {
    let tries = 0;
    const app = createContainer(
      singleton(Db, async () => {
        tries++;
        await Promise.resolve();
        throw new Error("no disk");
      }),
      singleton(Users, [Db], (db) => db),
    );

    expect(refusal(() => app.get(Users)).code).toBe("ASYNC_PROVIDER");
    await turn();

    expect(refusal(() => app.get(Db)).code).toBe("ASYNC_PROVIDER");
    await turn();
    expect(tries).toBe(2);
  });

  it("fails in silence when a sibling had failed before it", async () => {
    const [first, second] = [deferred<object>(), deferred<object>()];
    const app = createContainer(
      singleton(Db, () => first.promise),
      singleton(Orders, () => second.promise),
      singleton(Users, [Db, Orders], (db) => db),
    );
    const users = rejected(app.getAsync(Users));

    first.reject(new Error("first"));
    await turn();
    second.reject(new Error("second"));
    await turn();

    expect(await users).toMatchObject({ message: "first" });
  });

  it("fails in silence when a sibling had failed at once", async () => {
    const app = createContainer(
      singleton(Db, async () => {
        await turn();
        throw new Error("late");
      }),
      singleton(Orders, () => {
        throw new Error("at once");
      }),
      singleton(Users, [Db, Orders], (db) => db),
    );

    expect(await rejected(app.getAsync(Users))).toMatchObject({ message: "at once" });
    await turn();
    await turn();
  });

  it("fails in silence when a factory resolves it, does not wait, and expects it to fail", async () => {
    const app = createContainer(
      singleton(Db, async () => {
        throw new Error("no disk");
      }),
      singleton(Users, ({ getAsync }) => {
        getAsync(Db).catch(() => {});
        return "users";
      }),
    );

    expect(await app.getAsync(Users)).toBe("users");
    await turn();
  });
});

describe("a factory's own exception", () => {
  class DiskError extends Error {
    readonly disk = "/dev/sda";
  }

  it("reaches the caller as the same object, untouched", async () => {
    const failure = Object.freeze(new DiskError("no disk"));
    const shape = Reflect.ownKeys(failure);
    const app = createContainer(
      singleton(Db, () => {
        throw failure;
      }),
      singleton(Users, [Db], (db) => db),
      singleton(Orders, [Users], async (users) => users),
    );

    expect(thrown(() => app.get(Users))).toBe(failure);
    expect(await rejected(app.getAsync(Orders))).toBe(failure);
    expect(Reflect.ownKeys(failure)).toEqual(shape);
    expect(failure.message).toBe("no disk");
  });

  it("has a path that pathOf tells", async () => {
    const now = new DiskError("now");
    const later = new DiskError("later");
    const app = createContainer(
      singleton(Db, () => {
        throw now;
      }),
      singleton(Users, [Db], (db) => db),
      singleton(Orders, async () => {
        throw later;
      }),
      transient(Report, [Orders], () => new Report()),
    );
    thrown(() => app.get(Users));
    await rejected((app as Scope).getAsync(Report));

    expect(route(pathOf(now))).toBe("users > db");
    expect(route(pathOf(later))).toBe("Report > orders");
    expect(pathOf(now).map((step) => step.scope)).toEqual(["root", "root"]);
  });

  it("has the path of the first asker when the build was shared", async () => {
    const failure = new DiskError("no disk");
    const gate = deferred<object>();
    const app = createContainer(
      singleton(Db, () => gate.promise),
      singleton(Users, [Db], (db) => db),
      singleton(Orders, [Db], (db) => db),
    );
    const asked = [app.getAsync(Users), app.getAsync(Orders), app.getAsync(Db)].map(rejected);
    gate.reject(failure);
    await Promise.all(asked);

    expect(route(pathOf(failure))).toBe("users > db");
  });

  it.each([["text"], [42], [undefined], [null], [false]])(
    "may be %j, which reaches the caller and has no path",
    async (primitive) => {
      const app = createContainer(
        singleton(Db, () => {
          throw primitive;
        }),
        singleton(Users, [Db], (db) => db),
        singleton(Orders, () => Promise.reject(primitive)),
      );

      expect(thrown(() => app.get(Users))).toBe(primitive);
      expect(await rejected(app.getAsync(Users))).toBe(primitive);
      expect(await rejected(app.getAsync(Orders))).toBe(primitive);
      expect(pathOf(primitive)).toEqual([]);
    },
  );

  it("is followed by another try even when it was undefined", async () => {
    let tries = 0;
    const app = createContainer(
      singleton(Db, async () => {
        if (++tries === 1) throw undefined;
        return { tries };
      }),
    );
    await rejected(app.getAsync(Db));

    expect(await app.getAsync(Db)).toEqual({ tries: 2 });
  });

  it("has no path when it never passed through a container", () => {
    expect(pathOf(new Error("elsewhere"))).toEqual([]);
    expect(pathOf({})).toEqual([]);
  });

  it("may be caught by the factory that asked, which then goes its own way", () => {
    const app = createContainer(
      singleton(Db, () => {
        throw new Error("no disk");
      }),
      singleton(Users, ({ get }) => {
        try {
          return get(Db);
        } catch {
          return "users in memory";
        }
      }),
    );

    expect(app.get(Users)).toBe("users in memory");
  });
});

class Report {}
