// A program with an inspector, for the tests of its page: services of every kind and state, with names that are hostile.
// Prints its address. Run with Node; `?token=letmein` lets in.
import { serve } from "srvx/node";
import { alias, createContainer, defer, optional, scoped, singleton, token, transient, value } from "thimble";
import { inspector } from "thimble/inspector";

export const hostile = [
  `<img src=x onerror="globalThis.pwned = 1">`,
  `"><script>globalThis.pwned = 2</script>`,
  `</script><script>globalThis.pwned = 3</script>`,
  `javascript:globalThis.pwned=4`,
  "${globalThis.pwned = 5}",
  "line\nbreak\u2028and\u0000control",
  "\u202eright to left",
  "__proto__",
  "constructor",
  "a name that is rather long and would not fit into any box of a drawing",
];

export function container() {
  const [Config, Clock, Log, Request, Slow] = ["Config", "Clock", "Log", "Request", "Slow"].map((it) =>
    token(it),
  );
  class Database {}
  class Cache {}
  class Mailer {}
  class Users {}
  class Orders {}
  class Session {}
  class Reports {}
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const app = createContainer(
    "shop",
    value(Config, { password: "hunter2" }, { tags: ["settings"] }),
    value(Clock, Date.now),
    singleton(Log, [Config], () => ({})),
    singleton(Database, [Config, Log], () => wait(40).then(() => new Database()), {
      dispose: () => wait(5),
      health: () => true,
      tags: ["storage"],
    }),
    singleton(Cache, [Config, optional(Clock)], () => wait(15).then(() => new Cache()), {
      dispose: () => undefined,
      health: () => Promise.reject(new Error("connect redis://app:hunter2@cache:6379")),
      tags: ["storage"],
    }),
    singleton(Mailer, [Config, Log], () => new Mailer(), { dispose: () => undefined }),
    singleton(Users, [Database, Cache, defer(Orders)], () => new Users()),
    singleton(Orders, [Database, Users, Mailer, Clock], () => new Orders()),
    singleton(Reports, ({ get }) => ({ users: get(Users) })),
    singleton(Slow, [Database], () => new Promise(() => {})),
    scoped(Session, [Request, Users], () => new Session(), { dispose: () => undefined }),
    transient(token("Invoice"), [Orders, Clock], () => ({})),
    alias(token("Accounts"), Users),
    singleton(token("Export"), [token("Printer")], () => ({})),
  );
  const start = async () => {
    await app.getAsync([Users, Orders]);
    app.get(Reports);
    void app.getAsync([Slow]).catch(() => undefined);
    for (const id of [1, 2]) {
      const request = app.createScope(
        "request",
        value(Request, { id }),
        singleton(token(`Cart ${id}`), [Users], () => ({})),
      );
      request.get(Session);
    }
    await app
      .createScope("request", value(Request, {}))
      .getAsync([Session])
      .then(async () => {});
  };
  return { app, start };
}

export function hostileContainer() {
  const tokens = hostile.map((name) => token(name));
  const app = createContainer(
    hostile[0],
    tokens.map((it, at) =>
      singleton(it, at > 0 ? [tokens[at - 1]] : [], () => ({}), {
        tags: [hostile[1]],
        health: () => Promise.reject(new Error(hostile[2])),
      }),
    ),
  );
  app.createScope(
    hostile[1],
    singleton(token(hostile[2]), [tokens[0]], () => ({})),
  );
  return { app, start: async () => void app.get(tokens.at(-1)) };
}

if (import.meta.main) {
  const authorize = (request) => new URL(request.url).searchParams.get("token") === "letmein";
  const [shop, evil] = [container(), hostileContainer()];
  const pages = {
    "/shop": inspector(shop.app, { authorize, basePath: "/shop" }),
    "/evil": inspector(evil.app, { authorize, basePath: "/evil" }),
  };
  await Promise.all([shop.start(), evil.start()]);
  const server = serve({
    port: Number(process.env.PORT ?? 0),
    hostname: "localhost",
    silent: true,
    gracefulShutdown: false,
    fetch: (request) => {
      const [, name] = /^(\/\w+)/.exec(new URL(request.url).pathname) ?? [];
      return pages[name]?.(request) ?? new Response("", { status: 404 });
    },
  });
  await server.ready();
  console.log(server.url);
  process.on("SIGTERM", () => process.exit(0));
}
