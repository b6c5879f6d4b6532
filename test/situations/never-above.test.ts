/**
 * The option `in`: an instance lives in the nearest enclosing scope of that name, and never above the scope that
 * registered its provider, however it is resolved and however it was registered.
 */

import {
  alias,
  all,
  createContainer,
  currentScope,
  defer,
  map,
  one,
  optional,
  parent,
  ref,
  scoped,
  singleton,
  token,
  transient,
  type Dependency,
  type Provider,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { dispose } from "../core/support/disposal.ts";
import { laterRefusal, refusal } from "../core/support/refusal.ts";
import { uncheckedContainer as container } from "../core/support/unchecked.ts";

class Cart {
  disposals = 0;
  [dispose](): void {
    this.disposals++;
  }
}
const Basket = token<Cart>("basket");
const Page = token<unknown>("page");
const Where = token<string>("where");

const open = (scope: Scope, name: string, ...providers: Provider[]): Scope =>
  scope.createScope(name, ...(providers as never[]));

const inTenant = scoped(Cart, { in: "tenant" });
const where = scoped(Where, [currentScope], ({ id }) => id, { in: "tenant" });

describe("an instance that would live above the scope that registered its provider", () => {
  it.each<[string, Dependency]>([
    ["by its class", Cart],
    ["in a record of lists", { of: [[Cart]] }],
    ["by an alias of an alias", Basket],
    ["with optional(), which does not take it for missing", optional(Cart)],
    ["with optional() of an alias", optional(Basket, new Cart())],
    ["with all()", all(Basket)],
    ["with one()", one(Basket)],
    ["with map()", map(Cart, (cart) => cart)],
    ["with ref()", ref(() => Cart)],
    ["by a transient that needs it", Page],
  ])("is refused when it is resolved %s", async (_, dependency) => {
    const tenant = open(container(), "tenant");
    const Alias = token<Cart>("alias");
    const request = open(
      tenant,
      "request",
      scoped(Cart, { in: "tenant", as: [Alias] }),
      alias(Alias, Cart),
      alias(Basket, Alias),
      transient(Page, [Basket], (cart) => ({ cart })),
    );

    expect(refusal(() => request.get(dependency as typeof Cart)).code).toBe("INVALID_PROVIDER");
    expect((await laterRefusal(request.getAsync(dependency as typeof Cart))).code).toBe("INVALID_PROVIDER");
    expect((await request.shutdown()).services).toEqual([]);
    expect((await tenant.shutdown()).services).toEqual([]);
  });

  it.each<[string, (request: Scope) => unknown]>([
    ["by `provide`, long after the scope was opened", (request) => request.provide(inTenant as never)],
    ["in a group of groups", (request) => request.provide([[inTenant]] as never)],
    ["by an override of what the program has", (request) => request.override(inTenant)],
    [
      "by an override of an override",
      (request) => request.override(scoped(Cart, { in: "request" })).override(inTenant),
    ],
  ])("is refused when its provider was registered %s", (how, register) => {
    const app = container(...(how.includes("override") ? [scoped(Cart)] : []));
    const request = open(open(app, "tenant"), "request");

    register(request);

    expect(refusal(() => request.get(Cart)).code).toBe("INVALID_PROVIDER");
    expect(refusal(() => open(request, "part").get(Cart)).code).toBe("INVALID_PROVIDER");
  });

  it("is refused when it is resolved later, by whoever has a deferred dependency", async () => {
    const tenant = open(container(), "tenant");
    const request = open(
      tenant,
      "request",
      inTenant,
      scoped(Page, [defer(Cart)], (cart) => cart),
    );
    const cart = request.get(Page) as { get(): Cart; getAsync(): Promise<Cart> };

    expect(refusal(() => cart.get()).code).toBe("INVALID_PROVIDER");
    expect((await laterRefusal(cart.getAsync())).code).toBe("INVALID_PROVIDER");
  });

  it("is refused in one scope, while another that has the same provider further up may have it", () => {
    const app = container(inTenant);
    const tenant = open(app, "tenant");
    const [good, bad] = [open(tenant, "request"), open(tenant, "request", inTenant)];

    expect(good.get(Cart)).toBe(tenant.get(Cart));
    expect(refusal(() => bad.get(Cart)).code).toBe("INVALID_PROVIDER");
    expect(good.get(Cart)).toBe(tenant.get(Cart));
  });

  it("is given once its provider was replaced by one that lives where it may", async () => {
    const request = open(open(container(), "tenant"), "request", inTenant);
    expect(refusal(() => request.get(Cart)).code).toBe("INVALID_PROVIDER");

    request.override(scoped(Cart, { in: "request" }));
    const cart = request.get(Cart);
    expect(open(request, "part").get(Cart)).toBe(cart);

    await request.shutdown();
    expect(cart.disposals).toBe(1);
  });

  it("is not looked for beside the scope: there is no such scope around it", () => {
    const app = container();
    open(app, "tenant");
    const request = open(app, "request", inTenant);

    expect(refusal(() => request.get(Cart)).code).toBe("SCOPE_NOT_FOUND");
  });
});

describe("where several scopes around have the name", () => {
  it("the instance lives in the nearest, below or at the scope that registered its provider", () => {
    const app = container(where);
    const outer = open(app, "tenant");
    const inner = open(open(outer, "group"), "tenant");

    expect(open(outer, "request").get(Where)).toBe(outer.id);
    expect(open(inner, "request").get(Where)).toBe(inner.id);
    expect(inner.get(Where)).toBe(inner.id);
    expect(outer.get(Where)).toBe(outer.id);
  });

  it("the instance lives in the inner one, which registered its provider, and the outer one knows nothing of it", () => {
    const outer = open(container(), "tenant");
    const inner = open(outer, "tenant", where);

    expect(open(inner, "request").get(Where)).toBe(inner.id);
    expect(outer.has(Where)).toBe(false);
  });

  it("the instance is refused in between, and given below, of a provider that was registered in between", () => {
    const outer = open(container(), "tenant");
    const between = open(outer, "session", where);
    const inner = open(between, "tenant");

    expect(refusal(() => between.get(Where)).code).toBe("INVALID_PROVIDER");
    expect(open(inner, "request").get(Where)).toBe(inner.id);
    expect(refusal(() => open(between, "request").get(Where)).code).toBe("INVALID_PROVIDER");
  });
});

describe("an instance with `in` that replaces or decorates that of the program", () => {
  it("in a session lives and ends with that session, and other sessions have the program's provider", async () => {
    class Basic extends Cart {}
    class Special extends Cart {}
    const app = container(scoped(Basket, () => new Basic(), { in: "session" }));
    const [plain, special] = [open(app, "session"), open(app, "session")];
    special.override(scoped(Basket, () => new Special(), { in: "session" }));

    const requests = [open(special, "request"), open(special, "request")];
    const [first, second] = requests.map((it) => it.get(Basket));
    expect(first).toBeInstanceOf(Special);
    expect(second).toBe(first);
    expect(open(plain, "request").get(Basket)).toBeInstanceOf(Basic);

    await requests[0]!.shutdown();
    expect(first!.disposals).toBe(0);
    await special.shutdown();
    expect(first!.disposals).toBe(1);
    expect(plain.get(Basket).disposals).toBe(0);
  });

  it("in a tenant has the program's through parent(), one for all requests of the tenant", async () => {
    const app = container(singleton(Basket, () => new Cart()));
    const tenant = open(
      app,
      "tenant",
      scoped(Basket, [parent(Basket)], (basket) => Object.assign(new Cart(), { basket }), { in: "tenant" }),
    );

    const [first, second] = [open(tenant, "request").get(Basket), open(tenant, "request").get(Basket)];
    expect(second).toBe(first);
    expect(first).toHaveProperty("basket", app.get(Basket));

    await tenant.shutdown();
    expect([first.disposals, app.get(Basket).disposals]).toEqual([1, 0]);
  });
});

it("an option `in` that names the root keeps to the scope that registered it as well", () => {
  const app = createContainer("shop", scoped(Cart, { in: "shop" }));
  const request: Scope = app.createScope("request");
  expect(request.get(Cart)).toBe(app.get(Cart));

  const other = open(
    request,
    "part",
    scoped(Basket, () => new Cart(), { in: "shop" }),
  );
  expect(refusal(() => other.get(Basket)).code).toBe("INVALID_PROVIDER");
});
