#!/usr/bin/env bash
# A compiled VineJS validator cannot validate synchronously, not even a plain string.
#
# Date: 2026-11-29
# With: @vinejs/vine 4.4.0, zod 4.6.7 for comparison, node 24.21.0 (npm package "node")
#
# Expected: a schema without asynchronous rules validates at once, as with most libraries that follow Standard Schema,
# whose `validate` may give a result or a promise. So code that reads its settings while it starts can use any of them.
#
# Happens: `validate`, `tryValidate` and the Standard Schema `validate` of VineJS always give a promise, and the validator
# has no other method that validates. Code that accepts Standard Schema must allow for promises even where nothing in the
# schema is asynchronous. The schema itself (not compiled) has no "~standard".
#
# Output:
# > methods: errorReporter, toJSON, toJSONSchema, tryValidate, validate
# > validate: a promise
# > tryValidate: a promise
# > ~standard.validate: a promise
# > ~standard.validate resolves to {"value":"text"}
# > ~standard of the schema: undefined
# > zod's ~standard.validate: {"value":"text"}
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "node": "24.21.0", "@vinejs/vine": "4.4.0", "zod": "4.6.7" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1
export DENO_DIR="$dir/.deno" DENO_NO_UPDATE_CHECK=1

cat >vine.mjs <<'END'
import vine from "@vinejs/vine";
import { z } from "zod";

const schema = vine.string();
const validator = vine.compile(schema);
const methods = new Set();
for (let object = validator; object !== Object.prototype; object = Object.getPrototypeOf(object))
  for (const key of Object.getOwnPropertyNames(object))
    if (key !== "constructor" && typeof validator[key] === "function") methods.add(key);
const show = (result) => (result instanceof Promise ? "a promise" : JSON.stringify(result));

console.log(`methods: ${[...methods].sort().join(", ")}`);
console.log(`validate: ${show(validator.validate("text"))}`);
console.log(`tryValidate: ${show(validator.tryValidate("text"))}`);
console.log(`~standard.validate: ${show(validator["~standard"].validate("text"))}`);
console.log(`~standard.validate resolves to ${show(await validator["~standard"].validate("text"))}`);
console.log(`~standard of the schema: ${schema["~standard"]}`);
console.log(`zod's ~standard.validate: ${show(z.string()["~standard"].validate("text"))}`);
END

timeout 60 node vine.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
