import { alias, createContainer, scoped, singleton, token, transient, value, type Scope } from "thimble";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { chain } from "../core/support/chain.ts";
import { uncheckedContainer } from "../core/support/unchecked.ts";
import { deferred } from "../core/support/deferred.ts";
import { refusal, rejected, thrown } from "../core/support/refusal.ts";
import { catchReports } from "../core/support/report-error.ts";

const Host = token<string>("host");
const Db = token<string>("db");
const Users = token<string>("users");

describe("observe", () => {
  it("is a function, and no method of a scope", () => {
    expect("observe" in createContainer()).toBe(false);
  });

  it.each<[unknown, string]>([
    [undefined, "an observer is an object"],
    ["built", "an observer is an object"],
    [{ gott() {} }, 'observe: no event is named "gott": did you mean "got"?'],
    [{ onBuilt() {} }, 'observe: no event is named "onBuilt": did you mean "built"?'],
    [{ built: 5 }, 'observe: "built" is no function'],
  ])("refuses what would never be called: %o", (observer, message) => {
    const app = createContainer();

    expect(thrown(() => observe(app, observer as never))).toEqual(new TypeError(message));
  });

  it("takes an observer that has more than methods for events, or that gives some of them as undefined", () => {
    class Counter {
      count = 0;
      #add = (): void => void this.count++;
      built = this.#add;
      disposed = undefined;
      reset = (): void => void (this.count = 0);
    }
    const app = createContainer(singleton(Db, () => "db"));
    const counter = new Counter();
    observe(app, counter as never);

    app.get(Db);

    expect(counter.count).toBe(1);
  });
});

