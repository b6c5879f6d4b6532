#!/usr/bin/env bash
# Node 24 refuses a bound function or a Proxy as the disposer of `using`; other runtimes, and Node 26, take it.
#
# Date: 2026-11-30
# With: node 24.21.0 and 26.10.0, deno 2.9.5, bun 1.4.5 (npm packages "node", "deno", "bun"), typescript 7.0.2
#
# Expected: any callable value is a disposer, as it is for every other method that the language calls.
# `close.bind(connection)` is a common way to write one.
#
# Happens: in Node 24 `using` and `DisposableStack` throw a TypeError that says that the disposer is not a function,
# although calling it works. Code that TypeScript compiled to an older target takes it for `using`, so changing the
# target changes what the program does. The resource is then never disposed.
#
# Output (`using` / `DisposableStack.use` / called by hand):
# > node 24, arrow function: disposed / disposed / disposed
# > node 24, bound function: TypeError / TypeError / disposed
# > node 24, proxy: TypeError / TypeError / disposed
# > node 24, compiled, arrow function: disposed / disposed / disposed
# > node 24, compiled, bound function: disposed / TypeError / disposed
# > node 24, compiled, proxy: disposed / TypeError / disposed
# > node 26, arrow function: disposed / disposed / disposed
# > node 26, bound function: disposed / disposed / disposed
# > node 26, proxy: disposed / disposed / disposed
# > bun, arrow function: disposed / disposed / disposed
# > bun, bound function: disposed / disposed / disposed
# > bun, proxy: disposed / disposed / disposed
# > deno, arrow function: disposed / disposed / disposed
# > deno, bound function: disposed / disposed / disposed
# > deno, proxy: disposed / disposed / disposed
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "node": "24.21.0", "deno": "2.9.5", "bun": "1.4.5", "typescript": "7.0.2" },
  "allowScripts": { "node": true, "deno": true, "bun": true }
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

cat >bound.mjs <<'END'
const look = (name, wrap) => {
  let ran = false;
  const resource = { [Symbol.dispose]: wrap(() => (ran = true)) };
  const seen = [
    () => {
      using held = resource;
    },
    () => {
      using stack = new DisposableStack();
      stack.use(resource);
    },
    () => resource[Symbol.dispose](),
  ].map((dispose) => {
    ran = false;
    try {
      dispose();
      return ran ? "disposed" : "not disposed";
    } catch (error) {
      return error.name;
    }
  });
  console.log(`${process.argv[2]}, ${name}: ${seen.join(" / ")}`);
};

look("arrow function", (dispose) => dispose);
look("bound function", (dispose) => dispose.bind(null));
look("proxy", (dispose) => new Proxy(dispose, {}));
END
cp bound.mjs source.mts
cat >tsconfig.json <<'END'
{
  "compilerOptions": { "target": "es2022", "lib": ["esnext", "dom"], "types": [], "strict": false, "outDir": "compiled" },
  "files": ["source.mts"]
}
END
echo 'declare const process: any;' >>source.mts
tsc

{
  timeout 60 node bound.mjs "node 24"
  timeout 60 node compiled/source.mjs "node 24, compiled"
  timeout 60 newer/node_modules/.bin/node bound.mjs "node 26"
  timeout 60 bun bound.mjs bun
  timeout 60 deno run -A bound.mjs deno
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
