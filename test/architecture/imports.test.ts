// Imports point inward: core ← features ← integrations ← entries, and adapters know what the core exports and nothing else.
// Types count like values, since a reader has to follow both.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../support/package.ts";
import { files, importsOf, isOfPackage, sources, src, target } from "./sources.ts";

/** Which folders of src/ a file of a folder may import from. `index.ts` and `fast.ts` are the core's own doors. */
const allowed: Record<string, readonly string[]> = {
  core: ["core"],
  "index.ts": ["core"],
  "fast.ts": ["core", "index.ts"],
  features: ["core", "index.ts", "features"],
  adapters: ["adapters", "index.ts"],
  integrations: ["core", "index.ts", "features", "adapters", "integrations"],
  entries: ["core", "index.ts", "features", "adapters", "integrations", "entries"],
};

const folderOf = (file: string): string => file.split("/")[0]!;

/** The files that import React, the one package that is imported at run time. */
const usesReact = (file: string): boolean => /^integrations\/react\/\w+\.[jt]s$/.test(file);

describe("the sources", () => {
  it("are all in a folder that has a rule", () => {
    expect(Object.keys(allowed)).toEqual(
      expect.arrayContaining([...new Set(sources.map(({ file }) => folderOf(file)))]),
    );
  });

  it.each(sources)("point inward in $file", ({ file, imports }) => {
    const inner = imports.filter((it) => !isOfPackage(it)).map((it) => target(file, it));
    const outward = inner.filter((path) => !allowed[folderOf(file)]?.includes(folderOf(path)));
    expect(outward).toEqual([]);
  });

  it.each(sources)(
    "ask for no package at run time in $file, but for React in thimble/react",
    ({ file, imports }) => {
      const packages = imports.filter((it) => isOfPackage(it) && !it.typeOnly).map((it) => it.specifier);
      expect(packages).toEqual(usesReact(file) ? ["react"] : []);
    },
  );

  it("know other people's types in integrations only", () => {
    const outside = sources.filter(({ imports }) => imports.some(isOfPackage));
    expect(outside.filter(({ file }) => folderOf(file) !== "integrations")).toEqual([]);
  });

  it("hold re-exports and no logic in the doors", () => {
    const doors = sources.filter(({ file }) => ["entries", "index.ts", "fast.ts"].includes(folderOf(file)));
    expect(doors.map(({ file }) => file)).toEqual(expect.arrayContaining(["index.ts", "fast.ts"]));
    for (const { file, code } of doors) {
      const bare = code.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
      expect(bare.replace(/(?:export|import)\b[^;]*? from "[^"]+";/g, "").trim(), file).toBe("");
    }
  });
});

describe("the built files", () => {
  const dist = join(root, "dist");

  it.each(files(dist, ".js"))("import nothing but each other, and React in thimble/react, in %s", (file) => {
    const imports = importsOf(readFileSync(join(dist, file), "utf8"));
    const others = imports.map(({ specifier }) => specifier).filter((it) => !/^\.\.?\/.*\.js$/.test(it));
    expect(others).toEqual(usesReact(file) ? ["react"] : []);
  });

  it("say of thimble/react, and of nothing else, that it is for the client", () => {
    const forClient = files(dist, ".js").filter((file) =>
      /^(\/\/.*\n)*"use client";/.test(readFileSync(join(dist, file), "utf8")),
    );
    expect(forClient).toEqual(["integrations/react.js"]);
  });

  /** What is there for pages in one file. */
  const bundled = ["thimble.js", "thimble.global.js"];

  it("mirror the sources", () => {
    const mirrored = files(dist, ".js")
      .filter((file) => !bundled.includes(file))
      .map((file) => file.replace(/\.js$/, ".ts"));
    expect(files(src, ".ts")).toEqual(expect.arrayContaining(mirrored));
  });
});
