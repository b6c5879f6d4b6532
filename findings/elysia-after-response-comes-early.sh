#!/usr/bin/env bash
# Elysia: `onAfterResponse` runs after the first piece of a streamed response, with the rest still to be made.
#
# Date: 2026-11-30
# With: elysia 1.4.30, bun 1.4.5 (npm package "bun")
#
# Expected: `onAfterResponse` runs after the response, so it is the place to close what the request has used.
#
# Happens: for a generator, or a Response whose body is a stream, it runs once the stream has begun. What it closes is
# gone while the handler makes the second piece. For a plain answer it runs at the end. Whoever has to know the end of a
# stream must put a `finally` into it, or follow the body that `app.fetch` gives.
#
# Output:
# > text: handler, onAfterResponse
# > generator: first piece, onAfterResponse, second piece, end of the generator
# > stream: first piece, onAfterResponse, second piece, end of the stream
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "bun": "1.4.5", "elysia": "1.4.30" },
  "allowScripts": { "bun": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >after.mjs <<'END'
import { Elysia } from "elysia";

const log = [];
const app = new Elysia()
  .onAfterResponse(() => void log.push("onAfterResponse"))
  .get("/text", () => {
    log.push("handler");
    return "text";
  })
  .get("/generator", async function* () {
    log.push("first piece");
    yield "one ";
    await Bun.sleep(200);
    log.push("second piece");
    yield "two";
    log.push("end of the generator");
  })
  .get("/stream", () => {
    let pieces = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          if (pieces === 2) {
            log.push("end of the stream");
            return controller.close();
          }
          if (pieces > 0) await Bun.sleep(200);
          pieces += 1;
          log.push(`${pieces === 1 ? "first" : "second"} piece`);
          controller.enqueue(new TextEncoder().encode(`${pieces} `));
        },
      }),
    );
  })
  .listen({ hostname: "127.0.0.1", port: 0 });

for (const path of ["text", "generator", "stream"]) {
  await (await fetch(`http://127.0.0.1:${app.server.port}/${path}`)).text();
  await Bun.sleep(200);
  console.log(`${path}: ${log.splice(0).join(", ")}`);
}
process.exit();
END

timeout 60 bun after.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
