/**
 * Messages: one function per error code, so that the line that throws stays short.
 *
 * A message starts with what could not be done, puts names in quotes and ends without a full stop. The hint says how to
 * fix it. All of these texts are in every bundle, so they say no more than is needed.
 *
 * @module
 */

import type { AnyToken } from "../types/dependency.ts";
import type { Path } from "../types/path.ts";
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
  read,
  ScopeClosedError,
  ScopeNotFoundError,
} from "../words/errors.ts";
import { nameOf } from "../words/token.ts";
import { chainTo, waitingChain } from "./edges.ts";
import type { Build, Combinator, Definition, Dependent, ScopeRecord } from "./records.ts";
import { definitionsIn, subtree } from "./tree.ts";

// ---- Paths

/** What a step of a path is made of. */
interface Place {
  readonly scope: ScopeRecord;
  readonly definition: { readonly token: AnyToken | undefined };
}

/** The steps of a way. Tuples and callers, which have no token, are no steps. */
export function pathOver(way: readonly Place[]): Path {
  return way.flatMap(({ scope, definition: { token } }) =>
    token ? [{ token: nameOf(token), scope: scope.name }] : [],
  );
}

/** From the first dependent to the token that `dependent` resolves in `scope`. */
export function pathTo(scope: ScopeRecord, token: AnyToken | undefined, dependent?: Build): Path {
  return pathOver([...chainTo(dependent), { scope, definition: { token } }]);
}

/**
 * The path of an error is a property of it that is not enumerable, under a symbol that all copies of this library share.
 * What is frozen cannot have one: its path is in the map.
 */
const pathKey = /* @__PURE__ */ Symbol.for("thimble.path");
const paths = /* @__PURE__ */ new WeakMap<object, Path>();

/**
 * The path of an error that a factory threw: from the token that was resolved first to the token whose factory threw
 * it. When several callers share a build, it is the path of the first of them. `[]` for errors that no factory threw,
 * and for primitives. Knows the paths that another copy of the library has remembered.
 *
 * @example
 * ```ts
 * try {
 *   await app.getAsync(Users);
 * } catch (error) {
 *   console.log(pathOf(error).map(({ token }) => token).join(" > "), error);
 * }
 * ```
 */
export function pathOf(error: unknown): Path {
  return isContainerError(error)
    ? error.path
    : (paths.get(error as object) ?? (read(error, pathKey) as Path | undefined) ?? []);
}

/** Remembers the path of an error. An error that a factory only rethrows keeps the longer path it has. */
export function rememberPath(error: unknown, path: Path): void {
  if (Object(error) !== error) return;
  const known = pathOf(error);
  if (!path.every(({ token, scope }, at) => known[at]?.token === token && known[at].scope === scope)) {
    if (!Reflect.defineProperty(error as object, pathKey, { value: path, configurable: true }))
      paths.set(error as object, path);
  }
}

// ---- One function per code

type Kind = new (what: string, path: Path, hint: string, cause?: unknown) => ContainerError;

/** A message begins with what the caller wanted and ends with what prevented it. */
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
  scope: ScopeRecord,
  token: AnyToken,
  dependent?: Build,
  wanted?: "override",
  hint?: string,
): ContainerError {
  const path = pathTo(scope, token, dependent);
  const why = "nothing provides " + lastOf(path);
  return cannot(NotProvidedError, path, why, hint ?? hintFor(scope, token, wanted), wanted);
}

/** What was probably meant: a token of the same or nearly the same name, or a scope that has this very token. */
function hintFor(scope: ScopeRecord, token: AnyToken, wanted: string | undefined): string {
  const name = nameOf(token);
  let hint = wanted ? "provide() adds it" : "provide it here or above, or resolve it with optional()";
  for (const it of [...subtree(scope.tree.root), scope.tree.latest]) {
    for (const { token: provided } of definitionsIn(it)) {
      const other = nameOf(provided);
      if (provided === token)
        return `"${it.id}" provides it, "${scope.id}" cannot see that: make what needs it scoped`;
      // Two that were declared alike are one that was declared twice.
      if (other === name)
        hint = `another one of the same name is provided: ${
          typeof provided === typeof token ? "this module was loaded twice" : "import that"
        }`;
      else if (isNear(other, name)) hint = `did you mean "${other}"?`;
    }
  }
  return hint;
}

/** Whether two names begin and end alike except for a letter or two. Upper and lower case are the same. */
export function isNear(one: string, other: string): boolean {
  const a = one.toLowerCase().split("");
  const b = other.toLowerCase().split("");
  const length = Math.max(a.length, b.length);
  const same = alike(a, b) + alike(a.reverse(), b.reverse());
  return same * 2 > length && length - same < 3;
}

/** How many letters two names share at their beginning. */
function alike(a: readonly string[], b: readonly string[]): number {
  const end = a.findIndex((letter, at) => letter !== b[at]);
  return end < 0 ? a.length : end;
}

