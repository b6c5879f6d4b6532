#!/usr/bin/env bash
# The error of `new URL(text)` holds the whole text, password and all: in Deno in its message.
#
# Date: 2026-11-29
# With: node 24.21.0, deno 2.9.5, bun 1.4.5 (npm packages "node", "deno", "bun")
#
# Expected: "Invalid URL" and no more, so that the message may be logged when an address from the settings is wrong.
#
# Happens: Deno's message (and stack) contains the text. Node's and Bun's do not, but their errors have it in the property
# `input`, so printing the error with console.error, or as JSON, shows it in every runtime but for Deno's JSON.
#
# Output (does it contain the password of postgres://user:FAKE1234@host:x ?):
# > node: message no, stack no, printed yes, JSON yes
# > deno: message yes, stack yes, printed yes, JSON no
# > bun: message no, stack no, printed yes, JSON yes
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

cat >url.mjs <<'END'
import process from "node:process";
import { inspect } from "node:util";

// The text comes from outside the program: some runtimes print source lines with an error.
const [runtime, text] = process.argv.slice(2);
try {
  new URL(text);
} catch (error) {
  const places = { message: error.message, stack: error.stack, printed: inspect(error), JSON: JSON.stringify(error) };
  const seen = Object.entries(places).map(([place, shown]) => `${place} ${shown.includes("FAKE1234") ? "yes" : "no"}`);
  console.log(`${runtime}: ${seen.join(", ")}`);
}
END

text=postgres://user:FAKE1234@host:x
{
  timeout 60 node url.mjs node "$text"
  timeout 60 deno run -A url.mjs deno "$text"
  timeout 60 bun url.mjs bun "$text"
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
