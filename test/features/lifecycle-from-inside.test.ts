/**
 * Code that an app calls, and that calls the app: hooks, `start` options, factories, disposers. What it asks for happens
 * once, in order, and nothing waits for itself.
 */
import { createContainer, singleton, token, value, type Scope } from "thimble";
import { background, createApp, type App, type Background, warm } from "thimble/lifecycle";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { rejected } from "../core/support/refusal.ts";
import { catchReports } from "../core/support/report-error.ts";
import { turn } from "../core/support/turn.ts";
import { rejection, settles } from "../situations/waiting.ts";

const [A, B, C] = [token<string>("a"), token<string>("b"), token<string>("c")];
const phases = ["beforeStart", "afterStart", "beforeStop", "afterStop"] as const;

describe("starting from inside", () => {
  it("a hook that waits for the start does not wait for itself", async () => {
    const log: string[] = [];
    const app = createApp(createContainer(singleton(A, () => "a", { start: () => log.push("started") })));
    app.beforeStart(async () => {
      await app.start();
      log.push("beforeStart");
    });
    app.afterStart(() => app.start());

    await settles(app.start());

    expect(log).toEqual(["beforeStart", "started"]);
  });

  it("a factory or a `start` that starts the app starts it once", async () => {
    const log: string[] = [];
    const app: App = createApp(
      createContainer(
        singleton(
          A,
          async () => {
            await app.start();
            log.push("built");
            return "a";
          },
          {
            start: async () => {
              await app.start();
              log.push("started");
            },
          },
        ),
      ),
    );

    await settles(app.start());

    expect(log).toEqual(["built", "started"]);
    expect(app.state).toBe("started");
  });

  it("a hook of the way down is refused to start, also when the start has failed", async () => {
    const refused: unknown[] = [];
    const healthy = createApp(createContainer());
    const failing = createApp(createContainer());
    failing.afterStart(() => Promise.reject(new Error("no")));
    for (const app of [healthy, failing])
      for (const phase of ["beforeStop", "afterStop"] as const)
        app[phase](async () => void refused.push(await rejection(app.start())));

    await settles(healthy.start());
    await settles(healthy.stop());
    await rejection(failing.start());

    expect(refused.map((it) => (it as { code?: string }).code)).toEqual(Array(4).fill("SCOPE_CLOSED"));
  });

  it("is refused once the app has stopped, and tells again why a start has failed", async () => {
    const app = createApp(createContainer());
    await app.start();
    const stopping = app.stop();
    expect(await rejected(app.start())).toMatchObject({ code: "SCOPE_CLOSED" });
    await stopping;
    expect(await rejected(app.start())).toMatchObject({ code: "SCOPE_CLOSED" });

    const failing = createApp(createContainer());
    const failure = new Error("no");
    failing.beforeStart(() => Promise.reject(failure));
    expect(await rejected(failing.start())).toBe(failure);
    expect(await rejected(failing.start())).toBe(failure);
  });

  it("and stopping in the same turn builds nothing", async () => {
    const log: string[] = [];
    const app = createApp(createContainer(singleton(A, () => (log.push("built"), "a"), { eager: true })));
    const starting = rejection(app.start());

    expect(await settles(app.stop())).toMatchObject({ ok: true });
    expect(await starting).toMatchObject({ code: "SCOPE_CLOSED" });
    expect(log).toEqual([]);
  });
});

