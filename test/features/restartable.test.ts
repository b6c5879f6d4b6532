/** `restartable` of `thimble/reload`: data, and a runtime that is made from it anew. */

import { createContainer, singleton, token, value, type Scope } from "thimble";
import { release, type Restartable, restartable } from "thimble/reload";
import { beforeEach, describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { catchReports } from "../core/support/report-error.ts";
import { laterRefusal, refusal, rejected } from "../core/support/refusal.ts";

interface Core {
  port: number;
  tags: string[];
}
interface Runtime {
  readonly name: string;
}
const Server = token<Restartable<Core, Runtime>>("server");
const core: Core = { port: 1, tags: [] };

let log: string[] = [];
let reports: unknown[] = [];
beforeEach(() => {
  log = [];
  reports = catchReports();
});
const says = (text: string) => (runtime: Runtime) => void log.push(`${text} ${runtime.name}`);
const build = ({ port, tags }: Core): Runtime => {
  log.push(`build ${port}`);
  return { name: [port, ...tags].join("+") };
};
/** The first runs begin one turn after the service was built. */
const begun = () => new Promise((resolve) => setTimeout(resolve));
const untilAborted = (signal: {
  readonly aborted: boolean;
  addEventListener(type: "abort", fn: () => void): void;
}) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve());
  });

