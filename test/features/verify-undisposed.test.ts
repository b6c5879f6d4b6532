import {
  cleanup,
  createContainer,
  decorate,
  type Provider,
  scoped,
  singleton,
  token,
  transient,
  value,
} from "thimble";
import { findUndisposed } from "thimble/verify";
import { describe, expect, it } from "vitest";

const Driver = token<unknown>("driver");

/** What is found about an instance that a factory makes. */
function linesFor(instance: unknown, options?: object): string[] {
  const app = createContainer(singleton(Driver, () => instance, options));
  app.get([Driver]);
  return findUndisposed(app).map(({ line }) => line);
}

const none = (): void => undefined;
/** An instance of a class whose methods are on its prototype, as most drivers have them. */
function ofClass(...methods: string[]): object {
  class Made {}
  for (const name of methods) Object.defineProperty(Made.prototype, name, { value: none });
  return new Made();
}
/** A function with methods, as those drivers have them that are called with a query. */
const callable = (...methods: string[]): object =>
  Object.assign(() => none, Object.fromEntries(methods.map((name) => [name, none])));
const record = (...methods: string[]): object => Object.fromEntries(methods.map((name) => [name, none]));

describe("findUndisposed", () => {
  it.each([
    ["pg Pool", ofClass("connect", "query", "end"), "it.end()"],
    ["postgres", callable("begin", "unsafe", "listen", "close", "end"), "it.end({ timeout: 5 })"],
    ["drizzle", { query: {}, select: none, $client: ofClass("query", "end") }, "it.$client.end()"],
    [
      "drizzle over better-sqlite3",
      { select: none, $client: ofClass("prepare", "close") },
      "it.$client.close()",
    ],
    ["knex", callable("raw", "transaction", "destroy"), "it.destroy()"],
    ["better-sqlite3, libsql, sql.js, lmdb", ofClass("prepare", "close"), "it.close()"],
    ["duckdb", ofClass("run", "closeSync"), "it.closeSync()"],
    ["ioredis", ofClass("get", "end", "disconnect", "quit"), "it.quit()"],
    ["node-redis", ofClass("get", "quit", "disconnect", "destroy", "close"), "it.close()"],
    ["bullmq Queue", ofClass("add", "disconnect", "close"), "it.close()"],
    ["undici Agent", ofClass("dispatch", "destroy", "close"), "it.close()"],
    ["vite server, chokidar", record("listen", "restart", "close"), "it.close()"],
    ["esbuild context, miniflare", record("rebuild", "cancel", "dispose"), "it.dispose()"],
    ["rxjs Subscription", ofClass("add", "unsubscribe"), "it.unsubscribe()"],
    ["croner", ofClass("pause", "resume", "stop"), "it.stop()"],
    ["node-cron", ofClass("start", "stop", "destroy"), "it.stop()"],
    ["kafkajs producer", record("connect", "send", "disconnect"), "it.disconnect()"],
    ["OpenTelemetry NodeSDK", ofClass("start", "shutdown"), "it.shutdown()"],
    ["mqtt", ofClass("publish", "end", "endAsync"), "it.endAsync()"],
    ["slonik", record("query", "end"), "it.end()"],
    ["Worker of Node 20", ofClass("postMessage", "terminate"), "it.terminate()"],
    [
      "a transport of pino",
      ofClass("write", "flushSync", "end", "once"),
      'new Promise((done) => { it.once("close", done); it.end(); })',
    ],
    [
      "ws server",
      Object.assign(ofClass("close", "handleUpgrade"), { clients: new Set() }),
      "{ for (const client of it.clients) client.terminate(); return new Promise((done) => it.close(done)); }",
    ],
  ])("says how to end what %s gives", (_, instance, call) => {
    expect(linesFor(instance)).toEqual([`dispose: (it) => ${call}`]);
  });

  it.each([
    [
      "has Symbol.asyncDispose",
      Object.assign(record("close"), { [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]: none }),
    ],
    [
      "has Symbol.dispose",
      Object.assign(record("close"), { [Symbol.dispose ?? Symbol.for("Symbol.dispose")]: none }),
    ],
    ["has no such method", record("get", "set")],
    ["has a property of that name that is no method", { close: true, stop: "it" }],
    ["is a text", "close"],
    ["is nothing", undefined],
    [
      "is a proxy that answers to every name",
      new Proxy(none, { get: (_, name) => (name === "then" ? undefined : none) }),
    ],
    ["is a revoked proxy", revoked()],
  ])("says nothing of what %s", (_, instance) => {
    expect(linesFor(instance)).toEqual([]);
  });

  function revoked(): object {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  }

  it.each([
    ["a dispose option", { dispose: none }],
    ["dispose: false", { dispose: false }],
  ])("says nothing where the provider has %s", (_, options) => {
    expect(linesFor(record("close"), options)).toEqual([]);
  });

  it("says nothing of what cleanup ends, what another provider made, and transients", () => {
    const [Passed, Made] = [token<object>("passed"), token<object>("made")];
    const app = createContainer(
      singleton(Driver, [cleanup], (onCleanup) => {
        onCleanup(none);
        return record("close");
      }),
      singleton(Made, () =>
        Object.assign(record("close"), { [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]: none }),
      ),
      singleton(Passed, [Made], (it) => it),
      transient(token<object>("transient"), () => record("close")),
    );
    app.get([Driver, Passed]);

    expect(findUndisposed(app)).toEqual([]);
  });

  it("says once what is to be done with what several providers pass on, and nothing where one of them says it", () => {
    const passed = (options: object, pool: object): string[] => {
      const [Pool, Passed] = [token<object>("pool"), token<object>("passed")];
      const app = createContainer(
        singleton(Passed, [Pool], (it) => it),
        singleton(Pool, () => pool, options),
      );
      app.get(Passed);
      return findUndisposed(app).map(({ line }) => line);
    };

    expect(passed({}, record("end"))).toEqual(["dispose: (it) => it.end()"]);
    expect(passed({ dispose: none }, record("end"))).toEqual([]);
    expect(passed({ dispose: false }, record("end"))).toEqual([]);
  });

  it("looks at what is built, in the scope and below it, and names where it lives", () => {
    const Session = token<object>("session");
    const Never = token<object>("never");
    const app = createContainer(
      singleton(Driver, () => record("end")),
      scoped(Session, [Driver], () => record("close")),
      singleton(Never, () => record("close")),
    );
    const request = app.createScope("request");
    expect(findUndisposed(app)).toEqual([]);
    request.get(Session);

    expect(findUndisposed(app)).toEqual([
      {
        token: "driver",
        scope: "root",
        scopeId: "root#0",
        problem: "never disposed",
        line: "dispose: (it) => it.end()",
      },
      {
        token: "session",
        scope: "request",
        scopeId: "request#1",
        problem: "never disposed",
        line: "dispose: (it) => it.close()",
      },
    ]);
    expect(findUndisposed(request)).toHaveLength(1);
  });

  it("lists a value only if the container owns it, and the original of what is decorated", () => {
    const it_ = record("close");
    expect(findUndisposed(createContainer(value(Driver, it_)))).toEqual([]);
    expect(findUndisposed(createContainer(value(Driver, it_, { owned: true })))).toHaveLength(1);

    const decorated = decorate(singleton(Driver, () => it_) as Provider, [], () => ({}));
    const app = createContainer(decorated as never);
    app.get(Driver as never);
    expect(findUndisposed(app)).toHaveLength(1);
  });

  it("runs no accessor and calls no method", () => {
    let touched = 0;
    const touch = (): void => void touched++;
    const instance = Object.defineProperties(
      {},
      Object.fromEntries(["close", "end", "$client", "clients"].map((name) => [name, { get: touch }])),
    );
    expect(linesFor(instance)).toEqual([]);
    expect(linesFor({ close: touch, end: touch })).toHaveLength(1);
    expect(touched).toBe(0);
  });

  describe("of a stream of Node.js that is written to, whose own symbol destroys it", () => {
    const symbol = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
    const stream = (more: object = {}): object =>
      Object.assign(ofClass("write", "end", "destroy"), { _writableState: {}, [symbol]: none }, more);

    it("says how to end it, so that nothing is lost", () => {
      expect(linesFor(stream())).toEqual([
        "dispose: (it) => new Promise((done, failed) => it.end((e) => (e ? failed(e) : done())))",
      ]);
    });

    it("says nothing once everything is written", () => {
      expect(linesFor(stream({ writableFinished: true }))).toEqual([]);
      expect(linesFor(stream({ destroyed: true }))).toEqual([]);
    });

    it("says to leave a stream of the process alone", () => {
      expect(linesFor(stream({ _isStdio: true }))).toEqual(["dispose: false"]);
    });
  });
});
