/**
 * Programs about the first phase of a shutdown: services with and without a `stop`, in a tree of scopes, of which some
 * are built before, some meanwhile and some never.
 *
 * @module
 */

import fc from "fast-check";

/** Services are told apart by numbers, and depend on lower ones only. */
export const TOKENS = 6;

/** How something ends: at once, when its gate is opened, by failing in one of these two ways, or never. */
export type How = "sync" | "slow" | "throws" | "rejects" | "hangs";

export interface Plan {
  readonly id: string;
  readonly token: number;
  readonly kind: "value" | "singleton" | "scoped" | "transient" | "alias";
  readonly needs: readonly number[];
  /** The factory waits for a gate before it answers. */
  readonly isSlow: boolean;
  /** Not of a transient or an alias. */
  readonly stop: Stop | undefined;
  readonly dispose: "sync" | "slow" | undefined;
}

export interface Stop {
  readonly how: How;
  /** What it does first, with the scope it lives in. */
  readonly does:
    | { readonly what: "get" | "getAsync"; readonly token: number }
    /** It shuts the scope down, and waits for that or does not. */
    | { readonly what: "shutdown" | "wait for shutdown" }
    | undefined;
}

export interface ScopePlan {
  readonly parent: number | undefined;
  readonly plans: readonly Plan[];
}

/** A scope is opened by the first step that names it. */
export type Step =
  | { readonly do: "get" | "getAsync"; readonly scope: number; readonly token: number }
  | { readonly do: "shutdown"; readonly scope: number; readonly bound: "none" | "signal" | "aborted" }
  /** The n-th gate is opened, the n-th signal aborted. */
  | { readonly do: "open" | "expire"; readonly nth: number };

export interface Program {
  readonly scopes: readonly ScopePlan[];
  readonly steps: readonly Step[];
}

/** What a family of programs is about. */
export interface Flavour {
  readonly how: readonly How[];
  readonly isSlow: boolean;
  /** The functions of some services use their scope. */
  readonly acts: boolean;
  readonly steps: { readonly [K in Step["do"]]?: number };
}

export function programs(flavour: Flavour): fc.Arbitrary<Program> {
  const token = fc.nat(TOKENS - 1);
  const never = fc.constant(undefined);
  const act: fc.Arbitrary<Stop["does"]> = fc.oneof(
    fc.record({ what: fc.constantFrom("get" as const, "getAsync" as const), token }),
    fc.record({ what: fc.constantFrom("shutdown" as const, "wait for shutdown" as const) }),
  );
  const stop: fc.Arbitrary<Stop> = fc.record({
    how: fc.constantFrom(...flavour.how),
    does: flavour.acts ? fc.oneof({ weight: 2, arbitrary: never }, act) : never,
  });
  const draft = fc.record({
    kind: fc.constantFrom<Plan["kind"]>(
      "singleton",
      "singleton",
      "singleton",
      "scoped",
      "transient",
      "value",
      "alias",
    ),
    needs: fc.array(fc.nat(20), { maxLength: 3 }),
    isSlow: flavour.isSlow ? fc.boolean() : fc.constant(false),
    stop: fc.oneof(never, { weight: 3, arbitrary: stop }),
    dispose: fc.constantFrom("sync" as const, "slow" as const, undefined),
  });
  const scope = fc.nat(2);
  const nth = fc.nat(5);
  const all: { readonly [K in Step["do"]]: fc.Arbitrary<Step> } = {
    get: fc.record({ do: fc.constant("get" as const), scope, token }),
    getAsync: fc.record({ do: fc.constant("getAsync" as const), scope, token }),
    shutdown: fc.record({
      do: fc.constant("shutdown" as const),
      scope,
      bound: flavour.steps.expire
        ? fc.constantFrom(
            "none" as const,
            "signal" as const,
            "signal" as const,
            "aborted" as const,
            "aborted" as const,
          )
        : fc.constant("none" as const),
    }),
    open: fc.record({ do: fc.constant("open" as const), nth }),
    expire: fc.record({ do: fc.constant("expire" as const), nth }),
  };
  const kinds = Object.keys(flavour.steps) as Step["do"][];
  const step = fc.oneof(...kinds.map((it) => ({ weight: flavour.steps[it]!, arbitrary: all[it] })));
  return fc
    .record({
      root: fc.tuple(...Array.from({ length: TOKENS }, () => fc.option(draft, { freq: 8, nil: undefined }))),
      below: fc.array(
        fc.record({ parent: fc.nat(1), plans: fc.array(fc.tuple(token, draft), { maxLength: 3 }) }),
        { maxLength: 2 },
      ),
      steps: fc.array(step, { minLength: 1, maxLength: 16, size: "max" }),
    })
    .map(({ root, below, steps }) => {
      let count = 0;
      const plan = (at: number, drawn: Omit<Plan, "id" | "token">): Plan => written(`p${count++}`, at, drawn);
      const ofRoot = root.flatMap((drawn, at) => (drawn ? [plan(at, drawn)] : []));
      return {
        scopes: [
          { parent: undefined, plans: ofRoot },
          ...below.map((it, at) => {
            const plans = it.plans.map(([on, drawn]) => plan(on, drawn));
            const isFirst = (one: Plan, place: number) =>
              plans.findIndex((other) => other.token === one.token) === place;
            return { parent: Math.min(it.parent, at), plans: plans.filter(isFirst) };
          }),
        ],
        steps: steps.map((it) => ("scope" in it ? { ...it, scope: it.scope % (below.length + 1) } : it)),
      };
    });
}

/** Takes out of a draft what contradicts itself. */
function written(id: string, token: number, draft: Omit<Plan, "id" | "token">): Plan {
  const needs = token === 0 ? [] : draft.needs.map((it) => it % token);
  const kind = draft.kind === "alias" && needs.length === 0 ? "singleton" : draft.kind;
  const isKept = kind !== "transient" && kind !== "alias";
  return {
    ...draft,
    id,
    token,
    kind,
    needs: kind === "value" ? [] : kind === "alias" ? needs.slice(0, 1) : needs,
    stop: isKept ? draft.stop : undefined,
    dispose: isKept ? draft.dispose : undefined,
  };
}

/** A program as people read it. */
export function show({ scopes, steps }: Program): string {
  const lines = scopes.flatMap(({ parent, plans }, at) => [
    `s${at}${parent === undefined ? "" : ` in s${parent}`}`,
    ...plans.map((it) => `    ${showPlan(it)}`),
  ]);
  return ["", ...lines, ...steps.map((it, at) => `${at + 1}. ${showStep(it)}`), ""].join("\n");
}

function showPlan({ id, kind, token, needs, isSlow, stop, dispose }: Plan): string {
  const words = [`${id}: ${kind}(t${token}, [${needs.map((it) => `t${it}`).join(", ")}])`];
  if (isSlow) words.push("slow");
  if (stop) {
    const { does, how } = stop;
    const before = does ? `${does.what}${"token" in does ? ` t${does.token}` : ""}, then ` : "";
    words.push(`stop: ${before}${how}`);
  }
  if (dispose) words.push(`dispose: ${dispose}`);
  return words.join(", ");
}

export function showStep(step: Step): string {
  if ("nth" in step) return `${step.do} #${step.nth}`;
  if (step.do === "shutdown") return `s${step.scope}.shutdown(${step.bound === "none" ? "" : step.bound})`;
  return `s${step.scope}.${step.do}(t${step.token})`;
}
