/**
 * A mistake is refused when it is written, at the latest when it is registered, and the message is about this very
 * mistake: where it stands, what stands there, and what was probably meant.
 */

import {
  alias,
  all,
  createContainer,
  decorate,
  defer,
  fallback,
  isContainerError,
  make,
  map,
  one,
  optional,
  parent,
  pathOf,
  ref,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { refusal, route, thrown } from "./support/refusal.ts";
import { thenable } from "./support/thenable.ts";
import { unchecked, uncheckedContainer } from "./support/unchecked.ts";

const A = token<unknown>("a");
const B = token<unknown>("b");
class Db {}
class Repo {
  db: Db;
  constructor(db: Db) {
    this.db = db;
  }
}

/** What is said about a mistake: the code is the same for all of them. */
function said(act: () => unknown): { message: string; hint: string } {
  const { code, message, hint } = refusal(act);
  expect(code).toBe("INVALID_PROVIDER");
  return { message: message.split("\n")[0]!, hint };
}

describe("a combinator that takes a token", () => {
  const takers = [
    ["all", all],
    ["one", one],
    ["parent", parent],
  ] as const;

  it.each(takers)("refuses everything else: %s", (kind, taker) => {
    for (const wrong of [optional(A), ref(() => A), [A], { a: A }, "a", null, value(A, 1)])
      expect(said(() => unchecked(taker)(wrong)).hint).toBe(`write ${kind}(token)`);
  });

  it.each(takers)("says why a token may be undefined: %s", (_, taker) => {
    expect(said(() => unchecked(taker)(undefined)).hint).toContain("import each other");
  });

  it("has one option, with its near match", () => {
    for (const taker of [all, one]) {
      expect(said(() => unchecked(taker)(A, { tags: ["x"] })).hint).toContain('did you mean "tag"?');
      for (const wrong of ["x", null, ["x"], B, { tag: 5 }])
        expect(said(() => unchecked(taker)(A, wrong)).hint).toContain('{ tag: "…" }');
      for (const right of [undefined, {}, { tag: undefined }, { tag: "x" }])
        expect(() => unchecked(taker)(A, right)).not.toThrow();
    }
  });

  it("mentions the tag that nothing carries", () => {
    const app = createContainer(value(A, 1, { tags: ["x"] }));

    expect(refusal(() => (app as Scope).get(one(A, { tag: "zz" }))).hint).toContain('"zz"');
  });
});

describe("ref", () => {
  it("does not lead to itself", () => {
    const self: unknown = unchecked(ref)(() => self);

    expect(said(() => createContainer().get(self as never)).message).toContain("another ref()");
  });
});

describe("a combinator of another copy of the library", () => {
  const theirs = { ...(optional(A) as object), madeBy: () => {} };

  it("is named, with its place and the provider that depends on it", () => {
    const { message, hint } = said(() => unchecked(singleton)(B, [A, { x: theirs }], () => 1));

    expect(message).toBe('Cannot provide "b": dependencies[1].x is optional()');
    expect(hint).toContain("install thimble once");
  });

  it("is refused wherever a dependency is given", () => {
    for (const act of [
      () => createContainer().get(theirs as never),
      () => unchecked(map)(theirs, () => 1),
      () => unchecked(defer)(theirs),
      () => unchecked(optional)([theirs]),
      () => unchecked(value)(A, 1, { after: [theirs] }),
      () => unchecked(decorate)(value(A, 1), [theirs], () => 1),
    ])
      expect(said(act).hint).toContain("install thimble once");
  });
});

describe("the path of an error", () => {
  const broken = (error: unknown): Scope =>
    createContainer(
      singleton(A, () => {
        throw error;
      }),
    );

  it("is known to every copy of the library, and seen by nobody else", () => {
    const error = new Error("no");
    thrown(() => broken(error).get(A));

    const theirs = Object.getOwnPropertyDescriptor(error, Symbol.for("thimble.path"));
    expect(theirs).toMatchObject({ value: [{ token: "a", scope: "root" }], enumerable: false });
    expect(error).toEqual(new Error("no"));

    const other = Object.defineProperty(new Error("no"), Symbol.for("thimble.path"), theirs!);
    expect(route(pathOf(other))).toBe("a");
  });

  it("is known of a frozen error too", () => {
    const error = Object.freeze(new Error("no"));
    thrown(() => broken(error).get(A));

    expect(route(pathOf(error))).toBe("a");
  });

  it("is empty for what cannot be looked at, and that is no error of ours", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const guarded = new Proxy(
      {},
      {
        get() {
          throw new Error("guarded");
        },
      },
    );

    for (const it of [proxy, guarded, null, undefined, 5, "x"]) {
      expect(isContainerError(it)).toBe(false);
      expect(isContainerError(it, "DUPLICATE")).toBe(false);
      expect(pathOf(it)).toEqual([]);
    }
  });
});

