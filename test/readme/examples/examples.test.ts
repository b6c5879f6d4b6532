// The examples of the doc comments compile. They are parts of programs: what they do not import themselves comes from the
// entry point that they belong to, from the files beside this one, which are what they speak of, or from another entry point.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Comment, read } from "../../../docs/generate/declarations.mjs";
import { entries } from "../../support/package.ts";
import { check } from "../../types/reader.ts";

interface Example {
  /** Where it stands: `thimble/health, checkHealth`. */
  readonly place: string;
  readonly file: string;
  readonly entry: string;
  readonly code: string;
}

const beside = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");
const services = beside("services.ts");

/** Two kinds of programs, because the types of Workers and those of pages and Node exclude each other. */
const kinds = [
  {
    kind: "a program",
    holds: (entry: string) => entry !== "thimble/cloudflare",
    world: { "program.ts": beside("program.ts"), "services.ts": services },
    options: {
      lib: ["esnext", "dom", "dom.iterable"],
      types: ["node"],
      jsx: "react-jsx",
      esModuleInterop: true,
    },
    packages: ["@types/node", "@types/react", "@types/react-dom", "express", "@types/express", "fastify"],
  },
  {
    kind: "a Worker",
    holds: (entry: string) => entry === "thimble/cloudflare",
    world: { "worker.ts": beside("worker.ts"), "services.ts": services },
    options: { lib: ["esnext"], types: ["@cloudflare/workers-types"] },
    packages: ["@cloudflare/workers-types"],
  },
];

function* blocksOf(place: string, { doc, examples }: Comment): Generator<[string, string, string]> {
  for (const text of [doc, ...examples])
    for (const [, language = "", code = ""] of text.matchAll(/^```(tsx?)\n(.*?)^```$/gms))
      yield [place, language, code];
}

const found = [...entries.values()].flatMap(({ name: entry, types }) => {
  const { comment, symbols } = read(types);
  return [
    ...blocksOf(entry, comment),
    ...symbols.flatMap((symbol) => [
      ...blocksOf(`${entry}, ${symbol.name}`, symbol.comment),
      ...(symbol.members ?? []).flatMap((member) => [
        ...blocksOf(`${entry}, ${symbol.name}.${member.name}`, member.comment),
      ]),
    ]),
  ].map(([place, language, code]) => ({ place, language, code, entry }));
});
// What several entry points export has one comment.
const examples: Example[] = [...new Map(found.map((it) => [it.code, it])).values()].map((it, i) => ({
  ...it,
  file: `example-${i}.${it.language}`,
}));

const exportsOf = new Map(
  [...entries.values()].map(({ name, types }) => [name, read(types).symbols.map((symbol) => symbol.name)]),
);

function namesIn(file: string): string[] {
  const declared = [
    ...file.matchAll(/^export (?:declare )?(?:const|function|class|interface|type) (\w+)/gm),
  ].map(([, name = ""]) => name);
  const passedOn = [...file.matchAll(/^export \{([^}]*)\} from/gm)].flatMap(([, names = ""]) =>
    names.split(",").map((name) => name.trim().split(" ").at(-1)!),
  );
  return [...declared, ...passedOn];
}

/** The imports that an example lacks. `missing` is what the compiler does not find. */
function importsOf(
  { code, entry }: Example,
  world: Record<string, string>,
  missing: readonly string[],
): string {
  const sources = [
    { from: entry, names: exportsOf.get(entry)!, always: true },
    ...Object.entries(world).map(([file, text]) => ({
      from: `./${file}`,
      names: namesIn(text),
      always: true,
    })),
    ...["thimble", ...entries.keys()].map((from) => ({ from, names: exportsOf.get(from)!, always: false })),
  ];
  const taken = new Set<string>();
  return sources
    .flatMap(({ from, names, always }) =>
      names
        .filter((name) => {
          if (taken.has(name) || !isUsed(name, code)) return false;
          // A name of the DOM would hide that one of ours is meant.
          if (!always && !missing.includes(name) && name !== "parent") return false;
          taken.add(name);
          return true;
        })
        .map((name) => `import { ${name} } from "${from}";`),
    )
    .join(" ");
}

function isUsed(name: string, text: string): boolean {
  const code = text.replace(/\/\/.*$/gm, "");
  const isDeclared = new RegExp(
    `\\b(?:const|let|using|class|function|interface|type) ${name}\\b|import [^;]*\\b${name}\\b`,
  );
  // A member of something is not the name; what is spread is.
  return new RegExp(`(?<![\\w"])(?<!(?<!\\.\\.)\\.)${name}\\b`).test(code) && !isDeclared.test(code);
}

describe.each(kinds)("the examples of $kind", async ({ holds, world, options, packages }) => {
  const mine = examples.filter(({ entry }) => holds(entry));
  const compile = async (imports: (example: Example) => string) => {
    const files = mine.map((example) => [example.file, `${imports(example)}\n${example.code}\nexport {};\n`]);
    const all = { ...Object.fromEntries(files), ...world, "app.ts": `export { app } from "./services.ts";` };
    const more = ["hono", "react", "react-dom", "vitest", "@vitest", "zod"];
    const settings = { ...options, allowImportingTsExtensions: true };
    return (await check(all as Record<string, string>, settings, "TypeScript 7", [...packages, ...more]))
      .errors;
  };
  const lacking = await compile(() => "");
  const missingIn = (file: string): string[] =>
    (lacking[file] ?? []).flatMap(
      (error) => /Cannot find (?:name|namespace) '([\w$]+)'/.exec(error)?.[1] ?? [],
    );
  const errors = await compile((example) => importsOf(example, world, missingIn(example.file)));

  it.each(Object.keys(world))("speak of what compiles: %s", (file) => {
    expect(errors[file] ?? []).toEqual([]);
  });

  it.each(mine)("compile: $place", ({ file }) => {
    expect(errors[file] ?? []).toEqual([]);
  });
});
