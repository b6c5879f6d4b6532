#!/usr/bin/env bash
# inversify: an asynchronous singleton that failed once fails for ever; a synchronous one is built again.
#
# Date: 2026-11-30
# With: inversify 8.2.3, reflect-metadata 0.2.2, node 24.21.0 (npm package "node")
#
# Expected: the two kinds of factory behave alike: a service that could not be built is built at the next attempt, which
# matters for a connection to something that starts at the same time.
#
# Happens: of an asynchronous factory the container keeps the promise, also when it rejects. Every later `getAsync`
# gives the first error, and the factory is not called again.
#
# Output:
# > synchronous factory, get: not up yet / {"connected":true} / {"connected":true}; the factory ran 2 times
# > asynchronous factory, getAsync: not up yet / not up yet / not up yet; the factory ran 1 time
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "inversify": "8.2.3", "node": "24.21.0", "reflect-metadata": "0.2.2" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >again.mjs <<'END'
import "reflect-metadata";
import { Container } from "inversify";

const attempts = async (name, makeFails, build) => {
  const container = new Container();
  let calls = 0;
  container
    .bind("database")
    .toDynamicValue(makeFails(() => {
      calls += 1;
      if (calls === 1) throw new Error("not up yet");
      return { connected: true };
    }))
    .inSingletonScope();
  const seen = [];
  for (let attempt = 0; attempt < 3; attempt += 1)
    try {
      seen.push(JSON.stringify(await build(container)));
    } catch (error) {
      seen.push(error.message);
    }
  console.log(`${name}: ${seen.join(" / ")}; the factory ran ${calls} time${calls === 1 ? "" : "s"}`);
};

await attempts("synchronous factory, get", (create) => () => create(), (container) => container.get("database"));
await attempts("asynchronous factory, getAsync", (create) => async () => create(), (container) => container.getAsync("database"));
END

timeout 60 node again.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