describe("an observer is told", () => {
  it("of every provider that is registered, with its scope and token", () => {
    const heard: unknown[] = [];
    const app: Scope = createContainer();
    observe(app, { registered: ({ scope, token }) => heard.push([scope, token]) });

    app.provide(value(Host, "here"), [singleton(Db, () => "db")]);
    const child = app.createScope("request", value(Users, "users"));

    expect(heard).toEqual([
      [app, Host],
      [app, Db],
      [child, Users],
    ]);
  });

  it("of every provider that is overridden", () => {
    const heard: unknown[] = [];
    const app: Scope = createContainer(value(Host, "here"));
    observe(app, { overridden: ({ scope, token }) => heard.push([scope, token]) });

    app.override(value(Host, "there"));

    expect(heard).toEqual([[app, Host]]);
  });

  it("when a build begins and when it has ended, and how long it took", async () => {
    const heard: unknown[] = [];
    const app = createContainer(
      singleton(Db, async () => "db"),
      singleton(Users, [Db], (db) => db),
    );
    observe(app, {
      building: ({ scope, token }) => heard.push(["building", scope, token]),
      built: ({ scope, token, elapsed }) => heard.push(["built", scope, token, typeof elapsed]),
    });

    await app.getAsync(Users);
    await app.getAsync(Users);

    const of = (token: unknown) => heard.filter((event) => (event as unknown[])[2] === token);
    expect(of(Db)).toEqual([
      ["building", app, Db],
      ["built", app, Db, "number"],
    ]);
    expect(of(Users)).toEqual([
      ["building", app, Users],
      ["built", app, Users, "number"],
    ]);
    expect(heard).toHaveLength(4);
  });

  it("of the time since a build began, or nothing when nobody watched as it did", async () => {
    const gate = deferred();
    const times: unknown[] = [];
    const app = createContainer(
      singleton(Db, async () => {
        await gate.promise;
        return "db";
      }),
      singleton(Users, [Db], async (db) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return db;
      }),
    );
    const asked = app.getAsync(Users);
    observe(app, { built: ({ token, elapsed }) => times.push(token.name, elapsed) });
    gate.resolve();
    await asked;
    expect(times).toEqual(["db", 0, "users", 0]);

    const late = createContainer(
      singleton(Db, () => new Promise<string>((resolve) => setTimeout(resolve, 20, "db"))),
    );
    observe(late, { built: ({ elapsed }) => times.push(elapsed) });
    await late.getAsync(Db);
    expect(times.at(-1)).toBeGreaterThan(1);
  });

  it("once of every service of a chain that is built in slices", () => {
    const [links, end] = chain(500, () => 0);
    const heard: unknown[] = [];
    const app: Scope = uncheckedContainer(links);
    observe(app, { building: ({ token }) => heard.push(token) });

    expect(app.get(end)).toBe(499);
    expect(heard).toHaveLength(500);
    expect(new Set(heard).size).toBe(500);
  });

  it("that a dependency is built before what depends on it", async () => {
    const heard: unknown[] = [];
    const app = createContainer(
      singleton(Db, async () => "db"),
      singleton(Users, [Db], (db) => db),
    );
    observe(app, { built: ({ token }) => heard.push(token) });

    await app.getAsync(Users);

    expect(heard).toEqual([Db, Users]);
  });

  it("that a build is over only once `init` is", async () => {
    const heard: string[] = [];
    const app = createContainer(singleton(Db, () => "db", { init: async () => void heard.push("init") }));
    observe(app, { built: () => heard.push("built") });

    await app.getAsync(Db);

    expect(heard).toEqual(["init", "built"]);
  });

  it("of the scope in which something is built: the one that owns it", () => {
    const heard: unknown[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => "db"),
      scoped(Users, [Db], (db) => db),
    );
    const child = app.createScope("request");
    observe(app, { built: ({ scope, token }) => heard.push([scope, token]) });

    child.get(Users);

    expect(heard).toEqual([
      [app, Db],
      [child, Users],
    ]);
  });

  it("that a build has failed, with the error and the path to it", async () => {
    const failure = new Error("no disk");
    const heard: unknown[] = [];
    const built: unknown[] = [];
    const app = createContainer(
      singleton(Db, async () => {
        throw failure;
      }),
    );
    observe(app, {
      buildFailed: ({ scope, token, error, path, elapsed }) =>
        heard.push([scope, token, error, path.map((step) => step.token), typeof elapsed]),
      built: ({ token }) => built.push(token),
    });

    await rejected(app.getAsync(Db));

    expect(heard).toEqual([[app, Db, failure, ["db"], "number"]]);
    expect((heard[0] as unknown[])[2]).toBe(failure);
    expect(built).toEqual([]);
  });

  it("that a build has failed at once", () => {
    const heard: unknown[] = [];
    const app = createContainer(
      singleton(Db, (): string => {
        throw "no disk";
      }),
    );
    observe(app, { buildFailed: ({ token, error }) => heard.push([token, error]) });

    thrown(() => app.get(Db));

    expect(heard).toEqual([[Db, "no disk"]]);
  });

  it("of every hand-out to callers from outside, and whether it was there already", async () => {
    const heard: unknown[] = [];
    const app = createContainer(singleton(Db, () => "db"));
    observe(app, { got: ({ scope, token, cached }) => heard.push([scope, token, cached]) });

    app.get(Db);
    app.get(Db);
    await app.getAsync(Db);

    expect(heard).toEqual([
      [app, Db, false],
      [app, Db, true],
      [app, Db, true],
    ]);
  });

  it("of every hand-out to dependents alike", () => {
    const heard: unknown[] = [];
    const app = createContainer(
      singleton(Db, () => "db"),
      singleton(Users, [Db], (db) => db),
      singleton(Host, ({ get }) => get(Db)),
    );
    observe(app, { got: ({ token, cached }) => heard.push([token, cached]) });

    app.get(Users);
    app.get(Host);

    expect(heard).toEqual([
      [Db, false],
      [Users, false],
      [Db, true],
      [Host, false],
    ]);
  });

  it("of every hand-out of a build that many waited for", async () => {
    const heard: unknown[] = [];
    const app = createContainer(singleton(Db, async () => "db"));
    observe(app, { got: ({ token }) => heard.push(token) });

    await Promise.all([app.getAsync(Db), app.getAsync(Db), app.getAsync(Db)]);

    expect(heard).toEqual([Db, Db, Db]);
  });

  it("that a transient was made for the occasion", () => {
    const heard: unknown[] = [];
    const app: Scope = createContainer(transient(Db, () => "db"));
    observe(app, { got: ({ token, cached }) => heard.push([token, cached]) });

    app.get(Db);
    app.get(Db);

    expect(heard).toEqual([
      [Db, false],
      [Db, false],
    ]);
  });

  it("of the service behind an alias", () => {
    const heard: unknown[] = [];
    const app = createContainer(
      alias(Users, Db),
      singleton(Db, () => "db"),
    );
    observe(app, { got: ({ token }) => heard.push(token) });

    app.get(Users);

    expect(heard).toContain(Db);
  });

  it("of no hand-out when there was none", async () => {
    const heard: unknown[] = [];
    const app: Scope = createContainer(
      singleton(Db, async () => Promise.reject<string>(new Error("no disk"))),
    );
    observe(app, { got: ({ token }) => heard.push(token) });

    thrown(() => app.get(Db));
    thrown(() => app.get(Host));
    await rejected(app.getAsync(Db));

    expect(heard).toEqual([]);
  });

  it("when something is being disposed and when it has been", async () => {
    const heard: unknown[] = [];
    const app = createContainer(
      singleton(Db, () => "db", { dispose: async () => void heard.push("undoing") }),
      singleton(Host, () => "nothing to undo"),
    );
    observe(app, {
      disposing: ({ scope, token }) => heard.push(["disposing", scope, token]),
      disposed: ({ scope, token, elapsed, error }) =>
        heard.push(["disposed", scope, token, typeof elapsed, error]),
    });
    app.get([Db, Host]);

    await app.shutdown();

    expect(heard).toEqual([["disposing", app, Db], "undoing", ["disposed", app, Db, "number", undefined]]);
  });

  it("of the error of a disposal that failed", async () => {
    const failure = new Error("cannot close");
    const heard: unknown[] = [];
    const app = createContainer(
      singleton(Db, () => "db", {
        dispose: () => {
          throw failure;
        },
      }),
    );
    observe(app, { disposed: ({ token, error }) => heard.push([token, error]) });
    app.get(Db);

    await app.shutdown();

    expect(heard).toEqual([[Db, failure]]);
  });

  it("of every scope that opens and closes below, and of its own closing", async () => {
    const heard: string[] = [];
    const app = createContainer("shop");
    observe(app, {
      scopeOpened: ({ scope }) => heard.push(`opened ${scope.name}`),
      scopeClosed: ({ scope }) => heard.push(`closed ${scope.name}`),
    });

    const request = app.createScope("request");
    request.createScope("job");
    await app.shutdown();

    expect(heard).toEqual(["opened request", "opened job", "closed job", "closed request", "closed shop"]);
  });

  it("of every scope that begins to close, from the top down, before anything of it is disposed", async () => {
    const heard: unknown[] = [];
    const app = createContainer("shop", value(Host, "here", { dispose: () => {} }));
    observe(app, {
      scopeClosing: ({ scope, reason }) => heard.push([scope.name, scope.state, reason]),
      disposing: ({ token }) => heard.push(token.name),
    });
    app.createScope("request", value(Db, "db", { dispose: () => {} })).createScope("job");

    await app.shutdown({ reason: "over" });

    expect(heard).toEqual([
      ["shop", "closing", "over"],
      ["request", "closing", "over"],
      ["job", "closing", "over"],
      "db",
      "host",
    ]);
  });

  it("of its closing after services have stopped, and before builds are refused", async () => {
    const heard: string[] = [];
    const app = createContainer(
      value(Host, "here", { stop: () => void heard.push("stop") }),
      singleton(Db, () => new Promise<string>(() => {})),
      singleton(Users, [Db], (db) => db),
    );
    const waits = rejected(app.getAsync(Users));
    observe(app, {
      scopeClosing: ({ scope }) => void heard.push(`closing ${scope.name}`),
      buildFailed: ({ token }) => void heard.push(`failed ${token.name}`),
    });

    await app.shutdown({ timeout: 1 });
    await waits;

    expect(heard).toEqual(["stop", "closing root", "failed users"]);
  });

  it("of the closing of a scope once, when the scope above closes after it", async () => {
    const heard: string[] = [];
    const gate = deferred();
    const app = createContainer();
    const request = app.createScope("request", value(Host, "here", { dispose: () => gate.promise }));
    observe(app, {
      scopeClosing: ({ scope }) => {
        heard.push(scope.name);
        // Joins the shutdown that it is told of.
        void scope.shutdown();
      },
    });

    const closing = [request.shutdown(), app.shutdown()];
    gate.resolve();
    await Promise.all(closing);

    expect(heard).toEqual(["request", "root"]);
  });

  it("of nothing twice, however often the scope is closed", async () => {
    const heard: string[] = [];
    const app = createContainer();
    observe(app, { scopeClosed: ({ scope }) => heard.push(scope.name) });

    await Promise.all([app.shutdown(), app.shutdown()]);
    await app.shutdown();

    expect(heard).toEqual(["root"]);
  });
});

