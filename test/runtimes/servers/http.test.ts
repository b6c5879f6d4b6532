// Real servers of node:http, Express and Fastify in real processes, and real clients that read, leave and go on asking: when
// each of their requests' scopes closes, and that it closes once.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Child, Runtime } from "../signals/child.ts";
import { open } from "../signals/connection.ts";
import { at, endOf, leave, rowOf, serve, type Serving } from "./client.ts";
import { projectWith } from "./project.ts";
import { expectRow } from "./table.ts";

const cwd = projectWith(["http-server.mjs"], ["express", "fastify"]);
const runtimes: readonly Runtime[] = ["node", "machine-node", "bun", "deno"];
/** The servers of http-server.mjs, and their names in the README. */
const kinds = {
  http: "`http`, a handler with a promise",
  callbacks: "`http`, a handler without one",
  express: "`http`, Express",
  fastify: "`http`, Fastify",
};
const servers = runtimes.flatMap((runtime) =>
  (Object.keys(kinds) as (keyof typeof kinds)[]).map((kind) => ({ runtime, kind })),
);

/** In the words of the README. In which step a body was is chance. */
const inWords = (end: string): string =>
  end.replace(/step \d+/, "its body").replace("response closed", "its response");

/** What takes long is seen in one runtime, and for node:http, which each runtime has made anew, in all of them. */
const isThorough = (runtime: Runtime, kind: string): boolean => runtime === "node" || kind === "http";

