import {
  alias,
  all,
  arg,
  assisted,
  createContainer,
  decorate,
  defer,
  fallback,
  isContainerError,
  make,
  map,
  one,
  optional,
  parent,
  ref,
  type ContainerError,
  type Deferred,
  type Provider,
  type Scope,
  scoped,
  singleton,
  token,
  transient,
  value,
} from "thimble";
import { integer, setting } from "thimble/config";
import { layers } from "thimble/layers";
import { assertVerified, type Problem, verify, VerifyFailedError } from "thimble/verify";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refusal } from "../core/support/refusal.ts";

const [A, B, C, D, E] = ["a", "b", "c", "d", "e"].map((name) => token<unknown>(name)) as [
  ReturnType<typeof token<unknown>>,
  ReturnType<typeof token<unknown>>,
  ReturnType<typeof token<unknown>>,
  ReturnType<typeof token<unknown>>,
  ReturnType<typeof token<unknown>>,
];
const Request = token<{ url: string }>("request");
const it_ = (...values: unknown[]): unknown => ({ values });

/** Graphs that do not compile, and are made all the same. */
const container = (...providers: unknown[]): Scope => createContainer(...(providers as never[]));
const of = (kind: unknown, name: unknown, dependencies: unknown[], options?: unknown): Provider =>
  (kind as (...args: unknown[]) => Provider)(name, dependencies, it_, options);

const codes = (problems: readonly Problem[]): string[] => problems.map(({ code }) => code);
const ways = (problems: readonly Problem[]): string[] =>
  problems.map(({ code, path }) => `${code} ${path.map((step) => step.token).join(" > ")}`);