describe("stopping from inside", () => {
  const stops = {
    "stop()": (app: App) => app.stop("enough"),
    "container.shutdown()": (app: App) => app.container.shutdown({ reason: "enough" }),
  };
  const places = ["a factory", "an init", "a start", ...phases, "a stop", "a disposer"] as const;

  it.for(Object.keys(stops).flatMap((how) => places.map((place) => [how, place] as const)))(
    "%s in %s is carried out once, and nothing waits for itself",
    async ([how, place]) => {
      const log: string[] = [];
      const stopIn = (here: string): Promise<unknown> | undefined => {
        log.push(here);
        return here === place ? stops[how as keyof typeof stops](app) : undefined;
      };
      const app: App = createApp(
        createContainer(
          singleton(A, async () => (await stopIn("a factory"), "a"), {
            init: () => stopIn("an init"),
            start: () => stopIn("a start"),
            stop: () => stopIn("a stop"),
            dispose: () => stopIn("a disposer"),
          }),
        ),
      );
      for (const phase of phases) app[phase](() => stopIn(phase));

      await settles(app.start().catch(() => {}));
      const report = await settles(app.stop());

      expect(report.ok).toBe(true);
      expect(app.state).toBe("stopped");
      // Everything at most once, and in its order. (A build in flight goes on while the hooks run.)
      const order = ["a factory", "beforeStart", "a start", "afterStart"];
      const all = [...order, "beforeStop", "a stop", "a disposer", "afterStop"];
      expect(log.filter((it) => it !== "an init")).toEqual(all.filter((it) => log.includes(it)));
      expect(log).toEqual(expect.arrayContaining(["a factory", "beforeStop", "a disposer", "afterStop"]));
      // What comes before a `start` that has succeeded is stopped as well.
      expect(log.includes("a stop")).toBe(log.includes("a start"));
    },
  );

  it("a factory that stops the app does not have it closed before its hooks have run", async () => {
    const log: string[] = [];
    const gate = deferred();
    const app: App = createApp(
      createContainer(
        singleton(A, () => "a", { eager: true, order: -1, dispose: () => log.push("a disposed") }),
        singleton(B, () => (void app.stop(), "b"), { eager: true }),
      ),
    );
    app.beforeStop(async () => {
      await gate.promise;
      log.push(`beforeStop, ${app.container.state}, with ${app.container.get(A)}`);
    });
    void app.start().catch(() => {});
    await turn();
    expect(app.container.state).toBe("open");
    gate.resolve();

    await settles(app.done);

    expect(log).toEqual(["beforeStop, open, with a", "a disposed"]);
  });

  it("a hook that stops the app and fails then is a row of the report", async () => {
    const app = createApp(createContainer());
    app.beforeStart(() => {
      void app.stop();
      throw new Error("broken");
    });

    expect(await rejection(app.start())).toMatchObject({ code: "SCOPE_CLOSED" });
    expect((await app.done).services).toMatchObject([
      { token: "beforeStart", outcome: "failed", error: { message: "broken" } },
    ]);
  });

  it("a `start` that ends the app that serves is no failure", async () => {
    const log: string[] = [];
    const app: App = createApp(
      createContainer(
        singleton(A, () => "a", { start: () => app.end("nothing to do"), stop: () => log.push("a stopped") }),
        singleton(B, [A], () => "b", { start: () => log.push("b started") }),
      ),
    );

    expect(await settles(app.serve())).toMatchObject({ reason: "nothing to do", report: { ok: true } });
    expect(log).toEqual(["a stopped"]);
  });

  it("a task that stops the app and waits for it does so when it is not waited for itself", async () => {
    const Task = token<Background>("task");
    const app: App = createApp(createContainer(background(Task, [], () => void app.stop("done"))));
    await settles(app.start().catch(() => {}));

    expect(await settles(app.done)).toMatchObject({ ok: true });
  });
});

