/**
 * Drawing programs: random ones that mean something, in families.
 *
 * Parts are drawn as drafts, whose numbers become tokens only when it is known who needs them: a graph of which most
 * can be built has dependencies that point downwards, and drawing that with `chain` would not shrink well.
 *
 * @module
 */

import fc from "fast-check";
import {
  SUBCLASS,
  TOKENS,
  type Bound,
  type Flush,
  type Need,
  type Plan,
  type Program,
  type ScopePlan,
  type Step,
  type Undo,
} from "./program.ts";

/** What a family of programs is about; each property has its own, so that what it finds stays small. */
export interface Flavour {
  /** Factories, `init`s and disposers that take their time. */
  readonly async: boolean;
  /** Factories and `init`s that fail. */
  readonly failing: boolean;
  /** "rare": dependencies point to lower tokens, mostly; "likely": they point anywhere. */
  readonly cycles: "rare" | "likely";
  readonly steps: { readonly [K in Step["do"]]?: number };
  readonly length: number;
  /** Disposers that fail or hang. */
  readonly badDisposers: boolean;
  /** Factories that start an ask and do not wait, services that keep their resolver, disposers that use it. */
  readonly late: "rare" | "likely";
}

const NAMES = ["request", "session", "job"];

/** Draws programs. Their order of shrinking: fewer steps, fewer providers, plainer ones. */
export function programs(flavour: Flavour): fc.Arbitrary<Program> {
  const token = fc.nat(TOKENS - 1);
  const draft = drafts(flavour);
  const scope = fc.record({
    name: fc.constantFrom(...NAMES),
    parent: fc.nat(2),
    provides: fc.array(fc.tuple(token, draft), { maxLength: 4 }),
    shares: fc.array(fc.nat(TOKENS - 1), { maxLength: 2 }),
  });
  return fc
    .record({
      // A root that provides most tokens, or almost every ask would end at NOT_PROVIDED.
      floor: fc.tuple(...Array.from({ length: TOKENS }, () => fc.option(draft, { freq: 7, nil: undefined }))),
      scopes: fc.array(scope, { maxLength: 3 }),
      steps: fc.array(stepDrafts(flavour, draft), { minLength: 1, maxLength: flavour.length, size: "max" }),
    })
    .map((drawn) => written(drawn, flavour));
}

type Draft = ReturnType<typeof drafts> extends fc.Arbitrary<infer D> ? D : never;
type StepDraft =
  | { do: "get" | "getAsync"; scope: number; need: NeedDraft }
  | { do: "has"; scope: number; token: number }
  | { do: "provide" | "override"; scope: number; plans: [number, Draft][] }
  | { do: "shutdown"; scope: number; bound: Bound }
  | { do: "abort" | "settle"; nth: number }
  | { do: "later"; nth: number; pick: number; sync: boolean }
  | { do: "wait" };

interface Drawn {
  floor: readonly (Draft | undefined)[];
  scopes: readonly {
    name: string;
    parent: number;
    provides: readonly [number, Draft][];
    shares: readonly number[];
  }[];
  steps: readonly StepDraft[];
}

/** A need as drawn: its numbers become tokens when it is known who needs them. */
type NeedDraft =
  | { ask: "one" | "optional" | "all" | "ref" | "parent"; pick: number }
  | { ask: "defer"; pick: number; when: "building" | "later" }
  | { ask: "map"; of: NeedDraft }
  | { ask: "tuple" | "record"; of: NeedDraft[] };

/**
 * As the contract nests them: a tuple holds records, both hold tokens and combinators, `map` goes around anything.
 * A service declares elements; an ask from outside is a dependency.
 */
const { element: elementDrafts, dependency: dependencyDrafts } = fc.letrec<{
  single: NeedDraft;
  element: NeedDraft;
  dependency: NeedDraft;
}>((tie) => {
  const single = tie("single");
  const record = fc.record({ ask: fc.constant("record" as const), of: fc.array(single, { maxLength: 3 }) });
  const tuple = fc.record({
    ask: fc.constant("tuple" as const),
    of: fc.array(tie("element"), { maxLength: 3 }),
  });
  const token = (...asks: ("one" | "optional" | "all" | "ref" | "parent")[]) =>
    fc.record({ ask: fc.constantFrom(...asks), pick: fc.nat(20) });
  const when = fc.constantFrom("later" as const, "building" as const);
  return {
    single: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 12, arbitrary: token("one") },
      { weight: 6, arbitrary: token("optional", "all", "ref") },
      { weight: 1, arbitrary: token("parent") },
      { weight: 2, arbitrary: fc.record({ ask: fc.constant("defer" as const), pick: fc.nat(20), when }) },
      { weight: 1, arbitrary: fc.record({ ask: fc.constant("map" as const), of: tie("dependency") }) },
    ),
    element: fc.oneof(
      { withCrossShrink: true },
      { weight: 12, arbitrary: single },
      { weight: 1, arbitrary: record },
    ),
    dependency: fc.oneof(
      { withCrossShrink: true },
      { weight: 12, arbitrary: single },
      { weight: 1, arbitrary: record },
      { weight: 2, arbitrary: tuple },
    ),
  };
});

