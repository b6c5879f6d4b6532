/**
 * `restartable`: a service with data, and a runtime that is made from the data anew whenever it has changed.
 *
 * Others depend on the handle, which stays the same, so nothing else has to be released when the runtime changes.
 *
 * @module
 */

import { combinator } from "../../core/combinators/combinator.ts";
import { reportUnheard } from "../../core/building/reporting.ts";
import { type Build, DONE, type ScopeRecord } from "../../core/model/records.ts";
import { singleton } from "../../core/registry/provider.ts";
import type { DependencyTuple, ElementsOf, Identity, Token } from "../../core/types/dependency.ts";
import type { Provider } from "../../core/types/provider.ts";
import { nameOf } from "../../core/words/token.ts";
import { Handle, type Service } from "./restartable-handle.ts";
import { planOf } from "./restartable-plan.ts";
import type { Restartable, RestartableOptions } from "./restartable-types.ts";

/**
 * Provides a service that has data, its core, and a runtime made from it, which is made anew whenever the data has changed.
 * Under its token stands a handle, which stays the same: `handle.update((draft) => …)` edits the data.
 *
 * For a restart, the runs of the old runtime are aborted and waited for, up to `grace`, and the old runtime is disposed;
 * then the new one is built and its runs begin. Any number of updates while a restart is pending cost one restart, and what
 * is being built from data that has changed meanwhile is given up. A restart that fails leaves the state "failed" and
 * everything else as it was; its error goes to observers as `unhandled`, unless `restart()` was called, and the next update
 * tries again. A failure of a run goes there as well, and restarts nothing.
 *
 * The runs begin as soon as the service is built. They are ended by its `stop`, and the runtime is disposed in its turn.
 * When the service is released, the next one begins with the first data again.
 *
 * @example
 * ```ts
 * const Proxy = token<Restartable<{ port: number }, Server>>("proxy");
 *
 * restartable(Proxy, {
 *   core: { port: 8080 },
 *   deps: [Routes],
 *   build: ({ port }, routes) => listen(port, routes),
 *   run: { watch: (server, signal) => server.watch({ signal }) },
 *   dispose: (server) => server.close(),
 * });
 * await app.get(Proxy).update((draft) => void (draft.port = 9090));
 * ```
 *
 * @throws `INVALID_PROVIDER` when an option is unknown or of the wrong type, or the core cannot be copied.
 */
/* @__NO_SIDE_EFFECTS__ */
export function restartable<Core, Runtime, const D extends DependencyTuple = readonly []>(
  token: Token<Restartable<Core, Runtime>>,
  options: RestartableOptions<Core, Runtime, D>,
): Provider<Identity<Token<Restartable<Core, Runtime>>>, ElementsOf<D>, "singleton"> {
  const plan = planOf(token as never, options as never);
  const { after, eager, order, tags, deps = [] } = options;
  const make = (...given: unknown[]): unknown => {
    const service = given.pop() as Service;
    return new Handle(nameOf(token), plan, given, service).begin();
  };
  return singleton(
    token as never,
    [...deps, thisService] as never,
    make as never,
    {
      after,
      eager,
      order,
      tags,
      stop: (handle: Handle) => handle.stop(),
      dispose: (handle: Handle) => handle.dispose(),
    } as never,
  ) as never;
}

const thisService: unknown = /* @__PURE__ */ combinator(
  "service",
  [],
  (scope: ScopeRecord, build: Build | undefined): Service => ({
    report: (error) => reportUnheard(build?.node ?? scope, error),
    async built() {
      await undefined;
      if (!build || build.phase === DONE) return;
      build.over ??= new Promise((end) => (build.end = end));
      await build.over;
    },
  }),
);
