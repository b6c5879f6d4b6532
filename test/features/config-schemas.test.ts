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
        expect(error.message).toContain("found a secret that is not");
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
    expect(() => over({}).get(setting("KEY", angry))).toThrow("found nothing");
  });

  it("that gives undefined for a text: has given a value", () => {
    const blank = schema((text) => ({ value: String(text).trim() || undefined }));

    expect(over({ KEY: "  " }).get(setting("KEY", blank))).toBeUndefined();
  });

  it("tells all its issues", () => {
    const picky = schema(() => ({ issues: [{ message: "too short" }, { message: "too plain" }] }));

    expect(() => over({ KEY: "x" }).get(setting("KEY", picky))).toThrow("(too short; too plain)");
  });

  it("that is asynchronous is refused, and its failing later is nobody's unhandled rejection", async () => {
    const later = schema(() => Promise.reject(new Error("hunter2")));
    const app = over({ KEY: "x" });

    for (const parser of [later, list(later), secret(later)]) {
      for (const asked of [setting<unknown>("KEY", parser), setting<unknown>("NONE", later)]) {
        const error = refusal(() => app.get(asked));
        expect(error.code).toBe("INVALID_PROVIDER");
        expect(error.message).toMatch(/Cannot read setting "(KEY|NONE)": its parser is asynchronous/);
        expect(await rejected(app.getAsync(asked))).toMatchObject({ code: "INVALID_PROVIDER" });
      }
    }
    const ofZod = setting(
      "KEY",
      z.string().refine(() => Promise.resolve(true)),
    );
    expect(refusal(() => app.get(ofZod)).code).toBe("INVALID_PROVIDER");
    await turn();
  });
});
