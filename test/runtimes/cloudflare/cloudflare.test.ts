// thimble/cloudflare in a real workerd, with bindings of all kinds and real clients, some of which leave without a word.
import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { install, root } from "../../support/package.ts";

let cwd: string;
let remove = (): void => {};
let miniflare: Miniflare;
let address: URL;

/** Bundles a Worker of this folder, and gives where the bundle is. */
function bundled(name: string): string {
  copyFileSync(join(import.meta.dirname, name), join(cwd, name));
  execFileSync(
    join(root, "node_modules/.bin/esbuild"),
    [
      name,
      "--bundle",
      "--format=esm",
      "--conditions=workerd",
      "--external:cloudflare:workers",
      `--outfile=bundle-${name}`,
      "--log-level=error",
    ],
    { cwd },
  );
  return join(cwd, `bundle-${name}`);
}

beforeAll(async () => {
  ({ folder: cwd, remove } = install());
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: "shop",
      rootPath: cwd,
      modules: true,
      scriptPath: bundled("worker.mjs"),
      modulesRoot: cwd,
      compatibilityDate: "2026-10-01",
      kvNamespaces: ["KV"],
      d1Databases: ["DB"],
      r2Buckets: ["FILES"],
      durableObjects: { ROOMS: { className: "Lobby", useSQLite: true } },
      queueProducers: { QUEUE: "jobs" },
      queueConsumers: { jobs: { maxBatchSize: 1, maxBatchTimeout: 0, maxRetries: 2, retryDelay: 0 } },
      serviceBindings: { OTHER: { name: "shop", entrypoint: "Accounts" } },
      cf: false,
      unsafeTriggerHandlers: true,
      // Errors of handlers are part of the test.
      handleStructuredLogs: () => {},
      // Nothing in front: a proxy would keep from the Worker how its clients leave.
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    }),
  );
  await miniflare.ready;
  address = await miniflare.unsafeGetDirectURL("shop");
  const db = await miniflare.getD1Database("DB");
  await db.exec("CREATE TABLE users (name TEXT)");
});

afterAll(async () => {
  await miniflare?.dispose();
  remove();
});

interface Stats {
  readonly builds: number;
  readonly frail: number;
  readonly visits: number;
  readonly visitors: readonly string[];
  readonly closed: number;
  readonly context: number;
  readonly open: number;
  readonly reasons: readonly string[];
  readonly unhandled: readonly string[];
  readonly events: readonly string[];
}

const get = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(new URL(path, address), { signal: AbortSignal.timeout(10_000), ...init });
const json = async (path: string): Promise<unknown> => (await get(path)).json();
const stats = () => json("/stats") as Promise<Stats>;

/** Waits until the Worker has noticed. */
const until = (check: (it: Stats) => void): Promise<void> =>
  vi.waitFor(async () => check(await stats()), { timeout: 15_000, interval: 50 });
const untilClosed = () => until(({ open, visits, closed }) => expect([open, closed]).toEqual([0, visits]));

/** Sends a request over a connection of its own. */
async function send(path: string, method = "GET"): Promise<Socket> {
  const socket = connect(Number(address.port), "127.0.0.1");
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(`${method} ${path} HTTP/1.1\r\nhost: shop.example\r\n\r\n`);
  return socket;
}

it("answers each of the first requests, though one of them began what all wait for", async () => {
  const names = ["ada", "ben", "eve", "zoe"];

  const answers = await Promise.all(names.map((name) => json(`/user?name=${name}`)));

  expect(answers).toEqual(
    names.map((name) => ({
      user: name,
      row: name,
      file: name,
      kv: name,
      joined: `rpc ${name}`,
      greeting: "cold",
    })),
  );
  await untilClosed();
  expect(await stats()).toMatchObject({ builds: 1, context: 4 });
});

it("builds anew what a request began that is over", async () => {
  expect(await (await get("/frail/early")).text()).toBe("early");

  const answers = await Promise.all([json("/frail"), json("/frail")]);

  expect(answers).toEqual([{ by: 2 }, { by: 2 }]);
  expect(await json("/frail")).toEqual({ by: 2 });
  await untilClosed();
});

