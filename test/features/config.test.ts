import {
  alias,
  createContainer,
  isContainerError,
  map,
  optional,
  scoped,
  singleton,
  token,
  value,
  type Scope,
} from "thimble";
import {
  ConfigInvalidError,
  Env,
  EnvPrefix,
  integer,
  json,
  list,
  oneOf,
  secret,
  setting,
  settings,
  string,
  url,
  type EnvSource,
  type Parser,
} from "thimble/config";
import { describe, expect, it } from "vitest";
import { laterRefusal, refusal, route, thrown } from "../core/support/refusal.ts";

const Server = token<{ port: number }>("server");
const serve = (port: number): { port: number } => ({ port });

/** A container over these variables, not looked at by the compiler. */
const over = (env: EnvSource, prefix = ""): Scope =>
  createContainer(value(Env, env), value(EnvPrefix, prefix));

/** The problems that asking has. */
function problemsOf(act: () => unknown): ConfigInvalidError["problems"] {
  return (refusal(act) as ConfigInvalidError).problems;
}

describe("a setting", () => {
  it("is a dependency like any other: of a provider, under an alias, mapped, in a tuple or a record", () => {
    const Port = token<number>("port");
    const app = createContainer(
      value(Env, { PORT: "80" }),
      singleton(Server, [setting("PORT", integer)], serve),
      alias(Port, setting("PORT", integer)),
    );

    expect(app.get(Server)).toEqual({ port: 80 });
    expect(app.get(Port)).toBe(80);
    expect(app.get(map(setting("PORT", integer), (port) => port + 1))).toBe(81);
    expect(app.get([setting("PORT", integer), { port: Port }])).toEqual([80, { port: 80 }]);
  });

  it.each([
    ["db.url", "DB_URL"],
    ["db-url", "DB_URL"],
    ["Log.max-level.x", "LOG_MAX_LEVEL_X"],
    ["PORT2", "PORT2"],
  ])("called %s is looked for as %s", (key, name) => {
    expect(over({ [name]: "here" }).get(setting(key, string))).toBe("here");
    expect(over({ [`my_${name}`]: "here" }, "my_").get(setting(key, string))).toBe("here");
  });

  it("is read anew at every ask, and once by what is built once", () => {
    const env: Record<string, string> = { PORT: "1" };
    const app = createContainer(value(Env, env), singleton(Server, [setting("PORT", integer)], serve));
    const first = app.get(Server);
    env["PORT"] = "2";

    expect(app.get(setting("PORT", integer))).toBe(2);
    expect(app.get(Server)).toBe(first);
    expect(first.port).toBe(1);
  });

  it("comes from the Env and the EnvPrefix that the asking provider sees", () => {
    const Tenant = token<string>("tenant");
    const Root = token<string>("root name");
    const app = createContainer(
      value(Env, { NAME: "all", A_NAME: "ada" }),
      singleton(Root, [setting("NAME", string)], (name) => name),
      scoped(Tenant, [setting("NAME", string)], (name) => name),
    );
    const a = app.createScope("a", value(EnvPrefix, "A_"));
    const b = app.createScope("b", value(Env, { NAME: "bob" }));

    expect([app.get(Tenant), a.get(Tenant), b.get(Tenant)]).toEqual(["all", "ada", "bob"]);
    expect([a.get(Root), b.get(Root)]).toEqual(["all", "all"]);
  });

  it("waits for an Env that has to be fetched first", async () => {
    const app = createContainer(
      singleton(Env, async () => ({ MY_PORT: "80" })),
      singleton(EnvPrefix, async () => "MY_"),
      singleton(Server, [setting("PORT", integer)], serve),
    );

    expect(refusal(() => app.get(Server)).code).toBe("ASYNC_PROVIDER");
    expect(await app.getAsync(Server)).toEqual({ port: 80 });
  });

  it("is read from a source that is asked by name, as a method of it", () => {
    class Source {
      #values = new Map([["PORT", "80"]]);
      get(name: string): string | undefined {
        return this.#values.get(name);
      }
    }

    expect(over(new Source()).get(setting("PORT", integer))).toBe(80);
    expect(over(new Map([["PORT", "81"]])).get(setting("PORT", integer))).toBe(81);
  });

  it("passes on what the source throws, the same object", () => {
    const denied = new Error("--allow-env");
    const source: EnvSource = {
      get() {
        throw denied;
      },
    };

    expect(thrown(() => over(source).get(setting("PORT", integer, { default: 1 })))).toBe(denied);
  });

  it("finds only what a record has itself, and a text under any name", () => {
    for (const key of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      // Names are upper case, so the way to what every object has leads through a prefix.
      expect(over({}, key).get(setting("_", string, { default: "none" }))).toBe("none");
      const [name] = problemsOf(() => over({}).get(setting(key, string)));
      expect(name).toMatchObject({ key, name: key.toUpperCase(), problem: "missing" });
    }
    const inherited = Object.create({ PORT: "80" }) as Record<string, string>;
    expect(over(inherited).get(setting("PORT", integer, { default: 1 }))).toBe(1);
    expect(over({ GET: "it", get: "it" }).get(setting("GET", string))).toBe("it");
  });

  it("that is set to nothing is not set, wherever it comes from", () => {
    const asked = setting("PORT", integer, { default: 1 });

    expect(over({ PORT: "" }).get(asked)).toBe(1);
    expect(over({ PORT: undefined }).get(asked)).toBe(1);
    expect(over(new Map([["PORT", ""]])).get(asked)).toBe(1);
    expect(over(new URLSearchParams() as never).get(asked)).toBe(1);
  });

  it("takes a number or boolean that a record from JSON holds for its text", () => {
    const app = over({ PORT: 80, DEBUG: false } as never);

    expect(app.get([setting("PORT", integer), setting("DEBUG", oneOf("true", "false"))])).toEqual([
      80,
      "false",
    ]);
  });

  it("gives its default as it is, the same object", () => {
    const hosts = ["a"];

    expect(over({}).get(setting("HOSTS", list(string), { default: hosts }))).toBe(hosts);
  });

  it("is optional when its default is undefined", () => {
    const Dsn = setting("DSN", string, { default: undefined });

    expect(over({}).get(Dsn)).toBeUndefined();
    expect(over({ DSN: "x" }).get(Dsn)).toBe("x");
  });

  it("needs an Env, even with a default", () => {
    const app: Scope = createContainer(value(EnvPrefix, ""));
    const error = refusal(() => app.get(setting("PORT", integer, { default: 1 })));

    expect(error.code).toBe("NOT_PROVIDED");
    expect(error.message).toContain('"Env"');
  });

  it("inside optional(): absent is the Env, not the value", () => {
    const bare: Scope = createContainer(value(EnvPrefix, ""));
    const Port = setting("PORT", integer);

    expect(bare.get(optional(Port))).toBeUndefined();
    expect(over({ PORT: "80" }).get(optional(Port))).toBe(80);
    expect(refusal(() => over({}).get(optional(Port))).code).toBe("CONFIG_INVALID");
  });

  it("reads by a parser of your own", () => {
    const port: Parser<number> = {
      expected: "a port",
      read(text) {
        if (/^\d{1,5}$/.test(text) && Number(text) < 65536) return Number(text);
        throw new Error("ports end at 65535");
      },
    };

    expect(over({ PORT: "80" }).get(setting("PORT", port))).toBe(80);
    expect(problemsOf(() => over({ PORT: "65536" }).get(setting("PORT", port)))).toMatchObject([
      { expected: "a port", found: "65536", reason: "ports end at 65535" },
    ]);
  });
});

