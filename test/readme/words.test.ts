// Code, messages and pages use the field's words. Words that this library once had for itself are not met by its readers.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../support/package.ts";
import { pages } from "./page.ts";

/** What is not written, and what is written in its place. */
const words: readonly { word: string; pattern: RegExp; instead: string }[] = [
  { word: "ask", pattern: /\bask(?:s|ed|ing|er|ers)?\b/i, instead: "resolve; need, want, call" },
  { word: "undo", pattern: /\bundo(?:es|ne|ing)?\b/i, instead: "dispose, close, end" },
  { word: "held", pattern: /\bheld\b/i, instead: "kept; known" },
  { word: "hold on to", pattern: /\bhold(?:s|ing)? on\b/i, instead: "depend on, keep" },
  { word: "let go", pattern: /\blet(?:s|ting)? go\b/i, instead: "release, dispose" },
  { word: "door", pattern: /\bdoors?\b/i, instead: "entry point" },
  { word: "hand over", pattern: /\bhand(?:s|ed|ing)? (?:over|out|on)\b/i, instead: "pass, give" },
  { word: "lend", pattern: /\b(?:lend(?:s|ing)?|lent)\b/i, instead: "borrow, borrowed" },
  { word: "way out", pattern: /\bthe way out\b/i, instead: "a function that ends it" },
  { word: "in hand", pattern: /\bin hand\b/i, instead: "in flight" },
  {
    word: "on the way up",
    pattern: /\bon the way (?:up|down)\b/i,
    instead: "while it starts, while it stops",
  },
];

/** The comments of a file of code, and its texts: error messages and hints are among them. What is compared is a name. */
function proseOf(code: string): string {
  const parts =
    code
      .replace(/[!=]== "\w+"/g, "")
      .match(/\/\*[\s\S]*?\*\/|\/\/.*|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g) ?? [];
  return parts.join("\n");
}

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => /\.(?:ts|tsx|mjs)$/.test(path) && !path.endsWith("assets.ts"))
  .map((path): [string, string] => [`src/${path}`, proseOf(readFileSync(join(root, "src", path), "utf8"))]);

const texts = [
  ...sources,
  ...pages,
  ["CHANGELOG.md", readFileSync(join(root, "CHANGELOG.md"), "utf8")],
  ["llms.txt", readFileSync(join(root, "llms.txt"), "utf8")],
] as const;

describe("the words of the code and the pages", () => {
  it.each(words)("are not $word, but $instead", ({ pattern }) => {
    const lines = texts.flatMap(([path, text]) =>
      text
        .split("\n")
        .filter((line) => pattern.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(lines).toEqual([]);
  });

  it.each([
    ['throw new Error("the asker is gone"); // fine', true],
    ["/** What was\n * asked for. */", true],
    ["const undone = task.asking;", false],
    ['if (name === "lends") return;', false],
  ])("are looked for in comments and texts, and not in code: %s", (code, isFound) => {
    expect(words.some(({ pattern }) => pattern.test(proseOf(code)))).toBe(isFound);
  });
});
