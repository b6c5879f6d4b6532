/**
 * `describeSettings` and `formatSettings`: a list of the settings of a program, for `--help` and for those who deploy it.
 *
 * The settings are found in the declared dependencies of providers. Nothing is built, and no environment is read. A
 * setting that a factory resolves while it runs, or that is only resolved from a scope, is not declared and not listed.
 *
 * @module
 */

import { BUILT, type ScopeRecord } from "../../core/model/records.ts";
import { definitionsIn, subtree } from "../../core/model/tree.ts";
import { find } from "../../core/registry/registry.ts";
import type { Scope } from "../../core/types/scope.ts";
import { nameOf } from "../../core/words/token.ts";
import { EnvPrefix, nameFor } from "./env.ts";
import { maskCredentials } from "./redact.ts";
import { type Declaration, declaredIn } from "./setting.ts";

/** A setting, as providers declare it. */
export interface SettingDescription {
  /** The key as it is declared: `db.url`. */
  readonly key: string;
  /** The name in the environment: `APP_DB_URL`. */
  readonly name: string;
  /** What the text should be: `an integer`. */
  readonly expected: string;
  /** Whether resolving it fails when nothing is set. */
  readonly required: boolean;
  /**
   * The value when nothing is set. Absent for a secret. A default that contains credentials of a URL is a text here, in
   * which they are masked.
   */
  readonly default?: unknown;
  readonly description?: string;
  readonly secret: boolean;
  /** The names of the services that depend on it. */
  readonly usedBy: readonly string[];
}

/**
 * Lists the settings that providers of this scope, its ancestors and its descendants declare: those of the highest scope
 * first, then in order of registration. Equal declarations of several services are one entry.
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
        // With the type of the default, because the text "1" and the number 1 look the same in a cell.
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

/** Returns the ancestors of the scope from the root down, the scope, and its descendants. */
function related(scope: ScopeRecord): ScopeRecord[] {
  const above: ScopeRecord[] = [];
  for (let { parent } = scope; parent; { parent } = parent) above.unshift(parent);
  return [...above, ...subtree(scope)];
}

/** Returns the prefix, or `""` as long as its factory has not run. */
function prefixIn(scope: ScopeRecord): string {
  const node = find(scope, EnvPrefix);
  return node?.state === BUILT ? String(node.value) : "";
}

function describe({ key, parser, description, fallback }: Declaration, prefix: string) {
  const { expected, secret = false } = parser;
  const instead = attempt(fallback);
  return {
    key,
    name: prefix + nameFor(key),
    expected,
    required: !instead,
    ...(!secret && instead?.value !== undefined && { default: maskedDefault(instead.value) }),
    ...(description !== undefined && { description }),
    secret,
    usedBy: [] as string[],
  };
}

/** A schema that answers with a promise throws here. Whether it takes `undefined` is not known. */
function attempt<T>(fn: () => T): T | undefined {
  try {
    return fn();
  } catch {
    return undefined;
  }
}

function maskedDefault(value: unknown): unknown {
  const text = textOf(value, (part) => part);
  const masked = textOf(value);
  return masked === text ? value : masked;
}

/**
 * Formats descriptions of settings as a table with the columns name, expected, default and description. The default of a
 * secret is not shown, and credentials of URLs are masked.
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

/** Returns the text of a default, which may be any value, also one that has no text. */
function textOf(value: unknown, shown: (text: string) => string = maskCredentials): string {
  try {
    if (typeof value !== "object") return shown(String(value));
    const replacer = (_: string, part: unknown) => (typeof part === "string" ? shown(part) : part);
    return (JSON.stringify(value, replacer) as string | undefined) ?? "…";
  } catch {
    return "…";
  }
}
