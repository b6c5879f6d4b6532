#!/usr/bin/env bash
# Deno: a declaration file that imports "./types.js" is an error where there is only types.d.ts; TypeScript takes it.
#
# Date: 2026-11-30
# With: deno 2.9.5, typescript 7.0.2 (npm packages "deno", "typescript")
#
# Expected: `deno check` finds the declarations of a package as TypeScript does. For files of types alone, TypeScript emits no
# code, and writes "./types.js" into the declarations that import them all the same.
#
# Happens: where the files are imported by an address or an import map, not as an npm package, Deno looks for types.js
# itself. It is not there, and the import is an error. What names the declarations ("./types.d.ts") is taken by both.
#
# Output:
# > tsc, import type … from "./types.js": ok
# > tsc, import type … from "./types.d.ts": ok
# > deno check, import type … from "./types.js": Cannot find module './types.js'
# > deno check, import type … from "./types.d.ts": ok
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "dependencies": { "deno": "2.9.5", "typescript": "7.0.2" },
  "allowScripts": { "deno": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1
export DENO_DIR="$dir/.deno" DENO_NO_UPDATE_CHECK=1

# What tsc emits for lib.ts and types.ts, and the line with which Deno finds the types of a file.
mkdir lib
cat >lib/lib.js <<'END'
// @ts-self-types="./lib.d.ts"
export const port = { number: 8080 };
END
echo 'export interface Port { readonly number: number }' >lib/types.d.ts
echo 'import { port } from "./lib/lib.js"; const number: number = port.number; console.log(number);' >main.ts
cat >tsconfig.json <<'END'
{
  "compilerOptions": { "module": "esnext", "moduleResolution": "bundler", "noEmit": true, "strict": true, "lib": ["esnext", "dom"], "types": [] },
  "files": ["main.ts"]
}
END
echo '{}' >deno.json

look() {
  said=$("${@:3}" 2>&1) && said=ok || true
  [ "$said" = ok ] || said=$(grep -o "Cannot find module.*" <<<"$said" | head -1 | sed -e "s|file://.*/lib/|./|" -e "s|\.$||" -e 's|"|'"'"'|g')
  echo "$1, import type … from \"$2\": $said"
}
declare_with() {
  printf 'import type { Port } from "%s";\nexport declare const port: Port;\n' "$1" >lib/lib.d.ts
}

for tool in tsc "deno check"; do
  for path in ./types.js ./types.d.ts; do
    declare_with "$path"
    if [ "$tool" = tsc ]; then look tsc "$path" timeout 60 tsc -p .; else look "deno check" "$path" timeout 60 deno check main.ts; fi
  done
done | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
