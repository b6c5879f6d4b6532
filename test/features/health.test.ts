/**
 * `checkHealth` and `healthResponse`: what is checked, how it is bounded, and what is told of it.
 */
import {
  alias,
  createContainer,
  decorate,
  map,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { checkHealth, healthResponse, type HealthReport, type HealthTimeoutError } from "thimble/health";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { laterRefusal, rejected, thrown } from "../core/support/refusal.ts";
import { thenable } from "../core/support/thenable.ts";
import { turn } from "../core/support/turn.ts";
import { unchecked, uncheckedContainer } from "../core/support/unchecked.ts";

const Db = token<{ up: boolean }>("db");
const Cache = token<string>("cache");
const Mailer = token<string>("mailer");

const never = (): Promise<never> => new Promise(() => {});

/** What became of each check: `db healthy`. */
const statuses = ({ checks }: HealthReport): string[] => checks.map((it) => `${it.token} ${it.status}`);

/** Services s1 to sN, all built, with the same check. */
function services(count: number, health: (it: number, signal: AbortSignal) => unknown): Scope {
  const app = uncheckedContainer(
    Array.from({ length: count }, (_, at) => value(token<number>(`s${at + 1}`), at + 1, { health })),
  );
  return app;
}

describe("a check", () => {
  it("is the option health, which receives the instance and a signal", async () => {
    const heard: unknown[] = [];
    const db = { up: true };
    const app = createContainer(
      singleton(Db, () => db, {
        health: (it, signal) => void heard.push(it, signal.aborted),
      }),
    );
    app.get(Db);

    expect(statuses(await checkHealth(app))).toEqual(["db healthy"]);
    expect(heard).toEqual([db, false]);
  });

  it("is the method healthCheck of a class, its own or inherited", async () => {
    class Checked {
      readonly #sound = true;
      async healthCheck(signal: AbortSignal): Promise<boolean> {
        return this.#sound && !signal.aborted;
      }
    }
    class Users extends Checked {}
    const app = createContainer(singleton(Users), scoped(Checked));
    app.get([Users, Checked]);

    expect(statuses(await checkHealth(app))).toEqual(["Users healthy", "Checked healthy"]);
  });

  it("by the option comes before the one by the method", async () => {
    class Users {
      healthCheck(): boolean {
        return true;
      }
    }
    const app = createContainer(singleton(Users, { health: () => false }));
    app.get(Users);

    expect(statuses(await checkHealth(app))).toEqual(["Users unhealthy"]);
  });

  it("is never a name found on an instance: of a value, of what a factory returned, or of its own", async () => {
    const called: string[] = [];
    const binding = new Proxy(
      {},
      { get: (_, name) => (name === "then" ? undefined : () => called.push(String(name))) },
    );
    class Db {
      healthCheck(): void {
        called.push("a method of what a factory returned");
      }
    }
    class Late {
      healthCheck = () => called.push("a property that the constructor has set");
    }
    class Accessor {
      get healthCheck(): () => void {
        called.push("an accessor");
        return () => {};
      }
    }
    class Itself {
      healthCheck(): void {
        called.push("a method of a class that is a value");
      }
    }
    class Once {
      healthCheck(): void {
        called.push("a method of a transient");
      }
    }
    class Made {
      healthCheck(): void {
        called.push("a method of what the factory of a class returned");
      }
    }
    const Remote = token<object>("remote");
    const app = createContainer(
      value(Remote, binding),
      value(Db, new Db()),
      singleton(Cache, () => binding as never),
      singleton(Late),
      singleton(Accessor),
      singleton(Mailer, () => new Db() as never),
      singleton(Made, [], () => new Made()),
      value(Itself, Itself as never),
      transient(Once),
    );
    app.get([Remote, Db, Cache, Late, Accessor, Mailer, Made, Itself, Once]);
    called.length = 0;

    expect((await checkHealth(app)).checks).toEqual([]);
    expect(called).toEqual([]);
  });

  it("is that of the replacement, and not of what was overridden", async () => {
    class Users {
      healthCheck(): boolean {
        return false;
      }
    }
    const app = createContainer(singleton(Users), value(Cache, "old", { health: () => false }));
    app.get(Users);
    app.override(value(Users, new Users()), value(Cache, "new"));

    expect((await checkHealth(app)).checks).toEqual([]);
  });

  it.each<[string, () => unknown, string]>([
    ["returns false", () => false, "unhealthy"],
    ["resolves to false", async () => false, "unhealthy"],
    [
      "is a thenable that gives false",
      () => thenable((yes: (it: unknown) => void) => yes(false)),
      "unhealthy",
    ],
    ["returns nothing", () => undefined, "healthy"],
    ["resolves to nothing", async () => {}, "healthy"],
    ["returns another falsy value", () => 0, "healthy"],
    ["returns an object", () => ({ healthy: true }), "healthy"],
  ])("that %s: the service is %s", async (_, health, status) => {
    const app = createContainer(value(Cache, "cache", { health }));

    const { healthy, checks } = await checkHealth(app);

    expect(checks).toEqual([
      { scope: "root", scopeId: app.id, token: "cache", status, elapsed: expect.any(Number) },
    ]);
    expect(healthy).toBe(status === "healthy");
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("no answer");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no answer"))],
    [
      "is a thenable that throws",
      () =>
        thenable(() => {
          throw new Error("no answer");
        }),
    ],
  ])("that %s: the service is unhealthy, and the error is in its row", async (_, health) => {
    const app = createContainer(value(Cache, "cache", { health }));

    const { healthy, checks } = await checkHealth(app);

    expect(healthy).toBe(false);
    expect(checks).toMatchObject([{ token: "cache", status: "unhealthy", error: new Error("no answer") }]);
  });

  it.each([undefined, null, "text", 0])("that throws %s has that as its error", async (it) => {
    const app = createContainer(
      value(Cache, "cache", {
        health() {
          throw it;
        },
      }),
    );

    const [row] = (await checkHealth(app)).checks;

    expect(row).toMatchObject({ status: "unhealthy" });
    expect(row).toHaveProperty("error", it);
  });

  it("is refused of a transient, of an alias, and where it is no function", () => {
    expect(thrown(() => unchecked(transient)(Cache, () => "", { health: () => true }))).toMatchObject({
      code: "INVALID_PROVIDER",
      hint: expect.stringContaining("make it scoped"),
    });
    expect(thrown(() => unchecked(value)(Cache, "", { health: true }))).toMatchObject({
      code: "INVALID_PROVIDER",
      message: expect.stringContaining('its option "health" is of type boolean'),
    });
    expect(thrown(() => unchecked(value)(Cache, "", { healthCheck() {} }))).toMatchObject({
      code: "INVALID_PROVIDER",
    });
  });
});

describe("the report", () => {
  it("says of a service that is not built that it is not, builds nothing, and is healthy", async () => {
    let built = 0;
    class Users {
      constructor() {
        built++;
      }
      healthCheck(): boolean {
        return false;
      }
    }
    const app = createContainer(
      singleton(Users),
      singleton(Cache, async () => "cache", { health: () => false }),
      scoped(Mailer, () => "mailer", { health: () => false }),
    );

    const report = await checkHealth(app);

    expect(report).toEqual({
      healthy: true,
      elapsed: expect.any(Number),
      checks: ["Users", "cache", "mailer"].map((token) => ({
        scope: "root",
        scopeId: app.id,
        token,
        status: "not-built",
        elapsed: 0,
      })),
    });
    expect(built).toBe(0);
  });

  it("takes a service that is being built for one that is not built", async () => {
    const gate = deferred<string>();
    const app = createContainer(singleton(Cache, () => gate.promise, { health: () => true }));
    const pending = app.getAsync(Cache);

    expect(statuses(await checkHealth(app))).toEqual(["cache not-built"]);
    gate.resolve("cache");
    await pending;
    expect(statuses(await checkHealth(app))).toEqual(["cache healthy"]);
  });

  it("has the services of the scope and of those above it, nearest first, then in order of registration", async () => {
    const check = { health: () => true };
    const app = createContainer("app", value(Cache, "1", check), value(Mailer, "2", check));
    const tenant = app.createScope("tenant", value(Db, { up: true }, check));
    const request = tenant.createScope("request", value(Cache, "3", check));
    tenant.createScope("sibling", value(Cache, "4", check));

    const { checks } = await checkHealth(request);

    expect(checks.map((it) => `${it.scope} ${it.token}`)).toEqual([
      "request cache",
      "tenant db",
      "app cache",
      "app mailer",
    ]);
    expect(checks.map((it) => it.scopeId)).toEqual([request.id, tenant.id, app.id, app.id]);
  });

  it("has those of the scopes below when they are wanted", async () => {
    const check = { health: () => true };
    const owned = { ...check, owned: true };
    const app = createContainer("app", value(Cache, "1", check));
    const request = app.createScope("request", value(Cache, "2", owned));
    request.createScope("part", value(Cache, "3", owned));

    const { checks } = await checkHealth(app, { descendants: true });

    expect(checks.map((it) => it.scope)).toEqual(["app", "request", "part"]);
    expect((await checkHealth(app)).checks).toHaveLength(1);
  });

  it("has the scoped instances of this scope and of those above it, and no other", async () => {
    const seen: string[] = [];
    const app = createContainer(
      "app",
      scoped(Cache, () => "cache", { health: (it) => void seen.push(it) }),
      scoped(Mailer, () => "mailer", { in: "tenant", health: () => true }),
    );
    const tenant = app.createScope("tenant");
    const one = tenant.createScope("one");
    const two = tenant.createScope("two");
    two.get([Cache, Mailer]);

    const places = async (scope: Scope, descendants = false): Promise<string[]> =>
      (await checkHealth(scope, { descendants })).checks.map((it) => `${it.scope} ${it.token} ${it.status}`);
    expect(await places(two)).toEqual(["two cache healthy", "tenant mailer healthy"]);
    expect(await places(one)).toEqual(["app cache not-built", "tenant mailer healthy"]);
    expect(await places(app)).toEqual(["app cache not-built", "app mailer not-built"]);
    app.get(Cache);
    expect(await places(two)).toEqual(["two cache healthy", "app cache healthy", "tenant mailer healthy"]);
    expect(await places(app, true)).toEqual([
      "app cache healthy",
      "two cache healthy",
      "tenant mailer healthy",
    ]);
  });

  it("says once that a scoped service is not built, however many scopes have failed to build it", async () => {
    const app = createContainer(
      "app",
      scoped(
        Cache,
        () => {
          throw new Error("no cache");
        },
        { health: () => true },
      ),
    );
    const requests = [app.createScope("request"), app.createScope("request")];
    for (const request of requests) thrown(() => request.get(Cache));

    const { checks } = await checkHealth(app, { descendants: true });

    expect(checks).toMatchObject([{ scope: "app", token: "cache", status: "not-built" }]);
  });

  it("keeps to a scoped instance whose provider was overridden no longer", async () => {
    const app = createContainer(scoped(Cache, () => "old", { health: () => false }));
    app.get(Cache);
    app.override(scoped(Cache, () => "new", { health: () => true }));

    expect(statuses(await checkHealth(app))).toEqual(["cache not-built"]);
  });

  it("does not list aliases, which are other names of one service", async () => {
    const app = createContainer(value(Cache, "cache", { health: () => true }), alias(Mailer, Cache));

    expect(statuses(await checkHealth(app))).toEqual(["cache healthy"]);
  });

  it("is unhealthy while what it checks is being disposed, and is refused once the scope has closed", async () => {
    const gate = deferred();
    const app = createContainer(
      singleton(Cache, () => "cache", { health: () => true, dispose: () => gate.promise }),
      value(Mailer, "mailer", { health: () => true }),
    );
    app.get(Cache);
    const closing = app.shutdown();

    const { healthy, checks } = await checkHealth(app);
    gate.resolve();
    await closing;

    expect(healthy).toBe(false);
    expect(checks).toMatchObject([
      { token: "cache", status: "unhealthy", error: { code: "SCOPE_CLOSED" } },
      { token: "mailer", status: "healthy" },
    ]);
    expect(await laterRefusal(checkHealth(app))).toMatchObject({ code: "SCOPE_CLOSED" });
  });
});

describe("a check of a decorated service", () => {
  it("receives the original, as stop and dispose do, by the option and by the method", async () => {
    class Users {
      readonly #sound = true;
      healthCheck(): boolean {
        return this.#sound;
      }
    }
    const checked: unknown[] = [];
    const app = createContainer(
      decorate(singleton(Users), [], (users) => new Proxy(users, {})),
      decorate(
        singleton(Cache, () => "cache", { health: (it) => void checked.push(it) }),
        [],
        (it) => `decorated ${it}`,
      ),
    );
    expect(app.get([Users, Cache])[1]).toBe("decorated cache");

    expect(statuses(await checkHealth(app))).toEqual(["Users healthy", "cache healthy"]);
    expect(checked).toEqual(["cache"]);
  });
});

describe("only", () => {
  const check = { health: () => true };

  it("checks these services and no others, in the order of the report", async () => {
    const app = createContainer(
      value(Cache, "cache", check),
      value(Mailer, "mailer", check),
      value(Db, { up: true }, check),
    );

    expect(statuses(await checkHealth(app, { only: [Db, Cache, Cache] }))).toEqual([
      "cache healthy",
      "db healthy",
    ]);
    expect((await checkHealth(app, { only: [] })).checks).toEqual([]);
  });

  it("takes aliases, alone and through combinators, and checks their service once", async () => {
    const Second = token<string>("second");
    const Third = token<string | undefined>("third");
    let runs = 0;
    const app = createContainer(
      value(Cache, "cache", { health: () => void runs++ }),
      alias(Mailer, Cache),
      alias(
        Second,
        map(Mailer, (it) => it),
      ),
      alias(Third, optional(Second)),
    );

    expect(statuses(await checkHealth(app, { only: [Mailer, Second, Third, Cache] }))).toEqual([
      "cache healthy",
    ]);
    expect(runs).toBe(1);
  });

  it("ends at a circle of aliases", async () => {
    const app = uncheckedContainer(alias(Cache, Mailer), alias(Mailer, Cache));

    expect(await laterRefusal(checkHealth(app, { only: [Cache] }))).toMatchObject({ code: "NOT_PROVIDED" });
  });

  it("refuses a service that nothing provides, and one that has no check: neither is known to be healthy", async () => {
    const app = createContainer(value(Cache, "cache", check), value(Mailer, "mailer"));

    expect((await laterRefusal(checkHealth(app, { only: [Cache, Db] }))).message).toMatchInlineSnapshot(`
      "Cannot check the health of "db": nothing provides it
        path: db
        hint: list tokens that this scope or one above it provides [NOT_PROVIDED]"
    `);
    expect((await laterRefusal(checkHealth(app, { only: [Mailer] }))).message).toMatchInlineSnapshot(`
      "Cannot check the health of "mailer": its provider has no check
        path: mailer
        hint: give its provider the option health, or its class a method healthCheck and no factory [NOT_PROVIDED]"
    `);
  });
});

describe("a timeout", () => {
  it("ends the waiting for one check, says so, and tells the check", async () => {
    let signal: AbortSignal | undefined;
    const app = createContainer(
      value(
        Db,
        { up: true },
        {
          health(_, it: AbortSignal) {
            signal = it;
            return never();
          },
        },
      ),
      value(Cache, "cache", { health: async () => {} }),
    );

    const { healthy, checks } = await checkHealth(app, { timeout: 5 });

    expect(healthy).toBe(false);
    expect(checks).toMatchObject([
      { token: "db", status: "timed-out" },
      { token: "cache", status: "healthy" },
    ]);
    const error = checks[0]!.error as HealthTimeoutError;
    expect(error).toMatchObject({ code: "HEALTH_TIMEOUT", name: "HealthTimeoutError" });
    expect(error.message).toMatchInlineSnapshot(`
      "Cannot check the health of "db": no answer within 5 ms
        path: db
        hint: find out what the check waits for, or give it more time [HEALTH_TIMEOUT]"
    `);
    expect(signal!.aborted).toBe(true);
    expect(signal!.reason).toBe(error);
  });

  it("leaves the signal of a check that has answered alone", async () => {
    const signals: AbortSignal[] = [];
    const app = services(2, async (_, signal) => void signals.push(signal));

    await checkHealth(app, { timeout: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));

    expect(signals.map((it) => it.aborted)).toEqual([false, false]);
  });

  it("of a check that fails after it was given up is no unhandled rejection", async () => {
    const gate = deferred();
    const app = services(1, () => gate.promise);

    const report = await checkHealth(app, { timeout: 1 });
    gate.reject(new Error("too late"));
    await turn();

    expect(statuses(report)).toEqual(["s1 timed-out"]);
  });

  it("for all of them together ends what runs, and what has not begun never does", async () => {
    const begun: number[] = [];
    const signals: AbortSignal[] = [];
    const app = services(3, (it, signal) => {
      begun.push(it);
      signals.push(signal);
      return it === 1 ? undefined : never();
    });

    const { checks } = await checkHealth(app, { totalTimeout: 5, timeout: Infinity, concurrency: 1 });

    expect(checks.map((it) => it.status)).toEqual(["healthy", "timed-out", "timed-out"]);
    expect((checks[2]!.error as Error).message).toContain("all checks together took longer than 5 ms");
    expect(checks[2]!.elapsed).toBe(0);
    expect(begun).toEqual([1, 2]);
    expect(signals[1]!.aborted).toBe(true);
  });

  it("leaves no timer behind that would keep a program alive", async () => {
    const timers = new Set<unknown>();
    const { setTimeout, clearTimeout } = globalThis;
    const app = services(3, () => turn());
    globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
      const timer = setTimeout(...args);
      if (args[1] === 60_000) timers.add(timer);
      return timer;
    }) as never;
    globalThis.clearTimeout = ((timer: number) => {
      timers.delete(timer);
      clearTimeout(timer);
    }) as never;
    try {
      const report = checkHealth(app, { timeout: 60_000, totalTimeout: 60_000 });
      expect(timers.size).toBe(4);
      await report;
      expect(timers.size).toBe(0);
    } finally {
      Object.assign(globalThis, { setTimeout, clearTimeout });
    }
  });

  it("of more milliseconds than a timer can count is none", async () => {
    const gate = deferred();
    const app = services(1, () => gate.promise);

    const report = checkHealth(app, { timeout: 2 ** 40, totalTimeout: 2 ** 31 });
    await turn();
    gate.resolve();

    expect(statuses(await report)).toEqual(["s1 healthy"]);
  });
});

