import {
  createContainer,
  currentScope,
  defer,
  scoped,
  singleton,
  token,
  transient,
  value,
  type ContainerError,
  type Provider,
  type Scope,
} from "thimble";
import { background, createApp, warm, type App, type Background } from "thimble/lifecycle";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { rejected } from "../core/support/refusal.ts";
import { catchReports } from "../core/support/report-error.ts";
import { turn } from "../core/support/turn.ts";
import { uncheckedContainer } from "../core/support/unchecked.ts";

const [A, B, C] = [token<string>("a"), token<string>("b"), token<string>("c")];

/** A service that writes down what happens to it. */
function noting(log: string[]) {
  return (it: typeof A, deps: readonly (typeof A)[] = [], options: object = {}): Provider =>
    singleton(it, [...deps], () => (log.push(`built ${it.name}`), it.name), {
      start: () => log.push(`started ${it.name}`),
      stop: () => log.push(`stopped ${it.name}`),
      dispose: () => log.push(`disposed ${it.name}`),
      ...options,
    }) as Provider;
}

/** Hooks that write down that they were called. */
function hook(app: App, log: string[], name: string): void {
  for (const phase of ["beforeStart", "afterStart", "beforeStop", "afterStop"] as const)
    app[phase](() => log.push(`${phase} ${name}`));
}

describe("warm", () => {
  it("builds what is eager or has a start, and nothing else", async () => {
    const built: string[] = [];
    const make = (name: string) => () => (built.push(name), name);
    const app = createContainer(
      singleton(A, make("a")),
      singleton(B, make("b"), { eager: true }),
      singleton(C, [A], make("c"), { start: () => {} }),
    );

    await warm(app);

    expect(built).toEqual(["b", "a", "c"]);
  });

  it("builds everything with `all`, except transients", async () => {
    const built: string[] = [];
    const make = (name: string) => () => (built.push(name), name);
    const app = createContainer(
      singleton(A, make("a")),
      transient(B, make("b")),
      singleton(C, make("c"), { order: -1 }),
    );

    await warm(app, { all: true });

    expect(built).toEqual(["c", "a"]);
  });

  it("builds independent services at the same time", async () => {
    const [one, other] = [deferred<string>(), deferred<string>()];
    const app = createContainer(
      singleton(A, () => (one.resolve("a"), other.promise), { eager: true }),
      singleton(B, () => (other.resolve("b"), one.promise), { eager: true }),
    );

    await warm(app);

    expect([app.get(A), app.get(B)]).toEqual(["b", "a"]);
  });

  it("builds, for a scope, the scoped services of the scopes above", async () => {
    const built: string[] = [];
    const app = createContainer(
      scoped(A, [currentScope], ({ name }) => (built.push(name), "a"), { eager: true }),
      scoped(B, [currentScope], ({ name }) => (built.push(name), "b"), { eager: true, in: "tenant" }),
    );

    await warm(app);
    expect(built).toEqual([]);
    await warm(app.createScope("request"));
    expect(built).toEqual(["request"]);
    await warm(app.createScope("tenant"));
    expect(built).toEqual(["request", "tenant", "tenant"]);
  });

  it("throws the one error, and START_FAILED with all when several builds fail", async () => {
    const [first, second] = [new Error("first"), new Error("second")];
    const fails = (error: Error) => () => Promise.reject(error);
    const one = createContainer(
      singleton(A, fails(first), { eager: true }),
      singleton(B, [A], (a) => a, { eager: true }),
    );
    const two = createContainer(
      singleton(A, fails(first), { eager: true }),
      singleton(B, fails(second), { eager: true }),
    );

    expect(await rejected(warm(one))).toBe(first);
    expect(await rejected(warm(two))).toMatchObject({
      code: "START_FAILED",
      errors: [first, second],
      cause: first,
    });
  });

  it("calls a factory that throws once, however many services depend on it", async () => {
    let calls = 0;
    const failure = (): never => {
      throw new Error(`call ${++calls}`);
    };
    const app = createContainer(
      singleton(A, failure),
      singleton(B, [A], (a) => a, { eager: true }),
      singleton(C, [A], (a) => a, { eager: true }),
    );

    expect(await rejected(warm(app))).toMatchObject({ message: "call 1" });
    expect(calls).toBe(1);
  });

  it("refuses a scope that has closed", async () => {
    const app = createContainer();
    await app.shutdown();

    expect(await rejected(warm(app))).toMatchObject({ code: "SCOPE_CLOSED" });
  });
});

