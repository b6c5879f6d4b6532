import fc from "fast-check";
import { beforeEach, describe, it } from "vitest";
import { catchReports } from "../core/support/report-error.ts";
import { programs, type Flavour } from "./draw.ts";
import { show } from "./program.ts";
import { run } from "./run.ts";

// Errors that reach no caller are told to the runtime. Some runtimes would end the run.
beforeEach(() => void catchReports());

/**
 * Programs per property. Raise `RUNS` by hand to look harder, and set the seed to `undefined` to look elsewhere each
 * time. A failure prints the seed, the smallest program that fails, what was wrong, and the run up to there.
 */
const RUNS = 200;
const SEED: number | undefined = 20261124;

const settings: fc.Parameters<unknown> = { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: SEED }) };

/** Whatever the program, the contract holds. */
function every(flavour: Flavour) {
  const readable = programs(flavour).map((it) => Object.assign(it, { [fc.toStringMethod]: () => show(it) }));
  return fc.asyncProperty(readable, run);
}

const calm: Flavour = {
  async: false,
  failing: false,
  cycles: "rare",
  badDisposers: false,
  late: "rare",
  length: 20,
  steps: { get: 6, getAsync: 3, has: 1, later: 2 },
};

const slow: Flavour = { ...calm, async: true, steps: { get: 3, getAsync: 9, has: 1, later: 2, settle: 7 } };

describe("any program", { timeout: 60_000 }, () => {
  it("without promises gets what its graph says, whatever fails in it", async () => {
    await fc.assert(every({ ...calm, failing: true }), settings);
  });

  it("may replace and add providers while it runs", async () => {
    const steps = { get: 8, getAsync: 3, has: 1, later: 1, provide: 1, override: 5, settle: 2 };
    await fc.assert(every({ ...slow, length: 25, steps }), settings);
  });

  it("of asynchronous factories builds each once, and forgets what failed", async () => {
    await fc.assert(every({ ...slow, failing: true }), settings);
  });

  it("is told of its cycles, and only of those it has", async () => {
    await fc.assert(every({ ...slow, cycles: "likely" }), settings);
  });

  it("closes in order, whatever its disposers do", async () => {
    const steps = { get: 2, getAsync: 9, later: 1, settle: 8, shutdown: 3, abort: 1, wait: 1 };
    await fc.assert(every({ ...slow, badDisposers: true, length: 25, steps }), settings);
  });

  it("keeps what was asked for late until whoever asked is gone", async () => {
    const steps = { get: 3, getAsync: 7, later: 6, settle: 8, shutdown: 1 };
    // What one of these finds takes several things to meet, and none of them takes long.
    const more = { ...settings, numRuns: 10 * RUNS };
    await fc.assert(every({ ...slow, late: "likely", length: 25, steps }), more);
  });

  it("may close while it is being built", async () => {
    const asking = { get: 2, getAsync: 10, has: 1, later: 1, provide: 1, override: 1, settle: 6 };
    const steps = { ...asking, shutdown: 4, abort: 2, wait: 1 };
    await fc.assert(every({ ...slow, failing: true, badDisposers: true, length: 25, steps }), settings);
  });
});
