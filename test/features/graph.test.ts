import {
  alias,
  all,
  arg,
  assisted,
  cleanup,
  createContainer,
  defer,
  fallback,
  make,
  map,
  one,
  optional,
  parent,
  type Provider,
  ref,
  type Scope,
  scoped,
  singleton,
  token,
  transient,
  value,
} from "thimble";
import { secret, setting, string, Env } from "thimble/config";
import {
  ancestors,
  explain,
  explainService,
  type ExplainedLink,
  findScope,
  formatTree,
  graph,
  type GraphEdge,
  listBuilt,
  listPending,
  listProvided,
  timeBuilds,
  toDot,
  toMermaid,
} from "thimble/graph";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { refusal } from "../core/support/refusal.ts";
import { catchReports } from "../core/support/report-error.ts";

beforeEach(() => void catchReports());

const [A, B, C, D, E] = Array.from("abcde", (name) => token<unknown>(name)) as [
  ReturnType<typeof token<unknown>>,
  ReturnType<typeof token<unknown>>,
  ReturnType<typeof token<unknown>>,
  ReturnType<typeof token<unknown>>,
  ReturnType<typeof token<unknown>>,
];
const make_ = (...values: unknown[]): object => ({ values });
const container = (...providers: unknown[]): Scope => createContainer(...(providers as never[]));
const of = (kind: unknown, name: unknown, dependencies: unknown[], options?: unknown): Provider =>
  (kind as (...args: unknown[]) => Provider)(name, dependencies, make_, options);

const edgeText = ({ from, to, soft, dynamic }: GraphEdge): string =>
  `${from} > ${to}${soft ? " soft" : ""}${dynamic ? " dynamic" : ""}`;
const edgesOf = (scope: Scope): string[] =>
  graph(scope).edges.map((edge) => edgeText(edge).replaceAll("root#0/", ""));
const names = (rows: readonly { readonly token: string }[]): string[] => rows.map((row) => row.token);

