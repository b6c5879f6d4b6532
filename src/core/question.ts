/**
 * Questions: asking from outside the engine, through a scope or through the resolver that a factory was given.
 *
 * A question is a node, too, when a factory puts it, or when it has to wait: so that what it asks for is known to be
 * waited for, and held on to once it is there.
 *
 * @module
 */

import { ask, nameless } from "./ask.ts";
import { current, drain, enter, exit, failure, HALT, leave, refuse, stuck, wait, waitFor } from "./build.ts";
import { check, type Single } from "./dependency.ts";
import { asyncProvider, closed } from "./failures.ts";
import {
  askerOf,
  askFor,
  BUILDING,
  BUILT,
  DISPOSING,
  hold,
  IDLE,
  isService,
  type Node,
  ownerOf,
  route,
  standIn,
  WAITING,
} from "./node.ts";
import { none } from "./provider.ts";
import { find } from "./registry.ts";
import { looksLikeToken } from "./token.ts";
import type { LocalScope } from "./tree.ts";
import type { AnyToken } from "./types/dependency.ts";
import type { Resolver } from "./types/provider.ts";

/** Gives what is asked for, or throws; it does not wait. */
export function get(scope: LocalScope, dependency: Single, asker?: Node, owner?: Node): unknown {
  const it = put(scope, dependency, asker, owner);
  if (it !== HALT) return it;
  if (!stuck) throw failure;
  const error = asyncProvider(stuck);
  leave(stuck);
  throw error;
}

/** Gives a promise of what is asked for. */
export function getAsync(
  scope: LocalScope,
  dependency: Single,
  asker?: Node,
  owner?: Node,
): Promise<unknown> {
  const it = put(scope, dependency, asker, owner);
  if (it !== HALT) return Promise.resolve(it);
  const job = stuck?.job;
  const promise = job
    ? new Promise((resolve, reject) => {
        job.answer = (ok, value) => (ok ? resolve(value) : reject(value as Error));
      })
    : Promise.reject(failure as Error);
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
 * What a factory asks through, and `defer` later. While the node is being built, it is the node that asks; afterwards
 * its instance does, and holds on to what it is given.
 */
export function resolverFor(asker: Node): Resolver {
  // A tuple or an alias is over as soon as it is made; what asks is what it is made for.
  let node = asker;
  while (!isService(node)) {
    const next = askerOf(node);
    if (!next) break;
    node = next;
  }
  const { scope } = asker;
  const { attempt } = node;
  let owner: Node | undefined = node.holder;
  while (owner?.definition.kind === "question") owner = askerOf(owner)?.holder;
  const ask =
    <R>(how: (scope: LocalScope, dependency: Single, asker?: Node, owner?: Node) => R) =>
    (dependency: unknown): R => {
      // A resolver may outlive a build that failed. The next build of the same node is not its business.
      const mine = node.attempt === attempt;
      const builder = mine && node.state === BUILDING ? node : current;
      return how(scope, dependency as Single, builder, mine ? owner : undefined);
    };
  return { get: ask(get), getAsync: ask(getAsync), has: (token: AnyToken) => has(scope, token) } as Resolver;
}

/**
 * Asks for `dependency`, from outside the engine: `asker` is the node whose factory is running, `owner` the one whose
 * resolver was used. After `HALT`, `stuck` is the question that is still open.
 */
function put(
  scope: LocalScope,
  dependency: Single,
  asker: Node | undefined,
  owner: Node | undefined,
): unknown {
  const token = looksLikeToken(dependency) ? (dependency as AnyToken) : undefined;
  if (scope.closing?.report) return refuse(closed(scope, token, asker));
  if (!token) {
    try {
      check(dependency, "what was asked for");
    } catch (error) {
      return refuse(error);
    }
  }
  const outer = enter();
  let question = asker || owner ? newQuestion(scope, asker, owner) : undefined;
  let it = ask(scope, dependency, question);
  if (it === HALT && stuck) {
    question ??= newQuestion(scope, asker, owner);
    if (asker) hold(asker, question);
    const job = waitFor(stuck, question, [], 0);
    job.missing = 1;
    job.phase = WAITING;
    drain();
    if (question.job) wait(question);
    else it = job.failure ? refuse(job.failure.error) : job.values[0];
  } else {
    const error = failure;
    if (question) {
      if (it !== HALT) answer(question);
      leave(question);
    }
    // What others wait for is theirs: while a factory runs, it would meet the half-done builds below on the stack.
    if (!current) drain();
    if (it === HALT) refuse(error);
  }
  exit(outer);
  return it;
}

function newQuestion(scope: LocalScope, asker: Node | undefined, owner: Node | undefined): Node {
  const question = nameless("question", scope, none, (it: unknown) => it);
  question.state = BUILDING;
  askFor(question, asker?.state === IDLE ? standIn(asker) : asker);
  question.value = owner;
  return question;
}

/** What was asked for is there: from now on, who asked holds on to it. */
export function answer(question: Node): void {
  for (const node of question.holds ?? []) {
    for (const holder of [question.asker?.holder, ownerOf(question)]) {
      if (node.state !== BUILT || !holder) continue;
      const { state, holds } = holder;
      // Between instances an edge must not close a circle, or nobody would be the first to go.
      const safe = (state === BUILT || state === DISPOSING) && !holds?.includes(node) && !route(node, holder);
      if (safe || state === BUILDING) hold(holder, node);
    }
  }
}
