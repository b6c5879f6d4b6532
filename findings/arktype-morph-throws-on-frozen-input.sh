#!/usr/bin/env bash
# A morph of arktype throws a TypeError when what it is given is frozen.
#
# Date: 2026-11-29
# With: arktype 2.2.9, zod 4.6.7, valibot 1.5.0, node 24.21.0 (npm package "node")
#
# Expected: a validator reads its input and gives a new value, so frozen data (the state of a store, a message that several
# readers share) is as good as any. arktype says that it clones what a morph would change.
#
# Happens: it clones the input with its property descriptors, and then assigns to the clone, whose properties are read-only
# like those of the original. Its Standard Schema `validate` throws instead of giving issues. A schema without a morph
# takes frozen data.
#
# Output:
# > zod, frozen: {"cents":42}
# > valibot, frozen: {"cents":42}
# > arktype, not frozen: {"cents":42}
# > arktype, frozen: throws TypeError
# > arktype without a morph, frozen: {"cents":"42"}
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "node": "24.21.0", "arktype": "2.2.9", "valibot": "1.5.0", "zod": "4.6.7" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >frozen.mjs <<'END'
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";

const look = (name, schema, input) => {
  try {
    console.log(`${name}: ${JSON.stringify(schema["~standard"].validate(input).value)}`);
  } catch (error) {
    console.log(`${name}: throws ${error.name}`);
  }
};
const frozen = Object.freeze({ cents: "42" });

look("zod, frozen", z.object({ cents: z.coerce.number() }), frozen);
look("valibot, frozen", v.object({ cents: v.pipe(v.string(), v.transform(Number)) }), frozen);
look("arktype, not frozen", type({ cents: "string.numeric.parse" }), { cents: "42" });
look("arktype, frozen", type({ cents: "string.numeric.parse" }), frozen);
look("arktype without a morph, frozen", type({ cents: "string.numeric" }), frozen);
END

timeout 60 node frozen.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