describe("an app", () => {
  it("starts and stops in the order of dependencies, with its hooks around", async () => {
    const log: string[] = [];
    const note = noting(log);
    const app = createApp(uncheckedContainer(note(C, [B]), note(B, [A]), note(A)));
    hook(app, log, "1");
    hook(app, log, "2");

    expect(app.state).toBe("new");
    await app.start();
    expect(app.state).toBe("started");
    expect(log.splice(0)).toEqual([
      ...["built a", "built b", "built c", "beforeStart 2", "beforeStart 1"],
      ...["started a", "started b", "started c", "afterStart 1", "afterStart 2"],
    ]);

    const report = await app.stop();
    expect(app.state).toBe("stopped");
    expect(log).toEqual([
      ...["beforeStop 2", "beforeStop 1", "stopped c", "stopped b", "stopped a"],
      ...["disposed c", "disposed b", "disposed a", "afterStop 1", "afterStop 2"],
    ]);
    expect(report.ok).toBe(true);
    expect(await app.done).toBe(report);
  });

  it("starts independent services by `order`, then as they were registered, one after the other", async () => {
    const log: string[] = [];
    const start = (name: string) => async () => {
      log.push(name);
      await turn();
      log.push(`${name} is up`);
    };
    const app = createApp(
      createContainer(
        singleton(A, () => "a", { start: start("a") }),
        singleton(B, () => "b", { start: start("b"), order: -1 }),
        value(C, "c", { start: start("c") }),
      ),
    );

    await app.start();

    expect(log).toEqual(["b", "b is up", "a", "a is up", "c", "c is up"]);
  });

  it("starts what a service depends on through one that has no start, first", async () => {
    const log: string[] = [];
    const app = createApp(
      createContainer(
        singleton(C, [B], () => "c", { start: () => log.push("c"), order: -1 }),
        singleton(B, [A], () => "b"),
        singleton(A, () => "a", { start: () => log.push("a") }),
      ),
    );

    await app.start();

    expect(log).toEqual(["a", "c"]);
  });

  it("starts once and stops once, whoever calls", async () => {
    const log: string[] = [];
    const app = createApp(uncheckedContainer(noting(log)(A)));
    expect(app.start()).toBe(app.start());
    await app.start();
    expect(app.stop()).toBe(app.stop("later"));
    await app.stop();

    expect(log).toEqual(["built a", "started a", "stopped a", "disposed a"]);
    expect(await rejected(createStopped().start())).toMatchObject({ code: "SCOPE_CLOSED" });
  });

  it("stops with its container, hooks included, when that is shut down by hand", async () => {
    const log: string[] = [];
    const container = uncheckedContainer(noting(log)(A));
    const app = createApp(container);
    hook(app, log, "1");
    await app.start();
    log.length = 0;

    const report = await container.shutdown({ reason: "enough" });

    expect(log).toEqual(["beforeStop 1", "stopped a", "disposed a", "afterStop 1"]);
    expect(app.state).toBe("stopped");
    expect(await app.done).toBe(report);
  });

  it("stops when a scope above its container is shut down", async () => {
    const log: string[] = [];
    const root: Scope = createContainer();
    const app = createApp(root.createScope("part", noting(log)(A)));
    await app.start();

    await root.shutdown();

    expect((await app.done).ok).toBe(true);
    expect(log).toEqual(["built a", "started a", "stopped a", "disposed a"]);
  });

  it("that was never started only shuts its container down, without hooks", async () => {
    const log: string[] = [];
    const app = createApp(uncheckedContainer(noting(log)(A)));
    hook(app, log, "1");

    await app.stop();

    expect(log).toEqual([]);
    expect(app.container.state).toBe("closed");
  });

  it("calls no hook that is added while the hooks of its phase run, and one of a later phase", async () => {
    const log: string[] = [];
    const app = createApp(createContainer());
    app.beforeStart(() => {
      app.beforeStart(() => log.push("too late"));
      app.afterStart(() => log.push("in time"));
    });
    const remove = app.afterStart(() => log.push("removed"));
    remove();

    await app.start();

    expect(log).toEqual(["in time"]);
  });

  it("calls the first disposers before `stop` returns, where no hook has to be waited for", async () => {
    const log: string[] = [];
    const app = createApp(
      createContainer(singleton(A, () => "a", { eager: true, dispose: () => log.push("disposed") })),
    );
    await app.start();

    void app.stop();

    expect(log).toEqual(["disposed"]);
  });
});

