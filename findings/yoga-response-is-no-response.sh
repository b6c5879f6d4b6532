#!/usr/bin/env bash
# GraphQL Yoga on Node answers with an object that is no instance of `Response`.
#
# Date: 2026-11-30
# With: graphql-yoga 5.24.1, graphql 16.11.0, node 24.21.0, deno 2.9.5, bun 1.4.5 (npm packages "node", "deno", "bun")
#
# Expected: `yoga.fetch(request)` gives a Response, as the signature of a fetch-style handler says and as the type
# tells; Node has had the class since version 18.
#
# Happens: on Node the answer is of a class of its own, and so are its headers and its body. It has the methods and even
# the `toString` tag of a Response, so all goes well until a wrapper, a framework or a test asks with `instanceof`. In
# Bun and Deno it is a Response. Code around fetch-style handlers has to look at the shape.
#
# Output:
# > node: not a Response, not a Headers, not a ReadableStream; [object Response], 200, {"data":{"hi":"there"}}
# > bun: a Response, a Headers, a ReadableStream; [object Response], 200, {"data":{"hi":"there"}}
# > deno: a Response, a Headers, a ReadableStream; [object Response], 200, {"data":{"hi":"there"}}
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "graphql": "16.11.0", "graphql-yoga": "5.24.1", "node": "24.21.0", "deno": "2.9.5", "bun": "1.4.5" },
  "allowScripts": { "node": true, "deno": true, "bun": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1
export DENO_DIR="$dir/.deno" DENO_NO_UPDATE_CHECK=1

cat >yoga.mjs <<'END'
import { createSchema, createYoga } from "graphql-yoga";

const yoga = createYoga({
  logging: false,
  schema: createSchema({ typeDefs: "type Query { hi: String }", resolvers: { Query: { hi: () => "there" } } }),
});
const response = await yoga.fetch("http://localhost/graphql?query={hi}");
const is = (value, constructor) => `${value instanceof constructor ? "a" : "not a"} ${constructor.name}`;
const seen = [is(response, Response), is(response.headers, Headers), is(response.body, ReadableStream)];
const tag = Object.prototype.toString.call(response);
console.log(`${process.argv[2]}: ${seen.join(", ")}; ${tag}, ${response.status}, ${await response.text()}`);
END

{
  timeout 60 node yoga.mjs node
  timeout 60 bun yoga.mjs bun
  timeout 60 deno run -A yoga.mjs deno
} | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
