/**
 * `watchSetting`: being told when a setting changes, by a source that can tell.
 *
 * It tells and does nothing more. What was built with the old value keeps it until it is built anew, and settings are
 * read at every ask, so that is all it takes.
 *
 * @module
 */

import { optional } from "../../core/combinators/optional.ts";
import type { ScopeRecord } from "../../core/model/records.ts";
import { signalOf } from "../../core/model/tree.ts";
import type { Scope } from "../../core/types/scope.ts";
import { web } from "../../core/words/web.ts";
import { Env, EnvPrefix, isAsked, nameFor } from "./env.ts";
import { declaredIn, type Setting } from "./setting.ts";

/**
 * Calls `changed`, with the name in the environment, whenever the scope's `Env` says that the setting has changed; for
 * `settings`, when any of them has. Ends when the scope begins to shut down, or by the way out that it returns. A
 * record, or a source without `watch`, stays as it is: then `changed` is never called.
 *
 * @example
 * ```ts
 * const Level = setting("log.level", oneOf("debug", "info"));
 * const forget = watchSetting(app, Level, () => app.get(Logger).setLevel(app.get(Level)));
 * ```
 *
 * @throws `NOT_PROVIDED` when there is no `Env`, whatever else `get` throws, and what the source throws as it begins;
 * what it throws at the end goes to `reportError`, where there is one.
 */
export function watchSetting(
  scope: Scope,
  setting: Setting<unknown>,
  changed: (name: string) => void,
): () => void {
  const [source, prefix] = scope.get([Env, optional(EnvPrefix, "")]);
  const signal = signalOf(scope as unknown as ScopeRecord);
  if (!isAsked(source) || !source.watch || signal?.aborted) return () => {};

  let watching = true;
  const names = new Set(declaredIn(setting as never).map(({ key }) => prefix + nameFor(key)));
  // Not every source can be told to stop.
  const ends: (void | (() => void))[] = [];
  const stop = (): void => {
    if (!watching) return;
    watching = false;
    signal?.removeEventListener("abort", stop);
    for (const end of ends) {
      try {
        end?.();
      } catch (error) {
        // It must not keep the others, nor a shutdown.
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
