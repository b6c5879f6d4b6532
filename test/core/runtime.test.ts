// A row in the table of runtimes is only worth something if its tests ran where it says they did, and on the build that it
// says. So this file, which runs with the others, asks the globals (no configuration reaches those), compares modules, and
// hands the version to the table (test/run.mjs).
import * as thimble from "thimble";
import * as fast from "thimble/fast";
import * as small from "thimble/small";
import { describe, expect, inject, it } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Name of the project, from vitest.config.mjs. */
    runtime: string;
    /** Which of the two builds `thimble` is there, from vitest.config.mjs. */
    build: "small" | "fast";
  }
  interface TaskMeta {
    version?: string;
  }
}

interface Globals {
  Deno?: { version: { deno: string } };
  Bun?: { version: string };
  WebSocketPair?: object;
  document?: object;
  navigator?: { userAgent: string };
  process?: { version: string };
}

/** Deno and Bun bring a `process`, happy-dom runs within Node, workerd may bring one too: the order of the questions matters. */
function whereAmI(): { runtime: string; version?: string | undefined } {
  const { Deno, Bun, WebSocketPair, document, navigator, process }: Globals = globalThis;
  if (Deno) return { runtime: "deno", version: Deno.version.deno };
  if (Bun) return { runtime: "bun", version: Bun.version };
  if (WebSocketPair) return { runtime: "workerd" };
  const [, engine, version] = /(Chrome|HappyDOM)\/([\d.]+)/.exec(navigator?.userAgent ?? "") ?? [];
  if (document && engine) return { runtime: engine === "Chrome" ? "browser" : "dom", version };
  return { runtime: "node", version: process?.version.slice(1) };
}

describe("this run", () => {
  it("is in the runtime that its project is named after", ({ task }) => {
    const { runtime, version } = whereAmI();
    if (version) task.meta.version = version;
    expect(runtime).toBe(inject("runtime"));
  });

  it("is on the build that its project is for", () => {
    // A module is loaded once, whatever name it is imported by.
    expect({ small: thimble === small, fast: thimble === fast }).toEqual({
      small: inject("build") === "small",
      fast: inject("build") === "fast",
    });
  });
});
