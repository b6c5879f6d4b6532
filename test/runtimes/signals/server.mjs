// A server of the given kind that answers until the process is asked to stop, and then drains. The second argument is the
// deadline of the shutdown, in milliseconds. Nothing here ends the process: it has to end by itself.
import { createContainer, singleton, token } from "thimble";
import { drain, shutdownOnSignal } from "thimble/runtime";

const [kind, timeout] = process.argv.slice(2);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const big = "x".repeat(20_000_000);

/** What is answered, by the path. */
async function answer(path) {
  console.log(`asked ${path}`);
  if (path === "/hang") await new Promise(() => {});
  if (path.startsWith("/slow")) await sleep(300);
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

const Server = token("server");
const app = createContainer(
  singleton(Server, servers[kind], {
    dispose: async ([server], signal) => {
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
