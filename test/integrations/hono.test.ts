// The middleware in a Hono app, without a server: here the test reads the responses.
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { streamText } from "hono/streaming";
import { createContainer, scoped, type Scope, token } from "thimble";
import { scopePerRequest as scopePerFetch } from "thimble/fetch";
import { CurrentRequest, fail, type RequestScopeOptions, scopeOf, scopePerRequest } from "thimble/hono";
import { describe, expect, it, vi } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { rejected, thrown } from "../core/support/refusal.ts";

const Path = token<string>("path");

const turns = async (count = 50): Promise<void> => {
  for (let i = 0; i < count; i++) await undefined;
};

/** An app whose scopes tell the reasons that they were closed with. */
function shop(options?: RequestScopeOptions<Response>) {
  const closed: unknown[] = [];
  const container = createContainer(
    scoped(Path, [CurrentRequest], (request) => new URL(request.url).pathname, {
      dispose: (_path, _signal, reason) => void closed.push(reason),
    }),
  );
  const app = new Hono().use(scopePerRequest(container, options));
  return { app, closed, container };
}

/** What Node's server has in `c.env`. */
function outgoing() {
  let close!: () => void;
  const it = {
    writableEnded: false,
    writableFinished: false,
    destroyed: false,
    once: (_: string, listener: () => void) => void (close = listener),
  };
  return {
    env: { outgoing: it },
    close(isSent: boolean) {
      it.writableFinished = isSent;
      close();
    },
  };
}

describe("c.var.scope", () => {
  it("has what the container has, and the request", async () => {
    const { app, closed } = shop();
    app.get("/ada", (c) => c.text(c.var.scope.get(Path)));

    const response = await app.request("/ada");

    expect(closed).toEqual([]);
    expect(await response.text()).toBe("/ada");
    await turns();
    expect(closed).toEqual([undefined]);
  });

  it("is the scope of the request that Hono was given", async () => {
    const { app } = shop();
    app.get("/", (c) => c.text(String(scopeOf(c.req.raw) === (c.var.scope as Scope))));
    expect(await (await app.request("/")).text()).toBe("true");
  });

  it("is the same one where the middleware is used twice, also behind one that replaces the request", async () => {
    const { app, closed, container } = shop();
    const scopes = new Set<unknown>();
    const inner = new Hono()
      .use(async (c, next) => {
        scopes.add((c.var as unknown as { scope: Scope }).scope);
        c.req.raw = new Request(c.req.raw);
        await next();
      })
      .use(scopePerRequest(container))
      .get("/", (c) => {
        scopes.add(c.var.scope);
        return c.text(c.var.scope.get(Path));
      });
    app.route("/inner", inner);

    const response = await app.request("/inner");
    expect(closed).toEqual([]);
    expect(await response.text()).toBe("/inner");
    await turns();

    expect(scopes.size).toBe(1);
    expect(closed).toEqual([undefined]);
  });

  it("stays open for the handlers behind the second one, also when a middleware between them has answered", async () => {
    const { app, closed, container } = shop();
    const handler = deferred<void>();
    let found: unknown;
    app.use(async (c, next) => {
      void c.var.scope.get(Path);
      void next();
      return c.body(null, 504);
    });
    app.use(scopePerRequest(container));
    app.get("/", async (c) => {
      await handler.promise;
      found = c.var.scope.get(Path);
      return c.body(null);
    });

    await app.request("/");
    await turns();
    expect(closed).toEqual([]);

    handler.resolve();
    await turns();
    expect(found).toBe("/");
    expect(closed).toEqual([expect.objectContaining({ message: "The response has the status 504" })]);
  });

  it("is the one of thimble/fetch where that is around the app", async () => {
    const { app, closed, container } = shop();
    let outer: unknown;
    app.get("/", (c) => c.text(`${c.var.scope.get(Path)} ${(c.var.scope as unknown) === outer}`));
    const handle = scopePerFetch(container, (request, scope) => {
      outer = scope;
      return app.fetch(request);
    });
    const response = await handle(new Request("https://shop.example/"));
    expect(await response.text()).toBe("/ true");
    await turns();
    expect(closed).toEqual([undefined]);
  });
});

