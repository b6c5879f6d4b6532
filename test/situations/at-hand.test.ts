/**
 * What users look for and find: a scope in a log, a signal that ends the waiting, `one` of those with a tag, `defer` of
 * any dependency, and groups of providers that share a third.
 */

import {
  alias,
  all,
  createContainer,
  defer,
  one,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { laterRefusal, refusal } from "../core/support/refusal.ts";
import { turn } from "../core/support/turn.ts";
import { unchecked } from "../core/support/unchecked.ts";

describe("a scope in a log", () => {
  const Settings = token<object>("settings");
  const app = (): Scope => createContainer(value(Settings, { password: "hunter2" })) as Scope;

  it("is its name, id and state as JSON, also inside of something else", () => {
    const scope = app().createScope("request");

    expect(JSON.parse(JSON.stringify({ scope }))).toEqual({
      scope: { name: "request", id: "request#1", state: "open" },
    });
  });

  it("shows no values in the console of Node, Deno and Bun", () => {
    interface Inspects {
      inspect(it: unknown): string;
    }
    const runtime = globalThis as {
      readonly Deno?: Inspects;
      readonly Bun?: Inspects;
      readonly process?: { getBuiltinModule?(name: string): Inspects | undefined };
    };
    const how = runtime.Deno ?? runtime.Bun ?? runtime.process?.getBuiltinModule?.("node:util");
    // A browser shows what it likes in its developer tools.
    const text = how ? how.inspect({ scope: app() }) : JSON.stringify(app());

    expect(text).toContain("root#0");
    expect(text).not.toContain("hunter2");
  });

  // pino and winston print an object that is logged by itself in this way, and do not call its `toJSON`.
  const members = (scope: object): string =>
    Object.entries(scope)
      .map(([name, it]) => `${name}: ${JSON.stringify(it)}`)
      .join("\n");

  it("shows no instances to a logger that prints it member by member", async () => {
    const [Client, Session, Slow] = [
      token<object>("client"),
      token<object>("session"),
      token<object>("slow"),
    ];
    const [ready, ended] = [deferred<object>(), deferred()];
    const container: Scope = createContainer(
      value(Settings, { password: "hunter2" }, { owned: true, dispose: () => ended.promise }),
      singleton(Client, [Settings], (settings) => ({ settings }), { dispose: () => ended.promise }),
      singleton(Slow, [Settings, Client], () => ready.promise),
      scoped(Session, [Settings], (settings) => ({ settings }), { dispose: () => {} }),
    );
    const request = container.createScope("request", value(token("user"), { password: "hunter2" }));
    container.get(Client);
    request.get(Session);
    const slow = container.getAsync(Slow);
    const open = [members(container), members(request)];

    ready.resolve({});
    await slow;
    const closing = container.shutdown();
    await turn();
    open.push(members(container), members(request));
    ended.resolve(undefined);
    await closing;

    expect(open[0]).toContain("name: ");
    for (const text of [...open, members(container), members(request)]) expect(text).not.toContain("hunter2");
  });

  it("says what it is, which keeps Vue from making a proxy of it", () => {
    expect(Object.prototype.toString.call(app())).toBe("[object Scope]");
  });

  it("cannot be cloned", () => {
    expect(() => structuredClone(app())).toThrow();
  });
});

describe("`getAsync` with a signal", () => {
  const Db = token<object>("db");

  it("ends the waiting with the reason of the signal, and not the build", async () => {
    const opened = deferred<object>();
    const app: Scope = createContainer(singleton(Db, () => opened.promise));
    const patience = new AbortController();
    const db = {};

    const hasty = app.getAsync(Db, { signal: patience.signal });
    const patient = app.getAsync(Db);
    const why = new Error("took too long");
    patience.abort(why);

    await expect(hasty).rejects.toBe(why);
    opened.resolve(db);
    expect(await patient).toBe(db);
  });

  it("begins nothing when the signal is aborted already", async () => {
    let builds = 0;
    const app: Scope = createContainer(singleton(Db, () => ({ builds: ++builds })));

    await expect(app.getAsync(Db, { signal: AbortSignal.abort("no") })).rejects.toBe("no");
    expect(builds).toBe(0);
  });

  it("gives and fails like any other while nothing aborts, and no longer listens afterwards", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const counted = {
      aborted: false,
      reason: undefined,
      throwIfAborted: () => signal.throwIfAborted(),
      addEventListener: () => void listeners++,
      removeEventListener: () => void listeners--,
    };
    const app: Scope = createContainer(singleton(Db, async () => ({ open: true })));

    expect(await app.getAsync(Db, { signal: counted })).toEqual({ open: true });
    expect((await laterRefusal(app.getAsync(token("nothing"), { signal: counted }))).code).toBe(
      "NOT_PROVIDED",
    );
    await turn();
    expect(listeners).toBe(0);
  });
});

