// What holds for every server, seen without one: here the test is the server, and reads the responses.
import { createContainer, scoped, type Scope, singleton, token, value } from "thimble";
import {
  CurrentRequest,
  fail,
  type RequestScopeOptions,
  scopeOf,
  scopePerRequest,
  within,
} from "thimble/fetch";
import { observe } from "thimble/observe";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { rejected, thrown } from "../core/support/refusal.ts";

const Url = token<string>("url");

/** A container, and what became of its request scopes: the reason of each that has closed. */
function shop() {
  const closed: unknown[] = [];
  const app = createContainer(
    scoped(Url, [CurrentRequest], (request) => request.url, {
      dispose: (_url, _signal, reason) => void closed.push(reason),
    }),
  );
  return { app, closed };
}

const request = (path = "/", init: RequestInit = {}): Request =>
  new Request(`https://shop.example${path}`, init);
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
/** Lets promises that have settled be noticed. */
const turns = async (count = 50): Promise<void> => {
  for (let i = 0; i < count; i++) await undefined;
};

const streamOf = (...chunks: string[]): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new ReadableStream({
    pull(controller) {
      const next = chunks.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(bytes(next));
    },
  });

/** A handler that uses its scope and responds with what it is given. */
function serving(respond: (scope: Scope) => unknown, options?: RequestScopeOptions<Response>) {
  const { app, closed } = shop();
  const handle = scopePerRequest(
    app,
    (_request, scope) => {
      scope.get(Url);
      return respond(scope as Scope) as Response;
    },
    options,
  );
  return { app, closed, handle };
}

describe("scopePerRequest", () => {
  it("hands each request a scope that has what the container has, and the request", async () => {
    const { app } = shop();
    const handle = scopePerRequest(app, (_, scope) => new Response(scope.get(Url)));

    const [ada, ben] = await Promise.all([handle(request("/ada")), handle(request("/ben"))]);

    expect(await ada.text()).toBe("https://shop.example/ada");
    expect(await ben.text()).toBe("https://shop.example/ben");
  });

  it("names the scope request, or as it is told", async () => {
    const names: string[] = [];
    for (const options of [{}, { name: "visit" }]) {
      const { handle } = serving((scope) => (names.push(scope.name), new Response(null)), options);
      await handle(request());
    }
    expect(names).toEqual(["request", "visit"]);
  });

  it("passes on what the server passes beside the request", async () => {
    const { app } = shop();
    const handle = scopePerRequest(app, (_, _scope, info: { ip: string }) => new Response(info.ip));
    expect(await (await handle(request(), { ip: "::1" })).text()).toBe("::1");
  });

  it("leaves status, headers and content as they are", async () => {
    const { handle } = serving(
      () =>
        new Response(streamOf("one ", "two"), {
          status: 201,
          headers: [
            ["x-one", "a"],
            ["x-two", "b"],
            ["content-encoding", "identity"],
          ],
        }),
    );

    const response = await handle(request());

    expect(response.status).toBe(201);
    expect([response.headers.get("x-one"), response.headers.get("x-two")]).toEqual(["a", "b"]);
    expect(response.headers.get("content-encoding")).toBe("identity");
    expect(await response.text()).toBe("one two");
  });

  it("finds the open scope of a request, and none when it has closed", async () => {
    const { app } = shop();
    let found: unknown;
    const handle = scopePerRequest(app, (it, scope) => {
      found = scopeOf(it) === scope;
      return new Response(null);
    });
    const it = request();
    await handle(it);
    await turns();
    expect(found).toBe(true);
    expect(scopeOf(it)).toBeUndefined();
  });
});

