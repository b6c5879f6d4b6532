#!/usr/bin/env bash
# In Deno a worker that listens for SIGTERM keeps the whole process from being ended by it.
#
# Date: 2026-11-29
# With: node 24.21.0, deno 2.9.5, bun 1.4.5 (npm packages "node", "deno", "bun")
#
# Expected: what a worker does with `process.on("SIGTERM", …)` has no effect on the process. The main thread has no
# listener, so SIGTERM ends the process, as in Node and Bun.
#
# Happens: in Deno the worker's listener is called and the process goes on. A service whose worker loads code that listens
# for SIGTERM and only cleans up after itself has to be stopped by other means.
#
# Output:
# > node: ended by SIGTERM
# > bun: ended by SIGTERM
# > deno: the worker received SIGTERM, the process goes on
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

process.on("SIGTERM", () => parentPort.postMessage("the worker received SIGTERM"));
parentPort.postMessage("ready");
setInterval(() => {}, 1000);
END
cat >main.mjs <<'END'
import process from "node:process";
import { Worker } from "node:worker_threads";

new Worker(new URL("./worker.mjs", import.meta.url)).on("message", (text) => {
  if (text === "ready") {
    process.kill(process.pid, "SIGTERM");
  } else {
    console.log(`${text}, the process goes on`);
    process.exit();
  }
});
END
cat >each.mjs <<'END'
import { spawnSync } from "node:child_process";

for (const command of ["node main.mjs", "bun main.mjs", "deno run -A main.mjs"]) {
  const [runtime, ...rest] = command.split(" ");
  const stdio = ["ignore", "pipe", "inherit"];
  const { stdout, signal } = spawnSync(runtime, rest, { encoding: "utf8", stdio, timeout: 60_000, killSignal: "SIGKILL" });
  console.log(`${runtime}: ${signal ? `ended by ${signal}` : stdout.trim()}`);
}
END

node each.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
