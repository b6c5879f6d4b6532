/**
 * Two copies of the library in one program: a dependency brought its own, or a page has the script tag and the
 * modules. Their classes differ, so nothing may be known by `instanceof`.
 *
 * What the other copy makes is imitated: the same properties, those of the prototypes included, on an object that no
 * class of this copy made.
 */

import {
  all,
  createContainer,
  fallback,
  isContainerError,
  make,
  optional,
  pathOf,
  singleton,
  token,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { laterRefusal, refusal, route, thrown } from "./support/refusal.ts";

/** What is left of `original` when its class is unknown here. */
function asOfAnotherCopy<T extends object>(original: T, onto: object): T {
  const seen = new Set<PropertyKey>(["constructor"]);
  for (
    let at: object | null = original;
    at !== null && at !== Error.prototype && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    for (const key of Reflect.ownKeys(at)) {
      if (seen.has(key)) continue;
      seen.add(key);
      Object.defineProperty(onto, key, Object.getOwnPropertyDescriptor(at, key)!);
    }
  }
  return onto as T;
}

const Host = token<string>("host");
const Users = token<string>("users");
const Path = token<string>("path");

describe("an error of another copy", () => {
  const theirs = () => {
    const error = refusal(() => (createContainer() as Scope).get(Host));
    return asOfAnotherCopy(error, new Error(error.message));
  };

  it("is known as one, by its code", () => {
    const error = theirs();

    expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
    expect(isContainerError(error)).toBe(true);
    expect(isContainerError(error, "NOT_PROVIDED")).toBe(true);
    expect(isContainerError(error, "DUPLICATE")).toBe(false);
  });

  it("tells its path", () => {
    expect(route(theirs().path)).toBe("host");
  });

  it("passes through a factory here like any other, the same object, with a path", async () => {
    const error = theirs();
    const app = createContainer(
      singleton(Users, (): string => {
        throw error;
      }),
    );

    expect(thrown(() => app.get(Users))).toBe(error);
    expect(await laterRefusal(app.getAsync(Users))).toBe(error);
    expect(pathOf(error).length).toBeGreaterThan(0);
  });

  it("is not what `optional` takes for something that is not provided", () => {
    const error = theirs();
    const app = createContainer(
      singleton(Host, (): string => {
        throw error;
      }),
    );

    expect(thrown(() => app.get(optional(Host, "none")))).toBe(error);
  });
});

describe("a token of another copy", () => {
  const Theirs = asOfAnotherCopy(token<string>("theirs"), {});
  const Other = asOfAnotherCopy(token<string>("theirs"), {});

  it("is a token here, and is known by identity like any other", () => {
    const app: Scope = createContainer(value(Theirs, "given"));

    expect(app.get(Theirs)).toBe("given");
    expect(app.has(Theirs)).toBe(true);
    expect(app.has(Other)).toBe(false);
  });

  it("stands beside tokens of this copy", () => {
    // Both copies number their tokens; that must not let one pass for another.
    const mine = Array.from({ length: 50 }, (_, i) => token<string>(`mine ${i}`));
    const theirs = Array.from({ length: 50 }, (_, i) => asOfAnotherCopy(mine[i]!, {}));
    const app: Scope = createContainer(
      mine.map((it, i) => value(it, `mine ${i}`)),
      theirs.map((it, i) => value(it, `theirs ${i}`)),
    );

    expect(app.get(mine)).toEqual(mine.map((_, i) => `mine ${i}`));
    expect(app.get(theirs)).toEqual(theirs.map((_, i) => `theirs ${i}`));
  });

  it("can be depended on, in a tuple, in a record and through combinators", () => {
    const app = createContainer(
      value(Theirs, "given"),
      singleton(Host, [Theirs, { theirs: Theirs }, optional(Other, "none"), all(Theirs)], (a, b, c, d) =>
        [a, b.theirs, c, ...d].join(),
      ),
    );

    expect(app.get(Host)).toBe("given,given,none,given");
  });

  it("is printed by its name", () => {
    const app: Scope = createContainer();

    expect(route(refusal(() => app.get(Theirs)).path)).toBe("theirs");
  });
});

describe("a provider of another copy", () => {
  /** As it was made there: the combinators in it are not of this copy. */
  const theirs = <P extends object>(made: P): P => {
    const { dependencies } = made as unknown as { dependencies: object[] };
    const foreign = dependencies.map((it) =>
      "madeBy" in it ? { ...it, madeBy: () => {}, resolve: () => "theirs" } : it,
    );
    return Object.defineProperty(asOfAnotherCopy(made, {}), "dependencies", { value: foreign });
  };

  it("may have a factory that asks as it runs", () => {
    const app = createContainer(
      value(Host, "here"),
      theirs(singleton(Users, ({ get }) => `users at ${get(Host)}`)),
    );

    expect(app.get(Users)).toBe("users at here");
  });

  it("may be made here, or be a fallback", () => {
    const app = createContainer(
      fallback(theirs(singleton(Host, () => "here"))),
      theirs(fallback(value(Users, "users"))),
    );

    expect(app.get([Host, Users])).toEqual(["here", "users"]);
    expect(app.get(make(theirs(singleton(Path, [Host], (host) => `path at ${host}`))))).toBe("path at here");
    expect(app.provide(value(Users, "ours")).get(Users)).toBe("ours");
  });

  it("is refused once it is asked for, when it depends on a combinator: that would wait elsewhere", () => {
    const app: Scope = createContainer(
      theirs(singleton(Users, [optional(Host, "none")], (host) => `users at ${host}`)),
    );

    const { code, message } = refusal(() => app.get(Users));
    expect(code).toBe("INVALID_PROVIDER");
    expect(message).toContain("optional() of another copy");
  });
});
