#!/usr/bin/env bash
# In Bun a program goes on after a rejection that nobody handles; in Node and Deno it ends there.
#
# Date: 2026-11-29
# With: node 24.21.0, deno 2.9.5, bun 1.4.5 (npm packages "node", "deno", "bun")
#
# Expected: a promise that rejects and that nobody waits for ends the program, as it does in Node since version 15: what
# comes later in the module does not run.
#
# Happens: Bun prints the error too, and exits with 1 in the end, but first it runs the module to its end, with its timers
# and its top-level awaits. A server whose start has failed by a forgotten `await` goes on in Bun, and is gone in Node and
# Deno.
#
# Output:
# > node: exits with 1
# > deno: exits with 1
# > bun: goes on, exits with 1
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

cat >forgotten.mjs <<'END'
const start = async () => {
  throw new Error("the start has failed");
};
start();
await new Promise((resolve) => setTimeout(resolve, 500));
console.log("goes on");
END

report() {
  local name=$1 code=0 printed
  shift
  printed=$(timeout 60 "$@" forgotten.mjs 2>/dev/null) || code=$?
  echo "$name: ${printed:+$printed, }exits with $code"
}
{
  report node node
  report deno deno run -A
  report bun bun
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
