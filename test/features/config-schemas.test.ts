/**
 * Standard Schema objects as parsers, of the three libraries that people use most and of nobody in particular. The
 * package depends on none of them.
 */
import { type } from "arktype";
import { alias, createContainer, token, value, type Scope } from "thimble";
import {
  describeSettings,
  Env,
  list,
  secret,
  setting,
  settings,
  type ConfigInvalidError,
  type Parser,
  type StandardResult,
  type StandardSchema,
} from "thimble/config";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { refusal, rejected } from "../core/support/refusal.ts";
import { turn } from "../core/support/turn.ts";

const over = (env: Record<string, string>): Scope => createContainer(value(Env, env));

/** A port from 1 to 99, the number 7 when nothing is set, and a text of at least three letters, by each library. */
const libraries = {
  zod: {
    port: z.coerce.number().int().min(1).max(99),
    withDefault: z.coerce.number().default(7),
    word: z.string().min(3),
  },
  valibot: {
    port: v.pipe(v.string(), v.transform(Number), v.integer(), v.minValue(1), v.maxValue(99)),
    withDefault: v.optional(v.pipe(v.string(), v.transform(Number)), "7"),
    word: v.pipe(v.string(), v.minLength(3)),
  },
  arktype: {
    port: type("string.integer.parse").to("1 <= number <= 99"),
    withDefault: type("string.numeric.parse").or(type("undefined").pipe(() => 7)),
    word: type("string >= 3"),
  },
};

describe.each(Object.entries(libraries))("a schema of %s", (vendor, { port, withDefault, word }) => {
  // Inferred from a union of three libraries: what each of them gives is a number.
  const Port = setting("PORT", port as StandardSchema<number>);

  it("reads the text of a setting", () => {
    expect(over({ PORT: "80" }).get(Port)).toBe(80);
  });

  it("refuses, in its own words", () => {
    const error = refusal(() => over({ PORT: "100" }).get(Port)) as ConfigInvalidError;

    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.problems).toMatchObject([
      { name: "PORT", problem: "invalid", found: "100", expected: `what its ${vendor} schema takes` },
    ]);
    expect(error.problems[0]?.reason).toContain("99");
    expect(error.message).toContain(error.problems[0]?.reason);
  });

  it("is missing when it takes no undefined", () => {
    const error = refusal(() => over({}).get(Port)) as ConfigInvalidError;

    expect(error.problems).toMatchObject([{ name: "PORT", problem: "missing" }]);
  });

  it("has its own default hold, unless the setting has one", () => {
    const schema = withDefault as StandardSchema<number>;

    expect(over({}).get(setting("PORT", schema))).toBe(7);
    expect(over({ PORT: "" }).get(setting("PORT", schema))).toBe(7);
    expect(over({ PORT: "8" }).get(setting("PORT", schema))).toBe(8);
    expect(over({}).get(setting("PORT", schema, { default: 9 }))).toBe(9);
  });

  it("is described by the name of its library", () => {
    const Server = token<number>("server");
    const app = createContainer(value(Env, {}), alias(Server, Port));

    expect(describeSettings(app)).toMatchObject([
      { name: "PORT", expected: `what its ${vendor} schema takes`, required: true },
    ]);
  });

  it("reads the items of a list", () => {
    expect(over({ PORTS: "1, 2" }).get(setting("PORTS", list(port as StandardSchema<number>)))).toEqual([
      1, 2,
    ]);
  });

  it("as a secret: neither the value nor its words are in the error", () => {
    for (const text of ["hu", "hunter2-hunter2"]) {
      const schema = text.length < 3 ? word : port;
      const Key = setting("KEY", secret(schema as StandardSchema<unknown>));
      for (const asked of [Key, settings({ key: Key })]) {
        const error = refusal(() => over({ KEY: text }).get(asked)) as ConfigInvalidError;
        expect(error.problems).toEqual([
          {
            key: "KEY",
            name: "KEY",
            from: "root",
            problem: "invalid",
            expected: `what its ${vendor} schema takes`,
          },
        ]);
        expect(error.cause).toBeUndefined();
        expect(error.message).not.toContain("hunter2");
        expect(error.message).toContain("found a value that is not shown");
      }
    }
  });

  it("is told together with all else that is wrong", () => {
    const both = settings({ port: Port, word: setting("WORD", word as StandardSchema<string>) });

    expect(() => over({ PORT: "0", WORD: "a" }).get(both)).toThrow(/PORT: .*\n.*WORD: /);
  });
});

