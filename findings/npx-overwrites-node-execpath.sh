#!/usr/bin/env bash
# `npx` inside an npm script overwrites npm_node_execpath, with the Node that the project depends on.
#
# Date: 2026-11-29
# With: npm 11.19.1 run by node 24.21.0 (the machine's Node), in a project that depends on node 22.23.3 (npm package "node")
#
# Expected: npm_node_execpath is the Node that the user started npm with, for everything below it. A script can so find the
# machine's Node even though `node` is another one there (node_modules/.bin comes first in the PATH of scripts).
#
# Happens: every npm and npx sets it anew to the Node that runs itself, and inside a script that is the project's. So it
# says the machine's Node in `npm run x`, the project's as soon as x says `npx …` or `npm run …`, and a value
# that the caller set is lost. A script that needs the machine's Node must keep the first value under another name.
#
# Output (npm_node_execpath / the Node that runs the script):
# > npm run: machine / project
# > npm run, and npx in it: project / project
# > npm run, and npm run in it: project / project
# > npx with npm_node_execpath set by the caller: machine / project
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

mkdir machine project
cat >machine/package.json <<'END'
{ "private": true, "dependencies": { "node": "24.21.0", "npm": "11.19.1" }, "allowScripts": { "node": true } }
END
cat >project/package.json <<'END'
{
  "private": true,
  "dependencies": { "node": "22.23.3" },
  "allowScripts": { "node": true },
  "scripts": {
    "show": "node show.mjs",
    "by-npx": "npx -c 'node show.mjs'",
    "by-npm": "npm run --silent show"
  }
}
END
for folder in machine project; do
  (cd $folder && npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null) || exit 2
done
# No settings of a surrounding npm, such as one that runs this script.
for name in $(compgen -e npm_ || true); do unset "$name"; done
export PATH="$dir/machine/node_modules/.bin:$PATH" npm_config_update_notifier=false npm_config_loglevel=error
cd project

cat >show.mjs <<'END'
const whose = (path) => /\/(machine|project)\/node_modules\//.exec(path)?.[1] ?? path;
console.log(`${whose(process.env.npm_node_execpath)} / ${whose(process.execPath)}`);
END

{
  echo "npm run: $(timeout 60 npm run --silent show)"
  echo "npm run, and npx in it: $(timeout 60 npm run --silent by-npx)"
  echo "npm run, and npm run in it: $(timeout 60 npm run --silent by-npm)"
  echo "npx with npm_node_execpath set by the caller: $(npm_node_execpath=/mine timeout 60 npx -c 'node show.mjs')"
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