describe("the signal", () => {
  it("ends the waiting: there is a report at once, and the checks are told", async () => {
    const controller = new AbortController();
    const signals: AbortSignal[] = [];
    const app = services(2, (it, signal) => {
      signals.push(signal);
      return it === 1 ? true : never();
    });

    const pending = checkHealth(app, { signal: controller.signal });
    controller.abort(new Error("the client has left"));
    const { healthy, checks } = await pending;

    expect(healthy).toBe(false);
    expect(checks.map((it) => it.status)).toEqual(["healthy", "timed-out"]);
    expect(checks[1]!.error).toMatchObject({
      code: "HEALTH_TIMEOUT",
      cause: new Error("the client has left"),
    });
    expect(signals[1]!.aborted).toBe(true);
  });

  it("that has aborted before runs no check", async () => {
    let runs = 0;
    const app = services(2, () => void runs++);

    const { checks } = await checkHealth(app, { signal: AbortSignal.abort() });

    expect(checks.map((it) => it.status)).toEqual(["timed-out", "timed-out"]);
    expect(runs).toBe(0);
  });

  it("may be aborted by a check itself", async () => {
    const controller = new AbortController();
    const app = services(2, () => {
      controller.abort();
      return never();
    });

    const { checks } = await checkHealth(app, { signal: controller.signal });

    expect(checks.map((it) => it.status)).toEqual(["timed-out", "timed-out"]);
  });

  it("is let go of when the report is there", async () => {
    const listeners = new Set<unknown>();
    const signal = {
      aborted: false,
      reason: undefined,
      throwIfAborted() {},
      addEventListener: (_: "abort", it: () => void) => void listeners.add(it),
      removeEventListener: (_: "abort", it: () => void) => void listeners.delete(it),
    };

    await checkHealth(
      services(1, () => true),
      { signal },
    );

    expect(listeners.size).toBe(0);
  });
});

