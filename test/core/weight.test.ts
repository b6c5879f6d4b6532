/**
 * How much the core carries: how deep, how wide, how many, and that nothing of it is left behind.
 *
 * Nothing here looks at a clock. The depths are those of the contract, in every runtime of the suite.
 */

import {
  alias,
  createContainer,
  isContainerError,
  map,
  one,
  optional,
  ref,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Provider,
  type Scope,
  type Token,
} from "thimble";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { laterRefusal, refusal, thrown } from "./support/refusal.ts";
import { uncheckedContainer } from "./support/unchecked.ts";

type Link = Token<number>;

const tokens = (count: number): Link[] => Array.from({ length: count }, (_, i) => token<number>(`link ${i}`));

/** Each link is one more than the link before it; the last is asked for, the first stands on nothing. */
function chain(
  links: readonly Link[],
  link: (it: Link, before: Link) => Provider,
  undone?: number[],
): readonly [Scope, Link] {
  const first = singleton(links[0]!, () => 1, { dispose: undone ? (it) => void undone.push(it) : false });
  const rest = links.slice(1).map((it, i) => link(it, links[i]!));
  // In the order that helps least: what is asked for first is registered first.
  return [uncheckedContainer(rest.toReversed(), first), links.at(-1)!];
}

const countdown = (from: number) => Array.from({ length: from }, (_, i) => from - i);