function createStopped(): App {
  const app = createApp(createContainer());
  void app.stop();
  return app;
}

describe("a start that fails", () => {
  it.for([
    ["a factory", { fails: "built b" }],
    ["the start of a service", { fails: "started b" }],
    ["a hook before", { fails: "beforeStart" }],
    ["a hook after", { fails: "afterStart" }],
  ] as const)("because of %s undoes exactly what had succeeded", async ([, { fails }]) => {
    const log: string[] = [];
    const failure = new Error(fails);
    const mayFail = (what: string) => {
      if (what === fails) throw failure;
      log.push(what);
    };
    const service = (it: typeof A, deps: readonly (typeof A)[]) =>
      singleton(it, [...deps], () => (mayFail(`built ${it.name}`), it.name), {
        start: () => mayFail(`started ${it.name}`),
        stop: () => mayFail(`stopped ${it.name}`),
        dispose: () => mayFail(`disposed ${it.name}`),
      });
    const container = uncheckedContainer(service(A, []), service(B, [A]));
    const app = createApp(container);
    for (const phase of ["beforeStart", "afterStart", "beforeStop", "afterStop"] as const)
      app[phase](() => mayFail(phase));

    expect(await rejected(app.start())).toBe(failure);

    const hadStarted = log.filter((it) => it.startsWith("started")).map((it) => it.slice(-1));
    const hadBuilt = log.filter((it) => it.startsWith("built")).map((it) => it.slice(-1));
    const down = log.slice(log.indexOf("beforeStop"));
    expect(down).toEqual([
      "beforeStop",
      ...hadStarted.reverse().map((it) => `stopped ${it}`),
      ...hadBuilt.reverse().map((it) => `disposed ${it}`),
      "afterStop",
    ]);
    expect(app.state).toBe("stopped");
    expect((await app.done).ok).toBe(true);
    expect(await rejected(app.start())).toBe(failure);
  });

  it("stops what was built and has a `stop`, and no `start`", async () => {
    const log: string[] = [];
    const app = createApp(
      createContainer(
        singleton(A, () => "a", { eager: true, stop: () => log.push("stopped a") }),
        singleton(B, [A], () => "b", {
          start() {
            throw new Error("no port");
          },
          stop: () => log.push("stopped b"),
        }),
      ),
    );

    await rejected(app.start());

    expect(log).toEqual(["stopped a"]);
  });

  it("surfaces with what failed while that was undone, the first error first", async () => {
    const [first, second, third] = ["start", "dispose", "hook"].map((it) => new Error(it));
    const app = createApp(
      createContainer(
        singleton(A, () => "a", {
          start: () => Promise.reject(first!),
          dispose: () => Promise.reject(second!),
        }),
      ),
    );
    app.beforeStop(() => Promise.reject(third!));

    const error = (await rejected(app.start())) as ContainerError & { errors: unknown[] };

    expect(error).toMatchObject({ code: "START_FAILED", cause: first });
    expect(error.errors).toEqual([first, third, second]);
    expect((await app.done).services.map(({ token, outcome }) => `${token} ${outcome}`)).toEqual([
      "beforeStop failed",
      "a failed",
    ]);
  });
});

