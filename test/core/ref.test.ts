import { alias, createContainer, ref, singleton, token, value, type Scope } from "thimble";
import { describe, expect, it } from "vitest";
import { refusal, route } from "./support/refusal.ts";

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
