/**
 * Configuration, where libraries cut defaults at `=` or `,`, take empty for
 * set, tell the first bad key only, and print secrets.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { createContainer, singleton, token, value, type Scope } from "thimble";
import {
  boolean,
  describeSettings,
  Env,
  EnvPrefix,
  formatSettings,
  integer,
  json,
  list,
  secret,
  setting,
  settings,
  string,
  type ConfigInvalidError,
  type Parser,
} from "thimble/config";
import { readEnv } from "thimble/generic";
import { refusal, thrown } from "../core/support/refusal.ts";
import { codeOf } from "./failing.ts";
import { rejection } from "./waiting.ts";

/** A container over these variables. */
function appWith(env: Record<string, string | undefined>): Scope {
  return createContainer(value(Env, env));
}

describe("a default", () => {
  it("with = and , in it: given whole", () => {
    const app = appWith({});

    expect(app.get(setting("DSN", string, { default: "host=db,port=5432,opt=a=b" }))).toBe(
      "host=db,port=5432,opt=a=b",
    );
    expect(app.get(setting("HOSTS", list(string), { default: ["a=1,b", "c"] }))).toEqual(["a=1,b", "c"]);
  });

  it.each<[string, Parser<unknown>, unknown]>([
    ["zero", integer, 0],
    ["false", boolean, false],
    ["an empty string", string, ""],
  ])("that is %s: given, not taken for absent", (_, parser, fallback) => {
    const asked = setting("KEY", parser, { default: fallback });

    expect(appWith({}).get(asked)).toBe(fallback);
  });

  it("hides no mistake: a value that is there and wrong is reported", () => {
    const error = refusal(() => appWith({ PORT: "eighty" }).get(setting("PORT", integer, { default: 80 })));

    expect(codeOf(error)).toBe("CONFIG_INVALID");
    expect(error.message).toContain("PORT");
  });
});

describe("a value from the environment", () => {
  it("with = and , and spaces and quotes in it: given whole", () => {
    const dsn = ` postgres://u:p=w@db/app?a=b,c "d" `;

    expect(appWith({ DSN: dsn }).get(setting("DSN", string))).toBe(dsn);
    expect(readEnv({ DSN: dsn })["DSN"]).toBe(dsn);
    expect(appWith(readEnv({ DSN: dsn })).get(setting("DSN", string))).toBe(dsn);
  });

  it("that is empty: unset, so the default holds, or the key is reported as missing", () => {
    const app = appWith({ PORT: "", DSN: "" });

    expect(app.get(setting("PORT", integer, { default: 8080 }))).toBe(8080);
    const error = refusal(() => app.get(setting("DSN", string)));
    expect(codeOf(error)).toBe("CONFIG_INVALID");
    expect(error.message).toContain("DSN");
  });

  it("that says 0, false, no or off: false, not a truthy text", () => {
    const app = appWith({ A: "0", B: "false", C: "no", D: "off" });

    for (const key of ["A", "B", "C", "D"]) expect(app.get(setting(key, boolean))).toBe(false);
  });

  it("that only begins like a number: refused, not cut to its beginning", () => {
    for (const port of ["80a", "8 080", "1e", "0x", "NaN", "Infinity", "80.5"]) {
      expect(codeOf(thrown(() => appWith({ PORT: port }).get(setting("PORT", integer)))), port).toBe(
        "CONFIG_INVALID",
      );
    }
  });

  it("named like a member of every object: unset when nobody has set it", () => {
    const names = ["constructor", "toString", "__proto__"];

    expect(Object.entries(readEnv({}, names))).toEqual([]);
    for (const name of names) expect(readEnv({})[name]).toBeUndefined();
  });
});

describe("several bad keys", () => {
  it("are reported together, each by its key", () => {
    const app = appWith({ PORT: "eighty", LIMITS: "{", DEBUG: "perhaps", NAME: "shop" });

    const error = refusal(() =>
      app.get(
        settings({
          port: setting("PORT", integer),
          limits: setting("LIMITS", json),
          debug: setting("DEBUG", boolean),
          dsn: setting("DSN", string),
          name: setting("NAME", string),
        }),
      ),
    );

    expect(codeOf(error)).toBe("CONFIG_INVALID");
    expect((error as ConfigInvalidError).problems).toHaveLength(4);
    for (const key of ["PORT", "LIMITS", "DEBUG", "DSN"]) expect(error.message).toContain(key);
    expect(error.message).not.toContain("NAME");
  });

  it("under a prefix: reported by the name that is looked for", () => {
    const app: Scope = createContainer(
      value(Env, { PORT: "80", APP_PORT: "eighty" }),
      value(EnvPrefix, "APP_"),
    );

    const error = refusal(() =>
      app.get(settings({ port: setting("port", integer), dsn: setting("db.dsn", string) })),
    );

    expect(error.message).toContain("APP_PORT");
    expect(error.message).toContain("APP_DB_DSN");
  });
});

describe("a secret", () => {
  const password = "hunter2-hunter2";

  /** Everything of an error that a log might print. */
  function printed(error: unknown): string {
    const seen: string[] = [];
    for (let it = error; it instanceof Error; it = it.cause) {
      seen.push(String(it), it.stack ?? "");
      for (const key of Object.getOwnPropertyNames(it)) seen.push(safe(Reflect.get(it, key)));
    }
    return seen.join("\n");
  }

  function safe(it: unknown): string {
    return typeof it === "object" && it !== null ? JSON.stringify(it) : String(it);
  }

  it.each<[string, Parser<unknown>]>([
    ["an integer", secret(integer)],
    ["a json", secret(json)],
    ["a list of integers", secret(list(integer))],
  ])(
    "that is not %s as it should be: named by its key, and its value is nowhere in the error",
    (_, parser) => {
      const asked = setting("API_KEY", parser);

      for (const dependency of [asked, settings({ key: asked })]) {
        const error = refusal(() => appWith({ API_KEY: password }).get(dependency));
        expect(error.message).toContain("API_KEY");
        expect(printed(error)).not.toContain(password);
      }
    },
  );

  it("that is right, in an app that fails elsewhere: not printed with the rest", async () => {
    const Client = token<object>("client");
    const app = createContainer(
      value(Env, { API_KEY: password, PORT: "eighty" }),
      singleton(
        Client,
        [settings({ key: setting("API_KEY", secret(string)), port: setting("PORT", integer) })],
        (it) => ({ it }),
      ),
    );

    const error = await rejection(app.getAsync(Client));

    expect(codeOf(error)).toBe("CONFIG_INVALID");
    expect(printed(error)).not.toContain(password);
  });

  it("with a default: listed among the settings, and the default is not", () => {
    const Client = token<object>("client");
    const key = setting("API_KEY", secret(string), { default: password });
    const app = createContainer(
      value(Env, { API_KEY: `${password}!` }),
      singleton(Client, [key], (it) => ({ it })),
    );
    app.get(Client);
    const rows = describeSettings(app);

    expect(rows).toMatchObject([{ name: "API_KEY", secret: true }]);
    expect(JSON.stringify(rows) + formatSettings(rows)).not.toContain(password);
  });

  it("is a plain value to the service that asked for it", () => {
    expect(appWith({ API_KEY: password }).get(setting("API_KEY", secret(string)))).toBe(password);
  });
});
