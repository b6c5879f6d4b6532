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
  ])(
    "runs in $runtime on the fast build, and thimble/runtime is thimble/$door",
    ({ command, args, door }) => {
      const { status, stdout, stderr } = run(command, [...args, "smoke.mjs"]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(JSON.parse(stdout)).toEqual({ events: expected, door, build: "fast" });
    },
  );

  it("runs in Node when code from strings is forbidden", () => {
    const { status, stdout } = run(bin("node"), ["--disallow-code-generation-from-strings", "smoke.mjs"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ events: expected });
  });

  it("runs in workerd on both builds, file by file, under what Workers forbid while a module loads", () => {
    const dist = readdirSync(join(folder, "node_modules/thimble/dist"), {
      recursive: true,
      encoding: "utf8",
    });
    const library = dist.filter((file) => file.endsWith(".js") && !file.startsWith("thimble."));
    const doors = library.filter((file) => file.startsWith("entries/"));
    writeFileSync(
      join(folder, "worker.mjs"),
      `import * as small from "./node_modules/thimble/dist/index.js";
      import * as fast from "./node_modules/thimble/dist/fast.js";
      ${doors.map((file) => `import "./node_modules/thimble/dist/${file}";`).join("\n")}
      import { program } from "./program.mjs";
      export default { async test() { console.log(JSON.stringify([await program(small), await program(fast)])); } };`,
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
    expect(stdout + stderr).toContain(JSON.stringify([expected, expected]));
  });

  it.each([
    { conditions: ["workerd", "worker", "browser"], door: "workers", build: "small" },
    { conditions: ["browser"], door: "browser", build: "small" },
    { conditions: ["node"], door: "node", build: "fast" },
    { conditions: ["deno", "node"], door: "deno", build: "fast" },
    { conditions: ["bun", "node"], door: "bun", build: "fast" },
    { conditions: [], door: "generic", build: "small" },
    // Nitro has all of these for whatever is not Node, and the Workers of Cloudflare are the most of it.
    { conditions: ["worker", "browser", "workerd", "edge-light", "deno"], door: "workers", build: "small" },
  ])(
    "leads bundlers with $conditions from thimble/runtime to thimble/$door, and from thimble to thimble/$build",
    async ({ conditions, door, build: name }) => {
      const { metafile } = await build({
        stdin: {
          contents: `export { signals } from "thimble/runtime"; export { createContainer } from "thimble";`,
          resolveDir: folder,
        },
        bundle: true,
        platform: "neutral",
        conditions,
        metafile: true,
        write: false,
      });
      const files = Object.keys(metafile.inputs);
      expect(files.filter((file) => file.includes("/entries/"))).toEqual([
        expect.stringMatching(new RegExp(`dist/entries/${door}\\.js$`)),
      ]);
      expect(files.some((file) => file.endsWith("/dist/fast.js"))).toBe(name === "fast");
      expect(files.some((file) => file.includes("/dist/core/plans/"))).toBe(name === "fast");
    },
  );
});
