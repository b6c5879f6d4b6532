import {
  alias,
  all,
  createContainer,
  defer,
  map,
  one,
  optional,
  scoped,
  singleton,
  token,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "./support/deferred.ts";
import { refusal } from "./support/refusal.ts";
import { uncheckedContainer } from "./support/unchecked.ts";

const Host = token<string>("host");
const Port = token<number>("port");
const Missing = token<number>("missing");
const Handler = token<{ port: number }>("handler");

/** Something to build: its scope is listed among the children, also before it is built. */
const here = singleton(Host, () => "here");

/** A scope and everything below it, in the order the tree gives them. */
function family(scope: Scope): Scope[] {
  return [scope, ...[...scope.children].flatMap(family)];
}

describe("the name of a scope", () => {
  it("is `root` for a container unless it is given one", () => {
    expect(createContainer().name).toBe("root");
    expect(createContainer(value(Host, "here")).name).toBe("root");
    expect(createContainer("shop").name).toBe("shop");
    expect(createContainer("shop", value(Host, "here")).name).toBe("shop");
  });

  it("is what createScope was given", () => {
    const app = createContainer();

    expect(app.createScope("request").name).toBe("request");
    expect(app.createScope("request", value(Host, "here")).name).toBe("request");
  });

  it("is text even when none is given", () => {
    const app = createContainer();

    expect(app.createScope().name).toEqual(expect.any(String));
    expect(app.createScope(value(Host, "here")).name).toEqual(expect.any(String));
    expect(app.createScope(value(Host, "here")).get(Host)).toBe("here");
  });

  it("need not be the only one of its kind", () => {
    const app = createContainer();

    const [left, right] = [app.createScope("request", here), app.createScope("request", here)];

    expect(left).not.toBe(right);
    expect([...app.children]).toEqual([left, right]);
  });
});

describe("the id of a scope", () => {
  it("is its own in the whole tree", () => {
    const app: Scope = createContainer();
    for (const name of ["request", "request", "job"])
      app.createScope(name).createScope(name).createScope(name, here);

    const ids = family(app).map((scope) => scope.id);

    expect(ids).toHaveLength(10);
    expect(new Set(ids).size).toBe(10);
  });

  it("is not given again after its scope has closed", async () => {
    const app = createContainer();
    const first = app.createScope("request");
    await first.shutdown();

    expect(app.createScope("request").id).not.toBe(first.id);
  });

  it("follows from the order of creation alone: the same steps give the same ids", () => {
    const steps = () => {
      const app: Scope = createContainer("shop");
      const left = app.createScope("left");
      app.createScope("right", here);
      left.createScope("below", here);
      return family(app).map((scope) => scope.id);
    };

    expect(steps()).toEqual(steps());
  });
});

describe("the tree of scopes", () => {
  it("has a root without a parent", () => {
    const app = createContainer();

    expect(app.parent).toBeUndefined();
    expect(app.root).toBe(app);
  });

  it("knows the way up from everywhere", () => {
    const app = createContainer();
    const request = app.createScope("request");
    const job = request.createScope("job");

    expect(job.parent).toBe(request);
    expect(request.parent).toBe(app);
    expect([app.root, request.root, job.root]).toEqual([app, app, app]);
  });

  it("knows its children, in the order they were opened", () => {
    const app = createContainer();
    expect([...app.children]).toEqual([]);

    const [a, b, c] = ["a", "b", "c"].map((name) => app.createScope(name, here));
    a!.createScope("below", here);

    expect([...app.children]).toEqual([a, b, c]);
  });

  it("does not list a scope as long as it has at most values that it borrows: it may be forgotten", () => {
    const app: Scope = createContainer(scoped(Handler, () => ({ port: 1 })));
    const request = app.createScope("request", value(Port, 80));

    expect([...app.children]).toEqual([]);
    request.get(Handler);
    expect([...app.children]).toEqual([request]);
  });

  it("forgets a child that has closed", async () => {
    const app = createContainer();
    const [a, b, c] = ["a", "b", "c"].map((name) => app.createScope(name, here));

    await b!.shutdown();

    expect([...app.children]).toEqual([a, c]);
  });

  it("can be walked while its scopes open and close", async () => {
    const app = createContainer();
    const opened = ["a", "b", "c"].map((name) => app.createScope(name, here));
    const seen: string[] = [];

    const closing: Promise<unknown>[] = [];
    for (const child of app.children) {
      seen.push(child.name);
      closing.push(child.shutdown());
    }
    await Promise.all(closing);

    expect(seen).toEqual(["a", "b", "c"]);
    expect([...app.children]).toEqual([]);
    expect(opened.map((scope) => scope.state)).toEqual(["closed", "closed", "closed"]);
  });

  it("does not keep a child whose providers fail", () => {
    const app = createContainer();

    const error = refusal(() => app.createScope("request", value(Host, "a"), value(Host, "b")));

    expect(error.code).toBe("DUPLICATE");
    expect([...app.children]).toEqual([]);
    expect(app.has(Host)).toBe(false);
  });
});

describe("the state of a scope", () => {
  it("is open, then closing, then closed", async () => {
    const gate = deferred();
    const app = createContainer(singleton(Host, () => "here", { dispose: () => gate.promise }));
    app.get(Host);
    expect(app.state).toBe("open");

    const closing = app.shutdown();
    expect(app.state).toBe("closing");

    gate.resolve();
    await closing;
    expect(app.state).toBe("closed");
  });

  it("is closed for everything below a scope that has closed", async () => {
    const app = createContainer();
    const request = app.createScope("request");
    const job = request.createScope("job");

    await app.shutdown();

    expect([app.state, request.state, job.state]).toEqual(["closed", "closed", "closed"]);
  });

  it("stays open for the parent and the siblings of a scope that has closed", async () => {
    const app = createContainer();
    const [left, right] = [app.createScope("left"), app.createScope("right")];

    await left.shutdown();

    expect([app.state, left.state, right.state]).toEqual(["open", "closed", "open"]);
  });
});

describe("has", () => {
  it("sees what is visible from here: this scope and those above", () => {
    const app: Scope = createContainer(value(Host, "here"));
    const left: Scope = app.createScope("left", value(Port, 80));
    const right: Scope = app.createScope("right");

    expect([left.has(Host), left.has(Port)]).toEqual([true, true]);
    expect([right.has(Host), right.has(Port)]).toEqual([true, false]);
    expect(app.has(Port)).toBe(false);
  });

  it("builds nothing, and sees what a provider declares to depend on", () => {
    let built = 0;
    const app = uncheckedContainer(singleton(Host, [Port], () => `built ${++built}`));

    expect([app.has(Host), app.has(Port)]).toEqual([false, false]);
    app.provide(value(Port, 80));
    expect([app.has(Host), app.has(Port)]).toEqual([true, true]);
    expect(built).toBe(0);
  });

  it("cannot see what a factory without a list resolves while it runs", () => {
    const app = uncheckedContainer(singleton(Host, ({ get }) => `on ${get(Port)}`));

    expect(app.has(Host)).toBe(true);
  });

  it("takes every dependency: tuples, records and combinators", () => {
    const app = uncheckedContainer(value(Port, 80), alias(Host, map(Port, String)));

    expect(app.has([Port, { host: Host }])).toBe(true);
    expect(app.has([Port, Missing])).toBe(false);
    expect(app.has(map(Missing, String))).toBe(false);
    expect(app.has(one(Missing))).toBe(false);
    expect([optional(Missing), all(Missing), defer(Missing)].map((it) => app.has(it))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("looks for the dependencies where they would be resolved from", () => {
    const app = uncheckedContainer(
      singleton(Host, [Port], (port) => `on ${port}`),
      scoped(Handler, [Port], (port) => ({ port })),
    );
    const request: Scope = app.createScope("request", value(Port, 80));

    expect([request.has(Handler), app.has(Handler)]).toEqual([true, false]);
    // The singleton belongs to the container, which cannot see the port of the request.
    expect(request.has(Host)).toBe(false);
  });

  it("gives an answer when dependencies go in a circle, or are many thousand", () => {
    const links = Array.from({ length: 10_000 }, (_, at) => token<number>(`link ${at}`));
    const app = uncheckedContainer(
      singleton(Host, [Handler], () => "host"),
      singleton(Handler, [Host], () => ({ port: 1 })),
      links.map((it, at) =>
        at + 1 < links.length ? singleton(it, [links[at + 1]!], (n) => n + 1) : value(it, 0),
      ),
    );

    expect(app.has(Host)).toBe(true);
    expect(app.has(links[0]!)).toBe(true);
  });

  it("refuses what is no dependency, and a scope that has closed", async () => {
    const app = uncheckedContainer(value(Port, 80));

    expect(refusal(() => app.has("port" as never)).code).toBe("INVALID_PROVIDER");
    await app.shutdown();
    expect(refusal(() => app.has(Port)).code).toBe("SCOPE_CLOSED");
  });
});

describe("provide", () => {
  it("adds to the same scope and returns it", () => {
    const app: Scope = createContainer();

    expect(app.provide(value(Host, "here"), [value(Port, 80)])).toBe(app);
    expect(app.get([Host, Port])).toEqual(["here", 80]);
  });

  it("is seen by children that were opened before", () => {
    const app: Scope = createContainer();
    const child: Scope = app.createScope("request");
    expect(child.has(Host)).toBe(false);

    app.provide(value(Host, "here"));

    expect(child.get(Host)).toBe("here");
  });

  it("makes good for a service that could not be built before", () => {
    const Url = token<string>("url");
    const app = uncheckedContainer(singleton(Url, [Host], (host) => `http://${host}`));
    expect(refusal(() => app.get(Url)).code).toBe("NOT_PROVIDED");

    app.provide(value(Host, "here"));

    expect(app.get(Url)).toBe("http://here");
  });

  it("may shadow what a child has already been given from above", () => {
    const app = createContainer(value(Host, "root's"));
    const child: Scope = app.createScope("request");
    expect(child.get(Host)).toBe("root's");

    child.provide(value(Host, "request's"));

    expect(child.get(Host)).toBe("request's");
    expect(app.get(Host)).toBe("root's");
  });

  it("with nothing to provide changes nothing", () => {
    const app: Scope = createContainer();

    expect(app.provide()).toBe(app);
    expect(app.provide([], [[]])).toBe(app);
  });
});

describe("createScope", () => {
  it("holds what the scope above does not know", () => {
    const app: Scope = createContainer(scoped(Host, [Port], (port) => `here:${port}`));

    const request = app.createScope("request", value(Port, 80));

    expect(request.get(Host)).toBe("here:80");
    expect(app.has(Port)).toBe(false);
  });
});
