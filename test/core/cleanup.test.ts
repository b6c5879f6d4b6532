import {
  alias,
  assisted,
  cleanup,
  createContainer,
  decorate,
  defer,
  make,
  map,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "./support/deferred.ts";
import { refusal, rejected } from "./support/refusal.ts";
import { catchReports } from "./support/report-error.ts";
import { turn } from "./support/turn.ts";
import { uncheckedContainer } from "./support/unchecked.ts";

const Pair = token<object>("pair");
const User = token<object>("user");

/** Opens connections, and knows what was closed. */
function network() {
  const log: string[] = [];
  const close = (name: string) => async (): Promise<void> => {
    log.push(`closing ${name}`);
    await turn();
    log.push(`closed ${name}`);
  };
  return { log, close };
}

describe("what a factory has opened", () => {
  it("is closed when the factory fails, the last one first and one after the other", async () => {
    const { log, close } = network();
    const app = createContainer(
      singleton(Pair, [cleanup], async (onCleanup) => {
        onCleanup(close("primary"));
        await turn();
        onCleanup(close("replica"));
        throw new Error("no third");
      }),
    );

    expect(await rejected(app.getAsync(Pair))).toMatchObject({ message: "no third" });

    expect(log).toEqual(["closing replica", "closed replica", "closing primary", "closed primary"]);
    expect(await app.shutdown()).toMatchObject({ ok: true, services: [] });
  });

  it("is closed before anyone who waits learns of the failure, so that a retry finds it free", async () => {
    let isTaken = false;
    let isBroken = true;
    const release = async (): Promise<void> => {
      await turn();
      isTaken = false;
    };
    const factory = (onCleanup: (undo: () => unknown) => void): object => {
      if (isTaken) throw new Error("the port is taken");
      isTaken = true;
      onCleanup(release);
      if (isBroken) throw new Error("no disk");
      return {};
    };
    for (const make of [factory, async (add: (undo: () => unknown) => void) => factory(add)]) {
      [isTaken, isBroken] = [false, true];
      const app = createContainer(
        singleton(Pair, [cleanup], make),
        singleton(User, [Pair], (pair) => ({ pair })),
      );
      const seen: unknown[] = [];
      const waits = async (dependency: typeof Pair): Promise<void> => {
        const { message } = (await rejected(app.getAsync(dependency))) as Error;
        seen.push([message, isTaken]);
      };
      await Promise.all([waits(User), waits(Pair), waits(Pair)]);

      expect(seen).toEqual([
        ["no disk", false],
        ["no disk", false],
        ["no disk", false],
      ]);
      isBroken = false;
      expect(await app.getAsync(User)).toEqual({ pair: {} });
      await app.shutdown();
    }
  });

  it("keeps nobody waiting who asks with `get`: the error of the factory is thrown, and is heard", async () => {
    const reports = catchReports();
    const { log, close } = network();
    const failure = new Error("no second");
    const app = createContainer(
      singleton(Pair, [cleanup], (onCleanup) => {
        onCleanup(close("primary"));
        throw failure;
      }),
      singleton(User, [Pair], (pair) => ({ pair })),
    );

    expect(() => app.get(User)).toThrow(failure);
    expect(() => app.get(Pair)).toThrow(failure);
    expect(log).toEqual(["closing primary"]);
    await app.shutdown();

    expect(log).toEqual(["closing primary", "closed primary"]);
    expect(reports).toEqual([]);
  });

  it("keeps nobody waiting beyond the deadline of a shutdown, which begins all of it", async () => {
    const log: string[] = [];
    const app = createContainer(
      singleton(Pair, [cleanup], async (onCleanup) => {
        onCleanup(() => log.push("first"));
        onCleanup(() => new Promise(() => {}));
        throw new Error("no third");
      }),
    );
    const asked = rejected(app.getAsync(Pair));
    await turn();
    const report = await app.shutdown({ signal: AbortSignal.abort() });

    // The caller was refused when the shutdown began, so the failure of the factory is in the report.
    expect(await asked).toMatchObject({ code: "SCOPE_CLOSED" });
    expect(log).toEqual(["first"]);
    expect(report.services).toMatchObject([
      { token: "pair", outcome: "failed", error: { message: "no third" } },
      { token: "pair", outcome: "abandoned" },
    ]);
  });

  it("may fail to close, which is told apart from the failure of the factory", async () => {
    const reports = catchReports();
    const broken = new Error("cannot close");
    const app = createContainer(
      singleton(Pair, [cleanup], async (onCleanup) => {
        onCleanup(async () => {
          await turn();
          throw broken;
        });
        throw new Error("no third");
      }),
    );

    expect(await rejected(app.getAsync(Pair))).toMatchObject({ message: "no third" });
    expect(reports).toEqual([broken]);
  });

  it("is closed when a synchronous factory fails, once for every attempt", () => {
    const closed: number[] = [];
    let attempt = 0;
    const app = createContainer(
      singleton(Pair, [cleanup], (onCleanup) => {
        const own = ++attempt;
        onCleanup(() => closed.push(own));
        if (attempt < 3) throw new Error("not yet");
        return {};
      }),
    );

    expect(() => app.get(Pair)).toThrow("not yet");
    expect(() => app.get(Pair)).toThrow("not yet");
    expect(app.get(Pair)).toEqual({});
    expect(closed).toEqual([1, 2]);
  });

  it("is closed at shutdown after the instance was disposed, in one row of the report", async () => {
    const { log, close } = network();
    const app = createContainer(
      singleton(
        Pair,
        [cleanup],
        (onCleanup) => {
          onCleanup(close("socket"));
          return {};
        },
        { dispose: () => log.push("disposed") },
      ),
    );
    app.get(Pair);

    const { services } = await app.shutdown();

    expect(log).toEqual(["disposed", "closing socket", "closed socket"]);
    expect(services.map(({ token, outcome }) => `${token} ${outcome}`)).toEqual(["pair disposed"]);
  });

  it("is closed after an asynchronous disposer has ended, and before its dependencies are disposed", async () => {
    const { log, close } = network();
    const app = createContainer(
      singleton(Pair, () => ({}), { dispose: () => log.push("dependency disposed") }),
      singleton(
        User,
        [Pair, cleanup],
        (_, onCleanup) => {
          onCleanup(close("socket"));
          return {};
        },
        {
          async dispose() {
            await turn();
            log.push("disposed");
          },
        },
      ),
    );
    app.get(User);

    await app.shutdown();

    expect(log).toEqual(["disposed", "closing socket", "closed socket", "dependency disposed"]);
  });

  it.for([
    ["with `dispose: false`", { dispose: false as const }],
    ["without a disposer", {}],
  ] as const)("is closed %s, and the service has a row", async ([, options]) => {
    let closed = 0;
    const app = createContainer(
      singleton(
        Pair,
        [cleanup],
        (onCleanup) => {
          onCleanup(() => closed++);
          return {};
        },
        options,
      ),
    );
    app.get(Pair);

    expect((await app.shutdown()).services).toMatchObject([{ token: "pair", outcome: "disposed" }]);
    expect(closed).toBe(1);
  });

  it("is closed when `init` fails, after the instance was disposed", async () => {
    const log: string[] = [];
    const app = createContainer(
      singleton(
        Pair,
        [cleanup],
        (onCleanup) => {
          onCleanup(() => log.push("closed"));
          return {};
        },
        {
          init() {
            throw new Error("init fails");
          },
          dispose: () => log.push("disposed"),
        },
      ),
    );

    expect(() => app.get(Pair)).toThrow("init fails");
    expect(log).toEqual(["disposed", "closed"]);
  });

  it("is closed with the scope of a scoped service, in each scope on its own", async () => {
    const log: string[] = [];
    const app = createContainer(
      scoped(Pair, [cleanup], (onCleanup) => {
        onCleanup(() => log.push("closed"));
        return {};
      }),
    );
    const [one, other] = [app.createScope(), app.createScope()];
    one.get(Pair);
    other.get(Pair);

    await one.shutdown();
    expect(log).toEqual(["closed"]);
    await app.shutdown();
    expect(log).toEqual(["closed", "closed"]);
  });

  it("is closed when the scope has closed before the factory ended", async () => {
    const { log, close } = network();
    const gate = deferred<object>();
    const app = createContainer(
      singleton(Pair, [cleanup], (onCleanup) => {
        onCleanup(close("socket"));
        return gate.promise;
      }),
    );
    const caller = rejected(app.getAsync(Pair));

    const closing = app.shutdown();
    gate.resolve({});

    expect(await caller).toMatchObject({ code: "SCOPE_CLOSED" });
    expect((await closing).services).toMatchObject([{ token: "pair", outcome: "disposed" }]);
    expect(log).toEqual(["closing socket", "closed socket"]);
  });

  it("is closed to the end when some of it fails: one error as it is, several together", async () => {
    const log: string[] = [];
    const failing = (name: string, how: "throws" | "rejects") => () => {
      log.push(name);
      const error = new Error(name);
      if (how === "throws") throw error;
      return Promise.reject(error);
    };
    const app = createContainer(
      singleton(Pair, [cleanup], (onCleanup) => {
        onCleanup(failing("a", "throws"));
        return {};
      }),
      singleton(User, [cleanup], (onCleanup) => {
        for (const name of ["b", "c"]) onCleanup(failing(name, "rejects"));
        return {};
      }),
    );
    app.get([Pair, User]);

    const { services, ok } = await app.shutdown();

    expect(ok).toBe(false);
    expect(log.sort()).toEqual(["a", "b", "c"]);
    const errorOf = (name: string) => services.find((row) => row.token === name)?.error;
    expect(errorOf("pair")).toMatchObject({ message: "a" });
    expect(errorOf("user")).toMatchObject({ errors: [{ message: "c" }, { message: "b" }] });
  });

  it("is one list, however often the factory gets the function", () => {
    const log: string[] = [];
    const app = createContainer(
      singleton(Pair, ({ get }) => {
        get(cleanup)(() => log.push("first"));
        get([cleanup])[0](() => log.push("second"));
        throw new Error("no");
      }),
    );

    expect(() => app.get(Pair)).toThrow("no");
    expect(log).toEqual(["second", "first"]);
  });

  it("is closed at once when the factory had failed before, and a failure of that goes to nobody's caller", async () => {
    const reported = catchReports();
    const log: string[] = [];
    let late!: (undo: () => unknown) => void;
    const app = createContainer(
      singleton(Pair, [cleanup], (onCleanup) => {
        late = onCleanup;
        throw new Error("no");
      }),
    );
    expect(() => app.get(Pair)).toThrow("no");

    late(() => log.push("closed late"));
    late(() => Promise.reject(new Error("half closed")));
    await turn();

    expect(log).toEqual(["closed late"]);
    expect(reported).toMatchObject([{ message: "half closed" }]);
  });

  it("may be added while the service lives", async () => {
    const log: string[] = [];
    class Pool {
      add: (undo: () => unknown) => void;
      constructor(add: (undo: () => unknown) => void) {
        this.add = add;
      }
      connect(name: string): void {
        this.add(() => log.push(`closed ${name}`));
      }
    }
    const app = createContainer(singleton(Pool, [cleanup]));
    app.get(Pool).connect("a");
    app.get(Pool).connect("b");

    await app.shutdown();

    expect(log).toEqual(["closed b", "closed a"]);
  });
});

describe("cleanup is refused", () => {
  it("when a transient declares it, at any depth, because nobody would ever dispose it", () => {
    for (const act of [
      () => transient(Pair, [cleanup], () => ({})),
      () => transient(Pair, [[{ onCleanup: cleanup }]], () => ({})),
      () => transient(Pair, [optional(map(cleanup, (it) => it))], () => ({})),
      () => make(transient(Pair, [cleanup], () => ({}))),
      () =>
        decorate(
          transient(Pair, () => ({})),
          [cleanup],
          (it) => it,
        ),
      () => decorate(value(Pair, {}), [cleanup], (it) => it),
      () => value(Pair, {}, { after: [cleanup] }),
      () => assisted(Pair, [cleanup], () => ({})),
    ]) {
      const { code, message, path } = refusal(act);
      expect([code, path]).toEqual(["INVALID_PROVIDER", [{ token: "pair", scope: "" }]]);
      expect(message).toContain("cleanup");
    }
  });

  it("when a transient resolves it as it runs", () => {
    const app = createContainer(transient(Pair, ({ get }) => [get(cleanup)]));

    expect(refusal(() => app.get(Pair))).toMatchObject({
      code: "INVALID_PROVIDER",
      path: [{ token: "pair" }],
    });
  });

  it("from outside, in plain words", () => {
    const app: Scope = uncheckedContainer(alias(User, cleanup as never));

    for (const wanted of [cleanup, User, [cleanup]]) {
      const { code, message } = refusal(() => app.get(wanted as never));
      expect(code).toBe("INVALID_PROVIDER");
      expect(message).not.toContain("undefined");
    }
  });

  it("by defer, which is for when the factory is over", () => {
    expect(refusal(() => defer(cleanup)).code).toBe("INVALID_PROVIDER");
    expect(refusal(() => defer([optional(cleanup)])).code).toBe("INVALID_PROVIDER");
  });

  it("and not where another service uses it, which the transient makes", () => {
    const kept = singleton(User, [cleanup], () => ({ name: "kept" }) as never);
    const app = createContainer(transient(Pair, [make(kept)], (user) => ({ user })));

    expect(app.get(Pair)).toMatchObject({ user: { name: "kept" } });
  });

  it("when it is given something else than a function", () => {
    const app = createContainer(singleton(Pair, [cleanup], (onCleanup) => onCleanup("close" as never) ?? {}));

    expect(refusal(() => app.get(Pair)).code).toBe("INVALID_PROVIDER");
  });
});
