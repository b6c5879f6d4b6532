#!/usr/bin/env bash
# React Router: in a server middleware `next()` returns with status 500 while the loader is still at work, when the client leaves.
#
# Date: 2026-11-30
# With: react-router 8.4.0, react 19.3.1, node 24.21.0 (npm package "node")
#
# Expected: what stands after `await next()` runs when the loaders and actions below are done: the place to commit a
# transaction, to give back a connection, to end a span. An error of a loader comes out of `next()` as an exception.
#
# Happens: `next()` never throws: an error of a loader is a Response with status 500. When the signal of the request aborts,
# `next()` returns such a Response at once. The loader goes on, with what the middleware takes away from under it.
#
# Output:
# > loader returns: loader returns, next() returned 200
# > loader throws: loader throws, next() returned 500
# > client leaves: next() returned 500, loader returns
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "node": "24.21.0", "react": "19.3.1", "react-dom": "19.3.1", "react-router": "8.4.0" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >leave.mjs <<'END'
import { setTimeout as sleep } from "node:timers/promises";
import { createRequestHandler } from "react-router";

let log = [];
const middleware = async (_, next) => {
  try {
    const response = await next();
    log.push(`next() returned ${response.status}`);
    return response;
  } catch (error) {
    log.push(`next() threw ${error.message}`);
    throw error;
  }
};
async function loader({ request }) {
  await sleep(200);
  const fails = request.url.endsWith("?fails");
  log.push(fails ? "loader throws" : "loader returns");
  if (fails) throw new Error("sold out");
  return Response.json("text");
}
// What `react-router build` makes of an app with one route.
const route = { id: "root", path: "", module: { middleware: [middleware], loader } };
const handle = createRequestHandler(
  {
    assets: { routes: { root: { ...route, hasLoader: true } }, entry: { imports: [], module: "" }, url: "", version: "1" },
    assetsBuildDirectory: "",
    basename: "/",
    entry: { module: { default: () => new Response("page"), handleError() {} } },
    future: {},
    isSpaMode: false,
    prerender: [],
    publicPath: "/",
    routeDiscovery: { mode: "initial" },
    routes: { root: route },
    ssr: true,
  },
  "production",
);

async function look(name, url, leaves) {
  log = [];
  const client = new AbortController();
  const answer = handle(new Request(url, { signal: client.signal }));
  await sleep(50);
  if (leaves) client.abort();
  await answer;
  await sleep(400);
  console.log(`${name}: ${log.join(", ")}`);
}
await look("loader returns", "http://localhost/");
await look("loader throws", "http://localhost/?fails");
await look("client leaves", "http://localhost/", true);
END

timeout 60 node leave.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
