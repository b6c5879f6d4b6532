/**
 * What errors and tables show of the values of settings.
 *
 * Any value may turn out to be a secret that nobody has marked as one, and errors end up in logs.
 */
import { createContainer, singleton, token, value } from "thimble";
import {
  ConfigInvalidError,
  describeSettings,
  duration,
  Env,
  formatSettings,
  integer,
  json,
  list,
  oneOf,
  secret,
  setting,
  settings,
  string,
  url,
  type AnyParser,
  type Parser,
  type StandardSchema,
} from "thimble/config";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { refusal } from "../core/support/refusal.ts";

/** The error about one setting that is read by this parser. */
function refuse(text: string, parser: AnyParser<unknown>): ConfigInvalidError {
  const app = createContainer(value(Env, { KEY: text }));
  return refusal(() => app.get(setting("KEY", parser))) as ConfigInvalidError;
}

/** What an error shows of a text. */
const found = (text: string): string | undefined => refuse(text, oneOf("-")).problems[0]?.found;

/** A parser that says this about every text. */
const saying = (what: (text: string) => unknown): Parser<string> => ({
  expected: "another text",
  read(text) {
    throw what(text);
  },
});

/** The reason that an error gives for refusing a text. */
const reason = (text: string, what: (text: string) => unknown): string | undefined =>
  refuse(text, saying(what)).problems[0]?.reason;

/** All that a log could have of an error. */
const printed = (error: ConfigInvalidError): string =>
  [error.message, error.stack, JSON.stringify(error), String(error.cause)].join("\n");

describe("what an error shows of a text", () => {
  it.each([
    ["80x", "80x"],
    ["production", "production"],
    ["twelve chars", "twelve chars"],
    [" ", " "],
  ])("is all of it when it is short: %j", (text, shown) => {
    expect(found(text)).toBe(shown);
  });

  it.each([
    ["sk_live_correct-horse", "sk_live…"],
    ["correct-horse", "corr…"],
    ["x".repeat(300), "xxxxxxxx…"],
    ["-----BEGIN PRIVATE KEY-----\nMIIE", "-----BEG…"],
    ["1234567🎉correct-horse-staple", "1234567…"],
  ])("is the beginning of a long one: %j", (text, shown) => {
    expect(found(text)).toBe(shown);
  });

  it.each([
    ["80\nx", "80 x"],
    ["80\r\n\t x", "80 x"],
    ["80\u2028x", "80 x"],
    ["red\u001b[31m", "red [31m"],
    ["80\u202ex", "80 x"],
  ])("is one line without control characters: %j", (text, shown) => {
    expect(found(text)).toBe(shown);
    expect(refuse(text, oneOf("-")).message.split("\n")).toHaveLength(3);
  });

  it.each([
    ["postgres://app:correct-horse@db:543Z/shop", "postgres://***@db:543Z…"],
    ["postgres://app:correct-horse@db", "postgres://***@db"],
    ["postgres://app:cor/re#ct?ho@rse@db:5432/shop", "postgres://***@db:5432…"],
    ["postgres://app:correct horse@db/shop", "postgres://***@db…"],
    ["https://correct-horse@github.test/a", "https://***@github.test…"],
    ["https://hooks.test/services/correct-horse", "https://hooks.test…"],
    ["https://shop.test?key=correct-horse", "https://shop.test…"],
    ["https://shop.test/?from=ada@mail.test&key=correct-horse", "https://shop.test…"],
    ["https://registry.test/@scope/package", "https://registry.test…"],
    ["redis://:correct-horse", "redis://:***"],
    ["redis://app:correct!horse", "redis://app:***…"],
    ["redis://cache:6379x/0", "redis://cache:***…"],
    ["redis://cache:6379/x", "redis://cache:6379…"],
    ["http://[::1]:80x", "http://[::1]:80x"],
    ["jdbc:postgresql://db/shop?password=correct-horse", "jdbc:postgresql://db…"],
    ["app:correct-horse@db:5432/shop", "***@db:5432…"],
    ["https:/app:pw@db", "***@db"],
    ["a:pw@b", "***@b"],
    [`https://${"x".repeat(100)}`, `https://${"x".repeat(40)}…`],
  ])("is the scheme and the host of a URL, without credentials: %j", (text, shown) => {
    expect(found(text)).toBe(shown);
    expect(printed(refuse(text, oneOf("-")))).not.toContain("horse");
  });

  it.each([
    ["ada@shop", "ada@shop"],
    ["10:30", "10:30"],
  ])("is all of what only has one of the signs of credentials: %j", (text, shown) => {
    expect(found(text)).toBe(shown);
  });

  it.each([
    ['{"password":"pw"', "{…"],
    [' ["pw", ', "[…"],
    ['"pw', '"…'],
    ["'https://a:pw@b'", "'…"],
    ["{", "{"],
  ])("is the first character of JSON and of quoted text: %j", (text, shown) => {
    expect(found(text)).toBe(shown);
  });
});

