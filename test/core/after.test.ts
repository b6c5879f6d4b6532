import {
  createContainer,
  decorate,
  defer,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
} from "thimble";
import { describe, expect, it } from "vitest";
import { refusal } from "./support/refusal.ts";
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