describe("the edges of a graph", () => {
  it.each<[string, unknown, string[]]>([
    ["a token", B, ["a > b"]],
    ["a tuple of records", [{ b: B, c: [C] }], ["a > b", "a > c"]],
    ["optional", optional(B), ["a > b"]],
    ["optional of what is not there", optional(E), []],
    ["all", all(D), ["a > b", "a > c"]],
    ["one", one(D, { tag: "x" }), ["a > c"]],
    ["several that may be one", one(D), ["a > b", "a > c"]],
    ["map", map(B, (it) => it), ["a > b"]],
    ["ref", ref(() => B), ["a > b"]],
    ["a ref of nothing", ref(() => undefined as never), []],
    ["defer", defer(B), ["a > b soft"]],
    ["defer of all", defer(all(D)), ["a > b soft", "a > c soft"]],
    ["assisted", assisted(E, [B, arg()], make_), ["a > b soft"]],
    ["the same at once and later", [defer(B), B], ["a > b"]],
    ["a setting", setting("port", string), ["a > thimble.Env"]],
    ["what is missing", E, ["a > e"]],
  ])("lead through %s", (_, dependency, expected) => {
    const app = container(
      of(singleton, A, [dependency]),
      value(B, 1, { as: [D] }),
      value(C, 2, { as: [D], tags: ["x"] }),
    );

    expect(edgesOf(app).map((edge) => edge.replace(/> (.*Env|env)$/i, "> thimble.Env"))).toEqual(expected);
  });

  it("lead to the provider that is visible, to that above with parent, and to what nobody registered", () => {
    const report = of(singleton, C, [B]);
    const app = container(of(singleton, A, []), of(singleton, B, []));
    const child = app.createScope("child", of(singleton, A, [parent(A), B, make(report)]));

    expect(graph(child).edges.map(edgeText)).toEqual([
      "child#1/a > root#0/a",
      "child#1/a > root#0/b",
      "child#1/a > child#1/c",
      "child#1/c > root#0/b",
    ]);
    expect(graph(child).nodes.at(-1)).toMatchObject({ token: "c", kind: "singleton", unregistered: true });
  });

  it("of scoped services and transients are those that are seen from the scope that is asked about", () => {
    const app = container(of(scoped, A, [B]), of(transient, C, [A]));
    const child = app.createScope("child", value(B, 1), of(scoped, D, [C]));

    expect(edgesOf(app)).toEqual(["a > b", "c > a", "child#1/d > c"]);
    expect(graph(app).nodes.map(({ id, kind }) => `${id} ${kind}`)).toContain("root#0/b later");
    expect(graph(child).edges.map(edgeText)).toContain("root#0/a > child#1/b");
    expect(graph(child).nodes.map(({ kind }) => kind)).not.toContain("later");
  });

  it.each<[string, string, readonly unknown[]]>([
    ["later", "a scoped service needs", [of(scoped, A, [E])]],
    ["later", "a transient needs", [of(transient, A, [E])]],
    ["later", "an alias stands for", [alias(A, E)]],
    ["later", "a transient of a scoped service needs", [of(transient, A, [E]), of(scoped, B, [A])]],
    ["missing", "a singleton needs", [of(singleton, A, [E])]],
    ["missing", "a singleton needs, and a scoped service", [of(scoped, A, [E]), of(singleton, B, [E])]],
    ["missing", "a transient of a singleton needs", [of(transient, A, [E]), of(singleton, B, [A])]],
    [
      "missing",
      "an alias of a transient of a singleton stands for",
      [alias(A, E), of(transient, B, [A]), of(singleton, C, [B])],
    ],
  ])("lead to what is %s where nothing provides what %s", (kind, _, providers) => {
    const app = container(...providers);

    expect(graph(app).nodes.filter(({ token }) => token === "e")).toMatchObject([{ kind }]);
    expect(formatTree(explain(app))).toContain(`e (${kind})`);
  });

  it("that nobody declares are known once the factory has run, and marked", () => {
    const app = container(
      singleton(A, ({ get }) => ({ b: get(B), c: get(C) })),
      of(singleton, B, [D]),
      of(transient, C, [D]),
      of(singleton, D, [], { dispose: () => undefined }),
    );
    expect(edgesOf(app)).toEqual(["b > d", "c > d"]);
    expect(graph(app).nodes[0]).toMatchObject({ token: "a", dynamic: true });
    app.get(A);

    expect(edgesOf(app)).toEqual(["a > b dynamic", "a > d dynamic", "b > d", "c > d"]);
  });

  it("that are declared through a transient or an alias are not taken for others, and a late one is soft", () => {
    const app = container(
      of(singleton, A, [C, E, defer(D)]),
      of(transient, C, [B]),
      alias(E, B),
      of(singleton, B, [], { dispose: () => undefined }),
      of(singleton, D, [], { dispose: () => undefined }),
    );
    const before = graph(app);
    const { values } = app.get(A) as { values: { get?(): unknown }[] };
    values[2]!.get!();

    expect(graph(app)).toEqual(before);
  });
});

