// Importing the package does nothing: whatever it needs of the runtime it takes when it is called.
import { spawnSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { entries, install, root } from "../../support/package.ts";

const { folder, remove } = install();
afterAll(remove);
writeFileSync(
  join(folder, "package.json"),
  JSON.stringify({ type: "module", dependencies: { thimble: "*" } }),
);
copyFileSync(join(import.meta.dirname, "imports.mjs"), join(folder, "imports.mjs"));

const bin = (name: string): string => join(root, "node_modules/.bin", name);

describe("importing every entry point", () => {
  it.each([
    { runtime: "node", command: [bin("node")] },
    { runtime: "the machine's Node", command: [process.env["npm_node_execpath"] ?? process.execPath] },
    { runtime: "deno without permissions", command: [bin("deno"), "run", "--no-prompt", "--no-lock"] },
    { runtime: "bun", command: [bin("bun")] },
  ])("touches no environment, clock, timer or random source in $runtime", ({ command: [file, ...args] }) => {
    const env = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
    const { stdout, stderr } = spawnSync(file!, [...args, "imports.mjs"], {
      cwd: folder,
      encoding: "utf8",
      env,
    });

    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      imported: entries.size - 1,
      byImporting: [],
      byUsing: expect.arrayContaining(["performance.now", "process.env", "process.on", "setTimeout"]),
    });
  });
});
