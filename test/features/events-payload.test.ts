/**
 * What handlers see of a payload: a copy that nobody can change, as far as there is one, and what a schema makes of it.
 */
import { type } from "arktype";
import {
  createEvents,
  type EventPayloadInvalidError,
  type EventReport,
  type Events,
  type StandardSchema,
} from "thimble/events";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { deferred } from "../core/support/deferred.ts";
import { thenable } from "../core/support/thenable.ts";
import { turn } from "../core/support/turn.ts";

/** What a receiver sees of a payload. In a list, because the payload may be a promise. */
async function seen(payload: unknown): Promise<readonly [unknown]> {
  const bus = createEvents<{ it: unknown }>();
  const heard: unknown[] = [];
  bus.on("it", (event) => void heard.push(event.payload));
  expect(await bus.emit("it", payload)).toMatchObject({ ok: true });
  return [heard[0]];
}

const refusalIn = ({ errors }: EventReport): EventPayloadInvalidError =>
  errors[0] as EventPayloadInvalidError;

describe("a payload", () => {
  it("that is a plain object arrives as a frozen copy, and what was given stays as it is", async () => {
    const inner = { cents: 5 };
    const given = { inner, list: [1] };

    const [got] = (await seen(given)) as readonly [typeof given];

    expect(got).toEqual(given);
    expect(got).not.toBe(given);
    expect(Object.isFrozen(got)).toBe(true);
    expect(Object.isFrozen(given)).toBe(false);
    // Shallow: what is inside is the same.
    expect(got.inner).toBe(inner);
    expect(Object.isFrozen(got.inner)).toBe(false);
  });

  it("that is frozen already is copied like any other", async () => {
    const given = Object.freeze({ cents: 5 });

    expect((await seen(given))[0]).not.toBe(given);
  });

  it("that is an array arrives as a frozen copy, with its holes", async () => {
    const given = [1, , 3]; // oxlint-disable-line no-sparse-arrays

    const [got] = (await seen(given)) as readonly [number[]];

    expect(got).toEqual(given);
    expect(got).not.toBe(given);
    expect(1 in got).toBe(false);
    expect(Object.isFrozen(got)).toBe(true);
  });

  it("without a prototype keeps none", async () => {
    const [got] = (await seen(Object.assign(Object.create(null), { cents: 5 }))) as readonly [object];

    expect(Object.getPrototypeOf(got)).toBeNull();
    expect(Object.entries(got)).toEqual([["cents", 5]]);
    expect(Object.isFrozen(got)).toBe(true);
  });

  it.each<[string, () => object]>([
    ["a plain object", () => JSON.parse('{ "__proto__": { "admin": true }, "cents": 5 }') as object],
    [
      "an object without a prototype",
      () =>
        Object.assign(
          Object.create(null) as object,
          JSON.parse('{ "__proto__": { "admin": true }, "cents": 5 }'),
        ),
    ],
  ])("with a key __proto__ keeps it as a key: %s", async (_, make) => {
    const given = make();

    const [got] = (await seen(given)) as readonly [{ admin?: boolean }];

    expect(Object.keys(got)).toEqual(["__proto__", "cents"]);
    expect(Object.getPrototypeOf(got)).toBe(Object.getPrototypeOf(given));
    expect(got.admin).toBeUndefined();
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it("keeps keys that are symbols, and has the value of a getter", async () => {
    const key = Symbol("key");
    let cents = 5;
    const given = {
      [key]: 1,
      get cents() {
        return cents;
      },
    };

    const [got] = (await seen(given)) as readonly [typeof given];
    cents = 6;

    expect(got[key]).toBe(1);
    expect(got.cents).toBe(5);
  });

  it("of another realm is copied like one of this realm", async () => {
    // What the prototypes of another realm are like: the same methods, and not the same objects.
    const ofRealm = (own: object, above: object | null) =>
      Object.create(above, Object.getOwnPropertyDescriptors(own)) as object;
    const objects = ofRealm(Object.prototype, null);
    const arrays = ofRealm(Array.prototype, objects);
    const given = Object.assign(Object.create(objects) as object, { cents: 5 });
    const list = Object.setPrototypeOf([1, 2], arrays) as number[];

    const [got] = (await seen(given)) as readonly [object];
    const [gotList] = (await seen(list)) as readonly [number[]];

    expect([Object.isFrozen(got), Object.isFrozen(gotList)]).toEqual([true, true]);
    expect([{ ...got }, [...gotList]]).toEqual([{ cents: 5 }, [1, 2]]);
    expect(got).not.toBe(given);
    expect(gotList).not.toBe(list);
  });

  class Order {
    readonly #cents = 5;
    get cents(): number {
      return this.#cents;
    }
  }
  class Lines extends Array<number> {
    sum(): number {
      return this.reduce((a, b) => a + b, 0);
    }
  }

  it.each<[string, unknown]>([
    ["an instance of a class", new Order()],
    ["an instance of a class that extends Array", Lines.from([1, 2])],
    ["a map", new Map([[1, 2]])],
    ["a set", new Set([1])],
    ["a date", new Date(0)],
    ["bytes", new Uint8Array([1, 2])],
    ["an error", new Error("no")],
    ["a function", () => 5],
    ["a class", Order],
    ["a promise", Promise.resolve(1)],
    ["an object with a prototype of its own making", Object.create({ cents: 5 })],
    ["an object whose prototype has none", Object.create(Object.assign(Object.create(null), { cents: 5 }))],
    ["null", null],
    ["undefined", undefined],
    ["a number", 5],
    ["a text", "five"],
    ["a symbol", Symbol("five")],
    ["a bigint", 5n],
  ])("that is %s arrives as it is, and is not frozen", async (_, given) => {
    const wasFrozen = Object.isFrozen(given);

    expect((await seen(given))[0]).toBe(given);
    expect(Object.isFrozen(given)).toBe(wasFrozen);
  });

  it("that is an instance still works", async () => {
    expect(((await seen(new Order()))[0] as Order).cents).toBe(5);
    expect(((await seen(Lines.from([1, 2])))[0] as Lines).sum()).toBe(3);
  });

  it("with a method then is not taken for a promise", async () => {
    let calls = 0;
    const given = thenable(() => calls++);
    const bus = createEvents<{ it: typeof given }>({ max: 1 });
    bus.intercept("it", () => turn());
    bus.on("it", ({ payload }) => void payload);
    bus.finalize(() => {});

    await Promise.all([bus.emit("it", given), bus.emit("it", given)]);

    expect(calls).toBe(0);
  });

  it("that is a proxy of a plain object arrives as a copy", async () => {
    const given = new Proxy({ cents: 5 }, {});

    const [got] = await seen(given);

    expect(got).toEqual({ cents: 5 });
    expect(Object.isFrozen(got)).toBe(true);
    expect(Object.isFrozen(given)).toBe(false);
  });

  it.each<[string, () => unknown]>([
    [
      "is a revoked proxy",
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
    ],
    [
      "has a getter that throws",
      () => ({
        get cents() {
          throw new Error("swordfish");
        },
      }),
    ],
  ])("that %s is refused: it reaches no handler but the finalizers", async (_, make) => {
    const heard: string[] = [];
    const bus = createEvents<{ it: unknown }>();
    bus.intercept("*", () => heard.push("interceptor"));
    bus.on("it", () => heard.push("receiver"));
    bus.finalize((event, { aborted }) => heard.push(`finalizer ${String(event.payload)} ${aborted}`));

    const report = await bus.emit("it", make());

    expect(report).toMatchObject({ ok: false, aborted: true, receivers: 0 });
    expect(refusalIn(report).code).toBe("EVENT_PAYLOAD_INVALID");
    expect(report.reason).toBe(report.errors[0]);
    expect(heard).toEqual(["finalizer undefined true"]);
  });
});

/** A price of 1 to 99 cents, given as text or number, by each library. */
const libraries = {
  zod: z.object({ cents: z.coerce.number().int().min(1).max(99) }),
  valibot: v.object({
    cents: v.pipe(v.union([v.string(), v.number()]), v.transform(Number), v.minValue(1), v.maxValue(99)),
  }),
  arktype: type({ cents: type("string.numeric.parse | number").to("1 <= number <= 99") }),
};

describe.each(Object.entries(libraries))("a schema of %s", (vendor, schema) => {
  const checked = (): Events<{ paid: { cents: number } }> =>
    createEvents<{ paid: { cents: number } }>({
      schemas: { paid: schema as StandardSchema<{ cents: number }> },
    });

  it("says what handlers receive", async () => {
    const heard: unknown[] = [];
    const bus = checked();
    bus.intercept("paid", ({ payload }) => void heard.push(payload));
    bus.on("paid", ({ payload }) => void heard.push(payload));
    bus.finalize(({ payload }) => void heard.push(payload));

    await bus.emit("paid", { cents: "42" as never });

    expect(heard).toEqual([{ cents: 42 }, { cents: 42 }, { cents: 42 }]);
    expect(heard.every(Object.isFrozen)).toBe(true);
  });

  it("refuses what it does not take, and says where", async () => {
    const heard: unknown[] = [];
    const bus = checked();
    bus.intercept("*", () => heard.push("interceptor"));
    bus.on("paid", () => heard.push("receiver"));
    bus.finalize(({ payload }, { errors }) => heard.push(payload, errors.length));

    const report = await bus.emit("paid", { cents: 100 });

    const error = refusalIn(report);
    expect(report).toMatchObject({ ok: false, aborted: true, receivers: 0 });
    expect(error).toMatchObject({
      code: "EVENT_PAYLOAD_INVALID",
      name: "EventPayloadInvalidError",
      event: "paid",
    });
    expect(error.issues).toEqual([{ path: ["cents"], message: expect.stringContaining("99") }]);
    expect(error.message).toContain(`Cannot emit "paid": its ${vendor} schema refuses the payload, at cents`);
    // A finalizer is told what was emitted.
    expect(heard).toEqual([{ cents: 100 }, 1]);
  });
});

/** A schema that answers like this. */
function answering(validate: (it: unknown) => unknown, vendor = "handmade"): StandardSchema<unknown> {
  return { "~standard": { version: 1, vendor, validate: validate as never } };
}

describe("a schema", () => {
  const emitted = async (schema: StandardSchema<unknown>, payload: unknown) => {
    const heard: unknown[] = [];
    const bus = createEvents<{ it: unknown }>({ schemas: { it: schema } });
    bus.on("it", (event) => void heard.push(event.payload));
    const report = await bus.emit("it", payload);
    return { report, heard, error: refusalIn(report) };
  };

  it("may answer later, as those of yup and VineJS always do", async () => {
    const gate = deferred();
    const heard: unknown[] = [];
    const bus = createEvents<{ it: number }>({
      schemas: {
        it: answering(async (it) => {
          await gate.promise;
          return { value: Number(it) };
        }) as StandardSchema<number>,
      },
    });
    bus.on("it", ({ payload }) => heard.push(payload));

    const report = bus.emit("it", "5" as never);
    expect(heard).toEqual([]);
    gate.resolve();
    expect((await report).ok).toBe(true);
    expect(heard).toEqual([5]);
  });

  it("may be asynchronous in zod", async () => {
    const free = z.string().refine(async (it) => it !== "taken", "is taken");

    expect((await emitted(free, "ada")).heard).toEqual(["ada"]);
    expect((await emitted(free, "taken")).error.issues).toEqual([{ path: [], message: "is taken" }]);
  });

  it("may be a function", async () => {
    const schema = Object.assign(
      () => {},
      answering((value) => ({ value })),
    );

    expect((await emitted(schema, 5)).heard).toEqual([5]);
  });

  it.each<[string, (it: unknown) => unknown]>([
    [
      "throws",
      () => {
        throw new Error("first line\nsecond line");
      },
    ],
    ["rejects", () => Promise.reject(new Error("first line\nsecond line"))],
    [
      "answers with a thenable that rejects",
      () => thenable((_: unknown, no: (error: unknown) => void) => no(new Error("first line\nsecond line"))),
    ],
  ])("that %s has refused the payload", async (_, validate) => {
    const { report, heard, error } = await emitted(answering(validate), 5);

    expect(report).toMatchObject({ ok: false, aborted: true });
    expect(error.issues).toEqual([{ path: [], message: "first line" }]);
    expect(heard).toEqual([]);
  });

  it("of zod whose transform throws has refused the payload", async () => {
    const schema = z.string().transform(() => {
      throw new Error("no");
    });

    expect((await emitted(schema, "it")).error.code).toBe("EVENT_PAYLOAD_INVALID");
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a text", "fine"],
    ["issues that are no list", { issues: "wrong" }],
    ["null as issues", { issues: null }],
  ])("that answers with %s has refused the payload", async (_, answer) => {
    expect(
      (
        await emitted(
          answering(() => answer),
          5,
        )
      ).error.code,
    ).toBe("EVENT_PAYLOAD_INVALID");
  });

  it.each<[string, unknown, string[]]>([
    ["keys", ["items", 0, "price"], ["items", "0", "price"]],
    ["objects with keys", [{ key: "items" }, { key: 0 }], ["items", "0"]],
    ["a text with dots", "items.0.price", ["items", "0", "price"]],
    ["nothing", undefined, []],
    ["a symbol", [Symbol("it")], ["Symbol(it)"]],
    [
      "a key of many lines",
      ["a\nb".repeat(40)],
      [expect.stringMatching(/^a ba b.{0,36}$/) as unknown as string],
    ],
  ])("may tell the place by %s", async (_, path, keys) => {
    const { error } = await emitted(
      answering(() => ({ issues: [{ message: "no", path }] })),
      5,
    );

    expect(error.issues).toEqual([{ path: keys, message: "no" }]);
  });

  it("may tell one mistake as several issues; the message has each place once, and no more than five", async () => {
    const at = (...path: string[]) => ({ message: "no", path });
    const few = await emitted(
      answering(() => ({ issues: [at("a"), at("a"), at("b", "c")] })),
      5,
    );
    const many = await emitted(
      answering(() => ({ issues: "abcdefg".split("").map((it) => at(it)) })),
      5,
    );

    expect(few.error.issues).toHaveLength(3);
    expect(few.error.message.split("\n")[0]).toBe(
      'Cannot emit "it": its handmade schema refuses the payload, at a, b.c',
    );
    expect(many.error.message.split("\n")[0]).toMatch(/at a, b, c, d, e, …$/);
  });

  it("that repeats the payload puts it into no message, and into nothing that a log prints by itself", async () => {
    const schema = answering((it) => ({
      issues: [{ message: `not ${String(it)}\n  at file.ts:1`, path: ["password"] }],
    }));

    const { error } = await emitted(schema, "swordfish");

    expect(error.message).not.toContain("swordfish");
    expect(String(error.stack)).not.toContain("swordfish");
    expect(JSON.stringify(error)).not.toContain("swordfish");
    expect(Object.keys(error)).not.toContain("issues");
    expect(error.cause).toBeUndefined();
    expect(error.issues).toEqual([{ path: ["password"], message: "not swordfish" }]);
  });

  it("is given a copy that it may change: what was given stays as it is", async () => {
    const given = { cents: 5 };
    const { heard } = await emitted(
      answering((it) => ({ value: Object.assign(it as object, { cents: 6 }) })),
      given,
    );

    expect(heard).toEqual([{ cents: 6 }]);
    expect(given).toEqual({ cents: 5 });
  });

  it("is looked up by the names that were given, and by no name of a prototype", async () => {
    const bus = createEvents({ schemas: { it: answering((value) => ({ value })) } }) as unknown as Events<
      Record<string, unknown>
    >;

    expect(await bus.emit("toString", 5)).toMatchObject({ ok: true });
    expect(await bus.emit("__proto__", 5)).toMatchObject({ ok: true });
  });

  it("may be left out for some names, and be undefined", async () => {
    const bus = createEvents<{ it: unknown; other: unknown }>({ schemas: { it: undefined } });

    expect(await bus.emit("it", 5)).toMatchObject({ ok: true });
  });

  it("that answers at once keeps the receivers in the same turn", () => {
    const heard: unknown[] = [];
    const bus = createEvents({ schemas: { it: z.number() } });
    bus.on("it", ({ payload }) => heard.push(payload));

    void bus.emit("it", 5);

    expect(heard).toEqual([5]);
  });
});