describe("the scope of a request closes, once,", () => {
  it("with the error of the handler, after onError has used it", async () => {
    const { app, closed } = shop();
    const error = new Error("sold out");
    app.get("/", (c) => {
      c.var.scope.get(Path);
      throw error;
    });
    app.onError((_, c) => c.text((c as unknown as { var: { scope: Scope } }).var.scope.get(Path), 500));
    const response = await app.request("/");
    expect(closed).toEqual([]);
    expect(await response.text()).toBe("/");
    await turns();
    expect(closed).toEqual([error]);
  });

  it("with an HTTPException, which is an error whatever its status", async () => {
    const { app, closed } = shop();
    const error = new HTTPException(401);
    app.get("/", (c) => {
      c.var.scope.get(Path);
      throw error;
    });
    const response = await app.request("/");
    expect(response.status).toBe(401);
    await response.text();
    await turns();
    expect(closed).toEqual([error]);
  });

  it("with what is no Error, which Hono does not catch", async () => {
    const { app, closed } = shop();
    app.get("/", (c) => {
      c.var.scope.get(Path);
      // oxlint-disable-next-line no-throw-literal -- It is the case.
      throw "sold out";
    });
    expect(await rejected(app.request("/") as Promise<Response>)).toBe("sold out");
    await turns();
    expect(closed).toEqual(["sold out"]);
  });

  it("with an error when the status says so, or the option failed", async () => {
    const reasons: unknown[] = [];
    for (const failed of [undefined, () => "no stock"]) {
      const { app, closed } = shop({ failed });
      app.get("/", (c) => (c.var.scope.get(Path), c.body(null, 500)));
      await app.request("/");
      await turns();
      reasons.push(...closed);
    }
    expect(reasons).toEqual([
      expect.objectContaining({ message: "The response has the status 500" }),
      "no stock",
    ]);
  });

  it("with what was said by fail", async () => {
    const { app, closed } = shop();
    app.get("/", (c) => {
      c.var.scope.get(Path);
      fail(c.var.scope, "no stock");
      return c.json({ errors: [] });
    });
    await (await app.request("/")).text();
    await turns();
    expect(closed).toEqual(["no stock"]);
  });

  it("for HEAD with the handler, and the body is cancelled, which Hono would forget", async () => {
    const { app, closed } = shop();
    let cancelled = false;
    app.get("/", (c) => {
      c.var.scope.get(Path);
      return c.body(new ReadableStream({ cancel: () => void (cancelled = true) }));
    });
    const response = await app.request("/", { method: "HEAD" });
    await turns();
    expect(response.body).toBeNull();
    expect(cancelled).toBe(true);
    expect(closed).toEqual([undefined]);
  });

  it("before the response is sent when told that it ends with the handler", async () => {
    const { app, closed } = shop({ scopeEnds: "handler" });
    app.get("/", (c) => c.text(c.var.scope.get(Path)));
    const response = await app.request("/");
    expect(closed).toEqual([undefined]);
    expect(await response.text()).toBe("/");
  });

  it("with an error when nothing has answered", async () => {
    const { app, closed } = shop();
    app.get("/", ((c: { var: { scope: Scope } }) => void c.var.scope.get(Path)) as never);
    app.onError((_, c) => c.body(null, 500));
    await app.request("/");
    await turns();
    expect(closed).toEqual([expect.objectContaining({ message: "No handler has answered the request" })]);
  });

  it("with its stream, whose headers stay as they are", async () => {
    const { app, closed } = shop();
    app.get("/", (c) => {
      c.header("x-kept", "yes");
      c.header("x-twice", "a", { append: true });
      c.header("x-twice", "b", { append: true });
      return streamText(c, async (stream) => {
        await stream.write(c.var.scope.get(Path));
        await stream.write("!");
      });
    });
    const response = await app.request("/");
    expect(response.headers.get("x-kept")).toBe("yes");
    expect(response.headers.get("x-twice")).toBe("a, b");
    expect(await response.text()).toBe("/!");
    await turns();
    expect(closed).toEqual([undefined]);
  });
});

