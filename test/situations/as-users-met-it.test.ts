/**
 * What users met, each kind with the right behaviour: instances that outlive their provider, overrides that lose their
 * place, a closing child and an open root, services that look like promises, options that nobody reads.
 */

import {
  all,
  alias,
  createContainer,
  one,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Resolver,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { laterRefusal, refusal } from "../core/support/refusal.ts";
import { unchecked } from "../core/support/unchecked.ts";
import { settles } from "./waiting.ts";

describe("a scoped provider with `in`", () => {
  class Cart {}

  it("lives in the scope that registered it, or below", () => {
    const app: Scope = createContainer(scoped(Cart, { in: "tenant" }));
    const tenant = app.createScope("tenant");

    expect(tenant.createScope("request").get(Cart)).toBe(tenant.get(Cart));
  });

  it("lives in the registering scope itself, when that has the name", () => {
    const tenant: Scope = createContainer().createScope("tenant", scoped(Cart, { in: "tenant" }) as never);

    expect(tenant.createScope("request").get(Cart)).toBe(tenant.get(Cart));
  });

  it("is refused where it would outlive the scope that registered it", () => {
    const tenant: Scope = createContainer().createScope("tenant");
    const request: Scope = tenant.createScope("request", scoped(Cart, { in: "tenant" }) as never);

    const { code, message, hint } = refusal(() => request.get(Cart));

    expect(code).toBe("INVALID_PROVIDER");
    expect(message).toContain('"Cart"');
    expect(hint).toContain('"tenant"');
  });
});

describe("an override", () => {
  const Exporter = token<{ format: string }>("exporter");
  class Csv {
    format = "csv";
  }
  class Pdf {
    format = "pdf";
  }
  const exporters = () =>
    createContainer(
      singleton(Csv, { as: [Exporter], default: true, order: -1, tags: ["text"] }),
      singleton(Pdf, { as: [Exporter] }),
    ) as Scope;

  it("keeps `as`, `default`, `order` and `tags` of what it replaces", () => {
    const app = exporters();

    app.override(value(Csv, { format: "fake csv" }));

    expect(app.get(all(Exporter)).map(({ format }) => format)).toEqual(["fake csv", "pdf"]);
    expect(app.get(one(Exporter)).format).toBe("fake csv");
    expect(app.get(all(Exporter, { tag: "text" }))).toHaveLength(1);
  });

  it("keeps those of the first original when it is overridden twice, and changes what it gives anew", () => {
    const app = exporters();

    app.override(value(Csv, { format: "fake csv" }));
    app.override(singleton(Csv, [], () => ({ format: "another csv" }), { order: 1 }));

    expect(app.get(all(Exporter)).map(({ format }) => format)).toEqual(["pdf", "another csv"]);
    expect(app.get(one(Exporter)).format).toBe("another csv");

    app.override(value(Csv, { format: "fake csv" }));

    expect(app.get(all(Exporter)).map(({ format }) => format)).toEqual(["fake csv", "pdf"]);
  });

  it("in a child keeps its place too, and leaves the provider itself as it is", () => {
    const app = exporters();
    const fake = value(Csv, { format: "fake csv" });
    const child = app.createScope();

    child.override(fake);

    expect(child.get(all(Exporter)).map(({ format }) => format)).toEqual(["fake csv", "pdf"]);
    expect(createContainer(fake).get(all(Exporter))).toEqual([]);
  });
});

describe("a closing scope", () => {
  class Metrics {
    counted = 0;
  }
  const Work = token<{ resolver: Resolver }>("work");

  it.each([true, false])("may get what lives in an open scope above, built before: %s", async (warm) => {
    const app: Scope = createContainer(
      singleton(Metrics),
      scoped(Work, (resolver) => ({ resolver }), {
        dispose: async ({ resolver }) => void resolver.get(Metrics).counted++,
      }),
    );
    if (warm) app.get(Metrics);
    const request = app.createScope("request");
    request.get(Work);

    expect((await settles(request.shutdown())).ok).toBe(true);
    expect(app.get(Metrics).counted).toBe(1);
  });

  it("may wait for an asynchronous service of an open scope above", async () => {
    const Slow = token<string>("slow");
    const gate = deferred<string>();
    const seen: string[] = [];
    const app: Scope = createContainer(
      singleton(Slow, () => gate.promise),
      scoped(Work, (resolver) => ({ resolver }), {
        dispose: async ({ resolver }) => void seen.push(await resolver.getAsync(Slow)),
      }),
    );
    const request = app.createScope("request");
    request.get(Work);

    const closing = request.shutdown();
    gate.resolve("slow");

    expect((await settles(closing)).ok).toBe(true);
    expect(seen).toEqual(["slow"]);
  });

  it("builds nothing that would live in itself", async () => {
    const app: Scope = createContainer(
      scoped(Metrics),
      transient(Metrics2),
      scoped(Work, (resolver) => ({ resolver }), {
        dispose: ({ resolver }) => [resolver.get(Metrics), resolver.get(Metrics2)],
      }),
    );
    const request = app.createScope("request");
    request.get(Work);

    const { services } = await settles(request.shutdown());

    expect(services).toMatchObject([{ token: "work", outcome: "failed", error: { code: "SCOPE_CLOSED" } }]);
  });
});
class Metrics2 {}

describe("a service that has a method `then`", () => {
  class Query {
    runs = 0;
    // oxlint-disable-next-line unicorn/no-thenable -- A query builder, which runs its query when it is awaited.
    then(resolve: (rows: string) => void): void {
      this.runs++;
      resolve("rows");
    }
  }
  const app = () => createContainer(singleton(Query)) as Scope;

  it("arrives whole from get, from a tuple and from a record, and as a dependency", async () => {
    const container = app().provide(singleton(Holder, [Query])) as Scope;
    const query = container.get(Query);

    const [one] = await container.getAsync([Query]);
    const { two } = await container.getAsync({ two: Query });

    expect([one === query, two === query, container.get(Holder).query === query]).toEqual([true, true, true]);
    expect(await container.runAsync(Query, (it) => ({ it }))).toEqual({ it: query });
    expect(query.runs).toBe(0);
  });
  class Holder {
    query: Query;
    constructor(query: Query) {
      this.query = query;
    }
  }

  it("is refused with a way out where the language itself would run it, and is not run", async () => {
    const container = app();
    const query = container.get(Query);

    const { code, hint } = await laterRefusal(container.getAsync(Query));

    expect(code).toBe("INVALID_PROVIDER");
    expect(hint).toContain("getAsync([");
    expect(query.runs).toBe(0);
  });

  it("may be a value", () => {
    const query = new Query();
    expect(createContainer(value(Query, query)).get(Query)).toBe(query);
    expect(query.runs).toBe(0);
  });

  it("may be a client that answers to every name", () => {
    const stub: object = new Proxy(() => {}, { get: () => stub });
    const Remote = token<object>("remote");
    expect(createContainer(value(Remote, stub)).get(Remote)).toBe(stub);
  });

  it("is not a value when it is a promise or a plain thenable", () => {
    const Rows = token<unknown>("rows");
    // oxlint-disable-next-line unicorn/no-thenable -- It is given, and must be refused.
    for (const it of [Promise.resolve(1), { then() {} }]) {
      expect(refusal(() => unchecked(value)(Rows, it)).code).toBe("INVALID_PROVIDER");
    }
    expect(refusal(() => unchecked(value)(Rows, Promise.resolve(1))).message).toContain("a promise");
  });

  it("is not looked at when looking throws", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const Guarded = token<object>("guarded");
    const container = createContainer(
      value(Guarded, proxy, { owned: true }),
      singleton(alias2, () => proxy),
    );

    expect(container.get(Guarded)).toBe(proxy);
    expect(container.get(alias2)).toBe(proxy);
    expect((await settles(container.shutdown())).ok).toBe(true);
  });
  const alias2 = token<object>("guarded by a factory");
});

