// `thimble/testing` in projects of the test runners that people use: each has a test file in its own style.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { install, root } from "../../support/package.ts";

const { folder, remove } = install();
afterAll(remove);
// The runners are those of this repository; the library is the one from the tarball.
for (const name of ["vitest", "jest", "@jest"])
  symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));

const bin = (name: string): string => join(root, "node_modules/.bin", name);
const ofNode = (name: string, file: string): string[] => [
  bin("node"),
  join(root, "node_modules", name, file),
];
const vms = "--experimental-vm-modules";

describe("the test runner", () => {
  it.each([
    {
      runner: "vitest",
      command: [...ofNode("vitest", "vitest.mjs"), "run"],
      passed: /Tests\s+5 passed \(5\)/,
    },
    {
      runner: "jest",
      command: [bin("node"), vms, join(root, "node_modules/jest/bin/jest.js")],
      passed: /Tests:\s+5 passed, 5 total/,
    },
    { runner: "bun", command: [bin("bun"), "test"], passed: /5 pass\n 0 fail/ },
    {
      runner: "deno",
      command: [
        bin("deno"),
        "test",
        "--no-lock",
        "--node-modules-dir=manual",
        "--no-check",
        "users.test.mjs",
      ],
      passed: /ok \| 5 passed \| 0 failed/,
    },
    { runner: "node", command: [bin("node"), "--test"], passed: /pass 5\n.*fail 0/s },
  ])("$runner passes all tests", ({ runner, command: [file, ...args], passed }) => {
    const cwd = join(folder, runner);
    mkdirSync(cwd);
    for (const name of ["shop.mjs", "matchers.mjs", "asserting.mjs"])
      copyFileSync(join(import.meta.dirname, name), join(cwd, name));
    copyFileSync(join(import.meta.dirname, `${runner}.mjs`), join(cwd, "users.test.mjs"));
    const manifest = { type: "module", jest: { testMatch: ["**/*.test.mjs"], transform: {} } };
    writeFileSync(join(cwd, "package.json"), JSON.stringify(manifest));
    const env = { PATH: process.env["PATH"], HOME: folder, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };

    const { status, stdout, stderr } = spawnSync(file!, args, { cwd, encoding: "utf8", env });

    expect({ status, output: stdout + stderr }).toEqual({ status: 0, output: expect.stringMatching(passed) });
  });
});
