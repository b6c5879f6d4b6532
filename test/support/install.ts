/**
 * Packages of the npm registry that only one test needs, in a temporary folder of their own: other versions of what is
 * installed already would not stand beside it.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll } from "vitest";

/** Installs packages (`name@version`) and gives the folder in which `node_modules` is. It is removed after the tests. */
export async function install(...packages: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "thimble-install-"));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await promisify(execFile)("npm", ["install", "--no-audit", "--no-fund", "--save-exact", ...packages], {
    cwd: folder,
    maxBuffer: 2 ** 26,
  });
  return folder;
}
