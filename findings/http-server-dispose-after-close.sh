#!/usr/bin/env bash
# Disposing a Node HTTP server that is already closed fails; a net.Server may be disposed at any time.
#
# Date: 2026-11-29
# With: node 24.21.0 and 20.20.2, deno 2.9.5, bun 1.4.5 (npm packages "node", "deno", "bun")
#
# Expected: `server[Symbol.asyncDispose]()` means "see to it that this is closed". After a completed `server.close()`, or
# a second time, there is nothing to do and the promise resolves, as disposers commonly allow and as net.Server does.
#
# Happens: with http, https and http2 servers the promise rejects with ERR_SERVER_NOT_RUNNING when the server is closed,
# was disposed before, or never listened. A program that stops its server first and disposes of everything later
# is told of a failure that is none. Bun differs for http2, Deno for http (and only there).
#
# Output (closed first / disposed twice / never listened):
# > node 24 net: resolves / resolves / resolves
# > node 24 http: ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING
# > node 24 https: ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING
# > node 24 http2: ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING
# > node 20 net: resolves / resolves / resolves
# > node 20 http: ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING
# > node 20 https: ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING
# > node 20 http2: ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING
# > bun net: resolves / resolves / resolves
# > bun http: ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING
# > bun https: ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING
# > bun http2: resolves / resolves / resolves
# > deno net: resolves / resolves / resolves
# > deno http: resolves / resolves / resolves
# > deno https: ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING
# > deno http2: ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING / ERR_SERVER_NOT_RUNNING
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

mkdir old
cat >old/package.json <<'END'
{ "private": true, "dependencies": { "node": "20.20.2" }, "allowScripts": { "node": true } }
END
(cd old && npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null) || exit 2

cat >dispose.mjs <<'END'
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";

const listen = (server) => new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
const close = (server) => new Promise((done) => server.close(done));
const dispose = (server) =>
  server[Symbol.asyncDispose]().then(
    () => "resolves",
    (error) => error.code,
  );

for (const [name, { createServer }] of Object.entries({ net, http, https, http2 })) {
  const closed = await listen(createServer());
  await close(closed);
  const disposed = await listen(createServer());
  await dispose(disposed);
  const idle = createServer();
  const seen = [await dispose(closed), await dispose(disposed), await dispose(idle)];
  console.log(`${process.argv[2]} ${name}: ${seen.join(" / ")}`);
}
process.exit();
END

{
  timeout 60 node dispose.mjs "node 24"
  timeout 60 old/node_modules/.bin/node dispose.mjs "node 20"
  timeout 60 bun dispose.mjs bun
  timeout 60 deno run -A dispose.mjs deno
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
