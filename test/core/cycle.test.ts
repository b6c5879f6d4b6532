import {
  alias,
  all,
  createContainer,
  currentScope,
  map,
  optional,
  parent,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Resolver,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "./support/deferred.ts";
import { kinds } from "./support/kinds.ts";
import { laterRefusal, refusal, route } from "./support/refusal.ts";
import { turn } from "./support/turn.ts";

const A = token<unknown>("a");
const B = token<unknown>("b");
const C = token<unknown>("c");
const D = token<unknown>("d");

/** An asynchronous factory that waits before it asks for `next`. */
const askingLate =
  (next: typeof A) =>
  async ({ getAsync }: Resolver): Promise<unknown> => {
    await turn();
    return getAsync(next);
  };

/** An asynchronous factory that asks for `next` before it waits. */
const askingEarly =
  (next: typeof A) =>
  async ({ getAsync }: Resolver): Promise<unknown> => {
    const asked = getAsync(next);
    // The cycle is noticed at once, and its error is awaited a turn later.
    asked.catch(() => {});
    await turn();
    return asked;
  };

describe("a declared cycle", () => {
  it("of one service is reported", () => {
    const app: Scope = createContainer(singleton(A, [A], (a) => a));

    const error = refusal(() => app.get(A));

    expect(error.code).toBe("CIRCULAR_DEPENDENCY");
    expect(route(error.path)).toBe("a > a");
  });

  it("of three is reported with the path, from wherever it is entered", () => {
    const app = createContainer(
      singleton(A, [B], (b) => b),
      singleton(B, [C], (c) => c),
      singleton(C, [A], (a) => a),
    );

    expect(route(refusal(() => app.get(A)).path)).toBe("a > b > c > a");
    expect(route(refusal(() => app.get(C)).path)).toBe("c > a > b > c");
  });

  it("is reported with the way that leads into it", () => {
    const Entry = token<unknown>("entry");
    const app = createContainer(
      singleton(Entry, [A], (a) => a),
      singleton(A, [B], (b) => b),
      singleton(B, [A], (a) => a),
    );

    expect(route(refusal(() => app.get(Entry)).path)).toBe("entry > a > b > a");
  });

  it("is reported to getAsync just as well", async () => {
    const app = createContainer(
      singleton(A, [B], async (b) => b),
      singleton(B, [A], async (a) => a),
    );

    const error = await laterRefusal(app.getAsync(A));

    expect(error.code).toBe("CIRCULAR_DEPENDENCY");
    expect(route(error.path)).toBe("a > b > a");
  });

  it.each([
    ["an optional", optional(A)],
    ["a map", map(A, (a) => a)],
    ["all", all(A)],
    ["a record", { a: A }],
  ])("is reported through %s", async (_, dependency) => {
    const app = createContainer(
      singleton(A, [B], (b) => b),
      singleton(B, [dependency as never], (a) => a),
    );

    expect(refusal(() => app.get(A)).code).toBe("CIRCULAR_DEPENDENCY");
    expect((await laterRefusal(app.getAsync(B))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("is reported through aliases", () => {
    const app = createContainer(
      singleton(A, [B], (b) => b),
      alias(B, C),
      singleton(C, [A], (a) => a),
    );

    expect(route(refusal(() => app.get(A)).path)).toBe("a > b > c > a");
  });

  it.each(kinds("scoped", "transient"))("is reported among %s services", async (_, provider) => {
    const app: Scope = createContainer(
      provider(A, [B], (b) => b),
      provider(B, [A], (a) => a),
    );
    const child = app.createScope("request");

    expect(refusal(() => child.get(A)).code).toBe("CIRCULAR_DEPENDENCY");
    expect((await laterRefusal(child.getAsync(B))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("can be met again and again, and leaves the rest of the container alone", async () => {
    const app = createContainer(
      singleton(A, [B], (b) => b),
      singleton(B, [A, C], (a) => a),
      singleton(C, () => "fine"),
    );

    for (let time = 0; time < 3; time++) expect(refusal(() => app.get(A)).code).toBe("CIRCULAR_DEPENDENCY");

    expect(app.get(C)).toBe("fine");
    expect((await app.shutdown()).ok).toBe(true);
  });

  it("is gone once it has been overridden", () => {
    const app: Scope = createContainer(
      singleton(A, [B], (b) => b),
      singleton(B, [A], (a) => a),
    );
    refusal(() => app.get(A));

    app.override(value(B, "mock"));

    expect(app.get(A)).toBe("mock");
  });
});

describe("a cycle through the resolver", () => {
  it("is reported when it is synchronous", () => {
    const app = createContainer(
      singleton(A, ({ get }) => get(B)),
      singleton(B, ({ get }) => get(A)),
    );

    const error = refusal(() => app.get(A));

    expect(error.code).toBe("CIRCULAR_DEPENDENCY");
    expect(route(error.path)).toBe("a > b > a");
  });

  it("is reported when half of it is declared", () => {
    const app = createContainer(
      singleton(A, [B], (b) => b),
      singleton(B, ({ get }) => get(A)),
    );

    expect(refusal(() => app.get(A)).code).toBe("CIRCULAR_DEPENDENCY");
    expect(refusal(() => app.get(B)).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("is reported when the factories wait before they ask", async () => {
    const app = createContainer(
      singleton(A, askingLate(B)),
      singleton(B, askingLate(C)),
      singleton(C, askingLate(A)),
    );

    const error = await laterRefusal(app.getAsync(A));

    expect(error.code).toBe("CIRCULAR_DEPENDENCY");
    expect(route(error.path)).toBe("a > b > c > a");
  });

  it("is reported to a service that waits for itself", async () => {
    const app = createContainer(singleton(A, askingLate(A)));

    expect(route((await laterRefusal(app.getAsync(A))).path)).toBe("a > a");
  });

  it("is reported when it is entered from both ends at once", async () => {
    const app = createContainer(singleton(A, askingLate(B)), singleton(B, askingLate(A)));

    const [a, b] = await Promise.all([laterRefusal(app.getAsync(A)), laterRefusal(app.getAsync(B))]);

    expect([a.code, b.code]).toEqual(["CIRCULAR_DEPENDENCY", "CIRCULAR_DEPENDENCY"]);
  });

  it("is reported when it is entered from three ends at once", async () => {
    const app = createContainer(
      singleton(A, askingLate(B)),
      singleton(B, askingLate(C)),
      singleton(C, askingLate(A)),
    );

    const errors = await Promise.all([A, B, C].map((it) => laterRefusal(app.getAsync(it))));

    expect(errors.map((error) => error.code)).toEqual(Array(3).fill("CIRCULAR_DEPENDENCY"));
  });

  it("is reported when the factories start to ask before they await", async () => {
    const app = createContainer(singleton(A, askingEarly(B)), singleton(B, askingEarly(A)));

    expect((await laterRefusal(app.getAsync(A))).code).toBe("CIRCULAR_DEPENDENCY");
    expect((await laterRefusal(app.getAsync(B))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("is reported when the factories start to ask before they await, from both ends at once", async () => {
    const app = createContainer(singleton(A, askingEarly(B)), singleton(B, askingEarly(A)));

    const [a, b] = await Promise.all([laterRefusal(app.getAsync(A)), laterRefusal(app.getAsync(B))]);

    expect([a.code, b.code]).toEqual(["CIRCULAR_DEPENDENCY", "CIRCULAR_DEPENDENCY"]);
  });

  it("is reported when declared and late asks make it, from both ends at once", async () => {
    const app = createContainer(
      singleton(A, [B], async (b) => b),
      singleton(B, [C], async (c) => c),
      singleton(C, askingLate(A)),
    );

    const errors = await Promise.all([A, C, B].map((it) => laterRefusal(app.getAsync(it))));

    expect(errors.map((error) => error.code)).toEqual(Array(3).fill("CIRCULAR_DEPENDENCY"));
  });

  it("is reported among asynchronous scoped services, in each scope", async () => {
    const app: Scope = createContainer(scoped(A, askingLate(B)), scoped(B, askingLate(A)));
    const [left, right] = [app.createScope("left"), app.createScope("right")];

    const errors = await Promise.all([
      laterRefusal(left.getAsync(A)),
      laterRefusal(right.getAsync(B)),
      laterRefusal(left.getAsync(B)),
    ]);

    expect(errors.map((error) => error.code)).toEqual(Array(3).fill("CIRCULAR_DEPENDENCY"));
  });

  it("is reported among asynchronous transients", async () => {
    const app: Scope = createContainer(transient(A, askingLate(B)), transient(B, askingLate(A)));

    expect((await laterRefusal(app.getAsync(A))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("is reported across scopes", async () => {
    // The root's `a` looks for `b` through an alias; what it leads to, in the root, comes back to `a`.
    const app: Scope = createContainer(singleton(A, askingLate(B)), alias(B, C), singleton(C, askingLate(A)));
    const child = app.createScope("request").createScope("job");

    expect((await laterRefusal(child.getAsync(A))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("leaves a way out to a factory that catches it", async () => {
    const app = createContainer(
      singleton(A, async ({ getAsync }) => {
        await turn();
        return getAsync(B).catch(() => "a alone");
      }),
      singleton(B, askingLate(A)),
    );

    // Whoever closes the circle is told; which of the two that is must not decide whether anyone hangs.
    await expect(app.getAsync(A)).resolves.toBe("a alone");
  });

  it("does not hold up shutdown", async () => {
    const app = createContainer(singleton(A, askingLate(B)), singleton(B, askingLate(A)));
    await laterRefusal(app.getAsync(A));

    const report = await app.shutdown();

    expect(report.ok).toBe(true);
    expect(report.services).toEqual([]);
  });
});

describe("a cycle is not seen", () => {
  it("in a diamond", async () => {
    const app = createContainer(
      singleton(A, [B, C], (b, c) => [b, c]),
      singleton(B, [D], (d) => d),
      singleton(C, [D], (d) => d),
      singleton(D, async () => "d"),
    );

    expect(await app.getAsync(A)).toEqual(["d", "d"]);
  });

  it("in two overlapping builds that share a dependency", async () => {
    const gate = deferred();
    const app = createContainer(
      singleton(A, askingLate(C)),
      singleton(B, askingLate(C)),
      singleton(C, async () => {
        await gate.promise;
        return "shared";
      }),
    );

    const both = Promise.all([app.getAsync(A), app.getAsync(B)]);
    await turn();
    await turn();
    gate.resolve();

    expect(await both).toEqual(["shared", "shared"]);
  });

  it("in a factory that asks for many at once, some of which need each other", async () => {
    const app = createContainer(
      singleton(A, async ({ getAsync }) => Promise.all([getAsync(B), getAsync(C), getAsync(B)])),
      singleton(B, askingLate(C)),
      singleton(C, async () => {
        await turn();
        return "c";
      }),
    );

    expect(await app.getAsync(A)).toEqual(["c", "c", "c"]);
  });

  it("where one waits for another that had been begun by a third", async () => {
    const gate = deferred();
    const app = createContainer(
      singleton(A, askingLate(B)),
      singleton(B, async ({ getAsync }) => {
        await gate.promise;
        return getAsync(C);
      }),
      singleton(C, askingLate(D)),
      singleton(D, () => "d"),
    );

    const asked = Promise.all([app.getAsync(B), app.getAsync(C), app.getAsync(A)]);
    await turn();
    gate.resolve();

    expect(await asked).toEqual(["d", "d", "d"]);
  });

  it("when a resolver is kept by a built service and used later", async () => {
    const Registry = token<Resolver>("registry");
    const app = createContainer(
      singleton(Registry, (resolver) => resolver),
      singleton(A, [Registry], () => "a"),
      singleton(B, async ({ getAsync }) => {
        const registry = await getAsync(Registry);
        await turn();
        return [registry.get(A), await registry.getAsync(A)];
      }),
    );
    const registry = app.get(Registry);

    expect(registry.get(A)).toBe("a");
    expect(registry.get(Registry)).toBe(registry);
    expect(await registry.getAsync(B)).toEqual(["a", "a"]);
  });

  it("when a built service's resolver is used inside another build that depends on it", async () => {
    const Registry = token<Resolver>("registry");
    const app = createContainer(
      singleton(Registry, (resolver) => resolver),
      singleton(A, [Registry], async (registry) => {
        await turn();
        return [await registry.getAsync(B)];
      }),
      singleton(B, [Registry], () => "b"),
    );

    expect(await app.getAsync(A)).toEqual(["b"]);
  });

  it("in the same token of two scopes", async () => {
    const app = createContainer(singleton(A, async () => "root's"));
    const child = app.createScope(
      "request",
      singleton(A, async ({ get }) => `${String(await get(currentScope).parent!.getAsync(A))}, decorated`),
    );

    expect(await child.getAsync(A)).toBe("root's, decorated");
  });

  it("in a scoped service of a child that asks for that of its parent", () => {
    const app: Scope = createContainer(
      scoped(A, ({ get }) => {
        const above = get(currentScope).parent;
        return above === undefined ? "root" : `${String(above.get(A))} > child`;
      }),
    );

    expect(app.createScope("request").createScope("job").get(A)).toBe("root > child > child");
  });

  it("in a decorator of the parent's service", async () => {
    const louder = scoped(A, [parent(A)], async (above) => {
      await turn();
      return `${String(above)}!`;
    });
    const app = createContainer(singleton(A, async () => "hello"));
    const child: Scope = app.createScope("request", louder).createScope("job", louder);

    expect(await Promise.all([child.getAsync(A), child.getAsync(A)])).toEqual(["hello!!", "hello!!"]);
  });

  it("when a factory was told that something is not there yet, and went on without it", async () => {
    const gate = deferred();
    const app = createContainer(
      singleton(A, async ({ get }) => {
        const early = refusal(() => get(B)).code;
        await gate.promise;
        return early;
      }),
      singleton(B, async ({ getAsync }) => {
        await turn();
        return `b after ${String(await getAsync(A))}`;
      }),
    );
    const both = Promise.all([app.getAsync(A), app.getAsync(B)]);
    await turn();
    await turn();
    gate.resolve();

    expect(await both).toEqual(["ASYNC_PROVIDER", "b after ASYNC_PROVIDER"]);
  });

  it("when a factory caught the failure of what it had asked for, and is asked by its second try", async () => {
    const gate = deferred();
    let tries = 0;
    const app = createContainer(
      singleton(A, async ({ getAsync }) => {
        const b = await getAsync(B).catch(() => "no b");
        await gate.promise;
        return b;
      }),
      singleton(B, async ({ getAsync }) => {
        if (++tries === 1) throw new Error("not yet");
        return `b with ${String(await getAsync(A))}`;
      }),
    );
    const a = app.getAsync(A);
    await turn();
    const b = app.getAsync(B);
    await turn();
    gate.resolve();

    expect(await Promise.all([a, b])).toEqual(["no b", "b with no b"]);
  });

  it("when a resolver that outlived a failed build asks during the next one", async () => {
    const gate = deferred();
    const leaked: Resolver[] = [];
    const app = createContainer(
      singleton(A, async (resolver) => {
        if (leaked.push(resolver) === 1) throw new Error("not yet");
        await gate.promise;
        return "a";
      }),
      singleton(B, [A], (a) => `b with ${String(a)}`),
    );
    await app.getAsync(A).catch(() => {});

    const a = app.getAsync(A);
    const b = leaked[0]!.getAsync(B);
    gate.resolve();

    expect(await Promise.all([a, b])).toEqual(["a", "b with a"]);
  });

  it("in a tuple that names a token twice", () => {
    const app = createContainer(
      singleton(A, [B, B, { b: B }], (...given) => given),
      singleton(B, () => "b"),
    );

    expect(app.get(A)).toEqual(["b", "b", { b: "b" }]);
  });

  it("in transients that ask for other transients side by side", () => {
    const app: Scope = createContainer(
      transient(A, [B, B], (...given) => given),
      transient(B, [C, C], (...given) => given),
      transient(C, () => "c"),
    );

    expect(app.get(A)).toEqual([
      ["c", "c"],
      ["c", "c"],
    ]);
  });

  it("after a failed build whose waiters are gone", async () => {
    let tries = 0;
    const app = createContainer(
      singleton(A, askingLate(B)),
      singleton(B, async ({ getAsync }) => {
        if (++tries === 1) throw new Error("not yet");
        return getAsync(C);
      }),
      // What had waited for `b` the first time must not be thought to wait still.
      singleton(C, () => "c"),
    );
    await app.getAsync(A).catch(() => {});

    expect(await app.getAsync(B)).toBe("c");
    expect(await app.getAsync(A)).toBe("c");
  });

  it("when a factory asked, gave up waiting, and is later asked for by what it had asked", async () => {
    const gate = deferred();
    const app = createContainer(
      singleton(A, ({ getAsync }) => {
        void getAsync(B);
        return "a";
      }),
      singleton(B, async ({ getAsync }) => {
        await gate.promise;
        return `b with ${String(await getAsync(A))}`;
      }),
    );

    expect(app.get(A)).toBe("a");
    gate.resolve();

    expect(await app.getAsync(B)).toBe("b with a");
  });
});
