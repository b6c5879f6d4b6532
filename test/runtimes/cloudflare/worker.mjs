// A Worker with everything that Workers have, for cloudflare.test.ts. It counts what becomes of its scopes.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { createContainer, scoped, singleton, token, value } from "thimble";
import {
  binding,
  bindings,
  createWorker,
  CurrentEvent,
  CurrentRequest,
  durableObject,
  ExecutionContext,
  scopeOf,
  scopePerCall,
  webSocketPair,
} from "thimble/cloudflare";
import { observe } from "thimble/observe";

const Kv = binding("KV");
const Db = binding("DB");
const Files = binding("FILES");
const Rooms = binding("ROOMS");
const Other = binding("OTHER");

const seen = {
  builds: 0,
  frail: 0,
  visits: 0,
  visitors: [],
  closed: 0,
  reasons: [],
  unhandled: [],
  events: [],
  context: 0,
};

const Settings = token("settings");
const Frail = token("frail");
const User = token("user");
const Visit = token("visit");
const Room = token("room");
const Batch = token("batch");

let app;
const container = (env) => {
  app = createContainer(
    bindings(env),
    // What the first requests wait for, whoever of them has begun it.
    singleton(Settings, [Kv], async (kv) => {
      seen.builds++;
      await kv.put("settings", "cold");
      await scheduler.wait(200);
      return { greeting: await kv.get("settings") };
    }),
    // The first time, nobody ever hears of it again.
    singleton(Frail, () =>
      ++seen.frail === 1 ? new Promise(() => {}) : Promise.resolve({ by: seen.frail }),
    ),
    scoped(User, [CurrentRequest], (request) => new URL(request.url).searchParams.get("name")),
    // A stub belongs to the request that has made it.
    singleton(Room, [Rooms], (rooms) => rooms.get(rooms.idFromName("lobby")), { io: true }),
    scoped(
      Visit,
      [User, Settings, Kv, Db, Files, Room],
      async (user, settings, kv, db, files, room) => {
        seen.visits++;
        seen.visitors.push(user);
        await kv.put(`user/${user}`, user);
        return { user, settings, kv, db, files, room };
      },
      {
        dispose: async (visit, _signal, reason) => {
          // As an outbox does that is flushed at the end.
          await visit.kv.put(`gone/${visit.user}`, visit.user);
          seen.closed++;
          if (reason) seen.reasons.push(reason.message);
        },
      },
    ),
    scoped(Batch, [CurrentEvent], (event) => ({ event }), {
      dispose: ({ event }) => {
        if (event.messages?.some(({ body }) => body === "fails to dispose")) throw new Error("disposer");
      },
    }),
  );
  observe(app, { unhandled: ({ error }) => void seen.unhandled.push(error.code ?? error.message) });
  return app;
};

const encode = (text) => new TextEncoder().encode(text);
/** A body that takes its time, and says how it ended. */
const ticks = (count, note) =>
  new ReadableStream({
    async pull(controller) {
      if (count-- === 0) return controller.close();
      await scheduler.wait(5);
      controller.enqueue(encode("tick ".repeat(200)));
    },
    cancel: () => note("cancelled"),
  });

