// Real processes whose scopes come and go before a signal does, or that are still starting when it comes. Deno gets no
// permission at all.
import { describe, expect, it } from "vitest";
import { type Child, runtimes, start } from "./child.ts";
import { projectWith } from "./project.ts";

const cwd = projectWith("scopes.mjs");

describe.each(runtimes)("a program in %s", (runtime) => {
  async function ready(program: string): Promise<Child> {
    const child = start(runtime, ["scopes.mjs", program], { cwd });
    await child.said("ready");
    return child;
  }

  /** What it printed after it was ready. */
  const since = (lines: string[]): string[] => lines.slice(lines.indexOf("ready") + 1);

  it.each(["SIGHUP", "SIGUSR2"] as const)(
    "that lists %s for one scope goes on without that scope, until the signal of the others comes",
    async (signal) => {
      const program = await ready("tenant");

      program.kill(signal);
      await program.said("tenant: ");
      program.kill("SIGTERM");

      const { code, lines } = await program.ended;
      expect(since(lines)).toEqual([
        "tenant closed",
        `tenant: ${signal} true, app is open`,
        "app closed",
        "app: SIGTERM true",
      ]);
      expect(code).toBe(0);
    },
  );

  it("dies of a signal that another scope has listed, once that one has closed", async () => {
    const program = await ready("tenant");
    program.kill("SIGHUP");
    await program.said("tenant: ");

    program.kill("SIGUSR2");

    expect(await program.ended).toMatchObject({ code: null, signal: "SIGUSR2" });
  });

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "that closed twenty containers by itself closes the last one when %s comes, and was warned of nothing",
    async (signal) => {
      const program = await ready("restarts");

      program.kill(signal);

      const { code, lines } = await program.ended;
      expect(lines).toEqual([
        ...Array.from({ length: 20 }, (_, n) => `${n} closed`),
        "ready",
        "last closed",
        `last: ${signal} true`,
      ]);
      expect(code).toBe(0);
    },
  );

  it("whose scopes have all closed dies of a signal as ever", async () => {
    const program = await ready("over");

    program.kill("SIGTERM");

    expect(await program.ended).toEqual({ code: null, signal: "SIGTERM", lines: ["app closed", "ready"] });
  });

  it("of two containers that list the same signals closes both", async () => {
    const program = await ready("halves");

    program.kill("SIGINT");

    const { code, lines } = await program.ended;
    expect(since(lines).toSorted()).toEqual(["SIGINT true", "SIGINT true", "admin closed", "shop closed"]);
    expect(code).toBe(0);
  });

  it.each([
    ["settings", ["app closed", "app: SIGTERM true"]],
    ["below", ["cache closed", "db closed", "app: SIGTERM true"]],
    ["givingUp", ["db closed", "app: SIGTERM true"]],
    ["working", ["work done", "server closed", "cache closed", "db closed", "app: SIGTERM true"]],
  ])("that is sent SIGTERM while it is starting ends in order: %s", async (name, lines) => {
    const program = await ready(name);

    program.kill("SIGTERM");

    const ending = await program.ended;
    expect(since(ending.lines)).toEqual(lines);
    expect(ending.code).toBe(0);
  });
});
