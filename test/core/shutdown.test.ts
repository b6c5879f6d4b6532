import {
  abortSignal,
  alias,
  all,
  createContainer,
  currentScope,
  map,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
  type ShutdownError,
  type ShutdownReport,
} from "thimble";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { deferred, type Deferred } from "./support/deferred.ts";
import { asyncDispose, dispose } from "./support/disposal.ts";
import { laterRefusal, refusal, thrown } from "./support/refusal.ts";
import { turn } from "./support/turn.ts";
import { uncheckedContainer } from "./support/unchecked.ts";

const Db = token<unknown>("db");
const Cache = token<unknown>("cache");
const Users = token<unknown>("users");
const Server = token<unknown>("server");

/** What has been undone, and disposers that write it there; those in `held` wait to be let go. */
function undoing() {
  const begun: string[] = [];
  const undone: string[] = [];
  const held = new Map<string, Deferred<void>>();
  return {
    begun,
    undone,
    /** Options whose disposal is over when it returns. */
    quick: (name: string) => ({
      dispose: () => {
        begun.push(name);
        undone.push(name);
      },
    }),
    /** Options whose disposal lasts until `letGo(name)`. */
    slow: (name: string) => {
      const gate = deferred();
      held.set(name, gate);
      return {
        dispose: async () => {
          begun.push(name);
          await gate.promise;
          undone.push(name);
        },
      };
    },
    letGo: (name: string) => held.get(name)!.resolve(),
  };
}

const names = (report: ShutdownReport) => report.services.map((row) => row.token);

