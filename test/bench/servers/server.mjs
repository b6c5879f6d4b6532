// A server with one service per request, which is disposed when the response is over: with Thimble, or written by hand.
//
//   node server.mjs <hono | fetch> <thimble | hand>
import { createContainer, scoped, singleton } from "../../../dist/index.js";

const [framework, how] = process.argv.slice(2);

class Db {
  greeting = "Hello";
}
let disposed = 0;
class Visit {
  #db;
  #method;
  constructor(db, request) {
    this.#db = db;
    this.#method = request.method;
  }
  greet() {
    return `${this.#db.greeting} ${this.#method}`;
  }
  dispose() {
    disposed++;
  }
}

const db = new Db();
const container = (CurrentRequest) =>
  createContainer(
    singleton(Db),
    scoped(Visit, [Db, CurrentRequest], { dispose: (visit) => visit.dispose() }),
  );

/**
 * What somebody who knows the platforms writes by hand: the service lives until the body was sent. Deno tells when that is.
 * Elsewhere the body is passed on through a stream, of which only the end and a client that leaves are seen.
 */
function ending(response, info, end) {
  if (info?.completed) {
    info.completed.then(end, end);
    return response;
  }
  const reader = response.body.getReader();
  const body = new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        controller.close();
        end();
      },
      async cancel(reason) {
        await reader.cancel(reason);
        end();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, response);
}

const handlers = {
  fetch: {
    async thimble() {
      const { CurrentRequest, scopePerRequest } = await import("../../../dist/integrations/fetch.js");
      return scopePerRequest(container(CurrentRequest), (_, scope) => new Response(scope.get(Visit).greet()));
    },
    hand: () => async (request, info) => {
      const visit = new Visit(db, request);
      try {
        return ending(new Response(visit.greet()), info, () => visit.dispose());
      } catch (error) {
        visit.dispose();
        throw error;
      }
    },
  },
  hono: {
    async thimble() {
      const { Hono } = await import("hono");
      const { CurrentRequest, scopePerRequest } = await import("../../../dist/integrations/hono.js");
      return new Hono()
        .use(scopePerRequest(container(CurrentRequest)))
        .get("/", (c) => c.text(c.var.scope.get(Visit).greet())).fetch;
    },
    async hand() {
      const { Hono } = await import("hono");
      return new Hono()
        .use(async (c, next) => {
          const visit = new Visit(db, c.req.raw);
          c.set("visit", visit);
          await next();
          if (c.env.outgoing) c.env.outgoing.once("close", () => visit.dispose());
          else c.res = ending(c.res, c.env, () => visit.dispose());
        })
        .get("/", (c) => c.text(c.var.visit.greet())).fetch;
    },
  },
};

const handle = await handlers[framework][how]();
const answer = (request, info) =>
  request.url.endsWith("/usage")
    ? Response.json({ cpu: process.cpuUsage(), rss: process.memoryUsage().rss, disposed })
    : handle(request, info);

const ready = (port) => console.log(`listening ${port}`);
if (globalThis.Deno)
  Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => ready(port) }, answer);
else if (globalThis.Bun) ready(Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer }).port);
else {
  const { serve } = await import("@hono/node-server");
  serve({ fetch: answer, hostname: "127.0.0.1", port: 0 }, ({ port }) => ready(port));
}
