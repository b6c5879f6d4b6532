/**
 * `thimble/verify`: the graph of a program, checked before it runs.
 *
 * ```ts
 * import { createContainer, scoped, singleton, token } from "thimble";
 * import { verify } from "thimble/verify";
 *
 * const CurrentUser = token<{ name: string }>("user");
 * class Db {}
 * class Orders {
 *   constructor(db: Db, user: { name: string }) {}
 * }
 *
 * const app = createContainer(singleton(Db), scoped(Orders, [Db, CurrentUser]));
 *
 * for (const { message } of verify(app, { assume: [CurrentUser] })) console.error(message);
 * ```
 *
 * Types refuse most mistakes already. This finds the others: in JavaScript, in lists that are put together at run time,
 * through aliases and combinators, and two tokens of the same type that the compiler takes for one.
 *
 * @module
 */

export {
  assertVerified,
  type Problem,
  verify,
  VerifyFailedError,
  type VerifyOptions,
} from "./verify/problems.ts";
export { findUndisposed, type Undisposed } from "./verify/undisposed.ts";
