#!/usr/bin/env bash
# The message of a JSON.parse error quotes the text it was given, and how much of it depends on the runtime.
#
# Date: 2026-11-29
# With: node 24.21.0, deno 2.9.5, bun 1.4.5 (npm packages "node", "deno", "bun")
#
# Expected: the message says what is wrong and where, so it may be logged even when the text is a secret.
#
# Happens: Node and Deno quote up to ten characters on either side of the unexpected one, so a short text is quoted whole;
# Bun names the unexpected identifier, up to 200 characters of it. Other mistakes give only a position, or nothing.
# Code that reads secrets from settings must not pass these messages on.
#
# Output (for a secret FAKE1234 without quotes, a longer one, one of 500 characters, and one with quotes but no closing
# brace):
# > node: Unexpected token 'F', "FAKE1234" is not valid JSON
# > node: Unexpected token 'F', "{"key": FAKE1234}" is not valid JSON
# > node: Unexpected token 'F', ..."assword": FAKE1234-F"... is not valid JSON
# > node: Unexpected token 'F', "FFFFFFFFFF"... is not valid JSON
# > node: Expected ',' or '}' after property value in JSON at position 18 (line 1 column 19)
# > deno: Unexpected token 'F', "FAKE1234" is not valid JSON
# > deno: Unexpected token 'F', "{"key": FAKE1234}" is not valid JSON
# > deno: Unexpected token 'F', ..."assword": FAKE1234-F"... is not valid JSON
# > deno: Unexpected token 'F', "FFFFFFFFFF"... is not valid JSON
# > deno: Expected ',' or '}' after property value in JSON at position 18 (line 1 column 19)
# > bun: JSON Parse error: Unexpected identifier "FAKE1234"
# > bun: JSON Parse error: Unexpected identifier "FAKE1234"
# > bun: JSON Parse error: Unexpected identifier "FAKE1234"
# > bun: JSON Parse error: Unexpected identifier "(F 200 times)..."
# > bun: JSON Parse error: Expected '}'
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

cat >json.mjs <<'END'
import process from "node:process";

const texts = [
  "FAKE1234",
  '{"key": FAKE1234}',
  '{"password": FAKE1234-FAKE1234-FAKE1234}',
  "F".repeat(500),
  '{"key": "FAKE1234"',
];
for (const text of texts) {
  try {
    JSON.parse(text);
  } catch (error) {
    console.log(`${process.argv[2]}: ${error.message.replace(/F{20,}/, (run) => `(F ${run.length} times)`)}`);
  }
}
END

{
  timeout 60 node json.mjs node
  timeout 60 deno run -A json.mjs deno
  timeout 60 bun json.mjs bun
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
