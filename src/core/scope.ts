/**
 * Scopes, as users see them.
 *
 * @module
 */

import { current } from "./build.ts";
import type { Single } from "./dependency.ts";
import { ShutdownError } from "./errors.ts";
import { closed } from "./failures.ts";
import { type Build, BUILT, type Holder, type Node } from "./node.ts";
import { isWatched, tell } from "./observer.ts";
import { get, getAsync, has } from "./question.ts";
import { find, register } from "./registry.ts";
import { type Shutdown, shutdown } from "./shutdown.ts";
import { attach, childrenOf, type LocalScope, nowhere, type Tree } from "./tree.ts";
import type { AnyToken } from "./types/dependency.ts";
import type { CreateContainer, ScopeState } from "./types/scope.ts";
import type { ShutdownOptions, ShutdownReport } from "./types/shutdown.ts";
import { type Controller, symbolOf } from "./web.ts";

class TreeScope implements LocalScope {
  declare readonly name: string;
  declare readonly parent: TreeScope | undefined;
  declare readonly tree: Tree;
  declare readonly serial: number;
  declare own: Map<AnyToken, Node> | undefined;
  declare quick: ReadonlyMap<unknown, Node>;
  declare nodes: Map<Holder, Node | Build> | undefined;
  declare child: LocalScope | undefined;
  declare younger: LocalScope | undefined;
  declare older: LocalScope | undefined;
  declare closing: Shutdown | undefined;
  declare controller: Controller | undefined;

  constructor(name: string, parent: TreeScope | undefined) {
    this.name = name;
    this.parent = parent;
    this.tree = parent ? parent.tree : { root: this, opened: 0, watches: [] };
    this.serial = this.tree.opened++;
    this.quick = parent ? parent.quick : nowhere;
    this.own = this.nodes = this.child = this.younger = this.older = undefined;
    this.closing = this.controller = undefined;
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
    const { closing } = this;
    return closing ? (closing.report ? "closed" : "closing") : "open";
  }

  get(dependency: Single): unknown {
    // What is built is a lookup away. Everything else, and every check, lies behind it.
    const node = this.quick.get(dependency);
    return node !== undefined && node.state === BUILT && !current
      ? node.value
      : getFurther(this, dependency, node);
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

  runAsync(dependencies: Single, fn: (...args: unknown[]) => unknown): Promise<unknown> {
    const resolved = this.getAsync(dependencies);
    const result = resolved.then((it) => call(fn, dependencies, it));
    // A build that fails unawaited is no unhandled rejection. What `fn` throws is.
    resolved.catch(() => result.catch(() => {}));
    return result;
  }

  provide(...providers: unknown[]): this {
    tellAll(this, "registered", register(this, providers));
    return this;
  }

  override(...providers: unknown[]): this {
    tellAll(this, "overridden", register(this, providers, true));
    return this;
  }

  createScope(...args: unknown[]): LocalScope {
    if (this.closing) throw closed(this);
    return open(args, "scope", this);
  }

  shutdown(options?: ShutdownOptions): Promise<ShutdownReport> {
    return shutdown(this, options);
  }
}

/** What is registered further up, or scoped and built here, is two lookups away. */
function getFurther(scope: LocalScope, dependency: Single, found: Node | undefined): unknown {
  const entry = found ?? (scope.quick.size > 0 ? find(scope, dependency as AnyToken) : undefined);
  const node = entry?.state === BUILT ? entry : (scope.nodes?.get(entry as Node) as Node | undefined);
  return node?.state === BUILT && !current ? node.value : get(scope, dependency, current, undefined, entry);
}

function call(fn: (...args: unknown[]) => unknown, dependencies: Single, resolved: unknown): unknown {
  return Array.isArray(dependencies) ? fn(...(resolved as unknown[])) : fn(resolved);
}

function tellAll(scope: LocalScope, name: "registered" | "overridden", nodes: Iterable<Node>): void {
  // A copy: who is told may register more.
  if (isWatched(scope))
    for (const { definition } of [...nodes]) tell(scope, name, { token: definition.token });
}

/** Opens a scope with its providers; or none, when one of them is refused. */
function open(args: unknown[], fallback: string, parent?: TreeScope): TreeScope {
  const name = typeof args[0] === "string" ? (args.shift() as string) : fallback;
  const scope = new TreeScope(name, parent);
  const fresh = args.length > 0 ? register(scope, args) : [];
  if (parent) attach(scope, parent);
  if (isWatched(scope)) tell(scope, "scopeOpened");
  tellAll(scope, "registered", fresh);
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
  (TreeScope.prototype as unknown as Record<symbol, unknown>)[symbolOf("asyncDispose")] ??= async function (
    this: TreeScope,
  ) {
    const report = await this.shutdown();
    if (!report.ok) throw new ShutdownError(this.name, report);
  };
  return open(args, "root");
}) as never;