describe.each([5_000, 10_000])("a chain of %i declared dependencies", (depth) => {
  it("resolves at once, and shuts down from its end to its beginning", async () => {
    const undone: number[] = [];
    const [app, last] = chain(
      tokens(depth),
      (it, before) => singleton(it, [before], (n) => n + 1, { dispose: (n) => void undone.push(n) }),
      undone,
    );

    expect(app.get(last)).toBe(depth);
    const report = await app.shutdown();

    expect(report.ok).toBe(true);
    expect(undone).toEqual(countdown(depth));
  });

  it("resolves asynchronously, and shuts down from its end to its beginning", async () => {
    const undone: number[] = [];
    const [app, last] = chain(
      tokens(depth),
      (it, before) =>
        singleton(it, [before], async (n) => n + 1, { dispose: async (n) => void undone.push(n) }),
      undone,
    );

    expect(await app.getAsync(last)).toBe(depth);
    const report = await app.shutdown();

    expect(report.ok).toBe(true);
    expect(undone).toEqual(countdown(depth));
  });

  it("of synchronous services resolves through getAsync", async () => {
    const [app, last] = chain(tokens(depth), (it, before) => singleton(it, [before], (n) => n + 1));

    expect(await app.getAsync(last)).toBe(depth);
  });

  it("over one asynchronous service resolves once that is there", async () => {
    const links = tokens(depth);
    const app = uncheckedContainer(
      singleton(links[0]!, async () => 1),
      links.slice(1).map((it, i) => singleton(it, [links[i]!], (n) => n + 1)),
    );

    expect(refusal(() => app.get(links.at(-1)!)).code).toBe("ASYNC_PROVIDER");
    expect(await app.getAsync(links.at(-1)!)).toBe(depth);
  });

  it("of scoped services resolves and shuts down", async () => {
    const [app, last] = chain(tokens(depth), (it, before) =>
      scoped(it, [before], (n) => n + 1, { dispose: () => {} }),
    );
    const request = app.createScope("request");

    expect(request.get(last)).toBe(depth);

    expect((await request.shutdown()).services).toHaveLength(depth - 1);
  });

  it("of transients resolves", async () => {
    const [app, last] = chain(tokens(depth), (it, before) => transient(it, [before], (n) => n + 1));

    expect(app.get(last)).toBe(depth);
    expect(await app.getAsync(last)).toBe(depth);
  });

  it("of aliases leads to its end", async () => {
    const links = tokens(depth);
    const app = uncheckedContainer(
      links.slice(1).map((it, i) => alias(it, links[i]!)),
      singleton(links[0]!, () => 1),
    );

    expect(app.get(links.at(-1)!)).toBe(1);
    expect(await app.getAsync(links.at(-1)!)).toBe(1);
  });

  it("through combinators resolves", async () => {
    const through = [
      optional,
      (it: Link) => map(it, (n) => n),
      (it: Link) => ref(() => it),
      one,
    ] as unknown as ((it: Link) => Link)[];
    const [app, last] = chain(tokens(depth), (it, before) =>
      singleton(it, [through[Number(before.name.slice(-1)) % 4]!(before)], (n) => n + 1),
    );

    expect(app.get(last)).toBe(depth);
  });

  it("that bites its own tail is a cycle", async () => {
    const links = tokens(depth);
    const app = uncheckedContainer(links.map((it, i) => singleton(it, [links.at(i - 1)!], (n) => n + 1)));

    expect(refusal(() => app.get(links.at(-1)!)).code).toBe("CIRCULAR_DEPENDENCY");
    expect((await laterRefusal(app.getAsync(links.at(-1)!))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("that fails at its far end passes the failure on, and can be tried again", async () => {
    const links = tokens(depth);
    const failure = new Error("not yet");
    let tries = 0;
    const app = uncheckedContainer(
      singleton(links[0]!, () => {
        if (++tries < 3) throw failure;
        return 1;
      }),
      links.slice(1).map((it, i) => singleton(it, [links[i]!], (n) => n + 1)),
    );

    expect(thrown(() => app.get(links.at(-1)!))).toBe(failure);
    await expect(app.getAsync(links.at(-1)!)).rejects.toBe(failure);
    expect(app.get(links.at(-1)!)).toBe(depth);
  });
});

describe("a chain of declared dependencies that is longer still", () => {
  it("either resolves or is DEPTH_EXCEEDED and never ends otherwise", async () => {
    const depth = 50_000;
    const [app, last] = chain(tokens(depth), (it, before) => singleton(it, [before], (n) => n + 1));
    const outcome = (it: unknown) => (isContainerError(it) ? it.code : it);

    let atOnce: unknown;
    try {
      atOnce = app.get(last);
    } catch (error) {
      atOnce = error;
    }
    const later: unknown = await app.getAsync(last).catch((error: unknown) => error);

    expect([depth, "DEPTH_EXCEEDED"]).toContain(outcome(atOnce));
    expect([depth, "DEPTH_EXCEEDED"]).toContain(outcome(later));
  });
});

describe("many services", () => {
  it("may be what one depends on", async () => {
    const undone: number[] = [];
    const Sum = token<number>("sum");
    const links = tokens(2_000);
    const app = uncheckedContainer(
      links.map((it, i) => singleton(it, async () => i, { dispose: () => void undone.push(i) })),
      singleton(Sum, links, (...all) => all.reduce((sum, n) => sum + n, 0), {
        dispose: () => void undone.push(-1),
      }),
    );

    expect(await app.getAsync(Sum)).toBe((2_000 * 1_999) / 2);
    await app.shutdown();

    expect(undone[0]).toBe(-1);
    expect(undone).toHaveLength(2_001);
  });

  it("may depend on one", async () => {
    const undone: string[] = [];
    const Db = token<string>("db");
    const links = tokens(2_000);
    const app = uncheckedContainer(
      singleton(Db, () => "db", { dispose: () => void undone.push("db") }),
      links.map((it, i) => singleton(it, [Db], () => i, { dispose: () => void undone.push("link") })),
    );
    app.get(links);

    await app.shutdown();

    expect(undone).toHaveLength(2_001);
    expect(undone.at(-1)).toBe("db");
  });

  it("that all depend on all before them are built once each: no work is done twice", () => {
    let built = 0;
    const links = tokens(200);
    const app = uncheckedContainer(links.map((it, i) => singleton(it, links.slice(0, i), () => ++built)));

    app.get(links.at(-1)!);

    expect(built).toBe(200);
  });
});

describe("many scopes", () => {
  const Request = token<number>("request");
  const Greeting = token<string>("greeting");

  it(
    "opened, used and closed one after the other leave nothing in their parent",
    { timeout: 60_000 },
    async () => {
      let undone = 0;
      const app: Scope = createContainer(
        scoped(Greeting, [Request], (n) => `hello ${n}`, {
          dispose: () => {
            undone++;
          },
        }),
      );

      for (let n = 0; n < 100_000; n++) {
        const request = app.createScope("request", value(Request, n));
        if (request.get(Greeting) !== `hello ${n}`)
          throw new Error(`request ${n} was given another's greeting`);
        await request.shutdown();
      }

      expect([...app.children]).toEqual([]);
      expect(undone).toBe(100_000);
      expect((await app.shutdown()).services).toEqual([]);
    },
  );

  it("opened and closed side by side leave nothing in their parent", async () => {
    const app = createContainer();
    const requests = Array.from({ length: 10_000 }, (_, n) =>
      app.createScope("request", value(Request, n, { owned: true })),
    );
    expect([...app.children]).toHaveLength(10_000);

    await Promise.all(requests.map((request) => request.shutdown()));

    expect([...app.children]).toEqual([]);
  });

  it("still open are closed with their parent", async () => {
    let undone = 0;
    const app: Scope = createContainer(
      scoped(Greeting, () => "hello", {
        dispose: () => {
          undone++;
        },
      }),
    );
    const requests = Array.from({ length: 10_000 }, () => app.createScope("request"));
    for (const request of requests) request.get(Greeting);

    const report = await app.shutdown();

    expect(undone).toBe(10_000);
    expect(report.services).toHaveLength(10_000);
    expect([...app.children]).toEqual([]);
    expect(requests.every((request) => request.state === "closed")).toBe(true);
  });

  it("one below the other, a thousand deep, see what is at the top and close from the bottom", async () => {
    const closed: string[] = [];
    const app: Scope = createContainer(value(Request, 7));
    let deepest = app;
    observe(app, { scopeClosed: ({ scope }) => closed.push(scope.name) });
    for (let depth = 0; depth < 1_000; depth++) deepest = deepest.createScope(`${depth}`);

    expect(deepest.get(Request)).toBe(7);
    await app.shutdown();

    expect(closed).toEqual([...countdown(1_000).map((n) => `${n - 1}`), "root"]);
  });

  it("whose providers fail leave nothing in their parent", () => {
    const app: Scope = createContainer();

    for (let n = 0; n < 1_000; n++)
      refusal(() => app.createScope("request", value(Request, 1), value(Request, 2)));

    expect([...app.children]).toEqual([]);
  });
});
