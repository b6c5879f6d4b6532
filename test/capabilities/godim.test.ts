/**
 * What godim (Go) can do, row by row of ../shared/CAPABILITIES.md: each row is a test named after it.
 */
import { createContainer, singleton, token, value } from "thimble";
import { duration, Env, EnvPrefix, integer, secret, setting, settings, string } from "thimble/config";
import { createEvents } from "thimble/events";
import { layers } from "thimble/layers";
import { createApp } from "thimble/lifecycle";
import { describe, expect, it } from "vitest";
import { refusal } from "../core/support/refusal.ts";
import { settles } from "../situations/waiting.ts";

const [Db, Api] = [token<string>("db"), token<string>("api")];

describe("godim", () => {
  it("declaration, configuration, injection, initialisation, running, closing phases: createContainer, settings, build, init, start, stop/shutdown", async () => {
    const log: string[] = [];
    const Config = settings({
      url: setting("db.url", string),
      pool: setting("db.pool", integer, { default: 4 }),
    });
    const container = createContainer(
      value(Env, { DB_URL: "mem:" }),
      singleton(
        Db,
        [Config],
        ({ url, pool }) => {
          log.push(`built with ${url} and ${pool}`);
          return "db";
        },
        {
          init: (db) => log.push(`${db} initialised`),
          start: (db) => log.push(`${db} runs`),
          stop: (db) => log.push(`${db} stops`),
          dispose: (db) => log.push(`${db} closes`),
        },
      ),
    );
    expect(log).toEqual([]);

    const app = createApp(container);
    await app.start();
    await settles(app.stop());

    expect(log).toEqual(["built with mem: and 4", "db initialised", "db runs", "db stops", "db closes"]);
  });

  it("Identifier, priority, OnInit, OnClose: token, order, init, dispose", async () => {
    const log: string[] = [];
    const service = (it: typeof Db, order: number) =>
      singleton(it, () => it.name, {
        order,
        eager: true,
        init: (name) => log.push(`${name} initialised`),
        dispose: (name) => log.push(`${name} closed`),
      });
    const app = createApp(createContainer(service(Db, 2), service(Api, 1)));

    await app.run([], () => {});

    expect(log).toEqual(["api initialised", "db initialised", "db closed", "api closed"]);
  });

  it('config function, `config:"key"`: setting(key, parser) over any Env source', () => {
    const container = createContainer(
      value(Env, { get: (name: string) => ({ APP_DB_TIMEOUT: "1.5s", APP_DB_KEY: "hunter2" })[name] }),
      value(EnvPrefix, "APP_"),
      singleton(
        Db,
        [
          setting("db.timeout", duration),
          setting("db.key", secret(string)),
          setting("db.pool", integer, { default: 4 }),
        ],
        (timeout, key, pool) => `${timeout} ${key.length} ${pool}`,
      ),
      singleton(Api, [setting("api.port", integer)], String),
    );

    expect(container.get(Db)).toBe("1500 7 4");
    expect(refusal(() => container.get(Api))).toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("layer policies, StrictHTTPProfile: layers", () => {
    const policy = layers({ handler: ["service"], service: ["repository"], repository: [] });
    const [Service, Handler] = [token<string>("service"), token<string>("handler")];
    const providers = [
      policy,
      singleton(Db, () => "db", { layer: "repository" }),
      singleton(Service, [Db], (db) => `service of ${db}`, { layer: "service" }),
    ];

    const allowed = createContainer(
      providers,
      singleton(Handler, [Service], (it) => `handler of ${it}`, { layer: "handler" }),
    );
    const refused = createContainer(
      providers,
      singleton(Handler, [Db], (it) => it, { layer: "handler" }),
    );

    expect(allowed.get(Handler)).toBe("handler of service of db");
    expect(refusal(() => refused.get(Handler))).toMatchObject({ code: "LAYER_VIOLATION" });
  });

  it("events: emitter, interceptors by priority with abort, receivers at the same time, one finalizer: createEvents", async () => {
    const log: string[] = [];
    const bus = createEvents<{ paid: { cents: number } }>();
    bus.intercept("paid", () => void log.push("second"), { priority: 2 });
    bus.intercept(
      "*",
      ({ payload, abort }) => {
        log.push("first");
        if (payload.cents === 0) abort("nothing to pay");
      },
      { priority: 1 },
    );
    let packed = (): void => {};
    bus.on("paid", () => new Promise<void>((resolve) => (packed = resolve)));
    bus.on("paid", () => {
      log.push("received meanwhile");
      packed();
    });
    bus.finalize(({ name }) => void log.push(`finalized ${name}`));

    await bus.emit("paid", { cents: 5 });
    expect(log.splice(0)).toEqual(["first", "second", "received meanwhile", "finalized paid"]);
    expect(await bus.emit("paid", { cents: 0 })).toMatchObject({ reason: "nothing to pay" });
    expect(log).toEqual(["first", "finalized paid"]);
  });
});
