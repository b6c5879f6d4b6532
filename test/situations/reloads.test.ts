/** Overrides, clones, reloads: where containers are known to fail. */

import { createContainer, scoped, singleton, token, value, type Scope } from "thimble";
import { createApp } from "thimble/lifecycle";
import { integer, Env, setting, watchSetting } from "thimble/config";
import { release, reload, type Restartable, restartable, withdraw } from "thimble/reload";
import { beforeEach, describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { catchReports } from "../core/support/report-error.ts";
import { laterRefusal } from "../core/support/refusal.ts";

class Db {
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }
}
class Users {
  readonly db: Db;
  constructor(db: Db) {
    this.db = db;
  }
}
const Url = token<string>("url");

beforeEach(() => void catchReports());

const create = (): Scope => createContainer(value(Url, "a"), singleton(Db, [Url]), scoped(Users, [Db]));

describe("re-registering after a build", () => {
  it("reaches the token itself and every dependent, in scopes below too", async () => {
    const app = create();
    const page = app.createScope("page");
    expect(page.get(Users).db.url).toBe("a");
    await reload(app, Url, value(Url, "b"));
    expect(app.get(Url)).toBe("b");
    expect(app.get(Db).url).toBe("b");
    expect(page.get(Users).db).toBe(app.get(Db));
  });

  it("is not refused because something was built, and can be undone", async () => {
    const app = create();
    app.get(Users);
    app.override(value(Db, new Db("fake")));
    await release(app, Users);
    expect(app.get(Users).db.url).toBe("fake");
    await withdraw(app, Db);
    expect(app.get(Users).db.url).toBe("a");
  });

  it("leaves no stale edges: the order of a later shutdown is that of the new graph", async () => {
    const log: string[] = [];
    const says = (text: string) => () => void log.push(text);
    const A = token<string>("a");
    const B = token<string>("b");
    const app: Scope = createContainer(
      singleton(A, () => "a", { dispose: says("a") }),
      singleton(B, [A], (a) => `b of ${a}`, { dispose: says("b") }),
    );
    app.get(B);
    await release(app);
    await reload(
      app,
      B,
      singleton(B, () => "b", { dispose: says("b") }),
    );
    await reload(
      app,
      A,
      singleton(A, [B], (b) => `a of ${b}`, { dispose: says("a") }),
    );
    expect(app.get(A)).toBe("a of b");
    log.length = 0;
    expect((await app.shutdown()).ok).toBe(true);
    expect(log).toEqual(["a", "b"]);
  });

  it("of a token that no longer exists is refused", async () => {
    const Gone = token<string>("gone");
    const app = create();
    expect((await laterRefusal(reload(app, Gone, value(Gone, "mock")))).code).toBe("NOT_PROVIDED");
    expect((await laterRefusal(withdraw(app, Gone))).code).toBe("NOT_PROVIDED");
  });
});

describe("a reload with a provider that fails", () => {
  it("is made good by the next one: what was started is built and started again", async () => {
    const log: string[] = [];
    const Server = token<string>("server");
    const container = createContainer(
      value(Url, "a"),
      singleton(Server, [Url], (url) => url, {
        start: (it) => void log.push(`start ${it}`),
        stop: (it) => void log.push(`stop ${it}`),
      }),
      singleton(Users, () => new Users(new Db("x")), { eager: true }),
    );
    const app = createApp(container);
    await app.start();
    const broken = singleton(Url, () => {
      throw new RangeError("broken");
    });
    await expect(reload(container, Url, broken)).rejects.toThrow("broken");
    // Another one does not hear of it again.
    expect((await reload(container, Users)).ok).toBe(true);
    await reload(container, Url, value(Url, "b"));
    expect(log).toEqual(["start a", "stop a", "start b"]);
    await app.stop();
    expect(log.at(-1)).toBe("stop b");
  });
});

describe("what waits for itself", () => {
  it("is refused, and neither hangs nor begins again and again", async () => {
    let app: Scope;
    let calls = 0;
    const acts = [
      () => release(app, Db),
      () => release(app, Users),
      () => reload(app, Db),
      () => withdraw(app, Url),
    ];
    for (const act of acts) {
      app = createContainer(
        value(Url, "a"),
        singleton(Db, [Url]),
        singleton(Users, [Db], async (db) => {
          calls++;
          await act();
          return new Users(db);
        }),
      );
      expect((await laterRefusal(app.getAsync(Users))).code).toBe("CIRCULAR_DEPENDENCY");
    }
    expect(calls).toBe(acts.length);
  });
});

describe("a restart while another one runs", () => {
  const Job = token<Restartable<{ n: number }, number>>("job");

  it("does not lose the signal to stop", async () => {
    const gate = deferred<void>();
    const signals: boolean[] = [];
    const app: Scope = createContainer(
      restartable(Job, {
        core: { n: 0 },
        build: async ({ n }, signal) => {
          if (n === 1) {
            await gate.promise;
            signals.push(signal.aborted);
          }
          return n;
        },
      }),
    );
    const job = await app.getAsync(Job);
    await job.update((draft) => void draft.n++);
    await new Promise((resolve) => setTimeout(resolve));
    const shut = app.shutdown();
    gate.resolve();
    expect((await shut).ok).toBe(true);
    expect(signals).toEqual([true]);
    expect(job.state).toBe("stopped");
  });

  it("does not block after any number of entries", async () => {
    const app: Scope = createContainer(restartable(Job, { core: { n: 0 }, build: async ({ n }) => n }));
    const job = await app.getAsync(Job);
    const updates = Array.from({ length: 100 }, () => job.update(async (draft) => void draft.n++));
    await Promise.all([...updates, job.restart()]);
    await job.settled();
    expect([job.runtime, job.state]).toEqual([100, "running"]);
  });

  it("that fails does not end the program", async () => {
    const app: Scope = createContainer(
      restartable(Job, {
        core: { n: 0 },
        build: ({ n }) => {
          if (n === 1) throw new Error("one");
          return n;
        },
      }),
      singleton(Users, () => new Users(new Db("a"))),
    );
    const job = app.get(Job);
    const users = app.get(Users);
    await job.update((draft) => void draft.n++);
    await job.settled();
    expect([job.state, app.state, app.get(Users) === users]).toEqual(["failed", "open", true]);
    await job.update((draft) => void draft.n++);
    await job.settled();
    expect(job.state).toBe("running");
  });
});

describe("a setting that changes", () => {
  it("drives a reload, where its source can be watched", async () => {
    const data: Record<string, string> = { PORT: "1" };
    const watchers = new Map<string, () => void>();
    const Port = setting("PORT", integer);
    const Server = token<{ port: number }>("server");
    const app: Scope = createContainer(
      value(Env, {
        get: (key) => data[key],
        watch: (key, changed) => {
          watchers.set(key, changed);
          return () => watchers.delete(key);
        },
      }),
      singleton(Server, [Port], (port) => ({ port }), { eager: true }),
    );
    let reloaded: Promise<unknown> | undefined;
    watchSetting(app, Port, () => void (reloaded = reload(app, Server)));
    expect(app.get(Server).port).toBe(1);
    data["PORT"] = "2";
    watchers.get("PORT")!();
    await reloaded;
    expect(app.get(Server).port).toBe(2);
    await app.shutdown();
    expect(watchers.size).toBe(0);
  });
});
