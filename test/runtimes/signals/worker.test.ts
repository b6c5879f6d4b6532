// A Worker in a real workerd, bundled by wrangler: a shutdown that goes on after the response, and where settings come from.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { root } from "../../support/package.ts";
import { servePage, type PageServer } from "./page-server.ts";
import { projectWith } from "./project.ts";

const folder = projectWith("worker.mjs");
const bin = (name: string): string => join(root, "node_modules/.bin", name);

let log: PageServer;
let workerd: ChildProcess;
/** The address of the worker of today, and of the same one at a date when a Worker had no `process`. */
const address: Record<string, string> = {};

beforeAll(async () => {
  log = await servePage(folder);
  await promisify(execFile)(
    bin("wrangler"),
    [
      "deploy",
      "worker.mjs",
      "--name=shop",
      "--dry-run",
      "--outdir=bundle",
      "--compatibility-date=2026-10-01",
    ],
    {
      cwd: folder,
      env: { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
    },
  );
  writeFileSync(join(folder, "config.capnp"), config(new URL(log.origin).host));
  workerd = spawn(bin("workerd"), ["serve", "config.capnp", "--control-fd=3"], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  for await (const line of createInterface({ input: workerd.stdio[3] as NodeJS.ReadableStream })) {
    const { event, socket, port } = JSON.parse(line) as { event: string; socket: string; port: number };
    if (event === "listen") address[socket] = `http://127.0.0.1:${port}`;
    if (address["today"] && address["before"]) break;
  }
});

afterAll(() => {
  workerd?.kill();
  log?.close();
});

beforeEach(() => void log.log.splice(0));

function config(logHost: string): string {
  const worker = (date: string): string => `(
    modules = [(name = "worker.js", esModule = embed "bundle/worker.js")],
    compatibilityDate = "${date}",
    bindings = [
      (name = "PORT", text = "8080"),
      (name = "LIMIT", json = "5"),
      (name = "FEATURES", json = "{\\"beta\\":true}"),
      (name = "LOG", service = "log"),
    ],
  )`;
  return `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [
        (name = "today", worker = ${worker("2026-10-01")}),
        (name = "before", worker = ${worker("2025-01-01")}),
        (name = "log", external = (address = "${logHost}", http = ())),
      ],
      sockets = [
        (name = "today", address = "127.0.0.1:0", http = (), service = "today"),
        (name = "before", address = "127.0.0.1:0", http = (), service = "before"),
      ],
    );`;
}

const ask = async (date: string, path: string): Promise<Response> => fetch(`${address[date]}${path}`);

describe("a Worker", () => {
  it.each([
    { date: "today", path: "/context" },
    { date: "today", path: "/found" },
    { date: "before", path: "/context" },
  ])("of $date shuts down to the end after it has responded, waiting by $path", async ({ date, path }) => {
    const response = await ask(date, path);

    expect(await response.text()).toBe("here you are");
    expect(log.log).toEqual([]);
    await log.told(`${path}: db closed`);
  });

  it("would be cut off with nothing to wait by", async () => {
    await (await ask("today", "/nothing")).text();
    await (await ask("today", "/context")).text();

    await log.told("/context: db closed");
    expect(log.log).toEqual(["/context: db closed"]);
  });

  it("reads its settings from the handler's env, from cloudflare:workers, or finds them by itself", async () => {
    const settings = [
      ["PORT", "8080"],
      ["LIMIT", "5"],
      ["FEATURES", '{"beta":true}'],
    ];
    expect(await (await ask("today", "/settings")).json()).toEqual({
      found: settings,
      handler: settings,
      imported: settings,
    });
  });

  it("is told to say where its settings are when it cannot find them", async () => {
    const { found, handler } = (await (await ask("before", "/settings")).json()) as Record<string, unknown>;
    expect(handler).toHaveLength(3);
    expect(found).toMatchInlineSnapshot(`
      "Cannot read the environment: this Worker has to be told where it is
        hint: readEnv(env), with the env of the handler or of import { env } from "cloudflare:workers""
    `);
  });
});
