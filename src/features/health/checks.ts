/**
 * The checks that there are in a scope: which services can be checked, by what, and where their instances are.
 *
 * Finding them builds nothing, and makes no record for a service that was never resolved.
 *
 * @module
 */

import { isCombinator } from "../../core/model/dependency.ts";
import {
  ALIAS,
  type Definition,
  IDLE,
  type Node,
  SCOPED,
  type ScopeRecord,
  type Single,
  SINGLETON,
} from "../../core/model/records.ts";
import { definitionsIn, subtree } from "../../core/model/tree.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { RuntimeAbortSignal } from "../../core/types/signal.ts";
import { NotProvidedError } from "../../core/words/errors.ts";
import { isToken, nameOf } from "../../core/words/token.ts";

/** What checks an instance. The signal is made when it is read: on some runtimes that takes longer than a check. */
export type Checker = (instance: unknown, signal: () => RuntimeAbortSignal) => unknown;

/** One check: of a service that lives in a scope, or would live there once it is built. */
export interface Check {
  readonly scope: ScopeRecord;
  readonly definition: Definition;
  readonly checker: Checker;
  /** Where the instance is, or will be. There is no node before the service was resolved for the first time. */
  readonly node: Node | undefined;
}

/**
 * The checks of this scope and its ancestors, and of its descendants where those are wanted: nearest scope first, then in
 * order of registration.
 *
 * @throws `NOT_PROVIDED` when one of `only` has no check here.
 */
export function checksFor(
  scope: ScopeRecord,
  descendants: boolean,
  only: readonly AnyToken[] | undefined,
): Check[] {
  const scopes: ScopeRecord[] = [];
  for (let at: ScopeRecord | undefined = scope; at; at = at.parent) scopes.push(at);
  if (descendants) scopes.push(...subtree(scope).slice(1));

  const checks = scopes.flatMap((at) => checksIn(at, scopes));
  if (!only) return checks;
  const wanted = new Set<AnyToken>();
  for (const token of only) {
    const names = targetsOf(scopes, token);
    if (!checks.some(({ definition }) => names.has(definition.token))) throw notChecked(scope, token, names);
    for (const name of names) wanted.add(name);
  }
  return checks.filter(({ definition }) => wanted.has(definition.token));
}

/** The checks of the services that are registered in a scope. Instances of scoped ones live in any of `scopes`. */
function checksIn(at: ScopeRecord, scopes: readonly ScopeRecord[]): Check[] {
  return definitionsIn(at).flatMap((definition): Check[] => {
    const checker = checkerOf(definition);
    if (!checker) return [];
    const node = at.nodes?.get(definition.token);
    if (definition.lifetime !== SCOPED) return [{ scope: at, definition, checker, node }];
    const instances = scopes.flatMap((it) => (node && it.nodes?.get(node)) ?? []);
    const built = instances.filter(({ state }) => state !== IDLE);
    // Where no scope has an instance, one row says so.
    if (built.length === 0) return [{ scope: at, definition, checker, node: undefined }];
    return built.map((it) => ({ scope: it.scope, definition, checker, node: it }));
  });
}

/** The option of the provider, or the method of the class that the provider calls `new` on. */
export function checkerOf({ lifetime, make, token, options }: Definition): Checker | undefined {
  const { health } = options;
  // A function that declares exactly one parameter takes no signal, as with `dispose` and `stop`.
  if (health)
    return (instance, signal) => health(instance, health.length === 1 ? (undefined as never) : signal());
  const isOfClass = make === token && (lifetime === SINGLETON || lifetime === SCOPED);
  const method = isOfClass ? methodOf(token as { readonly prototype: object }) : undefined;
  return method && ((instance, signal) => Reflect.apply(method, instance, [signal()]));
}

/** The method `healthCheck` of a class, its own or inherited. No accessor is run, and no instance is looked at. */
function methodOf({ prototype }: { readonly prototype: object }): Function | undefined {
  for (let it: object | null = prototype; it; it = Object.getPrototypeOf(it) as object | null) {
    const own = Object.getOwnPropertyDescriptor(it, "healthCheck");
    if (own) return typeof own.value === "function" ? (own.value as Function) : undefined;
  }
  return undefined;
}

// ---- Only some of them

/** A token, and the tokens that it is an alias of. */
function targetsOf(scopes: readonly ScopeRecord[], token: AnyToken): Set<AnyToken> {
  const names = new Set([token]);
  // The set grows while it is walked, and a circle of aliases ends the walk.
  for (const name of names) {
    for (const { nodes, extras } of scopes) {
      const it = extras?.providers?.get(name) ?? nodes?.get(name);
      const definition = it && ("definition" in it ? it.definition : it);
      if (definition?.lifetime === ALIAS)
        for (const target of tokensIn(definition.dependencies)) names.add(target);
    }
  }
  return names;
}

/** The tokens in a dependency: those inside combinators, tuples and records too. */
function tokensIn(dependency: Single): AnyToken[] {
  if (isToken(dependency)) return [dependency];
  if (isCombinator(dependency))
    return dependency.token ? [dependency.token()] : tokensIn(dependency.of ?? []);
  return Object.values(dependency).flatMap((part: Single) => tokensIn(part));
}

function notChecked(scope: ScopeRecord, token: AnyToken, names: ReadonlySet<AnyToken>): NotProvidedError {
  const name = nameOf(token);
  const isProvided = definitionsOf(scope).some((it) => names.has(it.token));
  return new NotProvidedError(
    `check the health of "${name}": ${isProvided ? "its provider has no check" : "nothing provides it"}`,
    [{ token: name, scope: scope.name }],
    isProvided
      ? "give its provider the option health, or its class a method healthCheck and no factory"
      : "list tokens that this scope or one above it provides",
  );
}

/** What is registered in a scope and in those above it. */
function definitionsOf(scope: ScopeRecord): Definition[] {
  const all: Definition[] = [];
  for (let at: ScopeRecord | undefined = scope; at; at = at.parent) all.push(...definitionsIn(at));
  return all;
}
