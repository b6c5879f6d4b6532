#!/usr/bin/env bash
# iti: `container.items.name` defines a getter for every token of the container, each time that `items` is read.
#
# Date: 2026-11-30
# With: iti 0.8.0, node 24.21.0 (npm package "node")
#
# Expected: `container.items.name` costs what `container.get("name")` costs, which the README calls the same. `getItems` with
# three names looks up three tokens.
#
# Happens: `items` is a getter that makes an object with one getter per token, so reading one instance that exists already
# takes time and memory in proportion to the size of the container. `getItems` reads it twice for each name, and once more
# where the value is a promise. A factory that closes over the `items` that `add` gave it is not concerned: that is one object.
#
# Output (getters that were defined):
# > 10 tokens: get 0, items.name 10, getItems of three 60, of three promises 90, a dependency through the items of add 0
# > 1000 tokens: get 0, items.name 1000, getItems of three 6000, of three promises 9000, a dependency through the items of add 0
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

cat >items.mjs <<'END'
let defined = 0;
const { defineProperty } = Object;
Object.defineProperty = (...parts) => {
  if (parts[2].get) defined += 1;
  return defineProperty(...parts);
};
const { createContainer } = await import("iti");

const look = async (size) => {
  const others = Object.fromEntries(Array.from({ length: size - 7 }, (_, index) => [`other${index}`, () => index]));
  const container = createContainer()
    .add({ ...others, a: () => 1, b: () => 2, c: () => 3, d: async () => 4, e: async () => 5, f: async () => 6 })
    .add((items) => ({ sum: () => items.a + items.b + items.c }));
  const count = async (run) => {
    defined = 0;
    await run();
    return defined;
  };
  const seen = [
    `get ${await count(() => container.get("a"))}`,
    `items.name ${await count(() => container.items.a)}`,
    `getItems of three ${await count(() => container.getItems(["a", "b", "c"]))}`,
    `of three promises ${await count(() => container.getItems(["d", "e", "f"]))}`,
    `a dependency through the items of add ${await count(() => container.get("sum"))}`,
  ];
  console.log(`${size} tokens: ${seen.join(", ")}`);
};

await look(10);
await look(1000);
END

timeout 60 node items.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