describe("a graph", () => {
  const everything = (): Scope => {
    const app = container(
      value(Env, { PORT: "1", TOKEN: "hidden" }),
      value(A, { password: "hunter2" }, { tags: ["x", "y"] }),
      of(singleton, B, [A, setting("token", secret(string))], { layer: "data", dispose: () => undefined }),
      of(scoped, C, [B, defer(D)]),
      of(transient, D, [C, all(A)]),
      alias(E, B),
      fallback(of(singleton, token("clock"), [])),
    );
    app.createScope("request", of(singleton, A, [parent(A)])).createScope("inner", of(scoped, E, [C]));
    return app;
  };

  it("and its texts are the same before and after building, and from run to run", async () => {
    const app = everything();
    const texts = (scope: Scope): string[] => [
      JSON.stringify(graph(scope)),
      toMermaid(graph(scope)),
      toDot(graph(scope)),
      formatTree(explain(scope)),
      formatTree(explainService(scope, B)),
    ];
    const before = texts(app);
    app.get([A, B, C, D, E]);
    for (const name of ["request", "inner"]) findScope(app, name)!.get([A, B, C, D]);

    expect(texts(app)).toEqual(before);
    expect(texts(everything())).toEqual(before);
    await app.shutdown();
    expect(graph(app)).toEqual({ scopes: [{ id: "root#0", name: "root" }], nodes: [], edges: [] });
  });

  it("has the scopes above and below, each once, and nothing of what stands beside", () => {
    const app = container(value(A, 1));
    const one_ = app.createScope("one", of(singleton, B, [A]));
    const two = one_.createScope("two", of(singleton, C, [B]));
    app.createScope("beside", of(singleton, D, [A]));

    expect(graph(one_).scopes).toEqual([
      { id: "root#0", name: "root" },
      { id: "one#1", name: "one", parent: "root#0" },
      { id: "two#2", name: "two", parent: "one#1" },
    ]);
    expect(names(graph(two).nodes)).toEqual(["a", "b", "c"]);
    expect(names(graph(app).nodes)).toEqual(["a", "b", "d", "c"]);
  });

  it("has an id of its own for each of those that are named alike", () => {
    const twins = [token("x"), token("x"), token("x~2")];
    const app = container(twins.map((it) => value(it, 1)));

    expect(graph(app).nodes.map(({ id }) => id)).toEqual(["root#0/x", "root#0/x~2", "root#0/x~2~2"]);
  });

  it("and everything else here tells no value, instance, setting or error", async () => {
    const app = everything();
    app.get([A, B, C, D, E]);
    const failing = app.createScope(
      "failing",
      singleton(token("x"), () => Promise.reject(new Error("hunter2"))),
    );
    const pending = failing.getAsync(token("x")).catch(() => undefined);
    const all_ = JSON.stringify([
      graph(app),
      explain(app),
      explainService(app, B),
      listProvided(app),
      listBuilt(app),
      listPending(app),
      formatTree(explain(app), { state: true }),
    ]);
    await pending;

    for (const hidden of ["hunter2", "password", "hidden"]) expect(all_).not.toContain(hidden);
  });
});

