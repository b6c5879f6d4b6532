/**
 * Scopes, as users see them.
 *
 * @module
 */

import { current } from "./build.ts";
import type { Single } from "./dependency.ts";
import { closed } from "./failures.ts";
import { ShutdownError } from "./errors.ts";
import { BUILT, type Node } from "./node.ts";
import { emit, isObserved, observe, tellRegistered } from "./observer.ts";
import { get, getAsync, has } from "./question.ts";
import { empty, type Index, register } from "./registry.ts";
import { shutdown } from "./shutdown.ts";
import { attach, childrenOf, type Extra, type LocalScope, OPEN, type Tree } from "./tree.ts";
import type { AnyToken } from "./types/dependency.ts";
import type { Observer } from "./types/observer.ts";
import type { CreateContainer, ScopeState } from "./types/scope.ts";
import type { ShutdownOptions, ShutdownReport } from "./types/shutdown.ts";
import { symbolFor } from "./web.ts";

const states: readonly ScopeState[] = ["open", "closing", "closed"];

class TreeScope implements LocalScope {
  declare readonly name: string;
  declare readonly parent: TreeScope | undefined;
  declare readonly tree: Tree;
  declare readonly serial: number;
  declare phase: number;
  declare home: LocalScope | undefined;
  declare own: Node[] | undefined;
  declare hot: Index;
  declare nodes: Node[] | undefined;
  declare child: LocalScope | undefined;
  declare prev: LocalScope;
  declare next: LocalScope;
  declare extra: Extra | undefined;

  constructor(name: string, parent: TreeScope | undefined) {
    this.name = name;
    this.parent = parent;
    const tree: Tree = parent ? parent.tree : { root: this, opened: 0, watches: [] };
    this.tree = tree;
    this.serial = tree.opened++;
    this.phase = OPEN;
    this.home = parent?.home;
    this.own = undefined;
    this.hot = parent ? parent.hot : empty;
    this.nodes = undefined;
    this.child = undefined;
    this.prev = this;
    this.next = this;
    this.extra = undefined;
  }

  // Made on demand: few scopes are ever asked for their id.
  get id(): string {
    return this.name + "#" + this.serial;
  }

  get root(): LocalScope {
    return this.tree.root;
  }

  get children(): Iterable<LocalScope> {
    return childrenOf(this);
  }

  get state(): ScopeState {
    return states[this.phase]!;
  }

  get(dependency: Single): unknown {
    const node = this.hot.get(dependency);
    return node !== undefined && node.state === BUILT && current === undefined
      ? node.value
      : get(this, dependency, current);
  }

  getAsync(dependency: Single): Promise<unknown> {
    return getAsync(this, dependency, current);
  }

  has(token: AnyToken): boolean {
    return has(this, token);
  }

  run(dependencies: Single, fn: (...args: unknown[]) => unknown): unknown {
    return call(fn, dependencies, this.get(dependencies));
  }

  async runAsync(dependencies: Single, fn: (...args: unknown[]) => unknown): Promise<unknown> {
    return call(fn, dependencies, await this.getAsync(dependencies));
  }

  provide(...providers: unknown[]): this {
    tellRegistered(this, register(this, providers, false), "registered");
    return this;
  }

  override(...providers: unknown[]): this {
    tellRegistered(this, register(this, providers, true), "overridden");
    return this;
  }

  createScope(...args: unknown[]): LocalScope {
    if (this.phase !== OPEN) throw closed(this);
    return open(args, "scope", this);
  }

  observe(observer: Observer): () => void {
    return observe(this, observer);
  }

  shutdown(options?: ShutdownOptions): Promise<ShutdownReport> {
    return shutdown(this, options);
  }
}

function call(fn: (...args: unknown[]) => unknown, dependencies: Single, resolved: unknown): unknown {
  return Array.isArray(dependencies) ? fn(...(resolved as unknown[])) : fn(resolved);
}

/** Opens a scope with its providers; or none, when one of them is refused. */
function open(args: readonly unknown[], fallback: string, parent?: TreeScope): TreeScope {
  const [first] = args;
  const named = typeof first === "string";
  const scope = new TreeScope(named ? first : fallback, parent);
  const fresh = args.length > Number(named) ? register(scope, named ? args.slice(1) : args, false) : undefined;
  if (parent) attach(scope, parent);
  if (isObserved(scope)) emit(scope, "scopeOpened", {});
  if (fresh) tellRegistered(scope, fresh, "registered");
  return scope;
}

/**
 * Opens a container: the root of a scope tree, named "root" unless a name comes first.
 *
 * @example
 * ```ts
 * const app = createContainer(value(Config, { url: "…" }), singleton(Db, [Config]));
 * const db = app.get(Db); // built now, once
 * await app.shutdown(); //   undone
 * ```
 *
 * @throws `DUPLICATE` when two providers are for one token.
 * @throws `INVALID_PROVIDER` when something is not a provider.
 */
export const createContainer: CreateContainer = ((...args: unknown[]) => {
  // Not a member of the class: bundlers keep a class with a computed member even where nobody uses it.
  (TreeScope.prototype as unknown as Record<symbol, unknown>)[symbolFor("asyncDispose")] ??= async function (this: TreeScope) {
    const report = await this.shutdown();
    if (!report.ok) throw new ShutdownError(this.name, report);
  };
  return open(args, "root");
}) as never;
