// What a process is left with when scopes close: handlers of named signals, of several scopes with lists of their own, and
// what the next signal then does. The same for Node, Bun and Deno.
import { describe, expect, it } from "vitest";
import { createContainer, token, value } from "thimble";
import * as bun from "thimble/bun";
import * as deno from "thimble/deno";
import * as node from "thimble/node";
import { FakeDeno, FakeProcess } from "./hosts.ts";

const Db = token<object>("db");

function processHost(door: Pick<typeof node, "signals" | "shutdownOnSignal">) {
  const host = new FakeProcess();
  return {
    host,
    signals: (names?: string[]) => door.signals(names, host),
    shutdownOnSignal: door.shutdownOnSignal,
  };
}

function denoHost() {
  const host = new FakeDeno();
  return {
    host,
    signals: (names?: string[]) => deno.signals(names, host),
    shutdownOnSignal: deno.shutdownOnSignal,
  };
}

const doors = [
  ["node", () => processHost(node)],
  ["bun", () => processHost(bun)],
  ["deno", denoHost],
] as const;

/** Lets what was settled in this turn go on. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe.each(doors)("the process of %s", (_, make) => {
  it.each([[["SIGHUP"]], [["SIGUSR2", "SIGHUP", "SIGQUIT"]], [["SIGTERM", "SIGTERM"]], [undefined]])(
    "has no handler left of %j when the scope has closed by itself",
    async (names) => {
      const { host, signals, shutdownOnSignal } = make();
      const app = createContainer(value(Db, {}, { dispose: settled }));
      const stopped = shutdownOnSignal(app, { signals: signals(names) });
      const wanted = names ?? ["SIGINT", "SIGTERM"];
      expect(host.handlers.names()).toEqual([...new Set(wanted)]);

      await app.shutdown({ reason: "done" });

      expect(host.handlers.names()).toEqual([]);
      expect((await stopped).reason).toBe("done");
      expect(host.exits).toEqual([]);
    },
  );

  it("tells which of the listed signals it was", async () => {
    for (const name of ["SIGHUP", "SIGQUIT", "SIGUSR2"]) {
      const { host, signals, shutdownOnSignal } = make();
      const app = createContainer();
      const stopped = shutdownOnSignal(app, { signals: signals(["SIGHUP", "SIGQUIT", "SIGUSR2"]) });

      host.handlers.call(name, name, 1);

      expect(await stopped).toMatchObject({ reason: name, report: { ok: true } });
      expect(host.handlers.count()).toBe(0);
    }
  });

  it("has one scope closed by its signal, and another one later by another signal, which is no second one", async () => {
    const { host, signals, shutdownOnSignal } = make();
    const app = createContainer("app");
    const tenant = app.createScope("tenant");
    const stopped = [
      shutdownOnSignal(app, { signals: signals(["SIGTERM", "SIGINT"]) }),
      shutdownOnSignal(tenant, { signals: signals(["SIGHUP"]) }),
    ];

    host.handlers.call("SIGHUP", "SIGHUP", 1);
    expect(await stopped[1]).toMatchObject({ reason: "SIGHUP" });
    expect([app.state, tenant.state]).toEqual(["open", "closed"]);
    expect(host.handlers.names()).toEqual(["SIGTERM", "SIGINT"]);

    host.handlers.call("SIGTERM", "SIGTERM", 15);
    expect(await stopped[0]).toMatchObject({ reason: "SIGTERM" });
    expect(host.handlers.count()).toBe(0);
    expect(host.exits).toEqual([]);
  });

  it("never has more handlers than one scope needs, when one follows the other", async () => {
    const { host, signals, shutdownOnSignal } = make();
    const source = signals(["SIGTERM", "SIGHUP"]);
    for (let n = 0; n < 12; n++) {
      const app = createContainer(value(Db, {}, { dispose: settled }));
      void shutdownOnSignal(app, { signals: source });
      expect(host.handlers.count()).toBe(2);
      await app.shutdown();
      expect(host.handlers.count()).toBe(0);
    }

    const last = createContainer();
    const stopped = shutdownOnSignal(last, { signals: source });
    host.handlers.call("SIGHUP", "SIGHUP", 1);

    expect(await stopped).toMatchObject({ reason: "SIGHUP" });
    expect(host.exits).toEqual([]);
  });

  it("is ended by a second signal only while the scope has not closed", async () => {
    const { host, signals, shutdownOnSignal } = make();
    let close = (): void => {};
    const dispose = () => new Promise<void>((resolve) => (close = resolve));
    const app = createContainer(value(Db, {}, { dispose }));
    const stopped = shutdownOnSignal(app, { signals: signals(["SIGHUP", "SIGTERM"]) });
    host.handlers.call("SIGTERM", "SIGTERM", 15);
    host.handlers.call("SIGHUP", "SIGHUP", 1);
    expect(host.exits).toEqual([129]);

    close();
    await stopped;
    host.handlers.call("SIGHUP", "SIGHUP", 1);

    expect(host.exits).toEqual([129]);
  });

  it("leaves a scope open whose list of signals it was refused, and has no handler of it", async () => {
    const { host, signals, shutdownOnSignal } = make();
    const app = createContainer();

    for (const names of [new Set(["SIGTERM"]), { 0: "SIGTERM", length: 1 }, ["SIGTERM", ["SIGHUP"]], [""]])
      expect(() => signals(names as string[])).toThrow(TypeError);
    for (const names of [["SIGTERM", "SIGKILL"], ["SIGTERM "], new Set(["SIGTERM"])])
      await expect(shutdownOnSignal(app, { signals: names as string[] })).rejects.toThrow(TypeError);

    expect(host.handlers.count()).toBe(0);
    expect(app.state).toBe("open");
  });
});
