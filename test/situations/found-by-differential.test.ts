/**
 * Programs that went wrong when random programs, and some written by hand, were run on two engines side by side; each as
 * small as it could be made.
 */

import {
  alias,
  all,
  createContainer,
  currentScope,
  defer,
  isContainerError,
  map,
  pathOf,
  ref,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Resolver,
  type Scope,
  type ShutdownReport,
} from "thimble";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { refusal } from "../core/support/refusal.ts";
import { turn } from "../core/support/turn.ts";
import { settles } from "./waiting.ts";

const A = token<unknown>("a");
const B = token<unknown>("b");
const C = token<unknown>("c");
const D = token<unknown>("d");
const E = token<unknown>("e");
const First = token<unknown>("first");

const tokensOf = (report: ShutdownReport): string[] => report.services.map((row) => row.token).toSorted();

function failing(): never {
  throw new Error("init failed");
}

/** What was thrown, or what was returned. */
function attempt(fn: () => unknown): unknown {
  try {
    return fn();
  } catch (error) {
    return error;
  }
}

describe("an instance whose init failed", () => {
  it("does not end a shutdown early when its disposal began before it and ends before the scopes below have closed", async () => {
    const [first, second, third] = [deferred(), deferred(), deferred()];
    const app: Scope = createContainer(
      singleton(A, () => "a", { init: failing, dispose: () => first.promise }),
      singleton(B, () => "b", { dispose: () => third.promise }),
    );
    app
      .createScope(
        "request",
        singleton(C, () => "c", { dispose: () => second.promise }),
      )
      .get(C);
    app.get(B);
    expect(() => app.get(A)).toThrow("init failed");

    let over = false;
    const closing = app.shutdown().finally(() => (over = true));
    first.resolve();
    await turn();
    second.resolve();
    await turn();
    expect(over).toBe(false);
    third.resolve();

    expect(tokensOf(await settles(closing))).toEqual(["a", "b", "c"]);
  });

  it("is in the report of the shutdown that its own disposer begins", async () => {
    let closing: Promise<ShutdownReport> | undefined;
    const app: Scope = createContainer(
      singleton(A, () => "a", { init: failing, dispose: () => void (closing = app.shutdown()) }),
    );
    expect(() => app.get(A)).toThrow("init failed");

    expect(tokensOf(await settles(closing!))).toEqual(["a"]);
  });

  it("does not end the shutdown that its disposer begins before the disposals of others", async () => {
    const gate = deferred();
    let closing: Promise<ShutdownReport> | undefined;
    const app: Scope = createContainer(
      singleton(B, () => "b", { dispose: () => gate.promise }),
      singleton(A, [B], () => "a", { init: failing, dispose: () => void (closing = app.shutdown()) }),
    );
    expect(() => app.get(A)).toThrow("init failed");

    // The disposer does not wait for the shutdown, which waits for it.
    const early = await settles(closing!);
    expect(app.state).toBe("closing");
    gate.resolve();

    const report = await settles(app.shutdown());
    expect(tokensOf(report)).toEqual(["a", "b"]);
    expect(report).toBe(early);
  });
});

