import { alias, createContainer, scoped, singleton, token, transient, value, type Scope } from "thimble";
import { describe, expect, it } from "vitest";
import { kinds } from "./support/kinds.ts";
import { refusal } from "./support/refusal.ts";
import { uncheckedContainer } from "./support/unchecked.ts";

class Config {
  readonly url = "mem:";
}

class Db {
  readonly config: Config;
  constructor(config: Config) {
    this.config = config;
  }
}

describe("value", () => {
  it("hands out the very instance it was given", () => {
    const Settings = token<{ port: number }>("settings");
    const settings = Object.freeze({ port: 80 });
    const app = createContainer(value(Settings, settings));

    expect(app.get(Settings)).toBe(settings);
  });

  it("does not call a function that is the value", () => {
    const Now = token<() => number>("now");
    let calls = 0;
    const now = () => ++calls;
    const app = createContainer(value(Now, now));

    expect(app.get(Now)).toBe(now);
    expect(calls).toBe(0);
  });

  it("does not construct a class that is the value", () => {
    const Model = token<typeof Config>("model");
    const app = createContainer(value(Model, Config));

    expect(app.get(Model)).toBe(Config);
  });

  it("refuses a promise, and says to give it as a singleton's factory", () => {
    const Connection = token<Promise<string>>("connection");

    const error = refusal(() => uncheckedContainer(value(Connection, Promise.resolve("open"))));

    expect(error.code).toBe("INVALID_PROVIDER");
    expect(error.hint).toContain("singleton");
  });

  it("refuses any thenable, a promise or not", () => {
    const Query = token<unknown>("query");
    // oxlint-disable-next-line unicorn/no-thenable -- a query builder is one, and looks like an ordinary object
    const query = { then: (done: (rows: string[]) => void) => done([]) };

    expect(refusal(() => uncheckedContainer(value(Query, query))).code).toBe("INVALID_PROVIDER");
  });

  it("takes an object whose `then` is no function", () => {
    const Step = token<{ then: string }>("step");
    // oxlint-disable-next-line unicorn/no-thenable -- that it is not one is the point
    const app = createContainer(value(Step, { then: "next" }));

    expect(app.get(Step).then).toBe("next");
  });
});

describe.each(kinds("singleton", "scoped", "transient"))("%s", (kind, provider) => {
  it("makes a class from its dependencies", () => {
    const app: Scope = createContainer(value(Config, new Config()), provider(Db, [Config]));

    const db = app.get(Db);

    expect(db).toBeInstanceOf(Db);
    expect(db.config).toBe(app.get(Config));
  });

  it("makes a class whose constructor takes nothing", () => {
    const app: Scope = createContainer(provider(Config));

    expect(app.get(Config)).toBeInstanceOf(Config);
  });

  it("makes a class whose constructor takes nothing, with options", () => {
    const seen: Config[] = [];
    const app: Scope = createContainer(provider(Config, { init: (config) => seen.push(config) }));

    const config = app.get(Config);

    expect(seen).toEqual([config]);
    expect(config).toBeInstanceOf(Config);
  });

  it("makes a class whose constructor takes a record", () => {
    class Users {
      readonly parts: { config: Config };
      constructor(parts: { config: Config }) {
        this.parts = parts;
      }
    }
    const app: Scope = createContainer(value(Config, new Config()), provider(Users, [{ config: Config }]));

    expect(app.get(Users).parts).toEqual({ config: app.get(Config) });
  });

  it("calls a factory with its dependencies, in order", () => {
    const Host = token<string>("host");
    const Port = token<number>("port");
    const Url = token<string>("url");
    const app: Scope = createContainer(
      value(Port, 80),
      value(Host, "here"),
      provider(Url, [Host, Port], (host, port) => `${host}:${port}`),
    );

    expect(app.get(Url)).toBe("here:80");
  });

  it("calls a factory with one record when its dependencies are a record", () => {
    const Host = token<string>("host");
    const Port = token<number>("port");
    const Url = token<string>("url");
    const app: Scope = createContainer(
      value(Port, 80),
      value(Host, "here"),
      provider(Url, { host: Host, port: Port }, ({ host, port }) => `${host}:${port}`),
    );

    expect(app.get(Url)).toBe("here:80");
  });

  it("calls a factory without dependencies with a resolver: get, getAsync and has", async () => {
    const Host = token<string>("host");
    const Slow = token<string>("slow");
    const Absent = token<string>("absent");
    const Url = token<unknown>("url");
    const app: Scope = createContainer(
      value(Host, "here"),
      provider(Slow, async () => "slow"),
      provider(Url, async ({ get, getAsync, has }) => [
        get(Host),
        await getAsync(Slow),
        has(Host),
        has(Absent),
      ]),
    );

    expect(await app.getAsync(Url)).toEqual(["here", "slow", true, false]);
  });

  it("hands tuples and records to whoever asks the resolver for them", () => {
    const Host = token<string>("host");
    const Port = token<number>("port");
    const Both = token<unknown>("both");
    const app: Scope = createContainer(
      value(Host, "here"),
      value(Port, 80),
      provider(Both, ({ get }) => [get([Host, Port]), get({ host: Host })]),
    );

    expect(app.get(Both)).toEqual([["here", 80], { host: "here" }]);
  });

  it("calls its factory, an old-style function too, without `new`", () => {
    const Plain = token<unknown>("plain");
    function makePlain(this: unknown) {
      return { calledWithNew: new.target !== undefined };
    }
    const app: Scope = createContainer(provider(Plain, [], makePlain));

    expect(app.get(Plain)).toEqual({ calledWithNew: false });
  });

  it("builds nothing before it is asked", () => {
    let built = 0;
    const Counter = token<number>("counter");
    const app: Scope = createContainer(provider(Counter, () => ++built));

    app.has(Counter);
    app.createScope("request");

    expect(built).toBe(0);
  });

  it("refuses a class in place of a factory, and says what to write instead", () => {
    interface Mailer {
      send(): string;
    }
    const Mailer = token<Mailer>("mailer");
    class SmtpMailer {
      readonly config: Config;
      constructor(config: Config) {
        this.config = config;
      }
      send() {
        return this.config.url;
      }
    }

    const error = refusal(() =>
      uncheckedContainer(value(Config, new Config()), provider(Mailer, [Config], SmtpMailer as never)),
    );

    expect(error.code).toBe("INVALID_PROVIDER");
    expect(error.hint).toContain(`${kind}(SmtpMailer`);
    expect(error.hint).toContain("alias(");
    expect(error.hint).toContain("SmtpMailer)");
  });

  it("refuses a class in place of a factory that asks as it runs", () => {
    const Mailer = token<unknown>("mailer");
    class SmtpMailer {}

    expect(refusal(() => uncheckedContainer(provider(Mailer, SmtpMailer as never))).code).toBe(
      "INVALID_PROVIDER",
    );
  });
});

