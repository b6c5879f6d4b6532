/**
 * Failing in the situations: which error it was, and the way to it.
 *
 * Codes and names along the path are compared, never sentences: those belong
 * to `test/core` and may improve without touching a situation.
 *
 * @module
 */
import { expect } from "vitest";
import { isContainerError, pathOf } from "thimble";

/** The code of one of our errors. Anything else is shown as it is, so that a wrong error explains itself. */
export function codeOf(error: unknown): unknown {
  return isContainerError(error) ? error.code : error;
}

/** The names along the path of an error, ours or the user's. */
export function trail(error: unknown): string[] {
  return pathOf(error).map((step) => step.token);
}

/** A cycle is told by its code, and by a path by way of `members` that comes back to where it has been. */
export function expectCycle(error: unknown, ...members: string[]): void {
  expect(codeOf(error)).toBe("CIRCULAR_DEPENDENCY");
  const path = trail(error);
  expect(path).toEqual(expect.arrayContaining(members));
  expect(path.slice(0, -1)).toContain(path.at(-1));
}
