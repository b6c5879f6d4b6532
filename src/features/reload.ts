/**
 * `thimble/reload`: change parts of a program while it runs.
 *
 * ```ts
 * import { createContainer, singleton, value, token } from "thimble";
 * import { reload } from "thimble/reload";
 *
 * const Url = token<string>("url");
 * class Db {
 *   readonly url: string;
 *   constructor(url: string) {
 *     this.url = url;
 *   }
 *   close() {}
 * }
 * class Users {
 *   readonly db: Db;
 *   constructor(db: Db) {
 *     this.db = db;
 *   }
 * }
 *
 * const app = createContainer(
 *   value(Url, "a"),
 *   singleton(Db, [Url], { dispose: (db) => db.close() }),
 *   singleton(Users, [Db]),
 * );
 *
 * app.get(Users);
 * await reload(app, Url, value(Url, "b")); // the old Users and Db are gone, Db closed
 * app.get(Users).db.url; // "b"
 * ```
 *
 * @module
 */

export { hot } from "./reload/hot.ts";
export { ReleasedError } from "./reload/pending.ts";
export { release, reload } from "./reload/reload.ts";
export { restartable } from "./reload/restartable.ts";
export type {
  Restartable,
  RestartableOptions,
  RestartableRun,
  RestartableState,
} from "./reload/restartable-types.ts";
export { type ForUsing, type Provided, provided, withdraw } from "./reload/withdraw.ts";