describe("concurrency", () => {
  it("is how many checks run at the same time", async () => {
    let running = 0;
    let most = 0;
    const app = services(50, async () => {
      most = Math.max(most, ++running);
      await turn();
      running--;
    });

    const { checks } = await checkHealth(app, { concurrency: 7 });

    expect(most).toBe(7);
    expect(checks.map((it) => it.token)).toEqual(Array.from({ length: 50 }, (_, at) => `s${at + 1}`));
  });

  it("is not limited unless it is given", async () => {
    let running = 0;
    const gate = deferred();
    const app = services(100, () => {
      running++;
      return gate.promise;
    });

    const report = checkHealth(app);
    expect(running).toBe(100);
    gate.resolve();
    expect((await report).healthy).toBe(true);
  });

  it("goes on after a check that hangs", async () => {
    const app = services(4, (it) => (it < 3 ? never() : true));

    expect((await checkHealth(app, { concurrency: 2, timeout: 5 })).checks.map((it) => it.status)).toEqual([
      "timed-out",
      "timed-out",
      "healthy",
      "healthy",
    ]);
  });

  it("takes an instance that was disposed while its check waited as unhealthy", async () => {
    const gate = deferred();
    const app = createContainer(
      value(Cache, "cache", { health: () => gate.promise }),
      value(Mailer, "mailer", { health: () => true, dispose: () => {} }),
    );

    const report = checkHealth(app, { concurrency: 1 });
    await app.shutdown();
    gate.resolve();

    expect(statuses(await report)).toEqual(["cache healthy", "mailer unhealthy"]);
  });
});