describe("the scope of a request closes, once,", () => {
  it("when its body has been read to the end, and not before", async () => {
    const { closed, handle } = serving(() => new Response(streamOf("a", "b")));
    const reader = (await handle(request())).body!.getReader();

    await reader.read();
    await reader.read();
    await turns();
    expect(closed).toEqual([]);

    expect((await reader.read()).done).toBe(true);
    await turns();
    expect(closed).toEqual([undefined]);
  });

  it("with the handler when there is no body", async () => {
    const { closed, handle } = serving(() => new Response(null, { status: 204 }));
    await handle(request());
    await turns();
    expect(closed).toEqual([undefined]);
  });

  it("with the error of the handler, which is what the server gets", async () => {
    const error = new Error("sold out");
    for (const fails of [() => Promise.reject(error), () => thrower(error)]) {
      const { closed, handle } = serving(fails);
      expect(await rejected(handle(request()))).toBe(error);
      await turns();
      expect(closed).toEqual([error]);
    }
  });

  it("with the error of the body, which is what the reader gets", async () => {
    const error = new Error("the query died");
    const { closed, handle } = serving(
      () => new Response(new ReadableStream({ pull: (controller) => controller.error(error) })),
    );
    expect(await rejected((await handle(request())).body!.getReader().read())).toBe(error);
    await turns();
    expect(closed).toEqual([error]);
  });

  it("for HEAD when the body was cancelled, and the response has none", async () => {
    const cancel = vi.fn();
    const { closed, handle } = serving(
      () => new Response(new ReadableStream({ cancel }), { headers: { "content-length": "5" } }),
    );
    const response = await handle(request("/", { method: "HEAD" }));
    await turns();
    expect(response.body).toBeNull();
    expect(response.headers.get("content-length")).toBe("5");
    expect(cancel).toHaveBeenCalledOnce();
    expect(closed).toEqual([undefined]);
  });

  it("with the handler when told so, before the response is passed on, which is that very object", async () => {
    const given = new Response("text");
    const { closed, handle } = serving(() => given, { scopeEnds: "handler" });
    expect(await handle(request())).toBe(given);
    expect(closed).toEqual([undefined]);
  });

  it("with an error and before it is thrown when told so", async () => {
    const error = new Error("sold out");
    const { closed, handle } = serving(() => thrower(error), { scopeEnds: "handler" });
    await rejected(handle(request()));
    expect(closed).toEqual([error]);
  });
});

describe("a scope that ends with the handler", () => {
  it.each([() => new Response("text"), () => thrower(new Error("sold out"))])(
    "has closed before the server gets an answer: %s",
    async (end) => {
      const order: string[] = [];
      const disposal = deferred<void>();
      const Slow = token<object>("slow");
      const app = createContainer(
        scoped(Slow, () => ({}), { dispose: () => disposal.promise.then(() => order.push("disposed")) }),
      );
      const handle = scopePerRequest(app, (_, scope) => (scope.get(Slow), end()), { scopeEnds: "handler" });
      const answered = handle(request()).then(
        () => order.push("answered"),
        () => order.push("failed"),
      );
      await turns();
      disposal.resolve();
      await answered;
      expect(order[0]).toBe("disposed");
    },
  );
});

function thrower(error: unknown): never {
  throw error;
}

describe("a client that has left", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is no error, and the scope waits for the work that its leaving ends", async () => {
    const work = deferred<void>();
    const { closed, handle } = serving(
      () => new Response(new ReadableStream({ cancel: () => work.promise })),
    );
    const leaving = (await handle(request())).body!.cancel();

    await vi.advanceTimersByTimeAsync(60_000);
    expect(closed).toEqual([]);

    work.resolve();
    await leaving;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(closed).toEqual([undefined]);
  });

  it("is outlived for a second by the scope, because a pull in progress tells nothing", async () => {
    const { closed, handle } = serving(() => new Response(new ReadableStream({})));
    await (await handle(request())).body!.cancel();
    await vi.advanceTimersByTimeAsync(900);
    expect(closed).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(closed).toEqual([undefined]);
  });

  it("does not hide that ending the work has failed", async () => {
    const error = new Error("cannot roll back");
    const { closed, handle } = serving(
      () => new Response(new ReadableStream({ cancel: () => Promise.reject(error) })),
    );
    expect(await rejected((await handle(request())).body!.cancel())).toBe(error);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(closed).toEqual([error]);
  });

  it("leaves nothing behind when it left in the middle of a read", async () => {
    const { closed, handle } = serving(() => new Response(new ReadableStream({})));
    const reader = (await handle(request())).body!.getReader();
    const reading = reader.read();
    await reader.cancel();
    expect((await reading).done).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(closed).toEqual([undefined]);
  });
});

