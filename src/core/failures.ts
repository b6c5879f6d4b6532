/**
 * What goes wrong, in words: one maker per error code, so that the line that throws stays short.
 *
 * A sentence starts with what could not be done, puts names in quotes and ends without a full stop. The hint is the
 * way out. All of them are in every bundle: they say no more than is needed.
 *
 * @module
 */

import { waitedFor } from "./build.ts";
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
import { type Build, chainTo, type Holder, type Node } from "./node.ts";
import { isToken, nameOf } from "./token.ts";
import { type LocalScope, subtree } from "./tree.ts";
import type { AnyToken } from "./types/dependency.ts";
import type { Path } from "./types/path.ts";

// ---- Paths

/** What a step is made of. */
interface Place {
  readonly scope: LocalScope;
  readonly definition: { readonly token: AnyToken | undefined };
}

/** The steps of a way. What has no token of its own is no step. */
export function pathOver(way: readonly Place[]): Path {
  return way.flatMap(({ scope, definition: { token } }) =>
    token ? [{ token: nameOf(token), scope: scope.name }] : [],
  );
}

/** From whoever asked first to what `asker` asks for in `scope`. */
function pathTo(scope: LocalScope, token: AnyToken | undefined, asker?: Build): Path {
  return pathOver([...chainTo(asker), { scope, definition: { token } }]);
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
  const known = pathOf(error);
  if (!path.every(({ token, scope }, at) => known[at]?.token === token && known[at].scope === scope)) {
    paths.set(error as object, path);
  }
}

// ---- One maker per code

type Kind = new (what: string, path: Path, hint: string, cause?: unknown) => ContainerError;

/** Errors begin with what the caller wanted, and end with what stood in the way. */
function cannot(
  kind: Kind,
  path: Path,
  why: string,
  hint: string,
  wanted = "resolve",
  cause?: unknown,
): ContainerError {
  const [first] = path;
  return new kind(`${first ? `${wanted} "${first.token}"` : "go on"}: ${why}`, path, hint, cause);
}

function lastOf(path: Path): string {
  return `"${path.at(-1)?.token}"`;
}

export function notProvided(
  scope: LocalScope,
  token: AnyToken,
  asker?: Build,
  wanted?: "override",
  hint?: string,
): ContainerError {
  const path = pathTo(scope, token, asker);
  const why = "nothing provides " + lastOf(path);
  return cannot(NotProvidedError, path, why, hint ?? hintFor(scope, token), wanted);
}

/** What was probably meant: a token of the same or nearly the same name, or this one where it cannot be seen. */
function hintFor(scope: LocalScope, token: AnyToken): string {
  const name = nameOf(token);
  let hint = "provide it here or above, or ask with optional()";
  for (const { id, own } of subtree(scope.tree.root)) {
    for (const provided of own?.keys() ?? []) {
      const other = nameOf(provided);
      if (provided === token) return `"${id}" provides it, and "${scope.id}" cannot see that`;
      if (other === name) hint = "a token of the same name is provided: import that one";
      else if (isNear(other, name)) hint = `did you mean "${other}"?`;
    }
  }
  return hint;
}

/** Names that begin and end alike but for a letter or two, in any case. */
function isNear(one: string, other: string): boolean {
  const a = one.toLowerCase().split("");
  const b = other.toLowerCase().split("");
  const length = Math.max(a.length, b.length);
  const same = alike(a, b) + alike(a.reverse(), b.reverse());
  return same * 2 > length && length - same < 3;
}

function alike(a: readonly string[], b: readonly string[]): number {
  const end = a.findIndex((letter, at) => letter !== b[at]);
  return end < 0 ? a.length : end;
}

export function duplicate(scope: LocalScope, token: AnyToken): ContainerError {
  return new DuplicateError(
    `provide "${nameOf(token)}" twice in "${scope.name}"`,
    pathTo(scope, token),
    "override() replaces it, a scope below may shadow it",
  );
}

/** `at`: the part that is wrong, in words; `it`: what stands there. */
export function invalid(at: string, it: unknown, token?: AnyToken, hint?: string): ContainerError {
  const path = isToken(token) ? [{ token: nameOf(token), scope: "" }] : [];
  // What kind of thing it is, and never the thing itself: it may be a secret.
  const kind = it === undefined || it === null ? String(it) : `of type ${typeof it}`;
  const advice =
    hint ??
    (it === undefined
      ? "files that import each other in a circle see undefined: ask with ref(() => token)"
      : "dependencies are tokens, combinators, and arrays and records of them");
  return cannot(InvalidProviderError, path, `${at} is ${kind}`, advice, "provide");
}

/** `way`: from the build that was asked for again to one of those that `asker` asks on behalf of. */
export function circular(asker: Build, way: readonly Build[]): ContainerError {
  const path = pathOver([...chainTo(asker), ...way]);
  return cannot(
    CircularDependencyError,
    path,
    lastOf(path) + " depends on itself",
    "ask for one of them with defer(), or move what both need to a third",
  );
}

export function captive(scope: LocalScope, token: AnyToken, asker: Build, captor: Holder): ContainerError {
  const path = pathTo(scope, token, asker);
  const name = nameOf(captor.definition.token);
  return cannot(
    CaptiveDependencyError,
    path,
    `the singleton "${name}" would keep the scoped ${lastOf(path)}`,
    `make "${name}" scoped, or pass it what it needs`,
  );
}

export function ambiguous(
  scope: LocalScope,
  token: AnyToken,
  candidates: readonly Node[],
  asker?: Build,
): ContainerError {
  const path = pathTo(scope, token, asker);
  const names = candidates.map(({ definition }) => `"${nameOf(definition.token)}"`);
  return cannot(
    AmbiguousError,
    path,
    `${lastOf(path)} may be ${names.join(" or ")}`,
    "mark one of them default: true, or ask for it by its own token",
  );
}

/** What engines throw when the stack is full; the second comes of what they compile there. */
export function isStackOverflow(error: unknown): boolean {
  const words = ["call stack", "Stack overflow", "too much rec"];
  return error instanceof Error && words.some((it) => error.message.includes(it));
}

export function depthExceeded(build: Build, cause: unknown): ContainerError {
  return cannot(
    DepthExceededError,
    pathOver(chainTo(build)),
    "factories that ask inside factories have filled the stack",
    "declare dependencies: those take none",
    undefined,
    cause,
  );
}

/** Names the one at the far end: what everybody waits for. */
export function asyncProvider(question: Build): ContainerError {
  const builds = chainTo(question);
  for (let [on] = waitedFor(question); on; [on] = waitedFor(on)) builds.push(on);
  const path = pathOver(builds);
  return cannot(AsyncProviderError, path, lastOf(path) + " is still being built", "ask with getAsync()");
}

export function closed(scope: LocalScope, token?: AnyToken, asker?: Build): ContainerError {
  return cannot(
    ScopeClosedError,
    pathTo(scope, token, asker),
    `scope "${scope.name}" is ${scope.state}`,
    "ask while it is open, or open another",
  );
}

export function scopeNotFound(
  scope: LocalScope,
  token: AnyToken,
  name: string,
  asker?: Build,
): ContainerError {
  return cannot(
    ScopeNotFoundError,
    pathTo(scope, token, asker),
    `no scope named "${name}" encloses "${scope.name}"`,
    `ask in createScope("${name}"), or below it`,
  );
}
