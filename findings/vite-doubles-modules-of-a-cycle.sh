#!/usr/bin/env bash
# Vite: an edit of a module that accepts itself also doubles the modules that it imports in a cycle, without a reload.
#
# Date: 2026-11-30
# With: vite 8.4.0, node 24.21.0 (npm package "node")
#
# Expected: when a module that accepts its own edits has been edited, that module runs again, and all others are the ones that
# the page has already.
#
# Happens: where the edited module imports another one that imports it back, both get a new URL. The other one, in which
# nothing has changed, runs a second time, and the rest of the page keeps the first: two of each of its classes, symbols and
# caches. The server says "update" and not "full-reload". Without the cycle the URL stays.
#
# Output (the page's main.js imports both modules; a.js accepts itself and is edited):
# > cycle: sends update, main.js imports /b.js, the new a.js imports /b.js?t=…
# > no cycle: sends update, main.js imports /b.js, the new a.js imports /b.js
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

for (const [name, back] of [
  ["cycle", 'import "./a.js";'],
  ["no cycle", ""],
]) {
  const root = `${process.cwd()}/${name.replace(" ", "-")}`;
  const module = (version) =>
    `import { Token } from "./b.js";\nif (import.meta.hot) import.meta.hot.accept();\nexport const a = [${version}, Token];\n`;
  mkdirSync(root);
  writeFileSync(`${root}/a.js`, module(1));
  writeFileSync(`${root}/b.js`, `${back}\nexport class Token {}\n`);
  writeFileSync(`${root}/main.js`, 'import "./a.js";\nimport "./b.js";\n');
  const server = await createServer({
    appType: "custom",
    configFile: false,
    logLevel: "silent",
    optimizeDeps: { noDiscovery: true },
    root,
    server: { middlewareMode: true, watch: null, ws: false },
  });
  const client = server.environments.client;
  // What a page does: it asks for main.js, and for what that imports, and so on.
  const importsOf = async (url) => [...(await client.transformRequest(url)).code.matchAll(/(?:from|import) "(\/[ab]\.js[^"]*)"/g)].map(([, it]) => it);
  const [, old] = await importsOf("/main.js");
  for (const url of ["/a.js", "/b.js"]) await importsOf(url);
  let sent;
  const answered = new Promise((done) => (client.hot.send = (message) => done((sent = message))));
  writeFileSync(`${root}/a.js`, module(2));
  server.watcher.emit("change", `${root}/a.js`);
  await Promise.race([answered, sleep(5000)]);
  const [update] = sent.updates ?? [];
  const [now] = await importsOf(`${update.acceptedPath}?t=${update.timestamp}`);
  console.log(`${name}: sends ${sent.type}, main.js imports ${old}, the new a.js imports ${now.replace(/t=\d+/, "t=…")}`);
  await server.close();
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
