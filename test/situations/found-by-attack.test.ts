/**
 * What readers found who attacked the built package without knowing how it is made: each the smallest program that
 * once went wrong, kept as a fact.
 */

import {
  alias,
  all,
  createContainer,
  currentScope,
  defer,
  map,
  optional,
  parent,
  pathOf,
  ref,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { observe } from "thimble/observe";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { laterRefusal, refusal, rejected, route, thrown } from "../core/support/refusal.ts";
import { catchReports } from "../core/support/report-error.ts";
import { turn } from "../core/support/turn.ts";
import { unchecked } from "../core/support/unchecked.ts";
import { settles } from "./waiting.ts";

const A = token<unknown>("a");
const B = token<unknown>("b");
const C = token<unknown>("c");
const X = token<unknown>("x");
const Y = token<unknown>("y");

describe("what a factory throws", () => {
  class NoWords extends Error {
    // A field of the class: it hides the message, as it does where one is declared by mistake.
    override message = undefined as never;
  }
  const getter = Object.defineProperty(new Error(), "message", {
    get() {
      throw new TypeError("not to be read");
    },
  });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  it.each([
    ["an error whose message is undefined", new NoWords()],
    ["an error whose message is an object", Object.assign(new Error(), { message: { code: 1 } })],
    ["an error whose message cannot be read", getter],
    ["a proxy that was revoked", revoked.proxy],
  ])("reaches the caller as it is: %s", async (_, error) => {
    const app = createContainer(
      singleton(A, () => {
        throw error;
      }),
      transient(B, async () => {
        await turn();
        throw error;
      }),
      singleton(C, async () => 1),
      singleton(X, [C], () => {
        throw error;
      }),
    );

    expect(
      Object.is(
        thrown(() => app.get(A)),
        error,
      ),
    ).toBe(true);
    for (const it of [B, X]) {
      const outcome = app.getAsync(it).then(
        () => "made",
        (caught: unknown) => (Object.is(caught, error) ? "the same" : "another"),
      );
      expect(await settles(outcome)).toBe("the same");
    }
    await settles(app.shutdown());
  });

  it("has the path of the ask that it was thrown in, each time anew", () => {
    const always = new Error("always this one");
    const fails = () => {
      throw always;
    };
    const app = createContainer(
      singleton(A, fails),
      singleton(B, fails),
      singleton(X, [A], (a) => a),
      singleton(Y, [A], (a) => a),
    );

    const paths = [X, Y, B, A].map((it) => {
      thrown(() => app.get(it));
      return route(pathOf(always));
    });

    expect(paths).toEqual(["x > a", "y > a", "b", "a"]);
  });

  it("keeps the path of the first asker when a second lets it through, however late", async () => {
    const error = new Error("the database is down");
    const [first, second] = [deferred(), deferred()];
    const app = createContainer(
      singleton(A, async () => {
        await first.promise;
        throw error;
      }),
      singleton(X, [A], (a) => a),
      singleton(Y, async ({ getAsync }) => {
        try {
          return await getAsync(A);
        } catch (caught) {
          await second.promise;
          throw caught;
        }
      }),
      singleton(B, () => {
        throw new Error("another");
      }),
    );
    const asked = [app.getAsync(X), app.getAsync(Y)].map(rejected);

    first.resolve();
    await turn();
    thrown(() => app.get(B));
    second.resolve();
    await Promise.all(asked);

    expect(route(pathOf(error))).toBe("x > a");
  });

  it("stays what it is at the end of a long chain, even if it speaks of a call stack", () => {
    const error = new Error("remote call stack: …");
    const links = Array.from({ length: 100 }, (_, at) => token<unknown>(`link ${at}`));
    const app: Scope = createContainer(
      links.map((it, at) =>
        at === 0
          ? singleton(it, () => {
              throw error;
            })
          : singleton(it, [links[at - 1]!], (below) => below),
      ),
    );

    expect(thrown(() => app.get(links.at(-1)!))).toBe(error);
  });
});

describe("an observer", () => {
  it("is told `got` of no hand-out that never comes", async () => {
    const gate = deferred<unknown>();
    const app = createContainer(
      singleton(A, () => gate.promise),
      singleton(B, () => {
        throw new Error("no");
      }),
    );
    const got: string[] = [];
    observe(app, { got: ({ token }) => got.push(token.name) });

    refusal(() => app.get(A));
    await rejected(app.getAsync([A, B]));
    gate.resolve("a");
    await turn();
    expect(got).toEqual([]);

    expect(await app.getAsync(A)).toBe("a");
    expect(got).toEqual(["a"]);
  });

  it("is told of an alias that is registered, and of one that replaces a service", () => {
    const app = createContainer(value(A, 1), value(B, 2));
    const told: string[] = [];
    observe(app, {
      registered: ({ token }) => told.push(`+ ${token.name}`),
      overridden: ({ token }) => told.push(`! ${token.name}`),
    });

    app.provide(alias(C, A));
    app.override(alias(B, A));

    expect(told).toEqual(["+ c", "! b"]);
  });

  it("that has no methods it could be asked for breaks nothing", () => {
    const app = createContainer(singleton(A, () => 1));
    observe(app, {
      get built(): never {
        throw new Error("not to be read");
      },
    });
    catchReports();

    expect(app.get(A)).toBe(1);
    expect(() => observe(app, undefined as never)).toThrow(TypeError);
  });

  it("is told once of what it registers itself", () => {
    const app: Scope = createContainer();
    const told: string[] = [];
    observe(app, {
      registered: ({ token }) => {
        told.push(token.name);
        if (token === A) app.provide(value(B, 1));
      },
    });

    app.provide(value(A, 1));

    expect(told).toEqual(["a", "b"]);
  });

  it("may shut down when it is told of a build: what that has undone is not handed out", () => {
    const app = createContainer(singleton(A, () => ({}), { dispose: () => {} }));
    observe(app, { built: () => void app.shutdown() });

    expect(refusal(() => app.get(A)).code).toBe("SCOPE_CLOSED");
  });

  it("cannot begin to watch what has closed", async () => {
    const app = createContainer();
    const child = app.createScope();
    await child.shutdown();

    expect(refusal(() => observe(child, {})).code).toBe("SCOPE_CLOSED");
  });
});

describe("a cycle", () => {
  it("is seen from both ends at once, one of them in the middle of the other", async () => {
    const W = token<unknown>("w");
    const app: Scope = createContainer(
      singleton(B, () => turn()),
      singleton(Y, [B, defer(A)], (_, a) => a.getAsync()),
      singleton(W, [B, defer(A)], (_, a) => a.getAsync()),
      singleton(A, [X], (x) => x),
      singleton(X, ({ getAsync }) => getAsync(W)),
    );

    const errors = await settles(Promise.all([Y, W].map((it) => laterRefusal(app.getAsync(it)))));

    expect(errors.map((error) => error.code)).toEqual(["CIRCULAR_DEPENDENCY", "CIRCULAR_DEPENDENCY"]);
  });

  it("is seen through the resolver of a transient that its maker goes on asking through", async () => {
    const app: Scope = createContainer(
      singleton(A, [B], async (b) => {
        await turn();
        return (b as { getAsync(): Promise<unknown> }).getAsync();
      }),
      transient(B, [defer(X)], (x) => x),
      singleton(X, [A], (a) => a),
    );

    expect((await settles(laterRefusal(app.getAsync(A)))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("is none where a transient is over that had asked, and another one of it is not", async () => {
    const gate = deferred();
    let made = 0;
    const app: Scope = createContainer(
      transient(B, async ({ getAsync }) => {
        const first = made++ === 0;
        if (first) void getAsync(A);
        else await gate.promise;
        return first;
      }),
      singleton(A, async ({ getAsync }) => {
        await turn();
        return getAsync(B);
      }),
    );
    await app.getAsync(B);
    void app.getAsync(B);

    const asked = app.getAsync(A);
    await turn();
    gate.resolve();
    expect(await settles(asked)).toBe(false);
  });

  it("is none where an observer asks the container at every step of a long chain", () => {
    const [links, side] = ["link", "side"].map((name) =>
      Array.from({ length: 3_000 }, (_, at) => token<number>(`${name} ${at}`)),
    ) as [(typeof A)[], (typeof A)[]];
    const app: Scope = createContainer(
      value(A, "log"),
      links.map((it, at) => singleton(it, at === 0 ? [] : [links[at - 1]!, side[at]!], () => at)),
      side.map((it) => singleton(it, () => 0)),
    );
    observe(app, { building: () => void app.get(A) });

    expect(app.get(links.at(-1)!)).toBe(2_999);
  });
});

describe("memory", () => {
  it("is not taken by a transient that asks through its resolver, scope after scope", async () => {
    const app: Scope = createContainer(
      transient(A, async ({ getAsync }) => ({ b: await getAsync(B) })),
      scoped(B, async () => ({})),
    );
    for (let n = 0; n < 3; n++) {
      const request = app.createScope();
      await request.getAsync(A);
      await request.shutdown();
    }

    // What is registered is not handed over, and holds on to nothing.
    const node = (app as unknown as { nodes: Map<unknown, { edges?: unknown }> }).nodes.get(A);
    expect(node).toBeDefined();
    expect(node!.edges).toBeUndefined();
  });
});

describe("bad input", () => {
  it("is seen where `optional` looks whether a `ref` is provided", () => {
    const app: Scope = createContainer();
    const missing = unchecked(ref)(() => undefined) as typeof A;
    const words = unchecked(ref)(() => "words") as typeof A;

    for (const it of [missing, words]) {
      expect(refusal(() => app.get(optional(it))).code).toBe("INVALID_PROVIDER");
    }
    expect(refusal(() => app.get(optional(missing))).hint).toContain("import each other");
  });

  it("is seen as soon as `ref` or `map` is given no function", () => {
    expect(refusal(() => unchecked(ref)(A)).code).toBe("INVALID_PROVIDER");
    expect(refusal(() => unchecked(map)(A, undefined)).code).toBe("INVALID_PROVIDER");
  });

  it("is seen where the brackets of the dependencies were forgotten", () => {
    class Users {}
    for (const it of [A, Users, optional(A)]) {
      expect(refusal(() => unchecked(singleton)(Users, it)).code).toBe("INVALID_PROVIDER");
    }
  });

  it("is seen where the dependencies of a class are undefined, and its options are not", () => {
    class Users {}
    const error = refusal(() => unchecked(singleton)(Users, undefined, { dispose() {} }));

    expect(error.code).toBe("INVALID_PROVIDER");
    expect(error.hint).toContain("import each other");
  });

  it.each([[A], [[[A]]], [[optional(A)]], ["a"]])("is seen where `as` is no list of tokens: %j", (as) => {
    expect(refusal(() => unchecked(value)(B, 1, { as })).code).toBe("INVALID_PROVIDER");
  });

  it("is a combinator of another copy of the library, which would wait elsewhere", () => {
    const theirs = { ...(optional(A) as object), madeBy: () => {} };

    expect(refusal(() => unchecked(singleton)(B, [theirs], (a: unknown) => a)).code).toBe("INVALID_PROVIDER");
  });

  it("is not a factory that is frozen, nor a converter of the language", () => {
    const app = createContainer(
      singleton(
        A,
        Object.freeze(function make() {
          return 1;
        }),
      ),
      value(C, "5"),
      singleton(B, [C], Number),
    );

    expect(app.get([A, B])).toEqual([1, 5]);
  });

  it("is told how to decorate when nothing is above", () => {
    const app: Scope = createContainer(unchecked(singleton)(A, [parent(A)], (a: unknown) => a) as never);

    const { code, hint } = refusal(() => app.get(A));

    expect(code).toBe("NOT_PROVIDED");
    expect(hint).toContain("above");
    expect(hint).not.toContain("cannot see");
  });
});

describe("shutdown", () => {
  const closes = { dispose: (a: unknown) => (a as { close(): unknown }).close() };

  it("disposes what a disposer has asked for late after that disposer, and reports it", async () => {
    const failure = new Error("b does not end");
    const undone: string[] = [];
    const app = createContainer(
      singleton(B, () => ({}), {
        dispose: async () => {
          undone.push("b");
          await turn();
          throw failure;
        },
      }),
      singleton(A, [defer(B)], (b) => b, {
        dispose: async (b) => {
          (b as { get(): unknown }).get();
          await turn();
          undone.push("a");
        },
      }),
    );
    app.get([B, A]);

    const report = await settles(app.shutdown());

    expect(undone).toEqual(["a", "b"]);
    expect(report.ok).toBe(false);
    expect(report.services).toMatchObject([
      { token: "a", outcome: "disposed" },
      { token: "b", outcome: "failed", error: failure },
    ]);
  });

  it.each([
    ["its resolver", transient(C, ({ getAsync }) => ({ b: getAsync(B) }))],
    ["its scope", transient(C, [currentScope], (scope) => ({ b: scope.getAsync(B) }))],
  ])(
    "follows what a transient has begun to ask for through %s and did not wait for",
    async (_, inBetween) => {
      const undone: string[] = [];
      const app: Scope = createContainer(
        singleton(B, () => turn(), { dispose: () => undone.push("b") }),
        inBetween,
        singleton(A, [C], (c) => c, {
          dispose: async () => {
            await turn();
            undone.push("a");
          },
        }),
      );
      await (app.get(A) as { b: Promise<unknown> }).b;

      await settles(app.shutdown());

      expect(undone).toEqual(["a", "b"]);
    },
  );

  it("waits for an asynchronous transient whose factory has begun it", async () => {
    const gate = deferred();
    const done: string[] = [];
    const app: Scope = createContainer(
      singleton(B, () => ({}), { dispose: () => done.push("b undone") }),
      transient(A, [B], async () => {
        void app.shutdown();
        await gate.promise;
        done.push("made");
      }),
    );
    const asked = laterRefusal(app.getAsync(A));
    const closing = app.shutdown().then(() => done.push("closed"));
    await turn();
    expect(done).toEqual([]);

    gate.resolve();
    await settles(closing);

    expect((await asked).code).toBe("SCOPE_CLOSED");
    expect(done).toEqual(["made", "b undone", "closed"]);
  });

  it("that begins in the middle of a declared dependency keeps the factory from running", async () => {
    const done: string[] = [];
    const app: Scope = createContainer(
      singleton(B, () => ({}), { dispose: () => done.push("b undone") }),
      singleton(
        A,
        [
          map(B, (b) => {
            void app.shutdown();
            return b;
          }),
        ],
        () => done.push("a made"),
      ),
    );

    expect(refusal(() => app.get(A)).code).toBe("SCOPE_CLOSED");
    await settles(app.shutdown());

    expect(done).toEqual(["b undone"]);
  });

  it.each([
    ["a resolver", singleton(A, ({ get }) => ({ close: () => get(B) }), closes)],
    ["defer", singleton(A, [B, defer(B)], (_, late) => ({ close: () => late.get() }), closes)],
  ])("past the deadline disposes what a disposer asks for late, through %s", async (_, asksLate) => {
    const undone: string[] = [];
    const app: Scope = createContainer(singleton(B, () => ({}), { dispose: () => undone.push("b") }));
    app.provide(asksLate);
    app.get([B, A]);

    const report = await settles(app.shutdown({ signal: AbortSignal.abort() }));

    expect(report.services.map((row) => `${row.token} ${row.outcome}`)).toContain("b disposed");
    expect(undone).toEqual(["b"]);
  });

  it("past the deadline is not kept by an edge that begins at what hangs", async () => {
    const undone: string[] = [];
    const app: Scope = createContainer(
      singleton(B, () => ({}), { dispose: () => undone.push("b") }),
      singleton(C, () => ({ onClose() {} }), {
        dispose: (c) => {
          (c as { onClose(): void }).onClose();
          undone.push("c");
        },
      }),
      singleton(
        A,
        [B, C, defer(B)],
        (_, c, late) => {
          (c as { onClose(): void }).onClose = () => void late.get();
          return {};
        },
        { dispose: () => new Promise(() => {}) },
      ),
    );
    app.get(A);

    const { services } = await settles(app.shutdown({ timeout: 5 }));

    expect(undone.toSorted()).toEqual(["b", "c"]);
    expect(services).toContainEqual(expect.objectContaining({ token: "a", outcome: "abandoned" }));
  });

  it("may be called by the disposer of what failed in its `init`", async () => {
    let closing: PromiseLike<unknown> | undefined;
    const app: Scope = createContainer(
      singleton(A, () => ({}), {
        init() {
          throw new Error("no");
        },
        dispose() {
          closing = app.shutdown();
        },
      }),
    );
    thrown(() => app.get(A));

    await settles(closing!);
    expect(app.state).toBe("closed");
  });

  class Flushed {
    readonly undone: string[] = [];
  }
  const asyncDispose =
    (Symbol as { asyncDispose?: symbol }).asyncDispose ?? Symbol.for("Symbol.asyncDispose");
  Object.defineProperty(Flushed.prototype, asyncDispose, {
    async value(this: Flushed) {
      await turn();
      this.undone.push("a");
    },
  });
  const refuses = {
    init() {
      throw new Error("no");
    },
  };
  const make = (undone: unknown) => Object.assign(new Flushed(), { undone });

  it.each([
    ["a singleton", singleton(A, [B], make, refuses)],
    ["a transient", transient(A, [B], make, refuses)],
  ])("undoes what failed in its `init` before what that holds: %s", async (_, failing) => {
    const undone: string[] = [];
    const app: Scope = createContainer(singleton(B, () => undone, { dispose: () => undone.push("b") }));
    app.provide(failing);
    thrown(() => app.get(A));

    await settles(app.shutdown());

    expect(undone).toEqual(["a", "b"]);
  });

  it("follows the edges of a second build that was asked for as the first one failed", async () => {
    const undone: string[] = [];
    let failures = 0;
    let again: PromiseLike<unknown> | undefined;
    const app: Scope = createContainer(
      singleton(B, () => ({}), { dispose: () => undone.push("b") }),
      singleton(
        A,
        [B],
        async () => {
          if (failures++ === 0) throw new Error("the first time");
          await turn();
          return {};
        },
        {
          dispose: async () => {
            await turn();
            undone.push("a");
          },
        },
      ),
    );
    observe(app, { buildFailed: () => void (again = app.getAsync(A)) });
    await rejected(app.getAsync(A));
    await again;

    await settles(app.shutdown());

    expect(undone).toEqual(["a", "b"]);
  });

  it("leaves a scope alone that is a service of its own tree", async () => {
    const Itself = token<Scope>("itself");
    const app = createContainer(scoped(Itself, [currentScope], (scope) => scope));
    const [one, two] = [app.createScope(), app.createScope()];
    const Outer = token<Scope>("outer");
    const inner = two.createScope(scoped(Outer, [currentScope], (scope) => scope.parent!));
    expect(one.get(Itself)).toBe(one);
    expect(inner.get(Outer)).toBe(two);

    await settles(one.shutdown());
    await settles(inner.shutdown());

    expect([one.state, inner.state, two.state]).toEqual(["closed", "closed", "open"]);
  });

  it("takes any number of children", async () => {
    const app = createContainer();
    for (let n = 0; n < 200_000; n++) app.createScope();

    app.provide(value(A, 1));
    observe(app, {})();
    await settles(app.shutdown());

    expect(app.state).toBe("closed");
  });

  it("reports above what a scope has undone below before it was joined", async () => {
    const gate = deferred();
    const failure = new Error("a does not end");
    const app = createContainer();
    const child = app.createScope(
      singleton(A, () => ({}), {
        dispose: () => {
          throw failure;
        },
      }),
      singleton(B, () => ({}), { dispose: () => gate.promise }),
    );
    child.get([A, B]);

    const below = child.shutdown();
    const above = app.shutdown();
    gate.resolve();

    expect((await settles(above)).services).toEqual((await below).services);
    expect((await above).ok).toBe(false);
  });

  it("gives a child that closed and waited for the parent's build no later word of it", async () => {
    const gate = deferred<unknown>();
    const app = createContainer(singleton(A, () => gate.promise));
    const child = app.createScope();
    const asked = laterRefusal(child.getAsync(all(A)));
    await child.shutdown();

    expect((await asked).code).toBe("SCOPE_CLOSED");
    gate.resolve("a");
    expect(await app.getAsync(A)).toBe("a");
  });

  it("counts into `elapsed` of a service what its own disposal took", async () => {
    let clock = 0;
    vi.stubGlobal("performance", { now: () => clock });
    onTestFinished(() => void vi.unstubAllGlobals());
    const gate = deferred();
    const takes = (ms: number, and?: unknown) => () => {
      clock += ms;
      return and;
    };
    const app = createContainer(
      singleton(B, () => ({}), { dispose: takes(1) }),
      singleton(A, () => ({}), { dispose: takes(30, gate.promise) }),
      singleton(C, [A], async () => ({}), { init: () => Promise.reject(new Error("no")), dispose: takes(5) }),
    );
    app.get([B, A]);
    const failing = rejected(app.getAsync(C));

    const closing = app.shutdown();
    clock += 100;
    await turn();
    gate.resolve();
    await failing;

    const { services } = await settles(closing);
    // Of a build that fails meanwhile, it is the time since the shutdown began.
    const rows = services.map(({ token, outcome, elapsed }) => `${token} ${outcome} ${elapsed}`);
    expect(rows).toEqual(["b disposed 1", "c disposed 5", "c failed 106", "a disposed 30"]);
  });
});
