// Every door through the same two contracts, in every runtime: a door never asks where it is, it is handed its host.
import { describe, expect, expectTypeOf, it } from "vitest";
import * as browser from "thimble/browser";
import * as bun from "thimble/bun";
import * as deno from "thimble/deno";
import * as generic from "thimble/generic";
import * as node from "thimble/node";
import * as runtime from "thimble/runtime";
import * as workers from "thimble/workers";
import { envContract } from "./env.contract.ts";
import { FakeAbortSignal, FakeDeno, FakeDenoEnv, FakeEvent, FakePage, FakeProcess } from "./hosts.ts";
import { shutdownContract, signalsContract, type Host } from "./signals.contract.ts";

describe("every door", () => {
  const names = ["readEnv", "shutdownOnSignal", "signals"];

  it.each(Object.entries({ browser, workers, generic }))("exports the same names: thimble/%s", (_, door) => {
    expect(Object.keys(door).sort()).toEqual(names);
  });

  it.each(Object.entries({ node, deno, bun }))(
    "exports the same names and drain, where there are servers: thimble/%s",
    (_, door) => {
      expect(Object.keys(door).sort()).toEqual(["drain", ...names]);
    },
  );

  it("is thimble/runtime, chosen by where this runs", () => {
    expect(
      Object.values({ node, deno, bun, browser, workers, generic }).map((door) => door.signals),
    ).toContain(runtime.signals);
    expect(
      Object.keys(runtime)
        .filter((name) => name !== "drain")
        .sort(),
    ).toEqual(names);
  });

  it("has the same shutdownOnSignal by its type, which takes a real AbortSignal", () => {
    expectTypeOf(node.shutdownOnSignal).toEqualTypeOf<generic.ShutdownOnSignal>();
    expectTypeOf<AbortSignal>().toExtend<NonNullable<generic.ShutdownOnSignalOptions["signal"]>>();
    expectTypeOf<AbortSignal>().toExtend<NonNullable<Parameters<typeof generic.signals>[0]>>();
  });
});

const hosts: Record<string, { shutdownOnSignal: generic.ShutdownOnSignal; makeHost: () => Host }> = {
  node: { ...node, makeHost: () => processHost(node) },
  bun: { ...bun, makeHost: () => processHost(bun) },
  deno: { ...deno, makeHost: denoHost },
  browser: { ...browser, makeHost: pageHost },
  workers: { ...workers, makeHost: workerHost },
  generic: { ...generic, makeHost: abortHost },
};

for (const [name, { shutdownOnSignal, makeHost }] of Object.entries(hosts)) {
  signalsContract(`thimble/${name}`, makeHost);
  shutdownContract(`thimble/${name}`, shutdownOnSignal, makeHost);
}

envContract("thimble/node", node.readEnv);
envContract("thimble/bun", bun.readEnv);
envContract("thimble/deno", (settings, names) => deno.readEnv(new FakeDenoEnv(settings), names));
envContract("thimble/browser", (settings, names) =>
  browser.readEnv(new FakePage({ json: JSON.stringify(settings) }), names),
);
envContract("thimble/workers", workers.readEnv);
envContract("thimble/generic", generic.readEnv);

function processHost({ signals }: typeof node): Host {
  const process = new FakeProcess();
  return {
    signals: signals(undefined, process),
    handlers: () => process.handlers.count(),
    ask: () => process.handlers.call("SIGTERM", "SIGTERM", 15),
    reason: "SIGTERM",
  };
}

function denoHost(): Host {
  const host = new FakeDeno();
  return {
    signals: deno.signals(undefined, host),
    handlers: () => host.handlers.count(),
    ask: () => host.handlers.call("SIGTERM"),
    reason: "SIGTERM",
  };
}

function pageHost(): Host {
  const page = new FakePage();
  return {
    signals: browser.signals(page),
    handlers: () => page.handlers.count(),
    ask: () => page.leave({ persisted: false }),
    reason: "pagehide",
  };
}

function workerHost(): Host {
  return { signals: workers.signals(new FakeEvent()), handlers: () => 0 };
}

function abortHost(): Host {
  const signal = new FakeAbortSignal();
  return {
    signals: generic.signals(signal),
    handlers: () => signal.handlers.count(),
    ask: () => signal.abort("enough"),
    reason: "enough",
  };
}
