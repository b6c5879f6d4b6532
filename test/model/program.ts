/**
 * Programs: what the property test runs, as plain data.
 *
 * A program is a tree of scopes with their providers, and the steps taken on it. Nothing in it is a function, so that
 * fast-check can shrink it and a reader can read it: `show` writes it down, and every decision that a factory or a
 * disposer takes at run time (when it answers, whether it fails) is a word in its plan. What cannot be settled while
 * the parts are drawn (is this step's scope open?) is settled by the runner, which skips what makes no sense.
 *
 * @module
 */

/** Tokens are numbers here. The last two are classes, and the one before the last extends the last. */
export const TOKENS = 7;
export const SUBCLASS = TOKENS - 2;
export const BASE_CLASS = TOKENS - 1;

export type Need =
  | { readonly ask: "one" | "optional" | "all" | "ref" | "parent"; readonly token: number }
  /** A handle: used by the factory that receives it, or by the finished service, in a step `later`. */
  | { readonly ask: "defer"; readonly token: number; readonly when: "building" | "later" }
  | { readonly ask: "map"; readonly of: Need }
  | { readonly ask: "tuple" | "record"; readonly of: readonly Need[] };

/** How an instance is undone, and what the one who undoes it does. */
export interface Undo {
  readonly by: "nothing" | "option" | "asyncDispose" | "dispose" | "false";
  readonly how: "sync" | "async" | "throws" | "rejects" | "hangs";
  readonly asks: Flush | undefined;
}

/** What a disposer asks for while it runs: a service that flushes through another. */
export interface Flush {
  /** Its own scope is asked for this token; of what it kept, this chooses what is used, and what for. */
  readonly pick: number;
  readonly through: "scope" | "kept";
  readonly sync: boolean;
  /** As it begins; or when it has waited for something, and then it waits once more. */
  readonly when: "first" | "waited";
}

interface Named {
  readonly id: string;
  readonly token: number;
}

export interface ValuePlan extends Named {
  readonly kind: "value";
  readonly as: readonly number[];
  readonly keep: "borrowed" | "owned" | "dispose";
  readonly undo: Undo;
}

export interface AliasPlan extends Named {
  readonly kind: "alias";
  readonly to: Need;
}

export interface RecipePlan extends Named {
  readonly kind: "singleton" | "scoped" | "transient";
  readonly as: readonly number[];
  readonly order: number;
  /** The name of the scope a `scoped` one lives in. */
  readonly in: string | undefined;
  readonly needs: readonly Need[];
  readonly form: "tuple" | "record" | "constructor" | "resolver";
  readonly async: boolean;
  /** A gate is a promise that the program settles: before the factory asks its resolver, and before it answers. */
  readonly gates: { readonly before: boolean; readonly after: boolean };
  /** How a factory with a resolver asks: synchronously, one after the other, or everything at once. */
  readonly asks: "get" | "getAsync" | "together";
  /** It also asks this scope, whose variable it captured, before it waits for anything. */
  readonly ambient: { readonly scope: number; readonly token: number; readonly sync: boolean } | undefined;
  /** It begins to ask for this, and goes on without it. Through its resolver; without one, through its scope. */
  readonly starts: number | undefined;
  /** So many of its runs fail, the first ones. */
  readonly fails: number;
  readonly init: { readonly async: boolean; readonly fails: number } | undefined;
  readonly undo: Undo;
}

export type Plan = ValuePlan | AliasPlan | RecipePlan;

export interface ScopePlan {
  readonly name: string;
  /** The scope above; the root has none. */
  readonly parent: number | undefined;
  readonly provides: readonly Plan[];
}

export type Bound = "none" | "timeout" | "signal" | "aborted";

/** A scope is opened by the first step that names it, after those above it. */
export type Step =
  | { readonly do: "get" | "getAsync"; readonly scope: number; readonly need: Need }
  | { readonly do: "has"; readonly scope: number; readonly token: number }
  | { readonly do: "provide" | "override"; readonly scope: number; readonly plans: readonly Plan[] }
  | { readonly do: "shutdown"; readonly scope: number; readonly bound: Bound }
  /** The n-th of what there is at that moment: aborts a shutdown, settles a gate. */
  | { readonly do: "abort" | "settle"; readonly nth: number }
  /** The n-th service that kept something uses it. `pick` chooses what, and what for. */
  | { readonly do: "later"; readonly nth: number; readonly pick: number; readonly sync: boolean }
  /** Lets the timers run. */
  | { readonly do: "wait" };