describe("a shutdown that begins while a factory runs", () => {
  it("waits for the factory and disposes what it makes, when the disposer of a failed dependency calls it", async () => {
    const disposed: string[] = [];
    let closing: Promise<ShutdownReport> | undefined;
    const app: Scope = createContainer(
      singleton(A, () => "a", { init: failing, dispose: () => void (closing = app.shutdown()) }),
      singleton(
        B,
        ({ get }) => {
          attempt(() => get(A));
          return "b, without a";
        },
        { dispose: () => disposed.push("b") },
      ),
    );

    expect(
      isContainerError(
        attempt(() => app.get(B)),
        "SCOPE_CLOSED",
      ),
    ).toBe(true);
    expect(tokensOf(await settles(closing!))).toContain("b");
    expect(disposed).toEqual(["b"]);
  });

  it("waits for the factory and disposes in order, when an observer calls it", async () => {
    const log: string[] = [];
    let closing: Promise<ShutdownReport> | undefined;
    const app: Scope = createContainer(
      singleton(A, () => "a", { dispose: () => log.push("a disposed") }),
      singleton(
        B,
        [A, currentScope],
        (a, scope) => {
          scope.createScope("job");
          log.push(`b made with ${String(a)}`);
          return "b";
        },
        { dispose: () => log.push("b disposed") },
      ),
    );
    observe(app, { scopeOpened: () => void (closing = app.shutdown()) });

    expect(
      isContainerError(
        attempt(() => app.get(B)),
        "SCOPE_CLOSED",
      ),
    ).toBe(true);
    expect(tokensOf(await settles(closing!))).toEqual(["a", "b"]);
    expect(log).toEqual(["b made with a", "b disposed", "a disposed"]);
  });

  it("waits for an asynchronous factory that an observer of a failed dependency interrupts", async () => {
    const gate = deferred();
    const log: string[] = [];
    let closing: Promise<ShutdownReport> | undefined;
    const app: Scope = createContainer(
      singleton(C, failing),
      singleton(A, () => "a", { dispose: () => log.push("a disposed") }),
      singleton(
        B,
        async ({ get }) => {
          const a = get(A);
          attempt(() => get(C));
          await gate.promise;
          log.push(`b made with ${String(a)}`);
          return "b";
        },
        { dispose: () => log.push("b disposed") },
      ),
    );
    observe(app, { buildFailed: ({ token }) => void (token === C && (closing = app.shutdown())) });

    const resolved = app.getAsync(B).catch((error: unknown) => error);
    gate.resolve();
    expect(isContainerError(await settles(resolved), "SCOPE_CLOSED")).toBe(true);
    await settles(closing!);
    await turn();
    expect(log).toEqual(["b made with a", "b disposed", "a disposed"]);
  });

  it("waits for it also when another service, which goes on meanwhile, calls it", async () => {
    const gate = deferred<string>();
    const log: string[] = [];
    let closing: Promise<ShutdownReport> | undefined;
    const app: Scope = createContainer(
      singleton(A, () => gate.promise),
      singleton(B, () => new Promise(() => {})),
      singleton(C, () => "c", { dispose: () => log.push("c disposed") }),
      singleton(
        D,
        [C],
        (c) => {
          // This cannot be had at once. What has all it needs goes on meanwhile, and that is `e`.
          attempt(() => app.get(B));
          log.push(`d made with ${String(c)}`);
          return "d";
        },
        { dispose: () => log.push("d disposed") },
      ),
      singleton(E, [A], () => void (closing = app.shutdown({ timeout: 50 }))),
      transient(First, [A], () => app.get(D)),
    );
    const both = Promise.allSettled([app.getAsync(First), app.getAsync(E)]);
    gate.resolve("a");
    await settles(both);
    await settles(closing!);

    expect(log).toEqual(["d made with c", "d disposed", "c disposed"]);
  });

  it("is what the error tells of, and not that nothing is provided", async () => {
    const app: Scope = createContainer(
      singleton(A, () => "a"),
      singleton(B, [A], (a) => a),
    );
    observe(app, { building: () => void app.shutdown() });

    expect(
      isContainerError(
        attempt(() => app.get(B)),
        "SCOPE_CLOSED",
      ),
    ).toBe(true);
  });
});

