/**
 * Whose context: what runs because of a resolve runs in the asynchronous context of the caller who made it, also when
 * several callers wait for one pending build. `AsyncLocalStorage` shows it; on Workers the same decides which request
 * may do I/O.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import {
  alias,
  all,
  createContainer,
  defer,
  map,
  optional,
  scoped,
  singleton,
  token,
  transient,
  type Scope,
} from "thimble";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";

const user = new AsyncLocalStorage<string>();
const users = ["ada", "ben", "eve"];
const Pool = token<object>("pool");
const Cache = token<object>("cache");
const Orders = token<{ builtFor: string | undefined }>("orders");

/** Every user does the same at the same time, each in a context of its own. */
const everybody = <T>(each: (name: string) => Promise<T>): Promise<T[]> =>
  Promise.all(users.map((name) => user.run(name, each, name)));

const seen = () => ({ builtFor: user.getStore() });

function slowPool() {
  const gate = deferred<object>();
  return { gate, provider: singleton(Pool, () => gate.promise) };
}

describe("several callers that wait for one pending singleton", () => {
  it("have their scoped services built in their own contexts", async () => {
    const { gate, provider } = slowPool();
    const app: Scope = createContainer(provider, scoped(Orders, [Pool], seen));

    const orders = everybody(() => app.createScope("request").getAsync(Orders));
    gate.resolve({});

    expect((await orders).map(({ builtFor }) => builtFor)).toEqual(users);
  });

  it("have their transients built in their own contexts", async () => {
    const { gate, provider } = slowPool();
    const app: Scope = createContainer(provider, transient(Orders, [Pool], seen));

    const orders = everybody(() => app.getAsync(Orders));
    gate.resolve({});

    expect((await orders).map(({ builtFor }) => builtFor)).toEqual(users);
  });

  it("have `init` run in their own contexts", async () => {
    const { gate, provider } = slowPool();
    const init: (string | undefined)[] = [];
    const app: Scope = createContainer(
      provider,
      scoped(Orders, [Pool], seen, { init: () => void init.push(user.getStore()) }),
    );

    const orders = everybody(() => app.createScope("request").getAsync(Orders));
    gate.resolve({});
    await orders;

    expect(init).toEqual(users);
  });

  it("go on in their own contexts in functions of map(), of runAsync() and in factories of aliases", async () => {
    const { gate, provider } = slowPool();
    const Renamed = token<object>("renamed");
    const app: Scope = createContainer(provider, alias(Renamed, map(Pool, seen)));

    const results = everybody(() =>
      Promise.all([
        app.getAsync(map(Pool, seen)),
        app.runAsync([Pool], seen),
        app.getAsync(Renamed),
        app.getAsync(map(optional(Pool), seen)),
        app.getAsync(map(all(Pool), seen)),
      ]),
    );
    gate.resolve({});

    expect(await results).toEqual(users.map((name) => Array.from({ length: 5 }, () => ({ builtFor: name }))));
  });

  it("stay in their own contexts over several pending builds that different callers began", async () => {
    const { gate, provider } = slowPool();
    const cacheGate = deferred<object>();
    const app: Scope = createContainer(
      provider,
      singleton(Cache, () => cacheGate.promise),
      scoped(Orders, [Pool, Cache], seen),
    );

    const first = user.run("zoe", () => app.getAsync(Cache));
    const orders = everybody(() => app.createScope("request").getAsync(Orders));
    gate.resolve({});
    await Promise.resolve();
    cacheGate.resolve({});

    await first;
    expect((await orders).map(({ builtFor }) => builtFor)).toEqual(users);
  });

  it("stay in their own contexts through a chain of services that wait", async () => {
    const { gate, provider } = slowPool();
    const Middle = token<{ builtFor: string | undefined; on: string | undefined }>("middle");
    const app: Scope = createContainer(
      provider,
      scoped(Orders, [Pool], async () => {
        await Promise.resolve();
        return seen();
      }),
      scoped(Middle, [Orders], ({ builtFor }) => ({ ...seen(), on: builtFor })),
    );

    const results = everybody(() => app.createScope("request").getAsync(Middle));
    gate.resolve({});

    expect(await results).toEqual(users.map((name) => ({ builtFor: name, on: name })));
  });

  it("are told of a failure in their own contexts, and try again there", async () => {
    const gate = deferred<object>();
    let tries = 0;
    const app: Scope = createContainer(
      singleton(Pool, () => (tries++ === 0 ? gate.promise : {})),
      scoped(Orders, [Pool], seen),
    );

    const orders = everybody(async () => {
      const scope = app.createScope("request");
      try {
        return await scope.getAsync(Orders);
      } catch {
        return scope.getAsync(Orders);
      }
    });
    gate.reject(new Error("no pool yet"));

    expect((await orders).map(({ builtFor }) => builtFor)).toEqual(users);
  });

  it("go on in their own contexts when a deferred dependency is what they wait for", async () => {
    const { gate, provider } = slowPool();
    const app: Scope = createContainer(
      provider,
      scoped(Orders, [defer(Pool)], async (pool) => {
        await pool.getAsync();
        return seen();
      }),
    );

    const orders = everybody(() => app.createScope("request").getAsync(Orders));
    gate.resolve({});

    expect((await orders).map(({ builtFor }) => builtFor)).toEqual(users);
  });

  it("have the disposers of their scopes called in their own contexts", async () => {
    const { gate, provider } = slowPool();
    const disposed: (string | undefined)[] = [];
    const app: Scope = createContainer(
      provider,
      scoped(Orders, [Pool], seen, { dispose: () => void disposed.push(user.getStore()) }),
    );

    const done = everybody(async () => {
      const scope = app.createScope("request");
      await scope.getAsync(Orders);
      await scope.shutdown();
    });
    gate.resolve({});
    await done;

    expect(disposed).toEqual(users);
  });

  it("are observed in their own contexts", async () => {
    const { gate, provider } = slowPool();
    const built: (string | undefined)[] = [];
    const app: Scope = createContainer(provider, scoped(Orders, [Pool], seen));
    observe(app, { built: ({ token }) => void (token === Orders && built.push(user.getStore())) });

    const orders = everybody(() => app.createScope("request").getAsync(Orders));
    gate.resolve({});
    await orders;

    expect(built).toEqual(users);
  });
});

describe("a shared build", () => {
  it("runs in the context of the caller that began it", async () => {
    const gate = deferred();
    const contexts: (string | undefined)[] = [];
    const app: Scope = createContainer(
      singleton(Pool, async () => {
        contexts.push(user.getStore());
        await gate.promise;
        contexts.push(user.getStore());
        return {};
      }),
    );

    const pools = everybody(() => app.getAsync(Pool));
    gate.resolve();
    await pools;

    expect(contexts).toEqual(["ada", "ada"]);
  });

  it("of a service that waits for another one runs in the context of the caller that began it", async () => {
    const { gate, provider } = slowPool();
    const app: Scope = createContainer(provider, singleton(Orders, [Pool], seen));

    const pool = user.run("zoe", () => app.getAsync(Pool));
    const orders = everybody(() => app.getAsync(Orders));
    gate.resolve({});
    await pool;

    expect(new Set(await orders)).toEqual(new Set([{ builtFor: "ada" }]));
  });
});