describe("settings", () => {
  const Smtp = settings({
    host: setting("smtp.host", string),
    port: setting("smtp.port", integer, { default: 587 }),
  });

  it("gives a record with the same keys", () => {
    expect(over({ SMTP_HOST: "mx" }).get(Smtp)).toEqual({ host: "mx", port: 587 });
  });

  it("holds settings again", () => {
    const All = settings({ smtp: Smtp, debug: setting("DEBUG", json) });

    expect(over({ SMTP_HOST: "mx", DEBUG: "1" }).get(All)).toEqual({
      smtp: { host: "mx", port: 587 },
      debug: 1,
    });
    expect(problemsOf(() => over({ SMTP_PORT: "x" }).get(All)).map((it) => it.name)).toEqual([
      "SMTP_HOST",
      "SMTP_PORT",
      "DEBUG",
    ]);
  });

  it("keeps a key called __proto__ a key", () => {
    const record = over({ A: "1" }).get(settings({ ["__proto__"]: setting("A", string) }));

    expect(Object.keys(record)).toEqual(["__proto__"]);
  });
});

describe("an error about the configuration", () => {
  const app = createContainer(
    "shop",
    value(EnvPrefix, "APP_"),
    value(Env, { APP_PORT: "eighty", APP_LIMITS: "no json", APP_API_KEY: "hunter2-hunter2" }),
    singleton(
      Server,
      [
        settings({
          port: setting("port", integer),
          dsn: setting("db.dsn", string),
          level: setting("level", oneOf("debug", "info")),
          key: setting("api-key", secret(integer)),
        }),
      ],
      ({ port }) => ({ port }),
    ),
  );
  const request = app.createScope(
    "request",
    scoped(token("page"), [Server], (it) => it),
  );

  it("says for each setting what was expected, what was found and where it was looked for", () => {
    expect(() => app.get(Server)).toThrowErrorMatchingInlineSnapshot(`
      [ConfigInvalidError: Cannot resolve "server": 4 settings are missing or invalid in the Env of scope "shop"
        APP_PORT: expected an integer, found "eighty"
        APP_DB_DSN: expected text, found nothing
        APP_LEVEL: expected one of "debug", "info", found nothing
        APP_API_KEY: expected an integer, found a value that is not shown
        path: server
        hint: set what is missing, or declare a default (default: undefined makes a setting optional) [CONFIG_INVALID]]
    `);
  });

  it("has the same as data", () => {
    expect(problemsOf(() => app.get(Server))).toEqual([
      {
        key: "port",
        name: "APP_PORT",
        from: "shop",
        problem: "invalid",
        expected: "an integer",
        found: "eighty",
      },
      { key: "db.dsn", name: "APP_DB_DSN", from: "shop", problem: "missing", expected: "text" },
      {
        key: "level",
        name: "APP_LEVEL",
        from: "shop",
        problem: "missing",
        expected: 'one of "debug", "info"',
      },
      { key: "api-key", name: "APP_API_KEY", from: "shop", problem: "invalid", expected: "an integer" },
    ]);
  });

  it("is a ConfigInvalidError, and known by its code", async () => {
    const error = await laterRefusal(app.getAsync(Server));

    expect(error).toBeInstanceOf(ConfigInvalidError);
    expect(error.name).toBe("ConfigInvalidError");
    expect(isContainerError(error, "CONFIG_INVALID")).toBe(true);
  });

  it("has the path from who asked first to who declares the setting; none when the scope was asked", () => {
    const Page = token<object>("page");
    const page = request.createScope(
      "page",
      scoped(Page, [Server], (it) => it),
    );

    expect(route(refusal(() => page.get(Page)).path)).toBe("page > server");
    const error = refusal(() => app.get(setting("dsn", string)));
    expect(error.path).toEqual([]);
    expect(error.message).toMatchInlineSnapshot(`
      "Cannot read the configuration: 1 setting is missing or invalid in the Env of scope "shop"
        APP_DSN: expected text, found nothing
        hint: set what is missing, or declare a default (default: undefined makes a setting optional) [CONFIG_INVALID]"
    `);
  });

  it("is the same for one setting alone", () => {
    expect(problemsOf(() => app.get(setting("port", integer)))).toMatchObject([{ name: "APP_PORT" }]);
  });

  it("says why a text that can be wrong in many ways is wrong", () => {
    const even: Parser<number> = {
      expected: "an even number",
      read() {
        throw new RangeError("it is odd");
      },
    };

    expect(problemsOf(() => over({ N: "3" }).get(setting("N", even)))).toMatchObject([
      { reason: "it is odd" },
    ]);
    expect(() => over({ N: "3" }).get(setting("N", even))).toThrow(
      'N: expected an even number, found "3" (it is odd)',
    );
  });

  it("says what to do about the problems at hand", () => {
    const hintOf = (env: EnvSource) =>
      refusal(() => over(env).get(settings({ a: setting("A", integer), b: setting("B", integer) }))).hint;

    expect(hintOf({ A: "1" })).toBe(
      "set what is missing, or declare a default (default: undefined makes a setting optional)",
    );
    expect(hintOf({ A: "1", B: "x" })).toBe("correct what is set (an empty value counts as not set)");
    expect(hintOf({ A: "x" })).toBe(hintOf({ A: "1" }));
  });

  it("is not remembered: once the setting is right, what depends on it is built", () => {
    const env: Record<string, string> = {};
    const shop = createContainer(value(Env, env), singleton(Server, [setting("PORT", integer)], serve));
    refusal(() => shop.get(Server));
    env["PORT"] = "80";

    expect(shop.get(Server)).toEqual({ port: 80 });
  });
});

