// The tarball in a project of each runtime, put there by a package manager: which files are thimble and thimble/runtime then?
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { install, root } from "../../support/package.ts";

const { folder, tarball, remove } = install();
afterAll(remove);

const bin = (name: string): string => join(root, "node_modules/.bin", name);
const env = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };

const npm = ["npm", "install", "--offline", "--no-audit", "--no-fund"];

// `deno install` takes from its registries alone; a tarball comes to Deno by way of npm.
const projects = [
  { runtime: "node", manager: npm, run: [bin("node")] },
  { runtime: "bun", manager: [bin("bun"), "install"], run: [bin("bun")] },
  { runtime: "deno", manager: npm, run: [bin("deno"), "run", "--no-prompt"] },
];

describe("a project that installs the tarball", () => {
  it.each(projects)(
    "gets the fast build, and thimble/$runtime as thimble/runtime, in $runtime",
    ({ runtime, manager, run }) => {
      const cwd = join(folder, runtime);
      const call = ([command, ...args]: string[]): string =>
        execFileSync(command!, args, { cwd, env, encoding: "utf8", stdio: "pipe" });
      mkdirSync(cwd);
      copyFileSync(tarball, join(cwd, basename(tarball)));
      const dependencies = { thimble: `file:./${basename(tarball)}` };
      writeFileSync(
        join(cwd, "package.json"),
        JSON.stringify({ private: true, type: "module", dependencies }),
      );
      writeFileSync(
        join(cwd, "which.mjs"),
        `for (const name of ["thimble", "thimble/runtime"]) console.log(import.meta.resolve(name));`,
      );

      call(manager);

      const home = `/${runtime}/node_modules/.*thimble.*/dist`;
      expect(call([...run, "which.mjs"])).toMatch(
        new RegExp(`${home}/fast\\.js\\n.*${home}/entries/${runtime}\\.js\\n$`),
      );
    },
  );
});
