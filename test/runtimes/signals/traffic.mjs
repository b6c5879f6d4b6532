// A server of the given kind with work of every sort in flight when the process is told to stop: streams, uploads, a queue,
// services that are needed for the first time, a second server, a server in a scope below. Every request has a scope with a
// session over a database. Nothing here ends the process: it has to end by itself.
import { createContainer, scoped, singleton, stopSignal, token, value } from "thimble";
import { drain, shutdownOnSignal } from "thimble/runtime";

const [kind, name, timeout] = process.argv.slice(2);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const say = (line) => console.log(line);

const Db = token("db");
const Session = token("session");
const Mailer = token("mailer");
const Queue = token("queue");
const Event = token("event");
const Server = token("server");
const Health = token("health");

// ---- Servers: each takes a function from Request to Response and gives [server, port]

const onNode = (handle) => (request, response) => void respond(handle, request, response);

async function respond(handle, request, response) {
  const { Readable } = await import("node:stream");
  const hasBody = request.method === "POST" && { body: Readable.toWeb(request), duplex: "half" };
  const { status, body } = await handle(
    new Request(`http://shop.example${request.url}`, { method: request.method, ...hasBody }),
  );
  response.writeHead(status);
  response.flushHeaders();
  for await (const chunk of body ?? []) response.write(chunk);
  response.end();
}

const servers = {
  http: async (handle) => {
    const server = (await import("node:http")).createServer(onNode(handle));
    return new Promise((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve([server, server.address().port])),
    );
  },
  bun: (handle) => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: handle });
    return [server, server.port];
  },
  deno: (handle) => {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, handle);
    return [server, server.addr.port];
  },
  /** Hono on the server that this runtime has. */
  hono: async (handle) => {
    const { Hono } = await import("hono");
    const routes = new Hono().all("*", (c) => handle(c.req.raw));
    const own = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "http";
    return servers[own]((request) => routes.fetch(request));
  },
};

const draining = (what) => ({
  stop: async ([server], signal) => {
    say(`${what} drains`);
    await drain(server, signal);
    say(`${what} drained`);
  },
});

// ---- Answers, by the path

const answers = {
  "/quick": async () => "rows",
  "/slow": async () => {
    await sleep(300);
    return "rows";
  },
  "/upload": async (_, request) => `received ${(await request.text()).length}`,
  "/mail": async (scope) => {
    await sleep(100);
    return (await scope.getAsync(Mailer)).send();
  },
  "/order": async (scope) => {
    await sleep(100);
    scope.get(Queue).add("order");
    return "queued";
  },
  "/quit": async () => {
    void app.shutdown({ reason: "quit" });
    await sleep(50);
    return `stopping, ${app.state}`;
  },
  "/stream": async (scope) => {
    const signal = scope.get(stopSignal);
    return new ReadableStream({
      async start(controller) {
        const line = (text) => controller.enqueue(new TextEncoder().encode(`${text}\n`));
        for (let n = 0; !signal.aborted; n++) {
          line(`line ${n}`);
          await sleep(10);
        }
        line(`bye, ${String(signal.reason)}`);
        controller.close();
        await finish(scope, "/stream");
      },
    });
  },
  "/endless": () => new ReadableStream({ pull: () => sleep(200) }),
};

async function handle(request) {
  const { pathname } = new URL(request.url);
  const over = Promise.withResolvers?.() ?? later();
  const event = value(Event, {}, name === "events" ? { stop: () => over.promise } : {});
  const scope = app.createScope("request", event);
  scope.get(Session);
  say(`asked ${pathname}`);
  const body = await answers[pathname](scope, request);
  if (typeof body === "string") await finish(scope, pathname, over.resolve);
  return new Response(body);
}

function later() {
  let resolve;
  return { promise: new Promise((it) => (resolve = it)), resolve };
}

async function finish(scope, path, over = () => {}) {
  const session = scope.get(Session);
  if (!session.open || !session.db.open) say("a service was disposed too early");
  over();
  await scope.shutdown();
  if (session.open) say("the session was not disposed");
  say(`answered ${path}`);
}

// ---- Services

const close = (what) => (it) => {
  it.open = false;
  if (what) say(`${what} disposed`);
};
const services = [
  singleton(Db, () => ({ open: true }), { dispose: close("db") }),
  scoped(Session, [Db], (db) => ({ db, open: true }), { dispose: close() }),
  singleton(
    Mailer,
    [Db],
    async (db) => (await sleep(20), { open: true, send: () => (db.open ? "mailed" : "lost") }),
    {
      stop: (it) => say(`mailer stops, ${it.open}`),
      dispose: close("mailer"),
    },
  ),
  singleton(
    Queue,
    [Db],
    (db) => {
      let work = Promise.resolve();
      const one = async (job) => {
        await sleep(100);
        say(`${job} ${db.open ? "done" : "lost"}`);
      };
      return { add: (job) => (work = work.then(() => one(job))), empty: () => work };
    },
    { stop: (queue) => queue.empty(), dispose: () => say("queue disposed") },
  ),
];

const programs = {
  plain: [singleton(Server, [Db], () => servers[kind](handle), draining("server"))],
  // The server depends on what its requests give work to.
  queue: [singleton(Server, [Queue], () => servers[kind](handle), draining("server"))],
  // Not drained at all: what the requests hold of themselves is waited for.
  events: [singleton(Server, [Db], () => servers[kind](handle), { dispose: ([server]) => drain(server) })],
  // A second server that tells the load balancer the truth until the first one is done.
  health: [
    singleton(
      Health,
      () => servers[kind](() => new Response("", { status: app.state === "open" ? 200 : 503 })),
      draining("health"),
    ),
    singleton(Server, [Db, Health], () => servers[kind](handle), draining("server")),
  ],
  // One more server, in a scope that ends by a signal of its own.
  tenant: [singleton(Server, [Db], () => servers[kind](handle), draining("server"))],
};

const app = createContainer("app", services, programs[name]);
void shutdownOnSignal(app, timeout ? { timeout: Number(timeout) } : {}).then(({ reason, report }) => {
  say(`${String(reason)} ${report.ok ? "ok" : "not ok"}`);
  process.exitCode = report.ok ? 0 : 1;
});

const ports = [(await app.getAsync(Server))[1]];
if (name === "health") ports.push((await app.getAsync(Health))[1]);
if (name === "tenant") {
  const tenant = app.createScope(
    "tenant",
    singleton(Health, [Db], () => servers[kind](handle), draining("tenant")),
  );
  void shutdownOnSignal(tenant, { signals: ["SIGHUP"] }).then(({ reason }) =>
    say(`tenant: ${String(reason)}`),
  );
  ports.push((await tenant.getAsync(Health))[1]);
}
say(`listening ${ports.join(" ")}`);
