#!/usr/bin/env bash
# esbuild keeps an unused class or object when one of its members is named by a symbol of the module.
#
# Date: 2026-11-30
# With: esbuild 0.28.2, rollup 4.68.8, node 24.21.0 (npm package "node")
#
# Expected: an unused class without static initializers is removed, whatever its methods are called.
#
# Happens: `[key]() {}`, with `const key = Symbol("key")` above it, makes esbuild keep the class with all that it refers
# to. A computed name might run code, and esbuild does not look at what the constant holds; Rollup does. Symbols of the
# language, such as `[Symbol.dispose]`, are no obstacle.
#
# Output:
# > a class with a method [key]() {}: kept by esbuild, removed by rollup
# > an object with a member [key]: 1: kept by esbuild, removed by rollup
# > a class with a method [Symbol.dispose]() {}: removed by esbuild, removed by rollup
# > a class with a method named() {}: removed by esbuild, removed by rollup
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "esbuild": "0.28.2", "node": "24.21.0", "rollup": "4.68.8" },
  "allowScripts": { "esbuild": true, "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >bundle.mjs <<'END'
import { writeFileSync } from "node:fs";
import * as esbuild from "esbuild";
import { rollup } from "rollup";

const bundlers = {
  esbuild: async (input) =>
    (await esbuild.build({ entryPoints: [input], bundle: true, format: "esm", write: false })).outputFiles[0].text,
  rollup: async (input) => (await (await rollup({ input })).generate({ format: "es" })).output[0].code,
};
const modules = {
  "a class with a method [key]() {}": 'const key = Symbol("key"); export class Unused { [key]() {} }',
  "an object with a member [key]: 1": 'const key = Symbol("key"); export const Unused = { [key]: 1 }',
  "a class with a method [Symbol.dispose]() {}": "export class Unused { [Symbol.dispose]() {} }",
  "a class with a method named() {}": "export class Unused { named() {} }",
};
writeFileSync("main.js", 'import { other } from "./module.js"; console.log(other);');
for (const [name, code] of Object.entries(modules)) {
  writeFileSync("module.js", `${code}; export const other = 1;`);
  const seen = [];
  for (const [bundler, bundle] of Object.entries(bundlers))
    seen.push(`${(await bundle("main.js")).includes("Unused") ? "kept" : "removed"} by ${bundler}`);
  console.log(`${name}: ${seen.join(", ")}`);
}
END

timeout 60 node bundle.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
