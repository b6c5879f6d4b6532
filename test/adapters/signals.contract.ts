// What `signals` and `shutdownOnSignal` promise behind every door. A runtime is one call with a host that can be asked to
// stop by hand; real hosts are in test/runtimes/signals.
import { describe, expect, it } from "vitest";
import { abortSignal, createContainer, singleton, token, value } from "thimble";
import type { ShutdownOnSignal, Signals } from "thimble/generic";
import { FakeAbortSignal } from "./hosts.ts";

export interface Host {
  /** What `signals` makes of this host. */
  signals: Signals;
  /** How many handlers the host holds. */
  handlers(): number;
  /** Makes the host ask to stop. A Worker's never does. */
  ask?(): void;
  /** The reason it then gives. */
  reason?: unknown;
}

export function signalsContract(door: string, makeHost: () => Host): void {
  describe(`signals of ${door}`, () => {
    it("leave the host alone until somebody listens", () => {
      expect(makeHost().handlers()).toBe(0);
    });

    it("leave nothing behind when the last listener has gone", () => {
      const { signals, handlers } = makeHost();
      const forget = [signals.onStop(() => {}), signals.onStop(() => {}), signals.onHidden(() => {})];

      for (const it of forget) it();

      expect(handlers()).toBe(0);
    });

    if (makeHost().ask) {
      it.each([undefined, null, "SIGTERM"])(
        "refuse %o for a listener, and leave the host alone",
        (listener) => {
          const { signals, handlers } = makeHost();
          expect(() => signals.onStop(listener as never)).toThrow(new TypeError("a listener is a function"));
          expect(handlers()).toBe(0);
        },
      );
    }

    if (makeHost().ask) askingContract(makeHost as () => Required<Host>);
  });
}

function askingContract(makeHost: () => Required<Host>): void {
  it("tell every listener that the runtime asks to stop, and why", () => {
    const host = makeHost();
    const told: unknown[] = [];
    host.signals.onStop((reason) => told.push(["first", reason]));
    host.signals.onStop((reason) => told.push(["second", reason]));

    host.ask();

    expect(told).toEqual([
      ["first", host.reason],
      ["second", host.reason],
    ]);
  });

  it("are silent towards a listener that was taken back, and go on telling the others", () => {
    const host = makeHost();
    const told: string[] = [];
    const forget = host.signals.onStop(() => told.push("gone"));
    host.signals.onStop(() => told.push("still here"));
    forget();
    forget(); // once more is no different

    host.ask();

    expect(told).toEqual(["still here"]);
  });

  it("count a listener that was given twice as two", () => {
    const host = makeHost();
    let told = 0;
    const listener = (): void => void told++;
    const forget = host.signals.onStop(listener);
    host.signals.onStop(listener);
    forget();

    host.ask();

    expect(told).toBe(1);
  });

  it("can be listened to again after everyone had gone", () => {
    const host = makeHost();
    const told: unknown[] = [];
    host.signals.onStop(() => told.push("gone"))();
    host.signals.onStop((reason) => told.push(reason));

    host.ask();

    expect(told).toEqual([host.reason]);
  });
}

