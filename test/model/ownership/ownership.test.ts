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
const SEED: number | undefined = 20261130;

const settings: fc.Parameters<unknown> = { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: SEED }) };

/** Whatever the program, the contract holds. */
function every(flavour: Flavour) {
  const reported = catchReports();
  const readable = programs(flavour).map((it) => Object.assign(it, { [fc.toStringMethod]: () => show(it) }));
  return fc.asyncProperty(readable, async (program) => {
    const journal = await run(program, reported);
    const wrong = check(program, journal);
    if (wrong.length > 0)
      throw new Error(`${wrong.join("\n")}\n\nWhat happened:\n  ${journal.lines.join("\n  ")}`);
  });
}

const calm: Flavour = {
  kinds: ["singleton", "singleton", "scoped", "transient", "value", "alias"],
  makes: ["new", "first", "last"],
  how: ["sync", "slow"],
  isSlow: false,
  fails: false,
  cleanup: false,
  deadlines: false,
  steps: { get: 6, getAsync: 2, shutdown: 1, open: 2 },
};

const slow: Flavour = { ...calm, isSlow: true, steps: { get: 2, getAsync: 6, open: 6, shutdown: 1 } };

describe("an object", { timeout: 60_000 }, () => {
  it("belongs to whoever produced it first, whoever hands it on", async () => {
    await fc.assert(every(calm), settings);
  });

  it("belongs to that one also where factories wait, and again to the next when a pool lends it anew", async () => {
    await fc.assert(every({ ...slow, makes: ["new", "first", "last", "pooled", "pooled"] }), settings);
  });

  it("is disposed once, whatever fails", async () => {
    await fc.assert(every({ ...slow, fails: true, how: ["sync", "slow", "throws", "rejects"] }), settings);
  });
});

describe("what cleanup was given", { timeout: 60_000 }, () => {
  it("is undone last first, after the disposer or when the factory fails, in one row", async () => {
    const how = ["sync", "slow", "throws", "rejects"] as const;
    await fc.assert(
      every({ ...slow, kinds: ["singleton", "scoped"], fails: true, cleanup: true, how }),
      settings,
    );
  });

  it("is undone at a deadline too", async () => {
    const steps = { ...slow.steps, shutdown: 2 };
    await fc.assert(every({ ...slow, fails: true, cleanup: true, deadlines: true, steps }), {
      ...settings,
      numRuns: 5 * RUNS,
    });
  });
});

describe("a transient", { timeout: 60_000 }, () => {
  it("is disposed by the container only when nobody has received it", async () => {
    const kinds = ["transient", "transient", "singleton", "scoped"] as const;
    const steps = { get: 3, getAsync: 6, open: 5, abort: 2, shutdown: 1 };
    await fc.assert(every({ ...slow, kinds, fails: true, steps }), { ...settings, numRuns: 2 * RUNS });
  });
});

describe("an object that no plain factory has made", { timeout: 60_000 }, () => {
  const made: Flavour = { ...slow, isMade: true };

  it("is disposed by the provider whose instance is decorated, and never by what is around it", async () => {
    await fc.assert(every({ ...calm, isMade: true }), settings);
  });

  it("belongs to the scope that `make` was resolved in, or to whoever called a function of `assisted`", async () => {
    await fc.assert(every({ ...made, fails: true }), settings);
  });

  it("stays with its dependents when its provider is overridden, and is disposed by its own provider", async () => {
    const steps = { ...slow.steps, override: 3 };
    await fc.assert(every({ ...calm, steps: { ...calm.steps, override: 2 } }), settings);
    await fc.assert(every({ ...made, fails: true, steps }), settings);
  });
});
