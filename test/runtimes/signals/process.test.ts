// Real processes of Node, Deno and Bun that are sent real signals. Deno gets no permission at all.
import { describe, expect, expectTypeOf, it } from "vitest";
import type { readEnv, signals } from "thimble/node";
import { runtimes, start, type Child } from "./child.ts";
import { projectWith } from "./project.ts";

const cwd = projectWith("shop.mjs", "idle.mjs", "forgetful.mjs", "unawaited.mjs");

describe("Node's own process", () => {
  it("is a host by its type", () => {
    expectTypeOf<NodeJS.Process>().toExtend<NonNullable<Parameters<typeof signals>[1]>>();
    expectTypeOf<NodeJS.ProcessEnv>().toExtend<NonNullable<Parameters<typeof readEnv>[0]>>();
  });
});

describe.each(runtimes)("a program in %s", (runtime) => {
  const run = (...args: string[]): Child => start(runtime, args, { cwd });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "that is sent %s in the middle of its work ends in order, reports, and exits with 0",
    async (signal) => {
      const shop = run("shop.mjs", "orderly");
      await shop.said("order taken");

      shop.kill(signal);

      const { code, lines } = await shop.ended;
      expect(lines.slice(lines.indexOf("mail sent"))).toEqual([
        "mail sent",
        "written", // the order in hand, for which the db is still open
        "orders finished",
        "db closed",
        "mail: disposed",
        "orders: disposed",
        "db: disposed",
        `${signal} ok`,
      ]);
      expect(code).toBe(0);
    },
  );

  it("with a disposal that fails closes the rest, and exits with 1", async () => {
    const shop = run("shop.mjs", "failing");
    await shop.said("order taken");

    shop.kill("SIGTERM");

    const { code, lines } = await shop.ended;
    expect(lines).toContain("db closed");
    expect(lines.slice(-4)).toEqual(["mail: failed", "orders: disposed", "db: disposed", "SIGTERM not ok"]);
    expect(code).toBe(1);
  });

  it("with a disposal that hangs past the timeout closes the rest, and exits with 1", async () => {
    const shop = run("shop.mjs", "hanging");
    await shop.said("order taken");

    shop.kill("SIGTERM");

    const { code, lines } = await shop.ended;
    expect(lines).toContain("db closed");
    expect(lines).toContain("mail: abandoned");
    expect(lines.at(-1)).toBe("SIGTERM not ok");
    expect(code).toBe(1);
  });

  it("that hangs for good ends at the second signal, with 128 and its number", async () => {
    const shop = run("shop.mjs", "stuck");
    await shop.said("order taken");
    shop.kill("SIGTERM");
    await shop.said("mail hangs");

    shop.kill("SIGINT");

    const { code, lines } = await shop.ended;
    expect(code).toBe(130);
    expect(lines).not.toContain("SIGTERM not ok");
  });

  it("heeds the signals it has named, and no other", async () => {
    const heeding = run("shop.mjs", "orderly", "SIGHUP");
    await heeding.said("order taken");
    heeding.kill("SIGHUP");
    expect(await heeding.ended).toMatchObject({ code: 0 });

    const ignoring = run("shop.mjs", "orderly", "SIGHUP");
    await ignoring.said("order taken");
    ignoring.kill("SIGTERM");
    expect(await ignoring.ended).toMatchObject({ code: null, signal: "SIGTERM" });
  });

  it("is not kept alive by listening", async () => {
    expect(await run("idle.mjs").ended).toEqual({ code: 0, signal: null, lines: ["listening"] });
  });

  it("dies of a signal as ever once it listens no longer", async () => {
    const forgetful = run("forgetful.mjs");
    await forgetful.said("ready");

    forgetful.kill("SIGTERM");

    expect(await forgetful.ended).toEqual({ code: null, signal: "SIGTERM", lines: ["ready"] });
  });

  it.each(["getAsync", "runAsync"])(
    "ends with the error of a failed start whose `await` was forgotten: %s",
    async (how) => {
      const { code, lines } = await run("unawaited.mjs", how).ended;

      expect(code).not.toBe(0);
      expect(lines.join("\n")).toContain("no database");
    },
  );
});
