#!/usr/bin/env bash
# Next: the edge runtime gets the files that a package has for browsers, not those for workers or the default ones.
#
# Date: 2026-11-30
# With: next 16.4.6, react and react-dom 19.3.1, node 24.21.0 (npm package "node")
#
# Expected: the edge runtime is a server. It has an export condition of its own, "edge-light", and a package that does not know
# it falls to "worker" or "default"; the files under "browser" are for pages, and may want a `document`.
#
# Happens: a route on the edge runtime is bundled with the conditions "edge-light" and "browser", and not with "worker". A
# package that does not know Next's own name gives the edge its files for pages, also where it has some for workers. The same
# route on Node gets "node".
#
# Output (the conditions that a package has, in order → what a route gets on the edge / on Node):
# > edge-light, worker, browser, node, default → edge-light / node
# > worker, browser, node, default → browser / node
# > browser, node, default → browser / node
# > node, default → default / node
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "dependencies": { "next": "16.4.6", "node": "24.21.0", "react": "19.3.1", "react-dom": "19.3.1" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1 NEXT_TELEMETRY_DISABLED=1

lists=("edge-light worker browser node default" "worker browser node default" "browser node default" "node default")
imports="" names=""
for i in "${!lists[@]}"; do
  mkdir -p "node_modules/which$i"
  conditions=""
  for condition in ${lists[i]}; do
    echo "export const which = '$condition';" >"node_modules/which$i/$condition.js"
    conditions="$conditions${conditions:+, }\"$condition\": \"./$condition.js\""
  done
  echo "{ \"name\": \"which$i\", \"version\": \"1.0.0\", \"type\": \"module\", \"exports\": { $conditions } }" >"node_modules/which$i/package.json"
  imports+="import { which as which$i } from \"which$i\";"$'\n'
  names+="which$i, "
done
mkdir -p app/edge app/node
echo 'export default ({ children }) => <html><body>{children}</body></html>;' >app/layout.js
for runtime in edge nodejs; do
  cat >"app/${runtime/js/}/route.js" <<END
$imports
export const runtime = "$runtime";
export const dynamic = "force-dynamic";
export const GET = () => Response.json([$names]);
END
done
echo "export default { turbopack: { root: \"$dir\" } };" >next.config.mjs
timeout 120 next build >build.txt 2>&1 || { cat build.txt; exit 1; }
node node_modules/next/dist/bin/next start --port 0 --hostname 127.0.0.1 >start.txt 2>&1 &
server=$!
for _ in $(seq 100); do grep -q Ready start.txt && break || sleep 0.1; done
address=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' start.txt | head -1)

node -e '
const [address, ...lists] = process.argv.slice(1);
const get = async (path) => (await fetch(`${address}/${path}`)).json();
Promise.all([get("edge"), get("node")]).then(([edge, node]) =>
  lists.forEach((list, i) => console.log(`${list.replaceAll(" ", ", ")} → ${edge[i]} / ${node[i]}`)),
);' "$address" "${lists[@]}" | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
