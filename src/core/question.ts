/**
 * Questions: asking from outside the engine, through a scope or through the resolver that a factory was given.
 *
 * While a factory runs, it is its build that asks, and a built service asks for itself. A question becomes a build of
 * its own when it has to wait, so that it can be told what became of it.
 *
 * @module
 */

import { ask, askEntry } from "./ask.ts";
import { current, drain, finish, HALT, leave, pending, stuck, waitFor } from "./build.ts";
import { check, type Single } from "./dependency.ts";
import { asyncProvider, closed } from "./failures.ts";
import { Build, DONE, type Holder, isService, keeperOf, type Node, WAITING } from "./node.ts";
import { question } from "./provider.ts";
import { find } from "./registry.ts";
import { isToken } from "./token.ts";
import type { LocalScope } from "./tree.ts";
import type { AnyToken } from "./types/dependency.ts";
import type { Resolver } from "./types/provider.ts";

/** Gives what is asked for, or throws; it does not wait. `entry`: what a lookup has found already. */
export function get(
  scope: LocalScope,
  dependency: Single,
  asker?: Build,
  owner?: Holder,
  entry?: Node,
): unknown {
  const it = put(scope, dependency, asker, owner, entry);
  if (it !== HALT) return it;
  const error = asyncProvider(stuck);
  leave(stuck, true, error);
  throw error;
}

/** Gives a promise of what is asked for. */
export function getAsync(
  scope: LocalScope,
  dependency: Single,
  asker?: Build,
  owner?: Holder,
): Promise<unknown> {
  const promise = new Promise((resolve, reject) => {
    const it = put(scope, dependency, asker, owner);
    if (it !== HALT) resolve(it);
    else stuck.ended = (failed, it) => (failed ? reject(it as Error) : resolve(it));
  });
  // Nobody has to wait for a build: one that fails unawaited is no unhandled rejection.
  promise.catch(() => {});
  return promise;
}

/** Whether something visible provides the token. */
export function has(scope: LocalScope, token: AnyToken): boolean {
  if (scope.closing?.report) throw closed(scope, token);
  return find(scope, token) !== undefined;
}

/**
 * What a factory asks through, and `defer` later. While the service is being built, it is that build that asks;
 * afterwards its instance does, and holds on to what it is given.
 */
export function resolverFor(scope: LocalScope, asker: Build | undefined): Resolver {
  // A tuple or an alias is over as soon as it is made; what asks is what it is made for.
  let service = asker;
  while (service?.asker && !isService(service.definition)) service = service.asker;
  const owner = keeperOf(service) ?? service;
  // Who is handed a transient may still be at work, and goes on asking through it.
  let maker = service;
  while (maker && !maker.definition.kept) maker = maker.asker;
  const ask =
    <R>(how: (scope: LocalScope, dependency: Single, asker?: Build, owner?: Holder) => R) =>
    (dependency: unknown): R => {
      const asking = service && service.phase < DONE ? service : maker;
      const busy = asking && asking.phase < DONE;
      return how(scope, dependency as Single, busy ? asking : current, busy ? undefined : owner);
    };
  return { get: ask(get), getAsync: ask(getAsync), has: (token: AnyToken) => has(scope, token) } as Resolver;
}

/** Gives what is asked for; after `HALT`, `stuck` is the question that is still open. */
function put(
  scope: LocalScope,
  dependency: Single,
  asker: Build | undefined,
  owner: Holder | undefined,
  entry?: Node,
): unknown {
  if (!entry) {
    const token = isToken(dependency) ? (dependency as AnyToken) : undefined;
    if (scope.closing?.report) throw closed(scope, token, asker);
    if (!token) check(dependency, "what was asked for");
  }
  let build: Build | undefined;
  if (owner) {
    build = new Build(question, scope, asker);
    build.owner = owner;
  }
  let it: unknown;
  try {
    it = entry ? askEntry(scope, entry, asker) : ask(scope, dependency, build ?? asker);
    if (it === HALT) {
      // It was closed by what it asked for.
      if (scope.closing) throw closed(scope, stuck.definition.token, build ?? asker);
      build ??= new Build(question, scope, asker);
      // It is the question that waits, and may be given up: by then, the factory does not wait any more.
      if (stuck.asker === asker) stuck.asker = build;
      build.values = [];
      build.phase = WAITING;
      waitFor(build, stuck, 0);
      if (asker) (asker.on ??= []).push(build);
      // What is drained below may meet those who are on the stack here, each of them waiting for the next.
      for (let it = asker; it?.asker && !it.asker.on?.includes(it); it = it.asker)
        (it.asker.on ??= []).push(it);
      pending(build);
    } else if (build) finish(build, it);
  } finally {
    // What others wait for is theirs: while a factory runs, it would meet the half-done builds below on the stack.
    if (it === HALT || !current) drain(it === HALT);
  }
  if (it !== HALT) return it;
  if (build!.failure) throw build!.failure.error;
  // What was only put off is there by now.
  return build!.phase < DONE ? pending(build!) : build!.values[0];
}
