// What only a process has to get right: which signals, and a second one. The same for Deno, which is seen as a process.
import { describe, expect, it } from "vitest";
import { createContainer } from "thimble";
import * as browser from "thimble/browser";
import * as bun from "thimble/bun";
import * as deno from "thimble/deno";
import * as generic from "thimble/generic";
import * as node from "thimble/node";
import * as workers from "thimble/workers";
import { FakeDeno, FakeProcess, FakeThread } from "./hosts.ts";

describe("the signals of a process", () => {
  it("are SIGINT and SIGTERM", () => {
    const process = new FakeProcess();
    node.signals(undefined, process).onStop(() => {});
    expect(process.handlers.names()).toEqual(["SIGINT", "SIGTERM"]);
  });

  it("are those of a list, each of them once, when there is one", () => {
    const process = new FakeProcess();
    const told: unknown[] = [];
    node.signals(["SIGHUP", "SIGUSR2", "SIGHUP"], process).onStop((reason) => told.push(reason));
    expect(process.handlers.names()).toEqual(["SIGHUP", "SIGUSR2"]);

    process.handlers.call("SIGHUP", "SIGHUP", 1);

    expect(told).toEqual(["SIGHUP"]);
    expect(process.exits).toEqual([]);
  });

  it("share their handlers among the listeners", () => {
    const process = new FakeProcess();
    const signals = node.signals(undefined, process);
    const forget = signals.onStop(() => {});
    signals.onStop(() => {});
    expect(process.handlers.count()).toBe(2);

    forget();

    expect(process.handlers.count()).toBe(2);
  });

  it("end the process when a second one comes, of whatever name, with its number", () => {
    const process = new FakeProcess();
    let told = 0;
    node.signals(undefined, process).onStop(() => told++);

    process.handlers.call("SIGTERM", "SIGTERM", 15);
    expect(process.exits).toEqual([]);
    process.handlers.call("SIGINT", "SIGINT", 2);

    expect(process.exits).toEqual([130]);
    expect(told).toBe(1);
  });

  it("end it with the number that the system has for a name", () => {
    const process = new FakeProcess();
    node.signals(["SIGUSR2"], process).onStop(() => {});

    process.handlers.call("SIGUSR2", "SIGUSR2", 31);
    process.handlers.call("SIGUSR2", "SIGUSR2", 31);

    expect(process.exits).toEqual([159]);
  });

  it("take the next one for a first again when everyone had gone in between", () => {
    const process = new FakeProcess();
    const signals = node.signals(undefined, process);
    const forget = signals.onStop(() => {});
    process.handlers.call("SIGTERM", "SIGTERM", 15);
    forget();
    signals.onStop(() => {});

    process.handlers.call("SIGTERM", "SIGTERM", 15);

    expect(process.exits).toEqual([]);
  });

  it("tell nobody who comes while the others are told, nor one who was taken back meanwhile", () => {
    const process = new FakeProcess();
    const signals = node.signals(undefined, process);
    const told: string[] = [];
    signals.onStop(() => {
      told.push("first");
      forget();
      signals.onStop(() => told.push("late"));
    });
    const forget = signals.onStop(() => told.push("gone"));

    process.handlers.call("SIGTERM", "SIGTERM", 15);

    expect(told).toEqual(["first"]);
  });

  it("may be listened to anew by who is told, which is no second time", () => {
    const process = new FakeProcess();
    const signals = node.signals(undefined, process);
    let told = 0;
    let forget = (): void => {};
    const again = (): void => {
      if (++told > 10) throw new Error("it goes on for ever");
      forget();
      forget = signals.onStop(again);
    };
    forget = signals.onStop(again);

    process.handlers.call("SIGTERM", "SIGTERM", 15);

    expect(told).toBe(1);
  });

  it("tell the others when a listener throws, and do not hide what it threw", () => {
    const process = new FakeProcess();
    const signals = node.signals(undefined, process);
    let told = 0;
    signals.onStop(() => {
      throw new Error("no");
    });
    signals.onStop(() => told++);

    expect(() => process.handlers.call("SIGTERM", "SIGTERM", 15)).toThrow("no");

    expect(told).toBe(1);
  });

  it("name the one that the runtime refuses, and leave none behind", () => {
    const process = new FakeProcess();
    const signals = node.signals(["SIGTERM", "SIGPROF"], process);

    expect(() => signals.onStop(() => {})).toThrowErrorMatchingInlineSnapshot(
      `[Error: Cannot listen for "SIGPROF": uv_signal_start EINVAL]`,
    );
    expect(process.handlers.count()).toBe(0);
  });
});

