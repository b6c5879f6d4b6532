/**
 * The types of `thimble/cloudflare`: comfortable with those of Cloudflare, and none of them needed.
 */

import { expect, it } from "vitest";
import { check, compilerNames } from "./reader.ts";

const worker = `
  import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
  import { createContainer, scoped, singleton, token, value } from "thimble";
  import {
    binding, bindings, createWorker, CurrentEvent, CurrentRequest, durableObject, ExecutionContext, scopeOf, scopePerCall,
    webSocketPair,
  } from "thimble/cloudflare";

  interface Job { readonly user: string }
  interface Env {
    DB: D1Database;
    KV: KVNamespace;
    JOBS: Queue<Job>;
    ROOMS: DurableObjectNamespace<Room>;
    ACCOUNTS: Service<AccountsOfShop>;
    GREETING: string;
    OPTIONAL?: R2Bucket;
  }
  const Db = binding<D1Database>("DB");
  const Jobs = binding<Queue<Job>>("JOBS");
  const Rooms = binding<Env["ROOMS"]>("ROOMS");

  class Users {
    constructor(readonly db: D1Database) {}
    find(id: string): Promise<{ name: string } | null> {
      return this.db.prepare("SELECT name FROM users WHERE id = ?").bind(id).first<{ name: string }>();
    }
  }
  class Visit {
    constructor(readonly request: Request, readonly users: Users, readonly ctx: { waitUntil(work: Promise<unknown>): void }) {}
  }
  const Lobby = token<DurableObjectStub<Room>>("lobby");

  const container = (env: Env) =>
    createContainer(
      bindings(env),
      singleton(Users, [Db]),
      singleton(Lobby, [Rooms], (rooms) => rooms.getByName("lobby"), { io: true }),
      scoped(Visit, [CurrentRequest, Users, ExecutionContext]),
    );

  const handlers = createWorker({
    container,
    buildTimeout: 5_000,
    async fetch(request, scope) {
      const country: unknown = request.cf?.["country"];
      const { request: same } = scope.get(Visit);
      await scope.get(Jobs).send({ user: "ada" });
      const said: string = await scope.get(Lobby).join("ada", 1);
      const [client, server] = webSocketPair(scope);
      server.accept();
      server.addEventListener("message", ({ data }) => server.send(data));
      if (same.headers.get("upgrade")) return new Response(null, { status: 101, webSocket: client });
      return Response.json({ country, said, greeting: scope.get(binding<string>("GREETING")).length });
    },
    async scheduled(controller, scope) {
      if (controller.cron === "0 * * * *") await scope.get(Users).find("ada");
    },
    async queue(batch: MessageBatch<Job>, scope) {
      for (const { body, ack } of batch.messages) await scope.get(Users).find(body.user);
      if (scope.get(CurrentEvent) === batch) batch.ackAll();
    },
    async email(message) {
      await message.forward("ada@example.org");
    },
  });
  export default handlers satisfies ExportedHandler<Env, Job>;

  class AccountsOfShop extends WorkerEntrypoint<Env> {
    find(id: string): Promise<{ name: string } | null> {
      return scopeOf(this)!.get(Users).find(id);
    }
  }
  export const Accounts = scopePerCall(container, AccountsOfShop);

  class Names { readonly all: string[] = []; }
  const Storage = token<DurableObjectStorage>("storage");
  export class Room extends durableObject(
    {
      container: (state: DurableObjectState, env: Env) =>
        createContainer(bindings(env), value(Storage, state.storage), singleton(Users, [Db]), singleton(Names)),
      async alarm({ retryCount }, scope) {
        await scope.get(Storage).put("names", scope.get(Names).all.slice(retryCount));
      },
      webSocketMessage(socket, message) {
        socket.send(message);
      },
      methods: {
        join(scope, name: string, times: number) {
          scope.get(Names).all.push(name.repeat(times));
          return name;
        },
      },
    },
    DurableObject,
  ) {}

  export async function test(env: Env, ctx: ExecutionContext) {
    const response = await handlers.fetch(new Request("https://shop.example"), env, ctx);
    return response.ok && (await env.ACCOUNTS.find("ada"))?.name;
  }
`;

const wrong = `
  import { createContainer, scoped, singleton } from "thimble";
  import { binding, createWorker, CurrentRequest } from "thimble/cloudflare";
  interface Env { KV: KVNamespace }
  class Users { constructor(readonly db: D1Database) {} }
  const Db = binding<D1Database>("DB");
  export const lacksBinding = createWorker({
    container: (_env: Env) => createContainer(scoped(Users, [Db])),
    fetch: (request, scope) => Response.json(scope.get(Users)),
  });
  export const lacksBindings = createWorker({
    container: (_env: Env) => createContainer(singleton(Users, [Db])),
  });
  export const noHandler = createWorker({
    container: (_env: Env) => createContainer(),
    fetch: () => new Response(),
  }).scheduled;
  export const noRequest = createWorker({
    container: (_env: Env) => createContainer(),
    scheduled: (_, scope) => scope.get(CurrentRequest),
  });
  export const noResponse = createWorker({ container: (_env: Env) => createContainer(), fetch: () => "text" });
`;

const anywhere = `
  import { createContainer, scoped } from "thimble";
  import { binding, bindings, createWorker, CurrentEvent } from "thimble/cloudflare";
  class Jobs { constructor(readonly event: object, readonly name: string) {} }
  export default createWorker({
    container: (env: { readonly NAME: string }) =>
      createContainer(bindings(env), scoped(Jobs, [CurrentEvent, binding<string>("NAME")])),
    scheduled: (controller, scope) => scope.get(Jobs).name + controller.cron,
  });
`;

const types = ["@cloudflare/workers-types"];

it.each(compilerNames)(
  "a Worker with everything compiles with Cloudflare's types, in %s",
  async (compiler) => {
    const { errors } = await check({ "worker.ts": worker }, { lib: ["esnext"], types }, compiler, types);
    expect(errors).toEqual({});
  },
);

it("what is missing does not compile", async () => {
  const { errors, places } = await check(
    { "wrong.ts": wrong },
    { lib: ["esnext"], types },
    "TypeScript 7",
    types,
  );
  const found = errors["wrong.ts"] ?? [];
  expect(found.map((it) => it.split("\n")[0])).toEqual([
    expect.stringContaining("'MissingProvider<Token<D1Database>, NeededBy<Users>>'"),
    expect.stringContaining("'MissingProvider<Token<D1Database>, NeededBy<Users>>'"),
    expect.stringContaining("Property 'scheduled' does not exist"),
    expect.stringContaining("MissingProvider<Token<Request"),
    expect.stringContaining("Type '() => string' is not assignable to type"),
  ]);
  expect(places["wrong.ts"]).toHaveLength(5);
});

it.each([
  ...compilerNames.map((compiler) => ({ lib: ["es2022"], skipLibCheck: false, compiler })),
  { lib: ["esnext", "dom"], compiler: "TypeScript 7" as const },
])("none of them are needed: $lib, $compiler", async ({ compiler, ...options }) => {
  expect((await check({ "worker.ts": anywhere }, options, compiler)).errors).toEqual({});
});
