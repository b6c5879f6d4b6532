#!/usr/bin/env bash
# Vite: whether an edit reloads the page depends on how `import.meta.hot.accept` is spelt, not on whether it is called.
#
# Date: 2026-11-30
# With: vite 8.4.0, node 24.21.0 (npm package "node")
#
# Expected: a module that calls `accept` on its hot context while it runs accepts its own edits, through a variable or a
# helper function, too.
#
# Happens: the server decides by reading the text of the module. It looks for `import.meta.hot.accept(`, with a dot or
# `?.`; what sits in code that never runs counts, and a call through a variable, a helper or a quoted name does not: the
# page is reloaded although `accept` was called. With `const { hot } = import.meta` there is no hot context at all. A
# library can offer no function that accepts on behalf of a module.
#
# Output (the line of the module → what it is given, and what the server sends after an edit):
# > if (import.meta.hot) import.meta.hot.accept() → has import.meta.hot, an edit sends update
# > import.meta.hot?.accept() → has import.meta.hot, an edit sends update
# > if (false) import.meta.hot.accept() → has import.meta.hot, an edit sends update
# > if (import.meta.hot) import.meta.hot["accept"]() → has import.meta.hot, an edit sends full-reload
# > const hot = import.meta.hot; if (hot) hot.accept() → has import.meta.hot, an edit sends full-reload
# > const { hot } = import.meta; if (hot) hot.accept() → has no import.meta.hot, an edit sends full-reload
# > const accept = (hot) => hot?.accept(); accept(import.meta.hot) → has import.meta.hot, an edit sends full-reload
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "node": "24.21.0", "vite": "8.4.0" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >edit.mjs <<'END'
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer } from "vite";

const lines = [
  "if (import.meta.hot) import.meta.hot.accept()",
  "import.meta.hot?.accept()",
  "if (false) import.meta.hot.accept()",
  'if (import.meta.hot) import.meta.hot["accept"]()',
  "const hot = import.meta.hot; if (hot) hot.accept()",
  "const { hot } = import.meta; if (hot) hot.accept()",
  "const accept = (hot) => hot?.accept(); accept(import.meta.hot)",
];
mkdirSync("site");
const server = await createServer({
  appType: "custom",
  configFile: false,
  logLevel: "silent",
  optimizeDeps: { noDiscovery: true },
  root: `${process.cwd()}/site`,
  server: { middlewareMode: true, watch: null, ws: false },
});
const client = server.environments.client;
for (const [index, line] of lines.entries()) {
  const file = `${process.cwd()}/site/module${index}.js`;
  writeFileSync(`${process.cwd()}/site/main${index}.js`, `import "./module${index}.js";\n`);
  writeFileSync(file, `export const version = 1;\n${line};\n`);
  await client.transformRequest(`/main${index}.js`);
  const { code } = await client.transformRequest(`/module${index}.js`);
  let sent;
  const answered = new Promise((done) => (client.hot.send = (message) => done((sent = message.type))));
  writeFileSync(file, `export const version = 2;\n${line};\n`);
  server.watcher.emit("change", file);
  await Promise.race([answered, sleep(5000)]);
  const has = code.includes("import.meta.hot = ") ? "has import.meta.hot" : "has no import.meta.hot";
  console.log(`${line} → ${has}, an edit sends ${sent}`);
}
process.exit();
END

timeout 60 node edit.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