describe("a body that nobody begins to read", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is given up after ten seconds, and says so to who comes late", async () => {
    const cancel = vi.fn();
    const { closed, handle } = serving(() => new Response(new ReadableStream({ cancel })));
    const response = await handle(request());

    await vi.advanceTimersByTimeAsync(9_000);
    expect(closed).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);

    expect(cancel).toHaveBeenCalledOnce();
    expect(closed).toEqual([undefined]);
    expect(await rejected(response.body!.getReader().read())).toMatchObject({ code: "BODY_ABANDONED" });
  });

  it("is given up when told to, or never", async () => {
    const soon = serving(() => new Response(streamOf("a")), { abandonAfter: 5 });
    await soon.handle(request());
    const never = serving(() => new Response(streamOf("a")), { abandonAfter: Infinity });
    const response = await never.handle(request());

    await vi.advanceTimersByTimeAsync(100_000);

    expect(soon.closed).toEqual([undefined]);
    expect(never.closed).toEqual([]);
    expect(await response.text()).toBe("a");
  });

  it.each([
    ["with the time that is usual", undefined],
    ["with a longer one", { abandonAfter: Infinity }],
  ])(
    "is given up after a second when the client left while the handler was at work, %s",
    async (_, options) => {
      const client = new AbortController();
      const cancel = vi.fn();
      const { closed, handle } = serving(() => {
        client.abort();
        return new Response(new ReadableStream({ cancel }));
      }, options);
      await handle(request("/", { signal: client.signal }));

      await vi.advanceTimersByTimeAsync(900);
      expect(closed).toEqual([]);
      await vi.advanceTimersByTimeAsync(200);

      expect(cancel).toHaveBeenCalledOnce();
      expect(closed).toEqual([undefined]);
    },
  );

  it("is read as ever where the server reads it for a client that has left", async () => {
    const client = new AbortController();
    const { closed, handle } = serving(() => new Response(streamOf("a", "b")));
    client.abort();
    const response = await handle(request("/", { signal: client.signal }));

    const reader = response.body!.getReader();
    await reader.read();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(closed).toEqual([]);
    await reader.read();
    await reader.read();
    expect(closed).toEqual([undefined]);
  });

  it("is not given up once somebody has begun, however slow they are", async () => {
    const { closed, handle } = serving(() => new Response(streamOf("a", "b")));
    const reader = (await handle(request())).body!.getReader();
    await reader.read();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(closed).toEqual([]);
    await reader.read();
    await reader.read();
    expect(closed).toEqual([undefined]);
  });
});

describe("a response that says that the handler has failed", () => {
  it("from 500 on, gives the disposers an error", async () => {
    const { closed, handle } = serving(() => new Response(null, { status: 503 }));
    await handle(request());
    await turns();
    expect(closed).toEqual([expect.objectContaining({ message: "The response has the status 503" })]);
  });

  it("is one for which the option failed has a reason", async () => {
    const failed = (response: Response): unknown => response.headers.get("x-failed");
    const reasons: unknown[] = [];
    for (const init of [{ headers: { "x-failed": "no stock" } }, { status: 500 }]) {
      const { closed, handle } = serving(() => new Response(null, init), { failed });
      await handle(request());
      await turns();
      reasons.push(...closed);
    }
    expect(reasons).toEqual(["no stock", undefined]);
  });

  it("is an error when the option failed throws one", async () => {
    const error = new Error("cannot say");
    const { closed, handle } = serving(() => new Response(null), { failed: () => thrower(error) });
    expect(await rejected(handle(request()))).toBe(error);
    await turns();
    expect(closed).toEqual([error]);
  });

  it("is refused when the option failed gives a promise, which would stand for any response", async () => {
    const failed = async (): Promise<unknown> => thrower(new Error("unheard"));
    const { closed, handle } = serving(() => new Response(null), { failed });
    const error = await rejected(handle(request()));
    expect(String(error)).toContain(
      "TypeError: the option failed has to tell at once, and has returned a promise",
    );
    await turns();
    expect(closed).toEqual([error]);
  });

  it("gives way to what was said with fail, of which the first counts", async () => {
    const { closed, handle } = serving((scope) => {
      fail(scope, "first");
      fail(scope, "second");
      return new Response(null, { status: 500 });
    });
    await handle(request());
    await turns();
    expect(closed).toEqual(["first"]);
  });
});

