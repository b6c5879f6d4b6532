/**
 * Replacing providers, where containers go on with the old instance, lose the
 * order of shutdown, forbid it once anything was built, or accept a mock for
 * something that is long gone.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { alias, all, createContainer, parent, scoped, singleton, token, value, type Scope } from "thimble";
import { deferred } from "../core/support/deferred.ts";
import { thrown } from "../core/support/refusal.ts";
import { turn } from "../core/support/turn.ts";
import { codeOf, trail } from "./failing.ts";
import { settles } from "./waiting.ts";

interface Store {
  readonly url: string;
}

const Db = token<Store>("db");
const Repo = token<{ db: unknown }>("repo");
const Web = token<object>("web");
const Gone = token<object>("gone");

/** A database that notes its closing. */
function db(url: string, closed: string[]) {
  return singleton(Db, () => ({ url }), { dispose: (it) => void closed.push(it.url) });
}

describe("an override after everything was built", () => {
  it("is allowed, and the next ask gets the new instance, by the token and by every name of it", () => {
    const Storage = token<Store>("storage");
    const closed: string[] = [];
    const app: Scope = createContainer(db("real", closed), alias(Storage, Db));
    app.get([Db, Storage]);

    app.override(db("fake", closed));

    expect(app.get(Db).url).toBe("fake");
    expect(app.get(Storage)).toBe(app.get(Db));
    expect(app.get(all(Db))).toEqual([app.get(Db)]);
    expect(app.createScope("request").get(Db)).toBe(app.get(Db));
  });

  it("leaves the old instance with whoever holds it; what is built from now on gets the new one", () => {
    const app: Scope = createContainer(
      db("real", []),
      singleton(Repo, [Db], (it) => ({ db: it })),
      singleton(Web, [Db], (it) => ({ db: it })),
    );
    const repo = app.get(Repo);

    app.override(db("fake", []));

    expect(app.get(Repo)).toBe(repo);
    expect(repo.db).toEqual({ url: "real" });
    expect(app.get(Web)).toEqual({ db: { url: "fake" } });
  });

  it("lets go of nothing: both instances are closed at shutdown, once, each after what was built on it", async () => {
    const closed: string[] = [];
    const dispose = (name: string) => async () => {
      await turn();
      closed.push(name);
    };
    const app: Scope = createContainer(
      db("real", closed),
      singleton(Repo, [Db], (it) => ({ db: it }), { dispose: dispose("repo") }),
      singleton(Web, [Db], (it) => ({ db: it }), { dispose: dispose("web") }),
    );
    app.get(Repo);
    app.override(db("fake", closed));
    app.get(Web);

    const report = await settles(app.shutdown());

    expect([...closed].sort()).toEqual(["fake", "real", "repo", "web"]);
    expect(closed.indexOf("repo")).toBeLessThan(closed.indexOf("real"));
    expect(closed.indexOf("web")).toBeLessThan(closed.indexOf("fake"));
    expect(report.services).toHaveLength(4);
  });

  it("three times over: every instance that was built is closed once", async () => {
    const closed: string[] = [];
    const app: Scope = createContainer(db("one", closed));
    app.get(Db);
    app.override(db("two", closed));
    app.get(Db);
    app.override(db("never asked for", closed));
    app.override(db("three", closed));
    app.get(Db);

    await settles(app.shutdown());

    expect([...closed].sort()).toEqual(["one", "three", "two"]);
  });
});

describe("an override that turns an edge around", () => {
  it("is no cycle: what was asked of the old providers does not count for the new ones", () => {
    const app: Scope = createContainer(
      db("real", []),
      singleton(Repo, [Db], (it) => ({ db: it })),
    );
    app.get(Repo);

    app.override(
      value(Repo, { db: "none" }),
      singleton(Db, [Repo], (repo) => ({ url: `on ${String(repo.db)}` })),
    );

    expect(app.get(Db)).toEqual({ url: "on none" });
  });

  it("is no stale order either: old and new are closed by the edges each was built with", async () => {
    const closed: string[] = [];
    const dispose = (name: string) => async () => {
      await turn();
      closed.push(name);
    };
    const app: Scope = createContainer(
      singleton(Db, () => ({ url: "old" }), { dispose: dispose("old db") }),
      singleton(Repo, [Db], (it) => ({ db: it }), { dispose: dispose("old repo") }),
    );
    app.get(Repo);
    app.override(
      singleton(Repo, () => ({ db: "none" }), { dispose: dispose("new repo") }),
      singleton(Db, [Repo], () => ({ url: "new" }), { dispose: dispose("new db") }),
    );
    app.get(Db);

    await settles(app.shutdown());

    expect(closed).toHaveLength(4);
    expect(closed.indexOf("old repo")).toBeLessThan(closed.indexOf("old db"));
    expect(closed.indexOf("new db")).toBeLessThan(closed.indexOf("new repo"));
  });
});