describe("a class whose constructor has parameters", () => {
  it.each([
    ["singleton", singleton],
    ["scoped", scoped],
    ["transient", transient],
  ])("needs a list of dependencies: %s", (kind, provider) => {
    for (const options of [undefined, { order: 1 }, { after: [Db] }]) {
      const { message, hint } = said(() => unchecked(provider)(Repo, options));
      expect(message).toBe('Cannot provide "Repo": its constructor takes dependencies');
      expect(hint).toBe(`write ${kind}(Repo, [dependencies])`);
    }
    expect(said(() => make(unchecked(provider)(Repo))).hint).toContain("[dependencies]");
  });

  it("may have an empty list, because they may be optional; those with a default do not count", () => {
    class Clock {
      zone: string;
      constructor(zone = "UTC") {
        this.zone = zone;
      }
    }

    expect(createContainer(singleton(Clock)).get(Clock).zone).toBe("UTC");
    expect(uncheckedContainer(unchecked(singleton)(Repo, [])).get(Repo)).toBeInstanceOf(Repo);
    expect(createContainer(transient(Date)).get(Date)).toBeInstanceOf(Date);
  });
});

describe("what nests", () => {
  function nested(depth: number, around: (inner: unknown) => unknown, inner: unknown): unknown {
    let it = inner;
    for (let at = 0; at < depth; at++) it = around(it);
    return it;
  }

  it("without end is refused, and never fills the stack", () => {
    const list: unknown[] = [A];
    list.push(list);
    const record: Record<string, unknown> = {};
    record["self"] = record;

    for (const endless of [
      list,
      record,
      nested(10_000, (it) => [it], A),
      nested(10_000, (it) => ({ it }), A),
    ]) {
      expect(said(() => unchecked(singleton)(B, [endless], () => 1)).message).toContain("without end");
      expect(said(() => createContainer().get(endless as never)).message).toContain("without end");
    }
    for (const around of [optional, defer, (it: unknown) => unchecked(map)(it, () => 1)])
      expect(said(() => nested(10_000, unchecked(around), A)).message).toContain("without end");
  });

  it("as deep as somebody may write it works", () => {
    const app: Scope = createContainer(value(A, 1));

    expect(app.get(nested(50, (it) => [it], A) as never)).toEqual(nested(50, (it) => [it], 1));
    expect(app.get(nested(50, unchecked(optional), A) as never)).toBe(1);
  });

  it("as a group of providers may be of any depth, but not contain itself", () => {
    const group: unknown[] = [value(A, 1)];
    group.push([group]);

    expect(uncheckedContainer(nested(20_000, (it) => [it], value(A, "deep"))).get(A)).toBe("deep");
    const { message, hint } = said(() => uncheckedContainer(group));
    expect(message).toContain("providers[0][1][0]");
    expect(hint).toBe("it contains itself");
  });

  it("twice in one list is no circle", () => {
    const group = [value(A, 1)];

    expect(uncheckedContainer([group, group], group).get(A)).toBe(1);
  });
});

describe("a promise or thenable as a value", () => {
  it("is refused when it is a promise of another realm, from which nothing is read", () => {
    class Foreign {
      // oxlint-disable-next-line unicorn/no-thenable -- that it is one is the point
      then(): void {}
      get [Symbol.toStringTag](): string {
        return "Promise";
      }
    }

    expect(said(() => value(A, new Foreign())).message).toContain("its value is a promise");
    expect(said(() => value(A, Promise.resolve(1))).message).toContain("its value is a promise");
  });

  it("is called what it is", () => {
    expect(
      said(() =>
        value(
          A,
          thenable(() => {}),
        ),
      ).message,
    ).toBe('Cannot provide "a": its value is a thenable');
  });
});