describe("an observer hears", () => {
  it("the scope it was added to and everything below, and nothing beside or above", () => {
    const heard: string[] = [];
    const app: Scope = createContainer();
    const left = app.createScope("left");
    const right = app.createScope("right");
    observe(left, {
      registered: ({ scope, token }) => heard.push(`${scope.name} ${(token as typeof Host).name}`),
    });

    app.provide(value(Host, "a"));
    right.provide(value(Host, "b"));
    left.provide(value(Host, "c"));
    left.createScope("below", value(Db, "d"));

    expect(heard).toEqual(["left host", "below db"]);
  });

  it("scopes that were opened before it was added", () => {
    const heard: unknown[] = [];
    const app = createContainer(singleton(Db, () => "db"));
    const job = app.createScope("request").createScope(
      "job",
      singleton(Users, [Db], (db) => db),
    );
    observe(app, { built: ({ token }) => heard.push(token) });

    job.get(Users);

    expect(heard).toEqual([Db, Users]);
  });

  it("nothing of what happened before it was added", () => {
    const heard: unknown[] = [];
    const app = createContainer(singleton(Db, () => "db"));
    app.get(Db);

    observe(app, { registered: () => heard.push("registered"), built: () => heard.push("built") });

    expect(heard).toEqual([]);
  });

  it("nothing after it was taken back", () => {
    const heard: string[] = [];
    const app = createContainer(singleton(Db, () => "db"));
    const forget = observe(app, { got: () => heard.push("first") });
    observe(app, { got: () => heard.push("second") });
    app.get(Db);

    forget();
    forget();
    app.get(Db);

    expect(heard).toEqual(["first", "second", "second"]);
  });
});

