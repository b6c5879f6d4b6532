/**
 * `thimble/testing`: containers for tests, and stand-ins for services.
 *
 * It imports no test runner, so it is the same in Vitest, Jest, `bun test`, `deno test` and `node:test`.
 *
 * ```ts
 * import { singleton } from "thimble";
 * import { fake, testContainer } from "thimble/testing";
 *
 * class Db {
 *   #url = "postgres://…";
 *   async query(sql: string): Promise<string[]> {
 *     return [this.#url, sql];
 *   }
 *   async close(): Promise<void> {}
 * }
 * class Users {
 *   #db;
 *   constructor(db: Db) {
 *     this.#db = db;
 *   }
 *   names(): Promise<string[]> {
 *     return this.#db.query("select name from users");
 *   }
 * }
 * const providers = [singleton(Db), singleton(Users, [Db])];
 *
 * const app = testContainer(providers, { override: [fake(Db, { query: async () => ["Ada"] })] });
 * console.log(await app.get(Users).names()); // [ 'Ada' ]
 * ```
 *
 * @module
 */

export { clone, type CloneOptions } from "./testing/clone.ts";
export { testContainer, type TestContainerOptions } from "./testing/container.ts";
export { fake, type FakeMembers, type GivenAsValue, NotFakedError } from "./testing/fake.ts";
export { graphOf } from "./testing/graph-of.ts";
export { overridden } from "./testing/overridden.ts";
export type { Graph, GraphEdge, GraphNode, GraphScope } from "./graph/graph.ts";
export type { ForUsing, Provided } from "./reload/withdraw.ts";