it("keeps hundreds of requests apart, and no scope stays open, however they end", async () => {
  const before = await stats();
  const wrong: unknown[] = [];
  const expectAnswer = async (path: string, status: number, has: string, init?: RequestInit) => {
    const response = await get(path, init);
    const text = await response.text();
    if (response.status !== status || !text.includes(has)) wrong.push([path, response.status, text]);
  };
  const kinds: ((name: string) => Promise<unknown>)[] = [
    (name) => expectAnswer(`/user?name=${name}`, 200, `"user":"${name}","row":"${name}","file":"${name}"`),
    (name) => expectAnswer(`/fail?name=${name}`, 500, ""),
    (name) => expectAnswer(`/slow?ms=20&name=${name}`, 200, name),
    (name) => expectAnswer(`/stream?ticks=5&name=${name}`, 200, "tick ".repeat(1000)),
    (name) => expectAnswer(`/stream?ticks=5&name=${name}`, 200, "", { method: "HEAD" }),
    (name) => expectAnswer(`/rpc?name=${name}`, 200, `"user":"${name}"`),
    // Leaves while the handler works, by RST and by FIN.
    async (name) => {
      const socket = await send(`/slow?ms=60&name=${name}`);
      await sleep(20);
      socket.resetAndDestroy();
    },
    async (name) => {
      const socket = await send(`/slow?ms=60&name=${name}`);
      await sleep(20);
      socket.destroy();
    },
    // Leaves while a body is on its way.
    async (name) => {
      const socket = await send(`/stream?ticks=50&name=${name}`);
      await new Promise((resolve) => socket.once("data", resolve));
      socket.resetAndDestroy();
    },
    async (name) => {
      const socket = await send(`/stream?ticks=50&name=${name}`);
      await new Promise((resolve) => socket.once("data", resolve));
      socket.destroy();
    },
    async (name) => {
      const controller = new AbortController();
      const response = await get(`/stream?ticks=50&name=${name}`, { signal: controller.signal });
      const reader = response.body!.getReader();
      await reader.read();
      await reader.cancel();
    },
    // Sends the request and is gone.
    async (name) => (await send(`/stream?ticks=5&name=${name}`)).resetAndDestroy(),
  ];
  const jobs = Array.from({ length: 300 }, (_, at) => () => kinds[at % kinds.length]!(`user-${at}`));
  const next = async (): Promise<void> => {
    for (let job; (job = jobs.shift());) await job();
  };

  await Promise.all(Array.from({ length: 24 }, next));

  expect(wrong).toEqual([]);
  await untilClosed();
  const after = await stats();
  expect(after.builds).toBe(1);
  expect(after.unhandled).toEqual([]);
  expect(after.visits - before.visits).toBeGreaterThan(220);
  expect(after.reasons.toSorted()).toEqual(
    Array.from({ length: 25 }, (_, at) => `no user-${at * 12 + 1}`).toSorted(),
  );
  // What the disposers wrote is there, also for those who left. A request whose client reset the connection too early
  // may never have reached the Worker, so only those that did are looked at.
  const kv = await miniflare.getKVNamespace("KV");
  const left = after.visitors.filter((name) => Number(name.slice("user-".length)) % kinds.length >= 6);
  expect(left).not.toEqual([]);
  const written = await Promise.all(left.map((name) => kv.get(`gone/${name}`)));
  expect(written).toEqual(left);
});

it("closes a scope whose body the client takes its time for, once it was read", async () => {
  const socket = await send("/stream?ticks=20&name=patient");
  socket.pause();
  await sleep(100);
  socket.resume();
  let text = "";
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.includes("\r\n0\r\n")) break;
  }
  expect(text.match(/tick/g)).toHaveLength(4_000);
  await untilClosed();
});

it.each(["client", "server"])("keeps the scope of a socket until the %s closes it", async (side) => {
  const name = `socket-${side}`;
  const socket = new WebSocket(new URL(`/socket?name=${name}`, address));
  const messages: string[] = [];
  const closed = new Promise((resolve) => (socket.onclose = resolve));
  await new Promise((resolve) => (socket.onopen = resolve));
  socket.onmessage = ({ data }) => void messages.push(data as string);
  socket.send("hello");
  await vi.waitFor(() => expect(messages).toEqual([`open ${name} hello`]));
  expect(await stats()).toMatchObject({ open: 1 });

  if (side === "client") socket.close();
  else socket.send("bye");

  await closed;
  await untilClosed();
  expect((await stats()).events).toContain("socket closed in a scope that is open");
});

it("closes the scope of a socket that was cut", async () => {
  const socket = await send(
    "/socket?name=cut HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n" +
      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\nx-rest:",
  );
  await new Promise((resolve) => socket.once("data", resolve));
  await until(({ open }) => expect(open).toBe(1));
  socket.resetAndDestroy();
  await untilClosed();
});

