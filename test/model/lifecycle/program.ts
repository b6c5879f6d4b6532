/**
 * Programs for the life of an app, and drawing random ones: a graph of services with everything that may start, run and
 * end, hooks, and what somebody from outside does meanwhile.
 *
 * A program says in advance how each piece of code behaves when it is called. What is slow waits for a gate, and the
 * steps open the gates one after the other, so no clock takes part.
 *
 * @module
 */

import fc from "fast-check";

/** How a piece of code behaves: what it calls first, and how it ends. */
export interface Behaviour {
  /**
   * "slow" waits for a gate. "rejects" fails when the gate opens. "gives up" waits for its signal and rejects with its
   * reason. "hangs" never ends. Where there is no signal, "gives up" is "slow".
   */
  readonly how: "ok" | "slow" | "throws" | "rejects" | "gives up" | "hangs";
  /** Calls the app, before anything else. */
  readonly act?: "stop" | "shutdown" | "end" | "start" | undefined;
  /** Waits for what that has returned. */
  readonly waits?: boolean;
}

export interface ServicePlan {
  /** A value is there from the beginning, and depends on nothing. */
  readonly kind: "singleton" | "value" | "background";
  /** On which services of a lower number it depends, and through what. */
  readonly needs: readonly { readonly on: number; readonly via: Via }[];
  readonly eager: boolean;
  readonly order: number;
  readonly factory: Behaviour;
  readonly init?: Behaviour | undefined;
  readonly start?: Behaviour | undefined;
  readonly stop?: Behaviour | undefined;
  readonly dispose?: Behaviour | undefined;
  /** Of a background task: what runs. */
  readonly task: Behaviour;
}

export type Via = "itself" | "transient" | "alias" | "resolver";
export type Phase = "beforeStart" | "afterStart" | "beforeStop" | "afterStop";

export interface HookPlan {
  readonly phase: Phase;
  readonly behaviour: Behaviour;
  /** Adds a hook of this phase when it is called. */
  readonly adds?: Phase | undefined;
}

export type Step =
  | {
      readonly do:
        "start" | "serve" | "run" | "stop" | "shutdown" | "end" | "signal" | "abort" | "above" | "wait";
    }
  /** Shuts the container down with a signal, or opens a gate. */
  | { readonly do: "deadline" | "expire" }
  | { readonly do: "open"; readonly nth: number };

export interface Program {
  readonly services: readonly ServicePlan[];
  readonly hooks: readonly HookPlan[];
  readonly steps: readonly Step[];
  /** The container is a scope below another one. */
  readonly isNested: boolean;
  readonly isObserved: boolean;
  /** What the function given to `run` does. */
  readonly body: Behaviour;
}

/** What a family of programs is about. */
export interface Flavour {
  readonly how: readonly Behaviour["how"][];
  /** How often code calls the app, of 10 times. */
  readonly acts: number;
  readonly steps: { readonly [K in Step["do"]]?: number };
  /** Nothing but what begins: the rest of the steps comes after. */
  readonly begin: readonly Step["do"][];
}

const optional = <T>(arbitrary: fc.Arbitrary<T>, weight = 2): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight, arbitrary });

export function programs({ how, acts, steps, begin }: Flavour): fc.Arbitrary<Program> {
  const behaviour: fc.Arbitrary<Behaviour> = fc.record({
    how: fc.constantFrom(...how),
    act: fc.oneof(
      { weight: 10 - acts, arbitrary: fc.constant(undefined) },
      {
        weight: acts,
        arbitrary: fc.constantFrom("stop" as const, "shutdown" as const, "end" as const, "start" as const),
      },
    ),
    waits: fc.boolean(),
  });
  const phase = fc.constantFrom<Phase>("beforeStart", "afterStart", "beforeStop", "afterStop");
  const service = fc.record({
    kind: fc.oneof(
      { weight: 5, arbitrary: fc.constant("singleton" as const) },
      { weight: 1, arbitrary: fc.constantFrom("value" as const, "background" as const) },
    ),
    needs: fc.array(
      fc.record({
        on: fc.nat(5),
        via: fc.constantFrom<Via>("itself", "itself", "itself", "transient", "alias", "resolver"),
      }),
      { maxLength: 2 },
    ),
    eager: fc.boolean(),
    order: fc.nat(2),
    factory: behaviour,
    init: optional(behaviour, 1),
    start: optional(behaviour),
    stop: optional(behaviour),
    dispose: optional(behaviour, 4),
    task: behaviour,
  });
  const step: fc.Arbitrary<Step> = fc.oneof(
    ...(Object.keys(steps) as Step["do"][]).map((it) => ({
      weight: steps[it]!,
      arbitrary:
        it === "open"
          ? fc.record({ do: fc.constant("open" as const), nth: fc.nat(5) })
          : fc.constant({ do: it } as Step),
    })),
  );
  return fc
    .record({
      services: fc.array(service, { minLength: 1, maxLength: 6, size: "max" }),
      hooks: fc.array(fc.record({ phase, behaviour, adds: optional(phase, 1) }), {
        maxLength: 5,
        size: "max",
      }),
      begin: fc.constantFrom(...begin),
      steps: fc.array(step, { maxLength: 12, size: "max" }),
      isNested: fc.boolean(),
      isObserved: fc.boolean(),
      body: behaviour,
    })
    .map(({ begin: first, ...drawn }) => ({
      ...drawn,
      services: drawn.services.map((it, at) => ({
        ...it,
        // Downwards, so that there are no cycles.
        needs:
          at === 0 || it.kind === "value"
            ? []
            : distinct(it.needs.map((need) => ({ ...need, on: need.on % at }))),
      })),
      steps: [{ do: first } as Step, ...drawn.steps],
    }));
}

function distinct(needs: readonly { on: number; via: Via }[]): { on: number; via: Via }[] {
  return needs.filter((it, at) => needs.findIndex(({ on }) => on === it.on) === at);
}

/** A program as people read it. */
export function show(program: Program): string {
  const behaves = (name: string, it: Behaviour | undefined): string =>
    it ? ` ${name}:${it.act ? `${it.waits ? "await " : ""}${it.act}() then ` : ""}${it.how}` : "";
  return [
    `${program.isNested ? "nested, " : ""}${program.isObserved ? "observed" : "not observed"}`,
    ...program.services.map(
      (it, at) =>
        `  s${at} ${it.kind}${it.eager ? " eager" : ""} order ${it.order} needs [${it.needs.map(({ on, via }) => `s${on}${via === "itself" ? "" : ` by ${via}`}`).join(", ")}]` +
        behaves("factory", it.factory) +
        behaves("init", it.init) +
        (it.kind === "background"
          ? behaves("task", it.task)
          : behaves("start", it.start) + behaves("stop", it.stop) + behaves("dispose", it.dispose)),
    ),
    ...program.hooks.map(
      (it, at) => `  h${at} ${it.phase}${behaves("does", it.behaviour)}${it.adds ? ` adds ${it.adds}` : ""}`,
    ),
    `  body${behaves("does", program.body)}`,
    `  ${program.steps.map((it) => ("nth" in it ? `open ${it.nth}` : it.do)).join(", ")}`,
  ].join("\n");
}