describe("a failure that has no reason", () => {
  it.each([
    { what: "undefined", reason: undefined },
    { what: "null", reason: null },
    { what: "a text without a letter", reason: "" },
    { what: "zero", reason: 0 },
    { what: "false", reason: false },
  ])("is given one, because disposers take $what for a success", async ({ reason }) => {
    const message = `The reason of the failure is ${reason === "" ? '""' : String(reason)}`;
    const error = expect.objectContaining({ message, cause: reason });

    const thrown = serving(() => thrower(reason));
    expect(await thrown.handle(request()).catch((it: unknown) => [it])).toEqual([reason]);
    const said = serving((scope) => {
      fail(scope, reason);
      return new Response(null);
    });
    await said.handle(request());
    const broken = serving(() => new Response(new ReadableStream({ pull: () => thrower(reason) })));
    const response = await broken.handle(request());
    await response
      .body!.getReader()
      .read()
      .catch(() => {});
    await turns();

    expect([thrown.closed, said.closed, broken.closed]).toEqual([[error], [error], [error]]);
  });
});

describe("fail", () => {
  it.each([undefined, null, "request", {}])("refuses %o, which is no scope", (scope) => {
    expect(String(thrown(() => fail(scope as never, new Error("sold out"))))).toBe(
      "TypeError: fail takes a scope, and then the reason; scopeOf(request) gives none when no scope is open",
    );
  });

  it("refuses a request, whose scope would be committed", () => {
    expect(thrown(() => fail(request() as never, new Error("sold out")))).toBeInstanceOf(TypeError);
  });

  it("is of no consequence for a scope that has closed", async () => {
    const scope = createContainer().createScope();
    await scope.shutdown();
    expect(fail(scope, "late")).toBe(undefined);
  });
});

describe("what no server can send", () => {
  const read = async (): Promise<Response> => {
    const response = new Response("text");
    await response.text();
    return response;
  };
  const locked = (): Response => {
    const response = new Response("text");
    response.body?.getReader();
    return response;
  };

  it.each([
    { what: "nothing", give: () => undefined },
    { what: "null", give: () => null },
    { what: "a text", give: () => "hello" },
    { what: "a promise of an object", give: async () => ({ status: 200 }) },
    { what: "Response.error()", give: () => Response.error() },
    { what: "a response that was read", give: read },
    { what: "a response that somebody reads", give: locked },
  ])("is an error of ours, and the scope's reason: $what", async ({ give }) => {
    const { closed, handle } = serving(give);
    const error = await rejected(handle(request()));
    expect(error).toMatchObject({ code: "INVALID_RESPONSE" });
    await turns();
    expect(closed).toEqual([error]);
  });

  it("is refused also where the server tells when a response is over", async () => {
    const { handle } = serving(read);
    const error = await rejected(handle(request(), { completed: new Promise(() => {}) }));
    expect(error).toMatchObject({ code: "INVALID_RESPONSE" });
  });

  it("is told what it was", async () => {
    const { handle } = serving(() => undefined);
    expect(String(await rejected(handle(request())))).toBe(
      "InvalidResponseError: Cannot answer the request: the handler returned nothing\n  hint: return a Response [INVALID_RESPONSE]",
    );
  });

  it("is not what a class of its own makes, if it looks like a response", async () => {
    class Foreign {
      status = 200;
      statusText = "";
      headers = new Headers();
      bodyUsed = false;
      body = streamOf("foreign");
    }
    const { closed, handle } = serving(() => new Foreign());
    expect(await (await handle(request())).text()).toBe("foreign");
    await turns();
    expect(closed).toEqual([undefined]);
  });
});

describe("a request that was upgraded", () => {
  // A browser lets no page set this header.
  const upgraded = (): Request => {
    const it = request();
    Object.defineProperty(it, "headers", { value: new Headers({ upgrade: "websocket" }) });
    return {
      __proto__: it,
      method: "GET",
      runtime: undefined,
      headers: { has: (name: string) => name === "upgrade" },
    } as unknown as Request;
  };

  it.each([
    { what: "undefined", response: undefined },
    { what: "a response with the status 101", response: { status: 101, body: null, headers: new Headers() } },
    {
      what: "a response that holds a socket",
      response: { status: 101, webSocket: {}, headers: new Headers() },
    },
  ])("passes on $what as it is, and the scope ends with the handler", async ({ response }) => {
    const closed: unknown[] = [];
    const Own = token<string>("own");
    const app = createContainer(scoped(Own, () => "", { dispose: () => void closed.push("closed") }));
    const handle = scopePerRequest(app, (_, scope) => (scope.get(Own), response as undefined));
    expect(await handle(upgraded())).toBe(response);
    await turns();
    expect(closed).toEqual(["closed"]);
  });
});

