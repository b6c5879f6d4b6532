/**
 * The published declarations ask nothing of the reader: no `@types`, no `lib` beyond the language, no `skipLibCheck`.
 */

import { describe, expect, it } from "vitest";
import { check, compilerNames } from "./reader.ts";

const anywhere = `
  import { abortSignal, createContainer, type Scope, singleton, token } from "thimble";

  interface Config { readonly dbUrl: string }
  const Config = token<Config>("config");
  class Db { #url: string; constructor(url: string) { this.#url = url; } close() {} }

  export const app: Scope<Db | typeof Config> = createContainer(
    singleton(Config, () => ({ dbUrl: "mem:" })),
    singleton(Db, [Config, abortSignal], (config, signal) => new Db(signal.aborted ? "" : config.dbUrl), {
      dispose(db, signal) {
        signal.throwIfAborted();
        db.close();
      },
    }),
  );
`;

const features = `
  import { createContainer, singleton, token } from "thimble";
  import { containerEvents, createEvents, type Events } from "thimble/events";
  import { checkHealth, healthResponse } from "thimble/health";

  const Bus = token<Events<{ paid: { cents: number } }>>("bus");
  const app = createContainer(
    singleton(Bus, () => createEvents(), {
      stop: (bus, signal) => bus.drain({ signal }),
      health: (bus, signal) => !signal.aborted && bus !== undefined,
    }),
  );
  app.get(Bus).on("paid", ({ payload }) => payload.cents.toFixed());
  containerEvents(app).on("closed", ({ payload }) => payload.report.ok);
  export const status: Promise<number> = checkHealth(app).then((report) => healthResponse(report).status);
`;

const withDisposables = `
  import { app } from "./anywhere.ts";
  export async function main() {
    await using request = app.createScope("request");
    return request.name;
  }
`;

const withDom = `
  import { abortSignal, createContainer, singleton, value } from "thimble";
  import { checkHealth, healthResponse } from "thimble/health";
  class Remote { #url = ""; }
  export const app = createContainer(
    singleton(Remote, {
      init: (remote, signal: AbortSignal) => fetch("/up", { signal }),
      dispose: (remote, signal) => fetch("/down", { signal }),
    }),
  );
  app.run(abortSignal, (signal: AbortSignal) => signal.addEventListener("abort", () => {}));
  export const report = app.shutdown({ signal: AbortSignal.timeout(10) });
  export const answer = async (): Promise<Response> => healthResponse(await checkHealth(app));
`;

const group = `
  import { alias, createContainer, type Provider, singleton, token, type Token, value } from "thimble";

  export interface Config { readonly dbUrl: string }
  export const Config: Token<Config> = token("config");
  export const Store: Token<{ close(): void }> = token("store");
  export class Db { #url: string; constructor(config: Config) { this.#url = config.dbUrl; } close(): void {} }

  export const data: readonly [
    Provider<Db, typeof Config, "singleton">,
    Provider<typeof Store, typeof Db, "alias">,
  ] = [singleton(Db, [Config]), alias(Store, Db)];
  createContainer(data, value(Config, { dbUrl: "mem:" })).get(Store);
`;

// The option came with TypeScript 5.5.
describe.each(compilerNames.filter((it) => it !== "TypeScript 5.4"))(
  "a group that is exported, in %s",
  (compiler) => {
    const isolated = { isolatedDeclarations: true, declaration: true };

    it("has a type that isolatedDeclarations accepts", async () => {
      expect((await check({ "group.ts": group }, isolated, compiler)).errors).toEqual({});
    });

    it("is checked like any other", async () => {
      const lacking = group.replace(', value(Config, { dbUrl: "mem:" })', "");
      const { errors } = await check({ "group.ts": lacking }, isolated, compiler);
      expect(errors["group.ts"]).toHaveLength(1);
      expect(errors["group.ts"]?.[0]).toContain("'MissingProvider<Token<Config>, NeededBy<Db>>'");
    });

    it("must say everything that is in it", async () => {
      const wrong = group.replace(
        'Provider<Db, typeof Config, "singleton">',
        'Provider<Db, never, "singleton">',
      );
      const { errors } = await check({ "group.ts": wrong }, isolated, compiler);
      expect(errors["group.ts"]?.[0]).toContain(
        "is not assignable to type 'Provider<Db, never, \"singleton\">'",
      );
    });
  },
);

