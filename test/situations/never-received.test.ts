/**
 * Instances that nobody received, in other shapes: nested lists and records, aliases, resolvers, callers that gave up,
 * scopes that closed, builds that were refused half-way. The container disposes them, and never one that somebody
 * received or that somebody else owns.
 */

import {
  alias,
  all,
  createContainer,
  defer,
  map,
  one,
  optional,
  parent,
  pathOf,
  ref,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Dependency,
  type Provider,
  type Scope,
} from "thimble";
import { observe } from "thimble/observe";
import { beforeEach, describe, expect, it } from "vitest";
import { catchReports } from "../core/support/report-error.ts";
import { deferred } from "../core/support/deferred.ts";
import { asyncDispose, dispose } from "../core/support/disposal.ts";
import { refusal } from "../core/support/refusal.ts";
import { turn } from "../core/support/turn.ts";
import { uncheckedContainer } from "../core/support/unchecked.ts";
import { rejection, settles } from "./waiting.ts";

// Errors that reach no caller are told to the runtime. Some runtimes would end the run.
beforeEach(() => void catchReports());

const Connection = token<object>("connection");
const Flag = token<unknown>("flag");
const Slow = token<unknown>("slow");
const Missing = token<unknown>("missing");
const Visit = token<object>("visit");
const Job = token<object>("job");
const Pair = token<{ a: object; b: object }>("pair");
const Renamed = token<object>("renamed");

const fails = (): never => {
  throw new Error("no flag");
};

/** A container in which connections are counted, and what a service waits for that comes later. */
function counting(...providers: Provider[]) {
  const gate = deferred();
  const slow = deferred();
  const counted = { open: 0, built: 0 };
  const connect = () => {
    counted.open++;
    counted.built++;
    return { [asyncDispose]: async () => void counted.open-- };
  };
  const app = uncheckedContainer(
    transient(Connection, connect),
    singleton(Slow, () => slow.promise),
    singleton(Flag, fails),
    scoped(Visit, () => ({})),
    alias(Renamed, Connection),
    alias(Pair, { a: Connection, b: Renamed }),
    ...providers,
  );
  const later = () => {
    app.override(transient(Connection, async () => (await gate.promise, connect())));
    return app;
  };
  return { app, counted, connect, gate, slow, later };
}

