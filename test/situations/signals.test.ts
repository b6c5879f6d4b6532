/**
 * Being asked to stop, where programs begin too late, begin twice, or answer
 * before they have stopped.
 *
 * The signals are a hand-made source of the contract's shape, so that the
 * same situations run in every runtime; what each runtime sends is tested in
 * `test/adapters`.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { createContainer, singleton, token, value, type Scope } from "thimble";
import { shutdownOnSignal } from "thimble/generic";
import { deferred } from "../core/support/deferred.ts";
import { turn } from "../core/support/turn.ts";
import { asker } from "./asker.ts";
import { settles } from "./waiting.ts";

const Db = token<object>("db");
const Repo = token<object>("repo");

/** A container whose repo closes when `slow` is resolved, and whose database closes after that. */
function closing() {
  const slow = deferred();
  const log: string[] = [];
  const app: Scope = createContainer(
    singleton(Db, () => ({}), { dispose: () => void log.push("db") }),
    singleton(Repo, [Db], (db) => ({ db }), {
      dispose: async () => {
        log.push("repo");
        await slow.promise;
      },
    }),
  );
  app.get(Repo);
  return { app, log, slow };
}

describe("a signal", () => {
  it("begins the shutdown before it returns: a page that is left gets no second turn", async () => {
    const { app, log, slow } = closing();
    const signals = asker();
    const stopped = shutdownOnSignal(app, { signals });

    signals.ask("pagehide");
    expect(log).toEqual(["repo"]);

    slow.resolve();
    const { reason, report } = await settles(stopped);
    expect(reason).toBe("pagehide");
    expect(report.ok).toBe(true);
  });

  it("and another, impatient one, and a framework's onClose: one shutdown, one report, nothing closed twice", async () => {
    const { app, log, slow } = closing();
    const signals = asker();
    const stopped = shutdownOnSignal(app, { signals });

    signals.ask("SIGTERM");
    signals.ask("SIGINT");
    const onClose = app.shutdown();
    await turn();
    expect(log).toEqual(["repo"]);
    slow.resolve();

    const { reason, report } = await settles(stopped);
    expect(reason).toBe("SIGTERM");
    expect(await settles(onClose)).toBe(report);
    expect(log).toEqual(["repo", "db"]);
  });

  it("that comes when the framework is closing already: waits for that shutdown instead of answering at once", async () => {
    const { app, log, slow } = closing();
    const signals = asker();
    const told: string[] = [];
    const stopped = shutdownOnSignal(app, { signals }).then((it) => (told.push("stopped"), it));
    const onClose = app.shutdown();

    signals.ask("SIGTERM");
    await turn();
    expect(told).toEqual([]);
    slow.resolve();

    const { report } = await settles(stopped);
    expect(report).toBe(await settles(onClose));
    expect(log).toEqual(["repo", "db"]);
  });

  it("to a program that hangs: answered at the deadline, and the report says what was abandoned", async () => {
    const app: Scope = createContainer(value(Db, {}, { dispose: () => new Promise(() => {}) }));
    const signals = asker();
    const stopped = shutdownOnSignal(app, { signals, timeout: 5 });

    signals.ask("SIGTERM");

    const { report } = await settles(stopped);
    expect(report).toMatchObject({ ok: false, services: [{ token: "db", outcome: "abandoned" }] });
  });

  it("that is aborted before anyone listens: everything is closed nevertheless", async () => {
    const { app, log, slow } = closing();
    const controller = new AbortController();
    controller.abort("deploy");
    slow.resolve();

    const { reason, report } = await settles(shutdownOnSignal(app, { signal: controller.signal }));

    expect(reason).toBe("deploy");
    expect(log).toEqual(["repo", "db"]);
    expect(report.ok).toBe(true);
  });

  it("leaves no listener behind, or the next Ctrl+C would be swallowed", async () => {
    const { app, slow } = closing();
    const signals = asker();
    const stopped = shutdownOnSignal(app, { signals });
    expect(signals.listening).toBe(1);

    signals.ask("SIGTERM");
    slow.resolve();
    await settles(stopped);

    expect(signals.listening).toBe(0);
  });
});