describe("how an instance is undone", () => {
  it("is by its `dispose` option, which is given the instance and a signal", async () => {
    const seen: unknown[] = [];
    const db = { url: "mem:" };
    const app = createContainer(
      singleton(Db, () => db, { dispose: (instance, signal) => seen.push(instance, signal.aborted) }),
    );
    app.get(Db);

    await app.shutdown();

    expect(seen).toEqual([db, false]);
    expect(seen[0]).toBe(db);
  });

  it("is with the instance and never with the promise of it", async () => {
    const seen: unknown[] = [];
    const app = createContainer(
      singleton(Db, async () => "db", { dispose: (instance) => seen.push(instance) }),
    );
    await app.getAsync(Db);

    await app.shutdown();

    expect(seen).toEqual(["db"]);
  });

  it("is by Symbol.asyncDispose before Symbol.dispose", async () => {
    const undone: string[] = [];
    const app = createContainer(
      singleton(Db, () => ({
        [dispose]: () => undone.push("at once"),
        [asyncDispose]: async () => void undone.push("in its own time"),
      })),
    );
    app.get(Db);

    await app.shutdown();

    expect(undone).toEqual(["in its own time"]);
  });

  it("is by Symbol.dispose when there is nothing else", async () => {
    const undone: string[] = [];
    const app = createContainer(singleton(Db, () => ({ [dispose]: () => undone.push("at once") })));
    app.get(Db);

    const report = await app.shutdown();

    expect(undone).toEqual(["at once"]);
    expect(names(report)).toEqual(["db"]);
  });

  it("is by methods called on the instance, inherited ones included", async () => {
    const undone: string[] = [];
    class Connection {
      readonly #url = "mem:";
      async [asyncDispose]() {
        undone.push(this.#url);
      }
    }
    class Pooled extends Connection {}
    const app = createContainer(singleton(Pooled));
    app.get(Pooled);

    await app.shutdown();

    expect(undone).toEqual(["mem:"]);
  });

  it("is by the option alone when both are there", async () => {
    const undone: string[] = [];
    const app = createContainer(
      singleton(Db, () => ({ [asyncDispose]: async () => void undone.push("method") }), {
        dispose: () => undone.push("option"),
      }),
    );
    app.get(Db);

    await app.shutdown();

    expect(undone).toEqual(["option"]);
  });

  it("is not at all with `dispose: false`", async () => {
    const undone: string[] = [];
    const app = createContainer(
      singleton(Db, () => ({ [asyncDispose]: async () => void undone.push("method") }), { dispose: false }),
    );
    app.get(Db);

    const report = await app.shutdown();

    expect(undone).toEqual([]);
    expect(report).toMatchObject({ ok: true, services: [] });
  });

  it("is not at all when there is nothing to undo, whatever the instance is", async () => {
    const instances = [undefined, null, 0, "text", Symbol("it"), () => {}, Object.create(null) as object, []];
    const app: Scope = createContainer(
      instances.map((it, i) => singleton(token<unknown>(`it ${i}`), () => it, { tags: ["it"], as: [Db] })),
    );
    app.get(all(Db));

    const report = await app.shutdown();

    expect(report).toMatchObject({ ok: true, services: [] });
  });

  it("is for functions and other callables too", async () => {
    const undone: string[] = [];
    const stop = Object.assign(() => {}, { [dispose]: () => undone.push("function") });
    const app = createContainer(singleton(Db, () => stop));
    app.get(Db);

    await app.shutdown();

    expect(undone).toEqual(["function"]);
  });

  it("is awaited, whatever sort of promise it is", async () => {
    const { letGo, slow, undone } = undoing();
    const order: string[] = [];
    const thenable = {
      // oxlint-disable-next-line unicorn/no-thenable -- that any thenable is awaited is the point
      then(done: () => void) {
        order.push("thenable");
        queueMicrotask(done);
      },
    };
    const app = createContainer(
      singleton(Db, () => "db", { dispose: () => thenable }),
      singleton(Cache, () => "cache", slow("cache")),
    );
    app.get([Db, Cache]);

    const closing = app.shutdown().then(() => order.push("closed"));
    await turn();
    expect([order, undone]).toEqual([["thenable"], []]);
    letGo("cache");
    await closing;

    expect(order).toEqual(["thenable", "closed"]);
  });
});

describe("a value", () => {
  it("is borrowed: it is never disposed, though it could be", async () => {
    let undone = 0;
    const borrowed = { [asyncDispose]: async () => void undone++, [dispose]: () => void undone++ };
    const app = createContainer(value(Db, borrowed));
    app.get(Db);

    const report = await app.shutdown();

    expect(undone).toBe(0);
    expect(report.services).toEqual([]);
  });

  it("is disposed when it is owned, whether or not anyone asked", async () => {
    const undone: string[] = [];
    const owned = (name: string) => ({ [asyncDispose]: async () => void undone.push(name) });
    const app = createContainer(
      value(Db, owned("asked"), { owned: true }),
      value(Cache, owned("not asked"), { owned: true }),
    );
    app.get(Db);

    const report = await app.shutdown();

    expect(undone.toSorted()).toEqual(["asked", "not asked"]);
    expect(names(report).toSorted()).toEqual(["cache", "db"]);
  });

  it("is disposed when it is given a `dispose`, whether or not anyone asked", async () => {
    const undone: unknown[] = [];
    const app = createContainer(value(Db, "db", { dispose: (it) => undone.push(it) }));

    await app.shutdown();

    expect(undone).toEqual(["db"]);
  });

  it("is disposed with the scope it was given to", async () => {
    const undone: unknown[] = [];
    const app = createContainer();
    const child = app.createScope("request", value(Db, "db", { dispose: (it) => undone.push(it) }));

    await child.shutdown();
    expect(undone).toEqual(["db"]);

    await app.shutdown();
    expect(undone).toEqual(["db"]);
  });

  it("that is owned is disposed after what was built on it", async () => {
    const { letGo, slow, quick, undone } = undoing();
    const app = createContainer(
      value(Db, "db", { owned: true, ...quick("db") }),
      singleton(Users, [Db], () => "users", slow("users")),
    );
    app.get(Users);

    const closing = app.shutdown();
    await turn();
    expect(undone).toEqual([]);
    letGo("users");
    await closing;

    expect(undone).toEqual(["users", "db"]);
  });
});

describe("a transient", () => {
  it("is never disposed", async () => {
    let undone = 0;
    const app: Scope = createContainer(transient(Db, () => ({ [asyncDispose]: async () => void undone++ })));
    app.get([Db, Db]);

    const report = await app.shutdown();

    expect(undone).toBe(0);
    expect(report.services).toEqual([]);
  });

  it("may not say how to dispose", () => {
    const withDispose = () => uncheckedContainer(transient(Db, () => "db", { dispose: () => {} } as never));

    expect(refusal(withDispose).code).toBe("INVALID_PROVIDER");
  });
});

describe("shutdown leaves alone", () => {
  it("what was never built, and does not build it to undo it", async () => {
    const told: string[] = [];
    const app = createContainer(
      singleton(Db, () => told.push("built"), { dispose: () => told.push("undone") }),
    );

    const report = await app.shutdown();

    expect(told).toEqual([]);
    expect(report).toMatchObject({ ok: true, services: [] });
  });

  it("what failed to build", async () => {
    const told: string[] = [];
    const app = createContainer(
      singleton(
        Db,
        () => {
          throw new Error("no disk");
        },
        { dispose: () => told.push("undone") },
      ),
    );
    thrown(() => app.get(Db));

    await app.shutdown();

    expect(told).toEqual([]);
  });

  it("what belongs to the scope above, directly or under another name", async () => {
    const { quick, undone } = undoing();
    const app = createContainer(
      singleton(Db, () => "db", quick("db")),
      alias(Cache, Db),
    );
    const child = app.createScope(
      "request",
      singleton(Users, [Db, Cache], () => "users", quick("users")),
    );
    child.get(Users);

    const report = await child.shutdown();

    expect(undone).toEqual(["users"]);
    expect(names(report)).toEqual(["users"]);
    expect(app.get(Db)).toBe("db");
  });
});

describe("a service is disposed once everything that depends on it has been", () => {
  const { begun, undone, slow, letGo } = undoing();

  /** Builds `users` on `db` in the way given, holds the disposal of `users` up, and looks what happens to `db`. */
  async function expectUsersBeforeDb(app: Scope, ask: () => unknown): Promise<void> {
    begun.length = undone.length = 0;
    await ask();

    const closing = app.shutdown();
    await turn();
    expect(begun).toEqual(["users"]);

    letGo("users");
    await turn();
    expect([begun, undone]).toEqual([["users", "db"], ["users"]]);

    letGo("db");
    expect(names(await closing)).toEqual(["users", "db"]);
  }

  const db = () => singleton(Db, () => "db", slow("db"));

  it("when it declares it", async () => {
    const app = createContainer(
      db(),
      singleton(Users, [Db], () => "users", slow("users")),
    );

    await expectUsersBeforeDb(app, () => app.get(Users));
  });

  it("when it declares it in a record", async () => {
    const app = createContainer(
      db(),
      singleton(Users, [{ db: Db }], () => "users", slow("users")),
    );

    await expectUsersBeforeDb(app, () => app.get(Users));
  });

  it.each([
    ["optional", optional(Db)],
    ["map", map(Db, (it) => it)],
    ["all", all(Db)],
    ["combinators of combinators", map(optional(Db), (it) => it)],
  ])("when it declares it through %s", async (_, dependency) => {
    const app = createContainer(
      db(),
      singleton(Users, [dependency], () => "users", slow("users")),
    );

    await expectUsersBeforeDb(app, () => app.get(Users));
  });

  it("when there are aliases between", async () => {
    const app = createContainer(
      db(),
      alias(Cache, Db),
      alias(Server, Cache),
      singleton(Users, [Server], () => "users", slow("users")),
    );

    await expectUsersBeforeDb(app, () => app.get(Users));
  });

  it("when there are transients between", async () => {
    const app: Scope = createContainer(
      db(),
      transient(Cache, [Db], () => "cache"),
      transient(Server, [Cache], () => "server"),
      singleton(Users, [Server], () => "users", slow("users")),
    );

    await expectUsersBeforeDb(app, () => app.get(Users));
  });

  it("when there are transients between that ask through their resolver", async () => {
    const app: Scope = createContainer(
      db(),
      transient(Cache, ({ get }) => get(Db)),
      singleton(Users, ({ get }) => get(Cache), slow("users")),
    );

    await expectUsersBeforeDb(app, () => app.get(Users));
  });

  it("when there are services between that have nothing to undo", async () => {
    const app = createContainer(
      db(),
      singleton(Cache, [Db], () => "cache"),
      singleton(Server, [Cache], () => "server", { dispose: false }),
      singleton(Users, [Server], () => "users", slow("users")),
    );

    await expectUsersBeforeDb(app, () => app.get(Users));
  });

  it("when it asked as it was built", async () => {
    const app = createContainer(
      db(),
      singleton(Users, ({ get }) => get(Db), slow("users")),
    );

    await expectUsersBeforeDb(app, () => app.get(Users));
  });

  it("when it asked after it had waited, so that it began before what it depends on", async () => {
    const app = createContainer(
      db(),
      singleton(
        Users,
        async ({ getAsync }) => {
          await turn();
          return getAsync(Db);
        },
        slow("users"),
      ),
    );

    await expectUsersBeforeDb(app, () => app.getAsync(Users));
  });

  it("when it keeps its resolver and asks after it was built", async () => {
    const Holder = token<() => unknown>("users");
    const app = createContainer(
      db(),
      singleton(
        Holder,
        ({ get }) =>
          () =>
            get(Db),
        slow("users"),
      ),
    );

    await expectUsersBeforeDb(app, () => app.get(Holder)());
  });

  it("when what it depends on had been built first, by somebody else", async () => {
    const app = createContainer(
      singleton(Users, [Db], () => "users", slow("users")),
      db(),
    );

    await expectUsersBeforeDb(app, () => [app.get(Db), app.get(Users)]);
  });

  it("when it asked for something that was being built already", async () => {
    const gate = deferred();
    const app = createContainer(
      singleton(Db, () => gate.promise, slow("db")),
      singleton(Users, [Db], () => "users", slow("users")),
    );

    await expectUsersBeforeDb(app, async () => {
      const both = [app.getAsync(Db), app.getAsync(Users)];
      gate.resolve();
      await Promise.all(both);
    });
  });

  it("when it lives in a child", async () => {
    const app = createContainer(db());
    const child = app.createScope(
      "request",
      singleton(Users, [Db], () => "users", slow("users")),
    );

    await expectUsersBeforeDb(app, () => child.get(Users));
  });
});

describe("shutdown comes to an end", () => {
  it("when a resolver that was kept has closed a circle", async () => {
    const { undone, quick } = undoing();
    const Holder = token<() => unknown>("holder");
    const app = createContainer(
      singleton(
        Holder,
        ({ get }) =>
          () =>
            get(Users),
        quick("holder"),
      ),
      singleton(Users, [Holder], () => "users", quick("users")),
    );
    app.get(Holder)();

    const report = await app.shutdown();

    expect(report.ok).toBe(true);
    expect(undone).toEqual(["users", "holder"]);
  });

  it("when two services have asked for each other after they were built", async () => {
    const { undone, quick } = undoing();
    const [Left, Right] = [token<() => unknown>("left"), token<() => unknown>("right")];
    const app: Scope = createContainer(
      singleton(
        Left,
        ({ get }) =>
          () =>
            get(Right),
        quick("left"),
      ),
      singleton(
        Right,
        ({ get }) =>
          () =>
            get(Left),
        quick("right"),
      ),
    );
    app.get(Left)();
    app.get(Right)();

    await app.shutdown();

    expect(undone.toSorted()).toEqual(["left", "right"]);
  });

  it("for a child of which a living service of its parent holds on to something", async () => {
    const { undone, quick } = undoing();
    const app: Scope = createContainer(
      singleton(
        Server,
        () => {
          const job = app.createScope(
            "job",
            singleton(Users, () => "users", quick("users of job")),
          );
          return job.get(Users);
        },
        quick("server"),
      ),
    );
    app.get(Server);
    const [job] = app.children;

    await job!.shutdown();
    expect(undone).toEqual(["users of job"]);

    await app.shutdown();
    expect(undone).toEqual(["users of job", "server"]);
  });

  it("for a container of which a living service of another container holds on to something", async () => {
    const { undone, quick } = undoing();
    const other = createContainer(singleton(Db, () => "db", quick("other's db")));
    const app = createContainer(singleton(Users, () => other.get(Db), quick("users")));
    app.get(Users);

    await other.shutdown();
    expect(undone).toEqual(["other's db"]);

    await app.shutdown();
    expect(undone).toEqual(["other's db", "users"]);
  });

  it("when the disposal method of an instance cannot even be read", async () => {
    const { undone, quick } = undoing();
    const stubborn = {
      get [asyncDispose](): never {
        throw new Error("do not touch");
      },
    };
    const app = createContainer(
      singleton(Db, () => "db", quick("db")),
      singleton(Users, [Db], () => stubborn),
    );

    expect(app.get(Users)).toBe(stubborn);
    await app.shutdown();

    expect(undone).toEqual(["db"]);
    expect(app.state).toBe("closed");
  });
});

describe("independent services", () => {
  it("are disposed at the same time", async () => {
    const { begun, slow, letGo } = undoing();
    const app = createContainer(
      singleton(Db, () => "db", slow("db")),
      singleton(Cache, () => "cache", slow("cache")),
    );
    app.get([Db, Cache]);

    const closing = app.shutdown();
    expect(begun.toSorted()).toEqual(["cache", "db"]);
    letGo("db");
    letGo("cache");
    await closing;
  });

  it("do not hold each other up, level by level: only what depends on something waits for it", async () => {
    const { undone, quick, slow, letGo } = undoing();
    const app = createContainer(
      singleton(Db, () => "db", quick("db")),
      singleton(Users, [Db], () => "users", quick("users")),
      // As high up as `users`, and slow.
      singleton(Cache, () => "cache", quick("cache")),
      singleton(Server, [Cache], () => "server", slow("server")),
    );
    app.get([Users, Server]);

    const closing = app.shutdown();
    await turn();
    expect(undone).toEqual(["users", "db"]);
    letGo("server");
    await closing;

    expect(undone).toEqual(["users", "db", "server", "cache"]);
  });

  it.each(["quick", "slow"] as const)(
    "begin in the reverse of the order in which they were completed, when their disposal is %s",
    async (how) => {
      const { begun, letGo, ...dispose } = undoing();
      const gates = { db: deferred(), users: deferred(), cache: deferred() };
      const app = createContainer(
        singleton(Db, () => gates.db.promise, dispose[how]("db")),
        singleton(Users, () => gates.users.promise, dispose[how]("users")),
        singleton(Cache, () => gates.cache.promise, dispose[how]("cache")),
        singleton(Server, () => "server", dispose[how]("server")),
      );
      const all = app.getAsync([Db, Users, Cache, Server]);
      for (const name of ["users", "cache", "db"] as const) {
        gates[name].resolve();
        await turn();
      }
      await all;

      const closing = app.shutdown();
      expect(begun).toEqual(["db", "cache", "users", "server"]);
      if (how === "slow") for (const name of begun) letGo(name);
      await closing;
    },
  );

  it("are values too, which count as completed when they are registered", async () => {
    const { begun, quick } = undoing();
    const app = createContainer(
      value(Db, "db", quick("db")),
      singleton(Users, () => "users", quick("users")),
      value(Cache, "cache", quick("cache")),
    );
    app.get([Users, Cache, Db]);

    await app.shutdown();

    expect(begun).toEqual(["users", "cache", "db"]);
  });

  it("that share a dependency both go before it", async () => {
    const { undone, quick, slow, letGo } = undoing();
    const app = createContainer(
      singleton(Db, () => "db", quick("db")),
      singleton(Users, [Db], () => "users", slow("users")),
      singleton(Cache, [Db], () => "cache", slow("cache")),
    );
    app.get([Users, Cache]);

    const closing = app.shutdown();
    letGo("cache");
    await turn();
    expect(undone).toEqual(["cache"]);
    letGo("users");
    await closing;

    expect(undone).toEqual(["cache", "users", "db"]);
  });
});

describe("the scopes below", () => {
  it("are closed first, side by side, and then this one", async () => {
    const { begun, undone, quick, slow, letGo } = undoing();
    const app: Scope = createContainer(singleton(Db, () => "db", quick("root")));
    app.get(Db);
    for (const name of ["left", "right"])
      app
        .createScope(
          name,
          singleton(Users, () => name, slow(name)),
        )
        .get(Users);

    const closing = app.shutdown();
    expect(begun.toSorted()).toEqual(["left", "right"]);
    letGo("right");
    await turn();
    expect(undone).toEqual(["right"]);
    letGo("left");
    await closing;

    expect(undone).toEqual(["right", "left", "root"]);
  });

  it("are closed before this one also when there is no other tie between them", async () => {
    const { undone, quick, slow, letGo } = undoing();
    const app: Scope = createContainer(singleton(Db, () => "db", quick("root")));
    const job = app.createScope("request").createScope(
      "job",
      singleton(Users, () => "users", slow("job")),
    );
    app.get(Db);
    job.get(Users);

    const closing = app.shutdown();
    await turn();
    expect(undone).toEqual([]);
    letGo("job");
    await closing;

    expect(undone).toEqual(["job", "root"]);
  });

  it("are closed before this one also when a service of this scope holds on to something of theirs", async () => {
    const { undone, quick } = undoing();
    const app: Scope = createContainer(
      singleton(
        Server,
        ({ get }) => {
          const job = get(currentScope).createScope(
            "job",
            singleton(Users, () => "users", quick("users of job")),
          );
          return job.get(Users);
        },
        quick("server"),
      ),
    );
    app.get(Server);

    const report = await app.shutdown();

    expect(undone).toEqual(["users of job", "server"]);
    expect(report.ok).toBe(true);
  });

  it("have a scoped instance each, and each is disposed", async () => {
    const undone: unknown[] = [];
    let made = 0;
    const app: Scope = createContainer(scoped(Db, () => ++made, { dispose: (it) => undone.push(it) }));
    const child = app.createScope("request");
    child.get(Db);
    app.get(Db);

    await child.shutdown();
    expect(undone).toEqual([1]);
    await app.shutdown();
    expect(undone).toEqual([1, 2]);
  });
});

describe("every disposal is attempted", () => {
  it.each([
    [
      "throws",
      () => {
        throw new Error("cannot close");
      },
      new Error("cannot close"),
    ],
    ["rejects", () => Promise.reject(new Error("cannot close")), new Error("cannot close")],
    [
      "throws something that is no Error",
      () => {
        throw "cannot close";
      },
      "cannot close",
    ],
    ["rejects with nothing", () => Promise.reject(undefined), undefined],
  ])("when one %s, and it is in the report", async (_, failing, error) => {
    const { undone, quick } = undoing();
    const app = createContainer(
      singleton(Db, () => "db", quick("db")),
      singleton(Users, [Db], () => "users", { dispose: failing }),
      singleton(Server, [Users], () => "server", quick("server")),
      singleton(Cache, () => "cache", quick("cache")),
    );
    app.get([Server, Cache]);

    const report = await app.shutdown();

    expect(undone.toSorted()).toEqual(["cache", "db", "server"]);
    expect(report.ok).toBe(false);
    const failed = report.services.filter((row) => row.outcome === "failed");
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatchObject({ token: "users", outcome: "failed" });
    expect(failed[0]!.error).toEqual(error);
    expect(report.services.filter((row) => row.outcome === "disposed")).toHaveLength(3);
  });

  it("when several fail, in several scopes", async () => {
    const failing = (name: string) => ({ dispose: () => Promise.reject(new Error(name)) });
    const app = createContainer(singleton(Db, () => "db", failing("db")));
    const child = app.createScope(
      "request",
      singleton(Users, [Db], () => "users", failing("users")),
    );
    child.get(Users);

    const report = await app.shutdown();

    expect(report.services.map((row) => [row.scope, row.token, row.outcome])).toEqual([
      ["request", "users", "failed"],
      ["root", "db", "failed"],
    ]);
    expect([app.state, child.state]).toEqual(["closed", "closed"]);
  });
});

describe("the report", () => {
  it("lists what had something to undo, in order of completion", async () => {
    const { quick, slow, letGo } = undoing();
    const app = createContainer(
      singleton(Db, () => "db", quick("db")),
      singleton(Cache, () => "cache", slow("cache")),
      singleton(Users, [Db], () => "users", quick("users")),
      singleton(Server, () => "nothing to undo"),
    );
    app.get([Users, Cache, Server]);

    const closing = app.shutdown();
    await turn();
    letGo("cache");

    expect(names(await closing)).toEqual(["users", "db", "cache"]);
  });

  it("says of each where it lived, how it ended and how long it took", async () => {
    const { quick } = undoing();
    const app = createContainer(
      "shop",
      singleton(Db, () => "db", quick("db")),
    );
    const child = app.createScope(
      "request",
      singleton(Users, [Db], () => "users", quick("users")),
    );
    child.get(Users);

    const report = await app.shutdown();

    const elapsed = expect.any(Number) as number;
    expect(report).toEqual({
      ok: true,
      elapsed,
      services: [
        { scope: "request", scopeId: child.id, token: "users", outcome: "disposed", elapsed },
        { scope: "shop", scopeId: app.id, token: "db", outcome: "disposed", elapsed },
      ],
    });
  });

  it("survives JSON", async () => {
    const { quick } = undoing();
    class Pool {}
    const app = createContainer(
      singleton(Db, () => "db", quick("db")),
      singleton(Pool, quick("pool")),
    );
    app.get([Db, Pool]);

    const report = await app.shutdown();

    expect(JSON.parse(JSON.stringify(report))).toEqual({ ...report });
    expect(names(report).toSorted()).toEqual(["Pool", "db"]);
  });

  it("is empty and fine when there was nothing to do", async () => {
    const report = await createContainer().shutdown();

    expect(report).toEqual({ ok: true, elapsed: 0, services: [] });
  });

  it("says that nothing was disposed in no time, however fast the clock runs", async () => {
    let clock = 0;
    vi.stubGlobal("performance", { now: () => ++clock });
    onTestFinished(() => void vi.unstubAllGlobals());
    const borrowed = { [dispose]: () => {} };
    const app = createContainer(
      value(Db, borrowed),
      singleton(Users, [Db], () => "nothing to dispose"),
      scoped(Cache, () => ({}), { dispose: false }),
      singleton(Server, () => "never built", { dispose: () => {} }),
    );
    const request = app.createScope("request");
    request.get([Users, Cache]);
    app.createScope("job");

    expect(await request.shutdown()).toEqual({ ok: true, elapsed: 0, services: [] });
    expect(await app.shutdown({ timeout: 60_000 })).toEqual({ ok: true, elapsed: 0, services: [] });
  });

  it("says how long it took when something was disposed, or was in flight", async () => {
    let clock = 0;
    vi.stubGlobal("performance", { now: () => ++clock });
    onTestFinished(() => void vi.unstubAllGlobals());
    const disposing = createContainer(singleton(Db, () => "db", { dispose: () => {} }));
    disposing.get(Db);
    const gate = deferred<string>();
    const building = createContainer(singleton(Db, () => gate.promise));
    const pending = laterRefusal(building.getAsync(Db));

    const [disposed, waited] = [disposing.shutdown(), building.shutdown()];
    gate.resolve("db");

    expect((await pending).code).toBe("SCOPE_CLOSED");
    expect((await waited).services).toEqual([]);
    expect((await waited).elapsed).toBeGreaterThan(0);
    expect((await disposed).elapsed).toBeGreaterThan(0);
  });

  it("takes at least as long as each of its services, those of scopes below included", async () => {
    const app = createContainer();
    const request = app.createScope(
      "request",
      singleton(Db, () => "db", { dispose: () => turn() }),
    );
    request.get(Db);

    const { elapsed, services } = await app.shutdown();

    expect(elapsed).toBeGreaterThanOrEqual(services[0]!.elapsed);
  });
});

describe("overlapping calls", () => {
  it("share one shutdown and one report, and undo nothing twice", async () => {
    const { undone, slow, letGo } = undoing();
    const app = createContainer(singleton(Db, () => "db", slow("db")));
    app.get(Db);

    const calls = [app.shutdown(), app.shutdown()];
    await turn();
    calls.push(app.shutdown());
    letGo("db");
    const [first, second, third] = await Promise.all(calls);

    expect(undone).toEqual(["db"]);
    expect(second).toBe(first);
    expect(third).toBe(first);
  });

  it("do not end before the one shutdown has", async () => {
    const { slow, letGo } = undoing();
    const ended: string[] = [];
    const app = createContainer(singleton(Db, () => "db", slow("db")));
    app.get(Db);

    const first = app.shutdown().then(() => ended.push("first"));
    const second = app.shutdown().then(() => ended.push("second"));
    await turn();
    expect(ended).toEqual([]);

    letGo("db");
    await Promise.all([first, second]);
    expect(ended.toSorted()).toEqual(["first", "second"]);
  });

  it("may come from a disposer, which does not wait for them", async () => {
    let undone = 0;
    const reports: Promise<ShutdownReport>[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => "db", {
        dispose: () => {
          undone++;
          reports.push(app.shutdown());
        },
      }),
    );
    app.get(Db);

    const report = await app.shutdown();

    expect(undone).toBe(1);
    expect(await reports[0]).toBe(report);
  });
});

