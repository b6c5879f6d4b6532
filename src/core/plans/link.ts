/**
 * Linking: finding once what a service depends on, and making a function of it that builds the service in any scope of its
 * shape.
 *
 * What is checked here, once per shape, is not checked again: whether everything is provided, that no dependency leads back
 * to the service, and that nothing on the way needs the engine. Whatever cannot be linked has no function, and neither has
 * what depends on it: the engine resolves it, and refuses it where it has to be refused.
 *
 * The functions are short, because V8 compiles a graph of them into one function as long as they are: see the test of
 * their length.
 *
 * @module
 */

import { isCombinator } from "../model/dependency.ts";
import {
  ALIAS,
  BUILT,
  type Combinator,
  Definition,
  type Dependencies,
  Node,
  none,
  SCOPED,
  type Single,
  VALUE,
} from "../model/records.ts";
import { isThenable } from "../words/thenable.ts";
import { isToken } from "../words/token.ts";
import { deferred, ofDynamic } from "./dynamic.ts";
import { keep } from "./keep.ts";
import { type Entry, Plan, type PlannedScope, type Run, type Shape, slots } from "./records.ts";
import { nothing } from "./settle.ts";
import {
  away,
  beginInit,
  done,
  endInit,
  initDone,
  lend,
  note,
  pop,
  promoted,
  push,
  rest,
  track,
} from "./stack.ts";

/** How many plans may lie below one. The engine takes over before the stack is full. */
const maxHeight = 99;

/** How many services of a shape are kept in slots. */
const maxSlots = 256;

/** What answers to a token in scopes of a shape; nothing when that is for the engine to say. */
export function entryOf(shape: Shape, scope: PlannedScope, token: unknown, depth = 0): Entry | undefined {
  const known = shape.get(token);
  if (known !== undefined || !isToken(token)) return known;
  const found = find(shape, scope, token);
  if (!found) return undefined;
  shape.set(token, found);
  if (found instanceof Plan && found.run === undefined) link(found, scope, depth);
  return found;
}

/** What a scope of the shape finds for a token. A fallback is found after all others. */
function find(shape: Shape, scope: PlannedScope, token: object): Entry | undefined {
  const key = scope.tree.fallbacks?.get(token);
  return findUnder(shape, token) ?? (key && findUnder(shape, key));
}

function findUnder(shape: Shape, token: object): Entry | undefined {
  let up = 0;
  for (let at: Shape | undefined = shape; at; at = at.above, up++) {
    const { owner, given, plans } = at;
    const slot = given.indexOf(token as never);
    if (slot >= 0) return up === 0 ? plans[slot] : valueAbove(shape, plans[slot]!, up);
    const node = owner && registered(owner, token);
    if (node) return node.definition.lifetime < SCOPED ? node : new Plan(shape, node.definition, node);
  }
  return undefined;
}

/** What a scope has registered for a token, as the engine finds it. */
function registered(scope: PlannedScope, token: object): Node | undefined {
  const node = scope.ownNodes?.get(token);
  const definition = node ? undefined : scope.extras?.providers?.get(token);
  if (!definition) return node;
  const made = new Node(definition as Definition, scope);
  scope.ownNodes!.set(token, made);
  return made;
}

// ---- Values that scopes were given

/** The plan of a value that the scopes of a shape are given. */
export function planOfValue(shape: Shape, token: never, slot: number): Plan {
  const plan = new Plan(shape, new Definition(VALUE, token, none, undefined));
  plan.slot = slot;
  plan.run = (scope) => {
    const filled = scope[slots];
    return filled === undefined ? scope.ownNodes!.get(token)!.value : (filled[slot] as Definition).make;
  };
  return plan;
}

function valueAbove(shape: Shape, value: Plan, up: number): Plan {
  const { run, definition } = value;
  const plan = new Plan(shape, definition);
  plan.up = up;
  plan.run = (scope) => {
    let at = scope;
    for (let left = up; left > 0; left--) at = at.parent!;
    return run!(at);
  };
  return plan;
}

// ---- Services

/** Gives a plan its function, if everything it depends on has one. */
function link(plan: Plan, scope: PlannedScope, depth: number): void {
  const { shape, definition, origin } = plan;
  const { dependencies, lifetime, arity, options } = definition;
  if (depth > maxHeight || options.wrap || arity < dependencies.length) return;
  // The only scope of a shape has nodes anyway.
  const isInNode = lifetime === SCOPED && shape.owner !== undefined;
  let run = isInNode ? inNode(plan, origin!) : freshOf(plan, scope, depth);
  if (!run) return;
  if (lifetime === SCOPED && !isInNode) {
    // A scope has room for each of them, whether it uses it or not.
    if (shape.plans.length >= maxSlots) return;
    if (options.stop) shape.hasStop = true;
    plan.slot = shape.plans.push(plan) - 1;
    run = inSlot(plan, origin!, run);
  }
  plan.run = options.in === undefined ? run : inScopeNamed(options.in, run, plan);
}

