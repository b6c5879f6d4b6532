/**
 * The bus of `thimble/events`: its three phases, what is in the report, what waits, and what is refused.
 */
import { createEvents, type Events, type EventHandlerError, type EventReport } from "thimble/events";
import { describe, expect, it } from "vitest";
import { type Deferred, deferred } from "../core/support/deferred.ts";
import { rejected, thrown } from "../core/support/refusal.ts";
import { thenable } from "../core/support/thenable.ts";
import { turn } from "../core/support/turn.ts";
import { unchecked } from "../core/support/unchecked.ts";

interface Shop {
  paid: { readonly cents: number };
  packed: string;
  closed: undefined;
}

const never = (): Promise<never> => new Promise(() => {});
const paid = { cents: 5 };

/** A signal that tells how many listen to it. */
function countingSignal() {
  const controller = new AbortController();
  const listeners = new Set<unknown>();
  const { signal } = controller;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners.add(args[1]);
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners.delete(args[1]);
    remove(...args);
  };
  return { signal, listeners, abort: (reason?: unknown) => controller.abort(reason) };
}

describe("an event", () => {
  it("reaches the receivers of its name with name and payload, and no others", async () => {
    const heard: unknown[] = [];
    const bus = createEvents<Shop>();
    bus.on("paid", (event) => heard.push(event));
    bus.on("packed", (event) => heard.push(event));

    const report = await bus.emit("paid", paid);

    expect(heard).toEqual([{ name: "paid", payload: { cents: 5 } }]);
    expect(report).toEqual({
      name: "paid",
      ok: true,
      aborted: false,
      receivers: 1,
      errors: [],
      elapsed: expect.any(Number),
    });
  });

  it("needs no payload where there is none", async () => {
    const heard: unknown[] = [];
    const bus = createEvents<Shop>();
    bus.on("closed", ({ payload }) => heard.push(payload));

    await bus.emit("closed");

    expect(heard).toEqual([undefined]);
  });

  it("goes to its receivers at the same time: each is called before any has settled", async () => {
    const gate = deferred();
    const called: number[] = [];
    const bus = createEvents<Shop>();
    for (const it of [1, 2, 3]) {
      bus.on("closed", async () => {
        called.push(it);
        await gate.promise;
      });
    }

    const report = bus.emit("closed");
    expect(called).toEqual([1, 2, 3]);
    gate.resolve();
    expect((await report).receivers).toBe(3);
  });

  it("is over when the last receiver has settled", async () => {
    const gates = [deferred(), deferred()];
    const bus = createEvents<Shop>();
    for (const gate of gates) bus.on("closed", () => gate.promise);
    let report: EventReport | undefined;
    void bus.emit("closed").then((it) => (report = it));

    gates[1]!.resolve();
    await turn();
    expect(report).toBeUndefined();
    gates[0]!.resolve();
    await turn();
    expect(report).toMatchObject({ ok: true, receivers: 2 });
  });

  it("may have any name: none of them meets a prototype", async () => {
    const bus = createEvents({ schemas: {} }) as unknown as Events<Record<string, number>>;
    const heard: string[] = [];
    for (const name of ["__proto__", "constructor", "toString", ""])
      bus.on(name, (event) => heard.push(event.name));

    for (const name of ["__proto__", "constructor", "toString", "", "hasOwnProperty"])
      expect((await bus.emit(name, 1)).ok).toBe(true);
    expect(heard).toEqual(["__proto__", "constructor", "toString", ""]);
  });

  it("cannot be changed by a receiver for another one", async () => {
    const heard: unknown[] = [];
    const bus = createEvents<Shop>();
    bus.on("paid", (event) => {
      (event as { payload: unknown }).payload = { cents: 0 };
    });
    bus.on("paid", ({ payload }) => heard.push(payload));

    const { errors } = await bus.emit("paid", paid);

    expect(errors).toMatchObject([{ cause: expect.any(TypeError) }]);
    expect(heard).toEqual([{ cents: 5 }]);
  });

  it("needs no `this`: the methods of a bus and the emit of an event may be passed on", async () => {
    const { on, once, intercept, finalize, emit, drain } = createEvents<Shop>();
    const heard: string[] = [];
    intercept("paid", ({ abort }) => void (abort as unknown));
    finalize(({ name }) => heard.push(name));
    once("packed", () => {});
    on("paid", ({ emit }) => emit("packed", "box"));
    await emit("paid", paid);
    await drain();
    expect(heard).toEqual(["packed", "paid"]);
  });
});

