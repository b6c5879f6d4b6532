/**
 * Events, where buses crash on a null argument, hang when a handler subscribes, skip the finalizer of an event that
 * nobody receives, run interceptors in any order, and close without waiting.
 *
 * @module
 */
import { createContainer, singleton, token } from "thimble";
import { createEvents, type Events } from "thimble/events";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { catchReports } from "../core/support/report-error.ts";
import { turn } from "../core/support/turn.ts";

interface Shop {
  paid: { cents: number } | null;
  closed: undefined;
}

describe("a payload that is null", () => {
  it("crashes nothing: interceptors, receivers and finalizers get it", async () => {
    const heard: unknown[] = [];
    const bus = createEvents<Shop>({ schemas: {} });
    bus.intercept("*", ({ payload }) => void heard.push(payload));
    bus.on("paid", ({ payload }) => void heard.push(payload));
    bus.finalize(({ payload }) => void heard.push(payload));

    expect((await bus.emit("paid", null)).ok).toBe(true);
    expect(heard).toEqual([null, null, null]);
  });
});

describe("a handler that subscribes while it runs", () => {
  it("neither hangs nor runs what it has added: that is for the next event", async () => {
    const heard: string[] = [];
    const bus = createEvents<Shop>({ max: 1 });
    bus.once("closed", async () => {
      bus.on("closed", () => heard.push("added at once"));
      await turn();
      bus.on("closed", () => heard.push("added later"));
      bus.intercept("closed", () => void heard.push("interceptor"));
      bus.finalize(() => heard.push("finalizer"));
    });

    await bus.emit("closed");
    expect(heard).toEqual(["finalizer"]);
    heard.length = 0;
    await bus.emit("closed");
    expect(heard).toEqual(["interceptor", "added at once", "added later", "finalizer"]);
  });

  it("may add to itself for ever: each event has as many as there were before it", async () => {
    const bus = createEvents<Shop>();
    let calls = 0;
    const handler = () => {
      calls++;
      bus.on("closed", handler);
    };
    bus.on("closed", handler);

    for (let at = 0; at < 5; at++) await bus.emit("closed");

    expect(calls).toBe(1 + 2 + 4 + 8 + 16);
  });
});

describe("an event that nobody receives", () => {
  it("has its finalizer all the same, once", async () => {
    let runs = 0;
    const bus = createEvents<Shop>();
    bus.finalize(() => runs++);

    expect(await bus.emit("closed")).toMatchObject({ ok: true, receivers: 0 });
    expect(runs).toBe(1);
  });
});

describe("interceptors", () => {
  it("run by priority, whatever the order of adding them, and as they were added where that is the same", async () => {
    const heard: string[] = [];
    const bus = createEvents<Shop>();
    for (const [at, priority] of [5, -1, 0, 5, -1, undefined].entries())
      bus.intercept("*", () => void heard.push(`${priority} ${at}`), { priority });

    await bus.emit("closed");

    expect(heard).toEqual(["-1 1", "-1 4", "0 2", "undefined 5", "5 0", "5 3"]);
  });
});

describe("closing gracefully", () => {
  const Bus = token<Events<Shop>>("bus");

  it("waits for the events in flight while services still work, and then disposes", async () => {
    const gate = deferred();
    const heard: string[] = [];
    const app = createContainer(
      singleton(Bus, () => createEvents<Shop>(), {
        stop: (bus, signal) => bus.drain({ signal }),
        dispose: () => void heard.push("disposed"),
      }),
    );
    app.get(Bus).on("closed", async () => {
      await gate.promise;
      heard.push(`handled while ${app.state}`);
    });
    void app.get(Bus).emit("closed");

    const closing = app.shutdown();
    await turn();
    expect(heard).toEqual([]);
    gate.resolve();

    expect((await closing).ok).toBe(true);
    expect(heard).toEqual(["handled while stopping", "disposed"]);
  });

  it("ends with the deadline where a handler never settles, and says so", async () => {
    const reported = catchReports();
    const app = createContainer(
      singleton(Bus, () => createEvents<Shop>(), { stop: (bus, signal) => bus.drain({ signal }) }),
    );
    app.get(Bus).on("closed", () => new Promise(() => {}));
    void app.get(Bus).emit("closed");

    const report = await app.shutdown({ timeout: 5 });

    expect(report.ok).toBe(false);
    expect(report.services).toMatchObject([{ token: "bus", outcome: "abandoned" }]);
    await turn();
    expect(reported).toEqual([]);
  });
});

describe("a handler that throws", () => {
  it("ends neither the program nor the other handlers, and can be removed", async () => {
    const bus = createEvents<Shop>();
    let calls = 0;
    const remove = bus.on("closed", () => {
      throw new Error("mine");
    });
    bus.on("closed", () => calls++);

    expect((await bus.emit("closed")).errors).toHaveLength(1);
    remove();
    expect((await bus.emit("closed")).errors).toHaveLength(0);
    expect(calls).toBe(2);
  });
});

describe("options", () => {
  it("that two buses share are changed by neither", async () => {
    const options = Object.freeze({ max: 1, schemas: Object.freeze({}) });
    const [one, two] = [createEvents<Shop>(options), createEvents<Shop>(options)];
    one.on("closed", () => {});

    expect((await two.emit("closed")).receivers).toBe(0);
  });
});