describe("a response that came from fetch", () => {
  it("loses what was said about the encoding of its body, which fetch has decoded", async () => {
    const fetched = new Response(streamOf("plain"), {
      headers: { "content-encoding": "gzip", "content-length": "99", "x-kept": "yes" },
    });
    Object.defineProperty(fetched, "url", { value: "https://upstream.example/" });
    const { handle } = serving(() => fetched);

    const response = await handle(request());

    expect([...response.headers.keys()]).toEqual(["x-kept"]);
    expect(await response.text()).toBe("plain");
  });
});

describe("a server that tells when a response is over", () => {
  /** Bun gives a text its type when it sends it. */
  const plain = { "content-type": "text/plain" };

  it("by info.completed, as Deno does, gets the response as it is", async () => {
    const completed = deferred<void>();
    const given = new Response("text", { headers: plain });
    const { closed, handle } = serving(() => given);
    expect(await handle(request(), { completed: completed.promise })).toBe(given);
    await turns();
    expect(closed).toEqual([]);
    completed.resolve();
    await turns();
    expect(closed).toEqual([undefined]);
  });

  it.each([
    ["twice as long as sending took", new Headers({ "content-type": "text/html" }), 100, 200],
    ["a second at most", new Headers({ "content-type": "text/html" }), 60_000, 1_000],
    [
      "a tenth of a second at least when sending took a while",
      new Headers({ "content-type": "text/html" }),
      20,
      100,
    ],
    ["a tenth of a second when the body may be a stream, as it has no type", new Headers(), 0, 100],
    ["a tenth of a second for an event stream", new Headers({ "content-type": "text/event-stream" }), 0, 100],
    [
      "a tenth of a second for what is sent in parts",
      new Headers({ "content-type": "text/plain", "transfer-encoding": "chunked" }),
      0,
      100,
    ],
  ])("by info.completed keeps the scope for %s", async (_, headers, took, lives) => {
    vi.useFakeTimers();
    try {
      const stream = () => new ReadableStream({ start: (it) => it.close() });
      const { closed, handle } = serving(() => new Response(stream(), { headers }));
      await handle(request(), { completed: new Promise<void>((resolve) => setTimeout(resolve, took)) });
      await vi.advanceTimersByTimeAsync(took + lives - 20);
      expect(closed).toEqual([]);
      await vi.advanceTimersByTimeAsync(40);
      expect(closed).toEqual([undefined]);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ["a text", () => new Response("text", { headers: plain })],
    ["JSON", () => Response.json({})],
    ["nothing", () => new Response(null, { status: 204 })],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "/" } })],
  ])("by info.completed closes the scope at once after %s that was there", async (_, make) => {
    const { closed, handle } = serving(make);
    await handle(request(), { completed: Promise.resolve() });
    await turns();
    expect(closed).toEqual([undefined]);
  });

  it("by info.completed that rejects is no error", async () => {
    const { closed, handle } = serving(() => new Response("text", { headers: plain }));
    await handle(request(), { completed: Promise.reject(new Error("gone")) });
    await turns();
    expect(closed).toEqual([undefined]);
  });

  it("is told to wait for the scope by waitUntil, while the handler has not begun", async () => {
    const order: string[] = [];
    let waited: Promise<unknown> | undefined;
    const info = {
      isEvent: true,
      waitUntil(this: { isEvent: boolean }, work: Promise<unknown>) {
        order.push(`waits ${this.isEvent}`);
        waited = work;
      },
    };
    const { closed, handle } = serving(() => (order.push("handler"), new Response("text")));

    const response = await handle(request(), info);
    expect(order).toEqual(["waits true", "handler"]);
    await response.text();
    await waited;

    expect(closed).toEqual([undefined]);
  });

  it("is given no rejection by waitUntil, whatever fails", async () => {
    let waited: Promise<unknown> | undefined;
    const failing = token<string>("failing");
    const app = createContainer(scoped(failing, () => "", { dispose: () => thrower(new Error("stuck")) }));
    const handle = scopePerRequest(app, (_, scope) => (scope.get(failing), thrower(new Error("sold out"))));
    await rejected(handle(request(), { waitUntil: (work: Promise<unknown>) => (waited = work) }));
    expect(await waited).toBeUndefined();
  });
});

