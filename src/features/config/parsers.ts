/**
 * The parsers of this module.
 *
 * They are strict: a text that only begins like a number is not a number. They ignore whitespace around the text,
 * except for `string`, which returns the text unchanged. Each is a separate export, so a bundle contains only those
 * that an application imports.
 *
 * @module
 */

import { InvalidProviderError } from "../../core/words/errors.ts";
import { AsynchronousError, atOnce, type Parser } from "./parser.ts";
import { maskCredentials, reasonOf, redact, RedactedError } from "./redact.ts";
import { type AnyParser, parserOf } from "./schema.ts";

/** The text unchanged, whitespace included. */
export const string: Parser<string> = { expected: "text", read: (text) => text };

/** A decimal number: `8`, `-1.5`, `2e3`. Not hexadecimal, not `Infinity`. */
export const number: Parser<number> = {
  expected: "a number",
  read: (text) => numeral(text, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i),
};

/** A whole number in decimal digits, within the range in which JavaScript represents every integer exactly. */
export const integer: Parser<number> = {
  expected: "an integer",
  read(text) {
    const found = numeral(text, /^[+-]?\d+$/);
    // Adding 0 turns -0 into 0.
    return Number.isSafeInteger(found) ? found + 0 : refuse();
  },
};

function numeral(text: string, form: RegExp): number {
  const trimmed = text.trim();
  const found = form.test(trimmed) ? Number(trimmed) : NaN;
  return Number.isFinite(found) ? found : refuse();
}

/** Refuses a text without a reason: what was expected says everything. */
function refuse(): never {
  throw new RedactedError();
}

/** `true`, `1`, `yes`, `on`, or `false`, `0`, `no`, `off`, in any case. */
export const boolean: Parser<boolean> = {
  expected: "true or false",
  read(text) {
    const word = text.trim();
    return /^(true|1|yes|on)$/i.test(word) || (/^(false|0|no|off)$/i.test(word) ? false : refuse());
  },
};

/** The `URL` of the runtime that the reader's types describe. */
export type RuntimeURL = typeof globalThis extends { URL: { prototype: infer U } } ? U : URLOfFetch;

// The types of Cloudflare Workers declare `URL` as a class, and classes are no members of `typeof globalThis`. Functions
// are: so there it is the URL that `fetch` takes.
interface URLLike {
  readonly href: string;
}
type URLOfFetch = typeof globalThis extends { fetch: (input: infer I, init?: never) => unknown }
  ? [Extract<I, URLLike>] extends [never]
    ? URLLike
    : Extract<I, URLLike>
  : URLLike;

/** An absolute URL, as a `URL`. */
export const url: Parser<RuntimeURL> = {
  expected: "a URL",
  read(text) {
    try {
      return new URL(text) as RuntimeURL;
    } catch {
      // Runtimes word it differently, and Deno quotes the text.
      return refuse();
    }
  },
};

const inMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A length of time, in milliseconds: `250ms`, `1.5s`, `1h30m`, `7d`. Every number but zero needs a unit, because `30`
 * could mean seconds as well as milliseconds.
 */
export const duration: Parser<number> = {
  expected: 'a duration like "1.5s" or "1h30m"',
  read(text) {
    const trimmed = text.trim();
    if (trimmed === "0") return 0;
    // Sticky, so that each part is matched where the one before it ended. A search would start anew at every digit of a
    // long text, which takes time that grows with the square of its length.
    const part = /(\d+(?:\.\d+)?) *(ms|[smhd])\s*/y;
    let total = 0;
    do {
      const [, count, unit] = part.exec(trimmed) ?? refuse();
      total += Number(count) * inMs[unit!]!;
    } while (part.lastIndex < trimmed.length);
    // Rounded to nanoseconds: 1.005 * 1000 is 1004.9999999999999.
    return Number.isFinite(total) ? Number(total.toFixed(6)) : refuse();
  },
};

/**
 * JSON, parsed and not checked further. To check it with a schema, write a parser that does both:
 * `{ expected: "limits as JSON", read: (text) => Limits.parse(JSON.parse(text)) }`.
 */
export const json: Parser<unknown> = {
  expected: "JSON",
  read(text) {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      // The messages of engines quote the text, so only the place is taken from them, where they have it.
      const [place = ""] = /position \d+|line \d+ column \d+/.exec((error as Error).message) ?? [];
      throw new RedactedError(place && `at ${place}`);
    }
  },
};

/**
 * Values with commas between them: `list(integer)` reads `1, 2, 3`. Whitespace around an item is ignored, and so are
 * empty items, as empty settings are. Use `json` for items that contain commas.
 *
 * @example
 * ```ts
 * setting("ports", list(integer), { default: [8080] });
 * ```
 *
 * @throws `INVALID_PROVIDER` when it is not given a parser.
 */
/* @__NO_SIDE_EFFECTS__ */
export function list<T>(item: AnyParser<T>): Parser<T[]> {
  const parser = checked("list", item) as Parser<T>;
  return {
    expected: `a list with commas, each ${parser.expected}`,
    secret: parser.secret === true,
    read(text) {
      const items = text.split(",").map((item) => item.trim());
      return items.flatMap((item, at) => (item === "" ? [] : [readItem(parser, item, at, text)]));
    },
  };
}

function readItem<T>(parser: Parser<T>, item: string, at: number, text: string): T {
  try {
    return atOnce(parser.read(item), "parser");
  } catch (error) {
    // It concerns the parser and not this item, and its message is shown of a secret too.
    if (error instanceof AsynchronousError) throw error;
    // A password may contain commas. Then an item is a part of it, and nothing about that part can be shown.
    if (maskCredentials(text) !== text) throw new RedactedError(`item ${at + 1}`);
    const reason = reasonOf(error, item);
    throw new RedactedError(`item ${JSON.stringify(redact(item))}${reason && `: ${reason}`}`);
  }
}

/**
 * Exactly one of the given texts or numbers: `oneOf("debug", "info")` gives `"debug" | "info"`. Upper and lower case
 * are different.
 *
 * @example
 * ```ts
 * setting("log.level", oneOf("debug", "info"), { default: "info" });
 * ```
 *
 * @throws `INVALID_PROVIDER` when it is given nothing, or something other than texts and numbers.
 */
/* @__NO_SIDE_EFFECTS__ */
export function oneOf<const T extends string | number>(...values: readonly [T, ...T[]]): Parser<T> {
  if (values.length < 1 || !values.every((it) => typeof it === "string" || typeof it === "number"))
    throw unmade("oneOf", 'list the texts to choose from: oneOf("debug", "info")');
  return {
    expected: values.length > 1 ? `one of ${values.map(quoted).join(", ")}` : quoted(values[0]),
    read: (text) => values.find((value) => String(value).trim() === text.trim()) ?? refuse(),
  };
}

function quoted(value: unknown): string {
  return JSON.stringify(String(value));
}

/**
 * Reads with the given parser, and keeps the text and the default out of every error, description and table. The
 * service that depends on the setting gets a plain value. What the parser expects is shown, so `secret(oneOf(…))` shows
 * the choices.
 *
 * @example
 * ```ts
 * singleton(Stripe, [setting("stripe.key", secret(string))]);
 * ```
 *
 * @throws `INVALID_PROVIDER` when it is not given a parser.
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
  throw unmade(by, `give it a parser of thimble/config or a Standard Schema: ${by}(string)`);
}

function unmade(by: string, hint: string): InvalidProviderError {
  return new InvalidProviderError(`make a parser: ${by}() is not given what it takes`, [], hint);
}
