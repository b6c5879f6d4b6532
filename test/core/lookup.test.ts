import {
  all,
  alias,
  createContainer,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Provider,
  type Scope,
} from "thimble";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { refusal } from "./support/refusal.ts";
import { uncheckedContainer } from "./support/unchecked.ts";

const Host = token<string>("host");
const Port = token<number>("port");
const Other = token<string>("other");

describe("lookup", () => {
  it("takes the nearest scope first, then goes up", () => {
    const app = createContainer(value(Host, "root's"), value(Port, 80));
    const request = app.createScope("request", value(Host, "request's"));
    const job = request.createScope("job");

    expect(job.get([Host, Port])).toEqual(["request's", 80]);
    expect(app.get(Host)).toBe("root's");
  });

  it("never goes down", () => {
    const app: Scope = createContainer();
    app.createScope("request", value(Host, "request's"));

    expect(refusal(() => app.get(Host)).code).toBe("NOT_PROVIDED");
  });

  it("never goes sideways", () => {
    const app: Scope = createContainer();
    app.createScope("left", value(Host, "left's"));
    const right: Scope = app.createScope("right");

    expect(refusal(() => right.get(Host)).code).toBe("NOT_PROVIDED");
  });

  it("lets a child shadow a service its parent has built, and leaves the parent's as it is", () => {
    const app = createContainer(singleton(Host, () => "root's"));
    app.get(Host);

    const child = app.createScope(
      "request",
      singleton(Host, () => "request's"),
    );

    expect(child.get(Host)).toBe("request's");
    expect(app.get(Host)).toBe("root's");
  });

  it("lets a child shadow with another kind", () => {
    const app = createContainer(
      singleton(Host, () => "root's"),
      value(Other, "other"),
    );
    const child = app.createScope("request", alias(Host, Other));

    expect(child.get(Host)).toBe("other");
  });
});

describe("lookup remembers nothing that has changed", () => {
  it("when a scope between begins to shadow what was found above it", () => {
    const app = createContainer(value(Host, "root's"));
    const request: Scope = app.createScope("request");
    const job = request.createScope("job");
    const sibling = app.createScope("request");
    expect([job.get(Host), request.get(Host), sibling.get(Host)]).toEqual(["root's", "root's", "root's"]);

    request.provide(value(Host, "request's"));

    expect([job.get(Host), request.get(Host)]).toEqual(["request's", "request's"]);
    expect([sibling.get(Host), app.get(Host)]).toEqual(["root's", "root's"]);
  });

  it("when something is provided that was looked for in vain", () => {
    const app: Scope = createContainer();
    const job: Scope = app.createScope("request").createScope("job");
    refusal(() => job.get(Host));

    app.provide(value(Host, "root's"));

    expect(job.get(Host)).toBe("root's");
  });

  it("when the root is overridden after scopes below have asked", () => {
    const app: Scope = createContainer(value(Host, "old"));
    const job: Scope = app.createScope("request").createScope("job", value(Other, "other"));
    expect(job.get(Host)).toBe("old");

    app.override(value(Host, "new"));

    expect(job.get(Host)).toBe("new");
  });

  it("when an observer comes and goes", () => {
    const app = createContainer(value(Host, "root's"));
    const request: Scope = app.createScope("request");
    request.get(Host);

    const forget = observe(app, {});
    request.provide(value(Port, 80));
    expect(request.get([Host, Port])).toEqual(["root's", 80]);
    forget();
    request.override(value(Host, "request's"));

    expect([request.get(Host), app.get(Host)]).toEqual(["request's", "root's"]);
  });

  it("with many providers in one scope, found by token and by class alike", () => {
    const classes = Array.from({ length: 40 }, () => class {});
    const tokens = Array.from({ length: 40 }, (_, i) => token<number>(`token ${i}`));
    const providers = [...classes.map((it) => singleton(it)), ...tokens.map((it, i) => value(it, i))];
    const app: Scope = createContainer(providers);
    const child: Scope = app.createScope(
      "request",
      tokens.map((it, i) => value(it, -i)),
    );

    for (const it of classes) expect(child.get(it)).toBe(app.get(it));
    expect(child.get(tokens)).toEqual(tokens.map((_, i) => -i));
    expect(app.get(tokens)).toEqual(tokens.map((_, i) => i));
  });
});