/** A scoped service that lives in scopes of a name. In a scope below such a scope, it is for the engine to find that one. */
function inScopeNamed(name: string, run: Run, plan: Plan): Run {
  return (scope) => (scope.name === name ? run(scope) : away(scope, plan.origin!, plan));
}

/** The function that makes a new instance. */
function freshOf(plan: Plan, scope: PlannedScope, depth: number): Run | undefined {
  const { dependencies, make, token, options, lifetime } = plan.definition;
  const { init } = options as { readonly init?: Init };
  // One that declares more is given a signal, which is the engine's to make.
  if (init && init.length !== 1) return undefined;
  const isClass = make === token;
  if ((dependencies[0] as Partial<Combinator> | undefined)?.kind === "resolver") {
    if (lifetime !== SCOPED || init) return undefined;
    plan.isDynamic = true;
    plan.dynamics = [plan];
    return ofDynamic(plan, make as never, entryOf);
  }
  const runs = linkAll(plan, dependencies, scope, depth);
  if (!runs) return undefined;
  const isTwice = new Set(plan.deps).size < runs.length;
  return isClass && runs.length < 4 && !init && !isTwice && !plan.isLending
    ? ofClass(plan, make as Make, runs)
    : ofFactory(plan, make as Make, runs, isClass, init, isTwice);
}

type Init = (instance: unknown) => unknown;

function linkAll(
  plan: Plan,
  dependencies: Dependencies,
  scope: PlannedScope,
  depth: number,
): Run[] | undefined {
  const runs: Run[] = [];
  const deps: Entry[] = [];
  for (const dependency of dependencies) {
    const it = deferredFor(plan, dependency) ?? entryFor(plan.shape, scope, dependency, depth + 1);
    const run = it instanceof Plan ? it.run : it && single(it);
    if (!it || !run) return undefined;
    if (it instanceof Plan) {
      if (it.height >= plan.height) plan.height = it.height + 1;
      if (it.dynamics.length > 0) plan.dynamics = [...plan.dynamics, ...it.dynamics];
    }
    deps.push(it);
    runs.push(run);
  }
  plan.deps = deps;
  return plan.height > maxHeight ? undefined : runs;
}

/** The entry of a dependency, which may be a list, a record or what a combinator has made. */
export function entryFor(
  shape: Shape,
  scope: PlannedScope,
  dependency: Single,
  depth: number,
): Entry | undefined {
  if (isToken(dependency)) return entryOf(shape, scope, dependency, depth);
  if (isCombinator(dependency)) {
    const { kind, of, use } = dependency;
    if (kind === "map") return partOf(shape, scope, [of!], use, depth);
    if (kind !== "optional") return undefined;
    const isThere = isProvided(shape, scope, of!);
    return isThere
      ? entryFor(shape, scope, of!, depth)
      : isThere === false
        ? constant(shape, use)
        : undefined;
  }
  if (typeof (dependency as Partial<Combinator>).kind === "string") return undefined;
  const values = Object.values(dependency) as Single[];
  if (Array.isArray(dependency)) return partOf(shape, scope, values, (...all: unknown[]) => all, depth);
  const keys = Object.keys(dependency);
  const make = (...all: unknown[]) => Object.fromEntries(keys.map((key, at) => [key, all[at]]));
  return partOf(shape, scope, values, make, depth);
}

/** What `defer` gives to a scoped service. In every other place it is for the engine to say whom it belongs to. */
function deferredFor(plan: Plan, dependency: Single): Plan | undefined {
  if (!isCombinator(dependency) || dependency.kind !== "defer") return undefined;
  if (plan.definition.lifetime !== SCOPED) return undefined;
  const it = constant(plan.shape, undefined);
  it.run = deferred(plan, dependency.of, entryOf);
  plan.isLending = true;
  return it;
}

/** The plan of something that is made of others and has no token. */
function partOf(
  shape: Shape,
  scope: PlannedScope,
  dependencies: Dependencies,
  make: unknown,
  depth: number,
): Plan | undefined {
  const plan = new Plan(shape, new Definition(ALIAS, undefined, dependencies, make));
  link(plan, scope, depth);
  return plan.run && plan;
}