describe("an app that is stopped while it starts", () => {
  it("waits for the step that is under way, takes no further one, and stops what had started", async () => {
    const log: string[] = [];
    const gate = deferred();
    const note = noting(log);
    let signal: AbortSignal | undefined;
    const app = createApp(
      uncheckedContainer(
        note(A),
        note(B, [A], {
          start: (_: string, given: AbortSignal) => {
            signal = given;
            return gate.promise;
          },
        }),
        note(C, [B]),
      ),
    );
    const starting = rejected(app.start());
    await turn();

    const stopping = app.stop("SIGTERM");
    expect([signal!.aborted, signal!.reason]).toEqual([true, "SIGTERM"]);
    await turn();
    expect(log).not.toContain("stopped a");
    gate.resolve();

    expect((await stopping).ok).toBe(true);
    expect(await starting).toMatchObject({ code: "SCOPE_CLOSED" });
    expect(log.filter((it) => it.startsWith("start") || it.startsWith("stop"))).toEqual([
      "started a",
      "stopped b",
      "stopped a",
    ]);
  });

  it("does not wait for a factory in flight longer than the shutdown does", async () => {
    const gate = deferred<string>();
    const app = createApp(createContainer(singleton(A, () => gate.promise, { eager: true })));
    const starting = rejected(app.start());
    await turn();

    const stopping = app.stop();
    gate.resolve("a");

    expect((await stopping).ok).toBe(true);
    expect(await starting).toMatchObject({ code: "SCOPE_CLOSED" });
  });

  it("gives up on a start that hangs when its grace is over", async () => {
    const app = createApp(createContainer(singleton(A, () => "a", { start: () => new Promise(() => {}) })), {
      grace: 5,
    });
    void rejected(app.start());
    await turn();

    expect(await app.stop()).toMatchObject({
      ok: false,
      services: [{ scope: "root", scopeId: "root#0", token: "a", outcome: "abandoned" }],
    });
    expect(app.state).toBe("stopped");
  });

  it("may be stopped by a hook or a `start` that waits for the stop", async () => {
    const inHook = createApp(createContainer());
    inHook.beforeStart(async (app) => void (await app.stop()));
    const inStart: App = createApp(
      createContainer(
        singleton(A, () => "a", { start: async () => void (await inStart.container.shutdown()) }),
      ),
    );

    for (const app of [inHook, inStart]) {
      expect(await rejected(app.start())).toMatchObject({ code: "SCOPE_CLOSED" });
      expect((await app.done).ok).toBe(true);
    }
  });
});

describe("stopping", () => {
  it("is bounded by `grace`: hooks, services and what hangs is in the report", async () => {
    const app = createApp(
      createContainer(singleton(A, () => "a", { eager: true, dispose: () => new Promise(() => {}) })),
      { grace: 10 },
    );
    app.beforeStop(() => new Promise(() => {}));
    const log: string[] = [];
    app.afterStop(() => log.push("afterStop"));
    await app.start();

    const report = await app.stop();

    expect(report.services.map(({ token, outcome }) => `${token} ${outcome}`)).toEqual([
      "beforeStop abandoned",
      "a abandoned",
    ]);
    expect(log).toEqual(["afterStop"]);
  });

  it("may be shortened by a later shutdown of the container", async () => {
    const app = createApp(
      createContainer(singleton(A, () => "a", { eager: true, dispose: () => new Promise(() => {}) })),
    );
    app.beforeStop(() => new Promise(() => {}));
    await app.start();
    const stopping = app.stop();
    const patience = new AbortController();
    void app.container.shutdown({ signal: patience.signal });
    await turn();

    patience.abort();

    expect((await stopping).services.map(({ outcome }) => outcome)).toEqual(["abandoned", "abandoned"]);
  });

  it("goes on when a hook fails, and says so", async () => {
    const log: string[] = [];
    const app = createApp(uncheckedContainer(noting(log)(A)));
    app.beforeStop(() => {
      throw new Error("broken");
    });
    app.beforeStop(() => log.push("the other hook"));
    await app.start();

    const { ok, services } = await app.stop();

    expect(ok).toBe(false);
    expect(services[0]).toMatchObject({
      token: "beforeStop",
      outcome: "failed",
      error: { message: "broken" },
    });
    expect(log.slice(-3)).toEqual(["the other hook", "stopped a", "disposed a"]);
  });

  it("from a disposer or a `stop` does not wait for itself", async () => {
    const app: App = createApp(
      createContainer(
        singleton(A, () => "a", { eager: true, dispose: async () => void (await app.stop()) }),
        singleton(B, () => "b", { eager: true, stop: async () => void (await app.container.shutdown()) }),
      ),
    );
    await app.start();

    expect((await app.stop()).ok).toBe(true);
  });
});

