import { createContainer, type Scope, scoped, singleton, token, value } from "thimble";
import { inspector } from "thimble/inspector";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { catchReports } from "../core/support/report-error.ts";

beforeEach(() => void catchReports());

const Db = token<object>("db");
const Config = token<object>("config");
const app = (): Scope =>
  createContainer(
    value(Config, { password: "hunter2" }),
    singleton(Db, [Config], () => ({}), { health: () => true, dispose: () => undefined }),
  );
const open = { authorize: () => true } as const;
const at = "http://localhost";
const get = (path: string, init?: RequestInit): Request => new Request(at + path, init);
const paths = ["/", "", "/graph.json", "/health.json", "/events", "/nothing", "/../x", "/%00"];
const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

async function whole({ status, headers, body }: Response, isText = true): Promise<unknown> {
  return {
    status,
    headers: [...headers],
    body: isText && body ? await new Response(body).text() : undefined,
  };
}

describe("whoever is not let in", () => {
  it.each<[string, (request: Request) => never]>([
    ["false", () => false as never],
    ["a promise of false", () => Promise.resolve(false) as never],
    ["undefined", () => undefined as never],
    ["something else than true", () => ({ user: "ada" }) as never],
    ["a promise of something else", () => Promise.resolve("yes") as never],
    [
      "a throw",
      () => {
        throw new Error("hunter2");
      },
    ],
    ["a rejection", () => Promise.reject(new Error("hunter2")) as never],
  ])("by %s gets the same answer for every path and method", async (_, authorize) => {
    const inspect = inspector(app(), { authorize: authorize as never, basePath: "/inspector" });
    const answers = new Set<string>();
    for (const method of methods)
      for (const path of [...paths, ...paths.map((it) => `/inspector${it}`)]) {
        const response = await inspect(get(path, { method }));
        expect(response.status).toBe(403);
        if (method !== "HEAD") answers.add(JSON.stringify(await whole(response)));
      }

    expect(answers.size).toBe(1);
    expect([...answers][0]).not.toMatch(/hunter2|inspector|graph|db/i);
  });

  it("makes nothing happen: nothing is checked, and nothing is read but what authorize reads", async () => {
    let checked = 0;
    const scope = createContainer(singleton(Db, () => ({}), { health: () => checked++ }));
    scope.get(Db);
    const request = new Proxy(get("/health.json"), {
      get: (_, name) => {
        expect(["method", "then"]).toContain(name);
        return "GET";
      },
    });

    expect((await inspector(scope, { authorize: () => false })(request)).status).toBe(403);
    expect(checked).toBe(0);
  });

  it("is asked for with every request, and shown the request itself", async () => {
    const seen: Request[] = [];
    const inspect = inspector(app(), { authorize: (request) => seen.push(request) > 1 });
    const requests = [get("/graph.json"), get("/graph.json")];

    expect([(await inspect(requests[0]!)).status, (await inspect(requests[1]!)).status]).toEqual([403, 200]);
    expect(seen.every((it, index) => it === requests[index])).toBe(true);
  });
});

