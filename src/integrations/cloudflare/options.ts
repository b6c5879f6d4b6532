/**
 * Options of Workers and Durable Objects, and the check of what was written for them.
 *
 * @module
 */

import type { RequestScopeOptions } from "../options.ts";

/** When the scope of a request ends, and how it is known that a request has failed: as in `thimble/fetch`. */
export type EndingOptions<R = unknown> = Omit<RequestScopeOptions<R>, "name">;

const isFunction = (it: unknown): boolean => typeof it === "function";
const isTime = (it: unknown): boolean => typeof it === "number" && it >= 0;

const checks: Record<string, readonly [says: string, holds: (it: unknown) => boolean]> = {
  container: ["a function that makes a container: (env) => createContainer(…)", isFunction],
  scopeEnds: ['"handler", or left out', (it) => it === "handler"],
  abandonAfter: ["a number of milliseconds", isTime],
  buildTimeout: ["a number of milliseconds", isTime],
  failed: ["a function of the response", isFunction],
  methods: ["a record of functions", (it) => Object.values(Object(it) as object).every(isFunction)],
};

const handler = ["a function", isFunction] as const;

/** Refuses what is no option, and no handler, before the first event comes. */
export function checkOptions(
  of: string,
  options: unknown,
  known: readonly string[],
  handlers: readonly string[],
): void {
  if (typeof options !== "object" || options === null)
    throw new TypeError(`${of} takes an object with a container and handlers`);
  // A name that is misspelled is told before the one that is missing for that reason.
  const { container } = options as { container?: unknown };
  const given = { ...options, container };
  for (const [name, it] of Object.entries(given)) {
    const all = [...known, ...handlers];
    if (!all.includes(name)) throw new TypeError(`${of} has no option "${name}": it has ${all.join(", ")}`);
    const [says, holds] = handlers.includes(name) ? handler : checks[name]!;
    if ((it !== undefined || name === "container") && !holds(it))
      throw new TypeError(`${of}: the option "${name}" is ${says}`);
  }
}
