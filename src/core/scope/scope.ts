/**
 * Scopes as users see them: the object behind the interface `Scope`.
 *
 * @module
 */

import { beginChange } from "../building/finish.ts";
import { running } from "../building/running.ts";
import { closed } from "../model/messages.ts";
import {
  BUILT,
  type Closing,
  type Definition,
  type Extras,
  extrasOf,
  type Node,
  SCOPED,
  type ScopeRecord,
  type Single,
  type Tree,
} from "../model/records.ts";
import { definitionOf, emptyMap, hold, itemsOf } from "../model/tree.ts";
import { find, register } from "../registry/registry.ts";
import { shutdown } from "../shutdown/shutdown.ts";
import type { CreateContainer, ScopeState, WaitOptions } from "../types/scope.ts";
import type { ShutdownOptions, ShutdownReport } from "../types/shutdown.ts";
import { ShutdownError } from "../words/errors.ts";
import { asyncDisposeSymbol } from "../words/web.ts";
import { follow, get, getAsync, has, isForgotten, resolverFor } from "./get.ts";

export class TreeScope implements ScopeRecord {
  declare readonly name: string;
  declare readonly parent: TreeScope | undefined;
  declare readonly tree: Tree;
  declare isHeld: boolean;
  declare readonly serial: number;
  declare nodes: Map<object, Node> | undefined;
  declare lookup: ReadonlyMap<unknown, Node>;
  declare last: Node | null;
  declare child: ScopeRecord | undefined;
  declare younger: ScopeRecord | undefined;
  declare older: ScopeRecord | undefined;
  declare closing: Closing | undefined;
  declare extras: Extras | undefined;

  constructor(name: string, parent: TreeScope | undefined) {
    this.name = name;
    this.parent = parent;
    this.tree = parent
      ? parent.tree
      : {
          root: this,
          latest: this,
          opened: 0,
          changes: 0,
          pending: 0,
          hasStops: false,
          tell: undefined,
          resolver: resolverFor,
        };
    this.serial = this.tree.opened++;
    this.tree.latest = this;
    this.isHeld = !parent;
    // It is cleared when the parent closes. What lies further up is found after a check whether something has closed.
    this.lookup = (parent?.isHeld && parent.nodes) || emptyMap;
    this.nodes = this.child = this.younger = this.older = this.closing = this.extras = undefined;
    this.last = null;
  }

  // Made when it is read: the id of few scopes is ever read.
  get id(): string {
    return this.name + "#" + this.serial;
  }

  get root(): ScopeRecord {
    return this.tree.root ?? this;
  }

  get children(): Iterable<ScopeRecord> {
    return itemsOf<ScopeRecord>(this);
  }

  get state(): ScopeState {
    const { closing, extras } = this;
    if (isForgotten(this)) return "closed";
    if (!closing) return extras?.stopping ? "stopping" : "open";
    return closing.report ? "closed" : "closing";
  }

  get(dependency: Single): unknown {
    // A built singleton is one lookup away. Everything else, and every check, is behind it.
    const node = this.lookup.get(dependency);
    return node !== undefined && node.state === BUILT && !running
      ? node.value
      : getFurther(this, dependency, node);
  }

  getAsync(dependency: Single, options?: WaitOptions): Promise<unknown> {
    return getAsync(this, dependency, running, undefined, options);
  }

  has(dependency: Single): boolean {
    return has(this, dependency);
  }

  run(dependencies: Single, fn: (...args: unknown[]) => unknown): unknown {
    return call(fn, dependencies, this.get(dependencies));
  }

  runAsync(dependencies: Single, fn: (...args: unknown[]) => unknown): Promise<unknown> {
    // In a list, because a promise would call the method `then` of a service that is resolved alone.
    return this.getAsync([dependencies]).then((all) => call(fn, dependencies, (all as unknown[])[0]));
  }

  provide(...providers: unknown[]): this {
    return add(this, providers);
  }

  override(...providers: unknown[]): this {
    return add(this, providers, true);
  }

  createScope(...args: unknown[]): ScopeRecord {
    follow(this);
    if (this.closing) throw closed(this);
    return open(args, "scope", this);
  }

