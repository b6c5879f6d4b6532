// findUndisposed with the real thing: what Node and packages make that are installed here. The line that it gives is what the
// provider is then written with, and after that the process has nothing left open of it.
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, Agent as HttpAgent, type Server as Server_ } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGzip } from "node:zlib";
import { context } from "esbuild";
import fastify from "fastify";
import pino from "pino";
import { createContainer, singleton, token } from "thimble";
import { findUndisposed } from "thimble/verify";
import { Agent } from "undici";
import { createServer as createVite } from "vite";
import { afterAll, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";

const folder = mkdtempSync(join(tmpdir(), "graph-drivers-"));
afterAll(() => rmSync(folder, { recursive: true }));
const Driver = token<any>("driver");

/** The text of a function without what formatting and leaving out the types may change. */
const bare = (text: string): string => text.replace(/\s+/g, " ").replace(/[()]|<void>/g, "");

type Dispose = (it: any) => unknown;
const close: Dispose = (it) => it.close();
const destroy: Dispose = (it) => it.destroy();
const dispose: Dispose = (it) => it.dispose();
const finish: Dispose = (it) =>
  new Promise<void>((done, failed) => it.end((e: unknown) => (e ? failed(e as Error) : done())));
// prettier-ignore
const endTransport: Dispose = (it) => new Promise((done) => { it.once("close", done); it.end(); });
// prettier-ignore
const endSockets: Dispose = (it) => { for (const client of it.clients) client.terminate(); return new Promise((done) => it.close(done)); };

describe("what findUndisposed says of real objects", () => {
  it.each<[string, () => unknown, Dispose]>([
    ["an Agent of undici", () => new Agent(), close],
    ["a server of ws", () => new WebSocketServer({ port: 0 }), endSockets],
    ["a context of esbuild", () => context({ stdin: { contents: "" }, write: false }), dispose],
    [
      "a server of Vite",
      () =>
        createVite({ configFile: false, logLevel: "silent", server: { middlewareMode: true, ws: false } }),
      close,
    ],
    [
      "a transport of pino",
      () => pino.transport({ target: "pino/file", options: { destination: join(folder, "log") } }),
      endTransport,
    ],
    ["an Agent of node:http", () => new HttpAgent({ keepAlive: true }), destroy],
    ["a file that is written to", () => createWriteStream(join(folder, "file")), finish],
    ["a Gzip that is written to", () => createGzip().resume(), finish],
  ])("is, of %s, the line with which nothing is found and nothing fails", async (_, make, option) => {
    const without = createContainer(singleton(Driver, make as () => object, {}));
    const instance = await without.getAsync(Driver);
    const [found] = findUndisposed(without);
    expect(bare(found!.line)).toBe(`dispose: ${bare(option.toString())}`);
    await option(instance);

    const app = createContainer(singleton(Driver, make as () => object, { dispose: option }));
    await app.getAsync(Driver);
    expect(findUndisposed(app)).toEqual([]);
    expect((await app.shutdown()).ok).toBe(true);
  });

  it("is true of a file: without the line what was written is lost, and with it nothing is", async () => {
    for (const [name, options, expected] of [
      ["without", {}, ""],
      ["with", { dispose: finish }, "one\ntwo\n"],
    ] as const) {
      const path = join(folder, name);
      const app = createContainer(singleton(Driver, () => createWriteStream(path), options as {}));
      const stream = app.get(Driver);
      stream.on("error", () => undefined);
      stream.write("one\n");
      stream.write("two\n");
      expect(findUndisposed(app)).toHaveLength(expected ? 0 : 1);
      await app.shutdown();
      expect(readFileSync(path, "utf8")).toBe(expected);
    }
  });

  it("is nothing where the symbol of an object does what is wanted", async () => {
    let server: Server_ | undefined;
    const [Server, Api] = [token<object>("server"), token<object>("api")];
    const app = createContainer(
      singleton(
        Server,
        () => new Promise<object>((done) => (server = createServer()).listen(0, () => done(server!))),
      ),
      singleton(Api, async () => await fastify()),
    );
    await app.getAsync([Server, Api]);

    expect(findUndisposed(app)).toEqual([]);
    expect((await app.shutdown()).ok).toBe(true);
  });
});
