/**
 * What an application pays: bundles of a few lines that import the built package by its name.
 *
 * Two bundlers, because they see different things. esbuild is what most applications are weighed with; Rollup alone honours
 * `@__NO_SIDE_EFFECTS__` across modules and tells which exports of which module it kept.
 *
 * @module
 */

import { relative } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { rollup, type RenderedModule } from "rollup";
import { entries, root } from "../support/package.ts";

export interface Weight {
  minified: number;
  gzip: number;
  brotli: number;
  /** The files that a part of the bundle comes from, relative to the package: `dist/features/observe.js`. */
  files: string[];
}

/** Bytes of `code` with all that it imports, minified, as an application would ship it. */
export async function weigh(code: string): Promise<Weight> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root },
    absWorkingDir: root,
    metafile: true,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    external: ["cloudflare:*", "react"],
    // Without it esbuild would follow `paths` of tsconfig.json into src/.
    tsconfigRaw: {},
    logLevel: "silent",
    write: false,
  });
  const bytes = outputFiles[0]!.contents;
  return {
    minified: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
    files: Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.keys(inputs).filter((file) => inputs[file]!.bytesInOutput > 0),
    ),
  };
}

export interface Shaken {
  code: string;
  /** Names of the package's exports, from whatever file, that made it into the bundle. */
  kept: string[];
  /** The files that a part of the bundle comes from, relative to the package. */
  files: string[];
}

/** `code` with all that it imports, after tree-shaking, readable. */
export async function shake(code: string): Promise<Shaken> {
  const bundle = await rollup({
    input: "app",
    logLevel: "silent",
    external: /^(cloudflare:|react$)/,
    plugins: [
      {
        name: "app",
        resolveId: (id) => (id === "app" ? "\0app" : entries.get(id)?.js),
        load: (id) => (id === "\0app" ? code : undefined),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "es" });
  const all: [string, RenderedModule][] = Object.entries(output[0].modules);
  const modules = all.filter(([id]) => id !== "\0app");
  return {
    code: output[0].code.trim(),
    kept: modules.flatMap(([, module]) => module.renderedExports),
    files: modules.filter(([, { code }]) => code?.trim()).map(([id]) => relative(root, id)),
  };
}
