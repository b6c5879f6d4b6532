import {
  alias,
  all,
  createContainer,
  decorate,
  defer,
  one,
  optional,
  ref,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "./support/deferred.ts";
import { asyncDispose } from "./support/disposal.ts";
import { refusal, rejected } from "./support/refusal.ts";
import { turn } from "./support/turn.ts";
import { uncheckedContainer } from "./support/unchecked.ts";

const Migrations = token<string>("migrations");
const Repository = token<string>("repository");

class Users {
  given: unknown[];
  constructor(...given: unknown[]) {
    this.given = given;
  }
}

describe("the option `after`", () => {
  it("has a dependency built before the service, and disposed after it", async () => {
    const log: string[] = [];
    const app = createContainer(
      singleton(Migrations, () => (log.push("migrated"), "done"), {
        dispose: () => log.push("migrations disposed"),
      }),
      singleton(Repository, () => (log.push("repository built"), "repository"), {
        after: [Migrations],
        dispose: () => log.push("repository disposed"),
      }),
    );

    app.get(Repository);
    await app.shutdown();

    expect(log).toEqual(["migrated", "repository built", "repository disposed", "migrations disposed"]);
  });

  it("passes nothing on: not to a constructor, a factory with a list, or one with a resolver", () => {
    const [List, Dynamic] = [token<unknown[]>("list"), token<unknown[]>("dynamic")];
    const after = [Migrations];
    const app = createContainer(
      value(Migrations, "done"),
      value(Repository, "repository"),
      singleton(Users, [Repository], { after }),
      singleton(List, [Repository], (...all: unknown[]) => all, { after }),
      singleton(Dynamic, (...all: unknown[]) => all, { after }),
    );

    expect(app.get(Users).given).toEqual(["repository"]);
    expect(app.get(List)).toEqual(["repository"]);
    expect(app.get(Dynamic)).toHaveLength(1);
  });

  it("waits for what is asynchronous, and makes the service asynchronous", async () => {
    const log: string[] = [];
    const app = createContainer(
      singleton(Migrations, async () => {
        await turn();
        log.push("migrated");
        return "done";
      }),
      singleton(Users, { after: [Migrations] }),
    );

    expect(refusal(() => app.get(Users)).code).toBe("ASYNC_PROVIDER");
    await app.getAsync(Users);
    expect(log).toEqual(["migrated"]);
  });

  it("takes combinators, and holds for scoped services, transients and decorated ones", () => {
    const log: string[] = [];
    const app = createContainer(
      singleton(Migrations, () => (log.push("migrated"), "done")),
      scoped(Users, { after: [optional(Migrations)] }),
      decorate(
        transient(Repository, () => "repository", { after: [Migrations] }),
        [Users],
        (it, users) => [it, users.given.length].join(),
      ),
    );

    expect(app.get(Repository)).toBe("repository,0");
    expect(log).toEqual(["migrated"]);
  });

  it("of a value is built when the value is first resolved", async () => {
    const log: string[] = [];
    const app = createContainer(
      singleton(Migrations, () => (log.push("migrated"), "done"), {
        dispose: () => log.push("migrations disposed"),
      }),
      value(Repository, "repository", {
        after: [Migrations],
        dispose: () => log.push("repository disposed"),
      }),
    );

    expect(app.get(Repository)).toBe("repository");
    await app.shutdown();
    expect(log).toEqual(["migrated", "repository disposed", "migrations disposed"]);
  });

  it("finds cycles, captive dependencies and what is missing, like every dependency", () => {
    const missing = createContainer(singleton(Users, { after: [Migrations] }));
    const circular = uncheckedContainer(singleton(Users, { after: [Users] }));
    const captive = uncheckedContainer(
      scoped(Migrations, () => "done"),
      singleton(Users, { after: [Migrations] }),
    );

    expect(refusal(() => missing.get(Users))).toMatchObject({
      code: "NOT_PROVIDED",
      path: [{ token: "Users" }, { token: "migrations" }],
    });
    expect(refusal(() => circular.get(Users)).code).toBe("CIRCULAR_DEPENDENCY");
    expect(refusal(() => captive.get(Users)).code).toBe("CAPTIVE_DEPENDENCY");
    expect(createContainer(singleton(Users, { after: [defer(Users)] })).get(Users).given).toEqual([]);
  });

  it.for([[undefined], ["migrations"], [Users, null]].slice(0, 2))("refuses a list with %s in it", ([it]) => {
    expect(refusal(() => singleton(Users, { after: [it] } as never)).code).toBe("INVALID_PROVIDER");
  });

  it("refuses what is no list, and a list with a hole", () => {
    expect(refusal(() => singleton(Users, { after: Migrations } as never)).code).toBe("INVALID_PROVIDER");
    // eslint-disable-next-line no-sparse-arrays
    expect(refusal(() => singleton(Users, { after: [, Migrations] } as never)).code).toBe("INVALID_PROVIDER");
  });
});

describe("a transient that is listed in `after`", () => {
  const Lock = token<object>("lock");
  const Store = token<object>("store");

  /** A lock that logs what happens to it, over a store, with a service of the given kind that is built after it. */
  function locked(log: string[], kind: typeof singleton, make: () => unknown, options: object = {}) {
    return uncheckedContainer(
      singleton(Store, () => ({}), { dispose: () => log.push("store disposed") }),
      transient(Lock, [Store], () => {
        log.push("locked");
        return {
          [asyncDispose]: async () => {
            await turn();
            log.push("unlocked");
          },
        };
      }),
      kind(Repository, make as () => string, { after: [Lock], ...options }),
    );
  }

  it.each(["get", "getAsync"] as const)(
    "is disposed after the service, and before what it depends on itself: %s",
    async (how) => {
      const log: string[] = [];
      const app = locked(log, singleton, () => "repository", { dispose: () => log.push("disposed") });

      await app[how](Repository);
      const { services, ok } = await app.shutdown();

      expect(log).toEqual(["locked", "disposed", "unlocked", "store disposed"]);
      expect([ok, services.map((row) => row.token)]).toEqual([true, ["repository", "lock", "store"]]);
    },
  );

  it.each([
    ["by its token", Lock],
    ["in a list", [Lock]],
    ["behind optional()", optional(Lock)],
    ["behind ref()", ref(() => Lock)],
    ["behind all()", all(Lock)],
    ["behind one()", one(Lock)],
    ["behind an alias", Store],
  ] as const)("is disposed with a service that nothing is disposed of: %s", async (_, dependency) => {
    let open = 0;
    const app: Scope = createContainer(
      transient(Lock, () => (open++, { [asyncDispose]: async () => void open-- })),
      alias(Store, Lock),
    );
    app.provide(singleton(Repository, () => "repository", { after: [dependency] }));
    app.get(Repository);
    expect(open).toBe(1);

    await app.shutdown();

    expect(open).toBe(0);
  });

  it.each([
    ["throws", () => Promise.reject(new Error("no")), {}],
    ["rejects", () => Promise.reject(new Error("no")), {}],
    ["has an `init` that throws", () => "repository", { init: fails }],
  ])("is disposed once when the factory %s", async (_, make, options) => {
    const log: string[] = [];
    const app = locked(log, singleton, make, options);

    await expect(app.getAsync(Repository)).rejects.toThrow("no");
    await turn();
    await turn();
    expect(log).toEqual(["locked", "unlocked"]);

    await app.shutdown();
    expect(log).toEqual(["locked", "unlocked", "store disposed"]);
  });

  it("of a transient is disposed at once, because nothing tells when that one ends", async () => {
    const log: string[] = [];
    const app = locked(log, transient as never, () => "repository");

    app.get(Repository);
    await turn();
    await turn();

    expect(log).toEqual(["locked", "unlocked"]);
  });

  it("is disposed once when the scope closes before the factory has ended", async () => {
    const log: string[] = [];
    const gate = deferred();
    const app = locked(log, singleton, async () => (await gate.promise, "repository"));

    const refused = rejected(app.getAsync(Repository));
    const closed = app.shutdown();
    gate.resolve();
    await closed;
    await refused;

    expect(log).toEqual(["locked", "unlocked", "store disposed"]);
  });

  it("is not what a decorator receives", async () => {
    const log: string[] = [];
    const app = createContainer(
      transient(Lock, () => ({ [asyncDispose]: async () => void log.push("unlocked") })),
      transient(Store, () => ({ [asyncDispose]: async () => void log.push("store disposed") })),
      decorate(
        singleton(Repository, () => "repository", { after: [Lock] }),
        [Store],
        (it) => it,
      ),
    );
    app.get(Repository);

    await app.shutdown();

    expect(log).toEqual(["unlocked"]);
  });
});

function fails(): never {
  throw new Error("no");
}
