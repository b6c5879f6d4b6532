/**
 * What gone (Go) can do, row by row of ../shared/CAPABILITIES.md: each row is a test named after it.
 */
import {
  all,
  consumer,
  createContainer,
  currentScope,
  defer,
  map,
  one,
  scoped,
  singleton,
  token,
  transient,
  value,
  type AnyToken,
  type Deferred,
  type Scope,
} from "thimble";
import { Env, EnvPrefix, integer, json, setting, settings, string, url, watchSetting } from "thimble/config";
import { background, createApp, type Background } from "thimble/lifecycle";
import { observe } from "thimble/observe";
import { testContainer } from "thimble/testing";
import { describe, expect, it } from "vitest";
import { turn } from "../core/support/turn.ts";
import { settles } from "../situations/waiting.ts";

class Db {
  readonly name = "db";
}

interface Worker {
  readonly name: string;
}
const Worker = token<Worker>("worker");

describe("gone", () => {
  it("Load, Loads, chained and batch loading: provider arrays; provide returns the scope", () => {
    const Users = token<string>("users");
    const storage = [singleton(Db)] as const;
    const everything = [storage, singleton(Users, [Db], (db) => `users in ${db.name}`)] as const;

    const app = createContainer(everything);
    const chained = createContainer()
      .provide(storage)
      .provide(singleton(Users, [Db], (db) => `users in ${db.name}`));

    expect(app.get(Users)).toBe("users in db");
    expect(chained.get(Users)).toBe("users in db");
  });

  it("Name, by-name injection, glob names: tokens; all(token) with tags as filter", () => {
    const [Mail, Report] = [token<Worker>("mail"), token<Worker>("report")];
    const app = createContainer(
      singleton(Mail, () => ({ name: "mail" }), { as: [Worker], tags: ["nightly", "outgoing"] }),
      singleton(Report, () => ({ name: "report" }), { as: [Worker], tags: ["nightly"] }),
    );
    const named = (tag: string) => app.get(all(Worker, { tag })).map(({ name }) => name);

    expect(app.get(Mail).name).toBe("mail");
    expect(named("nightly")).toEqual(["mail", "report"]);
    expect(named("outgoing")).toEqual(["mail"]);
  });

  it("IsDefault, Order, OnlyForName, ForceReplace, LazyFill: default, order, no `as`, override, defer", () => {
    class First implements Worker {
      readonly name: string = "first";
    }
    class Second implements Worker {
      readonly name: string = "second";
    }
    class OnlyByName implements Worker {
      readonly name: string = "only by name";
    }
    class Lazy {
      readonly later: Deferred<Worker>;
      constructor(later: Deferred<Worker>) {
        this.later = later;
      }
    }
    const app: Scope = createContainer(
      singleton(First, { as: [Worker], order: 2 }),
      singleton(Second, { as: [Worker], order: 1, default: true }),
      singleton(OnlyByName),
      singleton(Lazy, [defer(one(Worker))]),
    );

    expect(app.get(one(Worker)).name).toBe("second");
    expect(app.get(all(Worker)).map(({ name }) => name)).toEqual(["second", "first"]);
    expect(app.get(Lazy).later.get().name).toBe("second");

    app.override(value(Second, { name: "replaced" }));
    expect(app.get(one(Worker)).name).toBe("replaced");
  });

  it("Provider, NoneParamProvider, NamedProvider with tagConf, StructFieldInjector: map, setting, consumer", () => {
    const Config = token<{ dbUrl: string }>("config");
    const Logger = token<{ prefix: string }>("logger");
    const Server = token<{ url: string; port: number; log: string }>("server");
    const nameOf = (it: AnyToken | undefined): string => it?.name ?? "nobody";
    const app = createContainer(
      value(Env, { PORT: "80" }),
      value(Config, { dbUrl: "mem:" }),
      transient(Logger, [consumer], (it) => ({ prefix: nameOf(it as AnyToken) })),
      singleton(
        Server,
        [map(Config, ({ dbUrl }) => dbUrl), setting("port", integer), Logger],
        (dbUrl, port, logger) => ({ url: dbUrl, port, log: logger.prefix }),
      ),
    );

    expect(app.get(Server)).toEqual({ url: "mem:", port: 80, log: "server" });
  });

  it("BeforeInit, Init: constructor; init", async () => {
    const log: string[] = [];
    class Service {
      constructor() {
        log.push("constructor");
      }
      async open(): Promise<void> {
        await turn();
        log.push("init");
      }
    }
    const app = createContainer(singleton(Service, { init: (it) => it.open() }));

    await app.getAsync(Service);

    expect(log).toEqual(["constructor", "init"]);
  });

  it("Daemon Start/Stop, start order, reverse stop: start, stop, order; background", async () => {
    const log: string[] = [];
    const [A, B, Poller] = [token<string>("a"), token<string>("b"), token<Background>("poller")];
    const daemon = (order: number) => ({
      order,
      start: (name: string) => log.push(`${name} starts`),
      stop: (name: string) => log.push(`${name} stops`),
    });
    const app = createApp(
      createContainer(
        singleton(A, () => "a", daemon(2)),
        singleton(B, () => "b", daemon(1)),
        background(
          Poller,
          [A, B],
          async (a, b, signal) => {
            log.push(`polling ${a} and ${b}`);
            await new Promise((end) => signal.addEventListener("abort", end));
            log.push("polled");
          },
          { order: 3 },
        ),
      ),
    );

    await app.start();
    await settles(app.stop());

    expect(log).toEqual([
      ...["b starts", "a starts", "polling a and b"],
      ...["polled", "a stops", "b stops"],
    ]);
  });

  it("beforeStart/afterStart/beforeStop/afterStop, LIFO and FIFO: createApp hooks, same orders", async () => {
    const log: string[] = [];
    const app = createApp(createContainer());
    for (const phase of ["beforeStart", "afterStart", "beforeStop", "afterStop"] as const)
      for (const at of [1, 2]) app[phase](() => log.push(`${phase} ${at}`));

    await app.run([], () => {});

    expect(log).toEqual([
      ...["beforeStart 2", "beforeStart 1", "afterStart 1", "afterStart 2"],
      ...["beforeStop 2", "beforeStop 1", "afterStop 1", "afterStop 2"],
    ]);
  });

  it("Run, Serve, End, several Applications, Test: app.run, app.serve, app.end; as many apps as you like; testContainer", async () => {
    const first = createApp(createContainer(singleton(Db)));
    const second = createApp(createContainer(singleton(Db)));

    const serving = second.serve();
    expect(await first.run([Db], ({ name }) => name)).toBe("db");
    expect([first.state, second.state]).toEqual(["stopped", "started"]);
    second.end("enough");

    expect(await settles(serving)).toMatchObject({ reason: "enough", report: { ok: true } });

    const replacement = new Db();
    const test = testContainer([singleton(Db)], { override: [value(Db, replacement)] });
    expect(test.get(Db)).toBe(replacement);
  });

  it("GonerKeeper: dynamic lookup by currentScope", () => {
    const Keeper = token<(name: "mail" | "report") => string>("keeper");
    const plugins = { mail: token<string>("mail"), report: token<string>("report") };
    const app = createContainer(
      value(plugins.mail, "mail plug-in"),
      value(plugins.report, "report plug-in"),
      singleton(Keeper, [currentScope], (scope) => (name) => scope.get(plugins[name])),
    );

    expect(app.get(Keeper)("report")).toBe("report plug-in");
  });

  it("slice injection: all(token)", () => {
    const Pool = token<string>("pool");
    const workers = ["a", "b"].map((name) =>
      singleton(token<Worker>(name), () => ({ name }), { as: [Worker] }),
    );
    const app: Scope = createContainer(
      ...workers,
      singleton(Pool, [all(Worker)], (them) => them.map(({ name }) => name).join("+")),
    );

    expect(app.get(Pool)).toBe("a+b");
  });

  it("FuncInjector, InjectWrapFunc: run, runAsync", async () => {
    const Slow = token<string>("slow");
    const app = createContainer(
      singleton(Db),
      singleton(Slow, async () => "slow"),
    );
    const greet = app.run.bind(app);

    expect(app.run([Db], ({ name }) => `with ${name}`)).toBe("with db");
    expect(await app.runAsync([Db, Slow], ({ name }, slow) => `with ${name} and ${slow}`)).toBe(
      "with db and slow",
    );
    expect(greet({ db: Db }, ({ db }) => db.name)).toBe("db");
  });

  it("Config from the environment, prefix, JSON, defaults, watch; replaceable Configure", () => {
    const variables = new Map([
      ["APP_PORT", "80"],
      ["APP_LIMITS", '{"rows":5}'],
    ]);
    let changed = (): void => {};
    const source = {
      get: (name: string) => variables.get(name),
      watch: (_: string, tell: () => void) => ((changed = tell), () => {}),
    };
    const Port = setting("port", integer);
    const Everything = settings({
      port: Port,
      limits: setting("limits", json),
      host: setting("host", string, { default: "localhost" }),
      relay: setting("relay", url, { default: new URL("smtp://mail.example.org") }),
    });
    const app: Scope = createContainer(value(Env, source), value(EnvPrefix, "APP_"));
    expect(app.get(Everything)).toMatchObject({ port: 80, limits: { rows: 5 }, host: "localhost" });

    const seen: unknown[] = [];
    watchSetting(app, Port, () => seen.push(app.get(Port)));
    variables.set("APP_PORT", "81");
    changed();
    expect(seen).toEqual([81]);

    app.override(value(Env, { APP_PORT: "8080" }));
    expect(app.get(Port)).toBe(8080);
  });

  it("Logger, replaceable: a token of your own; observers for the container's own doings", async () => {
    const Log = token<(line: string) => void>("log");
    const lines: string[] = [];
    const app: Scope = createContainer(
      value(Log, () => {}),
      scoped(Db, { dispose: () => {} }),
    );
    app.override(value(Log, (line: string) => void lines.push(line)));
    const log = app.get(Log);
    observe(app, {
      built: ({ token }) => log(`built ${token.name}`),
      disposed: ({ token }) => log(`disposed ${token.name}`),
    });

    const request = app.createScope("request");
    request.get(Db);
    await request.shutdown();

    expect(lines).toEqual(["built Db", "disposed Db"]);
    await app.shutdown();
  });
});
