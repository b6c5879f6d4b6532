/**
 * `CONFIG_INVALID`: settings that are missing or not what they should be, all of them in one error.
 *
 * @module
 */

import { ContainerError } from "../../core/words/errors.ts";
import type { Path } from "../../core/types/path.ts";

/** What is wrong with one setting. Of a secret it never holds what was found. */
export interface ConfigProblem {
  /** As it is declared: `db.url`. */
  readonly key: string;
  /** As it was looked for: `APP_DB_URL`. */
  readonly name: string;
  /** The scope whose `Env` it was looked for in. */
  readonly from: string;
  readonly problem: "missing" | "invalid";
  /** What it should have been: `an integer`. */
  readonly expected: string;
  /** The text that was there, cut to fifty characters. */
  readonly found?: string;
  /** What the parser or the schema had to say. */
  readonly reason?: string;
}

/** Settings are missing or not what they should be: `problems` has them all. */
export class ConfigInvalidError extends ContainerError {
  static override readonly code = "CONFIG_INVALID";

  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], path: Path) {
    const { length } = problems;
    const wanted = path[0] ? `resolve "${path[0].token}"` : "read the configuration";
    super(
      `${wanted}: ${length} setting${length > 1 ? "s are" : " is"} missing or invalid ` +
        `in the Env of scope "${problems[0]?.from}"${problems.map(line).join("")}`,
      path,
      problems.some((it) => it.problem === "missing")
        ? "set what is missing, or declare a default (undefined is one, too)"
        : "correct what is set; what is empty counts as not set",
    );
    this.problems = problems;
  }
}

function line({ name, problem, expected, found, reason }: ConfigProblem): string {
  const what =
    problem === "missing" ? "nothing" : found === undefined ? "a secret that is not" : JSON.stringify(found);
  return `\n  ${name}: expected ${expected}, found ${what}${reason ? ` (${reason})` : ""}`;
}
