#!/usr/bin/env bash
# Vue: `onScopeDispose` of a component runs before the components inside of it are unmounted.
#
# Date: 2026-11-30
# With: vue 3.5.45, node 24.21.0 (npm package "node")
#
# Expected: what a component made in `setup` and gives to those inside with `provide` outlives them when it is disposed by
# `onScopeDispose`, since those inside go first.
#
# Happens: the effect scope of a component ends before its children are told anything. In `onBeforeUnmount`,
# `onScopeDispose` and `onUnmounted` of a child, what it injected is disposed already. `onUnmounted` of the component
# comes last.
#
# Output:
# > outer onBeforeUnmount
# > outer onScopeDispose
# > inner onBeforeUnmount
# > inner onScopeDispose
# > inner onUnmounted
# > outer onUnmounted
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "node": "24.21.0", "vue": "3.5.45" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >unmount.mjs <<'END'
import { createRenderer, h, onBeforeUnmount, onScopeDispose, onUnmounted } from "vue";

// A page is not needed to see the order: the nodes are plain objects.
const node = () => ({});
const { createApp } = createRenderer({
  createElement: node,
  createText: node,
  createComment: node,
  insert() {},
  remove() {},
  patchProp() {},
  setText() {},
  setElementText() {},
  parentNode: () => null,
  nextSibling: () => null,
});
const component = (name, children) => ({
  setup() {
    onBeforeUnmount(() => console.log(`${name} onBeforeUnmount`));
    onScopeDispose(() => console.log(`${name} onScopeDispose`));
    onUnmounted(() => console.log(`${name} onUnmounted`));
    return () => h("div", children());
  },
});
const inner = component("inner", () => []);
const app = createApp(component("outer", () => [h(inner)]));
app.mount({});
app.unmount();
END

timeout 60 node unmount.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
