// What holds of events of Workers without a Worker: here the test is the runtime. test/runtimes/cloudflare has the real one.
import { createContainer, scoped, type Scope, singleton, token, value } from "thimble";
import {
  binding,
  bindings,
  createWorker,
  CurrentEvent,
  CurrentRequest,
  durableObject,
  ExecutionContext,
  scopeOf,
  scopePerCall,
  webSocketPair,
  type WorkerContext,
} from "thimble/cloudflare";
import { observe } from "thimble/observe";
import { describe, expect, it, vi } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { rejected, thrown } from "../core/support/refusal.ts";

/** The context of an event, and what it was told to wait for. */
function contextOf() {
  const waits: Promise<unknown>[] = [];
  const context: WorkerContext & { waits: typeof waits } = {
    waits,
    waitUntil(work) {
      if (this !== context) throw new TypeError("Illegal invocation");
      waits.push(work);
    },
  };
  return context;
}

const request = (path = "/", init: RequestInit = {}): Request =>
  new Request(`https://shop.example${path}`, init);

const Url = token<string>("url");
const withUrl = (closed: unknown[]) =>
  scoped(Url, [CurrentRequest], (request) => request.url, {
    dispose: (_url, _signal, reason) => void closed.push(reason),
  });

describe("createWorker", () => {
  it("hands all of an event to waitUntil before anything else happens", async () => {
    const context = contextOf();
    let waits = 0;
    const worker = createWorker({
      container: () => ((waits = context.waits.length), createContainer()),
      fetch: () => new Response("ok"),
    });

    const response = await worker.fetch(request(), {}, context);

    expect(waits).toBe(1);
    expect(await response.text()).toBe("ok");
    await context.waits[0];
  });

  it("hands each request a scope with its request, its context and the bindings", async () => {
    const context = contextOf();
    const worker = createWorker({
      container: (_env: { NAME: string }) => createContainer(withUrl([])),
      fetch: (_, scope) => {
        expect(scope.get(ExecutionContext)).toBe(context);
        return new Response(`${scope.name} ${scope.get(Url)} ${scope.get(binding<string>("NAME"))}`);
      },
    });

    const response = await worker.fetch(request("/a"), { NAME: "ada" }, context);

    expect(await response.text()).toBe("request https://shop.example/a ada");
  });

  it("makes one container for all events, and makes it again when that has failed", async () => {
    let made = 0;
    const worker = createWorker({
      container: () => {
        if (++made === 1) throw new Error("cold");
        return createContainer();
      },
      fetch: () => new Response(null),
    });
    const first = contextOf();

    const error = await rejected(worker.fetch(request(), {}, first));
    await worker.fetch(request(), {}, contextOf());
    await worker.fetch(request(), {}, contextOf());

    expect(error).toEqual(new Error("cold"));
    await first.waits[0];
    expect(made).toBe(2);
  });

  it("shares the container with another Worker that makes it by the same function", async () => {
    let made = 0;
    const container = () => (made++, createContainer());
    for (const worker of [
      createWorker({ container, fetch: () => new Response(null) }),
      createWorker({ container, fetch: () => new Response(null) }),
    ])
      await worker.fetch(request(), {}, contextOf());

    expect(made).toBe(1);
  });

  it("closes the scope of a request when its body was read, and tells waitUntil then", async () => {
    const closed: unknown[] = [];
    const worker = createWorker({
      container: () => createContainer(withUrl(closed)),
      fetch: (_, scope) => new Response(scope.get(Url)),
    });
    const context = contextOf();

    const response = await worker.fetch(request(), {}, context);
    expect(closed).toEqual([]);
    await response.text();
    await context.waits[0];

    expect(closed).toEqual([undefined]);
  });

  it("gives the error of a handler to the disposers, and to the runtime", async () => {
    const closed: unknown[] = [];
    const error = new Error("no");
    const worker = createWorker({
      container: () => createContainer(withUrl(closed)),
      fetch: (_, scope): Response => {
        scope.get(Url);
        throw error;
      },
    });
    const context = contextOf();

    expect(await rejected(worker.fetch(request(), {}, context))).toBe(error);
    await context.waits[0];
    expect(closed).toEqual([error]);
  });

  it("refuses what is no response", async () => {
    const worker = createWorker({ container: () => createContainer(), fetch: () => undefined as never });

    const error = await rejected(worker.fetch(request(), {}, contextOf()));

    expect(error).toMatchObject({ code: "INVALID_RESPONSE" });
    expect((error as Error).message).toContain("the handler returned nothing");
  });

  it("cancels the body of a response to HEAD", async () => {
    const closed: unknown[] = [];
    const cancel = vi.fn();
    const worker = createWorker({
      container: () => createContainer(withUrl(closed)),
      fetch: (_, scope) => {
        scope.get(Url);
        return new Response(new ReadableStream({ cancel }), { headers: { "x-a": "b" } });
      },
    });
    const context = contextOf();

    const response = await worker.fetch(request("/", { method: "HEAD" }), {}, context);

    expect(response.body).toBe(null);
    expect(response.headers.get("x-a")).toBe("b");
    await context.waits[0];
    expect(cancel).toHaveBeenCalledOnce();
    expect(closed).toEqual([undefined]);
  });

  it("ends the scope with the handler where it is told to, and passes the response on as it is", async () => {
    const closed: unknown[] = [];
    const made = new Response("ok");
    const worker = createWorker({
      container: () => createContainer(withUrl(closed)),
      scopeEnds: "handler",
      fetch: (_, scope) => (scope.get(Url), made),
    });

    expect(await worker.fetch(request(), {}, contextOf())).toBe(made);
    expect(closed).toEqual([undefined]);
  });

  it.each(["scheduled", "queue", "email", "tail"] as const)(
    "gives a %s event a scope, and throws on what its handler has thrown",
    async (name) => {
      const seen: unknown[] = [];
      const error = new Error("no");
      const worker = createWorker({
        container: () => createContainer(),
        [name as "queue"]: (it: object, scope: Scope) => {
          seen.push(scope.name, scope.get(CurrentEvent) === it);
          if ("fails" in it) throw error;
        },
      });
      const handle = worker[name as "queue"] as (
        it: object,
        env: object,
        context: WorkerContext,
      ) => Promise<void>;
      const [good, bad] = [contextOf(), contextOf()];

      await handle({}, {}, good);
      expect(await rejected(handle({ fails: true }, {}, bad))).toBe(error);

      expect(seen).toEqual([name, true, name, true]);
      await Promise.all([...good.waits, ...bad.waits]);
    },
  );

  it("keeps to itself that something could not be disposed, but for observers", async () => {
    const unhandled: unknown[] = [];
    const Tx = token<object>("tx");
    const worker = createWorker({
      container: () => {
        const app = createContainer(
          scoped(Tx, () => ({}), {
            dispose: () => {
              throw new Error("no");
            },
          }),
        );
        observe(app, { unhandled: ({ error }) => void unhandled.push(error) });
        return app;
      },
      queue: (_, scope) => void scope.get(Tx),
    });
    const context = contextOf();

    await worker.queue({} as never, {}, context);
    await context.waits[0];

    expect(unhandled).toEqual([expect.objectContaining({ code: "SHUTDOWN_FAILED" })]);
  });

  it("has only the handlers that it was given", () => {
    const worker = createWorker({ container: () => createContainer(), fetch: () => new Response(null) });
    expect(Object.keys(worker)).toEqual(["fetch"]);
  });

  it.each([
    [undefined, "createWorker takes an object with a container and handlers"],
    [
      {},
      'createWorker: the option "container" is a function that makes a container: (env) => createContainer(…)',
    ],
    [{ containr: () => createContainer() }, 'createWorker has no option "containr"'],
    [{ container: () => createContainer(), fetsch: () => {} }, 'createWorker has no option "fetsch"'],
    [{ container: () => createContainer(), fetch: 1 }, 'the option "fetch" is a function'],
    [
      { container: () => createContainer(), abandonAfter: "1s" },
      'the option "abandonAfter" is a number of milliseconds',
    ],
  ])("refuses %j", (options, message) => {
    expect((thrown(() => createWorker(options as never)) as Error).message).toContain(message);
  });

  it("says when what makes the container gives none", async () => {
    const worker = createWorker({ container: () => ({}) as Scope, fetch: () => new Response(null) });
    const error = await rejected(worker.fetch(request(), {}, contextOf()));
    expect((error as Error).message).toContain("The option container is a function that returns a container");
  });
});

