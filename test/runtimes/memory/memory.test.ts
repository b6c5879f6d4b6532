import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../support/package.ts";

interface Heap {
  readonly undone: number;
  readonly left: number;
  readonly leftOfAsking: number;
  readonly leftOfForgotten: number;
  readonly keptByClosed: number;
  readonly stateOfClosed: string;
  readonly perIdleScope: number;
}

describe("the heap of a server", { timeout: 240_000 }, () => {
  let heap: Heap;

  it("keeps nothing of a million scopes that were opened, used and closed", () => {
    const program = join(import.meta.dirname, "scopes.mjs");
    const output = execFileSync(process.execPath, ["--expose-gc", program], { cwd: root, encoding: "utf8" });
    heap = JSON.parse(output) as Heap;

    expect(heap.undone).toBe(1_020_001);
    // Were one word kept of each, it would be 8 MB.
    expect(heap.left).toBeLessThan(1_000_000);
  });

  it("keeps nothing of a hundred thousand asynchronous transients", () => {
    expect(heap.leftOfAsking).toBeLessThan(400_000);
  });

  it("keeps nothing of a hundred thousand scopes that nobody closes, when there is nothing to dispose in them", () => {
    expect(heap.leftOfForgotten).toBeLessThan(400_000);
  });

  it("keeps neither the container nor an instance because somebody keeps a closed scope", () => {
    expect(heap).toMatchObject({ keptByClosed: 0, stateOfClosed: "closed" });
  });

  it("pays for an idle scope with one object and no more", () => {
    // Thirteen fields and a header of three words, 8 bytes each, make 128; a second object takes 16 at the least.
    expect(heap.perIdleScope).toBeGreaterThan(100);
    expect(heap.perIdleScope).toBeLessThan(140);
  });
});