describe("what fails in closing", () => {
  it("is told to observers, and the response stays what it was", async () => {
    const heard: unknown[] = [];
    const Stuck = token<string>("stuck");
    const app = createContainer(scoped(Stuck, () => "", { dispose: () => thrower(new Error("stuck")) }));
    observe(app, { unhandled: ({ error }) => heard.push(error) });
    const handle = scopePerRequest(app, (_, scope) => new Response(scope.get(Stuck)));

    expect(await (await handle(request())).text()).toBe("");
    await turns();

    expect(heard).toEqual([expect.objectContaining({ code: "SHUTDOWN_FAILED" })]);
  });
});

describe("mounted inside of another one,", () => {
  it("the inner one uses the open scope, and the outer one closes it", async () => {
    const { app, closed } = shop();
    const seen: unknown[] = [];
    const inner = scopePerRequest(app, (_, scope) => (seen.push(scope), new Response(scope.get(Url))));
    const outer = scopePerRequest(app, async (it, scope) => {
      seen.push(scope);
      const response = await inner(it);
      return new Response(`<${await response.text()}>`);
    });

    const response = await outer(request("/ada"));
    expect(closed).toEqual([]);
    expect(await response.text()).toBe("<https://shop.example/ada>");
    await turns();

    expect(seen[0]).toBe(seen[1]);
    expect(closed).toEqual([undefined]);
  });

  it("the inner one has a scope of its own when its container is another", async () => {
    const one = shop();
    const two = shop();
    const found: unknown[] = [];
    const inner = scopePerRequest(two.app, (it, scope) => {
      scope.get(Url);
      found.push(scopeOf(it) === scope);
      return new Response(null);
    });
    const outer = scopePerRequest(one.app, async (it, scope) => {
      scope.get(Url);
      await inner(it);
      await turns();
      found.push(scopeOf(it) === scope);
      return new Response("text");
    });

    const response = await outer(request());

    expect(two.closed).toEqual([undefined]);
    expect(one.closed).toEqual([]);
    expect(found).toEqual([true, true]);
    await response.text();
  });

  it("the scope waits for the handler of the inner one, which the outer one may have given up", async () => {
    const { app, closed } = shop();
    const handler = deferred<void>();
    let found: unknown;
    const inner = scopePerRequest(app, async (_, scope) => {
      await handler.promise;
      found = scope.get(Url);
      return new Response(null);
    });
    const outer = scopePerRequest(app, (it, scope) => {
      scope.get(Url);
      void inner(it);
      return new Response(null, { status: 504 });
    });

    await outer(request("/slow"));
    await turns();
    expect(closed).toEqual([]);

    handler.resolve();
    await turns();
    expect(found).toBe("https://shop.example/slow");
    expect(closed).toEqual([expect.objectContaining({ message: "The response has the status 504" })]);
  });

  it("the scope of the outer one that ends with its handler waits for that of the inner one", async () => {
    const { app, closed } = shop();
    const handler = deferred<void>();
    const inner = scopePerRequest(app, async () => {
      await handler.promise;
      throw new Error("late");
    });
    const outer = scopePerRequest(
      app,
      (it, scope) => {
        scope.get(Url);
        void inner(it).catch(() => {});
        return new Response(null);
      },
      { scopeEnds: "handler" },
    );

    const answering = outer(request());
    await turns();
    expect(closed).toEqual([]);
    const closing = app.shutdown();
    handler.resolve();
    await answering;
    expect(closed).toEqual([undefined]);
    expect(await closing).toMatchObject({ ok: true });
  });

  it("an error that the outer one handles is none", async () => {
    const { app, closed } = shop();
    const inner = scopePerRequest(app, () => thrower(new Error("sold out")));
    const outer = scopePerRequest(app, async (it, scope) => {
      scope.get(Url);
      await inner(it).catch(() => {});
      return new Response(null);
    });
    await outer(request());
    await turns();
    expect(closed).toEqual([undefined]);
  });

  it("the same request served again while its first scope still closes has a scope of its own", async () => {
    const disposal = deferred<void>();
    const Slow = token<object>("slow");
    const app = createContainer(scoped(Slow, () => ({}), { dispose: () => disposal.promise }));
    const scopes = new Set<unknown>();
    const handle = scopePerRequest(app, (_, scope) => {
      scope.get(Slow);
      scopes.add(scope);
      return new Response(null);
    });
    const it = request();
    await handle(it);
    await handle(it);
    expect(scopes.size).toBe(2);
    disposal.resolve();
  });

  it("the same request served again, after it was over, has a scope of its own", async () => {
    const { closed, handle } = serving(() => new Response(null));
    const it = request();
    await handle(it);
    await handle(it);
    await turns();
    expect(closed).toEqual([undefined, undefined]);
  });
});