describe.each(servers)("a server of $kind on $runtime", ({ runtime, kind }) => {
  let server: Serving & Child;
  let end: () => void;
  let row: Awaited<ReturnType<typeof rowOf>>;
  beforeAll(async () => {
    server = await serve(cwd, runtime, kind, (it) => (end = it), "http-server.mjs");
  });
  afterAll(() => end?.());

  const get = async (id: string, path: string): Promise<{ status: number; body: string }> => {
    const response = await fetch(at(server, `${path}?id=${id}`));
    return { status: response.status, body: await response.text() };
  };
  /** What was said of a request that is over, without what its body did. */
  const storyOf = async (id: string): Promise<string[]> =>
    (await server.ending(id)).filter((line) => !line.startsWith("step"));

  it("closes the scope of each request once", async () => {
    const seen = Object.entries(await rowOf(server, "row"));
    for (const [, end] of seen) expect(end).toMatch(/, once$/);
    // The README has these, and what the last test sees, in one row.
    row = Object.fromEntries(seen.map(([name, it]) => [name, inWords(it)])) as typeof row;
  });

  if (isThorough(runtime, kind))
    it("gives each request on a connection its own scope", async () => {
      const { socket, ask } = await open(server.port);
      ask("/text?id=first");
      await server.ending("first");
      ask("/text?id=second");
      await server.ending("second");
      socket.destroy();

      expect(server.of("first").filter((it) => it === "closed")).toHaveLength(1);
      expect(server.of("second").filter((it) => it === "closed")).toHaveLength(1);
    });

  if (isThorough(runtime, kind))
    it("closes all scopes of pipelined requests, answered or not", async () => {
      const answered = await open(server.port);
      for (const id of ["p1", "p2", "p3"]) answered.ask(`/slow?id=${id}`);
      const stories = await Promise.all(["p1", "p2", "p3"].map(storyOf));
      expect(stories.flat().filter((it) => it.startsWith("closed"))).toEqual(["closed", "closed", "closed"]);
      answered.socket.destroy();

      const cut = await open(server.port);
      for (const id of ["c1", "c2"]) cut.ask(`/slow?id=${id}`);
      await expect.poll(() => server.of("c1")).toContain("asked");
      cut.socket.resetAndDestroy();
      await storyOf("c1");
      await storyOf("c2");
      expect([...server.of("c1"), ...server.of("c2")].filter((it) => it.startsWith("closed"))).toHaveLength(
        2,
      );
      expect([...server.of("c1"), ...server.of("c2")].join()).not.toContain("WITHOUT");
    });

  if (isThorough(runtime, kind))
    it("keeps the scope while a response waits for a client that does not read", async () => {
      const lazy = await open(server.port);
      lazy.socket.pause();
      lazy.ask("/big?id=lazy");
      await expect.poll(() => server.of("lazy")).toContain("handler over");
      await sleep(100);
      expect(server.of("lazy")).not.toContain("closed");

      lazy.socket.resetAndDestroy();

      expect(await storyOf("lazy")).toEqual(["asked", "handler over", "response closed", "closed"]);
    });

  it("tells disposers why a request has failed", async () => {
    const endings = await Promise.all(
      ["/throw", "/reject", "/500", "/nowhere"].map(async (path) => {
        const id = `why-${path.slice(1)}`;
        const { status } = await get(id, path);
        return [path, status, (await storyOf(id)).at(-1)];
      }),
    );
    expect(endings).toEqual([
      ["/throw", 500, "closed: sold out"],
      ["/reject", 500, "closed: sold out"],
      ["/500", 500, "closed: The response has the status 500"],
      ["/nowhere", 404, "closed"],
    ]);
  });

  if (kind === "http")
    it("waits as long as the promise of the handler of a client that has left", async () => {
      await leave(server, "patient", "/patient", "RST", "asked");

      expect(await storyOf("patient")).toEqual([
        "asked",
        "response closed",
        "worked",
        "handler over",
        "closed",
      ]);
    });

  if (kind !== "http" && isThorough(runtime, kind))
    it("gives up a handler that never answers a client that has left", async () => {
      await leave(server, "never", "/never", "FIN", "asked");

      expect(await storyOf("never")).toEqual(["asked", "response closed", "closed"]);
    });

  if (kind === "http" && runtime !== "deno")
    it("closes the scope of an upgrade with its socket", async () => {
      const { socket } = await open(server.port);
      const upgrade = "GET /up?id=up HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
      socket.write(upgrade);
      await expect.poll(() => server.of("up")).toEqual(["asked"]);
      socket.write("hello");
      await expect.poll(() => server.of("up")).toEqual(["asked", "echo hello"]);

      socket.end();

      expect(await server.ending("up")).toEqual(["asked", "echo hello", "closed"]);
    });

  it("leaves no scope behind", async () => {
    await expect.poll(async () => (await get("counts", "/counts")).body).toBe("0 open, 0 children");
  });

  it("answers what it has accepted when it is stopped amid fifty busy clients", async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => open(server.port)));
    const asked = clients.map((client, i) => {
      let count = 0;
      const next = (): void => client.ask(`/work?id=b${i}-${count++}`);
      client.socket.on("data", next);
      next();
      return client;
    });
    await Promise.all(clients.map((_, i) => server.heard(`b${i}-1`, "asked")));
    (await open(server.port)).ask("/stream?id=meanwhile");
    await server.heard("meanwhile", "asked");

    server.kill("SIGTERM");

    await Promise.all(asked.map((it) => it.closed));
    const { code, lines } = await server.ended;
    expectRow(kinds[kind], { ...row, "shutdown meanwhile": inWords(endOf(server.of("meanwhile"))) });
    const accepted = lines.flatMap((line) => /^(b\d+-\d+) asked$/.exec(line)?.[1] ?? []);
    const answers = clients.map(({ answer }) => answer).join("\n");
    expect(accepted.length).toBeGreaterThanOrEqual(100);
    expect(accepted.filter((id) => !new RegExp(`${id}(?!\\d)`).test(answers))).toEqual([]);
    expect(lines.filter((line) => line.includes("WITHOUT"))).toEqual([]);
    expect(lines.slice(lines.indexOf("draining")).slice(-2)).toEqual(["db disposed", "SIGTERM ok, 0 open"]);
    expect(code).toBe(0);
  });
});