describe("what was built for a list or record of which a part fails is disposed", () => {
  it.each<[string, number, Dependency]>([
    [
      "deep in records and lists",
      3,
      { a: [{ b: Connection }, [Connection, { c: [Connection] }]], flag: Flag },
    ],
    ["in a part that was finished before", 2, [[Connection, Connection], Flag]],
    ["beside a record that fails", 2, [Connection, { inner: [Connection, Flag] }]],
    ["under aliases of a transient", 1, [Renamed, Flag]],
    ["under an alias of a record", 2, [Pair, Flag]],
    ["under an alias of a record in a record", 4, { pairs: [Pair, Pair], flag: Flag }],
    ["behind optional()", 2, [optional(Connection), optional(Renamed), Flag]],
    ["where optional() passes the failure on", 1, [Connection, optional(Flag)]],
    ["for the function of map(), which is not called", 1, map([Connection, Flag], (it) => it)],
    ["beside a missing provider", 1, [Connection, Missing]],
    ["beside a function of map() that throws", 1, [Connection, map([], fails)]],
  ])("%s", async (_, built, dependency) => {
    for (const how of ["get", "getAsync", "run", "runAsync"] as const) {
      const { app, counted } = counting();
      let called = 0;
      const calls = {
        get: async () => app.get(dependency as never) as unknown,
        getAsync: async () => app.getAsync(dependency as never),
        run: async () => app.run(dependency as never, () => called++),
        runAsync: async () => app.runAsync(dependency as never, () => called++),
      };

      await rejection(calls[how]());
      await turn();

      expect({ ...counted, called }, how).toEqual({ open: 0, built, called: 0 });
    }
  });

  it("each of them once, when several parts fail at different times", async () => {
    const { later, counted, gate, slow } = counting(singleton(Job, async () => fails()));
    const app = later();
    const failed = rejection(app.getAsync([Connection, { job: Job, slow: Slow }, Connection, Flag]));
    await failed;
    gate.resolve();
    await turn();
    slow.reject(new Error("neither"));
    await turn();

    expect(counted).toEqual({ open: 0, built: 2 });
  });

  it("also when another request registers something meanwhile", async () => {
    const { app, counted, slow } = counting();
    const failed = rejection(app.getAsync([Connection, Slow]));

    app.createScope("other request").provide(value(token("visitor"), "ada") as never);
    slow.reject(new Error("no"));
    await failed;
    await turn();

    expect(counted).toEqual({ open: 0, built: 1 });
  });

  it.each<[string, (app: Scope) => unknown]>([
    ["provides something else", (app) => app.provide(value(token("visitor"), "ada") as never)],
    ["overrides the transient", (app) => app.override(value(Connection, { mine: true }) as never)],
    ["overrides its alias", (app) => app.override(value(Renamed, { mine: true }) as never)],
  ])("also when the same scope %s meanwhile", async (_, change) => {
    const parts = [Connection, { of: [Renamed, optional(Connection)] }, ref(() => Connection)];
    const lists: Dependency[] = [
      [...parts, Slow],
      [[...parts, one(Connection)], all(Connection), Slow],
    ];
    for (const list of lists) {
      const { app, counted, slow } = counting();
      const failed = rejection(app.getAsync(list));
      expect(counted.open).toBeGreaterThan(3);

      change(app);
      change(
        app.createScope(
          "below",
          transient(Connection, () => ({})),
          transient(Renamed, () => ({})),
        ),
      );
      slow.reject(new Error("no"));
      await failed;
      await turn();

      expect(counted.open).toBe(0);
    }
  });

  it("also when a part of the list provides something before another part fails", async () => {
    const Plugins = token<object>("plugins");
    for (const list of [
      [Connection, Plugins, Flag],
      [Plugins, Connection, Flag],
      [[Connection, Plugins], Renamed, Flag],
    ]) {
      const { app, counted } = counting();
      app.provide(singleton(Plugins, () => app.provide(value(token("plugin"), 1) as never)) as never);

      await rejection(app.getAsync(list));
      await turn();

      expect(counted).toEqual({ open: 0, built: list.flat().length - 2 });
    }
  });

  it.each<[string, Dependency]>([
    ["by itself", parent(Connection)],
    ["in a list", [parent(Connection)]],
    ["behind optional()", optional(parent(Connection))],
  ])("also when it comes from the scope above: %s", async (_, dependency) => {
    const { app, counted } = counting();
    const child = app.createScope(
      "child",
      singleton(Job, [dependency, Missing] as never, (() => ({})) as never) as never,
    );

    await rejection(child.getAsync(Job));
    await turn();

    expect(counted).toEqual({ open: 0, built: 1 });
  });

  it("and what became a transient meanwhile is left alone, because somebody keeps it", async () => {
    class Kept {
      disposals = 0;
      [dispose]() {
        this.disposals++;
      }
    }
    const Lent = token<Kept>("lent");
    const lent = new Kept();
    const { app, slow } = counting(singleton(Kept), value(Lent, lent));
    const failed = rejection(app.getAsync([Kept, Lent, Slow]));
    const kept = app.get(Kept);

    app.override(
      transient(Kept),
      transient(Lent, () => new Kept()),
    );
    slow.reject(new Error("no"));
    await failed;
    await turn();
    expect([kept.disposals, lent.disposals]).toEqual([0, 0]);

    await app.shutdown();
    expect([kept.disposals, lent.disposals]).toEqual([1, 0]);
  });
});