describe("a restartable service", () => {
  it("is built once, and again after an update, in this order", async () => {
    const app: Scope = createContainer(
      restartable(Server, {
        core,
        build,
        run: async (runtime, signal) => {
          log.push(`run ${runtime.name}`);
          await untilAborted(signal);
          log.push(`aborted ${runtime.name}`);
        },
        beforeRun: says("before"),
        afterRun: says("after"),
        afterRestart: says("restarted"),
        dispose: says("dispose"),
      }),
    );
    const server = app.get(Server);
    expect(server.runtime).toEqual({ name: "1" });
    expect([server.state, server.generation]).toEqual(["running", 1]);
    await begun();

    await server.update((draft) => void (draft.port = 2));
    await server.settled();

    expect(server.runtime).toEqual({ name: "2" });
    expect([server.state, server.generation]).toEqual(["running", 2]);
    expect(app.get(Server)).toBe(server);
    expect(log).toEqual([
      "build 1",
      "before 1",
      "run 1",
      "aborted 1",
      "after 1",
      "dispose 1",
      "build 2",
      "before 2",
      "run 2",
      "restarted 2",
    ]);

    log = [];
    expect((await app.shutdown()).ok).toBe(true);
    expect(log).toEqual(["aborted 2", "after 2", "dispose 2"]);
    expect(server.state).toBe("stopped");
  });

  it("has a copy of its core in each container, which nothing outside can change", async () => {
    const mine: Core = { port: 1, tags: ["a"] };
    const provider = restartable(Server, {
      core: mine,
      build: (given) => {
        given.tags.push("built");
        return { name: given.tags.join() };
      },
    });
    mine.tags.push("later");
    const a = createContainer(provider).get(Server);
    const b = createContainer(provider).get(Server);
    let kept: Core | undefined;
    await a.update((draft) => {
      draft.tags.push("of a");
      kept = draft;
    });
    kept!.tags.push("too late");
    await Promise.all([a.settled(), b.restart()]);
    expect(a.runtime?.name).toBe("a,of a,built");
    expect(b.runtime?.name).toBe("a,built");
  });

  it("is given its dependencies and a signal", async () => {
    const Prefix = token<string>("prefix");
    const app = createContainer(
      value(Prefix, "p"),
      restartable(Server, {
        core,
        deps: [Prefix],
        build: ({ port }, prefix, signal) => ({ name: `${prefix}${port} ${signal.aborted}` }),
      }),
    );
    const server = app.get(Server);
    await server.restart();
    expect(server.runtime?.name).toBe("p1 false");
  });

  it("may be built asynchronously", async () => {
    const app: Scope = createContainer(restartable(Server, { core, build: async (it) => build(it) }));
    expect(refusal(() => app.get(Server)).code).toBe("ASYNC_PROVIDER");
    expect((await app.getAsync(Server)).runtime?.name).toBe("1");
  });

  it("takes what an edit returns in place of the draft", async () => {
    const Count = token<Restartable<number, number>>("count");
    const count = createContainer(restartable(Count, { core: 1, build: (n) => n * 10 })).get(Count);
    await count.update((n) => n + 1);
    await count.settled();
    expect(count.runtime).toBe(20);
  });

  it("fails its first build like any service, and the next resolve tries again", async () => {
    let isBroken = true;
    const app: Scope = createContainer(
      restartable(Server, {
        core,
        build: (it) => {
          if (isBroken) throw new Error("no");
          return build(it);
        },
      }),
    );
    expect(() => app.get(Server)).toThrow("no");
    isBroken = false;
    expect(app.get(Server).state).toBe("running");
  });

  it("disposes a runtime whose beforeRun has failed", async () => {
    const app: Scope = createContainer(
      restartable(Server, {
        core,
        build,
        beforeRun: () => {
          throw new Error("not ready");
        },
        dispose: says("dispose"),
      }),
    );
    await expect(app.getAsync(Server)).rejects.toThrow("not ready");
    expect(log).toEqual(["build 1", "dispose 1"]);
  });

  it("disposes a runtime by its symbol, unless it is told not to", async () => {
    const Thing = token<Restartable<number, { [Symbol.dispose](): void }>>("thing");
    const make = () => ({ [Symbol.dispose]: () => void log.push("symbol") });
    const app: Scope = createContainer(restartable(Thing, { core: 1, build: make }));
    await app.get(Thing).restart();
    expect(log).toEqual(["symbol"]);
    await app.shutdown();
    expect(log).toEqual(["symbol", "symbol"]);
    const kept: Scope = createContainer(restartable(Thing, { core: 1, build: make, dispose: false }));
    kept.get(Thing);
    await kept.shutdown();
    expect(log).toHaveLength(2);
  });

  it("begins with its first data again when it was released", async () => {
    const app: Scope = createContainer(restartable(Server, { core, build, dispose: says("dispose") }));
    const server = app.get(Server);
    await server.update((draft) => void (draft.port = 2));
    await server.settled();
    await release(app, Server);
    expect(app.get(Server).runtime?.name).toBe("1");
    expect(log).toEqual(["build 1", "dispose 1", "build 2", "dispose 2", "build 1"]);
    expect((await laterRefusal(server.update(() => {}))).code).toBe("SCOPE_CLOSED");
  });

  it("refuses options that are wrong when it is defined", () => {
    const define = (options: object) => () => restartable(Server, options as never);
    expect(refusal(define({ core })).code).toBe("INVALID_PROVIDER");
    expect(refusal(define({ core, build, onDispose() {} })).hint).toContain("dispose");
    expect(refusal(define({ core, build, beforeRun: 1 })).message).toContain("beforeRun");
    expect(refusal(define({ core, build, run: { a: 1 } })).message).toContain("run");
    expect(refusal(define({ core, build, grace: -1 })).message).toContain("grace");
    expect(refusal(define({ core, build, dispose: 1 })).message).toContain("dispose");
    expect(refusal(define({ core: () => {}, build })).message).toContain("core");
  });
});

