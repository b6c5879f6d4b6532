// Deno's environment: what may not be read is not what is missing.
import { describe, expect, it } from "vitest";
import { readEnv } from "thimble/deno";
import { FakeDenoEnv } from "./hosts.ts";

const variables = { PORT: "8080", DB_URL: "mem:" };

describe("reading Deno's environment", () => {
  it("is refused, with the ways out, when not every variable may be read", () => {
    expect(() => readEnv(new FakeDenoEnv(variables, ["PORT"]))).toThrowErrorMatchingInlineSnapshot(`
      [Error: Cannot read the environment: Requires env access, run again with the --allow-env flag
        hint: run with --allow-env, or name what you need: readEnv(Deno.env, ["PORT"]) and --allow-env=PORT]
    `);
  });

  it("gives the named variables when those may be read, and nothing for one that is missing", () => {
    const env = readEnv(new FakeDenoEnv(variables, ["PORT", "HOST"]), ["PORT", "HOST"]);
    expect({ ...env }).toEqual({ PORT: "8080" });
  });

  it("is refused for a named variable that may not be read, saying which", () => {
    expect(() => readEnv(new FakeDenoEnv(variables, ["PORT"]), ["PORT", "DB_URL"]))
      .toThrowErrorMatchingInlineSnapshot(`
        [Error: Cannot read the environment: Requires env access to "DB_URL", run again with the --allow-env flag
          hint: run with --allow-env=PORT,DB_URL, and without --deny-env for them]
      `);
  });

  it("keeps what Deno threw as the cause", () => {
    let thrown: unknown;
    try {
      readEnv(new FakeDenoEnv(variables, []));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ cause: { name: "NotCapable" } });
  });

  it("leaves an error that is no refusal as it is", () => {
    const invalid = new TypeError("Key is an empty string");
    const env = {
      get: () => {
        throw invalid;
      },
      toObject: () => ({}),
    };
    expect(() => readEnv(env, [""])).toThrow(invalid);
  });
});
