import { AsyncLocalStorage } from "node:async_hooks";
import fc from "fast-check";
import { beforeEach, describe, it } from "vitest";
import { catchReports } from "../../core/support/report-error.ts";
import { programs, show } from "./program.ts";
import { run, type Storage } from "./run.ts";

/**
 * Programs per property. Raise `RUNS` by hand to look harder, and set the seed to `undefined` to look elsewhere each
 * time. A failure prints the seed, the smallest program that fails, and what was wrong.
 */
const RUNS = 150;
const SEED: number | undefined = 20261130;

const settings: fc.Parameters<unknown> = { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: SEED }) };

// Errors that reach no caller are told to the runtime. Some runtimes would end the run.
beforeEach(() => void catchReports());

describe("the context of whoever resolves", { timeout: 60_000 }, () => {
  /** Whatever the program, the contract holds. */
  function every(fails: boolean) {
    const storage: Storage = new AsyncLocalStorage();
    const readable = programs(fails).map((it) => Object.assign(it, { [fc.toStringMethod]: () => show(it) }));
    return fc.asyncProperty(readable, async (program) => {
      const { wrong, lines } = await run(program, storage);
      if (wrong.length > 0) throw new Error(`${wrong.join("\n")}\n\nWhat happened:\n  ${lines.join("\n  ")}`);
    });
  }

  it("is that of what it begins, and of what is made for it, whoever settles what it waits for", async () => {
    await fc.assert(every(false), settings);
  });

  it("is so after failures too", async () => {
    await fc.assert(every(true), settings);
  });
});