describe("a check that looks further", () => {
  it("may resolve its own service, and others", async () => {
    const app: Scope = createContainer(
      singleton(Cache, () => "cache", { health: async () => (await app.getAsync(Cache)) === "cache" }),
      singleton(Mailer, () => "mailer"),
    );
    app.get(Cache);

    expect((await checkHealth(app)).healthy).toBe(true);
  });

  it("may ask for the health of all others, and is not among them", async () => {
    class Overall {
      async healthCheck(): Promise<boolean> {
        return (await checkHealth(app)).healthy;
      }
    }
    let isUp = true;
    const app: Scope = createContainer(singleton(Overall), value(Cache, "cache", { health: () => isUp }));
    app.get(Overall);

    expect(statuses(await checkHealth(app))).toEqual(["Overall healthy", "cache healthy"]);
    isUp = false;
    expect(statuses(await checkHealth(app))).toEqual(["Overall unhealthy", "cache unhealthy"]);
  });

  it("gives no dependency to the factory that has called it", async () => {
    const Session = token<string>("session");
    const app: Scope = createContainer(
      value(Cache, "cache", { health: () => void app.get(Session) }),
      scoped(Session, () => "session"),
      singleton(Mailer, async () =>
        (await checkHealth(app, { only: [Cache] })).healthy ? "mailer" : "none",
      ),
    );

    expect(await app.getAsync(Mailer)).toBe("mailer");
  });
});

