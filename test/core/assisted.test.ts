import {
  alias,
  arg,
  assisted,
  consumer,
  createContainer,
  currentScope,
  map,
  optional,
  parent,
  pathOf,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { dispose } from "./support/disposal.ts";
import { refusal, route, thrown } from "./support/refusal.ts";
import { turn } from "./support/turn.ts";
import { unchecked, uncheckedContainer } from "./support/unchecked.ts";

class Db {}
class Report {
  readonly parts: readonly unknown[];
  constructor(title: string, db: Db, pages: number) {
    this.parts = [title, db, pages];
  }
}
const Note = token<unknown>("note");
type Open = (title: string, pages: number) => Report;
class Desk {
  readonly open: Open;
  constructor(open: Open) {
    this.open = open;
  }
}
const open = assisted(Report, [arg<string>(), Db, arg<number>()]);

describe("assisted", () => {
  it("gives a function that takes the args in order and resolves the rest", () => {
    const app = createContainer(singleton(Db));

    const report = app.get(open)("Sales", 3);

    expect(report).toBeInstanceOf(Report);
    expect(report.parts).toEqual(["Sales", app.get(Db), 3]);
  });

  it("builds anew at every call", () => {
    const newReport = createContainer(singleton(Db)).get(open);

    expect(newReport("Sales", 3)).not.toBe(newReport("Sales", 3));
  });

  it("calls a factory with what it resolved and what it was given", () => {
    const app = createContainer(singleton(Db));
    const note = assisted(Note, [Db, arg<string>(), { db: Db }], (...all) => all);

    expect(app.get(note)("hello")).toEqual([app.get(Db), "hello", { db: app.get(Db) }]);
  });

  it("may have no args at all", () => {
    expect(createContainer().get(assisted(Db, []))()).toBeInstanceOf(Db);
  });

  it("resolves the rest when it is called, and not before", () => {
    let built = 0;
    const app: Scope = createContainer();
    const count = app.get(assisted(Note, [Db, arg<string>()], () => built));
    app.provide(
      singleton(Db, () => {
        built++;
        return new Db();
      }),
    );

    expect(built).toBe(0);
    expect(count("x")).toBe(1);
  });

  it("is given undefined for an arg that is missing, and ignores one too many", () => {
    const app = createContainer();
    const all = unchecked(app.get(assisted(Note, [arg<string>(), arg<number>()], (...all) => all)));

    expect(all()).toEqual([undefined, undefined]);
    expect(all("a", 1, "more")).toEqual(["a", 1]);
  });

  it("passes args on as they are: promises, thenables and revoked proxies", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    // oxlint-disable-next-line unicorn/no-thenable -- It is given, and must not be run.
    const thenable = { then: () => expect.unreachable() };
    const wrap = createContainer().get(assisted(Note, [arg<unknown>()], (it) => [it]));

    for (const it of [Promise.resolve(1), thenable, proxy])
      expect((wrap(it) as unknown[])[0] === it).toBe(true);
  });

  it("may call itself", () => {
    const countdown: (from: number) => unknown = createContainer().get(
      assisted(Note, [arg<number>()], (n) => (n > 0 ? [n, countdown(n - 1)] : [])),
    );

    expect(countdown(2)).toEqual([2, [1, []]]);
  });

  it("does not see what happens later to the list it was given", () => {
    const list = [arg<string>()];
    const all = createContainer().get(assisted(Note, list, (...all) => all)) as (
      ...args: unknown[]
    ) => unknown;
    list.push(arg());

    expect(all("a", "b")).toEqual(["a"]);
  });

  it("can be what an alias stands for, and stand in tuples, records and other combinators", () => {
    const Open = token<Open>("open");
    const app = createContainer(singleton(Db), alias(Open, open));

    expect(app.get(Open)("Sales", 1).parts[0]).toBe("Sales");
    expect(app.get({ all: [open] }).all[0]("Sales", 1).parts[0]).toBe("Sales");
    expect(app.get(map(open, (open) => (title: string) => open(title, 1)))("Sales").parts[0]).toBe("Sales");
  });

  it("is missing to optional and has when one of the other dependencies is not provided", () => {
    const app: Scope = createContainer();
    expect([app.get(optional(open)), app.has(open)]).toEqual([undefined, false]);

    app.provide(singleton(Db, [Note], () => new Db()) as never);
    expect(app.has(open)).toBe(false);
    app.provide(value(Note, 1));
    expect(app.has(open)).toBe(true);
    expect(app.get(optional(open))!("Sales", 1)).toBeInstanceOf(Report);
  });
});

