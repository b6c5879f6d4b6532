/**
 * What goes wrong, in words: one maker per error code, so that the line that throws stays short.
 *
 * A sentence starts with what could not be done, puts names in quotes and ends without a full stop. The hint is the
 * way out.
 *
 * @module
 */

import type { Flaw } from "./dependency.ts";
import {
  AmbiguousError,
  AsyncProviderError,
  CaptiveDependencyError,
  CircularDependencyError,
  type ContainerError,
  DepthExceededError,
  DuplicateError,
  InvalidProviderError,
  isContainerError,
  NotProvidedError,
  ScopeClosedError,
  ScopeNotFoundError,
} from "./errors.ts";
import { BUILDING, chainTo, type Node } from "./node.ts";
import { isToken, nameOf } from "./token.ts";
import { CLOSED, type LocalScope, subtree } from "./tree.ts";
import type { AnyToken } from "./types/dependency.ts";
import type { Path } from "./types/observer.ts";

// ---- Paths

/** The steps of a way through nodes. What has no token of its own is no step. */
export function pathOver(nodes: readonly (Node | undefined)[]): Path {
  return nodes.flatMap((node) => (node?.token ? [step(node.scope, node.token)] : []));
}

/** From whoever asked first to a token that `asker` asks for in `scope`. */
function pathTo(scope: LocalScope, token: AnyToken, asker: Node | undefined): Path {
  return [...pathOver(chainTo(asker)), step(scope, token)];
}

function step(scope: LocalScope, token: AnyToken): Path[number] {
  return { token: nameOf(token), scope: scope.name };
}

/** `Cannot resolve "app"`: errors begin with what the caller wanted, and end with what stood in the way. */
function cannot(path: Path, why: string): string {
  return `Cannot resolve "${path[0]?.token}": ${why}`;
}

const paths = /* @__PURE__ */ new WeakMap<object, Path>();

/**
 * The path of something a factory threw: from the token that was asked for to the one whose factory threw it, by the
 * way of whoever asked first. `[]` for what was never thrown by a factory, and for primitives.
 */
export function pathOf(error: unknown): Path {
  return isContainerError(error) ? error.path : (paths.get(error as object) ?? []);
}

/** Remembers where an error came from. A factory that lets through what it got from another does not claim it. */
export function rememberPath(error: unknown, path: Path): void {
  if (Object(error) !== error) return;
  const known = paths.get(error as object);
  if (known && path.every(({ token, scope }, at) => known[at]?.token === token && known[at].scope === scope)) return;
  paths.set(error as object, path);
}

// ---- One maker per code

export function notProvided(scope: LocalScope, token: AnyToken, asker?: Node): ContainerError {
  const path = pathTo(scope, token, asker);
  const name = nameOf(token);
  return new NotProvidedError(
    cannot(path, `nothing provides ${path.length > 1 ? `"${name}"` : "it"}`),
    path,
    hintFor(scope, token) ?? `provide "${name}" in scope "${scope.name}" or above, or ask with optional()`,
  );
}

export function nothingToOverride(scope: LocalScope, token: AnyToken): ContainerError {
  return new NotProvidedError(
    `Cannot override "${nameOf(token)}": nothing provides it`,
    [step(scope, token)],
    hintFor(scope, token) ?? `override what is there, and provide what is new`,
  );
}

/** What was probably meant: a token of the same or nearly the same name, or this one where it cannot be seen. */
function hintFor(scope: LocalScope, token: AnyToken): string | undefined {
  const name = nameOf(token);
  const holders = new Set<string>();
  const near = new Set<string>();
  for (const other of subtree(scope.tree.root)) {
    for (const { token: provided } of other.own ?? []) {
      if (provided === token) holders.add(other.id);
      else if (nameOf(provided) === name) return `another token of the same name is provided: import that one`;
      else if (isNear(nameOf(provided), name)) near.add(`"${nameOf(provided)}"`);
    }
  }
  const some = (names: Set<string>): string => [...names].slice(0, 3).join(", ");
  if (holders.size > 0) return `"${name}" is provided in ${some(holders)}, which cannot be seen from "${scope.id}"`;
  return near.size > 0 ? `did you mean ${some(near)}?` : undefined;
}

/** Names that differ in case, or in one place by a letter or two. */
function isNear(one: string, other: string): boolean {
  const a = one.toLowerCase();
  const b = other.toLowerCase();
  const shorter = Math.min(a.length, b.length);
  let same = 0;
  while (same < shorter && a[same] === b[same]) same++;
  const start = same;
  while (same < shorter && a.at(start - same - 1) === b.at(start - same - 1)) same++;
  return Math.max(a.length, b.length) - same <= (shorter > 4 ? 2 : 1) && same > 0;
}

