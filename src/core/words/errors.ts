/**
 * Errors: what could not be done, where, how to get out, and which one it is.
 *
 * Branch on `code`, which is permanent, or on {@linkcode isContainerError}, which also knows the errors of another
 * copy of this library; the sentences may improve any day. What a user's own factory throws is never wrapped: the
 * caller gets that very object, and {@linkcode pathOf} tells where it came from.
 *
 * @module
 */

import type { Path } from "../types/path.ts";
import type { ShutdownReport } from "../types/shutdown.ts";

/** The codes of the core. Features add their own. */
export type ContainerErrorCode =
  | "NOT_PROVIDED"
  | "DUPLICATE"
  | "INVALID_PROVIDER"
  | "CIRCULAR_DEPENDENCY"
  | "CAPTIVE_DEPENDENCY"
  | "AMBIGUOUS"
  | "DEPTH_EXCEEDED"
  | "ASYNC_PROVIDER"
  | "SCOPE_CLOSED"
  | "SCOPE_NOT_FOUND"
  | "SHUTDOWN_FAILED"
  | (string & {});

/** What every error of this library is. */
export class ContainerError extends Error {
  /** Each subclass has its own; an instance has the code of its class. */
  static readonly code: ContainerErrorCode = "CONTAINER";

  declare readonly code: ContainerErrorCode;
  /** From the token that was resolved to the one that failed. */
  declare readonly path: Path;
  /** How to get out. */
  declare readonly hint: string;

  constructor(what: string, path: Path, hint: string, cause?: unknown) {
    const { code } = new.target;
    const way = path.length ? "\n  path: " + trail(path) : "";
    super(`Cannot ${what}${way}\n  hint: ${hint} [${code}]`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
    this.hint = hint;
  }

  /** @internal Made from the code and not taken from the class, because minifiers rename classes. */
  override get name(): string {
    // V8 reads the name before the constructor has set the code. No regular expression: the stack may be full, and there
    // some engines cannot compile one.
    const words = (this.constructor as typeof ContainerError).code.replace("_FAILED", "").split("_");
    return words.map((word) => word[0] + word.slice(1).toLowerCase()).join("") + "Error";
  }

  /** @internal Tells the errors of every copy of this library from all others. */
  get "~thimble"(): boolean {
    return true;
  }
}

/** Nothing provides the token, here or above. */
export class NotProvidedError extends ContainerError {
  static override readonly code = "NOT_PROVIDED";
}

/** A scope was given two providers for one token. */
export class DuplicateError extends ContainerError {
  static override readonly code = "DUPLICATE";
}

/** Not a provider, no factory, or dependencies that are not dependencies. */
export class InvalidProviderError extends ContainerError {
  static override readonly code = "INVALID_PROVIDER";
}

/** Building a service takes that very service. */
export class CircularDependencyError extends ContainerError {
  static override readonly code = "CIRCULAR_DEPENDENCY";
}

/** A singleton would keep an instance that lives shorter than itself. */
export class CaptiveDependencyError extends ContainerError {
  static override readonly code = "CAPTIVE_DEPENDENCY";
}

/** `one()` found several, and none of them is marked `default`. */
export class AmbiguousError extends ContainerError {
  static override readonly code = "AMBIGUOUS";
}

/** Factories that resolve inside factories went deeper than the stack. */
export class DepthExceededError extends ContainerError {
  static override readonly code = "DEPTH_EXCEEDED";
}

/** `get` met something that is still being built. */
export class AsyncProviderError extends ContainerError {
  static override readonly code = "ASYNC_PROVIDER";
}

/** The scope is closing or closed. */
export class ScopeClosedError extends ContainerError {
  static override readonly code = "SCOPE_CLOSED";
}

/** No enclosing scope has the name given as `in`. */
export class ScopeNotFoundError extends ContainerError {
  static override readonly code = "SCOPE_NOT_FOUND";
}

/** Thrown at the end of an `await using` block when something could not be disposed. */
export class ShutdownError extends ContainerError {
  static override readonly code = "SHUTDOWN_FAILED";

  /** What the failing disposals threw, untouched. */
  declare readonly errors: readonly unknown[];
  declare readonly report: ShutdownReport;

  constructor(name: string, report: ShutdownReport) {
    const bad = report.services.filter((row) => row.outcome !== "disposed");
    const failed = bad.filter((row) => "error" in row);
    const errors = failed.map((row) => row.error);
    const { token, outcome } = failed[0] ?? bad[0]!;
    const said = read(errors[0], "message") ?? errors[0];
    // Its first line. What stands before an @ may be the credentials of a URL.
    const why = typeof said === "string" ? ": " + said.replace(/\n.*|\S*@/gs, "") : "";
    super(
      `shut down "${name}" cleanly: "${token}" ${outcome + why}`,
      bad,
      "look at errors and report",
      errors[0],
    );
    this.errors = errors;
    this.report = report;
  }
}

/**
 * Tells whether something caught is an error of this library, and of that code if one is given. Knows the errors of
 * another copy of the library too, where `instanceof` does not. What cannot be looked at, a revoked proxy, is none.
 *
 * @example
 * ```ts
 * try {
 *   app.get(Mailer);
 * } catch (error) {
 *   if (!isContainerError(error, "NOT_PROVIDED")) throw error;
 * }
 * ```
 */
export function isContainerError(error: unknown, code?: ContainerErrorCode): error is ContainerError {
  const it = error as ContainerError;
  return read(it, "~thimble") === true && (code === undefined || it.code === code);
}

/** Reads a property of anything: there is none of what has no properties, or cannot be looked at. */
export function read(it: unknown, name: PropertyKey): unknown {
  try {
    return (it as Record<PropertyKey, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** The names of the steps. A long way is cut in the middle. */
function trail(path: Path): string {
  const names = path.map((step) => step.token);
  if (names.length > 24) names.splice(8, names.length - 16, "…");
  return names.join(" > ");
}
