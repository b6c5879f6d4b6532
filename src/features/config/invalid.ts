/**
 * `CONFIG_INVALID`: the one error that lists every setting that cannot be read, and why.
 *
 * @module
 */

import { ContainerError } from "../../core/words/errors.ts";
import type { Path } from "../../core/types/path.ts";
import { onOneLine } from "./redact.ts";

/** What is wrong with one setting. Everything in it may be logged: of a secret it never contains the value. */
export interface ConfigProblem {
  /** The key as it is declared: `db.url`. */
  readonly key: string;
  /** The name in the environment: `APP_DB_URL`. */
  readonly name: string;
  /** The name of the scope that provides the `Env`. */
  readonly from: string;
  /**
   * `missing`: nothing is set, and there is no default. `invalid`: the parser or schema refuses what is set.
   * `asynchronous`: the parser, the schema or the `Env` answers with a promise, so nothing is known about the value.
   */
  readonly problem: "missing" | "invalid" | "asynchronous";
  /** What the text should be: `an integer`. */
  readonly expected: string;
  /** What may be shown of the text that was found: its beginning when it is long, no credentials, one line. */
  readonly found?: string;
  /** What the parser or schema says about the text: one short line, which repeats no more of it than `found`. */
  readonly reason?: string;
}

/** Settings cannot be read. `problems` has one entry for each of them. */
export class ConfigInvalidError extends ContainerError {
  static override readonly code = "CONFIG_INVALID";

  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], path: Path) {
    const { length } = problems;
    const wanted = path[0] ? `resolve "${path[0].token}"` : "read the configuration";
    const has = (kind: ConfigProblem["problem"]) => problems.some((it) => it.problem === kind);
    const kinds = has("asynchronous") ? "missing, invalid or asynchronous" : "missing or invalid";
    const hints = [
      has("missing")
        ? "set what is missing, or declare a default (default: undefined makes a setting optional)"
        : has("invalid") && "correct what is set (an empty value counts as not set)",
      has("asynchronous") &&
        "use a parser or schema that answers at once, or read text and await the schema in a factory",
    ];
    super(
      `${wanted}: ${length} setting${length > 1 ? "s are" : " is"} ${kinds} ` +
        `in the Env of scope "${problems[0]?.from}"${problems.map(lineOf).join("")}`,
      path,
      hints.filter(Boolean).join("; "),
    );
    this.problems = problems;
  }
}

function lineOf({ name, problem, expected, found, reason }: ConfigProblem): string {
  const what =
    problem === "missing"
      ? "nothing"
      : found === undefined
        ? "a value that is not shown"
        : JSON.stringify(found);
  const because = reason ? ` (${reason})` : "";
  const line = problem === "asynchronous" ? reason : `expected ${expected}, found ${what}${because}`;
  return "\n  " + onOneLine(`${name}: ${line}`);
}