describe("a secret", () => {
  it("that fails a parser which repeats the text in what it throws: is not repeated", () => {
    const loud: Parser<string> = {
      expected: "something",
      read(text) {
        throw new Error(`what is ${text}?`);
      },
    };
    for (const parser of [secret(loud), secret(list(loud)), list(secret(loud)), secret(secret(loud))]) {
      const error = refusal(() => over({ KEY: "hunter2" }).get(setting("KEY", parser as Parser<unknown>)));
      expect(error.message + JSON.stringify(error) + String(error.stack)).not.toContain("hunter2");
      expect(error.cause).toBeUndefined();
      expect(error.message).toContain("KEY: expected");
    }
  });

  it("keeps a default of its own out of what a provider prints", () => {
    const provider = singleton(Server, [setting("KEY", secret(integer), { default: 1234567 })], serve);

    expect(JSON.stringify(provider)).not.toContain("1234567");
    expect(createContainer(value(Env, {}), provider).get(Server).port).toBe(1234567);
  });
});

describe("a declaration", () => {
  const bad = (it: unknown): never => it as never;

  it.each([
    ["without a key", () => setting("", string), "no key"],
    ["with a key that is not a string", () => setting(bad(undefined), string), "no key"],
    ["without a parser", () => setting("PORT", bad(undefined)), '"PORT": it has no parser'],
    ["with a function for a parser", () => setting("PORT", bad(Number)), "no parser"],
    ["with a default that is not in options", () => setting("PORT", integer, bad(8080)), "options"],
    ["with null for options", () => setting("PORT", integer, bad(null)), "options are not an object"],
    ["with a list for options", () => setting("PORT", integer, bad([8080])), "options are not an object"],
    ["with a Map for options", () => setting("PORT", integer, bad(new Map())), "options are not an object"],
    ["with a second parser", () => setting("PORT", integer, bad(string)), 'no option "expected"'],
    [
      "with a default that is a promise",
      () => setting("PORT", integer, bad({ default: Promise.resolve(1) })),
      "its default is a promise",
    ],
    [
      "with a description that is no string",
      () => setting("PORT", integer, bad({ description: 1 })),
      "its description is of type number",
    ],
    ["with an unknown option", () => setting("PORT", integer, bad({ min: 1 })), 'no option "min"'],
    [
      "with an option from JSON that is called __proto__",
      () => setting("PORT", integer, bad(JSON.parse('{ "__proto__": { "default": 1 } }'))),
      'no option "__proto__"',
    ],
    ["of settings that are none", () => settings(bad({ port: Server })), '"port" is not a setting'],
    ["of settings that are no record", () => settings(bad(undefined)), "not a record"],
    ["of settings in a list", () => settings(bad([setting("PORT", integer)])), "not a record"],
    ["of settings in a Map", () => settings(bad(new Map([["a", setting("A", integer)]]))), "not a record"],
    ["of a setting instead of a record of them", () => settings(bad(setting("A", integer))), "not a setting"],
    ["of a list of nothing", () => list(bad(undefined)), "list()"],
    ["of a secret nothing", () => secret(bad({})), "secret()"],
    ["of a choice with nothing to choose from", () => (oneOf as () => unknown)(), "oneOf()"],
    ["of a choice among things that have no text", () => oneOf(bad(["debug", "info"])), "oneOf()"],
    ["of a choice with a hole", () => oneOf("debug", bad(undefined)), "oneOf()"],
  ])("%s is refused at once", (_, declare, words) => {
    const error = refusal(declare);

    expect(error.code).toBe("INVALID_PROVIDER");
    expect(error.message).toContain(words);
  });

  it.each([
    ["defualt", 'did you mean "default"?'],
    ["DEFAULT_VALUE", 'did you mean "default"?'],
    ["deafult", 'did you mean "default"?'],
    ["defaultValue", 'did you mean "default"?'],
    ["desc", 'did you mean "description"?'],
    ["descripton", 'did you mean "description"?'],
    ["required", "its options are default and description"],
  ])("with the option %s says: %s", (name, hint) => {
    expect(refusal(() => setting("PORT", integer, bad({ [name]: 1 }))).hint).toBe(hint);
  });

  it("with an option that is undefined has no such option, except that a default of undefined is one", () => {
    const given = { description: undefined, min: undefined };

    const Port = setting("PORT", integer, bad(given));
    expect(problemsOf(() => over({}).get(Port))).toMatchObject([{ problem: "missing" }]);
    expect(over({}).get(setting("PORT", integer, bad({ ...given, default: undefined })))).toBeUndefined();
    expect(over({ PORT: "1" }).get(setting("PORT", integer, undefined))).toBe(1);
  });
});