describe("closing again", () => {
  it("returns the same report and does nothing", async () => {
    const { undone, quick } = undoing();
    const app = createContainer(singleton(Db, () => "db", quick("db")));
    app.get(Db);
    const report = await app.shutdown();

    expect(await app.shutdown({ timeout: 1, reason: "again" })).toBe(report);
    expect(undone).toEqual(["db"]);
  });

  it("returns the report of the child to those who close it after its parent", async () => {
    const { quick } = undoing();
    const app = createContainer(singleton(Db, () => "db", quick("db")));
    const child = app.createScope(
      "request",
      singleton(Users, [Db], () => "users", quick("users")),
    );
    child.get(Users);
    await app.shutdown();

    expect(names(await child.shutdown())).toEqual(["users"]);
  });
});

describe("the first disposals", () => {
  it("are called before shutdown returns: a page that goes away gets no second turn", () => {
    const { begun, quick, slow } = undoing();
    const app = createContainer(
      singleton(Db, () => "db", quick("db")),
      singleton(Cache, () => "cache", slow("cache")),
      singleton(Users, [Db], () => "users", slow("users")),
    );
    app.get([Users, Cache]);

    void app.shutdown();

    expect(begun.toSorted()).toEqual(["cache", "users"]);
  });

  it("are called before shutdown returns also where they are those of a scope far below", () => {
    const { begun, slow } = undoing();
    const app = createContainer();
    const job = app.createScope("request").createScope(
      "job",
      singleton(Users, () => "users", slow("users")),
    );
    job.get(Users);

    void app.shutdown();

    expect(begun).toEqual(["users"]);
  });
});

