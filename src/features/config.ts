/**
 * `thimble/config`: settings of a program as dependencies, read from an environment that is itself a dependency.
 *
 * ```ts
 * import { createContainer, singleton, value } from "thimble";
 * import { Env, integer, secret, setting, settings, string } from "thimble/config";
 * import { readEnv } from "thimble/node";
 *
 * class Server {
 *   constructor(port: number) {}
 * }
 * class Mailer {
 *   constructor(config: { host: string; password: string }) {}
 * }
 *
 * const app = createContainer(
 *   value(Env, readEnv()),
 *   singleton(Server, [setting("PORT", integer, { default: 8080 })]),
 *   singleton(Mailer, [
 *     settings({ host: setting("smtp.host", string), password: setting("smtp.password", secret(string)) }),
 *   ]),
 * );
 * ```
 *
 * This file only re-exports. Loading it reads nothing: a setting is read when it is resolved.
 *
 * @module
 */

// Only re-exports: there is no logic in this file.
export { describeSettings, formatSettings, type SettingDescription } from "./config/describe.ts";
export { Env, EnvPrefix, type EnvSource, type WatchableEnv } from "./config/env.ts";
export { ConfigInvalidError, type ConfigProblem } from "./config/invalid.ts";
export {
  boolean,
  duration,
  integer,
  json,
  list,
  number,
  oneOf,
  type RuntimeURL,
  secret,
  string,
  url,
} from "./config/parsers.ts";
export type { Parser } from "./config/parser.ts";
export type { AnyParser, StandardResult, StandardSchema } from "./config/schema.ts";
export {
  type Setting,
  type SettingOptions,
  type SettingRecord,
  setting,
  settings,
} from "./config/setting.ts";
export { watchSetting } from "./config/watch.ts";
