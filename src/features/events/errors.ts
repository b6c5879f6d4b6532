/**
 * The errors in the report of an event.
 *
 * @module
 */

import { ContainerError } from "../../core/words/errors.ts";
import { onOneLine, summaryOf } from "../config/redact.ts";

/** What can fail in the report of an event. */
export type EventError = EventHandlerError | EventPayloadInvalidError;

/** What was called with an event. */
export type EventHandlerKind = "interceptor" | "receiver" | "finalizer";

/** An interceptor, a receiver or a finalizer has thrown or rejected. What it was is in `cause`, untouched. */
export class EventHandlerError extends ContainerError {
  static override readonly code = "EVENT_HANDLER_FAILED";

  /** The name of the event. */
  declare readonly event: string;
  declare readonly handler: EventHandlerKind;

  constructor(event: string, handler: EventHandlerKind, fn: Function, cause: unknown) {
    const who = nameOf(fn);
    super(`deliver "${event}": its ${handler}${who} has failed`, [], "its own error is the cause", cause);
    this.event = event;
    this.handler = handler;
  }
}

/** The name of a handler, for the message. A handler may be a proxy that refuses to be looked at. */
function nameOf(fn: Function): string {
  try {
    const { name } = fn as { readonly name: unknown };
    return typeof name === "string" && name ? ` (${onOneLine(name).slice(0, 60)})` : "";
  } catch {
    return "";
  }
}

/** One thing that is wrong with a payload. */
export interface EventIssue {
  /** Where in the payload: `["items", "0", "price"]`. Empty for the payload as a whole, or where the schema does not say. */
  readonly path: readonly string[];
  /** The first line of what the schema says, cut where it is long. It may repeat a part of the payload. */
  readonly message: string;
}

/** The schema of an event has refused its payload, or the payload could not be read. */
export class EventPayloadInvalidError extends ContainerError {
  static override readonly code = "EVENT_PAYLOAD_INVALID";

  /** The name of the event. */
  declare readonly event: string;
  /**
   * What is wrong. What schemas say may repeat the payload, so it is not a part of the message, and what prints the error
   * with its properties does not show it.
   */
  declare readonly issues: readonly EventIssue[];

  /** @param by What has refused it: `zod schema`. */
  constructor(event: string, by: string, issues: readonly EventIssue[]) {
    const places = new Set(issues.map(({ path }) => path.join(".")).filter(Boolean));
    const where = [...places].slice(0, 5).join(", ") + (places.size > 5 ? ", …" : "");
    super(
      `emit "${event}": its ${by} refuses the payload${where && `, at ${where}`}`,
      [],
      "what is wrong is in issues, which may repeat the payload: do not log them where that is secret",
    );
    this.event = event;
    Object.defineProperty(this, "issues", { value: issues });
  }
}

const longestKey = 40;

/** Makes issues of what a schema answers. Libraries differ in how they tell the place. */
export function issuesOf(answered: readonly unknown[]): EventIssue[] {
  return answered.map((it) => {
    const { message, path } = Object(it) as { message?: unknown; path?: unknown };
    return { path: keysOf(path), message: summaryOf([message], "") };
  });
}

/** A path may be missing, a text with dots, or a list whose items are keys or objects that have a `key`. */
function keysOf(path: unknown): string[] {
  const items: unknown[] = typeof path === "string" ? path.split(".") : Array.isArray(path) ? [...path] : [];
  return items.map((item) => {
    const key: unknown = Object(item) === item ? (item as { key?: unknown }).key : item;
    return onOneLine(String(key)).slice(0, longestKey);
  });
}
