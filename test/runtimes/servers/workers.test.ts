// Where no server listens: a Cloudflare Worker in workerd, and a service worker in Chromium.
import { spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchOptions } from "../../support/chromium.mjs";
import { root } from "../../support/package.ts";
import { endOf, reading, rowOf, type Serving } from "./client.ts";
import { projectWith } from "./project.ts";
import { expectRow } from "./table.ts";

const cwd = projectWith(["worker.mjs", "service-worker.mjs", "shop.mjs"], ["hono"]);

const bundle = async (name: string): Promise<void> =>
  void (await build({
    entryPoints: [join(cwd, `${name}.mjs`)],
    outfile: join(cwd, `${name}.js`),
    bundle: true,
    format: "esm",
  }));

describe("a Worker", () => {
  let workerd: ChildProcess;
  let server: Serving;
  const lines: string[] = [];

  beforeAll(async () => {
    await bundle("worker");
    writeFileSync(
      join(cwd, "config.capnp"),
      `using Workerd = import "/workerd/workerd.capnp";
      const config :Workerd.Config = (
        services = [(name = "main", worker = (
          modules = [(name = "worker.js", esModule = embed "worker.js")],
          compatibilityDate = "2026-10-01",
        ))],
        sockets = [(name = "main", address = "127.0.0.1:0", http = (), service = "main")],
      );`,
    );
    workerd = spawn(join(root, "node_modules/.bin/workerd"), ["serve", "config.capnp", "--control-fd=3"], {
      cwd,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    for (const stream of [workerd.stdout, workerd.stderr]) {
      createInterface({ input: stream! }).on("line", (line) => {
        const said = /said (.*)$/.exec(line)?.[1];
        if (said) lines.push(said);
      });
    }
    for await (const line of createInterface({ input: workerd.stdio[3] as NodeJS.ReadableStream })) {
      const { event, port } = JSON.parse(line) as { event: string; port: number };
      if (event !== "listen") continue;
      server = reading(port, () => lines);
      break;
    }
  });
  afterAll(() => void workerd?.kill("SIGKILL"));

  it("closes the scope of a request once, after the work, however the request ends", async () => {
    const row = await rowOf(server, "worker");
    expectRow("`hono`, Workers", { ...row, "shutdown meanwhile": "–" });
    const left = await fetch(`http://127.0.0.1:${server.port}/scopes`);
    expect(await left.text()).toBe("0");
  });
});

describe("a service worker", () => {
  let http: Server;
  let browser: Browser;
  let tabs: BrowserContext;
  let page: Page;
  let server: Serving;
  const lines: string[] = [];

  beforeAll(async () => {
    await bundle("service-worker");
    http = createServer((request, response) => {
      if (request.url === "/log") {
        let body = "";
        request.setEncoding("utf8").on("data", (text: string) => (body += text));
        request.on("end", () => {
          const [, at, line] = /^(\d+) (.*)$/s.exec(body)!;
          lines[Number(at)] = line!;
          response.writeHead(204).end();
        });
      } else if (request.url === "/service-worker.js") {
        response.writeHead(200, { "content-type": "text/javascript" });
        response.end(script);
      } else {
        response.writeHead(200, { "content-type": "text/html" });
        response.end(`<!doctype html><link rel="icon" href="data:,">`);
      }
    });
    const { readFile } = await import("node:fs/promises");
    const script = await readFile(join(cwd, "service-worker.js"), "utf8");
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const { port } = http.address() as AddressInfo;
    server = reading(port, () => lines.filter((line) => line !== undefined));
    browser = await chromium.launch(await launchOptions());
    tabs = await browser.newContext();
    page = await tabs.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.evaluate(`(async () => {
      await navigator.serviceWorker.register("/service-worker.js", { type: "module" });
      if (!navigator.serviceWorker.controller)
        await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve));
    })()`);
  });
  afterAll(async () => {
    await browser?.close();
    http?.close();
  });

  /** What a page gets. */
  const ask = async (path: string, method = "GET"): Promise<unknown> =>
    page.evaluate(`fetch("/shop${path}", { method: "${method}" })
      .then(async (it) => it.status + " " + (await it.text()), (error) => error.name)`);

  it("closes the scope of a request once, after the work, however the request ends", async () => {
    expect(await ask("/stream?id=read")).toBe("200 step step step step step ");
    expect(await ask("/throw?id=error")).toBe("TypeError");
    expect(await ask("/stream?id=head", "HEAD")).toBe("200 ");
    await page.evaluate(`(async () => {
      const abort = new AbortController();
      const response = await fetch("/shop/endless?id=aborted", { signal: abort.signal });
      await response.body.getReader().read();
      abort.abort();
    })()`);
    const other = await tabs.newPage();
    await other.goto(`http://127.0.0.1:${server.port}/`);
    await other.evaluate(`void fetch("/shop/endless?id=left").then((it) => it.text())`);
    await other.evaluate(`void fetch("/shop/slow?id=early")`);
    await server.heard("left", "step 1");
    await other.close();

    // A page has no connection to its worker: it aborts instead of sending a FIN, and its tab is closed in place of a RST.
    expectRow("`fetch`, service worker", {
      "read to the end": endOf(await server.ending("read")),
      "client gone with FIN": endOf(await server.ending("aborted")),
      "with RST": endOf(await server.ending("left")),
      "before the handler is done": endOf(await server.ending("early")),
      HEAD: endOf(await server.ending("head")),
      error: endOf(await server.ending("error")),
      "shutdown meanwhile": "–",
    });
  });

  it("closes it after a body that the page never reads", async () => {
    await page.evaluate(`fetch("/shop/stream?id=unread").then((it) => it.status)`);
    expect(endOf(await server.ending("unread"))).toBe("after its body, once");
  });
});