describe("how many there are", () => {
  class Session {}

  it("is one singleton per scope that registers it, seen from everywhere below", () => {
    const app = createContainer(singleton(Session));
    const child = app.createScope("request");
    const grandchild = child.createScope("job");

    expect(grandchild.get(Session)).toBe(app.get(Session));
    expect(child.get(Session)).toBe(app.get(Session));
  });

  it("is one singleton for each of two siblings that register the same provider", () => {
    const session = singleton(Session);
    const app = createContainer();
    const left = app.createScope("left", session);
    const right = app.createScope("right", session);

    expect(left.get(Session)).not.toBe(right.get(Session));
    expect(left.get(Session)).toBe(left.get(Session));
  });

  it("is one scoped instance per scope that asks", () => {
    const app: Scope = createContainer(scoped(Session));
    const left = app.createScope("left");
    const right = app.createScope("right");
    const below = left.createScope("below");

    const four = [app, left, right, below].map((scope) => scope.get(Session));

    expect(new Set(four).size).toBe(4);
    expect([app, left, right, below].map((scope) => scope.get(Session))).toEqual(four);
    expect(left.get(Session)).toBe(four[1]);
  });

  it("is one transient per ask, and per place it is asked for in one list", () => {
    const app: Scope = createContainer(transient(Session));

    const [first, second] = app.get([Session, Session]);

    expect(new Set([first, second, app.get(Session)]).size).toBe(3);
  });
});

describe("a provider", () => {
  it("is a value: two containers may be given the same one and share nothing", () => {
    const config = Object.freeze(singleton(Config));
    const one = createContainer(config);
    const other = createContainer(config);

    expect(one.get(Config)).not.toBe(other.get(Config));
  });

  it("leaves its options as they were", () => {
    const options = Object.freeze({ order: 1, tags: Object.freeze(["data"]), init: () => {} });
    const first = createContainer(singleton(Config, options as never));
    const second = createContainer(singleton(Config, options as never));

    expect(first.get(Config)).toBeInstanceOf(Config);
    expect(second.get(Config)).toBeInstanceOf(Config);
    expect(Object.keys(options)).toEqual(["order", "tags", "init"]);
  });
});

describe("a group of providers", () => {
  const Host = token<string>("host");
  const Port = token<number>("port");
  const Url = token<string>("url");

  it("is an array, nested", () => {
    const network = [
      value(Host, "here"),
      [value(Port, 80), [[singleton(Url, [Host, Port], (h, p) => `${h}:${p}`)]]],
    ] as const;
    const app: Scope = createContainer(network as never);

    expect(app.get(Url)).toBe("here:80");
  });

  it("may be empty", () => {
    const app: Scope = uncheckedContainer([], [[]], value(Host, "here"));

    expect(app.get(Host)).toBe("here");
  });

  it("may be nested to any depth when it runs", () => {
    let group: unknown = value(Host, "deep");
    for (let depth = 0; depth < 1_000; depth++) group = [group];

    expect(uncheckedContainer(group).get(Host)).toBe("deep");
  });

  it("may be used by many scopes", () => {
    const group = [value(Host, "here"), singleton(Config)];
    const app = createContainer();

    const left: Scope = app.createScope("left", group);
    const right: Scope = app.createScope("right", group);

    expect(left.get(Config)).not.toBe(right.get(Config));
  });

  it("keeps the order of what is in it, so that a name may come before what it names", () => {
    const app: Scope = createContainer([alias(Url, Host), value(Host, "here")]);

    expect(app.get(Url)).toBe("here");
  });
});