describe("an inspector", () => {
  it("answers below its base path, with and without a slash at the end, and nowhere else", async () => {
    for (const basePath of ["/a/b", "/a/b/"]) {
      const inspect = inspector(app(), { ...open, basePath });
      const status = async (path: string): Promise<number> => (await inspect(get(path))).status;
      for (const path of ["/a/b", "/a/b/", "/a/b/?token=x", "/a/b/graph.json", "/a/b/health.json"])
        expect(await status(path)).toBe(200);
      for (const path of ["/", "/a", "/a/bc", "/a/b/graph", "/a/b/graph.json/", "/graph.json", "/a/b//"])
        expect(await status(path)).toBe(404);
    }
    expect((await inspector(app(), open)(get("/graph.json"))).status).toBe(200);
  });

  it("takes a base path with any letters, which a request has encoded", async () => {
    const inspect = inspector(app(), { ...open, basePath: "/für uns" });

    expect((await inspect(get("/für uns/graph.json"))).status).toBe(200);
    expect((await inspect(get("/f%C3%BCr%20uns"))).status).toBe(200);
  });

  it("is read-only: other methods than GET and HEAD are refused, HEAD has no body", async () => {
    const inspect = inspector(app(), open);
    for (const method of methods.slice(2)) {
      const response = await inspect(get("/", { method }));
      expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    }
    for (const path of ["/", "/graph.json", "/health.json", "/events"]) {
      const [head, full] = [await inspect(get(path, { method: "HEAD" })), await inspect(get(path))];
      expect(head.status).toBe(full.status);
      expect([...head.headers]).toEqual([...full.headers]);
      expect(await head.text()).toBe("");
      await full.body?.cancel();
    }
  });

  it("has a page that loads nothing, and whose policy knows its script and its style by their hashes", async () => {
    const response = await inspector(app(), open)(get("/"));
    const policy = response.headers.get("content-security-policy")!;
    const page = await response.text();

    expect(policy).not.toMatch(/unsafe|\*|http/);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    for (const tag of ["script", "style"]) {
      const [, text = "", ...more] = page.split(new RegExp(`<${tag}>|</${tag}>`));
      expect(more).toHaveLength(1);
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
      const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
      expect(policy).toContain(`${tag}-src 'sha256-${hash}'`);
    }
    const markup = page.replace(/<(script|style)>.*?<\/\1>/gs, "");
    expect(markup).not.toMatch(/\son\w+=|\sstyle=|\ssrc=|https?:/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("x-frame-options")).toBe("DENY");
  });

  it("has the same page for every program: names come as data", async () => {
    const evil = createContainer("<script>1</script>", value(token("</script>"), 1));

    expect(await (await inspector(evil, open)(get("/"))).text()).toBe(
      await (await inspector(app(), open)(get("/"))).text(),
    );
  });

  it("tells in graph.json what explain tells, what is being built, and no value", async () => {
    const scope = app();
    const Slow = token<object>("slow");
    scope.provide(singleton(Slow, [Db], () => new Promise<object>(() => undefined)));
    const inspect = inspector(scope, open);
    void scope.getAsync([Slow]).catch(() => undefined);
    scope.createScope(
      "request",
      scoped(token("session"), () => ({})),
    );
    const response = await inspect(get("/graph.json"));
    const text = await response.text();

    expect(response.headers.get("content-type")).toBe("application/json");
    expect(JSON.parse(text)).toMatchObject({
      scopeId: "root#0",
      scopes: [{ id: "root#0" }, { id: "request#1" }],
      services: [
        { token: "config" },
        { token: "db", state: "built", buildTime: expect.any(Number) as number },
        { token: "slow", state: "building" },
        { token: "session" },
      ],
      pending: [{ token: "slow", waitsFor: [] }],
    });
    expect(text).not.toMatch(/hunter2|password/);
    void scope.shutdown({ timeout: 0 });
  });

  it("runs the health checks, and masks what they say", async () => {
    const scope = createContainer(
      singleton(Db, () => ({}), { health: () => Promise.reject(new Error("redis://app:hunter2@cache")) }),
    );
    scope.get(Db);
    const response = await inspector(scope, open)(get("/health.json"));

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      healthy: false,
      checks: [
        {
          token: "db",
          status: "unhealthy",
          error: { message: expect.not.stringContaining("hunter2") as string },
        },
      ],
    });
  });

  it.each<[object, string]>([
    [{}, "authorize"],
    [{ authorize: true }, "authorize"],
    [{ authorise: () => true }, 'did you mean "authorize"'],
    [{ authorize: () => true, basePath: "inspector" }, "begins with a slash"],
    [{ authorize: () => true, basePath: "/inspector?a" }, "no more than a path"],
  ])("is refused with %j", (options, message) => {
    expect(() => inspector(app(), options as never)).toThrow(TypeError);
    expect(() => inspector(app(), options as never)).toThrow(message);
  });

  it("still answers once its scope has closed, and is made of a closed scope too", async () => {
    const scope = app();
    const inspect = inspector(scope, open);
    await scope.shutdown();

    for (const it_ of [inspect, inspector(scope, open)]) {
      expect(await (await it_(get("/graph.json"))).json()).toMatchObject({
        services: [],
        scopes: [{ state: "closed" }],
      });
      expect((await it_(get("/"))).status).toBe(200);
      expect(await (await it_(get("/events"))).text()).toContain("retry:");
      const health = await it_(get("/health.json"));
      expect(health.status).toBe(200);
      expect(await health.json()).toEqual({ healthy: false, elapsed: 0, checks: [] });
    }
  });
});

