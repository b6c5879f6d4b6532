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

const builds = [
  // Thirteen fields and a header of three words, 8 bytes each, make 128; a second object takes 16 at the least.
  { build: "small", file: "index", idle: 140 },
  { build: "fast", file: "fast", idle: 190 },
];

describe.each(builds)(
  "the heap of a server, on the $build build,",
  { timeout: 240_000 },
  ({ file, idle }) => {
    let heap: Heap;

    it("keeps nothing of a million scopes that were opened, used and closed", () => {
      const program = join(import.meta.dirname, "scopes.mjs");
      const output = execFileSync(process.execPath, ["--expose-gc", program, file], {
        cwd: root,
        encoding: "utf8",
      });
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
      expect(heap.perIdleScope).toBeGreaterThan(100);
      expect(heap.perIdleScope).toBeLessThan(idle);
    });
  },
);