function drafts({ async, failing, badDisposers, late }: Flavour) {
  const likely = late === "likely";
  const now = fc.constant(false);
  const slow = async ? fc.boolean() : now;
  const fails = failing
    ? fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.constantFrom(1, 9))
    : fc.constant(0);
  const how: Undo["how"][] = ["sync", "sync"];
  if (async) how.push("async", "async");
  if (badDisposers) how.push("throws");
  if (badDisposers && async) how.push("rejects", "hangs");
  const flush = fc.record({
    pick: fc.nat(TOKENS - 1),
    through: fc.constantFrom<Flush["through"]>("scope", "kept", ...(likely ? ["kept" as const] : [])),
    sync: fc.boolean(),
    when: fc.constantFrom("first" as const, "waited" as const),
  });
  return fc.record({
    kind: fc.oneof(
      { weight: 6, arbitrary: fc.constant("singleton" as const) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          "scoped" as const,
          "transient" as const,
          "value" as const,
          "alias" as const,
        ),
      },
      { weight: likely ? 2 : 0, arbitrary: fc.constant("transient" as const) },
    ),
    needs: fc.array(elementDrafts, { maxLength: 3 }),
    form: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          "tuple" as const,
          "record" as const,
          "constructor" as const,
          "resolver" as const,
        ),
      },
      { weight: likely ? 4 : 0, arbitrary: fc.constant("resolver" as const) },
    ),
    async: slow,
    before: slow,
    after: slow,
    asks: fc.constantFrom("get" as const, "getAsync" as const, "together" as const),
    in: sometimes(fc.constantFrom("root", ...NAMES)),
    as: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(fc.nat(TOKENS - 1), { maxLength: 2 })),
    order: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.constant(1)),
    ambient: sometimes(fc.record({ scope: fc.nat(3), pick: fc.nat(20), sync: fc.boolean() })),
    starts: sometimes(fc.nat(20), likely ? 5 : 1),
    free: fc.nat(4),
    fails,
    init: sometimes(fc.record({ async: slow, fails })),
    keep: fc.constantFrom("borrowed" as const, "owned" as const, "dispose" as const),
    undo: fc.record({
      by: fc.oneof(
        {
          weight: 4,
          arbitrary: fc.constantFrom("option" as const, "asyncDispose" as const, "dispose" as const),
        },
        { weight: 1, arbitrary: fc.constantFrom("nothing" as const, "false" as const) },
      ),
      how: fc.constantFrom(...how),
      asks: sometimes(flush, likely ? 3 : 1),
    }),
  });
}

/** One time in four, or more often; and never, when shrunk. */
function sometimes<T>(arbitrary: fc.Arbitrary<T>, weight = 1): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight, arbitrary });
}

function stepDrafts(flavour: Flavour, draft: fc.Arbitrary<Draft>): fc.Arbitrary<StepDraft> {
  const scope = fc.nat(3);
  const token = fc.nat(TOKENS - 1);
  const nth = fc.nat(9);
  const all: { readonly [K in Step["do"]]: fc.Arbitrary<StepDraft> } = {
    get: fc.record({ do: fc.constant("get" as const), scope, need: dependencyDrafts }),
    getAsync: fc.record({ do: fc.constant("getAsync" as const), scope, need: dependencyDrafts }),
    has: fc.record({ do: fc.constant("has" as const), scope, token }),
    provide: fc.record({
      do: fc.constant("provide" as const),
      scope,
      plans: fc.array(fc.tuple(token, draft), { minLength: 1, maxLength: 2 }),
    }),
    override: fc.record({
      do: fc.constant("override" as const),
      scope,
      plans: fc.array(fc.tuple(token, draft), { minLength: 1, maxLength: 1 }),
    }),
    shutdown: fc.record({
      do: fc.constant("shutdown" as const),
      scope,
      bound: fc.constantFrom<Bound>("none", "none", "none", "signal", "timeout", "aborted"),
    }),
    abort: fc.record({ do: fc.constant("abort" as const), nth }),
    settle: fc.record({ do: fc.constant("settle" as const), nth }),
    later: fc.record({ do: fc.constant("later" as const), nth, pick: nth, sync: fc.boolean() }),
    wait: fc.record({ do: fc.constant("wait" as const) }),
  };
  return fc.oneof(
    ...(Object.keys(flavour.steps) as Step["do"][]).map((it) => ({
      weight: flavour.steps[it] ?? 0,
      arbitrary: all[it],
    })),
  );
}

