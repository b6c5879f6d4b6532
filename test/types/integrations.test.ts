/**
 * What a reader sees of the integrations: the request is the `Request` of whatever types the reader has, and the scope that a
 * handler is given has what its container has.
 */

import { describe, expect, it } from "vitest";
import { check, type Compiler, compilerNames } from "./reader.ts";

const handlers = `
  import { createContainer, scoped, singleton, token } from "thimble";
  import { CurrentRequest, scopePerRequest } from "thimble/fetch";

  class Db { #url = ""; }
  class Users { constructor(readonly db: Db, readonly url: string) {} }
  const Url = token<string>("url");
  const Missing = token<{ missing: true }>("missing");

  const app = createContainer(
    singleton(Db),
    scoped(Url, [CurrentRequest], (request) => { const it: Request = request; return it.url; }),
    scoped(Users, [Db, Url]),
  );

  export const handle = scopePerRequest(app, (request, scope) => {
    const users: Users = scope.get(Users);
    const current: Request = scope.get(CurrentRequest);
    // @ts-expect-error a request is no number, and not anything
    const wrong: number = scope.get(CurrentRequest);
    // @ts-expect-error nothing provides it
    scope.get(Missing);
    void wrong;
    return new Response(users.url + current.url + request.method);
  });
  export const response: Promise<Response> = handle(new Request("https://shop.example/"));
  export const later = scopePerRequest(app, async (_, scope) => new Response((await scope.getAsync(Users)).url), {
    scopeEnds: "handler",
    failed: (response) => response.status === 418,
  });
  // @ts-expect-error a text is no response
  scopePerRequest(app, () => "hello");
  // @ts-expect-error it was forgotten
  scopePerRequest(app, () => {});
  // @ts-expect-error there is no such option
  scopePerRequest(app, () => new Response(), { scopeEnd: "handler" });
  // @ts-expect-error outside of a request there is none
  app.get(Users);
`;

const servers = `
  import { createContainer } from "thimble";
  import { scopePerRequest } from "thimble/fetch";
  interface Server { requestIP(request: Request): string; upgrade(request: Request): boolean }
  declare function serveLikeBun(options: {
    fetch: (request: Request, server: Server) => Response | undefined | Promise<Response | undefined>;
  }): void;
  declare function serveLikeDeno(handler: (request: Request, info: { completed: Promise<void> }) => Response | Promise<Response>): void;
  const app = createContainer();
  serveLikeDeno(scopePerRequest(app, () => new Response("text")));
  serveLikeBun({ fetch: scopePerRequest(app, () => new Response("text")) });
  serveLikeBun({
    fetch: scopePerRequest(app, (request, scope, server: Server) => {
      if (server.upgrade(request)) return undefined;
      return new Response(scope.name);
    }),
  });
`;

const hono = `
  import { Hono } from "hono";
  import { createContainer, scoped, singleton, token } from "thimble";
  import { CurrentRequest, scopePerRequest } from "thimble/hono";

  class Db { #url = ""; }
  class Users { constructor(readonly db: Db, readonly url: string) {} }
  const Url = token<string>("url");
  const Missing = token<{ missing: true }>("missing");
  const container = createContainer(
    singleton(Db),
    scoped(Url, [CurrentRequest], ({ url }) => url),
    scoped(Users, [Db, Url]),
  );

  export default new Hono()
    .use(scopePerRequest(container, { failed: ({ status }) => status === 418 }))
    .get("/", async (c) => {
      const users: Users = c.var.scope.get(Users);
      // @ts-expect-error nothing provides it
      c.var.scope.get(Missing);
      return c.text(users.url);
    });
`;

const react = `
  import type { ReactNode } from "react";
  import { createContainer, scoped, singleton, token, value } from "thimble";
  import { ScopeProvider, useScope, useService } from "thimble/react";

  class Db { #url = ""; }
  class Users { constructor(readonly db: Db) {} }
  const Url = token<string>("url");
  const app = createContainer(singleton(Db), scoped(Users, [Db]));

  function Page(): ReactNode {
    const users: Users = useService(Users);
    const [db, url] = useService([Db, Url]);
    const record: { db: Db; url: string } = useService({ db: Db, url: Url });
    // @ts-expect-error it is a text
    const wrong: number = useService(Url);
    useScope().createScope("request", value(Url, url));
    return [users.db === db, record.url, wrong].join();
  }
  export const pages = [
    <ScopeProvider scope={app}><Page /></ScopeProvider>,
    <ScopeProvider name="page" providers={[value(Url, "/"), [singleton(Db)]]}><Page /><Page /></ScopeProvider>,
    <ScopeProvider name={undefined} providers={[]} />,
    // @ts-expect-error one of the two has to be there
    <ScopeProvider name="page" />,
    // @ts-expect-error but not both
    <ScopeProvider scope={app} providers={[]} />,
    // @ts-expect-error a class is no provider
    <ScopeProvider providers={[Db]} />,
  ];
`;

/** What readers have: which libraries and types, and which packages. */
const worlds = {
  "the DOM": { lib: ["esnext", "dom"], types: [] as string[] },
  "Node without the DOM": { lib: ["esnext"], types: ["node"] },
  "Node and the DOM": { lib: ["esnext", "dom"], types: ["node"] },
  "Cloudflare Workers": { lib: ["esnext"], types: ["@cloudflare/workers-types"] },
};

describe("handlers, servers and a Hono app compile", () => {
  it.each([
    ...Object.keys(worlds).map((world) => ({ world, compiler: "TypeScript 7" })),
    ...compilerNames.slice(1).map((compiler) => ({ world: "Cloudflare Workers", compiler })),
  ] as { world: keyof typeof worlds; compiler: Compiler }[])(
    "with the types of $world in $compiler",
    async ({ world, compiler }) => {
      const { lib, types } = worlds[world];
      const files = { "handlers.ts": handlers, "servers.ts": servers, "hono.ts": hono };
      const packages = [...types.map((it) => (it === "node" ? "@types/node" : it)), "hono"];
      const { errors } = await check(files, { lib, types }, compiler, packages);
      expect(errors).toEqual({});
    },
  );
});

it.each(compilerNames)("components compile in %s", async (compiler) => {
  const options = { jsx: "react-jsx", exactOptionalPropertyTypes: true };
  const { errors } = await check({ "pages.tsx": react }, options, compiler, ["@types/react"]);
  expect(errors).toEqual({});
});

it("without any Request in sight the declarations compile all the same", async () => {
  const nowhere = `
    import { createContainer } from "thimble";
    import { scopePerRequest, within } from "thimble/fetch";
    void [createContainer, scopePerRequest, within];
  `;
  const { errors } = await check({ "nowhere.ts": nowhere }, { lib: ["es2022"], skipLibCheck: false });
  expect(errors).toEqual({});
});
