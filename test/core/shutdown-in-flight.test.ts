/**
 * What can still be had while a scope closes and after it has, and what becomes of builds that a shutdown overtakes.
 */

import {
  abortSignal,
  createContainer,
  currentScope,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Resolver,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { chain } from "./support/chain.ts";
import { uncheckedContainer } from "./support/unchecked.ts";
import { deferred } from "./support/deferred.ts";
import { laterRefusal, refusal, rejected } from "./support/refusal.ts";
import { catchReports } from "./support/report-error.ts";
import { turn } from "./support/turn.ts";

const Log = token<string[]>("log");
const Db = token<string>("db");
const Users = token<string>("users");
const Unbuilt = token<string>("unbuilt");
const Server = token<string>("server");

describe("while a scope closes", () => {
  it("what is built can still be got: a service flushes through its dependencies", async () => {
    const written: string[] = [];
    const app: Scope = createContainer(
      singleton(Log, () => written, { dispose: () => written.push("log closed") }),
      singleton(Users, [Log], () => "users", {
        dispose: async () => {
          app.get(Log).push("first line");
          await turn();
          (await app.getAsync(Log)).push("last line");
          app.run([Log], (log) => log.push("very last line"));
        },
      }),
    );
    app.get(Users);

    const report = await app.shutdown();

    expect(report.ok).toBe(true);
    expect(written).toEqual(["first line", "last line", "very last line", "log closed"]);
  });

  it("what is built can still be got by a service that does not depend on it, until it has been disposed", async () => {
    const gate = deferred();
    const app: Scope = createContainer(
      singleton(Db, () => "db", { dispose: () => gate.promise }),
      value(Users, "users"),
    );
    app.get(Db);

    const closing = app.shutdown();
    expect(app.get(Users)).toBe("users");
    gate.resolve();
    await closing;
  });

  it("what is built above can still be got by a child", async () => {
    const gate = deferred();
    const app = createContainer(singleton(Db, () => "db"));
    app.get(Db);
    const child: Scope = app.createScope(
      "request",
      singleton(Users, () => "users", { dispose: () => gate.promise }),
    );
    child.get(Users);

    const closing = child.shutdown();
    expect(child.get(Db)).toBe("db");
    gate.resolve();
    await closing;
  });

  it("nothing new is built, registered or opened", async () => {
    const gate = deferred();
    let built = 0;
    const app: Scope = createContainer(
      singleton(Db, () => "db", { dispose: () => gate.promise }),
      singleton(Unbuilt, () => `built ${++built}`),
      transient(Users, () => `built ${++built}`),
      scoped(Server, [Unbuilt], () => `built ${++built}`),
    );
    app.get(Db);

    const closing = app.shutdown();

    expect(refusal(() => app.get(Unbuilt)).code).toBe("SCOPE_CLOSED");
    expect((await laterRefusal(app.getAsync(Unbuilt))).code).toBe("SCOPE_CLOSED");
    expect(refusal(() => app.get(Users)).code).toBe("SCOPE_CLOSED");
    expect(refusal(() => app.get(Server)).code).toBe("SCOPE_CLOSED");
    expect(refusal(() => app.provide(value(Log, []))).code).toBe("SCOPE_CLOSED");
    expect(refusal(() => app.override(value(Db, "mock"))).code).toBe("SCOPE_CLOSED");
    expect(refusal(() => app.createScope("request")).code).toBe("SCOPE_CLOSED");
    expect(app.state).toBe("closing");
    expect(built).toBe(0);
    gate.resolve();
    await closing;
  });

  it("nothing new is opened, registered or built in the scopes below, which close with it", async () => {
    const gate = deferred();
    const app = createContainer(singleton(Db, () => "db", { dispose: () => gate.promise }));
    app.get(Db);
    const child: Scope = app.createScope(
      "request",
      singleton(Unbuilt, () => "built"),
    );

    const closing = app.shutdown();

    expect(refusal(() => child.get(Unbuilt)).code).toBe("SCOPE_CLOSED");
    expect(refusal(() => child.createScope("job")).code).toBe("SCOPE_CLOSED");
    expect(refusal(() => child.provide(value(Users, "users"))).code).toBe("SCOPE_CLOSED");
    gate.resolve();
    await closing;
  });

  it("an instance that has been disposed can no longer be got", async () => {
    const codes: string[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => "db", {
        dispose: async () => {
          codes.push(refusal(() => app.get(Users)).code);
          codes.push((await laterRefusal(app.getAsync(Users))).code);
          codes.push(refusal(() => app.get(optional(Users))).code);
        },
      }),
      singleton(Users, [Db], () => "users", { dispose: () => {} }),
    );
    app.get(Users);

    const report = await app.shutdown();

    expect(report.ok).toBe(true);
    expect(codes).toEqual(["SCOPE_CLOSED", "SCOPE_CLOSED", "SCOPE_CLOSED"]);
  });

  it("a missing provider is still a missing provider or a closed scope, and never a hang", async () => {
    const gate = deferred();
    const app: Scope = createContainer(singleton(Db, () => "db", { dispose: () => gate.promise }));
    app.get(Db);

    const closing = app.shutdown();

    expect(["NOT_PROVIDED", "SCOPE_CLOSED"]).toContain(refusal(() => app.get(Unbuilt)).code);
    gate.resolve();
    await closing;
  });
});