describe("an Env", () => {
  it.each([[undefined], [null], ["PORT=80"]])("that is %j is refused", (env) => {
    const error = refusal(() => over(env as never).get(setting("PORT", integer)));

    expect(error.code).toBe("INVALID_PROVIDER");
    expect(error.message).toContain('the Env of scope "root" is not an object');
  });

  it("that answers with promises: a problem of each setting, which says what to do", async () => {
    const vault = { get: (name: string) => Promise.reject(new Error(`no ${name}`)) };
    const both = settings({ port: setting("PORT", integer), key: setting("KEY", secret(string)) });
    const error = refusal(() => over(vault as never).get(both)) as ConfigInvalidError;

    expect(error.problems).toMatchObject([
      { name: "PORT", problem: "asynchronous" },
      { name: "KEY", problem: "asynchronous" },
    ]);
    expect(error.message).toContain(
      "PORT: the Env answered with a promise: fetch the settings in the factory",
    );
    // The rejections are nobody's unhandled ones.
    await Promise.resolve();
  });

  it("with something that has no text: a problem of its setting", () => {
    const both = settings({ a: setting("A", string), b: setting("B", string) });

    expect(problemsOf(() => over({ A: Object.create(null) } as never).get(both))).toMatchObject([
      { name: "A", problem: "invalid" },
      { name: "B", problem: "missing" },
    ]);
  });

  it("from outside never touches a prototype, whatever its keys are", () => {
    const outside = JSON.parse(
      '{ "__PROTO__": "a", "__proto__": { "PORT": "1" }, "CONSTRUCTOR": "b" }',
    ) as EnvSource;
    const read = over(outside).get(
      settings({
        ["__proto__"]: setting("__proto__", string),
        constructor: setting("constructor", string),
        port: setting("PORT", integer, { default: 80 }),
      }),
    ) as Record<string, unknown>;

    expect(Object.entries(read)).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
      ["port", 80],
    ]);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["PORT"]).toBeUndefined();
    const parsed = over({ X: '{"__proto__":{"polluted":1}}' }).get(setting("X", json)) as object;
    expect(Object.keys(parsed)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("with a text under get is a record", () => {
    expect(over({ get: "x", GET: "y" }).get(setting("GET", string))).toBe("y");
  });
});

