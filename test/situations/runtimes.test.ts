/**
 * Where containers cannot run: under a policy that forbids eval, minified,
 * without decorators, and in runtimes that have no `process` or no `window`.
 *
 * The suite itself runs in six runtimes. These situations take away what a
 * runtime might happen to have, so that each of them proves it alone. What is
 * taken away is back before anything else runs: all of it happens in one
 * synchronous stretch.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import {
  alias,
  all,
  createContainer,
  currentScope,
  defer,
  optional,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { observe } from "thimble/observe";
import { thrown } from "../core/support/refusal.ts";
import { codeOf } from "./failing.ts";
import { rejection, settles } from "./waiting.ts";

const Db = token<object>("db");
const Repo = token<object>("repo");
const Plugin = token<object>("plugin");

class Users {
  readonly #parts: unknown[];
  constructor(...parts: unknown[]) {
    this.#parts = parts;
  }
  get parts(): number {
    return this.#parts.length;
  }
}

/** Registers, resolves, fails and closes: one of everything that the core does synchronously. */
function useEverything() {
  const seen: string[] = [];
  const app: Scope = createContainer(
    value(Db, {}, { dispose: () => void seen.push("db closed") }),
    singleton(Users, [Db, optional(Plugin), all(Plugin), defer(Db), currentScope]),
    singleton(Repo, ({ get }) => ({ users: get(Users), db: get(Db) }), {
      dispose: () => void seen.push("repo closed"),
    }),
  );
  const forget = observe(app, { built: ({ token: { name } }) => void seen.push(`${name} built`) });
  const request: Scope = app.createScope(
    "request",
    singleton(Plugin, () => ({})),
    alias(token<object>("name"), Repo),
  );
  request.get([Repo, Plugin]);
  const late = app.getAsync(Repo);
  forget();
  // Nothing is asserted in here: the assertions themselves may use what the core has to do without.
  return {
    seen,
    late,
    parts: app.get(Users).parts,
    refusal: thrown(() => app.get(Plugin)),
    closing: app.shutdown({ timeout: 10 }),
  };
}

async function expectEverything({ seen, late, parts, refusal, closing }: ReturnType<typeof useEverything>) {
  await settles(closing);
  expect(seen).toEqual(["Users built", "repo built", "plugin built", "repo closed", "db closed"]);
  expect(await settles(late)).toBeDefined();
  expect(parts).toBe(5);
  expect(codeOf(refusal)).toBe("NOT_PROVIDED");
}

/** Puts `standIns` in the place of what `host` has, for as long as `act` runs. */
function without<T>(host: object, standIns: PropertyDescriptorMap, act: () => T): T {
  const names = Reflect.ownKeys(standIns) as string[];
  const before = names.map((name) => [name, Reflect.getOwnPropertyDescriptor(host, name)] as const);
  try {
    for (const name of names) Object.defineProperty(host, name, { ...standIns[name], configurable: true });
    return act();
  } finally {
    for (const [name, own] of before) {
      if (own) Object.defineProperty(host, name, own);
      else Reflect.deleteProperty(host, name);
    }
  }
}

function refuses(what: string): () => never {
  return () => {
    throw new Error(`the core used ${what}`);
  };
}

describe("the core", () => {
  it("evaluates no text: it works where eval and new Function are forbidden", async () => {
    const forbidden = {
      eval: { value: refuses("eval") },
      Function: { value: refuses("Function") },
    };

    await expectEverything(without(globalThis, forbidden, useEverything));
  });

  it("reads no source text of classes or factories: minified code is as good as any", async () => {
    const forbidden = { toString: { value: refuses("Function.prototype.toString") } };

    await expectEverything(without(Function.prototype, forbidden, useEverything));
  });

  it("asks for no decorator metadata", async () => {
    const forbidden = {
      getMetadata: { get: refuses("Reflect.getMetadata") },
      getOwnMetadata: { get: refuses("Reflect.getOwnMetadata") },
    };

    await expectEverything(without(Reflect, forbidden, useEverything));
  });

  it("has never heard of a runtime: neither process nor window is read", async () => {
    const hosts = ["process", "Deno", "Bun", "navigator", "window", "document", "self", "require", "Buffer"];
    // A real page does not let go of its own window and document; the other runtimes prove those two.
    const removable = hosts.filter(
      (name) => Reflect.getOwnPropertyDescriptor(globalThis, name)?.configurable !== false,
    );
    const forbidden = Object.fromEntries(
      removable.map((name) => [name, { get: refuses(name), set: () => {} }]),
    );

    await expectEverything(without(globalThis, forbidden, useEverything));
  });

  it("does without what a small runtime lacks: performance and reportError are missed by nobody", () => {
    const absent = { performance: { value: undefined }, reportError: { value: undefined } };

    const instance = without(globalThis, absent, () => {
      const app: Scope = createContainer(singleton(Db, () => ({ built: true })));
      observe(app, {
        built: () => {
          throw new Error("an observer's own trouble");
        },
      });
      return app.get(Db);
    });

    expect(instance).toEqual({ built: true });
  });
});

describe("names that a minifier has taken away", () => {
  it("two anonymous classes: two tokens, each with its own instance", () => {
    const classes = [class {}, class {}] as const;
    const app: Scope = createContainer(singleton(classes[0]), singleton(classes[1]));

    expect(app.get(classes[0])).toBeInstanceOf(classes[0]);
    expect(app.get(classes[1])).toBeInstanceOf(classes[1]);
  });

  it("two classes of one name, two tokens of one name: never taken for each other", () => {
    const first = (() => class e {})();
    const second = (() => class e {})();
    const a = token<number>("e");
    const b = token<number>("e");
    const app: Scope = createContainer(singleton(first), value(a, 1));

    expect(codeOf(thrown(() => app.get(second)))).toBe("NOT_PROVIDED");
    expect(codeOf(thrown(() => app.get(b)))).toBe("NOT_PROVIDED");
    app.provide(singleton(second), value(b, 2));
    expect(app.get(first)).toBeInstanceOf(first);
    expect(app.get(second)).toBeInstanceOf(second);
    expect(app.get([a, b])).toEqual([1, 2]);
  });

  it("a class with a static `name` of its own: a token like any other", () => {
    class Tagged {
      static readonly name = 42;
    }
    const app: Scope = createContainer(singleton(Tagged));

    expect(app.get(Tagged)).toBeInstanceOf(Tagged);
  });
});

describe("a promise from another realm or library", () => {
  it("a bare thenable from a factory: awaited like a promise, and its failure too", async () => {
    const refused = new Error("refused");
    const app: Scope = createContainer(
      singleton(Db, () => thenable((yes) => queueMicrotask(() => yes({ real: true })))),
      singleton(Repo, () => thenable((_, no) => no(refused))),
      transient(Plugin, [Db], (db) => ({ db })),
    );

    expect(await settles(app.getAsync(Plugin))).toEqual({ db: { real: true } });
    expect(await rejection(app.getAsync(Repo))).toBe(refused);
  });

  function thenable(
    then: (yes: (it: object) => void, no: (error: unknown) => void) => void,
  ): Promise<object> {
    // oxlint-disable-next-line unicorn/no-thenable -- it is the situation
    return { then } as unknown as Promise<object>;
  }
});