describe("the events", () => {
  interface Told {
    readonly id: number;
    readonly type: string;
    readonly token?: string;
    readonly scopeId: string;
  }
  const toldIn = (text: string): Told[] =>
    [...text.matchAll(/^id: (\d+)\ndata: (.*)$/gm)].map(([, id, data]) => {
      const told = JSON.parse(data!) as Told;
      expect(told.id).toBe(Number(id));
      return told;
    });
  const names = (all: readonly Told[]): string[] =>
    all.map(({ type, token: it, scopeId }) => `${type} ${it ?? scopeId}`);

  /** Reads until `count` events have come. */
  async function readSome(reader: ReadableStreamDefaultReader<Uint8Array>, count: number): Promise<Told[]> {
    const decoder = new TextDecoder();
    let text = "";
    while (toldIn(text).length < count) {
      const { done, value: chunk } = await reader.read();
      if (done) break;
      text += decoder.decode(chunk, { stream: true });
    }
    return toldIn(text);
  }

  it("begin with what has happened since the inspector was made, and go on with what happens", async () => {
    const scope = app();
    const inspect = inspector(scope, open);
    scope.get(Db);
    const response = await inspect(get("/events"));
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = response.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;

    expect(names(await readSome(reader, 1))).toEqual(["built db"]);
    const Cart = token<object>("cart");
    const request = scope.createScope(
      "request",
      singleton(Cart, () => ({}), { dispose: () => undefined }),
    );
    request.get(Cart);
    await request.shutdown();
    expect(names(await readSome(reader, 4))).toEqual([
      "opened request#1",
      "built cart",
      "disposed cart",
      "closed request#1",
    ]);
    await reader.cancel();
  });

  it("go on after the one that a browser has seen last", async () => {
    const scope = app();
    const inspect = inspector(scope, open);
    scope.get(Db);
    for (const name of ["one", "two"]) scope.createScope(name);
    const response = await inspect(get("/events", { headers: { "last-event-id": "2" } }));
    const reader = response.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;

    expect((await readSome(reader, 1)).map(({ id }) => id)).toEqual([3]);
    await reader.cancel();
  });

  it("go on from the beginning for a browser that knows those of an earlier run", async () => {
    const scope = app();
    const inspect = inspector(scope, open);
    scope.get(Db);
    const response = await inspect(get("/events", { headers: { "last-event-id": "99" } }));
    const reader = response.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;

    expect((await readSome(reader, 1)).map(({ id }) => id)).toEqual([1]);
    await reader.cancel();
  });

  it("end when the scope begins to stop, so that no server waits for them, and tell the rest to who asks again", async () => {
    const scope = app();
    const inspect = inspector(scope, open);
    let stopped!: () => void;
    scope.provide(value(token("server"), {}, { stop: () => new Promise<void>((done) => (stopped = done)) }));
    scope.get(Db);
    const first = await inspect(get("/events"));
    const closing = scope.shutdown();

    expect(names(toldIn(await first.text()))).toEqual(["built db"]);
    expect(scope.state).toBe("stopping");
    stopped();
    await closing;
    expect(names(toldIn(await (await inspect(get("/events"))).text()))).toEqual([
      "built db",
      "stopped server",
      "disposed db",
      "closed root#0",
    ]);
  });

  it("have the code of an error of this library, and never a message", async () => {
    const Broken = token<object>("broken");
    const scope = createContainer(
      singleton(Broken, () => {
        throw new Error("hunter2");
      }),
      singleton(Db, [Broken], () => ({})),
    );
    const inspect = inspector(scope, open);
    expect(() => scope.get(Db)).toThrow("hunter2");
    void scope.shutdown();
    const text = await (await inspect(get("/events"))).text();

    expect(names(toldIn(text)).slice(0, 2)).toEqual(["failed broken", "failed db"]);
    expect(text).not.toContain("hunter2");
  });

  it("keep the last 500, whatever happens for however long", async () => {
    const scope = app();
    const inspect = inspector(scope, open);
    for (let count = 0; count < 1_000; count++) scope.createScope(`s\n${count}`);
    void scope.shutdown();
    const told = toldIn(await (await inspect(get("/events"))).text());

    expect(told.length).toBeLessThanOrEqual(500);
    expect(told.at(-1)!.id).toBeGreaterThan(1_000);
  });

  it("say something now and then while nothing happens, and leave no timer behind", async () => {
    const begun = vi.spyOn(globalThis, "setInterval");
    const ended = vi.spyOn(globalThis, "clearInterval");
    onTestFinished(() => {
      begun.mockRestore();
      ended.mockRestore();
    });
    const scope = app();
    const inspect = inspector(scope, open);
    const left = await inspect(get("/events"));
    const reader = left.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    const over = await inspect(get("/events"));
    const ours = begun.mock.calls.flatMap(([beat, pause], at) =>
      pause === 15_000 ? [{ beat: beat as () => void, timer: begun.mock.results[at]!.value as never }] : [],
    );
    expect(ours).toHaveLength(2);

    ours[0]!.beat();
    const decoder = new TextDecoder();
    let text = "";
    while (!text.endsWith("\n:\n\n")) text += decoder.decode((await reader.read()).value);
    await reader.cancel();
    expect(ended).toHaveBeenCalledWith(ours[0]!.timer);
    void scope.shutdown();
    await over.text();
    expect(ended).toHaveBeenCalledWith(ours[1]!.timer);
  });

  it("of a reader that does not read end, and others go on", async () => {
    const scope = app();
    const inspect = inspector(scope, open);
    const [slow, other] = [await inspect(get("/events")), await inspect(get("/events"))];
    const reader = other.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    for (let count = 0; count < 3_000; count++) {
      scope.createScope("s");
      if (count % 100 === 99) await readSome(reader, 100);
    }

    const text = await slow.text();
    expect(toldIn(text).length).toBeLessThan(1_500);
    await reader.cancel();
  });
});