describe("an instance that cannot be looked at", () => {
  it("is refused when it is resolved alone with `getAsync`, and arrives whole in a list", async () => {
    const Guarded = token<object>("guarded");
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const app = createContainer(value(Guarded, proxy));

    expect((await laterRefusal(app.getAsync(Guarded))).code).toBe("INVALID_PROVIDER");
    expect((await app.getAsync([Guarded]))[0] === proxy).toBe(true);
    expect(app.get(Guarded) === proxy).toBe(true);
  });
});

describe("an option that is none", () => {
  const Db = token<object>("db");
  const make = () => ({});

  it("is refused with the near match", () => {
    const { code, message, hint } = refusal(() => unchecked(singleton)(Db, make, { onDispose() {} }));

    expect(code).toBe("INVALID_PROVIDER");
    expect(message).toContain("onDispose");
    expect(hint).toContain("dispose");
  });

  it("is refused where it looks like dependencies without their brackets", () => {
    class Users {}
    const { code, hint } = refusal(() => unchecked(singleton)(Users, { db: Db }));

    expect(code).toBe("INVALID_PROVIDER");
    expect(hint).toContain("[{ db: … }]");
  });

  it.each([
    ["dispose", "close"],
    ["stop", {}],
    ["init", true],
    ["order", "last"],
    ["tags", "x"],
    ["tags", [1]],
    ["default", "yes"],
    ["as", Db],
  ])("%s: %j is refused", (name, it) => {
    const { code, message } = refusal(() => unchecked(singleton)(Db, make, { [name]: it }));

    expect(code).toBe("INVALID_PROVIDER");
    expect(message).toContain(name);
  });

  it.each([
    [scoped, "in", 5],
    [value, "owned", "yes"],
  ])("of another kind is refused too", (define, name, it) => {
    expect(refusal(() => unchecked(define)(Db, make, { [name]: it })).code).toBe("INVALID_PROVIDER");
  });

  it("counts as not given when it is undefined", () => {
    expect(
      createContainer(unchecked(singleton)(Db, make, { dispose: undefined, order: undefined }) as never),
    ).toBeDefined();
  });

  it.each([
    ["singleton", "in", "request"],
    ["singleton", "owned", true],
  ])("is refused on a kind that does not have it: %s, %s", (_, name, it) => {
    expect(refusal(() => unchecked(singleton)(Db, make, { [name]: it })).code).toBe("INVALID_PROVIDER");
  });

  it("is refused on an alias, which has none", () => {
    const { code, hint } = refusal(() => unchecked(alias)(Db, token("target"), { dispose() {} }));

    expect(code).toBe("INVALID_PROVIDER");
    expect(hint).toContain("alias");
  });

  it("is refused when it is a list, or a list with holes", () => {
    // oxlint-disable-next-line no-sparse-arrays -- This is what is refused.
    for (const options of [[], { as: [, Db] }, { tags: [, "x"] }, { order: Number.NaN }])
      expect(refusal(() => unchecked(singleton)(Db, make, options)).code).toBe("INVALID_PROVIDER");
  });
});