describe("verify", () => {
  it("finds nothing in a graph that is whole, and builds nothing of it", () => {
    let built = 0;
    const app = createContainer(
      value(A, 1),
      singleton(B, [A], () => built++),
      alias(C, B),
      scoped(D, [C, optional(Request), all(Request), { b: B, list: [A] }], () => built++),
      transient(E, [D, defer(D), map(A, (a) => a)], () => built++, { as: [A] }),
    );

    expect(verify(app)).toEqual([]);
    expect(() => assertVerified(app)).not.toThrow();
    expect(built).toBe(0);
    app.get(E);
    expect(verify(app)).toEqual([]);
  });

  it("finds nothing in an empty container", () => {
    expect(verify(createContainer())).toEqual([]);
  });

  it("gives all problems at once, as data that survives JSON", () => {
    const app = container(
      of(singleton, A, [B, C]),
      of(singleton, B, [A]),
      of(scoped, D, []),
      of(singleton, E, [D]),
      singleton(Request, ({ get }) => get(Request)),
    );

    const problems = verify(app);
    expect(ways(problems)).toEqual([
      "NOT_PROVIDED a > c",
      "CAPTIVE_DEPENDENCY e > d",
      "CIRCULAR_DEPENDENCY a > b > a",
      "NOT_CHECKABLE request",
    ]);
    expect(problems.map(({ severity }) => severity)).toEqual(["error", "error", "error", "note"]);
    expect(JSON.parse(JSON.stringify(problems))).toEqual(problems);
  });

  const two = [value(A, 1, { as: [C] }), value(B, 2, { as: [C] })];
  const policy = layers({ web: ["data"], data: [] });

  it.each<[string, Scope, ReturnType<typeof token<unknown>>]>([
    ["a missing dependency", container(of(singleton, A, [B])), A],
    ["one that is missing in a record in a tuple", container(of(singleton, A, [[{ b: B }]])), A],
    ["one of a near name", container(of(singleton, A, [token("reqest")]), value(Request, { url: "" })), A],
    ["an alias of nothing", container(of(singleton, A, [B]), alias(B, C)), B],
    ["a setting without an Env", container(of(singleton, A, [setting("port", integer)])), A],
    ["what a decorator depends on", container(decorate(value(A, 1), [B], (a) => a)), A],
    ["what comes after", container(of(singleton, A, [], { after: [B] })), A],
    ["a transient that is captured", container(of(singleton, A, [B]), of(scoped, B, [])), A],
    [
      "a captive behind a transient and an alias",
      container(of(singleton, A, [B]), of(transient, B, [C]), alias(C, D), of(scoped, D, [])),
      A,
    ],
    [
      "a captive of a value with a decorator",
      container(
        decorate(value(A, 1), [B], (a) => a),
        of(scoped, B, []),
      ),
      A,
    ],
    ["several that may be one", container(two, of(singleton, D, [one(C)])), D],
    [
      "two that are marked",
      container(
        value(A, 1, { as: [C], default: true }),
        value(B, 2, { as: [C], default: true }),
        of(singleton, D, [one(C)]),
      ),
      D,
    ],
    ["one of none", container(of(singleton, D, [one(C)])), D],
    [
      "one of none with the tag",
      container(value(A, 1, { as: [C] }), of(singleton, D, [one(C, { tag: "x" })])),
      D,
    ],
    ["nothing above", container(of(singleton, A, [parent(A)])), A],
    ["a ref of undefined", container(of(singleton, A, [ref(() => undefined as never)])), A],
    ["a cycle", container(of(singleton, A, [B]), of(singleton, B, [C]), of(singleton, C, [A])), A],
    ["a cycle of one", container(of(singleton, A, [A])), A],
    ["a cycle of transients", container(of(transient, A, [B]), of(transient, B, [A])), A],
    ["a cycle of aliases", container(alias(A, B), alias(B, A)), A],
    ["a cycle through all", container(of(singleton, A, [all(B)]), of(singleton, C, [A], { as: [B] })), A],
    ["a cycle through make", container(of(singleton, A, [make(of(singleton, B, [A]))])), A],
    [
      "a layer",
      container(policy, of(singleton, A, [B], { layer: "data" }), of(singleton, B, [], { layer: "web" })),
      A,
    ],
    [
      "a layer behind an alias",
      container(
        policy,
        of(singleton, A, [C], { layer: "data" }),
        alias(C, B),
        of(singleton, B, [], { layer: "web" }),
      ),
      A,
    ],
    [
      "a layer that nobody knows",
      container(policy, of(singleton, A, [B], { layer: "dta" }), of(singleton, B, [], { layer: "web" })),
      A,
    ],
    [
      "a layer that nobody knows, of what depends on nothing",
      container(policy, of(singleton, A, [], { layer: "dta" }), of(singleton, B, [A])),
      A,
    ],
    [
      "a scope above the one that registers",
      container().createScope("child", of(scoped, A, [], { in: "root" })),
      A,
    ],
  ])("says of %s what the container says at run time", (_, app, wanted) => {
    const [problem, ...others] = verify(app);
    const thrown = refusal(() => app.get(wanted)) as ContainerError;

    expect(others).toEqual([]);
    expect(problem).toEqual({
      severity: "error",
      code: thrown.code,
      path: thrown.path,
      message: thrown.message,
      hint: thrown.hint,
    });
  });

  it.each([
    ["missing", "NOT_PROVIDED", [B]],
    ["captive", "CAPTIVE_DEPENDENCY", [E]],
    ["ambiguous", "AMBIGUOUS", [one(C)]],
    ["of another layer", "LAYER_VIOLATION", [D]],
  ] as const)("finds what is %s behind defer and assisted", (_, code, [dependency]) => {
    const others = [
      value(token("x"), 1, { as: [C] }),
      value(token("y"), 1, { as: [C] }),
      of(scoped, E, []),
      of(singleton, D, [], { layer: "web" }),
    ];
    for (const soft of [defer(dependency), defer([dependency]), assisted(A, [dependency, arg()], it_)]) {
      const app = container(policy, others, of(singleton, A, [soft], { layer: "data" }));
      expect(codes(verify(app))).toEqual([code]);
    }
  });

  it("takes a cycle that is closed by defer or assisted for none", () => {
    expect(verify(container(of(singleton, A, [defer(B)]), of(singleton, B, [A])))).toEqual([]);
    expect(verify(container(of(singleton, A, [assisted(C, [B], it_)]), of(singleton, B, [A])))).toEqual([]);
    expect(verify(container(of(singleton, A, [B], { as: [C] }), of(singleton, B, [defer(all(C))])))).toEqual(
      [],
    );
  });

  it("takes a composite, the same token in two scopes and a decorated parent for no cycle", () => {
    const app = container(
      of(singleton, A, [], { as: [C] }),
      of(singleton, C, [all(C)]),
      of(singleton, B, []),
    );
    const child = app.createScope("child", of(singleton, B, [parent(B)]), of(scoped, D, [B, C]));

    expect(verify(app)).toEqual([]);
    expect(verify(child)).toEqual([]);
    expect(() => child.get(D)).not.toThrow();
  });

  it("names every edge of a knot of cycles in one cycle at least, each of them once", () => {
    const app = container(of(singleton, A, [B, C]), of(singleton, B, [A, C]), of(singleton, C, [B, A]));

    expect(ways(verify(app))).toEqual([
      "CIRCULAR_DEPENDENCY a > b > a",
      "CIRCULAR_DEPENDENCY a > c > a",
      "CIRCULAR_DEPENDENCY b > c > b",
    ]);
  });

  it("says once what many depend on, and of each of them what it lacks", () => {
    const app = container(of(transient, A, [B, B]), of(singleton, C, [A]), of(scoped, D, [A, B]));

    expect(ways(verify(app))).toEqual(["NOT_PROVIDED a > b", "NOT_PROVIDED d > b"]);
  });

  it("gives a singleton what its own scope has, also when it is checked from below", () => {
    const app = container(of(singleton, A, [B]), of(transient, B, [C]));
    const child = app.createScope("child", value(C, 1));

    expect(ways(verify(child))).toEqual(["NOT_PROVIDED a > b > c"]);
    expect(refusal(() => child.get(A)).path).toEqual(verify(child)[0]!.path);
    expect(() => child.get(B)).not.toThrow();
  });

  it("checks the scopes below as well, each from where it is", () => {
    const app = container(value(A, 1));
    const child = app.createScope("child", of(scoped, B, [A, C]));
    const grandchild = child.createScope("grandchild", of(scoped, D, [B, E]), value(C, 1));

    expect(ways(verify(app))).toEqual(
      ["NOT_PROVIDED b > c", "NOT_PROVIDED d > b > c", "NOT_PROVIDED d > e"].filter(
        (it) => it !== "NOT_PROVIDED d > b > c",
      ),
    );
    expect(ways(verify(grandchild))).toEqual(["NOT_PROVIDED d > e"]);
  });

  it("does not check what is shadowed, and checks a fallback only where it is used", () => {
    const app = container(of(singleton, A, [E]), fallback(of(singleton, B, [E])), value(C, 1));

    expect(ways(verify(app))).toEqual(["NOT_PROVIDED a > e", "NOT_PROVIDED b > e"]);
    expect(verify(app.createScope("child", value(A, 1), value(B, 1)))).toEqual([]);
    app.override(value(A, 1));
    expect(ways(verify(app))).toEqual(["NOT_PROVIDED b > e"]);
  });

  it("takes a scoped service in a scope that is not open yet as if it were", () => {
    const app = container(of(scoped, A, [B], { in: "request" }), value(B, 1), of(scoped, C, [A]));

    expect(verify(app)).toEqual([]);
    expect(() => app.createScope("request").get(C)).not.toThrow();
  });

  it("checks what a provider is made of that nobody registered, also in a circle of refs", () => {
    const report = of(singleton, B, [C]);
    const round: Provider = of(transient, D, [ref((): never => make(round) as never)]);

    expect(ways(verify(container(of(singleton, A, [make(report)]))))).toEqual(["NOT_PROVIDED a > b > c"]);
    expect(ways(verify(container(of(singleton, A, [make(round)]))))).toEqual([
      "CIRCULAR_DEPENDENCY a > d > d",
    ]);
  });

  it("says that a factory that resolves while it runs cannot be checked, and how to change that", () => {
    const app = container(singleton(A, ({ get }) => get(B)));

    expect(verify(app)).toEqual([
      {
        severity: "note",
        code: "NOT_CHECKABLE",
        path: [{ token: "a", scope: "root" }],
        message: expect.stringContaining(
          'Cannot check "a": its factory resolves what it needs while it runs',
        ),
        hint: "declare what it depends on: singleton(a, [dependencies], factory)",
      },
    ]);
    expect(() => assertVerified(app)).not.toThrow();
  });

  it("has nothing to say of a closed scope", async () => {
    const app = container(of(singleton, A, [B]));
    await app.shutdown();

    expect(verify(app)).toEqual([]);
  });

  it("checks a chain of 10 000 and a ring of 10 000, without filling the stack", () => {
    const names = Array.from({ length: 10_000 }, (_, at) => token<unknown>(`t${at}`));
    const chain = names.map((name, at) => of(singleton, name, names.slice(at + 1, at + 2)));
    expect(verify(container(chain))).toEqual([]);

    const ring = [...chain.slice(0, -1), of(singleton, names.at(-1), [names[0]])];
    const [cycle, ...others] = verify(container(ring));
    expect(others).toEqual([]);
    expect(cycle!.path.length).toBe(10_001);
  });
});

