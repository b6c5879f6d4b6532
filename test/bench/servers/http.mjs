// What a request scope costs: requests per second of a server of node:http whose handler makes a service per request and
// disposes it at the end, written by hand and with `thimble/http`. Both servers live in one child process, on two ports, and
// are asked in turns, so that whatever slows the machine down slows both. On a machine that does other things as well, look
// at the processor time that the server needs for a request: the number of requests per second then says little.
//
//   npm run build && node test/bench/servers/http.mjs [rounds]
import { fork } from "node:child_process";
import { createServer } from "node:http";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";

const connections = 32;
const roundMs = 500;

class Users {
  find(url) {
    return url.length;
  }
}
class Page {
  #request;
  #users;
  isOpen = true;
  constructor(request, users) {
    this.#request = request;
    this.#users = users;
  }
  html() {
    return `<h1>${this.#users.find(this.#request.url)}</h1>`;
  }
  close() {
    this.isOpen = false;
  }
}

async function serve() {
  const { createContainer, scoped, singleton } = await import("../../../dist/index.js");
  const { CurrentIncoming, scopePerRequest } = await import("../../../dist/integrations/http.js");

  const users = new Users();
  const bare = (request, response) => {
    const page = new Page(request, users);
    response.end(page.html());
    page.close();
  };
  const byHand = async (request, response) => {
    const page = new Page(request, users);
    response.on("close", () => page.close());
    response.end(page.html());
  };
  const app = createContainer(
    singleton(Users),
    scoped(Page, [CurrentIncoming, Users], { dispose: (page) => page.close() }),
  );
  const thimble = scopePerRequest(app, async (request, response, scope) => {
    response.end(scope.get(Page).html());
  });
  const ports = {};
  for (const [name, handler] of Object.entries({ bare, byHand, thimble })) {
    const server = createServer((request, response) => void handler(request, response));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    ports[name] = server.address().port;
  }
  process.send(ports);
  process.on("message", (message) =>
    message === "end" ? process.exit(0) : process.send(process.cpuUsage()),
  );
}

/** Requests per second that one server answers, on connections that are kept, and what each takes of the processor. */
async function measure(port, cpu) {
  const before = await cpu();
  let answered = 0;
  let isOver = false;
  const open = Array.from({ length: connections }, () => {
    const socket = connect(port, "127.0.0.1");
    const ask = () => socket.write("GET /profile HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    socket.on("data", () => {
      answered++;
      if (isOver) socket.destroy();
      else ask();
    });
    socket.on("connect", ask);
    return new Promise((resolve, reject) => socket.on("close", resolve).on("error", reject));
  });
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, roundMs));
  isOver = true;
  const elapsed = performance.now() - start;
  const perSecond = (answered / elapsed) * 1000;
  await Promise.all(open);
  const after = await cpu();
  return { perSecond, micros: (after.user + after.system - before.user - before.system) / answered };
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

async function run(rounds) {
  const child = fork(fileURLToPath(import.meta.url), ["serve"]);
  const ports = await new Promise((resolve) => child.once("message", resolve));
  const cpu = () =>
    new Promise((resolve) => {
      child.once("message", resolve);
      child.send("cpu");
    });
  const names = Object.keys(ports);
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -4; round < rounds; round++) {
    // Whoever comes first in one round comes last in another one.
    const order = names.map((_, i) => names[(i + round + 12) % names.length]);
    for (const name of order) {
      const result = await measure(ports[name], cpu);
      if (round >= 0) results[name].push(result);
    }
  }
  child.send("end");
  for (const name of names) {
    const of = (key) => median(results[name].map((it) => it[key]));
    const ratio = (key) => median(results[name].map((it, i) => it[key] / results.byHand[i][key]));
    const percent = (key) => `${(ratio(key) * 100).toFixed(1)} %`;
    console.log(
      `${name.padEnd(8)} ${of("perSecond").toFixed(0).padStart(6)} requests per second, ${percent("perSecond")} of byHand;`,
      `${of("micros").toFixed(1)} µs of the processor per request, ${percent("micros")}`,
    );
  }
}

await (process.argv[2] === "serve" ? serve() : run(Number(process.argv[2] ?? 20)));
