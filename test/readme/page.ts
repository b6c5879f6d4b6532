/**
 * README.md as the tests see it: its text, and its blocks of code with the heading they stand under.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/package.ts";

export const file: string = join(root, "README.md");
export const readme: string = readFileSync(file, "utf8");

export interface Block {
  /** `ts`, `js`, `html`, `sh` or `text`. */
  readonly language: string;
  readonly heading: string;
  /** The line of README.md that the code begins on, from 1. */
  readonly line: number;
  readonly code: string;
}

export const blocks: readonly Block[] = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map((match) => {
  const [, language = "", code = ""] = match;
  const before = readme.slice(0, match.index);
  return { language, code, heading: lastHeading(before), line: before.split("\n").length + 1 };
});

/** A line of a program may begin with `#`; one of the text may not, unless it is a heading. */
function lastHeading(before: string): string {
  const text = before.replace(/^```(\w+)\n(.*?)^```$/gms, "");
  return [...text.matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? "";
}

export function blocksUnder(heading: string, language: string): Block[] {
  return blocks.filter((block) => block.heading === heading && block.language === language);
}

/** What stands between a heading and the next one of the same rank or a higher one. */
export function section(heading: string): string {
  const lines = readme.split("\n");
  const from = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading);
  const rank = /^#+/.exec(lines[from] ?? "")?.[0].length;
  if (rank === undefined) throw new Error(`README.md has no heading "${heading}"`);
  const more = lines.slice(from + 1);
  const end = more.findIndex((line) => /^#+ /.test(line) && line.indexOf(" ") <= rank);
  return more.slice(0, end < 0 ? undefined : end).join("\n");
}

/** The cells of the rows of the tables in `text`, without head and rule. */
export function rowsOf(text: string): string[][] {
  const rows = [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row = ""]) => row.split(" | "));
  return rows.slice(1);
}
