/**
 * Stopping in a tree of scopes: a scope below that is shut down, opened or built on while a scope above stops.
 */

import { createContainer, scoped, singleton, stopSignal, token, value, type Scope } from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { turn } from "../core/support/turn.ts";
import { settles } from "./waiting.ts";

const Server = token<object>("server");
const Job = token<object>("job");
const Loop = token<AbortSignal>("loop");

/** Ends when its signal aborts, and its `stop` waits for that. */
const loop = scoped(Loop, [stopSignal], (signal) => signal as AbortSignal, {
  stop: (signal) =>
    new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve());
    }),
});

describe("a scope below that a `stop` shuts down", () => {
  it.each([
    ["synchronous", () => {}],
    ["asynchronous", () => turn()],
  ])("stops and disposes its services once: %s", async (_, wait) => {
    const log: string[] = [];
    let session: Scope | undefined;
    const app: Scope = createContainer(
      value(Server, {}, { stop: async () => void (await session?.shutdown()) }),
    );
    session = app.createScope(
      "session",
      singleton(Job, () => ({}), {
        stop: async () => {
          log.push("stop");
          await wait();
        },
        dispose: () => void log.push("dispose"),
      }) as never,
    );
    session.get(Job);

    expect((await settles(app.shutdown())).ok).toBe(true);
    expect(log).toEqual(["stop", "dispose"]);
  });
});

describe("a scope below that is shut down while a scope above stops", () => {
  it.each([undefined, new Error("sold out")])(
    "keeps its own reason, as what is below it does: %s",
    async (reason) => {
      const reasons: unknown[] = [];
      const work = deferred();
      const told = (_: unknown, __: unknown, it: unknown): void => void reasons.push(it);
      const app: Scope = createContainer(value(Server, {}, { dispose: told }));
      const request = app.createScope("request", value(Job, {}, { stop: () => work.promise, dispose: told }));
      const part = request.createScope("part", value(Loop, new AbortController().signal, { dispose: told }));
      const closing = app.shutdown({ reason: "SIGTERM" });

      work.resolve();
      void request.shutdown({ reason });

      expect((await settles(closing)).ok).toBe(true);
      expect(reasons).toEqual([reason, reason, "SIGTERM"]);
      expect(part.state).toBe("closed");
    },
  );
});

describe("`stopSignal` in a scope below one that is stopping", () => {
  it("is aborted when it is made during that", async () => {
    let session: Scope | undefined;
    const app: Scope = createContainer(value(Server, {}, { stop: () => void session?.get(Loop) }), loop);
    session = app.createScope("session");

    const { ok } = await settles(app.shutdown({ reason: "SIGTERM" }));

    expect(ok).toBe(true);
  });

  it("is aborted in a scope that is opened during that, with the reason of the shutdown", async () => {
    const seen: unknown[] = [];
    const app: Scope = createContainer(
      value(Server, {}, { stop: () => void seen.push(app.createScope().get(Loop).reason) }),
      loop,
    );

    expect((await settles(app.shutdown({ reason: "SIGTERM" }))).ok).toBe(true);
    expect(seen).toEqual(["SIGTERM"]);
  });
});

describe("a scope below whose `stop` hangs", () => {
  it("is over, with its report, when the deadline of a scope above has passed", async () => {
    const app: Scope = createContainer();
    const session = app.createScope(
      "session",
      value(Server, {}, { stop: () => new Promise<void>(() => {}) }) as never,
    );
    const below = session.shutdown();

    const above = await settles(app.shutdown({ timeout: 10 }));

    const outcomes = ({ services }: { services: { token: string; outcome: string }[] }) =>
      services.map(({ token, outcome }) => `${token} ${outcome}`);
    expect(outcomes(above as never)).toEqual(["server abandoned"]);
    expect(outcomes((await settles(below)) as never)).toEqual(["server abandoned"]);
    expect(await session.shutdown()).toBe(await below);
    expect((await below).ok).toBe(false);
  });
});