const builds = `
  import * as thimble from "thimble";
  import * as fast from "thimble/fast";
  import * as small from "thimble/small";

  export const first: typeof thimble = fast;
  export const second: typeof fast = small;
  export const third: typeof small = thimble;

  class Db { #url = ""; }
  class Users { #db: Db; constructor(db: Db) { this.#db = db; } }
  const app = fast.createContainer(small.singleton(Db), thimble.scoped(Users, [Db]));
  export const scope: small.Scope<Users> = app.createScope();
  // @ts-expect-error nothing provides the Db
  small.createContainer(fast.scoped(Users, [Db])).get(Users);
`;

describe("the published types of the two builds", () => {
  it.each(compilerNames)("are the same in %s", async (compiler) => {
    const { errors } = await check({ "builds.ts": builds }, { skipLibCheck: false }, compiler);

    expect(errors).toEqual({});
  });

  it.each([
    { customConditions: ["node"] },
    { customConditions: ["workerd", "browser"] },
    { module: "nodenext", moduleResolution: "nodenext" },
  ])("are the same with %o", async (options) => {
    const { errors } = await check({ "builds.mts": builds }, { ...options, skipLibCheck: false });

    expect(errors).toEqual({});
  });
});

describe("the published types", () => {
  it("need no lib but the language's", async () => {
    const { errors } = await check({ "anywhere.ts": anywhere }, { lib: ["es2022"], skipLibCheck: false });

    expect(errors).toEqual({});
  });

  it.each(compilerNames)("of the features need no lib either, in %s", async (compiler) => {
    const options = { lib: ["es2022"], skipLibCheck: false };
    const { errors } = await check({ "features.ts": features }, options, compiler);

    expect(errors).toEqual({});
  });

  it("work with await using where the lib knows it", async () => {
    const { errors } = await check(
      { "anywhere.ts": anywhere, "disposables.ts": withDisposables },
      { lib: ["es2023", "esnext.disposable"], skipLibCheck: false, allowImportingTsExtensions: true },
    );

    expect(errors).toEqual({});
  });

  it("hand out and take the AbortSignal of the DOM where the lib knows it", async () => {
    const { errors } = await check(
      { "anywhere.ts": anywhere, "disposables.ts": withDisposables, "dom.ts": withDom },
      { lib: ["es2023", "esnext.disposable", "dom"], skipLibCheck: false, allowImportingTsExtensions: true },
    );

    expect(errors).toEqual({});
  });

  it.each(compilerNames)("compile in %s", async (compiler) => {
    const { errors } = await check(
      { "anywhere.ts": anywhere },
      { lib: ["es2022"], skipLibCheck: false },
      compiler,
    );

    expect(errors).toEqual({});
  });

  it("work with the types of Cloudflare Workers, whose AbortSignal they hand out", async () => {
    const worker = `
      import { abortSignal, createContainer, singleton, token } from "thimble";
      import { Env, setting, url as asUrl } from "thimble/config";
      import { checkHealth, healthResponse } from "thimble/health";
      class Remote { #url = ""; }
      export const host = createContainer(singleton(Env, () => ({}))).get(setting("host", asUrl)).searchParams;
      const CurrentRequest = token<Request>("request");
      export const app = createContainer(
        singleton(Remote, { dispose: (remote, signal) => fetch("https://example.org/down", { signal }) }),
      );
      app.run(abortSignal, (signal: AbortSignal) => signal.addEventListener("abort", () => {}));
      export const report = app.shutdown({ signal: AbortSignal.timeout(10) });
      export const answer = async (): Promise<Response> => healthResponse(await checkHealth(app));
      export const url = (scope: typeof app) => scope.createScope("request").has(CurrentRequest);
    `;
    const types = ["@cloudflare/workers-types"];
    const { errors } = await check(
      { "worker.ts": worker },
      { lib: ["esnext"], types },
      "TypeScript 7",
      types,
    );

    expect(errors).toEqual({});
  });

  it.each(compilerNames)(
    "know the IncomingMessage of a reader who has the types of Node, and those of Express and Fastify, in %s",
    async (compiler) => {
      const server = `
        import { createServer, type IncomingMessage, type RequestListener } from "node:http";
        import express from "express";
        import { fastify, type FastifyInstance } from "fastify";
        import { createContainer, scoped, token } from "thimble";
        import { CurrentIncoming, scopeErrors, scopeOf, scopePerRequest, scopePlugin } from "thimble/http";

        class Page { #request; constructor(request: IncomingMessage) { this.#request = request; } html() { return this.#request.url!; } }
        const Missing = token<{ missing: true }>("missing");
        const app = createContainer(scoped(Page, [CurrentIncoming]));

        const listener: RequestListener = scopePerRequest(app, async (request, response, scope) => {
          response.setHeader("X-Port", String(request.socket.remotePort));
          response.end(scope.get(Page).html());
          // @ts-expect-error nothing provides it
          scope.get(Missing);
        });
        createServer(listener);
        createServer(scopePerRequest(app, (request, response, scope) => void response.end(scope.get(Page).html() + request.socket.remotePort)));
        createServer((request, response) => scopePerRequest(app)(request, response, async () => response.end())?.then(() => {}));
        createServer(scopePerRequest(app)).on("upgrade", (request, socket) => scopePerRequest(app)(request, socket, () => {}));

        const site = express();
        site.use(scopePerRequest(app, { grace: 10, failed: (response: express.Response) => response.statusCode === 409 }));
        site.get("/", (request, response) => void response.send(scopeOf(request)!.get(Page).html()));
        site.get("/all", scopePerRequest(app, async (request: express.Request, response: express.Response, scope) => void response.json(scope.get(Page))));
        site.use(scopeErrors());

        const other: FastifyInstance = fastify();
        other.register(scopePlugin(app));
        other.addHook("onRequest", scopePerRequest(app));
        other.get("/", async (request) => scopeOf(request)!.get(Page).html());

        // @ts-expect-error there is no such option
        scopePerRequest(app, { patience: 10 });
        // @ts-expect-error a list of tokens is no container
        scopePerRequest([Page]);
      `;
      const types = ["@types/node"];
      const packages = [...types, "express", "@types/express", "fastify"];
      const options = { lib: ["es2023"], types: ["node"], esModuleInterop: true };
      const { errors } = await check({ "server.ts": server }, options, compiler, packages);

      expect(errors).toEqual({});
    },
  );

  it("describe what a server of node:http passes where nobody has the types of Node", async () => {
    const server = `
      import { createContainer, scoped } from "thimble";
      import { CurrentIncoming, scopeErrors, scopeOf, scopePerRequest, scopePlugin } from "thimble/http";
      class Page { constructor(readonly request: { readonly url?: string | undefined }) {} }
      const app = createContainer(scoped(Page, [CurrentIncoming]));
      export const listener = scopePerRequest(app, (request, response, scope) => {
        response.end(request.headers["accept"], scope.get(Page).request.url);
      });
      export const all = [scopeErrors(), scopeOf({}), scopePlugin(app)];
    `;
    const { errors } = await check({ "server.ts": server }, { lib: ["es2022"], skipLibCheck: false });

    expect(errors).toEqual({});
  });

  it("do not mind how strict the reader is", async () => {
    const strictest = {
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noPropertyAccessFromIndexSignature: true,
      isolatedModules: true,
      verbatimModuleSyntax: true,
    };
    for (const options of [
      strictest,
      { strict: false, strictNullChecks: true },
      { module: "nodenext", moduleResolution: "nodenext" },
    ]) {
      const { errors } = await check({ "anywhere.mts": anywhere }, { ...options, skipLibCheck: false });

      expect(errors).toEqual({});
    }
  });
});
