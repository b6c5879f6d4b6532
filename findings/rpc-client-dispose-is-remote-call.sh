#!/usr/bin/env bash
# comlink, birpc: disposing a client by its symbol sends a call to the other side, and waits for the answer.
#
# Date: 2026-11-30
# With: birpc 4.2.0, comlink 4.4.2, node 24.21.0 (npm package "node")
#
# Expected: a client of an RPC library either has no `Symbol.asyncDispose`, or one that closes the client.
#
# Happens: the client is a Proxy that answers to every name with a function, symbols included, so code that looks for a
# disposer by `typeof client[Symbol.asyncDispose] === "function"` finds one. Calling it is a call of a remote method of
# that name, and nothing is closed. The operator `in` tells the truth. What closes a client is `client[releaseProxy]()`
# in comlink and `client.$close()` in birpc. (Here nobody is at the other side.)
#
# Output:
# > comlink: Symbol.asyncDispose in client: false
# > comlink: typeof client[Symbol.asyncDispose]: function
# > comlink: typeof client[Symbol.dispose]: function
# > comlink: disposed: sent ["APPLY Symbol(Symbol.asyncDispose)"], then waits
# > birpc: Symbol.asyncDispose in client: false
# > birpc: typeof client[Symbol.asyncDispose]: function
# > birpc: typeof client[Symbol.dispose]: function
# > birpc: disposed: sent ["call Symbol(Symbol.asyncDispose)"], then waits
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "birpc": "4.2.0", "comlink": "4.4.2", "node": "24.21.0" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >client.mjs <<'END'
import { createBirpc } from "birpc";
import { wrap } from "comlink";

const sent = [];
const clients = {
  comlink: wrap({
    addEventListener() {},
    removeEventListener() {},
    start() {},
    postMessage: (message) => sent.push(`${message.type} ${String(message.path)}`),
  }),
  birpc: createBirpc({}, { post: (message) => sent.push(`call ${String(message.m)}`), on() {} }),
};

for (const [name, client] of Object.entries(clients)) {
  console.log(`${name}: Symbol.asyncDispose in client: ${Symbol.asyncDispose in client}`);
  console.log(`${name}: typeof client[Symbol.asyncDispose]: ${typeof client[Symbol.asyncDispose]}`);
  console.log(`${name}: typeof client[Symbol.dispose]: ${typeof client[Symbol.dispose]}`);
  const disposed = client[Symbol.asyncDispose]().then(
    () => "resolves",
    () => "rejects",
  );
  const seen = await Promise.race([disposed, new Promise((done) => setTimeout(done, 1000, "waits"))]);
  console.log(`${name}: disposed: sent ${JSON.stringify(sent.splice(0))}, then ${seen}`);
}
process.exit();
END

timeout 60 node client.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
