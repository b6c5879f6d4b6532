#!/usr/bin/env bash
# Bun: a program exits with 1 at its end when a handler of `Bun.serve` has failed once, long before.
#
# Date: 2026-11-30
# With: deno 2.9.5, bun 1.4.5 (npm packages "deno", "bun"), node 24.21.0 (npm package "node")
#
# Expected: an error of a handler is the end of its request, which is answered with 500. A server that is stopped days later,
# and a program that ends because nothing is left to do, have succeeded.
#
# Happens: Bun counts the error as one of the program. It goes on, but when it ends by itself its exit code is 1, also when
# `process.exitCode` was set to 0. A supervisor sees a failure after an orderly stop. An `error` function of the server makes
# a difference, and so does `process.exit(0)`.
#
# Output:
# > bun: answered with 500, exits with 1
# > bun, process.exitCode = 0: answered with 500, exits with 1
# > bun, process.exit(0): answered with 500, exits with 0
# > bun, with an error function: answered with 500, exits with 0
# > deno: answered with 500, exits with 0
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

cat >fails.mjs <<'END'
const how = globalThis.Deno ? undefined : process.argv[2];
const handler = () => {
  throw new Error("sold out");
};
const error = () => new Response("sorry", { status: 500 });
const at = { hostname: "127.0.0.1", port: 0 };
const server = globalThis.Deno
  ? Deno.serve({ ...at, onListen() {} }, handler)
  : Bun.serve({ ...at, fetch: handler, ...(how === "error" ? { error } : {}) });
const response = await fetch(`http://127.0.0.1:${server.port ?? server.addr.port}`);
await response.text();
console.log(`answered with ${response.status}`);
await (globalThis.Deno ? server.shutdown() : server.stop());
if (how === "exitCode") process.exitCode = 0;
if (how === "exit") process.exit(0);
END

report() {
  local name=$1 code=0 printed
  shift
  printed=$(timeout 60 "$@" 2>/dev/null) || code=$?
  echo "$name: $printed, exits with $code"
}
{
  report bun bun fails.mjs
  report "bun, process.exitCode = 0" bun fails.mjs exitCode
  report "bun, process.exit(0)" bun fails.mjs exit
  report "bun, with an error function" bun fails.mjs error
  report deno deno run -A fails.mjs
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