describe("what was built for a service whose factory is never called is disposed", () => {
  class Report {
    readonly parts: unknown[];
    constructor(...parts: unknown[]) {
      this.parts = parts;
    }
  }

  it.each<[string, number, Provider]>([
    ["a class", 1, singleton(Report, [Connection, Flag])],
    ["a record", 2, singleton(Job, { of: [Connection, { again: Connection }], flag: Flag }, (it) => it)],
    ["a transient", 1, transient(Job, [Connection, Flag], () => ({}))],
    ["a scoped service", 2, scoped(Job, [Pair, Flag], () => ({}))],
    ["one that would capture a scoped service", 1, singleton(Job, [Connection, Visit], () => ({}))],
    ["one that depends on itself", 1, singleton(Job, [Connection, Job], () => ({}))],
  ])("%s", async (_, built, provider) => {
    for (const how of ["get", "getAsync"] as const) {
      const { app, counted } = counting(provider);
      const request = app.createScope("request");
      const job = request.has(Job) ? Job : Report;

      await rejection((async () => request[how](job as typeof Job))());
      await turn();

      expect(counted, how).toEqual({ open: 0, built });
    }
  });

  it("although several callers wait for that service, once", async () => {
    const { app, counted, slow } = counting(singleton(Job, [Connection, Slow], () => ({})));
    const failed = ["a", "b", "c"].map((name) => rejection(app.createScope(name).getAsync([Job])));

    slow.reject(new Error("no"));
    await Promise.all(failed);
    await turn();

    expect(counted).toEqual({ open: 0, built: 1 });
  });

  it("because its scope was shut down by another of its dependencies", async () => {
    let app: Scope | undefined;
    const made = counting(
      singleton(Report, () => {
        void app!.shutdown();
        return new Report();
      }),
      singleton(Job, [Connection, Report], () => ({})),
    );
    app = made.app;

    expect(refusal(() => app!.get(Job)).code).toBe("SCOPE_CLOSED");
    await settles(app.shutdown());
    await turn();

    expect(made.counted).toEqual({ open: 0, built: 1 });
  });

  it("with what a transient in between was given, which was never made", async () => {
    const { app, counted } = counting(
      transient(Job, [Connection, Flag], (connection) => ({ connection })),
      singleton(Report, [Job]),
    );

    await rejection(app.getAsync(Report));
    await turn();

    expect(counted).toEqual({ open: 0, built: 1 });
  });
});

describe("what arrives when its caller is gone is disposed", () => {
  it("the caller of getAsync() has given up by its signal", async () => {
    for (const dependency of [Connection, { of: [Connection] }, Renamed] as Dependency[]) {
      const { later, counted, gate } = counting();
      const controller = new AbortController();
      const gone = rejection(
        later().getAsync(dependency as typeof Connection, { signal: controller.signal }),
      );

      controller.abort(new Error("enough"));
      expect(await gone).toMatchObject({ message: "enough" });
      gate.resolve();
      await turn();

      expect(counted).toEqual({ open: 0, built: 1 });
    }
  });

  it("the caller of getAsync() has given up by its signal, which the factory itself has aborted", async () => {
    const { app, counted, connect } = counting();
    const controller = new AbortController();
    app.override(
      transient(Connection, async () => {
        controller.abort(new Error("busy"));
        return connect();
      }),
    );

    expect(await rejection(app.getAsync(Connection, controller))).toMatchObject({ message: "busy" });
    await turn();

    expect(counted).toEqual({ open: 0, built: 1 });
  });

  it("the caller has given up by a signal that the factory listens to as well, whose error has its path", async () => {
    const { app, counted } = counting();
    const controller = new AbortController();
    const { signal } = controller;
    app.provide(
      singleton(Job, async ({ getAsync }) => {
        await getAsync([Connection]);
        await new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason as Error)),
        );
        return {};
      }) as never,
    );
    const gone = [rejection(app.getAsync(Job, { signal })), rejection(app.getAsync([Connection, Job]))];
    await turn();

    controller.abort(new Error("enough"));

    const [first, second] = await Promise.all(gone);
    expect(second).toBe(first);
    expect(pathOf(first).map((step) => step.token)).toEqual(["job"]);
    // The factory has received one of them. The other one was for a list.
    expect(counted).toEqual({ open: 1, built: 2 });
  });

  it("the scope of a request has closed, and the transient is registered further up", async () => {
    const { later, counted, gate } = counting();
    const app = later();
    const request = app.createScope("session").createScope("request");
    const refused = rejection(request.getAsync({ connection: Connection }));

    const closing = request.shutdown();
    gate.resolve();
    await settles(closing);

    expect(await refused).toMatchObject({ code: "SCOPE_CLOSED" });
    expect(counted).toEqual({ open: 0, built: 1 });
    expect(app.state).toBe("open");
  });

  it("a factory asked for it through its resolver, and its scope has closed", async () => {
    const { later, counted, gate } = counting(
      scoped(Job, async ({ getAsync }) => ({ connection: await getAsync(Connection) })),
    );
    const request = later().createScope("request");
    const refused = rejection(request.getAsync(Job));

    const closing = request.shutdown();
    gate.resolve();
    await settles(closing);
    await refused;

    expect(counted).toEqual({ open: 0, built: 1 });
  });

  it.each<[string, Provider]>([
    ["its resolver", singleton(Job, ({ getAsync }) => ({ connect: () => getAsync(Connection) }))],
    ["a deferred dependency", singleton(Job, [defer(Pair)], (pair) => ({ connect: () => pair.getAsync() }))],
  ])("a service asked for it late, through %s, and its scope has closed", async (_, provider) => {
    const { later, counted, gate } = counting(provider);
    const app = later();
    const refused = rejection((app.get(Job) as { connect(): Promise<object> }).connect());

    const closing = app.shutdown();
    gate.resolve();
    await settles(closing);
    await refused;
    await turn();

    expect(counted.built).toBeGreaterThan(0);
    expect(counted.open).toBe(0);
  });

  it("a list was waiting for something slower when its scope closed", async () => {
    const { app, counted } = counting();
    const refused = rejection(app.createScope("request").getAsync({ pair: Pair, slow: Slow }));

    await settles(app.shutdown({ timeout: 1 }));
    await refused;
    await turn();

    expect(counted).toEqual({ open: 0, built: 2 });
  });

  it("after the deadline of its scope", async () => {
    const { later, counted, gate } = counting();
    const app = later();
    const refused = rejection(app.getAsync(Connection));

    await settles(app.shutdown({ timeout: 1 }));
    gate.resolve();
    await refused;
    await turn();

    expect(counted).toEqual({ open: 0, built: 1 });
  });

  it("and the shutdown of its scope waits until that is over", async () => {
    const log: string[] = [];
    const [built, disposed] = [deferred(), deferred()];
    const app = createContainer(
      transient(Connection, async () => {
        await built.promise;
        return { [asyncDispose]: async () => (await disposed.promise, void log.push("disposed")) };
      }),
    );
    const refused = rejection(app.getAsync(Connection));

    const closing = app.shutdown().then(() => log.push("closed"));
    built.resolve();
    await turn();
    expect(log).toEqual([]);
    disposed.resolve();
    await settles(closing);
    await refused;

    expect(log).toEqual(["disposed", "closed"]);
  });
});