describe("`one` with a tag", () => {
  const Exporter = token<string>("exporter");
  const Csv = token<string>("csv");
  const Pdf = token<string>("pdf");

  it("is the only one that carries it", () => {
    const app: Scope = createContainer(
      value(Csv, "csv", { as: [Exporter], tags: ["text"] }),
      value(Pdf, "pdf", { as: [Exporter], default: true }),
    );

    expect(app.get(one(Exporter, { tag: "text" }))).toBe("csv");
    expect(app.get(one(Exporter))).toBe("pdf");
  });

  it("passes over the exact token when that does not carry it", () => {
    const app: Scope = createContainer(
      value(Exporter, "plain"),
      value(Csv, "csv", { as: [Exporter], tags: ["text"] }),
    );

    expect(app.get(one(Exporter, { tag: "text" }))).toBe("csv");
    expect(app.get(one(Exporter))).toBe("plain");
  });

  it("is missing when nothing carries it, which `optional` sees", () => {
    const app: Scope = createContainer(value(Csv, "csv", { as: [Exporter] }));

    expect(refusal(() => app.get(one(Exporter, { tag: "text" }))).code).toBe("NOT_PROVIDED");
    expect(app.get(optional(one(Exporter, { tag: "text" })))).toBeUndefined();
  });
});

describe("`defer`", () => {
  const Word = token<string>("word");
  const Words = token<string>("words");

  it("takes every dependency", async () => {
    const app: Scope = createContainer(value(Word, "a"), value(Words, "b", { as: [Word] }));

    expect(app.get(defer(all(Word))).get()).toEqual(["a", "b"]);
    expect(app.get(defer(optional(token<string>("none")))).get()).toBeUndefined();
    expect(await app.get(defer([Word, { words: Words }])).getAsync()).toEqual(["a", { words: "b" }]);
  });
});

describe("the very same provider", () => {
  class Db {}
  const Users = token<Db>("users");
  const Orders = token<Db>("orders");
  const data = [singleton(Db)];
  const users = [data, alias(Users, Db)];
  const orders = [data, alias(Orders, Db)];

  it("counts once in one list, so two groups may share a third", () => {
    const app: Scope = createContainer(users, orders);

    expect(app.get(Users)).toBe(app.get(Orders));
    expect(app.get(all(Db))).toHaveLength(1);
  });

  it("counts once in one scope, also when it was built before", () => {
    const app: Scope = createContainer(users);
    const db = app.get(Db);

    app.provide(...(orders as never[]));

    expect(app.get(Orders)).toBe(db);
  });

  it("is not another provider for the same token, which is a duplicate", () => {
    expect(refusal(() => unchecked(createContainer)(users, singleton(Db))).code).toBe("DUPLICATE");
  });

  it("counts once among the replacements too", () => {
    const fake = value(Users, new Db());
    const app: Scope = createContainer(users);

    app.override(fake, fake as never);

    expect(app.get(Users)).toBe(app.get([Users])[0]);
  });
});

describe("a composite: a service that answers to a token and is made of all others that do", () => {
  interface Handler {
    readonly names: readonly string[];
  }
  const Handler = token<Handler>("handler");
  class A implements Handler {
    readonly names = ["a"];
  }
  class B implements Handler {
    readonly names = ["b"];
  }
  class Composite implements Handler {
    readonly names: readonly string[];
    constructor(parts: readonly Handler[]) {
      this.names = parts.flatMap(({ names }) => names);
    }
  }
  const parts = [singleton(A, { as: [Handler] }), singleton(B, { as: [Handler] })];

  it("gets the others, under its own name and by an alias", () => {
    const app: Scope = createContainer(
      parts,
      singleton(Composite, [all(Handler)]),
      alias(Handler, Composite),
    );

    expect(app.get(Handler).names).toEqual(["a", "b"]);
    expect(app.get(all(Handler)).map(({ names }) => names)).toEqual([["a"], ["b"], ["a", "b"]]);
  });

  it.each([singleton, scoped, transient] as const)(
    "gets the others, provided under that very token: %o",
    (define) => {
      const make = (others: readonly Handler[]): Handler => new Composite(others);
      const app: Scope = createContainer(parts, unchecked(define)(Handler, [all(Handler)], make) as never);

      expect(app.get(Handler).names).toEqual(["a", "b"]);
      expect(app.createScope().get(Handler).names).toEqual(["a", "b"]);
    },
  );

  it("gets the others when it resolves them while it is built, and later", async () => {
    const later: (() => readonly Handler[])[] = [];
    const app: Scope = createContainer(
      parts,
      singleton(Handler, async ({ get, getAsync }) => {
        later.push(() => get(all(Handler)));
        return new Composite(await getAsync(all(Handler)));
      }),
    );

    expect((await app.getAsync(Handler)).names).toEqual(["a", "b"]);
    expect(later[0]!().map(({ names }) => names)).toEqual([["a"], ["b"]]);
  });
});