describe("bad input", () => {
  it.each<[string, unknown]>([
    ["timeout: -1", { timeout: -1 }],
    ["timeout: NaN", { timeout: Number.NaN }],
    ["totalTimeout: text", { totalTimeout: "5" }],
    ["concurrency: 0", { concurrency: 0 }],
    ["concurrency: 1.5", { concurrency: 1.5 }],
    ["descendants: 1", { descendants: 1 }],
    ["only: a token without a list", { only: Cache }],
    ["only: a list with a hole", { only: [undefined] }],
    ["signal: an object", { signal: {} }],
    ["null", null],
  ])("is refused, and nothing runs: %s", async (_, options) => {
    let runs = 0;
    const app = services(1, () => void runs++);

    expect(await rejected(unchecked(checkHealth)(app, options))).toBeInstanceOf(TypeError);
    expect(runs).toBe(0);
  });

  it("is named, with what was probably meant", async () => {
    const app = createContainer();

    expect(await rejected(unchecked(checkHealth)(app, { timeOut: 5 }))).toMatchObject({
      message: 'checkHealth: no option is named "timeOut": did you mean "timeout"?',
    });
    expect(await rejected(unchecked(checkHealth)(app, { constructor: 5 }))).toMatchObject({
      message: expect.stringContaining('no option is named "constructor": there is only, timeout'),
    });
    expect(await rejected(unchecked(checkHealth)())).toMatchObject({
      message: "checkHealth: its first argument is a scope",
    });
  });

  it("does not include an explicit undefined", async () => {
    const app = services(1, () => true);
    const options = { only: undefined, timeout: undefined, signal: undefined, concurrency: undefined };

    expect((await checkHealth(app, options)).healthy).toBe(true);
  });
});

