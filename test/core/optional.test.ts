import {
  alias,
  all,
  createContainer,
  map,
  one,
  optional,
  parent,
  ref,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { laterRefusal, refusal, rejected, route, thrown } from "./support/refusal.ts";
import { uncheckedContainer } from "./support/unchecked.ts";

const Cache = token<string>("cache");

describe("optional", () => {
  it("gives the instance when there is one", () => {
    expect(createContainer(value(Cache, "lru")).get(optional(Cache))).toBe("lru");
  });

  it("gives undefined when nothing provides it", () => {
    expect(createContainer().get(optional(Cache))).toBeUndefined();
  });

  it.each([["none"], [0], [null], [""]])("gives the fallback, %j, when nothing provides it", (fallback) => {
    const Maybe = token<string | number | null>("maybe");

    expect(createContainer().get(optional(Maybe, fallback))).toBe(fallback);
  });

  it("has no use for the fallback when there is an instance", () => {
    expect(createContainer(value(Cache, "lru")).get(optional(Cache, "none"))).toBe("lru");
  });

  it("asks for nothing to be provided to the service that has it", () => {
    class Users {
      readonly cache: string | undefined;
      constructor(cache: string | undefined) {
        this.cache = cache;
      }
    }

    expect(createContainer(singleton(Users, [optional(Cache)])).get(Users).cache).toBeUndefined();
  });

  it("sees what is visible from where it is asked: above, and not below", () => {
    const Low = token<string>("low");
    const app: Scope = createContainer(value(Cache, "lru"));
    const child: Scope = app.createScope("request", value(Low, "low"));

    expect(child.get([optional(Cache), optional(Low)])).toEqual(["lru", "low"]);
    expect(app.get(optional(Low))).toBeUndefined();
  });

  it("passes on the error of one that is provided and fails to build", () => {
    const failure = new Error("no memory");
    const app = createContainer(
      singleton(Cache, (): string => {
        throw failure;
      }),
    );

    expect(thrown(() => app.get(optional(Cache, "none")))).toBe(failure);
  });

  it("passes on the error of one that fails later", async () => {
    const failure = new Error("no memory");
    const app = createContainer(singleton(Cache, () => Promise.reject<string>(failure)));

    expect(await rejected(app.getAsync(optional(Cache, "none")))).toBe(failure);
  });

  it("passes on what is missing for one that is provided", () => {
    const Disk = token<string>("disk");
    const app = uncheckedContainer(singleton(Cache, [Disk], (disk) => disk));

    const error = refusal(() => app.get(optional(Cache, "none")));

    expect(error.code).toBe("NOT_PROVIDED");
    expect(route(error.path)).toBe("cache > disk");
  });

  it("waits for one that takes its time", async () => {
    const app = createContainer(singleton(Cache, async () => "lru"));

    expect(await app.getAsync(optional(Cache, "none"))).toBe("lru");
  });

  it("does not take one that takes its time for one that is not provided", async () => {
    const app = createContainer(singleton(Cache, async () => "lru"));

    expect(refusal(() => app.get(optional(Cache, "none"))).code).toBe("ASYNC_PROVIDER");
    await app.getAsync(Cache);
  });

  it("does not take a closed scope for one where it is not provided", async () => {
    const app = createContainer();
    await app.shutdown();

    expect(refusal(() => app.get(optional(Cache, "none"))).code).toBe("SCOPE_CLOSED");
    expect((await laterRefusal(app.getAsync(optional(Cache, "none")))).code).toBe("SCOPE_CLOSED");
  });

  it("goes around other combinators", () => {
    let mapped = 0;
    const app: Scope = createContainer();

    expect(app.get(optional(map(Cache, () => ++mapped)))).toBeUndefined();
    expect(
      app.get(
        optional(
          ref(() => Cache),
          "none",
        ),
      ),
    ).toBe("none");
    expect(app.get(optional(one(Cache), "none"))).toBe("none");
    expect(app.get(optional(all(Cache)))).toEqual([]);
    expect(mapped).toBe(0);
  });

  it("makes a service of the scope above optional", () => {
    const app: Scope = createContainer(
      singleton(Cache, [optional(parent(Cache), "none above")], (above) => above),
    );

    expect(app.get(Cache)).toBe("none above");
  });

  it("does not hide that there are several", () => {
    const app: Scope = createContainer(
      value(token<string>("lru"), "lru", { as: [Cache] }),
      value(token<string>("lfu"), "lfu", { as: [Cache] }),
    );

    expect(refusal(() => app.get(optional(one(Cache), "none"))).code).toBe("AMBIGUOUS");
  });

  it("leaves its fallback alone when the service that received it fails", () => {
    let disposed = 0;
    class Part {
      [Symbol.dispose](): void {
        disposed++;
      }
    }
    const Failing = token<string>("failing");
    const Whole = token<object>("whole");
    const app = uncheckedContainer(
      transient(Part),
      singleton(Failing, () => {
        throw new Error("no");
      }),
      singleton(Whole, [optional([Part, Cache], [new Part(), "none"]), Failing], () => ({})),
    );

    expect(thrown(() => app.get(Whole))).toEqual(new Error("no"));
    expect(disposed).toBe(0);
  });

  it("gives undefined for a circle with something missing in it, also when its service fails afterwards", () => {
    const Circle = token<string>("circle");
    const Whole = token<object>("whole");
    const app = uncheckedContainer(
      alias(Circle, Circle),
      singleton(Whole, [optional({ circle: Circle, cache: Cache }), Circle], () => ({})),
    );

    expect(refusal(() => app.get(Whole)).code).toBe("CIRCULAR_DEPENDENCY");
  });
});