describe("a binding", () => {
  it("is the same token under the same name", () => {
    expect(binding("DB")).toBe(binding("DB"));
    expect(binding("DB")).not.toBe(binding("KV"));
  });

  it("is there for singletons by way of bindings(env)", async () => {
    class Shop {
      readonly name: string;
      constructor(name: string) {
        this.name = name;
      }
    }
    const worker = createWorker({
      container: (env: { NAME: string }) =>
        createContainer(bindings(env), singleton(Shop, [binding<string>("NAME")])),
      fetch: (_, scope) => new Response(scope.get(Shop).name),
    });

    expect(await (await worker.fetch(request(), { NAME: "ada" }, contextOf())).text()).toBe("ada");
  });

  it("may be replaced by the container", async () => {
    const Name = binding<string>("NAME");
    const worker = createWorker({
      container: (_env: { NAME: string }) => createContainer(value(Name, "fake")),
      fetch: (_, scope) => new Response(scope.get(Name)),
    });

    expect(await (await worker.fetch(request(), { NAME: "ada" }, contextOf())).text()).toBe("fake");
  });

  it("is never disposed, and nothing is looked for on it by name but then", async () => {
    const names = new Set<unknown>();
    // A service binding takes every name for a method of the other Worker, but `then`.
    const service = new Proxy(
      {},
      {
        get(_, name) {
          names.add(name);
          return name === "then" ? undefined : () => {};
        },
      },
    );
    const Service = binding<object>("SERVICE");
    const context = contextOf();
    const worker = createWorker({
      container: (env: { SERVICE: object }) => createContainer(bindings(env)),
      fetch: async (_, scope) => new Response(String(scope.get(Service) === (await scope.getAsync(Service)))),
    });

    const response = await worker.fetch(request(), { SERVICE: service }, context);

    expect(await response.text()).toBe("true");
    await context.waits[0];
    expect([...names].filter((name) => typeof name === "string")).toEqual(["then"]);
  });

  it.each([undefined, "", 1])("has a name, and not %j", (name) => {
    expect(thrown(() => binding(name as never))).toBeInstanceOf(TypeError);
  });
});