describe("what `get` gave up on with ASYNC_PROVIDER is disposed", () => {
  it("inside of a factory that goes on without it", async () => {
    const { later, counted, gate } = counting(
      singleton(Job, ({ get }) => {
        try {
          return { connection: get(Connection) };
        } catch {
          return {};
        }
      }),
    );
    expect(later().get(Job)).toEqual({});

    gate.resolve();
    await turn();

    expect(counted).toEqual({ open: 0, built: 1 });
  });

  it.each<[string, Dependency]>([
    ["an alias", Renamed],
    ["an alias of a record", Pair],
    ["a list in a record", { of: [Connection] }],
    ["optional()", optional(Connection)],
  ])("behind %s", async (_, dependency) => {
    const { later, counted, gate } = counting();
    expect(refusal(() => later().get(dependency as typeof Connection)).code).toBe("ASYNC_PROVIDER");

    gate.resolve();
    await turn();

    expect(counted.built).toBeGreaterThan(0);
    expect(counted.open).toBe(0);
  });

  it("when its `init` is what takes its time", async () => {
    const { app, counted, connect, gate } = counting();
    app.override(transient(Connection, connect, { init: () => gate.promise }));
    expect(refusal(() => app.get(Connection)).code).toBe("ASYNC_PROVIDER");
    expect(counted).toEqual({ open: 1, built: 1 });

    gate.resolve();
    await turn();

    expect(counted).toEqual({ open: 0, built: 1 });
  });

  it("but not a shared service, which stays for the next one", async () => {
    const { app, counted, connect, gate } = counting();
    app.override(singleton(Connection, async () => (await gate.promise, connect())));
    expect(refusal(() => app.get([Connection, Pair])).code).toBe("ASYNC_PROVIDER");

    gate.resolve();
    await turn();

    expect(counted).toEqual({ open: 1, built: 1 });
    expect(app.get(Renamed)).toBe(app.get(Connection));
  });
});

