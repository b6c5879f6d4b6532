/**
 * A container whose graph the compiler has not looked at.
 *
 * The types refuse a broken graph, and these tests are about what the core says of one at run time. This is the
 * one cast they share.
 *
 * @module
 */

import { createContainer, type Scope } from "thimble";

export const uncheckedContainer = createContainer as unknown as (...providers: readonly unknown[]) => Scope;
