// What `drain` promises, on servers that are driven by hand. Real servers are in test/runtimes/signals.
import { describe, expect, it } from "vitest";
import * as bun from "thimble/bun";
import * as deno from "thimble/deno";
import * as node from "thimble/node";
import { FakeAbortSignal, FakeNodeServer } from "./hosts.ts";

/** Longer than the time between two looks at the connections. */
const aLook = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const nothing = {};
  await aLook();
  return (await Promise.race([promise, nothing])) === nothing;
}

/** `Bun.serve` and `Deno.serve`: what is called, and a way to let the server close. */
function selfDraining() {
  const calls: unknown[] = [];
  let close = (): void => {};
  const closed = new Promise<void>((resolve) => (close = resolve));
  const begin = (call: unknown) => {
    calls.push(call);
    return closed;
  };
  return { calls, close, server: { stop: (all = false) => begin(all), shutdown: () => begin("shutdown") } };
}

describe.each([
  ["node", node.drain],
  ["bun", bun.drain],
])("drain of thimble/%s, for a server of node:http", (_, drain) => {
  it("closes the server before it returns, and resolves when the last connection has closed", async () => {
    const server = new FakeNodeServer();
    const busy = server.connect({ _httpMessage: {} });

    const drained = drain(server);

    expect(server.calls).toEqual(["close"]);
    expect(await isPending(drained)).toBe(true);
    busy.destroy();
    expect(await drained).toBe(undefined);
  });

  it("resolves for a server that does not listen", async () => {
    expect(await drain(new FakeNodeServer({ listening: false }))).toBe(undefined);
  });

  it("joins when it is called twice, and drains anew a server that has listened again", async () => {
    const server = new FakeNodeServer();
    const busy = server.connect({ _httpMessage: {} });
    const both = Promise.all([drain(server), drain(server)]);
    busy.destroy();
    await both;
    expect(server.calls).toEqual(["close"]);

    server.listen();
    await drain(server);

    expect(server.calls).toEqual(["close", "close"]);
  });

  it("takes an object that has the server, as Fastify does", async () => {
    const server = new FakeNodeServer();
    await drain({ server });
    expect(server.calls).toEqual(["close"]);
  });

  it.each([undefined, null, {}, () => {}, { close: () => {} }, { server: {} }])(
    "rejects with a TypeError when it is given %o",
    async (server) => {
      await expect(drain(server as never)).rejects.toThrow(
        "drain takes a server of node:http, node:https or node:http2, or what has one as its property server\n  hint: an Express app is none, but app.listen() returns one",
      );
    },
  );

  it("closes connections that are idle, and each other one when it has become idle", async () => {
    const server = new FakeNodeServer();
    const idle = server.connect();
    const answering = server.connect({ _httpMessage: {} });
    const sending = server.connect({ writableLength: 1 });
    const receiving = server.connect({}, true);

    const drained = drain(server);
    expect(idle.destroyed).toBe(true);
    await aLook();
    expect([answering, sending, receiving].map((it) => it.destroyed)).toEqual([false, false, false]);

    answering._httpMessage = undefined;
    sending.writableLength = 0;
    await aLook();
    expect([answering, sending, receiving].map((it) => it.destroyed)).toEqual([true, true, false]);
    receiving.destroy();
    await drained;
  });

  it("closes a connection that has never sent anything, but gives its first request time to arrive", async () => {
    const server = new FakeNodeServer();
    const silent = server.connect({ bytesRead: 0 }, true);

    const drained = drain(server);
    await aLook();
    expect(silent.destroyed).toBe(false);

    await drained;
    expect(silent.destroyed).toBe(true);
  });

  it("leaves idle connections to the server where their list is not to be found", async () => {
    const server = new FakeNodeServer({ listed: false });
    const busy = server.connect();
    const drained = drain(server);
    await aLook();

    busy.destroy();
    await drained;

    expect(new Set(server.calls)).toEqual(new Set(["closeIdleConnections", "close"]));
  });

  it("takes nothing from the server and leaves nothing on it", async () => {
    const server = new FakeNodeServer();
    const members = Reflect.ownKeys(server);
    await drain(server);
    expect(Reflect.ownKeys(server)).toEqual(members);
    expect(server.handlers.count()).toBe(0);

    const own = (): void => {};
    const patched = Object.assign(new FakeNodeServer(), { closeIdleConnections: own });
    await drain(patched);
    expect(patched.closeIdleConnections).toBe(own);
  });

  it("lets later requests of HTTP/1 be the last on their connections", async () => {
    const server = new FakeNodeServer();
    const busy = server.connect({ _httpMessage: {} });
    const drained = drain(server);
    const headers: string[][] = [];
    const setHeader = (...header: string[]) => headers.push(header);

    server.handlers.call("request", {}, { headersSent: false, setHeader });
    server.handlers.call("request", {}, { headersSent: true, setHeader });
    server.handlers.call("request", {}, { headersSent: false, setHeader, stream: {} }); // of HTTP/2

    expect(headers).toEqual([["Connection", "close"]]);
    busy.destroy();
    await drained;
  });

  it("closes sessions of HTTP/2 that open later or ask again, and cuts them when the signal aborts", async () => {
    const server = new FakeNodeServer();
    const busy = server.connect({ _httpMessage: {} });
    const signal = new FakeAbortSignal();
    const calls: string[] = [];
    const session = (name: string) => ({
      close: () => calls.push(`${name} closed`),
      destroy: () => calls.push(`${name} cut`),
    });
    const drained = drain(server, signal);

    server.handlers.call("session", session("new"));
    server.handlers.call("stream", { session: session("old") });
    server.handlers.call("stream", {}); // its session is gone
    expect(calls).toEqual(["new closed", "old closed"]);
    signal.abort("deadline");

    expect(calls.slice(2)).toEqual(["new cut", "old cut"]);
    busy.destroy();
    await drained;
  });

  it("cuts the sessions of HTTP/2 that the server lists", async () => {
    let cut = false;
    const sessions = new Set([{ close: () => {}, destroy: () => (cut = true) }]);
    const server = Object.assign(new FakeNodeServer(), { [Symbol("sessions")]: sessions });
    await drain(server, AbortSignal.abort());
    expect(cut).toBe(true);
  });

  it("cuts what is left when its signal aborts, and no earlier", async () => {
    const server = new FakeNodeServer();
    const busy = server.connect({ _httpMessage: {} });
    const signal = new FakeAbortSignal();
    const drained = drain(server, signal);
    expect(await isPending(drained)).toBe(true);
    expect(signal.handlers.count()).toBe(1);

    signal.abort("deadline");
    await drained;

    expect(busy.destroyed).toBe(true);
    expect(server.calls).toContain("closeAllConnections");
    expect(signal.handlers.count()).toBe(0);
  });

  it("cuts at once when its signal was aborted before, or that of a call that joined", async () => {
    const server = new FakeNodeServer();
    server.connect({ _httpMessage: {} });
    const drained = drain(server);

    await drain(server, AbortSignal.abort());

    expect(await drained).toBe(undefined);
  });

  it("goes on cutting what appears after the signal has aborted", async () => {
    const server = new FakeNodeServer();
    const first = server.connect({ _httpMessage: {}, destroy: () => {} });
    const drained = drain(server, AbortSignal.abort());
    const late = server.connect({ _httpMessage: {} });

    await aLook();

    expect(late.destroyed).toBe(true);
    first.destroyed = true;
    server.connect().destroy();
    await drained;
  });
});

