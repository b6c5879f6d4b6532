/**
 * The files of src/, and what each of them imports.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { root } from "../support/package.ts";

export const src: string = join(root, "src");

export interface Import {
  readonly specifier: string;
  /**
   * Whether nothing is left of it at run time. `import { type A }` is not one of these: with `verbatimModuleSyntax` the
   * file is still loaded.
   */
  readonly typeOnly: boolean;
}

export interface Source {
  /** Relative to src/: `core/model/records.ts`. */
  readonly file: string;
  readonly code: string;
  readonly imports: readonly Import[];
}

/** The sources are formatted, so a statement begins its line; the `import` in a comment does not. */
export function importsOf(code: string): Import[] {
  const statements = code.matchAll(
    /^(?:import|export)(?<type> type)? (?:[\w*{][^;"'=]* from )?["'](?<specifier>[^"']+)["'];/gm,
  );
  const calls = code.matchAll(/\bimport\(["'](?<specifier>[^"']+)["']\)/g);
  return [...statements, ...calls].map(({ groups = {} }) => ({
    specifier: groups["specifier"] ?? "",
    typeOnly: groups["type"] !== undefined,
  }));
}

/** The files in a folder and below it, relative to the folder. */
export const files = (folder: string, ending: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending))
    .toSorted();

export const sources: readonly Source[] = files(src, ".ts").map((file) => {
  const code = readFileSync(join(src, file), "utf8");
  return { file, code, imports: importsOf(code) };
});

export const isOfPackage = ({ specifier }: Import): boolean => !specifier.startsWith(".");

/** The file of src/ that an import in `file` leads to. */
export const target = (file: string, { specifier }: Import): string =>
  relative(src, resolve(src, dirname(file), specifier));