describe("any schema", () => {
  /** A schema of nobody's library. */
  const schema = <T>(
    validate: (value: unknown) => StandardResult<T> | Promise<StandardResult<T>>,
  ): StandardSchema<T> => ({ "~standard": { version: 1, vendor: "home", validate } });

  it("gives its type", () => {
    const app = over({ PORT: "80", WORD: "word", LEVEL: "info" });
    const gives = <T>(it: T): T => it;

    gives<number>(app.get(setting("PORT", libraries.zod.port)));
    gives<number>(app.get(setting("PORT", libraries.valibot.port)));
    gives<number>(app.get(setting("PORT", libraries.arktype.port)));
    gives<"debug" | "info">(app.get(setting("LEVEL", z.enum(["debug", "info"]))));
    gives<"debug" | "info">(app.get(setting("LEVEL", v.picklist(["debug", "info"]))));
    gives<"debug" | "info">(app.get(setting("LEVEL", type("'debug' | 'info'"))));
    gives<string | undefined>(app.get(setting("NONE", z.string().optional())));
    gives<number[]>(app.get(setting("PORT", list(z.coerce.number()))));
    // @ts-expect-error it may be undefined
    gives<string>(app.get(setting("NONE", z.string().optional())));
    // @ts-expect-error it is a number
    gives<string>(app.get(setting("PORT", libraries.arktype.port)));

    expect(app.get(setting("LEVEL", z.enum(["debug", "info"])))).toBe("info");
  });

  it("that throws: has refused", () => {
    const angry = schema(() => {
      throw new Error("I will not");
    });

    expect(() => over({ KEY: "x" }).get(setting("KEY", angry))).toThrow("(I will not)");
    const unset = refusal(() => over({}).get(setting("KEY", angry))) as ConfigInvalidError;
    expect(unset.problems).toMatchObject([{ problem: "missing" }]);
    // What it throws at `undefined` only says that it takes none.
    expect(unset.problems[0]).not.toHaveProperty("reason");
  });

  it("that gives undefined for a text: has given a value", () => {
    const blank = schema((text) => ({ value: String(text).trim() || undefined }));

    expect(over({ KEY: "  " }).get(setting("KEY", blank))).toBeUndefined();
  });

  it("tells all its issues", () => {
    const picky = schema(() => ({ issues: [{ message: "too short" }, { message: "too plain" }] }));

    expect(() => over({ KEY: "x" }).get(setting("KEY", picky))).toThrow("(too short; too plain)");
  });

  it("that answers with something else than a result: has refused, and the reason says so", () => {
    for (const answer of [undefined, null, "80", { issues: "none of them" }, { issues: [null] }]) {
      const odd = schema(() => answer as never);
      const error = refusal(() => over({ KEY: "x" }).get(setting("KEY", odd))) as ConfigInvalidError;

      expect(error.problems).toMatchObject([
        { problem: "invalid", reason: "the home schema answered with neither a value nor a list of issues" },
      ]);
    }
  });
});

/** A Standard Schema of a library of that name, which answers with this promise. */
const asynchronous = (vendor: string, answer: () => Promise<never>): StandardSchema<number> => ({
  "~standard": { version: 1, vendor, validate: answer },
});
// Every schema of yup 1.7.1 and of VineJS 4.4.0 answers so, and one of zod 4 whose transform throws.
const later = (vendor: string): StandardSchema<number> =>
  asynchronous(vendor, () => Promise.reject(new Error("hunter2")));

