/**
 * A reader's project: it has the built package installed and nothing else, and lies outside the repository, so that
 * what compiles here compiles for whoever installs us.
 */

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Checked {
  /** What the compiler said, by file: each error with the lines that explain it. Files without errors are absent. */
  readonly errors: Readonly<Record<string, readonly string[]>>;
  /** How often the checker instantiated a type: its work, and the same on every machine. */
  readonly instantiations: number;
}

/** Type-checks the files as a project of their own. `options` are compiler options over those of a strict project. */
export async function check(
  files: Record<string, string>,
  options: Record<string, unknown> = {},
): Promise<Checked> {
  const project = await mkdtemp(join(tmpdir(), "thimble-reader-"));
  try {
    await mkdir(join(project, "node_modules"));
    await symlink(root, join(project, "node_modules/thimble"), "dir");
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
    return read(await tsc(project));
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

function tsc(project: string): Promise<string> {
  const compiler = join(root, "node_modules/.bin/tsc");
  return new Promise((resolve, reject) => {
    execFile(
      compiler,
      ["-p", ".", "--pretty", "false", "--extendedDiagnostics"],
      { cwd: project, maxBuffer: 1 << 28 },
      // Exit codes 1 and 2 say that there are type errors, which is what we came for.
      (error, stdout) => (error && typeof error.code !== "number" ? reject(error) : resolve(stdout)),
    );
  });
}

function read(output: string): Checked {
  const errors: Record<string, string[]> = {};
  let last: string[] | undefined;
  for (const line of output.split("\n")) {
    const found = /^(.+?)\(\d+,\d+\): error (.*)$/.exec(line) ?? /^(error) (.*)$/.exec(line);
    if (found) {
      last = errors[found[1]!] ??= [];
      last.push(found[2]!);
    } else if (last && /^ +\S/.test(line)) {
      last.push(`${last.pop()}\n${line}`);
    }
  }
  const instantiations = /^Instantiations:\s+(\d+)/m.exec(output)?.[1];
  if (!instantiations) throw new Error(`tsc did not get as far as checking types:\n${output}`);
  return { errors, instantiations: Number(instantiations) };
}
