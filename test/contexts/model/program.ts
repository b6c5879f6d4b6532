/**
 * Programs about whose context things run in: users who ask for services at the same time, each in an asynchronous
 * context of its own, and somebody else who settles what they wait for.
 *
 * @module
 */

import fc from "fast-check";

/** Services depend on lower ones only. Those below `SHARED` are singletons, unless they are transients or aliases. */
export const TOKENS = 6;
export const SHARED = 3;
/** A chain of transients that is too long for the stack, down to the first service. */
export const DEEP = TOKENS;
export const USERS = ["ada", "ben", "eve"] as const;

export interface Plan {
  readonly token: number;
  readonly kind: "singleton" | "scoped" | "transient" | "alias";
  readonly needs: readonly number[];
  /** Resolves what it needs one after the other, while it runs. */
  readonly isDynamic: boolean;
  /** The factory waits for a gate before it answers. */
  readonly isSlow: boolean;
  /** So many of its runs fail, the first ones; only where it is slow. */
  readonly fails: number;
}

export type Step =
  | {
      readonly do: "get" | "getAsync";
      readonly user: (typeof USERS)[number];
      /** The container, a scope that all of them use, or a scope of the user's own. */
      readonly scope: "root" | "team" | "own";
      readonly token: number;
    }
  | { readonly do: "open"; readonly nth: number };

export interface Program {
  readonly plans: readonly Plan[];
  readonly steps: readonly Step[];
}

export function programs(fails: boolean): fc.Arbitrary<Program> {
  const draft = fc.record({
    kind: fc.constantFrom("kept" as const, "kept" as const, "transient" as const, "alias" as const),
    needs: fc.array(fc.nat(20), { maxLength: 3 }),
    isDynamic: fc.oneof({ weight: 2, arbitrary: fc.constant(false) }, fc.boolean()),
    isSlow: fc.boolean(),
    fails: fails ? fc.constantFrom(0, 0, 1) : fc.constant(0),
  });
  const ask = fc.record({
    do: fc.constantFrom("getAsync" as const, "getAsync" as const, "getAsync" as const, "get" as const),
    user: fc.constantFrom(...USERS),
    scope: fc.constantFrom("root" as const, "team" as const, "own" as const, "own" as const),
    token: fc.nat(DEEP),
  });
  const open = fc.record({ do: fc.constant("open" as const), nth: fc.nat(5) });
  return fc
    .record({
      drafts: fc.tuple(...Array.from({ length: TOKENS }, () => draft)),
      steps: fc.array(fc.oneof({ weight: 3, arbitrary: ask }, { weight: 2, arbitrary: open }), {
        minLength: 2,
        maxLength: 14,
        size: "max",
      }),
    })
    .map(({ drafts, steps }) => ({
      plans: drafts.map((it, token): Plan => {
        const needs = token === 0 ? [] : it.needs.map((on) => on % token);
        const isAlias = it.kind === "alias" && needs.length > 0;
        const kept = token < SHARED ? "singleton" : "scoped";
        return {
          token,
          kind: isAlias ? "alias" : it.kind === "transient" ? "transient" : kept,
          needs: isAlias ? needs.slice(0, 1) : needs,
          // What is resolved one after the other has to be waited for.
          isDynamic: it.isDynamic && it.isSlow && !isAlias,
          isSlow: it.isSlow && !isAlias,
          // Which of several runs of a transient something waits for could not be told.
          fails: it.isSlow && !isAlias && it.kind === "kept" ? it.fails : 0,
        };
      }),
      steps,
    }));
}

/** A program as people read it. */
export function show({ plans, steps }: Program): string {
  const lines = plans.map(({ token, kind, needs, isDynamic, isSlow, fails }) => {
    const words = [`${kind}(t${token}, [${needs.map((it) => `t${it}`).join(", ")}])`];
    if (isDynamic) words.push("resolver");
    if (isSlow) words.push("slow");
    if (fails > 0) words.push("fails once");
    return `    ${words.join(", ")}`;
  });
  return ["", ...lines, ...steps.map((it, at) => `${at + 1}. ${showStep(it)}`), ""].join("\n");
}

export function showStep(step: Step): string {
  if (step.do === "open") return `open #${step.nth}`;
  return `${step.user}: ${step.scope}.${step.do}(${step.token === DEEP ? "deep" : `t${step.token}`})`;
}
