// The core is built in layers, and no files of src/ import each other in a circle. So every file can be read after the files
// that it imports. This test prints the core in that order.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../support/package.ts";
import { blocksUnder } from "../readme/page.ts";
import { files, type Import, isOfPackage, sources, src, target } from "./sources.ts";

/** The folders of src/core. Each of them imports from itself and from those before it, types included. */
const layers = [
  "types",
  "words",
  "model",
  "registry",
  "building",
  "shutdown",
  "scope",
  "combinators",
  "plans",
];

/** The files that each file imports. */
type Graph = ReadonlyMap<string, readonly string[]>;

const graphOf = (counts: (it: Import) => boolean): Graph =>
  new Map(
    sources.map(({ file, imports }) => [
      file,
      imports.filter((it) => !isOfPackage(it) && counts(it)).map((it) => target(file, it)),
    ]),
  );

const all = graphOf(() => true);
const atRunTime = graphOf(({ typeOnly }) => !typeOnly);

/** The shortest way from each file back to itself; a circle is listed once. */
function circlesIn(graph: Graph): string[] {
  const circles = new Map<string, string>();
  for (const start of graph.keys()) {
    // Entries that are added to a Map while it is walked are walked too.
    const ways = new Map([[start, [start]]]);
    for (const [file, way] of ways) {
      for (const next of graph.get(file) ?? []) {
        const members = way.toSorted().join();
        if (next === start && !circles.has(members)) circles.set(members, [...way, start].join(" > "));
        if (!ways.has(next)) ways.set(next, [...way, next]);
      }
    }
  }
  return [...circles.values()];
}

/** The files so that each comes after those it imports. */
function inOrder(graph: Graph): string[] {
  const ordered = new Set<string>();
  const met = new Set<string>();
  const visit = (file: string): void => {
    if (met.has(file)) return;
    met.add(file);
    for (const next of graph.get(file) ?? []) visit(next);
    ordered.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return [...ordered];
}

/** The folder of src/core that a file is in. */
const layerOf = (file: string): string | undefined => /^core\/([^/]+)\//.exec(file)?.[1];

/** The first paragraph of the comment that a file begins with. */
const subjectOf = (code: string): string =>
  /^\/\*\*\n((?: \* .*\n)+)/.exec(code)?.[1]?.replace(/^ \* /gm, "").replace(/\n/g, " ").trim() ?? "";

describe("the files of src", () => {
  it("import each other in no circle at run time", () => {
    expect(circlesIn(atRunTime)).toEqual([]);
  });

  it("would be caught importing each other in a circle, and the circle would be named", () => {
    const graph = new Map([
      ["a.ts", ["b.ts"]],
      ["b.ts", ["c.ts"]],
      ["c.ts", ["b.ts", "d.ts"]],
      ["d.ts", []],
    ]);

    expect(circlesIn(graph)).toEqual(["b.ts > c.ts > b.ts"]);
    expect(circlesIn(new Map([["a.ts", ["a.ts"]]]))).toEqual(["a.ts > a.ts"]);
  });

  it("import files that are there, so that no import is missed", () => {
    expect([...all.values()].flat().filter((file) => !all.has(file))).toEqual([]);
  });
});

describe("the layers of the core", () => {
  const core = inOrder(all).filter((file) => file.startsWith("core/"));

  it("are its folders, and no file of the core is outside of them", () => {
    const folders = readdirSync(join(src, "core"), { withFileTypes: true }).filter((it) => it.isDirectory());
    expect(folders.map(({ name }) => name).toSorted()).toEqual(layers.toSorted());
    expect(core.filter((file) => layerOf(file) === undefined)).toEqual([]);
  });

  it("are listed in this order in the README", () => {
    const [layout] = blocksUnder("Working on Thimble", "text");
    const listed = [...layout!.code.matchAll(/^ {4}(\w+)\/ /gm)].map(([, name]) => name);
    expect(listed).toEqual(layers);
  });

  it.each(layers)("import downwards: a file of %s knows its own layer and those below", (layer) => {
    const known = layers.slice(0, layers.indexOf(layer) + 1);
    const upwards = core
      .filter((file) => layerOf(file) === layer)
      .flatMap((file) => all.get(file)!.map((to) => ({ file, to })))
      .filter(({ to }) => !known.includes(layerOf(to) ?? to));
    expect(upwards.map(({ file, to }) => `${file} > ${to}`)).toEqual([]);
  });

  it("begin with declarations of types, of which nothing is left at run time", () => {
    expect(core.filter((file) => layerOf(file) === "types" && atRunTime.get(file)!.length > 0)).toEqual([]);
    expect(files(join(root, "dist"), ".js").filter((file) => layerOf(file) === "types")).toEqual([]);
  });

  it("are printed from the lowest to the highest, each file after those that it imports at run time", () => {
    const printed = layers.flatMap((layer) => core.filter((file) => layerOf(file) === layer));
    const lines = printed.map((file, at) => {
      const layer = layerOf(file)!;
      const isFirst = layerOf(printed[at - 1] ?? "") !== layer;
      const { code } = sources.find((source) => source.file === file)!;
      return `${isFirst ? `\n${layer}/\n` : ""}  ${file.slice(`core/${layer}/`.length).padEnd(15)} ${subjectOf(code)}`;
    });
    console.log(`src/core, from the lowest layer to the highest:\n${lines.join("\n")}`);

    const early = printed.filter((file, at) =>
      atRunTime.get(file)!.some((to) => !printed.slice(0, at).includes(to)),
    );
    expect(early).toEqual([]);
  });
});
