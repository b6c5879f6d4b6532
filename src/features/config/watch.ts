/**
 * `watchSetting`: a callback for changes of a setting, if the environment can report them.
 *
 * It calls the callback and changes nothing itself. A service that was built with the old value keeps it until it is
 * built again, and then reads the new one, because settings are read at every resolve.
 *
 * @module
 */

import { optional } from "../../core/combinators/optional.ts";
import type { ScopeRecord } from "../../core/model/records.ts";
import { signalOf } from "../../core/model/tree.ts";
import type { Scope } from "../../core/types/scope.ts";
import { web } from "../../core/words/web.ts";
import { Env, EnvPrefix, hasGet, nameFor } from "./env.ts";
import { declaredIn, type Setting } from "./setting.ts";

/**
 * Calls `changed` with the name in the environment whenever the scope's `Env` reports that the setting has changed; for
 * `settings`, when any of them has. Returns a function that ends this, and the scope ends it when it begins to shut
 * down. An `Env` that is a record, or has no method `watch`, never reports a change.
 *
 * @example
 * ```ts
 * const Level = setting("log.level", oneOf("debug", "info"));
 * const unwatch = watchSetting(app, Level, () => app.get(Logger).setLevel(app.get(Level)));
 * ```
 *
 * @throws `NOT_PROVIDED` when there is no `Env`, any other error of `get`, and what the method `watch` of the `Env`
 * throws. What the functions that `watch` has returned throw goes to `reportError`, where the runtime has it.
 */
export function watchSetting(
  scope: Scope,
  setting: Setting<unknown>,
  changed: (name: string) => void,
): () => void {
  const [source, prefix] = scope.get([Env, optional(EnvPrefix, "")]);
  const signal = signalOf(scope as unknown as ScopeRecord);
  if (!hasGet(source) || !source.watch || signal?.aborted) return () => {};

  let watching = true;
  const names = new Set(declaredIn(setting as never).map(({ key }) => prefix + nameFor(key)));
  // An Env may return nothing from `watch`. Then `watching` keeps its later calls from `changed`.
  const ends: (void | (() => void))[] = [];
  const stop = (): void => {
    if (!watching) return;
    watching = false;
    signal?.removeEventListener("abort", stop);
    for (const end of ends) {
      try {
        end?.();
      } catch (error) {
        // It must prevent neither the other calls of this loop nor the shutdown that may have caused it.
        web.reportError?.(error);
      }
    }
  };
  try {
    for (const name of names) ends.push(source.watch(name, () => void (watching && changed(name))));
  } catch (error) {
    stop();
    throw error;
  }
  signal?.addEventListener("abort", stop, { once: true });
  return stop;
}