describe("a factory that tries the resolver of a service that is waiting for it", () => {
  // `c` needs `b`, `b` needs `a`, and `a` tries what `c` has already begun, which cannot be had yet.
  const trying = (rest: readonly unknown[]): { app: Scope; log: string[] } => {
    const log: string[] = [];
    let resolver: Resolver | undefined;
    const app: Scope = createContainer(
      singleton(
        C,
        (given) => {
          resolver = given;
          return given.getAsync(B).catch((error: unknown) => {
            log.push((error as { code?: string }).code ?? "another error");
            return "c, without b";
          });
        },
        { dispose: () => log.push("c disposed") },
      ),
      singleton(A, () => {
        attempt(() => resolver!.get(B));
        return "a";
      }),
      ...(rest as []),
    );
    return { app, log };
  };

  // With `get` in place of `getAsync`, this takes half a minute and ends in a RangeError.
  it("does not hide a circle", async () => {
    const { app, log } = trying([singleton(B, [A, C], () => "b")]);

    await settles(app.getAsync(C));

    expect(log).toEqual(["CIRCULAR_DEPENDENCY"]);
  });

  it("does not make a path shorter", async () => {
    const error = new Error("no d");
    const { app } = trying([
      singleton(B, [A, D], () => "b"),
      singleton(D, () => {
        throw error;
      }),
    ]);

    await settles(app.getAsync(C));

    expect(pathOf(error).map((step) => step.token)).toEqual(["c", "b", "d"]);
  });

  it("does not hide the service from a shutdown that a factory calls", async () => {
    let resolver: Resolver | undefined;
    let closing: Promise<ShutdownReport> | undefined;
    const app: Scope = createContainer(
      singleton(
        C,
        (given) => {
          resolver = given;
          attempt(() => given.get(B));
          return "c";
        },
        { dispose: () => {} },
      ),
      singleton(B, [A, D], () => "b"),
      singleton(A, () => void attempt(() => resolver!.get(B))),
      singleton(D, () => void (closing = app.shutdown())),
    );
    attempt(() => app.get(C));

    expect(tokensOf(await settles(closing!))).toEqual(["c"]);
  });
});

describe("a deadline", () => {
  it("that a disposer brings about is known to the disposers that are called next", async () => {
    const controller = new AbortController();
    const seen: boolean[] = [];
    const app = createContainer(
      singleton(A, () => "a", { dispose: (_, signal) => seen.push(signal.aborted) }),
      singleton(B, [A], () => "b", {
        dispose: (_, signal) => {
          controller.abort();
          seen.push(signal.aborted);
        },
      }),
    );
    app.get(B);

    await settles(app.shutdown({ signal: controller.signal }));

    expect(seen).toEqual([true, true]);
  });
});

describe("an instance without a disposer of its provider", () => {
  it("is not woken when it is a lazy proxy: without a trap that says so, it has no disposer", async () => {
    let woken = 0;
    const lazy = () =>
      new Proxy(
        {},
        {
          get: (_, key) => {
            if (typeof key === "symbol") woken++;
            return key === Symbol.asyncDispose ? () => {} : undefined;
          },
        },
      );
    const disposed: string[] = [];
    const app = createContainer(
      value(A, lazy(), { owned: true }),
      value(B, lazy(), { dispose: () => disposed.push("b") }),
    );

    const report = await settles(app.shutdown());

    expect(woken).toBe(0);
    expect(disposed).toEqual(["b"]);
    expect(tokensOf(report)).toEqual(["b"]);
  });

  it("has nothing to dispose when the symbols are there and their values are undefined", async () => {
    const app = createContainer(
      singleton(A, () => ({ [Symbol.asyncDispose]: undefined, [Symbol.dispose]: undefined })),
    );
    app.get(A);

    expect(await settles(app.shutdown())).toMatchObject({ ok: true, services: [] });
  });
});

describe("override", () => {
  it("leaves a value its place among others, where all are values", () => {
    const app: Scope = createContainer(value(A, "a", { as: [C] }), value(B, "b", { as: [C] }));

    app.override(value(A, "another a", { as: [C] }));

    expect(app.get(all(C))).toEqual(["another a", "b"]);
  });

  it("leaves a value its place among values, when a service replaces it", () => {
    const app: Scope = createContainer(value(A, "a", { as: [C] }), value(B, "b", { as: [C] }));

    app.override(singleton(A, () => "another a", { as: [C] }));

    expect(app.get(all(C))).toEqual(["another a", "b"]);
  });
});

describe("an observer that stops observing at the first event", () => {
  it("breaks no registration", () => {
    const app: Scope = createContainer();
    const stop = observe(app, { registered: () => stop() });

    expect(attempt(() => app.provide(value(A, "a"), value(B, "b")))).toBe(app);
  });

  it("breaks no override", () => {
    const app: Scope = createContainer(value(A, "a"), value(B, "b"));
    const stop = observe(app, { overridden: () => stop() });

    expect(attempt(() => app.override(value(A, "c"), value(B, "d")))).toBe(app);
  });

  it("breaks no opening of a scope, which would be left behind", () => {
    const app: Scope = createContainer();
    const stop = observe(app, { registered: () => stop() });

    const opened = attempt(() => app.createScope(value(A, "a"), value(B, "b")));

    expect([...app.children]).toEqual([opened]);
  });
});

