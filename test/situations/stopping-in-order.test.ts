/**
 * The order in which services stop, and what a report says of it, where several scopes stop at once, where a `stop` builds
 * or shuts down something, and where very many services depend on each other.
 */

import {
  createContainer,
  singleton,
  token,
  value,
  type Provider,
  type Scope,
  type ShutdownReport,
} from "thimble";
import { beforeEach, describe, expect, it } from "vitest";
import { catchReports } from "../core/support/report-error.ts";
import { deferred } from "../core/support/deferred.ts";
import { turn } from "../core/support/turn.ts";
import { settles } from "./waiting.ts";

beforeEach(() => void catchReports());

const A = token<object>("a");
const B = token<object>("b");
const C = token<object>("c");

const stops = ({ services }: ShutdownReport) =>
  services.filter((it) => "phase" in it).map((it) => `${it.token} ${it.outcome}`);

describe("a chain of services that are stopped", () => {
  it.each([
    ["each of which has a `stop`", 1],
    ["of which few have a `stop`", 500],
  ])("is stopped from its end to its beginning, however long: %s", async (_, every) => {
    const log: number[] = [];
    const links = Array.from({ length: 10_000 }, (_, at) => token<object>(`link ${at}`));
    const providers = links.map((it, at): Provider =>
      singleton(it, at === 0 ? [] : [links[at - 1]!], () => ({}), {
        stop: at % every === 0 ? () => void log.push(at) : undefined,
      } as never),
    );
    const app = (createContainer() as Scope).provide(providers) as Scope;
    app.get(links.at(-1)!);

    await app.shutdown();

    expect(log).toEqual(
      links
        .map((_, at) => at)
        .filter((at) => at % every === 0)
        .reverse(),
    );
  });
});

describe("what a `stop` builds", () => {
  it("is stopped before what it depends on, though that was about to be stopped", async () => {
    const log: string[] = [];
    const app: Scope = createContainer(
      value(A, {}, { stop: () => void log.push("a") }),
      singleton(B, [A], () => ({}), { stop: () => void log.push("b") }),
      value(C, {}, { stop: () => (log.push("c"), app.get(B)) }),
    );

    await app.shutdown();

    expect(log).toEqual(["c", "b", "a"]);
  });
});

describe("the report of a shutdown", () => {
  it("is one object for all who ask, also for a `stop` that it waits for", async () => {
    let inner: Promise<ShutdownReport> | undefined;
    const app: Scope = createContainer(
      value(A, {}, { stop: () => void (inner = app.shutdown()), dispose: () => {} }),
    );

    const outer = await app.shutdown();

    expect(await inner).toBe(outer);
    expect(outer.services.map((it) => it.token)).toEqual(["a"]);
  });

  it.each(["at once", "later"])(
    "has a `stop` that failed in a scope that stops by itself: %s",
    async (when) => {
      const gate = deferred<object>();
      const root: Scope = createContainer();
      const child = root.createScope(
        "child",
        singleton(A, () => gate.promise, {
          stop: () => {
            if (when === "later") return turn().then(() => Promise.reject(new Error("no")));
            throw new Error("no");
          },
        }),
      );
      child.getAsync(A).catch(() => {});

      const both = [child.shutdown(), root.shutdown()];
      gate.resolve({});

      for (const report of await settles(Promise.all(both))) {
        expect(report.ok).toBe(false);
        expect(stops(report)).toEqual(["a failed"]);
      }
    },
  );

  it("has a `stop` that failed below once, when that scope was closing already", async () => {
    const [stopping, disposing] = [deferred(), deferred()];
    const root: Scope = createContainer();
    const child = root.createScope(
      "child",
      singleton(A, () => ({}), { dispose: () => disposing.promise }),
      singleton(B, () => ({}), { stop: () => stopping.promise }),
    );
    child.get([A, B]);

    const both = [child.shutdown(), root.shutdown()];
    stopping.reject(new Error("no"));
    await turn();
    disposing.resolve();

    for (const report of await settles(Promise.all(both))) expect(stops(report)).toEqual(["b failed"]);
  });

  it("says of a `stop` that follows its signal that it was abandoned", async () => {
    const app = createContainer(
      value(
        A,
        {},
        {
          stop: (_, signal) =>
            new Promise((_, reject) =>
              signal.addEventListener("abort", () => reject(signal.reason as Error)),
            ),
        },
      ),
    );
    const report = await app.shutdown({ timeout: 1 });
    expect(stops(report)).toEqual(["a abandoned"]);
  });
});

describe("after the deadline", () => {
  it("what is built is disposed although its `stop` does not end", async () => {
    const log: string[] = [];
    const gate = deferred<object>();
    const app = createContainer(
      singleton(A, () => gate.promise, {
        stop: () => (log.push("stop"), new Promise(() => {})),
        dispose: () => void log.push("disposed"),
      }),
    );
    app.getAsync(A).catch(() => {});
    await app.shutdown({ signal: AbortSignal.abort() });

    gate.resolve({});
    await turn();

    expect(log).toEqual(["stop", "disposed"]);
  });
});
