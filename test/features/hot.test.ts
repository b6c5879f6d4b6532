/** `hot` of `thimble/reload`, with versions of a module that are written down one after the other. */

import { all, createContainer, fallback, singleton, token, value, type Scope } from "thimble";
import { createApp } from "thimble/lifecycle";
import { observe } from "thimble/observe";
import { hot } from "thimble/reload";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { catchReports } from "../core/support/report-error.ts";

let log: string[] = [];
let reports: unknown[] = [];
beforeEach(() => {
  log = [];
  reports = catchReports();
});

/** What a module makes each time it is evaluated: a class of its own, and a provider of it. */
function version(text: string) {
  class Greeter {
    readonly text = text;
  }
  return { Greeter, provider: singleton(Greeter, { dispose: () => void log.push(`disposed ${text}`) }) };
}

class User {
  readonly greeter: { readonly text: string };
  constructor(greeter: { readonly text: string }) {
    this.greeter = greeter;
  }
}

describe("hot", () => {
  it("replaces the services of an edited module, and the old class gives the new service", async () => {
    const data = {};
    const first = version("one");
    const app: Scope = createContainer(first.provider, singleton(User, [first.Greeter]));
    const child = app.createScope("child");
    const accept = hot(data, app, first.provider);
    expect(child.get(User).greeter.text).toBe("one");

    const second = version("two");
    hot(data, app, second.provider);
    accept({});
    expect(log).toEqual(["disposed one"]);
    expect(child.get(User).greeter.text).toBe("two");
    expect(app.get(second.Greeter)).toBe(app.get(first.Greeter));

    const third = version("three");
    hot(data, app, third.provider);
    expect(log).toEqual(["disposed one", "disposed two"]);
    const tokens = [first.Greeter, second.Greeter, third.Greeter];
    expect(tokens.map((it) => app.get(it).text)).toEqual(["three", "three", "three"]);
    expect(new Set(tokens.map((it) => app.get(it))).size).toBe(1);
    expect(reports).toEqual([]);
    await app.shutdown();
    expect(log).toEqual(["disposed one", "disposed two", "disposed three"]);
  });

  it("reports a new version whose scope is another one, and nothing while the new version throws", () => {
    const data = {};
    const first = version("one");
    const app: Scope = createContainer(first.provider);
    const accept = hot(data, app, first.provider);

    accept(undefined);
    expect(reports).toEqual([]);

    const second = version("two");
    hot(data, createContainer(second.provider), second.provider);
    accept({});
    expect(reports.map(String)).toEqual([
      expect.stringMatching(/its new version has another scope.*\n.*must not import the edited one/),
    ]);
    expect(app.get(first.Greeter).text).toBe("one");
  });

  it("keeps tokens that live in a file of their own", () => {
    const data = {};
    const Name = token<string>("name");
    const scope = () => app;
    const list = (text: string) => [singleton(Name, () => text), [value(User, new User({ text }))]];
    const first = list("one");
    hot(data, scope, first);
    const app: Scope = createContainer(first);
    expect(app.get(Name)).toBe("one");
    for (const text of ["two", "three"]) {
      hot(data, scope, list(text));
      expect([app.get(Name), app.get(User).greeter.text]).toEqual([text, text]);
    }
  });

  it("pairs by name, then by position; withdraws what is gone and adds what is new", () => {
    const data = {};
    const make = (name: string, text: string) => {
      const it = token<string>(name);
      return { it, provider: singleton(it, () => text) };
    };
    const [a, b, c] = [make("a", "a1"), make("b", "b1"), make("c", "c1")];
    const before = [a.provider, b.provider, c.provider] as const;
    const app: Scope = createContainer(before);
    hot(data, app, before);
    const [b2, x, d] = [make("b", "b2"), make("x", "x2"), make("d", "d2")];

    // `b` has moved to the front; `x` stands where `b` stood, which is taken; `d` stands where `c` stood.
    hot(data, app, [b2.provider, x.provider, d.provider]);

    expect(app.get(b.it)).toBe("b2");
    expect(app.get(c.it)).toBe("d2");
    expect([app.has(a.it), app.get(x.it)]).toEqual([false, "x2"]);
    hot(data, app, [b2.provider]);
    expect([app.has(c.it), app.has(d.it), app.has(x.it), app.get(b.it)]).toEqual([false, false, false, "b2"]);
  });

  it("allows the module to provide the same providers afterwards", () => {
    const data = {};
    const app: Scope = createContainer();
    const evaluate = (text: string) => {
      const it = version(text);
      hot(data, app, it.provider);
      app.provide(it.provider);
      return it.Greeter;
    };
    const First = evaluate("one");
    app.get(First);
    evaluate("two");
    expect(app.get(First).text).toBe("two");
    expect(reports).toEqual([]);
  });

  it("builds and starts again what had been started", async () => {
    const data = {};
    const make = (text: string) => {
      class Server {}
      return singleton(Server, [], () => new Server(), {
        start: () => void log.push(`start ${text}`),
        stop: () => void log.push(`stop ${text}`),
      });
    };
    const first = make("one");
    const container: Scope = createContainer(first);
    hot(data, container, first);
    const app = createApp(container);
    await app.start();
    hot(data, container, make("two"));
    await new Promise((resolve) => setTimeout(resolve));
    expect(log).toEqual(["start one", "stop one", "start two"]);
    await app.stop();
    expect(log).toEqual(["start one", "stop one", "start two", "stop two"]);
  });

  it("keeps one service in a list, however many versions there were", () => {
    const Base = class {};
    const make = (text: string) =>
      singleton(
        class Plugin extends Base {
          readonly text = text;
        },
      );
    const data = {};
    const first = make("1");
    const app: Scope = createContainer(first);
    hot(data, app, first);
    for (const it of ["2", "3", "4"]) hot(data, app, make(it));
    expect(app.get(all(Base))).toHaveLength(1);
  });

  it("reports an old service that cannot be disposed, and goes on without one that never is", async () => {
    const { setTimeout } = globalThis;
    onTestFinished(() => void Object.assign(globalThis, { setTimeout }));
    const patience: number[] = [];
    Object.assign(globalThis, {
      setTimeout: (fn: () => void, ms: number) => (patience.push(ms), setTimeout(fn, 0)),
    });
    const data = {};
    const It = token<string>("it");
    const Failing = token<string>("failing");
    const make = (text: string, dispose: () => unknown) => [
      singleton(It, () => text, { dispose: () => new Promise(() => {}) }),
      singleton(Failing, () => text, { dispose }),
    ];
    const first = make("one", () => Promise.reject(new RangeError("failing")));
    const app: Scope = createContainer(first);
    hot(data, app, first);
    app.get([It, Failing]);
    hot(
      data,
      app,
      make("two", () => {}),
    );
    expect(await app.getAsync([It, Failing])).toEqual(["two", "two"]);
    await new Promise((resolve) => setTimeout(resolve));
    expect(patience).toEqual([10_000]);
    expect(reports.map(String)).toEqual([
      "RangeError: failing",
      'Error: "it" was edited, and the old one has not ended within 10000 ms',
    ]);
  });

  it("is refused, with everything as it was, when another module provides one of the services", async () => {
    const data = {};
    const [Mine, Theirs] = [token<string>("mine"), token<string>("theirs")];
    const first = [singleton(Mine, () => "one")];
    const app: Scope = createContainer(first, value(Theirs, "theirs"));
    const accept = hot(data, app, first);
    expect(app.get(Mine)).toBe("one");
    hot(data, app, [singleton(Mine, () => "two"), value(Theirs, "mine")]);
    hot(data, app, [singleton(Mine, () => "two"), singleton(Mine, () => "again")]);
    accept({});
    expect(app.get([Mine, Theirs])).toEqual(["one", "theirs"]);
    hot(data, app, [singleton(Mine, () => "three")]);
    expect(app.get([Mine, Theirs])).toEqual(["three", "theirs"]);
    await new Promise((resolve) => setTimeout(resolve));
    expect(reports.map((it) => (it as Error).name)).toEqual(["DuplicateError", "DuplicateError"]);
  });

  it("leaves a fallback what it is, and makes one of a provider, or a provider of it", () => {
    const data = {};
    const It = token<string>("it");
    const versions = ["one", "two", "three", "four", "five"].map((text, at) => {
      const it = singleton(It, () => text);
      return at === 3 ? it : fallback(it);
    });
    const app: Scope = createContainer(versions[0]!);
    versions.forEach((it, at) => {
      hot(data, app, it);
      app.provide(it);
      expect(app.get(It)).toBe(["one", "two", "three", "four", "five"][at]);
    });
    app.provide(value(It, "real"));
    expect(app.get(It)).toBe("real");
  });

  it("throws nowhere, and reports what goes wrong", async () => {
    const data = {};
    const app: Scope = createContainer();
    expect(hot(undefined, app, [])).toBeTypeOf("function");
    expect(hot(data, app, "no" as never)).toBeTypeOf("function");
    hot(data, app, []);
    hot(data, () => {
      throw new Error("no scope");
    }, []);
    hot(data, () => {
      throw new Error("no scope");
    }, []);
    expect(reports.map((it) => (it as Error).name)).toEqual(["TypeError", "InvalidProviderError", "Error"]);

    const seen: unknown[] = [];
    observe(app, { unhandled: ({ error }) => void seen.push(error) });
    const Broken = token<string>("broken");
    const make = (isBroken: boolean) =>
      singleton(
        Broken,
        [],
        () => {
          if (isBroken) throw new Error("broken");
          return "whole";
        },
        { eager: true },
      );
    hot(data, app, make(false));
    expect(app.get(Broken)).toBe("whole");
    hot(data, app, make(true));
    await new Promise((resolve) => setTimeout(resolve));
    expect(seen.map(String)).toEqual(["Error: broken"]);
    hot(data, app, make(false));
    expect(app.get(Broken)).toBe("whole");
    await app.shutdown();
    hot(data, app, make(false));
    expect(seen).toHaveLength(1);
  });
});