describe("a shutdown of the container", () => {
  it("waits for the handler and for the body, and nothing is disposed under them", async () => {
    const handler = deferred<void>();
    const order: string[] = [];
    const Db = token<string>("db");
    const app = createContainer(
      singleton(Db, () => "db", { dispose: () => void order.push("db") }),
      scoped(Url, [Db, CurrentRequest], (_, { url }) => url, { dispose: () => void order.push("url") }),
    );
    const handle = scopePerRequest(app, async (_, scope) => {
      await handler.promise;
      return new Response(scope.get(Url));
    });
    const answering = handle(request());
    const closing = app.shutdown();

    await turns();
    handler.resolve();
    const response = await answering;
    await turns();
    expect(order).toEqual([]);

    expect(await response.text()).toBe("https://shop.example/");
    expect(await closing).toMatchObject({ ok: true });
    expect(order).toEqual(["url", "db"]);
  });

  it("is no failure of the requests that end meanwhile, and hides none", async () => {
    const error = new Error("sold out");
    const reasons: unknown[] = [];
    for (const end of [() => new Response(null), () => thrower(error)]) {
      const handler = deferred<void>();
      const { app, closed, handle } = serving(async () => {
        await handler.promise;
        return end();
      });
      const answering = handle(request());
      const closing = app.shutdown({ reason: "SIGTERM" });
      handler.resolve();
      await answering.catch(() => {});
      await closing;
      reasons.push(...closed);
    }
    expect(reasons).toEqual([undefined, error]);
  });

  it("waits no longer than until its deadline", async () => {
    const { app, handle } = serving(() => new Promise(() => {}));
    void handle(request());
    const { ok, services } = await app.shutdown({ timeout: 5 });
    expect(ok).toBe(false);
    expect(services).toContainEqual(expect.objectContaining({ token: "request", outcome: "abandoned" }));
  });

  it("is a failure of the requests that are at work at its deadline, which half of a transaction would not survive", async () => {
    const handler = deferred<void>();
    const { app, closed, handle } = serving(async () => {
      await handler.promise;
      return new Response(null);
    });
    const heard: unknown[] = [];
    observe(app, { unhandled: ({ error }) => heard.push(error) });
    const answering = handle(request());

    const { services } = await app.shutdown({ timeout: 5 });
    handler.resolve();
    await answering;
    await turns();

    expect(closed).toEqual([
      expect.objectContaining({
        message: "The shutdown has reached its deadline while the event was at work",
      }),
    ]);
    expect(services.map(({ token, outcome }) => [token, outcome])).toEqual([
      ["request", "abandoned"],
      ["url", "disposed"],
    ]);
    expect(heard).toEqual([]);
  });

  it("that has no time at all is a failure of the requests that are at work", async () => {
    for (const options of [{ timeout: 0 }, { signal: AbortSignal.abort() }]) {
      const { app, closed, handle } = serving(() => new Promise(() => {}));
      void handle(request());
      await app.shutdown(options);
      expect(closed).toEqual([expect.any(Error)]);
    }
  });

  it("gives the requests that are at work at its deadline the reason that it has", async () => {
    const { app, closed, handle } = serving(() => new Promise(() => {}));
    void handle(request());
    await app.shutdown({ timeout: 5, reason: "SIGTERM" });
    expect(closed).toEqual(["SIGTERM"]);
  });

  it("is followed by SCOPE_CLOSED for a request that comes late", async () => {
    const { app, handle } = serving(() => new Response(null));
    await app.shutdown();
    expect(await rejected(handle(request()))).toMatchObject({ code: "SCOPE_CLOSED" });
  });
});

