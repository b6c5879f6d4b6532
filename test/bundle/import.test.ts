// Importing is free of effects: no environment, clock, timer, random number or page is touched before something is called. Deno
// without permissions and the module scope of Workers depend on it.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { entries, manifest, root } from "../support/package.ts";

/** What importing the file touched, as told by a process of its own in which every such thing is a trap. */
const touchedBy = (file: string): unknown =>
  JSON.parse(
    execFileSync(process.execPath, [join(import.meta.dirname, "trapped.mjs"), file], { encoding: "utf8" }),
  );

describe("importing", () => {
  it.each([...entries.values()])("$name touches nothing", ({ js }) => {
    expect(touchedBy(js)).toEqual([]);
  });

  it("the script-tag build touches nothing", () => {
    expect(touchedBy(join(root, manifest.unpkg))).toEqual([]);
  });

  it("would be found out if it touched something", () => {
    expect(touchedBy(join(import.meta.dirname, "touching.mjs"))).toEqual([
      "process.env",
      "process.on",
      "Date.now",
      "new Date",
      "performance.now",
      "setTimeout",
      "Math.random",
      "crypto.randomUUID",
      "document",
      "navigator",
    ]);
  });
});
