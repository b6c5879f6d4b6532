import {
  alias,
  createContainer,
  map,
  optional,
  parent,
  ref,
  scoped,
  singleton,
  token,
  value,
  type Dependency,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { laterRefusal, refusal, route } from "./support/refusal.ts";

describe("ref", () => {
  it("names a token that is declared further down", () => {
    class Orders {
      readonly stock: Stock;
      constructor(stock: Stock) {
        this.stock = stock;
      }
    }
    // `Stock` cannot be mentioned yet: it would be a ReferenceError.
    const orders = singleton(Orders, [ref(() => Stock)]);
    class Stock {}
    const app = createContainer(orders, singleton(Stock));

    expect(app.get(Orders).stock).toBe(app.get(Stock));
  });

  it("is looked up when it is first needed, not when it is made or registered", () => {
    let looked = 0;
    const Host = token<string>("host");
    const Url = token<string>("url");
    const app = createContainer(
      value(Host, "here"),
      singleton(
        Url,
        [
          ref(() => {
            looked++;
            return Host;
          }),
        ],
        (host) => `http://${host}`,
      ),
    );
    app.createScope("request");
    expect(looked).toBe(0);

    expect(app.get(Url)).toBe("http://here");
    expect(looked).toBeGreaterThan(0);
  });

  it("can be asked for from outside", async () => {
    const Host = token<string>("host");
    const app = createContainer(value(Host, "here"));

    expect(app.get(ref(() => Host))).toBe("here");
    expect(await app.getAsync([ref(() => Host)])).toEqual(["here"]);
  });

  it("can be what an alias stands for", () => {
    const Mailer = token<string>("mailer");
    const mailer = alias(
      Mailer,
      ref(() => Smtp),
    );
    const Smtp = token<string>("smtp");
    const app = createContainer(mailer, value(Smtp, "smtp"));

    expect(app.get(Mailer)).toBe("smtp");
  });

  it("does not hide a missing provider", () => {
    const Host = token<string>("host");
    const app: Scope = createContainer();

    const error = refusal(() => app.get(ref(() => Host)));

    expect(error.code).toBe("NOT_PROVIDED");
    expect(route(error.path)).toBe("host");
  });

  it("does not hide a cycle", () => {
    const Chicken = token<string>("chicken");
    const Egg = token<string>("egg");
    const app = createContainer(
      singleton(Chicken, [ref(() => Egg)], (egg) => egg),
      singleton(Egg, [ref(() => Chicken)], (chicken) => chicken),
    );

    const error = refusal(() => app.get(Chicken));

    expect(error.code).toBe("CIRCULAR_DEPENDENCY");
    expect(route(error.path)).toBe("chicken > egg > chicken");
  });

  it("that still leads nowhere says that two files may import each other", () => {
    const Nowhere = undefined as unknown as ReturnType<typeof token<string>>;
    const app: Scope = createContainer();

    const error = refusal(() => app.get(ref(() => Nowhere)));

    expect(error.code).toBe("INVALID_PROVIDER");
    expect(error.hint).toMatch(/import/);
  });

  it("orders shutdown like the token it names", async () => {
    const undone: string[] = [];
    const Db = token<string>("db");
    const Users = token<string>("users");
    const app = createContainer(
      singleton(Db, () => "db", { dispose: () => undone.push("db") }),
      singleton(Users, [ref(() => Db)], () => "users", { dispose: () => undone.push("users") }),
    );
    app.get(Users);

    await app.shutdown();

    expect(undone).toEqual(["users", "db"]);
  });
});

describe("a ref that leads back to itself", () => {
  const Job = token<unknown>("job");
  const around: [string, (it: Dependency) => Dependency][] = [
    ["optional()", (it) => optional(it)],
    ["map()", (it) => map(it, (value) => value)],
    ["a list", (it) => [it]],
    ["a record in map()", (it) => map({ it: [it] }, (value) => value)],
  ];

  it.each(around)("through %s is refused with a path, also asynchronously", async (_, wrap) => {
    const self: Dependency = wrap(ref(() => self as never));
    const app: Scope = createContainer();
    app.provide(singleton(Job, [self] as never, ((it: unknown) => it) as never) as never);

    for (const refused of [
      refusal(() => app.get(Job)),
      await laterRefusal(app.getAsync(Job)),
      refusal(() => app.get(self as never)),
    ]) {
      expect(refused.code).toBe("INVALID_PROVIDER");
      expect(refused.message).toContain("what ref() gives leads back to that ref()");
    }
    expect(refusal(() => app.get(Job)).path.map((it) => it.token)).toEqual(["job"]);
    expect((await app.shutdown()).ok).toBe(true);
  });

  it("is none where other services, and scopes above, resolve the same ref", () => {
    const shared = ref(() => Job);
    const depth = 30;
    let scope: Scope = createContainer(value(Job, 0));
    for (let n = 0; n < depth; n++)
      scope = scope.createScope(
        "below",
        singleton(Job, ({ get }) => Number(get(parent(Job))) + 1) as never,
        scoped(token("user"), [shared], (it) => it) as never,
      );
    expect(scope.get(shared)).toBe(depth);
  });
});
