#!/usr/bin/env bash
# kysely: a transaction begun with `startTransaction` has a disposer that always rejects and ends nothing.
#
# Date: 2026-11-30
# With: kysely 0.29.9, node 24.21.0 (npm package "node")
#
# Expected: `await using transaction = await db.startTransaction().execute()` rolls back at the end of the block, unless
# the transaction was committed before, and gives the connection back. The type of a transaction is AsyncDisposable.
#
# Happens: the disposer is that of the whole database, which a transaction refuses to run. It rejects after a commit,
# too, so a block that did everything right ends with an error; and where the block was left early the transaction stays
# open with its connection taken: here, the only one, everything after it waits.
#
# Output:
# > it has a disposer: function
# > committed, then disposed: rejects: calling the destroy method for a Transaction is not supported
# > the connection is free
# > open, then disposed: rejects: calling the destroy method for a Transaction is not supported
# > the connection is taken
# > rolled back by hand: the connection is free
# > the database disposed: resolves
set -euo pipefail
self=$(realpath "$0")
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >package.json <<'END'
{
  "private": true,
  "type": "module",
  "dependencies": { "kysely": "0.29.9", "node": "24.21.0" },
  "allowScripts": { "node": true }
}
END
npm install --no-audit --no-fund --no-package-lock --loglevel=error >/dev/null || exit 2
export PATH="$dir/node_modules/.bin:$PATH" NO_COLOR=1

cat >transaction.mjs <<'END'
import { DatabaseSync } from "node:sqlite";
import { Kysely, SqliteDialect } from "kysely";

// The dialect asks for an object shaped like one of better-sqlite3; Node's own SQLite is as good and needs no compiler.
const file = new DatabaseSync(":memory:");
const database = {
  close: () => file.close(),
  prepare: (sql) => {
    const statement = file.prepare(sql);
    return {
      reader: /^select/i.test(sql),
      all: (values) => statement.all(...values),
      run: (values) => statement.run(...values),
      iterate: (values) => statement.iterate(...values),
    };
  },
};
const db = new Kysely({ dialect: new SqliteDialect({ database }) });
const outcome = (promise) =>
  promise.then(
    () => "resolves",
    (error) => `rejects: ${error.message}`,
  );
const begin = () => db.startTransaction().execute();
const isFree = () =>
  Promise.race([
    begin().then((transaction) => transaction.rollback().execute().then(() => "free")),
    new Promise((done) => setTimeout(done, 1000, "taken")),
  ]);

console.log(`it has a disposer: ${typeof (await begin().then(async (transaction) => { await transaction.rollback().execute(); return transaction[Symbol.asyncDispose]; }))}`);
const done = await begin();
await done.commit().execute();
console.log(`committed, then disposed: ${await outcome(done[Symbol.asyncDispose]())}`);
console.log(`the connection is ${await isFree()}`);
const open = await begin();
console.log(`open, then disposed: ${await outcome(open[Symbol.asyncDispose]())}`);
console.log(`the connection is ${await isFree()}`);
await open.rollback().execute();
console.log(`rolled back by hand: the connection is ${await isFree()}`);
console.log(`the database disposed: ${await outcome(db[Symbol.asyncDispose]())}`);
process.exit();
END

timeout 60 node transaction.mjs | tee seen

if diff <(sed -n 's/^# > //p' "$self") seen; then
  echo "As recorded."
else
  echo "Changed: see the difference above." >&2
  exit 1
fi
