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
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { laterRefusal, refusal, rejected, route, thrown } from "../core/support/refusal.ts";
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
    app.observe({ got: ({ token }) => got.push(token.name) });

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
    app.observe({
      registered: ({ token }) => told.push(`+ ${token.name}`),
      overridden: ({ token }) => told.push(`! ${token.name}`),
    });

    app.provide(alias(C, A));
    app.override(alias(B, A));

    expect(told).toEqual(["+ c", "! b"]);
  });

  it("may shut down when it is told of a build: what that has undone is not handed out", () => {
    const app = createContainer(singleton(A, () => ({}), { dispose: () => {} }));
    app.observe({ built: () => void app.shutdown() });

    expect(refusal(() => app.get(A)).code).toBe("SCOPE_CLOSED");
  });

  it("cannot begin to watch what has closed", async () => {
    const app = createContainer();
    const child = app.createScope();
    await child.shutdown();

    expect(refusal(() => child.observe({})).code).toBe("SCOPE_CLOSED");
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

describe("a build that nobody waits for", () => {
  it("is no unhandled rejection when it was asked for by `runAsync`", async () => {
    const app = createContainer(
      singleton(A, async () => {
        throw new Error("no");
      }),
    );

    // The runner fails the test on an unhandled rejection.
    void app.runAsync([A], () => {});
    await turn();
    expect(await rejected(app.runAsync([A], () => {}))).toBeInstanceOf(Error);
  });
});

describe("shutdown", () => {
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
        void app.shutdown().then(() => done.push("closed"));
        await gate.promise;
        done.push("made");
      }),
    );
    const asked = laterRefusal(app.getAsync(A));
    await turn();
    expect(done).toEqual([]);

    gate.resolve();
    await settles(app.shutdown());

    expect((await asked).code).toBe("SCOPE_CLOSED");
    expect(done).toEqual(["made", "b undone", "closed"]);
  });

  it("that begins in the middle of a declared dependency still follows the edge", async () => {
    const done: string[] = [];
    const app: Scope = createContainer(
      singleton(B, () => ({}), { dispose: () => done.push("b") }),
      singleton(
        A,
        [
          map(B, (b) => {
            void app.shutdown();
            return b;
          }),
        ],
        () => ({}),
        { dispose: () => done.push("a") },
      ),
    );

    expect(refusal(() => app.get(A)).code).toBe("SCOPE_CLOSED");
    await settles(app.shutdown());

    expect(done).toEqual(["a", "b"]);
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
    app.observe({})();
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
    await failing;
    gate.resolve();

    const { services } = await settles(closing);
    expect(services.map(({ token, elapsed }) => `${token} ${elapsed}`)).toEqual(["b 1", "c 5", "a 30"]);
  });
});
