/**
 * What a scope per request costs a server: requests per second, and processor time per request, with Thimble and written by
 * hand, measured in turns in one run.
 *
 *   npm run build && node test/bench/servers/run.mjs [--rounds 15] [--seconds 1] [--only hono-node]
 */

import { spawn } from "node:child_process";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    seconds: { type: "string", default: "1" },
    only: { type: "string" },
  },
});

const bin = (name) => fileURLToPath(new URL(`../../../node_modules/.bin/${name}`, import.meta.url));
const program = fileURLToPath(new URL("server.mjs", import.meta.url));
const kinds = {
  "hono-node": { command: [bin("node"), program], framework: "hono" },
  "hono-deno": { command: [bin("deno"), "run", "-A", program], framework: "hono" },
  "hono-bun": { command: [bin("bun"), program], framework: "hono" },
  "fetch-deno": { command: [bin("deno"), "run", "-A", program], framework: "fetch" },
  "fetch-bun": { command: [bin("bun"), program], framework: "fetch" },
};

async function start({ command: [command, ...args], framework }, how) {
  const child = spawn(command, [...args, framework, how], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, port] = /^listening (\d+)/.exec(line) ?? [];
    if (port) return { port: Number(port), stop: () => child.kill("SIGKILL") };
  }
  throw new Error(`${framework} ${how} has not started`);
}

const usage = async ({ port }) => (await fetch(`http://127.0.0.1:${port}/usage`)).json();

/** Sends one request after the other on each of the connections, for so many seconds. Gives how many were answered. */
async function load(port, seconds, connections = 16) {
  let answered = 0;
  const end = performance.now() + seconds * 1_000;
  const one = () =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", ask).on("error", reject).on("close", resolve);
      function ask() {
        socket.write("GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n");
      }
      socket.on("data", (data) => {
        if (!data.includes("Hello GET")) return;
        answered++;
        if (performance.now() < end) ask();
        else socket.end();
      });
    });
  await Promise.all(Array.from({ length: connections }, one));
  return answered;
}

async function measure(server, seconds) {
  const before = await usage(server);
  const since = performance.now();
  const answered = await load(server.port, seconds);
  const elapsed = performance.now() - since;
  const after = await usage(server);
  const cpu = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
  return { perSecond: (answered * 1_000) / elapsed, cpu: cpu / answered };
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

for (const [name, kind] of Object.entries(kinds)) {
  if (options.only && options.only !== name) continue;
  const servers = { hand: await start(kind, "hand"), thimble: await start(kind, "thimble") };
  const seconds = Number(options.seconds);
  for (const it of Object.values(servers)) await load(it.port, 2);
  const rounds = [];
  for (let i = 0; i < Number(options.rounds); i++) {
    const round = {};
    // What comes second in one round comes first in the next.
    const order = i % 2 ? ["hand", "thimble"] : ["thimble", "hand"];
    for (const how of order) round[how] = await measure(servers[how], seconds);
    rounds.push(round);
  }
  for (const it of Object.values(servers)) it.stop();
  const of = (how, what) => median(rounds.map((round) => round[how][what]));
  const ratio = (what) => median(rounds.map(({ hand, thimble }) => thimble[what] / hand[what]));
  console.log(
    `${name.padEnd(10)}  requests per second: ${Math.round(of("thimble", "perSecond"))} of ${Math.round(of("hand", "perSecond"))} by hand, ${(100 * ratio("perSecond")).toFixed(1)} %; ` +
      `processor time: ${of("thimble", "cpu").toFixed(1)} µs of ${of("hand", "cpu").toFixed(1)} µs, ${(100 * ratio("cpu")).toFixed(1)} %`,
  );
}