describe("updates", () => {
  it("a thousand at once are all stored, and cost one restart", async () => {
    const Count = token<Restartable<{ n: number }, number>>("count");
    let builds = 0;
    const count = createContainer(
      restartable(Count, { core: { n: 0 }, build: ({ n }) => (builds++, n) }),
    ).get(Count);

    await Promise.all(Array.from({ length: 1_000 }, () => count.update((draft) => void draft.n++)));
    await count.settled();

    expect(count.runtime).toBe(1_000);
    expect(builds).toBe(2);
    expect(count.generation).toBe(2);
  });

  it("a thousand while a restart is under way cost one more", async () => {
    const Count = token<Restartable<{ n: number }, number>>("count");
    const gate = deferred<void>();
    const starts: number[] = [];
    const app = createContainer(
      restartable(Count, {
        core: { n: 0 },
        build: async ({ n }, signal) => {
          starts.push(n);
          if (starts.length === 2) await Promise.race([gate.promise, untilAborted(signal)]);
          signal.throwIfAborted();
          return n;
        },
      }),
    );
    const count = await app.getAsync(Count);
    await count.update((draft) => void draft.n++);
    await new Promise((resolve) => setTimeout(resolve));
    for (let i = 0; i < 1_000; i++) void count.update((draft) => void draft.n++);
    await count.settled();
    expect(starts).toEqual([0, 1, 1_001]);
    expect([count.runtime, count.state, count.generation]).toEqual([1_001, "running", 2]);
    expect(reports).toEqual([]);
  });

  it("are made one after the other, and are never seen half done", async () => {
    const gate = deferred<void>();
    const seen: string[] = [];
    const Pair = token<Restartable<{ a: number; b: number }, void>>("pair");
    const pair = createContainer(
      restartable(Pair, { core: { a: 0, b: 0 }, build: ({ a, b }) => void seen.push(`${a}=${b}`) }),
    ).get(Pair);
    const slow = pair.update(async (draft) => {
      draft.a++;
      await gate.promise;
      draft.b++;
    });
    const fast = pair.update((draft) => {
      draft.a *= 10;
      draft.b *= 10;
    });
    const restarted = pair.restart();
    gate.resolve();
    await Promise.all([slow, fast, restarted]);
    await pair.settled();
    expect(seen[0]).toBe("0=0");
    expect(seen.at(-1)).toBe("10=10");
    for (const it of seen) expect(it.split("=")[0]).toBe(it.split("=")[1]);
  });

  it("that throw change nothing, and cost no restart", async () => {
    const server = createContainer(restartable(Server, { core, build })).get(Server);
    const bad = server.update((draft) => {
      draft.port = 9;
      throw new Error("bad edit");
    });
    await expect(bad).rejects.toThrow("bad edit");
    await expect(server.update(async () => Promise.reject(new Error("later")))).rejects.toThrow("later");
    expect(await rejected(server.update((() => () => {}) as never))).toBeInstanceOf(Error);
    await server.settled();
    expect([server.generation, server.runtime?.name]).toEqual([1, "1"]);
    await server.update(() => {});
    await server.settled();
    expect(server.runtime?.name).toBe("1");
  });

  it("inside of an edit are refused, for they would wait for themselves", async () => {
    const server = createContainer(restartable(Server, { core, build })).get(Server);
    let inner: Promise<void> | undefined;
    await server.update(() => {
      inner = server.update(() => {});
      inner.catch(() => {});
    });
    await expect(inner).rejects.toThrow("an edit cannot wait");
    expect(await rejected(server.update(1 as never))).toBeInstanceOf(TypeError);
  });

  it("from inside of a run do not deadlock", async () => {
    const app: Scope = createContainer(
      restartable(Server, {
        core,
        build,
        grace: Infinity,
        run: async (runtime) => {
          if (runtime.name !== "1") return;
          await app.get(Server).update((draft) => void draft.port++);
          log.push("went on");
        },
      }),
    );
    const server = app.get(Server);
    await new Promise((resolve) => setTimeout(resolve));
    await server.settled();
    expect(log).toEqual(["build 1", "went on", "build 2"]);
  });

  it("from inside of a run of another one do not deadlock either", async () => {
    const Other = token<Restartable<number, number>>("other");
    const app: Scope = createContainer(
      restartable(Server, { core, build, run: async () => app.get(Other).update((n) => n + 1) }),
      restartable(Other, {
        core: 1,
        build: (n) => n,
        run: async (n) => (n < 3 ? app.get(Server).update((draft) => void (draft.port = n)) : undefined),
      }),
    );
    app.get(Other);
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve));
      await app.get(Server).settled();
      await app.get(Other).settled();
    }
    expect([app.get(Server).state, app.get(Other).state]).toEqual(["running", "running"]);
    expect((await app.shutdown()).ok).toBe(true);
  });
});