describe("scopePerRequest refuses, before the first request comes,", () => {
  const handler = (): Response => new Response(null);
  it.each([
    { what: "no container", make: () => scopePerRequest(undefined as never, handler) },
    { what: "no handler", make: () => scopePerRequest(createContainer(), undefined as never) },
    {
      what: "an unknown option",
      make: () => scopePerRequest(createContainer(), handler, { wait: 1 } as never),
    },
    {
      what: "a text for a time",
      make: () => scopePerRequest(createContainer(), handler, { abandonAfter: "1s" as never }),
    },
    {
      what: "a time that is no number",
      make: () => scopePerRequest(createContainer(), handler, { abandonAfter: NaN }),
    },
    {
      what: "an end that there is not",
      make: () => scopePerRequest(createContainer(), handler, { scopeEnds: "body" as never }),
    },
    {
      what: "what is no function",
      make: () => scopePerRequest(createContainer(), handler, { failed: true as never }),
    },
  ])("$what", ({ make }) => {
    expect(thrown(make)).toBeInstanceOf(TypeError);
  });

  it("and names the options that there are", () => {
    expect(String(thrown(() => scopePerRequest(createContainer(), handler, { onError: 1 } as never)))).toBe(
      'TypeError: scopePerRequest has no option "onError": it has name, scopeEnds, abandonAfter, failed',
    );
  });
});

describe("within", () => {
  const Name = token<string>("name");

  function open() {
    const closed: unknown[] = [];
    const app = createContainer();
    const scope = () =>
      app.createScope(
        "subscription",
        value(Name, "Ada", { dispose: (_name, _signal, reason) => void closed.push(reason) }),
      );
    return { app, closed, scope };
  }

  it("closes the scope when the generator is over", async () => {
    const { closed, scope } = open();
    const said: string[] = [];
    for await (const it of within(scope, async function* (inside) {
      yield inside.get(Name);
      yield "bye";
    }))
      said.push(`${it} ${closed.length}`);
    expect(said).toEqual(["Ada 0", "bye 0"]);
    expect(closed).toEqual([undefined]);
  });

  it("closes it when the consumer leaves, after what the generator does then", async () => {
    const { closed, scope } = open();
    let last = "";
    for await (const _ of within(scope, async function* (inside) {
      try {
        yield 1;
        yield 2;
      } finally {
        last = inside.get(Name);
      }
    }))
      break;
    expect(last).toBe("Ada");
    expect(closed).toEqual([undefined]);
  });

  it("closes it with the error of the generator, which the consumer gets", async () => {
    const { closed, scope } = open();
    const error = new Error("sold out");
    // oxlint-disable-next-line require-yield -- It throws before it could.
    const generator = within(scope, async function* () {
      throw error;
    });
    expect(await rejected(generator.next())).toBe(error);
    expect(closed).toEqual([error]);
  });

  it("closes it with a reason also where the generator has thrown none", async () => {
    const { closed, scope } = open();
    const values = within(scope, async function* () {
      yield "one";
      throw undefined;
    });
    await values.next();
    expect(await values.next().catch((it: unknown) => [it])).toEqual([undefined]);
    expect(closed).toEqual([expect.objectContaining({ message: "The reason of the failure is undefined" })]);
  });

  it("opens nothing before the first value is wanted", async () => {
    const { closed, scope } = open();
    const opened = vi.fn(scope);
    const generator = within(opened, function* () {
      yield 1;
    });
    await generator.return();
    expect(opened).not.toHaveBeenCalled();
    expect(closed).toEqual([]);
  });

  it("is waited for by a shutdown of the container", async () => {
    const { app, closed, scope } = open();
    const generator = within(scope, async function* (inside) {
      yield 1;
      yield inside.get(Name);
    });
    await generator.next();
    const closing = app.shutdown();
    await turns();
    expect(closed).toEqual([]);
    expect((await generator.next()).value).toBe("Ada");
    await generator.return();
    expect(await closing).toMatchObject({ ok: true });
    expect(closed).toEqual([undefined]);
  });
});
