/**
 * Errors that reach no caller: they are told to observers as `unhandled`, else to the runtime's `reportError`.
 */

import { cleanup, createContainer, singleton, token, transient, type Scope } from "thimble";
import { observe, type UnhandledEvent } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { refusal, rejected } from "../core/support/refusal.ts";
import { catchReports } from "../core/support/report-error.ts";
import { turn } from "../core/support/turn.ts";

const A = token<object>("a");
const B = token<object>("b");
const Main = token<object>("main");

/** What observers of the scope are told as `unhandled`. */
function unhandledIn(scope: Scope): string[] {
  const told: string[] = [];
  observe(scope, {
    unhandled: ({ token, error, scope: { id } }: UnhandledEvent) =>
      told.push(`${token?.name} in ${id}: ${(error as Error).message}`),
  });
  return told;
}

describe("an error reaches nobody", () => {
  it("when a second dependency fails after the first: an observer is told, and the caller has the first", async () => {
    const reported = catchReports();
    const [first, second] = [deferred<object>(), deferred<object>()];
    const app = createContainer(
      singleton(A, () => first.promise),
      singleton(B, () => second.promise),
      singleton(Main, [A, B], () => ({})),
    );
    const told = unhandledIn(app);
    const caller = rejected(app.getAsync(Main));

    first.reject(new Error("a failed"));
    expect(await caller).toMatchObject({ message: "a failed" });
    second.reject(new Error("b failed"));
    await turn();

    expect(told).toEqual(["b in root#0: b failed"]);
    expect(reported).toEqual([]);
  });

  it("when both fail in the same turn", async () => {
    const reported = catchReports();
    const [first, second] = [deferred<object>(), deferred<object>()];
    const app = createContainer(
      singleton(A, () => first.promise),
      singleton(B, () => second.promise),
      singleton(Main, [A, B], () => ({})),
    );
    const caller = rejected(app.getAsync(Main));

    first.reject(new Error("a failed"));
    second.reject(new Error("b failed"));

    const { message } = (await caller) as Error;
    await turn();
    expect([message, ...reported.map((it) => (it as Error).message)].sort()).toEqual([
      "a failed",
      "b failed",
    ]);
  });

  it("when `get` has given up on the build: without an observer, the runtime is told", async () => {
    const reported = catchReports();
    const app = createContainer(
      singleton(A, async () => {
        await turn();
        throw new Error("no disk");
      }),
      singleton(Main, [A], (a) => a),
    );

    expect(refusal(() => app.get(Main)).code).toBe("ASYNC_PROVIDER");
    await turn();

    // Once, although two builds have failed with it.
    expect(reported).toMatchObject([{ message: "no disk" }]);
  });

  it("when the signal of `getAsync` has ended the waiting", async () => {
    const reported = catchReports();
    const gate = deferred<object>();
    const app = createContainer(singleton(A, () => gate.promise));
    const patience = new AbortController();
    const caller = rejected(app.getAsync(A, { signal: patience.signal }));

    patience.abort(new Error("too long"));
    expect(await caller).toMatchObject({ message: "too long" });
    gate.reject(new Error("no disk"));
    await turn();

    expect(reported).toMatchObject([{ message: "no disk" }]);
  });

  it("when an instance is disposed after a failed `init`, and that fails too", () => {
    const app = createContainer(
      singleton(A, () => ({}), {
        init() {
          throw new Error("init failed");
        },
        dispose() {
          throw new Error("disposing failed");
        },
      }),
    );
    const told = unhandledIn(app);

    expect(() => app.get(A)).toThrow("init failed");
    expect(told).toEqual(["a in root#0: disposing failed"]);
  });

  it("when a transient that nobody received cannot be disposed, or what a factory opened cannot be closed", async () => {
    const app = createContainer(
      transient(A, () => ({
        [Symbol.dispose]() {
          throw new Error("cannot dispose");
        },
      })),
      singleton(B, [cleanup], (onCleanup) => {
        onCleanup(() => Promise.reject(new Error("cannot close")));
        throw new Error("no");
      }),
      singleton(Main, [A, B], () => ({})),
    );
    const told = unhandledIn(app);

    expect(() => app.get(Main)).toThrow("no");
    await turn();

    expect(told.sort()).toEqual(["a in root#0: cannot dispose", "b in root#0: cannot close"]);
  });

  it("when a build fails while its scope closes: the report is not ok, and only observers are told besides", async () => {
    const reported = catchReports();
    const gate = deferred<object>();
    const app = createContainer(singleton(A, () => gate.promise));
    const told = unhandledIn(app);
    const caller = rejected(app.getAsync(A));

    const closing = app.shutdown();
    gate.reject(new Error("the migration broke off half way"));

    expect(await closing).toMatchObject({
      ok: false,
      services: [{ token: "a", outcome: "failed", error: { message: "the migration broke off half way" } }],
    });
    expect(await caller).toMatchObject({ code: "SCOPE_CLOSED" });
    expect(told).toEqual(["a in root#0: the migration broke off half way"]);
    expect(reported).toEqual([]);
  });

  it("when a disposal, a `stop` or a build fails after the deadline", async () => {
    const reported = catchReports();
    const [disposal, stop, build] = [deferred(), deferred(), deferred<object>()];
    const app = createContainer(
      singleton(A, () => ({}), { dispose: () => disposal.promise, stop: () => stop.promise }),
      singleton(B, () => build.promise),
    );
    app.get(A);
    const caller = rejected(app.getAsync(B));

    const { services } = await app.shutdown({ timeout: 5 });
    const before = services.length;
    await caller;
    stop.reject(new Error("half stopped"));
    disposal.reject(new Error("half written"));
    build.reject(new Error("half built"));
    await turn();

    expect(reported.map((it) => (it as Error).message).sort()).toEqual([
      "half built",
      "half stopped",
      "half written",
    ]);
    expect(services).toHaveLength(before);
  });

  it("when an observer throws: the others are told; and when an `unhandled` throws, the runtime is", () => {
    const reported = catchReports();
    const app = createContainer(singleton(A, () => ({})));
    observe(app, {
      built() {
        throw new Error("the metrics are broken");
      },
    });
    const told = unhandledIn(app);
    app.get(A);
    expect(told).toEqual(["undefined in root#0: the metrics are broken"]);
    expect(reported).toEqual([]);

    observe(app, {
      unhandled() {
        throw new Error("broken as well");
      },
      registered() {
        throw new Error("the first");
      },
    });
    app.provide(singleton(B, () => ({})));
    expect(reported).toMatchObject([{ message: "broken as well" }]);
  });
});

