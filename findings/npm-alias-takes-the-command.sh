#!/usr/bin/env bash
# npm: adding a second version of a package under an alias puts its commands in the place of those of the first.
#
# Date: 2026-11-30
# With: npm 11.19.1 (npm package "npm"), typescript 7.0.2 and 5.4.5
#
# Expected: `tsc` in node_modules/.bin stays the one of the package that is named `typescript`, or at least depends on what is
# installed and not on how it came there.
#
# Happens: `npm install typescript-5.4@npm:typescript@5.4.5` in a project that has typescript already links `tsc` to the old
# compiler, without a word. The very same package.json and lockfile, installed from nothing by `npm ci`, link it to the new
# one. So a script that says `tsc` compiles with one version where the alias was added, and with another one everywhere else.
#
# Output:
# > typescript alone: tsc is Version 7.0.2
# > after adding an alias of 5.4.5: tsc is Version 5.4.5
# > after npm ci of the same lockfile: tsc is Version 7.0.2
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

mkdir tool project
cat >tool/package.json <<'END'
{ "private": true, "dependencies": { "npm": "11.19.1" } }
END
(cd tool && npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null) || exit 2
npm() { "$dir/tool/node_modules/.bin/npm" "$@" --no-audit --no-fund --loglevel=error >/dev/null; }

cd project
cat >package.json <<'END'
{ "private": true, "dependencies": { "typescript": "7.0.2" } }
END
say() { echo "$1: tsc is $(node_modules/.bin/tsc --version)"; }

npm install || exit 2
{
  say "typescript alone"
  npm install typescript-5.4@npm:typescript@5.4.5 || exit 2
  say "after adding an alias of 5.4.5"
  npm ci || exit 2
  say "after npm ci of the same lockfile"
} | tee ../seen

if diff <(sed -n 's/^# > //p' "$self") ../seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
