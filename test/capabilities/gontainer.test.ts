/**
 * What gontainer (Go) can do, row by row of ../shared/CAPABILITIES.md: each row is a test named after it.
 */
import {
  alias,
  all,
  createContainer,
  map,
  optional,
  pathOf,
  singleton,
  token,
  value,
  type Resolver,
  type Scope,
} from "thimble";
import { containerEvents, createEvents } from "thimble/events";
import { background, createApp, type Background } from "thimble/lifecycle";
import { assertVerified, verify } from "thimble/verify";
import { describe, expect, it } from "vitest";
import { unchecked, uncheckedContainer } from "../core/support/unchecked.ts";
import { rejected, thrown } from "../core/support/refusal.ts";
import { settles } from "../situations/waiting.ts";

interface Cache {
  readonly size: number;
}
const [Config, Cache, Users] = [
  token<{ size: number }>("config"),
  token<Cache>("cache"),
  token<string>("users"),
];

const fail = (message: string): Promise<never> => Promise.reject(new Error(message));

describe("gontainer", () => {
  it("factories with several dependencies and several outputs: singleton and alias(A, map(Pair, …))", async () => {
    const [Reader, Writer] = [token<string>("reader"), token<string>("writer")];
    const Pair = token<{ reader: string; writer: string }>("pair");
    let opened = 0;
    const app = createContainer(
      value(Config, { size: 2 }),
      value(Users, "users"),
      singleton(
        Pair,
        [Config, Users],
        ({ size }, users) => (
          opened++,
          { reader: `reader of ${size} ${users}`, writer: `writer of ${size} ${users}` }
        ),
        { dispose: () => void opened-- },
      ),
      alias(
        Reader,
        map(Pair, ({ reader }) => reader),
      ),
      alias(
        Writer,
        map(Pair, ({ writer }) => writer),
      ),
    );

    expect(app.get([Reader, Writer])).toEqual(["reader of 2 users", "writer of 2 users"]);
    expect(opened).toBe(1);
    await app.shutdown();
    expect(opened).toBe(0);
  });

  it("NewService: value", () => {
    const config = { size: 1 };

    expect(createContainer(value(Config, config)).get(Config)).toBe(config);
  });

  it("Start, Close, Done; close in reverse order of creation; close on failed start: createApp, shutdown by dependency", async () => {
    const log: string[] = [];
    const service = (
      it: typeof Users,
      deps: (typeof Users)[],
      start = (): unknown => log.push(`${it.name} starts`),
    ) => singleton(it, deps, () => it.name, { start, dispose: () => log.push(`${it.name} closes`) });
    const [A, B] = [token<string>("a"), token<string>("b")];

    const app = createApp(uncheckedContainer(service(B, [A]), service(A, [])));
    await app.start();
    let isDone = false;
    void app.done.then(() => (isDone = true));
    expect(isDone).toBe(false);
    await settles(app.stop());
    expect(await settles(app.done)).toMatchObject({ ok: true });
    expect(log.splice(0)).toEqual(["a starts", "b starts", "b closes", "a closes"]);

    const failure = new Error("no port");
    const failing = createApp(
      uncheckedContainer(
        service(B, [A], () => Promise.reject(failure)),
        service(A, []),
      ),
    );
    expect(await rejected(failing.start())).toBe(failure);
    expect(log).toEqual(["a starts", "b closes", "a closes"]);
  });

  it("Resolver, Invoker, lazy before start: get, getAsync, run", async () => {
    const built: string[] = [];
    const container = createContainer(
      singleton(Users, () => (built.push("users"), "users")),
      singleton(Cache, async () => (built.push("cache"), { size: 3 })),
      singleton(Config, (resolver: Resolver) => ({ size: resolver.get(Users).length })),
    );
    createApp(container);
    expect(built).toEqual([]);

    expect(container.get(Config)).toEqual({ size: 5 });
    expect(await container.getAsync(Cache)).toEqual({ size: 3 });
    expect(container.run([Users, Cache], (users, { size }) => `${size} ${users}`)).toBe("3 users");
    expect(built).toEqual(["users", "cache"]);
  });

  it("Optional[T], Multiple[T]: optional, all", () => {
    const Plugin = token<string>("plugin");
    const Host = token<string>("host");
    const host = singleton(Host, [optional(Config, { size: 7 }), all(Plugin)], ({ size }, plugins) =>
      [size, ...plugins].join(" "),
    );
    const plugin = (name: string) => singleton(token<string>(name), () => name, { as: [Plugin] });

    expect(createContainer(host).get(Host)).toBe("7");
    expect(createContainer(host, value(Config, { size: 1 }), plugin("a"), plugin("b")).get(Host)).toBe(
      "1 a b",
    );
  });

  it("Events, typed handlers, container events, UnhandledPanic: createEvents, containerEvents", async () => {
    const heard: string[] = [];
    const bus = createEvents<{ joined: { name: string } }>();
    bus.on("joined", ({ payload }) => void heard.push(payload.name));
    bus.on("joined", () => {
      throw new Error("panic");
    });
    expect((await bus.emit("joined", { name: "Ada" })).errors).toHaveLength(1);

    const container = createContainer(value(Config, { size: 1 }));
    const events = containerEvents(createApp(container));
    for (const name of ["opened", "closing", "closed", "stopped"] as const)
      events.on(name, ({ payload }) => void heard.push(`${name} ${payload.scope.name}`));
    events.on("unhandled", ({ payload }) => void heard.push(String(payload.error)));
    const failing = [singleton(Users, () => fail("first")), singleton(Cache, () => fail("second"))];
    const request = container.createScope("request", failing);
    expect(await rejected(request.getAsync([Users, Cache]))).toEqual(new Error("first"));
    await request.shutdown();

    expect(heard).toEqual(["Ada", "opened request", "Error: second", "closing request", "closed request"]);
  });

  it("metadata, tags: readable before start", () => {
    const Job = token<string>("job");
    const built: string[] = [];
    const job = (name: string, ...tags: string[]) =>
      singleton(token<string>(name), () => (built.push(name), name), { as: [Job], tags });
    const app = createContainer(job("mail", "nightly"), job("report"));

    expect(app.has(all(Job, { tag: "nightly" }))).toBe(true);
    expect(built).toEqual([]);
    expect(app.get(all(Job, { tag: "nightly" }))).toEqual(["mail"]);
    expect(built).toEqual(["mail"]);
  });

  it("service functions (running tasks): background", async () => {
    const log: string[] = [];
    const Ticker = token<Background>("ticker");
    const app = createApp(
      createContainer(
        value(Users, "users"),
        background(Ticker, [Users], async (users, signal) => {
          log.push(`ticking for ${users}`);
          await new Promise((end) => signal.addEventListener("abort", end));
          log.push("over");
        }),
      ),
    );

    await app.run([Ticker], ({ state }) => log.push(state));

    expect(log).toEqual(["ticking for users", "running", "over"]);
  });

  it("errors: circular, factory returned error, argument mismatch, duplicated, not resolved, stack limit: codes, pathOf, DEPTH_EXCEEDED", () => {
    const [A, B] = [token<string>("a"), token<string>("b")];
    const codeOf = (act: () => unknown): unknown => (thrown(act) as { code?: unknown }).code;

    const circle: Scope = uncheckedContainer(
      singleton(A, [B], (b) => b),
      singleton(B, [A], (a) => a),
    );
    expect(codeOf(() => circle.get(A))).toBe("CIRCULAR_DEPENDENCY");

    const failure = new Error("no database");
    const failing = createContainer(
      singleton(A, [B], (b) => b),
      singleton(B, (): string => {
        throw failure;
      }),
    );
    expect(thrown(() => failing.get(A))).toBe(failure);
    expect(pathOf(failure).map((it) => it.token)).toEqual(["a", "b"]);

    expect(codeOf(() => unchecked(singleton)(A, [undefined], () => ""))).toBe("INVALID_PROVIDER");
    expect(codeOf(() => unchecked(singleton)(A, [B], "not a factory"))).toBe("INVALID_PROVIDER");
    expect(codeOf(() => createContainer(value(A, "1"), value(A, "2")))).toBe("DUPLICATE");
    expect(codeOf(() => uncheckedContainer(singleton(A, [B], (b) => b)).get(A))).toBe("NOT_PROVIDED");

    const links = Array.from({ length: 100_000 }, (_, at) => token<number>(`link ${at}`));
    const deep: Scope = uncheckedContainer(
      links.map((it, at) =>
        singleton(it, (resolver: Resolver): number =>
          at + 1 < links.length ? (resolver.get(links[at + 1]!) as number) + 1 : 0,
        ),
      ),
    );
    expect(codeOf(() => deep.get(links[0]!))).toBe("DEPTH_EXCEEDED");
  });

  it("all problems in one error at construction: verify, assertVerified", () => {
    const app = uncheckedContainer(
      singleton(Cache, [Config], () => ({ size: 0 })),
      singleton(Users, [Users], () => ""),
    );

    expect(verify(app).map(({ code }) => code)).toEqual(["NOT_PROVIDED", "CIRCULAR_DEPENDENCY"]);
    expect(thrown(() => assertVerified(app))).toMatchObject({ errors: { length: 2 }, code: "VERIFY_FAILED" });
  });
});
