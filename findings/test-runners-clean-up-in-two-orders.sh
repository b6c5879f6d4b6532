#!/usr/bin/env bash
# Vitest runs cleanup functions last registered first; node:test, Bun, Jest and Mocha run them first registered first.
#
# Date: 2026-11-30
# With: vitest 5.1.2, jest 30.5.2, mocha 11.7.5, node 24.21.0, bun 1.4.5 (npm packages "node", "bun")
#
# Expected: what was registered last is cleaned up first, as with `defer`, nested `finally` blocks and
# `DisposableStack`: a database that was set up before a server is closed after it.
#
# Happens: only Vitest does so. The others run `afterEach`, and `t.after` (node:test) or `onTestFinished` (Bun), in the
# order of registration. Tests that are moved from one to the other close the database under the server, or no longer
# do.
#
# Output (two afterEach, and where there are such two cleanups of the test itself, all registered database first):
# > vitest: server database own-server own-database
# > node:test: database server own-database own-server
# > bun: database server own-database own-server
# > jest: database server
# > mocha: database server
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "bun": "1.4.5", "jest": "30.5.2", "mocha": "11.7.5", "node": "24.21.0", "vitest": "5.1.2" },
  "allowScripts": { "bun": true, "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >cleanup.txt <<'END'
import { appendFileSync } from "node:fs";

const run = (text) => appendFileSync("order", `${text} `);
afterEach(() => run("database"));
afterEach(() => run("server"));
END
cat >own.txt <<'END'
test("a test", () => {
  onTestFinished(() => run("own-database"));
  onTestFinished(() => run("own-server"));
});
END
cat >node-own.txt <<'END'
test("a test", (context) => {
  context.after(() => run("own-database"));
  context.after(() => run("own-server"));
});
END
{ echo 'import { afterEach, onTestFinished, test } from "vitest";'; cat cleanup.txt own.txt; } >vitest.test.mjs
{ echo 'import { afterEach, onTestFinished, test } from "bun:test";'; cat cleanup.txt own.txt; } >bun.test.mjs
{ echo 'import { afterEach, test } from "node:test";'; cat cleanup.txt node-own.txt; } >node.test.mjs
{ echo 'import { afterEach, test } from "@jest/globals";'; cat cleanup.txt; echo 'test("a test", () => {});'; } >jest.test.mjs
{ cat cleanup.txt; echo 'it("a test", () => {});'; } >mocha.test.mjs

report() {
  local name=$1
  shift
  rm -f order
  timeout 120 "$@" >log 2>&1 || { cat log >&2; return 1; }
  echo "$name: $(sed 's/ *$//' order)"
}

{
  report vitest vitest run vitest.test.mjs
  report node:test node --test node.test.mjs
  report bun bun test ./bun.test.mjs
  report jest env NODE_OPTIONS=--experimental-vm-modules jest --testMatch "**/jest.test.mjs" --transform "{}"
  report mocha mocha mocha.test.mjs
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
