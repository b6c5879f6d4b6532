#!/usr/bin/env bash
# V8: a function that is written as the right side of `o.f = …` begins in old space, and what it captures outlives scavenges.
#
# Date: 2026-11-30
# With: node 24.21.0 and 26.10.0, deno 2.9.5 (npm packages "node", "deno")
#
# Expected: `o.read = () => data` and `const read = () => data; o.read = read` are the same program. What nobody holds any more
# goes with the next scavenge, however it was written.
#
# Happens: V8 takes a function literal on the right side of an assignment to a property for a method that lives long, and
# allocates it in old space. Scavenges free nothing there, so what the variables of its scope hold is copied to old space as
# well, and stays until a full collection, long after the function and its object are unreachable. A function that uses
# none of them does the same when another one of that scope does. Code that TurboFan has compiled makes the function young,
# so a benchmark that is hot enough does not show it. A constant in between, an object literal and a field of a class
# make it young in every tier.
#
# Output (what is left of the data of 1000 objects that nobody holds, after three scavenges and then after a full collection;
# and the generation of the function, in the interpreter, Sparkplug, Maglev and TurboFan):
# > node 24, o.read = () => data: all, none; old, old, old, young
# > node 24, o[key] = () => data: all, none; old, old, old, young
# > node 24, this.read = () => data, in a constructor: all, none; old, old, old, young
# > node 24, o.read = () => 1, beside a function that uses data: all, none; old, old, old, young
# > node 24, const read = () => data; o.read = read: none, none; young, young, young, young
# > node 24, const o = { read: () => data }: none, none; young, young, young, young
# > node 24, read = () => this.data, a field of a class: none, none; young, young, young, young
# > node 26, o.read = () => data: all, none; old, old, old, young
# > node 26, o[key] = () => data: all, none; old, old, old, young
# > node 26, this.read = () => data, in a constructor: all, none; old, old, old, young
# > node 26, o.read = () => 1, beside a function that uses data: all, none; old, old, old, young
# > node 26, const read = () => data; o.read = read: none, none; young, young, young, young
# > node 26, const o = { read: () => data }: none, none; young, young, young, young
# > node 26, read = () => this.data, a field of a class: none, none; young, young, young, young
# > deno, o.read = () => data: all, none; old, old, old, young
# > deno, o[key] = () => data: all, none; old, old, old, young
# > deno, this.read = () => data, in a constructor: all, none; old, old, old, young
# > deno, o.read = () => 1, beside a function that uses data: all, none; old, old, old, young
# > deno, const read = () => data; o.read = read: none, none; young, young, young, young
# > deno, const o = { read: () => data }: none, none; young, young, young, young
# > deno, read = () => this.data, a field of a class: none, none; young, young, young, young
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "node": "24.21.0", "deno": "2.9.5" },
  "allowScripts": { "node": true, "deno": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1
export DENO_DIR="$dir/.deno" DENO_NO_UPDATE_CHECK=1

mkdir newer
cat >newer/package.json <<'END'
{ "private": true, "dependencies": { "node": "26.10.0" }, "allowScripts": { "node": true } }
END
(cd newer && npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null) || exit 2

cat >old.mjs <<'END'
import { getHeapSpaceStatistics } from "node:v8";

// Every form twice, as two functions: the one whose survivors are counted is called too seldom to be compiled by TurboFan.
const forms = () => {
  const key = ["re", "ad"].join("");
  class Assigned {
    constructor(data) {
      this.read = () => data;
    }
  }
  class Field {
    constructor(data) {
      this.data = data;
    }
    read = () => this.data;
  }
  return {
    "o.read = () => data": (data) => {
      const o = {};
      o.read = () => data;
      return o;
    },
    "o[key] = () => data": (data) => {
      const o = {};
      o[key] = () => data;
      return o;
    },
    "this.read = () => data, in a constructor": Assigned,
    "o.read = () => 1, beside a function that uses data": (data) => {
      const o = {};
      [() => data].length = 0;
      o.read = () => 1;
      return o;
    },
    "const read = () => data; o.read = read": (data) => {
      const o = {};
      const read = () => data;
      o.read = read;
      return o;
    },
    "const o = { read: () => data }": (data) => {
      const o = { read: () => data };
      return o;
    },
    "read = () => this.data, a field of a class": Field,
  };
};
const isClass = (make) => make.prototype !== undefined;
const call = (make, data) => (isClass(make) ? new make(data) : make(data));

const oldSpace = () => getHeapSpaceStatistics().find((space) => space.space_name === "old_space").space_used_size;
const count = 1000;
const length = 100;
const share = (bytes) => {
  const part = bytes / (count * length * 8);
  return part > 0.7 ? "all" : part < 0.3 ? "none" : `${Math.round(part * 100)} %`;
};
const survivors = (make) => {
  gc();
  gc();
  const before = oldSpace();
  for (let i = 0; i < count; i += 1) call(make, Array.from({ length }, (_, k) => k + 0.5));
  for (let i = 0; i < 3; i += 1) gc({ type: "minor" });
  const scavenged = share(oldSpace() - before);
  gc();
  return `${scavenged}, ${share(oldSpace() - before)}`;
};

const native = (name) => new Function("value", `return %${name}(value)`);
const isYoung = native("InYoungGeneration");
const tiers = {
  interpreter: () => {},
  baseline: native("CompileBaseline"),
  maglev: native("OptimizeMaglevOnNextCall"),
  turbofan: native("OptimizeFunctionOnNextCall"),
};
const generations = (make) => {
  native("PrepareFunctionForOptimization")(make);
  for (let i = 0; i < 10; i += 1) call(make, i);
  return Object.values(tiers)
    .map((compile) => {
      compile(make);
      return isYoung(call(make, 0).read) ? "young" : "old";
    })
    .join(", ");
};

const [counted, compiled] = [forms(), forms()];
for (const name of Object.keys(counted))
  console.log(`${process.argv[2]}, ${name}: ${survivors(counted[name])}; ${generations(compiled[name])}`);
END

{
  timeout 60 node --expose-gc --allow-natives-syntax old.mjs "node 24"
  timeout 60 newer/node_modules/.bin/node --expose-gc --allow-natives-syntax old.mjs "node 26"
  timeout 60 deno run -A --v8-flags=--expose-gc,--allow-natives-syntax old.mjs deno
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
