import {
  alias,
  consumer,
  createContainer,
  currentScope,
  decorate,
  defer,
  fallback,
  make,
  map,
  optional,
  parent,
  pathOf,
  ref,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Provider,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "./support/deferred.ts";
import { dispose } from "./support/disposal.ts";
import { kinds } from "./support/kinds.ts";
import { laterRefusal, refusal, rejected, route, thrown } from "./support/refusal.ts";
import { turn } from "./support/turn.ts";
import { unchecked, uncheckedContainer } from "./support/unchecked.ts";

const Db = token<object>("db");
const Report = token<object>("report");
const Where = token<string>("where");
const Holder = token<unknown>("holder");

/** The name of the scope that its dependencies come from. */
const where = (provider: typeof singleton) => provider(Where, [currentScope], (scope) => scope.name);

describe("make", () => {
  it("builds from a provider that nobody registered, with what the scope has", () => {
    const app = createContainer(singleton(Db, () => ({})));
    const report = singleton(Report, [Db], (db) => ({ db }));

    expect(app.get(make(report))).toEqual({ db: app.get(Db) });
    expect(app.has(Report)).toBe(false);
  });

  it.each(kinds("singleton", "scoped"))("gives the same %s instance in one scope", (_, provider) => {
    const report = provider(Report, () => ({}));
    const app = createContainer();

    expect(app.get(make(report))).toBe(app.get(make(report)));
  });

  it("gives a singleton to its dependents as it does to callers", () => {
    const report = singleton(Report, () => ({}));
    const app = createContainer(singleton(Holder, [make(report)], (it) => it));

    expect(app.get(Holder)).toBe(app.get(make(report)));
  });

  it.each(kinds("singleton", "scoped", "transient"))(
    "resolves the dependencies of a %s provider from the scope it is made in",
    (_, provider) => {
      const app = createContainer("app");
      const request = app.createScope("request");

      expect([app.get(make(where(provider))), request.get(make(where(provider)))]).toEqual([
        "app",
        "request",
      ]);
    },
  );

  it("makes a singleton of its own in each scope and in each container", () => {
    const report = singleton(Report, () => ({}));
    const app = createContainer();
    const request = app.createScope("request");
    const other = createContainer();

    expect(new Set([app, request, other].map((scope) => scope.get(make(report)))).size).toBe(3);
  });

  it("makes what a singleton depends on in the scope that registers the singleton", () => {
    const app = createContainer(
      "app",
      singleton(Holder, [make(where(singleton))], (it) => it),
    );

    expect(app.createScope("request").get(Holder)).toBe("app");
  });

  it("makes a transient anew at every resolve", () => {
    const app = createContainer();
    const report = transient(Report, () => ({}));

    expect(app.get(make(report))).not.toBe(app.get(make(report)));
  });

  it("takes another provider object for another provider, even if it is written alike", () => {
    const app = createContainer();
    const write = () => singleton(Report, () => ({}));

    expect(app.get(make(write()))).not.toBe(app.get(make(write())));
  });

  it("gives the instance of a value, which may be undefined", () => {
    const app: Scope = createContainer();
    const instance = {};

    expect(app.get(make(value(Report, instance)))).toBe(instance);
    expect(app.get(make(value(token<undefined>("nothing"), undefined)))).toBe(undefined);
  });

  it("gives a value that has a method then, and does not run it", () => {
    class Query {
      // oxlint-disable-next-line unicorn/no-thenable -- A query builder, which runs its query when it is awaited.
      then(): void {
        expect.unreachable();
      }
    }
    const query = new Query();

    expect(createContainer().get([make(value(Query, query))])[0] === query).toBe(true);
  });

  it("gives what an alias stands for", () => {
    const app = createContainer(singleton(Db, () => ({})));

    expect(app.get(make(alias(Report, Db)))).toBe(app.get(Db));
  });

  it("can be made of what is made", () => {
    const db = singleton(Db, () => ({}));
    const report = singleton(Report, [make(db)], (db) => ({ db }));
    const app = createContainer();

    expect(app.get(make(report))).toEqual({ db: app.get(make(db)) });
  });

  it("goes with other combinators", async () => {
    const app: Scope = createContainer();
    const count = singleton(token<number>("count"), () => 1);

    expect(app.get(map(make(count), (n) => n + 1))).toBe(2);
    expect(app.get(ref(() => make(count) as never))).toBe(1);
    expect(app.get({ later: defer(make(count)) }).later.get()).toBe(1);
    expect(await app.getAsync([make(count)])).toEqual([1]);
  });

  it("is missing to optional when a dependency of the provider is not provided", () => {
    const app: Scope = createContainer();
    const report = singleton(Report, [Db], (db) => ({ db }));
    const dynamic = singleton(Where, ({ has }) => String(has(Db)));

    expect(app.get(optional(make(report), "none"))).toBe("none");
    expect(app.get(optional(make(singleton(Holder, [make(report)], () => 1)), "none"))).toBe("none");
    expect(app.get(optional(make(dynamic), "none"))).toBe("false");
  });

  it("is there for has when everything is that it depends on", () => {
    const app: Scope = createContainer();
    const report = singleton(Report, [make(singleton(Holder, [Where], (it) => it))], (it) => ({ it }));

    expect(app.has(make(report))).toBe(false);
    app.provide(singleton(Where, [Db], () => "where"));
    expect(app.has(make(report))).toBe(false);
    app.provide(value(Db, {}));
    expect([app.has(make(report)), app.has([make(value(Where, ""))])]).toEqual([true, true]);
  });

  it("is there for has only if that is visible from the scope it lives in", () => {
    const registered = singleton(Report, [Where], (it) => ({ it }));
    const perRequest = scoped(Report, [Where], (it) => ({ it }), { in: "request" });
    const app = uncheckedContainer(registered);
    const job = app.createScope("request").createScope("job", value(Where, "job"));

    expect([job.has(make(registered)), job.has(make(perRequest))]).toEqual([false, false]);
    expect(job.has(make(singleton(Report, [Where], (it) => ({ it }))))).toBe(true);
  });

  it("gives what a decorator makes, and what it is built after", async () => {
    const disposed: string[] = [];
    const noting = { dispose: (it: unknown) => void disposed.push(String(it)) };
    const app = createContainer(singleton(Db, () => "db" as never, noting));
    const plain = singleton(Where, [], () => "here", { after: [Db], ...noting });
    const louder = decorate(plain, [], (it) => `${it}!`);

    expect([app.get(make(louder)), app.get(make(decorate(value(Where, "v"), [], (it) => `${it}!`)))]).toEqual(
      ["here!", "v!"],
    );
    await app.shutdown();
    expect(disposed).toEqual(["here", "db"]);
  });

  it("takes its time when its factory does", async () => {
    let built = 0;
    const report = singleton(Report, async () => ({ built: ++built }));
    const app = createContainer(singleton(Holder, [make(report)], (it) => it));

    const [one, other, held] = await Promise.all([
      app.getAsync(make(report)),
      app.getAsync(make(report)),
      app.getAsync(Holder),
    ]);

    expect(one).toEqual({ built: 1 });
    expect([other, held, app.get(make(report))]).toEqual([one, one, one]);
    expect(built).toBe(1);
  });

  it("is ASYNC_PROVIDER for get as long as it is being built", () => {
    const report = singleton(Report, async () => ({}));

    expect(refusal(() => createContainer().get(make(report))).code).toBe("ASYNC_PROVIDER");
  });

  it("passes on what the factory throws, with its path, and tries again", () => {
    const failure = new Error("no paper");
    let attempts = 0;
    const report = singleton(Report, () => {
      if (++attempts === 1) throw failure;
      return { attempts };
    });
    const app = createContainer(singleton(Holder, [make(report)], (it) => it));

    expect(thrown(() => app.get(Holder))).toBe(failure);
    expect(route(pathOf(failure))).toBe("holder > report");
    expect(app.get(Holder)).toEqual({ attempts: 2 });
  });

  it("needs what the provider needs", () => {
    const app = uncheckedContainer(
      singleton(Holder, [make(singleton(Report, [Db], (db) => db))], (it) => it),
    );

    const error = refusal(() => app.get(Holder));

    expect(error.code).toBe("NOT_PROVIDED");
    expect(route(error.path)).toBe("holder > report > db");
  });

  it("knows its dependent, and the scope above", () => {
    const app = createContainer(value(Where, "above"));
    const child = app.createScope(
      "child",
      value(Where, "here"),
      singleton(Report, [make(transient(Holder, [consumer], (it) => it?.name))], (name) => ({ name })),
    );

    expect(child.get(Report)).toEqual({ name: "report" });
    for (const [, provider] of kinds("singleton", "scoped", "transient"))
      expect(child.get(make(provider(Where, [parent(Where)], (it) => it)))).toBe("above");
  });
});

describe("a provider that is made and registered", () => {
  it.each(kinds("singleton", "scoped"))("as %s is one instance where it is visible", (_, provider) => {
    const report = provider(Report, () => ({}));
    const app: Scope = createContainer(report);
    const request = app.createScope("request");

    expect(app.get(make(report))).toBe(app.get(Report));
    expect(request.get(make(report))).toBe(request.get(Report));
  });

  it("is the same when it replaces another one, or is a fallback", () => {
    const report = singleton(Report, () => ({}));
    const app = createContainer(value(Report, {}));
    app.override(report);
    const other = createContainer(fallback(report));

    expect(app.get(make(report))).toBe(app.get(Report));
    expect(other.get(make(report))).toBe(other.get(Report));
  });

  it("is another one when the registered one is decorated", () => {
    const here = singleton(Where, () => "here");
    const louder = (it: string) => `${it}!`;

    for (const provider of [decorate(here, [], louder), decorate(fallback(here), [], louder)]) {
      const app = createContainer(provider);
      expect([app.get(Where), app.get(make(here)), app.get(make(provider))]).toEqual([
        "here!",
        "here",
        "here!",
      ]);
    }
  });

  it("is made after all where another provider of its token is visible", () => {
    const report = singleton(Report, () => ({ isReal: true }));
    const app = createContainer(report);
    app.override(value(Report, { isReal: false }));

    expect(app.get(make(report))).toEqual({ isReal: true });
    expect(app.get(Report)).toEqual({ isReal: false });
  });

  it("is the registered one from the moment it is registered", () => {
    const report = singleton(Report, () => ({}));
    const app: Scope = createContainer();
    const made = app.get(make(report));
    app.provide(report);

    expect(app.get(make(report))).toBe(app.get(Report));
    expect(app.get(Report)).not.toBe(made);
  });
});

describe("a scoped provider with `in`, when it is made,", () => {
  const provider = scoped(Where, [currentScope], (scope) => scope.id, { in: "request" });

  it("lives in the nearest enclosing scope of that name", () => {
    const request = createContainer().createScope("request");
    const job = request.createScope("job");

    expect(job.get(make(provider))).toBe(request.id);
    expect(request.createScope("request").get(make(provider))).not.toBe(request.id);
  });

  it("is SCOPE_NOT_FOUND where no such scope encloses", () => {
    expect(refusal(() => createContainer().get(make(provider))).code).toBe("SCOPE_NOT_FOUND");
  });
});

describe("a singleton may not hold something scoped", () => {
  const session = scoped(Report, () => ({}));

  it.each<[string, () => Provider[]]>([
    ["that is made", () => [singleton(Holder, [make(session)], (it) => it)]],
    [
      "that what is made depends on",
      () => [session, singleton(Holder, [make(alias(Db, Report))], (it) => it)],
    ],
    [
      "that a made transient depends on",
      () => [session, singleton(Holder, [make(transient(Db, [Report], (it) => it))], (it) => it)],
    ],
    ["that it makes as it runs", () => [singleton(Holder, ({ get }) => get(make(session)))]],
  ])("%s", (_, providers) => {
    const error = refusal(() => uncheckedContainer(...providers()).get(Holder));

    expect(error.code).toBe("CAPTIVE_DEPENDENCY");
    expect(error.path.at(-1)?.token).toBe("report");
  });

  it("nor may one that is made", () => {
    const app = createContainer(session);

    expect(refusal(() => app.get(make(singleton(Db, [Report], (it) => it)))).code).toBe("CAPTIVE_DEPENDENCY");
  });
});

describe("a cycle through make is CIRCULAR_DEPENDENCY", () => {
  it.each(kinds("singleton", "scoped", "transient"))("of a %s that makes itself", (_, provider) => {
    const it: Provider<typeof Report, never> = provider(Report, ({ get }) => get(make(it)));

    const error = refusal(() => createContainer().get(make(it)));

    expect(error.code).toBe("CIRCULAR_DEPENDENCY");
    expect(route(error.path)).toBe("report > report");
  });

  it.each(kinds("singleton", "scoped", "transient"))("of two %s providers", (_, provider) => {
    const one: Provider = provider(Db, [ref(() => make(two) as never)], (it) => it);
    const two: Provider = provider(Report, [ref(() => make(one) as never)], (it) => it);
    const app: Scope = createContainer();

    const error = refusal(() => app.get(make(one)));

    expect(error.code).toBe("CIRCULAR_DEPENDENCY");
    expect(route(error.path)).toBe("db > report > db");
    expect(refusal(() => app.get(optional(make(one)))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("of an alias to what it makes", () => {
    const it: Provider = alias(
      Report,
      ref(() => make(it) as never),
    );

    expect(refusal(() => (createContainer() as Scope).get(make(it))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("of one that is made and one that is registered", () => {
    const made = singleton(Db, [Report], (report) => ({ report }));
    const app = createContainer(singleton(Report, [make(made) as never], (db) => ({ db })));

    expect(route(refusal(() => app.get(Report)).path)).toBe("report > db > report");
  });

  it("of asynchronous factories", async () => {
    const it: Provider<typeof Report, never> = singleton(Report, async ({ getAsync }) => {
      await turn();
      return getAsync(make(it));
    });

    expect((await laterRefusal(createContainer().getAsync(make(it)))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("and a transient that is made in a scope and again below it is none", () => {
    const it: Provider<typeof Report, typeof currentScope> = transient(Report, [currentScope], (scope) => ({
      below: scope.parent ? undefined : scope.createScope().get(make(it)),
    }));

    expect(createContainer().get(make(it))).toEqual({ below: { below: undefined } });
  });
});

describe("what is made is disposed with its scope", () => {
  it("between its dependents and its dependencies", async () => {
    const disposed: string[] = [];
    const noting = (name: string) => ({ dispose: () => void disposed.push(name) });
    const report = singleton(Report, [Db], () => ({}), noting("report"));
    const app = createContainer(
      singleton(Db, () => ({}), noting("db")),
      singleton(Holder, [make(report)], () => ({}), noting("holder")),
    );
    app.get(Db);
    app.get(Holder);

    const { services } = await app.shutdown();

    expect(disposed).toEqual(["holder", "report", "db"]);
    expect(services.map(({ token }) => token)).toEqual(disposed);
  });

  it("also when a service made it late", async () => {
    const disposed: string[] = [];
    const report = singleton(Report, () => ({}), { dispose: () => void disposed.push("report") });
    const app = createContainer(
      singleton(
        Holder,
        ({ get }) =>
          () =>
            get(make(report)),
        {
          dispose: async () => (await turn(), disposed.push("holder")),
        },
      ),
    );
    (app.get(Holder) as () => object)();

    await app.shutdown();

    expect(disposed).toEqual(["holder", "report"]);
  });

  it.each(kinds("singleton", "scoped"))(
    "as %s: of the scope it was made in, and no other",
    async (_, provider) => {
      let disposals = 0;
      const report = provider(Report, () => ({ [dispose]: () => void disposals++ }));
      const app = createContainer();
      const request = app.createScope("request");
      app.get(make(report));
      request.get(make(report));

      await request.shutdown();
      expect(disposals).toBe(1);
      expect(refusal(() => request.get(make(report))).code).toBe("SCOPE_CLOSED");

      await app.shutdown();
      expect(disposals).toBe(2);
    },
  );

  it("but a transient belongs to its receiver", async () => {
    let disposals = 0;
    const app = createContainer();
    app.get(make(transient(Report, () => ({ [dispose]: () => void disposals++ }))));

    await app.shutdown();

    expect(disposals).toBe(0);
  });

  it("and a transient that nobody received is disposed at once", async () => {
    let disposals = 0;
    const report = transient(Report, () => ({ [dispose]: () => void disposals++ }));
    const failing = singleton(Db, (): object => {
      throw new Error("no db");
    });
    const app: Scope = createContainer(
      failing,
      singleton(Holder, [make(report), Db], () => 1),
      singleton(Where, async () => "late"),
    );

    for (const dependency of [
      Holder,
      [make(report), Db],
      { a: optional(make(report)), b: Db },
      [make(alias(Holder, make(report))), Db],
      [make(report), Where],
      make(transient(Report, async () => ({ [dispose]: () => void disposals++ }))),
    ]) {
      disposals = 0;
      expect(() => app.get(dependency as never)).toThrow();
      await turn();
      expect(disposals).toBe(1);
    }
  });

  it("and a value is borrowed unless it says otherwise", async () => {
    const disposed: string[] = [];
    const noting = (name: string) => ({ [dispose]: () => void disposed.push(name) });
    const app = createContainer();
    app.get(make(value(Report, noting("borrowed"))));
    app.get(make(value(Report, noting("owned"), { owned: true })));
    app.get(make(value(Report, {}, { dispose: () => void disposed.push("with dispose") })));
    app.get(make(value(Report, {}, { owned: true, init: (it) => Object.assign(it, noting("initialised")) })));

    await app.shutdown();

    expect(disposed.toSorted()).toEqual(["initialised", "owned", "with dispose"]);
  });

  it("as its options say, and stopped before anything closes", async () => {
    const done: string[] = [];
    const note = (text: string) => () => void done.push(text);
    const server = singleton(Report, () => ({}), {
      init: note("init"),
      stop: note("stop"),
      dispose: note("dispose"),
    });
    const app = createContainer(singleton(Holder, [make(server)], () => ({}), { dispose: note("holder") }));
    app.get(Holder);

    await app.shutdown();

    expect(done).toEqual(["init", "stop", "holder", "dispose"]);
  });

  it("also when the scope closes while it is being built", async () => {
    const gate = deferred();
    let disposals = 0;
    const report = singleton(Report, () => gate.promise.then(() => ({})), {
      dispose: () => void disposals++,
    });
    const app = createContainer();
    const refused = rejected(app.getAsync(make(report)));

    const closing = app.shutdown();
    gate.resolve();
    const { ok } = await closing;

    expect(await refused).toMatchObject({ code: "SCOPE_CLOSED" });
    expect([ok, disposals]).toEqual([true, 1]);
  });

  it("and nothing is made while it closes", async () => {
    const disposed: string[] = [];
    const own = value(Report, {}, { dispose: () => void disposed.push("value") });
    const refused: unknown[] = [];
    const app: Scope = createContainer(
      singleton(Holder, () => ({}), {
        dispose() {
          for (const it of [own, singleton(Report, () => ({})), transient(Report, () => ({}))])
            refused.push(refusal(() => app.get(make(it))).code);
        },
      }),
    );
    app.get(Holder);

    await app.shutdown();

    expect(refused).toEqual(["SCOPE_CLOSED", "SCOPE_CLOSED", "SCOPE_CLOSED"]);
    expect(disposed).toEqual([]);
  });
});

describe("what is no provider is refused when make is called", () => {
  it.each([
    ["undefined", undefined],
    ["null", null],
    ["a class", class Mailer {}],
    ["a token", Db],
    ["a factory", () => ({})],
    ["a list", [value(Db, {})]],
    ["what make gives", make(value(Db, {}))],
  ])("%s", (_, it) => {
    const error = refusal(() => unchecked(make)(it));

    expect(error.code).toBe("INVALID_PROVIDER");
    expect(error.hint).toContain("make(singleton(");
  });

  it("and a provider itself is no dependency, whether or not it was made", () => {
    const report = singleton(Report, () => ({}));
    const app: Scope = createContainer();
    app.get(make(report));

    expect(refusal(() => app.get(report as never)).code).toBe("INVALID_PROVIDER");
  });
});
