/** What an entry point prints when its app has shut down: why, what was disposed, and that no scope was left open. */
import type { ShutdownReport } from "thimble";
import type { Timeline } from "./timeline.ts";

export function farewell(reason: unknown, report: ShutdownReport, timeline: Timeline): string {
  const { opened, closed } = timeline.counts;
  return [
    `${String(reason)}: shut down in ${report.elapsed.toFixed(1)} ms, ${report.ok ? "all went well" : "NOT all went well"}`,
    ...report.services.map(({ outcome, token, scopeId, elapsed, error }) => {
      const row = `  ${outcome.padEnd(9)}  ${token.padEnd(12)} in ${scopeId.padEnd(12)} ${elapsed.toFixed(1)} ms`;
      return error === undefined ? row : `${row}  ${String(error)}`;
    }),
    `  request scopes: ${opened} opened, ${closed} closed`,
  ].join("\n");
}
