/**
 * Standard Schema, the interface that validation libraries have in common, described by what we use of it.
 *
 * A schema is given the text, for that is what an environment holds: `z.coerce.number()`, not `z.number()`. When
 * nothing is set and the setting has no default, it is given `undefined`, so that the schema's own default holds and
 * what it calls optional is. (`z.coerce.string()` makes the text "undefined" of that: write `z.string()`.) It has to
 * answer at once.
 *
 * @module
 */

import { isThenable } from "../../core/words/thenable.ts";
import type { Parser } from "./parser.ts";

/** What a schema answers: the value, or what is wrong. */
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

export function isSchema(it: unknown): it is StandardSchema<unknown> {
  // Schemas of arktype are functions.
  return typeof (Object(it) as StandardSchema<unknown>)["~standard"]?.validate === "function";
}

export function schemaParser({ "~standard": standard }: StandardSchema<unknown>): Parser<unknown> {
  /** A promise is handed on, and refused by whoever reads the setting: here nobody knows its name. */
  const validate = (value: unknown): StandardResult<unknown> => {
    const result = standard.validate(value);
    if (!isThenable(result)) return result;
    result.then(undefined, () => {});
    return { value: result };
  };
  return {
    expected: `what its ${standard.vendor} schema takes`,
    read(text) {
      const result = validate(text);
      if (!result.issues) return result.value;
      throw new Error(result.issues.map((issue) => issue.message).join("; "));
    },
    absent() {
      const result = validate(undefined);
      return result.issues ? undefined : result;
    },
  };
}
