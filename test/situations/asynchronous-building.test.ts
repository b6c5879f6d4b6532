/**
 * Building that takes time, where containers hang, build twice, blame the
 * wrong one, or see cycles that are not there.
 *
 * A factory that asks the *captured container* is seen only while it runs
 * synchronously. No test here asks the container after an `await` and expects
 * the cycle to be told: nobody could.
 *
 * @module
 */
import { beforeEach, describe, expect, it } from "vitest";
import { catchReports } from "../core/support/report-error.ts";
import {
  alias,
  all,
  createContainer,
  currentScope,
  defer,
  optional,
  parent,
  pathOf,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { deferred } from "../core/support/deferred.ts";
import { thrown } from "../core/support/refusal.ts";
import { turn } from "../core/support/turn.ts";
import { codeOf, expectCycle, trail } from "./failing.ts";
import { beats, rejection, settles } from "./waiting.ts";

// Errors that reach no caller are told to the runtime. Some runtimes would end the run.
beforeEach(() => void catchReports());

const Orders = token<object>("orders");
const Invoices = token<object>("invoices");
const Payments = token<object>("payments");
const Shop = token<object>("shop");

/** A factory that awaits before it asks for `next`: the one that hangs elsewhere. */
function asksLate(own: typeof Orders, next: typeof Orders, wait: () => Promise<void> = turn) {
  return singleton(own, async ({ getAsync }) => {
    await wait();
    return { next: await getAsync(next) };
  });
}

describe("a cycle of asynchronous factories", () => {
  it("two that await before they ask for each other: told with the path, not waited for", async () => {
    const app: Scope = createContainer(asksLate(Orders, Invoices), asksLate(Invoices, Orders));

    const error = await rejection(app.getAsync(Orders));

    expectCycle(error);
    expect(trail(error)).toEqual(["orders", "invoices", "orders"]);
  });

  it("three that await before they ask: told with all three on the path", async () => {
    const app: Scope = createContainer(
      asksLate(Orders, Invoices),
      asksLate(Invoices, Payments),
      asksLate(Payments, Orders),
      singleton(Shop, async ({ getAsync }) => ({ orders: await getAsync(Orders) })),
    );

    const error = await rejection(app.getAsync(Shop));

    expectCycle(error);
    expect(trail(error)).toEqual(["shop", "orders", "invoices", "payments", "orders"]);
  });

  it("one that awaits and then asks for itself: told, not waited for", async () => {
    const app: Scope = createContainer(asksLate(Orders, Orders));

    const error = await rejection(app.getAsync(Orders));

    expectCycle(error);
    expect(trail(error)).toEqual(["orders", "orders"]);
  });

  it.each([
    [0, 0],
    [0, 3],
    [3, 0],
    [1, 7],
    [7, 1],
  ])(
    "entered from both ends at once, awaiting %i and %i beats: both askers are told",
    async (first, second) => {
      const app: Scope = createContainer(
        asksLate(Orders, Invoices, () => beats(first)),
        asksLate(Invoices, Orders, () => beats(second)),
      );

      const errors = await Promise.all([rejection(app.getAsync(Orders)), rejection(app.getAsync(Invoices))]);

      for (const error of errors) expectCycle(error, "orders", "invoices");
    },
  );

  it("entered from all three ends at once: all three askers are told", async () => {
    const app: Scope = createContainer(
      asksLate(Orders, Invoices),
      asksLate(Invoices, Payments),
      asksLate(Payments, Orders),
    );

    const errors = await Promise.all([Orders, Invoices, Payments].map((it) => rejection(app.getAsync(it))));

    for (const error of errors) expectCycle(error, "orders", "invoices", "payments");
  });

  it("entered from both ends, the second when the first already waits: both askers are told", async () => {
    const go = deferred();
    const app: Scope = createContainer(
      asksLate(Orders, Invoices, () => beats(1)),
      asksLate(Invoices, Orders, () => go.promise),
    );
    const first = rejection(app.getAsync(Orders));
    await turn();
    const second = rejection(app.getAsync(Invoices));
    await turn();

    go.resolve();

    for (const error of await Promise.all([first, second])) expectCycle(error, "orders", "invoices");
  });

  it("asks started side by side and awaited later: told all the same", async () => {
    const app: Scope = createContainer(
      singleton(Orders, async ({ getAsync }) => {
        const invoices = getAsync(Invoices);
        invoices.catch(() => {});
        await turn();
        return { invoices: await invoices };
      }),
      singleton(Invoices, async ({ getAsync }) => {
        const orders = getAsync(Orders);
        orders.catch(() => {});
        await turn();
        return { orders: await orders };
      }),
    );

    expectCycle(await rejection(app.getAsync(Orders)), "orders", "invoices");
  });

  it("one edge declared and the other asked after an await: told", async () => {
    const app: Scope = createContainer(
      singleton(Orders, [Invoices], (invoices) => ({ invoices })),
      asksLate(Invoices, Orders),
    );

    const fromOrders = await rejection(app.getAsync(Orders));
    const fromInvoices = await rejection(app.getAsync(Invoices));

    expect(trail(fromOrders)).toEqual(["orders", "invoices", "orders"]);
    expect(trail(fromInvoices)).toEqual(["invoices", "orders", "invoices"]);
  });

  it("through an alias and a transient: told", async () => {
    const Billing = token<object>("billing");
    const app: Scope = createContainer(
      asksLate(Orders, Billing),
      alias(Billing, Invoices),
      transient(Invoices, async ({ getAsync }) => {
        await turn();
        return { payments: await getAsync(Payments) };
      }),
      asksLate(Payments, Orders),
    );

    const errors = await Promise.all([rejection(app.getAsync(Orders)), rejection(app.getAsync(Billing))]);

    for (const error of errors) expectCycle(error, "orders", "invoices", "payments");
  });

  it("two plugins that await and then resolve all plugins: told", async () => {
    const Plugin = token<object>("plugin");
    const Audit = token<object>("audit");
    const app: Scope = createContainer(
      singleton(Orders, [all(Plugin)], () => ({}), { as: [Plugin] }),
      singleton(
        Audit,
        async ({ getAsync }) => {
          await turn();
          return { plugins: await getAsync(all(Plugin)) };
        },
        { as: [Plugin] },
      ),
    );

    expectCycle(await rejection(app.getAsync(Audit)), "audit", "orders");
    expectCycle(await rejection(app.getAsync(all(Plugin))), "audit", "orders");
  });

  it("a deferred dependency asked too early, inside the factory: told", async () => {
    const app: Scope = createContainer(
      singleton(Orders, [defer(Invoices)], async (invoices) => {
        await turn();
        return { invoices: await invoices.getAsync() };
      }),
      singleton(Invoices, [Orders], (orders) => ({ orders })),
    );

    const errors = await Promise.all([rejection(app.getAsync(Orders)), rejection(app.getAsync(Invoices))]);

    for (const error of errors) expectCycle(error, "orders", "invoices");
  });

  it("through a request that the root's own factory opens: told", async () => {
    const app: Scope = createContainer(
      singleton(Orders, [currentScope], async (scope) => {
        const request = scope.createScope("request");
        return { invoices: await request.getAsync(Invoices) };
      }),
      scoped(Invoices, async ({ getAsync }) => {
        await turn();
        return { orders: await getAsync(Orders) };
      }),
    );

    expectCycle(await rejection(app.getAsync(Orders)), "orders", "invoices");
  });

  it("through init, which asks for what is built on the instance: told", async () => {
    const app: Scope = createContainer(
      singleton(Orders, () => ({}), { init: () => app.getAsync(Invoices) }),
      singleton(Invoices, [Orders], (orders) => ({ orders })),
    );

    expectCycle(await rejection(app.getAsync(Orders)), "orders", "invoices");
    expectCycle(await rejection(app.getAsync(Invoices)), "orders", "invoices");
  });

  it("through runAsync: told", async () => {
    const app: Scope = createContainer(
      singleton(Orders, () => app.runAsync([Invoices], (invoices) => ({ invoices }))),
      asksLate(Invoices, Orders),
    );

    const errors = await Promise.all([rejection(app.getAsync(Invoices)), rejection(app.getAsync(Orders))]);

    for (const error of errors) expectCycle(error, "orders", "invoices");
  });

  it("of transients, which leave no instance to meet again: told, entered from both ends", async () => {
    const late = (own: typeof Orders, next: typeof Orders) =>
      transient(own, async ({ getAsync }) => {
        await turn();
        return { next: await getAsync(next) };
      });
    const app: Scope = createContainer(
      late(Orders, Invoices),
      late(Invoices, Orders),
      late(Payments, Payments),
    );

    const errors = await Promise.all([rejection(app.getAsync(Orders)), rejection(app.getAsync(Invoices))]);

    for (const error of errors) expectCycle(error, "orders", "invoices");
    expectCycle(await rejection(app.getAsync(Payments)), "payments");
  });

  it("of transients that ask the captured container: told, not a stack overflow", () => {
    const app: Scope = createContainer(
      transient(Orders, () => ({ invoices: app.get(Invoices) })),
      transient(Invoices, () => ({ orders: app.get(Orders) })),
    );

    expectCycle(
      thrown(() => app.get(Orders)),
      "orders",
      "invoices",
    );
  });

  it("through a child scope opened inside a factory: told", async () => {
    const app: Scope = createContainer(
      singleton(Orders, [currentScope], async (scope) => {
        const inner = scope.createScope("import");
        return { invoices: await inner.getAsync(Invoices) };
      }),
      asksLate(Invoices, Orders),
    );

    const errors = await Promise.all([rejection(app.getAsync(Orders)), rejection(app.getAsync(Invoices))]);

    for (const error of errors) expectCycle(error, "orders", "invoices");
  });

  it("through a provider of a child scope opened inside a factory: told", async () => {
    const app: Scope = createContainer(
      singleton(Orders, [currentScope], async (scope) => {
        const inner = scope.createScope("import", asksLate(Invoices, Orders));
        return { invoices: await inner.getAsync(Invoices) };
      }),
    );

    expectCycle(await rejection(app.getAsync(Orders)), "orders", "invoices");
  });

  it("through the captured container, asked before the first await: told from both ends", async () => {
    const app: Scope = createContainer(
      singleton(Orders, async () => ({ invoices: await app.getAsync(Invoices) })),
      asksLate(Invoices, Orders),
    );

    expectCycle(await rejection(app.getAsync(Orders)), "orders", "invoices");
    expectCycle(await rejection(app.getAsync(Invoices)), "orders", "invoices");
    const together = await Promise.all([rejection(app.getAsync(Invoices)), rejection(app.getAsync(Orders))]);
    for (const error of together) expectCycle(error, "orders", "invoices");
  });

  it("through the captured container on both sides: told", async () => {
    const app: Scope = createContainer(
      singleton(Orders, async () => ({ invoices: await app.getAsync(Invoices) })),
      singleton(Invoices, async () => ({ orders: await app.getAsync(Orders) })),
    );

    expectCycle(await rejection(app.getAsync(Orders)), "orders", "invoices");
  });

  it("through the captured container, synchronously: told, not a stack overflow", () => {
    const app: Scope = createContainer(
      singleton(Orders, () => ({ invoices: app.get(Invoices) })),
      singleton(Invoices, () => ({ orders: app.get(Orders) })),
    );

    const error = thrown(() => app.get(Orders));

    expectCycle(error);
    expect(trail(error)).toEqual(["orders", "invoices", "orders"]);
  });

  it("through two containers that capture each other: told, not a stack overflow", () => {
    const shop: Scope = createContainer(
      "shop",
      singleton(Orders, () => ({ invoices: books.get(Invoices) })),
    );
    const books: Scope = createContainer(
      "books",
      singleton(Invoices, () => ({ orders: shop.get(Orders) })),
    );

    expectCycle(
      thrown(() => shop.get(Orders)),
      "orders",
      "invoices",
    );
  });

  it("between services of one request: told to that request, and to each of two at once", async () => {
    const app: Scope = createContainer(
      scoped(Orders, async ({ getAsync }) => {
        await turn();
        return { invoices: await getAsync(Invoices) };
      }),
      scoped(Invoices, async ({ getAsync }) => {
        await turn();
        return { orders: await getAsync(Orders) };
      }),
    );
    const monday = app.createScope("monday");
    const tuesday = app.createScope("tuesday");

    const errors = await Promise.all([
      rejection(monday.getAsync(Orders)),
      rejection(tuesday.getAsync(Invoices)),
    ]);

    for (const error of errors) expectCycle(error, "orders", "invoices");
  });

  it("a late asker that joins while the cycle closes: told as well", async () => {
    const app: Scope = createContainer(
      asksLate(Orders, Invoices),
      asksLate(Invoices, Orders),
      singleton(Shop, [Orders], (orders) => ({ orders })),
    );
    const first = rejection(app.getAsync(Orders));
    await beats(2);

    const late = rejection(app.getAsync(Shop));

    expectCycle(await first, "orders", "invoices");
    expectCycle(await late, "orders", "invoices");
  });

  it("a factory that survives being told goes on: the cycle is open, and both are built", async () => {
    const app: Scope = createContainer(
      asksLate(Orders, Invoices),
      singleton(Invoices, async ({ getAsync }) => {
        await turn();
        const orders = await getAsync(Orders).catch((error: unknown) => codeOf(error));
        return { orders };
      }),
    );

    const orders = await settles(app.getAsync(Orders));

    expect(orders).toEqual({ next: { orders: "CIRCULAR_DEPENDENCY" } });
  });

  it("is not remembered: once one side is replaced, the next ask builds", async () => {
    const app: Scope = createContainer(asksLate(Orders, Invoices), asksLate(Invoices, Orders));
    await rejection(app.getAsync(Orders));

    app.override(value(Invoices, { paid: true }));

    expect(await settles(app.getAsync(Orders))).toEqual({ next: { paid: true } });
  });

  it("leaves what stands beside it alone: the sibling is built, once", async () => {
    let built = 0;
    const Clock = token<{ now: number }>("clock");
    const app: Scope = createContainer(
      asksLate(Orders, Invoices),
      asksLate(Invoices, Orders),
      singleton(Clock, async () => {
        await turn();
        return { now: ++built };
      }),
      singleton(Shop, [Orders, Clock], (orders, clock) => ({ orders, clock })),
    );

    expectCycle(await rejection(app.getAsync(Shop)), "orders", "invoices");

    expect(await settles(app.getAsync(Clock))).toEqual({ now: 1 });
    expect(built).toBe(1);
  });
});

describe("what only looks like a cycle", () => {
  const Db = token<object>("db");

  it("two overlapping builds that share a dependency: both are built on the one instance", async () => {
    const open = deferred<object>();
    const app: Scope = createContainer(
      singleton(Db, () => open.promise),
      asksLate(Orders, Db, () => beats(1)),
      asksLate(Invoices, Db, () => beats(4)),
    );
    const both = Promise.all([app.getAsync(Orders), app.getAsync(Invoices)]);
    await turn();

    const db = {};
    open.resolve(db);

    expect(await settles(both)).toEqual([{ next: db }, { next: db }]);
    expect(app.get(Db)).toBe(db);
  });

  it("dependencies asked in parallel, one of which needs another: built, not a cycle", async () => {
    const app: Scope = createContainer(
      singleton(Db, async () => {
        await turn();
        return {};
      }),
      asksLate(Invoices, Db),
      asksLate(Payments, Invoices),
      singleton(Orders, async ({ getAsync }) => {
        const [db, payments, invoices, again] = await Promise.all([
          getAsync(Db),
          getAsync(Payments),
          getAsync(Invoices),
          getAsync(Payments),
        ]);
        return { db, payments, invoices, same: payments === again };
      }),
    );

    const orders = await settles(app.getAsync(Orders));

    expect(orders).toMatchObject({ same: true, invoices: app.get(Invoices), db: app.get(Db) });
  });

  it("two builds that wait for each other's dependencies in opposite order: built, not a cycle", async () => {
    const Left = token<object>("left");
    const Right = token<object>("right");
    const slow = (own: typeof Left) => singleton(own, async () => (await turn(), {}));
    const app: Scope = createContainer(
      slow(Left),
      slow(Right),
      singleton(Orders, async ({ getAsync }) => [await getAsync(Left), await getAsync(Right)]),
      singleton(Invoices, async ({ getAsync }) => [await getAsync(Right), await getAsync(Left)]),
    );

    const [orders, invoices] = await settles(Promise.all([app.getAsync(Orders), app.getAsync(Invoices)]));

    expect(orders).toEqual([app.get(Left), app.get(Right)]);
    expect(invoices).toEqual([app.get(Right), app.get(Left)]);
  });

  it("a resolver kept by a built service, used later for what depends on that service: answered", async () => {
    const Router = token<{ page(): object; pageAsync(): Promise<object> }>("router");
    const Page = token<object>("page");
    const app: Scope = createContainer(
      singleton(Router, ({ get, getAsync }) => ({ page: () => get(Page), pageAsync: () => getAsync(Page) })),
      singleton(Page, async ({ getAsync }) => {
        await turn();
        return { router: await getAsync(Router) };
      }),
    );
    const router = app.get(Router);

    const page = await settles(router.pageAsync());

    expect(page).toEqual({ router });
    expect(router.page()).toBe(page);
  });

  it("a built service asked back, unawaited, by the one that is still being built on it: answered afterwards", async () => {
    const Router = token<{ later(): Promise<object> }>("router");
    const Page = token<{ self: Promise<object> }>("page");
    const app: Scope = createContainer(
      singleton(Router, async ({ getAsync }) => {
        await turn();
        return { later: () => getAsync(Page) };
      }),
      singleton(Page, async ({ getAsync }) => {
        const router = await getAsync(Router);
        const self = router.later();
        await turn();
        return { self };
      }),
    );

    const page = await settles(app.getAsync(Page));

    expect(await settles(page.self)).toBe(page);
  });

  it("one transient asked for by two builds that overlap: two instances, not a cycle", async () => {
    const Draft = token<object>("draft");
    const app: Scope = createContainer(
      transient(Draft, async () => (await turn(), {})),
      asksLate(Orders, Draft, () => beats(1)),
      asksLate(Invoices, Draft, () => beats(2)),
      singleton(Shop, async ({ getAsync }) =>
        Promise.all([getAsync(Orders), getAsync(Draft), getAsync(Invoices)]),
      ),
    );

    const [orders, draft, invoices] = (await settles(app.getAsync(Shop))) as [object, object, object];

    expect(orders).toEqual({ next: {} });
    expect(new Set([draft, Reflect.get(orders, "next"), Reflect.get(invoices, "next")]).size).toBe(3);
  });

  it("a transient that keeps its resolver and later asks for another of its kind: answered", async () => {
    const Node = token<{ child(): Promise<object> }>("node");
    const app: Scope = createContainer(
      transient(Node, async ({ getAsync }) => {
        await turn();
        return { child: () => getAsync(Node) };
      }),
    );
    const top = await settles(app.getAsync(Node));

    const child = await settles(top.child());

    expect(child).not.toBe(top);
  });

  it("an ask that was started, not waited for, and asks back once its asker is built: answered", async () => {
    const go = deferred();
    const log: string[] = [];
    const Mail = token<{ web: object }>("mail");
    const Web = token<{ mail: Promise<object> }>("web");
    const app: Scope = createContainer(
      singleton(Web, async ({ getAsync }) => ({ mail: getAsync(Mail) }), {
        dispose: () => void log.push("web"),
      }),
      singleton(
        Mail,
        async ({ getAsync }) => {
          await go.promise;
          return { web: await getAsync(Web) };
        },
        { dispose: () => void log.push("mail") },
      ),
    );
    const web = await settles(app.getAsync(Web));
    go.resolve();

    expect(await settles(web.mail)).toEqual({ web });

    // Now each holds on to the other, and shutdown has to begin somewhere.
    expect((await settles(app.shutdown())).ok).toBe(true);
    expect([...log].sort()).toEqual(["mail", "web"]);
  });

  it.each([
    ["through its resolver", (_: Scope, { getAsync }: { getAsync: Scope["getAsync"] }) => getAsync(Invoices)],
    ["through the captured container", (app: Scope) => app.getAsync(Invoices)],
  ])(
    "a dependency asked for %s that failed, was done without, and asks back on its second try: answered",
    async (_, ask) => {
      const open = deferred();
      let runs = 0;
      const app: Scope = createContainer(
        singleton(Orders, async (resolver) => {
          const invoices = await ask(app, resolver).catch((error: Error) => error.message);
          await open.promise;
          return { invoices };
        }),
        singleton(Invoices, async ({ getAsync }) => {
          await beats(1);
          if (++runs === 1) throw new Error("not yet");
          return { orders: await getAsync(Orders) };
        }),
      );
      const orders = app.getAsync(Orders);
      await turn();

      const invoices = app.getAsync(Invoices);
      await turn();
      open.resolve();

      expect(await settles(orders)).toEqual({ invoices: "not yet" });
      expect(await settles(invoices)).toEqual({ orders: await orders });
    },
  );

  it("what a build that has failed goes on asking: not laid at the door of the next attempt", async () => {
    const straggler = deferred();
    const open = deferred();
    const stray: Promise<unknown>[] = [];
    let runs = 0;
    const app: Scope = createContainer(
      singleton(Orders, async ({ getAsync }) => {
        if (++runs === 1) {
          stray.push(straggler.promise.then(() => getAsync(Invoices)));
          throw new Error("not yet");
        }
        await open.promise;
        return { runs };
      }),
      singleton(Invoices, async ({ getAsync }) => ({ orders: await getAsync(Orders) })),
    );
    await rejection(app.getAsync(Orders));
    const second = app.getAsync(Orders);

    straggler.resolve();
    await turn();
    const invoices = app.getAsync(Invoices);
    open.resolve();

    expect(await settles(second)).toEqual({ runs: 2 });
    expect(await settles(invoices)).toEqual({ orders: { runs: 2 } });
    expect(await settles(Promise.all(stray))).toEqual([await invoices]);
  });

  it("the same token in two scopes, each asking the one above: three instances, no cycle", async () => {
    const Log = token<string[]>("log");
    const decorate = (name: string) =>
      singleton(Log, [parent(Log)], async (above) => {
        await turn();
        return [...above, name];
      });
    const app: Scope = createContainer(singleton(Log, async () => (await turn(), ["app"])));
    const area: Scope = app.createScope("area", decorate("area"));
    const page: Scope = area.createScope("page", decorate("page"));

    const logs = await settles(Promise.all([page.getAsync(Log), area.getAsync(Log), app.getAsync(Log)]));

    expect(logs).toEqual([["app", "area", "page"], ["app", "area"], ["app"]]);
  });

  it("one scoped provider that asks the scope above for the same token: one instance per scope, no cycle", async () => {
    const Trail = token<string>("trail");
    const app: Scope = createContainer(
      "app",
      scoped(Trail, [currentScope], async (scope) => {
        const above = scope.parent ? `${await scope.parent.getAsync(Trail)}/` : "";
        return above + scope.name;
      }),
    );
    const page = app.createScope("area").createScope("page");

    expect(await settles(page.getAsync(Trail))).toBe("app/area/page");
  });

  it.each([
    ["declared", (own: typeof Db, below: typeof Db) => singleton(own, [below, below], (a, b) => [a, b])],
    [
      "asked for at the same time, after an await",
      (own: typeof Db, below: typeof Db) =>
        singleton(own, async ({ getAsync }) => {
          await beats(1);
          return Promise.all([getAsync(below), getAsync(below)]);
        }),
    ],
  ])(
    "a ladder on which each rung needs the next one twice, %s: one build per rung, not one per way",
    async (_, rung) => {
      let ground = 0;
      const rungs = Array.from({ length: 26 }, (_, at) => token<object>(`rung ${at}`));
      const app: Scope = createContainer();
      app.provide(
        ...rungs.slice(0, -1).map((own, at) => rung(own, rungs[at + 1]!)),
        singleton(rungs.at(-1)!, async () => (await turn(), { ground: ++ground })),
      );

      // Sixty-seven million ways lead down; who walks each of them to look for a cycle runs into the time limit.
      await settles(app.getAsync(rungs[0]!));
      const report = await settles(app.shutdown());

      expect(ground).toBe(1);
      expect(report.ok).toBe(true);
    },
  );

  it("an ask from outside while a build waits: not laid at that build's door", async () => {
    const open = deferred<object>();
    const app: Scope = createContainer(
      singleton(Db, async () => ({ connection: await open.promise })),
      singleton(Orders, [Db], (db) => ({ db })),
    );
    const db = app.getAsync(Db);

    const orders = app.getAsync(Orders);
    open.resolve({});

    expect(await settles(orders)).toEqual({ db: await db });
  });

  it("an ask after a factory has thrown, caught inside another factory: blamed on nobody else", () => {
    const Broken = token<object>("broken");
    const Missing = token<object>("missing");
    const app: Scope = createContainer(
      singleton(Broken, () => {
        throw new Error("no connection");
      }),
      singleton(Orders, () => {
        thrown(() => app.get(Broken));
        return { ok: true };
      }),
    );
    app.get(Orders);

    expect(trail(thrown(() => app.get(Missing)))).toEqual(["missing"]);
  });
});

describe("one build", () => {
  const Db = token<{ n: number }>("db");

  it("two callers arriving together get one instance", async () => {
    let built = 0;
    const app: Scope = createContainer(singleton(Db, async () => (await turn(), { n: ++built })));

    const [first, second] = await settles(Promise.all([app.getAsync(Db), app.getAsync(Db)]));

    expect(first).toBe(second);
    expect(built).toBe(1);
  });

  it("fifty callers of a build that fails: one run, and the same error for all", async () => {
    let runs = 0;
    const app: Scope = createContainer(
      singleton(Db, async () => {
        await turn();
        throw new Error(`refused ${++runs}`);
      }),
    );

    const errors = await Promise.all(Array.from({ length: 50 }, () => rejection(app.getAsync(Db))));

    expect(new Set(errors).size).toBe(1);
    expect(errors[0]).toMatchObject({ message: "refused 1" });
    expect(runs).toBe(1);
  });

  it("a failed build is not remembered: the next caller tries again", async () => {
    let runs = 0;
    const app: Scope = createContainer(
      singleton(Db, async () => {
        await turn();
        if (++runs === 1) throw new Error("not yet");
        return { n: runs };
      }),
      singleton(Orders, [Db], (db) => ({ db })),
    );
    await rejection(app.getAsync(Orders));

    expect(await settles(app.getAsync(Orders))).toEqual({ db: { n: 2 } });
  });

  it("a failed synchronous build is not remembered either", () => {
    let runs = 0;
    const app: Scope = createContainer(
      singleton(Db, () => {
        if (++runs === 1) throw new Error("not yet");
        return { n: runs };
      }),
    );
    thrown(() => app.get(Db));

    expect(app.get(Db)).toEqual({ n: 2 });
  });

  it("two callers who try again the moment they hear of the failure: the second try is shared", async () => {
    let runs = 0;
    const app: Scope = createContainer(
      singleton(Db, async () => {
        await beats(2);
        if (++runs === 1) throw new Error("not yet");
        return { n: runs };
      }),
    );
    const persistent = () => app.getAsync(Db).catch(() => app.getAsync(Db));

    const [first, second] = await settles(Promise.all([persistent(), persistent()]));

    expect(first).toBe(second);
    expect(runs).toBe(2);
  });

  it("one dependency fails and another was built: only the failed one is built again", async () => {
    const runs = { clock: 0, db: 0 };
    const Clock = token<object>("clock");
    const app: Scope = createContainer(
      singleton(Clock, async () => (await turn(), { n: ++runs.clock })),
      singleton(Db, async () => {
        await turn();
        if (++runs.db === 1) throw new Error("not yet");
        return { n: runs.db };
      }),
      singleton(Orders, [Clock, Db], (clock, db) => ({ clock, db })),
    );
    await rejection(app.getAsync(Orders));
    await turn();

    await settles(app.getAsync(Orders));

    expect(runs).toEqual({ clock: 1, db: 2 });
  });

  it("a class with three asynchronous dependencies: its constructor runs once", async () => {
    let constructed = 0;
    class Dashboard {
      readonly parts: object[];
      constructor(orders: object, invoices: object, payments: object) {
        constructed++;
        this.parts = [orders, invoices, payments];
      }
    }
    const slow = (own: typeof Orders, count: number) =>
      singleton(own, async () => (await beats(count), { count }));
    const app: Scope = createContainer(
      slow(Orders, 5),
      slow(Invoices, 1),
      slow(Payments, 9),
      singleton(Dashboard, [Orders, Invoices, Payments]),
    );

    const [first, second] = await settles(Promise.all([app.getAsync(Dashboard), app.getAsync(Dashboard)]));

    expect(first).toBe(second);
    expect(first.parts).toEqual([{ count: 5 }, { count: 1 }, { count: 9 }]);
    expect(constructed).toBe(1);
  });

  it("a synchronous ask that came too early: refused by code, its build goes on and is shared", async () => {
    let built = 0;
    const open = deferred();
    const app: Scope = createContainer(
      singleton(Db, async () => {
        await open.promise;
        return { n: ++built };
      }),
      singleton(Orders, [Db], (db) => ({ db })),
    );

    expect(codeOf(thrown(() => app.get(Orders)))).toBe("ASYNC_PROVIDER");
    expect(codeOf(thrown(() => app.get(Orders)))).toBe("ASYNC_PROVIDER");
    open.resolve();
    const orders = await settles(app.getAsync(Orders));

    expect(app.get(Orders)).toBe(orders);
    expect(built).toBe(1);
  });

  it("a build nobody waits for fails: no unhandled rejection, and the next ask tries again", async () => {
    let runs = 0;
    const app: Scope = createContainer(
      singleton(Db, async () => {
        await beats(1);
        if (++runs === 1) throw new Error("nobody is listening");
        return { n: runs };
      }),
      singleton(Orders, [Db], (db) => ({ db })),
    );

    // An unhandled rejection would fail the whole run, in every runtime.
    thrown(() => app.get(Orders));
    await turn();

    expect(await settles(app.getAsync(Orders))).toEqual({ db: { n: 2 } });
  });

  it("one of several dependencies fails: whoever joined the build is told, and does not wait for the others", async () => {
    const Shipping = token<object>("shipping");
    const never = deferred();
    const broken = deferred();
    const app: Scope = createContainer(
      singleton(Payments, () => never.promise),
      singleton(Invoices, () => broken.promise),
      singleton(Orders, [Payments, Invoices], (payments, invoices) => ({ payments, invoices })),
      singleton(Shipping, [Orders], (orders) => ({ orders })),
    );
    const first = rejection(app.getAsync(Orders));
    const joined = [
      app.getAsync(Orders),
      app.getAsync([Orders]),
      app.getAsync(Shipping),
      app.runAsync([Shipping], () => {}),
    ];
    const told = joined.map((it) => rejection(it));
    const failure = new Error("no invoices");

    broken.reject(failure);

    for (const it of [first, ...told]) expect(await settles(it)).toBe(failure);
  });

  it("a dependency that nobody waits for fails, as its dependent expects: the dependent is built", async () => {
    const app: Scope = createContainer(
      singleton(Db, async () => {
        await beats(3);
        throw new Error("nobody is listening");
      }),
      singleton(Orders, ({ getAsync }) => {
        getAsync(Db).catch(() => {});
        return { ok: true };
      }),
    );

    expect(app.get(Orders)).toEqual({ ok: true });
    await turn();
  });

  it("independent dependencies: built at the same time, not one after the other", async () => {
    const begun: string[] = [];
    const open = deferred();
    const slow = (own: typeof Orders) =>
      singleton(own, async () => {
        begun.push(own.name);
        await open.promise;
        return {};
      });
    const app: Scope = createContainer(
      slow(Invoices),
      slow(Payments),
      singleton(Orders, [Invoices, Payments], (invoices, payments) => ({ invoices, payments })),
    );
    const orders = app.getAsync(Orders);
    await turn();

    expect(begun).toEqual(["invoices", "payments"]);

    open.resolve();
    await settles(orders);
  });
});

describe("a resolver after an await", () => {
  const Visitor = token<string>("visitor");
  const Greeting = token<string>("greeting");

  it("in requests that overlap and finish in the other order: each gets its own visitor", async () => {
    const gates = [deferred(), deferred(), deferred()];
    const names = ["ada", "ben", "cleo"];
    let next = 0;
    const app: Scope = createContainer(
      scoped(Greeting, async ({ get, getAsync }) => {
        const gate = gates[next++];
        await gate?.promise;
        return `${get(Visitor)} = ${await getAsync(Visitor)}`;
      }),
    );
    const asked = names.map((name) => app.createScope("request", value(Visitor, name)).getAsync(Greeting));

    for (const gate of gates.reverse()) {
      gate.resolve();
      await turn();
    }

    expect(await settles(Promise.all(asked))).toEqual(["ada = ada", "ben = ben", "cleo = cleo"]);
  });

  it("in two containers made of the same providers: each asks its own", async () => {
    const go = deferred();
    const shared = [
      singleton(Greeting, async ({ get }) => {
        await go.promise;
        return `hello ${get(Visitor)}`;
      }),
    ];
    const north: Scope = createContainer("north", value(Visitor, "ada"), shared);
    const south: Scope = createContainer("south", value(Visitor, "ben"), shared);
    const asked = Promise.all([north.getAsync(Greeting), south.getAsync(Greeting)]);

    go.resolve();

    expect(await settles(asked)).toEqual(["hello ada", "hello ben"]);
  });
});

describe("a value that is falsy", () => {
  it.each([[undefined], [null], [0], [0n], [""], [false], [Number.NaN]])(
    "%s: built once, and given",
    async (nothing) => {
      const runs = { sync: 0, async: 0 };
      const Sync = token<unknown>("sync");
      const Async = token<unknown>("async");
      const Given = token<unknown>("given");
      const app: Scope = createContainer(
        singleton(Sync, () => (runs.sync++, nothing)),
        singleton(Async, async () => (runs.async++, nothing)),
        value(Given, nothing),
      );

      for (let ask = 0; ask < 3; ask++) {
        expect(app.get(Sync)).toBe(nothing);
        expect(await settles(app.getAsync(Async))).toBe(nothing);
        expect(app.get(Given)).toBe(nothing);
      }

      expect(app.get(Async)).toBe(nothing);
      expect(runs).toEqual({ sync: 1, async: 1 });
    },
  );

  it("under optional: the provided nothing wins over the fallback", async () => {
    const Theme = token<string | undefined>("theme");
    const app: Scope = createContainer(singleton(Theme, () => undefined));

    expect(app.get(optional(Theme, "dark"))).toBeUndefined();
    expect(await settles(app.getAsync(optional(Theme, "dark")))).toBeUndefined();
  });
});

describe("a factory's own error", () => {
  class ConnectionRefused extends Error {
    readonly port = 5432;
  }
  const Db = token<object>("db");
  const Store = token<object>("store");

  it.each([
    [
      "thrown",
      (error: Error) => () => {
        throw error;
      },
    ],
    [
      "rejected",
      (error: Error) => async () => {
        await turn();
        throw error;
      },
    ],
  ])(
    "%s three levels down: the same object reaches the caller, and its path can be asked",
    async (_, failing) => {
      const refused = Object.freeze(new ConnectionRefused("connect ECONNREFUSED"));
      const app: Scope = createContainer(
        singleton(Db, failing(refused)),
        alias(Store, Db),
        singleton(Invoices, [Db], (db) => ({ db })),
        singleton(Orders, [{ invoices: Invoices }], ({ invoices }) => ({ invoices })),
      );

      const error = await rejection(app.getAsync(Orders));

      expect(error).toBe(refused);
      expect(error).toBeInstanceOf(ConnectionRefused);
      expect(trail(error)).toEqual(["orders", "invoices", "db"]);
    },
  );

  it("from a class's constructor: untouched, with its path", () => {
    class Mailer {
      constructor() {
        throw new TypeError("smtp host missing");
      }
    }
    const app: Scope = createContainer(
      singleton(Mailer),
      singleton(Orders, [Mailer], (mailer) => ({ mailer })),
    );

    const error = thrown(() => app.get(Orders));

    expect(error).toBeInstanceOf(TypeError);
    expect(trail(error)).toEqual(["orders", "Mailer"]);
  });

  it("that is no error at all: reaches the caller as it is, without a path", async () => {
    const app: Scope = createContainer(
      singleton(Db, async () => {
        await turn();
        throw "out of memory";
      }),
      singleton(Orders, [Db], (db) => ({ db })),
    );

    const thrown = await rejection(app.getAsync(Orders));

    expect(thrown).toBe("out of memory");
    expect(pathOf(thrown)).toEqual([]);
  });

  it("under optional: not mistaken for absence", async () => {
    const refused = new ConnectionRefused("refused");
    const app: Scope = createContainer(
      singleton(Db, async () => {
        await turn();
        throw refused;
      }),
      singleton(Orders, [optional(Db, {})], (db) => ({ db })),
    );

    expect(await rejection(app.getAsync(Orders))).toBe(refused);
  });

  it("optional of something provided, whose own dependency is missing: told, not swallowed", () => {
    const app: Scope = createContainer();
    app.provide(singleton(Invoices, [Db], (db) => ({ db })));

    const error = thrown(() => app.get(optional(Invoices)));

    expect(codeOf(error)).toBe("NOT_PROVIDED");
    expect(trail(error)).toEqual(["invoices", "db"]);
  });
});

describe("a resource and a failure from one provider", () => {
  const Db = token<{ url: string }>("db");
  const unreachable = new Error("unreachable");

  it.each([
    [
      "throws",
      () => {
        throw unreachable;
      },
    ],
    [
      "rejects",
      async () => {
        await turn();
        throw unreachable;
      },
    ],
  ])("init %s: the instance is disposed, once, and init's error reaches the caller", async (_, init) => {
    const closed: string[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => ({ url: "mem:" }), { init, dispose: (db) => void closed.push(db.url) }),
      singleton(Orders, [Db], (db) => ({ db })),
    );

    expect(await rejection(app.getAsync(Orders))).toBe(unreachable);
    await turn();
    expect(closed).toEqual(["mem:"]);

    const report = await settles(app.shutdown());
    expect(closed).toEqual(["mem:"]);
    expect(report.services).toEqual([]);
  });

  it("init fails and so does disposing: the caller hears why it could not be built", async () => {
    const app: Scope = createContainer(
      singleton(Db, async () => ({ url: "mem:" }), {
        init: async () => {
          throw unreachable;
        },
        dispose: async () => {
          throw new Error("cannot close what never opened");
        },
      }),
    );

    expect(await rejection(app.getAsync(Db))).toBe(unreachable);
    await turn();
  });

  it("init succeeds the second time: the first instance is gone, the second lives until shutdown", async () => {
    let n = 0;
    const closed: string[] = [];
    const app: Scope = createContainer(
      singleton(Db, () => ({ url: `mem:${++n}` }), {
        init: async (db) => {
          await turn();
          if (db.url === "mem:1") throw unreachable;
        },
        dispose: (db) => void closed.push(db.url),
      }),
    );
    await rejection(app.getAsync(Db));

    expect(await settles(app.getAsync(Db))).toEqual({ url: "mem:2" });
    expect(closed).toEqual(["mem:1"]);

    await settles(app.shutdown());
    expect(closed).toEqual(["mem:1", "mem:2"]);
  });

  it("nobody receives an instance before its init is over, not even the one who asks late", async () => {
    const ready = deferred();
    const app: Scope = createContainer(
      singleton(Db, () => ({ url: "raw" }), {
        init: async (db) => {
          await ready.promise;
          db.url = "ready";
        },
      }),
    );
    const early = app.getAsync(Db);
    await turn();

    expect(codeOf(thrown(() => app.get(Db)))).toBe("ASYNC_PROVIDER");
    const late = app.getAsync(Db).then((db) => db.url);
    ready.resolve();

    expect(await settles(late)).toBe("ready");
    expect(await settles(early)).toEqual({ url: "ready" });
  });
});