describe("a receiver", () => {
  it("is removed by what on returned, which may be called again", async () => {
    let calls = 0;
    const bus = createEvents<Shop>();
    const count = () => calls++;
    const remove = bus.on("closed", count);
    bus.on("closed", count);

    await bus.emit("closed");
    expect(calls).toBe(2);
    remove();
    remove();
    await bus.emit("closed");
    expect(calls).toBe(3);
  });

  it("is removed by its signal, and is not added when that has aborted", async () => {
    let calls = 0;
    const { signal, listeners, abort } = countingSignal();
    const bus = createEvents<Shop>();
    bus.on("closed", () => calls++, { signal });
    expect(listeners.size).toBe(1);

    abort();
    bus.on("closed", () => calls++, { signal });
    bus.once("closed", () => calls++, { signal });

    expect((await bus.emit("closed")).receivers).toBe(0);
    expect(calls).toBe(0);
    expect(listeners.size).toBe(0);
  });

  it("leaves no listener at its signal when it was removed otherwise", async () => {
    const { signal, listeners } = countingSignal();
    const bus = createEvents<Shop>();
    const remove = bus.on("closed", () => {}, { signal });
    bus.once("closed", () => {}, { signal });
    expect(listeners.size).toBe(2);

    remove();
    await bus.emit("closed");

    expect(listeners.size).toBe(0);
  });

  it("of once is called once, also when it emits the same event, and by events at the same time", async () => {
    const heard: number[] = [];
    const gate = deferred();
    const bus = createEvents<Shop>();
    bus.intercept("paid", () => gate.promise);
    bus.once("paid", ({ payload, emit }) => {
      heard.push(payload.cents);
      return emit("paid", { cents: 9 });
    });

    const all = [bus.emit("paid", { cents: 1 }), bus.emit("paid", { cents: 2 })];
    gate.resolve();
    await Promise.all(all);

    expect(heard).toEqual([1]);
  });

  it("of once waits for the next event when one was aborted", async () => {
    const heard: number[] = [];
    const bus = createEvents<Shop>();
    bus.intercept("paid", ({ payload, abort }) => payload.cents < 0 && abort("no refunds"));
    bus.once("paid", ({ payload }) => heard.push(payload.cents));

    for (const cents of [-1, 1, 2]) await bus.emit("paid", { cents });

    expect(heard).toEqual([1]);
  });

  it("of once that was removed is not called", async () => {
    let calls = 0;
    const bus = createEvents<Shop>();
    bus.once("closed", () => calls++)();

    await bus.emit("closed");

    expect(calls).toBe(0);
  });

  it("that subscribes another one does so for the next event", async () => {
    const heard: string[] = [];
    const bus = createEvents<Shop>();
    bus.once("packed", () => {
      heard.push("first");
      bus.on("packed", ({ payload }) => heard.push(payload));
    });

    await bus.emit("packed", "one");
    await bus.emit("packed", "two");

    expect(heard).toEqual(["first", "two"]);
  });

  it("that removes a sibling does so for the next event: both were called at the same time", async () => {
    const heard: string[] = [];
    const bus = createEvents<Shop>();
    bus.on("closed", () => {
      heard.push("first");
      removeSecond();
    });
    const removeSecond = bus.on("closed", () => heard.push("second"));

    await bus.emit("closed");
    await bus.emit("closed");

    expect(heard).toEqual(["first", "second", "first"]);
  });

  it("that an interceptor has removed is not called, and one that it has added is from the next event on", async () => {
    const heard: string[] = [];
    const bus = createEvents<Shop>();
    const remove = bus.on("closed", () => heard.push("old"));
    const removeInterceptor = bus.intercept("closed", () => {
      remove();
      bus.on("closed", () => heard.push("new"));
      removeInterceptor();
    });

    const { receivers } = await bus.emit("closed");
    expect([receivers, heard]).toEqual([0, []]);
    await bus.emit("closed");
    expect(heard).toEqual(["new"]);
  });
});

