// The table of the README that says when the scope of a request closes. Its rows are what the tests of this folder see.
import { expect } from "vitest";
import { rowsOf, section } from "../../readme/page.ts";

/** The columns of the table after the name of the server. */
const columns = [
  "read to the end",
  "client gone with FIN",
  "with RST",
  "before the handler is done",
  "HEAD",
  "error",
  "shutdown meanwhile",
] as const;

export type Row = Readonly<Record<(typeof columns)[number], string>>;

/** Compares what was seen with the row that the README has for the server. */
export function expectRow(server: string, seen: Row): void {
  const row = rowsOf(section("When a request scope closes")).find(([name]) => name === server);
  expect(`| ${row?.join(" | ")} |`).toBe(`| ${[server, ...columns.map((it) => seen[it])].join(" | ")} |`);
}
