#!/usr/bin/env bash
# In a web worker of Deno, `isMainThread` of node:worker_threads is true.
#
# Date: 2026-11-29
# With: node 24.21.0, deno 2.9.5, bun 1.4.5 (npm packages "node", "deno", "bun")
#
# Expected: `isMainThread` tells the main thread from every other, so that "only in the main thread" can be written with it
# for all three runtimes.
#
# Happens: in Deno it is false only in workers started with node:worker_threads. In a worker started with the global
# `Worker` it is true and `parentPort` is null, as in the main thread; Bun says false for both kinds. (Node has no global
# `Worker`.) Nor does the absence of `window` tell, since Deno's main thread has none. What tells Deno's workers of both
# kinds from its main thread is that the global object is a DedicatedWorkerGlobalScope: the third column.
#
# Output (isMainThread / parentPort / global object is a DedicatedWorkerGlobalScope):
# > node, main thread: true / null / false
# > node, node:worker_threads: false / object / false
# > bun, main thread: true / null / false
# > bun, node:worker_threads: false / object / false
# > bun, web worker: false / object / false
# > deno, main thread: true / null / false
# > deno, node:worker_threads: false / object / true
# > deno, web worker: true / null / true
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

cat >tell.mjs <<'END'
import { isMainThread, parentPort } from "node:worker_threads";

export const tell = () => {
  const scope = globalThis.DedicatedWorkerGlobalScope;
  const dedicated = typeof scope === "function" && globalThis instanceof scope;
  return `${isMainThread} / ${parentPort === null ? null : typeof parentPort} / ${dedicated}`;
};
END
cat >worker.mjs <<'END'
import { parentPort } from "node:worker_threads";
import { tell } from "./tell.mjs";

(parentPort ?? self).postMessage(tell());
END
cat >main.mjs <<'END'
import process from "node:process";
import * as threads from "node:worker_threads";
import { tell } from "./tell.mjs";

const runtime = process.argv[2];
const address = new URL("./worker.mjs", import.meta.url);
console.log(`${runtime}, main thread: ${tell()}`);
console.log(
  `${runtime}, node:worker_threads: ${await new Promise((done) => new threads.Worker(address).on("message", done))}`,
);
if (runtime !== "node") {
  const worker = new Worker(address, { type: "module" });
  console.log(`${runtime}, web worker: ${await new Promise((done) => (worker.onmessage = (event) => done(event.data)))}`);
}
process.exit();
END

{
  timeout 60 node main.mjs node
  timeout 60 bun main.mjs bun
  timeout 60 deno run -A main.mjs deno
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
