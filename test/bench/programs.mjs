/**
 * Modules written for the rows that import one: whole programs of `n` services (W5), and bare imports (start-up).
 *
 * Programs are text and not a loop, because a cold start is mostly the reading and compiling of what people wrote, and
 * a loop would leave that out.
 */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { dependenciesOf } from "./services.mjs";

const letters = ["a", "b", "c"];

/** The module of the classes alone, the same for every subject. */
function classes(graph) {
  return graph
    .map((it, i) => {
      const names = letters.slice(0, it.length);
      const fields = names.map((name) => ` this.${name} = ${name};`).join("");
      return `export class S${i} {\n  constructor(${names.join(", ")}) {${fields} }\n}\n`;
    })
    .join("");
}

/**
 * Cuts `lines` into functions of fifty. Nobody writes a thousand statements in one function, and an engine would never
 * optimise that one.
 */
export function inParts(lines, parameter, { before = "", after = "", end = "" } = {}) {
  const parts = [];
  for (let i = 0; i < lines.length; i += 50) parts.push(lines.slice(i, i + 50));
  return {
    names: parts.map((_, i) => `part${i}`),
    functions: parts
      .map(
        (part, i) => `function part${i}(${parameter}) {\n  ${before}${part.join("\n  ")}${after}\n${end}}\n`,
      )
      .join(""),
    calls: parts.map((_, i) => `part${i}(${parameter});`).join("\n  "),
  };
}

/** Writes the programs of `n` services of all `subjects` into `folder`. Gives their addresses by name. */
export async function writePrograms(folder, n, subjects) {
  const graph = dependenciesOf(n);
  await writeFile(join(folder, `services-${n}.mjs`), classes(graph));
  const imports = `import { ${graph.map((_, i) => `S${i}`).join(", ")} } from "./services-${n}.mjs";\n`;

  const addresses = {};
  for (const [name, subject] of Object.entries(subjects)) {
    const text = subject.program(graph, ...addressesOf(subject));
    addresses[name] = await write(folder, `${name}-${n}.mjs`, imports + text);
  }
  return addresses;
}

/** Where the modules that a subject is made of lie: a program in a temporary folder cannot call them by name. */
export const addressesOf = (subject) => subject.imports.map((it) => import.meta.resolve(it));

/**
 * Writes modules that import a subject and do nothing else: as it was published, or bundled into one file, which is
 * how it reaches a page or a worker. `empty` is what they are compared with.
 */
export async function writeEntries(folder, subjects, { bundled }) {
  const addresses = { empty: await write(folder, "empty.mjs", "") };
  for (const [name, subject] of Object.entries(subjects)) {
    const text = addressesOf(subject)
      .map((it) => `import "${it}";\n`)
      .join("");
    addresses[name] = bundled
      ? await bundle(folder, name, subject)
      : await write(folder, `${name}.mjs`, text);
  }
  return addresses;
}

async function bundle(folder, name, { imports }) {
  const { build } = await import("esbuild");
  const outfile = join(folder, `${name}-bundle.mjs`);
  const paths = imports.map((it) => (it.startsWith("file:") ? fileURLToPath(it) : it));
  await build({
    stdin: {
      contents: paths.map((it) => `export * from ${JSON.stringify(it)};`).join("\n"),
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    },
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    // What a page gets. It also keeps a container's tools for the file system out of the comparison.
    platform: "browser",
    logLevel: "error",
  });
  return pathToFileURL(outfile).href;
}

async function write(folder, name, text) {
  const file = join(folder, name);
  await writeFile(file, text);
  return pathToFileURL(file).href;
}
