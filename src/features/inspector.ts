/**
 * `thimble/inspector`: a page that shows what a container holds, what depends on what, and what has happened.
 *
 * ```ts
 * import { createContainer, singleton } from "thimble";
 * import { inspector } from "thimble/inspector";
 *
 * class Db {}
 *
 * const app = createContainer(singleton(Db));
 * const inspect = inspector(app, {
 *   basePath: "/inspector",
 *   authorize: (request) => request.headers.get("authorization") === "Bearer letmein",
 * });
 *
 * export function handle(request: Request): Promise<Response> {
 *   return inspect(request);
 * }
 * ```
 *
 * It is read-only, and shows names, kinds and states, and no value. Still it is for those who run the program: whoever
 * `authorize` does not let in gets the same answer everywhere, 403.
 *
 * @module
 */

export { inspector, type InspectorOptions } from "./inspector/handler.ts";
export type { RuntimeRequest } from "./request.ts";
export type { RuntimeResponse } from "./health/response.ts";
