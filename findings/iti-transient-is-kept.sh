#!/usr/bin/env bash
# iti: what its README shows as a transient gives the same function at every `get`, not another instance.
#
# Date: 2026-11-30
# With: iti 0.8.0, node 24.21.0 (npm package "node")
#
# Expected: as the README has it under "Transient", a factory that returns a function makes two calls of `get` give two
# different values.
#
# Happens: `get` keeps what the factory returned, and that is the inner function: it is the same each time, and no instance
# at all. The instance is new when the caller calls what it got, `container.get("oven")()`. There is no
# kind of provider of which `get` itself makes a new instance. A dependent that takes the item gets the function too, and the
# types say so.
#
# Output:
# > README of the package, Transient: get === get // false
# > the program of the README: get === get // true
# > get gives: function
# > get()() === get()(): false
# > a dependent that takes the item gets: function
# > an ordinary factory: get === get // true
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "iti": "0.8.0", "node": "24.21.0" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >transient.mjs <<'END'
import { readFileSync } from "node:fs";
import { createContainer } from "iti";

const readme = readFileSync("node_modules/iti/README.md", "utf8");
const example = readme.slice(readme.indexOf("**Transient**")).split("```")[1];
const told = /get\("(\w+)"\) === \w+\.get\("\1"\) \/\/ (true|false)/.exec(example);
console.log(`README of the package, Transient: get === get // ${told?.[2]}`);

class Oven {}
const container = createContainer()
  .add({ oven: () => () => new Oven(), fridge: () => ({}) })
  .add((items) => ({ kitchen: () => ({ oven: items.oven }) }));
const same = (name) => container.get(name) === container.get(name);
console.log(`the program of the README: get === get // ${same("oven")}`);
console.log(`get gives: ${typeof container.get("oven")}`);
console.log(`get()() === get()(): ${container.get("oven")() === container.get("oven")()}`);
console.log(`a dependent that takes the item gets: ${typeof container.get("kitchen").oven}`);
console.log(`an ordinary factory: get === get // ${same("fridge")}`);
END

timeout 60 node transient.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
