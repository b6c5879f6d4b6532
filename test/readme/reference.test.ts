// docs/reference/ and llms.txt are what the doc comments say, and the doc comments say what has to be said.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type ContainerError, singleton } from "thimble";
import { describe, expect, it } from "vitest";
import { type Exported, read } from "../../docs/generate/declarations.mjs";
import { texts } from "../../docs/generate/index.mjs";
import { entries, root } from "../support/package.ts";

const generated = await texts();
const symbols = [...entries.values()].map((entry) => ({ ...entry, symbols: read(entry.types).symbols }));

describe("what npm run docs writes", () => {
  // With -u, the files are written.
  it.each([...generated.keys()])("is in the repository: %s", async (path) => {
    await expect(generated.get(path)).toMatchFileSnapshot(join(root, path));
  });

  it("is all that is in docs/reference", () => {
    const files = readdirSync(join(root, "docs/reference")).map((file) => `docs/reference/${file}`);
    expect(files.filter((file) => !generated.has(file))).toEqual([]);
  });

  it("has a page for each entry point but those that are one of the others", () => {
    const isAnother = (name: string): boolean => /^thimble\/(runtime|small|fast)$/.test(name);
    for (const name of entries.keys())
      expect(existsSync(join(root, `docs/reference/${name.split("/").at(-1)}.md`)), name).toBe(
        !isAnother(name),
      );
  });

  it("says on the page of the core which other names it has", () => {
    const others = "`thimble/small` and `thimble/fast` export the same: see [two builds](../builds.md).";
    expect(generated.get("docs/reference/thimble.md")).toContain(others);
    expect(generated.get("docs/reference/README.md")).toContain(others);
    expect(generated.get("docs/reference/config.md")).not.toContain("export the same");
  });
});

describe("the page of the core", () => {
  it("says what each option of a provider means, also those that no exported interface declares itself", () => {
    // The container lists them all to whoever misspells one.
    const options = { nothingLikeThat: 1 } as object;
    let hint = "";
    try {
      singleton(class {}, options);
    } catch (error) {
      ({ hint } = error as ContainerError);
    }
    const names = hint.replace("the options are ", "").split(", ");
    expect(names).toEqual(expect.arrayContaining(["dispose", "eager", "health", "start", "stop"]));
    const page = generated.get("docs/reference/thimble.md")!;
    expect(names.filter((name) => !page.includes(`\n- \`${name}\`: `))).toEqual([]);
  });
});

describe.each(symbols)("the reference of $name", ({ js, symbols }) => {
  const values = symbols.filter(({ kind }) => kind !== "interface" && kind !== "typeAlias");

  it("has every export, and nothing that is none", async () => {
    const module = (await import(js)) as object;
    expect(values.map(({ name }) => name).toSorted()).toEqual(Object.keys(module).toSorted());
  });

  it("says something about each", () => {
    const silent = symbols.filter(({ comment }) => !comment.doc);
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  it("has an example of each function", () => {
    const shown = ({ comment }: Exported): boolean =>
      comment.examples.length > 0 || comment.doc.includes("```");
    const functions = values.filter(({ kind }) => kind === "function");
    expect(functions.filter((it) => !shown(it)).map(({ name }) => name)).toEqual([]);
  });

  it("says what each option means", () => {
    const silent = symbols
      .filter(({ name }) => name.endsWith("Options") || name === "Observer")
      .flatMap(({ name, members = [] }) =>
        members.filter(({ comment }) => !comment.doc).map((member) => `${name}.${member.name}`),
      );
    expect(silent).toEqual([]);
  });
});
