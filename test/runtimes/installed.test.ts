// The package as installed from its tarball, in the runtimes themselves: no Vitest, no bundler, no alias.
import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import { install, root } from "../support/package.ts";
import { expected } from "./program.mjs";

const { folder, remove } = install();
afterAll(remove);
writeFileSync(
  join(folder, "package.json"),
  JSON.stringify({ type: "module", dependencies: { thimble: "*" } }),
);
for (const file of ["program.mjs", "smoke.mjs"])
  copyFileSync(join(import.meta.dirname, file), join(folder, file));

const bin = (name: string): string => join(root, "node_modules/.bin", name);

function run(
  command: string,
  args: readonly string[],
): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8", env });
  return { status, stdout, stderr };
}

describe("the installed package", () => {
  it.each([
    {
      runtime: "the machine's own Node",
      command: process.env["npm_node_execpath"] ?? "node",
      args: [],
      door: "node",
    },
    { runtime: "the Node of node_modules", command: bin("node"), args: [], door: "node" },
    {
      runtime: "Deno with no permission at all",
      command: bin("deno"),
      args: ["run", "--no-prompt", "--no-lock", "--node-modules-dir=manual"],
      door: "deno",
    },
    { runtime: "Bun", command: bin("bun"), args: [], door: "bun" },
  ])("runs in $runtime, and thimble/runtime is thimble/$door", ({ command, args, door }) => {
    const { status, stdout, stderr } = run(command, [...args, "smoke.mjs"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({ events: expected, door });
  });

  it("runs in Node when code from strings is forbidden", () => {
    const { status, stdout } = run(bin("node"), ["--disallow-code-generation-from-strings", "smoke.mjs"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ events: expected });
  });

  it("runs in workerd, file by file, under what Workers forbid while a module loads", () => {
    const dist = readdirSync(join(folder, "node_modules/thimble/dist"), {
      recursive: true,
      encoding: "utf8",
    });
    const library = dist.filter((file) => file.endsWith(".js") && !file.startsWith("thimble."));
    const doors = library.filter((file) => file.startsWith("entries/"));
    writeFileSync(
      join(folder, "worker.mjs"),
      `import * as thimble from "./node_modules/thimble/dist/index.js";
      ${doors.map((file) => `import "./node_modules/thimble/dist/${file}";`).join("\n")}
      import { program } from "./program.mjs";
      export default { async test() { console.log(JSON.stringify(await program(thimble))); } };`,
    );
    const modules = [
      "worker.mjs",
      "program.mjs",
      ...library.map((file) => `node_modules/thimble/dist/${file}`),
    ];
    writeFileSync(
      join(folder, "config.capnp"),
      `using Workerd = import "/workerd/workerd.capnp";
      const config :Workerd.Config = (services = [(name = "main", worker = (
        compatibilityDate = "2026-10-01",
        modules = [${modules.map((file) => `(name = "${file}", esModule = embed "${file}")`).join(", ")}],
      ))]);`,
    );
    const { status, stdout, stderr } = run(bin("workerd"), ["test", "config.capnp"]);
    expect({ status, output: stdout + stderr }).toMatchObject({ status: 0 });
    expect(stdout + stderr).toContain(JSON.stringify(expected));
  });

  it.each([
    { conditions: ["workerd", "worker", "browser"], door: "workers" },
    { conditions: ["browser"], door: "browser" },
    { conditions: ["node"], door: "node" },
    { conditions: ["deno", "node"], door: "deno" },
    { conditions: ["bun", "node"], door: "bun" },
    { conditions: [], door: "generic" },
  ])(
    "leads bundlers with $conditions from thimble/runtime to thimble/$door",
    async ({ conditions, door }) => {
      const { metafile } = await build({
        stdin: { contents: `export * from "thimble/runtime";`, resolveDir: folder },
        bundle: true,
        platform: "neutral",
        conditions,
        metafile: true,
        write: false,
      });
      const entries = Object.keys(metafile.inputs).filter((file) => file.includes("/entries/"));
      expect(entries).toEqual([expect.stringMatching(new RegExp(`dist/entries/${door}\\.js$`))]);
    },
  );
});
