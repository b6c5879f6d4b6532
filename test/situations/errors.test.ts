/**
 * Errors, where containers overflow the stack, name nobody, take an undefined
 * token for something else, or are strangers to their own second copy.
 *
 * The sentences are tested in `test/core`; here it is what they must carry.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import {
  alias,
  createContainer,
  currentScope,
  isContainerError,
  ref,
  scoped,
  singleton,
  token,
  value,
  type ContainerError,
  type Scope,
  type Token,
} from "thimble";
import { refusal, thrown } from "../core/support/refusal.ts";
import { codeOf, expectCycle, trail } from "./failing.ts";
import { rejection } from "./waiting.ts";

const Orders = token<object>("orders");
const Invoices = token<object>("invoices");
const Payments = token<object>("payments");
const Db = token<object>("db");

describe("a cycle", () => {
  it("of declared dependencies: told with the whole path, in a message of a few lines and without a nest of causes", () => {
    const app: Scope = createContainer(
      singleton(Orders, [Invoices], (it) => ({ it })),
      singleton(Invoices, [Payments], (it) => ({ it })),
      singleton(Payments, [Orders], (it) => ({ it })),
    );

    const error = refusal(() => app.get(Orders));

    expectCycle(error);
    expect(trail(error)).toEqual(["orders", "invoices", "payments", "orders"]);
    const at = ["orders", "invoices", "payments", "orders"].reduce((from, name) => {
      const found = error.message.indexOf(name, from);
      expect(found, `${name} in: ${error.message}`).toBeGreaterThanOrEqual(from);
      return found + name.length;
    }, 0);
    expect(at).toBeGreaterThan(0);
    expect(error.message.split("\n").length).toBeLessThan(10);
    expect(error.cause).toBeUndefined();
  });

  it("of one that declares itself: told, not a stack overflow", () => {
    const app: Scope = createContainer(singleton(Orders, [Orders], (it) => ({ it })));

    expect(trail(refusal(() => app.get(Orders)))).toEqual(["orders", "orders"]);
  });

  it("of aliases alone: told, not an endless loop", () => {
    const app: Scope = createContainer(
      alias(Orders, Invoices),
      alias(Invoices, Payments),
      alias(Payments, Orders),
    );

    expectCycle(
      thrown(() => app.get(Orders)),
      "orders",
      "invoices",
      "payments",
    );
  });

  it("of two thousand: told, not a stack overflow, by get and by getAsync", async () => {
    const tokens = Array.from({ length: 2_000 }, (_, at) => token<object>(`service ${at}`));
    const ring = tokens.map((own, at) =>
      singleton(own, [tokens[(at + 1) % tokens.length]!], (next) => ({ next })),
    );
    const app: Scope = createContainer();
    app.provide(...ring);
    const [first] = tokens;

    for (const error of [thrown(() => app.get(first!)), await rejection(app.getAsync(first!))]) {
      expectCycle(error, "service 0", "service 1999");
      expect(trail(error)).toHaveLength(2_001);
    }
  });
});

describe("a graph without an end", () => {
  it("a service that opens a scope in a scope for ever: DEPTH_EXCEEDED, not a bare RangeError", () => {
    const app: Scope = createContainer(
      scoped(Orders, [currentScope], (scope) => ({
        inner: scope.createScope("inner").get(Orders),
      })),
    );

    expect(codeOf(thrown(() => app.get(Orders)))).toBe("DEPTH_EXCEEDED");
  });

  it("a RangeError of the factory's own: left alone", () => {
    const own = new RangeError("page out of range");
    const app: Scope = createContainer(
      singleton(Orders, () => {
        throw own;
      }),
    );

    expect(thrown(() => app.get(Orders))).toBe(own);
  });
});

describe("an undefined token", () => {
  const nothing = undefined as unknown as Token<object>;

  it("among the dependencies: INVALID_PROVIDER, naming who declares it, and the hint speaks of imports", () => {
    const error = refusal(() => createContainer(singleton(Orders, [Db, nothing], (db) => ({ db }))));

    expect(codeOf(error)).toBe("INVALID_PROVIDER");
    expect(error.message).toContain("orders");
    expect(error.hint).toMatch(/import/i);
  });

  it("in a record of dependencies: INVALID_PROVIDER, and the key is named", () => {
    const error = refusal(() => createContainer(singleton(Orders, { database: nothing }, (it) => it)));

    expect(codeOf(error)).toBe("INVALID_PROVIDER");
    expect(error.message).toContain("database");
  });

  it("as what is provided: INVALID_PROVIDER", () => {
    expect(codeOf(thrown(() => createContainer(value(nothing, {}))))).toBe("INVALID_PROVIDER");
    expect(codeOf(thrown(() => createContainer(singleton(nothing, () => ({})))))).toBe("INVALID_PROVIDER");
  });

  it("as the target of an alias: INVALID_PROVIDER", () => {
    expect(codeOf(thrown(() => createContainer(alias(Orders, nothing))))).toBe("INVALID_PROVIDER");
  });

  it("as what is asked for: one of our errors, not a TypeError from our insides", async () => {
    const app: Scope = createContainer();

    expect(isContainerError(thrown(() => app.get(nothing)))).toBe(true);
    expect(isContainerError(await rejection(app.getAsync(nothing)))).toBe(true);
    expect(isContainerError(thrown(() => app.get([nothing])))).toBe(true);
  });

  it("from files that import each other: ref looks it up when it is there", () => {
    const late: { Users?: Token<object> } = {};
    const app: Scope = createContainer();
    app.provide(singleton(Orders, [ref(() => late.Users!)], (users) => ({ users })));
    late.Users = token<object>("users");
    app.provide(value(late.Users, { ada: 1 }));

    expect(app.get(Orders)).toEqual({ users: { ada: 1 } });
  });

  it("from a ref that is still empty: one of our errors, and the hint speaks of imports", () => {
    const app: Scope = createContainer();
    app.provide(singleton(Orders, [ref(() => nothing)], (it) => ({ it })));

    const error = refusal(() => app.get(Orders));

    expect(error.hint).toMatch(/import/i);
  });
});

describe("a missing provider", () => {
  it("four levels down: the path leads to it, and the message shows the way", () => {
    const app: Scope = createContainer();
    app.provide(
      singleton(Orders, [Invoices], (it) => ({ it })),
      singleton(Invoices, { payments: Payments }, (it) => it),
      singleton(Payments, ({ get }) => ({ db: get(Db) })),
    );

    const error = refusal(() => app.get(Orders));

    expect(codeOf(error)).toBe("NOT_PROVIDED");
    expect(trail(error)).toEqual(["orders", "invoices", "payments", "db"]);
    for (const name of trail(error)) expect(error.message).toContain(name);
  });

  it("with a name that is almost right: the hint names the one that was meant", () => {
    const app: Scope = createContainer(value(token<object>("database"), {}));

    expect(refusal(() => app.get(token<object>("databse"))).hint).toContain("database");
  });

  it("whose name would be markup in a page: printed as it is, since an error is not a page", () => {
    const app: Scope = createContainer();

    const error = refusal(() => app.get(token<object>(`<b class="x">Tom & Jerry's</b>`)));

    expect(error.message).toContain(`<b class="x">Tom & Jerry's</b>`);
  });

  it("whose name says toString, constructor or __proto__: missing like any other", () => {
    const app: Scope = createContainer();

    for (const name of ["toString", "constructor", "__proto__"]) {
      expect(codeOf(thrown(() => app.get(token<object>(name))))).toBe("NOT_PROVIDED");
    }
  });
});

describe("two copies of the package", () => {
  /** What the other copy would have thrown: everything ours carries, on a class that ours has never seen. */
  function fromAnotherCopy(error: ContainerError): Error {
    class Foreign extends Error {}
    const foreign = Object.defineProperties(
      new Foreign(error.message),
      Object.getOwnPropertyDescriptors(error),
    );
    for (
      let above = Object.getPrototypeOf(error);
      above !== Error.prototype;
      above = Object.getPrototypeOf(above)
    ) {
      for (const [key, property] of ownProperties(above)) {
        if (key !== "constructor" && !(key in foreign))
          Object.defineProperty(Foreign.prototype, key, property);
      }
    }
    return foreign;
  }

  function ownProperties(of: object): [PropertyKey, PropertyDescriptor][] {
    return Reflect.ownKeys(of).map((key) => [key, Reflect.getOwnPropertyDescriptor(of, key)!]);
  }

  it("recognise each other's errors, with the code", () => {
    const ours = refusal(() => (createContainer() as Scope).get(Db));

    const theirs = fromAnotherCopy(ours);

    expect(theirs).not.toBeInstanceOf(Object.getPrototypeOf(ours).constructor);
    expect(isContainerError(theirs)).toBe(true);
    expect(isContainerError(theirs, "NOT_PROVIDED")).toBe(true);
    expect(isContainerError(theirs, "DUPLICATE")).toBe(false);
  });

  it("take nobody else's error for theirs, whatever code it bears", () => {
    const stranger = Object.assign(new Error("not ours"), { code: "NOT_PROVIDED", path: [], hint: "" });

    for (const other of [stranger, { code: "NOT_PROVIDED" }, "NOT_PROVIDED", undefined, null]) {
      expect(isContainerError(other)).toBe(false);
      expect(isContainerError(other, "NOT_PROVIDED")).toBe(false);
    }
  });
});
