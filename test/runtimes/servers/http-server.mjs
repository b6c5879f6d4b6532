// A server of node:http, or of what is built on it: node http-server.mjs <kind>. It prints the port that it listens on, and
// what becomes of each request, by its id: what its handler did, whether its services were still there, when its response
// was closed, and when its scope. SIGTERM stops it.
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { createContainer, scoped, singleton, stopSignal, token } from "thimble";
import { CurrentIncoming, fail, scopeErrors, scopeOf, scopePerRequest, scopePlugin } from "thimble/http";
import { createApp } from "thimble/lifecycle";
import { drain } from "thimble/node"; // in Deno as well: its own is for Deno.serve
import { signals } from "thimble/runtime";

const [kind] = process.argv.slice(2);
const say = (line) => console.log(line);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const idOf = ({ url }) => new URL(url, "http://shop").searchParams.get("id") ?? "nobody";

let opened = 0;
let closed = 0;

class Db {
  isOpen = true;
  dispose() {
    this.isOpen = false;
    say("db disposed");
  }
}

class Visit {
  isOpen = true;
  #db;
  constructor(db, request) {
    this.#db = db;
    this.id = idOf(request);
    opened++;
  }
  did(what) {
    say(`${this.id} ${what}${this.isOpen && this.#db.isOpen ? "" : " WITHOUT SERVICES"}`);
  }
  dispose(reason) {
    this.did(`closed${reason === undefined ? "" : `: ${reason.message ?? reason}`}`);
    this.isOpen = false;
    closed++;
  }
}

const container = createContainer(
  singleton(Db, { dispose: (db) => db.dispose() }),
  scoped(Visit, [Db, CurrentIncoming], { dispose: (visit, _, reason) => visit.dispose(reason) }),
);

/** A body in steps, which says what it does, and goes on with its step when its client has left. */
async function* steps(visit, count, ms) {
  for (let i = 0; i < count; i++) {
    await sleep(ms);
    visit.did(`step ${i}`);
    yield "step ";
  }
}

/** What the routes do; `reply` is how their framework answers: `text(body, status?)`, `stream(body)`. */
const routes = {
  "/text": (_, reply) => reply.text("text"),
  "/big": (_, reply) => reply.text("x".repeat(5_000_000)),
  "/stream": (visit, reply) => reply.stream(steps(visit, 5, 40)),
  "/endless": (visit, reply) => reply.stream(steps(visit, 1_000, 40)),
  "/throw": () => {
    throw new Error("sold out");
  },
  "/reject": async () => {
    await sleep(20);
    throw new Error("sold out");
  },
  "/500": (_, reply) => reply.text("sorry", 500),
  "/slow": async (visit, reply) => {
    await sleep(200);
    visit.did("worked");
    return reply.text("slow");
  },
  "/patient": async (visit, reply) => {
    await sleep(1_500);
    visit.did("worked");
    return reply.text("patient");
  },
  "/work": async (visit, reply) => {
    await sleep(30);
    return reply.text(visit.id);
  },
  "/never": () => new Promise(() => {}),
  "/counts": (_, reply) =>
    reply.text(`${opened - closed - 1} open, ${[...container.children].length - 1} children`),
};

/** Calls a route. Gives what it gives. */
async function answer(request, scope, reply) {
  const visit = scope.get(Visit);
  visit.did("asked");
  try {
    const { pathname } = new URL(request.url, "http://shop");
    const route = routes[pathname];
    return await (route ? route(visit, reply) : reply.text("not found", 404));
  } finally {
    visit.did("handler over");
  }
}

/** How to answer with the response of node:http alone. */
const raw = (response) => ({
  text(body, status = 200) {
    response.statusCode = status;
    response.end(body);
  },
  async stream(body) {
    for await (const chunk of body) {
      if (response.destroyed) break;
      if (!response.write(chunk) && !response.destroyed)
        await Promise.race([once(response, "drain"), once(response, "close")]);
    }
    response.end();
  },
});

const onUpgrade = (request, socket, head, perRequest) =>
  perRequest(request, socket, () => {
    const scope = scopeOf(request);
    const visit = scope.get(Visit);
    visit.did("asked");
    socket.on("error", () => {});
    socket.on("data", (data) => {
      visit.did(`echo ${data}`);
      socket.write(data);
    });
    socket.on("end", () => socket.end());
    scope.get(stopSignal).addEventListener("abort", () => socket.end("bye"));
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  });

/** Each gives a server that does not listen yet, and what is to be closed with it. */
const servers = {
  // The handler's promise tells when the work is over.
  http() {
    const handle = scopePerRequest(container, (request, response, scope) =>
      answer(request, scope, raw(response)),
    );
    const failed = (response) => () => {
      response.statusCode = 500;
      response.end("failed");
    };
    const server = createServer((request, response) => {
      handle(request, response)?.catch(failed(response));
    });
    server.on("upgrade", (...args) => onUpgrade(...args, scopePerRequest(container)));
    return server;
  },

  // Nothing but `end()` tells.
  callbacks() {
    const perRequest = scopePerRequest(container);
    const listener = (request, response) => {
      const scope = scopeOf(request);
      void answer(request, scope, raw(response)).catch((error) => {
        fail(scope, error);
        response.statusCode = 500;
        response.end("failed");
      });
    };
    return createServer((request, response) => {
      perRequest(request, response, () => listener(request, response));
    });
  },

  async express() {
    const { default: express } = await import("express");
    const site = express();
    const current = new AsyncLocalStorage();
    site.use(scopePerRequest(container));
    site.use((request, _response, next) => current.run(scopeOf(request), next));
    site.get("/throw", (request) => {
      scopeOf(request).get(Visit).did("asked");
      throw new Error("sold out");
    });
    site.get("/*path", async (request, response) => {
      if (current.getStore() !== scopeOf(request)) say("the current scope is another one");
      await answer(request, current.getStore(), raw(response));
    });
    site.use(scopeErrors());
    site.use((error, _request, response, _next) => response.status(500).send("failed"));
    return createServer(site);
  },

  async fastify() {
    const { fastify } = await import("fastify");
    const site = fastify();
    site.register(scopePlugin(container));
    site.get("/*", (request, reply) => {
      const replyOf = {
        // Nothing is returned: who waits for a reply waits until it has been sent.
        text: (body, status = 200) => void reply.code(status).send(body),
        stream: (body) => void reply.send(Readable.from(body)),
      };
      return answer(request.raw, scopeOf(request), replyOf).then(() => reply);
    });
    await site.ready();
    return site.server;
  },
};

const Server = token("server");
container.provide(
  singleton(Server, () => servers[kind](), {
    async start(server) {
      // Before all others, so that this is said before anything follows from it.
      server.prependListener("request", (request, response) =>
        response.on("close", () => say(`${idOf(request)} response closed`)),
      );
      await once(server.listen(0, "127.0.0.1"), "listening");
      say(`listening ${server.address().port}`);
    },
    stop: (server, signal) => {
      say("draining");
      return drain(server, signal);
    },
    dispose: false,
  }),
);

const { reason, report } = await createApp(container, { grace: 10_000 }).serve({ signals: signals() });
say(`${String(reason)} ${report.ok ? "ok" : "not ok"}, ${opened - closed} open`);