describe("a build in flight", () => {
  it("is waited for, disposed, and its caller is told that the scope has closed", async () => {
    const undone: string[] = [];
    const gate = deferred<string>();
    const app = createContainer(singleton(Db, () => gate.promise, { dispose: (db) => undone.push(db) }));
    const asked = laterRefusal(app.getAsync(Db));
    let closed = false;

    const closing = app.shutdown().finally(() => (closed = true));
    await turn();
    expect(closed).toBe(false);
    gate.resolve("db");
    const report = await closing;

    expect(undone).toEqual(["db"]);
    expect((await asked).code).toBe("SCOPE_CLOSED");
    expect(report.services.map((row) => [row.token, row.outcome])).toEqual([["db", "disposed"]]);
  });

  it("is waited for though nobody waits for it but shutdown", async () => {
    const undone: string[] = [];
    const gate = deferred<string>();
    const app = createContainer(singleton(Db, () => gate.promise, { dispose: (db) => undone.push(db) }));
    expect(refusal(() => app.get(Db)).code).toBe("ASYNC_PROVIDER");

    const closing = app.shutdown();
    gate.resolve("db");
    await closing;

    expect(undone).toEqual(["db"]);
  });

  it("keeps what it depends on until it has been disposed itself", async () => {
    const undone: string[] = [];
    const gate = deferred<string>();
    const app = createContainer(
      singleton(Db, () => "db", { dispose: () => undone.push("db") }),
      singleton(Users, [Db], () => gate.promise, {
        dispose: async () => {
          await turn();
          undone.push("users");
        },
      }),
    );
    const asked = rejected(app.getAsync(Users));

    const closing = app.shutdown();
    await turn();
    expect(undone).toEqual([]);
    gate.resolve("users");
    await closing;
    await asked;

    expect(undone).toEqual(["users", "db"]);
  });

  it("may still use what it depends on, and may not begin anything new", async () => {
    const gate = deferred();
    const seen: unknown[] = [];
    const app = createContainer(
      singleton(Db, () => "db"),
      singleton(Unbuilt, () => "unbuilt"),
      singleton(Users, async ({ get, getAsync }) => {
        get(Db);
        await gate.promise;
        seen.push(get(Db), refusal(() => get(Unbuilt)).code, (await laterRefusal(getAsync(Unbuilt))).code);
        return "users";
      }),
    );
    const asked = laterRefusal(app.getAsync(Users));

    const closing = app.shutdown();
    gate.resolve();
    await closing;

    expect(seen).toEqual(["db", "SCOPE_CLOSED", "SCOPE_CLOSED"]);
    expect((await asked).code).toBe("SCOPE_CLOSED");
  });

  it("is waited for to the end of its `init`, also when nobody keeps what it makes", async () => {
    const gates = [deferred<string>(), deferred<string>()] as const;
    const app = createContainer(
      singleton(Db, () => "db", { dispose: () => {} }),
      transient(Users, [Db], () => gates[0].promise, { init: () => gates[1].promise }),
    );
    const asked = laterRefusal(app.getAsync(Users));

    let over = false;
    const closing = app.shutdown().finally(() => (over = true));
    gates[0].resolve("users");
    await turn();
    expect(over).toBe(false);
    gates[1].resolve("ready");

    expect((await closing).services).toMatchObject([{ token: "db", outcome: "disposed" }]);
    expect((await asked).code).toBe("SCOPE_CLOSED");
  });

  it.each([1, 50, 450])(
    "that shuts its own scope down, %i dependencies deep, gives nobody a value",
    (depth) => {
      const [links, end] = chain(depth, () => {
        void app.shutdown();
        return 0;
      });
      const app: Scope = uncheckedContainer(links);

      expect(refusal(() => app.get(end)).code).toBe("SCOPE_CLOSED");
    },
  );

  it("that shuts down the scope below that asked, from far down, gives it no value", () => {
    const [links, end] = chain(450, () => {
      void child.shutdown();
      return 0;
    });
    const app: Scope = uncheckedContainer(links);
    const child: Scope = app.createScope("request");

    expect(refusal(() => child.get(end)).code).toBe("SCOPE_CLOSED");
    expect(app.get(end)).toBe(449);
  });

  it("whose `init` fails is undone, and that is waited for as well", async () => {
    const gates = [deferred(), deferred()] as const;
    const app = createContainer(
      singleton(Db, () => "db", { init: () => gates[0].promise, dispose: () => gates[1].promise }),
    );
    const asked = rejected(app.getAsync(Db));

    let over = false;
    const closing = app.shutdown().finally(() => (over = true));
    gates[0].reject(new Error("no disk"));
    await turn();
    expect(over).toBe(false);
    gates[1].resolve();
    await asked;

    expect((await closing).services).toMatchObject([
      { token: "db", outcome: "disposed" },
      { token: "db", outcome: "failed", error: { message: "no disk" } },
    ]);
  });

  it("that fails has a row in the report, because its caller was refused before", async () => {
    const gate = deferred<string>();
    const app = createContainer(singleton(Db, () => gate.promise, { dispose: () => {} }));
    const asked = rejected(app.getAsync(Db));

    const closing = app.shutdown();
    const failure = new Error("no disk");
    gate.reject(failure);
    const report = await closing;

    expect(report).toMatchObject({ ok: false, services: [{ token: "db", outcome: "failed" }] });
    expect(report.services[0]!.error).toBe(failure);
    expect(await asked).toMatchObject({ code: "SCOPE_CLOSED" });
  });

  it("that gives up with the reason of the signal, or an AbortError, has not failed", async () => {
    const app = createContainer(
      singleton(
        Db,
        [abortSignal],
        (signal) =>
          new Promise<string>((_, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason as Error)),
          ),
      ),
      singleton(Users, [abortSignal], async (signal) => {
        await new Promise<void>((end) => signal.addEventListener("abort", () => end()));
        throw Object.assign(new Error("The operation was aborted"), { name: "AbortError" });
      }),
    );
    const callers = [rejected(app.getAsync(Db)), rejected(app.getAsync(Users))];

    const report = await app.shutdown({ reason: new Error("the user has left") });

    expect(report).toMatchObject({ ok: true, services: [] });
    await Promise.all(callers);
  });

  it("whose dependents have not begun never begins them", async () => {
    let built = 0;
    const gate = deferred<string>();
    const app = createContainer(
      singleton(Db, () => gate.promise),
      singleton(Users, [Db], () => `users ${++built}`),
    );
    const asked = laterRefusal(app.getAsync(Users));

    const closing = app.shutdown();
    gate.resolve("db");
    await closing;

    expect((await asked).code).toBe("SCOPE_CLOSED");
    expect(built).toBe(0);
  });

  it("in a scope below is waited for by the scope above", async () => {
    const undone: string[] = [];
    const gate = deferred<string>();
    const app: Scope = createContainer(
      singleton(Db, () => "db", { dispose: () => undone.push("db") }),
      scoped(Users, [Db], () => gate.promise, { dispose: () => undone.push("users") }),
    );
    const asked = rejected(app.createScope("request").getAsync(Users));

    const closing = app.shutdown();
    await turn();
    expect(undone).toEqual([]);
    gate.resolve("users");
    await closing;

    expect(await asked).toMatchObject({ code: "SCOPE_CLOSED" });
    expect(undone).toEqual(["users", "db"]);
  });

  it("that outlasts the deadline is disposed when it ends", async () => {
    const undone: string[] = [];
    const disposed = deferred();
    const gate = deferred<string>();
    const app = createContainer(
      singleton(Db, () => gate.promise, {
        dispose: (db) => {
          undone.push(db);
          disposed.resolve();
        },
      }),
    );
    const asked = laterRefusal(app.getAsync(Db));

    await app.shutdown({ timeout: 5 });
    expect([undone, app.state]).toEqual([[], "closed"]);
    gate.resolve("db");
    await disposed.promise;

    expect(undone).toEqual(["db"]);
    expect((await asked).code).toBe("SCOPE_CLOSED");
  });

  it("that outlasts the deadline and then fails, or fails to be disposed, is no unhandled rejection", async () => {
    catchReports();
    const [fails, sticks] = [deferred<string>(), deferred<string>()];
    const app = createContainer(
      singleton(Db, () => fails.promise),
      singleton(Users, () => sticks.promise, { dispose: () => Promise.reject(new Error("cannot close")) }),
    );
    refusal(() => app.get(Db));
    refusal(() => app.get(Users));

    await app.shutdown({ timeout: 5 });
    fails.reject(new Error("no disk"));
    sticks.resolve("users");
    await turn();

    expect(app.state).toBe("closed");
  });

  it("of a child that outlasts its parent's deadline is disposed when it ends", async () => {
    const disposed = deferred();
    const gate = deferred<string>();
    const app: Scope = createContainer(scoped(Db, () => gate.promise, { dispose: () => disposed.resolve() }));
    const asked = laterRefusal(app.createScope("request").getAsync(Db));

    await app.shutdown({ timeout: 5 });
    gate.resolve("db");
    await disposed.promise;

    expect((await asked).code).toBe("SCOPE_CLOSED");
  });

  it("of a transient is waited for, and keeps what it depends on", async () => {
    const undone: string[] = [];
    const gate = deferred<string>();
    const app: Scope = createContainer(
      singleton(Db, () => "db", { dispose: () => undone.push("db") }),
      transient(Users, [Db], () => gate.promise),
    );
    const asked = laterRefusal(app.getAsync(Users));

    const closing = app.shutdown();
    await turn();
    expect(undone).toEqual([]);
    gate.resolve("users");
    await closing;

    expect((await asked).code).toBe("SCOPE_CLOSED");
    expect(undone).toEqual(["db"]);
  });

  it("of a list is refused to whoever waits for the list", async () => {
    const gate = deferred<string>();
    const app: Scope = createContainer(
      singleton(Db, () => gate.promise),
      singleton(Users, () => "users"),
    );
    const asked = [app.getAsync([Users, Db]), app.getAsync({ db: Db }), app.runAsync([Db], () => {})].map(
      laterRefusal,
    );

    const closing = app.shutdown();
    gate.resolve("db");
    await closing;

    expect((await Promise.all(asked)).map((error) => error.code)).toEqual(Array(3).fill("SCOPE_CLOSED"));
  });

  it("in which its own factory shuts the scope down is disposed as well", async () => {
    const undone: string[] = [];
    const reports: Promise<unknown>[] = [];
    const app: Scope = createContainer(
      singleton(
        Db,
        () => {
          reports.push(app.shutdown());
          return "db";
        },
        { dispose: (db) => undone.push(db) },
      ),
    );

    expect(refusal(() => app.get(Db)).code).toBe("SCOPE_CLOSED");
    await Promise.all(reports);

    expect(undone).toEqual(["db"]);
    expect(app.state).toBe("closed");
  });

  it("is not waited for when `init` is what is in flight and gives up on the signal", async () => {
    const undone: string[] = [];
    const app = createContainer(
      singleton(Db, () => "db", {
        init: (_, signal) =>
          new Promise<void>((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason as Error)),
          ),
        dispose: (db) => undone.push(db),
      }),
    );
    const asked = rejected(app.getAsync(Db));
    await turn();

    const report = await app.shutdown();
    await asked;

    expect(undone).toEqual(["db"]);
    expect(report.ok).toBe(true);
  });
});