describe("an override while the old one is being built", () => {
  it("gives the old instance to those who asked before, the new one to those who ask after, and closes both", async () => {
    const open = deferred<Store>();
    const closed: string[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => open.promise, { dispose: (it) => void closed.push(it.url) }),
      singleton(Repo, [Db], (it) => ({ db: it })),
    );
    const before = app.getAsync(Db);
    const repo = app.getAsync(Repo);
    await turn();

    app.override(db("fake", closed));
    const after = app.get(Db);
    open.resolve({ url: "real" });

    expect(after.url).toBe("fake");
    expect((await settles(before)).url).toBe("real");
    expect(await settles(repo)).toEqual({ db: { url: "real" } });
    expect(app.get(Db)).toBe(after);
    await settles(app.shutdown());
    expect([...closed].sort()).toEqual(["fake", "real"]);
  });
});

describe("an override in a child scope", () => {
  it("replaces what that scope sees, and nothing above or beside it", () => {
    const app: Scope = createContainer(
      db("real", []),
      scoped(Repo, [Db], (it) => ({ db: it })),
    );
    const test: Scope = app.createScope("test");
    const other = app.createScope("other");

    test.override(value(Db, { url: "fake" }));

    expect(test.get(Repo)).toEqual({ db: { url: "fake" } });
    expect(other.get(Repo)).toEqual({ db: { url: "real" } });
    expect(app.get(Db)).toEqual({ url: "real" });
  });

  it("may decorate the one it replaces, which is no cycle", () => {
    const app: Scope = createContainer(db("real", []));
    const test: Scope = app.createScope("test");

    test.override(singleton(Db, [parent(Db)], (above) => ({ url: `spied ${above.url}` })));

    expect(test.get(Db)).toEqual({ url: "spied real" });
  });
});

describe("a mock for a token that no longer exists", () => {
  it("is refused by code, and named", () => {
    const app: Scope = createContainer(db("real", []));

    const error = thrown(() => app.override(value(Gone, {})));

    expect(codeOf(error)).toBe("NOT_PROVIDED");
    expect(trail(error)).toEqual(["gone"]);
    expect(app.has(Gone)).toBe(false);
  });

  it("in a list with good ones: replaces none of them", () => {
    const app: Scope = createContainer(db("real", []), value(Web, {}));
    const web = app.get(Web);

    expect(
      codeOf(thrown(() => app.override(value(Db, { url: "fake" }), value(Gone, {}), value(Web, {})))),
    ).toBe("NOT_PROVIDED");

    expect(app.get(Db).url).toBe("real");
    expect(app.get(Web)).toBe(web);
  });

  it("provided only below or beside: refused as well, since this scope does not see it", () => {
    const app: Scope = createContainer();
    const one: Scope = app.createScope("one", value(Gone, {}));
    const two: Scope = app.createScope("two");

    for (const scope of [app, two])
      expect(codeOf(thrown(() => scope.override(value(Gone, {}))))).toBe("NOT_PROVIDED");
    expect(one.has(Gone)).toBe(true);
  });
});

describe("providing again what is provided", () => {
  it("is refused, built or not: it says override or nothing", () => {
    const Spare = token<Store>("spare");
    const app: Scope = createContainer(db("real", []));

    expect(codeOf(thrown(() => app.provide(value(Db, { url: "fake" }))))).toBe("DUPLICATE");
    app.get(Db);
    expect(codeOf(thrown(() => app.provide(value(Spare, { url: "spare" }), alias(Db, Spare))))).toBe(
      "DUPLICATE",
    );

    expect(app.get(Db).url).toBe("real");
    expect(app.has(Spare)).toBe(false);
  });
});
