/**
 * `thimble/health`: whether the services that are built still work.
 *
 * A service is checked by the option `health` of its provider or, where the provider is for a class and has no factory,
 * by a method `healthCheck(signal)` of that class. A name that is found on an instance is no evidence: the proxies that
 * some runtimes and clients give out have every method.
 *
 * ```ts
 * import { createContainer, singleton } from "thimble";
 * import { checkHealth, healthResponse } from "thimble/health";
 *
 * class Db {
 *   ping(): Promise<void> {
 *     return Promise.resolve();
 *   }
 * }
 *
 * const app = createContainer(singleton(Db, { health: (db) => db.ping() }));
 *
 * export async function health(request: Request): Promise<Response> {
 *   return healthResponse(await checkHealth(app, { timeout: 1_000, signal: request.signal }));
 * }
 * ```
 *
 * @module
 */

export {
  checkHealth,
  type HealthOptions,
  type HealthReport,
  type HealthRow,
  type HealthStatus,
  HealthTimeoutError,
} from "./health/check.ts";
export { healthResponse, type RuntimeResponse } from "./health/response.ts";