function constant(shape: Shape, it: unknown): Plan {
  const plan = new Plan(shape, new Definition(VALUE, undefined, none, it));
  plan.run = () => it;
  return plan;
}

/** Whether something visible provides a dependency; nothing when that is for the engine to say. */
function isProvided(shape: Shape, scope: PlannedScope, dependency: Single): boolean | undefined {
  if (isToken(dependency)) return find(shape, scope, dependency) !== undefined;
  if (isCombinator(dependency)) {
    const { kind, of } = dependency;
    return kind === "optional" ? true : kind === "map" ? isProvided(shape, scope, of!) : undefined;
  }
  if (typeof (dependency as Partial<Combinator>).kind === "string") return undefined;
  const parts = Object.values(dependency).map((part: Single) => isProvided(shape, scope, part));
  return parts.includes(undefined) ? undefined : !parts.includes(false);
}

/** Something that there is one instance of, for this scope and all others of the shape. Only the engine builds it. */
function single(node: Node): Run {
  return (scope) => (node.state === BUILT ? node.value : away(scope, node, node));
}

/** A scoped service in the only scope of its shape. The engine builds it there. */
function inNode(plan: Plan, origin: Node): Run {
  return (scope) => {
    const node = scope.ownNodes?.get(origin);
    return node?.state === BUILT ? node.value : away(scope, origin, plan);
  };
}

/** A scoped service, built once in each scope. */
function inSlot(plan: Plan, origin: Node, fresh: Run): Run {
  const { slot } = plan;
  const fromNode = inNode(plan, origin);
  return function getOrBuild(scope) {
    const filled = scope[slots];
    if (filled !== undefined) {
      const it = filled[slot];
      if (it !== undefined) return it === nothing ? undefined : it;
    } else if (scope.ownNodes !== undefined) return fromNode(scope);
    const it = fresh(scope);
    return scope.ownNodes === undefined ? keep(scope, plan, it) : it;
  };
}

type Make = { new (...args: unknown[]): unknown; (...args: unknown[]): unknown };

function ofClass(plan: Plan, Class: Make, [a, b, c]: readonly Run[]): Run {
  if (!a)
    return function build0() {
      push(plan);
      const it = new Class();
      if (promoted !== 0) return done(it, false);
      pop();
      return it;
    };
  if (!b)
    return function build1(scope) {
      push(plan);
      const x = a(scope);
      if (promoted !== 0) return rest([x]);
      const it = new Class(x);
      if (promoted !== 0) return done(it, false);
      pop();
      return it;
    };
  if (!c)
    return function build2(scope) {
      const at = push(plan);
      const x = a(scope);
      if (promoted !== 0) return rest([x]);
      let y;
      try {
        y = b(scope);
      } catch (error) {
        note(at, [x]);
        throw error;
      }
      if (promoted !== 0) return rest([x, y]);
      const it = new Class(x, y);
      if (promoted !== 0) return done(it, false);
      pop();
      return it;
    };
  return function build3(scope) {
    const at = push(plan);
    const x = a(scope);
    if (promoted !== 0) return rest([x]);
    let y, z;
    try {
      y = b(scope);
      if (promoted !== 0) return rest([x, y]);
      z = c(scope);
    } catch (error) {
      note(at, y === undefined ? [x] : [x, y]);
      throw error;
    }
    if (promoted !== 0) return rest([x, y, z]);
    const it = new Class(x, y, z);
    if (promoted !== 0) return done(it, false);
    pop();
    return it;
  };
}

function ofFactory(
  plan: Plan,
  make: Make,
  runs: readonly Run[],
  isClass: boolean,
  init: Init | undefined,
  isTwice: boolean,
): Run {
  const { length } = runs;
  const isService = plan.definition.lifetime < ALIAS;
  return function buildAny(scope) {
    const at = push(plan);
    const values: unknown[] = [];
    if (isTwice) track(at, values);
    try {
      for (let i = 0; i < length; i++) {
        values.push(runs[i]!(scope));
        if (promoted !== 0) return rest(values);
      }
    } catch (error) {
      note(at, values);
      throw error;
    }
    if (isTwice) track(at, undefined);
    const it = isClass ? new make(...values) : make(...values);
    // Reading `then` may call a getter, which may resolve something.
    const isPromise = !isClass && isService && isThenable(it);
    if (promoted !== 0 || isPromise) return done(it, isPromise);
    if (init !== undefined) {
      beginInit(it);
      const result = init(it);
      const isLater = isThenable(result);
      if (promoted !== 0 || isLater) return initDone(it, result, isLater);
      endInit();
    }
    if (plan.isLending) lend(at, undefined);
    pop();
    return it;
  };
}
