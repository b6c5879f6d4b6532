#!/usr/bin/env bash
# inversify: with `jitless: false` every child container compiles the functions of its parent's bindings again.
#
# Date: 2026-11-30
# With: inversify 8.2.3, reflect-metadata 0.2.2, node 24.21.0 (npm package "node")
#
# Expected: code is generated once for a binding, and used wherever the binding is resolved. With the option on, a server that
# makes a child container for each request resolves faster than without it.
#
# Happens: the generated function belongs to the plan of one container. A child makes a plan of its own for everything it
# resolves, also for bindings of its parent that the parent has compiled already, and calls `new Function` for each class
# and each `toResolvedValue` in it. The names in the source are numbered, so the engine, which would recognise a source that
# it has seen, compiles every one. On the date above such a request took two to three times as long as with the default.
#
# Output:
# > default: root 0, root again 0, a child 0, 100 children 0 compiled; 0 different sources
# > jitless false: root 3, root again 0, a child 3, 100 children 300 compiled; 306 different sources
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

cat >compiled.mjs <<'END'
import "reflect-metadata";

let sources = [];
globalThis.Function = new Proxy(Function, {
  construct(target, parts) {
    sources.push(parts.join("\n"));
    return Reflect.construct(target, parts);
  },
});
const { Container } = await import("inversify");

const look = (name, options) => {
  const all = new Set();
  const compiled = (run) => {
    sources = [];
    run();
    for (const source of sources) all.add(source);
    return sources.length;
  };
  const root = new Container(options);
  root.bind("config").toResolvedValue(() => ({}), []).inTransientScope();
  root.bind("session").toResolvedValue((config) => ({ config }), ["config"]).inRequestScope();
  root
    .bind("handler")
    .toResolvedValue((config, session) => ({ config, session }), ["config", "session"])
    .inTransientScope();
  const request = () => new Container({ ...options, parent: root }).get("handler");
  const seen = [
    `root ${compiled(() => root.get("handler"))}`,
    `root again ${compiled(() => root.get("handler"))}`,
    `a child ${compiled(request)}`,
    `100 children ${compiled(() => {
      for (let i = 0; i < 100; i += 1) request();
    })} compiled`,
  ];
  console.log(`${name}: ${seen.join(", ")}; ${all.size} different sources`);
};

look("default", {});
look("jitless false", { jitless: false });
END

timeout 60 node compiled.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