export function shutdownContract(
  door: string,
  shutdownOnSignal: ShutdownOnSignal,
  makeHost: () => Host,
): void {
  const Db = token<{ url: string }>("db");

  describe(`shutdownOnSignal of ${door}`, () => {
    it("stops when its `signal` is aborted, with the signal's reason", async () => {
      const { signals } = makeHost();
      const app = createContainer();
      const aborted = app.get(abortSignal);
      const asking = new AbortController();
      const stopped = shutdownOnSignal(app, { signals, signal: asking.signal });

      asking.abort("enough");

      const { reason, report } = await stopped;
      expect(reason).toBe("enough");
      expect(report.ok).toBe(true);
      expect(app.state).toBe("closed");
      expect(aborted.reason).toBe("enough");
    });

    it("stops at once for a signal that has been aborted already", async () => {
      const app = createContainer();

      const stopped = shutdownOnSignal(app, {
        signals: makeHost().signals,
        signal: AbortSignal.abort("before"),
      });

      expect(app.state).not.toBe("open");
      expect((await stopped).reason).toBe("before");
    });

    it("calls the first disposal before the one who asked goes on", async () => {
      const calls: string[] = [];
      const app = createContainer(value(Db, { url: "mem:" }, { dispose: () => calls.push("db disposed") }));
      const asking = new AbortController();
      const stopped = shutdownOnSignal(app, { signals: makeHost().signals, signal: asking.signal });

      asking.abort();
      calls.push("asked");

      await stopped;
      expect(calls).toEqual(["db disposed", "asked"]);
    });

    it("goes on past a disposal that hangs when its timeout is over, and reports it", async () => {
      const app = createContainer(value(Db, { url: "mem:" }, { dispose: () => new Promise(() => {}) }));

      const { report } = await shutdownOnSignal(app, {
        signals: makeHost().signals,
        signal: AbortSignal.abort(),
        timeout: 1,
      });

      expect(report.ok).toBe(false);
      expect(report.services).toMatchObject([{ outcome: "abandoned" }]);
    });

    it("leaves nothing registered when it is done", async () => {
      const { signals, handlers } = makeHost();
      const signal = new FakeAbortSignal();
      const stopped = shutdownOnSignal(createContainer(), { signals, signal });
      expect(signal.handlers.count()).toBe(1);

      signal.abort("enough");
      await stopped;

      expect(handlers()).toBe(0);
      expect(signal.handlers.count()).toBe(0);
    });

    it("rejects with what a shutdown rejects with, and leaves nothing registered then either", async () => {
      const { signals, handlers } = makeHost();
      const broken = { shutdown: () => Promise.reject(new Error("broken")) };

      await expect(shutdownOnSignal(broken, { signals, signal: AbortSignal.abort() })).rejects.toThrow(
        "broken",
      );

      expect(handlers()).toBe(0);
    });

    it("rejects at once when its timeout is no number of milliseconds", async () => {
      const { signals, handlers } = makeHost();
      const app = createContainer();

      await expect(shutdownOnSignal(app, { signals, timeout: NaN })).rejects.toThrow(TypeError);

      expect(app.state).toBe("open");
      expect(handlers()).toBe(0);
    });

    it.each([
      [{ timeOut: 5 }, `shutdownOnSignal has no option "timeOut": it has signals, signal, timeout`],
      [{ timeout: "5" }, "timeout is a number of milliseconds"],
      [{ signal: "SIGTERM" }, "signal is an AbortSignal; names of signals go into the option signals"],
      [{ signals: "SIGTERM" }, `signals is a list of names, such as ["SIGTERM"], or an object`],
      [{ signals: null }, `signals is a list of names, such as ["SIGTERM"], or an object`],
      [null, "shutdownOnSignal takes a scope, then options"],
      [5, "shutdownOnSignal takes a scope, then options"],
      [{ signals: {} }, `signals is a list of names, such as ["SIGTERM"], or an object`],
    ])("rejects at once, with a TypeError, when it is given the options %o", async (options, message) => {
      const app = createContainer();

      const error: unknown = await shutdownOnSignal(app, options as object).catch((it: unknown) => it);

      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toContain(message);
      expect(app.state).toBe("open");
    });

    it.each([[undefined], [{}], [null], [() => {}]])(
      "rejects at once, with a TypeError, when its scope is %o",
      async (scope) => {
        const error: unknown = await shutdownOnSignal(scope as never).catch((it: unknown) => it);
        expect(error).toEqual(new TypeError("shutdownOnSignal takes a scope, then options"));
      },
    );

    it("takes an option that is undefined for one that was not given", async () => {
      const signal = AbortSignal.abort();
      const options = { signals: makeHost().signals, signal, timeout: undefined };
      // @ts-expect-error the types know what was not given from what is undefined
      expect((await shutdownOnSignal(createContainer(), options)).report.ok).toBe(true);
    });

    it("has left when other code has shut the scope down, and resolves with that report and reason", async () => {
      const { signals, handlers } = makeHost();
      const signal = new FakeAbortSignal();
      const app = createContainer(value(Db, { url: "mem:" }, { dispose: () => {} }));
      const stopped = shutdownOnSignal(app, { signals, signal });
      expect(signal.handlers.count()).toBe(1);

      const report = await app.shutdown({ reason: "deployed" });

      // In the very turn in which the other code learns that the scope has closed.
      expect([handlers(), signal.handlers.count()]).toEqual([0, 0]);
      expect(await stopped).toEqual({ reason: "deployed", report });
      expect((await stopped).report).toBe(report);
    });

    it("has left when the scope was shut down with the scope above it", async () => {
      const { signals, handlers } = makeHost();
      const signal = new FakeAbortSignal();
      const app = createContainer("app");
      const job = app.createScope("job", value(Db, { url: "mem:" }, { dispose: () => {} }));
      const stopped = shutdownOnSignal(job, { signals, signal });

      await app.shutdown();

      expect([handlers(), signal.handlers.count()]).toEqual([0, 0]);
      expect((await stopped).report.services).toMatchObject([{ scope: "job", outcome: "disposed" }]);
    });

    it("stays until the scope has closed, so that a later signal sets the deadline of a shutdown under way", async () => {
      const { signals, handlers } = makeHost();
      const signal = new FakeAbortSignal();
      const app = createContainer(
        singleton(Db, () => ({ url: "" }), { dispose: () => new Promise(() => {}) }),
      );
      app.get(Db);
      const stopped = shutdownOnSignal(app, { signals, signal, timeout: 1 });
      void app.shutdown({ reason: "deployed" });
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(signal.handlers.count()).toBe(1);

      signal.abort("enough");

      expect(await stopped).toMatchObject({ reason: "deployed", report: { ok: false } });
      expect([handlers(), signal.handlers.count()]).toEqual([0, 0]);
    });

    it("resolves with the report of a scope that has closed before, and registers nothing", async () => {
      const { signals, handlers } = makeHost();
      const app = createContainer();
      const report = await app.shutdown();

      const stopped = shutdownOnSignal(app, { signals });

      expect((await stopped).report).toBe(report);
      expect(handlers()).toBe(0);
    });

    it("rejects with what a shutdown throws, and leaves nothing registered", async () => {
      const { signals, handlers } = makeHost();
      const broken = {
        shutdown: () => {
          throw new Error("broken");
        },
      };

      await expect(shutdownOnSignal(broken, { signals, signal: AbortSignal.abort() })).rejects.toThrow(
        "broken",
      );

      expect(handlers()).toBe(0);
    });

    if (makeHost().ask) askedContract(shutdownOnSignal, makeHost as () => Required<Host>);
  });
}

function askedContract(shutdownOnSignal: ShutdownOnSignal, makeHost: () => Required<Host>): void {
  it("stops when the runtime asks, and tells why and what happened", async () => {
    const host = makeHost();
    const app = createContainer("shop");
    const aborted = app.get(abortSignal);
    const stopped = shutdownOnSignal(app, { signals: host.signals });
    expect(app.state).toBe("open");

    host.ask();

    expect(await stopped).toMatchObject({ reason: host.reason, report: { ok: true } });
    expect(aborted.reason).toBe(host.reason);
    expect(host.handlers()).toBe(0);
  });

  it("shuts down once, for whoever asks first", async () => {
    const host = makeHost();
    const reasons: unknown[] = [];
    const scope = { shutdown: ({ reason }: { reason?: unknown }) => Promise.resolve(reasons.push(reason)) };
    const asking = new AbortController();
    const stopped = shutdownOnSignal(scope, { signals: host.signals, signal: asking.signal });

    asking.abort("first");
    host.ask();

    expect(await stopped).toEqual({ reason: "first", report: 1 });
    expect(reasons).toEqual(["first"]);
  });
}
