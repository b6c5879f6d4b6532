// npm run docs: writes docs/reference/ and llms.txt from the built declarations and the pages. `texts` is what they should hold;
// a test compares that with what they hold.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { read, root } from "./declarations.mjs";
import { indexOf, llmsOf, pageOf } from "./page.mjs";

const {
  name: packageName,
  description,
  exports,
} = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** The text of each generated file by its path. */
export async function texts() {
  // Entry points with the same declarations are one, under the first of their names: the core has three.
  const names = new Map();
  for (const [subpath, { types }] of Object.entries(exports))
    if (types) names.set(types, [...(names.get(types) ?? []), packageName + subpath.slice(1)]);
  const entries = [...names].map(([types, [name, ...others]]) => ({
    name,
    others,
    file: `${name.split("/").at(-1)}.md`,
    ...read(join(root, types)),
  }));
  const pages = await Promise.all(
    entries.map(async (entry) => [`docs/reference/${entry.file}`, await pageOf(entry, entries)]),
  );
  const written = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md") && !path.startsWith("reference"))
    .toSorted()
    .map((path) => `docs/${path}`)
    .map((path) => [path, readFileSync(join(root, path), "utf8")]);
  return new Map([
    ["docs/reference/README.md", indexOf(entries)],
    ...pages,
    ["llms.txt", llmsOf({ summary: description, pages: written, entries })],
  ]);
}

if (process.argv[1] === import.meta.filename) {
  rmSync(join(root, "docs/reference"), { recursive: true, force: true });
  for (const [path, text] of await texts()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