describe("all", () => {
  it("counts a transient once that is reached by its own name and through an alias that looks it up later", () => {
    class Service {}
    class Special extends Service {}
    const app: Scope = createContainer(
      transient(Service),
      alias(
        Special,
        ref(() => Service),
      ),
    );

    expect(app.get(all(Service))).toHaveLength(1);
  });
});

describe("a factory that closes a scope", () => {
  it("makes a transient that its caller has, and that is not disposed", async () => {
    const disposed: string[] = [];
    const app: Scope = createContainer(
      scoped(A, () => ({})),
      transient(B, () => {
        const below = app.createScope();
        below.get(A);
        void below.shutdown();
        return { [Symbol.dispose]: () => disposed.push("b") };
      }),
    );
    app.get(B);
    app.get(map(B, (it) => it));
    app.get([B]);

    expect(disposed).toEqual([]);
    expect((await app.shutdown()).services).toEqual([]);
  });

  it("closes a scope below, which its parent did not know, although something in it was about to wait", async () => {
    const gate = deferred<object>();
    const app: Scope = createContainer(
      singleton(A, () => {
        void app.shutdown();
        return gate.promise;
      }),
    );
    const below = app.createScope();

    expect(refusal(() => below.get(A)).code).toBe("SCOPE_CLOSED");
    gate.resolve({});
    await turn();
    expect([app.state, below.state]).toEqual(["closed", "closed"]);
  });
});

describe("a scope that its parent does not know", () => {
  it("is closed, and says so, when a token with a lifetime of its own is resolved while its parent closes", () => {
    const app: Scope = createContainer(
      "tenant",
      singleton(A, () => ({ [Symbol.asyncDispose]: () => new Promise<void>(() => {}) })),
      scoped(B, () => ({}), { in: "tenant" }),
    );
    app.get(A);
    app.get(B);
    const below = app.createScope();
    void app.shutdown();

    expect(refusal(() => below.get(B)).code).toBe("SCOPE_CLOSED");
  });
});

describe("a lazy proxy, which resolves what it stands for when something of it is read,", () => {
  it.for([
    ["a scoped service", (factory: () => unknown) => scoped(B, [], factory)],
    ["a transient", (factory: () => unknown) => transient(B, [], factory)],
  ] as const)("may be %s", async ([, provide]) => {
    const app: Scope = createContainer(
      scoped(A, () => ({ name: "real" })),
      provide(
        () => new Proxy({}, { get: (_, key) => (request.get(A) as Record<PropertyKey, unknown>)[key] }),
      ),
    );
    let request: Scope = app;
    for (let times = 0; times < 4; times++) {
      request = app.createScope();
      const lazy = request.get(B) as { name: string };
      expect([lazy.name, (request.get(B) as { name: string }).name]).toEqual(["real", "real"]);
      expect(await request.shutdown()).toMatchObject({ ok: true });
    }
  });
});

describe("a service that resolves another one after it was built", () => {
  it("is disposed before that one, whichever of them was built first", async () => {
    const disposed: string[] = [];
    const dispose = (name: string) => ({ dispose: () => void disposed.push(name) });
    const app: Scope = createContainer(
      scoped(A, [], () => ({}), dispose("a")),
      scoped(B, [defer(A)], (a) => ({ use: () => a.get() }), dispose("b")),
    );
    const inOrder = async (...tokens: (typeof A)[]): Promise<string> => {
      const request = app.createScope();
      for (const token of tokens) request.get(token);
      (request.get(B) as { use(): unknown }).use();
      await request.shutdown();
      return disposed.splice(0).join(" ");
    };
    for (let times = 0; times < 4; times++)
      expect([await inOrder(A, B), await inOrder(B, A), await inOrder(B)]).toEqual(["b a", "b a", "b a"]);
  });
});