describe("a call of an assisted function", () => {
  it("resolves from the scope that the dependencies of the dependent come from", () => {
    const where = assisted(Note, [currentScope, arg<number>()], (scope) => scope.name);
    const app = createContainer(
      "app",
      singleton(Desk, [where as never]),
      scoped(Db, [where], (where) => ({ where })),
    );
    const request = app.createScope("request");

    expect(request.get(Desk).open("", 1)).toBe("app");
    expect((request.get(Db) as { where: (n: number) => string }).where(1)).toBe("request");
    expect(request.get(where)(1)).toBe("request");
  });

  it("names the service that holds the function, in paths and for consumer", () => {
    const app = uncheckedContainer(singleton(Desk, [open]));
    const named = createContainer(
      singleton(Desk, [assisted(Note, [consumer, arg<string>()], (it) => it?.name) as never]),
    );

    const error = refusal(() => app.get(Desk).open("Sales", 1));

    expect(error.code).toBe("NOT_PROVIDED");
    expect(route(error.path)).toBe("Desk > Report > Db");
    expect(named.get(Desk).open("", 1)).toBe("Desk");
  });

  it("looks for parent above the scope that registered the dependent", () => {
    const Name = token<string>("name");
    const above = assisted(Note, [parent(Name), arg<string>()], (name) => name);
    const shop = createContainer(value(Name, "root")).createScope(
      "shop",
      value(Name, "shop"),
      scoped(Desk, [above as never]),
    );
    const request: Scope = shop.createScope("request");

    expect(request.get(Desk).open("", 1)).toBe("root");
    expect(request.get(above)("")).toBe("shop");
  });

  it("throws what the constructor throws, the same object, with its path", () => {
    const failure = new Error("no paper");
    class Broken {
      constructor(paper: string) {
        throw Object.assign(failure, { paper });
      }
    }
    const app = createContainer(singleton(Desk, [assisted(Broken, [arg<string>()]) as never]));

    expect(thrown(() => app.get(Desk).open("", 1))).toBe(failure);
    expect(route(pathOf(failure))).toBe("Desk > Broken");
  });

  it("is ASYNC_PROVIDER as long as a dependency is being built", async () => {
    const app = createContainer(singleton(Db, async () => new Db()));
    const newReport = app.get(open);

    const error = refusal(() => newReport("Sales", 1));
    expect(error.code).toBe("ASYNC_PROVIDER");
    expect(route(error.path)).toBe("Report > Db");

    await turn();
    expect(newReport("Sales", 1).parts[1]).toBe(app.get(Db));
  });

  it("is ASYNC_PROVIDER when its own factory is asynchronous, and what that makes is disposed", async () => {
    let disposals = 0;
    const later = createContainer().get(
      assisted(Note, [arg<string>()], async () => ({ [dispose]: () => void disposals++ })),
    );

    const error = refusal(() => later("x"));
    expect(error.code).toBe("ASYNC_PROVIDER");
    expect(route(error.path)).toBe("note");

    await turn();
    expect(disposals).toBe(1);
  });

  it("gives an instance with a method then whole", async () => {
    class Query {
      // oxlint-disable-next-line unicorn/no-thenable -- A query builder, which runs its query when it is awaited.
      then(): void {
        expect.unreachable();
      }
    }

    expect(createContainer().get(assisted(Query, []))()).toBeInstanceOf(Query);
    await turn();
  });

  it("is CAPTIVE_DEPENDENCY when a singleton holds the function and a dependency is scoped", () => {
    const app = uncheckedContainer(
      scoped(Db),
      singleton(Desk, [open]),
      scoped(Note, [open], (it) => it),
    );

    const error = refusal(() => app.get(Desk).open("Sales", 1));
    expect(error.code).toBe("CAPTIVE_DEPENDENCY");
    expect(route(error.path)).toBe("Desk > Report > Db");

    const request = app.createScope("request");
    expect((request.get(Note) as Open)("Sales", 1).parts[1]).toBe(request.get(Db));
  });

  it("is CIRCULAR_DEPENDENCY when it needs the service that is built with it", () => {
    const selfish = (isLate: boolean) =>
      uncheckedContainer(
        singleton(
          Desk,
          [assisted(Report, [arg<string>(), Desk as unknown as typeof Db, arg<number>()])],
          (open) => {
            if (!isLate) open("", 1);
            return new Desk(open);
          },
        ),
      );

    const error = refusal(() => selfish(false).get(Desk));
    expect(error.code).toBe("CIRCULAR_DEPENDENCY");
    expect(route(error.path)).toBe("Desk > Report > Desk");

    const desk = selfish(true).get(Desk);
    expect(desk.open("", 1).parts[1]).toBe(desk);
  });

  it("that never ends is DEPTH_EXCEEDED", () => {
    const app = createContainer();
    const again: () => unknown = app.get(assisted(Note, [], () => again()));

    expect(refusal(again).code).toBe("DEPTH_EXCEEDED");
  });

  it("is SCOPE_CLOSED once the scope closes", async () => {
    const refused: unknown[] = [];
    const app = createContainer(
      singleton(Db),
      singleton(Desk, [open], { dispose: (desk) => refused.push(refusal(() => desk.open("", 1)).code) }),
    );
    const desk = app.get(Desk);
    desk.open("", 1);

    await app.shutdown();

    expect(refused).toEqual(["SCOPE_CLOSED"]);
    expect(refusal(() => desk.open("", 1)).code).toBe("SCOPE_CLOSED");
  });
});