describe("an instance whose `init` fails is disposed", () => {
  it.each<[string, () => unknown]>([
    ["at once", fails],
    ["later", async () => fails()],
  ])("a transient one, %s, each time", async (_, init) => {
    const { app, counted, connect } = counting();
    app.override(transient(Connection, connect, { init }));

    for (let n = 0; n < 3; n++) await rejection(app.getAsync({ connection: Connection }));
    await turn();

    expect(counted).toEqual({ open: 0, built: 3 });
  });

  it("and not what it was given, which it has received", async () => {
    const { app, counted, connect } = counting();
    app.provide(singleton(Job, [Connection], connect, { init: fails }) as never);

    await rejection(app.getAsync(Job));
    await turn();

    // Its own instance is gone. The connection that its factory was given is not the container's to judge.
    expect(counted).toEqual({ open: 1, built: 2 });
  });
});

describe("a transient that nobody receives", () => {
  it("leaves what it was given alone: its factory has received that", async () => {
    const { app, counted, connect } = counting(transient(Job, [Connection], () => connect()));

    await rejection(app.getAsync([Job, Flag]));
    await turn();

    expect(counted).toEqual({ open: 1, built: 2 });
  });

  it("leaves what it passes on alone, borrowed or shared, in a list, an alias and optional()", async () => {
    const borrowed = { disposals: 0, [dispose]: () => void borrowed.disposals++ };
    const shared = { disposals: 0, [dispose]: () => void shared.disposals++ };
    const View = token<object>("view");
    const { app } = counting(
      value(Job, borrowed),
      singleton(View, () => shared),
      transient(Missing, [Job], (it) => it),
    );
    const Other = token<object>("other");
    const Other2 = token<object>("other name");
    app.provide(
      transient(Other, async ({ getAsync }) => getAsync(View)) as never,
      alias(Other2, Missing as never) as never,
    );

    await rejection(app.getAsync([Missing, Other, optional(Other2), { of: [Other] }, Flag]));
    await turn();

    expect([borrowed.disposals, shared.disposals]).toEqual([0, 0]);
  });

  it("is disposed by its asynchronous symbol when it has both, and is a function if it likes", async () => {
    const log: string[] = [];
    const { app } = counting();
    app.override(
      transient(Connection, () =>
        Object.assign(() => {}, {
          [dispose]: () => void log.push("dispose"),
          [asyncDispose]: async () => void log.push("asyncDispose"),
        }),
      ),
    );

    await rejection(app.getAsync([Connection, Flag]));

    expect(log).toEqual(["asyncDispose"]);
  });

  it("is told to observers as built, and as disposed", async () => {
    const told: string[] = [];
    const { app } = counting();
    observe(app, {
      built: ({ token }) => told.push(`${token.name} built`),
      disposed: ({ token }) => told.push(`${token.name} disposed`),
    });

    await rejection(app.getAsync([Connection, Flag]));
    await turn();

    expect(told).toEqual(["connection built", "connection disposed"]);
  });
});

describe("an instance that somebody received stays open", () => {
  it("although the class that received it throws in its constructor", async () => {
    class Broken {
      constructor(connection: object) {
        if (connection) fails();
      }
    }
    const { app, counted } = counting(singleton(Broken, [Connection]));

    await rejection(app.getAsync(Broken));
    await turn();

    expect(counted).toEqual({ open: 1, built: 1 });
  });

  it("although the function of run() or map() that received it throws", async () => {
    const { app, counted } = counting();

    await rejection(app.runAsync([Connection], fails));
    await rejection(app.getAsync(map(Connection, fails)));
    await turn();

    expect(counted).toEqual({ open: 2, built: 2 });
  });

  it("although another caller of the same list gave up on its own", async () => {
    const { later, counted, gate } = counting();
    const app = later();
    const controller = new AbortController();
    const [gone, kept] = [
      rejection(app.getAsync([Connection], { signal: controller.signal })),
      app.getAsync([Connection], { signal: new AbortController().signal }),
    ];

    controller.abort();
    gate.resolve();
    await gone;
    await kept;
    await turn();

    expect(counted).toEqual({ open: 1, built: 2 });
  });
});
