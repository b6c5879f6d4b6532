#!/usr/bin/env bash
# Bun: a Response whose `body` is read before its `headers` has no content type.
#
# Date: 2026-11-30
# With: node 24.21.0, deno 2.9.5, bun 1.4.5 (npm packages "node", "deno", "bun")
#
# Expected: the content type that a Response takes from a Blob, a FormData or URLSearchParams is part of its headers
# from the start, in whatever order its properties are read.
#
# Happens: in Bun the headers are made when they are first read, and by then the body is a stream that has no type. A
# wrapper that passes a response on, `new Response(follow(response.body), { headers: response.headers })`, sends it
# without a type; with a FormData the boundary is lost and nobody can read it.
#
# Output:
# > node, blob: headers first text/plain, body first text/plain
# > node, form: headers first multipart/form-data, body first multipart/form-data
# > node, parameters: headers first application/x-www-form-urlencoded, body first application/x-www-form-urlencoded
# > deno, blob: headers first text/plain, body first text/plain
# > deno, form: headers first multipart/form-data, body first multipart/form-data
# > deno, parameters: headers first application/x-www-form-urlencoded, body first application/x-www-form-urlencoded
# > bun, blob: headers first text/plain, body first null
# > bun, form: headers first multipart/form-data, body first null
# > bun, parameters: headers first application/x-www-form-urlencoded, body first null
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "node": "24.21.0", "deno": "2.9.5", "bun": "1.4.5" },
  "allowScripts": { "node": true, "deno": true, "bun": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1
export DENO_DIR="$dir/.deno" DENO_NO_UPDATE_CHECK=1

cat >type.mjs <<'END'
const form = new FormData();
form.set("name", "value");
const bodies = {
  blob: new Blob(["text"], { type: "text/plain" }),
  form,
  parameters: new URLSearchParams("name=value"),
};
const type = (response) => String(response.headers.get("content-type")).split(";")[0];

for (const [name, body] of Object.entries(bodies)) {
  const headersFirst = type(new Response(body));
  const response = new Response(body);
  response.body;
  const bodyFirst = type(response);
  console.log(`${process.argv[2]}, ${name}: headers first ${headersFirst}, body first ${bodyFirst}`);
}
END

{
  timeout 60 node type.mjs node
  timeout 60 deno run -A type.mjs deno
  timeout 60 bun type.mjs bun
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