describe("a schema that answers with a promise", () => {
  it.each([
    ["yup", "validateSync"],
    ["vinejs", "VineJS has no synchronous"],
    ["zod", "asynchronous, or something in it threw"],
    ["home", "asynchronous, or something in it threw"],
  ])("is a problem of its setting, of %s too, with the vendor and the way out", async (vendor, way) => {
    const error = refusal(() =>
      over({ PORT: "80" }).get(setting("PORT", later(vendor))),
    ) as ConfigInvalidError;

    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.problems).toMatchObject([
      { key: "PORT", name: "PORT", problem: "asynchronous", expected: `what its ${vendor} schema takes` },
    ]);
    expect(error.problems[0]).not.toHaveProperty("found");
    expect(error.problems[0]?.reason).toContain(`the ${vendor} schema answered with a promise`);
    expect(error.problems[0]?.reason).toContain(way);
    expect(error.message).toContain(`PORT: the ${vendor} schema answered with a promise`);
    expect(error.message).not.toContain("hunter2");
    // Nobody hears of its failing later, which Vitest would report as an unhandled rejection.
    await turn();
  });

  it("is the same problem when nothing is set, in a list, as a secret, and through getAsync", async () => {
    const app = over({ KEY: "x" });
    const parsers = [later("yup"), list(later("yup")), secret(later("yup")), secret(list(later("yup")))];

    for (const parser of parsers) {
      const asked = setting<unknown>("KEY", parser);
      const errors = [refusal(() => app.get(asked)), await rejected(app.getAsync(asked))];
      for (const error of errors as ConfigInvalidError[]) {
        expect(error.problems).toMatchObject([{ name: "KEY", problem: "asynchronous" }]);
        expect(error.problems[0]?.reason).toContain("the yup schema answered with a promise");
        expect(error.hint).toContain("answers at once");
      }
    }
    const unset = refusal(() => app.get(setting("NONE", later("yup")))) as ConfigInvalidError;
    expect(unset.problems).toMatchObject([{ name: "NONE", problem: "asynchronous" }]);
    await turn();
  });

  it("hides no other problem of the same settings", () => {
    const error = refusal(() =>
      over({ PORT: "80x", TOKEN: "abc" }).get(
        settings({
          key: setting("KEY", later("yup")),
          token: setting("TOKEN", later("zod")),
          port: setting("PORT", list(libraries.zod.port)),
          host: setting("HOST", z.string()),
        }),
      ),
    ) as ConfigInvalidError;

    expect(error.problems.map((it) => [it.name, it.problem])).toEqual([
      ["KEY", "asynchronous"],
      ["TOKEN", "asynchronous"],
      ["PORT", "invalid"],
      ["HOST", "missing"],
    ]);
    expect(error.message).toContain("4 settings are missing, invalid or asynchronous");
  });

  it("does not matter where the setting has a default and nothing is set", () => {
    expect(over({}).get(setting("PORT", later("yup"), { default: 1 }))).toBe(1);
  });

  it("is described as required: whether it takes undefined is not known", async () => {
    const app = createContainer(
      value(Env, {}),
      alias(token<number>("server"), setting("PORT", later("yup"))),
    );

    expect(describeSettings(app)).toMatchObject([{ name: "PORT", required: true }]);
    await turn();
  });

  it("may be one of zod with a transform that throws, or with an asynchronous refinement", async () => {
    const decode = (): never => {
      throw new Error("hunter2");
    };
    for (const schema of [z.string().transform(decode), z.string().refine(() => Promise.resolve(true))]) {
      const error = refusal(() => over({ TOKEN: "abc" }).get(setting("TOKEN", schema))) as ConfigInvalidError;

      expect(error.problems).toMatchObject([{ name: "TOKEN", problem: "asynchronous" }]);
      expect(error.message).toContain("zod schema");
    }
    await turn();
  });

  it("may be one of valibot that gives a promise as its value", async () => {
    const decoded = v.pipe(
      v.optional(v.string(), ""),
      v.transform(() => Promise.reject(new Error("hunter2"))),
    );
    for (const key of ["TOKEN", "NONE"]) {
      expect(() => over({ TOKEN: "abc" }).get(setting(key, decoded))).toThrow(
        `${key}: the valibot schema answered with a promise`,
      );
    }
    await turn();
  });

  it("is never one of valibot with a transform that throws: what was thrown is the reason", () => {
    const decode = (): never => {
      throw new Error("not base64 of 32 bytes");
    };
    const decoded = v.pipe(v.string(), v.transform(decode));

    expect(() => over({ TOKEN: "abc" }).get(setting("TOKEN", decoded))).toThrow("(not base64 of 32 bytes)");
  });

  it("is no different from a parser of your own that does", async () => {
    const slow: Parser<unknown> = {
      expected: "a port",
      read: () => Promise.reject(new Error("hunter2")),
      absent: () => Promise.resolve({ value: 1 }) as never,
    };
    const eager: Parser<unknown> = {
      ...slow,
      absent: () => ({ value: Promise.reject(new Error("hunter2")) }),
    };
    expect(() => over({}).get(setting("PORT", eager))).toThrow("PORT: the parser answered with a promise");
    for (const parser of [slow, list(slow), secret(slow)]) {
      for (const env of [{ PORT: "80" }, {}] as Record<string, string>[]) {
        if (parser !== slow && !env["PORT"]) continue;
        const error = refusal(() => over(env).get(setting("PORT", parser))) as ConfigInvalidError;

        expect(error.problems).toMatchObject([{ name: "PORT", problem: "asynchronous" }]);
        expect(error.message).toContain("PORT: the parser answered with a promise");
      }
    }
    await turn();
  });
});
