#!/usr/bin/env bash
# Next: a package in `serverExternalPackages` is bundled all the same when it is linked, and then there are two of it.
#
# Date: 2026-11-30
# With: next 16.4.6, react 19.3.1, node 24.21.0 (npm package "node")
#
# Expected: a package that is named in `serverExternalPackages` is imported by Node, so that instrumentation, route handlers
# and pages share one module: one connection pool, one set of classes.
#
# Happens: that holds for a package that npm has unpacked. One that npm has linked, as it does for `file:./pool` and for the
# packages of a workspace, is bundled, without a warning, and each bundle has a module of its own.
#
# Output:
# > unpacked: instrumentation has pool 1, the route has pool 1
# > linked: instrumentation has pool 1, the route has pool 2
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

mkdir -p app/pool pool
echo '{ "name": "pool", "version": "1.0.0", "type": "module", "main": "index.js" }' >pool/package.json
cat >pool/index.js <<'END'
globalThis.pools = (globalThis.pools ?? 0) + 1;
export const number = globalThis.pools;
END
echo 'export default { serverExternalPackages: ["pool"] };' >next.config.mjs
cat >instrumentation.js <<'END'
export async function register() {
  if (process.env.NEXT_RUNTIME === "nodejs") globalThis.first = (await import("pool")).number;
}
END
cat >app/pool/route.js <<'END'
import { number } from "pool";

export const dynamic = "force-dynamic";
export const GET = () => new Response(`instrumentation has pool ${globalThis.first}, the route has pool ${number}`);
END
cat >ask.mjs <<'END'
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

const probe = createServer().listen(0, "127.0.0.1");
await once(probe, "listening");
const { port } = probe.address();
probe.close();

const args = ["node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1", "-p", String(port)];
const server = spawn("node", args, { stdio: ["ignore", "pipe", "ignore"] });
for await (const text of server.stdout) if (String(text).includes("Ready")) break;
const response = await fetch(`http://127.0.0.1:${port}/pool`);
console.log(`${process.argv[2]}: ${await response.text()}`);
server.kill("SIGKILL");
process.exit();
END

npm pack ./pool --loglevel=error >/dev/null
for how in unpacked linked; do
  package=./pool-1.0.0.tgz
  [ $how = unpacked ] || package=./pool
  npm install --no-audit --no-fund --no-package-lock --loglevel=error --install-links=false $package >/dev/null || exit 2
  rm -rf .next
  timeout 120 next build >build.log 2>&1 || { cat build.log >&2; exit 1; }
  timeout 60 node ask.mjs $how
done | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
