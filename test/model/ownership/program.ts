/**
 * Programs about who owns what: services whose factories make something new, hand on what they were given, open what
 * `cleanup` has to undo, fail, or take so long that nobody is left to receive the result.
 *
 * A program is plain data: which providers there are in which scopes, what each of their functions does when it is
 * called, and the steps taken from outside.
 *
 * @module
 */

import fc from "fast-check";

/** Services are told apart by numbers, and depend on lower ones only. The group is what `all` collects. */
export const TOKENS = 6;
/** Tokens below this one may be members of the group; those from here on may collect it. */
export const COLLECTORS = 3;

/** How something ends: at once, when its gate is opened, or by failing in one of these two ways. */
export type How = "sync" | "slow" | "throws" | "rejects";

export interface Need {
  readonly on: number;
  /**
   * `make` builds one of the providers that nobody registered. Through `assisted` comes a function, which is called at once
   * and makes something new from the service, or hands that on.
   */
  readonly via: "itself" | "optional" | "parent" | "all" | "make" | "assisted";
}

export interface Plan {
  readonly id: string;
  readonly token: number;
  readonly kind: "value" | "singleton" | "scoped" | "transient" | "alias";
  /** An alias has one, a value none. */
  readonly needs: readonly Need[];
  readonly form: "declared" | "resolver";
  /** The factory waits for a gate before it answers. */
  readonly isSlow: boolean;
  /** Something new, the first or the last of what it was given, or what a pool lends, which is one object for all. */
  readonly makes: "new" | "first" | "last" | "pooled";
  /** The method that the objects have which it makes. */
  readonly symbol: "none" | "asyncDispose" | "dispose";
  /** What it says about disposing. A value that says nothing is borrowed, unless it is owned. */
  readonly dispose: "nothing" | "option" | "false";
  readonly isOwned: boolean;
  /** How its disposer ends, or the method of what it makes. */
  readonly how: How;
  /** So many of its runs fail, the first ones. */
  readonly fails: number;
  readonly init: { readonly isSlow: boolean; readonly fails: number } | undefined;
  /** What it gives to `cleanup` before it answers or fails. */
  readonly steps: readonly How[];
  readonly inGroup: boolean;
  /** What a decorator makes of it: the same, something around it, or nothing, because it fails. */
  readonly decorated: "same" | "wrapped" | "throws" | undefined;
}

export interface ScopePlan {
  readonly parent: number | undefined;
  readonly plans: readonly Plan[];
}

/** What somebody outside asks for: one service, several, or the group. */
export type Wanted = { readonly tokens: readonly number[] } | { readonly all: true };

export type Step =
  | { readonly do: "get" | "getAsync"; readonly scope: number; readonly wanted: Wanted }
  /** The n-th caller that waits gives up. */
  | { readonly do: "abort" | "open"; readonly nth: number }
  | { readonly do: "shutdown"; readonly scope: number; readonly isLate: boolean }
  | { readonly do: "override"; readonly scope: number; readonly plan: Plan };

export interface Program {
  readonly scopes: readonly ScopePlan[];
  /** For `make`: registered nowhere. */
  readonly loose: readonly Plan[];
  readonly steps: readonly Step[];
}

/** What a family of programs is about. */
export interface Flavour {
  readonly kinds: readonly Plan["kind"][];
  readonly makes: readonly Plan["makes"][];
  readonly how: readonly How[];
  readonly isSlow: boolean;
  readonly fails: boolean;
  readonly cleanup: boolean;
  readonly steps: { readonly [K in Step["do"]]?: number };
  /** Some shutdowns have a deadline that has passed already. */
  readonly deadlines: boolean;
  /** Services are decorated, made without being registered, or got through `assisted`. */
  readonly isMade?: boolean;
}