describe("what would wait for itself", () => {
  const Late = token<Restartable<{ n: number }, number>>("late");
  const hooks = ["build", "beforeRun", "afterRun", "afterRestart", "dispose"] as const;
  const open = (on: (hook: string, handle: Restartable<{ n: number }, number>) => unknown) => {
    let handle: Restartable<{ n: number }, number> | undefined;
    const hook = (name: string, result?: unknown) => async (): Promise<unknown> => {
      if (handle) await on(name, handle);
      return result;
    };
    const app: Scope = createContainer(
      restartable(Late, {
        core: { n: 0 },
        run: (_, signal) => new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
        ...(Object.fromEntries(hooks.map((it) => [it, hook(it)])) as never as { build: () => number }),
      }),
    );
    return app.getAsync(Late).then((it) => (handle = it));
  };

  it.each(hooks.flatMap((it) => [[it, "restart"] as const, [it, "settled"] as const]))(
    "is refused: %s that awaits %s",
    async (hook, method) => {
      const errors: unknown[] = [];
      const handle = await open((name, it) => (name === hook ? it[method]() : undefined));
      const reports = catchReports();
      await handle.restart().catch((error: unknown) => errors.push(error));
      await handle.settled();
      expect([...errors, ...reports].map(String)).toEqual([
        `TypeError: ${hook} cannot wait for a restart of "late", which waits for it`,
      ]);
      expect(handle.state).toBe(hook === "build" || hook === "beforeRun" ? "failed" : "running");
    },
  );

  it("is refused: an edit that awaits a restart, and nothing is stored", async () => {
    const handle = await open(() => {});
    for (const method of ["restart", "settled"] as const) {
      const edit = handle.update((draft) => ((draft.n = 1), handle[method]()));
      await expect(edit).rejects.toThrow('an edit cannot wait for a restart of "late"');
    }
    await handle.update((draft) => void expect(draft.n).toBe(0));
  });

  it("is not what has ended by itself: afterRun may restart", async () => {
    let isFirst = true;
    const app: Scope = createContainer(
      restartable(Late, {
        core: { n: 0 },
        build: ({ n }) => n,
        run: () => {},
        afterRun: async () => {
          if (!isFirst) return;
          isFirst = false;
          await app.get(Late).restart();
        },
      }),
    );
    const handle = app.get(Late);
    await new Promise((resolve) => setTimeout(resolve));
    await handle.settled();
    expect([handle.generation, handle.state]).toEqual([2, "running"]);
  });

  it("keeps nothing else from running: a service that edits its data after each restart", async () => {
    let isOver = false;
    const handle = await open((hook, it) =>
      hook === "afterRestart" && !isOver ? it.update((draft) => void draft.n++) : undefined,
    );
    await handle.update(() => {});
    await new Promise((resolve) => setTimeout(resolve));
    isOver = true;
    await handle.settled();
    expect(handle.state).toBe("running");
  });
});