describe("interceptors", () => {
  it("run before the receivers, one by one, the lowest priority first, then as they were added", async () => {
    const heard: string[] = [];
    const bus = createEvents<Shop>();
    const slow = (name: string) => async () => {
      heard.push(name);
      await turn();
      heard.push(`${name} over`);
    };
    bus.on("paid", () => heard.push("receiver"));
    bus.intercept("paid", slow("later"), { priority: 10 });
    bus.intercept("*", slow("first"), { priority: -1.5 });
    bus.intercept("paid", slow("one"));
    bus.intercept("*", slow("two"));
    bus.intercept("packed", slow("another event"));

    await bus.emit("paid", paid);

    const order = ["first", "one", "two", "later"].flatMap((it) => [it, `${it} over`]);
    expect(heard).toEqual([...order, "receiver"]);
  });

  it("may abort with a reason: no later interceptor and no receiver hears of the event", async () => {
    const heard: unknown[] = [];
    const bus = createEvents<Shop>();
    bus.intercept("paid", ({ abort }) => {
      abort("no money");
      abort("again");
    });
    bus.intercept("paid", () => heard.push("interceptor"));
    bus.on("paid", () => heard.push("receiver"));
    bus.finalize((_, report) => heard.push(report.reason));

    const report = await bus.emit("paid", paid);

    expect(report).toEqual({
      name: "paid",
      ok: false,
      aborted: true,
      reason: "no money",
      receivers: 0,
      errors: [],
      elapsed: expect.any(Number),
    });
    expect(heard).toEqual(["no money"]);
  });

  it.each([undefined, null, 0, thenable("no function")])(
    "may abort with %s as the reason",
    async (reason) => {
      const bus = createEvents<Shop>();
      bus.intercept("*", ({ abort }) => abort(reason));

      expect(await bus.emit("closed")).toMatchObject({ aborted: true, reason });
    },
  );

  it("may abort later, as long as they have not settled", async () => {
    const bus = createEvents<Shop>();
    bus.on("closed", () => {});
    bus.intercept("closed", async ({ abort }) => {
      await turn();
      abort("after all");
    });

    expect(await bus.emit("closed")).toMatchObject({ aborted: true, reason: "after all", receivers: 0 });
  });

  it("have no say any more once the receivers are called", async () => {
    let late: (() => void) | undefined;
    const bus = createEvents<Shop>();
    bus.intercept("closed", ({ abort }) => void (late = abort));
    bus.on("closed", () => late!());

    expect(await bus.emit("closed")).toMatchObject({ ok: true, aborted: false, receivers: 1 });
  });

  it("that fail have aborted the event: what they were to keep away does not get through", async () => {
    let calls = 0;
    const bus = createEvents<Shop>();
    bus.intercept("paid", async function authorize() {
      throw new Error("nobody is logged in");
    });
    bus.intercept("paid", () => calls++);
    bus.on("paid", () => calls++);

    const report = await bus.emit("paid", paid);

    expect(report).toMatchObject({
      ok: false,
      aborted: true,
      reason: new Error("nobody is logged in"),
      receivers: 0,
      errors: [{ code: "EVENT_HANDLER_FAILED", handler: "interceptor", event: "paid" }],
    });
    expect(report.errors[0]!.message).toMatchInlineSnapshot(`
      "Cannot deliver "paid": its interceptor (authorize) has failed
        hint: its own error is the cause [EVENT_HANDLER_FAILED]"
    `);
    expect(calls).toBe(0);
  });

  it("are removed by what intercept returned, also while an event is on its way", async () => {
    const heard: string[] = [];
    const bus = createEvents<Shop>();
    bus.intercept("closed", () => {
      heard.push("first");
      removeSecond();
    });
    const removeSecond = bus.intercept("closed", () => heard.push("second"));

    await bus.emit("closed");
    expect(heard).toEqual(["first"]);
  });

  it("that are added by an interceptor run from the next event on", async () => {
    const heard: string[] = [];
    const bus = createEvents<Shop>();
    const remove = bus.intercept("closed", () => {
      remove();
      bus.intercept("closed", () => heard.push("new"), { priority: 1 });
    });

    await bus.emit("closed");
    expect(heard).toEqual([]);
    await bus.emit("closed");
    expect(heard).toEqual(["new"]);
  });
});