describe("a platform that tells more than the body does", () => {
  it("Node, by the end of the outgoing message, gets the response as it is", async () => {
    const { app, closed } = shop();
    let given: unknown;
    app.use(async (c, next) => {
      await next();
      given = c.res;
    });
    app.get("/", (c) => c.text(c.var.scope.get(Path)));
    const node = outgoing();

    const response = await app.request("/", undefined, node.env);

    expect(response).toBe(given);
    await response.text();
    await turns();
    expect(closed).toEqual([]);
    node.close(true);
    await turns();
    expect(closed).toEqual([undefined]);
  });

  it("Node, when the client has left before the handler was done, which goes on", async () => {
    const { app, closed } = shop();
    const work = deferred<void>();
    app.get("/", async (c) => {
      await work.promise;
      return c.text(c.var.scope.get(Path));
    });
    const node = outgoing();
    const answering = app.request("/", undefined, node.env);
    await turns();

    node.close(false);
    await turns();
    expect(closed).toEqual([]);
    work.resolve();

    expect(await (await answering).text()).toBe("/");
  });

  it.each(["while the handler worked", "before the app was asked"])(
    "Node, by a second after a client that has left %s",
    async (when) => {
      vi.useFakeTimers();
      try {
        const { app, closed } = shop();
        const node = outgoing();
        const isEarly = when.startsWith("before");
        app.get("/", async (c) => {
          if (!isEarly) node.close(false);
          return c.text(c.var.scope.get(Path));
        });
        if (isEarly) node.env.outgoing.destroyed = true;
        await app.request("/", undefined, node.env);
        await vi.advanceTimersByTimeAsync(900);
        expect(closed).toEqual([]);
        await vi.advanceTimersByTimeAsync(200);
        expect(closed).toEqual([undefined]);
      } finally {
        vi.useRealTimers();
      }
    },
  );

  it("Node, whose HEAD cancels the body all the same", async () => {
    const { app, closed } = shop();
    let cancelled = false;
    app.get("/", (c) => {
      c.var.scope.get(Path);
      return c.body(new ReadableStream({ cancel: () => void (cancelled = true) }));
    });
    await app.request("/", { method: "HEAD" }, outgoing().env);
    await turns();
    expect(cancelled).toBe(true);
    expect(closed).toEqual([undefined]);
  });

  it("Deno, by a promise", async () => {
    const { app, closed } = shop();
    const completed = deferred<void>();
    app.get("/", (c) => c.html(c.var.scope.get(Path)));
    await app.request("/", undefined, { completed: completed.promise });
    await turns();
    expect(closed).toEqual([]);
    completed.resolve();
    await turns();
    expect(closed).toEqual([undefined]);
  });

  it("Workers, which are told to wait for the scope before anything else", async () => {
    const { app, closed } = shop();
    const waited: Promise<unknown>[] = [];
    const context = {
      isContext: true,
      waitUntil(this: { isContext: boolean }, work: Promise<unknown>) {
        if (this.isContext) waited.push(work);
      },
      passThroughOnException() {},
      props: {},
    };
    // A binding answers to every name, and is asked for none of them.
    const outgoing = new Proxy({}, { get: (_, name) => () => thrown(() => expect(name).toBe("never")) });
    app.get("/", (c) => c.text(`${c.var.scope.get(Path)} ${waited.length}`));

    const response = await app.request("/", undefined, { outgoing }, context);
    expect(await response.text()).toBe("/ 1");
    await Promise.all(waited);

    expect(closed).toEqual([undefined]);
  });
});

describe("a response that came from fetch", () => {
  it("loses what was said about the encoding of its body, which fetch has decoded", async () => {
    const { app } = shop();
    app.get("/", () => {
      const fetched = new Response("plain", { headers: { "content-encoding": "gzip", "x-kept": "yes" } });
      Object.defineProperty(fetched, "url", { value: "https://upstream.example/" });
      return fetched;
    });
    const { headers } = await app.request("/");
    expect([headers.get("content-encoding"), headers.get("x-kept")]).toEqual([null, "yes"]);
  });
});

describe("the response of a middleware that has answered by itself", () => {
  it("is left alone when its body is being read", async () => {
    const { app, closed } = shop();
    app.get("/", (c) => {
      c.var.scope.get(Path);
      const response = new Response("text");
      response.body?.getReader();
      return response;
    });
    const response = await app.request("/");
    expect(response.body?.locked).toBe(true);
    await turns();
    expect(closed).toEqual([undefined]);
  });
});

it("scopePerRequest refuses what is no option before the first request comes", () => {
  expect(thrown(() => scopePerRequest(createContainer(), { wait: 1 } as never))).toBeInstanceOf(TypeError);
});