export function programs(flavour: Flavour): fc.Arbitrary<Program> {
  const token = fc.nat(TOKENS - 1);
  const slow = flavour.isSlow ? fc.boolean() : fc.constant(false);
  const fails = flavour.fails ? fc.constantFrom(0, 0, 0, 1, 9) : fc.constant(0);
  const how = fc.constantFrom(...flavour.how);
  const draft = fc.record({
    kind: fc.constantFrom(...flavour.kinds),
    needs: fc.array(
      fc.record({
        on: fc.nat(20),
        via: fc.constantFrom<Need["via"]>(
          "itself",
          "itself",
          "itself",
          "itself",
          "optional",
          "parent",
          "all",
          ...(flavour.isMade ? (["make", "make", "assisted", "assisted"] as const) : []),
        ),
      }),
      { maxLength: 3 },
    ),
    form: fc.constantFrom("declared" as const, "declared" as const, "resolver" as const),
    isSlow: slow,
    makes: fc.constantFrom(...flavour.makes),
    symbol: fc.constantFrom(
      "asyncDispose" as const,
      "asyncDispose" as const,
      "dispose" as const,
      "none" as const,
    ),
    dispose: fc.constantFrom("nothing" as const, "nothing" as const, "option" as const, "false" as const),
    isOwned: fc.boolean(),
    how,
    fails,
    init: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.record({ isSlow: slow, fails })),
    steps: flavour.cleanup ? fc.array(how, { maxLength: 3 }) : fc.constant([]),
    inGroup: fc.boolean(),
    decorated: flavour.isMade
      ? fc.constantFrom(undefined, undefined, "same" as const, "wrapped" as const, "throws" as const)
      : fc.constant(undefined),
  });
  const wanted: fc.Arbitrary<Wanted> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ tokens: fc.array(token, { minLength: 1, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.constant({ all: true as const }) },
  );
  const scope = fc.nat(2);
  const nth = fc.nat(5);
  const all: { readonly [K in Step["do"]]: fc.Arbitrary<Step> } = {
    get: fc.record({ do: fc.constant("get" as const), scope, wanted }),
    getAsync: fc.record({ do: fc.constant("getAsync" as const), scope, wanted }),
    abort: fc.record({ do: fc.constant("abort" as const), nth }),
    open: fc.record({ do: fc.constant("open" as const), nth }),
    shutdown: fc.record({
      do: fc.constant("shutdown" as const),
      scope,
      isLate: flavour.deadlines ? fc.constantFrom(false, false, true) : fc.constant(false),
    }),
    override: fc
      .tuple(scope, token, draft)
      .map(([at, on, drawn]) => ({ do: "override", scope: at, plan: { ...drawn, id: "", token: on } })),
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
      loose: fc.array(draft, { minLength: 2, maxLength: 2 }),
      steps: fc.array(step, { minLength: 1, maxLength: 14, size: "max" }),
    })
    .map(({ root, below, loose, steps }) => {
      let count = 0;
      const plan = (at: number, drawn: Draft): Plan => written(`p${count++}`, at, drawn);
      const ofRoot = root.flatMap((drawn, at) => (drawn ? [plan(at, drawn)] : []));
      return {
        scopes: [
          { parent: undefined, plans: ofRoot },
          ...below.map((it, at) => ({
            parent: Math.min(it.parent, at),
            plans: distinct(it.plans.map(([on, drawn]) => plan(on, drawn))),
          })),
        ],
        // They need nothing but services, and no provider has registered them that `parent` could look above.
        loose: loose.map((drawn) => {
          const needs = drawn.needs.map((it) => ({ ...it, via: "itself" as const }));
          return plan(TOKENS, {
            ...drawn,
            kind: drawn.kind === "transient" ? "transient" : "singleton",
            needs,
          });
        }),
        steps: steps.map((it) => {
          if (!("scope" in it)) return it;
          const at = { ...it, scope: it.scope % (below.length + 1) };
          return at.do === "override" ? { ...at, plan: plan(at.plan.token, at.plan) } : at;
        }),
      };
    });
}

type Draft = Omit<Plan, "id" | "token">;

