/**
 * `thimble/observe`: an observer's methods are called as things happen in a scope and everything below it.
 *
 * ```ts
 * import { createContainer, singleton } from "thimble";
 * import { observe } from "thimble/observe";
 *
 * class Db {}
 *
 * const app = createContainer(singleton(Db));
 * const stopObserving = observe(app, {
 *   built: ({ token, scope }) => console.log(`built ${token.name} in ${scope.name}`),
 *   scopeOpened: ({ scope }) => console.log(`opened ${scope.name}`),
 * });
 *
 * app.createScope("request").get(Db); // opened request, built Db in root
 * stopObserving();
 * ```
 *
 * @module
 */

import { runAs } from "../core/building/running.ts";
import { chainTo } from "../core/model/edges.ts";
import { closed, isNear, pathOver } from "../core/model/messages.ts";
import { ALIAS, Build, type Node, type ScopeRecord, type Tree } from "../core/model/records.ts";
import { encloses, relink } from "../core/model/tree.ts";
import type { AnyToken } from "../core/types/dependency.ts";
import type { Path } from "../core/types/path.ts";
import type { Scope } from "../core/types/scope.ts";
import type { ShutdownReport } from "../core/types/shutdown.ts";
import { isThenable } from "../core/words/thenable.ts";
import { now, web } from "../core/words/web.ts";

/** An event about a scope. */
export interface ScopeEvent {
  readonly scope: Scope;
}

/** A scope begins to close: from here on, it builds nothing and opens no scope. Those below it are closing too. */
export interface ScopeClosingEvent extends ScopeEvent {
  /** What was given to `shutdown` as `reason`. */
  readonly reason: unknown;
}

/** A scope and everything below it has closed. */
export interface ScopeClosedEvent extends ScopeEvent {
  /** How long closing took, in milliseconds. */
  readonly elapsed: number;
  readonly report: ShutdownReport;
}

/** An event about a service. */
export interface ServiceEvent extends ScopeEvent {
  readonly token: AnyToken;
}

/** A service is about to be built. */
export interface BuildingEvent extends ServiceEvent {
  /** The tokens from the one that a caller resolved to the one that is being built. */
  readonly path: Path;
}

/** A service was built. */
export interface BuiltEvent extends BuildingEvent {
  /** How long the build took, in milliseconds, with the time that it waited for its dependencies. */
  readonly elapsed: number;
  /** The instance, as others receive it. */
  readonly instance: unknown;
}

/** A build threw an error or rejected. */
export interface BuildFailedEvent extends BuildingEvent {
  /** How long the build took, in milliseconds, with the time that it waited for its dependencies. */
  readonly elapsed: number;
  /** The error itself, unchanged. */
  readonly error: unknown;
}

/** A caller from outside, or a service that depends on it, received an instance. */
export interface GotEvent extends ServiceEvent {
  /** Whether the instance existed before it was resolved. */
  readonly cached: boolean;
}

/** A service was disposed, or its disposal failed. */
export interface DisposedEvent extends ServiceEvent {
  /** How long disposing took, in milliseconds. */
  readonly elapsed: number;
  /** What the disposal threw or rejected with. The property is absent when the disposal succeeded. */
  readonly error?: unknown;
}

/** An error that no caller receives. */
export interface UnhandledEvent extends ScopeEvent {
  /** The error itself, unchanged. */
  readonly error: unknown;
  /** The service it belongs to. The property is absent when the error is an observer's own. */
  readonly token?: AnyToken | undefined;
}

/** The methods of an observer. All are optional, and each receives one event. */
export interface Observer {
  /** A provider was registered. */
  registered?(event: ServiceEvent): void;
  /** A provider has replaced another one. */
  overridden?(event: ServiceEvent): void;
  /** A build begins. */
  building?(event: BuildingEvent): void;
  /** A build succeeded, with its `init`. */
  built?(event: BuiltEvent): void;
  /** A build failed. */
  buildFailed?(event: BuildFailedEvent): void;
  /** A caller or a dependent received an instance. */
  got?(event: GotEvent): void;
  /** The `stop` of a service is about to be called. */
  stopping?(event: ServiceEvent): void;
  /** A `stop` succeeded or failed. */
  stopped?(event: DisposedEvent): void;
  /** An instance is about to be disposed. */
  disposing?(event: ServiceEvent): void;
  /** The disposal of an instance succeeded or failed. */
  disposed?(event: DisposedEvent): void;
  /** A scope was opened below this one. */
  scopeOpened?(event: ScopeEvent): void;
  /** This scope, or one below it, begins to close; those above are told of first. */
  scopeClosing?(event: ScopeClosingEvent): void;
  /** This scope, or one below it, has closed. */
  scopeClosed?(event: ScopeClosedEvent): void;
  /**
   * An error reaches no caller: the second of two dependencies that fail, a build that fails when nobody waits for it any
   * more, a disposal that fails outside a shutdown or after its deadline, or an observer that throws. Where no observer
   * has this method, such errors go to `reportError`, if the runtime has that function; except for a build that fails
   * during a shutdown, which is in the report.
   */
  unhandled?(event: UnhandledEvent): void;
}

