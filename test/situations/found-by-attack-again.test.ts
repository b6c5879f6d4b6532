/**
 * What a second attack on the built package found, by somebody who knew only the contract.
 */

import {
  cleanup,
  createContainer,
  currentScope,
  optional,
  scoped,
  singleton,
  token,
  type Scope,
} from "thimble";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { rejected } from "../core/support/refusal.ts";
import { catchReports } from "../core/support/report-error.ts";
import { turn } from "../core/support/turn.ts";

const [A, B, C] = [token<object>("a"), token<object>("b"), token<object>("c")];

describe("a build that outlasts the deadline", () => {
  it("is disposed when it ends, and is no error that reaches nobody", async () => {
    const reported = catchReports();
    const gate = deferred<object>();
    let disposed = 0;
    const app: Scope = createContainer(scoped(A, () => gate.promise, { dispose: () => disposed++ }));
    const request = app.createScope("request");
    const caller = rejected(request.getAsync(A));

    await request.shutdown({ timeout: 1 });
    expect(await caller).toMatchObject({ code: "SCOPE_CLOSED" });
    gate.resolve({});
    await turn();

    expect(disposed).toBe(1);
    expect(reported).toEqual([]);
  });
});

describe("a service whose build is in flight when the shutdown begins", () => {
  it("is waited for, stopped, and then disposed; what it depends on is stopped after it", async () => {
    const log: string[] = [];
    const gate = deferred<object>();
    const note = (name: string) => ({
      stop: () => void log.push(`stop ${name}`),
      dispose: () => void log.push(`dispose ${name}`),
    });
    const app = createContainer(
      singleton(A, () => ({}), note("pool")),
      singleton(B, [A], () => gate.promise, note("server")),
    );
    void app.getAsync(B).catch(() => {});

    const closing = app.shutdown();
    await turn();
    expect(log).toEqual([]);
    gate.resolve({});

    expect((await closing).ok).toBe(true);
    expect(log).toEqual(["stop server", "stop pool", "dispose server", "dispose pool"]);
  });

  it("and that outlasts the deadline is stopped before it is disposed, also with `dispose: false`", async () => {
    const log: string[] = [];
    const gates = [deferred<object>(), deferred<object>()] as const;
    const app = createContainer(
      singleton(A, () => gates[0].promise, { stop: () => void log.push("stop a"), dispose: false }),
      singleton(B, () => gates[1].promise, {
        stop: async () => {
          log.push("stop b");
          await turn();
        },
        dispose: () => log.push("dispose b"),
      }),
    );
    for (const it of [A, B]) void app.getAsync(it).catch(() => {});

    await app.shutdown({ timeout: 1 });
    for (const gate of gates) gate.resolve({});
    await turn();
    await turn();

    expect(log).toEqual(["stop a", "stop b", "dispose b"]);
  });

  it("and whose `init` fails is not stopped", async () => {
    const log: string[] = [];
    const gate = deferred();
    const app = createContainer(
      singleton(A, () => ({}), {
        init: () => gate.promise,
        stop: () => void log.push("stop"),
        dispose: () => log.push("dispose"),
      }),
    );
    void app.getAsync(A).catch(() => {});

    const closing = app.shutdown();
    gate.reject(new Error("no"));
    await closing;

    expect(log).toEqual(["dispose"]);
  });
});

describe("a service that holds `currentScope`", () => {
  it.for([
    ["declared", [currentScope]],
    ["optional", [optional(currentScope)]],
    ["in a record", [{ it: currentScope }]],
  ] as const)("%s, is disposed before all others of the scope", async ([, dependencies]) => {
    const log: string[] = [];
    const app = createContainer(
      singleton(A, () => ({}), { dispose: () => log.push("a") }),
      singleton(B, [...dependencies], (it) => ({ it }), {
        dispose: async () => {
          await turn();
          log.push("the holder");
        },
      }),
    );
    app.get([B, A]);

    await app.shutdown();

    expect(log).toEqual(["the holder", "a"]);
  });

  it("is disposed after what depends on it, which goes before the others as well", async () => {
    const log: string[] = [];
    const slowly = (name: string) => ({
      dispose: async () => {
        await turn();
        log.push(name);
      },
    });
    const app = createContainer(
      singleton(A, () => ({}), slowly("other")),
      singleton(B, [currentScope], (it) => ({ it }), slowly("holder")),
      singleton(C, [B], (it) => ({ it }), slowly("dependent")),
    );
    app.get([A, C]);

    await app.shutdown();

    expect(log).toEqual(["dependent", "holder", "other"]);
  });
});

