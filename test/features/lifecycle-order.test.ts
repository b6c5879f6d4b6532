/**
 * What is started, and in which order: each service after those it depends on, however it came to depend on them.
 */
import {
  alias,
  all,
  createContainer,
  decorate,
  defer,
  fallback,
  make,
  map,
  optional,
  singleton,
  token,
  transient,
  value,
  type Provider,
  type Scope,
} from "thimble";
import { createApp, warm } from "thimble/lifecycle";
import { describe, expect, it } from "vitest";
import { uncheckedContainer } from "../core/support/unchecked.ts";
import { settles } from "../situations/waiting.ts";

const [A, B, C, D] = [token<string>("a"), token<string>("b"), token<string>("c"), token<string>("d")];

/** A container, and what was started and stopped in it. */
function recorder() {
  const log: string[] = [];
  /** The one that comes first in all ties, so that only a dependency can put something before it. */
  const eagerly = {
    start: (it: unknown) => log.push(`+${it as string}`),
    stop: (it: unknown) => log.push(`-${it as string}`),
  };
  const first = { ...eagerly, order: -1 };
  return { log, eagerly, first };
}

const ways: Record<string, (it: ReturnType<typeof recorder>) => Provider[]> = {
  "a service without a start": ({ first }) => [
    singleton(C, [B], () => "c", first) as Provider,
    singleton(B, [A], () => "b") as Provider,
  ],
  "a transient": ({ first }) => [
    singleton(C, [B], () => "c", first) as Provider,
    transient(B, [A], () => "b") as Provider,
  ],
  "two transients and an alias": ({ first }) => [
    singleton(C, [D], () => "c", first) as Provider,
    alias(D, B) as Provider,
    transient(B, [map(A, (it) => it)], () => "b") as Provider,
  ],
  "an alias of an alias": ({ first }) => [
    singleton(C, [D], () => "c", first) as Provider,
    alias(D, B) as Provider,
    alias(B, A) as Provider,
  ],
  "combinators in records": ({ first }) => [
    singleton(C, [{ it: optional(A), rest: all(A) }], () => "c", first) as Provider,
  ],
  "`after`": ({ first }) => [singleton(C, () => "c", { ...first, after: [A] }) as Provider],
  "`defer`, in the factory": ({ first }) => [
    singleton(C, [defer(B)], (b) => (b.get(), "c"), first) as Provider,
    singleton(B, [A], () => "b") as Provider,
  ],
  "the resolver, after an await": ({ first }) => [
    singleton(
      C,
      async ({ getAsync }) => {
        await undefined;
        await getAsync(B);
        return "c";
      },
      first,
    ) as Provider,
    singleton(B, [A], () => "b") as Provider,
  ],
  "the container itself": ({ first }) => [
    singleton(C, () => (app.get(B), "c"), first) as Provider,
    singleton(B, [A], () => "b") as Provider,
  ],
  "a value that comes after it": ({ first }) => [
    singleton(C, [B], () => "c", first) as Provider,
    value(B, "b", { after: [A] }) as Provider,
  ],
  "a provider that is not registered": ({ first }) => [
    singleton(C, [make(singleton(B, [A], () => "b"))], () => "c", first) as Provider,
  ],
  "a decorator": ({ first }) => [
    decorate(
      singleton(C, () => "c", first),
      [A],
      (it) => it,
    ) as Provider,
  ],
  "a fallback": ({ first }) => [
    singleton(C, [B], () => "c", first) as Provider,
    fallback(singleton(B, [A], () => "b")) as Provider,
  ],
};

let app!: Scope;

describe("a service that depends on another one through", () => {
  it.for(Object.keys(ways))("%s starts after it, and stops before it", async (way) => {
    const it = recorder();
    app = uncheckedContainer(
      ...ways[way]!(it),
      singleton(A, () => "a", it.eagerly),
    );

    await createApp(app).run([], () => {});

    expect(it.log).toEqual(["+a", "+c", "-c", "-a"]);
  });

  it("`defer`, resolved late, is free to start before it: it stops before it all the same", async () => {
    const { log, first, eagerly } = recorder();
    const container = createContainer(
      singleton(C, [defer(A)], (a) => ({ late: () => a.get(), toString: () => "c" }) as never, first),
      singleton(A, () => "a", eagerly),
    );
    const running = createApp(container);
    await running.start();
    (container.get(C) as unknown as { late(): string }).late();
    await running.stop();

    expect(log.map(String)).toEqual(["+c", "+a", "-c", "-a"]);
  });
});

