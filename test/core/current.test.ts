import {
  abortSignal,
  alias,
  consumer,
  createContainer,
  currentScope,
  defer,
  map,
  optional,
  scoped,
  singleton,
  token,
  transient,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";

describe("currentScope", () => {
  const Home = token<Scope>("home");

  it("is the scope that is asked, from outside", () => {
    const app = createContainer();
    const child = app.createScope("request");

    expect(app.get(currentScope)).toBe(app);
    expect(child.get(currentScope)).toBe(child);
  });

  it("is the scope that registered a singleton, wherever it is asked", () => {
    const app = createContainer(singleton(Home, [currentScope], (scope) => scope));

    expect(app.createScope("request").get(Home)).toBe(app);
  });

  it("is the scope that asks for a scoped or a transient service", () => {
    const Fresh = token<Scope>("fresh");
    const app: Scope = createContainer(
      scoped(Home, [currentScope], (scope) => scope),
      transient(Fresh, [currentScope], (scope) => scope),
    );
    const child = app.createScope("request");

    expect(child.get([Home, Fresh])).toEqual([child, child]);
    expect(child.get(Home)).toBe(child);
    expect(app.get(Home)).toBe(app);
  });

  it("is the scope that a scoped service with `in` lives in", () => {
    const app: Scope = createContainer(scoped(Home, [currentScope], (scope) => scope, { in: "request" }));
    const request = app.createScope("request");

    expect(request.createScope("job").get(Home)).toBe(request);
  });

  it("can be asked for through the resolver", () => {
    const app = createContainer(singleton(Home, ({ get }) => get(currentScope)));

    expect(app.createScope("request").get(Home)).toBe(app);
  });

  it("lets a service ask later for what it did not know it needs", () => {
    const Rates = token<(name: string) => unknown>("rates");
    const Euro = token<string>("euro");
    const app: Scope = createContainer(
      singleton(Euro, () => "1.00"),
      singleton(Rates, [currentScope], (scope) => (name) => (name === "euro" ? scope.get(Euro) : undefined)),
    );

    expect(app.get(Rates)("euro")).toBe("1.00");
  });
});

describe("abortSignal", () => {
  const Task = token<{ aborted: boolean; reason: unknown }>("task");

  it("is not aborted while its scope is open", () => {
    expect(createContainer().get(abortSignal).aborted).toBe(false);
  });

  it("aborts when its scope begins to shut down, with the reason", async () => {
    const reason = new Error("deploying");
    const app = createContainer(singleton(Task, [abortSignal], (signal) => signal));
    const task = app.get(Task);

    const closing = app.shutdown({ reason });

    expect(task.aborted).toBe(true);
    expect(task.reason).toBe(reason);
    await closing;
  });

  it("has aborted when it is first asked for as its scope closes, with the reason", async () => {
    const seen: unknown[] = [];
    const Db = token<string>("db");
    const app: Scope = createContainer(
      singleton(Db, () => "db", {
        dispose: () => {
          const { aborted, reason } = app.get(abortSignal);
          seen.push(aborted, reason);
        },
      }),
    );
    app.get(Db);

    await app.shutdown({ reason: "deploying" });

    expect(seen).toEqual([true, "deploying"]);
  });

  it("is aborted before the first disposal is called", async () => {
    const seen: boolean[] = [];
    const app = createContainer(
      singleton(Task, [abortSignal], (signal) => signal, { dispose: (task) => seen.push(task.aborted) }),
    );
    app.get(Task);

    await app.shutdown();

    expect(seen).toEqual([true]);
  });

  it("tells those who listen, once", async () => {
    let heard = 0;
    const app = createContainer();
    app.get(abortSignal).addEventListener("abort", () => heard++);

    await app.shutdown();
    await app.shutdown();

    expect(heard).toBe(1);
  });

  it("of a child aborts with the child, and leaves the one above alone", async () => {
    const app: Scope = createContainer(scoped(Task, [abortSignal], (signal) => signal));
    const child = app.createScope("request");
    const [above, below] = [app.get(Task), child.get(Task)];

    await child.shutdown();

    expect([above.aborted, below.aborted]).toEqual([false, true]);
  });

  it("of a child aborts when a scope above shuts down", async () => {
    const app = createContainer();
    const below = app.createScope("request").createScope("job").get(abortSignal);

    await app.shutdown({ reason: "deploying" });

    expect(below.aborted).toBe(true);
    expect(below.reason).toBe("deploying");
  });

  it("is the signal of the scope that owns what is being built", () => {
    const app = createContainer(singleton(Task, [abortSignal], (signal) => signal));
    const child = app.createScope("request");

    expect(child.get(Task)).toBe(app.get(abortSignal));
    expect(child.get(abortSignal)).not.toBe(app.get(abortSignal));
  });
});

describe("consumer", () => {
  const Logger = token<unknown>("logger");
  const Users = token<unknown>("users");

  it("is the token of the service that asked for the one being built", () => {
    class Orders {
      readonly logger: unknown;
      constructor(logger: unknown) {
        this.logger = logger;
      }
    }
    const app: Scope = createContainer(
      transient(Logger, [consumer], (user) => user),
      singleton(Users, [Logger], (logger) => logger),
      singleton(Orders, [Logger]),
    );

    expect(app.get(Users)).toBe(Users);
    expect(app.get(Orders).logger).toBe(Orders);
  });

  it("is undefined from outside", () => {
    const app: Scope = createContainer(transient(Logger, [consumer], (user) => ({ user })));

    expect(app.get(Logger)).toEqual({ user: undefined });
    expect(app.get(consumer)).toBeUndefined();
  });

  it("is whoever asked first, for a singleton", () => {
    const app: Scope = createContainer(
      singleton(Logger, [consumer], (user) => user),
      singleton(Users, [Logger], (logger) => logger),
    );

    expect(app.get(Users)).toBe(Users);
    expect(app.get(Logger)).toBe(Users);
  });

  it("is the nearest one along a chain", () => {
    const Sink = token<unknown>("sink");
    const app: Scope = createContainer(
      transient(Sink, [consumer], (user) => user),
      transient(Logger, [Sink, consumer], (sink, user) => [sink, user]),
      singleton(Users, [Logger], (logger) => logger),
    );

    expect(app.get(Users)).toEqual([Logger, Users]);
  });

  it("is not an alias that was asked on the way", () => {
    const Log = token<unknown>("log");
    const app: Scope = createContainer(
      transient(Logger, [consumer], (user) => user),
      alias(Log, Logger),
      singleton(Users, [Log], (log) => log),
    );

    expect(app.get(Users)).toBe(Users);
  });

  it("is seen through combinators, tuples and records", () => {
    const app: Scope = createContainer(
      transient(Logger, [consumer], (user) => user),
      singleton(
        Users,
        [optional(Logger), map(Logger, (it) => it), { log: Logger }, defer(Logger)],
        (a, b, c, d) => [a, b, c.log, d.get()],
      ),
    );

    expect(app.get(Users)).toEqual([Users, Users, Users, Users]);
  });

  it("is whoever asks through a resolver, also after an await", async () => {
    const app: Scope = createContainer(
      transient(Logger, [consumer], (user) => user),
      singleton(Users, async ({ get, getAsync }) => [get(Logger), await getAsync(Logger), get(Logger)]),
    );

    expect(await app.getAsync(Users)).toEqual([Users, Users, Users]);
  });

  it("is whoever asks later, through the resolver it kept or a deferred", () => {
    const Db = token<unknown>("db");
    const app: Scope = createContainer(
      transient(Logger, [consumer], (user) => user),
      singleton(Users, ({ get }) => () => [get(Logger), ...get([Logger])]),
      singleton(Db, [defer(Logger)], (logger) => logger),
    );

    expect((app.get(Users) as () => unknown)()).toEqual([Users, Users]);
    expect((app.get(Db) as { get(): unknown }).get()).toBe(Db);
  });
});
