/**
 * `describeSettings` and `formatSettings`: which settings there are, for `--help` and for whoever deploys.
 *
 * Found in the declared dependencies of providers; nothing is built, and no environment is read. What a factory asks
 * for as it runs, and what is only asked of a scope, cannot be found.
 *
 * @module
 */

import { BUILT, type ScopeRecord } from "../../core/model/records.ts";
import { definitionsIn, subtree } from "../../core/model/tree.ts";
import { find } from "../../core/registry/registry.ts";
import type { Scope } from "../../core/types/scope.ts";
import { isThenable } from "../../core/words/thenable.ts";
import { nameOf } from "../../core/words/token.ts";
import { EnvPrefix, nameFor } from "./env.ts";
import { type Declaration, declaredIn } from "./setting.ts";

/** A setting, as it is declared. */
export interface SettingDescription {
  /** As it is declared: `db.url`. */
  readonly key: string;
  /** As it is looked for: `APP_DB_URL`. */
  readonly name: string;
  /** What it should be: `an integer`. */
  readonly expected: string;
  /** Nothing holds when it is not set. */
  readonly required: boolean;
  /** What holds when it is not set. Never there for a secret. */
  readonly default?: unknown;
  readonly description?: string;
  readonly secret: boolean;
  /** The services that declare it. */
  readonly usedBy: readonly string[];
}

/**
 * Lists all settings that providers of this scope, its ancestors and its descendants declare: the highest scope first,
 * then in order of registration. What several services declare alike is one row.
 *
 * @example
 * ```ts
 * if (args.includes("--help")) console.log(formatSettings(describeSettings(app)));
 * ```
 */
export function describeSettings(scope: Scope): SettingDescription[] {
  const rows = new Map<string, SettingDescription & { readonly usedBy: string[] }>();
  for (const at of related(scope as unknown as ScopeRecord)) {
    for (const definition of definitionsIn(at)) {
      for (const declaration of declaredIn(definition.dependencies)) {
        const row = describe(declaration, prefixIn(at));
        // A text and a number may look alike.
        const same = [...cells(row), typeof row.default].join("\n");
        const { usedBy } = rows.get(same) ?? row;
        const user = nameOf(definition.token);
        if (!usedBy.includes(user)) usedBy.push(user);
        if (usedBy === row.usedBy) rows.set(same, row);
      }
    }
  }
  return [...rows.values()];
}

/** The scope with all that is above and below it, from the top. */
function related(scope: ScopeRecord): ScopeRecord[] {
  const above: ScopeRecord[] = [];
  for (let { parent } = scope; parent; { parent } = parent) above.unshift(parent);
  return [...above, ...subtree(scope)];
}

/** A prefix that a factory has yet to make is not known. */
function prefixIn(scope: ScopeRecord): string {
  const node = find(scope, EnvPrefix);
  return node?.state === BUILT ? String(node.value) : "";
}

function describe({ key, parser, description, fallback }: Declaration, prefix: string) {
  const { expected, secret = false } = parser;
  const instead = fallback();
  const shown = !secret && instead?.value !== undefined && !isThenable(instead.value);
  return {
    key,
    name: prefix + nameFor(key),
    expected,
    required: !instead,
    ...(shown && { default: instead.value }),
    ...(description !== undefined && { description }),
    secret,
    usedBy: [] as string[],
  };
}

/**
 * Makes a table of the settings: name, what is expected, what holds when it is not set, description. The default of a
 * secret is not in it.
 *
 * @example
 * ```ts
 * formatSettings(describeSettings(app));
 * // SETTING   EXPECTED       DEFAULT   DESCRIPTION
 * // PORT      an integer     8080      where to listen
 * // API_KEY   text, secret   required
 * ```
 */
export function formatSettings(settings: readonly SettingDescription[]): string {
  const table = [["SETTING", "EXPECTED", "DEFAULT", "DESCRIPTION"], ...settings.map(cells)];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("   ")
        .trimEnd(),
    )
    .join("\n");
}

function cells(row: SettingDescription): string[] {
  const { name, expected, required, secret, description = "" } = row;
  const instead = required ? "required" : secret ? "hidden" : "default" in row ? textOf(row.default) : "none";
  return [name, expected + (secret ? ", secret" : ""), instead, description].map((cell) =>
    cell.replace(/\s+/g, " ").trim(),
  );
}

/** A default may be anything, also what has no text. */
function textOf(value: unknown): string {
  try {
    return (typeof value === "object" ? (JSON.stringify(value) as string | undefined) : String(value)) ?? "…";
  } catch {
    return "…";
  }
}
