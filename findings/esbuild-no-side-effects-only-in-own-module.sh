#!/usr/bin/env bash
# esbuild: `@__NO_SIDE_EFFECTS__` counts only for calls in the module of the function, not where it is imported.
#
# Date: 2026-11-30
# With: esbuild 0.28.2, rollup 4.68.8, node 24.21.0 (npm package "node")
#
# Expected: a library marks its function with `/* @__NO_SIDE_EFFECTS__ */` once, and bundlers then remove the unused
# calls of it in every module.
#
# Happens: Rollup does that. esbuild understands the comment, but removes only the calls next to the declaration; for an
# imported function everything stays in the bundle, although the whole library is at hand. There each call needs its own
# `/* @__PURE__ */`, which a library cannot write for its users.
#
# Output:
# > esbuild, declared in the module of the calls: the unused call is removed
# > esbuild, imported: the unused call is kept
# > esbuild, imported, each call marked @__PURE__: the unused call is removed
# > rollup, declared in the module of the calls: the unused call is removed
# > rollup, imported: the unused call is removed
# > rollup, imported, each call marked @__PURE__: the unused call is removed
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

cat >lib.js <<'END'
/* @__NO_SIDE_EFFECTS__ */
export function createToken(name) {
  registerName(name);
  return { name };
}
export const registerName = (name) => void (globalThis.names ??= []).push(name);
END
cat >same.js <<'END'
/* @__NO_SIDE_EFFECTS__ */
function createToken(name) {
  (globalThis.names ??= []).push(name);
  return { name };
}
export const used = createToken("used");
export const unused = createToken("unused");
END
cat >other.js <<'END'
import { createToken } from "./lib.js";
export const used = createToken("used");
export const unused = createToken("unused");
END
cat >pure.js <<'END'
import { createToken } from "./lib.js";
export const used = /* @__PURE__ */ createToken("used");
export const unused = /* @__PURE__ */ createToken("unused");
END
cat >bundle.mjs <<'END'
import { writeFileSync } from "node:fs";
import * as esbuild from "esbuild";
import { rollup } from "rollup";

const bundlers = {
  esbuild: async (input) =>
    (await esbuild.build({ entryPoints: [input], bundle: true, format: "esm", write: false })).outputFiles[0].text,
  rollup: async (input) => (await (await rollup({ input })).generate({ format: "es" })).output[0].code,
};
const places = { same: "declared in the module of the calls", other: "imported", pure: "imported, each call marked @__PURE__" };
for (const [name, bundle] of Object.entries(bundlers))
  for (const [file, place] of Object.entries(places)) {
    writeFileSync(`main-${file}.js`, `import { used } from "./${file}.js"; console.log(used);`);
    const keeps = (await bundle(`main-${file}.js`)).includes('"unused"');
    console.log(`${name}, ${place}: the unused call is ${keeps ? "kept" : "removed"}`);
  }
END

timeout 60 node bundle.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
