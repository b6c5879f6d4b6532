#!/usr/bin/env bash
# A transform that throws turns zod's Standard Schema `validate` asynchronous, and runs twice.
#
# Date: 2026-11-29
# With: zod 4.6.7, node 24.21.0 (npm package "node")
#
# Expected: whether a schema is synchronous doesn't depend on the input. `z.string().transform(JSON.parse)` is, so for a
# text that is no JSON `["~standard"].validate` throws the SyntaxError (as `safeParse` does) or gives issues.
#
# Happens: for a good text it gives the result at once; for a bad one a promise, rejected with the SyntaxError. Whatever is
# thrown in the synchronous try makes it try again in asynchronous mode, so the transform is called a second time. Code
# that tells synchronous schemas by their result must expect a promise from any of them, and handle its rejection.
# `safeParse` and `safeParseAsync` call the transform once.
#
# Output:
# > ~standard.validate, good text: {"value":{"a":1}}, 1 call
# > ~standard.validate, bad text: a promise rejected with SyntaxError, 2 calls
# > safeParse, good text: {"success":true,"data":{"a":1}}, 1 call
# > safeParse, bad text: throws SyntaxError, 1 call
# > safeParseAsync, bad text: a promise rejected with SyntaxError, 1 call
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "node": "24.21.0", "zod": "4.6.7" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1
export DENO_DIR="$dir/.deno" DENO_NO_UPDATE_CHECK=1

cat >zod.mjs <<'END'
import { z } from "zod";

let calls = 0;
const parse = (text) => {
  calls += 1;
  return JSON.parse(text);
};
const schema = z.string().transform(parse).pipe(z.object({ a: z.number() }));

const look = async (name, validate) => {
  calls = 0;
  let seen;
  try {
    const result = validate();
    seen = JSON.stringify(result);
    if (result instanceof Promise)
      seen = await result.then(
        (value) => `a promise of ${JSON.stringify(value)}`,
        (error) => `a promise rejected with ${error.name}`,
      );
  } catch (error) {
    seen = `throws ${error.name}`;
  }
  console.log(`${name}: ${seen}, ${calls} call${calls === 1 ? "" : "s"}`);
};

await look("~standard.validate, good text", () => schema["~standard"].validate('{"a":1}'));
await look("~standard.validate, bad text", () => schema["~standard"].validate("{broken"));
await look("safeParse, good text", () => schema.safeParse('{"a":1}'));
await look("safeParse, bad text", () => schema.safeParse("{broken"));
await look("safeParseAsync, bad text", () => schema.safeParseAsync("{broken"));
END

timeout 60 node zod.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
