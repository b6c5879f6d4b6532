// Real servers with work of every sort in flight when their process is sent a real SIGTERM: nothing of it is lost.
import { symlinkSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { root } from "../../support/package.ts";
import { type Child, type Runtime, start } from "./child.ts";
import { refused } from "./connection.ts";
import { projectWith } from "./project.ts";

const cwd = projectWith("traffic.mjs");
symlinkSync(join(root, "node_modules/hono"), join(cwd, "node_modules/hono"));

const servers: { runtime: Runtime; kind: string }[] = [
  { runtime: "node", kind: "http" },
  { runtime: "node", kind: "hono" },
  { runtime: "machine-node", kind: "http" },
  { runtime: "bun", kind: "bun" },
  { runtime: "bun", kind: "hono" },
  { runtime: "bun", kind: "http" },
  { runtime: "deno", kind: "deno" },
  { runtime: "deno", kind: "hono" },
];

describe.each(servers)("a server of $runtime, $kind, that is sent SIGTERM", ({ runtime, kind }) => {
  async function serve(program: string, ...timeout: string[]): Promise<Child & { ports: number[] }> {
    const flags = runtime === "deno" ? ["--allow-net", "--allow-env"] : [];
    const child = start(runtime, ["traffic.mjs", kind, program, ...timeout], { cwd, flags });
    await child.said("listening ");
    const line = child.lines().find((it) => it.startsWith("listening "))!;
    return { ...child, ports: line.split(" ").slice(1).map(Number) };
  }

  const get = async (port: number, path: string): Promise<[number, string]> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
    return [response.status, await response.text()];
  };

  /** What a process printed from the line on, which is said first. */
  const since = (lines: string[], first: string): string[] => lines.slice(lines.indexOf(first) + 1);

  it("ends its streams with a last word, by `stopSignal`, and closes their sessions before the database", async () => {
    const server = await serve("plain");
    const streams = [get(server.ports[0]!, "/stream"), get(server.ports[0]!, "/stream")];
    await server.said("asked /stream");
    await expect.poll(() => server.lines().filter((it) => it === "asked /stream").length).toBe(2);

    server.kill("SIGTERM");

    for (const [status, text] of await Promise.all(streams)) {
      expect(status).toBe(200);
      expect(text).toMatch(/^line 0\n/);
      expect(text.trimEnd().split("\n").at(-1)).toBe("bye, SIGTERM");
    }
    const { code, lines } = await server.ended;
    expect(since(lines, "server drains")).toEqual([
      "answered /stream",
      "answered /stream",
      "server drained",
      "db disposed",
      "SIGTERM ok",
    ]);
    expect(code).toBe(0);
  });

  it("receives the rest of an upload, and answers it", async () => {
    const server = await serve("plain");
    const socket = connect(server.ports[0]!, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    let answer = "";
    socket.setEncoding("utf8").on("data", (text: string) => (answer += text));
    const closed = new Promise((resolve) => socket.on("close", resolve));
    const half = "x".repeat(50_000);
    socket.write(`POST /upload HTTP/1.1\r\nhost: shop.example\r\ncontent-length: 100000\r\n\r\n${half}`);
    await server.said("asked /upload");

    server.kill("SIGTERM");
    await server.said("server drains");
    await refused(server.ports[0]!);
    socket.write(half);

    const { code, lines } = await server.ended;
    await closed;
    expect(answer).toContain("HTTP/1.1 200");
    expect(answer).toContain("received 100000");
    expect(since(lines, "server drains")).toEqual([
      "answered /upload",
      "server drained",
      "db disposed",
      "SIGTERM ok",
    ]);
    expect(code).toBe(0);
  });

  it("builds what its requests need for the first time, and stops that as well", async () => {
    const server = await serve("plain");
    const mail = get(server.ports[0]!, "/mail");
    await server.said("asked /mail");

    server.kill("SIGTERM");

    expect(await mail).toEqual([200, "mailed"]);
    const { code, lines } = await server.ended;
    expect(since(lines, "server drains").toSorted()).toEqual(
      [
        "answered /mail",
        "server drained",
        "mailer stops, true",
        "mailer disposed",
        "db disposed",
        "SIGTERM ok",
      ].toSorted(),
    );
    expect(lines.slice(-3)).toEqual(["mailer disposed", "db disposed", "SIGTERM ok"]);
    expect(code).toBe(0);
  });

  it("lets its queue finish what its last requests have put into it", async () => {
    const server = await serve("queue");
    const order = get(server.ports[0]!, "/order");
    await server.said("asked /order");

    server.kill("SIGTERM");

    expect(await order).toEqual([200, "queued"]);
    const { code, lines } = await server.ended;
    expect(lines).toContain("order done");
    expect(lines.slice(-3)).toEqual(["queue disposed", "db disposed", "SIGTERM ok"]);
    expect(code).toBe(0);
  });

  it("is waited for by what its requests hold of themselves, without being drained", async () => {
    const server = await serve("events");
    const slow = get(server.ports[0]!, "/slow");
    await server.said("asked /slow");

    server.kill("SIGTERM");

    expect(await slow).toEqual([200, "rows"]);
    const { code, lines } = await server.ended;
    expect(since(lines, "asked /slow")).toEqual(["answered /slow", "db disposed", "SIGTERM ok"]);
    expect(code).toBe(0);
  });

  it("tells on a second server that it is stopping, which outlasts the first", async () => {
    const server = await serve("health");
    const [port, health] = server.ports as [number, number];
    expect((await get(health, "/"))[0]).toBe(200);
    const slow = get(port, "/slow");
    await server.said("asked /slow");

    server.kill("SIGTERM");
    await server.said("server drains");
    expect((await get(health, "/"))[0]).toBe(503);

    expect(await slow).toEqual([200, "rows"]);
    const { code, lines } = await server.ended;
    expect(since(lines, "server drains")).toEqual([
      "answered /slow",
      "server drained",
      "health drains",
      "health drained",
      "db disposed",
      "SIGTERM ok",
    ]);
    expect(code).toBe(0);
  });

  it("may be one of two, of which the other is in a scope below and ends by a signal of its own", async () => {
    const server = await serve("tenant");
    const [port, tenant] = server.ports as [number, number];
    const slow = get(tenant, "/slow");
    await server.said("asked /slow");

    server.kill("SIGHUP");

    expect(await slow).toEqual([200, "rows"]);
    await server.said("tenant: SIGHUP");
    await refused(tenant);
    expect(await get(port, "/quick")).toEqual([200, "rows"]);
    server.kill("SIGTERM");
    const { code, lines } = await server.ended;
    expect(since(lines, "tenant drained").filter((it) => !it.includes("/"))).toEqual([
      "tenant: SIGHUP",
      "server drains",
      "server drained",
      "db disposed",
      "SIGTERM ok",
    ]);
    expect(code).toBe(0);
  });

  it("need not be: a request may shut it down, and is answered like the others", async () => {
    const server = await serve("plain");
    const slow = get(server.ports[0]!, "/slow");
    await server.said("asked /slow");

    expect(await get(server.ports[0]!, "/quit")).toEqual([200, "stopping, stopping"]);

    expect(await slow).toEqual([200, "rows"]);
    const { code, lines } = await server.ended;
    expect(lines.slice(-3)).toEqual(["server drained", "db disposed", "quit ok"]);
    expect(lines.join()).not.toContain("too early");
    expect(code).toBe(0);
  });

  // Nothing cuts the connections of Deno.serve.
  if (runtime !== "deno")
    it("cuts a stream without end at the deadline", async () => {
      const server = await serve("plain", "300");
      const endless = get(server.ports[0]!, "/endless").catch(() => "cut");
      await server.said("asked /endless");

      server.kill("SIGTERM");

      expect(await endless).toBe("cut");
      const { code, lines } = await server.ended;
      expect(lines).toContain("db disposed");
      expect(lines).toContain("SIGTERM not ok");
      expect(code).toBe(1);
    });
});