export function duplicate(scope: LocalScope, token: AnyToken): ContainerError {
  return new DuplicateError(
    `Cannot provide "${nameOf(token)}" twice in scope "${scope.name}"`,
    [step(scope, token)],
    "replace it with override(), shadow it in a scope below, or make a second token",
  );
}

export function invalidProvider(token: AnyToken, what: string, hint: string): ContainerError {
  const name = isToken(token) ? nameOf(token) : describe(token);
  return new InvalidProviderError(`Cannot provide "${name}": ${what}`, [{ token: name, scope: "" }], hint);
}

export function invalidDependency(token: AnyToken, { at, it }: Flaw): ContainerError {
  return invalidProvider(token, `${at} is ${describe(it)}`, flawHint(it));
}

export function notAsked({ at, it }: Flaw, asker?: Node): ContainerError {
  return new InvalidProviderError(`Cannot resolve what is not a dependency: ${at} is ${describe(it)}`, pathOver(chainTo(asker)), flawHint(it));
}

export function notAProvider(scope: LocalScope, it: unknown): ContainerError {
  return new InvalidProviderError(
    `Cannot register ${describe(it)} in scope "${scope.name}": it is not a provider`,
    [],
    it === undefined ? circle : "give what value, singleton, scoped, transient or alias return, or arrays of it",
  );
}

const circle = "files that import each other in a circle see undefined: ask with ref(() => token), or move it to a file of its own";

function flawHint(it: unknown): string {
  return it === undefined ? circle : "a dependency is a token, a combinator, or an array or record of those";
}

/** What kind of thing it is. Never the thing itself: it may be a secret. */
function describe(it: unknown): string {
  return it === undefined || it === null ? String(it) : Array.isArray(it) ? "an array" : /^[aeiou]/.test(typeof it) ? `an ${typeof it}` : `a ${typeof it}`;
}

/** `way`: from the node that was asked for again to the one that asks, when they are not in one chain. */
export function circular(node: Node, asker: Node, way: readonly Node[]): ContainerError {
  const chain = chainTo(asker);
  const path = pathOver([...chain, ...(chain.includes(node) ? [node] : way)]);
  return new CircularDependencyError(
    cannot(path, `"${path.at(-1)!.token}" depends on itself`),
    path,
    "ask for one of them with defer(), or move what both need to a third",
  );
}

export function captive(scope: LocalScope, entry: Node, asker: Node, captor: Node): ContainerError {
  const path = pathTo(scope, entry.token, asker);
  return new CaptiveDependencyError(
    cannot(path, `the singleton "${nameOf(captor.token)}" would keep the scoped "${nameOf(entry.token)}"`),
    path,
    `make "${nameOf(captor.token)}" scoped too, or hand it what it needs per call`,
  );
}

export function ambiguous(scope: LocalScope, token: AnyToken, candidates: readonly Node[], asker?: Node): ContainerError {
  const path = pathTo(scope, token, asker);
  return new AmbiguousError(
    cannot(path, `"${nameOf(token)}" is answered by ${candidates.map((node) => `"${nameOf(node.token)}"`).join(", ")}`),
    path,
    "mark one of them default: true, or ask for it by its own token",
  );
}

export function depthExceeded(node: Node, cause: unknown): ContainerError {
  const path = pathOver(chainTo(node));
  return new DepthExceededError(
    cannot(path, `${path.length} factories are waiting inside each other, and the stack is full`),
    path,
    "declare dependencies instead of asking for them: declared ones take no stack",
    { cause },
  );
}

/** Names the one at the far end: what everybody waits for. */
export function asyncProvider(question: Node): ContainerError {
  const nodes = chainTo(question);
  for (let { job } = question; job?.on?.state === BUILDING && !nodes.includes(job.on); { job } = job.on) nodes.push(job.on);
  const path = pathOver(nodes);
  return new AsyncProviderError(
    cannot(path, `"${path.at(-1)?.token}" is still being built`),
    path,
    "ask with getAsync(), or build it beforehand",
  );
}

export function closed(scope: LocalScope, token?: AnyToken, asker?: Node): ContainerError {
  const path = token ? pathTo(scope, token, asker) : pathOver(chainTo(asker));
  const what = path.length > 0 ? cannot(path, "") : "Cannot resolve: ";
  return new ScopeClosedError(
    `${what}scope "${scope.name}" is ${scope.phase === CLOSED ? "closed" : "closing"}`,
    path,
    scope.phase === CLOSED ? "open another scope" : "while a scope closes, only what is built can be got, until it is disposed",
  );
}

export function scopeNotFound(scope: LocalScope, entry: Node, asker?: Node): ContainerError {
  const path = pathTo(scope, entry.token, asker);
  const name = entry.definition.options.in;
  return new ScopeNotFoundError(
    cannot(path, `"${nameOf(entry.token)}" lives in a scope named "${name}", and none encloses "${scope.name}"`),
    path,
    `ask from a scope opened with createScope("${name}"), or below one`,
  );
}