describe("the reason", () => {
  it("is what the scope's abort signal aborts with", async () => {
    const app = createContainer();
    const signal = app.get(abortSignal);

    await app.shutdown({ reason: "SIGTERM" });

    expect(signal.reason).toBe("SIGTERM");
  });

  it("is that of the first call", async () => {
    const { slow, letGo } = undoing();
    const app = createContainer(singleton(Db, () => "db", slow("db")));
    app.get(Db);
    const signal = app.get(abortSignal);

    const first = app.shutdown({ reason: "SIGTERM" });
    const second = app.shutdown({ reason: "SIGINT" });
    letGo("db");
    await Promise.all([first, second]);

    expect(signal.reason).toBe("SIGTERM");
  });
});

describe("await using", () => {
  // Called by hand: not every runtime of this suite has the syntax.
  const leave = (scope: Scope) => (scope as unknown as Record<symbol, () => Promise<void>>)[asyncDispose]!();

  it("shuts the scope down and gives nothing", async () => {
    const { undone, quick } = undoing();
    const app = createContainer(singleton(Db, () => "db", quick("db")));
    app.get(Db);

    expect(await leave(app)).toBeUndefined();
    expect([undone, app.state]).toEqual([["db"], "closed"]);
  });

  it("throws a ShutdownError when the report is not ok, with the causes and the report", async () => {
    const cause = new Error("cannot close");
    const app = createContainer(
      singleton(Db, () => "db", { dispose: () => Promise.reject(cause) }),
      singleton(Cache, () => "cache", {
        dispose: () => {
          throw "cannot close either";
        },
      }),
    );
    app.get([Db, Cache]);

    const error = (await laterRefusal(leave(app))) as ShutdownError;

    expect(error).toMatchObject({ name: "ShutdownError", code: "SHUTDOWN_FAILED" });
    expect(error.errors).toHaveLength(2);
    expect(error.errors).toContain(cause);
    expect(error.errors).toContain("cannot close either");
    expect(error.report).toBe(await app.shutdown());
    expect(error.message).toContain("db");
  });

  it.each<[string, unknown, string]>([
    ["an error", new Error("cannot close"), '"db" failed: cannot close'],
    ["an error of many lines", new Error("cannot close\n    at once"), '"db" failed: cannot close'],
    ["a text", "cannot close", '"db" failed: cannot close'],
    ["something without a message", { code: 5 }, '"db" failed'],
    ["nothing", undefined, '"db" failed'],
    [
      "an error with the credentials of a URL",
      new Error("no answer from pg://me:s/ecr@et@host:5432/db"),
      '"db" failed: no answer from host:5432/db',
    ],
  ])("says in its message which service has failed, and why: %s", async (_, cause, text) => {
    const app = createContainer(
      value(Cache, "cache", { dispose: () => {} }),
      value(Db, "db", { dispose: () => Promise.reject(cause as Error) }),
    );

    const { message } = await laterRefusal(leave(app));

    expect(message.split("\n")[0]).toBe(`Cannot shut down "root" cleanly: ${text}`);
  });

  it("names what was abandoned, when nothing has failed", async () => {
    const app = createContainer(value(Db, "db", { dispose: () => new Promise(() => {}) }));
    await app.shutdown({ signal: AbortSignal.abort() });

    expect((await laterRefusal(leave(app))).message).toContain('cleanly: "db" abandoned\n');
  });

  it("throws each time it is left, and shuts down once", async () => {
    let undone = 0;
    const app = createContainer(
      singleton(Db, () => "db", {
        dispose: () => {
          undone++;
          throw new Error("cannot close");
        },
      }),
    );
    app.get(Db);

    await laterRefusal(leave(app));
    expect((await laterRefusal(leave(app))).code).toBe("SHUTDOWN_FAILED");

    expect(undone).toBe(1);
  });
});