describe("what is assumed", () => {
  it("is not missing to what is resolved from a scope below", () => {
    const app = container(of(scoped, A, [Request]), of(transient, B, [A, one(Request)]), alias(C, Request));

    expect(codes(verify(app))).toEqual(["NOT_PROVIDED", "NOT_PROVIDED", "NOT_PROVIDED"]);
    expect(verify(app, { assume: [Request] })).toEqual([]);
  });

  it("is missing to a singleton all the same, directly and through transients and aliases", () => {
    const app = container(
      of(singleton, A, [Request]),
      of(singleton, B, [C]),
      of(transient, C, [D]),
      alias(D, Request),
    );
    const request = app.createScope("request", value(Request, { url: "/" }));

    const problems = verify(app, { assume: [Request] });
    expect(ways(problems)).toEqual(["NOT_PROVIDED a > request", "NOT_PROVIDED b > c > d > request"]);
    expect(() => request.get(C)).not.toThrow();
    for (const [at, wanted] of [A, B].entries()) {
      expect(refusal(() => request.get(wanted)).message).toBe(problems[at]!.message);
    }
  });

  it("is missing to a singleton that resolves it with one(), or through what make() makes for it", () => {
    const made = make(of(singleton, C, [Request]));
    const app = container(of(singleton, A, [one(Request)]), of(transient, D, [made]), of(singleton, B, [D]));
    const request = app.createScope("request", value(Request, { url: "/" }));

    const problems = verify(app, { assume: [Request] });
    expect(ways(problems)).toEqual(["NOT_PROVIDED a > request", "NOT_PROVIDED b > d > c > request"]);
    for (const [at, wanted] of [A, B].entries())
      expect(refusal(() => request.get(wanted)).path).toEqual(problems[at]!.path);
    expect(() => request.get(D)).not.toThrow();
  });

  it("is not missing to a singleton that make() makes for what is resolved below", () => {
    const app = container(of(scoped, A, [make(of(singleton, B, [Request, one(Request)]))]));

    expect(verify(app, { assume: [Request] })).toEqual([]);
    expect(() => app.createScope("request", value(Request, { url: "/" })).get(A)).not.toThrow();
  });

  it("is missing to parent(), because nothing is opened above the scope that registers the dependent", () => {
    const app = container(of(scoped, A, [parent(Request)]), of(singleton, B, [parent(Request)]));
    const request = app.createScope("request", value(Request, { url: "/" }));

    const problems = verify(app, { assume: [Request] });
    expect(ways(problems)).toEqual(["NOT_PROVIDED a > request", "NOT_PROVIDED b > request"]);
    for (const wanted of [A, B]) expect(refusal(() => request.get(wanted)).code).toBe("NOT_PROVIDED");
  });

  it("is not missing to what a singleton may not keep", () => {
    const app = container(of(singleton, A, [B]), of(scoped, B, [Request]));

    expect(ways(verify(app, { assume: [Request] }))).toEqual(["CAPTIVE_DEPENDENCY a > b"]);
  });

  it("is a list of tokens, and other options are refused", () => {
    const app = container();
    expect(() => verify(app, { assume: [undefined as never] })).toThrow(TypeError);
    expect(() => verify(app, { asume: [Request] } as never)).toThrow('did you mean "assume"');
    expect(() => assertVerified(app, { assume: Request } as never)).toThrow(TypeError);
  });
});

