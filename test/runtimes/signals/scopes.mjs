// Programs in which scopes come and go before a signal does, or which are still starting when it does. The first argument
// says which one.
import { abortSignal, createContainer, scoped, singleton, token, value } from "thimble";
import { shutdownOnSignal } from "thimble/runtime";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const stayAlive = () => setInterval(() => {}, 1_000);
const exit = (code) => ("Deno" in globalThis ? Deno.exit(code) : process.exit(code));
const Db = token("db");
const Cache = token("cache");
const Server = token("server");

const closing = (name) => ({
  dispose: async () => {
    await sleep(20);
    console.log(`${name} closed`);
  },
});
const owned = (name) => value(token(name), {}, closing(name));

/** The recipe of the README. */
const untilSignal = (scope, options) =>
  void shutdownOnSignal(scope, { timeout: 10_000, ...options }).then(({ reason, report }) => {
    console.log(`${scope.name}: ${String(reason)} ${report.ok}`);
    exit(report.ok ? 0 : 1);
  });

const programs = {
  // A tenant has a signal of its own, and the program goes on without it.
  tenant: async () => {
    const app = createContainer("app", owned("app"));
    const tenant = app.createScope("tenant", owned("tenant"));
    untilSignal(app, { signals: ["SIGTERM"] });
    const stopped = shutdownOnSignal(tenant, { signals: ["SIGHUP", "SIGUSR2"] });
    stayAlive();
    console.log("ready");
    const { reason, report } = await stopped;
    console.log(`tenant: ${String(reason)} ${report.ok}, app is ${app.state}`);
  },

  // What a test runner does all day: containers that are closed by other code.
  restarts: async () => {
    for (let n = 0; n < 20; n++) {
      const app = createContainer(`app ${n}`, owned(`${n}`));
      void shutdownOnSignal(app, { signals: ["SIGTERM", "SIGINT", "SIGHUP"] });
      await (n % 2 === 0 ? app.shutdown() : app[Symbol.asyncDispose]());
    }
    const last = createContainer("last", owned("last"));
    untilSignal(last, { signals: ["SIGTERM", "SIGINT", "SIGHUP"] });
    stayAlive();
    console.log("ready");
  },

  // Nobody listens any more: the signal does what it always does.
  over: async () => {
    const app = createContainer("app", owned("app"));
    const done = shutdownOnSignal(app.createScope("job"), { signals: ["SIGTERM", "SIGHUP"] });
    await app.shutdown();
    await done;
    stayAlive();
    console.log("ready");
  },

  // Two halves of a program that know nothing of each other.
  halves: async () => {
    const halves = ["shop", "admin"].map((name) => createContainer(name, owned(name)));
    const stopped = halves.map((app) => shutdownOnSignal(app, { signals: ["SIGINT", "SIGTERM"] }));
    stayAlive();
    console.log("ready");
    for (const { reason, report } of await Promise.all(stopped))
      console.log(`${String(reason)} ${report.ok}`);
    exit(0);
  },

  // Starting: nothing was resolved so far, because the settings come first.
  settings: async () => {
    const app = createContainer(
      "app",
      owned("app"),
      singleton(Server, () => console.log("STARTED")),
    );
    untilSignal(app);
    console.log("ready");
    await sleep(500);
    await app.getAsync(Server);
  },

  // Starting: in a scope below, with a list, over a shared database.
  below: async () => {
    const app = createContainer(
      "app",
      singleton(Db, async () => sleep(1), closing("db")),
      scoped(Cache, [Db], async () => (console.log("ready"), await sleep(200), {}), closing("cache")),
      scoped(Server, [Cache], async () => console.log("STARTED"), closing("server")),
    );
    untilSignal(app);
    const job = app.createScope("job");
    await job.getAsync({ parts: [Cache, Server], db: Db });
  },

  // Starting: what is being opened gives up as soon as its scope closes.
  givingUp: async () => {
    const app = createContainer(
      "app",
      singleton(Db, () => ({}), closing("db")),
      singleton(
        Server,
        [Db, abortSignal],
        async (_, signal) => {
          console.log("ready");
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        },
        closing("server"),
      ),
    );
    stayAlive();
    untilSignal(app);
    await app.runAsync([Server], () => console.log("STARTED"));
  },

  // Starting: what has started already stops its work first.
  working: async () => {
    let working = true;
    const worked = (async () => {
      while (working) await sleep(5);
      console.log("work done");
    })();
    const app = createContainer(
      "app",
      singleton(Db, () => ({}), closing("db")),
      singleton(Cache, [Db], () => ({}), { stop: () => ((working = false), worked), ...closing("cache") }),
      singleton(Server, [Cache], async () => (console.log("ready"), await sleep(300), {}), closing("server")),
    );
    untilSignal(app);
    await app.getAsync(Server);
    console.log("STARTED");
  },
};

await programs[process.argv[2]]();