describe("what a start has failed with while the app was stopped", () => {
  it("is kept: a row of the report for a `start`, a hook, and a factory", async () => {
    const rows: unknown[] = [];
    for (const place of ["start", "hook", "factory"]) {
      const gate = deferred<never>();
      const wait = (here: string) => (here === place ? gate.promise : undefined);
      const app = createApp(
        createContainer(
          singleton(A, async () => (await wait("factory"), "a"), { start: () => wait("start") }),
          singleton(B, () => "b", { eager: true, stop: () => stopped.promise }),
        ),
      );
      const stopped = deferred();
      app.beforeStart(() => wait("hook"));
      const starting = rejection(app.start());
      await turn();
      void app.stop("SIGTERM");
      gate.reject(new Error(place));
      await turn();
      stopped.resolve();

      const report = await settles(app.done);
      expect(report.ok).toBe(false);
      rows.push(...report.services.map(({ token, outcome, error }) => [token, outcome, String(error)]));
      expect(await starting).toMatchObject({ code: "SCOPE_CLOSED" });
    }

    expect(rows).toEqual([
      ["a", "failed", "Error: start"],
      ["beforeStart", "failed", "Error: hook"],
      ["a", "failed", "Error: factory"],
    ]);
  });

  it("is no failure when it has given up because of the signal", async () => {
    const ways: ((signal: AbortSignal) => unknown)[] = [
      (signal) => signal.reason as unknown,
      () => Object.assign(new Error("aborted"), { name: "AbortError" }),
    ];
    for (const way of ways) {
      const app = createApp(
        createContainer(
          singleton(A, () => "a", {
            start: (_, signal) =>
              new Promise((__, fail) =>
                signal.addEventListener("abort", () => fail(way(signal as AbortSignal))),
              ),
          }),
        ),
      );
      const starting = rejection(app.start());
      await turn();

      expect((await settles(app.stop("SIGTERM"))).ok).toBe(true);
      expect(await starting).toMatchObject({ code: "SCOPE_CLOSED" });
    }
  });

  it("goes unheard nowhere when it comes after the deadline", async () => {
    const told: unknown[] = [];
    const gates = [deferred<never>(), deferred<never>()];
    const app = createApp(createContainer(singleton(A, () => "a", { start: () => gates[0]!.promise })), {
      grace: 1,
    });
    observe(app.container, { unhandled: ({ error }) => told.push(error) });
    app.beforeStop(() => gates[1]!.promise);
    const starting = rejection(app.start());
    await turn();

    const { services } = await settles(app.stop());
    expect(services.map(({ token, outcome }) => `${token} ${outcome}`)).toEqual([
      "a abandoned",
      "beforeStop abandoned",
    ]);
    await starting;
    const reported = catchReports();
    gates.forEach((gate, at) => gate.reject(at));
    await turn();

    // The scope has closed, and its observers with it.
    expect([...told, ...reported].sort()).toEqual([0, 1]);
  });
});

describe("the order of things that fail", () => {
  it("is kept: several builds, then what failed on the way back, in one list", async () => {
    const [first, second, third] = ["a", "b", "dispose c"].map((it) => new Error(it));
    const app = createApp(
      createContainer(
        singleton(A, () => Promise.reject(first!), { eager: true }),
        singleton(B, () => Promise.reject(second!), { eager: true }),
        singleton(C, () => "c", { eager: true, dispose: () => Promise.reject(third!) }),
      ),
    );

    expect(await rejected(app.start())).toMatchObject({
      code: "START_FAILED",
      errors: [first, second, third],
      cause: first,
    });
  });
});

