// Real servers and real clients: thimble/fetch behind Deno.serve, Bun.serve and srvx, thimble/hono on Node, Deno and Bun.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Runtime, start } from "../signals/child.ts";
import { open } from "../signals/connection.ts";
import { at, endOf, leave, rowOf, type Serving, serve } from "./client.ts";
import { projectWith } from "./project.ts";
import { expectRow } from "./table.ts";

const cwd = projectWith(["server.mjs", "shop.mjs", "unread.mjs"], ["hono", "@hono/node-server", "srvx"]);

interface Kind {
  /** As the table of the README names it. */
  name: string;
  runtime: Runtime;
  kind: string;
}

const servers: Kind[] = [
  { name: "`fetch`, `Deno.serve`", runtime: "deno", kind: "deno" },
  { name: "`fetch`, `Bun.serve`", runtime: "bun", kind: "bun" },
  { name: "`fetch`, srvx on Node", runtime: "node", kind: "srvx" },
  { name: "`hono`, Node", runtime: "node", kind: "hono" },
  { name: "`hono`, Deno", runtime: "deno", kind: "hono" },
  { name: "`hono`, Bun", runtime: "bun", kind: "hono" },
];

/** One of each, for all tests that do not stop it. */
const running = new Map<Kind, Serving>();
const serverOf = (it: Kind): Serving => running.get(it)!;

const ends: (() => void)[] = [];
beforeAll(async () => {
  const run = async (it: Kind): Promise<void> =>
    void running.set(it, await serve(cwd, it.runtime, it.kind, (end) => ends.push(end)));
  await Promise.all(servers.map(run));
});
afterAll(() => {
  for (const end of ends) end();
});

const ask = async (server: Serving, path: string, init?: RequestInit): Promise<Response> =>
  fetch(at(server, path), { headers: { connection: "close" }, ...init });

describe.each(servers)("a request scope of $name", (it_) => {
  it("closes once, after the work, however the request ends: the table of the README", async () => {
    const server = serverOf(it_);
    const row = await rowOf(server, "row");

    const stopping = await serve(cwd, it_.runtime, it_.kind);
    const body = ask(stopping, "/stream?id=meanwhile").then((it) => it.text());
    await stopping.heard("meanwhile", "step 1");
    stopping.kill("SIGTERM");
    expect(await body).toBe("step step step step step ");
    const { code, lines } = await stopping.ended;
    expect(lines.slice(-3)).toEqual(["db disposed", "SIGTERM ok", "scopes left 0"]);
    expect(code).toBe(0);

    expectRow(it_.name, { ...row, "shutdown meanwhile": endOf(stopping.of("meanwhile")) });
  });

  it("answers SIGTERM in the middle of fifty busy connections with every request that it has begun", async () => {
    const server = await serve(cwd, it_.runtime, it_.kind);
    const clients = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const connection = await open(server.port);
        let asked = 0;
        const next = (): void => connection.ask(`/id?id=c${i}-${asked++}`);
        // An answer may come in two parts. A response has one end of its content.
        let seen = 0;
        connection.socket.on("data", () => {
          const answers = connection.answers("<c");
          while (seen < answers) {
            seen++;
            next();
          }
        });
        next();
        return connection;
      }),
    );
    await server.said("c0-30 closed");
    await server.said("c49-10 closed");

    server.kill("SIGTERM");

    await Promise.all(clients.map(({ closed }) => closed));
    const { code, lines } = await server.ended;
    const begun = lines.flatMap((line) => /^(\S+) asked$/.exec(line)?.[1] ?? []);
    const text = clients.map(({ answer }) => answer).join("");
    expect(begun.length).toBeGreaterThan(100);
    expect(begun.filter((id) => !text.includes(`<${id}>`))).toEqual([]);
    expect(lines.filter((line) => line.includes("WITHOUT"))).toEqual([]);
    expect(lines.filter((line) => line.endsWith(" closed"))).toHaveLength(begun.length);
    expect(lines.slice(-3)).toEqual(["db disposed", "SIGTERM ok", "scopes left 0"]);
    expect(code).toBe(0);
  });

  it("closes once in these cases, too", async () => {
    const server = serverOf(it_);
    const cases = {
      "a fetch that has read a part and aborts": async (id: string) => {
        const abort = new AbortController();
        const response = await ask(server, `/endless?id=${id}`, { signal: abort.signal });
        await response.body!.getReader().read();
        abort.abort();
      },
      "a client that has read nothing": async (id: string) => {
        const { socket, ask } = await open(server.port);
        socket.pause();
        ask(`/endless?id=${id}`);
        await server.heard(id, "step 0");
        socket.destroy();
      },
      "a client that resets before the first byte": (id: string) =>
        leave(server, id, "/slow", "RST", "asked"),
      "a connection that is kept": async (id: string) => {
        const { answers, ask, socket } = await open(server.port);
        ask(`/id?id=${id}`);
        await server.heard(id, "handler over");
        ask(`/id?id=${id}-second`);
        await server.ending(`${id}-second`);
        expect(answers("HTTP/1.1 200")).toBe(2);
        socket.destroy();
      },
      "a status from 500 on": async (id: string) => void (await (await ask(server, `/500?id=${id}`)).text()),
      "a large body": async (id: string) =>
        expect((await (await ask(server, `/big?id=${id}`)).text()).length).toBe(5_000_000),
      "a status without a body": async (id: string) =>
        expect((await ask(server, `/empty?id=${id}`)).status).toBe(204),
    };
    const seen = await Promise.all(
      Object.entries(cases).map(async ([name, act], i) => {
        await act(`case${i}`);
        return [name, endOf(await server.ending(`case${i}`))];
      }),
    );
    expect(Object.fromEntries(seen)).toEqual({
      "a fetch that has read a part and aborts": "after its body, once",
      "a client that has read nothing": "after its body, once",
      "a client that resets before the first byte": "after its handler, once",
      "a connection that is kept": "after its handler, once",
      "a status from 500 on": "after its handler, with The response has the status 500, once",
      "a large body": "after its handler, once",
      "a status without a body": "after its handler, once",
    });
  });

  it("closes once when the body breaks off, and the server goes on", async () => {
    const server = serverOf(it_);
    await ask(server, "/broken?id=broken")
      .then((it) => it.text())
      .catch(() => {});
    expect((await server.ending("broken")).filter((line) => line.startsWith("closed"))).toHaveLength(1);
    expect(await (await ask(server, "/id?id=still")).text()).toBe("<still>");
  });

  it("keeps the headers of a stream", async () => {
    const server = serverOf(it_);
    const response = await ask(server, "/stream?id=headers");
    expect(response.headers.get("x-kept")).toBe("yes");
    expect(await response.text()).toBe("step step step step step ");
  });
});

