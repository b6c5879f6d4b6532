// Three builds: dist/thimble.global.js, one minified file for a script tag; dist/thimble.js, the core as one minified ES
// module, for a page that imports it by its address; and dist/ as a mirror of src/, file by file, readable, with
// declarations. The inputs of the last are the entries of `exports` in package.json, so that a new entry point is written
// down in one place.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { transform } from "esbuild";
import { assets, path as assetsFile } from "./src/features/inspector/page/bundle.mjs";

const pkg = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const target = "es2022";

const leaves = (node) => (typeof node === "string" ? [node] : Object.values(node).flatMap(leaves));
const inputs = leaves(pkg.exports)
  .filter((file) => file.endsWith(".js"))
  .map((file) => file.replace("./dist/", "src/").replace(/\.js$/, ".ts"));

const clean = { name: "clean", buildStart: () => rm("dist", { recursive: true, force: true }) };

// The script of the inspector's page and its style are strings in a file of src/, which is made anew when they have changed.
const inspectorPage = {
  name: "inspector page",
  async buildStart() {
    const text = await assets();
    if (!existsSync(assetsFile) || readFileSync(assetsFile, "utf8") !== text)
      await writeFile(assetsFile, text);
  },
};

// One esbuild call per module: it only takes the types away. Rollup finds `./x.ts` by itself, so there is no resolver.
const typescript = {
  name: "typescript",
  async transform(code, id) {
    const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: true } };
    const options = { loader: "ts", target, sourcefile: id, sourcemap: "external", tsconfigRaw };
    const { code: js, map } = await transform(code, options);
    return { code: js, map };
  },
};

const minify = {
  name: "minify",
  async renderChunk(code) {
    const { code: js, map } = await transform(code, { minify: true, target, sourcemap: "external" });
    return { code: js, map };
  },
};

// TypeScript leaves `./x.ts` in declarations as it is; not every reader finds the `./x.d.ts` that is meant. A file of types
// alone has no `./x.js`, and Deno does not look for its declarations unless they are named.
const declarations = {
  name: "declarations",
  async writeBundle() {
    execFileSync("node_modules/.bin/tsc", ["-p", "src"], { stdio: "inherit" });
    for (const name of await readdir("dist", { recursive: true })) {
      if (!name.endsWith(".d.ts")) continue;
      const text = await readFile(`dist/${name}`, "utf8");
      // Not in the examples of comments, whose lines begin with a star.
      const named = text.replace(/^((?! *\*).*?(?:from|import) ?\(?")(\.[^"]+)\.ts"/gm, (_, before, path) => {
        const hasCode = existsSync(new URL(`${path}.js`, new URL(`dist/${name}`, import.meta.url)));
        return `${before}${path}${hasCode ? ".js" : ".d.ts"}"`;
      });
      await writeFile(`dist/${name}`, named);
    }
  },
};

// Files that import each other in a circle are an error of the build.
const onLog = (level, log, print) => print(log.code === "CIRCULAR_DEPENDENCY" ? "error" : level, log);

/** @type {import("rollup").RollupOptions[]} */
export default [
  {
    input: "src/entries/global.ts",
    onLog,
    plugins: [clean, typescript, minify],
    output: {
      file: "dist/thimble.global.js",
      format: "iife",
      name: "thimble",
      sourcemap: true,
      banner: `/*! thimble ${pkg.version} | MIT */`,
    },
  },
  {
    input: "src/index.ts",
    onLog,
    plugins: [typescript, minify],
    output: {
      file: "dist/thimble.js",
      format: "es",
      sourcemap: true,
      banner: `/*! thimble ${pkg.version} | MIT */`,
    },
  },
  {
    input: [...new Set(inputs)].filter((file) => existsSync(file)),
    onLog,
    external: /^(cloudflare:|react$)/,
    plugins: [inspectorPage, typescript, declarations],
    output: {
      dir: "dist",
      format: "es",
      preserveModules: true,
      preserveModulesRoot: "src",
      sourcemap: true,
      hoistTransitiveImports: false,
      // Where Deno imports a file by its address, the file itself says where its types are. The second line is for frameworks
      // with server components: hooks and contexts are there on the client alone.
      banner: ({ name }) =>
        `// @ts-self-types="./${name.split("/").at(-1)}.d.ts"` +
        (name === "integrations/react" ? `\n"use client";` : ""),
    },
  },
].filter(({ input }) => Array.isArray(input) || existsSync(input));