describe("a child that closes while it waits for a build of its parent", () => {
  it("is told that it has closed, and the parent's build lives on", async () => {
    const undone: string[] = [];
    const gate = deferred<string>();
    const app = createContainer(singleton(Db, () => gate.promise, { dispose: (db) => undone.push(db) }));
    const child = app.createScope("request");
    const fromChild = laterRefusal(child.getAsync(Db));
    const fromRoot = app.getAsync(Db);

    const report = await child.shutdown();

    expect((await fromChild).code).toBe("SCOPE_CLOSED");
    expect(report.services).toEqual([]);
    gate.resolve("db");
    expect(await fromRoot).toBe("db");
    expect(app.get(Db)).toBe("db");
    expect(undone).toEqual([]);
  });

  it("is told so also when it began that build and nobody else waits for it", async () => {
    let built = 0;
    const gate = deferred<string>();
    const app = createContainer(
      singleton(Db, () => {
        built++;
        return gate.promise;
      }),
    );
    const child = app.createScope("request");
    const fromChild = laterRefusal(child.getAsync(Db));

    await child.shutdown();
    expect((await fromChild).code).toBe("SCOPE_CLOSED");
    gate.resolve("db");

    expect(await app.getAsync(Db)).toBe("db");
    expect(built).toBe(1);
  });

  it("is told so when a service of its own was waiting for it", async () => {
    let built = 0;
    const gate = deferred<string>();
    const app: Scope = createContainer(
      singleton(Db, () => gate.promise),
      scoped(Users, [Db], () => `users ${++built}`),
    );
    const child = app.createScope("request");
    const fromChild = laterRefusal(child.getAsync(Users));

    await child.shutdown();
    expect((await fromChild).code).toBe("SCOPE_CLOSED");
    gate.resolve("db");

    expect(await app.getAsync(Db)).toBe("db");
    expect(built).toBe(0);
    expect(child.state).toBe("closed");
  });
});

