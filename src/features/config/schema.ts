/**
 * Standard Schema, the interface that validation libraries share, and schemas as parsers.
 *
 * A schema is given text, because an environment holds nothing else: write `z.coerce.number()`, not `z.number()`. When
 * nothing is set and the setting has no default, the schema is given `undefined`, so that its own default takes effect
 * and what it calls optional is optional. (`z.coerce.string()` turns `undefined` into the text "undefined": write
 * `z.string()`.) A schema has to answer synchronously, which those of yup and VineJS never do.
 *
 * @module
 */

import { AsynchronousError, atOnce, type Parser } from "./parser.ts";
import { RedactedError, summaryOf } from "./redact.ts";

/** What a schema answers: the value, or the issues it has found. */
export type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** What every schema of a library that follows https://standardschema.dev has. */
export interface StandardSchema<out T> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<T> | Promise<StandardResult<T>>;
    readonly types?: { readonly output: T } | undefined;
  };
}

/** What reads the text of a setting: a parser, or any Standard Schema that answers synchronously. */
export type AnyParser<T> = Parser<T> | StandardSchema<T>;

/** Returns a parser as it is, and a schema as a parser; `undefined` for anything else. */
export function parserOf(it: unknown): Parser<unknown> | undefined {
  if (isSchema(it)) return schemaParser(it);
  const { expected, read } = Object(it) as Parser<unknown>;
  return typeof expected === "string" && typeof read === "function" ? (it as Parser<unknown>) : undefined;
}

function isSchema(it: unknown): it is StandardSchema<unknown> {
  // The schemas of arktype are functions, so `typeof it` tells nothing.
  return typeof (Object(it) as StandardSchema<unknown>)["~standard"]?.validate === "function";
}

function schemaParser({ "~standard": standard }: StandardSchema<unknown>): Parser<unknown> {
  const who = `${standard.vendor} schema`;

  function validate(input: unknown): StandardResult<unknown> {
    const result = atOnce(standard.validate(input), who, wayOut(standard.vendor));
    const issues: unknown = Object(result) === result ? result.issues : "";
    if (issues === undefined || (Array.isArray(issues) && issues.every((it) => Object(it) === it))) {
      atOnce((result as { value?: unknown }).value, who, wayOut(standard.vendor));
      return result;
    }
    throw new RedactedError(`the ${who} answered with neither a value nor a list of issues`);
  }

  return {
    expected: `what its ${standard.vendor} schema takes`,
    read(text) {
      const result = validate(text);
      if (!result.issues) return result.value;
      const messages = result.issues.map((issue) => issue.message);
      throw new RedactedError(summaryOf(messages, text));
    },
    absent() {
      try {
        const result = validate(undefined);
        return result.issues ? undefined : result;
      } catch (error) {
        if (error instanceof AsynchronousError) throw error;
        // A schema that throws when it is given `undefined` does not take it: the setting is required.
        return undefined;
      }
    },
  };
}

/** What to do about a schema that answers with a promise. Of some libraries every schema does. */
function wayOut(vendor: string): string {
  if (vendor === "yup")
    return ', as every schema of yup does: write { expected: "…", read: (text) => schema.validateSync(text) }';
  if (vendor === "vinejs") {
    return (
      ", as every schema of VineJS does: VineJS has no synchronous validation, " +
      "so read the setting with string, and await the schema in a factory"
    );
  }
  // zod runs a schema again, asynchronously, when a transform throws. What was thrown is known too late.
  return ": it is asynchronous, or something in it threw";
}
