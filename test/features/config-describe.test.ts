import {
  alias,
  arg,
  assisted,
  createContainer,
  fallback,
  make as made,
  map,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import {
  describeSettings,
  duration,
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
  url,
} from "thimble/config";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { uncheckedContainer } from "../core/support/unchecked.ts";

const Server = token<object>("server");
const Mailer = token<object>("mailer");
const Page = token<object>("page");
const make = (...given: unknown[]): object => ({ given });

const names = (scope: Scope): string[] => describeSettings(scope).map((row) => row.name);

describe("describeSettings", () => {
  it("tells of each setting what it is called, what is expected, what holds without it, and who uses it", () => {
    const app = createContainer(
      value(Env, { PORT: "ignored" }),
      singleton(
        Server,
        [
          setting("PORT", integer, { default: 8080, description: "where to listen" }),
          setting("db.url", url),
          setting("tag", string, { default: undefined }),
        ],
        make,
      ),
      singleton(Mailer, [setting("api-key", secret(string), { default: "hunter2" })], make),
    );

    expect(describeSettings(app)).toEqual([
      {
        key: "PORT",
        name: "PORT",
        expected: "an integer",
        required: false,
        default: 8080,
        description: "where to listen",
        secret: false,
        usedBy: ["server"],
      },
      { key: "db.url", name: "DB_URL", expected: "a URL", required: true, secret: false, usedBy: ["server"] },
      { key: "tag", name: "TAG", expected: "text", required: false, secret: false, usedBy: ["server"] },
      {
        key: "api-key",
        name: "API_KEY",
        expected: "text",
        required: false,
        secret: true,
        usedBy: ["mailer"],
      },
    ]);
  });

  it("finds those of fallbacks, and of what a service makes or builds with arguments", () => {
    const app = createContainer(
      value(Env, {}),
      fallback(singleton(Server, [setting("port", integer)], make)),
      singleton(
        Mailer,
        [
          made(singleton(Page, [setting("page", string)], make)),
          assisted(Page, [setting("line", string), arg<string>()], make),
        ],
        make,
      ),
    );

    expect(names(app)).toEqual(["PORT", "PAGE", "LINE"]);
  });

  it("finds them wherever a provider declares them", () => {
    const a = (key: string) => setting(key, string);
    const app = uncheckedContainer(
      singleton(Server, [a("A"), { b: a("B") }], make),
      scoped(Mailer, { c: a("C") }, make),
      transient(token("timer"), [map([a("D"), optional(a("E"))], make)], make),
      alias(token("f"), map(map(a("F"), make), make)),
      singleton(Page, [settings({ g: a("G"), more: settings({ h: a("H") }) })], make),
    );

    expect(names(app)).toEqual(["A", "B", "C", "D", "E", "F", "G", "H"]);
  });

  it("looks above and below the scope, from the top, and not beside it", () => {
    const app = uncheckedContainer(singleton(Server, [setting("TOP", string)], make));
    const middle = app.createScope("middle", singleton(Mailer, [setting("MIDDLE", string)], make) as never);
    middle.createScope("low", singleton(Page, [setting("LOW", string)], make) as never);
    app.createScope("beside", singleton(Page, [setting("BESIDE", string)], make) as never);

    expect(names(middle)).toEqual(["TOP", "MIDDLE", "LOW"]);
    expect(names(app)).toEqual(["TOP", "MIDDLE", "BESIDE", "LOW"]);
  });

  it("names them with the prefix of the scope that declares them", () => {
    const Port = setting("port", integer);
    const app = uncheckedContainer(value(EnvPrefix, "APP_"), singleton(Server, [Port], make));
    app.createScope("child", value(EnvPrefix, "CHILD_"), singleton(Page, [Port], make) as never);

    expect(names(app)).toEqual(["APP_PORT", "CHILD_PORT"]);
  });

  it("makes one row of what several services declare alike, and two of what they do not", () => {
    const Port = setting("PORT", integer);
    const app = uncheckedContainer(
      singleton(Server, [Port, Port], make),
      singleton(Mailer, [setting("port", integer)], make),
      singleton(Page, [setting("PORT", integer, { default: 1 })], make),
    );

    expect(describeSettings(app).map(({ required, usedBy }) => [required, usedBy])).toEqual([
      [true, ["server", "mailer"]],
      [false, ["page"]],
    ]);
  });

  it("forgets what has been overridden", () => {
    const app = uncheckedContainer(singleton(Server, [setting("PORT", integer)], make));
    app.override(value(Server, {}));

    expect(describeSettings(app)).toEqual([]);
  });

  it("builds nothing, and reads no environment", () => {
    let asked = 0;
    const app = createContainer(
      singleton(Env, () => {
        asked++;
        return {};
      }),
      singleton(EnvPrefix, () => {
        asked++;
        return "APP_";
      }),
      singleton(Server, [setting("PORT", integer)], () => ({ asked: asked++ })),
    );

    // A prefix that is not there yet is not known.
    expect(names(app)).toEqual(["PORT"]);
    expect(asked).toBe(0);
    app.get(EnvPrefix);
    expect(names(app)).toEqual(["APP_PORT"]);
  });

  it("knows the default of a schema, and what it calls optional", () => {
    const app = uncheckedContainer(
      singleton(
        Server,
        [
          setting("A", z.coerce.number().default(7)),
          setting("B", z.string().optional()),
          setting("C", z.string()),
          setting("D", secret(z.string().default("hunter2"))),
        ],
        make,
      ),
    );

    expect(describeSettings(app)).toMatchObject([
      { name: "A", expected: "what its zod schema takes", required: false, default: 7 },
      { name: "B", required: false },
      { name: "C", required: true },
      { name: "D", required: false, secret: true },
    ]);
    expect(JSON.stringify(describeSettings(app))).not.toContain("hunter2");
  });
});

describe("formatSettings", () => {
  it("has room for any default, and tells a text from a number", () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const odd = [circle, { big: 1n }, { toJSON() {} }, Object.create(null)];
    const defaults: unknown[] = [...odd, "1", 1];
    const app = uncheckedContainer(
      singleton(
        Server,
        defaults.map((it, at) => setting(at < odd.length ? `odd.${at}` : "one", json, { default: it })),
        make,
      ),
    );

    const rows = describeSettings(app);

    expect(rows.map((row) => row.default)).toEqual(defaults);
    expect(formatSettings(rows)).toContain("…");
  });

  it("makes a table for --help, in which no secret has its default", () => {
    const app = uncheckedContainer(
      value(EnvPrefix, "APP_"),
      singleton(
        Server,
        [
          setting("port", integer, { default: 8080, description: "where to\n  listen" }),
          setting("hosts", list(string), { default: ["a", "b"] }),
          setting("grace", duration, { default: undefined, description: "how long stopping may take" }),
          setting("db.url", secret(url)),
          setting("api-key", secret(string), { default: "hunter2", description: "from the vault" }),
        ],
        make,
      ),
    );

    expect(formatSettings(describeSettings(app))).toMatchInlineSnapshot(`
      "SETTING       EXPECTED                            DEFAULT     DESCRIPTION
      APP_PORT      an integer                          8080        where to listen
      APP_HOSTS     a list with commas, each text       ["a","b"]
      APP_GRACE     a duration like "1.5s" or "1h30m"   none        how long stopping may take
      APP_DB_URL    a URL, secret                       required
      APP_API_KEY   text, secret                        hidden      from the vault"
    `);
  });

  it("makes the head alone of nothing", () => {
    expect(formatSettings([])).toBe("SETTING   EXPECTED   DEFAULT   DESCRIPTION");
  });
});
