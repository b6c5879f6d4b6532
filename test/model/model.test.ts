import fc from "fast-check";
import { describe, it } from "vitest";
import { programs, type Flavour } from "./draw.ts";
import { show, type Program } from "./program.ts";
import { run } from "./run.ts";

/** Programs per property. Raise it by hand to look harder; set SEED to undefined to look elsewhere each time. */
const RUNS = 150;
const SEED: number | undefined = 20261124;

/** Runs programs of a flavour. A failure prints the seed and the smallest program that fails, step by step. */
async function holds(flavour: Flavour): Promise<void> {
  const readable = programs(flavour).map((it) => Object.assign(it, { [fc.toStringMethod]: () => show(it) }));
  await fc.assert(
    fc.asyncProperty(readable, (program: Program) => run(program)),
    { numRuns: RUNS, endOnFailure: false, ...(SEED === undefined ? {} : { seed: SEED }) },
  );
}

const calm: Flavour = {
  async: false,
  failing: false,
  cycles: "rare",
  badDisposers: false,
  length: 15,
  steps: { get: 6, getAsync: 3, has: 1, later: 2 },
};

describe("any program", { timeout: 60_000 }, () => {
  it("without promises gets what its graph says, whatever fails in it", async () => {
    await holds({ ...calm, failing: true });
  });

  it("may replace and add providers while it runs", async () => {
    await holds({ ...calm, async: true, steps: { ...calm.steps, provide: 2, override: 4, settle: 4 } });
  });

  it("of asynchronous factories builds each once, and forgets what failed", async () => {
    await holds({
      ...calm,
      async: true,
      failing: true,
      length: 20,
      steps: { ...calm.steps, get: 3, getAsync: 9, settle: 8 },
    });
  });

  it("is told of its cycles, and only of those it has", async () => {
    await holds({ ...calm, async: true, cycles: "likely", steps: { ...calm.steps, getAsync: 8, settle: 6 } });
  });

  it("closes in order, whatever its disposers do", async () => {
    const steps = { getAsync: 9, settle: 8, later: 1, get: 2, shutdown: 3, abort: 1, wait: 0.2 };
    await holds({ ...calm, async: true, badDisposers: true, length: 25, steps: { ...steps, wait: 1 } });
  });

  it("may close while it is being built", async () => {
    const steps = {
      getAsync: 10,
      settle: 6,
      get: 2,
      later: 1,
      shutdown: 4,
      abort: 2,
      wait: 1,
      has: 1,
      provide: 1,
      override: 1,
    };
    await holds({ ...calm, async: true, failing: true, badDisposers: true, length: 25, steps });
  });
});