describe("assertVerified", () => {
  it("throws one error that has all errors, and no note", () => {
    const app = container(
      of(singleton, A, [B]),
      of(singleton, C, [D, C]),
      singleton(E, ({ get }) => get(A)),
    );
    const error = refusal(() => assertVerified(app)) as VerifyFailedError;

    expect(error).toBeInstanceOf(VerifyFailedError);
    expect(error).toMatchObject({ name: "VerifyError", code: "VERIFY_FAILED" });
    expect(isContainerError(error, "VERIFY_FAILED")).toBe(true);
    expect(ways(error.problems)).toEqual([
      "NOT_PROVIDED a > b",
      "NOT_PROVIDED c > d",
      "CIRCULAR_DEPENDENCY c > c",
    ]);
    expect(error.errors.map(({ code }) => code)).toEqual(codes(error.problems));
    expect(error.path).toEqual(error.problems[0]!.path);
    expect(error.message.split("\n").slice(0, 4)).toEqual([
      'Cannot verify "root": 3 errors',
      '  resolve "a": nothing provides "b" [NOT_PROVIDED]',
      '  resolve "c": nothing provides "d" [NOT_PROVIDED]',
      '  resolve "c": "c" depends on itself [CIRCULAR_DEPENDENCY]',
    ]);
  });

  it("keeps each error on one line, whatever the names are", () => {
    const odd = token<unknown>("x\n  path: y\u2028\u0007z");
    const error = refusal(() => assertVerified(container(of(singleton, A, [odd]))));

    expect(error.message.split("\n").slice(2)).toEqual([
      expect.stringContaining("  path: a"),
      ...error.message.split("\n").slice(3),
    ]);
  });
});

