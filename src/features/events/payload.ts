/**
 * Payloads: the copy that handlers see, and the schemas that payloads are checked by.
 *
 * @module
 */

import { isThenable } from "../../core/words/thenable.ts";
import { reasonOf } from "../config/redact.ts";
import type { StandardSchema } from "../config/schema.ts";
import { type EventIssue, EventPayloadInvalidError, issuesOf } from "./errors.ts";

/**
 * A copy, where there can be one. A plain object is copied by its own enumerable properties, a getter by its value; the
 * key `__proto__` stays a key. Everything else is passed as it is: what has private members, or holds its content where no
 * property shows it, would be broken by a copy.
 */
function copyOf(it: unknown): unknown {
  if (typeof it !== "object" || it === null) return it;
  const prototype = Object.getPrototypeOf(it) as object | null;
  if (prototype === Object.prototype) return { ...it };
  if (prototype === null) return { __proto__: null, ...it };
  if (prototype === Array.prototype) return (it as unknown[]).slice();
  // The same for objects and arrays of another realm, such as a frame.
  const isOfRealm = (own: string): boolean => Object.hasOwn(prototype, own);
  if (Array.isArray(it)) return isOfRealm("copyWithin") ? Array.from(it as unknown[]) : it;
  const isPlain = Object.getPrototypeOf(prototype) === null && isOfRealm("isPrototypeOf");
  return isPlain ? { ...it } : it;
}

/** The same as a copy that nobody can change. What could not be copied is not ours to freeze. */
function frozenCopyOf(it: unknown): unknown {
  const copy = copyOf(it);
  return copy === it ? it : Object.freeze(copy);
}

/** What came of a payload: the copy for handlers, or why there is none. Never the payload alone: it may have a `then`. */
export interface Checked {
  readonly payload?: unknown;
  readonly error?: EventPayloadInvalidError;
}

/**
 * Copies a payload. A getter or a proxy may throw.
 *
 * @param hasSchema The copy is for a schema, and is not frozen. Some libraries copy what they are given together with its
 * descriptors, and then write to it (arktype 2.2).
 */
export function copied(event: string, payload: unknown, hasSchema: boolean): Checked {
  try {
    return { payload: hasSchema ? copyOf(payload) : frozenCopyOf(payload) };
  } catch (error) {
    return refused(event, "getter or proxy", error);
  }
}

/** The schemas of a bus, by the names of events. */
export type Schemas = ReadonlyMap<string, StandardSchema<unknown>>;

/**
 * Reads what was given as `schemas`. Later nothing is read of that object, so a name from outside never meets its
 * prototype.
 *
 * @throws `TypeError` when something in it is no Standard Schema.
 */
export function schemasIn(given: object): Schemas {
  const entries = Object.entries(given).filter(([, it]) => it !== undefined);
  for (const [name, it] of entries)
    if (typeof (Object(it) as StandardSchema<unknown>)["~standard"]?.validate !== "function")
      throw new TypeError(`createEvents: the schema of "${name}" is no Standard Schema`);
  return new Map(entries);
}

/**
 * Checks a payload by its schema. What handlers see is what the schema makes of it. A schema that throws or rejects has
 * refused it.
 */
export function checked(
  event: string,
  schema: StandardSchema<unknown>,
  given: unknown,
): Checked | Promise<Checked> {
  try {
    const { "~standard": standard } = schema;
    const by = `${standard.vendor} schema`;
    const answer: unknown = standard.validate(given);
    return isThenable(answer) ? later(event, by, answer) : read(event, by, answer);
  } catch (error) {
    return refused(event, "schema", error);
  }
}

async function later(event: string, by: string, answer: PromiseLike<unknown>): Promise<Checked> {
  try {
    return read(event, by, await answer);
  } catch (error) {
    return refused(event, by, error);
  }
}

function read(event: string, by: string, answer: unknown): Checked {
  const { issues, value } = Object(answer) as { issues?: unknown; value?: unknown };
  if (issues === undefined && Object(answer) === answer) return copied(event, value, false);
  const list: readonly unknown[] = Array.isArray(issues) ? issues : [{ message: "it has answered neither" }];
  return { error: new EventPayloadInvalidError(event, by, issuesOf(list)) };
}

/** What was thrown may hold the payload, or a whole stack as its message. Only its first line is kept, as an issue. */
function refused(event: string, by: string, thrown: unknown): Checked {
  const issue: EventIssue = { path: [], message: reasonOf(thrown, "") };
  return { error: new EventPayloadInvalidError(event, by, [issue]) };
}