describe("explain", () => {
  it("tells of each service its kind, its state, and what may be done with it", () => {
    class Closable {}
    Object.defineProperty(Closable.prototype, Symbol.dispose ?? Symbol.for("Symbol.dispose"), {
      value: () => undefined,
    });
    const app = container(
      value(A, 1, { tags: ["x"], layer: "data", health: () => true }),
      singleton(Closable),
      singleton(B, [cleanup], () => ({})),
      singleton(C, () => new Closable()),
      singleton(D, () => ({}), { dispose: false }),
      transient(E, () => ({})),
    );
    const rows = (): unknown[] =>
      explain(app).services.map((it) => [it.token, it.kind, it.state, it.disposable, it.healthCheckable]);

    expect(rows()).toEqual([
      ["a", "value", "built", false, true],
      ["Closable", "singleton", "not-built", true, false],
      ["b", "singleton", "not-built", true, false],
      ["c", "singleton", "not-built", false, false],
      ["d", "singleton", "not-built", false, false],
      ["e", "transient", "not-kept", false, false],
    ]);
    expect(explain(app).services[0]).toMatchObject({ tags: ["x"], layer: "data" });
    app.get([Closable, C]);
    expect(rows().slice(1, 4)).toEqual([
      ["Closable", "singleton", "built", true, false],
      ["b", "singleton", "not-built", true, false],
      ["c", "singleton", "built", true, false],
    ]);
  });

  it("follows a service from the first to the last of its states", async () => {
    let finish!: () => void;
    let closed!: () => void;
    const app = container(
      singleton(A, () => new Promise<object>((done) => (finish = () => done({}))), {
        dispose: () => new Promise<void>((done) => (closed = done)),
      }),
    );
    const state = (): string => explain(app).services[0]!.state;
    expect(state()).toBe("not-built");
    const building = app.getAsync([A]);
    expect(state()).toBe("building");
    finish();
    await building;
    expect(state()).toBe("built");
    const closing = app.shutdown();
    expect(state()).toBe("disposing");
    closed();
    await closing;
    expect(explain(app)).toMatchObject({ scopes: [{ state: "closed" }], services: [] });
    expect(refusal(() => explainService(app, A)).code).toBe("SCOPE_CLOSED");
  });

  it("counts the instances of a scoped service", () => {
    const app = container(of(scoped, A, []));
    app.get(A);
    for (const name of ["one", "two"]) app.createScope(name).get(A);

    expect(explain(app).services).toMatchObject([{ token: "a", instances: 3, state: "built" }]);
  });

  it("tells how long what was built while builds were timed has taken, and of the rest nothing", async () => {
    const app = container(
      singleton(A, () => ({})),
      singleton(B, () => Promise.resolve({})),
      scoped(C, () => ({})),
      singleton(D, () => ({})),
    );
    app.get(A);
    const stop = timeBuilds(app);
    await app.getAsync([B]);
    app.createScope("request").get(C);
    stop();
    app.get(D);

    expect(explain(app).services.map(({ buildTime }) => typeof buildTime)).toEqual([
      "undefined",
      "number",
      "number",
      "undefined",
    ]);
  });

  it("says in both directions which service depends on which", () => {
    const app = container(of(singleton, A, [B, defer(C)]), of(singleton, B, [C]), of(singleton, C, []));
    const links = (all_: readonly ExplainedLink[]): string[] =>
      all_.map((it) => it.token + (it.soft ? " soft" : ""));
    const [a, b, c] = explain(app).services;

    expect([a, b, c].map((it) => links(it!.dependencies))).toEqual([["b", "c soft"], ["c"], []]);
    expect([a, b, c].map((it) => links(it!.dependents))).toEqual([[], ["a"], ["a soft", "b"]]);
  });
});

describe("explainService", () => {
  it("lists everything that a service depends on and that depends on it, and what is shared once", () => {
    const app = container(
      of(singleton, A, [B, C]),
      of(singleton, B, [D]),
      of(singleton, C, [D]),
      of(singleton, D, [E]),
      value(E, 1),
    );
    const steps = explainService(app, A).allDependencies;

    expect(steps.map(({ token: it, depth, repeated }) => [it, depth, repeated ?? false])).toEqual([
      ["b", 1, false],
      ["d", 2, false],
      ["e", 3, false],
      ["c", 1, false],
      ["d", 2, true],
    ]);
    expect(names(explainService(app, E).allDependents)).toEqual(["d", "b", "a", "c", "a"]);
    expect(formatTree(explainService(app, D))).toBe(
      [
        "d (singleton) in root#0",
        "├── depends on",
        "│   └── e (value)",
        "└── is depended on by",
        "    ├── b (singleton)",
        "    │   └── a (singleton)",
        "    └── c (singleton)",
        "        └── a (singleton, shown above)",
      ].join("\n"),
    );
  });

  it("ends where services depend on each other in a circle", () => {
    const app = container(of(singleton, A, [B]), of(singleton, B, [A]), of(singleton, C, [C]));

    expect(names(explainService(app, A).allDependencies)).toEqual(["b", "a"]);
    expect(explainService(app, C).allDependencies).toMatchObject([{ token: "c", repeated: true }]);
  });

  it("refuses a token that nothing provides, as the scope does", () => {
    const app = container(value(A, 1));
    const [explained, got] = [refusal(() => explainService(app, B)), refusal(() => app.get(B))];

    expect(explained).toMatchObject({ code: "NOT_PROVIDED", message: got.message });
  });
});

