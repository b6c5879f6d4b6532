#!/usr/bin/env bash
# TypeScript: an options type with an optional `reason` takes an AbortSignal in place of the options.
#
# Date: 2026-11-30
# With: typescript 7.0.2 (npm package "typescript")
#
# Expected: `stop(signal)`, where `stop({ signal })` was meant, is an error: TypeScript refuses an argument that has
# nothing in common with a type that has optional properties only.
#
# Happens: one shared name is enough, and an AbortSignal has a `reason`. So an option of that name turns the check off
# for signals, without a word, and the signal is ignored. With an optional `name` it is errors that are taken (functions
# and classes, which have one as well, are refused).
#
# Output:
# > stop(signal); accepted
# > stop(new Date()); TS2559
# > stop(controller); TS2559
# > start(signal); TS2559
# > connect(() => 1); TS2559
# > connect(class Service {}); TS2560
# > connect(new Error("text")); accepted
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "typescript": "7.0.2" }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >options.ts <<'END'
declare const signal: AbortSignal;
declare const controller: AbortController;

declare function stop(options?: { timeout?: number; reason?: unknown }): void;
stop(signal);
stop(new Date());
stop(controller);

declare function start(options?: { timeout?: number }): void;
start(signal);

declare function connect(options?: { timeout?: number; name?: string }): void;
connect(() => 1);
connect(class Service {});
connect(new Error("text"));
END

{ timeout 60 tsc --noEmit --strict --target es2024 --lib esnext,dom --types "" options.ts || true; } >errors
for line in 5 6 7 10 13 14 15; do
  code=$(grep -o "^options.ts($line,[0-9]*): error TS[0-9]*" errors | grep -o "TS[0-9]*" || true)
  echo "$(sed -n "${line}p" options.ts) ${code:-accepted}"
done | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
