// Many requests to a server of node:http, Express or Fastify: answered, failed, streamed, reset in the middle, pipelined. Prints
// how many scopes are left and how the heap has grown. It runs by hand and not with the tests:
//
//   npm run build && node test/bench/servers/http-soak.mjs [requests] [http | express | fastify]
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const clients = 128;

async function serve(kind) {
  const { createContainer, scoped, singleton } = await import("../../../dist/index.js");
  const http = await import("../../../dist/integrations/http.js");
  const { CurrentIncoming, scopeErrors, scopeOf, scopePerRequest, scopePlugin } = http;

  let [built, disposed] = [0, 0];
  class Db {}
  class Visit {
    constructor(db, request) {
      built++;
      this.url = request.url;
    }
  }
  const app = createContainer(
    singleton(Db),
    scoped(Visit, [Db, CurrentIncoming], { dispose: () => void disposed++ }),
  );
  async function* steps(visit) {
    for (let i = 0; i < 5; i++) {
      await sleep(1);
      yield `${visit.url} ${i}\n`;
    }
  }
  const routes = {
    "/text": (visit) => visit.url,
    "/slow": (visit) => sleep(5).then(() => visit.url),
    "/throw": () => {
      throw new Error("sold out");
    },
    "/stream": steps,
  };
  const answer = async (request, scope) => routes[request.url](scope.get(Visit));
  const send = async (response, body) => {
    if (typeof body !== "string") for await (const chunk of body) response.write(chunk);
    response.end(typeof body === "string" ? body : undefined);
  };
  const fail = (response) => {
    response.statusCode = 500;
    response.end("failed");
  };
  const kinds = {
    http() {
      const handle = scopePerRequest(app, async (request, response, scope) =>
        send(response, await answer(request, scope)),
      );
      return createServer((request, response) => void handle(request, response)?.catch(() => fail(response)));
    },
    async express() {
      const { default: express } = await import("express");
      const site = express();
      site.use(scopePerRequest(app));
      site.get("/*path", async (request, response) =>
        send(response, await answer(request, scopeOf(request))),
      );
      site.use(scopeErrors());
      site.use((_error, _request, response, _next) => fail(response));
      return createServer(site);
    },
    async fastify() {
      const { fastify } = await import("fastify");
      const site = fastify();
      site.register(scopePlugin(app));
      site.get("/*", async (request) => {
        const body = await answer(request.raw, scopeOf(request));
        return typeof body === "string" ? body : Readable.from(body);
      });
      await site.ready();
      return site.server;
    },
  };
  const server = await kinds[kind]();
  await once(server.listen(0, "127.0.0.1"), "listening");
  process.on("message", (message) => void (message === "end" ? process.exit() : look()));
  async function look() {
    for (let i = 0; i < 3; i++) {
      await sleep(50);
      globalThis.gc();
    }
    const heap = Math.round(process.memoryUsage().heapUsed / 1024);
    process.send({ heap, open: built - disposed, children: [...app.children].length, built });
  }
  process.send(server.address().port);
}

/** One client: connections that are kept, cut, and pipelined, until `left` is used up. */
async function ask(port, left) {
  const paths = ["/text", "/slow", "/stream", "/throw"];
  while (left.count > 0) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {}).setMaxListeners(0);
    const closed = once(socket, "close");
    for (let i = 0; i < 20 && left.count > 0 && !socket.destroyed; i++) {
      const many = i % 7 === 0 ? 3 : 1;
      left.count -= many;
      const method = i % 5 === 0 ? "HEAD" : "GET";
      for (let j = 0; j < many; j++)
        socket.write(`${method} ${paths[(i + j) % paths.length]} HTTP/1.1\r\nHost: shop.example\r\n\r\n`);
      await Promise.race([once(socket, "data"), closed, sleep(2_000)]);
      await sleep(many * 8);
    }
    if (left.count % 2) socket.resetAndDestroy();
    else socket.destroy();
    await closed;
  }
}

async function run(count, kinds) {
  for (const kind of kinds) {
    const child = fork(fileURLToPath(import.meta.url), ["serve", kind], { execArgv: ["--expose-gc"] });
    const [port] = await once(child, "message");
    const look = async () => {
      await sleep(1_500);
      child.send("look");
      const [it] = await once(child, "message");
      return it;
    };
    const seen = [];
    const parts = 5;
    for (let part = 0; part < parts; part++) {
      const left = { count: Math.round(count / parts) };
      await Promise.all(Array.from({ length: clients }, () => ask(port, left)));
      seen.push(await look());
    }
    child.send("end");
    const { open, children, built } = seen.at(-1);
    console.log(
      `${kind}: ${built} requests; ${open} scopes open, ${children} children; heap in kB: ${seen.map(({ heap }) => heap).join(", ")}`,
    );
  }
}

const [first, second] = process.argv.slice(2);
await (first === "serve"
  ? serve(second)
  : run(Number(first ?? 200_000), second ? [second] : ["http", "express", "fastify"]));