describe("what an event has begun to build", () => {
  const Pool = token<{ by: string }>("pool");

  it("is waited for before the event ends", async () => {
    const pool = deferred<{ by: string }>();
    const worker = createWorker({
      container: () => createContainer(singleton(Pool, () => pool.promise)),
      fetch: (_, scope) => {
        scope.getAsync(Pool).catch(() => {});
        return new Response(null);
      },
    });
    const context = contextOf();
    await worker.fetch(request(), {}, context);
    let isOver = false;
    void context.waits[0]!.then(() => (isOver = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isOver).toBe(false);

    pool.resolve({ by: "a" });
    await context.waits[0];
  });

  /** A Worker whose builds are in the hands of the test, each with the name of the request that has begun it. */
  function slow(buildTimeout: number, slowBy?: string) {
    const builds = new Map<string, ReturnType<typeof deferred<{ by: string }>>>();
    const disposed: string[] = [];
    let by = "";
    let container!: Scope;
    const Base = token<object>("base");
    const worker = createWorker({
      buildTimeout,
      container: () =>
        (container = createContainer(
          singleton(Base, () => ({})),
          singleton(
            Pool,
            [Base],
            () => {
              const build = deferred<{ by: string }>();
              builds.set(by, build);
              if (slowBy && by !== slowBy) build.resolve({ by });
              return build.promise;
            },
            { dispose: (pool) => void disposed.push(pool.by) },
          ),
        ) as Scope) as never,
      fetch: async (request, scope: Scope) => {
        by = new URL((request as Request).url).pathname.slice(1);
        return new Response((await scope.getAsync(Pool)).by);
      },
    });
    const visit = async (name: string): Promise<string> =>
      (await worker.fetch(request(`/${name}`), {}, contextOf())).text();
    return { visit, builds, disposed, container: () => container };
  }

  it("is given up after a time when others wait for it, and built anew by one of them for all", async () => {
    const { visit, builds, disposed, container } = slow(20, "dead");
    visit("dead").catch(() => {});
    const others = [visit("ben"), visit("eve")];

    // Both have come when the one builds that gives up first.
    expect(await Promise.all(others)).toEqual(["eve", "eve"]);
    expect(await visit("zoe")).toBe("eve");
    expect([...builds.keys()]).toEqual(["dead", "eve"]);
    // The request that never ends is abandoned.
    await container().shutdown({ timeout: 1 });
    expect(disposed).toEqual(["eve"]);
  });

  it("is disposed when it comes after all, and whoever waited for it receives the other one", async () => {
    const { visit, builds, disposed, container } = slow(20);
    const first = visit("late");
    const other = visit("ben");
    await vi.waitFor(() => expect(builds.size).toBe(2));
    const [late, second] = [...builds.values()];

    second!.resolve({ by: "second" });
    expect(await other).toBe("second");
    late!.resolve({ by: "late" });

    expect(await first).toBe("second");
    expect(disposed).toEqual(["late"]);
    const { ok } = await container().shutdown();
    expect(ok).toBe(true);
    expect(disposed).toEqual(["late", "second"]);
  });

  it("is kept when it comes before what was begun in its place, which is disposed then", async () => {
    const { visit, builds, disposed, container } = slow(20);
    const first = visit("late");
    const other = visit("ben");
    await vi.waitFor(() => expect(builds.size).toBe(2));
    const [late, second] = [...builds.values()];

    late!.resolve({ by: "late" });
    expect(await first).toBe("late");
    second!.resolve({ by: "second" });

    expect(await other).toBe("late");
    expect(disposed).toEqual(["second"]);
    await container().shutdown();
    expect(disposed).toEqual(["second", "late"]);
  });

  it("fails for those who waited for it, and for nobody else", async () => {
    const { visit, builds } = slow(20);
    const first = rejected(visit("late"));
    const other = visit("ben");
    await vi.waitFor(() => expect(builds.size).toBe(2));
    const [late, second] = [...builds.values()];

    late!.reject(new Error("late"));
    expect(await first).toEqual(new Error("late"));
    second!.resolve({ by: "second" });

    expect(await other).toBe("second");
  });

  it("is not given up while it goes on", async () => {
    const { visit, builds } = slow(1_000);
    const all = [visit("a"), visit("b"), visit("c")];
    await vi.waitFor(() => expect(builds.size).toBe(1));
    builds.get("a")?.resolve({ by: "a" });
    [...builds.values()][0]!.resolve({ by: "a" });

    expect(await Promise.all(all)).toEqual(["a", "a", "a"]);
    expect(builds.size).toBe(1);
  });
});

describe("a singleton with the option io", () => {
  class Session {
    isOpen = true;
    dispose(): void {
      this.isOpen = false;
    }
  }
  class Page {
    readonly session: Session;
    constructor(session: Session) {
      this.session = session;
    }
  }
  const session = singleton(Session, { io: true, dispose: (it) => it.dispose() });

  it("lives as long as an event, and is shared by all that is in it", async () => {
    const sessions = new Set<Session>();
    const worker = createWorker({
      container: () => createContainer(session, scoped(Page, [Session])),
      fetch: (_, scope) => {
        const inner = scope.createScope("inner");
        expect(inner.get(Session)).toBe(scope.get(Session));
        expect(inner.get(Page).session).toBe(scope.get(Session));
        sessions.add(scope.get(Session));
        return new Response(null);
      },
    });
    const contexts = [contextOf(), contextOf()];
    for (const context of contexts) {
      await worker.fetch(request(), {}, context);
      await context.waits[0];
    }

    expect(sessions.size).toBe(2);
    expect([...sessions].map(({ isOpen }) => isOpen)).toEqual([false, false]);
  });

  it("may depend on another one", async () => {
    const worker = createWorker({
      container: () => createContainer(session, singleton(Page, [Session], { io: true })),
      fetch: (_, scope) => new Response(String(scope.get(Page).session === scope.get(Session))),
    });
    expect(await (await worker.fetch(request(), {}, contextOf())).text()).toBe("true");
  });

  it("is captive in a plain singleton", async () => {
    const worker = createWorker({
      container: () => createContainer(session, singleton(Page, [Session])),
      fetch: (_, scope) => new Response(String(scope.get(Page))),
    });

    const error = (await rejected(worker.fetch(request(), {}, contextOf()))) as Error;

    expect(error).toMatchObject({
      code: "CAPTIVE_DEPENDENCY",
      path: [
        { token: "Page", scope: "root" },
        { token: "Session", scope: "root" },
      ],
    });
    expect(error.message).toBe(
      'Cannot resolve "Page": the singleton "Page" would keep "Session", which has the option io and lives as long as an ' +
        'event\n  path: Page > Session\n  hint: give "Page" the option io too, or make it scoped [CAPTIVE_DEPENDENCY]',
    );
  });

  it("may be kept by a singleton of the event itself, or of a scope below", async () => {
    const worker = createWorker({
      container: () => createContainer(session),
      fetch: (_, scope) => {
        const inner = scope.createScope("inner", singleton(Page, [Session]));
        return new Response(String(inner.get(Page).session === scope.get(Session)));
      },
    });
    expect(await (await worker.fetch(request(), {}, contextOf())).text()).toBe("true");
  });

  it("is not there outside of an event", async () => {
    let container!: Scope;
    const worker = createWorker({
      container: () => (container = createContainer(session) as Scope),
      fetch: () => new Response(null),
    });
    await worker.fetch(request(), {}, contextOf());

    expect(thrown(() => container.get(Session))).toMatchObject({ code: "SCOPE_NOT_FOUND" });
  });

  it("is like any other everywhere else", () => {
    const app = createContainer(session, singleton(Page, [Session]));
    expect(app.createScope().get(Page).session).toBe(app.get(Session));
  });

  it("takes true or false", () => {
    const error = thrown(() => singleton(Session, { io: "yes" as never }));
    expect(error).toMatchObject({ code: "INVALID_PROVIDER" });
  });
});

describe("durableObject", () => {
  it("makes a container per object, and a scope per event of it", async () => {
    const State = token<WorkerContext>("state");
    const over: unknown[] = [];
    class Counter extends durableObject({
      container: (state: WorkerContext, _env: { NAME: string }) =>
        createContainer(
          value(State, state),
          scoped(Url, [CurrentEvent], (event) => JSON.stringify(event), {
            dispose: (_url, _signal, reason) => void over.push(reason),
          }),
        ),
      fetch: (request, scope) =>
        new Response(`${scope.name} ${(request as Request).url} ${scope.get(binding<string>("NAME"))}`),
      alarm({ retryCount = 0 }, scope) {
        scope.get(Url);
        if (retryCount === 0) throw new Error("no");
      },
    }) {}
    const states = [contextOf(), contextOf()];
    const [one, two] = states.map((state) => new Counter(state, { NAME: "ada" }));

    expect(await (await one!.fetch(request("/a"))).text()).toBe("request https://shop.example/a ada");
    expect(await (await two!.fetch(request("/b"))).text()).toBe("request https://shop.example/b ada");
    expect(await rejected(one!.alarm())).toEqual(new Error("no"));
    await one!.alarm({ isRetry: true, retryCount: 1 });

    await Promise.all(states.flatMap(({ waits }) => waits));
    expect(states.map(({ waits }) => waits.length)).toEqual([3, 1]);
    expect(over).toEqual([new Error("no"), undefined]);
  });

  it("keeps singletons with the option io as long as the object", async () => {
    class Stub {}
    class Room extends durableObject({
      container: () => createContainer(singleton(Stub, { io: true })),
      alarm: (_, scope) => scope.get(Stub),
    }) {}
    const room = new Room(contextOf(), {});
    expect(await room.alarm()).toBe(await room.alarm());
  });

  it("calls methods with the scope first, on a class that may be called", async () => {
    class Base {
      readonly args: unknown[];
      constructor(...args: unknown[]) {
        this.args = args;
      }
    }
    const Room = durableObject(
      {
        container: () => createContainer(),
        methods: { join: (scope, name: string) => `${scope.name} ${name}` },
      },
      Base,
    );
    const [state, env] = [contextOf(), {}];
    const room = new Room(state, env);

    expect(await room.join("ada")).toBe("rpc ada");
    expect(room.args).toEqual([state, env]);
  });

  it.each([
    [undefined, "durableObject takes an object with a container and handlers"],
    [{ container: () => createContainer(), scheduled: () => {} }, 'durableObject has no option "scheduled"'],
    [
      { container: () => createContainer(), methods: { join: 1 } },
      'the option "methods" is a record of functions',
    ],
    [
      { container: () => createContainer(), methods: { join: () => 1 } },
      "Methods are only called on a class",
    ],
  ])("refuses %j", (options, message) => {
    expect((thrown(() => durableObject(options as never)) as Error).message).toContain(message);
  });
});

describe("scopePerCall", () => {
  class WorkerEntrypoint {
    protected ctx: ReturnType<typeof contextOf>;
    protected env: unknown;
    constructor(ctx: ReturnType<typeof contextOf>, env: unknown) {
      this.ctx = ctx;
      this.env = env;
    }
  }

  it("runs each method in a scope of its own, which a method called by another one shares", async () => {
    class Base extends WorkerEntrypoint {
      inherited(): string {
        return scopeOf(this)!.name;
      }
    }
    class Accounts extends Base {
      #secret = "s";
      async find(id: string): Promise<unknown[]> {
        const scope = scopeOf(this)!;
        await undefined;
        return [scope.name, id + this.#secret, this.id() === scope.id, scope.get(CurrentEvent) === this];
      }
      id(): string {
        return scopeOf(this)!.id;
      }
      queue(batch: object): boolean {
        return scopeOf(this)!.name === "queue" && scopeOf(this)!.get(CurrentEvent) === batch;
      }
      fetch(request: Request): Response {
        return new Response(String(scopeOf(this)!.get(CurrentRequest) === request));
      }
    }
    const Scoped = scopePerCall(() => createContainer(), Accounts);
    const context = contextOf();
    const entrypoint = (): Accounts => new Scoped(context, {});

    expect(await entrypoint().find("1")).toEqual(["rpc", "1s", true, true]);
    expect(await entrypoint().inherited()).toBe("rpc");
    expect(await entrypoint().queue({})).toBe(true);
    expect(await (await entrypoint().fetch(request())).text()).toBe("true");
    expect(context.waits).toHaveLength(4);
    await Promise.all(context.waits);
    expect(Scoped.name).toBe("Accounts");
  });

  it.each([
    [[], "a function that makes a container first"],
    [[() => createContainer()], "a class that extends WorkerEntrypoint after"],
    [[() => createContainer(), () => {}], "a class that extends WorkerEntrypoint after"],
  ])("refuses %j", (args, message) => {
    const call = scopePerCall as (...args: unknown[]) => unknown;
    expect((thrown(() => call(...args)) as Error).message).toContain(message);
  });
});

describe("webSocketPair", () => {
  it("takes the scope of an event", () => {
    const error = thrown(() => webSocketPair(createContainer() as Scope)) as Error;
    expect(error.message).toContain("takes the scope that a handler was given");
  });
});
