// What README.md says and no other suite shows.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  all,
  createContainer,
  currentScope,
  defer,
  isContainerError,
  make,
  one,
  optional,
  parent,
  type Scope,
  scoped,
  singleton,
  token,
  transient,
  value,
} from "thimble";
import { describe, expect, it } from "vitest";
import { root } from "../support/package.ts";

/** The error's code, or what was given instead. */
function codeOf(ask: () => unknown): unknown {
  try {
    return ask();
  } catch (error) {
    return isContainerError(error) ? error.code : error;
  }
}

describe("what the compiler cannot tell apart, the container can:", () => {
  it("two classes of the same shape", () => {
    class Inbox {
      size = 1;
    }
    class Outbox {
      size = 2;
    }
    const app = createContainer(singleton(Inbox));
    expect(codeOf(() => app.get(Outbox))).toBe("NOT_PROVIDED");
  });

  it("two tokens of one type", () => {
    const Host = token<string>("host");
    const Path = token<string>("path");
    const app = createContainer(value(Host, "localhost"));
    expect(codeOf(() => app.get(Path))).toBe("NOT_PROVIDED");
  });

  it("but what has a private member or a type of its own is told apart by the compiler too", () => {
    class Inbox {
      #size = 1;
      size = () => this.#size;
    }
    class Outbox {
      #size = 2;
      size = () => this.#size;
    }
    const DbUrl = token<{ dbUrl: string }>("db url");
    const ApiUrl = token<{ apiUrl: string }>("api url");
    const app = createContainer(singleton(Inbox), value(DbUrl, { dbUrl: "" }));
    // @ts-expect-error an Outbox is no Inbox
    expect(codeOf(() => app.get(Outbox))).toBe("NOT_PROVIDED");
    // @ts-expect-error nor is one URL the other
    expect(codeOf(() => app.get(ApiUrl))).toBe("NOT_PROVIDED");
  });
});

describe("what the compiler does not see, the container does:", () => {
  const Missing = token<{ missing: true }>("missing");
  const Asks = token<unknown>("asks");

  it("what a factory asks for as it runs", () => {
    const app = createContainer(singleton(Asks, ({ get }) => get(Missing)));
    expect(codeOf(() => app.get(Asks))).toBe("NOT_PROVIDED");
  });

  it("what combinators find", () => {
    const app = createContainer();
    expect(app.get([optional(Missing), all(Missing)])).toEqual([undefined, []]);
    expect(codeOf(() => app.get(one(Missing)))).toBe("NOT_PROVIDED");
    expect(codeOf(() => app.get(defer(Missing)).get())).toBe("NOT_PROVIDED");
  });

  it("that a singleton makes something scoped", () => {
    const app = createContainer(
      singleton(Asks, [make(scoped(Missing, () => ({ missing: true })))], (it) => it),
    );
    expect(codeOf(() => app.get(Asks))).toBe("CAPTIVE_DEPENDENCY");
  });
});

describe("what the compiler takes for provided, the container notices:", () => {
  const Id = token<{ id: number }>("id");
  const Visit = token<{ visit: true }>("visit");
  const perVisit = scoped(Id, [Visit], () => ({ id: 2 }));

  it("what an override needs that the old provider did not", () => {
    const app = createContainer(value(Id, { id: 1 })).override(perVisit);
    expect(codeOf(() => app.get(Id))).toBe("NOT_PROVIDED");
  });

  it("what a provider needs that shadows one above", () => {
    const app = createContainer(value(Id, { id: 1 })).createScope(perVisit);
    expect(codeOf(() => app.get(Id))).toBe("NOT_PROVIDED");
  });

  it("the other side of a question mark", () => {
    const isLive = root === "";
    const app = createContainer(isLive ? value(Id, { id: 1 }) : value(Visit, { visit: true }));
    expect(codeOf(() => app.get(Id))).toBe("NOT_PROVIDED");
  });

  it("a base class where a scope with its subclass is asked for", () => {
    class Clock {
      #start = 0;
      now = (): number => this.#start;
    }
    class SettableClock extends Clock {
      #offset = 0;
      move = (ms: number): number => (this.#offset += ms);
    }
    const app: Scope<SettableClock> = createContainer(singleton(Clock));
    expect(codeOf(() => app.get(SettableClock))).toBe("NOT_PROVIDED");
  });
});

describe("a class with a private constructor", () => {
  class Db {
    private constructor() {}
    static async open(): Promise<Db> {
      return new Db();
    }
  }

  it("is a token like any other", async () => {
    const app = createContainer(singleton(Db, () => Db.open()));
    expect(await app.getAsync(Db)).toBeInstanceOf(Db);
  });
});

describe("parent", () => {
  it("resolves what it finds above for the scope that asks", () => {
    const Where = token<string>("where");
    const app = createContainer(transient(Where, [currentScope], (scope) => scope.name));
    const request = app.createScope(
      "request",
      transient(Where, [parent(Where)], (above) => `in ${above}`),
    );
    expect(request.createScope("job").get(Where)).toBe("in job");
  });
});

describe("a singleton's factory that asks the container itself", () => {
  const Visit = token<object>("visit");
  const Keeper = token<object>("keeper");

  it("is refused what is scoped", () => {
    const app: Scope = createContainer(
      scoped(Visit, () => ({})),
      singleton(Keeper, () => app.get(Visit)),
    );
    expect(codeOf(() => app.get(Keeper))).toBe("CAPTIVE_DEPENDENCY");
  });

  it("is given it by a scope that it opens below", () => {
    const app: Scope = createContainer(
      scoped(Visit, () => ({})),
      singleton(Keeper, () => app.createScope("job").get(Visit)),
    );
    expect(codeOf(() => app.get(Keeper))).toEqual({});
  });
});

describe("the library", () => {
  const dist = join(root, "dist");
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".js"),
  );
  /** Without comments, where a program may print. */
  const code = (file: string): string =>
    readFileSync(join(dist, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");

  // A developer's tool: an edit that fails must not do so in silence where the runtime has no reportError.
  it.each(files.filter((file) => file !== "features/reload/hot.js"))("prints nothing in %s", (file) => {
    expect(code(file)).not.toContain("console");
  });

  it("ends the process in the files of signals alone", () => {
    const ending = files.filter((file) => /\.exit\(/.test(code(file)));
    expect(
      ending.filter((file) => file.endsWith(".global.js") || !file.startsWith("adapters/signals/")),
    ).toEqual([]);
    expect(ending).not.toEqual([]);
  });
});
