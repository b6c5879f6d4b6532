/**
 * The environment: settings by name, as text, as they are when they are read.
 *
 * What is read is a copy without a prototype. So `env["constructor"]` is a setting or nothing, and
 * `__proto__` is a name like any other.
 *
 * @module
 */

export type EnvRecord = Record<string, string | undefined>;

/**
 * Copies the settings of `source`: all, or those of the given names. A string is taken as it is. A number, a
 * boolean, and a plain object or array, which come from JSON, become their JSON text, as Workers do it too:
 * `integer`, `boolean` and `json` of `thimble/config` read them. Anything else (a function, `null`, a
 * database's binding) is no setting and is left out.
 */
export function copyEnv(source: object, names: readonly string[] = Object.keys(source)): EnvRecord {
  const env: EnvRecord = Object.create(null);
  for (const name of names) {
    const text = Object.hasOwn(source, name) && textOf((source as Record<string, unknown>)[name]);
    if (typeof text === "string") env[name] = text;
  }
  return env;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return isData(value) ? JSON.stringify(value) : undefined;
}

function isData(value: unknown): boolean {
  if (typeof value === "number" || typeof value === "boolean" || Array.isArray(value)) return true;
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
