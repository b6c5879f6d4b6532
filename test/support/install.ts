/**
 * Packages that only one test needs, and that would not stand beside those of the repository: other versions of the same
 * packages, or many. They are pinned by a lockfile of their own.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";

/** Installs what package.json and package-lock.json in `lists` name into another folder, with further options of npm. */
export function installPinned(lists: string, folder: string, ...options: string[]): void {
  for (const name of ["package.json", "package-lock.json"])
    copyFileSync(join(lists, name), join(folder, name));
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--prefer-offline", ...options], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
}
