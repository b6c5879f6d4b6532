/**
 * Options of features: what is refused before anything happens.
 *
 * A wrong argument is a `TypeError`, in TypeScript as in JavaScript: it names the option, what was given, and what was
 * probably meant. It says of a value only what type it is of, because any value may be a secret.
 *
 * @module
 */

import { isNear } from "../core/model/messages.ts";

/** What an option takes: in words, and as a test. */
export type Expected = readonly [words: string, test: (it: unknown) => boolean];

export const milliseconds: Expected = ["a number of milliseconds", (it) => typeof it === "number" && it >= 0];

export const atLeastOne: Expected = [
  "a whole number from 1, or Infinity",
  (it) => it === Infinity || (Number.isInteger(it) && (it as number) >= 1),
];

export const abortSignal: Expected = [
  "an AbortSignal",
  (it) => typeof (it as { addEventListener?: unknown } | null)?.addEventListener === "function",
];

/**
 * Refuses options that are unknown or of the wrong type. An explicit `undefined` counts as not given.
 *
 * @param known The options that there are. Only its own properties are looked at.
 * @throws `TypeError`
 */
export function checkOptions(of: string, options: object, known: Readonly<Record<string, Expected>>): void {
  if (typeof options !== "object" || (options as unknown) === null)
    throw new TypeError(`${of}: its options are an object`);
  for (const [name, it] of Object.entries(options)) {
    if (it === undefined) continue;
    const [words, test] = Object.hasOwn(known, name) ? known[name]! : [];
    if (!words || !test) {
      const near = Object.keys(known).find((other) => isNear(other, name));
      const hint = near ? `did you mean "${near}"?` : `there is ${Object.keys(known).join(", ")}`;
      throw new TypeError(`${of}: no option is named "${name}": ${hint}`);
    }
    if (!test(it)) throw new TypeError(`${of}: the option "${name}" is ${words}, not ${kindOf(it)}`);
  }
}

/** What kind of thing was given. */
export function kindOf(it: unknown): string {
  return it === null ? "null" : typeof it === "number" ? String(it) : `of type ${typeof it}`;
}
