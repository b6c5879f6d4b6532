/**
 * What the page of the playground is made of, put together when it starts: the script of the page, and the modules that a
 * program may import. Both stay in memory.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions, type Plugin } from "esbuild";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Under the names that a program imports them by. What needs Node, or another package, is not among them. */
const importable: Record<string, string> = {
  thimble: "browser/sandbox/thimble.js",
  "thimble/testing": "browser/sandbox/testing.js",
  ...Object.fromEntries(
    ["config", "events", "graph", "health", "layers", "lifecycle", "observe", "reload", "verify"].map(
      (name) => [`thimble/${name}`, `../dist/features/${name}.js`],
    ),
  ),
  "thimble/fetch": "../dist/integrations/fetch.js",
  "thimble/browser": "../dist/entries/browser.js",
  "../app.ts": "app.ts",
  "../answers.ts": "answers.ts",
  "../pages.ts": "pages.ts",
  "../request.ts": "request.ts",
  "../store.ts": "store.ts",
  "../timeline.ts": "timeline.ts",
};

/** `import text from "text:./file"` is what the file says. */
const texts: Plugin = {
  name: "texts",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^text:/ }, ({ path, resolveDir }) => ({
      path: fileURLToPath(new URL(path.slice(5), `file://${resolveDir}/`)),
      namespace: "text",
    }));
    onLoad({ filter: /./, namespace: "text" }, ({ path }) => ({
      contents: readFileSync(path, "utf8"),
      loader: "text",
    }));
  },
};

/** The app's containers are watched as the program's own are. */
const watched: Plugin = {
  name: "watched",
  setup({ onResolve }) {
    onResolve({ filter: /^thimble$/ }, ({ importer }) =>
      basename(importer) === "app.ts" ? { path: at(importable["thimble"]!) } : undefined,
    );
  },
};

const common = {
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  conditions: ["browser"],
  absWorkingDir: at("."),
  logLevel: "warning",
} satisfies BuildOptions;

/** Texts, by the paths that they are served at. */
export async function bundle(): Promise<Map<string, string>> {
  const names = Object.keys(importable);
  const addressOf = (name: string): string => name.replace(/^\.\.\//, "").replace(/\.ts$/, "");
  const [page, modules] = await Promise.all([
    build({
      ...common,
      entryPoints: [
        { in: at("browser/workbench/main.js"), out: "workbench" },
        { in: at("browser/workbench/style.css"), out: "workbench" },
      ],
      outdir: "/",
      minify: true,
      plugins: [texts],
      // Where each module that a program may import is served.
      define: {
        IMPORTABLE: JSON.stringify(
          Object.fromEntries(names.map((name) => [name, `/modules/${addressOf(name)}.js`])),
        ),
      },
    }),
    // Not minified: their functions are named in stacks.
    build({
      ...common,
      entryPoints: [
        ...names.map((name) => ({ in: at(importable[name]!), out: addressOf(name) })),
        { in: at("browser/sandbox/worker.js"), out: "worker" },
      ],
      outdir: "/modules",
      splitting: true,
      plugins: [watched],
    }),
  ]);
  return new Map([...page.outputFiles, ...modules.outputFiles].map(({ path, text }) => [path, text]));
}
