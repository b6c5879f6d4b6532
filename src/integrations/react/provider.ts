/**
 * Scopes in a tree of components: a provider that passes on a scope or opens one, and the hook that finds the nearest.
 *
 * A scope is opened in a passive effect, and the children are rendered after that. Rendering may be repeated, suspended or
 * given up, and then no clean-up is called: a scope that was opened while rendering would stay behind. A layout effect is
 * repeated endlessly when a child suspends outside of any `Suspense` below the provider.
 *
 * @module
 */

import type { Context, ReactElement, ReactNode } from "react";
import * as React from "react";
import { reportUnheard } from "../../core/building/reporting.ts";
import type { ScopeRecord } from "../../core/model/records.ts";
import { createContainer } from "../../core/scope/scope.ts";
import type { ProviderEntry } from "../../core/types/provider.ts";
import type { Scope } from "../../core/types/scope.ts";
import { ScopeNotFoundError, ShutdownError } from "../../core/words/errors.ts";

/** What a {@linkcode ScopeProvider} takes: an open scope, or providers for a scope of its own. */
export type ScopeProviderProps =
  | {
      /** The scope that the components below use. Whoever opened it closes it. */
      readonly scope: Scope;
      readonly name?: undefined;
      readonly providers?: undefined;
      readonly children?: ReactNode;
    }
  | {
      /**
       * Providers of a scope that is opened for this component, below the scope that is used here or, where there is none,
       * as a container. They are read when the scope is opened: later ones do not count. Another `key` opens another scope.
       */
      readonly providers: readonly ProviderEntry[];
      /**
       * The name of that scope, in paths and reports and for the option `in` of a provider.
       *
       * @default "scope", or "root" for a container
       */
      readonly name?: string | undefined;
      readonly scope?: undefined;
      readonly children?: ReactNode;
    };

const ScopeContext: Context<Scope | undefined> = /* @__PURE__ */ React.createContext<Scope | undefined>(
  undefined,
);

/** The scopes that have been above a provider, each with the key of the component that opens a scope below it. */
const keys = /* @__PURE__ */ new WeakMap<Scope, number>();
let lastKey = 0;

/**
 * Gives a scope to the components below it.
 *
 * With `scope` it passes on a scope that is open, on the server too. With `providers` it opens one below the scope that is
 * used here, when it has mounted, and closes it when it is unmounted: after the clean-ups of the effects below, which can
 * still use its services. Effects that `StrictMode` repeats keep the scope.
 *
 * The children of a provider with `providers` are rendered when its scope is open. So the server renders nothing in their
 * place, and opens nothing. When the scope above is replaced, or an `Activity` around it is hidden, the scope is closed and
 * the children are unmounted; a new scope and new children follow. What fails while a scope is closed is told to observers
 * as `unhandled`, and where there is none, to `reportError`.
 *
 * @throws `TypeError` when it has both or neither of `scope` and `providers`. The nearest error boundary also gets what
 * `createScope` throws: `DUPLICATE`, `INVALID_PROVIDER`, or `SCOPE_CLOSED` where the scope above is closed.
 *
 * @example
 * ```tsx
 * <ScopeProvider scope={app}>
 *   <ScopeProvider name="page" providers={[value(PageName, "cart"), scoped(Cart, [Api])]}>
 *     <Items />
 *   </ScopeProvider>
 * </ScopeProvider>
 * ```
 */
export function ScopeProvider({ scope, name, providers, children }: ScopeProviderProps): ReactElement {
  const above = React.useContext(ScopeContext);
  if (typeof (scope as Partial<Scope> | undefined)?.createScope === "function" && !providers)
    return React.createElement(ScopeContext.Provider, { value: scope }, children);
  if (scope || !Array.isArray(providers))
    throw new TypeError("ScopeProvider takes either an open scope or a list of providers");
  // Another scope above means another component: the effects below are cleaned up before the old scope closes.
  return React.createElement(OwnScope, { key: keyFor(above), above, name, providers }, children);
}

function keyFor(above: Scope | undefined): number {
  if (!above) return 0;
  let key = keys.get(above);
  if (key === undefined) keys.set(above, (key = ++lastKey));
  return key;
}

interface OwnScopeProps {
  readonly above: Scope | undefined;
  readonly name: string | undefined;
  readonly providers: readonly ProviderEntry[];
  readonly children?: ReactNode;
}

/** Without the checks of the compiler, which knows nothing of what is in the list. */
type OpenContainer = (name: string | undefined, ...providers: ProviderEntry[]) => Scope;

/** A scope that a component has opened. */
interface Opened {
  readonly scope: Scope;
  /** Whether the clean-up of the effect was called, and the effect not again since. */
  isLeft: boolean;
  isClosed: boolean;
}

function OwnScope({ above, name, providers, children }: OwnScopeProps): ReactElement | null {
  const [scope, setScope] = React.useState<Scope>();
  const last = React.useRef<Opened | undefined>(undefined);
  React.useEffect(() => {
    // StrictMode cleans an effect up and repeats it at once, after every time that a Suspense outside has shown its fallback.
    // With another scope the children would suspend again, without an end.
    if (!last.current || last.current.isClosed) {
      const scope = above
        ? above.createScope(name, ...providers)
        : (createContainer as OpenContainer)(name, ...providers);
      last.current = { scope, isLeft: false, isClosed: false };
    }
    const opened = last.current;
    opened.isLeft = false;
    setScope(opened.scope);
    return () => {
      opened.isLeft = true;
      // What an Activity hides goes on to be rendered, and must not meet a scope that has closed.
      setScope(undefined);
      // The clean-ups of the components below come after this one, in the same turn.
      void Promise.resolve().then(() => close(opened, above));
    };
  }, [above]);
  return scope ? React.createElement(ScopeContext.Provider, { value: scope }, children) : null;
}

async function close(opened: Opened, above: Scope | undefined): Promise<void> {
  const { scope } = opened;
  if (!opened.isLeft || opened.isClosed) return;
  opened.isClosed = true;
  const report = await scope.shutdown();
  if (report.ok) return;
  // A scope that has closed has no observers above it.
  reportUnheard((above ?? scope) as unknown as ScopeRecord, new ShutdownError(scope.name, report));
}

/**
 * The nearest scope above this component.
 *
 * @throws `SCOPE_NOT_FOUND` where no {@linkcode ScopeProvider} is above.
 *
 * @example
 * ```tsx
 * function Checkout() {
 *   const scope = useScope();
 *   return <button onClick={() => scope.runAsync([Orders], (orders) => orders.place())}>Buy</button>;
 * }
 * ```
 */
export function useScope(): Scope {
  const scope = React.useContext(ScopeContext);
  if (scope) return scope;
  throw new ScopeNotFoundError(
    "use a scope in this component",
    [],
    "render it below a <ScopeProvider>, and load thimble/react and react once only",
  );
}
