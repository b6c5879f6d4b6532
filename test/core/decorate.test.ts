import {
  alias,
  all,
  cleanup,
  createContainer,
  decorate,
  defer,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { refusal, rejected } from "./support/refusal.ts";
import { turn } from "./support/turn.ts";
import { uncheckedContainer } from "./support/unchecked.ts";

type Log = (line: string) => string;
const Log = token<Log>("log");
const Prefix = token<string>("prefix");

class Shop {
  log: Log;
  constructor(log: Log) {
    this.log = log;
  }
}

class Db {
  disposals = 0;
  name: string;
  constructor(name = "db") {
    this.name = name;
  }
  [Symbol.dispose](): void {
    this.disposals++;
  }
}

describe("a decorated provider", () => {
  it("gives everybody in its scope what the decorator returns", () => {
    const app = createContainer(
      value(Prefix, "audit: "),
      decorate(
        value(Log, (line) => line),
        [Prefix],
        (log, prefix) => (line) => log(prefix + line),
      ),
      singleton(Shop, [Log]),
    );

    expect(app.get(Shop).log("opened")).toBe("audit: opened");
    expect(app.get(Log)).toBe(app.get(Shop).log);
  });

  it("is decorated once per instance: once for a singleton, per scope, or per resolve", () => {
    let decorated = 0;
    const count = (it: object): object => (decorated++, { it });
    const [One, Per, New] = [token<object>("one"), token<object>("per"), token<object>("new")];
    const app = createContainer(
      decorate(
        singleton(One, () => ({})),
        [],
        count,
      ),
      decorate(
        scoped(Per, () => ({})),
        [],
        count,
      ),
      decorate(
        transient(New, () => ({})),
        [],
        count,
      ),
    );
    const scope = app.createScope();

    for (let at = 0; at < 2; at++)
      for (const it of [One, Per, New]) {
        app.get(it);
        scope.get(it);
      }

    expect(decorated).toBe(1 + 2 + 4);
  });

  it("may be decorated again: the outer decorator receives what the inner one made", () => {
    const around = (mark: string) => (text: string) => mark + text + mark;
    const Text = token<string>("text");
    const app = createContainer(
      decorate(
        decorate(
          singleton(Text, () => "text"),
          [],
          around("|"),
        ),
        [],
        around("*"),
      ),
    );

    expect(app.get(Text)).toBe("*|text|*");
  });

  it("resolves what each decorator depends on, and passes each its own", () => {
    const [A, B, C] = [token<string>("a"), token<string>("b"), token<string>("c")];
    const app = createContainer(
      value(A, "a"),
      value(B, "b"),
      decorate(
        decorate(
          singleton(C, [A], (a) => `made of ${a}`),
          [B],
          (it, b) => `${it}, ${b}`,
        ),
        [A, optional(B)],
        (it, a, b) => `${it}, ${a} and ${String(b)}`,
      ),
    );

    expect(app.get(C)).toBe("made of a, b, a and b");
  });

  it("passes a class only what its constructor declares", () => {
    class Rest {
      all: unknown[];
      constructor(...all: unknown[]) {
        this.all = all;
      }
    }
    const app = createContainer(
      value(Prefix, "p"),
      decorate(singleton(Rest, [Prefix]), [Prefix], (it) => it),
    );

    expect(app.get(Rest).all).toEqual(["p"]);
  });

  it("may have an asynchronous factory, `init` and decorator", async () => {
    const log: string[] = [];
    const Text = token<string>("text");
    const app = createContainer(
      decorate(
        singleton(Text, async () => "text", {
          async init(it) {
            await turn();
            log.push(`init ${it}`);
          },
        }),
        [],
        async (it) => {
          await turn();
          log.push(`decorate ${it}`);
          return `<${it}>`;
        },
      ),
    );

    expect(await app.getAsync(Text)).toBe("<text>");
    expect(log).toEqual(["init text", "decorate text"]);
  });

  it("keeps its place: `as`, tags, order and the order of registration", () => {
    const [Format, A, B] = [token<string>("format"), token<string>("a"), token<string>("b")];
    const app = createContainer(
      decorate(
        singleton(A, () => "a", { as: [Format], order: 2 }),
        [],
        (it) => it + "!",
      ),
      singleton(B, () => "b", { as: [Format], order: 1 }),
    );

    expect(app.get(all(Format))).toEqual(["b", "a!"]);
  });

  it("is found by override, which replaces it with its decorators", () => {
    const app = createContainer(
      decorate(
        value(Log, (line) => line),
        [],
        (log) => (line) => log(line + "!"),
      ),
    );
    app.override(value(Log, (line) => `fake ${line}`));

    expect(app.get(Log)("hello")).toBe("fake hello");
  });

  it("may be a whole group, and an alias in it is not decorated twice", () => {
    const Mailer = token<{ sent: string }>("mailer");
    class Smtp {
      sent = "smtp";
    }
    const group = [singleton(Smtp), alias(Mailer, Smtp)];
    const app: Scope = createContainer(
      group.map((it) => decorate(it, [], ({ sent }) => ({ sent: sent + "!" }))),
    );

    expect(app.get(Mailer).sent).toBe("smtp!");
    expect(app.get(Mailer)).toBe(app.get(Smtp));
  });

  it("may close a cycle only with defer", () => {
    const A = token<object>("a");
    const app = uncheckedContainer(
      decorate(
        singleton(A, () => ({})),
        [A],
        (it) => it,
      ),
    );
    const late = createContainer(
      decorate(
        singleton(A, () => ({})),
        [defer(A)],
        (it) => it,
      ),
    );

    expect(refusal(() => app.get(A)).code).toBe("CIRCULAR_DEPENDENCY");
    expect(late.get(A)).toEqual({});
  });

  it("is captive when its decorator depends on something scoped", () => {
    const app = uncheckedContainer(
      scoped(Prefix, () => "p"),
      decorate(
        singleton(Log, () => (line: string) => line),
        [Prefix],
        (log) => log,
      ),
    );

    expect(refusal(() => app.get(Log)).code).toBe("CAPTIVE_DEPENDENCY");
  });
});

describe("the original of a decorated provider", () => {
  it("is disposed in its turn, and the wrapper never", async () => {
    const log: string[] = [];
    class Wrapper extends Db {
      override [Symbol.dispose](): void {
        log.push("the wrapper was disposed");
      }
    }
    const made: Db[] = [];
    const User = token<object>("user");
    const app = createContainer(
      decorate(
        singleton(Db, () => new Db("own")),
        [],
        (db) => (made.push(db), new Wrapper()),
      ),
      singleton(User, [Db], () => ({}), { dispose: () => log.push(`user, then ${made[0]!.disposals}`) }),
    );
    app.get(User);

    const { services } = await app.shutdown();

    expect(log).toEqual(["user, then 0"]);
    expect(made[0]!.disposals).toBe(1);
    expect(services.map((row) => row.token)).toEqual(["user", "Db"]);
  });

  it("is what `init`, `stop` and `dispose` receive", async () => {
    const seen: string[] = [];
    const see = (when: string) => (it: string) => void seen.push(`${when} ${it}`);
    const Text = token<string>("text");
    const app = createContainer(
      decorate(
        singleton(Text, () => "original", { init: see("init"), stop: see("stop"), dispose: see("dispose") }),
        [],
        () => "wrapper",
      ),
    );

    expect(app.get(Text)).toBe("wrapper");
    await app.shutdown();

    expect(seen).toEqual(["init original", "stop original", "dispose original"]);
  });

  it("is disposed when the decorator fails, and the next resolve tries again", async () => {
    const made: Db[] = [];
    let fails = true;
    const app = createContainer(
      decorate(
        singleton(Db, () => (made.push(new Db()), made.at(-1)!)),
        [],
        (db) => {
          if (fails) throw new Error("no wrapper");
          return db;
        },
      ),
    );

    expect(() => app.get(Db)).toThrow("no wrapper");
    expect(made.map((it) => it.disposals)).toEqual([1]);
    fails = false;
    expect(app.get(Db)).toBe(made[1]);
    await app.shutdown();
    expect(made.map((it) => it.disposals)).toEqual([1, 1]);
  });

  it("is disposed when an asynchronous decorator fails, and when the second of two does", async () => {
    const made: Db[] = [];
    const provider = decorate(
      singleton(Db, () => (made.push(new Db()), made.at(-1)!)),
      [],
      (db) => Object.assign(new Db(`wrapped ${db.name}`), { [Symbol.dispose]: () => expect.unreachable() }),
    );
    const app = createContainer(
      decorate(provider, [], async () => {
        await turn();
        throw new Error("no wrapper");
      }),
    );

    expect(await rejected(app.getAsync(Db))).toMatchObject({ message: "no wrapper" });
    expect(made.map((it) => it.disposals)).toEqual([1]);
    expect((await app.shutdown()).services).toEqual([]);
  });

  it("is undone with what its factory has opened", async () => {
    const log: string[] = [];
    const Text = token<string>("text");
    const app = createContainer(
      decorate(
        singleton(Text, [cleanup], (onCleanup) => (onCleanup(() => log.push("closed")), "text")),
        [],
        () => {
          throw new Error("no wrapper");
        },
      ),
    );

    expect(() => app.get(Text)).toThrow("no wrapper");
    expect(log).toEqual(["closed"]);
  });

  it("when it is a value: disposed only if it is owned, whether or not it was resolved", async () => {
    const [lent, owned, unused] = [new Db("lent"), new Db("owned"), new Db("unused")];
    const [A, B, C] = [token<Db>("a"), token<Db>("b"), token<Db>("c")];
    const wrap = (db: Db): Db => new Db(`wrapped ${db.name}`);
    const app = createContainer(
      decorate(value(A, lent), [], wrap),
      decorate(value(B, owned, { owned: true }), [], wrap),
      decorate(value(C, unused, { owned: true }), [], wrap),
    );
    expect(app.get([A, B]).map((it) => it.name)).toEqual(["wrapped lent", "wrapped owned"]);

    const { services } = await app.shutdown();

    expect([lent, owned, unused].map((it) => it.disposals)).toEqual([0, 1, 1]);
    expect(services.map((row) => row.token).sort()).toEqual(["b", "c"]);
  });

  it("when it is a transient that nobody received: disposed, and not the wrapper", () => {
    const made: Db[] = [];
    const Failing = token<object>("failing");
    const Main = token<object>("main");
    const app = createContainer(
      decorate(
        transient(Db, () => (made.push(new Db()), made.at(-1)!)),
        [],
        () => new Db("wrapper"),
      ),
      singleton(Failing, () => {
        throw new Error("no");
      }),
      singleton(Main, [Db, Failing], (db) => db),
    );

    expect(() => app.get(Main)).toThrow("no");
    expect(made.map((it) => [it.name, it.disposals])).toEqual([["db", 1]]);
  });

  it("may be what the decorator returns, and is disposed once", async () => {
    const app = createContainer(decorate(singleton(Db), [], (db) => db));
    const db = app.get(Db);

    await app.shutdown();

    expect(db.disposals).toBe(1);
  });
});

describe("decorate refuses", () => {
  it.for([
    ["a group", () => decorate([singleton(Db)] as never, [], (it) => it)],
    ["a token", () => decorate(Db as never, [], (it) => it)],
    ["dependencies that are no list", () => decorate(singleton(Db), Prefix as never, (it) => it)],
    ["a list with something else in it", () => decorate(singleton(Db), ["prefix"] as never, (it) => it)],
    ["a class in the place of the function", () => decorate(singleton(Db), [], class {} as never)],
    ["no function", () => decorate(singleton(Db), [], undefined as never)],
  ] as const)("%s", ([, write]) => {
    expect(refusal(write).code).toBe("INVALID_PROVIDER");
  });
});
