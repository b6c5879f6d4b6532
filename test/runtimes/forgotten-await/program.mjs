/**
 * Promises that a program drops. What `getAsync`, `runAsync` and `[Symbol.asyncDispose]` return are ordinary promises: the
 * runtime tells when one rejects and nobody has looked. A build that nobody was promised is told to `reportError`, once.
 *
 * Prints one line of JSON: for each case, what was told as an unhandled rejection, and what was reported.
 */

import { createContainer, optional, scoped, singleton, token } from "thimble";

const Db = token("db");
const Users = token("users");
const Other = token("other");
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

const fails = async () => {
  await undefined;
  throw new Error("no db");
};
const open = () =>
  createContainer(
    singleton(Db, fails),
    singleton(Users, [Db], (db) => db),
    singleton(Other, [Db], (db) => db),
    scoped(token("session"), [Db], (db) => db),
  );
const swallow = (fn) => {
  try {
    fn();
  } catch {
    // ASYNC_PROVIDER
  }
};

const cases = {
  "getAsync is dropped": (app) => void app.getAsync(Db),
  "getAsync of a dependent is dropped": (app) => void app.getAsync(Users),
  "getAsync of a list is dropped": (app) => void app.getAsync([Users, Other]),
  "getAsync with optional is dropped": (app) => void app.getAsync(optional(Db)),
  "runAsync is dropped": (app) => void app.runAsync([Db], () => {}),
  "getAsync in a scope below is dropped": (app) => void app.createScope().getAsync(Users),
  "getAsync is dropped with a signal that never aborts": (app) =>
    void app.getAsync(Db, { signal: new AbortController().signal }),
  "getAsync is dropped by one of two": async (app) => {
    void app.getAsync(Db);
    await app.getAsync(Db).catch(() => {});
  },
  "await using is left, and a disposal fails": (_, make) => {
    const app = make(singleton(Db, () => "db", { dispose: fails }));
    app.get(Db);
    void app[Symbol.asyncDispose]();
  },
  "getAsync is dropped in a factory": async (app, make) => {
    const other = make(
      singleton(Db, fails),
      singleton(Users, ({ getAsync }) => (void getAsync(Db), "users")),
    );
    other.get(Users);
  },
  "getAsync is awaited": (app) => app.getAsync(Users).catch(() => {}),
  "getAsync is awaited later": async (app) => {
    const asked = app.getAsync(Db);
    await Promise.allSettled([asked]);
  },
  "get gives up": (app) => swallow(() => app.get(Users)),
  "get gives up, and somebody else awaits": async (app) => {
    swallow(() => app.get(Users));
    await app.getAsync(Users).catch(() => {});
  },
  "shutdown is dropped, and a disposal fails": (_, make) => {
    const app = make(singleton(Db, () => "db", { dispose: fails }));
    app.get(Db);
    void app.shutdown();
  },
};

const told = {};
for (const [name, run] of Object.entries(cases)) {
  const now = (told[name] = { unhandled: [], reported: [] });
  const listener = ({ message }) => now.unhandled.push(message.split("\n")[0]);
  process.on("unhandledRejection", listener);
  globalThis.reportError = ({ message }) => now.reported.push(message);
  await run(open(), createContainer);
  await turn();
  process.off("unhandledRejection", listener);
}
console.log(JSON.stringify(told));