describe("what is started", () => {
  it("is also what a hook registers before, and what a service registers as it starts", async () => {
    const { log, eagerly } = recorder();
    const container: Scope = createContainer(
      singleton(A, () => "a", {
        ...eagerly,
        start: () => {
          log.push("+a");
          container.provide(singleton(C, () => "c", eagerly));
        },
      }),
      singleton(D, () => "d", eagerly),
    );
    const running = createApp(container);
    running.beforeStart(() => container.provide(singleton(B, [A], () => "b", eagerly)));

    await settles(running.start());

    expect(log).toEqual(["+a", "+d", "+b", "+c"]);
    await running.stop();
  });

  it("is not what is registered when the app has started: nothing starts or stops that", async () => {
    const { log, eagerly } = recorder();
    const container: Scope = createContainer();
    const running = createApp(container);
    await running.start();
    container.provide(singleton(A, () => "a", { ...eagerly, dispose: () => log.push("disposed") }));
    container.get(A);
    await running.start();

    await running.stop();

    expect(log).toEqual(["disposed"]);
  });

  it("is the replacement of a provider, in the place of the original", async () => {
    const { log, eagerly } = recorder();
    const container: Scope = createContainer(
      singleton(A, () => "a", { ...eagerly, order: 1 }),
      singleton(B, () => "b", eagerly),
      singleton(C, () => "c", { ...eagerly, order: 1 }),
    );
    container.override(singleton(A, () => "replaced", eagerly));
    container.override(singleton(B, () => "without a start"));

    await createApp(container).run([], () => {});

    expect(log).toEqual(["+replaced", "+c", "-c", "-replaced"]);
  });

  it("is also what was built before it was replaced, because others may hold it", async () => {
    const { log, eagerly } = recorder();
    const container: Scope = createContainer(
      singleton(A, () => "old", eagerly),
      singleton(B, () => "b", eagerly),
    );
    container.get(A);
    container.override(singleton(A, () => "new", eagerly));

    await createApp(container).start();

    expect(log).toEqual(["+old", "+new", "+b"]);
    await container.shutdown();
  });

  it("is the original of a decorated service, and its task if that is what it is", async () => {
    const { log, eagerly } = recorder();
    const container = createContainer(
      decorate(
        decorate(
          singleton(A, () => "original", eagerly),
          [],
          (it) => `once ${it}`,
        ),
        [],
        (it) => `twice ${it}`,
      ),
    );

    expect(await createApp(container).run([A], (it) => it)).toBe("twice once original");
    expect(log).toEqual(["+original", "-original"]);
  });

  it("is a fallback where it is used, and not where it gives way", async () => {
    const { log, eagerly } = recorder();
    const built: string[] = [];
    const given = fallback(singleton(A, () => "fallback", { ...eagerly, eager: true }));
    await createApp(createContainer(given)).run([], () => {});
    const lazy = createContainer(
      given,
      singleton(A, () => (built.push("a"), "a")),
    );
    await warm(lazy);
    await createApp(lazy).run([], () => {});

    expect(log).toEqual(["+fallback", "-fallback"]);
    expect(built).toEqual([]);
  });

  it("is a value, also one with an init, and one that nobody resolves", async () => {
    const { log, eagerly } = recorder();
    const container = createContainer(
      value(A, "a", eagerly),
      value(B, "b", { ...eagerly, init: () => log.push("init b") }),
    );

    await createApp(container).run([], () => {});

    expect(log).toEqual(["init b", "+a", "+b", "-b", "-a"]);
  });

  it("is one instance once, however many names it has", async () => {
    const { log, eagerly } = recorder();
    const container = createContainer(
      singleton(A, () => "a", { ...eagerly, as: [B] }),
      alias(C, A),
      singleton(D, [A, C, all(B)], () => "d"),
    );

    await createApp(container).run([D], () => {});

    expect(log).toEqual(["+a", "-a"]);
  });
});

/** What the order is by definition: the first, of those that may start next, and so on. */
function bySearching(
  order: readonly number[],
  needs: readonly (readonly number[])[],
  hasStart: boolean[],
): number[] {
  const reach = needs.map((direct) => {
    const found = new Set(direct);
    for (const it of found) for (const further of needs[it]!) found.add(further);
    return [...found].filter((it) => hasStart[it]);
  });
  let left = order.map((_, at) => at).filter((at) => hasStart[at]);
  left.sort((a, b) => order[a]! - order[b]! || a - b);
  const found: number[] = [];
  while (left.length > 0) {
    const next = left.find((at) => reach[at]!.every((it) => !left.includes(it)))!;
    found.push(next);
    left = left.filter((at) => at !== next);
  }
  return found;
}

describe("the order of starting", () => {
  it("is the one that its definition gives, for any graph", async () => {
    let seed = 20261129;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    for (let round = 0; round < 50; round++) {
      const size = 1 + random(24);
      const tokens = Array.from({ length: size }, (_, at) => token<number>(`t${at}`));
      // A permutation, so that what depends on something may be registered before or after it.
      const rank = tokens.map(() => random(1_000));
      const needs = tokens.map((_, at) =>
        tokens.map((__, other) => other).filter((other) => rank[other]! < rank[at]! && random(4) === 0),
      );
      const order = tokens.map(() => random(3));
      const hasStart = tokens.map(() => random(3) > 0);
      const started: number[] = [];
      const container = uncheckedContainer(
        ...tokens.map((it, at) =>
          singleton(
            it,
            needs[at]!.map((other) => tokens[other]!),
            () => at,
            { order: order[at]!, ...(hasStart[at] && { start: (n: number) => started.push(n) }) },
          ),
        ),
      );

      await createApp(container).run([], () => {});

      expect(started).toEqual(bySearching(order, needs, hasStart));
    }
  });

  it.for([
    ["in a chain", (at: number) => (at > 0 ? [at - 1] : [])],
    ["independent of each other", () => []],
    ["on top of one", (at: number) => (at > 0 ? [0] : [])],
    ["in a tree, with a root of its own", (at: number) => (at > 1 ? [at >> 1, 0] : [])],
  ] as const)("is found for 5 000 services, %s", async ([, needsOf]) => {
    const tokens = Array.from({ length: 5_000 }, (_, at) => token<number>(`t${at}`));
    const started: number[] = [];
    const container = uncheckedContainer(
      tokens
        .map((it, at) =>
          singleton(
            it,
            needsOf(at).map((other: number) => tokens[other]!),
            () => at,
            { start: (n: number) => started.push(n) },
          ),
        )
        .reverse(),
    );
    const running = createApp(container);
    await running.start();
    expect(started).toHaveLength(5_000);
    const places = new Map(started.map((it, at) => [it, at]));
    const tooEarly = started.filter((at) => needsOf(at).some((it) => places.get(it)! > places.get(at)!));
    expect(tooEarly).toEqual([]);

    expect((await running.stop()).ok).toBe(true);
  });
});
