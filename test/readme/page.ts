/**
 * The pages that people read, as the tests see them: README.md, CONTRIBUTING.md and docs/, with their blocks of code and the
 * headings they stand under.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/package.ts";

/** The text of each page by its path, with README.md first. */
export const pages: ReadonlyMap<string, string> = new Map(
  [
    "README.md",
    "CONTRIBUTING.md",
    ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".md"))
      .toSorted()
      .map((path) => `docs/${path.replaceAll("\\", "/")}`),
  ].map((path) => [path, readFileSync(join(root, path), "utf8")]),
);

export const file: string = join(root, "README.md");
export const readme: string = pages.get("README.md")!;

export interface Block {
  /** The path of the page. */
  readonly page: string;
  /** `ts`, `js`, `html`, `sh` or `text`. */
  readonly language: string;
  readonly heading: string;
  /** The line of the page that the code begins on, from 1. */
  readonly line: number;
  /** The name of a file for the code: `docs-tour-12`. */
  readonly name: string;
  readonly code: string;
}

/** Without those of docs/reference, which are the examples of doc comments. Those are parts of programs. */
export const blocks: readonly Block[] = [...pages].flatMap(([page, text]) =>
  page.startsWith("docs/reference/")
    ? []
    : [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map((match) => {
        const [, language = "", code = ""] = match;
        const before = text.slice(0, match.index);
        const line = before.split("\n").length + 1;
        const name = `${page.replace(".md", "").replaceAll("/", "-")}-${line}`;
        return { page, language, code, heading: headings(before).at(-1) ?? "", line, name };
      }),
);

/** The headings of a text. A line of a program may begin with `#`; one of the text may not, unless it is a heading. */
export function headings(text: string): string[] {
  const prose = text.replace(/^```(\w+)\n(.*?)^```$/gms, "");
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
}

export function blocksUnder(heading: string, language: string): Block[] {
  return blocks.filter((block) => block.heading === heading && block.language === language);
}

/** What stands between a heading and the next one of the same rank or a higher one, on the first page that has it. */
export function section(heading: string): string {
  for (const text of pages.values()) {
    const lines = text.split("\n");
    const from = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading);
    const rank = /^#+/.exec(lines[from] ?? "")?.[0].length;
    if (rank === undefined) continue;
    const more = lines.slice(from + 1);
    const end = more.findIndex((line) => /^#+ /.test(line) && line.indexOf(" ") <= rank);
    return more.slice(0, end < 0 ? undefined : end).join("\n");
  }
  throw new Error(`no page has a heading "${heading}"`);
}

/** The cells of the rows of the tables in `text`, without head and rule. */
export function rowsOf(text: string): string[][] {
  const rows = [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row = ""]) => row.split(" | "));
  return rows.slice(1);
}
