#!/usr/bin/env bash
# Vite: an edit of a module that accepts its edits evaluates the modules that it imports anew, if they import it.
#
# Date: 2026-11-30
# With: vite 8.4.0, node 24.21.0 (npm package "node")
#
# Expected: `import.meta.hot.accept()` limits an edit to the module. What it imports, a module with the state of the page
# among it, is the same for the old version and the new one.
#
# Happens: when the module imports one that imports it, in a circle, the server sends "update" as it does otherwise, and then
# gives the new version another address of the imported one, with a time in it. The browser takes that for another module
# and evaluates it: its state exists twice, and the page goes on with the old one. Nothing is reloaded, and nothing is said
# unless the evaluation throws.
#
# Output (what service.js, which accepts, imports → what is sent after an edit, what the new version imports, how often app.js
# was evaluated):
# > app.js, which imports nothing → update, of /app.js; app.js was evaluated once
# > app.js, which imports service.js → update, of /app.js?t=…; app.js was evaluated twice
# > app.js, which imports main.js, which imports service.js → update, of /app.js?t=…; app.js was evaluated twice
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
import { createServer, createServerModuleRunner } from "vite";

const service = `import { app } from "./app.js";
export const use = () => app;
if (import.meta.hot) import.meta.hot.accept();
`;
const count = "globalThis.evaluated = (globalThis.evaluated ?? 0) + 1;\n";
const apps = {
  "app.js, which imports nothing": "export const app = {};\n",
  "app.js, which imports service.js": 'import { use } from "./service.js";\nexport const app = { use: () => use() };\n',
  "app.js, which imports main.js, which imports service.js":
    'import { start } from "./main.js";\nexport const app = { start: () => start() };\n',
};
for (const [index, [name, app]] of Object.entries(apps).entries()) {
  const root = `${process.cwd()}/site${index}`;
  mkdirSync(root);
  writeFileSync(`${root}/main.js`, 'import { use } from "./service.js";\nexport const start = () => use();\n');
  writeFileSync(`${root}/service.js`, service);
  writeFileSync(`${root}/app.js`, app + count);
  const server = await createServer({
    appType: "custom",
    configFile: false,
    logLevel: "silent",
    optimizeDeps: { noDiscovery: true },
    root,
    server: { middlewareMode: true, watch: null, ws: false },
  });
  // The page, as far as its server sees it.
  const { client, ssr } = server.environments;
  for (const file of ["main.js", "service.js", "app.js"]) await client.transformRequest(`/${file}`);
  const answered = new Promise((done) => (client.hot.send = ({ type }) => done(type)));
  // A runner of modules, which evaluates them and has no page.
  globalThis.evaluated = 0;
  const runner = createServerModuleRunner(server.environments.ssr, { hmr: { logger: false } });
  await runner.import("/main.js");
  const updated = new Promise((done) => ssr.hot.on("vite:afterUpdate", done));

  writeFileSync(`${root}/service.js`, `${service}// edited\n`);
  server.watcher.emit("change", `${root}/service.js`);
  const type = await Promise.race([answered, sleep(5000)]);
  const { code } = await client.transformRequest("/service.js");
  const [, imported] = /from "(\/app\.js[^"]*)"/.exec(code);
  await Promise.race([updated, sleep(1000)]);
  const times = { 1: "once", 2: "twice" }[globalThis.evaluated] ?? `${globalThis.evaluated} times`;
  console.log(`${name} → ${type}, of ${imported.replace(/t=\d+/, "t=…")}; app.js was evaluated ${times}`);
  await runner.close();
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