/**
 * Calls the observer's methods as things happen in `scope` and in every scope below it. Several observers are called
 * synchronously, in the order in which they were added, with the same event. An observer that throws breaks nothing:
 * its error is told as `unhandled`.
 *
 * @example
 * ```ts
 * const stopObserving = observe(app, {
 *   built: ({ token, elapsed }) => console.log(`${token.name} took ${elapsed} ms`),
 * });
 * ```
 *
 * @returns A function that removes the observer.
 * @throws `SCOPE_CLOSED` when the scope has closed.
 * @throws `TypeError` when the observer is not an object, one of its methods is no function, or the name of one is nearly that
 * of an event.
 */
export function observe(scope: Scope, observer: Observer): () => void {
  const record = scope as unknown as ScopeRecord;
  if (record.closing?.report) throw closed(record);
  checkObserver(observer);
  const { tree } = record;
  const added = { scope: record, observer };
  change(tree, (all) => [...all, added]);
  return () => change(tree, (all) => all.filter((it) => it !== added));
}

const events: readonly string[] = [
  "registered",
  "overridden",
  "building",
  "built",
  "buildFailed",
  "got",
  "stopping",
  "stopped",
  "disposing",
  "disposed",
  "scopeOpened",
  "scopeClosing",
  "scopeClosed",
  "unhandled",
] satisfies (keyof Observer)[];

/** A method under a misspelt name would never be called. An observer may have members of its own beside its methods. */
function checkObserver(observer: Observer): void {
  if (Object(observer) !== observer) throw new TypeError("an observer is an object");
  // No accessor is read before its event.
  for (const [name, { value: it }] of Object.entries(Object.getOwnPropertyDescriptors(observer))) {
    const isFunction = typeof it === "function";
    const near = isFunction && events.find((other) => isNear(other, name));
    const isEvent = events.includes(name);
    if (isEvent && !isFunction && it !== undefined) throw new TypeError(`observe: "${name}" is no function`);
    if (!isEvent && near)
      throw new TypeError(`observe: no event is named "${name}": did you mean "${near}"?`);
  }
}

// ---- Telling

interface Observed {
  readonly scope: ScopeRecord;
  readonly observer: Observer;
}

/** The observers of each tree. The lists are replaced and never changed: an event is told to those it began with. */
const observers = /* @__PURE__ */ new WeakMap<Tree, readonly Observed[]>();

function change(tree: Tree, how: (all: readonly Observed[]) => readonly Observed[]): void {
  const before = observers.get(tree) ?? [];
  const after = how(before);
  observers.set(tree, after);
  const isObserved = after.length > 0;
  if (isObserved === (tree.tell !== undefined)) return;
  // Bringing a tree up to date is a walk through it. It is only needed when the first comes or the last goes.
  tree.tell = isObserved ? tell : undefined;
  relink(tree.root);
}

/** What the core calls when something happens to a scope, a node or a build. */
function tell(name: string, it: ScopeRecord | Node | Build, more?: object): boolean {
  if (!("definition" in it)) {
    const isHeard = send(it, name as keyof Observer, more);
    // A closed scope has nothing more to tell, except for what ends after the deadline of the whole tree.
    if (name === "scopeClosed" && it.parent)
      change(it.tree, (all) => all.filter(({ scope }) => scope !== it));
    return isHeard;
  }
  const { scope, definition } = it;
  if (name === "building") it.since = now();
  // Aliases, tuples and callers pass services on, and are none.
  const isUnhandled = name === "unhandled";
  if (definition.lifetime === ALIAS && !isUnhandled) return false;
  // Making a path is a walk. It is only made when an observer has this method.
  if (!observers.get(scope.tree)?.some(({ observer }) => name in observer)) return false;
  const ofBuild = it instanceof Build && name !== "got" && !isUnhandled;
  return send(scope, name as keyof Observer, {
    token: definition.token,
    ...(ofBuild && { path: pathOver(chainTo(it)) }),
    ...(ofBuild && name !== "building" && { elapsed: it.since === undefined ? 0 : now() - it.since }),
    ...more,
  });
}

/** Calls one method of everything that observes the scope. Gives whether there was one to call. */
function send(scope: ScopeRecord, name: keyof Observer, more?: object): boolean {
  const event = { scope, ...more };
  let isHeard = false;
  for (const { scope: top, observer } of observers.get(scope.tree) ?? []) {
    if (!encloses(top, scope)) continue;
    try {
      // What an observer resolves is nobody's dependency.
      runAs(undefined, () => {
        const method = observer[name];
        if (!method) return;
        isHeard = true;
        const result: unknown = method.call(observer, event as never);
        if (isThenable(result))
          void Promise.resolve(result).catch((error: unknown) => failed(scope, name, error));
      });
    } catch (error) {
      failed(scope, name, error);
    }
  }
  return isHeard;
}

/** An observer that throws or rejects breaks nothing, and does not hear of its own failure to hear. */
function failed(scope: ScopeRecord, name: keyof Observer, error: unknown): void {
  if (name !== "unhandled" && send(scope, "unhandled", { error })) return;
  try {
    web.reportError?.(error);
  } catch {
    // A program may have replaced it by one that throws.
  }
}