describe("lists", () => {
  it("of what is provided has the nearest scope first, and says what is shadowed", () => {
    const app = container(value(A, 1, { tags: ["x"] }), of(singleton, B, []), fallback(value(C, 1)));
    const child = app.createScope("child", of(scoped, B, []), value(C, 2));

    expect(listProvided(child)).toEqual([
      { token: "b", kind: "scoped", scope: "child", scopeId: "child#1", tags: [] },
      { token: "c", kind: "value", scope: "child", scopeId: "child#1", tags: [] },
      { token: "a", kind: "value", scope: "root", scopeId: "root#0", tags: ["x"] },
      { token: "b", kind: "singleton", scope: "root", scopeId: "root#0", tags: [], shadowed: true },
      { token: "c", kind: "value", scope: "root", scopeId: "root#0", tags: [], shadowed: true },
    ]);
    expect(names(listProvided(app))).toEqual(["a", "b", "c"]);
  });

  it("of what is built do not depend on the order of building", () => {
    const open = (): Scope =>
      container(of(singleton, A, []), of(scoped, B, []), of(singleton, C, []), of(transient, D, []));
    const [one_, two] = [open(), open()];
    one_.get([A, B, C, D]);
    two.get([D, C, B, A]);

    expect(names(listBuilt(one_))).toEqual(["a", "c", "b"].sort());
    expect(listBuilt(two)).toEqual(listBuilt(one_));
    const child = one_.createScope("child");
    child.get([B, make(of(singleton, E, []))]);
    expect(listBuilt(child).map((it) => `${it.scope} ${it.token}`)).toEqual([
      "child b",
      "child e",
      "root a",
      "root b",
      "root c",
    ]);
  });

  it("of what is being built say for how long, and what everything waits for", async () => {
    let finish!: (it: object) => void;
    const app = container(
      of(singleton, A, [B]),
      of(transient, B, [C]),
      singleton(C, () => new Promise<object>((done) => (finish = done))),
      of(singleton, D, []),
    );
    expect(listPending(app)).toEqual([]);
    const building = app.getAsync([A, D]);

    const rows = listPending(app);
    expect(rows.map((it) => [it.token, ...names(it.waitsFor)].join(" > "))).toEqual([
      "c",
      "b > c",
      "a > b > c",
    ]);
    for (const { elapsed } of rows) expect(elapsed).toBeGreaterThanOrEqual(0);
    expect(listPending(app.createScope("child", value(E, 1)))).toHaveLength(3);
    finish({});
    await building;
    expect(listPending(app)).toEqual([]);
  });

  it("show two factories that wait for each other by way of the container", async () => {
    const app: Scope = container(
      singleton(A, async () => {
        await Promise.resolve();
        return { b: await app.getAsync([B]) };
      }),
      singleton(B, async () => {
        await Promise.resolve();
        return { a: await app.getAsync([A]) };
      }),
    );
    const waiting = app.getAsync([A]);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();

    expect(names(listPending(app)).toSorted()).toEqual(["a", "b"]);
    const closing = app.shutdown({ timeout: 0 });
    await waiting.catch(() => undefined);
    await closing;
  });
});

describe("scopes", () => {
  it("are found below by their id, else by their name, the nearest and oldest first", () => {
    const app = container();
    const open = (above: Scope, name: string): Scope => above.createScope(name, of(singleton, A, []));
    const a = open(app, "a");
    const deep = open(a, "x");
    const b = open(app, "x");
    const named = open(app, "x#2");

    expect(findScope(app, "x")).toBe(b);
    expect(findScope(app, "x#2")).toBe(deep);
    expect(findScope(app, "x#2#4")).toBe(named);
    expect(findScope(a, "x")).toBe(deep);
    for (const name of ["root", "a#9", "__proto__"]) expect(findScope(app, name)).toBe(undefined);
    expect(ancestors(deep)).toEqual([a, app]);
    expect(ancestors(app)).toEqual([]);
  });
});