export function duplicate(scope: ScopeRecord, token: AnyToken): ContainerError {
  return new DuplicateError(
    `provide "${nameOf(token)}" twice in "${scope.name}"`,
    pathTo(scope, token),
    "override() replaces it, a scope below may shadow it",
  );
}

/** @param why What is wrong, as a sentence. @param token The token of the provider that it is about, if any. */
export function refused(why: string, token: AnyToken | undefined, hint: string): ContainerError {
  const path = token ? [{ token: nameOf(token), scope: "" }] : [];
  return cannot(InvalidProviderError, path, why, hint, "provide");
}

export const whyUndefined = "files that import each other see undefined";

/** @param at The part that is wrong, in words. @param it What was given there. */
export function invalid(at: string, it: unknown, token?: AnyToken, hint?: string): ContainerError {
  const { kind: name, madeBy, lifetime } = Object(it) as Partial<Combinator & Definition>;
  // The message says what kind of thing was given and never shows the thing itself: it may be a secret.
  let kind = "of type " + typeof it;
  let advice = "dependencies are tokens, combinators, arrays and records of them";
  // Only NaN is not itself.
  if (it === undefined || it === null || it !== it) kind = String(it);
  if (it === undefined) advice = whyUndefined + ": write ref(() => token)";
  if (lifetime !== undefined) {
    kind = "a provider";
    advice = "resolve its token";
  } else if (madeBy) {
    kind = name + "()";
    // A combinator of this copy is only refused in places that have a hint of their own.
    advice = kind + " of another copy of the library: install thimble once";
  }
  return refused(`${at} is ${kind}`, token, hint ?? advice);
}

/** A service with a method `then` was resolved alone with `getAsync`. */
export function thenable(): ContainerError {
  return refused(
    "getAsync() of a service that has a method then",
    undefined,
    "resolve it with get(), or in a list: getAsync([…])",
  );
}

/** @param way From the build that was resolved again to one of those that `dependent` is built for. */
export function circular(dependent: Build, way: readonly Build[]): ContainerError {
  const path = pathOver([...chainTo(dependent), ...way]);
  return cannot(
    CircularDependencyError,
    path,
    lastOf(path) + " depends on itself",
    "resolve one of them with defer(), or move what both need to a third",
  );
}

/** @param captor The singleton that the scoped service would be given to. */
export function captive(
  scope: ScopeRecord,
  token: AnyToken,
  dependent: Build,
  captor: Dependent,
): ContainerError {
  const path = pathTo(scope, token, dependent);
  const name = nameOf(captor.definition.token);
  return cannot(
    CaptiveDependencyError,
    path,
    `the ${captor.definition.kind} "${name}" would keep the scoped ${lastOf(path)}`,
    `make "${name}" scoped, or pass it what it needs`,
  );
}

export function ambiguous(
  scope: ScopeRecord,
  token: AnyToken,
  candidates: readonly { readonly definition: Definition }[],
  dependent?: Build,
): ContainerError {
  const path = pathTo(scope, token, dependent);
  const names = candidates.map(({ definition }) => `"${nameOf(definition.token)}"`);
  return cannot(
    AmbiguousError,
    path,
    `${lastOf(path)} may be ${names.join(" or ")}`,
    "mark one of them default: true, or resolve it by its own token",
  );
}

/** What engines throw when the stack is full. V8 throws the second for a regular expression that it compiles there. */
export function isStackOverflow(error: unknown): boolean {
  const words = ["call stack", "Stack overflow", "too much rec"];
  return error instanceof Error && words.some((it) => error.message.includes(it));
}

export function depthExceeded(build: Build, cause: unknown): ContainerError {
  return cannot(
    DepthExceededError,
    pathOver(chainTo(build)),
    "factories inside factories have filled the stack",
    "declare dependencies: those take no stack",
    undefined,
    cause,
  );
}

/** Names the service that everything else waits for. */
export function asyncProvider(caller: Build): ContainerError {
  const path = pathOver([...chainTo(caller), ...waitingChain(caller)]);
  return cannot(
    AsyncProviderError,
    path,
    lastOf(path) + " is still being built",
    "resolve it with getAsync()",
  );
}

export function closed(scope: ScopeRecord, token?: AnyToken, dependent?: Build): ContainerError {
  return cannot(
    ScopeClosedError,
    pathTo(scope, token, dependent),
    `scope "${scope.name}" is ${scope.state}`,
    "use a scope that is open",
  );
}

export function scopeNotFound(
  scope: ScopeRecord,
  token: AnyToken,
  name: string,
  dependent?: Build,
): ContainerError {
  return cannot(
    ScopeNotFoundError,
    pathTo(scope, token, dependent),
    `no scope named "${name}" encloses "${scope.name}"`,
    `resolve it in createScope("${name}"), or below it`,
  );
}
