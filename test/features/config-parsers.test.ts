import { createContainer, value } from "thimble";
import {
  boolean,
  duration,
  Env,
  integer,
  json,
  list,
  number,
  oneOf,
  secret,
  setting,
  string,
  url,
  type Parser,
} from "thimble/config";
import { describe, expect, it } from "vitest";
import { refusal } from "../core/support/refusal.ts";

const read = (parser: Parser<unknown>, text: string): unknown =>
  createContainer(value(Env, { KEY: text })).get(setting("KEY", parser));

interface Readings {
  /** Texts and what they are read as. */
  readonly takes: readonly (readonly [text: string, value: unknown])[];
  readonly refuses: readonly string[];
}

const parsers: Record<string, readonly [Parser<unknown>, Readings]> = {
  string: [
    string,
    {
      takes: [
        ["text", "text"],
        [" a=b, c ", " a=b, c "],
        [" ", " "],
      ],
      refuses: [],
    },
  ],
  number: [
    number,
    {
      takes: [
        ["1", 1],
        ["-1.5", -1.5],
        ["+.5", 0.5],
        ["2.", 2],
        ["1e3", 1000],
        ["1E-3", 0.001],
        [" 5 ", 5],
        ["0", 0],
        ["007", 7],
      ],
      refuses: [
        "NaN",
        "Infinity",
        "1e999",
        "0x10",
        "0b1",
        "1,5",
        "1_000",
        "1 000",
        "5px",
        "e3",
        ".",
        " ",
        "-",
      ],
    },
  ],
  integer: [
    integer,
    {
      takes: [
        ["8080", 8080],
        ["-1", -1],
        ["+1", 1],
        [" 5\n", 5],
        ["-0", 0],
        ["007", 7],
        ["9007199254740991", Number.MAX_SAFE_INTEGER],
      ],
      refuses: ["9007199254740992", "1.0", "1e3", "0x10", "NaN", "Infinity", "80a", "8 080", "--1", " "],
    },
  ],
  boolean: [
    boolean,
    {
      takes: [
        ...["true", "1", "yes", "on", "TRUE", "Yes", " on "].map((text) => [text, true] as const),
        ...["false", "0", "no", "off", "False", "OFF", " 0 "].map((text) => [text, false] as const),
      ],
      refuses: ["y", "n", "t", "2", "truee", "enabled", "null", " "],
    },
  ],
  url: [
    url,
    {
      takes: [
        ["https://shop.test/a?b=c", new URL("https://shop.test/a?b=c")],
        ["postgres://u:p@db:5432/shop", new URL("postgres://u:p@db:5432/shop")],
      ],
      refuses: ["shop.test", "/path", "http://", " "],
    },
  ],
  duration: [
    duration,
    {
      takes: [
        ["250ms", 250],
        ["1.5s", 1500],
        ["2m", 120_000],
        ["1h", 3_600_000],
        ["7d", 604_800_000],
        ["1h30m", 5_400_000],
        [" 1m 30s ", 90_000],
        ["1.5 s", 1500],
        ["0.3s", 300],
        ["1.005s", 1005],
        ["1.1s100ms", 1200],
        ["0", 0],
        ["0s", 0],
      ],
      refuses: [
        "30",
        "1.5",
        "s",
        "-1s",
        "1.5.2s",
        "1s x",
        "x1s",
        "1S",
        "1y",
        "1hh",
        "1h30",
        "Infinitys",
        "1e3s",
        "1h,30m",
        "9".repeat(400) + "d",
        // A search that begins anew at every digit would take minutes.
        "1".repeat(200_000),
        " ",
      ],
    },
  ],
  json: [
    json,
    {
      takes: [
        ['{"a":[1,null]}', { a: [1, null] }],
        ["null", null],
        [" 1 ", 1],
      ],
      refuses: ["{", "undefined", "{'a':1}", " "],
    },
  ],
  "list(integer)": [
    list(integer),
    {
      takes: [
        ["1,2,3", [1, 2, 3]],
        [" 1 , 2 ", [1, 2]],
        ["1,,2,", [1, 2]],
        ["1", [1]],
        [",", []],
      ],
      refuses: ["1,b", "1;2", "1 2"],
    },
  ],
  "list(string)": [list(string), { takes: [["a=1, b c ,d", ["a=1", "b c", "d"]]], refuses: [] }],
  "list(oneOf)": [list(oneOf("a", "b")), { takes: [["b,a", ["b", "a"]]], refuses: ["a,c"] }],
  oneOf: [
    oneOf("debug", "info"),
    {
      takes: [
        ["debug", "debug"],
        [" info ", "info"],
      ],
      refuses: ["Debug", "deb", "debug,info", " "],
    },
  ],
  "oneOf of numbers": [
    oneOf(1, 2),
    {
      takes: [["2", 2]],
      refuses: ["3", "1.0"],
    },
  ],
  "secret(integer)": [secret(integer), { takes: [["5", 5]], refuses: ["five"] }],
};

describe.each(Object.entries(parsers))("%s", (_, [parser, { takes, refuses }]) => {
  it.each(takes)("reads %j as %j", (text, expected) => {
    const found = read(parser, text);

    expect(found).toStrictEqual(expected);
    expect(typeof found).toBe(typeof expected);
  });

  if (refuses.length > 0) {
    it.each(refuses.map((text) => [text]))("refuses %j", (text) => {
      const error = refusal(() => read(parser, text));

      expect(error.code).toBe("CONFIG_INVALID");
      expect(error.message).toContain(`KEY: expected ${parser.expected}, found`);
    });
  }
});

describe("url", () => {
  it("gives a URL of the runtime", () => {
    expect(read(url, "https://shop.test")).toBeInstanceOf(URL);
  });
});

describe("a list", () => {
  it("names the item that is wrong", () => {
    expect(refusal(() => read(list(integer), "1,two,3")).message).toContain('(item "two")');
    expect(refusal(() => read(list(json), "1,{")).message).toContain('(item "{"');
  });
});