describe("texts", () => {
  const hostile = [
    'a"]; b --> c["',
    "a\nend\n%% x",
    "\\",
    'a\\"',
    "\\N\\G",
    "&lt;b&gt; &quot;",
    "<b>bold</b>",
    "}",
    "end",
    "`**x**`",
    "#quot; #35;",
    "\u001b[31m",
    "\u202eabc",
    "\u2028",
    "\ud800",
    "{{x}} ${y} |z|",
    " ",
    "ü 日本 🧵",
  ];

  const app = (): Scope => {
    const tokens = hostile.map((name) => token<unknown>(name));
    const root = container(tokens.map((it, at) => of(singleton, it, at ? [tokens[at - 1]] : [])));
    root.createScope(hostile[0], value(A, 1), of(singleton, B, [defer(A)]));
    return root;
  };
  const lines = (text: string): string[] => text.split("\n");
  const labels = hostile.length + 2;

  it("of Mermaid hold no name that could be read as anything else, and every name can be read again", () => {
    const text = lines(toMermaid(graph(app())));
    const label = /^ {4}n\d+[[({>/]+"([\p{L}\p{N} _.\-#;]*)"[\])}/]+$/u;
    const other =
      /^(flowchart TD|  end|  subgraph s\d+\["[\p{L}\p{N} _.\-#;]*"\]|  n\d+ (-->|-\. deferred \.->) n\d+)$/u;

    const found = text.flatMap((line) => label.exec(line)?.[1] ?? []);
    expect(text.filter((line) => !label.test(line) && !other.test(line))).toEqual([]);
    expect(found).toHaveLength(labels);
    const read = found.map((it) => it.replace(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code))));
    expect(read).toEqual([...hostile, "a", "b"]);
  });

  it("of Graphviz hold no name that could be read as anything else, and every name can be read again", () => {
    const text = lines(toDot(graph(app())));
    const label = /^ {4}(?:n\d+ \[)?label="((?:[^"\\]|\\\\|\\")*)"(?:, shape=\w+(?:, style=\w+)?\])?;$/;
    const other =
      /^(digraph \{|  subgraph cluster_\d+ \{|  \}|\}|  n\d+ -> n\d+( \[style=dashed, label="deferred"\])?;)$/;

    const found = text.flatMap((line) => label.exec(line)?.[1] ?? []);
    expect(text.filter((line) => !label.test(line) && !other.test(line))).toEqual([]);
    // With those of the two scopes.
    expect(found).toHaveLength(labels + 2);
    const visible = (it: string): string =>
      it.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
    const read = found.map((it) => it.replace(/&amp;/g, "&").replace(/\\(.)/g, "$1"));
    expect(read).toEqual(["root#0", ...hostile.map(visible), `${hostile[0]}#1`, "a", "b"]);
  });

  it("of trees have a line for each service, whatever it is called, and nothing that a terminal would do", () => {
    const text = formatTree(explain(app()), { state: true });

    expect(lines(text)).toHaveLength(2 + labels + hostile.length - 1 + 1);
    expect(text).not.toMatch(/[^\P{C}\n]|[\u2028\u2029]/u);
  });

  it("of a tree show scopes inside scopes, and where a dependency is when it is elsewhere", () => {
    const root = container(
      of(singleton, A, [], { tags: ["x", "y"] }),
      singleton(B, ({ get }) => get(A)),
      fallback(value(E, 1)),
    );
    root
      .createScope("one", of(scoped, C, [A, defer(D)]), value(D, 1))
      .createScope("two", value(E, 1), of(singleton, B, [C]));
    root.createScope("three", of(singleton, A, []));

    expect(formatTree(explain(root))).toBe(
      [
        "root#0",
        "├── a (singleton, tags: x y)",
        "├── b (singleton, resolves as it runs)",
        "├── e (value, fallback)",
        "├── one#1",
        "│   ├── c (scoped)",
        "│   │   ├── a (in root#0)",
        "│   │   └── d (deferred)",
        "│   ├── d (value)",
        "│   └── two#2",
        "│       ├── e (value)",
        "│       └── b (singleton)",
        "│           └── c (in one#1)",
        "└── three#3",
        "    └── a (singleton)",
      ].join("\n"),
    );
    expect(lines(formatTree(explain(root), { state: true }))[1]).toBe(
      "├── a (singleton, tags: x y, not-built)",
    );
  });
});

