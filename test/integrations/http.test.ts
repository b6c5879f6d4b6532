// What holds for every server of node:http, seen without one: here the test is the server, and closes the responses.
import { createContainer, scoped, type Scope, singleton, stopSignal, token, value } from "thimble";
import {
  CurrentIncoming,
  fail,
  type HttpScopeOptions,
  scopeErrors,
  scopeOf,
  scopePerRequest,
  scopePlugin,
} from "thimble/http";
import { observe } from "thimble/observe";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { rejected, thrown } from "../core/support/refusal.ts";

const Url = token<string | undefined>("url");

/** A container, and what became of its request scopes: the reason of each that has closed. */
function shop() {
  const closed: unknown[] = [];
  const app = createContainer(
    scoped(Url, [CurrentIncoming], (request) => request.url, {
      dispose: (_url, _signal, reason) => void closed.push(reason),
    }),
  );
  return { app, closed };
}

const requestFor = (url: string) => ({ url, method: "GET", headers: {} });

/** What of a socket an upgrade needs. */
class Connection {
  readonly #listeners: (() => void)[] = [];
  writableEnded = false;
  destroyed = false;
  on(_event: "close", listener: () => void): void {
    this.#listeners.push(listener);
  }
  end(): void {
    this.writableEnded = true;
  }
  destroy(): void {
    this.close();
  }
  /** The connection is done with it, or gone. */
  close(): void {
    this.destroyed = true;
    for (const listener of this.#listeners) listener();
  }
}

class Answer extends Connection {
  statusCode = 200;
  readonly socket: object | null = {};
  readonly headers: string[] = [];
  setHeader(name: string, text: string): void {
    this.headers.push(`${name}: ${text}`);
  }
}

/** Lets everything happen that is about to, and no more time pass than that. */
const aMoment = async (): Promise<void> => void (await vi.advanceTimersByTimeAsync(1));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A request whose handler uses its scope and goes on with what it is given. */
function handling<R>(next: (scope: Scope, response: Answer) => R, options?: HttpScopeOptions) {
  const { app, closed } = shop();
  const [request, response] = [requestFor("/"), new Answer()];
  const result = (): unknown =>
    scopePerRequest(app, options)(request, response, () => {
      const scope = scopeOf(request)!;
      scope.get(Url);
      return next(scope, response);
    });
  return { app, closed, request, response, result };
}

describe("scopePerRequest", () => {
  it("gives a handler the request, the response and a scope that holds the request", () => {
    const { app } = shop();
    const [request, response] = [requestFor("/profile"), new Answer()];

    const handle = scopePerRequest(
      app,
      (...[req, res, scope]) => [req, res, scope.get(Url), scope.name] as const,
    );

    expect(handle(request, response as never)).toEqual([request, response, "/profile", "request"]);
  });

  it("gives a middleware's next nothing, returns what it returned, and lets the scope be found", () => {
    const { app } = shop();
    const request = requestFor("/profile");
    const seen: unknown[] = [];

    const result = scopePerRequest(app)(request, new Answer(), (...args) => {
      seen.push(args, scopeOf(request)?.get(Url));
      return "returned";
    });

    expect([result, seen]).toEqual(["returned", [[], "/profile"]]);
  });

  it("lets the scope be found for the objects of Fastify, by the request in them and by themselves", () => {
    const { app } = shop();
    const request = { raw: requestFor("/raw") };
    let found: unknown[] = [];

    scopePerRequest(app)(request, { raw: new Answer() }, () => {
      found = [scopeOf(request)?.get(Url), scopeOf(request.raw)?.get(Url)];
    });

    expect(found).toEqual(["/raw", "/raw"]);
    expect(scopeOf(requestFor("/other"))).toBe(undefined);
    expect(scopeOf({ raw: "text" })).toBe(undefined);
  });

  it("names the scopes as it is told", () => {
    const { app } = shop();
    scopePerRequest(app, (_request, _response, scope) => expect(scope.name).toBe("visit"), { name: "visit" })(
      requestFor("/"),
      new Answer() as never,
    );
    expect.assertions(1);
  });

  it("closes the scope when the connection is done with the response that the handler has ended", async () => {
    const { closed, response, request, result } = handling((_scope, it) => it.end());
    result();
    await aMoment();
    expect(closed).toEqual([]);

    response.close();
    expect(scopeOf(request)?.state).toBe("open"); // what follows `end()` in the handler may need it
    await aMoment();

    expect(closed).toEqual([undefined]);
    expect(scopeOf(request)).toBe(undefined);
  });

  it("waits for the promise of the handler, before the end of the response and after it", async () => {
    for (const end of [() => {}, (it: Answer) => it.end()]) {
      const work = deferred<string>();
      const { closed, response, result } = handling((_scope, it) => {
        end(it);
        return work.promise;
      });
      const returned = result();
      response.close();
      await vi.advanceTimersByTimeAsync(100_000);
      expect(closed).toEqual([]);

      work.resolve("done");

      expect(await returned).toBe("done");
      await aMoment();
      expect(closed).toEqual([undefined]);
    }
  });

  it("waits, where there is no promise, until the handler ends the response of a client that has left", async () => {
    const { closed, response, result } = handling(() => {});
    result();
    response.close();
    await vi.advanceTimersByTimeAsync(900);
    expect(closed).toEqual([]);

    response.end();
    expect(response.writableEnded).toBe(true);
    await aMoment();

    expect(closed).toEqual([undefined]);
  });

  it("gives such a handler a second, or what the option grace says", async () => {
    for (const [options, ms] of [
      [{}, 1_000],
      [{ grace: undefined }, 1_000],
      [{ grace: 50 }, 50],
    ] as const) {
      const { closed, response, result } = handling(() => {}, options);
      result();
      response.close();
      await vi.advanceTimersByTimeAsync(ms - 1);
      expect(closed).toEqual([]);
      await aMoment();
      expect(closed).toEqual([undefined]);
    }
  });

  it("closes the scope once, whatever comes after", async () => {
    const { app, closed, response, result } = handling((_scope, it) => it.end());
    const scopes: string[] = [];
    observe(app, { scopeClosed: ({ scope }) => scopes.push(scope.name) });
    result();
    response.close();
    response.close();
    await vi.advanceTimersByTimeAsync(5_000);
    response.end();
    response.close();
    await vi.advanceTimersByTimeAsync(5_000);

    expect([closed, scopes]).toEqual([[undefined], ["request"]]);
  });

  it("opens a scope for a client that has left before, too, and closes it after the work", async () => {
    const { closed, response, result } = handling((_scope, it) => void setTimeout(() => it.end(), 100));
    response.close();

    result();
    await vi.advanceTimersByTimeAsync(99);
    expect(closed).toEqual([]);
    await vi.advanceTimersByTimeAsync(2);

    expect(closed).toEqual([undefined]);
  });

  it("follows a pipelined request whose connection is cut before its turn, where no response is closed then", async () => {
    const { app, closed } = shop();
    let abort = (): void => {};
    const request = { ...requestFor("/second"), on: (_event: string, it: () => void) => (abort = it) };
    const response = Object.assign(new Answer(), { socket: null });
    const handle = scopePerRequest(app, async (_request, _response, scope) => void scope.get(Url));
    await handle(request as never, response as never);
    expect(closed).toEqual([]);

    abort();
    await aMoment();

    expect(closed).toEqual([undefined]);
  });

  it("closes the scope of an upgrade with its socket", async () => {
    const { app, closed } = shop();
    const [request, socket] = [requestFor("/socket"), new Connection()];
    scopePerRequest(app)(request, socket, () => void scopeOf(request)!.get(Url));
    await vi.advanceTimersByTimeAsync(100_000);
    expect(closed).toEqual([]);

    socket.close();
    await aMoment();

    expect(closed).toEqual([undefined]);
  });

  it("takes what is mounted inside of it into its scope, and waits for it as well", async () => {
    const { app, closed } = shop();
    const [request, response] = [requestFor("/"), new Answer()];
    const work = deferred<void>();
    const scopes: unknown[] = [];
    const inner = scopePerRequest(app, (_request, _response, scope) => {
      scopes.push(scope);
      scope.get(Url);
      return work.promise;
    });

    scopePerRequest(app)(request, response, () => {
      scopes.push(scopeOf(request));
      void inner(request, response as never);
    });
    response.end();
    response.close();
    await vi.advanceTimersByTimeAsync(5_000);

    expect(scopes[0]).toBe(scopes[1]);
    expect(closed).toEqual([]);
    work.resolve();
    await aMoment();
    expect(closed).toEqual([undefined]);
  });

  it("opens a scope of its own inside of that of another container", async () => {
    const [outer, inner] = [shop(), shop()];
    const [request, response] = [requestFor("/"), new Answer()];

    scopePerRequest(outer.app)(request, response, () =>
      scopePerRequest(inner.app)(request, response, () => void scopeOf(request)!.get(Url)),
    );
    response.end();
    response.close();
    await aMoment();

    expect([outer.closed, inner.closed]).toEqual([[], [undefined]]);
    expect([...outer.app.children, ...inner.app.children]).toEqual([]);
  });
});

describe("the reason for which a scope of a request closes", () => {
  it("is what next throws, which goes on to the caller", async () => {
    const error = new Error("sold out");
    const { closed, response, result } = handling(() => {
      throw error;
    });

    expect(thrown(result)).toBe(error);
    response.close();
    await aMoment();

    expect(closed).toEqual([error]);
  });

  it("is what the promise rejects with, which goes on to the caller", async () => {
    const error = new Error("sold out");
    const { closed, response, result } = handling(async () => {
      await undefined;
      throw error;
    });

    expect(await rejected(result() as Promise<unknown>)).toBe(error);
    response.close();
    await aMoment();

    expect(closed).toEqual([error]);
  });

  it("is what somebody has said first", async () => {
    const { closed, response, result } = handling((scope, it) => {
      fail(scope, "first");
      fail(scope, "second");
      it.statusCode = 500;
      it.end();
    });
    result();
    response.close();
    await aMoment();

    expect(closed).toEqual(["first"]);
  });

  it("is an error with the status where a response has a status of 500 or more", async () => {
    for (const [status, message] of [
      [500, "The response has the status 500"],
      [503, "The response has the status 503"],
      [499, undefined],
    ] as const) {
      const { closed, response, result } = handling((_scope, it) => {
        it.statusCode = status;
        it.end();
      });
      result();
      response.close();
      await aMoment();

      expect(closed.map((it) => (it as Error | undefined)?.message)).toEqual([message]);
    }
  });

  it("is read from the response by the option failed", async () => {
    for (const [failed, reason] of [
      [(it: Answer) => it.statusCode === 409 && "conflict", "conflict"],
      [(it: Answer) => it.statusCode === 409, new Error("The response has the status 409")],
      [() => undefined, undefined],
    ] as const) {
      const { closed, response, result } = handling(
        (_scope, it) => {
          it.statusCode = 409;
          it.end();
        },
        { failed },
      );
      result();
      response.close();
      await aMoment();

      expect(closed).toEqual([reason]);
    }
  });

  it("is the error of the option failed, which observers are told as well", async () => {
    const error = new Error("no such header");
    const { app, closed, response, result } = handling((_scope, it) => it.end(), {
      failed() {
        throw error;
      },
    });
    const unhandled: unknown[] = [];
    observe(app, { unhandled: (it) => unhandled.push(it.error) });
    result();
    response.close();
    await aMoment();

    expect([closed, unhandled]).toEqual([[error], [error]]);
  });

  it("is the error that scopeErrors passes on, which Express and Connect know by its four parameters", async () => {
    const { closed, request, response, result } = handling(() => {});
    const errors = scopeErrors();
    expect(errors).toHaveLength(4);
    const passed: unknown[] = [];
    result();

    errors("sold out", request, response, (error) => passed.push(error));
    errors("of nobody", {}, {}, (error) => passed.push(error));
    response.end();
    response.close();
    await aMoment();

    expect([closed, passed]).toEqual([["sold out"], ["sold out", "of nobody"]]);
  });

  it("is an error also where that error is undefined, whatever the status", async () => {
    const { closed, request, response, result } = handling(() => {});
    result();
    scopeErrors()(undefined, request, response, () => {});
    response.end();
    response.close();
    await aMoment();

    expect(closed).toEqual([expect.objectContaining({ message: "The reason of the failure is undefined" })]);
  });

  it("is that of the scopes of every container that the request has one of", async () => {
    const [one, two] = [shop(), shop()];
    const [request, response] = [requestFor("/"), new Answer()];
    for (const { app } of [one, two])
      scopePerRequest(app)(request, response, () => scopeOf(request)!.get(Url));

    scopeErrors()("sold out", request, response, () => {});
    response.end();
    response.close();
    await aMoment();

    expect([one.closed, two.closed]).toEqual([["sold out"], ["sold out"]]);
  });

  it("is an error of the option failed that gives a promise, and of which observers are told", async () => {
    const failed = async (): Promise<boolean> => false;
    const { app, closed, response, result } = handling(() => {}, { failed });
    const unhandled: unknown[] = [];
    observe(app, { unhandled: ({ error }) => unhandled.push(error) });
    result();
    response.end();
    response.close();
    await aMoment();

    expect(closed).toEqual([expect.any(TypeError)]);
    expect(unhandled).toEqual(closed);
  });

  it("is none when a client has left", async () => {
    const { closed, response, result } = handling(() => {});
    result();
    response.close();
    await vi.advanceTimersByTimeAsync(5_000);

    expect(closed).toEqual([undefined]);
  });
});

describe("the plugin for Fastify", () => {
  type Hook = (...args: unknown[]) => void;

  /** The hooks that it adds. */
  function hooksOf(app: Scope): Record<string, Hook> {
    const hooks: Record<string, Hook> = {};
    let isDone = false;
    scopePlugin(app, { grace: 50 })(
      { addHook: (name, hook) => void (hooks[name] = hook) },
      {},
      () => (isDone = true),
    );
    expect(isDone).toBe(true);
    return hooks;
  }

  it("counts for the instance that registers it, and not only for the plugin itself", () => {
    const plugin = scopePlugin(createContainer()) as unknown as Record<symbol, unknown>;
    expect(plugin[Symbol.for("skip-override")]).toBe(true);
    expect(plugin[Symbol.for("fastify.display-name")]).toBe("thimble");
  });

  it.each([
    { what: "a web stream", body: () => new ReadableStream() },
    { what: "a Response", body: () => new Response(new ReadableStream()) },
  ])(
    "waits for $what, which Fastify cancels when the client has left, and ends the response",
    async ({ body }) => {
      const { app, closed } = shop();
      const { onRequest, onSend } = hooksOf(app);
      for (const hasLeft of [false, true]) {
        const [request, reply] = [{ raw: requestFor("/") }, { raw: new Answer() }];
        onRequest!(request, reply, () => {});
        scopeOf(request)!.get(Url);
        onSend!(request, reply, body(), () => {});
        if (!hasLeft) reply.raw.end();
        reply.raw.close();
        if (hasLeft) reply.raw.end();
        await aMoment();
        // Of what was sent to its end there is nothing to wait for.
        expect(closed).toEqual([undefined]);
      }
      await vi.advanceTimersByTimeAsync(50);
      expect(closed).toEqual([undefined, undefined]);
    },
  );

  it("sends what is no stream as before", async () => {
    const { app, closed } = shop();
    const { onRequest, onSend } = hooksOf(app);
    for (const body of [null, undefined, "text", new Response(null), new Uint8Array(1), { getReader: 1 }]) {
      const [request, reply] = [{ raw: requestFor("/") }, { raw: new Answer() }];
      onRequest!(request, reply, () => {});
      scopeOf(request)!.get(Url);
      onSend!(request, reply, body, () => {});
      reply.raw.close();
      reply.raw.end();
    }
    await aMoment();
    expect(closed).toHaveLength(6);
  });

  it("keeps the error of a request as the reason", async () => {
    const { app, closed } = shop();
    const { onRequest, onError } = hooksOf(app);
    const [request, reply] = [{ raw: requestFor("/") }, { raw: new Answer() }];
    const done = vi.fn<() => void>();

    onRequest!(request, reply, done);
    scopeOf(request)!.get(Url);
    onError!(request, reply, "sold out", done);
    reply.raw.end();
    reply.raw.close();
    await aMoment();

    expect(closed).toEqual(["sold out"]);
    expect(done.mock.calls).toEqual([[], []]);
  });

  it("waits for the stream that is sent, whose last step takes longer than its client", async () => {
    const { app, closed } = shop();
    const { onRequest, onSend } = hooksOf(app);
    const [request, reply] = [{ raw: requestFor("/") }, { raw: new Answer() }];
    const streamOf = (listeners: Record<string, () => void>) => ({
      pipe() {},
      on: (event: string, it: () => void) => (listeners[event] = it),
    });
    const [first, second]: Record<string, () => void>[] = [{}, {}];
    const stream = streamOf(first!);
    const done = vi.fn<() => void>();

    onRequest!(request, reply, done);
    scopeOf(request)!.get(Url);
    for (const body of ["text", null, undefined, {}, stream]) onSend!(request, reply, body, done);
    onSend!(request, reply, streamOf(second!), done);
    reply.raw.close();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(closed).toEqual([]);

    first!["end"]!();
    first!["close"]!();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(closed).toEqual([]);

    second!["close"]!();
    await aMoment();

    expect(closed).toEqual([undefined]);
    expect(done).toHaveBeenCalledTimes(7);
    onSend!({ raw: requestFor("/elsewhere") }, reply, stream, done);
    expect(done).toHaveBeenCalledTimes(8);
  });
});

describe("a shutdown of the container", () => {
  it("waits for the requests in flight, and disposes nothing under them", async () => {
    const Db = token<object>("db");
    const log: string[] = [];
    const { app } = shop();
    app.provide(singleton(Db, () => ({}), { dispose: () => void log.push("db disposed") }));
    const [request, response] = [requestFor("/"), new Answer()];
    scopePerRequest(app)(request, response, () => void scopeOf(request)!.get(Db));

    const report = app.shutdown();
    await vi.advanceTimersByTimeAsync(100_000);
    expect([log, scopeOf(request)?.state]).toEqual([[], "open"]);
    response.end();
    response.close();
    await aMoment();

    expect((await report).ok).toBe(true);
    expect(log).toEqual(["db disposed"]);
  });

  it("abandons at its deadline what has not ended", async () => {
    const { app, response, result } = handling(() => new Promise(() => {}));
    void result();
    response.close();

    const report = app.shutdown({ timeout: 100 });
    await vi.advanceTimersByTimeAsync(101);

    expect((await report).services).toContainEqual(
      expect.objectContaining({ token: "incoming message", outcome: "abandoned" }),
    );
  });

  it("tells an upgraded connection, which can then end its socket", async () => {
    const { app } = shop();
    const [request, socket] = [requestFor("/socket"), new Connection()];
    scopePerRequest(app)(request, socket, () =>
      scopeOf(request)!
        .get(stopSignal)
        .addEventListener("abort", () => socket.close()),
    );

    const report = app.shutdown();
    await aMoment();

    expect((await report).ok).toBe(true);
  });

  it("has requests answered with 503 that come when the container is closing or closed", async () => {
    const { app } = shop();
    const slow = deferred<void>();
    app.provide(value(token<object>("slow"), {}, { dispose: () => slow.promise, owned: true }));
    const handler = vi.fn<() => void>();
    const handle = scopePerRequest(app, handler);
    const answers = (): unknown[] => {
      const [response, ofHttp2, socket] = [new Answer(), new Answer(), new Connection()];
      const results = [
        handle({ ...requestFor("/"), httpVersionMajor: 1 } as never, response as never),
        scopePerRequest(app)({ ...requestFor("/"), httpVersionMajor: 2 } as never, ofHttp2, handler),
        scopePerRequest(app)(requestFor("/"), socket, handler),
      ];
      return [
        results,
        [response, ofHttp2].map((it) => [it.statusCode, it.writableEnded, it.headers]),
        socket.destroyed,
      ];
    };
    const expected = [
      [undefined, undefined, undefined],
      [
        [503, true, ["Connection: close"]],
        [503, true, []],
      ],
      true,
    ];

    const report = app.shutdown();
    expect(app.state).toBe("closing");
    expect(answers()).toEqual(expected);
    slow.resolve();
    await report;

    expect(answers()).toEqual(expected);
    expect(handler).not.toHaveBeenCalled();
  });

  it("has what could not be disposed told to observers, and to nobody else", async () => {
    const app = createContainer(
      scoped(Url, () => "", {
        dispose() {
          throw new Error("stuck");
        },
      }),
    );
    const unhandled: unknown[] = [];
    observe(app, { unhandled: ({ error }) => unhandled.push(error) });
    const [request, response] = [requestFor("/"), new Answer()];
    scopePerRequest(app)(request, response, () => void scopeOf(request)!.get(Url));
    response.end();
    response.close();
    await aMoment();

    expect(unhandled).toEqual([expect.objectContaining({ code: "SHUTDOWN_FAILED" })]);
  });
});

describe("what is refused before the first request", () => {
  const app = createContainer();

  const wrong: Record<string, readonly (() => unknown)[]> = {
    "scopePerRequest takes a container, and then the rest": [
      () => scopePerRequest(undefined as never),
      () => scopePlugin({} as never),
    ],
    "the options are an object": [
      () => scopePerRequest(app, null as never),
      () => scopePerRequest(app, "handler" as never),
    ],
    'scopePerRequest has no option "patience": it has name, failed, grace': [
      () => scopePerRequest(app, { patience: 1 } as never),
      () => scopePerRequest(app, () => {}, { patience: 1 } as never),
      () => scopePlugin(app, { patience: 1 } as never),
    ],
    'the option "failed" is a function of the response': [
      () => scopePerRequest(app, { failed: true as never }),
    ],
    'the option "grace" is a number of milliseconds, less than 2147483648': [
      -1,
      Number.NaN,
      "1" as never,
      2 ** 31,
    ].map((grace) => () => scopePerRequest(app, { grace })),
  };

  it.each(Object.entries(wrong))("%s", (message, calls) => {
    for (const call of calls) expect(thrown(call)).toEqual(new TypeError(message));
  });
});
