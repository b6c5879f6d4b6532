#!/usr/bin/env bash
# Next: when a client leaves, `after` runs under the handler, and the handler's response is neither read nor cancelled.
#
# Date: 2026-11-30
# With: next 16.4.6, react 19.3.1, node 24.21.0 (npm package "node")
#
# Expected: `after` runs its callback when the handler has returned and the response is over, so it is where a connection is
# given back. The body of a response that nobody wants is cancelled, so that its source can stop.
#
# Happens: when the client leaves while the handler is at work, the callback runs at once, and what it gives back is gone for
# the rest of the handler. What the handler then returns is dropped: its stream is never read and never cancelled, so whatever
# waits for one of the two waits for ever.
#
# Output:
# > stays: handler returns, body read, body read, after
# > leaves: after, handler returns
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "dependencies": { "next": "16.4.6", "node": "24.21.0", "react": "19.3.1", "react-dom": "19.3.1" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1 NEXT_TELEMETRY_DISABLED=1

mkdir -p app/slow
cat >app/slow/route.js <<'END'
import { appendFileSync } from "node:fs";
import { after } from "next/server";

const log = (line) => appendFileSync(process.env.LOG, `${line}\n`);

export async function GET(request) {
  after(() => log("after"));
  await new Promise((done) => setTimeout(done, 500));
  log("handler returns");
  let pieces = 1;
  const body = new ReadableStream(
    {
      pull(controller) {
        log("body read");
        if (pieces-- > 0) controller.enqueue(new TextEncoder().encode("piece"));
        else controller.close();
      },
      cancel: () => log("body cancelled"),
    },
    { highWaterMark: 0 },
  );
  return new Response(body);
}
END

cat >look.mjs <<'END'
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const probe = createServer().listen(0, "127.0.0.1");
await once(probe, "listening");
const { port } = probe.address();
probe.close();

const args = ["node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1", "-p", String(port)];
const server = spawn("node", args, { env: { ...process.env, LOG: "log" }, stdio: ["ignore", "pipe", "ignore"] });
for await (const text of server.stdout) if (String(text).includes("Ready")) break;

for (const leaves of [false, true]) {
  writeFileSync("log", "");
  const request = get({ host: "127.0.0.1", port, path: "/slow", agent: false }, (response) => response.resume());
  request.on("error", () => {});
  if (leaves) setTimeout(() => request.destroy(), 200);
  await sleep(3000);
  console.log(`${leaves ? "leaves" : "stays"}: ${readFileSync("log", "utf8").trim().split("\n").join(", ")}`);
}
server.kill("SIGKILL");
process.exit();
END

timeout 120 next build >build.log 2>&1 || { cat build.log >&2; exit 1; }
timeout 60 node look.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
