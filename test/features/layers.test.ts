import {
  alias,
  all,
  createContainer,
  decorate,
  defer,
  make,
  map,
  one,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Deferred,
  type Scope,
} from "thimble";
import { layers, LayerViolationError, toMermaid } from "thimble/layers";
import { verify } from "thimble/verify";
import { describe, expect, it } from "vitest";
import { refusal, rejected } from "../core/support/refusal.ts";

class Repository {}
class Service {}
class Handler {}
const Free = token<object>("free");
const policy = layers({ handler: ["service"], service: ["repository"], repository: [] });

const repository = singleton(Repository, { layer: "repository" });
const handler = { layer: "handler" };
const violation = { code: "LAYER_VIOLATION", path: [{ token: "Handler" }, { token: "Repository" }] };

describe("a policy of layers", () => {
  it("allows what it lists, and everything about providers without a layer", () => {
    const app: Scope = createContainer(
      policy,
      repository,
      singleton(Free, [Repository], (it) => ({ it })),
      singleton(Service, [Repository, Free], () => new Service(), { layer: "service" }),
      singleton(Handler, [Service, Free], () => new Handler(), handler),
    );

    expect(app.get(Handler)).toBeInstanceOf(Handler);
  });

  it.for([
    ["a token", Repository],
    ["optional", optional(Repository)],
    ["one", one(Repository)],
    ["all", all(Repository)],
    ["map", map(Repository, (it) => it)],
    ["defer", defer(Repository)],
    ["defer of a record", defer({ it: Repository })],
    ["a record in a tuple", [{ it: Repository }]],
    ["an alias", Free],
    ["a deferred alias", defer(Free)],
  ] as const)(
    "refuses, before its factory runs, a service that depends on another layer by %s",
    ([, dependency]) => {
      let built = 0;
      const app: Scope = createContainer(
        policy,
        repository,
        alias(Free, Repository),
        singleton(Handler, [dependency as typeof Repository], () => (built++, new Handler()), handler),
      );

      const error = refusal(() => app.get(Handler));

      expect(error).toBeInstanceOf(LayerViolationError);
      expect(error).toMatchObject(violation);
      expect(error.message).toContain('the layer "handler" may not depend on "repository"');
      expect(built).toBe(0);
    },
  );

  it("lets all() and one() not see what lacks their tag, and a composite not see itself", () => {
    const app: Scope = createContainer(
      policy,
      repository,
      singleton(Service, { layer: "service", tags: ["new"], as: [Repository as never] }),
      singleton(
        Handler,
        [all(Repository, { tag: "new" }), one(Repository, { tag: "new" })] as never,
        handler,
      ),
      singleton(Free, [all(Free)], (others) => others, handler),
    );

    expect(app.get(Handler)).toBeInstanceOf(Handler);
    expect(app.get(Free)).toEqual([]);
    expect(verify(app)).toEqual([]);
  });

  it("does not count what optional() gives up, because a part of it is not provided", () => {
    const app: Scope = createContainer(
      policy,
      repository,
      singleton(Handler, [optional([Repository, Free])], () => new Handler(), handler),
    );

    expect(app.get(Handler)).toBeInstanceOf(Handler);
    expect(verify(app)).toEqual([]);
  });

  it("refuses what defer(all()) finds under another token, before it is resolved", () => {
    let built = 0;
    const app: Scope = createContainer(
      policy,
      singleton(Repository, { layer: "repository", as: [Free] }),
      singleton(Handler, [defer(all(Free))], () => (built++, new Handler()), handler),
    );

    expect(refusal(() => app.get(Handler))).toMatchObject(violation);
    expect(built).toBe(0);
  });

  it("counts what make() makes as the service that it is", () => {
    const free = singleton(Free, [Repository], (it) => ({ it }));
    const ruled = singleton(Service, { layer: "repository" });
    const app: Scope = createContainer(
      policy,
      repository,
      singleton(Handler, [make(free)], () => new Handler(), handler),
    );
    const other: Scope = createContainer(
      policy,
      singleton(Handler, [defer(make(ruled))], () => new Handler(), handler),
    );

    expect(app.get(Handler)).toBeInstanceOf(Handler);
    expect(verify(app)).toEqual([]);
    expect(refusal(() => other.get(Handler))).toMatchObject({
      path: [{ token: "Handler" }, { token: "Service" }],
    });
  });

  it("refuses what a factory resolves as it runs, built or not, and what is resolved later", () => {
    let late!: Deferred<object>;
    const app: Scope = createContainer(
      policy,
      repository,
      alias(Free, Repository),
      singleton(Service, [defer(all(Repository))], (it) => ((late = it as never), new Service()), handler),
      transient(Handler, ({ get }) => (get(Repository), new Handler()), handler),
    );

    expect(refusal(() => app.get(Handler))).toMatchObject(violation);
    app.get(Repository);
    expect(refusal(() => app.get(Handler))).toMatchObject(violation);
    expect(refusal(() => app.get(Service)).code).toBe("LAYER_VIOLATION");
    expect(late).toBeUndefined();
  });

  it("refuses an asynchronous one too, with a rejection", async () => {
    const app: Scope = createContainer(
      policy,
      singleton(Repository, async () => new Repository(), { layer: "repository" }),
      singleton(Handler, async ({ getAsync }) => (await getAsync(Repository), new Handler()), handler),
    );

    expect(await rejected(app.getAsync(Handler))).toMatchObject(violation);
  });

  it("does not let a layer depend on itself, unless it is listed", () => {
    const inner = scoped(Service, () => new Service(), { layer: "service" });
    const outer = scoped(Handler, [Service], () => new Handler(), { layer: "service" });

    expect(refusal(() => (createContainer(policy, inner, outer) as Scope).get(Handler)).code).toBe(
      "LAYER_VIOLATION",
    );
    const open: Scope = createContainer(layers({ service: ["service"] }), inner, outer);
    expect(open.get(Handler)).toBeInstanceOf(Handler);
  });

  it("rules its scope and those below; the nearest policy counts", () => {
    const app: Scope = createContainer(repository);
    const free = singleton(Handler, [Repository], () => new Handler(), handler);
    const ruled: Scope = app.createScope(policy, free);
    const other: Scope = ruled.createScope(layers({ handler: ["repository"], repository: [] }), free);

    expect(refusal(() => ruled.get(Handler)).code).toBe("LAYER_VIOLATION");
    expect(other.get(Handler)).toBeInstanceOf(Handler);
    expect(app.createScope(free).get(Handler)).toBeInstanceOf(Handler);
  });

  it("asks nothing of callers from outside", () => {
    const app: Scope = createContainer(policy, repository, value(Free, {}, { layer: "service" }));

    expect(app.get([Repository, Free])).toHaveLength(2);
  });

  it("refuses a layer that it does not know", () => {
    const app: Scope = createContainer(
      policy,
      repository,
      singleton(Handler, [Repository], () => new Handler(), { layer: "handlers" }),
    );

    expect(refusal(() => app.get(Handler))).toMatchObject({
      code: "INVALID_PROVIDER",
      path: [{ token: "Handler" }],
    });
    expect(refusal(() => app.get(Handler)).message).toContain('its layer "handlers"');
  });

  it("refuses one that it does not know, also where no dependency goes from it to a layer", async () => {
    const misspelt = { layer: "repositroy" };
    const [Lazy, Wrapped] = [token<object>("lazy"), token<object>("wrapped")];
    const app: Scope = createContainer(
      policy,
      singleton(Repository, misspelt),
      scoped(Lazy, async () => ({}), misspelt),
      transient(Handler, [Repository, Free], () => new Handler(), misspelt),
      singleton(Free, () => ({})),
      decorate(
        singleton(Wrapped, () => ({}), misspelt),
        [Free],
        (it) => it,
      ),
    );

    for (const it of [Repository, Handler, Wrapped])
      expect(refusal(() => app.get<any>(it)).message).toContain('its layer "repositroy"');
    expect(await rejected(app.getAsync(Lazy))).toMatchObject({ code: "INVALID_PROVIDER" });
    expect(app.get(Free)).toEqual({});
  });

  it.for([
    ["no record", () => layers(["handler"] as never)],
    ["a list that is none", () => layers({ handler: "service" } as never)],
    ["a layer without a list of its own", () => layers({ handler: ["service"] } as never)],
    ["a name that every object has", () => layers({ handler: ["constructor"] } as never)],
    ["a layer that is no text", () => layers({ handler: [1] } as never)],
  ] as const)("is refused when it is %s", ([, write]) => {
    expect(refusal(write).code).toBe("INVALID_PROVIDER");
  });

  it("is one per scope", () => {
    expect(refusal(() => createContainer(policy, layers({ a: [] }) as never)).code).toBe("DUPLICATE");
    expect(refusal(() => singleton(Handler, { layer: 1 } as never)).code).toBe("INVALID_PROVIDER");
  });
});

describe("toMermaid", () => {
  it("draws an arrow for every dependency that is allowed, and every layer", () => {
    expect(toMermaid({ handler: ["service", "repository"], service: ["repository"], repository: [] })).toBe(
      [
        "flowchart TD",
        '  l0["handler"] --> l1["service"]',
        '  l0["handler"] --> l2["repository"]',
        '  l1["service"] --> l2["repository"]',
        '  l2["repository"]',
      ].join("\n"),
    );
  });

  it("makes names with any characters harmless", () => {
    expect(toMermaid({ 'a"]<script>\n--> b': [] })).toBe(
      'flowchart TD\n  l0["a#34;#93;#60;script#62;#10;--#62; b"]',
    );
  });
});
