/**
 * The environment of a Worker: the bindings that are settings. Databases, queues and the like are left out;
 * those are dependencies of their own.
 *
 * @module
 */

import { workersModule } from "../workers-module.ts";
import { copyEnv, type EnvRecord } from "./env.ts";

/**
 * Reads the `env` that a handler is given or that `cloudflare:workers` exports: all of it, or the given
 * names. Without one it finds that module by itself, from compatibility date 2026-08-04 on.
 *
 * @example
 * ```ts
 * const fetch = (_request: Request, env: object) => new Response(readEnv(env).GREETING);
 * ```
 *
 * @throws when there is no `env` to be found.
 */
export function workerEnv(source: object = moduleEnv(), names?: readonly string[]): EnvRecord {
  return copyEnv(source, names);
}

function moduleEnv(): object {
  const module = workersModule();
  if (module) return module.env;
  throw new TypeError(
    "Cannot read the environment: this Worker has to be told where it is\n" +
      '  hint: readEnv(env), with the env of the handler or of import { env } from "cloudflare:workers"',
  );
}