describe("the reason that an error gives", () => {
  it("is the first line of what the parser says, as the message has it", () => {
    const error = refuse(
      "mars",
      saying(() => new Error("\n no such region \n    at Filter.run (file:///a/b.js:1:2)\n    at c")),
    );

    expect(error.problems[0]?.reason).toBe("no such region");
    expect(error.message).toContain('found "mars" (no such region)\n');
  });

  it("is short", () => {
    expect(reason("mars", () => "x".repeat(100_000))).toBe("x".repeat(160) + "…");
  });

  it("is one line without control characters", () => {
    expect(reason("mars", () => "\u001b[31mno\u2028such\u202eregion")).toBe("[31mno");
  });

  it.each([
    ["an error without a message", () => new Error()],
    ["nothing but whitespace", () => "\n \n"],
    ["an object without text", () => Object.create(null) as unknown],
    [
      "an error that cannot be read",
      () =>
        Object.defineProperty(new Error(), "message", {
          get() {
            throw new Error("no");
          },
        }),
    ],
  ])("is left out when a parser throws %s", (_, what) => {
    expect(refuse("mars", saying(what)).problems[0]).not.toHaveProperty("reason");
  });

  it("has the messages of all issues, of each the first line", () => {
    const issues = [{ message: "too short\nreally" }, { message: "too plain" }, { message: "" }];
    const schema: StandardSchema<string> = {
      "~standard": { version: 1, vendor: "home", validate: () => ({ issues }) },
    };

    expect(refuse("mars", schema).problems[0]?.reason).toBe("too short; too plain");
    expect(reason("mars", () => Object.assign(new Error("[\n {"), { issues }))).toBe("too short; too plain");
    // The message of an error of zod is JSON over several lines.
    const parsed: Parser<number> = { expected: "a port", read: (text) => z.int().parse(text) };
    expect(refuse("mars", parsed).problems[0]?.reason).toMatch(/^Invalid input/);
  });

  it("repeats no more of a text than the error shows of it", () => {
    const key = "sk_live_correct-horse";

    expect(reason(key, (text) => new Error(`what is "${text}"?`))).toBe('what is "sk_live…"?');
    expect(reason(key, (text) => new Error(`"${text.slice(2, 15)}"... is no JSON`))).toBe(
      '"…"... is no JSON',
    );
    expect(reason(key, () => new Error("a key begins with sk_live"))).toBe("a key begins with sk_live");
    expect(reason(`  ${key}`, (text) => new Error(`no "${text.trim()}"`))).toBe('no "…"');
    expect(reason(`${key}\n${key}`, (text) => new Error(`no ${JSON.stringify(text)}`))).not.toContain(
      "horse",
    );
    expect(reason("mars", (text) => new Error(`no "${text}"`))).toBe('no "mars"');
  });

  it("never has the credentials of a URL, those of another one neither", () => {
    const text = "postgres://app:correct-horse@db:543Z/shop";

    expect(reason(text, (it) => new Error(`Invalid URL: '${it}'`))).toBe(
      "Invalid URL: 'postgres://***@db:543Z…'",
    );
    expect(reason(text, () => new Error("the password correct-horse is weak"))).toBe(
      "the password … is weak",
    );
    expect(reason("mars", () => new Error("no answer from https://me:correct-horse@vault.test"))).toBe(
      "no answer from https://***@vault.test",
    );
  });

  it.each<[string, AnyParser<unknown>]>([
    ["url", url],
    ["json", json],
    ["integer", integer],
    ["list(json)", list(json)],
    ["oneOf", oneOf("a", "b")],
    ["a parser of URL", { expected: "a URL", read: (text) => new URL(text) }],
    ["a parser of JSON", { expected: "JSON", read: (text) => JSON.parse(text) as unknown }],
    ["zod", z.enum(["a", "b"])],
    ["zod with JSON", z.string().pipe(z.preprocess((it) => JSON.parse(String(it)) as unknown, z.int()))],
    ["valibot", v.pipe(v.string(), v.regex(/^a$/))],
    ["arktype", type("'a' | 'b'")],
  ])("has no secret of a text that %s refuses", async (_, parser) => {
    for (const text of [
      "postgres://app:correct-horse@db:543Z/shop",
      '{"password":"correct-horse",',
      "sk_live_correct-horse",
      "correct-horse",
      '["correct-horse"',
    ]) {
      expect(printed(refuse(text, parser))).not.toContain("horse");
    }
    await Promise.resolve();
  });

  it("tells where JSON ends to be JSON, if the runtime does, and quotes nothing of it", () => {
    const [problem] = refuse('{"a":1,}', json).problems;

    expect(problem?.found).toBe("{…");
    expect(problem?.reason ?? "at position 7").toMatch(/^at (position \d+|line \d+ column \d+)$/);
  });

  it("names the item of a list that is refused, redacted on its own", () => {
    const long = "info,debug,warning,error,sk_live_correct-horse";

    expect(refuse(long, list(oneOf("info", "debug", "warning", "error"))).problems).toMatchObject([
      { found: "info,deb…", reason: 'item "sk_live…"' },
    ]);
    const urls = "https://a:correct-horse@b,,https://c:correct-horse@d:x";
    expect(printed(refuse(urls, list(url)))).not.toContain("horse");
    expect(refuse(urls, list(url)).problems[0]?.reason).toBe("item 3");
    // With a comma in the password, an item is a part of it.
    expect(refuse("https://a:b,correct-horse@c", list(integer)).problems[0]?.reason).toBe("item 1");
    expect(printed(refuse("https://a:b,horse@c", list(oneOf("https://a:b"))))).not.toContain("horse");
  });

  it("is not given for a secret", () => {
    for (const parser of [secret(url), secret(list(integer)), list(secret(json)), secret(z.enum(["a"]))]) {
      const error = refuse("correct-horse", parser as Parser<unknown>);
      expect(error.problems[0]).not.toHaveProperty("reason");
      expect(error.problems[0]).not.toHaveProperty("found");
      expect(error.message).toContain("found a value that is not shown");
    }
  });
});

