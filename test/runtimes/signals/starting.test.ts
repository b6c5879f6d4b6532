// A signal that arrives while a program is still starting: what was built is disposed, and nothing is an uncaught error.
import { expect, it } from "vitest";
import { runtimes, start } from "./child.ts";
import { projectWith } from "./project.ts";

const cwd = projectWith("starting.mjs");

it.each(runtimes)(
  "a program of %s that is sent SIGTERM while it is starting ends in order",
  async (runtime) => {
    const program = start(runtime, ["starting.mjs"], { cwd });
    await program.said("starting");

    program.kill("SIGTERM");

    const { code, lines } = await program.ended;
    expect(lines).toEqual(["db open", "starting", "server closed", "db closed", "SIGTERM true"]);
    expect(code).toBe(0);
  },
);