describe("observers are called", () => {
  it("synchronously, in the order they were added, with one and the same event", () => {
    const heard: string[] = [];
    const events: unknown[] = [];
    const app = createContainer(singleton(Db, () => "db"));
    for (const name of ["first", "second", "third"]) {
      observe(app, {
        built: (event) => {
          heard.push(name);
          events.push(event);
        },
      });
    }

    app.get(Db);

    expect(heard).toEqual(["first", "second", "third"]);
    expect(new Set(events).size).toBe(1);
  });

  it("as methods of the observer they belong to", () => {
    class Counter {
      count = 0;
      got() {
        this.count++;
      }
    }
    const counter = new Counter();
    const app = createContainer(singleton(Db, () => "db"));
    observe(app, counter);

    app.get(Db);
    app.get(Db);

    expect(counter.count).toBe(2);
  });

  it("and may ask for anything while a factory runs: it is not the factory that asks", () => {
    const Session = token<string>("session");
    const seen: unknown[] = [];
    const app: Scope = createContainer(
      scoped(Session, () => "session"),
      singleton(Db, () => "db"),
      singleton(Users, () => app.get(Db)),
    );
    observe(app, { building: ({ token }) => token === Db && seen.push(app.get(Session)) });

    // On behalf of the singleton it would be a captive dependency.
    expect(app.get(Users)).toBe("db");
    expect(seen).toEqual(["session"]);

    // Afterwards it is the factory again.
    app.override(
      singleton(Db, () => "db"),
      singleton(Users, () => [app.get(Db), app.get(Session)].join()),
    );
    expect(refusal(() => app.get(Users)).code).toBe("CAPTIVE_DEPENDENCY");
  });

  it("and may ask the container for what they are told of", () => {
    const asked: unknown[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => "db"),
      singleton(Users, [Db], (db) => `users on ${db}`),
    );
    observe(app, { built: ({ token }) => asked.push(app.get(token)) });

    app.get(Users);

    expect(asked).toEqual(["db", "users on db"]);
  });

  it("also when one of them takes itself back on the way", () => {
    const heard: string[] = [];
    const app = createContainer(singleton(Db, () => "db"));
    const forget = observe(app, {
      got: () => {
        heard.push("once");
        forget();
      },
    });
    observe(app, { got: () => heard.push("always") });

    app.get(Db);
    app.get(Db);

    expect(heard).toEqual(["once", "always", "always"]);
  });
});

describe("an observer that throws", () => {
  const failure = new Error("broken observer");
  const broken = () => {
    throw failure;
  };
  const everything = {
    registered: broken,
    overridden: broken,
    building: broken,
    built: broken,
    buildFailed: broken,
    got: broken,
    disposing: broken,
    disposed: broken,
    scopeOpened: broken,
    scopeClosing: broken,
    scopeClosed: broken,
  };

  it("breaks nothing", async () => {
    const reported = catchReports();
    let undone = 0;
    const app: Scope = createContainer();
    observe(app, everything);

    app.provide(
      singleton(Db, () => "db", { dispose: () => undone++ }),
      singleton(Users, async () => Promise.reject<string>("no users")),
    );
    app.override(singleton(Db, () => "other db", { dispose: () => undone++ }));
    const child = app.createScope("request");

    expect(child.get(Db)).toBe("other db");
    expect(await rejected(child.getAsync(Users))).toBe("no users");
    expect((await app.shutdown()).ok).toBe(true);
    expect([undone, app.state, child.state]).toEqual([1, "closed", "closed"]);
    expect(reported.every((error) => error === failure)).toBe(true);
  });

  it("does not keep the next one from being told", () => {
    catchReports();
    const heard: string[] = [];
    const app = createContainer(singleton(Db, () => "db"));
    observe(app, everything);
    observe(app, { built: () => heard.push("built") });

    app.get(Db);

    expect(heard).toEqual(["built"]);
  });

  it("is reported to the runtime", () => {
    const reported = catchReports();
    const app = createContainer(singleton(Db, () => "db"));
    observe(app, { built: broken });

    app.get(Db);

    expect(reported).toEqual([failure]);
  });

  it("breaks nothing either where the runtime takes no reports", () => {
    catchReports();
    // Not deleted: some runtimes have another one on the prototype of the global object.
    (globalThis as { reportError?: unknown }).reportError = undefined;
    const app = createContainer(singleton(Db, () => "db"));
    observe(app, everything);

    expect(app.get(Db)).toBe("db");
  });
});
