/**
 * Modules written for the rows that import one: whole programs of `n` services (W5), bare imports (S1, S2)
 * and tiny programs (S3).
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

/** The services of S3 and S3b. In S3b one of them is to be disposed. */
const tinyServices = (disposes) => `class Settings {}
class Store {
  open = true;
  constructor(settings) {
    this.settings = settings;
  }${
    disposes
      ? `
  dispose() {
    this.open = false;
  }`
      : ""
  }
}
${disposes ? "Store.prototype[Symbol.dispose] = Store.prototype.dispose;" : ""}
class Shop {
  constructor(store) {
    this.store = store;
  }
}
`;

/**
 * Writes the modules of a start-up row: those that import a subject and do nothing else, or the tiny programs. They are
 * as published, or bundled into one file, which is how they reach a page or a worker. `empty` is what they are compared
 * with.
 */
export async function writeEntries(folder, { id, work, bundled, disposes }, subjects) {
  const addresses = { empty: await write(folder, "empty.mjs", "") };
  for (const [name, subject] of Object.entries(subjects)) {
    const file = `${name}-${id}.mjs`;
    const from = bundled ? pathsOf(subject) : addressesOf(subject);
    const lines = from.map((it) => (bundled ? `export * from "${it}";\n` : `import "${it}";\n`));
    const text = work === "tiny" ? tinyServices(disposes) + subject.tiny(...from, disposes) : lines.join("");
    addresses[name] = bundled ? await bundle(folder, file, text) : await write(folder, file, text);
  }
  return addresses;
}

/** The same as `addressesOf`, for a bundler, which knows paths and names but no addresses. */
const pathsOf = (subject) =>
  subject.imports.map((it) => (it.startsWith("file:") ? fileURLToPath(it).replaceAll("\\", "/") : it));

async function bundle(folder, name, contents) {
  const { build } = await import("esbuild");
  const outfile = join(folder, name);
  await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
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