it("runs each call of an entrypoint in a scope of its own", async () => {
  const names = Array.from({ length: 20 }, (_, at) => "x".repeat(at + 1));
  const answers = await Promise.all(names.map((name) => json(`/rpc?name=${name}`)));
  expect(answers).toEqual(
    names.map((user) => ({ name: "rpc", user, greeting: "cold", same: true, event: true })),
  );
  await untilClosed();
});

it("rethrows what a scheduled handler has thrown, and nothing else", async () => {
  const worker = await miniflare.getWorker();
  expect(await worker.scheduled({ cron: "works" })).toMatchObject({ outcome: "ok" });
  expect(await worker.scheduled({ cron: "fails" })).toMatchObject({ outcome: "exception" });
  await untilClosed();
  expect((await stats()).events.filter((it) => it.startsWith("scheduled"))).toEqual([
    "scheduled true",
    "scheduled true",
  ]);
});

it("gives each mail a scope, and rethrows what the handler has thrown", async () => {
  const mail = (subject: string): string =>
    [
      "From: ada@home.example",
      "To: help@shop.example",
      "Message-ID: <1@home.example>",
      `Subject: ${subject}`,
      "",
      "Hello",
      "",
    ].join("\r\n");
  const deliver = async (subject: string): Promise<number> => {
    const url = "http://shop.example/cdn-cgi/local/email?from=ada@home.example&to=help@shop.example";
    return (await miniflare.dispatchFetch(url, { method: "POST", body: mail(subject) })).status;
  };

  expect(await deliver("works")).toBe(200);
  expect(await deliver("fails")).toBe(500);
  await untilClosed();
  expect((await stats()).events.filter((it) => it.startsWith("email"))).toEqual([
    "email true from ada@home.example",
    "email true from ada@home.example",
  ]);
});

it("gives what another Worker did a scope", async () => {
  const both = new Miniflare(
    convertV4MiniflareOptions({
      rootPath: cwd,
      cf: false,
      handleStructuredLogs: () => {},
      workers: [
        {
          name: "watched",
          compatibilityDate: "2026-10-01",
          modules: true,
          script: 'export default { fetch() { console.log("sold a hat"); return new Response("ok"); } };',
          tails: ["trace"],
        },
        {
          name: "trace",
          compatibilityDate: "2026-10-01",
          modules: true,
          scriptPath: bundled("trace.mjs"),
          modulesRoot: cwd,
        },
      ],
    }),
  );
  try {
    await (await both.getWorker("watched")).fetch("http://watched.example/");
    const trace = await both.getWorker("trace");
    const seen = async (): Promise<unknown> => (await trace.fetch("http://trace.example/")).json();
    await vi.waitFor(
      async () => expect(await seen()).toEqual({ traces: [["tail", true, "sold a hat"]], closed: 1 }),
      { timeout: 10_000 },
    );
  } finally {
    await both.dispose();
  }
});

it("delivers a batch again when its handler has failed, and not when a disposer has", async () => {
  for (const body of ["fails", "fails to dispose"]) await get(`/send?body=${encodeURIComponent(body)}`);

  const deliveries = async () => (await stats()).events.filter((it) => it.startsWith("queue")).toSorted();
  await vi.waitFor(async () => expect(await deliveries()).toHaveLength(3), { timeout: 10_000 });
  await sleep(1_500);

  expect(await deliveries()).toEqual(["queue fails 1", "queue fails 2", "queue fails to dispose 1"]);
  await untilClosed();
  expect((await stats()).unhandled).toEqual(["SHUTDOWN_FAILED"]);
});

it("gives the events of a Durable Object scopes of its container", async () => {
  expect(await json("/room?name=ada")).toEqual({ said: ["request", true], joined: "rpc ada" });

  const socket = new WebSocket(new URL("/room/socket", address));
  await new Promise((resolve) => (socket.onopen = resolve));
  const answer = new Promise((resolve) => (socket.onmessage = ({ data }) => resolve(data)));
  socket.send("hello");
  expect(await answer).toBe("socket hello true");
  socket.close();
  await until(({ events }) => expect(events.join()).toContain("hibernating socket closed"));
  await untilClosed();
});

it("tells the disposers of an alarm that it has failed, and the runtime runs it again", async () => {
  await get("/room/alarm?fails=1");
  const over = async () => (await stats()).events.filter((it) => it.startsWith("alarm"));
  await vi.waitFor(async () => expect(await over()).toHaveLength(2), { timeout: 15_000, interval: 100 });
  expect(await over()).toEqual(["alarm over: alarm 0", "alarm over: well"]);
});

it("never calls a binding that nobody has called", async () => {
  expect((await stats()).events).not.toContain("probed");
});
