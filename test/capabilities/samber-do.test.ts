/**
 * What samber/do (Go) can do, row by row of ../shared/CAPABILITIES.md: each row is a test named after it. Signals are in
 * test/adapters and test/runtimes, and the pages of its web packages in test/features/inspector.test.ts.
 */
import {
  alias,
  all,
  createContainer,
  one,
  optional,
  type Scope,
  singleton,
  token,
  transient,
  value,
} from "thimble";
import {
  ancestors,
  explain,
  explainService,
  findScope,
  formatTree,
  graph,
  listBuilt,
  listProvided,
  toDot,
  toMermaid,
} from "thimble/graph";
import { checkHealth } from "thimble/health";
import { observe } from "thimble/observe";
import { clone } from "thimble/testing";
import { describe, expect, it } from "vitest";
import { rejected, thrown } from "../core/support/refusal.ts";

class Engine {
  readonly started = true;
}
class Car {
  readonly engine: Engine;
  constructor(engine: Engine) {
    this.engine = engine;
  }
}
const Vehicle = token<{ readonly engine: Engine }>("vehicle");
const Wheels = token<number>("wheels");

const names = (rows: readonly { readonly token: string }[]): string[] => rows.map((row) => row.token);

describe("samber/do", () => {
  it("New, root scope, no default root: createContainer, as many as you like", () => {
    const [a, b] = [createContainer(singleton(Engine)), createContainer("other", singleton(Engine))];

    expect([a.name, b.name]).toEqual(["root", "other"]);
    expect(a.get(Engine)).not.toBe(b.get(Engine));
  });

  it("Provide (lazy), ProvideValue (eager), ProvideTransient, ProvideNamed: singleton, value, transient, a name is a token", () => {
    let built = 0;
    const app = createContainer(
      singleton(Engine, () => (built++, new Engine())),
      value(Wheels, 4),
      transient(Car, [Engine]),
    );

    expect(built).toBe(0);
    expect(app.get(Car)).not.toBe(app.get(Car));
    expect([built, app.get(Wheels)]).toEqual([1, 4]);
  });

  it("Lazy, Eager, Transient, Package: providers are values, a package is an array", () => {
    const engines = [singleton(Engine), value(Wheels, 4)] as const;
    const app = createContainer([...engines, singleton(Car, [Engine])]);

    expect(app.get(Car).engine).toBe(app.get(Engine));
  });

  it("Override: override, and the old instance is still disposed", async () => {
    const disposed: number[] = [];
    const wheels = (count: number) =>
      singleton(Wheels, () => count, { dispose: (it) => void disposed.push(it) });
    const app = createContainer(wheels(4));
    app.get(Wheels);
    app.override(wheels(3));

    expect(app.get(Wheels)).toBe(3);
    await app.shutdown();
    expect(disposed.toSorted()).toEqual([3, 4]);
  });

  it("Invoke, MustInvoke, InvokeNamed, InvokeStruct: get, getAsync, optional, a record", async () => {
    const app: Scope = createContainer(singleton(Engine), singleton(Car, [Engine]));

    expect(await app.getAsync(Car)).toBe(app.get(Car));
    expect(app.get(optional(Wheels))).toBe(undefined);
    const { car, engine } = app.get({ car: Car, engine: Engine }) as { car: Car; engine: Engine };
    expect(car.engine).toBe(engine);
  });

  it("As, AsNamed, Bind: alias", () => {
    const app = createContainer(singleton(Engine), singleton(Car, [Engine]), alias(Vehicle, Car));

    expect(app.get(Vehicle)).toBe(app.get(Car));
  });

  it("InvokeAs, the first that satisfies the interface: one, or AMBIGUOUS with the candidates; all", () => {
    class Bus extends Car {}
    const both = [singleton(Engine), singleton(Car, [Engine], { as: [Vehicle] })] as const;
    const app = createContainer(both);

    expect(app.get(one(Vehicle))).toBe(app.get(Car));
    app.provide(singleton(Bus, [Engine], { as: [Vehicle] }));
    expect(thrown(() => app.get(one(Vehicle)))).toMatchObject({ code: "AMBIGUOUS" });
    expect(app.get(all(Vehicle))).toHaveLength(2);
  });

  it("Scope, Ancestors, Children, ChildByID, ChildByName, ID, Name, RootScope: createScope, findScope, ancestors", () => {
    const app = createContainer(singleton(Engine));
    const driver = app.createScope("driver", singleton(Car, [Engine]));
    const passenger = driver.createScope(
      "passenger",
      singleton(Wheels, () => 4),
    );

    expect(findScope(app, "passenger")).toBe(passenger);
    expect(findScope(app, passenger.id)).toBe(passenger);
    expect(ancestors(passenger)).toEqual([driver, app]);
    expect([...app.children]).toEqual([driver]);
    expect(passenger.root).toBe(app);
  });

  it("ListProvidedServices, ListInvokedServices: listProvided, listBuilt", () => {
    const app = createContainer(singleton(Engine), singleton(Car, [Engine]));
    const child = app.createScope(
      "child",
      singleton(Wheels, () => 4),
    );
    app.get(Engine);

    expect(names(listProvided(child))).toEqual(["wheels", "Engine", "Car"]);
    expect(names(listBuilt(child))).toEqual(["Engine"]);
  });

  it("HealthCheck with context, parallelism and timeouts: checkHealth", async () => {
    const app = createContainer(singleton(Engine, { health: ({ started }) => started }));
    app.get(Engine);

    expect(await checkHealth(app, { timeout: 1_000, totalTimeout: 2_000, concurrency: 2 })).toMatchObject({
      healthy: true,
      checks: [{ token: "Engine", status: "healthy" }],
    });
  });

  it("Shutdown, ShutdownReport, MustShutdown: a report; await using throws", async () => {
    const failure = new Error("stuck");
    const app = createContainer(
      singleton(Engine, { dispose: () => Promise.reject(failure) }),
      singleton(Car, [Engine], { dispose: () => undefined }),
    );
    app.get(Car);
    const report = await app.shutdown();

    expect(report.services.map((row) => `${row.token} ${row.outcome}`)).toEqual([
      "Car disposed",
      "Engine failed",
    ]);
    const symbol = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
    const failed = await rejected((app as unknown as Record<symbol, () => Promise<void>>)[symbol]!());
    expect(failed).toMatchObject({ code: "SHUTDOWN_FAILED", errors: [failure] });
  });

  it("six hooks, before and after registration, invocation and shutdown: observe, with undo", async () => {
    const told: string[] = [];
    const app = createContainer(singleton(Engine, { dispose: () => undefined }));
    const stop = observe(app, {
      registered: ({ token: it }) => told.push(`registered ${it.name}`),
      building: ({ token: it }) => told.push(`building ${it.name}`),
      built: ({ token: it }) => told.push(`built ${it.name}`),
      disposing: ({ token: it }) => told.push(`disposing ${it.name}`),
      disposed: ({ token: it }) => told.push(`disposed ${it.name}`),
    });
    app.provide(value(Wheels, 4));
    app.get(Engine);
    await app.shutdown();
    stop();

    expect(told).toEqual([
      "registered wheels",
      "building Engine",
      "built Engine",
      "disposing Engine",
      "disposed Engine",
    ]);
  });

  it("Clone, CloneWithOpts: clone", () => {
    const app = createContainer(singleton(Engine), singleton(Car, [Engine]));
    const engine = app.get(Engine);
    const copy = clone(app);

    expect(names(listBuilt(copy))).toEqual([]);
    expect(copy.get(Engine)).not.toBe(engine);
  });

  it("ExplainInjector, ExplainService, the DAG: explain, explainService, graph, and text", () => {
    const app = createContainer(singleton(Engine), singleton(Car, [Engine]), alias(Vehicle, Car));

    expect(formatTree(explain(app)).split("\n")).toHaveLength(6);
    expect(names(explainService(app, Engine).allDependents)).toEqual(["Car", "vehicle"]);
    expect(graph(app).edges).toHaveLength(2);
    expect(toMermaid(graph(app))).toContain('"Engine"');
    expect(toDot(graph(app))).toContain('"Engine"');
  });

  it("circular dependency error; not-found error with what is available, and the path: codes, path, hint", () => {
    const round = createContainer as unknown as (...providers: unknown[]) => Scope;
    const app = round(
      singleton(Engine, [Vehicle as never], (() => new Engine()) as never),
      alias(Vehicle, Engine as never),
    );

    expect(thrown(() => app.get(Engine))).toMatchObject({
      code: "CIRCULAR_DEPENDENCY",
      path: [{ token: "Engine" }, { token: "vehicle" }, { token: "Engine" }],
    });
    expect(thrown(() => app.get(token("Engin")))).toMatchObject({
      code: "NOT_PROVIDED",
      hint: expect.stringContaining("Engine") as string,
    });
  });
});