/** Takes out of a draft what contradicts itself. */
function written(id: string, token: number, draft: Draft): Plan {
  const isService = draft.kind !== "value" && draft.kind !== "alias";
  const isKept = draft.kind === "singleton" || draft.kind === "scoped";
  const needs = token === 0 ? [] : draft.needs.map((it) => needOf(it, token));
  const kind = draft.kind === "alias" && needs.length === 0 ? "value" : draft.kind;
  // A pool is one per provider, and a scoped service has several instances.
  const makes = draft.makes === "pooled" && kind !== "scoped" ? "new" : draft.makes;
  // Which of several instances a function is called for could not be told, were they the same object.
  const isDistinct = kind !== "scoped" || makes === "new";
  // Nor for which of them a decorator is.
  const isOwn = makes === "new" && isService;
  return {
    ...draft,
    id,
    token,
    kind,
    needs: kind === "value" ? [] : kind === "alias" ? needs.slice(0, 1).map(withoutCall) : needs,
    makes: isService ? makes : "new",
    dispose: (kind === "value" || isKept) && isDistinct ? draft.dispose : "nothing",
    // A value that says `dispose: false` and is owned contradicts itself.
    isOwned: draft.isOwned && draft.dispose === "nothing",
    // What `Symbol.dispose` returns nobody promised to wait for.
    how: draft.symbol === "dispose" && draft.how !== "sync" ? "throws" : draft.how,
    init: isKept && isDistinct ? draft.init : undefined,
    steps: isKept ? draft.steps : [],
    inGroup: draft.inGroup && token < COLLECTORS && isService,
    decorated: isOwn ? draft.decorated : undefined,
  };
}

/** An alias calls nothing. */
function withoutCall({ on, via }: Need): Need {
  return { on, via: via === "assisted" ? "itself" : via };
}

function needOf({ on, via }: Need, token: number): Need {
  return { on: on % token, via: via === "all" && token < COLLECTORS ? "itself" : via };
}

function distinct(plans: readonly Plan[]): Plan[] {
  return plans.filter((it, at) => plans.findIndex(({ token }) => token === it.token) === at);
}

/** A program as people read it. */
export function show({ scopes, loose, steps }: Program): string {
  const lines = scopes.flatMap(({ parent, plans }, at) => [
    `s${at}${parent === undefined ? "" : ` in s${parent}`}`,
    ...plans.map((it) => `    ${showPlan(it)}`),
  ]);
  const isUsed = lines.some((it) => it.includes("make("));
  if (isUsed) lines.push("to be made", ...loose.map((it) => `    ${showPlan(it)}`));
  return ["", ...lines, ...steps.map((it, at) => `${at + 1}. ${showStep(it)}`), ""].join("\n");
}

function showPlan(plan: Plan): string {
  const needs = plan.needs.map(({ on, via }) =>
    via === "all"
      ? "all(G)"
      : via === "itself"
        ? `t${on}`
        : via === "make"
          ? `make(#${on % 2})`
          : `${via}(t${on})`,
  );
  const words = [`${plan.id}: ${plan.kind}(t${plan.token}, [${needs.join(", ")}])`];
  if (plan.kind === "alias") return words.join();
  if (plan.form === "resolver" && plan.kind !== "value") words.push("resolver");
  if (plan.isSlow) words.push("slow");
  if (plan.makes !== "new") words.push(`hands on: ${plan.makes}`);
  if (plan.symbol !== "none") words.push(`has ${plan.symbol}`);
  if (plan.dispose !== "nothing") words.push(`dispose: ${plan.dispose}`);
  if (plan.kind === "value" && plan.isOwned) words.push("owned");
  if (plan.how !== "sync") words.push(`disposing ${plan.how}`);
  if (plan.fails > 0) words.push(`fails ${plan.fails} times`);
  if (plan.init)
    words.push(
      `init${plan.init.isSlow ? " slow" : ""}${plan.init.fails > 0 ? ` fails ${plan.init.fails} times` : ""}`,
    );
  if (plan.steps.length > 0) words.push(`cleanup ${plan.steps.join(" ")}`);
  if (plan.inGroup) words.push("as G");
  if (plan.decorated) words.push(`decorated: ${plan.decorated}`);
  return words.join(", ");
}

export function showStep(step: Step): string {
  switch (step.do) {
    case "get":
    case "getAsync": {
      const { wanted } = step;
      return `s${step.scope}.${step.do}(${"all" in wanted ? "all(G)" : wanted.tokens.map((it) => `t${it}`).join(", ")})`;
    }
    case "override":
      return `s${step.scope}.override(${showPlan(step.plan)})`;
    case "shutdown":
      return `s${step.scope}.shutdown(${step.isLate ? "aborted" : ""})`;
    default:
      return `${step.do} #${step.nth}`;
  }
}
