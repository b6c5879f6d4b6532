/**
 * What the compiler has not looked at: the graph of a container, the arguments of a call.
 *
 * The types refuse a broken graph, and these tests are about what the core says of one at run time. These are the
 * casts they share.
 *
 * @module
 */

import { createContainer, type Scope } from "thimble";

export const uncheckedContainer = createContainer as unknown as (...providers: readonly unknown[]) => Scope;

/** Any function, called in a way that its types refuse. */
export function unchecked(fn: unknown): (...args: readonly unknown[]) => never {
  return fn as (...args: readonly unknown[]) => never;
}
