// The shortest right program for a server: `await createApp(container, { grace }).serve({ signals: signals() })`. What it
// serves with, and what goes wrong, is said by the arguments: a kind of server, a place and what happens there. Nothing
// here ends the process, and nothing catches what `serve` throws.
import { createContainer, scoped, singleton, token } from "thimble";
import { background, createApp } from "thimble/lifecycle";
import { drain, signals } from "thimble/runtime";

const [kind, place, how, grace = "10000"] = process.argv.slice(2);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What happens at a place: nothing, unless it is the one that was given. */
const behaviours = {
  slow: () => sleep(300),
  fails: async () => {
    await sleep(10);
    throw new Error(`no luck in ${place}`);
  },
  hangs: () => {
    setInterval(() => {}, 1_000); // and holds on to the process
    return new Promise(() => {});
  },
};
async function at(here) {
  console.log(here);
  if (here !== place) return;
  await behaviours[how]();
  console.log(`${here} is over`);
}

const Db = token("db");
const Session = token("session");
const Server = token("server");
const Poller = token("poller");

async function answer(path) {
  const scope = container.createScope("request");
  const session = scope.get(Session);
  console.log(`asked ${path}`);
  if (path.startsWith("/slow")) await sleep(300);
  if (path === "/hang") await new Promise(() => {});
  if (!session.db.open) console.log("the db was disposed too early");
  await scope.shutdown();
  console.log(`answered ${path}`);
  return "rows";
}

const respondWeb = async (request) => new Response(await answer(new URL(request.url).pathname));

/** Each kind listens in its `start`, and gives its port. */
const servers = {
  http: {
    make: async () => {
      const { createServer } = await import("node:http");
      return createServer((request, response) => void answer(request.url).then((text) => response.end(text)));
    },
    start: (server) =>
      new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port))),
    stop: drain,
  },
  bun: {
    make: () => ({}),
    start: (it) => (it.server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: respondWeb })).port,
    stop: (it, signal) => drain(it.server, signal),
  },
  deno: {
    make: () => ({}),
    start: (it) =>
      (it.server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, respondWeb)).addr.port,
    stop: (it, signal) => drain(it.server, signal),
  },
};
const { make, start, stop } = servers[kind];

const container = createContainer(
  singleton(
    Db,
    async () => {
      await at("db opens");
      return { open: true };
    },
    {
      dispose: async (db) => {
        await at("db closes");
        db.open = false;
      },
    },
  ),
  scoped(Session, [Db], (db) => ({ db })),
  singleton(Server, [Db], make, {
    start: async (server) => {
      await at("server starts");
      console.log(`listening ${await start(server)}`);
    },
    stop: async (server, signal) => {
      await at("server stops");
      await stop(server, signal);
      console.log("drained");
    },
    dispose: false,
  }),
  // It sends to the server, so it starts after it and ends before it.
  background(Poller, [Server], async (_, signal) => {
    await at("poller runs");
    await new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", resolve)));
    await at("poller ends");
  }),
);

const app = createApp(container, { grace: Number(grace) });
for (const phase of ["beforeStart", "afterStart", "beforeStop", "afterStop"]) app[phase](() => at(phase));

await app.serve({ signals: signals() });
console.log("served");