describe("the finalizer", () => {
  it("runs once for every event, with the event and its report, after everything else", async () => {
    const heard: unknown[] = [];
    const bus = createEvents<Shop>();
    const gate = deferred();
    bus.on("paid", async () => {
      await gate.promise;
      heard.push("receiver");
    });
    bus.finalize((event, report) => heard.push(event, report));

    const pending = bus.emit("paid", paid);
    gate.resolve();
    const report = await pending;

    expect(heard).toEqual(["receiver", { name: "paid", payload: { cents: 5 } }, report]);
  });

  it.each<[string, (bus: Events<Shop>) => unknown]>([
    ["nobody receives", () => {}],
    ["an interceptor aborts", (bus) => bus.intercept("*", ({ abort }) => abort())],
    ["an interceptor throws", (bus) => bus.intercept("*", () => Promise.reject(new Error("no")))],
    [
      "a receiver throws",
      (bus) =>
        bus.on("closed", () => {
          throw new Error("no");
        }),
    ],
    [
      "all receivers reject",
      (bus) => [1, 2].map(() => bus.on("closed", () => Promise.reject(new Error("no")))),
    ],
    ["a receiver emits", (bus) => bus.on("closed", ({ emit }) => emit("packed", "box"))],
  ])("runs once where %s", async (_, arrange) => {
    const names: string[] = [];
    const bus = createEvents<Shop>();
    bus.finalize(({ name }) => names.push(name));
    arrange(bus);

    await bus.emit("closed");

    expect(names.filter((name) => name === "closed")).toEqual(["closed"]);
  });

  it("that throws, or rejects, is in the report, and the next one runs", async () => {
    const heard: unknown[] = [];
    const bus = createEvents<Shop>();
    bus.on("closed", () => Promise.reject(new Error("receiver")));
    bus.finalize((_, { errors }) => {
      heard.push(errors.length);
      throw new Error("first");
    });
    bus.finalize(async (_, { errors }) => {
      heard.push(errors.length);
      throw new Error("second");
    });

    const { ok, errors } = await bus.emit("closed");

    expect(heard).toEqual([1, 1]);
    expect(ok).toBe(false);
    expect(errors.map((it) => [(it as EventHandlerError).handler, (it.cause as Error).message])).toEqual([
      ["receiver", "receiver"],
      ["finalizer", "first"],
      ["finalizer", "second"],
    ]);
  });

  it("is waited for, and is removed by what finalize returned", async () => {
    const gate = deferred();
    const bus = createEvents<Shop>();
    let isOver = false;
    const remove = bus.finalize(() => gate.promise);
    void bus.emit("closed").then(() => (isOver = true));

    await turn();
    expect(isOver).toBe(false);
    gate.resolve();
    await turn();
    expect(isOver).toBe(true);
    remove();
    expect(await bus.emit("closed")).toMatchObject({ ok: true });
  });
});

describe("the report", () => {
  it("has every error, and one failing receiver stops no other", async () => {
    const heard: string[] = [];
    const bus = createEvents<Shop>();
    bus.on("paid", function charge() {
      throw new Error("at once");
    });
    bus.on("paid", async () => {
      throw new Error("later");
    });
    bus.on("paid", () => heard.push("received"));

    const { ok, aborted, receivers, errors } = await bus.emit("paid", paid);

    expect({ ok, aborted, receivers }).toEqual({ ok: false, aborted: false, receivers: 3 });
    expect(errors).toMatchObject([
      {
        code: "EVENT_HANDLER_FAILED",
        name: "EventHandlerError",
        handler: "receiver",
        cause: new Error("at once"),
      },
      { code: "EVENT_HANDLER_FAILED", handler: "receiver", cause: new Error("later") },
    ]);
    expect(errors[0]!.message).toContain('Cannot deliver "paid": its receiver (charge) has failed');
    expect(heard).toEqual(["received"]);
  });

  it.each([undefined, null, "text", 0, Symbol("it")])("has %s where a receiver throws that", async (it) => {
    const bus = createEvents<Shop>();
    bus.on("closed", () => {
      throw it;
    });
    bus.on("closed", () => Promise.reject(it as unknown as Error));

    const { ok, errors } = await bus.emit("closed");

    expect(ok).toBe(false);
    expect(errors.map((error) => error.cause)).toEqual([it, it]);
  });

  it("is there where a handler refuses to be looked at", async () => {
    const bus = createEvents<Shop>();
    const guarded = (fn: () => unknown) =>
      new Proxy(fn, {
        get() {
          throw new Error("hands off");
        },
      });
    bus.on(
      "closed",
      guarded(() => {
        throw new Error("at once");
      }),
    );
    bus.on(
      "closed",
      guarded(() => Promise.reject(new Error("later"))),
    );

    const { errors } = await bus.emit("closed");

    expect(errors.map((it) => (it.cause as Error).message)).toEqual(["at once", "later"]);
  });

  it("cannot be changed by a finalizer", async () => {
    const bus = createEvents<Shop>();
    bus.finalize((_, { errors }) => void (errors as unknown[]).pop());
    bus.on("closed", () => Promise.reject(new Error("no")));

    expect((await bus.emit("closed")).errors).toHaveLength(2);
    expect((await bus.emit("packed", "box")).errors).toMatchObject([{ handler: "finalizer" }]);
  });

  it("quotes no error of a handler: that may hold a secret", async () => {
    const bus = createEvents<Shop>();
    bus.on("closed", () => {
      throw new Error("password swordfish");
    });

    expect((await bus.emit("closed")).errors[0]!.message).not.toContain("swordfish");
  });

  it("counts as settled what a thenable says first, however often it calls back", async () => {
    const bus = createEvents<Shop>();
    bus.on("closed", () =>
      thenable((yes: () => void, no: (error: unknown) => void) => {
        yes();
        yes();
        no(new Error("too late"));
      }),
    );
    bus.on("closed", () =>
      thenable(() => {
        throw new Error("no promise after all");
      }),
    );
    bus.on("closed", () =>
      Object.assign(
        Promise.resolve(),
        thenable(() => {
          throw new Error("a method of its own");
        }),
      ),
    );

    const { ok, errors, receivers } = await bus.emit("closed");

    expect({ ok, receivers }).toEqual({ ok: false, receivers: 3 });
    expect(errors.map((it) => it.cause)).toEqual([new Error("no promise after all")]);
  });

  it("never comes as a rejection", async () => {
    const bus = createEvents<Shop>();
    bus.intercept("*", () => Promise.reject(new Error("1")));
    bus.finalize(() => Promise.reject(new Error("2")));

    await expect(bus.emit("closed")).resolves.toMatchObject({ ok: false });
  });
});

