#!/usr/bin/env bash
# Node's http.Server.close() cuts off a response that was ended but is still on its way to a slow reader.
#
# Date: 2026-11-29
# With: node 24.21.0, deno 2.9.5, bun 1.4.5 (npm packages "node", "deno", "bun")
#
# Expected: `server.close()` takes no new connections and lets the responses under way finish; its callback comes when
# they have.
#
# Happens: close() also ends the idle connections, and one counts as idle as soon as `response.end()` was called, however
# much of the response is still in the process's memory. The client has a part of the bytes that content-length promised,
# and close() reports success. Bun's node:http does the same; Deno's node:http, Bun.serve and Deno.serve send all of it.
# What makes it so: with `closeIdleConnections` replaced by a function that does nothing ("none idle" below) the client
# gets everything. A program that must not cut can wait for the "finish" of its responses before close() ("at finish").
#
# But for that last case, the client reads one piece, then close() is called, and only then does the client read on. The
# body (64 MiB) is far more than a loopback connection holds by itself. The numbers of bytes (3919872 of 67108993 where it
# is cut) go to stderr and are not compared.
#
# Output:
# > node node:http: no error, and the client has a part
# > node node:http, none idle: no error, and the client has everything
# > node node:http, at finish: no error, and the client has everything
# > bun node:http: no error, and the client has a part
# > bun Bun.serve: no error, and the client has everything
# > deno node:http: no error, and the client has everything
# > deno Deno.serve: no error, and the client has everything
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

cat >slow.mjs <<'END'
import { createServer } from "node:http";
import net from "node:net";

const [runtime, way] = process.argv.slice(2);
const size = 64 * 1024 * 1024;
const body = new Uint8Array(size);
let port;
let stop;
let stopped;
if (way === "Bun.serve") {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(body) });
  port = server.port;
  stop = () => server.stop().then(() => "no error");
} else if (way === "Deno.serve") {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response(body));
  port = server.addr.port;
  stop = () => server.shutdown().then(() => "no error");
} else {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-length": size });
    if (way.endsWith("at finish")) response.on("finish", () => (stopped = stop()));
    response.end(body);
  });
  if (way.endsWith("none idle")) server.closeIdleConnections = () => {};
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  port = server.address().port;
  stop = () => new Promise((done) => server.close((error) => done(error ? error.code : "no error")));
}

const client = net.connect(port, "127.0.0.1");
const closed = new Promise((done) => client.on("close", done));
client.on("error", () => {});
client.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
let received = 0;
let total;
client.on("data", (piece) => {
  received += piece.length;
  if (!total) {
    const text = piece.toString("latin1");
    total = text.indexOf("\r\n\r\n") + 4 + Number(/content-length: *(\d+)/i.exec(text)[1]);
    if (!way.endsWith("at finish")) {
      client.pause();
      stopped = stop();
      client.resume();
    }
  }
  if (received === total) client.end();
});
await closed;
console.error(`(${received} of ${total} bytes)`);
console.log(`${runtime} ${way}: ${await stopped}, and the client has ${received < total ? "a part" : "everything"}`);
process.exit();
END

{
  timeout 60 node slow.mjs node "node:http"
  timeout 60 node slow.mjs node "node:http, none idle"
  timeout 60 node slow.mjs node "node:http, at finish"
  timeout 60 bun slow.mjs bun "node:http"
  timeout 60 bun slow.mjs bun "Bun.serve"
  timeout 60 deno run -A slow.mjs deno "node:http"
  timeout 60 deno run -A slow.mjs deno "Deno.serve"
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
