/**
 * Comparing: one program on two builds, and what to show where the traces differ.
 *
 * @module
 */

import type { Build } from "./builds.ts";
import { draw } from "./draw.ts";
import { show, type Act, type Body, type Program } from "./program.ts";
import { World } from "./world.ts";

export interface Difference {
  readonly program: Program;
  readonly traces: readonly [readonly string[], readonly string[]];
  /** The number of the first line that differs. */
  readonly line: number;
}

export function run(program: Program, build: Build): Promise<readonly string[]> {
  return new World(program, build).run();
}

/** Runs a program on both builds. Gives how the traces differ, if they do. */
export async function compare(program: Program, one: Build, other: Build): Promise<Difference | undefined> {
  const traces = [await run(program, one), await run(program, other)] as const;
  const [a, b] = traces;
  const length = Math.max(a.length, b.length);
  for (let line = 0; line < length; line++) if (a[line] !== b[line]) return { program, traces, line };
  return undefined;
}

export function compareSeed(seed: number, one: Build, other: Build): Promise<Difference | undefined> {
  return compare(draw(seed), one, other);
}

// ---- Showing

/** The program, and both traces around the line. */
export function describe({ program, traces, line }: Difference, one: Build, other: Build): string {
  const part = (trace: readonly string[]) => {
    const from = Math.max(0, line - 12);
    const lines = trace.slice(from, line + 6).map((it, at) => `${from + at === line ? ">" : " "} ${it}`);
    return (from > 0 ? ["  …", ...lines] : lines).join("\n");
  };
  return [
    show(program),
    `--- ${one.name}, line ${line} of ${traces[0].length}`,
    part(traces[0]),
    `--- ${other.name}, line ${line} of ${traces[1].length}`,
    part(traces[1]),
  ].join("\n");
}

// ---- Making smaller

/** Takes parts out of the program for as long as there is a difference, at most so many times. */
export async function shrink(found: Difference, one: Build, other: Build, tries = 3000): Promise<Difference> {
  let best = found;
  let left = tries;
  for (let isSmaller = true; isSmaller && left > 0;) {
    isSmaller = false;
    // The candidates are made anew of each smaller program: what follows in the list goes on from there.
    for (let at = 0; left > 0; at++) {
      const smaller = nth(best.program, at);
      if (smaller === "end") break;
      if (!smaller) continue;
      left--;
      const difference = await compare(smaller, one, other);
      if (difference) {
        best = difference;
        isSmaller = true;
        // At this place stands another part now.
        at--;
      }
    }
  }
  return best;
}

/** The program without its nth part: a step, or something inside of a plan. */
function nth(program: Program, at: number): Program | "end" | undefined {
  const { steps, providers, tokens, observers } = program;
  let left = at;
  // From the end: what comes later was set up by what comes before.
  if (left < steps.length) {
    const drop = steps.length - 1 - left;
    return { ...program, steps: steps.filter((_, n) => n !== drop) };
  }
  left -= steps.length;
  const parts: unknown[] = [steps, providers, tokens, observers];
  const names = ["steps", "providers", "tokens", "observers"] as const;
  for (let n = 0; n < parts.length; n++) {
    const smaller = without(parts[n], left);
    if (smaller.left < 0) return { ...program, [names[n]!]: smaller.it };
    ({ left } = smaller);
  }
  if (left === 0 && program.pace > 0) return { ...program, pace: 0 };
  return left <= 1 ? undefined : "end";
}

/** What no plan can do without. */
const kept = new Set([
  "do",
  "kind",
  "t",
  "form",
  "needs",
  "c",
  "id",
  "v",
  "at",
  "arity",
  "body",
  "how",
  "what",
]);

/** A copy without the part of that number, counted through all that is inside. `left` is negative when it was found. */
function without(it: unknown, count: number): { it: unknown; left: number } {
  let left = count;
  if (Object(it) !== it) return { it, left };
  const entries = Object.entries(it as object);
  const isList = Array.isArray(it);
  const isPlans = isList && entries.some(([, part]) => Object(part) === part && "form" in (part as object));
  const isTokens =
    isList && entries.every(([, part]) => Object(part) === part && !("do" in (part as object)));
  for (const [key, part] of entries) {
    const canGo = isList ? !isPlans && !isTokens : !kept.has(key) || (key === "body" && !isEmpty(part));
    if (canGo && left-- === 0) {
      if (isList) return { it: it.filter((_, n) => String(n) !== key), left };
      const { [key]: _, ...rest } = it as Record<string, unknown>;
      return { it: key === "body" ? { ...rest, body: {} } : rest, left };
    }
    const inner = without(part, left);
    if (inner.left < 0) {
      if (isList)
        return { it: it.map((one, n) => (String(n) === key ? inner.it : one)) as unknown, left: -1 };
      return { it: { ...(it as object), [key]: inner.it }, left: -1 };
    }
    ({ left } = inner);
  }
  return { it, left };
}

function isEmpty(it: unknown): boolean {
  return Object.keys(Object(it) as object).length === 0;
}

export type { Act, Body, Program };
