import fc from "fast-check";
import { describe, it } from "vitest";
import { catchReports } from "../../core/support/report-error.ts";
import { programs, show, type Flavour } from "./program.ts";
import { check } from "./rules.ts";
import { run } from "./run.ts";

/**
 * Programs per property. Raise `RUNS` by hand to look harder, and set the seed to `undefined` to look elsewhere each
 * time. A failure prints the seed, the smallest program that fails, and what was wrong.
 */
const RUNS = 300;
const SEED: number | undefined = 20261129;

const settings: fc.Parameters<unknown> = { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: SEED }) };

/** Whatever the program, the contract holds. */
function every(flavour: Flavour) {
  const reported = catchReports();
  const readable = programs(flavour).map((it) => Object.assign(it, { [fc.toStringMethod]: () => show(it) }));
  return fc.asyncProperty(readable, async (program) => {
    const journal = await run(program, reported);
    const wrong = check(journal);
    if (wrong.length === 0) return;
    const calls = journal.calls.map(
      ({ name, begun, ended, error }) => `${begun}-${ended} ${name}${error === undefined ? "" : " failed"}`,
    );
    const asked = journal.requests.map(({ at, reason }) => `${at} ${String(reason)}`);
    throw new Error(
      `${wrong.join("\n")}\n\ncalls:\n  ${calls.join("\n  ")}\nasked at ${journal.asked}, to stop: ${asked.join(", ")}, closing ${journal.closing}, deadline ${journal.deadline}`,
    );
  });
}

const calm: Flavour = {
  how: ["ok", "slow"],
  acts: 0,
  begin: ["start", "serve", "run"],
  steps: { open: 8, wait: 1, stop: 1, shutdown: 1, end: 1, signal: 1, abort: 1, above: 1 },
};

describe("the life of any app", { timeout: 60_000 }, () => {
  it("goes up and down in order, whenever it is asked to stop", async () => {
    await fc.assert(every(calm), settings);
  });

  it("undoes exactly what had succeeded, and keeps every error", async () => {
    await fc.assert(
      every({ ...calm, how: ["ok", "slow", "ok", "slow", "throws", "rejects", "gives up"] }),
      settings,
    );
  });

  it("may be stopped, ended and started by the code that it calls", async () => {
    await fc.assert(every({ ...calm, how: ["ok", "ok", "slow", "throws"], acts: 2 }), settings);
  });

  it("ends at its deadline, whatever hangs", async () => {
    const steps = { open: 8, stop: 1, shutdown: 1, signal: 1, above: 1, deadline: 2, expire: 2 };
    await fc.assert(every({ ...calm, how: ["ok", "slow", "slow", "hangs", "rejects"], steps }), settings);
  });

  it("may begin with its end", async () => {
    const begin = ["end", "stop", "shutdown", "abort", "above", "deadline", "wait"] as const;
    const steps = { ...calm.steps, start: 2, serve: 2, run: 1 };
    await fc.assert(every({ ...calm, how: ["ok", "slow", "throws"], begin, steps, acts: 1 }), settings);
  });
});