describe("an error is heard, and told to nobody else,", () => {
  it("when it is thrown to a caller, or rejects the promise of one", async () => {
    const reported = catchReports();
    const app = createContainer(
      singleton(A, () => {
        throw new Error("no");
      }),
      singleton(B, async () => {
        await turn();
        throw new Error("no");
      }),
      singleton(Main, [B], (b) => b),
    );
    const told = unhandledIn(app);

    expect(() => app.get(A)).toThrow("no");
    await rejected(app.getAsync(Main));
    await Promise.all([rejected(app.getAsync(Main)), rejected(app.getAsync([B, Main]))]);
    await turn();

    expect([told, reported]).toEqual([[], []]);
  });

  it("when it is in a report", async () => {
    const reported = catchReports();
    const app = createContainer(
      singleton(A, () => ({}), {
        stop: () => Promise.reject(new Error("cannot stop")),
        dispose: () => Promise.reject(new Error("cannot dispose")),
      }),
    );
    const told = unhandledIn(app);
    app.get(A);

    expect((await app.shutdown()).services).toHaveLength(2);
    await turn();
    expect([told, reported]).toEqual([[], []]);
  });

  it("when a factory awaits what it resolves, and goes on without it", async () => {
    const reported = catchReports();
    const app = createContainer(
      singleton(A, async () => {
        await turn();
        throw new Error("no cache");
      }),
      singleton(Main, async ({ getAsync }) => getAsync(A).catch(() => ({ cached: false }))),
    );

    expect(await app.getAsync(Main)).toEqual({ cached: false });
    expect(reported).toEqual([]);
  });
});

describe("a build in flight while its scope closes", () => {
  const how = {
    "a list": (app: Scope) => app.getAsync([A]),
    "a transient": (app: Scope) => app.getAsync(Main),
    "a record in a list": (app: Scope) => app.getAsync([{ it: A }]),
  };

  it.for(Object.keys(how))(
    "fails: its error is in the report when it was resolved through %s",
    async (way) => {
      const reported = catchReports();
      const failure = new Error("no disk");
      const gate = deferred<object>();
      const app: Scope = createContainer(
        // It asks for the shutdown itself, so that what waits for it is still on the stack.
        singleton(A, () => (void app.shutdown(), gate.promise)),
        transient(Main, [A], (a) => a),
      );
      const caller = rejected(how[way as keyof typeof how](app));
      gate.reject(failure);

      expect(await caller).toMatchObject({ code: "SCOPE_CLOSED" });
      expect((await app.shutdown()).services).toMatchObject([
        { token: "a", outcome: "failed", error: failure },
      ]);
      expect(reported).toEqual([]);
    },
  );

  it("is abandoned at the deadline and succeeds later: it is disposed, and nobody is told of a closed scope", async () => {
    const reported = catchReports();
    const disposed: unknown[] = [];
    const gate = deferred<object>();
    const app = createContainer(singleton(A, () => gate.promise, { dispose: (it) => disposed.push(it) }));
    const caller = rejected(app.getAsync(A));
    await app.shutdown({ signal: AbortSignal.abort() });

    const made = {};
    gate.resolve(made);
    await turn();

    expect(await caller).toMatchObject({ code: "SCOPE_CLOSED" });
    expect([disposed, reported]).toEqual([[made], []]);
  });

  it("is abandoned at the deadline and fails later: the runtime is told", async () => {
    const reported = catchReports();
    const gate = deferred<object>();
    const app = createContainer(singleton(A, () => gate.promise));
    const caller = rejected(app.getAsync(A));
    await app.shutdown({ signal: AbortSignal.abort() });

    gate.reject("no disk");
    await turn();

    expect(await caller).toMatchObject({ code: "SCOPE_CLOSED" });
    expect(reported).toEqual(["no disk"]);
  });
});
