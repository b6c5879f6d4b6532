/**
 * A reader's project: it has the built package installed and nothing else, and lies outside the repository, so that
 * what compiles here compiles for whoever installs us.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPinned } from "../support/install.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The compilers that readers have: the one this repository is checked with, and those before it down to the oldest. */
export const compilerNames = ["TypeScript 7", "TypeScript 6", "TypeScript 5.9", "TypeScript 5.4"] as const;

export type Compiler = (typeof compilerNames)[number];

const folders: Record<Compiler, string> = {
  "TypeScript 7": join(root, "node_modules/typescript"),
  "TypeScript 6": join(others(), "typescript-6"),
  "TypeScript 5.9": join(root, "node_modules/typescript-5.9"),
  "TypeScript 5.4": join(others(), "typescript-5.4"),
};

/**
 * The packages of test/types/compilers, which are installed once for each version of its lockfile. They are no development
 * dependencies of the repository: each brings a `tsc`, and npm may put any of them in the place of ours.
 */
function others(): string {
  const lists = join(import.meta.dirname, "compilers");
  const cache = join(root, "node_modules/.cache");
  const version = createHash("sha256")
    .update(readFileSync(join(lists, "package-lock.json")))
    .digest("hex")
    .slice(0, 16);
  const home = join(cache, `thimble-compilers-${version}`);
  if (!existsSync(home)) {
    mkdirSync(cache, { recursive: true });
    const unfinished = mkdtempSync(join(cache, "unfinished-"));
    installPinned(lists, unfinished);
    renameSync(unfinished, home);
  }
  return join(home, "node_modules");
}

export interface Checked {
  /** What the compiler said, by file: each error with the lines that explain it. Files without errors are absent. */
  readonly errors: Readonly<Record<string, readonly string[]>>;
  /** What stands at the place of each of these errors: the rest of the line. */
  readonly places: Readonly<Record<string, readonly string[]>>;
  /** How often the checker instantiated a type: its work, and the same on every machine. */
  readonly instantiations: number;
}

/**
 * Type-checks the files as a project of their own. `options` are compiler options over those of a strict project, and
 * `packages` are installed beside ours.
 */
export async function check(
  files: Record<string, string>,
  options: Record<string, unknown> = {},
  compiler: Compiler = "TypeScript 7",
  packages: readonly string[] = [],
): Promise<Checked> {
  const project = await mkdtemp(join(tmpdir(), "thimble-reader-"));
  try {
    await mkdir(join(project, "node_modules"));
    await symlink(root, join(project, "node_modules/thimble"), "dir");
    for (const name of packages) {
      await mkdir(dirname(join(project, "node_modules", name)), { recursive: true });
      await symlink(join(root, "node_modules", name), join(project, "node_modules", name), "dir");
    }
    const compilerOptions = {
      target: "es2022",
      module: "esnext",
      moduleResolution: "bundler",
      lib: ["es2023", "esnext.disposable", "dom"],
      types: [],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      ...options,
    };
    await writeFile(
      join(project, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: Object.keys(files) }),
    );
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(project, name)), { recursive: true });
      await writeFile(join(project, name), text);
    }
    return read(await tsc(project, join(folders[compiler], "bin/tsc")), files);
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

function tsc(project: string, compiler: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [compiler, "-p", ".", "--pretty", "false", "--extendedDiagnostics"],
      { cwd: project, maxBuffer: 1 << 28 },
      // Exit codes 1 and 2 say that there are type errors, which is what we came for.
      (error, stdout) => (error && typeof error.code !== "number" ? reject(error) : resolve(stdout)),
    );
  });
}

function read(output: string, files: Record<string, string>): Checked {
  const errors: Record<string, string[]> = {};
  const places: Record<string, string[]> = {};
  let last: string[] | undefined;
  for (const line of output.split("\n")) {
    const [found, name = "error", row = "1", column = "1", words = ""] =
      /^(.+?)\((\d+),(\d+)\): error (.*)$/.exec(line) ?? /^error()()() (.*)$/.exec(line) ?? [];
    if (found !== undefined) {
      last = errors[name || "error"] ??= [];
      last.push(words);
      const text = files[name]?.split("\n")[Number(row) - 1] ?? "";
      (places[name || "error"] ??= []).push(text.slice(Number(column) - 1));
    } else if (last && /^ +\S/.test(line)) {
      last.push(`${last.pop()}\n${line}`);
    }
  }
  const instantiations = /^Instantiations:\s+(\d+)/m.exec(output)?.[1];
  if (!instantiations) throw new Error(`tsc did not get as far as checking types:\n${output}`);
  return { errors, places, instantiations: Number(instantiations) };
}
