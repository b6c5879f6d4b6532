import {
  alias,
  all,
  createContainer,
  map,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { laterRefusal, refusal, route } from "./support/refusal.ts";
import { uncheckedContainer } from "./support/unchecked.ts";

const User = token<string>("user");
const Greeter = token<string>("greeter");

describe("a singleton", () => {
  it("takes its dependencies from the scope that registered it, whoever asks first", () => {
    const app = createContainer(
      value(User, "nobody"),
      singleton(Greeter, [User], (user) => `hello ${user}`),
    );
    const ada = app.createScope("request", value(User, "ada"));
    const bob = app.createScope("request", value(User, "bob"));

    expect([ada.get(Greeter), bob.get(Greeter), app.get(Greeter)]).toEqual([
      "hello nobody",
      "hello nobody",
      "hello nobody",
    ]);
  });

  it("does not find what only the scope that asks provides", () => {
    const app = uncheckedContainer(singleton(Greeter, [User], (user) => `hello ${user}`));
    const ada = app.createScope("request", value(User, "ada"));

    expect(refusal(() => ada.get(Greeter)).code).toBe("NOT_PROVIDED");
  });

  it("asks its resolver from the scope that registered it, also after an await", async () => {
    const app = createContainer(
      value(User, "nobody"),
      singleton(Greeter, async ({ get, getAsync, has }) => {
        const before = get(User);
        const between = await getAsync(User);
        return [before, between, get(User), String(has(User))].join(" ");
      }),
    );
    const ada = app.createScope("request", value(User, "ada"));

    expect(await ada.getAsync(Greeter)).toBe("nobody nobody nobody true");
  });

  it("registered in a child lives in that child", () => {
    const app = createContainer(value(User, "nobody"));
    const request = app.createScope(
      "request",
      value(User, "ada"),
      singleton(Greeter, [User], (user) => `hello ${user}`),
    );
    const job: Scope = request.createScope("job", value(User, "bob"));

    expect(job.get(Greeter)).toBe("hello ada");
    expect(app.has(Greeter as never)).toBe(false);
  });
});

describe("a scoped service", () => {
  it("takes its dependencies from the scope that asks", () => {
    const app: Scope = createContainer(scoped(Greeter, [User], (user) => `hello ${user}`));
    const ada = app.createScope("request", value(User, "ada"));
    const bob = app.createScope("request", value(User, "bob"));

    expect([ada.get(Greeter), bob.get(Greeter), ada.get(Greeter)]).toEqual([
      "hello ada",
      "hello bob",
      "hello ada",
    ]);
  });

  it("asks its resolver from the scope that asks, also after an await", async () => {
    const app: Scope = createContainer(
      value(User, "nobody"),
      scoped(Greeter, async ({ getAsync }) => {
        await getAsync(User);
        return `hello ${await getAsync(User)}`;
      }),
    );
    const ada = app.createScope("request", value(User, "ada"));
    const bob = app.createScope("request", value(User, "bob"));

    expect(await Promise.all([ada.getAsync(Greeter), bob.getAsync(Greeter), app.getAsync(Greeter)])).toEqual([
      "hello ada",
      "hello bob",
      "hello nobody",
    ]);
  });

  it("may depend on scoped services: they are those of the same scope", () => {
    class Session {}
    class Cart {
      readonly session: Session;
      constructor(session: Session) {
        this.session = session;
      }
    }
    const app: Scope = createContainer(scoped(Session), scoped(Cart, [Session]));
    const [left, right] = [app.createScope("left"), app.createScope("right")];

    expect(left.get(Cart).session).toBe(left.get(Session));
    expect(right.get(Cart).session).not.toBe(left.get(Session));
  });

  it("of a child is another than that of its parent, though the parent built one first", () => {
    class Session {}
    const app: Scope = createContainer(scoped(Session));
    const above = app.get(Session);

    const below = app.createScope("request").get(Session);

    expect(below).not.toBe(above);
    expect(app.get(Session)).toBe(above);
  });
});

describe("a transient service", () => {
  it("takes its dependencies from the scope that asks", () => {
    const app: Scope = createContainer(transient(Greeter, [User], (user) => `hello ${user}`));
    const ada = app.createScope("request", value(User, "ada"));

    expect(ada.get(Greeter)).toBe("hello ada");
    expect(refusal(() => app.get(Greeter)).code).toBe("NOT_PROVIDED");
  });

  it("asked by a singleton is asked from where the singleton lives", () => {
    const Holder = token<string>("holder");
    const app = createContainer(
      value(User, "nobody"),
      transient(Greeter, [User], (user) => `hello ${user}`),
      singleton(Holder, [Greeter], (greeter) => greeter),
    ) as Scope;

    expect(app.createScope("request", value(User, "ada")).get(Holder)).toBe("hello nobody");
  });

  it("may depend on a scoped service of the scope that asks", () => {
    class Session {}
    const Peek = token<Session>("peek");
    const app: Scope = createContainer(
      scoped(Session),
      transient(Peek, [Session], (session) => session),
    );
    const child = app.createScope("request");

    expect(child.get(Peek)).toBe(child.get(Session));
  });
});

describe("a scoped service with `in`", () => {
  class Session {
    readonly user: string;
    constructor(user: string) {
      this.user = user;
    }
  }

  it("lives in the nearest enclosing scope of that name", () => {
    const app: Scope = createContainer(value(User, "nobody"), scoped(Session, [User], { in: "request" }));
    const request = app.createScope("request");
    const job = request.createScope("job");
    const task = job.createScope("task");

    expect(task.get(Session)).toBe(request.get(Session));
    expect(job.get(Session)).toBe(request.get(Session));
  });

  it("is another in each scope of that name, the nearest one counting", () => {
    const app: Scope = createContainer(value(User, "nobody"), scoped(Session, [User], { in: "request" }));
    const outer = app.createScope("request");
    const inner = outer.createScope("job").createScope("request");

    expect(inner.createScope("job").get(Session)).toBe(inner.get(Session));
    expect(inner.get(Session)).not.toBe(outer.get(Session));
  });

  it("takes its dependencies from the scope it lives in", () => {
    const app: Scope = createContainer(scoped(Session, [User], { in: "request" }));
    const request = app.createScope("request", value(User, "ada"));
    const job = request.createScope("job", value(User, "bob"));

    expect(job.get(Session).user).toBe("ada");
  });

  it("may live in the root", () => {
    const app: Scope = createContainer(
      "shop",
      value(User, "nobody"),
      scoped(Session, [User], { in: "shop" }),
    );

    expect(app.createScope("request").get(Session)).toBe(app.get(Session));
  });

  it("is disposed with the scope it lives in, not with the one that asked", async () => {
    const undone: string[] = [];
    const app: Scope = createContainer(
      value(User, "nobody"),
      scoped(Session, [User], { in: "request", dispose: () => undone.push("session") }),
    );
    const request = app.createScope("request");
    const job = request.createScope("job");
    job.get(Session);

    await job.shutdown();
    expect(undone).toEqual([]);

    await request.shutdown();
    expect(undone).toEqual(["session"]);
  });

  it("cannot be asked where no such scope encloses", async () => {
    const app: Scope = createContainer(value(User, "nobody"), scoped(Session, [User], { in: "request" }));
    const job = app.createScope("job");
    app.createScope("request");

    const error = refusal(() => job.get(Session));

    expect(error.code).toBe("SCOPE_NOT_FOUND");
    expect(error.message).toContain("request");
    expect((await laterRefusal(app.getAsync(Session))).code).toBe("SCOPE_NOT_FOUND");
  });

  it("is refused above the scope that registered it, which it would outlive", () => {
    const app = createContainer("shop", value(User, "nobody"));
    const child: Scope = app.createScope("request", scoped(Session, [User], { in: "shop" }));

    expect(refusal(() => child.get(Session))).toMatchObject({
      code: "INVALID_PROVIDER",
      hint: 'register it in "shop", or above',
    });
  });
});

describe("a singleton that would capture a scoped service", () => {
  const Session = token<string>("session");
  const Holder = token<unknown>("holder");
  const session = scoped(Session, () => "session");

  it("is refused, with the path", () => {
    const app = uncheckedContainer(
      session,
      singleton(Holder, [Session], (it) => it),
    );

    const error = refusal(() => app.get(Holder));

    expect(error.code).toBe("CAPTIVE_DEPENDENCY");
    expect(route(error.path)).toBe("holder > session");
  });

  it("is refused asynchronously just as well", async () => {
    const app = uncheckedContainer(
      session,
      singleton(Holder, [Session], async (it) => it),
    );

    expect((await laterRefusal(app.getAsync(Holder))).code).toBe("CAPTIVE_DEPENDENCY");
  });

  it("is refused wherever it is asked", () => {
    const app = uncheckedContainer(
      session,
      singleton(Holder, [Session], (it) => it),
    );
    const child = app.createScope("request");
    child.get(Session);

    expect(refusal(() => child.get(Holder)).code).toBe("CAPTIVE_DEPENDENCY");
  });

  it("is refused when the scoped one is registered above it", () => {
    const app = uncheckedContainer(session);
    const child = app.createScope(
      "request",
      singleton(Holder, [Session as never], (it) => it),
    );

    expect(refusal(() => child.get(Holder)).code).toBe("CAPTIVE_DEPENDENCY");
  });

  it("is refused when both are registered in a child", () => {
    const child = uncheckedContainer().createScope(
      "request",
      session,
      singleton(Holder, [Session as never], (it) => it),
    );

    expect(refusal(() => child.get(Holder)).code).toBe("CAPTIVE_DEPENDENCY");
  });

  it("is refused through transients, with the whole path", () => {
    const Peek = token<string>("peek");
    const Look = token<string>("look");
    const app = uncheckedContainer(
      session,
      transient(Peek, [Session], (it) => it),
      transient(Look, [Peek], (it) => it),
      singleton(Holder, [Look], (it) => it),
    );

    const error = refusal(() => app.get(Holder));

    expect(error.code).toBe("CAPTIVE_DEPENDENCY");
    expect(route(error.path)).toBe("holder > look > peek > session");
  });

  it("is refused through aliases, and through aliases of transients", () => {
    const Name = token<string>("name");
    const Peek = token<string>("peek");
    const app = uncheckedContainer(
      session,
      transient(Peek, [Session], (it) => it),
      alias(Name, Peek),
      singleton(Holder, [Name], (it) => it),
    );

    expect(refusal(() => app.get(Holder)).code).toBe("CAPTIVE_DEPENDENCY");
  });

  it.each([
    ["optional", optional(Session)],
    ["map", map(Session, (it) => it)],
    ["all", all(Session)],
    ["a record", { session: Session }],
  ])("is refused through %s", (_, dependency) => {
    const app = uncheckedContainer(
      session,
      singleton(Holder, [dependency as never], (it) => it),
    );

    expect(refusal(() => app.get(Holder)).code).toBe("CAPTIVE_DEPENDENCY");
  });

  it("is refused when it asks through its resolver, also after an await", async () => {
    const Later = token<unknown>("later");
    const app: Scope = createContainer(
      session,
      singleton(Holder, ({ get }) => get(Session)),
      singleton(Later, async ({ getAsync }) => {
        await Promise.resolve();
        return getAsync(Session);
      }),
    );

    expect(refusal(() => app.get(Holder)).code).toBe("CAPTIVE_DEPENDENCY");
    expect((await laterRefusal(app.getAsync(Later))).code).toBe("CAPTIVE_DEPENDENCY");
  });

  it("is refused though the scoped one had been built before", () => {
    const app = uncheckedContainer(
      session,
      singleton(Holder, [Session], (it) => it),
    );
    app.get(Session);

    expect(refusal(() => app.get(Holder)).code).toBe("CAPTIVE_DEPENDENCY");
  });

  it("is refused when the singleton is reached through other singletons", () => {
    const Top = token<unknown>("top");
    const app = uncheckedContainer(
      session,
      singleton(Holder, [Session], (it) => it),
      singleton(Top, [Holder], (it) => it),
    );

    expect(route(refusal(() => app.get(Top)).path)).toBe("top > holder > session");
  });

  it("leaves the scoped service itself as it was", () => {
    const app = uncheckedContainer(
      session,
      singleton(Holder, [Session], (it) => it),
    );
    refusal(() => app.get(Holder));

    expect(app.get(Session)).toBe("session");
  });

  it("is not what a scoped service is that depends on a singleton", () => {
    const app: Scope = createContainer(
      singleton(Holder, () => "held"),
      scoped(Session, [Holder], (it) => `session with ${String(it)}`),
    );

    expect(app.createScope("request").get(Session)).toBe("session with held");
  });
});
