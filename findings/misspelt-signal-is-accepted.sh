#!/usr/bin/env bash
# Node and Bun accept a listener for a misspelt signal without a word; Bun even one for SIGKILL.
#
# Date: 2026-11-29
# With: node 24.21.0, deno 2.9.5, bun 1.4.5 (npm packages "node", "deno", "bun")
#
# Expected: `process.on("SIGTREM", …)` is an error, since there is no such signal, or a warning at the least; the names of
# signals are known, and `process.kill` does refuse an unknown one.
#
# Happens: `process` is an event emitter and takes any name, so in Node and Bun the listener is registered and never
# called: the program is ended by SIGTERM without its cleanup. Deno throws. For SIGKILL, which cannot be listened for,
# Node and Deno throw and Bun accepts.
#
# Output:
# > node: process.on("SIGTREM") accepted, process.on("SIGKILL") throws, process.kill(…, "SIGTREM") throws
# > bun: process.on("SIGTREM") accepted, process.on("SIGKILL") accepted, process.kill(…, "SIGTREM") throws
# > deno: process.on("SIGTREM") throws, process.on("SIGKILL") throws, process.kill(…, "SIGTREM") throws
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

cat >signals.mjs <<'END'
import process from "node:process";

process.on("warning", (warning) => console.log(`warning: ${warning.message}`));
const attempt = (name, action) => {
  try {
    action();
    return `${name} accepted`;
  } catch {
    return `${name} throws`;
  }
};
const seen = [
  attempt('process.on("SIGTREM")', () => process.on("SIGTREM", () => {})),
  attempt('process.on("SIGKILL")', () => process.on("SIGKILL", () => {})),
  attempt('process.kill(…, "SIGTREM")', () => process.kill(process.pid, "SIGTREM")),
];
console.log(`${process.argv[2]}: ${seen.join(", ")}`);
setImmediate(() => process.exit());
END

{
  timeout 60 node signals.mjs node
  timeout 60 bun signals.mjs bun
  timeout 60 deno run -A signals.mjs deno
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