describe("something else in a list of providers", () => {
  it("is named with its place", () => {
    const good = value(A, 1);

    expect(said(() => uncheckedContainer(good, good, null)).message).toContain("providers[2] is null");
    expect(said(() => uncheckedContainer("name", good, [[], false])).message).toContain(
      "providers[1][1] is of type boolean",
    );
    expect(said(() => createContainer().provide(undefined as never)).message).toContain("[0] is undefined");
  });

  it("gets a hint about files that import each other only when it is undefined", () => {
    expect(said(() => uncheckedContainer([undefined])).hint).toContain("import each other");
    for (const it of [null, false, 0, "", {}])
      expect(said(() => uncheckedContainer([it])).hint).toContain("singleton");
    expect(said(() => uncheckedContainer([undefined])).hint).not.toContain("ref(");
  });
});

describe("the hint of NOT_PROVIDED", () => {
  const hintOf = (act: () => unknown): string => refusal(act).hint;

  it("does not advise `optional` for an override of nothing", () => {
    expect(hintOf(() => (createContainer() as Scope).override(value(A, 1)))).not.toContain("optional");
  });

  it("says that a module was loaded twice when the other token was declared alike", () => {
    const app: Scope = createContainer(
      value(token("a"), 1),
      value(
        class Db {
          other = 1;
        },
        { other: 1 },
      ),
    );

    expect(hintOf(() => app.get(A))).toContain("this module was loaded twice");
    expect(hintOf(() => app.get(Db))).toContain("this module was loaded twice");
    expect(hintOf(() => app.get(token("Db")))).not.toContain("twice");
  });

  it("says what to do where only a scope below has it", () => {
    const Cache = token<number>("cache");
    const app = createContainer() as Scope;
    app.provide(singleton(Cache, [A], (a) => Number(a)));
    const request = app.createScope("request", value(A, 1));

    expect(hintOf(() => request.get(Cache))).toBe(
      '"request#1" provides it, "root#0" cannot see that: make what needs it scoped',
    );
  });
});

describe("`static displayName` of a class", () => {
  class Minified {
    static readonly displayName: unknown = "Mailer";
  }
  class Below extends Minified {}
  class Odd {
    static readonly displayName: unknown = 5;
  }

  it("is its name in messages, and not that of its subclasses", () => {
    const app: Scope = createContainer();

    expect(refusal(() => app.get(Minified)).path).toEqual([{ token: "Mailer", scope: "root" }]);
    expect(refusal(() => app.get(Below)).path).toEqual([{ token: "Below", scope: "root" }]);
    expect(refusal(() => app.get(Odd)).path).toEqual([{ token: "Odd", scope: "root" }]);
  });

  it("is its name in reports", async () => {
    const app = createContainer(singleton(Minified, { dispose() {} }));
    app.get(Minified);

    expect((await app.shutdown()).services).toMatchObject([{ token: "Mailer" }]);
  });
});

