#!/usr/bin/env bash
# Parcel: `exports` of a package are not read unless a setting in the root package.json says so; the one of the project is not
# looked at.
#
# Date: 2026-11-30
# With: parcel 2.16.4, hono 4.13.19, node 24.21.0 (npm package "node")
#
# Expected: an import that Node, TypeScript and all other bundlers resolve by `exports` is found. Where a setting is needed, it is
# read from the package.json of the program that is built.
#
# Happens: `hono` is found, by its `main`, and `hono/cookie` is not, because no file has that name. The setting
# "@parcel/resolver-default": { "packageExports": true } helps in the package.json beside the lockfile. In the package.json
# beside the program, one folder below, it changes nothing, and nothing says that it was ignored.
#
# Output (what is built → what Parcel says):
# > import "hono", no setting → built
# > import "hono/cookie", no setting → Failed to resolve 'hono/cookie'
# > import "hono/cookie", the setting beside the program → Failed to resolve 'hono/cookie'
# > import "hono/cookie", the setting beside the lockfile → built
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "dependencies": { "hono": "4.13.19", "node": "24.21.0", "parcel": "2.16.4" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

setting='"@parcel/resolver-default": { "packageExports": true }'
targets='"targets": { "main": false, "page": { "distDir": "out", "context": "browser", "outputFormat": "esmodule", "includeNodeModules": true } }'
mkdir program
look() {
  echo "import \"$2\", $1 → $(cd program && echo "import * as it from '$2'; console.log(it);" >index.mjs &&
    { timeout 60 parcel build index.mjs --target page --no-cache 2>&1 || true; } |
    grep -oE "Failed to resolve '[^']*'|Built" | head -1 | sed 's/Built/built/')"
}
{
  echo "{ \"type\": \"module\", $targets }" >program/package.json
  look "no setting" hono
  look "no setting" hono/cookie
  echo "{ \"type\": \"module\", $targets, $setting }" >program/package.json
  look "the setting beside the program" hono/cookie
  echo "{ \"type\": \"module\", $targets }" >program/package.json
  sed -i "s|\"private\": true,|\"private\": true, $setting,|" package.json
  look "the setting beside the lockfile" hono/cookie
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
