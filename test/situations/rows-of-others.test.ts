/**
 * The rows of other systems' abilities that `thimble/events` and `thimble/health` answer, each under the name it has there.
 *
 * @module
 */
import { createContainer, singleton, token, value, type Scope } from "thimble";
import { containerEvents, createEvents } from "thimble/events";
import { checkHealth } from "thimble/health";
import { createApp } from "thimble/lifecycle";
import { describe, expect, it } from "vitest";
import { thrown } from "../core/support/refusal.ts";
import { turn } from "../core/support/turn.ts";

describe("gontainer", () => {
  it("Events, typed handlers", async () => {
    const events = createEvents<{ "user created": { id: number }; stopped: undefined }>();
    const heard: unknown[] = [];
    events.on("user created", ({ payload: { id } }) => heard.push(id));
    events.on("stopped", () => heard.push("stopped"));

    await events.emit("user created", { id: 7 });
    await events.emit("stopped");

    expect(heard).toEqual([7, "stopped"]);
  });

  it("Events, container events", async () => {
    const Db = token<string>("db");
    const app = createContainer(
      "app",
      singleton(Db, () => {
        throw new Error("no database");
      }),
    );
    const heard: string[] = [];
    const events = containerEvents(app);
    events.on("opened", ({ payload }) => heard.push(`opened ${payload.scope.name}`));
    events.on("buildFailed", ({ payload }) => heard.push(`failed ${payload.token.name}`));
    events.on("closing", ({ payload }) => heard.push(`closing ${payload.scope.name}`));
    events.on("closed", ({ payload }) => heard.push(`closed ${payload.scope.name}`));

    const request = app.createScope("request");
    thrown(() => request.get(Db));
    await app.shutdown();

    expect(heard).toEqual([
      "opened request",
      "failed db",
      "closing app",
      "closing request",
      "closed request",
      "closed app",
    ]);
  });
});

describe("gontainer, of an app", () => {
  it("Start, Close; container events, UnhandledPanic", async () => {
    const container: Scope = createContainer("app");
    const app = createApp(container);
    const events = containerEvents(app);
    const heard: string[] = [];
    events.on("starting", () => heard.push("starting"));
    events.on("started", () => heard.push("started"));
    events.on("stopping", () => heard.push("stopping"));
    events.on("stopped", () => heard.push("stopped"));
    events.on("opened", () => {
      throw new Error("a handler's own");
    });
    events.on("unhandled", ({ payload }) => heard.push(String((payload.error as Error).cause)));

    await app.start();
    container.createScope();
    await turn();
    await app.stop();

    expect(heard).toEqual(["starting", "started", "Error: a handler's own", "stopping", "stopped"]);
  });
});

describe("godim", () => {
  it("events: emitter, interceptors by priority with abort, receivers at the same time, one finalizer", async () => {
    const heard: string[] = [];
    const events = createEvents<{ order: { total: number } }>();
    const slow = (name: string) => async () => {
      heard.push(`${name} begins`);
      await turn();
      heard.push(`${name} ends`);
    };
    events.intercept("order", () => void heard.push("second"), { priority: 2 });
    events.intercept("order", ({ payload, abort }) => {
      heard.push("first");
      if (payload.total === 0) abort("nothing to pay");
    });
    events.on("order", slow("one"));
    events.on("order", slow("two"));
    events.finalize(({ name }, { aborted, reason = "" }) =>
      heard.push(`${name} ${aborted} ${String(reason)}`),
    );

    await events.emit("order", { total: 5 });
    expect(heard).toEqual([
      "first",
      "second",
      "one begins",
      "two begins",
      "one ends",
      "two ends",
      "order false ",
    ]);

    heard.length = 0;
    await events.emit("order", { total: 0 });
    expect(heard).toEqual(["first", "order true nothing to pay"]);
  });
});

describe("samber/do", () => {
  it("HealthCheck* with context; parallelism, global and per-check timeout", async () => {
    let running = 0;
    let most = 0;
    const app: Scope = createContainer(
      Array.from({ length: 6 }, (_, at) =>
        value(token<number>(`service ${at}`), at, {
          health: async (_: number, signal: AbortSignal) => {
            most = Math.max(most, ++running);
            await turn();
            running--;
            if (at === 5) await new Promise((resolve) => signal.addEventListener("abort", resolve));
          },
        }),
      ),
    );
    const controller = new AbortController();

    const bounds = { concurrency: 2, timeout: 200, totalTimeout: 10_000, signal: controller.signal };
    const { healthy, checks } = await checkHealth(app, bounds);

    expect(most).toBe(2);
    expect(healthy).toBe(false);
    expect(checks.map((it) => it.status)).toEqual([
      ...Array.from({ length: 5 }, () => "healthy"),
      "timed-out",
    ]);
  });
});