export default createWorker({
  container,
  abandonAfter: 500,
  buildTimeout: 300,

  async fetch(request, scope) {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/stats":
        return Response.json({ ...seen, open: [...app.children].filter((it) => it !== scope).length });
      case "/frail":
        return Response.json(await scope.getAsync(Frail));
      case "/frail/early":
        scope.getAsync(Frail).catch(() => {});
        return new Response("early");
      case "/rpc":
        return Response.json(await scope.get(Other).find(searchParams.get("name")));
      case "/room": {
        const room = scope.get(Room);
        const said = await (await room.fetch("https://room/said")).json();
        return Response.json({ said, joined: await room.join(searchParams.get("name")) });
      }
      case "/room/alarm":
        await scope.get(Room).wake(Number(searchParams.get("fails")));
        return new Response("set");
      case "/room/socket":
        return scope.get(Room).fetch(request);
      case "/send":
        await scope.get(binding("QUEUE")).send(searchParams.get("body"));
        return new Response("sent");
      case "/socket": {
        const [client, server] = webSocketPair(scope);
        const { user } = await scope.getAsync(Visit);
        server.accept();
        server.addEventListener("message", ({ data }) => {
          if (data === "bye") server.close(1000, "bye");
          else server.send(`${scope.state} ${user} ${data}`);
        });
        server.addEventListener("close", () => {
          seen.events.push(`socket closed in a scope that is ${scope.state}`);
          server.close();
        });
        return new Response(null, { status: 101, webSocket: client });
      }
    }
    const visit = await scope.getAsync(Visit);
    const { user } = visit;
    switch (pathname) {
      case "/fail":
        throw new Error(`no ${user}`);
      case "/slow":
        await scheduler.wait(Number(searchParams.get("ms")));
        return new Response(user);
      case "/stream":
        return new Response(ticks(Number(searchParams.get("ticks")), (how) => seen.events.push(how)));
      case "/proxied":
        return fetch(searchParams.get("url"));
      case "/user": {
        await visit.db.prepare("INSERT INTO users (name) VALUES (?)").bind(user).run();
        await visit.files.put(user, user);
        const row = await visit.db.prepare("SELECT name FROM users WHERE name = ?").bind(user).first();
        const file = await (await visit.files.get(user)).text();
        const kv = await visit.kv.get(`user/${user}`);
        const joined = await visit.room.join(user);
        scope.get(ExecutionContext).waitUntil(scheduler.wait(1).then(() => void seen.context++));
        return Response.json({ user, row: row.name, file, kv, joined, greeting: visit.settings.greeting });
      }
    }
    return new Response("nothing here", { status: 404 });
  },

  async scheduled(controller, scope) {
    await scope.getAsync(Settings);
    seen.events.push(`${scope.name} ${scope.get(CurrentEvent) === controller}`);
    if (controller.cron === "fails") throw new Error("no");
  },

  queue(batch, scope) {
    scope.get(Batch);
    for (const { body, attempts } of batch.messages) {
      seen.events.push(`queue ${body} ${attempts}`);
      if (body === "fails" && attempts === 1) throw new Error("no");
    }
  },

  async email(message, scope) {
    await scope.getAsync(Settings);
    seen.events.push(`${scope.name} ${scope.get(CurrentEvent) === message} from ${message.from}`);
    if (message.headers.get("subject") === "fails") throw new Error("no");
    await message.forward("desk@shop.example");
  },
});

/** What the service binding reaches. A service binding takes every name for one of these. */
export const Accounts = scopePerCall(
  container,
  class Accounts extends WorkerEntrypoint {
    async find(name) {
      const scope = scopeOf(this);
      const { greeting } = await scope.getAsync(Settings);
      await scheduler.wait(name.length);
      const { id } = this.again();
      return {
        name: scope.name,
        user: name,
        greeting,
        same: id === scope.id,
        event: scope.get(CurrentEvent) === this,
      };
    }
    again() {
      return { id: scopeOf(this).id };
    }
    fails() {
      throw new Error("no");
    }
    close() {
      seen.events.push("probed");
    }
    dispose() {
      seen.events.push("probed");
    }
    healthCheck() {
      seen.events.push("probed");
    }
    stop() {
      seen.events.push("probed");
    }
  },
);

const State = token("state");
const Names = token("names");

export class Lobby extends durableObject(
  {
    container: (state, _env) =>
      createContainer(
        value(State, state),
        singleton(Names, () => []),
        scoped(Batch, [CurrentEvent], (event) => event, {
          dispose: (_, __, reason) =>
            void seen.events.push(`alarm over: ${reason ? reason.message : "well"}`),
        }),
      ),
    fetch(request, scope) {
      if (request.headers.get("upgrade")) {
        const { 0: client, 1: server } = new WebSocketPair();
        scope.get(State).acceptWebSocket(server);
        return new Response(null, { status: 101, webSocket: client });
      }
      return Response.json([scope.name, scope.get(CurrentRequest) === request]);
    },
    webSocketMessage(socket, message, scope) {
      socket.send(`${scope.name} ${String(message)} ${scope.get(CurrentEvent) === socket}`);
    },
    webSocketClose(socket, code) {
      seen.events.push(`hibernating socket closed ${code}`);
    },
    async alarm({ retryCount }, scope) {
      scope.get(Batch);
      if (retryCount < (await scope.get(State).storage.get("fails"))) throw new Error(`alarm ${retryCount}`);
    },
    methods: {
      async wake(scope, fails) {
        const { storage } = scope.get(State);
        await storage.put("fails", fails);
        await storage.setAlarm(Date.now() + 10);
      },
      join(scope, name) {
        scope.get(Names).push(name);
        return `${scope.name} ${name}`;
      },
    },
  },
  DurableObject,
) {}
