/**
 * Factories that ask the container itself, captured in a closure, instead of the resolver they are handed.
 *
 * While such a factory runs synchronously the ask is attributed to it. After an await it cannot be, and no test here
 * pretends otherwise.
 */

import { consumer, createContainer, scoped, singleton, token, transient, value, type Scope } from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "./support/deferred.ts";
import { laterRefusal, refusal, rejected, route, thrown } from "./support/refusal.ts";
import { turn } from "./support/turn.ts";

const A = token<unknown>("a");
const B = token<unknown>("b");
const C = token<unknown>("c");
const Who = token<unknown>("who");

/** Tells the token of whoever asks for it, in a tuple so that "nobody" differs from "nothing". */
const who = transient(Who, [consumer], (user) => [user]);

describe("a factory that asks the captured container", () => {
  it("is given what it asks for", () => {
    const app: Scope = createContainer(
      singleton(A, () => `a with ${String(app.get(B))}`),
      singleton(B, () => "b"),
    );

    expect(app.get(A)).toBe("a with b");
  });

  it("is nobody any more once its `init` has failed, at once or later", async () => {
    const later = deferred();
    const app: Scope = createContainer(
      singleton(A, () => "a", {
        init: () => {
          throw new Error("no");
        },
      }),
      singleton(B, () => later.promise, {
        init: () => {
          throw new Error("no");
        },
      }),
      who,
    );
    thrown(() => app.get(A));
    expect(app.get(Who)).toEqual([undefined]);

    const asked = rejected(app.getAsync(B));
    later.resolve();
    await asked;
    expect(app.get(Who)).toEqual([undefined]);
  });

  it("is told of a cycle, with the path", () => {
    const app: Scope = createContainer(
      singleton(A, () => app.get(B)),
      singleton(B, () => app.get(C)),
      singleton(C, () => app.get(A)),
    );

    const error = refusal(() => app.get(A));

    expect(error.code).toBe("CIRCULAR_DEPENDENCY");
    expect(route(error.path)).toBe("a > b > c > a");
  });

  it("is told of a cycle that is half declared", () => {
    const app: Scope = createContainer(
      singleton(A, [B], (b) => b),
      singleton(B, () => app.get(A)),
    );

    expect(refusal(() => app.get(A)).code).toBe("CIRCULAR_DEPENDENCY");
    expect(refusal(() => app.get(B)).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("is told of an asynchronous cycle, when it asks before it first waits", async () => {
    const app: Scope = createContainer(
      singleton(A, async () => app.getAsync(B)),
      singleton(B, async () => app.getAsync(A)),
    );

    expect((await laterRefusal(app.getAsync(A))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("is told of a cycle that goes through a child it opens", () => {
    const app: Scope = createContainer(
      singleton(A, () => app.createScope("job").get(B)),
      singleton(B, [A], (a) => a),
    );

    expect(refusal(() => app.get(A)).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("is told of an asynchronous cycle that goes through a child it opens", async () => {
    const app: Scope = createContainer(
      singleton(A, async () => app.createScope("job").getAsync(B)),
      singleton(B, [A], async (a) => a),
    );

    expect((await laterRefusal(app.getAsync(A))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("is told of a cycle when it asks with run", () => {
    const app: Scope = createContainer(
      singleton(A, () => app.run([B], (b) => b)),
      singleton(B, () => app.run([A], (a) => a)),
    );

    expect(refusal(() => app.get(A)).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("is told of a cycle when it is a constructor that asks", () => {
    class Egg {
      readonly chicken: Chicken = app.get(Chicken);
    }
    class Chicken {
      readonly egg: Egg = app.get(Egg);
    }
    const app: Scope = createContainer(singleton(Egg), singleton(Chicken));

    expect(route(refusal(() => app.get(Egg)).path)).toBe("Egg > Chicken > Egg");
  });

  it("is told of a cycle when it is an `init` that asks", () => {
    const app: Scope = createContainer(
      singleton(A, () => "a", { init: () => void app.get(B) }),
      singleton(B, [A], (a) => a),
    );

    expect(route(refusal(() => app.get(A)).path)).toBe("a > b > a");
  });

  it("is the consumer of what it asks for", () => {
    const app: Scope = createContainer(
      who,
      singleton(A, () => app.get(Who)),
    );

    expect(app.get(A)).toEqual([A]);
  });

  it("is undone before what it asked for", async () => {
    const undone: string[] = [];
    const release = deferred();
    const app: Scope = createContainer(
      singleton(A, () => app.get(B), {
        dispose: async () => {
          await release.promise;
          undone.push("a");
        },
      }),
      singleton(B, () => "b", { dispose: () => undone.push("b") }),
    );
    app.get(A);

    const closing = app.shutdown();
    await turn();
    expect(undone).toEqual([]);
    release.resolve();
    await closing;

    expect(undone).toEqual(["a", "b"]);
  });

  it("is undone before what its `init` asked for", async () => {
    const undone: string[] = [];
    const app: Scope = createContainer(
      singleton(A, () => "a", { init: () => void app.get(B), dispose: () => undone.push("a") }),
      singleton(B, () => "b", { dispose: () => undone.push("b") }),
    );
    app.get(A);

    await app.shutdown();

    expect(undone).toEqual(["a", "b"]);
  });

  it("is undone before what it asked for when that had been built long before", async () => {
    const undone: string[] = [];
    const app: Scope = createContainer(
      singleton(A, () => app.get(B), { dispose: () => undone.push("a") }),
      singleton(B, () => "b", { dispose: () => undone.push("b") }),
    );
    app.get(B);
    app.get(A);

    await app.shutdown();

    expect(undone).toEqual(["a", "b"]);
  });

  it("says itself which scope it asks, so a scoped service of a scope it opens is not captured", () => {
    const app: Scope = createContainer(
      scoped(B, () => "b of a job"),
      singleton(A, () => app.createScope("job").get(B)),
    );

    expect(app.get(A)).toBe("b of a job");
  });
});

describe("the attribution ends", () => {
  it("with the factory", () => {
    const app: Scope = createContainer(
      who,
      singleton(A, () => "a"),
    );
    app.get(A);

    expect(app.get(Who)).toEqual([undefined]);
  });

  it("with a factory that throws", () => {
    const app: Scope = createContainer(
      who,
      singleton(A, () => {
        throw new Error("no");
      }),
    );
    thrown(() => app.get(A));

    expect(app.get(Who)).toEqual([undefined]);
  });

  it("where the factory begins to wait", async () => {
    const gate = deferred();
    const app: Scope = createContainer(
      who,
      singleton(A, async () => {
        await gate.promise;
      }),
    );
    const building = app.getAsync(A);

    expect(app.get(Who)).toEqual([undefined]);
    gate.resolve();
    await building;
  });

  it("and goes back to the factory around, which was waiting for an inner one", () => {
    const app: Scope = createContainer(
      who,
      singleton(A, () => [app.get(Who), app.get(B), app.get(Who)]),
      singleton(B, () => app.get(Who)),
    );

    expect(app.get(A)).toEqual([[A], [B], [A]]);
  });

  it("and goes back to the factory around, though an inner one threw", () => {
    const app: Scope = createContainer(
      who,
      singleton(A, () => {
        thrown(() => app.get(B));
        return app.get(Who);
      }),
      singleton(B, () => {
        throw new Error("no");
      }),
    );

    expect(app.get(A)).toEqual([A]);
  });
});

describe("two containers", () => {
  it("may ask each other in turn", () => {
    const other: Scope = createContainer(singleton(A, () => `other's a with ${String(app.get(B))}`));
    const app: Scope = createContainer(
      singleton(A, () => `a with ${String(other.get(A))}`),
      value(B, "b"),
    );

    expect(app.get(A)).toBe("a with other's a with b");
  });

  it("of the same providers are no cycle", () => {
    const a = singleton(A, ({ has, get }) => (has(B) ? get(B) : inner.get(A)));
    const inner: Scope = createContainer(a, value(B, "inner b"));
    const outer: Scope = createContainer(a);

    expect(outer.get(A)).toBe("inner b");
  });
});
