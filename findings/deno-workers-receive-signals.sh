#!/usr/bin/env bash
# In Deno a worker receives the process's signals; in Node and Bun only the main thread does.
#
# Date: 2026-11-29
# With: node 24.21.0, deno 2.9.5, bun 1.4.5 (npm packages "node", "deno", "bun")
#
# Expected: signals go to the main thread, as Node documents for its workers. A library that is loaded in a worker too
# and calls `process.on("SIGTERM", …)` there does nothing by it.
#
# Happens: in Deno a worker's listeners are called beside the main thread's, with `process.on` as with
# `Deno.addSignalListener`, in a worker of node:worker_threads as in a web worker. What should happen once per process at
# a signal happens once per thread. (Node and Bun are given 5 seconds to prove the opposite.)
#
# Output (who received one SIGUSR2 sent to the process):
# > node, node:worker_threads: main
# > bun, node:worker_threads: main
# > bun, web worker: main
# > deno, node:worker_threads: main, worker by Deno.addSignalListener, worker by process.on
# > deno, web worker: main, worker by Deno.addSignalListener, worker by process.on
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

cat >worker.mjs <<'END'
import process from "node:process";
import { parentPort } from "node:worker_threads";

const say = (text) => (parentPort ?? self).postMessage(text);
process.on("SIGUSR2", () => say("worker by process.on"));
globalThis.Deno?.addSignalListener("SIGUSR2", () => say("worker by Deno.addSignalListener"));
say("ready");
setInterval(() => {}, 1000);
END
cat >main.mjs <<'END'
import process from "node:process";
import * as threads from "node:worker_threads";

const [runtime, kind] = process.argv.slice(2);
const expected = runtime === "deno" ? 3 : Infinity;
const received = new Set();
const end = () => {
  console.log(`${runtime}, ${kind}: ${[...received].sort().join(", ")}`);
  process.exit();
};
const add = (who) => {
  received.add(who);
  if (received.size === expected) end();
};
const hear = (text) => {
  if (text !== "ready") return add(text);
  process.kill(process.pid, "SIGUSR2");
  setTimeout(end, runtime === "deno" ? 30_000 : 5000);
};
process.on("SIGUSR2", () => add("main"));
const address = new URL("./worker.mjs", import.meta.url);
if (kind === "web worker") new Worker(address, { type: "module" }).onmessage = (event) => hear(event.data);
else new threads.Worker(address).on("message", hear);
END

{
  timeout 60 node main.mjs node "node:worker_threads"
  timeout 60 bun main.mjs bun "node:worker_threads"
  timeout 60 bun main.mjs bun "web worker"
  timeout 60 deno run -A main.mjs deno "node:worker_threads"
  timeout 60 deno run -A main.mjs deno "web worker"
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
