// The environment of real processes, and Deno's permissions as Deno has them.
import { describe, expect, it } from "vitest";
import { runtimes, start, type Runtime } from "./child.ts";
import { projectWith } from "./project.ts";

const cwd = projectWith("settings.mjs");

async function read(runtime: Runtime, flags: string[], ...names: string[]): Promise<string> {
  const child = start(runtime, ["settings.mjs", ...names], {
    cwd,
    flags,
    env: { PORT: "8080", DB_URL: "mem:" },
  });
  return (await child.ended).lines.join("\n");
}

describe.each(runtimes)("the environment in %s", (runtime) => {
  it("is read as it is, and has nothing that was not set", async () => {
    expect(await read(runtime, runtime === "deno" ? ["--allow-env"] : [])).toBe('{"PORT":"8080"}');
  });
});

describe("the environment in deno", () => {
  it("is refused without permission, saying how to get it", async () => {
    expect(await read("deno", [])).toMatchInlineSnapshot(`
      "Cannot read the environment: Requires env access, run again with the --allow-env flag
        hint: run with --allow-env, or name what you need: readEnv(Deno.env, ["PORT"]) and --allow-env=PORT"
    `);
  });

  it("is refused as a whole with a permission for some", async () => {
    expect(await read("deno", ["--allow-env=PORT"])).toMatchInlineSnapshot(`
      "Cannot read the environment: Requires env access, run again with the --allow-env flag
        hint: run with --allow-env, or name what you need: readEnv(Deno.env, ["PORT"]) and --allow-env=PORT"
    `);
  });

  it("gives the names that it was asked for with a permission for those", async () => {
    expect(await read("deno", ["--allow-env=PORT,MISSING"], "PORT", "MISSING")).toBe('{"PORT":"8080"}');
  });

  it("tells a name that may not be read from one that is missing", async () => {
    expect(await read("deno", ["--allow-env=PORT"], "PORT", "DB_URL")).toMatchInlineSnapshot(`
      "Cannot read the environment: Requires env access to "DB_URL", run again with the --allow-env flag
        hint: run with --allow-env=PORT,DB_URL, and without --deny-env for them"
    `);
  });
});
