#!/usr/bin/env bash
# Fastify: `onResponse` never runs for a request whose client left while the handler was at work.
#
# Date: 2026-11-30
# With: fastify 5.12.8, node 24.21.0 (npm package "node")
#
# Expected: `onResponse` is the end of each request, for whichever reason: it is where durations are measured and
# resources given back.
#
# Happens: when the client goes away, the handler goes on to its return, `onSend` runs, and `onResponse` does not. What
# it should have given back stays taken. `onRequestAbort` and the "close" of `reply.raw` do come, but before the handler
# has returned, so what they close is closed under it.
#
# Output:
# > the client stays: handler returns, onSend, onResponse, close
# > the client leaves: close, onRequestAbort, handler returns, onSend
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "fastify": "5.12.8", "node": "24.21.0" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >leave.mjs <<'END'
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import fastify from "fastify";

let log = [];
let inHandler;
const app = fastify();
app.addHook("onRequest", async (request, reply) => {
  reply.raw.once("close", () => log.push("close"));
});
app.addHook("onRequestAbort", async (request) => void log.push("onRequestAbort"));
app.addHook("onSend", async (request) => void log.push("onSend"));
app.addHook("onResponse", async (request) => void log.push("onResponse"));
app.get("/", async () => {
  inHandler();
  await sleep(200);
  log.push("handler returns");
  return "text";
});
await app.listen({ host: "127.0.0.1", port: 0 });

for (const leaves of [false, true]) {
  const handling = new Promise((done) => (inHandler = done));
  const client = connect(app.server.address().port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await handling;
  if (leaves) client.destroy();
  else await once(client, "data");
  await sleep(600);
  console.log(`the client ${leaves ? "leaves" : "stays"}: ${log.join(", ")}`);
  client.destroy();
  log = [];
}
process.exit();
END

timeout 60 node leave.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