describe("a restart", () => {
  it("that fails leaves the state failed and everything else running, and the next update tries again", async () => {
    const Other = token<string>("other");
    const app: Scope = createContainer(
      restartable(Server, {
        core,
        build: (it) => {
          if (it.port === 2) throw new Error("port 2 is taken");
          return build(it);
        },
        dispose: says("dispose"),
      }),
      singleton(Other, [Server], () => "other"),
    );
    const server = app.get(Server);
    app.get(Other);
    await server.update((draft) => void (draft.port = 2));
    await server.settled();
    expect([server.state, server.runtime, server.generation]).toEqual(["failed", undefined, 1]);
    expect((server.error as Error).message).toBe("port 2 is taken");
    expect(reports.map(String)).toEqual(["Error: port 2 is taken"]);
    expect(app.get(Other)).toBe("other");
    expect(app.state).toBe("open");

    await expect(server.restart()).rejects.toThrow("port 2 is taken");
    expect(reports).toHaveLength(1);

    await server.update((draft) => void (draft.port = 3));
    await server.settled();
    expect([server.state, server.runtime?.name, server.error, server.generation]).toEqual([
      "running",
      "3",
      undefined,
      2,
    ]);
    expect((await app.shutdown()).ok).toBe(true);
    expect(log).toEqual(["build 1", "dispose 1", "build 3", "dispose 3"]);
  });

  it("goes on when the end of the old runtime fails, and reports that", async () => {
    const app: Scope = createContainer(
      restartable(Server, {
        core,
        build,
        afterRun: () => Promise.reject(new Error("after")),
        dispose: ({ name }) => {
          if (name === "1") throw new Error("dispose");
        },
      }),
    );
    const server = app.get(Server);
    await server.restart();
    await server.update((draft) => void (draft.port = 2));
    await server.settled();
    expect(server.state).toBe("running");
    expect(reports.map(String)).toEqual(["Error: after", "Error: dispose", "Error: after", "Error: dispose"]);
  });

  it("leaves behind a run that does not end in time, and reports it", async () => {
    const app: Scope = createContainer(
      restartable(Server, { core, build, grace: 0, run: { stuck: () => new Promise(() => {}) } }),
    );
    const server = app.get(Server);
    await begun();
    await server.restart();
    expect(server.generation).toBe(2);
    expect(String(reports[0])).toContain('A run of "server" (stuck) has not ended within 0 ms');
    const report = await app.shutdown();
    expect(report.services.map(({ outcome, phase }) => [outcome, phase])).toEqual([
      ["failed", "stop"],
      ["disposed", undefined],
    ]);
  });

  it("waits for the runs that have to end before the next ones begin", async () => {
    const gate = deferred<void>();
    const app: Scope = createContainer(
      restartable(Server, {
        core,
        build,
        run: {
          a: async ({ name }, signal) => {
            await untilAborted(signal);
            await gate.promise;
            log.push(`a ended ${name}`);
          },
          b: ({ name }) => void log.push(`b ${name}`),
        },
      }),
    );
    const server = app.get(Server);
    await begun();
    const restarted = server.restart();
    await new Promise((resolve) => setTimeout(resolve));
    expect(log).toEqual(["build 1", "b 1"]);
    expect(server.state).toBe("restarting");
    gate.resolve();
    await restarted;
    expect(log).toEqual(["build 1", "b 1", "a ended 1", "build 1", "b 1"]);
  });

  it("is not begun by a run that fails, which is reported", async () => {
    const server = createContainer(
      restartable(Server, { core, build, run: () => Promise.reject(new Error("run")) }),
    ).get(Server);
    await new Promise((resolve) => setTimeout(resolve));
    expect(reports.map(String)).toEqual(["Error: run"]);
    expect([server.state, server.generation]).toEqual(["running", 1]);
  });

  it("calls afterRun once, when the runs have ended by themselves", async () => {
    const app: Scope = createContainer(
      restartable(Server, { core, build, run: async () => {}, afterRun: says("after") }),
    );
    app.get(Server);
    await new Promise((resolve) => setTimeout(resolve));
    expect(log).toEqual(["build 1", "after 1"]);
    await app.shutdown();
    expect(log).toEqual(["build 1", "after 1"]);
  });

  it("goes no further when the container stops", async () => {
    const gate = deferred<void>();
    let builds = 0;
    const app: Scope = createContainer(
      restartable(Server, {
        core,
        build: async (it) => {
          if (++builds === 2) await gate.promise;
          return build(it);
        },
        run: says("run"),
        dispose: says("dispose"),
      }),
    );
    const server = await app.getAsync(Server);
    const restarted = server.restart();
    await new Promise((resolve) => setTimeout(resolve));
    const shut = app.shutdown();
    gate.resolve();
    expect((await shut).ok).toBe(true);
    await restarted;
    expect(log).toEqual(["build 1", "run 1", "dispose 1", "build 1", "dispose 1"]);
    expect([server.state, server.runtime]).toEqual(["stopped", undefined]);
    expect((await laterRefusal(server.restart())).code).toBe("SCOPE_CLOSED");
    await server.settled();
  });

  it("that is pending when the container stops does not begin", async () => {
    const app: Scope = createContainer(restartable(Server, { core, build, dispose: says("dispose") }));
    const server = app.get(Server);
    void server.update((draft) => void (draft.port = 2));
    await app.shutdown();
    await server.settled();
    expect(log).toEqual(["build 1", "dispose 1"]);
  });
});