/** Makes a program of what was drawn: gives names, and takes out what contradicts itself. */
function written({ floor, scopes, steps }: Drawn, flavour: Flavour): Program {
  let count = 0;
  const plan = (token: number, draft: Draft) => planOf(`p${count++}`, token, draft, flavour);
  const root: ScopePlan = {
    name: "root",
    parent: undefined,
    provides: floor.flatMap((draft, token) => (draft ? [plan(token, draft)] : [])),
  };
  // The same provider object in two scopes: only where it is beyond doubt that these are two registrations.
  const shareable = root.provides.filter(
    (it) => it.kind === "singleton" || (it.kind === "transient" && !it.needs.some(asksParent)),
  );
  const below = scopes.map((scope, index): ScopePlan => {
    const own = scope.provides.map(([token, draft]) => plan(token, draft));
    const shared = scope.shares.flatMap((token) => shareable.filter((it) => it.token === token));
    return { name: scope.name, parent: scope.parent % (index + 1), provides: oneEach([...own, ...shared]) };
  });
  const within = (scope: number) => scope % (below.length + 1);
  return {
    scopes: [root, ...below],
    steps: steps.map((step): Step => {
      switch (step.do) {
        case "get":
        case "getAsync":
          return { do: step.do, scope: within(step.scope), need: needOf(step.need, (pick) => pick % TOKENS) };
        case "provide":
        case "override":
          return {
            do: step.do,
            scope: within(step.scope),
            plans: step.plans.map(([token, draft]) => plan(token, draft)),
          };
        case "has":
        case "shutdown":
          return { ...step, scope: within(step.scope) };
        default:
          return step;
      }
    }),
  };
}

function asksParent(need: Need): boolean {
  if (need.ask === "map") return asksParent(need.of);
  return (
    need.ask === "parent" || ((need.ask === "tuple" || need.ask === "record") && need.of.some(asksParent))
  );
}

function oneEach(plans: readonly Plan[]): Plan[] {
  return plans.filter((it, index) => plans.findIndex((other) => other.token === it.token) === index);
}

function planOf(id: string, token: number, draft: Draft, flavour: Flavour): Plan {
  // Tokens of a lower number are what a graph without cycles is made of.
  const free = flavour.cycles === "likely" || draft.free === 4;
  const pick = (n: number) => (free || token === 0 ? n % TOKENS : n % token);
  const as = [...new Set(draft.as)].filter((it) => it !== token && (free || it > token));
  if (draft.kind === "alias")
    return { id, kind: "alias", token, to: needOf(aliasable(draft.needs[0]), pick) };
  if (draft.kind === "value") {
    const { keep } = draft;
    const by = keep === "dispose" ? "option" : draft.undo.by === "dispose" ? "dispose" : "asyncDispose";
    return { id, kind: "value", token, as, keep, undo: undoOf({ ...draft.undo, by }) };
  }

  const isClass = token >= SUBCLASS;
  const form = draft.form === "constructor" && !isClass ? "tuple" : draft.form;
  const async = draft.async && form !== "constructor";
  // A token without lower ones stands alone when cycles are rare.
  const needs = token === 0 && !free ? [] : draft.needs.map((it) => needOf(it, pick));
  const ambient = draft.ambient && (token > 0 || free) && form !== "constructor" ? draft.ambient : undefined;
  // Downwards also where the needs are free: factories that set each other off, and do not wait, never come to rest.
  const down = flavour.cycles === "likely" ? TOKENS : token;
  const starts =
    draft.starts !== undefined && down > 0 && form !== "constructor" ? draft.starts % down : undefined;
  return {
    id,
    kind: draft.kind,
    token,
    as,
    order: draft.order,
    in: draft.kind === "scoped" ? draft.in : undefined,
    // The elements of a record are single.
    needs: form === "record" ? needs.filter((it) => it.ask !== "record") : needs,
    form,
    async,
    gates: { before: async && form === "resolver" && draft.before, after: async && draft.after },
    asks: async ? draft.asks : "get",
    starts,
    ambient: ambient && { scope: ambient.scope, token: pick(ambient.pick), sync: ambient.sync || !async },
    fails: draft.fails,
    init: draft.kind === "transient" ? undefined : draft.init,
    undo: draft.kind === "transient" ? { by: "nothing", how: "sync", asks: undefined } : undoOf(draft.undo),
  };
}

/** An alias of nothing would be a question about `optional` and not about aliases. */
function aliasable(need: NeedDraft | undefined): NeedDraft {
  if (!need) return { ask: "one", pick: 0 };
  switch (need.ask) {
    case "optional":
    case "defer":
      return { ask: "one", pick: need.pick };
    case "map":
      return { ask: "map", of: aliasable(need.of) };
    case "tuple":
    case "record":
      return { ask: need.ask, of: need.of.map(aliasable) };
    default:
      return need;
  }
}

function undoOf({ by, how, asks }: Undo): Undo {
  // What `Symbol.dispose` returns nobody promised to wait for.
  if (by === "dispose" && how !== "throws") how = "sync";
  const waits = how !== "sync" && how !== "throws";
  return { by, how, asks: asks && { ...asks, when: waits ? asks.when : "first" } };
}

function needOf(need: NeedDraft, pick: (n: number) => number): Need {
  switch (need.ask) {
    case "map":
      return { ask: "map", of: needOf(need.of, pick) };
    case "tuple":
    case "record":
      return { ask: need.ask, of: need.of.map((it) => needOf(it, pick)) };
    case "defer":
      return { ask: "defer", token: pick(need.pick), when: need.when };
    default:
      return { ask: need.ask, token: pick(need.pick) };
  }
}
