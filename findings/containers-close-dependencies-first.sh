#!/usr/bin/env bash
# awilix, inversify, tsyringe: disposing a container begins with the dependencies, and does not wait before it goes on.
#
# Date: 2026-11-30
# With: awilix 13.0.5, inversify 8.2.3, tsyringe 4.10.0, reflect-metadata 0.2.2, node 24.21.0 (npm package "node")
#
# Expected: a container knows that the server was built with the database, so it closes the server, waits for that, and
# then closes the database, as `AsyncDisposableStack` does.
#
# Happens: all three call the disposers in the order in which the services were built, the database first, and wait for
# all of them together. A server that finishes its requests while it closes finds its database closing.
#
# Output:
# > awilix: database closes, server closes, database closed, server closed
# > inversify: database closes, server closes, database closed, server closed
# > tsyringe: database closes, server closes, database closed, server closed
# > AsyncDisposableStack: server closes, server closed, database closes, database closed
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "awilix": "13.0.5", "inversify": "8.2.3", "node": "24.21.0", "reflect-metadata": "0.2.2", "tsyringe": "4.10.0" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >order.mjs <<'END'
import "reflect-metadata";
import { setTimeout as sleep } from "node:timers/promises";
import { asFunction, createContainer } from "awilix";
import { Container } from "inversify";
import { container as tsyringe, Lifecycle } from "tsyringe";

let log = [];
const close = async (name) => {
  log.push(`${name} closes`);
  await sleep(50);
  log.push(`${name} closed`);
};
const show = (name) => {
  console.log(`${name}: ${log.join(", ")}`);
  log = [];
};

{
  const container = createContainer();
  container.register({
    database: asFunction(() => ({})).singleton().disposer(() => close("database")),
    server: asFunction(({ database }) => ({ database })).singleton().disposer(() => close("server")),
  });
  container.resolve("server");
  await container.dispose();
  show("awilix");
}
{
  const container = new Container();
  const bind = (name, dependencies) =>
    container
      .bind(name)
      .toResolvedValue((...resolved) => ({ resolved }), dependencies)
      .inSingletonScope()
      .onDeactivation(() => close(name));
  bind("database", []);
  bind("server", ["database"]);
  container.get("server");
  await container.unbindAllAsync();
  show("inversify");
}
{
  class Database {
    dispose = () => close("database");
  }
  class Server {
    constructor(database) {
      this.database = database;
    }
    dispose = () => close("server");
  }
  Reflect.defineMetadata("design:paramtypes", [Database], Server);
  const { injectable } = await import("tsyringe");
  injectable()(Database);
  injectable()(Server);
  const container = tsyringe.createChildContainer();
  container.register(Database, { useClass: Database }, { lifecycle: Lifecycle.Singleton });
  container.register(Server, { useClass: Server }, { lifecycle: Lifecycle.Singleton });
  container.resolve(Server);
  await container.dispose();
  show("tsyringe");
}
{
  const stack = new AsyncDisposableStack();
  stack.defer(() => close("database"));
  stack.defer(() => close("server"));
  await stack.disposeAsync();
  show("AsyncDisposableStack");
}
END

timeout 60 node order.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