describe("run and serve", () => {
  it("a second run is refused while the first one runs, and does not stop it", async () => {
    const gate = deferred();
    const app = createApp(createContainer(value(A, "a")));
    const first = app.run([A], async (a) => (await gate.promise, a));
    await turn();

    expect(await rejection(app.run([A], () => "second"))).toBeInstanceOf(TypeError);
    expect(app.state).toBe("started");
    gate.resolve();

    expect(await settles(first)).toBe("a");
    expect(await rejection(app.run([A], () => "third"))).toMatchObject({ code: "SCOPE_CLOSED" });
  });

  it("serving twice, or after a start, is one start and one end", async () => {
    const log: string[] = [];
    const app = createApp(
      createContainer(
        singleton(A, () => "a", { start: () => log.push("started"), stop: () => log.push("stopped") }),
      ),
    );
    await app.start();
    const [first, second] = [app.serve(), app.serve()];
    await turn();
    app.end("enough");
    app.end("later");

    expect(await settles(first)).toEqual(await settles(second));
    expect(await settles(app.serve())).toMatchObject({ reason: "enough", report: { ok: true } });
    expect(log).toEqual(["started", "stopped"]);
  });

  it("`end` twice before `serve` counts once, and `stop` before `serve` is its end", async () => {
    const ended = createApp(createContainer());
    ended.end("first");
    ended.end("second");
    expect(await settles(ended.serve())).toMatchObject({ reason: "first" });

    const stopped = createApp(createContainer());
    await stopped.stop("by hand");
    expect(await settles(stopped.serve())).toMatchObject({ reason: "by hand", report: { ok: true } });
  });

  it("from inside are refused, because what they wait for would wait for them", async () => {
    const errors: unknown[] = [];
    const app: App = createApp(
      createContainer(
        singleton(A, () => "a", { start: async () => void errors.push(await rejection(app.serve())) }),
      ),
    );
    app.afterStart(async () => void errors.push(await rejection(app.run([], () => 1))));

    await settles(app.start());

    expect(errors).toEqual([expect.any(TypeError), expect.any(TypeError)]);
    expect(app.state).toBe("started");
  });

  it("a run may stop its app, and its services are gone afterwards", async () => {
    const log: string[] = [];
    const app = createApp(createContainer(singleton(A, () => "a", { dispose: () => log.push("disposed") })));

    await settles(
      app.run([A], async () => {
        await app.stop();
        log.push("still running");
      }),
    );

    expect(log).toEqual(["disposed", "still running"]);
  });

  it("leave no listener, whatever goes wrong", async () => {
    let listeners = 0;
    const signals = {
      onStop: () => (listeners++, () => void listeners--),
    };
    const wrong = { signals, signal: { aborted: false, addEventListener: 1 } };
    const app = createApp(createContainer());
    expect(await rejection(app.serve(wrong as never))).toBeInstanceOf(TypeError);
    expect(listeners).toBe(0);
    const deaf = {
      onStop: () => {
        throw new Error("in a worker thread");
      },
    };
    expect(await rejection(app.serve({ signals: deaf }))).toMatchObject({ message: "in a worker thread" });
    // Nothing has begun: the app may still serve.
    expect(app.state).toBe("new");
    app.end();
    await settles(app.serve({ signals }));
    expect(listeners).toBe(0);
  });
});

