/**
 * The fast build of Thimble: the same names and the same behaviour as the small one, in `index.ts`. Its scopes resolve along
 * linked plans, which makes them several times as fast and the bundle larger.
 *
 * @module
 */

export * from "./index.ts";
export { createContainer } from "./core/plans/scope.ts";
