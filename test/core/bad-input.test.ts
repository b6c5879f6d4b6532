/**
 * What is not a provider, not a dependency, not a factory: each is refused by code, at the latest when it is
 * registered or asked for, and leaves everything as it was.
 */

import { alias, createContainer, ref, scoped, singleton, token, transient, value, type Scope } from "thimble";
import { beforeEach, describe, expect, it } from "vitest";
import { kinds } from "./support/kinds.ts";
import { laterRefusal, refusal, rejected } from "./support/refusal.ts";
import { unchecked } from "./support/unchecked.ts";

// Bad input is what the types are there to refuse; the casts of this file are all of this kind.
const bad = <T>(it: unknown): T => it as T;

const Host = token<string>("host");
const Fine = token<string>("fine");

class SmtpMailer {}

const notProviders: readonly (readonly [string, unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["a number", 42],
  ["a string", "host"],
  ["true", true],
  ["a symbol", Symbol("host")],
  ["an object", {}],
  ["an object that looks like one", { kind: "singleton", token: Fine }],
  ["a token", Host],
  ["a class", SmtpMailer],
  ["a function", () => value(Host, "here")],
  ["a promise of one", Promise.resolve(value(Host, "here"))],
  ["a set of them", new Set([value(Host, "here")])],
];

const notDependencies: readonly (readonly [string, unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["a number", 42],
  ["a string", "host"],
  ["a symbol", Symbol("host")],
  ["a provider's arrow function", () => "here"],
  ["a date", new Date(0)],
  ["a map", new Map([["host", Host]])],
  ["an instance of a class", new SmtpMailer()],
  ["an object that inherits its keys", Object.create({ host: Host })],
  ["a record with undefined in it", { host: undefined }],
  ["a record with a number in it", { port: 80 }],
];

let app: Scope;

beforeEach(() => {
  app = createContainer(value(Fine, "fine"));
});

/** The scope is as it was: open, without `host`, without children, and at work. */
function expectNothingChanged(): void {
  expect([app.state, app.has(Host), [...app.children].length, app.get(Fine)]).toEqual([
    "open",
    false,
    0,
    "fine",
  ]);
  app.provide(value(Host, "here"));
  expect(app.get(Host)).toBe("here");
}

describe.each(notProviders)("%s in place of a provider", (_, wrong) => {
  it("is refused by createContainer", () => {
    expect(refusal(() => createContainer("root", bad<never>(wrong))).code).toBe("INVALID_PROVIDER");
  });

  it("is refused by provide, and nothing of the list is registered", () => {
    expect(refusal(() => app.provide(value(Host, "here"), bad<never>(wrong))).code).toBe("INVALID_PROVIDER");
    expectNothingChanged();
  });

  it("is refused by provide inside a group", () => {
    expect(refusal(() => app.provide([value(Host, "here"), [bad<never>(wrong)]])).code).toBe(
      "INVALID_PROVIDER",
    );
    expectNothingChanged();
  });

  it("is refused by override, and nothing of the list is replaced", () => {
    expect(refusal(() => app.override(value(Fine, "mock"), bad<never>(wrong))).code).toBe("INVALID_PROVIDER");
    expectNothingChanged();
  });

  it("is refused by createScope, and no scope is left behind", () => {
    expect(refusal(() => app.createScope("request", value(Host, "here"), bad<never>(wrong))).code).toBe(
      "INVALID_PROVIDER",
    );
    expectNothingChanged();
  });
});

describe("the hint about something undefined in a list of providers", () => {
  it("says that two files may import each other", () => {
    expect(refusal(() => app.provide(bad<never>(undefined))).hint).toMatch(/import/);
  });
});

describe.each(notDependencies)("%s in place of a dependency", (_, wrong) => {
  it.each(kinds("singleton", "scoped", "transient"))("is refused by %s", (_kind, provider) => {
    const inTuple = () => app.provide(provider(Host, [Fine, bad<typeof Fine>(wrong)], (fine) => fine));
    const inRecord = () =>
      app.provide(provider(Host, { fine: Fine, more: bad<typeof Fine>(wrong) }, ({ fine }) => fine));
    const ofClass = () =>
      app.provide(provider(bad<new (it: string) => object>(SmtpMailer), [bad<typeof Fine>(wrong)]));

    for (const act of [inTuple, inRecord, ofClass]) expect(refusal(act).code).toBe("INVALID_PROVIDER");
    expect(app.has(SmtpMailer)).toBe(false);
    expectNothingChanged();
  });

  it("is refused by alias", () => {
    expect(refusal(() => app.provide(alias(Host, bad<typeof Fine>(wrong)))).code).toBe("INVALID_PROVIDER");
    expectNothingChanged();
  });

  it("is refused when it is asked for, alone or in a list", async () => {
    for (const dependency of [wrong, [Fine, wrong], { fine: Fine, more: wrong }]) {
      expect(refusal(() => app.get(bad<never>(dependency))).code).toBe("INVALID_PROVIDER");
      expect((await laterRefusal(app.getAsync(bad<never>(dependency)))).code).toBe("INVALID_PROVIDER");
    }
    expectNothingChanged();
  });

  it("is refused by run and runAsync, which do not call the function", async () => {
    let called = false;
    const fn = () => {
      called = true;
    };

    expect(refusal(() => app.run([Fine, bad<typeof Fine>(wrong)], fn)).code).toBe("INVALID_PROVIDER");
    expect((await laterRefusal(app.runAsync([Fine, bad<typeof Fine>(wrong)], fn))).code).toBe(
      "INVALID_PROVIDER",
    );
    expect(called).toBe(false);
  });

  it("is refused when a ref leads to it", () => {
    const nowhere = ref(() => bad<typeof Fine>(wrong));

    expect(refusal(() => app.get(nowhere)).code).toBe("INVALID_PROVIDER");
    expectNothingChanged();
  });
});

describe("the hint about an undefined dependency", () => {
  it("says that two files may import each other, and names `ref`", () => {
    const { hint } = refusal(() => app.provide(singleton(Host, [bad<typeof Fine>(undefined)], (it) => it)));

    expect(hint).toMatch(/import/);
    expect(hint).toContain("ref(");
  });

  it("says so for one in a record, for the target of an alias, and for one that is asked for", () => {
    const missing = bad<typeof Fine>(undefined);

    expect(refusal(() => app.provide(singleton(Host, { fine: missing }, ({ fine }) => fine))).hint).toMatch(
      /import/,
    );
    expect(refusal(() => app.provide(alias(Host, missing))).hint).toMatch(/import/);
    expect(refusal(() => app.get(missing)).hint).toMatch(/import/);
  });

  it("says which service it was for and where in its list", () => {
    const error = refusal(() =>
      app.provide(singleton(Host, [Fine, bad<typeof Fine>(undefined)], (it) => it)),
    );

    expect(error.message).toContain('"host"');
    expect(error.message).toContain("1");
  });
});

describe("something else in place of a token", () => {
  it.each([
    ["undefined", undefined],
    ["null", null],
    ["a string", "host"],
    ["an arrow function", () => "here"],
    ["an object", {}],
  ])("is refused: %s", (_, wrong) => {
    const Bad = bad<typeof Host>(wrong);
    for (const act of [
      () => app.provide(value(Bad, "here")),
      () => app.provide(singleton(Bad, () => "here")),
      () => app.provide(scoped(Bad, [Fine], (fine) => fine)),
      () => app.provide(transient(Bad, () => "here")),
      () => app.provide(alias(Bad, Fine)),
    ]) {
      expect(refusal(act).code).toBe("INVALID_PROVIDER");
    }
    expectNothingChanged();
  });
});

describe("something else in place of a token in `as`", () => {
  it.each([
    ["undefined", undefined],
    ["a string", "host"],
  ])("is refused: %s", (_, wrong) => {
    const as = [bad<typeof Host>(wrong)];

    expect(refusal(() => app.provide(value(Host, "here", { as }))).code).toBe("INVALID_PROVIDER");
    expectNothingChanged();
  });
});

describe("a timeout that is no time", () => {
  it.each([-1, Number.NaN, 10n, null, "", true])(
    "is a TypeError: %s, and the scope stays open",
    (timeout) => {
      expect(() => void app.shutdown({ timeout: timeout as number })).toThrow(TypeError);
      expectNothingChanged();
    },
  );
});

describe("something else in place of a factory", () => {
  it.each([
    ["undefined", undefined],
    ["null", null],
    ["a string", "here"],
    ["an instance", { send() {} }],
  ])("is refused: %s", (_, wrong) => {
    expect(refusal(() => app.provide(singleton(Host, [Fine], bad<() => string>(wrong)))).code).toBe(
      "INVALID_PROVIDER",
    );
    expect(refusal(() => app.provide(singleton(Host, bad<() => string>(wrong)))).code).toBe(
      "INVALID_PROVIDER",
    );
    expectNothingChanged();
  });

  it("is refused when it is forgotten altogether", () => {
    const forgetful =
      bad<(token: unknown, dependencies?: unknown) => ReturnType<typeof transient>>(singleton);

    expect(refusal(() => app.provide(forgetful(Host))).code).toBe("INVALID_PROVIDER");
    expect(refusal(() => app.provide(forgetful(Host, [Fine]))).code).toBe("INVALID_PROVIDER");
    expect(refusal(() => app.provide(forgetful(Host, { fine: Fine }))).code).toBe("INVALID_PROVIDER");
    expectNothingChanged();
  });
});

describe("a refused ask", () => {
  it("leaves no build behind that shutdown would wait for", async () => {
    refusal(() => app.get(bad<never>([Fine, undefined])));
    await laterRefusal(app.getAsync(bad<never>([Fine, undefined])));

    expect(await app.shutdown()).toMatchObject({ ok: true, services: [] });
  });
});

describe("options of a call", () => {
  it.each<[string, unknown, string]>([
    [
      "that do not exist",
      { timout: 5 },
      'shutdown: no option is named "timout": there is timeout, signal, reason',
    ],
    ["that are a signal", new AbortController().signal, "shutdown: its options are an object"],
    ["that are a number", 5_000, "shutdown: its options are an object"],
    ["that are null", null, "shutdown: its options are an object"],
    ["that are a list", ["timeout"], 'shutdown: no option is named "0"'],
    ["with a timeout that is text", { timeout: "5s" }, "timeout is a number of milliseconds"],
    ["with something else for a signal", { signal: "SIGTERM" }, "signal is an AbortSignal"],
    ["with nothing for a signal", { signal: null }, "signal is an AbortSignal"],
  ])("of shutdown %s: refused at once", (_, options, message) => {
    expect(() => app.shutdown(bad(options))).toThrow(TypeError);
    expect(() => app.shutdown(bad(options))).toThrow(message);
    expectNothingChanged();
  });

  it.each<[string, unknown, string]>([
    ["that do not exist", { timeout: 5 }, 'getAsync: no option is named "timeout": there is signal'],
    [
      "that are a signal",
      new AbortController().signal,
      "getAsync: its options are an object: there is signal",
    ],
    ["with something else for a signal", { signal: {} }, "signal is an AbortSignal"],
  ])("of getAsync %s: refused before anything is built", async (_, options, message) => {
    let built = 0;
    app.provide(singleton(Host, () => `${++built}`));

    const error = await rejected(app.getAsync(Host, bad(options)));

    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toBe(message);
    expect(built).toBe(0);
  });

  it("count as not given when they are undefined", async () => {
    expect(await app.getAsync(Fine, bad({ signal: undefined, other: undefined }))).toBe("fine");
    expect(await app.shutdown(bad({ timeout: undefined, other: undefined }))).toMatchObject({ ok: true });
  });
});

describe("a list of providers", () => {
  class Db {}

  it.each([
    ["a class", Db, "write singleton(Db, …)"],
    ["a token", token<string>("url"), "write singleton(url, …)"],
    ["a promise of a group", Promise.resolve([singleton(Db)]), "await it"],
  ])("says of %s what to write", (_, it, hint) => {
    expect(refusal(() => unchecked(createContainer)(value(token("a"), 1), it))).toMatchObject({
      code: "INVALID_PROVIDER",
      message: expect.stringContaining("providers[1]"),
      hint,
    });
  });
});

describe("an option that does not exist", () => {
  it("is named as that, and not by its type", () => {
    class Db {}
    expect(refusal(() => unchecked(singleton)(Db, [], { onDispose() {} }))).toMatchObject({
      message: expect.stringContaining('it has no option "onDispose"'),
      hint: 'did you mean "dispose"?',
    });
  });
});
