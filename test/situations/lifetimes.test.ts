/**
 * How long things live, where containers serve one visitor another's data,
 * close what is not theirs, or never let go.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import {
  alias,
  all,
  createContainer,
  currentScope,
  defer,
  map,
  one,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { asyncDispose, dispose } from "../core/support/disposal.ts";
import { thrown } from "../core/support/refusal.ts";
import { turn } from "../core/support/turn.ts";
import { codeOf, trail } from "./failing.ts";
import { rejection, settles } from "./waiting.ts";

const Visitor = token<{ name: string }>("visitor");
const Cart = token<object>("cart");
const Session = token<object>("session");

describe("a root singleton first asked for inside a request", () => {
  it("whose dependency both the root and the request provide: holds the root's, for every visitor", () => {
    const app: Scope = createContainer(
      value(Visitor, { name: "nobody" }),
      singleton(Cart, [Visitor], (visitor) => ({ of: visitor.name })),
    );
    const ada = app.createScope("request", value(Visitor, { name: "ada" }));
    const ben = app.createScope("request", value(Visitor, { name: "ben" }));

    expect(ada.get(Cart)).toEqual({ of: "nobody" });
    expect(ben.get(Cart)).toBe(ada.get(Cart));
  });

  it("that asks through its resolver, before and after an await: answered by the root", async () => {
    const app: Scope = createContainer(
      value(Visitor, { name: "nobody" }),
      singleton(Cart, async ({ get, getAsync }) => {
        const before = get(Visitor).name;
        await turn();
        return { before, after: (await getAsync(Visitor)).name };
      }),
    );
    const request = app.createScope("request", value(Visitor, { name: "ada" }));

    expect(await settles(request.getAsync(Cart))).toEqual({ before: "nobody", after: "nobody" });
  });

  it("whose dependency only the request provides: refused, and the hint names that scope", () => {
    const app: Scope = createContainer();
    app.provide(singleton(Cart, [Visitor], (visitor) => ({ visitor })));
    const request: Scope = app.createScope("request", value(Visitor, { name: "ada" }));

    const error = thrown(() => request.get(Cart));

    expect(codeOf(error)).toBe("NOT_PROVIDED");
    expect(trail(error)).toEqual(["cart", "visitor"]);
    expect((error as { hint: string }).hint).toContain("request");
  });

  it("that wants to know its scope: is told the root", () => {
    const Home = token<string>("home");
    const app: Scope = createContainer(
      "app",
      singleton(Home, [currentScope], (scope) => scope.name),
    );

    expect(app.createScope("request").get(Home)).toBe("app");
  });
});

describe("a singleton that would hold something of a request", () => {
  const captures: [string, (app: Scope) => unknown][] = [
    ["declared", (app) => app.provide(singleton(Cart, [Visitor], (visitor) => ({ visitor })))],
    [
      "declared in a record",
      (app) => app.provide(singleton(Cart, { visitor: Visitor }, ({ visitor }) => ({ visitor }))),
    ],
    [
      "asked through the resolver",
      (app) => app.provide(singleton(Cart, ({ get }) => ({ visitor: get(Visitor) }))),
    ],
    [
      "asked through the resolver after an await",
      (app) =>
        app.provide(
          singleton(Cart, async ({ getAsync }) => {
            await turn();
            return { visitor: await getAsync(Visitor) };
          }),
        ),
    ],
    [
      "behind a transient",
      (app) =>
        app.provide(
          transient(Session, [Visitor], (visitor) => ({ visitor })),
          singleton(Cart, [Session], (session) => ({ session })),
        ),
    ],
    [
      "behind an alias",
      (app) =>
        app.provide(
          alias(Session, Visitor),
          singleton(Cart, [Session], (session) => ({ session })),
        ),
    ],
    [
      "behind an alias of a transient's alias",
      (app) => {
        const User = token<{ name: string }>("user");
        const Account = token<object>("account");
        app.provide(
          alias(User, Visitor),
          transient(Account, [User], (user) => ({ user })),
          alias(Session, Account),
          singleton(Cart, [Session], (session) => ({ session })),
        );
      },
    ],
    [
      "behind optional",
      (app) => app.provide(singleton(Cart, [optional(Visitor)], (visitor) => ({ visitor }))),
    ],
    ["behind all", (app) => app.provide(singleton(Cart, [all(Visitor)], (visitors) => ({ visitors })))],
    ["behind one", (app) => app.provide(singleton(Cart, [one(Visitor)], (visitor) => ({ visitor })))],
    [
      "behind map",
      (app) => app.provide(singleton(Cart, [map(Visitor, (it) => it.name)], (name) => ({ name }))),
    ],
  ];

  it.each(captures)("%s: refused from the request and from the root, with the path", async (_, register) => {
    const app: Scope = createContainer();
    app.provide(scoped(Visitor, () => ({ name: "ada" })));
    register(app);
    const request = app.createScope("request");

    for (const scope of [request, app]) {
      const error = await rejection(scope.getAsync(Cart));
      expect(codeOf(error)).toBe("CAPTIVE_DEPENDENCY");
      expect(trail(error)[0]).toBe("cart");
      expect(trail(error).at(-1)).toBe("visitor");
    }
  });

  it("deferred: built, and refused when it is asked", () => {
    const Basket = token<{ visitor(): object }>("basket");
    const app: Scope = createContainer();
    app.provide(
      scoped(Visitor, () => ({ name: "ada" })),
      singleton(Basket, [defer(Visitor)], (visitor) => ({ visitor: () => visitor.get() })),
    );
    const basket = app.createScope("request").get(Basket);

    expect(codeOf(thrown(() => basket.visitor()))).toBe("CAPTIVE_DEPENDENCY");
  });

  it("registered in the request itself: refused as well, since a narrower scope may ask for it", () => {
    const app: Scope = createContainer();
    app.provide(scoped(Visitor, () => ({ name: "ada" })));
    const request: Scope = app.createScope("request");
    request.provide(singleton(Cart, [Visitor], (visitor) => ({ visitor })));

    expect(codeOf(thrown(() => request.createScope("step").get(Cart)))).toBe("CAPTIVE_DEPENDENCY");
  });
});

describe("a scope that closes", () => {
  const Db = token<object>("db");
  const Store = token<object>("store");

  it("leaves its parent's singleton open, also when it built it, and when an alias of its own names it", async () => {
    const closed: string[] = [];
    const app: Scope = createContainer(singleton(Db, () => ({}), { dispose: () => void closed.push("db") }));
    const request: Scope = app.createScope("request", alias(Store, Db));
    const db = request.get(Db);
    expect(request.get(Store)).toBe(db);

    const report = await settles(request.shutdown());

    expect(closed).toEqual([]);
    expect(report.services).toEqual([]);
    expect(app.get(Db)).toBe(db);
    await settles(app.shutdown());
    expect(closed).toEqual(["db"]);
  });

  it("leaves a sibling's instance of the same scoped provider open", async () => {
    const closed: string[] = [];
    const app: Scope = createContainer(
      scoped(Session, [currentScope], (scope) => ({ of: scope.name }), {
        dispose: (session) => void closed.push((session as { of: string }).of),
      }),
    );
    const ada = app.createScope("ada");
    const ben = app.createScope("ben");
    ada.get(Session);
    const bens = ben.get(Session);

    await settles(ada.shutdown());

    expect(closed).toEqual(["ada"]);
    expect(ben.get(Session)).toBe(bens);
  });

  it("gives its name and its place back: the name can be used again, under a new id", async () => {
    const app: Scope = createContainer();
    const first = app.createScope("request");
    await settles(first.shutdown());

    const second = app.createScope(
      "request",
      singleton(Session, () => ({})),
    );

    expect(second.id).not.toBe(first.id);
    expect([...app.children]).toEqual([second]);
  });

  it("refuses everything by code, and never answers from its parent in silence", async () => {
    const app: Scope = createContainer(
      value(Db, {}),
      scoped(Session, () => ({})),
    );
    const request: Scope = app.createScope("request");
    request.get(Session);
    await settles(request.shutdown());

    const refused = [
      () => request.get(Db),
      () => request.get(Session),
      () => request.run([Db], () => {}),
      () => request.provide(value(Cart, {})),
      () => request.override(value(Db, {})),
      () => request.createScope("step"),
    ];

    for (const act of refused) expect(codeOf(thrown(act)), String(act)).toBe("SCOPE_CLOSED");
    expect(codeOf(await rejection(request.getAsync(Db)))).toBe("SCOPE_CLOSED");
    expect(codeOf(await rejection(request.runAsync([Db], () => {})))).toBe("SCOPE_CLOSED");
    expect(request.state).toBe("closed");
  });

  it("a thousand request scopes leave nothing behind in their root", async () => {
    let closed = 0;
    const app: Scope = createContainer(
      singleton(Db, () => ({})),
      scoped(Session, [Db], (db) => ({ db }), { dispose: async () => void closed++ }),
    );

    for (let request = 0; request < 1_000; request++) {
      const scope = app.createScope("request", value(Visitor, { name: `visitor ${request}` }));
      scope.get(Session);
      await scope.shutdown();
    }

    expect([...app.children]).toEqual([]);
    expect(closed).toBe(1_000);
    expect((await settles(app.shutdown())).services).toEqual([]);
  });

  it("was never opened, when one of its providers is wrong: nothing is left behind", () => {
    const app: Scope = createContainer(value(Db, {}));
    const twice = [value(Visitor, { name: "ada" }), value(Visitor, { name: "ben" })];

    expect(codeOf(thrown(() => app.createScope("request", ...twice)))).toBe("DUPLICATE");

    expect([...app.children]).toEqual([]);
  });
});

describe("a transient", () => {
  const Draft = token<Disposable & AsyncDisposable>("draft");
  const disposable = (closed: string[]) => ({
    [dispose]: () => void closed.push("draft"),
    [asyncDispose]: async () => void closed.push("draft"),
  });

  it("that could be disposed: belongs to whoever asked, and is neither disposed nor reported", async () => {
    const closed: string[] = [];
    const app: Scope = createContainer(
      transient(Draft, () => disposable(closed)),
      singleton(Cart, [Draft], (draft) => ({ draft }), { dispose: () => void closed.push("cart") }),
    );
    for (let ask = 0; ask < 100; ask++) app.get(Draft);
    app.get(Cart);

    const report = await settles(app.shutdown());

    expect(closed).toEqual(["cart"]);
    expect(report.services.map((row) => row.token)).toEqual(["cart"]);
  });

  it("with a dispose option: refused, since nobody would call it", () => {
    // @ts-expect-error a transient has no dispose option
    const make = () => createContainer(transient(Cart, () => ({}), { dispose: () => {} }));

    expect(codeOf(thrown(make))).toBe("INVALID_PROVIDER");
  });
});

describe("a value given by the user", () => {
  const File = token<object>("file");
  const file = (closed: string[]) => ({ [asyncDispose]: async () => void closed.push("file") });

  it("is borrowed: disposing it is left to its owner", async () => {
    const closed: string[] = [];
    const app: Scope = createContainer(value(File, file(closed)));
    app.get(File);

    const report = await settles(app.shutdown());

    expect(closed).toEqual([]);
    expect(report).toMatchObject({ ok: true, services: [] });
  });

  it.each([
    ["owned", (closed: string[]) => value(File, file(closed), { owned: true })],
    ["with a dispose", (closed: string[]) => value(File, {}, { dispose: () => void closed.push("file") })],
  ])("%s: disposed once, though nobody asked for it", async (_, give) => {
    const closed: string[] = [];
    const app: Scope = createContainer(give(closed));

    await settles(app.shutdown());
    await settles(app.shutdown());

    expect(closed).toEqual(["file"]);
  });

  it("of a request, owned: closed with the request and not with the root", async () => {
    const closed: string[] = [];
    const app: Scope = createContainer();
    const request = app.createScope("request", value(File, file(closed), { owned: true }));

    await settles(request.shutdown());
    expect(closed).toEqual(["file"]);

    await settles(app.shutdown());
    expect(closed).toEqual(["file"]);
  });
});

describe("one instance under several names", () => {
  it("two aliases, an `as` and a child's alias: disposed once, under its own name", async () => {
    const closed: string[] = [];
    const Smtp = token<object>("smtp");
    const Mailer = token<object>("mailer");
    const Sender = token<object>("sender");
    const Channel = token<object>("channel");
    const app: Scope = createContainer(
      singleton(Smtp, async () => ({}), { as: [Channel], dispose: () => void closed.push("smtp") }),
      alias(Mailer, Smtp),
      alias(Sender, Mailer),
    );
    const request: Scope = app.createScope("request", alias(Session, Sender));
    const smtp = await settles(request.getAsync(Session));
    expect(request.get([Mailer, Sender, Smtp, all(Channel)])).toEqual([smtp, smtp, smtp, [smtp]]);

    const report = await settles(app.shutdown());

    expect(closed).toEqual(["smtp"]);
    expect(report.services.map((row) => row.token)).toEqual(["smtp"]);
  });
});

describe("providers shared by two containers", () => {
  it("share no instance, and closing one leaves the other's open", async () => {
    const closed: string[] = [];
    const Db = token<{ n: number }>("db");
    let n = 0;
    const data = [singleton(Db, () => ({ n: ++n }), { dispose: (db) => void closed.push(`db ${db.n}`) })];
    const first: Scope = createContainer(data);
    const second: Scope = createContainer(data);
    first.get(Db);
    const kept = second.get(Db);

    await settles(first.shutdown());

    expect(closed).toEqual(["db 1"]);
    expect(second.get(Db)).toBe(kept);
  });

  it("and their options: left as they were given, frozen ones included", async () => {
    const Plugin = token<object>("plugin");
    const closed: string[] = [];
    const options = Object.freeze({
      as: Object.freeze([Plugin]) as [typeof Plugin],
      dispose: () => void closed.push("cart"),
    });
    const before = { ...options };
    const audit = singleton(Cart, () => ({}), options);
    const containers: Scope[] = [createContainer(audit), createContainer(audit)];

    for (const app of containers) app.get(all(Plugin));
    await settles(Promise.all(containers.map((app) => app.shutdown())));

    expect(options).toEqual(before);
    expect(closed).toEqual(["cart", "cart"]);
  });
});
