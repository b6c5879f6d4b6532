/**
 * Scopes that nobody closes. Until there is something to dispose or to wait for, their parent does not hold them, and so
 * does not close them either: they notice by themselves that a scope above is closing.
 */

import { abortSignal, createContainer, scoped, singleton, token, value, type Scope } from "thimble";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { refusal, rejected } from "../core/support/refusal.ts";

const Visitor = token<string>("visitor");
const Db = token<object>("db");
const Session = token<object>("session");

const opened = (): { app: Scope; request: Scope } => {
  const app: Scope = createContainer(
    singleton(Db, () => ({})),
    scoped(Session, () => ({})),
  );
  return { app, request: app.createScope("request", value(Visitor, "Ada")) };
};

describe("a scope with nothing to dispose, below a container that has closed,", () => {
  it("is closed", async () => {
    const { app, request } = opened();
    const below = request.createScope();
    await app.shutdown();

    expect([request.state, below.state]).toEqual(["closed", "closed"]);
    expect(await request.shutdown()).toMatchObject({ ok: true, services: [] });
  });

  it.for([
    ["get of a value", (scope: Scope) => scope.get(Visitor)],
    ["get of something built above", (scope: Scope) => scope.get(Db)],
    ["get of something scoped", (scope: Scope) => scope.get(Session)],
    ["has", (scope: Scope) => scope.has(Visitor)],
    ["provide", (scope: Scope) => scope.provide(singleton(token("new"), () => 1))],
    ["override", (scope: Scope) => scope.override(value(Visitor, "Ben"))],
    ["createScope", (scope: Scope) => scope.createScope()],
  ] as const)("refuses %s", async ([, act]) => {
    const { app, request } = opened();
    app.get(Db);
    await app.shutdown();

    expect(refusal(() => act(request)).code).toBe("SCOPE_CLOSED");
    const { request: other, app: again } = opened();
    await again.shutdown();
    expect(await rejected(other.getAsync(Visitor))).toMatchObject({ code: "SCOPE_CLOSED" });
  });

  it("refuses while the container is closing", async () => {
    const app: Scope = createContainer(
      singleton(Db, () => ({}), { dispose: () => state.push(request.state) }),
    );
    const state: string[] = [];
    const request: Scope = app.createScope("request", value(Visitor, "Ada"));
    app.get(Db);

    await app.shutdown();

    expect(state).toEqual(["closed"]);
  });
});

describe("a scope that its parent does not hold yet", () => {
  it("sees what is registered above after it was opened", () => {
    const outer: Scope = createContainer(singleton(Db, () => ({ far: true })));
    const middle = outer.createScope();
    const request = middle.createScope("request");
    expect(request.get(Db)).toEqual({ far: true });

    middle.provide(singleton(Db, () => ({ near: true })));

    expect(request.get(Db)).toEqual({ near: true });
  });

  it("tells an observer that was added later what is received in it", () => {
    const { app, request } = opened();
    const empty = app.createScope();
    const got: string[] = [];
    app.get(Db);
    empty.get(Db);
    observe(app, { got: ({ token: { name }, scope: { id } }) => got.push(`${name} in ${id}`) });

    request.get(Visitor);
    empty.get(Db);

    expect(got).toEqual(["visitor in request#1", "db in root#0"]);
  });

  it("is refused what was built in a scope between, when that has closed", async () => {
    const app: Scope = createContainer(singleton(Db, () => ({})));
    app.get(Db);
    const middle = app.createScope();
    const below = middle.createScope();
    const aside = app.createScope();
    expect([below.get(Db), aside.get(Db)]).toEqual([app.get(Db), app.get(Db)]);

    await middle.shutdown();

    expect(refusal(() => below.get(Db)).code).toBe("SCOPE_CLOSED");
    expect(aside.get(Db)).toBe(app.get(Db));
    await app.shutdown();
    expect(refusal(() => aside.get(Db)).code).toBe("SCOPE_CLOSED");
  });

  it("is closed with its parent once it has built something", async () => {
    const log: string[] = [];
    const app: Scope = createContainer(scoped(Session, () => ({}), { dispose: () => log.push("disposed") }));
    app.createScope().createScope("request").get(Session);

    await app.shutdown();

    expect(log).toEqual(["disposed"]);
  });

  it("is aborted with its parent once somebody has its signal", async () => {
    const { app, request } = opened();
    const signal = request.get(abortSignal);

    await app.shutdown({ reason: "enough" });

    expect([signal.aborted, signal.reason]).toEqual([true, "enough"]);
  });

  it("is closed by a factory in flight that shuts the container down", async () => {
    const app: Scope = createContainer(
      scoped(Session, () => {
        void app.shutdown();
        return {};
      }),
    );
    const request = app.createScope();

    expect(refusal(() => request.get(Session)).code).toBe("SCOPE_CLOSED");
    expect(request.state).toBe("closed");
  });
});