describe("a wrong option", () => {
  const options = (given: object) => () => unchecked(transient)(A, () => 1, given);

  it("of a transient gets the advice to make it scoped only where that helps", () => {
    for (const given of [{ dispose() {} }, { stop() {} }, { start() {} }, { health() {} }, { eager: true }])
      expect(said(options(given)).hint).toContain("make it scoped");
    for (const given of [
      { tags: [5] },
      { after: B },
      { order: NaN },
      { in: "x" },
      { owned: true },
      { as: [0] },
    ])
      expect(said(options(given)).hint).not.toContain("scoped,");
    for (const given of [{ tags: [5] }, { order: NaN }, { stop: 5 }])
      expect(said(options(given)).hint).not.toContain("make it scoped");
  });

  it("is told what it takes", () => {
    expect(said(options({ tags: [5] })).hint).toBe("it takes a list of strings");
    expect(said(options({ after: B })).hint).toBe("it takes a list of dependencies");
    expect(said(options({ as: B })).hint).toBe("it takes a list of tokens");
    expect(said(options({ order: NaN })).message).toContain('its option "order" is NaN');
    expect(said(options({ default: 1 })).hint).toBe("it takes a boolean");
    expect(said(options({ init: 1 })).hint).toBe("it takes a function");
  });

  it("of another kind of provider is called none of this kind", () => {
    expect(said(options({ dispose() {} }))).toEqual({
      message: 'Cannot provide "a": it has no option "dispose"',
      hint: "a transient is not kept: make it scoped",
    });
    expect(said(options({ in: "request" }))).toEqual({
      message: 'Cannot provide "a": it has no option "in"',
      hint: "another kind of provider has it",
    });
  });

  it("may be due to files that import each other", () => {
    const { hint } = said(options({ as: [A, undefined] }));

    expect(hint).toContain("import each other");
    expect(hint).not.toContain("ref(");
    expect(said(options({ after: [undefined] })).message).toBe(
      'Cannot provide "a": its option "after"[0] is undefined',
    );
  });

  it("`in`, which names a scope above, is said in plain words", () => {
    const app: Scope = createContainer("app");
    const below = app.createScope(
      "request",
      scoped(A, () => 1, { in: "app" }),
    );

    expect(said(() => below.get(A)).message).toContain("names a scope above the one that registers it");
  });
});

describe("the message about", () => {
  it("a provider in the place of a dependency", () => {
    const it = value(A, 1);

    expect(said(() => createContainer().get(it as never))).toMatchObject({
      message: "Cannot go on: what is resolved is a provider",
      hint: "resolve its token",
    });
  });

  it("a token without a factory", () => {
    expect(said(() => unchecked(singleton)(A)).message).toBe('Cannot provide "a": it has no factory');
    expect(said(() => unchecked(singleton)(A, [B])).message).toBe('Cannot provide "a": it has no factory');
  });

  it("dependencies in the wrong place, or without brackets", () => {
    for (const args of [
      [A, (x: unknown) => x, [B]],
      [A, optional(B), (x: unknown) => x],
      [A, B, (x: unknown) => x],
    ])
      expect(said(() => unchecked(singleton)(...args)).hint).toContain(
        "dependencies are a list before the factory",
      );
  });

  it("a decorator that is a class, or whose dependencies are no list", () => {
    expect(said(() => unchecked(decorate)(value(A, 1), { b: B }, () => 1)).hint).toContain("[dependencies]");
    expect(said(() => unchecked(decorate)(value(A, 1), [], Db)).message).toBe(
      'Cannot provide "a": its decorator is a class',
    );
  });
});

describe("has", () => {
  it("looks for the dependencies of a scoped service from the scope that it would live in", () => {
    const app: Scope = createContainer(scoped(A, [B], (b) => b, { in: "request" }) as never);
    const request = app.createScope("request");
    const below = request.createScope("step", value(B, 1));

    expect([app.has(A), request.has(A), below.has(A)]).toEqual([false, false, false]);
    expect(refusal(() => below.get(A)).code).toBe("NOT_PROVIDED");
    request.provide(value(B, 2));
    expect([app.has(A), below.has(A), below.get(A)]).toEqual([false, true, 2]);
  });
});

describe("a decorated value", () => {
  it("is kept, and so may not hold something scoped", () => {
    const app: Scope = uncheckedContainer(
      scoped(B, () => 1),
      decorate(value(A, 1), [B], (a) => a),
      alias(token("other"), A),
    );

    expect(refusal(() => app.get(A))).toMatchObject({ code: "CAPTIVE_DEPENDENCY" });
    expect(refusal(() => app.createScope().get(A)).message).toContain('the value "a" would keep');
  });
});

describe("override with a fallback", () => {
  it("replaces like any other provider, because what replaces does not give way", () => {
    const app: Scope = createContainer(value(A, "real"));

    expect(
      app
        .createScope()
        .override(fallback(value(A, "fb")))
        .get(A),
    ).toBe("fb");
  });
});
