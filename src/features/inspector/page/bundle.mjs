// Makes ../assets.ts: the script and the style of the inspector's page, as strings, with their hashes for the policy.
//
// Nothing in src/ imports a package at run time, and the page needs one, @dagrejs/dagre, which lays graphs out. So it is
// bundled here, by the build (rollup.config.mjs), and what comes out is a file of src/ like any other: readers of the
// sources, JSR among them, need no build.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const root = at("../../../..");
const options = {
  bundle: true,
  minify: true,
  write: false,
  target: "es2022",
  charset: "utf8",
  absWorkingDir: root,
};

export const path = at("../assets.ts");

/** The text of assets.ts. */
export async function assets() {
  const [script, style] = await Promise.all([
    build({
      ...options,
      format: "iife",
      legalComments: "none",
      stdin: {
        contents: `import { layout, Graph } from "@dagrejs/dagre"; import { start } from "./client.ts"; start(layout, Graph);`,
        resolveDir: at("."),
        loader: "ts",
      },
      tsconfigRaw: {},
    }),
    build({ ...options, entryPoints: [at("style.css")] }),
  ]).then((all) => all.map(({ outputFiles }) => outputFiles[0].text.trim()));
  for (const text of [script, style]) {
    if (/<\/(script|style)|<!--/i.test(text))
      throw new Error("the text would end the element that it stands in");
  }
  const license = readFileSync(
    `${root}/node_modules/@dagrejs/dagre/dist/dagre.esm.js.LEGAL.txt`,
    "utf8",
  ).trim();
  const hash = (text) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
  return `/*! The script contains @dagrejs/dagre and @dagrejs/graphlib, which come with this:
${license.replaceAll("*/", "* /")}
*/

/**
 * Made by page/bundle.mjs from page/client.ts and page/style.css, when the package is built: do not edit.
 *
 * @module
 */

export const script: string =
  ${JSON.stringify(script)};
export const scriptHash: string = "${hash(script)}";
export const style: string =
  ${JSON.stringify(style)};
export const styleHash: string = "${hash(style)}";
`;
}
