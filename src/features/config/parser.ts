/**
 * What a parser is: it makes a value of a text, or says that it cannot.
 *
 * Parsers are plain objects, so that one of your own is as good as ours. A Standard Schema may stand wherever a parser
 * may.
 *
 * @module
 */

import { schemaParser, isSchema, type StandardSchema } from "./schema.ts";

/**
 * Makes a `T` of the text of a setting.
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
  /** What a text must be, as it stands after "expected": "an integer". */
  readonly expected: string;
  /** Gives the value. Throws when the text is something else; the message may say what is wrong with it. */
  read(text: string): T;
  /** Gives what holds when nothing is set, where the parser knows: the default of a schema. */
  absent?(): { readonly value: T } | undefined;
  /** The text must never be printed. */
  readonly secret?: boolean;
}

/** What settings are read by: a parser, or any Standard Schema (zod, valibot, arktype, …). */
export type AnyParser<T> = Parser<T> | StandardSchema<T>;

/** Makes a parser of a schema, and leaves one as it is. Nothing, when it is neither. */
export function parserOf(it: unknown): Parser<unknown> | undefined {
  if (isSchema(it)) return schemaParser(it);
  const { expected, read } = Object(it) as Parser<unknown>;
  return typeof expected === "string" && typeof read === "function" ? (it as Parser<unknown>) : undefined;
}

/** What a parser said of a text that it refused. */
export function reasonOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "";
  }
}
