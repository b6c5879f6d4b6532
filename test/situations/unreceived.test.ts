/**
 * Instances that nobody received: whoever receives a transient owns it, and one that was built for nobody is disposed by
 * the container.
 */

import {
  all,
  createContainer,
  one,
  optional,
  ref,
  scoped,
  singleton,
  token,
  transient,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { asyncDispose, dispose } from "../core/support/disposal.ts";
import { refusal } from "../core/support/refusal.ts";
import { turn } from "../core/support/turn.ts";
import { rejection, settles } from "./waiting.ts";

const Connection = token<object>("connection");
const Flag = token<unknown>("flag");
const Job = token<object>("job");

/** Connections that are counted while they are open, and a gate that every connecting waits at. */
function connections() {
  const gate = deferred();
  const counted = { open: 0, built: 0 };
  const connect = () => {
    counted.open++;
    counted.built++;
    return { [asyncDispose]: async () => void counted.open-- };
  };
  return { gate, counted, connect, connectLater: async () => (await gate.promise, connect()) };
}

describe("a transient that was built and that nobody receives is disposed", () => {
  it("when its scope closes in the meantime", async () => {
    const { gate, counted, connectLater } = connections();
    const app = createContainer(transient(Connection, connectLater));
    const refused = rejection(app.getAsync(Connection));

    const closing = app.shutdown();
    gate.resolve();
    await settles(closing);
    await refused;

    expect(counted).toEqual({ open: 0, built: 1 });
  });

  it("when the service that waits for it is refused by a closing scope", async () => {
    const { gate, counted, connectLater } = connections();
    const app: Scope = createContainer(
      transient(Connection, connectLater),
      scoped(Job, [Connection], (connection) => ({ connection })),
    );
    const request = app.createScope("request");
    const refused = rejection(request.getAsync(Job));

    const closing = request.shutdown();
    gate.resolve();
    await settles(closing);
    await refused;
    await turn();

    expect(counted).toEqual({ open: 0, built: 1 });
  });

  it("when another dependency of the same service fails, before or after", async () => {
    for (const first of ["the failure", "the connection"]) {
      const { gate, counted, connectLater } = connections();
      const flag = deferred();
      const app = createContainer(
        transient(Connection, connectLater),
        singleton(Flag, () => flag.promise),
        singleton(Job, [Connection, Flag], (connection) => ({ connection })),
      );
      const failed = rejection(app.getAsync(Job));

      if (first === "the failure") flag.reject(new Error("no flag"));
      else gate.resolve();
      await turn();
      flag.reject(new Error("no flag"));
      gate.resolve();
      await failed;
      await turn();

      expect(counted, first).toEqual({ open: 0, built: 1 });
    }
  });

  it("when a synchronous dependency of the same service throws after it", async () => {
    const { counted, connect } = connections();
    const app = createContainer(
      transient(Connection, connect),
      singleton(Flag, () => {
        throw new Error("no flag");
      }),
      singleton(Job, [Connection, Flag], (connection) => ({ connection })),
    );

    expect(() => app.get(Job)).toThrow("no flag");
    await turn();

    expect(counted).toEqual({ open: 0, built: 1 });
  });

  it.each([
    ["a tuple", [Connection, Flag]],
    ["a tuple with a record", [{ connection: Connection }, Flag]],
    ["a record", { connection: Connection, flag: Flag }],
  ] as const)(
    "when `get` gave up with ASYNC_PROVIDER because of another element of %s",
    async (_, dependency) => {
      for (const how of ["connect", "connectLater"] as const) {
        const { gate, counted, ...connecting } = connections();
        const app: Scope = createContainer(
          transient(Connection, connecting[how]),
          singleton(Flag, async () => true),
        );

        expect(refusal(() => app.get(dependency as never)).code).toBe("ASYNC_PROVIDER");
        gate.resolve();
        await turn();

        expect(counted, how).toEqual({ open: 0, built: 1 });
      }
    },
  );

  it("after a shutdown that may not wait has aborted the signal of every disposer", async () => {
    const { counted, connect } = connections();
    const late: boolean[] = [];
    const never = deferred();
    const app: Scope = createContainer(
      transient(Connection, connect),
      scoped(Job, () => never.promise),
      singleton(Flag, () => ({}), { dispose: (_, signal) => void late.push(signal.aborted) }),
    );
    app.get(Flag);
    const refused = rejection(app.getAsync({ connection: Connection, job: Job }));

    await settles(app.shutdown({ signal: AbortSignal.abort() }));
    await refused;

    expect(counted).toEqual({ open: 0, built: 1 });
    expect(late).toEqual([true]);
  });

  it("and never a service in its place, which a transient has replaced in the meantime", async () => {
    class Pool {
      closed = false;
      [dispose](): void {
        this.closed = true;
      }
    }
    for (const replace of [
      (app: Scope) => app.override(transient(Pool)),
      (app: Scope) => app.provide(transient(Pool) as never),
    ]) {
      const flag = deferred();
      const root: Scope = createContainer(
        singleton(Pool),
        singleton(Flag, () => flag.promise),
      );
      const app = root.createScope();
      const pool = root.get(Pool);
      const failed = rejection(app.getAsync({ pool: Pool, flag: Flag }));

      replace(app);
      flag.reject(new Error("no flag"));
      await failed;
      await turn();

      expect(pool.closed).toBe(false);
    }
  });

  it("when another element of a tuple fails before it is built", async () => {
    const { gate, counted, connectLater } = connections();
    const app: Scope = createContainer(
      transient(Connection, connectLater),
      singleton(Flag, () => {
        throw new Error("no flag");
      }),
    );

    await rejection(app.getAsync([{ connection: Connection }, Flag]));
    gate.resolve();
    await turn();

    expect(counted).toEqual({ open: 0, built: 1 });
  });

  it("when `get` gave up with ASYNC_PROVIDER", async () => {
    const { gate, counted, connectLater } = connections();
    const app = createContainer(transient(Connection, connectLater));
    for (let n = 0; n < 3; n++) expect(() => app.get(Connection)).toThrow("still being built");

    gate.resolve();
    await turn();

    expect(counted).toEqual({ open: 0, built: 3 });
  });

  it("when it is one of several in a tuple whose other member fails", async () => {
    const { counted, connect } = connections();
    const app = createContainer(
      transient(Connection, connect),
      singleton(Flag, async () => Promise.reject(new Error("no flag"))),
    );

    await rejection(app.getAsync([Connection, Flag]));
    await turn();

    expect(counted).toEqual({ open: 0, built: 1 });
  });
});

describe("a transient that a combinator has resolved for nobody is disposed", () => {
  it.for([
    ["optional", optional(Connection), 1],
    ["one", one(Connection), 1],
    ["ref", ref(() => Connection), 1],
    ["all", all(Connection), 2],
    ["a tuple of them", [optional(Connection), { it: one(Connection) }], 2],
  ] as const)("by %s", ([, dependency, built]) => {
    const { counted, connect } = connections();
    const app: Scope = createContainer(
      transient(Connection, connect),
      transient(token<object>("another"), connect, { as: [Connection] }),
      singleton(Flag, () => {
        throw new Error("no");
      }),
      singleton(Job, [dependency, Flag], (connection) => ({ connection })),
    );

    expect(() => app.get(Job)).toThrow("no");

    expect(counted).toEqual({ open: 0, built });
  });

  it("and no singleton among them", () => {
    const { counted, connect } = connections();
    const app: Scope = createContainer(
      singleton(Connection, connect),
      singleton(Flag, () => {
        throw new Error("no");
      }),
      singleton(Job, [one(Connection), all(Connection), ref(() => Connection), Flag], () => ({})),
    );

    expect(() => app.get(Job)).toThrow("no");

    expect(counted).toEqual({ open: 1, built: 1 });
  });
});

describe("a transient that somebody received", () => {
  it("is never disposed by the container", async () => {
    const { counted, connect } = connections();
    const app = createContainer(
      transient(Connection, connect),
      singleton(Job, [Connection], (connection) => ({ connection })),
    );
    app.get([Connection, Job]);
    await app.getAsync({ connection: Connection });

    await app.shutdown();

    expect(counted).toEqual({ open: 3, built: 3 });
  });

  it("is not disposed when the factory that received it throws: the factory may have passed it on", async () => {
    const { counted, connect } = connections();
    const app = createContainer(
      transient(Connection, connect),
      singleton(Job, [Connection], () => {
        throw new Error("no job");
      }),
    );

    expect(() => app.get(Job)).toThrow("no job");
    await turn();

    expect(counted).toEqual({ open: 1, built: 1 });
  });

  it("that passes on a shared service does not have it disposed when nobody receives it", async () => {
    let disposals = 0;
    const app = createContainer(
      singleton(Connection, () => ({ [dispose]: () => void disposals++ })),
      transient(Job, [Connection], (connection) => connection),
    );
    app.get(Connection);
    const late = createContainer(transient(Job, async () => app.get(Connection)));
    expect(() => late.get(Job)).toThrow("still being built");
    await turn();

    expect(disposals).toBe(0);
  });
});
