/**
 * Parsers: a parser turns the text of a setting into a value, or throws when the text is not what it takes.
 *
 * A parser is a plain object, so one of your own works like those of this module. A Standard Schema can be given
 * wherever a parser can, see `schema.ts`.
 *
 * @module
 */

import { isThenable } from "../../core/words/thenable.ts";

/**
 * Turns the text of a setting into a `T`, and does so synchronously.
 *
 * @example
 * ```ts
 * const port: Parser<number> = {
 *   expected: "a port",
 *   read(text) {
 *     if (/^\d{1,5}$/.test(text) && Number(text) < 65536) return Number(text);
 *     throw new Error("ports end at 65535");
 *   },
 * };
 * ```
 */
export interface Parser<out T> {
  /** What the text must be, in words that fit after "expected": "an integer". Error messages and tables show it. */
  readonly expected: string;
  /**
   * Returns the value, or throws when the text is not what this parser takes. The message of the thrown error becomes
   * the `reason` of the problem, without what it repeats of the text.
   */
  read(text: string): T;
  /**
   * Returns the value of a setting that is not set and has no default, or `undefined` when there is none. This is how
   * the default of a schema takes effect.
   *
   * @default without it, a setting that is not set and has no default is missing
   */
  absent?(): { readonly value: T } | undefined;
  /**
   * Whether the text and the default are secrets, which no error and no table shows.
   *
   * @default false
   */
  readonly secret?: boolean;
}

/** Something that a setting is read from or by has answered with a promise. The message never quotes a value. */
export class AsynchronousError extends Error {}

/**
 * Returns what it is given, unless that is a promise.
 *
 * @param who What has answered, in words.
 * @param more What else the message should say, its punctuation included.
 * @throws AsynchronousError
 */
export function atOnce<T>(answer: T, who: string, more = ""): Exclude<T, PromiseLike<unknown>> {
  if (!isThenable(answer)) return answer as Exclude<T, PromiseLike<unknown>>;
  // The error below is all there is to say. A later rejection would be reported as unhandled.
  answer.then(undefined, () => {});
  throw new AsynchronousError(`the ${who} answered with a promise${more}`);
}
