/**
 * Reporting: what has happened, as rows of a shutdown report, and errors that no caller receives.
 *
 * @module
 */

import type { Build, Closing, Dependent, Failure, Node, ScopeRecord } from "../model/records.ts";
import type { ShutdownRow } from "../types/shutdown.ts";
import { isContainerError, read } from "../words/errors.ts";
import { nameOf } from "../words/token.ts";
import { now, web } from "../words/web.ts";

// ---- Rows

/** Reads the clock for a scope and for the scopes above that are closing too. */
export function tick(scope: ScopeRecord): number {
  const time = now();
  for (let at: ScopeRecord | undefined = scope; at?.closing; at = at.parent) {
    at.closing.since ??= time;
    at.closing.clock = time;
  }
  return time;
}

/**
 * Adds a row to the report of the scope, and to the reports of the scopes above that are closing too; and to that of the
 * release that disposes it. Gives whether there is a report that is not complete yet.
 */
export function addRowOf(
  it: Dependent,
  outcome: ShutdownRow["outcome"],
  elapsed: number,
  failure?: object,
): boolean {
  const { scope } = it;
  const { rows } = it as Node;
  if (!rows && (!scope.closing || scope.closing.report)) return false;
  const row = rowOf(it, outcome, elapsed, failure);
  rows?.row(it, row);
  addRow(row, scope);
  return true;
}

export function rowOf(
  { scope, definition }: Pick<Dependent, "scope" | "definition">,
  outcome: ShutdownRow["outcome"],
  elapsed: number,
  failure?: object,
): ShutdownRow {
  const { closing = {} as Partial<Closing>, name } = scope;
  // Kept, because making it takes as long as a short disposal.
  const scopeId = (closing.id ??= scope.id);
  return { scope: name, scopeId, token: nameOf(definition.token), outcome, elapsed, ...failure };
}

export function addRow(row: ShutdownRow, scope: ScopeRecord | undefined): void {
  for (let at = scope; at?.closing && !at.closing.report; at = at.parent) at.closing.rows.push(row);
}

// ---- Errors that no caller receives

/** Tells observers of an error, or the runtime when no observer listens. `it` is the scope or service it belongs to. */
export function reportUnheard(it: ScopeRecord | Build | Node, error: unknown): void {
  const { tree } = (it as Node).scope ?? it;
  if (!tree.tell?.("unhandled", it, { error })) web.reportError?.(error);
}

/**
 * A build has failed, and nobody receives its error. During a shutdown the error becomes a row of the report, which is
 * then not ok, and only observers are told besides.
 */
export function noteUnheard(build: Build, failure: Failure): void {
  const { scope, definition } = build;
  const { closing } = scope;
  const { error } = failure;
  if (failure.isHeard) return;
  failure.isHeard = true;
  if (closing && hasGivenUp(error, closing.reason)) return;
  if (!closing || closing.report) return reportUnheard(build, error);
  if (definition.token) addRowOf(build, "failed", tick(scope) - closing.since!, { error, phase: "build" });
  scope.tree.tell?.("unhandled", build, { error });
}

/**
 * Whether an error is there because the scope closes: a factory was refused something, or follows `abortSignal`, or the
 * instance came too late for its caller.
 */
function hasGivenUp(error: unknown, reason: unknown): boolean {
  return read(error, "name") === "AbortError" || error === reason || isContainerError(error, "SCOPE_CLOSED");
}
