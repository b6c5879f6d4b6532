/**
 * `testContainer`: the providers of a program, some of them replaced.
 *
 * @module
 */

import { createContainer } from "../../core/scope/scope.ts";
import type { Overriding, Registrable, With } from "../../core/types/coverage.ts";
import type { ProviderEntry } from "../../core/types/provider.ts";
import type { Nothing, Scope } from "../../core/types/scope.ts";
import { checkOptions } from "../options.ts";

/** What is different in a test. */
export interface TestContainerOptions<Override> {
  /**
   * Providers that replace others. Each must have something to replace: a fake of a service that the program no longer
   * provides is a mistake in the test.
   *
   * @default []
   */
  readonly override?: Override | undefined;
  /**
   * The name of the container.
   *
   * @default "test"
   */
  readonly name?: string | undefined;
}

/**
 * Opens a container with the providers of a program, some of them replaced. Nothing is built before it is resolved, so
 * what is replaced is never built at all.
 *
 * @example
 * ```ts
 * await using app = testContainer(providers, { override: [value(Clock, () => 0)] });
 * ```
 *
 * @param providers A list, as for `createContainer`. What it needs must be provided by itself: to test a part of a
 * program, put the stand-ins for the rest into this list.
 * @throws `NOT_PROVIDED` when one of `override` has nothing to replace.
 * @throws `INVALID_PROVIDER` and `DUPLICATE` as `createContainer`.
 * @throws `TypeError` when an option is unknown or of the wrong type.
 */
export function testContainer<
  const P extends readonly ProviderEntry[],
  const O extends readonly ProviderEntry[] = readonly [],
>(
  providers: Registrable<P, Nothing>,
  options: TestContainerOptions<Overriding<O, With<P, Nothing>>> = {},
): Scope<With<O, With<P, Nothing>>> {
  const list: readonly unknown[] = providers;
  if (!Array.isArray(list)) throw new TypeError("testContainer: its first argument is a list of providers");
  checkOptions("testContainer", options, known);
  const { override = [], name = "test" } = options as TestContainerOptions<readonly ProviderEntry[]>;
  const container = createContainer(name, ...(list as never[])) as Scope;
  return container.override(...override) as never;
}

const known = {
  override: ["a list of providers", Array.isArray],
  name: ["a string", (it: unknown) => typeof it === "string"],
} as const;