describe.each(servers.filter(({ kind }) => kind !== "hono"))("$name", (it_) => {
  it.each(["/nothing", "/used"])(
    "is given an error of ours in place of what it cannot send: %s",
    async (path) => {
      const server = serverOf(it_);
      const response = await ask(server, `${path}?id=unusable${path.slice(1)}`);
      expect(response.status).toBe(500);
      expect(await response.text()).toBe("failed: INVALID_RESPONSE");
    },
  );

  it("says of what type a text is, and how long, as far as the server does without us", async () => {
    const server = serverOf(it_);
    const seen = ["GET", "HEAD"].map(async (method) => {
      const { headers } = await ask(server, "/text?id=length", { method });
      return `${method} ${headers.get("content-type")?.toLowerCase()} ${headers.get("content-length")}`;
    });
    expect(await Promise.all(seen)).toEqual(
      {
        deno: ["GET text/plain;charset=utf-8 4", "HEAD text/plain;charset=utf-8 4"],
        bun: ["GET text/plain;charset=utf-8 4", "HEAD undefined 4"],
        srvx: ["GET text/plain;charset=utf-8 null", "HEAD text/plain;charset=utf-8 null"],
      }[it_.kind],
    );
  });
});

describe.each(servers.filter(({ kind }) => kind === "deno" || kind === "bun"))("$name", (it_) => {
  it("upgrades to a WebSocket, which outlives the scope", async () => {
    const server = serverOf(it_);
    const socket = new WebSocket(at(server, "/upgrade?id=socket").replace("http", "ws"));
    const echo = new Promise((resolve) => (socket.onmessage = ({ data }) => resolve(data)));
    await new Promise((resolve) => (socket.onopen = resolve));
    expect(endOf(await server.ending("socket"))).toBe("after its handler, once");
    socket.send("hello");
    expect(await echo).toBe("echo hello");
    socket.close();
  });
});

describe.each(["node", "bun"] as const)("a body in %s that nobody reads", (runtime) => {
  it("keeps no process alive, unless a shutdown waits for it", async () => {
    const forgotten = start(runtime, ["unread.mjs"], { cwd });
    expect(await forgotten.ended).toMatchObject({ code: 0, lines: ["done"] });
    const waiting = start(runtime, ["unread.mjs", "shutdown"], { cwd });
    expect(await waiting.ended).toMatchObject({ code: 0, lines: ["shut down true"] });
  });
});

describe("a file of Bun", () => {
  it("is sent, and has its ranges where the scope ends with the handler", async () => {
    const server = serverOf(servers[1]!);
    const whole = await ask(server, "/file?id=file");
    expect(whole.headers.get("content-type")).toMatch("json");
    expect(await whole.json()).toMatchObject({ private: true });
    expect(endOf(await server.ending("file"))).toBe("after its handler, once");

    const part = await ask(server, "/file-as-it-is?id=range", { headers: { range: "bytes=0-4" } });
    expect(part.status).toBe(206);
    expect((await part.text()).length).toBe(5);
  });
});
