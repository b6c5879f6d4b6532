// Worker threads, which in Node and Bun no signal reaches. In Deno they do.
import { describe, expect, it } from "vitest";
import { type Runtime, start } from "./child.ts";
import { projectWith } from "./project.ts";

const cwd = projectWith("thread.mjs");

const run = (runtime: Runtime, kind: string) =>
  start(runtime, ["thread.mjs", kind], { cwd, flags: runtime === "deno" ? ["--allow-read"] : [] });

describe.each([
  { runtime: "node", kind: "threads" },
  { runtime: "machine-node", kind: "threads" },
  { runtime: "bun", kind: "threads" },
  { runtime: "bun", kind: "web" },
] as const)("shutdownOnSignal in a worker of $runtime, $kind", ({ runtime, kind }) => {
  it("refuses, and names the way that works", async () => {
    const child = run(runtime, kind);

    await child.said("also stopped by a message");

    expect(child.lines().slice(0, 2)).toMatchInlineSnapshot(`
      [
        "Cannot listen for SIGINT or SIGTERM in a worker thread: signals reach the main thread only",
        "  hint: send the thread a message, and use shutdownOnSignal of thimble/generic with an AbortSignal",
      ]
    `);
  });
});

describe.each(["threads", "web"])("shutdownOnSignal in a worker of deno, %s", (kind) => {
  it("works, because there a signal reaches it", async () => {
    const child = run("deno", kind);
    await child.said("also stopped by a message");

    child.kill("SIGTERM");

    await child.said("stopped by SIGTERM");
    expect(child.lines()).toEqual(["also stopped by a message", "stopped by SIGTERM"]);
  });
});
