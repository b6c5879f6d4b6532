/**
 * Programs that the model test found, each the smallest that once went wrong, kept as facts.
 */

import {
  alias,
  all,
  createContainer,
  defer,
  isContainerError,
  optional,
  parent,
  ref,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Resolver,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { turn } from "../core/support/turn.ts";
import { settles } from "./waiting.ts";

const A = token<unknown>("a");
const B = token<unknown>("b");
const C = token<unknown>("c");
const First = token<unknown>("first");
const Second = token<unknown>("second");

describe("shutdown", () => {
  it("is not kept waiting for what a service asked for later and never received", async () => {
    const gate = deferred();
    const undone: string[] = [];
    const Session = token<string>("session");
    const app = createContainer(
      singleton(A, () => "a", { dispose: () => undone.push("a") }),
      scoped(Session, () => "session"),
      transient(B, ({ get }) => [get(A), get(Session)]),
      singleton(C, [defer(B)], (b) => b, { dispose: () => gate.promise }),
    );
    const { get } = app.get(C) as Resolver;
    // The transient has received `a`, but fails: a singleton would keep the session.
    expect(() => get(B)).toThrow("CAPTIVE_DEPENDENCY");

    const closing = app.shutdown();
    expect(undone).toEqual(["a"]);
    gate.resolve();
    await closing;
  });

  it("is not over before a slow disposal because a service holds a borrowed value", async () => {
    const gate = deferred();
    const app = createContainer(
      singleton(A, () => "a", { dispose: () => gate.promise }),
      value(B, "lent"),
      singleton(C, [B], (b) => b, { dispose: () => {} }),
    );
    app.get([C, A]);

    let over = false;
    const closing = app.shutdown().finally(() => (over = true));
    await turn();
    expect(over).toBe(false);
    gate.resolve();

    expect((await settles(closing)).services.map((row) => row.token).toSorted()).toEqual(["a", "c"]);
  });

  it("waits for a transient in flight before it undoes what that uses, though who asked for it has failed", async () => {
    const gate = deferred();
    const undone: string[] = [];
    const app: Scope = createContainer(
      singleton(B, () => "b", { dispose: () => undone.push("b") }),
      transient(A, [B], async (b) => {
        await gate.promise;
        undone.push(`a saw ${String(b)}`);
        return b;
      }),
    );
    const asked = app.getAsync([A, C]).catch((error: unknown) => error);
    await turn();
    expect(isContainerError(await asked, "NOT_PROVIDED")).toBe(true);

    const closing = app.shutdown();
    await turn();
    gate.resolve();
    await settles(closing);

    expect(undone).toEqual(["a saw b", "b"]);
  });
});

describe("a deadline", () => {
  it("knows of an instance whose init failed while its scope was closing", async () => {
    const gate = deferred<never>();
    const undone: string[] = [];
    const app = createContainer(
      singleton(B, () => "b", { dispose: () => undone.push("b") }),
      singleton(A, [B], () => "a", { init: () => gate.promise, dispose: () => new Promise(() => {}) }),
    );
    void app.getAsync(A).catch(() => {});
    await turn();
    void app.shutdown();
    gate.reject(new Error("init failed"));
    await turn();

    const report = await settles(app.shutdown({ timeout: 5 }));

    expect(undone).toEqual(["b"]);
    expect(Object.fromEntries(report.services.map((row) => [row.token, row.outcome]))).toEqual({
      a: "abandoned",
      b: "disposed",
    });
  });
});

describe("a factory that asks while others are about to go on", () => {
  it("does not let them go on from inside it, where they would meet it half done", async () => {
    const gate = deferred<string>();
    const app: Scope = createContainer(
      singleton(B, () => "b"),
      singleton(C, ({ get }) => get(B)),
      singleton(A, () => gate.promise),
      singleton(First, [A], () => app.get(C)),
      singleton(Second, [A], () => app.get(C)),
    );
    const both = Promise.all([app.getAsync(First), app.getAsync(Second)]);
    gate.resolve("a");

    expect(await settles(both)).toEqual(["b", "b"]);
  });
});

describe("a build that failed and began anew", () => {
  it("is not taken for the one that is still waited for", async () => {
    const gate = deferred();
    let again: Promise<unknown> | undefined;
    const app: Scope = createContainer(
      // Fails at once for want of `c`, and leaves the build of `b` that it had begun to itself.
      singleton(A, [B, C], (b) => b),
      singleton(B, async ({ getAsync }) => {
        await gate.promise;
        again = getAsync(A);
        await again.catch(() => {});
        return "b";
      }),
    );
    const first = await app.getAsync(A).catch((error: unknown) => error);
    expect(isContainerError(first, "NOT_PROVIDED")).toBe(true);

    gate.resolve();
    expect(await settles(app.getAsync(B))).toBe("b");
    const second = await again!.catch((error: unknown) => error);

    // `b` asks for `a`, which asks for `b`: a circle, and no endless way up to whoever asked first.
    expect(isContainerError(second, "CIRCULAR_DEPENDENCY")).toBe(true);
  });
});

describe("a transient that was handed over", () => {
  it("may ask for another of its kind while a third is being built", async () => {
    const gates = [deferred(), deferred(), deferred()];
    const resolvers: Resolver[] = [];
    const app = createContainer(
      transient(A, async (resolver) => {
        const n = resolvers.push(resolver);
        await gates[n - 1]!.promise;
        return n;
      }),
    );
    const first = app.getAsync(A);
    gates[0]!.resolve();
    await settles(first);

    const second = app.getAsync(A);
    const third = resolvers[0]!.getAsync(A);
    gates[1]!.resolve();
    gates[2]!.resolve();

    expect(await settles(Promise.all([second, third]))).toEqual([2, 3]);
  });

  it("looks up parent() from where it was registered, also through its resolver and for a tuple", () => {
    const app: Scope = createContainer(
      value(A, "of the app"),
      transient(B, ({ get }) => get(optional(parent(A)))),
    );

    // The app has no parent, wherever it is asked from.
    expect(app.createScope("request").get([B])).toEqual([undefined]);
  });
});

describe("all", () => {
  it("counts a service once that is reached by its own name and through an alias that looks it up later", () => {
    const app = createContainer(
      singleton(A, () => ({ name: "a" }), { as: [B] }),
      alias(
        B,
        ref(() => A),
      ),
    );

    expect(app.get(all(B))).toHaveLength(1);
  });
});
