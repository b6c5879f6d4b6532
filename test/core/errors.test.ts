/**
 * Errors as the developer reads them. The whole sentences are here, for the four that are met most, and nowhere else
 * in the suite: everywhere else an error is known by its code and its path.
 */

import {
  alias,
  ContainerError,
  createContainer,
  fallback,
  isContainerError,
  one,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { asyncDispose } from "./support/disposal.ts";
import { laterRefusal, refusal, route } from "./support/refusal.ts";
import { uncheckedContainer } from "./support/unchecked.ts";

const App = token<unknown>("app");
const Mailer = token<unknown>("mailer");
const Smtp = token<unknown>("smtp");

/** `app` needs `mailer` needs `smtp`. */
const chain = [singleton(App, [Mailer], (it) => it), singleton(Mailer, [Smtp], (it) => it)] as const;

describe("the sentence of an error", () => {
  it("says what is not provided", () => {
    const error = refusal(() => uncheckedContainer(chain).get(App));

    expect(error.message).toBe(
      [
        'Cannot resolve "app": nothing provides "smtp"',
        "  path: app > mailer > smtp",
        "  hint: provide it here or above, or resolve it with optional() [NOT_PROVIDED]",
      ].join("\n"),
    );
  });

  it("says what goes round in a circle", () => {
    const error = refusal(() =>
      createContainer(
        chain,
        singleton(Smtp, [App], (it) => it),
      ).get(App),
    );

    expect(error.message).toBe(
      [
        'Cannot resolve "app": "app" depends on itself',
        "  path: app > mailer > smtp > app",
        "  hint: resolve one of them with defer(), or move what both need to a third [CIRCULAR_DEPENDENCY]",
      ].join("\n"),
    );
  });

  it("says what would be captured", () => {
    const error = refusal(() =>
      uncheckedContainer(
        chain,
        scoped(Smtp, () => "smtp"),
      ).get(App),
    );

    expect(error.message).toBe(
      [
        'Cannot resolve "app": the singleton "mailer" would keep the scoped "smtp"',
        "  path: app > mailer > smtp",
        '  hint: make "mailer" scoped, or pass it what it needs [CAPTIVE_DEPENDENCY]',
      ].join("\n"),
    );
  });

  it("says what cannot be had at once", async () => {
    const app = createContainer(
      chain,
      singleton(Smtp, async () => "smtp"),
    );
    const error = refusal(() => app.get(App));

    expect(error.message).toBe(
      [
        'Cannot resolve "app": "smtp" is still being built',
        "  path: app > mailer > smtp",
        "  hint: resolve it with getAsync() [ASYNC_PROVIDER]",
      ].join("\n"),
    );
    await app.getAsync(App);
  });
});

/** One way to each error of the core. */
const every: Record<string, readonly [name: string, provoke: () => unknown]> = {
  NOT_PROVIDED: ["NotProvidedError", () => uncheckedContainer(chain).get(App)],
  DUPLICATE: ["DuplicateError", () => createContainer(value(Smtp, 1), value(Smtp, 2))],
  INVALID_PROVIDER: ["InvalidProviderError", () => uncheckedContainer(null)],
  CIRCULAR_DEPENDENCY: [
    "CircularDependencyError",
    () => createContainer(alias(Smtp, Smtp)).get(Smtp as never),
  ],
  CAPTIVE_DEPENDENCY: [
    "CaptiveDependencyError",
    () =>
      uncheckedContainer(
        chain,
        scoped(Smtp, () => "smtp"),
      ).get(App),
  ],
  AMBIGUOUS: [
    "AmbiguousError",
    () => createContainer(value(Smtp, 1, { as: [Mailer] }), value(App, 2, { as: [Mailer] })).get(one(Mailer)),
  ],
  ASYNC_PROVIDER: [
    "AsyncProviderError",
    () => createContainer(singleton(Smtp, async () => "smtp")).get(Smtp),
  ],
  SCOPE_CLOSED: [
    "ScopeClosedError",
    async () => {
      const app = createContainer(value(Smtp, "smtp"));
      await app.shutdown();
      app.get(Smtp);
    },
  ],
  SCOPE_NOT_FOUND: [
    "ScopeNotFoundError",
    () => (createContainer(scoped(Smtp, () => "smtp", { in: "request" })) as Scope).get(Smtp),
  ],
  SHUTDOWN_FAILED: [
    "ShutdownError",
    () => {
      const app = createContainer(
        value(Smtp, "smtp", { dispose: () => Promise.reject(new Error("cannot close")) }),
      );
      return (app as unknown as Record<symbol, () => Promise<void>>)[asyncDispose]!();
    },
  ],
};

describe.each(Object.entries(every))("%s", (code, [name, provoke]) => {
  const provoked = () => laterRefusal(new Promise((resolve) => resolve(provoke())));

  it("is an error with that code and a name to match", async () => {
    const error = await provoked();

    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(ContainerError);
    expect({ code: error.code, name: error.name }).toEqual({ code, name });
  });

  it("says what could not be done, how to get out, and which error it is", async () => {
    const { message, hint } = await provoked();

    expect(message).toMatch(/^Cannot /);
    expect(hint.length).toBeGreaterThan(0);
    expect(message.endsWith(`\n  hint: ${hint} [${code}]`)).toBe(true);
    expect(message.split("\n")[0]).not.toMatch(/[.!]$/);
  });

  it("shows its path where it has one", async () => {
    const { message, path } = await provoked();

    const shown = message.split("\n").find((line) => line.startsWith("  path: "));

    expect(shown).toBe(path.length > 0 ? `  path: ${route(path)}` : undefined);
  });

  it("is known by its code to isContainerError", async () => {
    const error = await provoked();

    expect(isContainerError(error)).toBe(true);
    expect(isContainerError(error, code as never)).toBe(true);
    expect(isContainerError(error, (code === "DUPLICATE" ? "AMBIGUOUS" : "DUPLICATE") as never)).toBe(false);
  });

  it("has a stack that begins with its name", async () => {
    const { name: printed, stack } = await provoked();

    // Only V8 and JavaScriptCore put it there at all, and none of them may show a plain "Error:".
    expect(stack ?? "").not.toMatch(/^Error:/);
    expect(String(await provoked())).toMatch(new RegExp(`^${printed}: Cannot `));
  });
});

describe("isContainerError", () => {
  it.each([
    ["undefined", undefined],
    ["null", null],
    ["a string", "NOT_PROVIDED"],
    ["a number", 0],
    ["an Error", new Error("Cannot resolve")],
    [
      "an Error with such a code",
      Object.assign(new Error("Cannot resolve"), { code: "NOT_PROVIDED", path: [], hint: "" }),
    ],
    ["an object with such a code", { code: "NOT_PROVIDED", path: [], hint: "" }],
    ["a function", () => {}],
  ])("says no to %s", (_, it) => {
    expect(isContainerError(it)).toBe(false);
    expect(isContainerError(it, "NOT_PROVIDED")).toBe(false);
  });
});

describe("the path of an error", () => {
  it("is plain data: the names of tokens and of the scopes they were asked from", () => {
    class Users {
      readonly smtp: unknown;
      constructor(smtp: unknown) {
        this.smtp = smtp;
      }
    }
    const app = uncheckedContainer("shop");
    const request = app.createScope("request", transient(Users, [Smtp as never]));

    const { path } = refusal(() => request.get(Users));

    expect(JSON.parse(JSON.stringify(path))).toEqual(path);
    expect(path.map((step) => step.token)).toEqual(["Users", "smtp"]);
    expect(path[0]).toEqual({ token: "Users", scope: "request" });
  });

  it("begins with what was asked for, through aliases and whatever lies between", () => {
    const Entry = token<unknown>("entry");
    const app = uncheckedContainer(chain, alias(Entry, App));

    expect(route(refusal(() => app.get(Entry)).path)).toBe("entry > app > mailer > smtp");
  });

  it("is that of the asker, whoever asked before", async () => {
    const app = uncheckedContainer(chain);
    refusal(() => app.get(App));

    expect(route(refusal(() => app.get(Mailer)).path)).toBe("mailer > smtp");
    expect(route((await laterRefusal(app.getAsync(App))).path)).toBe("app > mailer > smtp");
  });

  it("is shown in part when it is very long", () => {
    const tokens = Array.from({ length: 1_000 }, (_, i) => token<unknown>(`service ${i}`));
    const app = uncheckedContainer(
      tokens.slice(1).map((it, i) => singleton(tokens[i]!, [it], (next) => next)),
    );

    const error = refusal(() => app.get(tokens[0]!));

    expect(error.code).toBe("NOT_PROVIDED");
    expect(error.path).toHaveLength(1_000);
    expect(error.message).toContain("service 0 > service 1 > ");
    expect(error.message).toContain(" > service 999");
    expect(error.message.length).toBeLessThan(2_000);
  });
});

describe("the hint of NOT_PROVIDED", () => {
  it("names what is provided under nearly the same name", () => {
    const app: Scope = createContainer(
      value(token<unknown>("mailler"), 1),
      value(token<unknown>("unrelated"), 2),
    );

    const { hint } = refusal(() => app.get(Mailer));

    expect(hint).toContain("mailler");
    expect(hint).not.toContain("unrelated");
  });

  it("names what differs in case only", () => {
    const app: Scope = createContainer(value(token<unknown>("Mailer"), 1));

    expect(refusal(() => app.get(Mailer)).hint).toContain('"Mailer"');
  });

  it("says when another token of the same name is provided", () => {
    const app: Scope = createContainer(value(token<unknown>("mailer"), 1));

    expect(refusal(() => app.get(Mailer)).hint).toMatch(/same name/);
  });

  it("names a scope elsewhere in the tree that does provide it: below", () => {
    const app: Scope = createContainer();
    app.createScope("request", value(Mailer, 1));

    expect(refusal(() => app.get(Mailer)).hint).toContain("request");
  });

  it("names a scope elsewhere in the tree that does provide it: beside", () => {
    const app: Scope = createContainer();
    app.createScope(
      "left",
      singleton(Mailer, () => 1),
    );
    const right: Scope = app.createScope("right");

    expect(refusal(() => right.get(Mailer)).hint).toContain("left");
  });

  it("knows providers that nobody has resolved yet, and fallbacks", () => {
    for (const provider of [singleton(Mailer, () => 1), fallback(singleton(Mailer, () => 1))]) {
      const app: Scope = createContainer();
      app.createScope("request", provider);

      expect(refusal(() => app.get(Mailer)).hint).toContain("request");
    }
  });

  it("names the scope that asks when a singleton above cannot see what that scope provides", () => {
    const app = uncheckedContainer(singleton(App, [Mailer], (it) => it));
    const request = app.createScope("request", value(Mailer, 1));

    expect(refusal(() => request.get(App)).hint).toContain("request");
  });

  it("names a token of nearly the same name, also when nothing has resolved that yet", () => {
    const app: Scope = createContainer(singleton(token<string>("database"), () => "db"));

    expect(refusal(() => app.get(token("databse"))).hint).toContain('did you mean "database"');
  });

  it("does not name a scope that has closed", async () => {
    const app: Scope = createContainer();
    await app.createScope("request", value(Mailer, 1)).shutdown();

    expect(refusal(() => app.get(Mailer)).hint).not.toContain("request");
  });
});

describe("other hints", () => {
  it("of SCOPE_NOT_FOUND names the scope that is missing", () => {
    const app: Scope = createContainer(scoped(Smtp, () => "smtp", { in: "request" }));

    expect(refusal(() => app.createScope("job").get(Smtp)).message).toContain('"request"');
  });

  it("of AMBIGUOUS names every candidate, and the way out", () => {
    const app = createContainer(value(Smtp, 1, { as: [Mailer] }), value(App, 2, { as: [Mailer] }));

    const { message } = refusal(() => app.get(one(Mailer)));

    expect(message).toContain("smtp");
    expect(message).toContain("app");
    expect(message).toContain("default");
  });

  it("of DUPLICATE leads to override and to a child", () => {
    expect(refusal(() => createContainer(value(Smtp, 1), value(Smtp, 2))).hint).toMatch(/override/);
  });

  it("of ASYNC_PROVIDER leads to getAsync", async () => {
    const app = createContainer(singleton(Smtp, async () => "smtp"));

    expect(refusal(() => app.get(Smtp)).hint).toContain("getAsync");
    await app.getAsync(Smtp);
  });

  it("of CIRCULAR_DEPENDENCY leads to defer", () => {
    expect(refusal(() => (createContainer(alias(Smtp, Smtp)) as Scope).get(Smtp)).hint).toContain("defer");
  });
});
