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
  type ScopeRecord,
  type Single,
  TRANSIENT,
  VALUE,
} from "../model/records.ts";
import { isThenable } from "../words/thenable.ts";
import { isToken } from "../words/token.ts";
import { keep } from "./keep.ts";
import { type Entry, Plan, type PlannedScope, type Run, type Shape, slots } from "./records.ts";
import { away, done, note, pop, promoted, push, rest } from "./stack.ts";

/** How many plans may lie below one. The engine takes over before the stack is full. */
const maxHeight = 99;

/** What answers to a token in scopes of a shape; nothing when that is for the engine to say. */
export function entryOf(shape: Shape, scope: PlannedScope, token: unknown, depth = 0): Entry | undefined {
  const known = shape.get(token);
  if (known !== undefined || !isToken(token)) return known;
  const key = scope.tree.fallbacks?.get(token);
  const found = find(shape, scope, token) ?? (key && find(shape, scope, key));
  if (!found) return undefined;
  shape.set(token, found);
  if (found instanceof Plan && found.run === undefined) link(found, scope, depth);
  return found;
}

function find(shape: Shape, scope: PlannedScope, token: object): Entry | undefined {
  let up = 0;
  for (let at: Shape | undefined = shape; at; at = at.above, up++) {
    const { owner, given, plans } = at;
    const slot = given.indexOf(token as never);
    if (slot >= 0) return up === 0 ? plans[slot] : valueAbove(shape, plans[slot]!, up, slot);
    const node = owner && registered(owner, token);
    if (node)
      return node.definition.lifetime < SCOPED ? node : new Plan(shape, node.definition, node);
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
    return filled === undefined
      ? scope.ownNodes!.get(token)!.value
      : (filled[slot] as Definition).make;
  };
  return plan;
}

function valueAbove(shape: Shape, value: Plan, up: number, slot: number): Plan {
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
  const { dependencies, lifetime, make, token, arity, options } = definition;
  if (depth > maxHeight || options.in || options.wrap || options.init || arity < dependencies.length) return;
  const runs = linkAll(plan, dependencies, scope, depth);
  if (!runs) return;
  const isClass = make === token;
  const fresh =
    isClass && runs.length < 4
      ? ofClass(plan, make as Make, runs)
      : ofFactory(plan, make as Make, runs, isClass);
  if (lifetime === SCOPED) {
    if (options.stop) shape.hasStop = true;
    plan.slot = shape.owner ? -1 : shape.plans.push(plan) - 1;
    plan.run = shape.owner ? inNode(plan, origin!) : inSlot(plan, origin!, fresh);
  } else plan.run = fresh;
}

function linkAll(
  plan: Plan,
  dependencies: Dependencies,
  scope: PlannedScope,
  depth: number,
): Run[] | undefined {
  const runs: Run[] = [];
  const deps: Entry[] = [];
  for (const dependency of dependencies) {
    const it = entryFor(plan.shape, scope, dependency, depth + 1);
    const run = it instanceof Plan ? it.run : it && single(it);
    if (!it || !run) return undefined;
    if (it instanceof Plan && it.height >= plan.height) plan.height = it.height + 1;
    deps.push(it);
    runs.push(run);
  }
  plan.deps = deps;
  return plan.height > maxHeight ? undefined : runs;
}

function entryFor(shape: Shape, scope: PlannedScope, dependency: Single, depth: number): Entry | undefined {
  if (isToken(dependency)) return entryOf(shape, scope, dependency, depth);
  return undefined;
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
  return (scope) => {
    const filled = scope[slots];
    if (filled !== undefined) {
      const it = filled[slot];
      if (it !== undefined) return it;
    } else if (scope.ownNodes !== undefined) return fromNode(scope);
    const it = fresh(scope);
    return scope.ownNodes === undefined ? keep(scope, plan, it) : it;
  };
}

type Make = { new (...args: unknown[]): unknown; (...args: unknown[]): unknown };

function ofClass(plan: Plan, Class: Make, [a, b, c]: readonly Run[]): Run {
  if (!a)
    return () => {
      push(plan);
      const it = new Class();
      if (promoted !== 0) return done(it, true);
      pop();
      return it;
    };
  if (!b)
    return (scope) => {
      push(plan);
      const x = a(scope);
      if (promoted !== 0) return rest([x]);
      const it = new Class(x);
      if (promoted !== 0) return done(it, true);
      pop();
      return it;
    };
  if (!c)
    return (scope) => {
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
      if (promoted !== 0) return done(it, true);
      pop();
      return it;
    };
  return (scope) => {
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
    if (promoted !== 0) return done(it, true);
    pop();
    return it;
  };
}

function ofFactory(plan: Plan, make: Make, runs: readonly Run[], isClass: boolean): Run {
  const { length } = runs;
  const isService = plan.definition.lifetime < ALIAS;
  return (scope) => {
    const at = push(plan);
    const values: unknown[] = [];
    try {
      for (let i = 0; i < length; i++) {
        values.push(runs[i]!(scope));
        if (promoted !== 0) return rest(values);
      }
    } catch (error) {
      note(at, values);
      throw error;
    }
    const it = isClass ? new make(...values) : make(...values);
    if (promoted !== 0 || (!isClass && isService && isThenable(it))) return done(it, isClass);
    pop();
    return it;
  };
}
