import {
  all,
  createContainer,
  map,
  optional,
  pathOf,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { refusal, rejected, route, thrown } from "./support/refusal.ts";

const Config = token<{ url: string }>("config");

describe("map", () => {
  it("gives what the function makes of the value", () => {
    const app = createContainer(value(Config, { url: "mem:" }));

    expect(app.get(map(Config, (config) => config.url))).toBe("mem:");
  });

  it("runs at every ask", () => {
    let runs = 0;
    const app = createContainer(value(Config, { url: "mem:" }));
    const Numbered = map(Config, (config) => `${config.url}${++runs}`);

    expect([app.get(Numbered), app.get(Numbered)]).toEqual(["mem:1", "mem:2"]);
  });

  it("runs once for a singleton that depends on it, since that is built once", () => {
    let runs = 0;
    const Db = token<string>("db");
    const app = createContainer(
      value(Config, { url: "mem:" }),
      singleton(Db, [map(Config, (config) => `${config.url}${++runs}`)], (url) => url),
    );

    expect([app.get(Db), app.get(Db)]).toEqual(["mem:1", "mem:1"]);
  });

  it("makes parametrised services: each asker gets one of its own", () => {
    const Logger = token<(text: string) => string>("logger");
    const named = (name: string) => map(Logger, (log) => (text: string) => log(`${name}: ${text}`));
    const Users = token<string>("users");
    const Orders = token<string>("orders");
    const app = createContainer(
      value(Logger, (text) => text),
      singleton(Users, [named("users")], (log) => log("up")),
      singleton(Orders, [named("orders")], (log) => log("up")),
    );

    expect(app.get([Users, Orders])).toEqual(["users: up", "orders: up"]);
  });

  it("can be mapped again, and mixed with other combinators", () => {
    const Plugin = token<string>("plugin");
    const app = createContainer(value(Config, { url: "mem:" }), value(Plugin, "spell"));

    expect(
      app.get(
        map(
          map(Config, (config) => config.url),
          (url) => url.length,
        ),
      ),
    ).toBe(4);
    expect(app.get(map(optional(token<number>("port"), 80), (port) => port + 1))).toBe(81);
    expect(app.get(map(all(Plugin), (plugins) => plugins.length))).toBe(1);
  });

  it("maps a tuple or a record as one value", () => {
    const Port = token<number>("port");
    const app = createContainer(value(Config, { url: "mem:" }), value(Port, 80));

    expect(app.get(map([Config, Port], ([config, port]) => config.url + port))).toBe("mem:80");
    expect(app.get(map({ config: Config, port: Port }, ({ config, port }) => config.url + port))).toBe(
      "mem:80",
    );
  });

  it("is given falsy values like any other", () => {
    const Maybe = token<undefined>("maybe");
    const app = createContainer(value(Maybe, undefined));

    expect(app.get(map(Maybe, (it) => [it]))).toEqual([undefined]);
  });

  it("waits for the value, so that the function never sees a promise", async () => {
    const app = createContainer(singleton(Config, async () => ({ url: "mem:" })));

    expect(await app.getAsync(map(Config, (config) => config.url))).toBe("mem:");
  });

  it("is not run when its dependency is missing", () => {
    let runs = 0;
    const app: Scope = createContainer();

    expect(refusal(() => app.get(map(Config, () => ++runs))).code).toBe("NOT_PROVIDED");
    expect(runs).toBe(0);
  });

  it("passes on what the function throws, the same object, with the path to it", async () => {
    const failure = new Error("no url");
    const Db = token<string>("db");
    const app = createContainer(
      value(Config, { url: "mem:" }),
      transient(
        Db,
        [
          map(Config, (): string => {
            throw failure;
          }),
        ],
        (url) => url,
      ),
    ) as Scope;

    expect(thrown(() => app.get(Db))).toBe(failure);
    expect(await rejected(app.getAsync(Db))).toBe(failure);
    expect(route(pathOf(failure))).toMatch(/^db/);
  });
});