describe("back-pressure", () => {
  /** A bus of one place, whose receivers wait until they are let go, in the order in which they were called. */
  function queue(max: number) {
    const bus = createEvents<{ job: number; other: number }>({ max });
    const begun: number[] = [];
    const gates = new Map<number, Deferred<void>>();
    bus.on("job", ({ payload }) => {
      begun.push(payload);
      const gate = deferred();
      gates.set(payload, gate);
      return gate.promise;
    });
    return { bus, begun, end: (job: number) => gates.get(job)!.resolve() };
  }

  it("lets so many events be in flight, and the others wait in the order of emitting", async () => {
    const { bus, begun, end } = queue(2);

    const all = [1, 2, 3, 4, 5].map((it) => bus.emit("job", it));
    await turn();
    expect(begun).toEqual([1, 2]);
    end(2);
    await turn();
    expect(begun).toEqual([1, 2, 3]);
    end(1);
    end(3);
    await turn();
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    end(4);
    end(5);
    expect((await Promise.all(all)).map((it) => it.ok)).toEqual([true, true, true, true, true]);
  });

  it("gives a place back after an event that failed, was aborted or was refused", async () => {
    const bus = createEvents<Shop>({ max: 1 });
    bus.intercept("packed", ({ abort }) => abort());
    bus.on("closed", () => Promise.reject(new Error("no")));
    const unreadable = new Proxy(
      { cents: 1 },
      {
        ownKeys: () => {
          throw new Error("no");
        },
      },
    );

    const reports = await Promise.all([
      bus.emit("closed"),
      bus.emit("packed", "box"),
      bus.emit("paid", unreadable),
      bus.emit("paid", paid),
    ]);

    expect(reports.map((it) => it.ok)).toEqual([false, false, false, true]);
  });

  it("has no room for the one that comes while the next one is let in", async () => {
    const { bus, begun, end } = queue(1);
    void bus.emit("job", 1);
    void bus.emit("job", 2);
    await turn();

    end(1);
    const third = bus.emit("job", 3).then(() => "over");
    await turn();
    expect(begun).toEqual([1, 2]);
    end(2);
    await turn();
    end(3);
    expect(await third).toBe("over");
  });

  it("does not count what a handler emits before its first await", async () => {
    const bus = createEvents<{ outer: number; inner: number }>({ max: 1 });
    const heard: string[] = [];
    bus.on("inner", ({ payload }) => heard.push(`inner ${payload}`));
    bus.on("outer", async ({ payload }) => {
      await bus.emit("inner", payload);
      heard.push(`outer ${payload}`);
    });

    await Promise.all([bus.emit("outer", 1), bus.emit("outer", 2)]);

    expect(heard).toEqual(["inner 1", "outer 1", "inner 2", "outer 2"]);
  });

  it("does not count what is emitted with the event, however late", async () => {
    const bus = createEvents<{ outer: number; inner: number }>({ max: 1 });
    const heard: string[] = [];
    bus.intercept("outer", async ({ emit }) => {
      await turn();
      await emit("inner", 0);
    });
    bus.on("inner", async ({ payload, emit }) => {
      await turn();
      heard.push(`inner ${payload}`);
      if (payload < 2) await emit("inner", payload + 1);
    });
    bus.on("outer", async ({ emit }) => {
      await turn();
      await emit("inner", 5);
      heard.push("outer");
    });
    bus.finalize(async ({ name, emit }) => {
      await turn();
      if (name === "outer") await emit("inner", 7);
    });

    await bus.emit("outer", 1);

    expect(heard).toEqual(["inner 0", "inner 1", "inner 2", "inner 5", "outer", "inner 7"]);
  });

  it("counts what is emitted with an event that is over", async () => {
    const { bus, begun, end } = queue(1);
    let late!: typeof bus.emit;
    bus.once("other", ({ emit }) => void (late = emit));
    await bus.emit("other", 0);

    void bus.emit("job", 1);
    const second = late("job", 2);
    await turn();
    expect(begun).toEqual([1]);
    end(1);
    await turn();
    end(2);
    expect((await second).ok).toBe(true);
  });

  it("knows a handler that emits with an event of before", async () => {
    const bus = createEvents<{ job: number; other: number }>({ max: 1 });
    const heard: number[] = [];
    let late!: typeof bus.emit;
    bus.once("other", ({ emit }) => void (late = emit));
    await bus.emit("other", 0);
    bus.on("other", ({ payload }) => heard.push(payload));
    bus.on("job", ({ payload }) => late("other", payload));

    await bus.emit("job", 1);

    expect(heard).toEqual([1]);
  });

  it("takes no handler of another bus for one of its own", async () => {
    const one = createEvents<{ ask: number }>();
    const two = createEvents<{ ask: number }>({ max: 1 });
    const gate = deferred();
    const begun: number[] = [];
    one.on("ask", ({ payload }) => two.emit("ask", payload));
    two.on("ask", ({ payload }) => {
      begun.push(payload);
      return gate.promise;
    });

    const all = [one.emit("ask", 1), one.emit("ask", 2)];
    await turn();
    expect(begun).toEqual([1]);
    gate.resolve();
    await Promise.all(all);
    expect(begun).toEqual([1, 2]);
  });

  it("takes no handler for one whose event is over", async () => {
    const one = createEvents<{ ask: number; answer: number }>({ max: 1 });
    const two = createEvents<{ ask: number }>();
    const gate = deferred();
    const begun: number[] = [];
    one.on("ask", ({ payload }) => void two.emit("ask", payload));
    two.intercept("ask", () => turn());
    two.on("ask", ({ payload }) => one.emit("answer", payload));
    one.on("answer", ({ payload }) => {
      begun.push(payload);
      return gate.promise;
    });

    await one.emit("ask", 1);
    await one.emit("ask", 2);
    await turn();
    await turn();
    expect(begun).toEqual([1]);
    gate.resolve();
    await one.drain();
    expect(begun).toEqual([1, 2]);
  });

  it("knows a handler through the handlers of another bus", async () => {
    const one = createEvents<{ ask: number; answer: number }>({ max: 1 });
    const two = createEvents<{ ask: number }>({ max: 1 });
    const heard: number[] = [];
    one.on("ask", ({ payload }) => two.emit("ask", payload));
    two.on("ask", ({ payload }) => one.emit("answer", payload));
    one.on("answer", ({ payload }) => heard.push(payload));

    await one.emit("ask", 1);

    expect(heard).toEqual([1]);
  });

  it("keeps what is emitted at the time of emitting", async () => {
    const bus = createEvents<Shop>({ max: 1 });
    const heard: number[] = [];
    const gate = deferred();
    bus.on("closed", () => gate.promise);
    bus.on("paid", ({ payload }) => heard.push(payload.cents));
    const order = { cents: 1 };

    void bus.emit("closed");
    const second = bus.emit("paid", order);
    order.cents = 2;
    gate.resolve();
    await second;

    expect(heard).toEqual([1]);
  });

  it("goes by the handlers that are there when an event begins", async () => {
    const bus = createEvents<Shop>({ max: 1 });
    const gate = deferred();
    const heard: string[] = [];
    bus.on("closed", () => gate.promise);
    const remove = bus.on("packed", () => heard.push("removed"));

    void bus.emit("closed");
    const second = bus.emit("packed", "box");
    remove();
    bus.on("packed", () => heard.push("added"));
    gate.resolve();
    await second;

    expect(heard).toEqual(["added"]);
  });

  it("takes thousands that wait", async () => {
    const bus = createEvents<{ job: number }>({ max: 3 });
    let running = 0;
    let most = 0;
    const order: number[] = [];
    bus.on("job", async ({ payload }) => {
      order.push(payload);
      most = Math.max(most, ++running);
      await undefined;
      running--;
    });

    const jobs = Array.from({ length: 5_000 }, (_, at) => at);
    await Promise.all(jobs.map((it) => bus.emit("job", it)));

    expect(most).toBe(3);
    expect(order).toEqual(jobs);
  });
});

