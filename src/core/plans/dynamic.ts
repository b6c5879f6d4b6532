/**
 * Dynamic factories on plans: those that are given a resolver, and resolve what they need while they run.
 *
 * While such a factory is the one that runs, its resolver follows plans, on the same stack. After its service was built, it
 * gives what was built in the same scope before. In every other case it is the engine's resolver.
 *
 * @module
 */

import { Build, BUILT, DONE } from "../model/records.ts";
import { running } from "../building/running.ts";
import { resolverFor } from "../scope/get.ts";
import type { Resolver } from "../types/provider.ts";
import { isThenable } from "../words/thenable.ts";
import { isToken } from "../words/token.ts";
import { type Entry, type Plan, type PlannedScope, type Run, type Shape, slots } from "./records.ts";
import { noteDynamic, nothing } from "./settle.ts";
import {
  done,
  followWithin,
  isOnPlans,
  isOnStack,
  lend,
  lentTo,
  pop,
  promote,
  promoted,
  push,
  type Told,
  top,
} from "./stack.ts";

/** How deep the stack may be before the engine takes over. */
const maxDepth = 150;

type EntryOf = (shape: Shape, scope: PlannedScope, token: unknown) => Entry | undefined;
type Make = (resolver: unknown) => unknown;

/** The function of a plan with a dynamic factory. */
export function ofDynamic(plan: Plan, make: Make, entryOf: EntryOf): Run {
  return (scope) => {
    const at = push(plan);
    const lent = new Lent(scope, plan, at, entryOf);
    lend(at, lent);
    let it;
    try {
      it = make({
        get: (dependency: unknown) => lent.get(dependency),
        getAsync: (dependency: unknown) => lent.real().getAsync(dependency as never),
        has: (dependency: unknown) => lent.real().has(dependency as never),
      });
    } finally {
      lent.isOver = true;
    }
    // Reading `then` may call a getter, which may resolve something.
    const isPromise = isThenable(it);
    if (promoted !== 0 || isPromise) return done(it, isPromise);
    lend(at, undefined);
    pop();
    if (lent.entries !== undefined) noteDynamic(scope, plan, lent.entries);
    return it;
  };
}

/** The function of what `defer` gives to a service that is built on a plan. */
export function deferred(plan: Plan, dependency: unknown, entryOf: EntryOf): Run {
  return (scope) => {
    const at = top - 1;
    let lent = lentTo(at) as Lent | undefined;
    if (!lent) {
      lent = new Lent(scope, plan, at, entryOf);
      lend(at, lent);
    }
    const it = lent;
    return {
      get: () => it.late(dependency),
      getAsync: () => it.real().getAsync(dependency as never),
    };
  };
}

/** The resolver of one factory. */
class Lent implements Told {
  readonly scope: PlannedScope;
  readonly plan: Plan;
  /** The place of its plan on the stack. */
  readonly at: number;
  readonly entryOf: EntryOf;
  build: Build | undefined = undefined;
  entries: Entry[] | undefined = undefined;
  /** Whether its factory has returned or thrown. */
  isOver = false;
  resolver: Resolver | undefined = undefined;

  constructor(scope: PlannedScope, plan: Plan, at: number, entryOf: EntryOf) {
    this.scope = scope;
    this.plan = plan;
    this.at = at;
    this.entryOf = entryOf;
  }

  get(dependency: unknown): unknown {
    const { scope, plan } = this;
    const isNow = !this.isOver && isOnPlans() && top - 1 === this.at && scope.closing === undefined;
    const entry = isNow && isToken(dependency) ? this.entryOf(plan.shape, scope, dependency) : undefined;
    if (entry !== undefined) {
      const { run } = entry as Plan;
      if (run !== undefined && !mayLeadBack(entry as Plan, scope)) {
        const it = followWithin(scope, run, entry, dependency as never, this);
        if (this.build === undefined) this.note(entry);
        return it;
      }
      if (entry.state === BUILT) {
        this.note(entry);
        return entry.value;
      }
    }
    return this.late(dependency);
  }

  /** Resolves for a service that is built: on plans as long as that was built before it, else by the engine. */
  late(dependency: unknown): unknown {
    const { scope, plan } = this;
    const filled = scope[slots];
    const isPlain =
      running === undefined && top === 0 && scope.closing === undefined && scope.shape === plan.shape;
    if (isPlain && filled !== undefined && filled[plan.slot] !== undefined) {
      const entry = scope.shape.get(dependency);
      const slot = (entry as Plan | undefined)?.slot ?? -1;
      const it = slot < scope.shape.given.length ? undefined : filled[slot];
      if (it !== undefined && isBuiltBefore(scope, slot, plan.slot)) {
        this.noteLate(entry!);
        return it === nothing ? undefined : it;
      }
    }
    return this.real().get(dependency as never);
  }

  noteLate(entry: Entry): void {
    const { scope, plan } = this;
    if (plan.deps.includes(entry)) return;
    const list = scope.dynamic;
    const isKnown = list?.some((it, at) => it === plan && (list[at + 1] as Entry[]).includes(entry));
    if (!isKnown) noteDynamic(scope, plan, [entry]);
  }

  note(entry: Entry): void {
    if (this.entries === undefined) this.entries = [entry];
    else this.entries.push(entry);
  }

  /** The resolver of the engine. */
  real(): Resolver {
    promote();
    return (this.resolver ??= resolverFor(this.scope, this.build ?? this.buildOfBuilt()));
  }

  /** The build of a service that was built without one. */
  buildOfBuilt(): Build {
    const { scope, plan } = this;
    const build = new Build(plan.definition, scope, undefined, scope.nodes?.get(plan.origin!));
    build.phase = DONE;
    return build;
  }
}

/** Whether one slot was filled before another. */
function isBuiltBefore({ order }: PlannedScope, slot: number, other: number): boolean {
  return order ? order.indexOf(slot) < order.indexOf(other) : slot < other;
}

/**
 * Whether resolving something for a factory that is running may lead back to what is on the stack: the only circles that are
 * not seen when plans are linked. Each of them leads through a dynamic factory that is running.
 */
function mayLeadBack(plan: Plan, scope: PlannedScope): boolean {
  if (top > maxDepth) return true;
  if (plan.slot >= 0 && scope[slots]?.[plan.slot] !== undefined) return false;
  return plan.dynamics.some(isOnStack);
}