describe("after the deadline of the whole tree", () => {
  it("an observer is still told what fails", async () => {
    const reported = catchReports();
    const told: unknown[] = [];
    const gate = deferred();
    const app = createContainer(singleton(A, () => ({}), { dispose: () => gate.promise }));
    observe(app, { unhandled: ({ error }) => told.push(error) });
    app.get(A);

    await app.shutdown({ timeout: 1 });
    const late = new Error("late");
    gate.reject(late);
    await turn();

    expect(told).toEqual([late]);
    expect(reported).toEqual([]);
  });
});

describe("cleaning up, at the deadline", () => {
  it("begins at once what had not begun, without waiting", async () => {
    const log: string[] = [];
    const hangs = (): Promise<never> => new Promise(() => {});
    const app = createContainer(
      singleton(A, [cleanup], (onCleanup) => (onCleanup(() => log.push("a")), {}), { dispose: hangs }),
      singleton(B, [cleanup], (onCleanup) => {
        onCleanup(() => log.push("b"));
        onCleanup(hangs);
        return {};
      }),
    );
    app.get([A, B]);

    await app.shutdown({ timeout: 1 });

    expect(log.toSorted()).toEqual(["a", "b"]);
  });

  it("does so too when the deadline had passed before the shutdown began", async () => {
    const log: string[] = [];
    const app = createContainer(
      singleton(A, [cleanup], (onCleanup) => {
        for (const name of ["first", "second"])
          onCleanup(async () => {
            log.push(name);
            await turn();
          });
        return {};
      }),
    );
    app.get(A);

    await app.shutdown({ signal: AbortSignal.abort() });

    expect(log).toEqual(["second", "first"]);
  });

  it("has no row when there was nothing to clean up", async () => {
    const app = createContainer(singleton(A, [cleanup], () => ({})));
    app.get(A);

    expect((await app.shutdown()).services).toEqual([]);
  });
});

describe("a shutdown", () => {
  it("with a signal that is none is refused, and changes nothing", () => {
    const app = createContainer(singleton(A, () => ({})));

    expect(() => app.shutdown({ signal: 5 as never })).toThrow(TypeError);
    expect(app.state).toBe("open");
  });

  it("tells a failed stop and a failed build from a failed disposal", async () => {
    const gate = deferred<object>();
    const app = createContainer(
      singleton(A, () => ({}), {
        stop() {
          throw new Error("stop");
        },
        dispose: () => {},
      }),
      singleton(B, () => gate.promise),
    );
    app.get(A);
    void app.getAsync(B).catch(() => {});

    const closing = app.shutdown();
    gate.reject(new Error("build"));
    const { services } = await closing;

    expect(services.map(({ token, outcome, phase }) => [token, outcome, phase]).toSorted()).toEqual([
      ["a", "disposed", undefined],
      ["a", "failed", "stop"],
      ["b", "failed", "build"],
    ]);
  });
});

describe("an observer", () => {
  it("that is asynchronous and rejects breaks nothing", async () => {
    const reported = catchReports();
    const app = createContainer(singleton(A, () => ({})));
    observe(app, { built: (() => Promise.reject(new Error("metrics"))) as () => void });

    app.get(A);
    await turn();

    expect(reported).toMatchObject([{ message: "metrics" }]);
  });

  it("is told what was built", () => {
    const instances: unknown[] = [];
    const app = createContainer(singleton(A, () => ({})));
    observe(app, { built: ({ instance }) => instances.push(instance) });

    expect([app.get(A)]).toEqual(instances);
  });
});
