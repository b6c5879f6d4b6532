/**
 * The imports of a program. A worker knows no import map, so the names in them become the addresses of modules, and nothing
 * else changes: every line stays where it is.
 */
import { javascriptLanguage } from "@codemirror/lang-javascript";

/** What a program may import, and where it is served. Known when the page is put together: playground/bundle.ts. */
const importable = new Map(Object.entries(IMPORTABLE));

/** Something that is wrong with a program before it runs. */
export class Problem extends Error {
  /** @param {number} line */
  constructor(message, line) {
    super(message);
    this.line = line;
  }
}

/**
 * @param {string} code
 * @throws {Problem} when a program imports what is not here
 */
export function resolveImports(code) {
  let out = "";
  let last = 0;
  for (const { from, to } of specifiers(code)) {
    const name = code.slice(from + 1, to - 1);
    const address = importable.get(name);
    if (address === undefined && !/^(blob|data|https?):/.test(name)) {
      const names = [...importable.keys()].filter((it) => it.startsWith("thimble"));
      throw new Problem(
        `There is no "${name}" here. A program may import ${names.slice(0, -1).join(", ")} and ${names.at(-1)}.`,
        code.slice(0, from).split("\n").length,
      );
    }
    if (address === undefined) continue;
    out += code.slice(last, from) + JSON.stringify(new URL(address, location.href).href);
    last = to;
  }
  return out + code.slice(last);
}

/** The strings that `import`, `export … from` and `import()` name modules with. */
function specifiers(code) {
  const found = [];
  javascriptLanguage.parser.parse(code).iterate({
    enter({ name, node }) {
      if (name === "ImportDeclaration" || name === "ExportDeclaration") add(node.getChild("String"));
      if (name === "DynamicImport") add(node.nextSibling?.getChild("String"));
    },
  });
  return found;

  function add(node) {
    if (node) found.push({ from: node.from, to: node.to });
  }
}