describe("draining", () => {
  it("waits for what is in flight, what waits for its turn, and what they emit", async () => {
    const bus = createEvents<{ outer: number; inner: number }>({ max: 1 });
    const gate = deferred();
    let inner = 0;
    bus.on("inner", async () => {
      await turn();
      inner++;
    });
    bus.on("outer", async () => {
      await gate.promise;
      void bus.emit("inner", 1);
    });
    void bus.emit("outer", 1);
    void bus.emit("outer", 2);
    let isDrained = false;
    const drained = bus.drain().then(() => (isDrained = true));

    await turn();
    expect(isDrained).toBe(false);
    gate.resolve();
    await drained;
    expect(inner).toBe(2);
  });

  it("waits for finalizers too", async () => {
    const bus = createEvents<Shop>();
    const gate = deferred();
    bus.finalize(() => gate.promise);
    void bus.emit("closed");
    let isDrained = false;
    const drained = bus.drain().then(() => (isDrained = true));

    await turn();
    expect(isDrained).toBe(false);
    gate.resolve();
    await drained;
  });

  it("is over at once where nothing is in flight", async () => {
    const bus = createEvents<Shop>();
    await bus.emit("closed");

    await expect(bus.drain()).resolves.toBeUndefined();
    await expect(bus.drain({ signal: AbortSignal.abort() })).resolves.toBeUndefined();
  });

  it("from a handler does not wait for the event of that handler", async () => {
    const bus = createEvents<Shop>({ max: 1 });
    const gate = deferred();
    const heard: string[] = [];
    bus.on("packed", async () => {
      await gate.promise;
      heard.push("packed");
    });
    bus.on("closed", async () => {
      void bus.emit("packed", "box");
      await bus.drain();
      heard.push("closed");
    });

    const closed = bus.emit("closed");
    gate.resolve();
    await closed;

    expect(heard).toEqual(["packed", "closed"]);
  });

  it("from a handler waits for those that wait for their turn, which then have one", async () => {
    const bus = createEvents<Shop>({ max: 1 });
    const heard: string[] = [];
    const go = deferred();
    bus.intercept("closed", () => go.promise);
    bus.on("packed", ({ payload }) => heard.push(payload));
    bus.on("closed", async () => {
      await bus.drain();
      heard.push("closed");
    });

    const closed = bus.emit("closed");
    void bus.emit("packed", "one");
    void bus.emit("packed", "two");
    go.resolve();
    await closed;

    expect(heard).toEqual(["one", "two", "closed"]);
    expect((await Promise.all([bus.emit("packed", "3"), bus.emit("packed", "4")])).every((it) => it.ok)).toBe(
      true,
    );
  });

  it("from several handlers at the same time waits for none of them", async () => {
    const bus = createEvents<Shop>();
    bus.on("closed", () => bus.drain());
    bus.on("closed", () => bus.drain());
    bus.on("packed", () => bus.drain());
    bus.intercept("paid", () => bus.drain());
    bus.finalize(({ name }) => (name === "paid" ? bus.drain() : undefined));

    const all = [bus.emit("closed"), bus.emit("packed", "box"), bus.emit("paid", paid)];

    expect((await Promise.all(all)).map((it) => it.ok)).toEqual([true, true, true]);
    await bus.drain();
  });

  it("from a handler inside a handler waits for neither", async () => {
    const bus = createEvents<Shop>();
    bus.on("closed", ({ emit }) => emit("packed", "box"));
    bus.on("packed", () => bus.drain());

    expect((await bus.emit("closed")).ok).toBe(true);
  });

  it("from a handler that is over by then waits for the others", async () => {
    const bus = createEvents<Shop>();
    const gate = deferred();
    let isDrained = false;
    bus.on("packed", () => gate.promise);
    bus.on("closed", () => void bus.drain().then(() => (isDrained = true)));
    void bus.emit("packed", "box");
    await bus.emit("closed");

    await turn();
    expect(isDrained).toBe(false);
    gate.resolve();
    await turn();
    expect(isDrained).toBe(true);
  });

  it("ends with its signal where a handler never settles", async () => {
    const { signal, listeners, abort } = countingSignal();
    const bus = createEvents<Shop>();
    bus.on("closed", never);
    void bus.emit("closed");

    const drained = bus.drain({ signal });
    abort(new Error("five seconds are over"));

    expect(await rejected(drained)).toEqual(new Error("five seconds are over"));
    expect(await rejected(bus.drain({ signal }))).toEqual(new Error("five seconds are over"));
    expect(listeners.size).toBe(0);
  });

  it("leaves no listener at its signal", async () => {
    const { signal, listeners } = countingSignal();
    const bus = createEvents<Shop>();
    const gate = deferred();
    bus.on("closed", () => gate.promise);
    void bus.emit("closed");

    const drained = bus.drain({ signal });
    expect(listeners.size).toBe(1);
    gate.resolve();
    await drained;
    expect(listeners.size).toBe(0);
  });

  it("is not held up by a stack that is full, of a receiver that emits without end", async () => {
    const bus = createEvents<Shop>();
    let depth = 0;
    bus.on("closed", ({ emit }) => {
      depth++;
      return emit("closed");
    });

    await bus.emit("closed");

    expect(depth).toBeGreaterThan(10);
    await bus.drain();
    // And the bus goes on as before.
    bus.on("packed", () => {});
    expect(await bus.emit("packed", "box")).toMatchObject({ ok: true, receivers: 1 });
  });

  // Where exactly the stack is full differs from run to run, and with how much of it is used before.
  const below = (frames: number, fn: () => unknown): unknown => (frames > 0 ? below(frames - 1, fn) : fn());

  const endless: (readonly [string, (bus: Events<Shop>) => void])[] = [
    ["receiver", (bus) => bus.on("closed", ({ emit }) => emit("closed"))],
  ];
  // In Bun a function that is `async` may end without going through its `catch` when the stack is full.
  if (!("Bun" in globalThis) && !("Deno" in globalThis) && !("window" in globalThis))
    endless.push(
      ["interceptor", (bus) => bus.intercept("closed", ({ emit }) => emit("closed"))],
      ["finalizer", (bus) => bus.finalize(({ emit }) => emit("closed"))],
    );

  it.each(endless)(
    "is drained, wherever the stack of a %s that emits without end is full",
    async (_, add) => {
      for (let frames = 0; frames < 16; frames++) {
        const bus = createEvents<Shop>();
        add(bus);

        await below(frames, () => bus.emit("closed"));

        // It hangs when an event is taken to be in flight for ever.
        expect(await bus.drain()).toBeUndefined();
      }
    },
  );
});