describe("a parent", () => {
  it("waits for a child that is already closing", async () => {
    const undone: string[] = [];
    const gate = deferred();
    const app = createContainer(singleton(Db, () => "db", { dispose: () => undone.push("db") }));
    const child = app.createScope(
      "request",
      singleton(Users, [Db], () => "users", {
        dispose: async () => {
          await gate.promise;
          undone.push("users");
        },
      }),
    );
    child.get(Users);

    const below = child.shutdown();
    const above = app.shutdown();
    await turn();
    expect(undone).toEqual([]);
    gate.resolve();
    await Promise.all([above, below]);

    expect(undone).toEqual(["users", "db"]);
  });

  it("may be closed from a disposer of its child, which does not wait for it", async () => {
    const closing: Promise<unknown>[] = [];
    const app = createContainer(singleton(Db, () => "db", { dispose: () => {} }));
    const child = app.createScope(
      "request",
      singleton(Users, [Db], () => "users", { dispose: () => void closing.push(app.shutdown()) }),
    );
    child.get(Users);

    await child.shutdown();
    await Promise.all(closing);

    expect([child.state, app.state]).toEqual(["closed", "closed"]);
  });

  it("may close, in a disposer, the scope that its service had opened", async () => {
    const undone: string[] = [];
    const Server = token<Scope>("server");
    const app = createContainer(
      singleton(Server, ({ get }) => get(currentScope).createScope("requests"), {
        dispose: async (requests) => {
          await requests.shutdown();
          undone.push("server");
        },
      }),
    );
    app
      .get(Server)
      .provide(singleton(Users, () => "users", { dispose: () => undone.push("users") }))
      .get(Users);

    const report = await app.shutdown();

    expect(report.ok).toBe(true);
    expect(undone).toEqual(["users", "server"]);
  });

  it("waits for a child whose last disposal it only learns of by waiting", async () => {
    const undone: string[] = [];
    const gate = deferred<string>();
    const app: Scope = createContainer(
      singleton(Db, () => "db", { dispose: () => undone.push("db") }),
      scoped(Users, () => gate.promise, { dispose: () => undone.push("users") }),
    );
    app.get(Db);
    const child = app.createScope("request");
    const asked = rejected(child.getAsync(Users));

    void child.shutdown();
    const above = app.shutdown();
    gate.resolve("users");
    await above;
    await asked;

    expect(undone).toEqual(["users", "db"]);
  });
});

