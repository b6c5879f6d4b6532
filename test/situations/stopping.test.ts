/**
 * Stopping: the first phase of a shutdown. Services with a `stop` option end their work while everything still works,
 * dependents first; only then do scopes close and instances get disposed.
 */

import {
  createContainer,
  defer,
  scoped,
  singleton,
  stopSignal,
  abortSignal,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { refusal } from "../core/support/refusal.ts";
import { deferred } from "../core/support/deferred.ts";
import { catchReports } from "../core/support/report-error.ts";
import { turn } from "../core/support/turn.ts";
import { settles } from "./waiting.ts";

const Db = token<{ query(): string }>("db");
const Server = token<object>("server");
const Worker = token<object>("worker");
const Session = token<{ load(): string }>("session");

/** A database that refuses to work once it is disposed. */
function database(log: string[]) {
  let open = true;
  const query = () => {
    if (!open) throw new Error("the database is closed");
    return "rows";
  };
  return singleton(Db, () => ({ query }), {
    dispose: () => {
      open = false;
      log.push("db disposed");
    },
  });
}

describe("a service with a `stop` option", () => {
  it("is stopped before anything is closed or disposed, and everything still works meanwhile", async () => {
    const log: string[] = [];
    const inFlight = deferred();
    const app: Scope = createContainer(
      database(log),
      singleton(Server, [Db], () => ({}), {
        stop: async () => {
          log.push("server stops");
          await inFlight.promise;
          log.push("server stopped");
        },
        dispose: () => void log.push("server disposed"),
      }),
      scoped(Session, [Db], (db) => ({ load: () => db.query() }), {
        dispose: () => void log.push("session disposed"),
      }),
    );
    app.get(Server);

    const closing = app.shutdown();
    expect(app.state).toBe("stopping");
    const request = app.createScope("request");
    expect(request.get(Session).load()).toBe("rows");
    expect((await request.shutdown()).ok).toBe(true);
    inFlight.resolve();

    const report = await settles(closing);
    expect(report.ok).toBe(true);
    expect(log).toEqual([
      "server stops",
      "session disposed",
      "server stopped",
      "server disposed",
      "db disposed",
    ]);
    expect(app.state).toBe("closed");
  });

  it("is stopped before `shutdown` returns", () => {
    const log: string[] = [];
    const app = createContainer(singleton(Server, () => ({}), { stop: () => void log.push("stopped") }));
    app.get(Server);

    void app.shutdown();

    expect(log).toEqual(["stopped"]);
  });

  it("is stopped after its dependents, across services without `stop`, transients and scopes", async () => {
    const log: string[] = [];
    const Middle = token<object>("middle");
    const Between = token<object>("between");
    const Job = token<object>("job");
    const gate = deferred();
    const stops = (name: string, until?: Promise<void>) => ({
      stop: async () => {
        log.push(`${name} stops`);
        await until;
        log.push(`${name} stopped`);
      },
    });
    const app: Scope = createContainer(
      singleton(Server, () => ({}), stops("server")),
      singleton(Middle, [Server], () => ({})),
      transient(Between, [Middle], () => ({})),
      scoped(Job, [Between], () => ({}), stops("job", gate.promise)),
      singleton(Worker, () => ({}), stops("worker")),
    );
    app.get(Worker);
    app.createScope("request").get(Job);

    const closing = app.shutdown();
    await turn();
    expect(log).toEqual(["worker stops", "job stops", "worker stopped"]);
    gate.resolve();

    await settles(closing);
    expect(log).toEqual([
      "worker stops",
      "job stops",
      "worker stopped",
      "job stopped",
      "server stops",
      "server stopped",
    ]);
  });

  it("is stopped too when it is built while others stop", async () => {
    const log: string[] = [];
    const app: Scope = createContainer(
      singleton(Worker, () => ({}), { stop: () => void log.push("worker stopped") }),
      singleton(Server, [defer(Worker)], (worker) => ({ worker }), {
        stop: async () => {
          await turn();
          app.get(Worker);
          log.push("server stopped");
        },
      }),
    );
    app.get(Server);

    await settles(app.shutdown());

    expect(log).toEqual(["server stopped", "worker stopped"]);
  });

  it("is stopped as a value, whether or not it was resolved", async () => {
    const log: string[] = [];
    const app = createContainer(value(Server, {}, { stop: () => void log.push("stopped") }));

    const report = await app.shutdown();

    expect(log).toEqual(["stopped"]);
    expect(report.ok).toBe(true);
  });

  it("that was never built is not stopped", async () => {
    let stopped = 0;
    const app = createContainer(singleton(Server, () => ({}), { stop: () => void stopped++ }));

    await app.shutdown();

    expect(stopped).toBe(0);
  });

  it("receives the instance, a signal and the reason", async () => {
    const seen: unknown[] = [];
    const it = {};
    const app = createContainer(
      singleton(Server, () => it, {
        stop: (instance, signal, reason) => void seen.push(instance, signal.aborted, reason),
      }),
    );
    app.get(Server);

    await app.shutdown({ reason: "SIGTERM" });

    expect(seen).toEqual([it, false, "SIGTERM"]);
  });

  it("that fails is a row of the report, and the others and the disposals go on", async () => {
    const log: string[] = [];
    const app = createContainer(
      database(log),
      singleton(Server, [Db], () => ({}), {
        stop: () => {
          throw new Error("cannot stop");
        },
      }),
      singleton(Worker, () => ({}), { stop: async () => void log.push("worker stopped") }),
    );
    app.get([Server, Worker]);

    const report = await settles(app.shutdown());

    expect(report.ok).toBe(false);
    expect(report.services).toContainEqual(
      expect.objectContaining({ token: "server", outcome: "failed", error: new Error("cannot stop") }),
    );
    expect(log).toEqual(["worker stopped", "db disposed"]);
  });

  it("that outlasts the deadline is abandoned, its signal aborts, and everything is disposed", async () => {
    const log: string[] = [];
    const app = createContainer(
      database(log),
      singleton(Server, [Db], () => ({}), {
        stop: (_, signal) => {
          signal.addEventListener("abort", () => log.push("cut"));
          return new Promise(() => {});
        },
      }),
    );
    app.get(Server);

    const report = await settles(app.shutdown({ timeout: 5 }));

    expect(report.ok).toBe(false);
    expect(report.services).toContainEqual(
      expect.objectContaining({ token: "server", outcome: "abandoned" }),
    );
    expect(log).toEqual(["cut", "db disposed"]);
  });

  it("that rejects as its signal aborts is abandoned, and that is no error that reaches nobody", async () => {
    const reported = catchReports();
    const Loop = token<object>("loop");
    const app = createContainer(
      value(
        Loop,
        {},
        {
          stop: (_, signal) =>
            new Promise((_, reject) =>
              signal.addEventListener("abort", () => reject(signal.reason as Error)),
            ),
        },
      ),
    );

    const { services } = await app.shutdown({ timeout: 1 });
    await turn();

    expect(services).toMatchObject([{ token: "loop", outcome: "abandoned" }]);
    expect(reported).toEqual([]);
  });

  it("is stopped once, however many shut down", async () => {
    let stopped = 0;
    const gate = deferred();
    const app: Scope = createContainer(
      scoped(Server, () => ({}), {
        stop: async () => {
          stopped++;
          await gate.promise;
        },
      }),
    );
    const request = app.createScope();
    request.get(Server);

    const all = [request.shutdown(), app.shutdown(), app.shutdown()];
    gate.resolve();
    await settles(Promise.all(all));

    expect(stopped).toBe(1);
  });

  it("is not stopped again by a shutdown that it starts itself, and does not wait for it", async () => {
    const app: Scope = createContainer(
      singleton(Server, () => ({}), {
        stop: async () => {
          await app.shutdown();
        },
      }),
    );
    app.get(Server);

    expect((await settles(app.shutdown())).ok).toBe(true);
  });

  it("keeps its place among those that are disposed", async () => {
    const log: string[] = [];
    const app = createContainer(
      database(log),
      singleton(Server, [Db], () => ({}), {
        stop: () => void log.push("server stopped"),
        dispose: () => void log.push("server disposed"),
      }),
    );
    app.get(Server);

    const { services } = await app.shutdown();

    expect(log).toEqual(["server stopped", "server disposed", "db disposed"]);
    expect(services.map(({ token }) => token)).toEqual(["server", "db"]);
  });

  it("may not be a transient's", () => {
    expect(refusal(() => transient(Server, () => ({}), { stop: () => {} } as never)).code).toBe(
      "INVALID_PROVIDER",
    );
  });

  it("is observed as stopping and stopped", async () => {
    const heard: string[] = [];
    const app = createContainer(singleton(Server, () => ({}), { stop: () => {} }));
    observe(app, {
      stopping: ({ token }) => heard.push(`${token.name} stopping`),
      stopped: ({ token }) => heard.push(`${token.name} stopped`),
      scopeClosed: () => heard.push("closed"),
    });
    app.get(Server);

    await app.shutdown();

    expect(heard).toEqual(["server stopping", "server stopped", "closed"]);
  });
});

describe("the signals of a scope", () => {
  it("abort when it begins to stop, and when it begins to close", async () => {
    const gate = deferred();
    const seen: string[] = [];
    const app = createContainer(
      singleton(Worker, [stopSignal, abortSignal], (stopping, closing) => {
        stopping.addEventListener("abort", () => seen.push(`stop ${String(stopping.reason)}`));
        closing.addEventListener("abort", () => seen.push(`abort ${String(closing.reason)}`));
        return {};
      }),
      singleton(Server, () => ({}), { stop: () => gate.promise }),
    );
    app.get([Worker, Server]);

    const closing = app.shutdown({ reason: "SIGTERM" });
    expect(seen).toEqual(["stop SIGTERM"]);
    gate.resolve();
    await settles(closing);

    expect(seen).toEqual(["stop SIGTERM", "abort SIGTERM"]);
  });

  it("abort both where nothing has a `stop`", () => {
    const seen: boolean[] = [];
    const app = createContainer(
      singleton(Worker, [stopSignal, abortSignal], (...signals) => {
        for (const signal of signals) signal.addEventListener("abort", () => seen.push(signal.aborted));
        return {};
      }),
    );
    app.get(Worker);

    void app.shutdown();

    expect(seen).toEqual([true, true]);
  });
});

describe("a shutdown without any `stop`", () => {
  it("has no such phase: it closes before `shutdown` returns", () => {
    const app = createContainer(singleton(Worker, () => ({})));
    app.get(Worker);

    void app.shutdown();

    expect(app.state).toBe("closed");
  });
});

describe("the report of a shutdown that stops something and disposes nothing", () => {
  it.each([
    ["synchronous", () => {}],
    ["asynchronous", async () => turn()],
  ])("tells how long it took: %s", async (_, stop) => {
    const app = createContainer(singleton(Worker, () => ({}), { stop }));
    app.get(Worker);

    const { ok, elapsed } = await settles(app.shutdown());

    expect(ok).toBe(true);
    expect(elapsed).toBeGreaterThanOrEqual(0);
  });

  it("tells it also of a scope below", async () => {
    const app: Scope = createContainer(singleton(Worker, () => ({}), { stop: () => turn() }));
    const child = app.createScope("child", singleton(Server, () => ({}), { stop: () => {} }) as never);
    app.get(Worker);
    child.get(Server as never);

    expect((await settles(app.shutdown())).elapsed).toBeGreaterThanOrEqual(0);
    expect((await settles(child.shutdown())).elapsed).toBeGreaterThanOrEqual(0);
  });
});