describe("done", () => {
  it("never rejects, and a start that nobody waits for is the only thing that does", async () => {
    const app = createApp(
      createContainer(singleton(A, () => "a", { dispose: () => Promise.reject(new Error("no")) })),
    );
    app.beforeStop(() => Promise.reject(new Error("no hook")));
    await app.run([A], () => {}).catch(() => {});

    const { ok, services } = await app.done;
    expect([ok, services.length]).toEqual([false, 2]);
  });

  it("is what further shutdowns of the container give, also after it has closed", async () => {
    const app = createApp(createContainer());
    app.beforeStop(() => Promise.reject(new Error("no hook")));
    await app.start();
    const report = await app.stop();

    expect(await app.container.shutdown()).toBe(report);
    expect(await app.container.shutdown({ timeout: 10_000 })).toBe(report);
  });

  it("makes `await using` of the container fail when a hook has failed", async () => {
    let app!: App;
    const block = async (): Promise<void> => {
      const container: Scope = createContainer();
      try {
        app = createApp(container);
        app.afterStop(() => Promise.reject(new Error("no hook")));
        await app.start();
      } finally {
        // What `await using container` comes down to.
        await container[
          (Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")) as typeof Symbol.asyncDispose
        ]();
      }
    };

    expect(await rejection(block())).toMatchObject({ code: "SHUTDOWN_FAILED" });
    expect(app.state).toBe("stopped");
  });
});

describe("hooks", () => {
  it("that are removed before their turn are not called", async () => {
    const log: string[] = [];
    const app = createApp(createContainer());
    app.afterStart(() => remove());
    const remove = app.afterStart(() => log.push("removed"));

    await app.start();

    expect(log).toEqual([]);
  });

  it("given twice are called twice, and removed one at a time", async () => {
    const log: string[] = [];
    const hook = (): unknown => log.push("called");
    const app = createApp(createContainer());
    app.afterStart(hook);
    const remove = app.afterStart(hook);
    remove();
    remove();

    await app.start();

    expect(log).toEqual(["called"]);
  });

  it("receive their app", async () => {
    const app = createApp(createContainer());
    const given: App[] = [];
    for (const phase of phases) app[phase]((it) => given.push(it));
    await app.start();
    await app.stop();

    expect(given).toEqual([app, app, app, app]);
  });
});

describe("options", () => {
  it("of a shutdown are checked before anything happens", async () => {
    const app = createApp(createContainer());
    await app.start();
    expect(() => app.container.shutdown({ timeout: -1 })).toThrow(TypeError);
    expect(() => app.container.shutdown({ signal: "SIGTERM" as never })).toThrow(TypeError);
    expect(app.state).toBe("started");

    expect(await settles(app.stop())).toMatchObject({ ok: true });
  });

  it("of an app that do not exist, and what is no container, are refused by name", async () => {
    expect(() => createApp(createContainer(), { timeout: 5 } as never)).toThrow(
      'createApp: no option is named "timeout": there is grace',
    );
    expect(() => createApp({} as never)).toThrow(TypeError);
    expect(() => createApp(undefined as never)).toThrow(TypeError);
    const app = createApp(createContainer());
    for (const wrong of [{ timeout: 5 }, { signals: ["SIGTERM"] }, { signal: "SIGTERM" }])
      expect(await rejection(app.serve(wrong as never))).toBeInstanceOf(TypeError);
    expect(app.state).toBe("new");
  });

  it("of all functions name what was probably meant", async () => {
    const app = createApp(createContainer());
    const errors = await Promise.all([
      rejection(app.serve({ signal: undefined, sinals: [] } as never)),
      rejection(warm(createContainer(), { al: true } as never)),
      rejection(warm(createContainer(), { all: 1 } as never)),
      rejection(app.serve({ signals: "SIGTERM" } as never)),
    ]);
    expect(errors.map(String)).toEqual([
      'TypeError: serve: no option is named "sinals": did you mean "signals"?',
      'TypeError: warm: no option is named "al": did you mean "all"?',
      'TypeError: warm: the option "all" is true or false, not 1',
      'TypeError: serve: the option "signals" is what signals() of the entry point of a runtime gives, not of type string',
    ]);
  });
});

describe("what fails in stopping, when something else has failed before", () => {
  const [Broken, Other] = [token<object>("broken"), token<object>("other")];
  const fails = (text: string) => (): never => {
    throw new Error(text);
  };

  it.each(["an observer", "the runtime"])(
    "is told to %s, because run throws what fn throws",
    async (whom) => {
      const told: unknown[] = [];
      const reports = catchReports();
      const container = createContainer(
        singleton(Broken, () => ({}), { dispose: fails("disposal") }),
        singleton(Other, () => ({}), { stop: fails("stop") }),
      );
      if (whom === "an observer") observe(container, { unhandled: ({ error }) => told.push(error) });
      const app = createApp(container);
      app.afterStop(fails("hook"));

      const thrown = await rejection(app.run([Broken, Other], fails("work")));

      expect(String(thrown)).toBe("Error: work");
      expect((whom === "an observer" ? told : reports).map(String)).toEqual([
        "Error: stop",
        "Error: disposal",
        "Error: hook",
      ]);
    },
  );

  it("is told once when the start has failed: it is thrown with the error of the start", async () => {
    const told: unknown[] = [];
    const container = createContainer(
      singleton(Broken, () => ({}), { eager: true, dispose: fails("disposal") }),
      singleton(Other, fails("factory"), { eager: true }),
    );
    observe(container, { unhandled: ({ error }) => told.push(error) });

    const thrown = await rejection(createApp(container).run([], () => {}));

    expect((thrown as { errors: unknown[] }).errors.map(String)).toEqual([
      "Error: factory",
      "Error: disposal",
    ]);
    expect(told).toEqual([]);
  });

  it("is told once when a scope above has given up the app", async () => {
    const told = catchReports();
    const gate = deferred();
    const root: Scope = createContainer();
    const container = root.createScope(
      "app",
      singleton(Broken, () => ({}), { dispose: fails("disposal") }),
    );
    container.get(Broken);
    const app = createApp(container);
    app.beforeStop(() => gate.promise);
    await app.start();

    const report = await root.shutdown({ signal: AbortSignal.abort() });
    gate.reject(new Error("hook"));
    await turn();

    expect(report.services.map((row) => `${row.token} ${row.outcome}`)).toEqual([
      "app of app abandoned",
      "broken failed",
    ]);
    expect(told.map(String)).toEqual(["Error: hook"]);
  });
});