  shutdown(options?: ShutdownOptions): Promise<ShutdownReport> {
    const ofApp = this.extras?.shutdown;
    return ofApp ? ofApp(options) : shutdown(this, options);
  }

  /** What a logger shows of a scope: instances and values may be secrets. */
  toJSON(): { name: string; id: string; state: ScopeState } {
    const { name, id, state } = this;
    return { name, id, state };
  }
}

/**
 * Members under symbols. They are not written in the class, because bundlers keep a class with a computed member even
 * when nothing uses it.
 */
export function addSymbols(prototype: Record<symbol, unknown>): void {
  prototype[asyncDisposeSymbol()] = async function (this: TreeScope) {
    const report = await this.shutdown();
    if (!report.ok) throw new ShutdownError(this.name, report);
  };
  // Vue makes a reactive proxy of everything whose tag is "Object".
  prototype[Symbol.toStringTag] = "Scope";
  // Read by the `console` of Node, Deno and Bun.
  prototype[Symbol.for("nodejs.util.inspect.custom")] = function (this: TreeScope) {
    return "Scope " + JSON.stringify(this);
  };
}

/** What is registered further up, or scoped and built here, is two lookups away. */
export function getFurther(scope: ScopeRecord, dependency: Single, found: Node | undefined): unknown {
  follow(scope);
  // An observer is told of everything that is received, also of what is built already.
  const isAtHand = !scope.tree.tell && !scope.closing?.report;
  const node = isAtHand ? (found ?? find(scope, dependency)) : undefined;
  if (!running && node) {
    const built = node.definition.lifetime === SCOPED ? scope.nodes?.get(node) : node;
    if (built?.state === BUILT) return built.value;
  }
  return get(scope, dependency, running, undefined, node);
}

function call(fn: (...args: unknown[]) => unknown, dependencies: Single, resolved: unknown): unknown {
  return Array.isArray(dependencies) ? fn(...(resolved as unknown[])) : fn(resolved);
}

/** Registers providers in a scope that may have built something already. */
function add<S extends ScopeRecord>(scope: S, providers: readonly unknown[], override?: boolean): S {
  follow(scope);
  beginChange(scope);
  tellAll(scope, override ? "overridden" : "registered", register(scope, providers, override));
  return scope;
}

/** Tells observers of providers that were registered, or have replaced others. */
export function tellAll(scope: ScopeRecord, name: string, registered: Iterable<Node | Definition>): void {
  // The array is a copy, because an observer may register more.
  if (scope.tree.tell)
    for (const it of [...registered]) scope.tree.tell?.(name, scope, { token: definitionOf(it).token });
}

/** Opens a scope with its providers; or none, when one of them is refused. */
function open(args: unknown[], fallback: string, parent?: TreeScope): TreeScope {
  // `undefined` in place of the name means no name.
  const [first = fallback] = args;
  const isNamed = typeof first === "string";
  if (isNamed) args.shift();
  const scope = new TreeScope(isNamed ? first : fallback, parent);
  const registered = args.length > 0 ? register(scope, args) : [];
  // An observer is told when the scope closes, whoever closes it. Else its parent does not know of it yet. It looks into the
  // map of its parent if that has one and is known itself, and otherwise in those of the scopes above, one by one.
  if (scope.tree.tell) hold(scope);
  else if (parent?.isHeld && parent.nodes) extrasOf(parent).lends = true;
  scope.tree.tell?.("scopeOpened", scope);
  tellAll(scope, "registered", registered);
  return scope;
}

/**
 * Opens a container: the root of a tree of scopes. It is named "root" unless a name comes first.
 *
 * @example
 * ```ts
 * const app = createContainer(value(Config, { url: "…" }), singleton(Db, [Config]));
 * const db = app.get(Db); // built now, once
 * await app.shutdown(); //   disposed
 * ```
 *
 * @throws `DUPLICATE` when two providers are for one token.
 * @throws `INVALID_PROVIDER` when something is not a provider.
 */
export const createContainer: CreateContainer = ((...args: unknown[]) => {
  const prototype = TreeScope.prototype as unknown as Record<symbol, unknown>;
  if (!prototype[Symbol.toStringTag]) addSymbols(prototype);
  return open(args, "root");
}) as never;