describe("providing a token twice in one scope", () => {
  const kinds: Record<string, () => Provider> = {
    value: () => value(Host, "value"),
    singleton: () => singleton(Host, () => "singleton"),
    scoped: () => scoped(Host, () => "scoped"),
    transient: () => transient(Host, () => "transient"),
    alias: () => alias(Host, Other),
  };
  const pairs = Object.keys(kinds).flatMap((first) =>
    Object.keys(kinds).map((second) => [first, second] as const),
  );

  it.each(pairs)("is refused: %s, then %s", (first, second) => {
    const app = uncheckedContainer(kinds[first]!());

    expect(refusal(() => app.provide(kinds[second]!())).code).toBe("DUPLICATE");
  });

  it("is refused within one list, and across groups of it", () => {
    expect(refusal(() => createContainer(value(Host, "a"), value(Host, "b"))).code).toBe("DUPLICATE");
    expect(refusal(() => createContainer([value(Host, "a")], [[value(Host, "b")]])).code).toBe("DUPLICATE");
  });

  it("is no fault when it is the very same provider, which counts once", () => {
    const host = value(Host, "here");

    expect(createContainer(host, host).get(all(Host))).toEqual(["here"]);
  });

  it("is refused after the first has been built, which stays", () => {
    const app: Scope = createContainer(singleton(Host, () => "first"));
    app.get(Host);

    expect(refusal(() => app.provide(singleton(Host, () => "second"))).code).toBe("DUPLICATE");
    expect(app.get(Host)).toBe("first");
  });

  it("is fine in two scopes of one tree", () => {
    const app: Scope = createContainer(value(Host, "root's"));
    app.createScope("left", value(Host, "left's"));

    expect(app.createScope("right", value(Host, "right's")).get(Host)).toBe("right's");
  });

  it("is fine for two tokens of one name", () => {
    const app = createContainer(value(Host, "a"), value(token<string>("host"), "b"));

    expect(app.get(Host)).toBe("a");
  });

  it("names the token", () => {
    const error = refusal(() => createContainer(value(Host, "a"), value(Host, "b")));

    expect(error.message).toContain('"host"');
  });
});

describe("a list that fails", () => {
  it("registers nothing, neither what stood before the failure nor what stood behind it", () => {
    const app: Scope = createContainer(value(Port, 80));

    expect(refusal(() => app.provide(value(Host, "a"), [value(Port, 81)], value(Other, "b"))).code).toBe(
      "DUPLICATE",
    );

    expect([app.has(Host), app.has(Other), app.get(Port)]).toEqual([false, false, 80]);
  });

  it("may be given again, mended", () => {
    const app: Scope = createContainer(value(Port, 80));
    refusal(() => app.provide(value(Host, "a"), value(Port, 81)));

    app.provide(value(Host, "a"));

    expect(app.get(Host)).toBe("a");
  });

  it("leaves no child behind, however deep it was opened", () => {
    const app: Scope = createContainer();
    const request = app.createScope("request");

    refusal(() => request.createScope("job", value(Host, "a"), value(Host, "b")));

    expect([...request.children]).toEqual([]);
    expect(request.createScope("job", value(Host, "a")).get(Host)).toBe("a");
  });

  it("is told to no observer", () => {
    const heard: string[] = [];
    const app: Scope = createContainer();
    observe(app, {
      registered: () => heard.push("registered"),
      scopeOpened: () => heard.push("scopeOpened"),
    });

    refusal(() => app.provide(value(Host, "a"), value(Host, "b")));
    refusal(() => app.createScope("request", value(Host, "a"), value(Host, "b")));

    expect(heard).toEqual([]);
  });

  it("does not begin to build or dispose anything", async () => {
    const heard: string[] = [];
    const app: Scope = createContainer();

    refusal(() =>
      app.provide(
        value(Host, "a", { owned: true, dispose: () => heard.push("disposed") }),
        singleton(Other, () => "b", { init: () => heard.push("built") }),
        value(Host, "c"),
      ),
    );
    const report = await app.shutdown();

    expect(heard).toEqual([]);
    expect(report.services).toEqual([]);
  });
});