describe("a list of signal names", () => {
  it.each([
    ["SIGTREM", `Cannot listen for "SIGTREM": this system has no such signal`],
    ["SIGBREAK", `Cannot listen for "SIGBREAK": this system has no such signal`],
    ["sigterm", `Cannot listen for "sigterm": this system has no such signal`],
    [15, `Cannot listen for "15": this system has no such signal`],
    ["constructor", `Cannot listen for "constructor": this system has no such signal`],
    ["SIGKILL", `Cannot listen for "SIGKILL": no process can handle this signal`],
    ["SIGSTOP", `Cannot listen for "SIGSTOP": no process can handle this signal`],
  ])("is refused when it is made, because of %o", (name, message) => {
    const process = new FakeThread({ isMainThread: true });
    expect(() => node.signals(["SIGTERM", name as string], process)).toThrow(new TypeError(message));
    expect(process.handlers.count()).toBe(0);
  });

  it.each([[[]], ["SIGTERM"], [null]])("is refused when it is %o", (names) => {
    const error = new TypeError(`signals takes a list of names, such as ["SIGTERM"]`);
    expect(() => node.signals(names as string[], new FakeProcess())).toThrow(error);
    expect(() => deno.signals(names as string[], new FakeDeno())).toThrow(error);
  });

  it.each([
    ["node", node],
    ["bun", bun],
    ["deno", deno],
  ])("is checked by shutdownOnSignal of thimble/%s before it waits", async (_, { shutdownOnSignal }) => {
    await expect(shutdownOnSignal(createContainer(), { signals: ["sigterm"] })).rejects.toThrow(
      new TypeError(`Cannot listen for "sigterm": this system has no such signal`),
    );
  });

  it.each([
    ["browser", browser],
    ["workers", workers],
    ["generic", generic],
  ])("is refused by shutdownOnSignal of thimble/%s, where signals have no names", async (_, door) => {
    await expect(door.shutdownOnSignal(createContainer(), { signals: ["SIGTERM"] })).rejects.toThrow(
      "This runtime has no signals with names: leave out the option signals",
    );
  });
});

describe("a worker thread", () => {
  it("is refused when it listens, because no signal would ever come", async () => {
    const process = new FakeThread({ isMainThread: false });
    const signals = node.signals(["SIGTERM"], process);

    await expect(node.shutdownOnSignal(createContainer(), { signals })).rejects
      .toThrowErrorMatchingInlineSnapshot(`
        [Error: Cannot listen for SIGTERM in a worker thread: signals reach the main thread only
          hint: send the thread a message, and use shutdownOnSignal of thimble/generic with an AbortSignal]
      `);
    expect(process.handlers.count()).toBe(0);
  });

  it("is told from the main thread, which may listen", () => {
    const process = new FakeThread({ isMainThread: true });
    node.signals(undefined, process).onStop(() => {});
    expect(process.handlers.names()).toEqual(["SIGINT", "SIGTERM"]);
  });
});

describe("the signals of Deno", () => {
  it("end the process when a second one comes, though Deno tells no number", () => {
    const host = new FakeDeno();
    deno.signals(["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"], host).onStop(() => {});

    for (const name of ["SIGHUP", "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"]) host.handlers.call(name);

    expect(host.exits).toEqual([129, 130, 131, 143]);
  });

  it("are those that Deno knows on Windows", () => {
    const host = new FakeDeno("windows");
    deno.signals(undefined, host).onStop(() => {});
    expect(host.handlers.names()).toEqual(["SIGINT", "SIGBREAK"]);
  });

  it("name the one that Windows does not have, and leave none behind", () => {
    const host = new FakeDeno("windows");
    const signals = deno.signals(["SIGINT", "SIGTERM"], host);

    expect(() => signals.onStop(() => {})).toThrowErrorMatchingInlineSnapshot(
      `[Error: Cannot listen for "SIGTERM": Windows only supports SIGINT, SIGBREAK and SIGHUP, but got SIGTERM]`,
    );
    expect(host.handlers.count()).toBe(0);
  });
});
