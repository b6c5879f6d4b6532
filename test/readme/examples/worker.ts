/**
 * What the examples speak of besides services: a Worker.
 *
 * @module
 */

import { type Scope, token, type Token } from "thimble";

export { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

export interface Env {
  readonly DB: D1Database;
}
export declare const Db: Token<D1Database>;
export const Storage: Token<DurableObjectStorage> = token("storage");
export declare const container: (env: Env) => Scope;
export declare const context: { waitUntil(work: Promise<unknown>): void };
export declare const request: Request;
