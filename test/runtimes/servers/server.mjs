// A server of the shop: node server.mjs <kind>. It prints the port that it listens on, and drains on SIGTERM.
import { singleton, token } from "thimble";
import { scopePerRequest } from "thimble/fetch";
import { drain, shutdownOnSignal } from "thimble/runtime";
import { openShop } from "./shop.mjs";

const [kind] = process.argv.slice(2);
// A million lines are of no use to test/bench/servers/soak.mjs.
let wrong = 0;
const say = process.env.QUIET
  ? (line) => void (line.includes("WITHOUT") && wrong++)
  : (line) => console.log(line);
const { container, answer: inShop } = openShop(say);
const answer = (request, scope, more) => inShop(request, scope, { ...stats, ...more });

/** How many scopes are open, the one of this request among them, and how much memory is in use. */
const stats = {
  "/stats": () => {
    globalThis.gc?.();
    globalThis.Bun?.gc(true);
    const { rss, heapUsed } = process.memoryUsage();
    return Response.json({ open: [...container.children].length, wrong, rss, heapUsed });
  },
};
const quiet = () => {};

/** Each starts a server and gives it with its port. */
const servers = {
  async deno() {
    const handle = scopePerRequest(container, (request, scope) => answer(request, scope, upgrades.deno));
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: quiet, onError: failed }, handle);
    return { server, port: server.addr.port };
  },

  async bun() {
    const handle = scopePerRequest(container, (request, scope, server) =>
      answer(request, scope, { ...upgrades.bun(server), ...files }),
    );
    const handleFile = scopePerRequest(container, (request, scope) => answer(request, scope, files), {
      scopeEnds: "handler",
    });
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 60,
      error: failed,
      websocket: {
        message: (socket, text) => void socket.send(`echo ${text}`),
      },
      fetch: (request, it) =>
        new URL(request.url).pathname === "/file-as-it-is" ? handleFile(request, it) : handle(request, it),
    });
    return { server, port: server.port };
  },

  async srvx() {
    const { serve } = await import("srvx");
    const handle = scopePerRequest(container, (request, scope) => answer(request, scope));
    const it = serve({
      hostname: "127.0.0.1",
      port: 0,
      silent: true,
      gracefulShutdown: false,
      error: failed,
      fetch: handle,
    });
    await it.ready();
    return { server: it.node.server, port: Number(new URL(it.url).port) };
  },

  async hono() {
    const { Hono } = await import("hono");
    const { scopePerRequest } = await import("thimble/hono");
    const app = new Hono()
      .use(scopePerRequest(container))
      .get("*", (c) => answer(c.req.raw, c.var.scope))
      .onError((error, c) => c.text(error.message, 500));
    if (globalThis.Deno) {
      const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: quiet }, app.fetch);
      return { server, port: server.addr.port };
    }
    if (globalThis.Bun) {
      const server = Bun.serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 60, fetch: app.fetch });
      return { server, port: server.port };
    }
    const { serve } = await import("@hono/node-server");
    const listening = Promise.withResolvers();
    const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, listening.resolve);
    const { port } = await listening.promise;
    return { server, port };
  },
};

const failed = (error) => new Response(`failed: ${error.code ?? error.message}`, { status: 500 });

const upgrades = {
  deno: {
    "/upgrade": (visit, request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => socket.send(`echo ${data}`);
      return response;
    },
  },
  bun: (server) => ({
    "/upgrade": (visit, request) => {
      if (!server.upgrade(request)) return new Response("no upgrade", { status: 426 });
    },
  }),
};

const files = {
  "/file": () => new Response(Bun.file("package.json")),
  "/file-as-it-is": () => new Response(Bun.file("package.json")),
};

const Server = token("server");
const { server, port } = await servers[kind]();
container.provide(singleton(Server, () => server, { stop: drain, dispose: false }));
container.get(Server);

void shutdownOnSignal(container, { timeout: 20_000 }).then(({ reason, report }) => {
  say(`${String(reason)} ${report.ok ? "ok" : "not ok"}`);
  say(`scopes left ${[...container.children].length}`);
});
console.log(`listening ${port}`);