describe("the instance that an assisted function returns", () => {
  it("belongs to the caller", async () => {
    let disposals = 0;
    class File {
      [dispose](): void {
        disposals++;
      }
    }
    const app = createContainer();
    app.get(assisted(File, []))();

    await app.shutdown();

    expect(disposals).toBe(0);
  });

  it("is disposed when nobody receives it, because its constructor shut the scope down", () => {
    let disposals = 0;
    const app = createContainer();
    const last = app.get(
      assisted(Note, [arg<string>()], () => {
        void app.shutdown();
        return { [dispose]: () => void disposals++ };
      }),
    );

    expect(refusal(() => last("x")).code).toBe("SCOPE_CLOSED");
    expect(disposals).toBe(1);
  });

  it("keeps what it was built on open as long as the service that holds the function", async () => {
    const disposed: string[] = [];
    const noting = (name: string) => ({ dispose: () => void disposed.push(name) });
    const app = createContainer(
      singleton(Desk, [open], noting("desk")),
      singleton(Db, [], () => new Db(), noting("db")),
    );
    app.get(Desk).open("Sales", 1);

    await app.shutdown();

    expect(disposed).toEqual(["desk", "db"]);
  });

  it("does not take the transients with it that were built for it when another dependency fails", () => {
    const disposed: string[] = [];
    const connection = (name: string) => ({ [dispose]: () => void disposed.push(name) });
    const failing = singleton(Note, () => {
      throw new Error("no note");
    });
    const app = createContainer(
      transient(Db, () => connection("transient")),
      failing,
    );
    const report = app.get(assisted(Report, [arg<unknown>() as never, Db, Note as never]));

    expect(() => unchecked(report)(connection("given"))).toThrow("no note");
    expect(disposed).toEqual(["transient"]);
  });

  it("nor is a transient disposed that the failing constructor had received", () => {
    let disposals = 0;
    const app = createContainer(transient(Db, () => ({ [dispose]: () => void disposals++ })));
    const failing = app.get(
      assisted(Note, [Db], () => {
        throw new Error("no note");
      }),
    );

    expect(() => failing()).toThrow("no note");
    expect(disposals).toBe(0);
  });
});

describe("INVALID_PROVIDER", () => {
  const [assist, define] = [unchecked(assisted), unchecked(singleton)];

  it.each<[string, () => unknown]>([
    ["no token", () => assist(undefined, [])],
    ["no list", () => assist(Report)],
    ["a record in place of the list", () => assist(Note, { db: Db }, () => 1)],
    ["something in the list that is no dependency", () => assist(Note, [Db, 5], () => 1)],
    ["a hole in the list", () => assist(Note, Array(1), () => 1)],
    ["a token without a factory", () => assist(Note, [])],
    ["null as a factory", () => assist(Report, [], null)],
    ["options in place of a factory", () => assist(Report, [], { dispose: false })],
    ["options after a factory", () => assist(Note, [], () => 1, { dispose: false })],
    ["a class as a factory", () => assist(Note, [], Report)],
    ["the class itself as a factory", () => assist(Report, [], Report)],
  ])("is what assisted says of %s", (_, act) => {
    expect(refusal(act).code).toBe("INVALID_PROVIDER");
  });

  it.each<[string, () => unknown]>([
    ["in a tuple", () => assist(Note, [[arg()]], () => 1)],
    ["in a record", () => assist(Note, [{ title: arg() }], () => 1)],
    ["in a combinator", () => assist(Note, [unchecked(optional)(arg())], () => 1)],
    ["as a dependency of a provider", () => define(Note, [arg()], () => 1)],
    ["in the record of a provider", () => define(Note, { title: arg() }, () => 1)],
    ["as the target of an alias", () => unchecked(alias)(Note, arg())],
    ["as a provider", () => uncheckedContainer(arg())],
    ["resolved", () => (createContainer() as Scope).get(arg() as never)],
    ["resolved in a list", () => (createContainer() as Scope).get([arg()] as never)],
  ])("is what an arg gets %s, where it is written", (_, act) => {
    expect(refusal(act).code).toBe("INVALID_PROVIDER");
  });

  it("says where an arg belongs", () => {
    expect(refusal(() => define(Note, [arg()], () => 1)).message).toMatchInlineSnapshot(`
      "Cannot use arg() here
        hint: it stands by itself in the list of assisted(Class, [Db, arg<string>()]) [INVALID_PROVIDER]"
    `);
  });

  it("does not come from looking at an arg", () => {
    expect(JSON.stringify(arg())).toBe("{}");
  });
});
