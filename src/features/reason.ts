/**
 * The reason that disposers receive when something has failed.
 *
 * @module
 */

/** What was thrown. If that is falsy, as `throw undefined` is, disposers would be told that nothing has failed. */
export function reasonOf(thrown: unknown): unknown {
  return thrown || new Error(`The reason of the failure is ${String(thrown) || '""'}`, { cause: thrown });
}
