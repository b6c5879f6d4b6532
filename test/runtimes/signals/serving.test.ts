// The shortest right program for a server, as a real process that is sent real signals: it drains, disposes, and exits
// with the right code by itself, whatever it was doing.
import { describe, expect, it } from "vitest";
import { type Child, type Runtime, start } from "./child.ts";
import { open, refused } from "./connection.ts";
import { projectWith } from "./project.ts";

const cwd = projectWith("serving.mjs");

const servers: { runtime: Runtime; kind: string }[] = [
  { runtime: "node", kind: "http" },
  { runtime: "machine-node", kind: "http" },
  { runtime: "bun", kind: "bun" },
  { runtime: "deno", kind: "deno" },
];

describe.each(servers)("a program of $runtime that serves with $kind", ({ runtime, kind }) => {
  /** Starts it. The arguments: a place, what happens there, and the grace in milliseconds. */
  function serve(...given: string[]): Child {
    const flags = runtime === "deno" ? ["--allow-net"] : [];
    return start(runtime, ["serving.mjs", kind, ...given], { cwd, flags });
  }
  const portOf = (child: Child): number =>
    Number(
      child
        .lines()
        .find((line) => line.startsWith("listening "))!
        .split(" ")[1],
    );
  const withoutPort = (lines: string[]): string[] =>
    lines.map((line) => line.replace(/^(listening) .*/, "$1"));

  const up = ["db opens", "beforeStart", "server starts", "listening", "poller runs", "afterStart"];
  const disposed = ["db closes", "afterStop", "served"];

  it("answers what is in flight at SIGTERM, refuses what comes later, disposes, and exits with 0", async () => {
    const server = serve();
    await server.said("afterStart");
    const port = portOf(server);
    const kept = await open(port);
    kept.ask("/first");
    await server.said("answered /first");
    const [other, idle] = [await open(port), await open(port)];
    idle.ask("/idle");
    await server.said("answered /idle");
    kept.ask("/slow");
    await server.said("asked /slow");
    other.ask("/slow-too");
    await server.said("asked /slow-too");

    server.kill("SIGTERM");
    await server.said("server stops");

    await refused(port);
    await Promise.all([kept.closed, other.closed, idle.closed]);
    expect(kept.answer.match(/HTTP\/1.1 200/g)).toHaveLength(2);
    expect(other.answer.match(/HTTP\/1.1 200/g)).toHaveLength(1);
    const { code, lines } = await server.ended;
    const down = lines.slice(lines.indexOf("beforeStop"));
    expect(down).toEqual([
      ...["beforeStop", "poller ends", "server stops", "answered /slow", "answered /slow-too", "drained"],
      ...disposed,
    ]);
    expect(code).toBe(0);
  });

  it.each([
    ["db opens", ["db opens", "beforeStop", "db opens is over", "db closes", "afterStop", "served"]],
    [
      "beforeStart",
      ["db opens", "beforeStart", "beforeStart is over", "beforeStop", "db closes", "afterStop", "served"],
    ],
    [
      "server starts",
      [
        ...["db opens", "beforeStart", "server starts", "server starts is over", "listening"],
        ...["beforeStop", "server stops", "drained", ...disposed],
      ],
    ],
    [
      "afterStart",
      [...up, "afterStart is over", "beforeStop", "poller ends", "server stops", "drained", ...disposed],
    ],
  ])(
    "that is sent SIGTERM while it starts, at %s, ends in order and exits with 0",
    async (place, expected) => {
      const server = serve(place, "slow");
      await server.said(place);

      server.kill("SIGTERM");

      const { code, lines } = await server.ended;
      // Every line that the process has printed: nothing was uncaught.
      expect(withoutPort(lines)).toEqual(expected);
      expect(code).toBe(0);
    },
  );

  it.each([
    ["db opens", ["db opens", "beforeStop", "afterStop"]],
    ["beforeStart", ["db opens", "beforeStart", "beforeStop", "db closes", "afterStop"]],
    ["server starts", ["db opens", "beforeStart", "server starts", "beforeStop", "db closes", "afterStop"]],
    ["afterStart", [...up, "beforeStop", "poller ends", "server stops", "drained", "db closes", "afterStop"]],
  ])(
    "that fails to start, at %s, undoes what it has done, says why, and exits with 1",
    async (place, expected) => {
      const { code, lines } = await serve(place, "fails").ended;

      expect(withoutPort(lines).slice(0, expected.length)).toEqual(expected);
      expect(lines.slice(expected.length).join("\n")).toContain(`no luck in ${place}`);
      expect(lines).not.toContain("served");
      expect(code).toBe(1);
    },
  );

  it("whose background task fails stops in order, says why, and exits with 1", async () => {
    const { code, lines } = await serve("poller runs", "fails").ended;

    const down = lines.slice(lines.indexOf("beforeStop"));
    expect(down.slice(0, 5)).toEqual(["beforeStop", "server stops", "drained", "db closes", "afterStop"]);
    expect(down.join("\n")).toContain("no luck in poller runs");
    expect(lines).not.toContain("served");
    expect(code).toBe(1);
  });

  it("is ended at once by a second signal", async () => {
    const server = serve("server stops", "hangs");
    await server.said("afterStart");
    server.kill("SIGTERM");
    await server.said("server stops");

    server.kill("SIGINT");

    const { code, lines } = await server.ended;
    expect(lines).not.toContain("db closes");
    expect(code).toBe(130);
  });

  it.each(["beforeStop", "server stops", "poller ends", "db closes", "afterStop"])(
    "whose stop hangs at %s is bounded by its grace, and exits with 1 by itself",
    async (place) => {
      const server = serve(place, "hangs", "200");
      await server.said("afterStart");

      server.kill("SIGTERM");

      const { code, lines } = await server.ended;
      expect(lines).toEqual(expect.arrayContaining(["beforeStop", "server stops", "db closes", "afterStop"]));
      expect(lines.join("\n")).toContain("SHUTDOWN_FAILED");
      expect(lines).not.toContain("served");
      expect(code).toBe(1);
    },
  );

  it.each(["db opens", "beforeStart", "server starts", "afterStart"])(
    "whose start hangs at %s when SIGTERM comes is bounded by its grace, and exits with 1 by itself",
    async (place) => {
      const server = serve(place, "hangs", "200");
      await server.said(place);

      server.kill("SIGTERM");

      const { code, lines } = await server.ended;
      expect(lines).toEqual(expect.arrayContaining(["beforeStop", "afterStop"]));
      expect(lines.join("\n")).toContain("SHUTDOWN_FAILED");
      expect(code).toBe(1);
    },
  );

  it("whose request hangs is bounded by its grace, and exits with 1 by itself", async () => {
    const server = serve("", "", "200");
    await server.said("afterStart");
    const hanging = await open(portOf(server));
    hanging.ask("/hang");
    await server.said("asked /hang");

    server.kill("SIGTERM");

    const { code, lines } = await server.ended;
    await hanging.closed;
    expect(lines).toContain("db closes");
    // Node's servers and Bun's cut what hangs at the deadline, and then they have stopped. A row of the report says that
    // it took the deadline to do so.
    expect(lines.join("\n")).toContain("SHUTDOWN_FAILED");
    expect(code).toBe(1);
  });
});
