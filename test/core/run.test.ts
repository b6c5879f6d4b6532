import { createContainer, singleton, token, value, type Scope } from "thimble";
import { describe, expect, it } from "vitest";
import { laterRefusal, refusal, rejected, thrown } from "./support/refusal.ts";

const Host = token<string>("host");
const Port = token<number>("port");
const Slow = token<string>("slow");
const Absent = token<string>("absent");

describe("run", () => {
  it("resolves a tuple, calls with its elements, and returns what the function returned", () => {
    const app = createContainer(value(Host, "here"), value(Port, 80));

    expect(app.run([Host, Port], (host, port) => `${host}:${port}`)).toBe("here:80");
  });

  it("calls with the record when it is given a record", () => {
    const app = createContainer(value(Host, "here"), value(Port, 80));

    expect(app.run({ host: Host, port: Port }, ({ host, port }) => `${host}:${port}`)).toBe("here:80");
  });

  it("passes on what the function throws, the same object", () => {
    const app = createContainer(value(Host, "here"));
    const failure = new Error("not today");

    const caught = thrown(() =>
      app.run([Host], () => {
        throw failure;
      }),
    );

    expect(caught).toBe(failure);
  });

  it("returns a promise only because the function did", async () => {
    const app = createContainer(value(Host, "here"));

    expect(app.run([Host], (host) => host)).toBe("here");
    await expect(app.run([Host], async (host) => host)).resolves.toBe("here");
  });

  it("does not call the function when something is missing", () => {
    const app: Scope = createContainer(value(Host, "here"));
    let called = false;

    const error = refusal(() => app.run([Host, Absent], () => (called = true)));

    expect(error.code).toBe("NOT_PROVIDED");
    expect(called).toBe(false);
  });

  it("does not call the function when something cannot be had at once", async () => {
    const app = createContainer(singleton(Slow, async () => "at last"));
    let called = false;

    expect(refusal(() => app.run([Slow], () => (called = true))).code).toBe("ASYNC_PROVIDER");
    await app.getAsync(Slow);

    expect(called).toBe(false);
  });

  it("leaves the scope open", () => {
    const app = createContainer(value(Host, "here"));

    app.run([Host], () => {});

    expect(app.state).toBe("open");
  });
});

describe("runAsync", () => {
  it("waits for what the function needs, and for the function", async () => {
    const app = createContainer(
      value(Port, 80),
      singleton(Slow, async () => "at last"),
    );

    expect(await app.runAsync([Slow, Port], async (slow, port) => `${slow} ${port}`)).toBe("at last 80");
    expect(await app.runAsync({ slow: Slow }, ({ slow }) => slow)).toBe("at last");
  });

  it("rejects with what the function throws or rejects with, the same object", async () => {
    const app = createContainer(value(Port, 80));
    const failure = new Error("not today");

    const fromThrow = rejected(
      app.runAsync([Port], () => {
        throw failure;
      }),
    );
    const fromRejection = rejected(app.runAsync([Port], () => Promise.reject(failure)));

    expect(await fromThrow).toBe(failure);
    expect(await fromRejection).toBe(failure);
  });

  it("rejects and never throws when something is missing", async () => {
    const app: Scope = createContainer();

    const promise = app.runAsync([Absent], () => "never");

    expect((await laterRefusal(promise)).code).toBe("NOT_PROVIDED");
  });
});
