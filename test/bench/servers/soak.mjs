/**
 * Many requests of all kinds for each server, some of which fail, break off or are left by their clients: what is left of them?
 *
 *   npm run build && node test/bench/servers/soak.mjs [--requests 200000] [--only hono-node]
 */

import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: { requests: { type: "string", default: "200000" }, only: { type: "string" } },
});

const root = fileURLToPath(new URL("../../..", import.meta.url));
const bin = (name) => join(root, "node_modules/.bin", name);
const node = [bin("node"), "--expose-gc"];
const deno = [bin("deno"), "run", "-A", "--node-modules-dir=manual", "--v8-flags=--expose-gc"];
const kinds = {
  "fetch-deno": [...deno, "server.mjs", "deno"],
  "fetch-bun": [bin("bun"), "server.mjs", "bun"],
  "fetch-srvx": [...node, "server.mjs", "srvx"],
  "hono-node": [...node, "server.mjs", "hono"],
  "hono-deno": [...deno, "server.mjs", "hono"],
  "hono-bun": [bin("bun"), "server.mjs", "hono"],
};

const cwd = mkdtempSync(join(tmpdir(), "thimble-soak-"));
const packages = ["hono", "srvx", "@hono/node-server"];
for (const name of ["thimble", ...packages]) {
  const home = join(cwd, "node_modules", name);
  mkdirSync(dirname(home), { recursive: true });
  symlinkSync(name === "thimble" ? root : join(root, "node_modules", name), home, "dir");
}
const dependencies = Object.fromEntries(["thimble", ...packages].map((name) => [name, "*"]));
writeFileSync(join(cwd, "package.json"), JSON.stringify({ type: "module", dependencies }));
for (const name of ["server.mjs", "shop.mjs"])
  copyFileSync(join(root, "test/runtimes/servers", name), join(cwd, name));

async function start([command, ...args]) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, QUIET: "1" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, port] = /^listening (\d+)/.exec(line) ?? [];
    if (port) return { port: Number(port), child };
  }
  throw new Error(`${args.join(" ")} has not started`);
}

/** Of a hundred requests: how many of each kind. `leave` is when the client leaves, in milliseconds, and how. */
const mix = [
  { times: 60, path: "/text" },
  { times: 10, path: "/id?id=soak" },
  { times: 5, path: "/text", method: "HEAD" },
  { times: 5, path: "/throw" },
  { times: 5, path: "/500" },
  { times: 3, path: "/stream" },
  { times: 2, path: "/broken" },
  { times: 3, path: "/endless", leave: "FIN" },
  { times: 3, path: "/endless", leave: "RST" },
  { times: 2, path: "/slow", leave: "FIN" },
  { times: 2, path: "/slow", leave: "RST" },
];
const hundred = mix.flatMap(({ times, ...it }) => Array.from({ length: times }, () => it));

function send(port, agent, { path, method = "GET", leave }) {
  return new Promise((resolve) => {
    const it = request({ port, host: "127.0.0.1", path, method, agent: leave ? undefined : agent });
    it.on("response", (response) => response.on("error", () => {}).resume());
    it.on("error", () => {});
    it.on("close", resolve);
    it.end();
    if (leave) {
      setTimeout(
        () => {
          if (leave === "RST") it.socket?.resetAndDestroy();
          it.destroy();
        },
        20 + Math.random() * 60,
      );
    }
  });
}

const statsOf = async (port) => (await fetch(`http://127.0.0.1:${port}/stats?id=stats`)).json();
const megabytes = (bytes) => (bytes / 1e6).toFixed(1).padStart(6);

try {
  for (const [name, command] of Object.entries(kinds)) {
    if (options.only && options.only !== name) continue;
    const { port, child } = await start(command);
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    const total = Number(options.requests);
    const samples = [];
    let sent = 0;
    const quarter = async () => {
      const until = sent + total / 4;
      await Promise.all(
        Array.from({ length: 48 }, async () => {
          while (sent < until) await send(port, agent, hundred[(sent++ * 37) % 100]);
        }),
      );
      await sleep(2_500); // what outlives its client has closed by then
      samples.push(await statsOf(port));
    };
    for (let i = 0; i < 4; i++) await quarter();
    agent.destroy();
    child.kill("SIGTERM");
    const code = await new Promise((resolve) => child.once("exit", resolve));
    const [first] = samples;
    const last = samples.at(-1);
    console.log(
      `${name.padEnd(10)} ${sent} requests: ${last.open - 1} scopes open, ${last.wrong} times without services, exit ${code}; ` +
        `heap ${samples.map(({ heapUsed }) => megabytes(heapUsed)).join("")} MB, rss ${samples.map(({ rss }) => megabytes(rss)).join("")} MB, ` +
        `heap grows by ${Math.round(((last.heapUsed - first.heapUsed) / (sent * 0.75)) * 10) / 10} bytes per request`,
    );
  }
} finally {
  rmSync(cwd, { recursive: true });
}