/** Scopes below one that has no providers, or that its own parent does not hold. What is registered above is further up. */
const places: readonly (readonly [string, (app: Scope) => Scope])[] = [
  ["a scope without providers", (app) => app.createScope("tenant")],
  ["two scopes without providers", (app) => app.createScope("tenant").createScope("section")],
  ["a scope that only has a value", (app) => app.createScope("request", value(Visitor, "Bob"))],
  ["an empty container", () => createContainer()],
];

describe.each(places)("a scope below %s", (_, openAbove) => {
  const below = (): { above: Scope; request: Scope } => {
    const above = openAbove(opened().app);
    return { above, request: above.createScope("request", value(Visitor, "Ada")) };
  };

  it("is not held before there is something to dispose or to wait for", () => {
    const { above, request } = below();

    expect(request.get(Visitor)).toBe("Ada");
    expect(request.createScope("unit").get(Visitor)).toBe("Ada");

    expect([...above.children]).toEqual([]);
    expect([...request.children]).toEqual([]);
  });

  it("sees what is registered above after it was opened", () => {
    const { above, request } = below();
    const Late = token<object>("late");

    above.provide(singleton(Late, () => ({})));

    expect(request.get(Late)).toBe(above.get(Late));
    expect(request.createScope().get(Late)).toBe(above.get(Late));
  });

  it("closes with the scopes above, and refuses while they are closing", async () => {
    const { above, request } = below();
    const unit = request.createScope("unit");
    const gate = deferred();
    above.provide(value(token("slow"), {}, { dispose: () => gate.promise }));

    const closing = above.shutdown();

    expect([request.state, unit.state]).toEqual(["closed", "closed"]);
    expect(refusal(() => unit.get(Visitor)).code).toBe("SCOPE_CLOSED");
    expect(refusal(() => request.createScope()).code).toBe("SCOPE_CLOSED");
    gate.resolve(undefined);
    expect((await closing).ok).toBe(true);
  });

  it("is held, and closed in order, from the moment it has something to dispose", async () => {
    const { above, request } = below();
    const log: string[] = [];
    const noting = (name: string) => ({ [Symbol.dispose]: () => log.push(name) });
    above.provide(scoped(Session, () => noting("session")));
    const unit = request.createScope(
      "unit",
      scoped(Db, [Session], () => noting("db")),
    );

    unit.get(Db);
    request.get(Session);

    expect([...above.children]).toEqual([request]);
    expect([...request.children]).toEqual([unit]);
    await above.shutdown();
    expect(log).toEqual(["db", "session", "session"]);
  });
});

describe("a closed scope", () => {
  it("has no parent any more, and is its own root", async () => {
    const { app, request } = opened();
    expect([request.parent, request.root]).toEqual([app, app]);

    await request.shutdown();

    expect([request.parent, request.root]).toEqual([undefined, request]);
    expect([request.name, request.id, request.state]).toEqual(["request", "request#1", "closed"]);
  });
});
