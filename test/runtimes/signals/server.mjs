// A server of the given kind that answers until the process is told to stop, and then drains. Every request has a scope
// with a session over a database, and is answered with both of them open. The second argument is the deadline of the
// shutdown, in milliseconds. Nothing here ends the process: it has to end by itself.
import { createContainer, scoped, singleton, token } from "thimble";
import { drain, shutdownOnSignal } from "thimble/runtime";

const [kind, timeout] = process.argv.slice(2);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const big = "x".repeat(20_000_000);

const Db = token("db");
const Session = token("session");
const Server = token("server");

/** What is answered, by the path. */
async function answer(path) {
  const scope = app.createScope("request");
  const session = scope.get(Session);
  console.log(`asked ${path}`);
  if (path === "/hang") await new Promise(() => {});
  if (path.startsWith("/slow")) await sleep(300);
  if (!session.open || !session.db.open) console.log("a service was disposed too early");
  const { ok } = await scope.shutdown();
  if (!ok || session.open) console.log("the session was not disposed");
  console.log(`answered ${path}`);
  return path === "/big" ? big : "rows";
}

const respond = (request, response) => void answer(request.url).then((text) => response.end(text));
const respondWeb = async (request) => new Response(await answer(new URL(request.url).pathname));

const listen = (server) =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve([server, server.address().port])));

const servers = {
  http: async () => listen((await import("node:http")).createServer(respond)),
  "http that does not listen": async () => {
    setTimeout(() => {}, 1_000); // nothing else keeps the process alive
    return [(await import("node:http")).createServer(respond), 0];
  },
  http2: async () => listen((await import("node:http2")).createServer(respond)),
  // What a Fastify instance looks like from outside.
  fastify: async () => {
    const [server, port] = await listen((await import("node:http")).createServer(respond));
    return [{ server, close: () => server.close() }, port];
  },
  bun: () => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: respondWeb });
    return [server, server.port];
  },
  deno: () => {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, respondWeb);
    return [server, server.addr.port];
  },
};

const close = (name) => (it) => {
  it.open = false;
  if (name) console.log(`${name} disposed`);
};
const app = createContainer(
  singleton(Db, () => ({ open: true }), { dispose: close("db") }),
  scoped(Session, [Db], (db) => ({ db, open: true }), { dispose: close() }),
  singleton(Server, [Db], () => servers[kind](), {
    stop: async ([server], signal) => {
      const drained = drain(server, signal);
      const joined = drain(server);
      console.log("draining");
      await Promise.all([drained, joined]);
      console.log("drained");
    },
  }),
);

void shutdownOnSignal(app, timeout ? { timeout: Number(timeout) } : {}).then(({ reason, report }) => {
  console.log(reason, report.ok ? "ok" : "not ok");
  process.exitCode = report.ok ? 0 : 1;
});
const [, port] = await app.getAsync(Server);
console.log(`listening ${port}`);
