// The shop that every server of this folder serves. Each request has an id, and the shop says what becomes of it: what its
// handler and its body did, whether its services were still there, and when its scope closed.
import { createContainer, scoped, singleton } from "thimble";
import { CurrentRequest } from "thimble/fetch";

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts the shop. `say` takes each line. */
export function openShop(say) {
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
    constructor(db, { url }) {
      this.#db = db;
      this.id = new URL(url).searchParams.get("id") ?? "nobody";
    }
    did(what) {
      say(`${this.id} ${what}${this.isOpen && this.#db.isOpen ? "" : " WITHOUT SERVICES"}`);
    }
    dispose(reason) {
      this.did(`closed${reason === undefined ? "" : `: ${reason.message ?? reason}`}`);
      this.isOpen = false;
    }
  }

  const container = createContainer(
    singleton(Db, { dispose: (db) => db.dispose() }),
    scoped(Visit, [Db, CurrentRequest], { dispose: (visit, _, reason) => visit.dispose(reason) }),
  );

  const encoder = new TextEncoder();

  /** A body in steps, which says what it does and goes on with its step when its client has left. */
  function steps(visit, count, ms) {
    async function* body() {
      try {
        for (let i = 0; i < count; i++) {
          await sleep(ms);
          visit.did(`step ${i}`);
          yield encoder.encode("step ");
        }
      } finally {
        visit.did("body over");
      }
    }
    const generator = body();
    return new ReadableStream(
      {
        async pull(controller) {
          const { done, value } = await generator.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        async cancel() {
          await generator.return();
        },
      },
      { highWaterMark: 0 },
    );
  }

  const routes = {
    "/text": () => new Response("text"),
    "/empty": () => new Response(null, { status: 204 }),
    "/big": () => new Response("x".repeat(5_000_000)),
    "/stream": (visit) => new Response(steps(visit, 5, 40), { headers: { "x-kept": "yes" } }),
    "/endless": (visit) => new Response(steps(visit, 1_000, 40)),
    "/broken": () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            await sleep(20);
            controller.error(new Error("the query died"));
          },
        }),
      ),
    "/throw": () => {
      throw new Error("sold out");
    },
    "/500": () => new Response("sorry", { status: 500 }),
    "/nothing": () => undefined,
    "/used": async () => {
      const response = new Response("text");
      await response.text();
      return response;
    },
    "/slow": async (visit) => {
      await sleep(200);
      return new Response(`slow ${visit.id}`);
    },
    "/id": (visit) => new Response(`<${visit.id}>`),
  };

  /** Answers a request. `more` are routes of one server alone. */
  async function answer(request, scope, more = {}) {
    const visit = scope.get(Visit);
    visit.did("asked");
    const { pathname } = new URL(request.url);
    try {
      return await { ...routes, ...more }[pathname](visit, request);
    } finally {
      visit.did("handler over");
    }
  }

  return { container, answer };
}