export interface Program {
  readonly scopes: readonly ScopePlan[];
  readonly steps: readonly Step[];
}

/** An asynchronous `init` makes its provider asynchronous, whatever the factory does. */
export function isAsync(plan: RecipePlan): boolean {
  return plan.async || (plan.init?.async ?? false);
}

export function show({ scopes, steps }: Program): string {
  const lines = scopes.flatMap((scope, index) => [
    `s${index} "${scope.name}"${scope.parent === undefined ? "" : ` in s${scope.parent}`}`,
    ...scope.provides.map((plan) => `    ${showPlan(plan)}`),
  ]);
  return ["", ...lines, ...steps.map((step, index) => `${index + 1}. ${showStep(step)}`), ""].join("\n");
}

export function showStep(step: Step): string {
  switch (step.do) {
    case "get":
    case "getAsync":
      return `s${step.scope}.${step.do}(${showNeed(step.need)})`;
    case "has":
      return `s${step.scope}.has(t${step.token})`;
    case "provide":
    case "override":
      return `s${step.scope}.${step.do}(${step.plans.map(showPlan).join(", ")})`;
    case "shutdown":
      return `s${step.scope}.shutdown(${step.bound === "none" ? "" : step.bound})`;
    case "wait":
      return "wait";
    case "later":
      return `later #${step.nth}, ${step.sync ? "get" : "getAsync"} #${step.pick}`;
    default:
      return `${step.do} #${step.nth}`;
  }
}

export function showNeed(need: Need): string {
  switch (need.ask) {
    case "one":
      return `t${need.token}`;
    case "defer":
      return `defer(t${need.token}, used ${need.when === "later" ? "later" : "while building"})`;
    case "map":
      return `map(${showNeed(need.of)})`;
    case "tuple":
      return `[${need.of.map(showNeed).join(", ")}]`;
    case "record":
      return `{ ${need.of.map((it, index) => `${keyOf(index)}: ${showNeed(it)}`).join(", ")} }`;
    default:
      return `${need.ask}(t${need.token})`;
  }
}

export function showPlan(plan: Plan): string {
  if (plan.kind === "alias") return `${plan.id}: alias(t${plan.token}, ${showNeed(plan.to)})`;
  const as = plan.as.length > 0 ? [`as ${plan.as.map((it) => `t${it}`).join(" ")}`] : [];
  if (plan.kind === "value") {
    return [`${plan.id}: value(t${plan.token})`, plan.keep, ...as, ...showUndo(plan.undo)].join(", ");
  }
  const words = [`${plan.id}: ${plan.kind}(t${plan.token}, [${plan.needs.map(showNeed).join(", ")}])`];
  if (plan.form !== "tuple") words.push(plan.form);
  if (plan.form === "resolver" && plan.needs.length > 0) words.push(`asks ${plan.asks}`);
  if (plan.in !== undefined) words.push(`in "${plan.in}"`);
  if (plan.order > 0) words.push(`order ${plan.order}`);
  if (plan.async) words.push("async");
  if (plan.gates.before) words.push("waits before it asks");
  if (plan.gates.after) words.push("waits before it answers");
  const { ambient } = plan;
  if (ambient)
    words.push(`also asks s${ambient.scope}.${ambient.sync ? "get" : "getAsync"}(t${ambient.token})`);
  if (plan.starts !== undefined) words.push(`starts to ask for t${plan.starts}`);
  if (plan.fails > 0) words.push(plan.fails > 1 ? "fails always" : "fails once");
  if (plan.init)
    words.push(`${plan.init.async ? "async " : ""}init${plan.init.fails > 0 ? " that fails" : ""}`);
  return [...words, ...as, ...showUndo(plan.undo)].join(", ");
}

function showUndo({ by, how, asks }: Undo): string[] {
  if (by === "nothing") return [];
  const words = [`undone by ${by}: ${how}`];
  if (asks) {
    const { pick, through, sync, when } = asks;
    words.push(when === "first" ? "after" : "when it has waited, then after");
    words.push(
      `${sync ? "get" : "getAsync"} ${through === "scope" ? `of t${pick}` : `#${pick} of what it kept`}`,
    );
  }
  return [words.join(" ")];
}

/** The names that the elements of a record go by. */
export function keyOf(index: number): string {
  return "abcdefgh".charAt(index);
}
