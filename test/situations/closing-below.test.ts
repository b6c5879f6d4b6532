/**
 * A scope that is closing, and what lives in the scopes above it that are open: it may still get that, and have it built.
 * Whether it was built before makes no difference. What would live in the closing scope itself is refused.
 */

import {
  alias,
  all,
  decorate,
  defer,
  fallback,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Deferred,
  type Resolver,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { turn } from "../core/support/turn.ts";
import { uncheckedContainer as container } from "../core/support/unchecked.ts";
import { settles } from "./waiting.ts";

class Counter {
  count = 0;
}
const Log = token<string[]>("log");
const Work = token<{ readonly ask: Resolver["get"] }>("work");

/** A request whose one service flushes when it is disposed. */
function request(app: Scope, flush: (scope: Scope, resolver: Resolver) => unknown): Scope {
  const scope = app.createScope(
    "request",
    scoped(Work, (resolver) => ({ ask: resolver.get, resolver }), {
      dispose: (it) => flush(scope, (it as unknown as { resolver: Resolver }).resolver),
    }),
  ) as Scope;
  scope.get(Work);
  return scope;
}

describe("a scope that closes below an open one", () => {
  const ways: readonly [string, (scope: Scope, resolver: Resolver) => unknown][] = [
    ["by the scope itself", (scope) => scope.get(Counter).count++],
    ["by the scope above", (scope) => scope.parent!.get(Counter).count++],
    ["by what its service has kept", (_, { get }) => get(Counter).count++],
    ["later", async (_, { getAsync }) => (await getAsync(Counter)).count++],
    ["in a list", (scope) => (scope.get([Counter, Log]) as [Counter, string[]])[0].count++],
    ["if it is there", (_, { get }) => get(optional(Counter))!.count++],
    ["with all of its kind", (scope) => scope.get(all(Counter)).forEach((it) => it.count++)],
    ["for a function", (scope) => scope.run([Counter], (it) => it.count++)],
    ["in a turn of its own", (scope) => Promise.resolve().then(() => scope.get(Counter).count++)],
  ];
  for (const [way, flush] of ways)
    it(`gets a singleton from there ${way}, whether or not it was built before`, async () => {
      for (const isWarm of [true, false]) {
        const gone: string[] = [];
        const app = container(
          singleton(Counter, { dispose: () => void gone.push("counter") }),
          value(Log, []),
        );
        if (isWarm) app.get(Counter);

        const report = await settles(request(app, flush).shutdown());

        expect(report).toMatchObject({ ok: true, services: [{ token: "work" }] });
        expect(app.get(Counter).count).toBe(1);
        expect(gone).toEqual([]);
        expect((await settles(app.shutdown())).services).toMatchObject([{ token: "Counter" }]);
      }
    });

  it("has everything built that such a singleton depends on", async () => {
    const Db = token<string>("db");
    const Users = token<string>("users");
    const app = container(
      singleton(Db, () => "db"),
      decorate(
        singleton(Users, [Db], (db) => `users on ${db}`),
        [Counter],
        (users, counter) => `${users}, ${++counter.count}`,
      ),
      fallback(singleton(Counter)),
    );
    const seen: unknown[] = [];

    await settles(request(app, (scope) => seen.push(scope.get(Users))).shutdown());

    expect(seen).toEqual(["users on db, 1"]);
  });

  it("gets what an alias of its own leads to", async () => {
    const Metrics = token<Counter>("metrics");
    const app = container(singleton(Counter));
    const tenant = app.createScope("tenant", alias(Metrics, Counter)) as Scope;

    await settles(request(tenant, (scope) => scope.get(Metrics).count++).shutdown());

    expect(app.get(Counter).count).toBe(1);
  });

  it("has a scoped service built that lives in an open scope between", async () => {
    const app = container(scoped(Counter, { in: "tenant" }));
    const tenant = app.createScope("tenant");

    const report = await settles(request(tenant, (scope) => scope.get(Counter).count++).shutdown());

    expect(report.ok).toBe(true);
    expect(tenant.get(Counter).count).toBe(1);
    expect((await settles(app.shutdown())).ok).toBe(true);
  });

  it("may call a handle that its service was given", async () => {
    const Handle = token<Deferred<Counter>>("handle");
    const app = container(
      singleton(Counter),
      scoped(Handle, [defer(Counter)], (it) => it, {
        dispose: async (it) => void (await it.getAsync()).count++,
      }),
    );
    const scope = app.createScope("request");
    scope.get(Handle);

    expect((await settles(scope.shutdown())).ok).toBe(true);
    expect(app.get(Counter).count).toBe(1);
  });

  it("waits for what is slow there, and gives up at its deadline; the build goes on", async () => {
    const gate = deferred<string>();
    const Slow = token<string>("slow");
    const app = container(singleton(Slow, () => gate.promise));
    const scope = request(app, (it) => it.getAsync(Slow));
    const closing = scope.shutdown();
    await turn();
    expect(scope.state).toBe("closing");

    void scope.shutdown({ signal: AbortSignal.abort() });
    const report = await settles(closing);
    gate.resolve("slow");

    expect(report.services).toMatchObject([{ token: "work", outcome: "abandoned" }]);
    expect(await settles(app.getAsync(Slow))).toBe("slow");
  });

  it("is told what fails there, and only its own report says so", async () => {
    const failure = new Error("no metrics");
    let tries = 0;
    const app = container(
      singleton(Counter, () => {
        if (++tries === 1) throw failure;
        return new Counter();
      }),
    );

    const report = await settles(request(app, (scope) => scope.get(Counter)).shutdown());

    expect(report.services).toMatchObject([{ token: "work", outcome: "failed", error: failure }]);
    expect(app.get(Counter).count).toBe(0);
    expect((await settles(app.shutdown())).ok).toBe(true);
  });

  it.each<[string, unknown]>([
    ["a scoped service", scoped(Counter)],
    ["a transient", transient(Counter)],
  ])("is refused %s of the scope above, which would live in itself", async (_, provider) => {
    const app = container(provider as never);

    const report = await settles(request(app, (scope) => scope.get(Counter)).shutdown());

    expect(report.services).toMatchObject([{ outcome: "failed", error: { code: "SCOPE_CLOSED" } }]);
  });

  it("is refused what is not built, once the scope above closes as well", async () => {
    const app = container(singleton(Counter), value(Log, []));
    request(app, (scope) => scope.get(Log).push("flushed"));
    request(app, (scope) => scope.get(Counter));
    const log = app.get(Log);

    const report = await settles(app.shutdown());

    expect(log).toEqual(["flushed"]);
    const refused = report.services.filter(({ outcome }) => outcome === "failed");
    expect(refused).toMatchObject([{ token: "work", error: { code: "SCOPE_CLOSED" } }]);
  });
});
