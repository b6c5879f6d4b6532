#!/usr/bin/env bash
# Node, Bun, Deno: an error thrown by an "abort" listener cannot be caught around `abort()`, and ends the program; Deno at once.
#
# Date: 2026-11-30
# With: deno 2.9.5, bun 1.4.5 (npm packages "deno", "bun"), node 24.21.0 (npm package "node")
#
# Expected: `controller.abort()` calls the listeners before it returns, so a `try` around it catches what they throw, as it
# does around `emit()` of an EventEmitter. Where it does not, `finally` and the other listeners still run.
#
# Happens: the error goes past the caller in all three, and is an uncaught one, so a mistake in the cancellation of one
# request ends a server. In Node and Bun the code after `abort()` still runs, up to the end of what is synchronous and of
# its promises. Deno ends the program inside of `abort()`: other listeners, `finally` and the listeners of "exit" do not run.
# Under a listener of "uncaughtException" all three go on, and call it at different times: Deno and Bun inside of
# `abort()`, before the next "abort" listener, Node in a later tick, here after the promises of the module.
#
# Output:
# > node: other listener, abort() returned, finally, promise, exit; exits with 1
# > bun: other listener, abort() returned, finally, promise, exit; exits with 1
# > deno: nothing; exits with 1
# > node, uncaughtException: other listener, abort() returned, finally, promise, uncaughtException, timer, exit; exits with 0
# > bun, uncaughtException: uncaughtException, other listener, abort() returned, finally, promise, timer, exit; exits with 0
# > deno, uncaughtException: uncaughtException, other listener, abort() returned, finally, promise, timer, exit; exits with 0
# > node, EventEmitter: caught, finally, promise, timer, exit; exits with 0
# > bun, EventEmitter: caught, finally, promise, timer, exit; exits with 0
# > deno, EventEmitter: caught, finally, promise, timer, exit; exits with 0
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

cat >abort.mjs <<'END'
import { EventEmitter } from "node:events";
import { writeSync } from "node:fs";
import process from "node:process";

const log = (line) => writeSync(1, `${line}\n`);
const how = process.argv[2];
if (how === "uncaughtException") process.on("uncaughtException", () => log("uncaughtException"));
process.on("exit", () => log("exit"));

const controller = new AbortController();
const emitter = new EventEmitter();
const [listen, abort] =
  how === "EventEmitter"
    ? [(listener) => emitter.on("abort", listener), () => emitter.emit("abort")]
    : [(listener) => controller.signal.addEventListener("abort", listener), () => controller.abort()];
listen(() => {
  throw new Error("could not cancel the query");
});
listen(() => log("other listener"));

setTimeout(() => log("timer"), 50);
try {
  abort();
  log("abort() returned");
} catch {
  log("caught");
} finally {
  log("finally");
}
await null;
log("promise");
END

report() {
  local name=$1 code=0 printed
  shift
  printed=$(timeout 60 "$@" 2>/dev/null) || code=$?
  printed=${printed//$'\n'/, }
  echo "$name: ${printed:-nothing}; exits with $code"
}
{
  for how in "" uncaughtException EventEmitter; do
    report "node${how:+, $how}" node abort.mjs "$how"
    report "bun${how:+, $how}" bun abort.mjs "$how"
    report "deno${how:+, $how}" deno run -A abort.mjs "$how"
  done
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