describe("drain of thimble/bun, for Bun.serve", () => {
  it("stops the server once, lets what is in flight end, and resolves when it has closed", async () => {
    const { calls, close, server } = selfDraining();
    const both = Promise.all([bun.drain(server), bun.drain(server)]);

    expect(calls).toEqual([false]);
    expect(await isPending(both)).toBe(true);
    close();
    expect(await both).toEqual([undefined, undefined]);
  });

  it("cuts what is left when the signal aborts", async () => {
    const { calls, close, server } = selfDraining();
    const signal = new FakeAbortSignal();
    const drained = bun.drain(server, signal);

    signal.abort("deadline");

    expect(calls).toEqual([false, true]);
    close();
    await drained;
    expect(signal.handlers.count()).toBe(0);
  });
});

describe("drain of thimble/deno", () => {
  it("shuts the server down once, and resolves when it has closed", async () => {
    const { calls, close, server } = selfDraining();
    const both = Promise.all([deno.drain(server), deno.drain(server, AbortSignal.abort())]);

    expect(calls).toEqual(["shutdown"]);
    expect(await isPending(both)).toBe(true);
    close();
    expect(await both).toEqual([undefined, undefined]);
  });

  it("rejects with what the server rejects with", async () => {
    const server = { shutdown: () => Promise.reject(new Error("broken")) };
    await expect(deno.drain(server)).rejects.toThrow("broken");
  });

  it.each([undefined, {}, () => {}])("rejects with a TypeError when it is given %o", async (server) => {
    await expect(deno.drain(server as never)).rejects.toThrow(
      new TypeError(
        "drain takes what Deno.serve returns\n  hint: a server of node:http is drained by drain of thimble/node",
      ),
    );
  });
});
