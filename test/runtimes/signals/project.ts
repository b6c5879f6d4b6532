// A project that has Thimble installed from its tarball, with some of the programs that lie beside this file.
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import { install } from "../../support/package.ts";

/** Makes it, and removes it when the tests of the file are done. */
export function projectWith(...programs: string[]): string {
  const { folder, remove } = install();
  afterAll(remove);
  const manifest = { type: "module", private: true, dependencies: { thimble: "*" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  for (const name of programs) copyFileSync(join(import.meta.dirname, name), join(folder, name));
  return folder;
}
