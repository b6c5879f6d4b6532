#!/usr/bin/env bash
# inversify: a child container takes over neither `defaultScope` nor `jitless` of its parent.
#
# Date: 2026-11-30
# With: inversify 8.2.3, reflect-metadata 0.2.2, node 24.21.0 (npm package "node")
#
# Expected: the options of the root are those of the containers below it, as they were with `createChild` of inversify 6.
# `autobind` still is such an option: classes without a binding are found through the parent.
#
# Happens: a child has the library's defaults. The same lines of registration make one instance in the root and a new one for
# every `get` in a child. Code that the root compiles (`jitless: false`) is not used by children, which is where the requests
# of a server are resolved. Both have to be repeated wherever a container is made.
#
# Output:
# > root, defaultScope "Singleton": one instance
# > child, bound in the root: one instance
# > child, bound in the child: two instances
# > child with the option too, bound in the child: one instance
# > child, class without a binding under autobind: one instance
# > root, jitless false: 1 function is compiled
# > child, bound in the root: 0 functions are compiled
# > child with the option too, bound in the root: 1 function is compiled
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

cat >options.mjs <<'END'
import "reflect-metadata";

let compiled = 0;
globalThis.Function = new Proxy(Function, {
  construct(target, parts) {
    compiled += 1;
    return Reflect.construct(target, parts);
  },
});
const { Container } = await import("inversify");

const instances = (name, container, id) =>
  console.log(`${name}: ${container.get(id) === container.get(id) ? "one instance" : "two instances"}`);
class Clock {}
const scope = { defaultScope: "Singleton", autobind: true };
const root = new Container(scope);
const bind = (container, id) => {
  container.bind(id).toDynamicValue(() => ({}));
  return container;
};
instances('root, defaultScope "Singleton"', bind(root, "log"), "log");
const child = bind(new Container({ parent: root }), "user");
instances("child, bound in the root", child, "log");
instances("child, bound in the child", child, "user");
instances("child with the option too, bound in the child", bind(new Container({ parent: root, ...scope }), "user"), "user");
instances("child, class without a binding under autobind", child, Clock);

const functions = (name, container) => {
  compiled = 0;
  container.get("session");
  console.log(`${name}: ${compiled} function${compiled === 1 ? " is" : "s are"} compiled`);
};
const jit = new Container({ jitless: false });
jit.bind("session").toResolvedValue(() => ({}), []);
functions("root, jitless false", jit);
functions("child, bound in the root", new Container({ parent: jit }));
functions("child with the option too, bound in the root", new Container({ parent: jit, jitless: false }));
END

timeout 60 node options.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