describe("after a scope has closed", () => {
  it("everything is refused", async () => {
    const app: Scope = createContainer(
      value(Db, "db"),
      singleton(Users, () => "users"),
    );
    app.get(Users);
    await app.shutdown();

    for (const act of [
      () => app.get(Db),
      () => app.get(Users),
      () => app.get(Unbuilt),
      () => app.get([Db]),
      () => app.get({ db: Db }),
      () => app.get(optional(Unbuilt)),
      () => app.get(currentScope),
      () => app.run([Db], () => {}),
      () => app.has(Db),
      () => app.provide(value(Unbuilt, "late")),
      () => app.override(value(Db, "late")),
      () => app.createScope("request"),
    ]) {
      expect(`${String(act)}: ${refusal(act).code}`).toBe(`${String(act)}: SCOPE_CLOSED`);
    }
    expect((await laterRefusal(app.getAsync(Db))).code).toBe("SCOPE_CLOSED");
    expect((await laterRefusal(app.runAsync([Db], () => {}))).code).toBe("SCOPE_CLOSED");
  });

  it("the scope does not answer from its parent", async () => {
    const app = createContainer(value(Db, "db"));
    const child = app.createScope("request");
    await child.shutdown();

    expect(refusal(() => child.get(Db)).code).toBe("SCOPE_CLOSED");
    expect(app.get(Db)).toBe("db");
  });

  it("the scopes below it are refused as well", async () => {
    const app = createContainer(value(Db, "db"));
    const job = app.createScope("request").createScope("job");
    await app.shutdown();

    expect(refusal(() => job.get(Db)).code).toBe("SCOPE_CLOSED");
  });

  it("a resolver that a service had kept is refused", async () => {
    const Kept = token<Resolver>("kept");
    const app = createContainer(
      value(Db, "db"),
      singleton(Kept, (resolver) => resolver),
    );
    const { get, getAsync } = app.get(Kept);
    await app.shutdown();

    expect(refusal(() => get(Db)).code).toBe("SCOPE_CLOSED");
    expect((await laterRefusal(getAsync(Db))).code).toBe("SCOPE_CLOSED");
  });

  it("the scope has left its parent, which can be closed without it", async () => {
    let undone = 0;
    const app = createContainer();
    const child = app.createScope(
      "request",
      singleton(Db, () => "db", { dispose: () => ++undone }),
    );
    child.get(Db);

    await child.shutdown();
    expect([...app.children]).toEqual([]);

    const report = await app.shutdown();
    expect(report.services).toEqual([]);
    expect(undone).toBe(1);
  });

  it("says which scope it was", async () => {
    const app = createContainer(value(Db, "db"));
    const child = app.createScope("request");
    await child.shutdown();

    expect(refusal(() => child.get(Db)).message).toContain('"request"');
  });
});
