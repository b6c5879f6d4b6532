import {
  alias,
  createContainer,
  optional,
  parent,
  scoped,
  singleton,
  token,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { kinds } from "./support/kinds.ts";
import { refusal, thrown } from "./support/refusal.ts";
import { uncheckedContainer } from "./support/unchecked.ts";

const Greeting = token<string>("greeting");

describe("parent", () => {
  it("lets a child decorate its parent's service", () => {
    const app = createContainer(value(Greeting, "hello"));
    const child = app.createScope(
      "request",
      singleton(Greeting, [parent(Greeting)], (above) => `${above}!`),
    );

    expect(child.get(Greeting)).toBe("hello!");
    expect(app.get(Greeting)).toBe("hello");
  });

  it("can be done again in every scope below", () => {
    const louder = singleton(Greeting, [parent(Greeting)], (above) => `${above}!`);
    const app = createContainer(value(Greeting, "hello"));
    const child = app.createScope("a", louder).createScope("b", louder).createScope("c", louder);

    expect(child.get(Greeting)).toBe("hello!!!");
  });

  it("skips the scopes between that say nothing", () => {
    const app = createContainer(value(Greeting, "hello"));
    const child = app
      .createScope("quiet")
      .createScope("quieter")
      .createScope(
        "loud",
        singleton(Greeting, [parent(Greeting)], (above) => `${above}!`),
      );

    expect(child.get(Greeting)).toBe("hello!");
  });

  it.each(kinds("scoped", "transient"))(
    "starts above the scope that registered a %s provider, wherever it is asked",
    (_, provider) => {
      const app = createContainer(value(Greeting, "hello"));
      const child = app.createScope(
        "request",
        provider(Greeting, [parent(Greeting)], (above) => `${above}!`),
      );
      const below: Scope = child.createScope("job").createScope("task");

      expect(below.get(Greeting)).toBe("hello!");
    },
  );

  it("may be optional, and is then looked for above the scope that registered the provider as well", () => {
    const child = createContainer().createScope(
      "request",
      scoped(Greeting, [optional(parent(Greeting), "nothing above")], (above) => `${above}!`),
    );
    const below: Scope = child.createScope("job");

    expect(below.get(Greeting)).toBe("nothing above!");
  });

  it("has nothing to give at the root", () => {
    const app = uncheckedContainer(singleton(Greeting, [parent(Greeting)], (above) => `${above}!`));

    expect(refusal(() => app.get(Greeting)).code).toBe("NOT_PROVIDED");
  });

  it("has nothing to give when only the scope itself provides it", () => {
    const child: Scope = createContainer().createScope(
      "request",
      singleton(Greeting, [parent(Greeting) as never], (above) => `${String(above)}!`),
    );

    expect(refusal(() => child.get(Greeting)).code).toBe("NOT_PROVIDED");
  });

  it("waits for a parent that takes its time", async () => {
    const app = createContainer(singleton(Greeting, async () => "hello"));
    const child = app.createScope(
      "request",
      singleton(Greeting, [parent(Greeting)], (above) => `${above}!`),
    );

    expect(await child.getAsync(Greeting)).toBe("hello!");
  });

  it("asks for another token of the scope above just as well", () => {
    const Host = token<string>("host");
    const app = createContainer(value(Host, "above"));
    const child = app.createScope(
      "request",
      value(Host, "here"),
      singleton(Greeting, [parent(Host), Host], (above, here) => `${above} and ${here}`),
    );

    expect(child.get(Greeting)).toBe("above and here");
  });

  it("leaves the parent's service alone when the child closes", async () => {
    const undone: string[] = [];
    const app = createContainer(singleton(Greeting, () => "hello", { dispose: (it) => undone.push(it) }));
    const child = app.createScope(
      "request",
      singleton(Greeting, [parent(Greeting)], (above) => `${above}!`, { dispose: (it) => undone.push(it) }),
    );
    child.get(Greeting);

    await child.shutdown();
    expect(undone).toEqual(["hello!"]);

    await app.shutdown();
    expect(undone).toEqual(["hello!", "hello"]);
  });

  it("looks above the alias that has it, also when the service that received it fails", () => {
    const Maybe = token<object | undefined>("maybe");
    const Failing = token<string>("failing");
    const Whole = token<object>("whole");
    const group = [alias(Maybe, optional(parent(Maybe)))];
    const app = uncheckedContainer(...group);
    const child = app.createScope(
      ...(group as []),
      singleton(Failing, () => {
        throw new Error("no");
      }),
      scoped(Whole, [parent(Maybe), Failing], () => ({})) as never,
    ) as Scope;

    expect(thrown(() => child.get(Whole))).toEqual(new Error("no"));
  });
});