describe("a text of 200 000 characters", () => {
  it.each([
    ["://a:"],
    ["://"],
    ["@://a:b"],
    ["://a@"],
    ["://a/"],
    ["1"],
    ["a:"],
    ["?token"],
    ["@"],
    ["&key=1"],
    [", "],
    ['"\\'],
  ])("of %j takes no time that anyone would notice", (part) => {
    // Searches that begin anew at every character would take minutes.
    const long = part.repeat(200_000 / part.length);
    const quoting = saying((it) => new Error(`no "${it}"`));

    for (const text of [`@x${long}@`, `-x${long}`]) {
      for (const parser of [quoting, list(quoting), url, list(url), duration]) {
        expect(refuse(text, parser).message.length).toBeLessThan(600);
      }
    }
  });
});

describe("a line of an error", () => {
  it("stays one line, whatever a parser, a vendor or a key is called", () => {
    const odd: Parser<string> = { expected: "a\nb", read: saying(() => "c").read };
    const schema: StandardSchema<string> = {
      "~standard": { version: 1, vendor: "d\ne", validate: () => Promise.resolve({ value: "" }) },
    };
    const app = createContainer(value(Env, { KEY: "x", "K\nY": "y" }));
    const error = refusal(() =>
      app.get(settings({ a: setting("KEY", odd), b: setting("KEY", schema), c: setting("k\ny", odd) })),
    );

    expect(error.message.split("\n")).toHaveLength(5);
  });
});

describe("the default of a setting", () => {
  const Server = token<object>("server");
  const rowsOf = (...defaults: unknown[]) =>
    describeSettings(
      createContainer(
        value(Env, {}),
        singleton(
          Server,
          defaults.map((it, at) => setting(`a${at}`, json, { default: it })),
          (...given: unknown[]) => ({ given }),
        ),
      ),
    );

  it("is described and formatted with the credentials of URLs masked", () => {
    const rows = rowsOf(
      new URL("postgres://app:correct-horse@localhost/shop"),
      "postgres://app:correct/h@rse@localhost/shop",
      [new URL("redis://:correct-horse@a"), "https://b/c"],
      { url: "https://b/c?access_token=correct-horse&d=1#e" },
      "https://a/b, https://app:correct-horse@c",
    );
    const table = formatSettings(rows);

    expect(JSON.stringify(rows) + table).not.toMatch(/horse|rse@/);
    expect(rows.map((row) => row.default)).toEqual([
      '"postgres://***@localhost/shop"',
      "postgres://***@localhost/shop",
      '["redis://***@a","https://b/c"]',
      '{"url":"https://b/c?access_token=***&d=1#e"}',
      "https://a/b, https://***@c",
    ]);
    expect(table).toContain("   postgres://***@localhost/shop");
  });

  it("is described as it is when it has none", () => {
    const defaults = [
      new URL("https://shop.test/a?b=c#d"),
      "https://registry.test/@scope/package",
      "ada@shop.test",
      ["a", 1],
      5,
    ];

    expect(rowsOf(...defaults).map((row) => row.default)).toEqual(defaults);
    expect(rowsOf(...defaults)[0]?.default).toBe(defaults[0]);
  });

  it("is masked by formatSettings also where a row was made by hand", () => {
    const row = { key: "a", name: "A", expected: "a URL", required: false, secret: false, usedBy: [] };

    expect(formatSettings([{ ...row, default: "https://a:correct-horse@b" }])).not.toContain("horse");
    expect(formatSettings([{ ...row, secret: true, default: "correct-horse" }])).not.toContain("horse");
  });

  it("of a secret is in no description", () => {
    const app = createContainer(
      value(Env, {}),
      singleton(Server, [setting("A", secret(string), { default: "correct-horse" })], (a) => ({ a })),
    );

    expect(JSON.stringify(describeSettings(app)) + formatSettings(describeSettings(app))).not.toContain(
      "horse",
    );
  });
});
