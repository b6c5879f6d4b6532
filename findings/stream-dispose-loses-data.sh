#!/usr/bin/env bash
# `await using` of a file stream throws away what was written to it: disposing a stream destroys it.
#
# Date: 2026-11-30
# With: node 24.21.0, deno 2.9.5, bun 1.4.5 (npm packages "node", "deno", "bun")
#
# Expected: `await using log = createWriteStream(path)` closes the file at the end of the block with everything that was
# written to it before, as `end()` does, and as `await using` of a `FileHandle` does.
#
# Happens: the disposer of a Writable calls `destroy()`. Data that is still in the stream's buffer is dropped, and the
# promise of the disposer resolves, so nothing tells of the loss. The same holds for what is built on streams, such as
# compression. A stream has to be ended, and its "finish" awaited, before the end of the block.
#
# Output:
# > node, a stream ended: resolves, the file has "one two"
# > node, a file handle disposed: resolves, the file has "one two"
# > node, a stream disposed: resolves, the file has ""
# > bun, a stream ended: resolves, the file has "one two"
# > bun, a file handle disposed: resolves, the file has "one two"
# > bun, a stream disposed: resolves, the file has ""
# > deno, a stream ended: resolves, the file has "one two"
# > deno, a file handle disposed: resolves, the file has "one two"
# > deno, a stream disposed: resolves, the file has ""
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

cat >lines.mjs <<'END'
import { createWriteStream, readFileSync } from "node:fs";
import { open } from "node:fs/promises";

const look = async (name, write) => {
  const path = `${process.argv[2]}-${name.replaceAll(" ", "-")}.log`;
  const disposed = await write(path).then(
    () => "resolves",
    (error) => `rejects with ${error.code ?? error.name}`,
  );
  await new Promise((done) => setTimeout(done, 200));
  console.log(`${process.argv[2]}, ${name}: ${disposed}, the file has ${JSON.stringify(readFileSync(path, { encoding: "utf8", flag: "a+" }))}`);
};

await look("a stream ended", async (path) => {
  const log = createWriteStream(path);
  log.write("one ");
  log.write("two");
  await new Promise((done) => log.end(done));
});
await look("a file handle disposed", async (path) => {
  await using log = await open(path, "w");
  await log.write("one ");
  await log.write("two");
});
await look("a stream disposed", async (path) => {
  await using log = createWriteStream(path);
  log.write("one ");
  log.write("two");
});
END

{
  timeout 60 node lines.mjs node
  timeout 60 bun lines.mjs bun
  timeout 60 deno run -A lines.mjs deno
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