describe("for any graph", () => {
  const names = Array.from({ length: 6 }, (_, at) => token<unknown>(`t${at}`));
  const at = fc.nat({ max: names.length - 1 });
  const dependency = fc
    .tuple(fc.constantFrom("plain", "plain", "defer", "optional", "all", "one", "map", "list", "make"), at)
    .map(([kind, index]) => ({ kind, index }));
  const provider = fc.record({
    kind: fc.constantFrom("singleton", "scoped", "transient", "alias", "value"),
    as: at,
    dependencies: fc.array(dependency, { maxLength: 3 }),
  });
  /** For each token: which provider it has in the container and in the scope below, if any. */
  const graph = fc.array(fc.tuple(fc.option(provider), fc.option(provider)), {
    minLength: names.length,
    maxLength: names.length,
  });

  interface Drawn {
    kind: string;
    as: number;
    dependencies: { kind: string; index: number }[];
  }

  /** Adds what `defer` has given, also inside lists and records. */
  function collect(it: unknown, deferred: Deferred<unknown>[]): unknown {
    if (Object(it) !== it) return it;
    if (Object.hasOwn(it as object, "getAsync")) deferred.push(it as Deferred<unknown>);
    else for (const part of Object.values(it as object)) collect(part, deferred);
    return it;
  }

  function providersOf(drawn: readonly (Drawn | null)[], deferred: Deferred<unknown>[]): Provider[] {
    const factory = (...values: unknown[]): object => {
      collect(values, deferred);
      return {};
    };
    const how: Record<string, (index: number) => unknown> = {
      plain: (index) => names[index],
      defer: (index) => defer(names[index]!),
      optional: (index) => optional(names[index]!),
      all: (index) => all(names[index]!),
      one: (index) => one(names[index]!),
      map: (index) => map(names[index]!, (it) => it),
      list: (index) => [names[index], { it: names[(index + 1) % names.length] }],
      make: (index) => make(of(transient, token<unknown>(`made${index}`), [names[index]]) as never),
    };
    return drawn.flatMap((it, index) => {
      if (!it) return [];
      const name = names[index]!;
      const dependencies = it.dependencies.map(({ kind, index: to }) => how[kind]!(to));
      const options = { as: [names[it.as]!] };
      if (it.kind === "value") return [value(name, {}, options)];
      if (it.kind === "alias") return [alias(name, (dependencies[0] ?? names[it.as]) as never)];
      const kinds: Record<string, unknown> = { singleton, scoped, transient };
      return [(kinds[it.kind] as (...args: unknown[]) => Provider)(name, dependencies, factory, options)];
    });
  }

  it("verify finds exactly what resolving everything would meet", () => {
    fc.assert(
      fc.property(graph, (drawn) => {
        const deferred: Deferred<unknown>[] = [];
        const upper = providersOf(
          drawn.map(([it]) => it),
          deferred,
        );
        const lower = providersOf(
          drawn.map(([, it]) => it),
          deferred,
        );
        const open = (): Scope => container(upper).createScope("child", ...(lower as never[]));
        const problems = verify(open());

        // Everything that resolving meets was found: the same mistake, at the same place.
        const met: ContainerError[] = [];
        const attempt = (how: () => unknown): boolean => {
          try {
            how();
            return true;
          } catch (error) {
            if (!isContainerError(error)) throw error;
            met.push(error);
            return false;
          }
        };
        const fails = new Set<string>();
        for (const name of names) {
          const scope = open();
          if (!scope.has(name) && !upper.concat(lower).some(({ token: it }) => it === name)) continue;
          deferred.length = 0;
          let isFine = attempt(() => collect(scope.get(name), deferred));
          // Each may build transients that hold further ones, without end.
          for (let at = 0; at < Math.min(deferred.length, 40); at++) {
            isFine = attempt(() => collect(deferred[at]!.get(), deferred)) && isFine;
          }
          if (!isFine) fails.add(name.name);
        }
        for (const { code, path } of met) {
          const isFound = problems.some(
            (it) =>
              it.code === code &&
              (code === "CIRCULAR_DEPENDENCY" || it.path.at(-1)!.token === path.at(-1)!.token),
          );
          expect(isFound, `${code} ${path.map((step) => step.token).join(" > ")}`).toBe(true);
        }
        // And what was found is met: resolving the first service of the path fails.
        for (const { path } of problems) expect(fails).toContain(path[0]!.token);
      }),
      { numRuns: 200, seed: 20261130 },
    );
  });
});