describe("bad input", () => {
  const bus = createEvents<Shop>();

  it.each<[string, () => unknown, string]>([
    [
      "max: 0",
      () => createEvents({ max: 0 }),
      'createEvents: the option "max" is a whole number from 1, or Infinity, not 0',
    ],
    [
      "max: text",
      () => unchecked(createEvents)({ max: "2" }),
      'createEvents: the option "max" is a whole number from 1, or Infinity, not of type string',
    ],
    [
      "a near option",
      () => unchecked(createEvents)({ maxx: 2 }),
      'createEvents: no option is named "maxx": did you mean "max"?',
    ],
    [
      "schemas: a function",
      () => unchecked(createEvents)({ schemas: () => {} }),
      'createEvents: the option "schemas" is a record of schemas, not of type function',
    ],
    [
      "a schema that is none",
      () => unchecked(createEvents)({ schemas: { paid: {} } }),
      'createEvents: the schema of "paid" is no Standard Schema',
    ],
    ["options: null", () => unchecked(createEvents)(null), "createEvents: its options are an object"],
    [
      "on without a handler",
      () => unchecked(bus.on)("paid"),
      "on: its handler is a function, not of type undefined",
    ],
    [
      "on for a symbol",
      () => unchecked(bus.on)(Symbol("paid"), () => {}),
      "on: the name of an event is a text, not of type symbol",
    ],
    [
      "on for *",
      () => unchecked(bus.on)("*", () => {}),
      'on: "*" names no event, it stands for all of them in intercept',
    ],
    [
      "once for *",
      () => unchecked(bus.once)("*", () => {}),
      'once: "*" names no event, it stands for all of them in intercept',
    ],
    [
      "on with a priority",
      () => unchecked(bus.on)("paid", () => {}, { priority: 1 }),
      'on: no option is named "priority": there is signal',
    ],
    [
      "on with an object as signal",
      () => unchecked(bus.on)("paid", () => {}, { signal: {} }),
      'on: the option "signal" is an AbortSignal, not of type object',
    ],
    [
      "intercept with a priority that is none",
      () => bus.intercept("*", () => {}, { priority: Number.NaN }),
      'intercept: the option "priority" is a number, not NaN',
    ],
    [
      "finalize without a handler",
      () => unchecked(bus.finalize)(null),
      "finalize: its handler is a function, not null",
    ],
    [
      "emit for *",
      () => unchecked(bus.emit)("*"),
      'emit: "*" names no event, it stands for all of them in intercept',
    ],
    [
      "emit without a name",
      () => unchecked(bus.emit)(),
      "emit: the name of an event is a text, not of type undefined",
    ],
  ])("is refused at once: %s", (_, act, message) => {
    expect(thrown(act)).toMatchObject({ name: "TypeError", message });
  });

  it("has changed nothing", async () => {
    expect(await bus.emit("paid", paid)).toMatchObject({ ok: true, receivers: 0 });
    expect(await rejected(unchecked(bus.drain)({ timeout: 5 }))).toMatchObject({
      message: 'drain: no option is named "timeout": there is signal',
    });
  });

  it("does not include an explicit undefined", async () => {
    const { emit, on, intercept, drain } = createEvents<Shop>({ max: undefined, schemas: undefined });
    on("paid", () => {}, { signal: undefined });
    intercept("*", () => {}, { priority: undefined });
    expect((await emit("paid", paid)).ok).toBe(true);
    await drain({ signal: undefined });
  });
});
