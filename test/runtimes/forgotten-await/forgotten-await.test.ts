/** A forgotten `await` must not make a failed start silent: see program.mjs. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../support/package.ts";

interface Told {
  readonly unhandled: readonly string[];
  readonly reported: readonly string[];
}

const isDropped = ["no db"];
const expected: Readonly<Record<string, Partial<Told>>> = {
  "getAsync is dropped": { unhandled: isDropped },
  "getAsync of a dependent is dropped": { unhandled: isDropped },
  "getAsync of a list is dropped": { unhandled: isDropped },
  "getAsync with optional is dropped": { unhandled: isDropped },
  "runAsync is dropped": { unhandled: isDropped },
  "getAsync in a scope below is dropped": { unhandled: isDropped },
  "getAsync is dropped with a signal that never aborts": { unhandled: isDropped },
  "getAsync is dropped by one of two": { unhandled: isDropped },
  "getAsync is dropped in a factory": { unhandled: isDropped },
  "await using is left, and a disposal fails": {
    unhandled: [expect.stringContaining("Cannot shut down") as string],
  },
  "getAsync is awaited": {},
  "getAsync is awaited later": {},
  "get gives up": { reported: isDropped },
  "get gives up, and somebody else awaits": {},
  "shutdown is dropped, and a disposal fails": {},
};

describe("what a program drops", { timeout: 60_000 }, () => {
  const program = join(import.meta.dirname, "program.mjs");
  const output = execFileSync(process.execPath, [program], { cwd: root, encoding: "utf8" });
  const told = JSON.parse(output) as Record<string, Told>;

  it.each(Object.entries(expected))("%s", (name, { unhandled = [], reported = [] }) => {
    expect(told[name]).toEqual({ unhandled, reported });
  });

  it("is all of it looked at", () => {
    expect(Object.keys(told).sort()).toEqual(Object.keys(expected).sort());
  });
});