describe("the types", () => {
  it("know what a setting gives, and what a default adds to it", () => {
    const app = createContainer(value(Env, {}));
    const gives = <T>(it: T): T => it;
    const level = setting("LEVEL", oneOf("debug", "info"), { default: "info" });

    gives<"debug" | "info">(app.get(level));
    gives<number>(app.get(setting("PORT", integer, { default: 1, description: "where to listen" })));
    gives<number | undefined>(app.get(setting("PORT", integer, { default: undefined })));
    gives<string[]>(app.get(setting("HOSTS", list(string), { default: [] })));
    gives<URL | undefined>(app.get(setting("URL", url, { default: undefined })));
    gives<{ port: number; key: string }>(
      app.get(
        settings({
          port: setting("PORT", integer, { default: 1 }),
          key: setting("KEY", secret(string), { default: "" }),
        }),
      ),
    );
    // @ts-expect-error it may be undefined
    gives<number>(app.get(setting("PORT", integer, { default: undefined })));

    expect(app.get(level)).toBe("info");
  });

  it("refuse a default of another type, and a container without an Env", () => {
    // @ts-expect-error a string is not an integer
    setting("PORT", integer, { default: "8080" });
    // @ts-expect-error it is none of them
    setting("LEVEL", oneOf("debug", "info"), { default: "trace" });
    // @ts-expect-error there is no such option
    expect(() => setting("PORT", integer, { defualt: 8080 })).toThrow('did you mean "default"?');
    // @ts-expect-error a mapped setting can no longer be read together with others
    expect(() => settings({ port: map(setting("PORT", integer), (port) => port) })).toThrow("not a setting");
    // @ts-expect-error nothing provides Env
    const app = createContainer(singleton(Server, [setting("PORT", integer)], serve));

    // @ts-expect-error nothing provides Env
    expect(refusal(() => createContainer().get(setting("PORT", integer))).code).toBe("NOT_PROVIDED");
    expect(refusal(() => app.get(Server)).code).toBe("NOT_PROVIDED");
  });
});
