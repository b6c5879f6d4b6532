// A project that has Thimble installed from its tarball, the frameworks beside it, and the programs of this folder.
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { install, root } from "../../support/package.ts";

/** Makes it, and removes it when the tests of the file are done. */
export function projectWith(programs: readonly string[], packages: readonly string[] = []): string {
  const { folder, remove } = install();
  afterAll(remove);
  const dependencies = Object.fromEntries(["thimble", ...packages].map((name) => [name, "*"]));
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ type: "module", private: true, dependencies }),
  );
  for (const name of packages) {
    const home = join(folder, "node_modules", name);
    mkdirSync(dirname(home), { recursive: true });
    symlinkSync(join(root, "node_modules", name), home, "dir");
  }
  for (const name of programs) copyFileSync(join(import.meta.dirname, name), join(folder, name));
  return folder;
}
