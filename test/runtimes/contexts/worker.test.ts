// A Worker in a real workerd: of requests that come at the same time to a cold isolate, each is answered, and touches its own
// I/O only, though the first of them began what all of them wait for.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { install, root } from "../../support/package.ts";

const bin = (name: string): string => join(root, "node_modules/.bin", name);

let remove = (): void => {};
let workerd: ChildProcess;
let address = "";

beforeAll(async () => {
  const project = install();
  remove = project.remove;
  const cwd = project.folder;
  copyFileSync(join(import.meta.dirname, "worker.mjs"), join(cwd, "worker.mjs"));
  execFileSync(
    bin("esbuild"),
    [
      "worker.mjs",
      "--bundle",
      "--format=esm",
      "--conditions=workerd",
      "--outfile=worker.js",
      "--log-level=error",
    ],
    { cwd },
  );
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
  workerd = spawn(bin("workerd"), ["serve", "config.capnp", "--control-fd=3"], {
    cwd,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  for await (const line of createInterface({ input: workerd.stdio[3] as NodeJS.ReadableStream })) {
    const { event, port } = JSON.parse(line) as { event: string; port: number };
    if (event !== "listen") continue;
    address = `http://127.0.0.1:${port}`;
    break;
  }
});

afterAll(() => {
  workerd?.kill();
  remove();
});

async function post(path: string, body: string): Promise<[number, string]> {
  const signal = AbortSignal.timeout(10_000);
  const response = await fetch(address + path, { method: "POST", body, signal });
  return [response.status, await response.text()];
}

it.each([
  ["/singleton", 1],
  ["/scoped", 1],
  ["/transient", 1],
  ["/resolver", 1],
  ["/chain", 1],
  ["/all", 1],
  ["/decorated", 1],
  ["/again", 2],
  ["/init", 1],
])("four first requests for %s are all answered, over %i builds of what they share", async (path, builds) => {
  const users = ["ada", "ben", "eve", "zoe"];

  const answers = await Promise.all(users.map((user) => post(path, user)));

  expect(answers).toEqual(users.map((user) => [200, path === "/singleton" ? "pool" : user]));
  expect(await post("/builds", "")).toEqual([200, String(builds)]);
  expect(await post(path, "later")).toEqual([200, path === "/singleton" ? "pool" : "later"]);
  expect(await post("/builds", "")).toEqual([200, "0"]);
});