describe("a response", () => {
  const respond = async (health: () => unknown) => {
    const app = createContainer(value(Cache, "cache", { health }));
    const response = healthResponse(await checkHealth(app, { timeout: 5 })) as Response;
    const body = (await response.json()) as HealthReport;
    return { status: response.status, headers: response.headers, body, row: body.checks[0] };
  };

  it("is 200 with the report where all is well, and no cache keeps it", async () => {
    const { status, headers, body } = await respond(() => true);

    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).toEqual({
      healthy: true,
      elapsed: expect.any(Number),
      checks: [
        { scope: "root", scopeId: "root#0", token: "cache", status: "healthy", elapsed: expect.any(Number) },
      ],
    });
  });

  it("is 503 where something is not, with code and message of the error and nothing else", async () => {
    const error = Object.assign(new Error("connect ECONNREFUSED"), {
      code: "ECONNREFUSED",
      password: "swordfish",
    });
    const { status, row } = await respond(() => Promise.reject(error));

    expect(status).toBe(503);
    expect(row).toMatchObject({ status: "unhealthy" });
    expect(row!.error).toEqual({ code: "ECONNREFUSED", message: "connect ECONNREFUSED" });
  });

  it("has one line of a timeout", async () => {
    const { row } = await respond(never);

    expect(row!.error).toEqual({
      code: "HEALTH_TIMEOUT",
      message: 'Cannot check the health of "cache": no answer within 5 ms',
    });
  });

  it.each<[string, unknown, object]>([
    ["many lines", new Error("first\nsecond\n  at file.ts:1"), { message: "first" }],
    ["a very long line", new Error("x".repeat(5_000)), { message: `${"x".repeat(160)}…` }],
    [
      "credentials in a URL",
      new Error("no postgres://app:swordfish@db/shop"),
      { message: "no postgres://***@db/shop" },
    ],
    ["no error but text", "down", { message: "down" }],
    ["nothing at all", undefined, { message: "undefined" }],
    ["an empty message", new Error(""), { message: "no reason given" }],
    ["a number as its code", Object.assign(new Error("no"), { code: 28 }), { code: "28", message: "no" }],
    ["a sentence as its code", Object.assign(new Error("no"), { code: "pass word" }), { message: "no" }],
    [
      "no way to be read",
      new Proxy(new Error("no"), {
        get() {
          throw new Error("hands off");
        },
      }),
      { message: "no reason given" },
    ],
  ])("has one short line of an error with %s", async (_, error, shown) => {
    const { row } = await respond(() => {
      throw error;
    });

    expect(row!.error).toEqual(shown);
  });
});
