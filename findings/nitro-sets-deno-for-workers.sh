#!/usr/bin/env bash
# Nitro 2: what is built for Cloudflare Workers gets the files that a package has for Deno, where the package names Deno first.
#
# Date: 2026-11-30
# With: nitropack 2.13.6 (what Nuxt 4 builds with), node 24.21.0 (npm package "node")
#
# Expected: a build has the export conditions of the runtime that it is for: "workerd" for Cloudflare, "edge-light" for Vercel,
# "deno" for Deno. So a package may list the runtimes in any order, as long as "node" and "default" come last.
#
# Happens: whatever is not Node is built with the conditions of all edges at once, "deno" and "browser" among them. The first key
# of a package wins, so Cloudflare gets the files for Deno, and Deno Deploy those for Cloudflare, as the package has it. Only
# "workerd" before "deno" gives the Workers theirs; no order is right for both.
#
# Output (preset: the conditions, of those that name a place → what a package gives it that lists Deno first / Workers first):
# > cloudflare-module: deno, workerd, worker, edge-light, browser, netlify → deno / workerd
# > deno-deploy: deno, workerd, worker, edge-light, browser, netlify → deno / workerd
# > netlify-edge: deno, workerd, worker, edge-light, browser, netlify → deno / workerd
# > vercel-edge: deno, workerd, worker, edge-light, browser, netlify → deno / workerd
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "nitropack": "2.13.6", "node": "24.21.0" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1 NITRO_TELEMETRY_DISABLED=1

# A package with a file for each of the conditions. Which of them was taken is read off what is made.
package() {
  local name=$1 keys="" condition
  shift
  mkdir -p "node_modules/$name"
  for condition in "$@" default; do
    echo "export default 'TAKEN $name $condition';" >"node_modules/$name/$condition.js"
    keys="$keys${keys:+, }\"$condition\": \"./$condition.js\""
  done
  echo "{ \"name\": \"$name\", \"version\": \"1.0.0\", \"type\": \"module\", \"exports\": { $keys } }" >"node_modules/$name/package.json"
}
places=(deno bun workerd worker edge-light browser netlify node)
package deno-first deno bun workerd browser node
package workers-first workerd deno bun browser node
imports="" names=""
for place in "${places[@]}"; do
  package "has-$place" "$place"
  imports+="import has_${place//-/_} from \"has-$place\";"$'\n'
  names+="has_${place//-/_}, "
done
mkdir routes
cat >routes/index.js <<END
$imports
import denoFirst from "deno-first";
import workersFirst from "workers-first";
export default defineEventHandler(() => [$names denoFirst, workersFirst]);
END
echo 'export default { srcDir: ".", compatibilityDate: "2026-10-01", noExternals: true, minify: false };' >nitro.config.mjs

for preset in cloudflare-module deno-deploy netlify-edge vercel-edge; do
  rm -rf .output .netlify .vercel dist
  NITRO_PRESET=$preset timeout 120 nitropack build >build.txt 2>&1 || { cat build.txt; exit 1; }
  { grep -rohsE --include='*.js' --include='*.mjs' --include='*.ts' "TAKEN [a-z-]+ [a-z-]+" .output .netlify .vercel dist || true; } | sort -u >taken
  taken() { sed -n "s/^TAKEN $1 //p" taken; }
  held=""
  for place in "${places[@]}"; do
    if [ "$(taken "has-$place")" = "$place" ]; then held+="${held:+, }$place"; fi
  done
  echo "$preset: $held → $(taken deno-first) / $(taken workers-first)"
done | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
