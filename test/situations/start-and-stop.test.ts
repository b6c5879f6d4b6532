/**
 * Starting and stopping as other containers got it wrong: each of these was somebody's bug.
 */
import { createContainer, singleton, token, type Provider, type Scope } from "thimble";
import { createApp, type App } from "thimble/lifecycle";
import { describe, expect, it } from "vitest";
import { turn } from "../core/support/turn.ts";
import { uncheckedContainer } from "../core/support/unchecked.ts";
import { rejection, settles } from "./waiting.ts";

const names = ["db", "queue", "worker", "server"];
const tokens = names.map((name) => token<string>(name));

/** Four services, each of which depends on the one before, and what happens to them. */
function program(failing?: string): { app: App; log: string[]; failure: Error } {
  const log: string[] = [];
  const failure = new Error(`${failing} does not start`);
  const providers = tokens.map((it, at) =>
    singleton(it, at > 0 ? [tokens[at - 1]!] : [], () => it.name, {
      async start() {
        await undefined;
        if (it.name === failing) throw failure;
        log.push(`${it.name} started`);
      },
      stop: () => log.push(`${it.name} stopped`),
      dispose: () => log.push(`${it.name} disposed`),
    }),
  );
  return { app: createApp(uncheckedContainer(providers)), log, failure };
}

describe("the k-th service fails to start", () => {
  it.for(names.map((name, at) => [name, at] as const))(
    "%s: what had started before is stopped, everything is disposed, and nothing is left running",
    async ([name, at]) => {
      const { app, log, failure } = program(name);

      expect(await rejection(app.start())).toBe(failure);

      const up = names.slice(0, at);
      expect(log).toEqual([
        ...up.map((it) => `${it} started`),
        ...up.toReversed().map((it) => `${it} stopped`),
        ...names.toReversed().map((it) => `${it} disposed`),
      ]);
      expect([app.state, app.container.state]).toEqual(["stopped", "closed"]);
    },
  );
});

const everythingStops = [
  ...names.toReversed().map((it) => `${it} stopped`),
  ...names.toReversed().map((it) => `${it} disposed`),
];

describe("the run function", () => {
  it("throws: everything is stopped all the same", async () => {
    const { app, log } = program();
    const failure = new Error("in the middle of the work");

    const error = await rejection(
      app.run([tokens[3]!], () => {
        log.length = 0;
        throw failure;
      }),
    );

    expect(error).toBe(failure);
    expect(log).toEqual(everythingStops);
  });

  it("returns its error as a promise: that is not ignored", async () => {
    const { app, log } = program();
    const failure = new Error("in the middle of the work");

    const error = await rejection(
      app.run([tokens[3]!], async () => {
        await turn();
        log.length = 0;
        throw failure;
      }),
    );

    expect(error).toBe(failure);
    expect(log).toEqual(everythingStops);
  });

  it("cannot be resolved for: everything is stopped all the same", async () => {
    const { app, log } = program();

    const error = await rejection(app.run([token("nobody")] as never, () => 1));

    expect(error).toMatchObject({ code: "NOT_PROVIDED" });
    expect(log.slice(-8)).toEqual(everythingStops);
  });
});

describe("a second run", () => {
  it("doubles no hook and no service, whether it comes during the first one or after it", async () => {
    const { app, log } = program();
    const hooks: string[] = [];
    for (const phase of ["beforeStart", "afterStart", "beforeStop", "afterStop"] as const)
      app[phase](() => hooks.push(phase));

    const first = app.run([tokens[3]!], (it) => it);
    const second = rejection(app.run([tokens[3]!], (it) => it));
    expect(await settles(first)).toBe("server");
    await second;
    await rejection(app.run([tokens[3]!], (it) => it));
    await rejection(app.start());
    await app.stop();

    expect(hooks).toEqual(["beforeStart", "afterStart", "beforeStop", "afterStop"]);
    expect(log).toEqual([...names.map((it) => `${it} started`), ...everythingStops]);
  });
});

describe("the order among equals", () => {
  it("is the order of registration, each time", async () => {
    const equals = Array.from({ length: 12 }, (_, at) => token<string>(`service ${at}`));
    for (let round = 0; round < 5; round++) {
      const started: string[] = [];
      // Built in another order than they are registered in: the last one first.
      const container: Scope = uncheckedContainer(
        equals.map((it) => singleton(it, () => it.name, { start: (name) => started.push(name) }) as Provider),
      );
      for (const it of equals.toReversed()) container.get(it);

      await createApp(container).run([], () => {});

      expect(started).toEqual(equals.map(({ name }) => name));
    }
  });

  it("is also that of the first round when one of them takes its time", async () => {
    const started: string[] = [];
    const slow = token<string>("slow");
    const container = createContainer(
      singleton(slow, () => "slow", {
        async start(name) {
          await turn();
          started.push(name);
        },
      }),
      singleton(tokens[0]!, () => "quick", { start: (name) => started.push(name) }),
    );

    await createApp(container).run([], () => {});

    expect(started).toEqual(["slow", "quick"]);
  });
});

describe("`end`", () => {
  it("before `serve` is not lost", async () => {
    const { app, log } = program();
    app.end("never mind");

    expect(await settles(app.serve())).toMatchObject({ reason: "never mind", report: { ok: true } });
    expect(log).toEqual([]);
  });

  it("before `serve`, of an app that has started, stops it", async () => {
    const { app, log } = program();
    await app.start();
    app.end("enough");
    log.length = 0;

    expect(await settles(app.serve())).toMatchObject({ reason: "enough" });
    expect(log).toEqual(everythingStops);
  });

  it("twice hangs nowhere, and the first one counts", async () => {
    const { app } = program();
    const serving = app.serve();
    app.end("first");
    app.end("second");
    await turn();
    app.end("third");

    expect(await settles(serving)).toMatchObject({ reason: "first" });
    app.end("fourth");
    expect((await settles(app.stop())).ok).toBe(true);
  });
});
