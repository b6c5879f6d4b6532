import fc from "fast-check";
import { beforeEach, describe, it } from "vitest";
import { catchReports } from "../../core/support/report-error.ts";
import { programs, show, type Flavour } from "./program.ts";
import { check } from "./rules.ts";
import { run } from "./run.ts";

// Errors that reach no caller are told to the runtime. Some runtimes would end the run.
beforeEach(() => void catchReports());

/**
 * Programs per property. Raise `RUNS` by hand to look harder, and set the seed to `undefined` to look elsewhere each
 * time. A failure prints the seed, the smallest program that fails, and what was wrong.
 */
const RUNS = 300;
const SEED: number | undefined = 20261130;

const settings: fc.Parameters<unknown> = { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: SEED }) };

/** Whatever the program, the contract holds. */
function every(flavour: Flavour) {
  const readable = programs(flavour).map((it) => Object.assign(it, { [fc.toStringMethod]: () => show(it) }));
  return fc.asyncProperty(readable, async (program) => {
    const journal = await run(program);
    const wrong = check(journal);
    if (wrong.length > 0)
      throw new Error(`${wrong.join("\n")}\n\nWhat happened:\n  ${journal.lines.join("\n  ")}`);
  });
}

const calm: Flavour = {
  how: ["sync", "slow", "slow", "throws", "rejects"],
  isSlow: false,
  acts: false,
  steps: { get: 4, getAsync: 4, open: 6, shutdown: 2 },
};

describe("whatever has a stop", { timeout: 60_000 }, () => {
  it("is stopped once, dependents first, before anything closes", async () => {
    await fc.assert(every(calm), settings);
  });

  it("is stopped as well when it is built meanwhile", async () => {
    await fc.assert(every({ ...calm, isSlow: true }), settings);
  });

  it("may use its scope while it stops, and shut it down", async () => {
    await fc.assert(every({ ...calm, isSlow: true, acts: true }), settings);
  });

  it("has begun to stop at the deadline, in order, and is abandoned when it hangs", async () => {
    const steps = { ...calm.steps, expire: 2 };
    await fc.assert(
      every({ ...calm, isSlow: true, how: ["sync", "slow", "rejects", "hangs"], steps }),
      settings,
    );
  });
});