describe("run", () => {
  it("starts, calls the function with what it resolves, and stops", async () => {
    const log: string[] = [];
    const app = createApp(uncheckedContainer(noting(log)(A)) as Scope);

    expect(await app.run([A], async (a) => (log.push(`run ${a}`), 42))).toBe(42);
    expect(log).toEqual(["built a", "started a", "run a", "stopped a", "disposed a"]);
  });

  it("stops when the function fails, and its error surfaces", async () => {
    const reported = catchReports();
    const failure = new Error("no");
    const reasons: unknown[] = [];
    const app = createApp(
      createContainer(
        singleton(A, () => "a", {
          dispose(_, __, reason) {
            reasons.push(reason);
            throw new Error("cannot dispose");
          },
        }),
      ),
    );

    expect(await rejected(app.run([A], () => Promise.reject(failure)))).toBe(failure);
    expect(reasons).toEqual([failure]);
    expect((await app.done).ok).toBe(false);
    // The error of the function surfaces, so nobody else would hear of the disposer.
    expect(reported).toEqual([new Error("cannot dispose")]);
  });

  it.each(["run", "start", "background"])(
    "tells disposers that something has failed when %s rejects with undefined, as it does of an error",
    async (where) => {
      catchReports();
      const reasons: unknown[] = [];
      const fails = (name: string) => () => (where === name ? Promise.reject(undefined) : undefined);
      const app = createApp(
        createContainer(
          singleton(A, () => "a", {
            eager: true,
            start: fails("start"),
            dispose: (_, __, reason) => reasons.push(reason),
          }),
          background(token<Background>("poller"), [], async () => fails("background")()),
        ),
      );

      await rejected(where === "background" ? app.serve() : app.run([A], fails("run")));

      expect(reasons).toMatchObject([
        { message: "The reason of the failure is undefined", cause: undefined },
      ]);
    },
  );

  it("fails with SHUTDOWN_FAILED when only stopping fails, and with what `start` throws", async () => {
    const app = createApp(
      createContainer(singleton(A, () => "a", { dispose: () => Promise.reject(new Error("no")) })),
    );
    expect(await rejected(app.run([A], () => 1))).toMatchObject({
      code: "SHUTDOWN_FAILED",
      errors: [{ message: "no" }],
    });

    const failing = createApp(createContainer());
    failing.beforeStart(() => Promise.reject(new Error("no start")));
    expect(await rejected(failing.run([], () => 1))).toMatchObject({ message: "no start" });
    expect(await rejected(failing.run([], () => 1))).toMatchObject({ message: "no start" });
  });
});

