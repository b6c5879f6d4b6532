/**
 * The parsers that come with it.
 *
 * They are strict: a text that only begins like a number is none. Space around is ignored, except by `string`, which
 * gives the text as it is. Each is a value of its own, so an application ships those it names.
 *
 * @module
 */

import { InvalidProviderError } from "../../core/words/errors.ts";
import { isThenable } from "../../core/words/thenable.ts";
import { type AnyParser, type Parser, parserOf, reasonOf } from "./parser.ts";

/** The text as it is, spaces and all. */
export const string: Parser<string> = { expected: "text", read: (text) => text };

/** A decimal number: `8`, `-1.5`, `2e3`. Not hexadecimal, not `Infinity`. */
export const number: Parser<number> = {
  expected: "a number",
  read: (text) => numeral(text, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i),
};

/** A whole number in digits, no larger than JavaScript can count exactly. */
export const integer: Parser<number> = {
  expected: "an integer",
  read(text) {
    const found = numeral(text, /^[+-]?\d+$/);
    return Number.isSafeInteger(found) ? found : misfit();
  },
};

function numeral(text: string, form: RegExp): number {
  const trimmed = text.trim();
  const found = form.test(trimmed) ? Number(trimmed) : NaN;
  return Number.isFinite(found) ? found : misfit();
}

/** There is no more to say than what was expected. */
function misfit(): never {
  throw new SyntaxError();
}

/** `true`, `1`, `yes`, `on`, or `false`, `0`, `no`, `off`, in any case. */
export const boolean: Parser<boolean> = {
  expected: "true or false",
  read(text) {
    const word = text.trim();
    return /^(true|1|yes|on)$/i.test(word) || (/^(false|0|no|off)$/i.test(word) ? false : misfit());
  },
};

/** The `URL` of the runtime that the reader's types describe. */
export type RuntimeURL = typeof globalThis extends { URL: { prototype: infer U } }
  ? U
  : { readonly href: string };

/** An absolute URL, as a `URL`. */
export const url: Parser<RuntimeURL> = {
  expected: "a URL",
  read: (text) => new URL(text) as RuntimeURL,
};

const inMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A length of time, in milliseconds: `250ms`, `1.5s`, `1h30m`, `7d`. Only zero goes without a unit: whether `30` means
 * seconds or milliseconds is what people get wrong.
 */
export const duration: Parser<number> = {
  expected: 'a duration like "1.5s" or "1h30m"',
  read(text) {
    const trimmed = text.trim();
    if (trimmed === "0") return 0;
    // One after the other: searching a long text of digits from each of them takes the square of its length.
    const part = /(\d+(?:\.\d+)?) *(ms|[smhd])\s*/y;
    let total = 0;
    do {
      const [, count, unit] = part.exec(trimmed) ?? misfit();
      total += Number(count) * inMs[unit!]!;
    } while (part.lastIndex < trimmed.length);
    // Nobody means the 0.0000000001 ms that binary fractions leave.
    return Number.isFinite(total) ? Number(total.toFixed(6)) : misfit();
  },
};

/** JSON, parsed. What it is beyond that is for you to check. */
export const json: Parser<unknown> = { expected: "JSON", read: (text) => JSON.parse(text) as unknown };

/**
 * Values with commas between them: `list(integer)` reads `1, 2, 3`. Space around an item is dropped, and so is an empty
 * item, as an empty value is. Items that hold commas are a case for `json`.
 */
/* @__NO_SIDE_EFFECTS__ */
export function list<T>(item: AnyParser<T>): Parser<T[]> {
  const parser = checked("list", item) as Parser<T>;
  return {
    expected: `a list with commas, each ${parser.expected}`,
    secret: parser.secret === true,
    read(text) {
      const parts = text.split(",").map((part) => part.trim());
      const values = parts.filter((part) => part !== "").map((part) => readItem(parser, part));
      // Handed on for the same reason as in a schema's parser.
      return (values.find(isThenable) as undefined) ?? values;
    },
  };
}

function readItem<T>(parser: Parser<T>, text: string): T {
  try {
    return parser.read(text);
  } catch (error) {
    const reason = reasonOf(error);
    throw new Error(`item ${JSON.stringify(text)}${reason && `: ${reason}`}`, { cause: error });
  }
}

/** One of these texts, or numbers, exactly: `oneOf("debug", "info")` gives `"debug" | "info"`. */
/* @__NO_SIDE_EFFECTS__ */
export function oneOf<const T extends string | number>(...values: readonly [T, ...T[]]): Parser<T> {
  if (values.length < 1) throw unmade("oneOf", "give it the texts to choose from");
  return {
    expected: values.length > 1 ? `one of ${values.map(quoted).join(", ")}` : quoted(values[0]),
    read: (text) => values.find((value) => String(value).trim() === text.trim()) ?? misfit(),
  };
}

function quoted(value: unknown): string {
  return JSON.stringify(String(value));
}

/**
 * Reads by the given parser, and sees to it that neither the text nor a default is ever printed. To the service that
 * asks it is a plain value.
 *
 * @example
 * ```ts
 * singleton(Stripe, [setting("stripe.key", secret(string))]);
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export function secret<T>(of: AnyParser<T>): Parser<T> {
  const parser = checked("secret", of) as Parser<T>;
  return {
    expected: parser.expected,
    secret: true,
    read: (text) => parser.read(text),
    absent: () => parser.absent?.(),
  };
}

function checked(by: string, it: unknown): Parser<unknown> {
  const parser = parserOf(it);
  if (parser) return parser;
  throw unmade(by, "give it a parser of thimble/config, or a Standard Schema");
}

function unmade(by: string, hint: string): InvalidProviderError {
  return new InvalidProviderError(`make a parser: ${by}() is not given what it takes`, [], hint);
}
