#!/usr/bin/env bash
# srvx, and so Nitro 3: a server does not close on SIGTERM where the environment has a variable CI or TEST.
#
# Date: 2026-11-30
# With: srvx 1.0.8, node 24.21.0 (npm package "node")
#
# Expected: a server that is drained on SIGTERM on one machine is drained on all of them: what is in flight is answered,
# and the process ends with 0.
#
# Happens: with CI or TEST set to anything, no handler is installed, and nothing is printed. SIGTERM ends the process in the
# middle of a request. An image that keeps CI=true from its build, or a test in CI that looks at how a server stops, meets
# what no developer does. The comment of the option `gracefulShutdown` tells it, and `true` makes it the same everywhere;
# a program on Nitro never sees that option.
#
# Output:
# > neither: the request is answered, exits with 0
# > CI=true: the request is cut off, ends by SIGTERM
# > TEST=1: the request is cut off, ends by SIGTERM
# > CI=true, gracefulShutdown: true: the request is answered, exits with 0
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "node": "24.21.0", "srvx": "1.0.8" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1
unset CI TEST

cat >server.mjs <<'END'
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "srvx";

const options = process.argv[2] ? { gracefulShutdown: true } : {};
const server = serve({
  ...options,
  hostname: "127.0.0.1",
  port: 0,
  silent: true,
  async fetch() {
    process.send("busy");
    await sleep(500);
    return new Response("done");
  },
});
await server.ready();
process.send(server.url);
END

cat >stop.mjs <<'END'
import { fork } from "node:child_process";
import { once } from "node:events";

for (const [name, env, ...args] of [
  ["neither", {}],
  ["CI=true", { CI: "true" }],
  ["TEST=1", { TEST: "1" }],
  ["CI=true, gracefulShutdown: true", { CI: "true" }, "graceful"],
]) {
  const child = fork("server.mjs", args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "ignore", "ipc"] });
  const [url] = await once(child, "message");
  const busy = once(child, "message");
  const answer = fetch(url).then((response) => response.text());
  const request = answer.then(
    () => "is answered",
    () => "is cut off",
  );
  await busy;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const [code, signal] = await ended;
  console.log(`${name}: the request ${await request}, ${signal ? `ends by ${signal}` : `exits with ${code}`}`);
}
END

timeout 60 node stop.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