/** Signals that a test gives. */
function manual() {
  const listeners = new Set<(reason: unknown) => void>();
  return {
    count: () => listeners.size,
    send: (reason: unknown) => listeners.forEach((it) => it(reason)),
    onStop(listener: (reason: unknown) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

describe("serve", () => {
  it("starts, waits for a signal, stops, and leaves no listener", async () => {
    const log: string[] = [];
    const signals = manual();
    const app = createApp(uncheckedContainer(noting(log)(A)));
    const serving = app.serve({ signals });
    await turn();
    expect(app.state).toBe("started");

    signals.send("SIGTERM");

    expect(await serving).toMatchObject({ reason: "SIGTERM", report: { ok: true } });
    expect(signals.count()).toBe(0);
    expect(log).toEqual(["built a", "started a", "stopped a", "disposed a"]);
  });

  it("stops when its signal aborts, at once when that has aborted before", async () => {
    const patience = new AbortController();
    const app = createApp(createContainer());
    const serving = app.serve({ signal: patience.signal });
    await turn();
    patience.abort("enough");
    expect(await serving).toMatchObject({ reason: "enough" });

    const log: string[] = [];
    const late = createApp(uncheckedContainer(noting(log)(A)));
    expect(await late.serve({ signal: AbortSignal.abort("too late") })).toMatchObject({ reason: "too late" });
    expect(log).toEqual([]);
  });

  it("remembers an `end` that came before it", async () => {
    const app = createApp(createContainer());
    app.end("never mind");

    expect(await app.serve()).toMatchObject({ reason: "never mind", report: { ok: true } });
  });

  it("takes a signal that comes while it starts: what had started is stopped, and nothing is an error", async () => {
    const log: string[] = [];
    const signals = manual();
    const gate = deferred();
    const note = noting(log);
    const app = createApp(
      uncheckedContainer(note(A), note(B, [A], { start: () => gate.promise }), note(C, [B])),
    );
    const serving = app.serve({ signals });
    await turn();

    signals.send("SIGINT");
    gate.resolve();

    expect(await serving).toMatchObject({ reason: "SIGINT", report: { ok: true } });
    expect(log).not.toContain("started c");
    expect(log).toContain("stopped a");
  });

  it("fails with what `start` throws, and with SHUTDOWN_FAILED when the report is not ok", async () => {
    const signals = manual();
    const failing = createApp(createContainer());
    failing.beforeStart(() => Promise.reject(new Error("no port")));
    expect(await rejected(failing.serve({ signals }))).toMatchObject({ message: "no port" });
    expect(signals.count()).toBe(0);

    const app = createApp(createContainer(value(A, "a", { dispose: () => Promise.reject(new Error("no")) })));
    const serving = rejected(app.serve({ signals }));
    await turn();
    signals.send("SIGTERM");
    expect(await serving).toMatchObject({ code: "SHUTDOWN_FAILED" });
  });

  it("ends when somebody else stops the app or its container", async () => {
    const app = createApp(createContainer());
    const serving = app.serve();
    await turn();

    await app.container.shutdown({ reason: "a test is over" });

    expect(await serving).toMatchObject({ reason: "a test is over" });
  });
});

describe("a background task", () => {
  const Poller = token<Background>("poller");

  it("runs while the app does: starting does not wait for it, stopping aborts it and waits", async () => {
    const log: string[] = [];
    const app = createApp(
      createContainer(
        singleton(A, () => "a", { dispose: () => log.push("a disposed") }),
        background(Poller, [A], async (a, signal) => {
          log.push(`running on ${a}`);
          await new Promise((end) => signal.addEventListener("abort", end));
          await turn();
          log.push(`ended by ${String(signal.reason)}`);
        }),
      ),
    );

    await app.start();
    expect(app.container.get(Poller).state).toBe("running");
    expect((await app.stop("SIGTERM")).ok).toBe(true);
    expect(log).toEqual(["running on a", "ended by SIGTERM", "a disposed"]);
  });

  it("that fails ends `serve`, and is a row of the report", async () => {
    const failure = new Error("lost the queue");
    const app = createApp(createContainer(background(Poller, [], async () => Promise.reject(failure))));

    const error = await rejected(app.serve());

    expect(error).toMatchObject({ code: "SHUTDOWN_FAILED", errors: [failure] });
    expect((await app.done).services).toMatchObject([{ token: "poller", outcome: "failed", error: failure }]);
  });

  it("that fails without `serve` is told to observers at once, and is in the report when the app stops", async () => {
    const told: unknown[] = [];
    const app = createApp(
      createContainer(
        background(Poller, [], () => {
          throw new Error("lost the queue");
        }),
      ),
    );
    observe(app.container, {
      unhandled: ({ token, error }) => told.push(`${token?.name}: ${String(error)}`),
    });
    await app.start();
    await turn();

    expect(told).toEqual(["poller: Error: lost the queue"]);
    expect(app.state).toBe("started");
    expect(app.container.get(Poller)).toMatchObject({
      state: "failed",
      error: { message: "lost the queue" },
    });
    expect((await app.stop()).services).toMatchObject([{ token: "poller", outcome: "failed" }]);
  });

  it("that gives up with the reason of its signal, or returns early, has not failed", async () => {
    const reported = catchReports();
    const Other = token<Background>("other");
    const app = createApp(
      createContainer(
        background(
          Poller,
          [],
          (signal) => new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason))),
        ),
        background(Other, [], () => {}),
      ),
    );
    await app.start();
    await turn();
    expect(app.container.get(Other).state).toBe("ended");

    expect((await app.stop()).ok).toBe(true);
    expect(reported).toEqual([]);
  });

  it("does not run without an app", async () => {
    let runs = 0;
    const container = createContainer(background(Poller, [], () => void runs++));

    expect(container.get(Poller).state).toBe("idle");
    expect((await container.shutdown()).ok).toBe(true);
    expect(runs).toBe(0);
  });
});

describe("createApp refuses", () => {
  it("a container that has closed, that has an app, and a grace that is no number", async () => {
    const container = createContainer();
    createApp(container);
    expect(() => createApp(container)).toThrow(TypeError);
    expect(() => createApp(createContainer(), { grace: "1s" as never })).toThrow(TypeError);
    const over = createContainer();
    await over.shutdown();
    expect(() => createApp(over)).toThrow(expect.objectContaining({ code: "SCOPE_CLOSED" }) as Error);
  });

  it("a hook that is no function", () => {
    expect(() => createApp(createContainer()).beforeStop(undefined as never)).toThrow(TypeError);
  });

  it("options that a provider does not have", () => {
    for (const write of [
      () => transient(A, () => "a", { start: () => {} } as never),
      () => transient(A, () => "a", { eager: true } as never),
      () => singleton(A, () => "a", { eager: "yes" } as never),
      () => singleton(A, () => "a", { start: true } as never),
    ])
      expect(write).toThrow(expect.objectContaining({ code: "INVALID_PROVIDER" }) as Error);
    expect(defer).toBeTypeOf("function");
  });
});
