#!/usr/bin/env bash
# brandi: every lookup of a token reads `process.env.NODE_ENV`, in production too.
#
# Date: 2026-11-30
# With: brandi 5.1.0, node 24.21.0 (npm package "node")
#
# Expected: a library that has checks for development only reads the mode once, when it is loaded, or leaves the reading to a
# bundler, which replaces it with a constant.
#
# Happens: each token that a resolve looks up reads it again, also a dependency and an instance that exists already. In a
# program that is not bundled `process.env` is no ordinary object: Node asks the environment of the process for the variable
# and makes a new string of it. With a plain object in its place, the same program resolved a singleton about three times as
# fast on the date above.
#
# Output:
# > loading: 0 reads
# > createContainer: 2 reads
# > get of a singleton: 1 read
# > get of it again: 1 read
# > get of it from a child: 1 read
# > get of a transient with two dependencies, of which one has one: 4 reads
# > 1000 times get of it: 4000 reads
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "brandi": "5.1.0", "node": "24.21.0" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >reads.mjs <<'END'
let reads = 0;
process.env = new Proxy(process.env, {
  get(variables, name) {
    if (name === "NODE_ENV") reads += 1;
    return variables[name];
  },
});
const report = async (name, run) => {
  reads = 0;
  const value = await run();
  console.log(`${name}: ${reads} read${reads === 1 ? "" : "s"}`);
  return value;
};

const { createContainer, injected, token } = await report("loading", () => import("brandi"));
const container = await report("createContainer", createContainer);

class Config {}
class Database {
  constructor(config) {
    this.config = config;
  }
}
class Users {
  constructor(config, database) {
    Object.assign(this, { config, database });
  }
}
const tokens = { config: token("config"), database: token("database"), users: token("users") };
injected(Database, tokens.config);
injected(Users, tokens.config, tokens.database);
container.bind(tokens.config).toInstance(Config).inSingletonScope();
container.bind(tokens.database).toInstance(Database).inTransientScope();
container.bind(tokens.users).toInstance(Users).inTransientScope();
const child = createContainer().extend(container);

await report("get of a singleton", () => container.get(tokens.config));
await report("get of it again", () => container.get(tokens.config));
await report("get of it from a child", () => child.get(tokens.config));
await report("get of a transient with two dependencies, of which one has one", () => container.get(tokens.users));
await report("1000 times get of it", () => {
  for (let i = 0; i < 1000; i += 1) container.get(tokens.users);
});
END

NODE_ENV=production timeout 60 node reads.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