describe("a graph of any size", () => {
  const chain = (length: number): Provider[] => {
    const tokens = Array.from({ length }, (_, at) => token<unknown>(`t${at}`));
    return tokens.map((it, at) => of(singleton, it, at + 1 < length ? [tokens[at + 1]] : []));
  };

  it("of 10 000 services, each of which depends on the next, fills no stack and no memory", () => {
    const providers = chain(10_000);
    const app = container(providers);
    const first = (providers[0] as unknown as { token: never }).token;

    const explained = explainService(app, first);
    expect(explained.allDependencies.at(-1)).toMatchObject({ token: "t9999", depth: 9_999 });
    expect(formatTree(explained).length).toBeLessThan(5_000_000);
    expect(formatTree(explain(app)).split("\n")).toHaveLength(1 + 10_000 + 9_999);
    expect(JSON.parse(JSON.stringify(explained)).allDependencies).toHaveLength(9_999);
    expect(toMermaid(graph(app)).split("\n")).toHaveLength(1 + 2 + 10_000 + 9_999);
    expect(toDot(graph(app)).split("\n")).toHaveLength(5 + 10_000 + 9_999);
  });

  it("of scopes in scopes, 3 000 deep, fills no stack and no memory", () => {
    const app = container(value(A, 1));
    let at = app;
    for (let depth = 0; depth < 3_000; depth++) at = at.createScope("s", of(singleton, B, [A]));

    expect(graph(app).scopes).toHaveLength(3_001);
    expect(ancestors(at)).toHaveLength(3_000);
    expect(formatTree(explain(at)).length).toBeLessThan(5_000_000);
    expect(findScope(app, "s#3000")).toBe(at);
  });

  it("in which all layers depend on all of the next is explained in the size of its edges", () => {
    const layers = Array.from({ length: 60 }, (_, at) => [
      token<unknown>(`a${at}`),
      token<unknown>(`b${at}`),
    ]);
    const app = container(
      layers.map((layer, at) => layer.map((it) => of(singleton, it, layers[at + 1] ?? []))),
    );
    const steps = explainService(app, layers[0]![0]!).allDependencies;

    // There are 2 ** 59 ways through it.
    expect(steps.length).toBe(2 + 58 * 4);
  });

  it("is drawn as the indentation says: reading the text again gives the same tree", () => {
    const tree = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(tree, (drawn) => {
        // Depths that are possible: none is more than one below the line before.
        let last = 0;
        const depths = drawn.map((depth) => (last = Math.min(depth, last + 1)));
        const services = { token: "top", kind: "value", tags: [], scopeId: "s", state: "built" };
        const allDependencies = depths.map((depth, at) => ({
          token: `x${at}`,
          kind: "value",
          scopeId: "s",
          depth,
        }));
        const text = formatTree({ ...services, allDependencies, allDependents: [] } as never)
          .split("\n")
          .slice(2);

        expect(text.map((line) => line.search(/\w/) / 4 - 1)).toEqual(depths);
        text.forEach((line, at) => {
          // Under a branch that goes on there is a stem in each line up to where it does.
          const column = 4 * depths[at]!;
          const next = text.findIndex((_, to) => to > at && depths[to]! <= depths[at]!);
          const goesOn = next > 0 && depths[next] === depths[at];
          expect(line.slice(column, column + 1)).toBe(goesOn ? "├" : "└");
          for (let to = at + 1; goesOn && to < next; to++) expect(text[to]![column]).toBe("│");
        });
      }),
    );
  });
});
