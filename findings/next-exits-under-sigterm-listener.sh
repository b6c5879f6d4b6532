#!/usr/bin/env bash
# Next: on SIGTERM it ends the process with 143 after its last response, under the SIGTERM listeners of the program.
#
# Date: 2026-11-30
# With: next 16.4.6, react 19.3.1, node 24.21.0 (npm package "node")
#
# Expected: a server that closes gracefully on SIGTERM ends with 0, and a listener for SIGTERM of the program itself, here in
# instrumentation, may close a database and write out what is left in a queue.
#
# Happens: Next answers what is in flight, and calls process.exit(143) in the next moment: the listener is cut off after its
# first `await`, and a supervisor sees a failure. With NEXT_MANUAL_SIG_HANDLE=true Next
# leaves the signal to the program, and does not close its server either.
#
# Output:
# > by Next: the response is done, the listener has begun, exits with 143
# > NEXT_MANUAL_SIG_HANDLE=true: the response is done, the listener has begun and finished, exits with 0
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
unset NEXT_MANUAL_SIG_HANDLE

mkdir -p app/slow
cat >instrumentation.js <<'END'
export async function register() {
  if (process.env.NEXT_RUNTIME === "nodejs") await import("./instrumentation-node.js");
}
END
cat >instrumentation-node.js <<'END'
import { appendFileSync } from "node:fs";

process.on("SIGTERM", async () => {
  appendFileSync("log", "has begun");
  await new Promise((done) => setTimeout(done, 1500));
  appendFileSync("log", " and finished");
  process.exit(0);
});
END
cat >app/slow/route.js <<'END'
export const dynamic = "force-dynamic";
export async function GET() {
  await new Promise((done) => setTimeout(done, 800));
  return new Response("done");
}
END
cat >stop.mjs <<'END'
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const probe = createServer().listen(0, "127.0.0.1");
await once(probe, "listening");
const { port } = probe.address();
probe.close();

const args = ["node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1", "-p", String(port)];
for (const [name, env] of [
  ["by Next", {}],
  ["NEXT_MANUAL_SIG_HANDLE=true", { NEXT_MANUAL_SIG_HANDLE: "true" }],
]) {
  writeFileSync("log", "");
  const server = spawn("node", args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "ignore"] });
  let printed = "";
  await new Promise((ready) =>
    server.stdout.on("data", (text) => {
      printed += text;
      if (printed.includes("Ready")) ready();
    }),
  );
  const answer = fetch(`http://127.0.0.1:${port}/slow`, { headers: { connection: "close" } });
  const text = answer.then((response) => response.text());
  const request = text.catch(() => "cut off");
  await sleep(400);
  const ended = once(server, "exit");
  server.kill("SIGTERM");
  const [code, signal] = await ended;
  const how = signal ? `ends by ${signal}` : `exits with ${code}`;
  console.log(`${name}: the response is ${await request}, the listener ${readFileSync("log", "utf8")}, ${how}`);
}
END

timeout 120 next build >build.log 2>&1 || { cat build.log >&2; exit 1; }
timeout 60 node stop.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
