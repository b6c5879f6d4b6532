/**
 * The options of `restartable`, checked, and with a copy of the data that every container begins with.
 *
 * @module
 */

import { isNear, refused } from "../../core/model/messages.ts";
import type { Token } from "../../core/types/dependency.ts";
import type { RestartableRun } from "./restartable-types.ts";

type Hook = ((runtime: unknown) => unknown) | undefined;

export interface Plan {
  readonly core: unknown;
  readonly build: (...args: unknown[]) => unknown;
  readonly run: readonly [name: string, run: RestartableRun<unknown>][];
  readonly beforeRun: Hook;
  readonly afterRun: Hook;
  readonly afterRestart: Hook;
  readonly dispose: Hook | false;
  readonly grace: number;
}

export const clone = <T>(it: T): T =>
  (globalThis as unknown as { structuredClone: <T>(it: T) => T }).structuredClone(it);

const functions = ["build", "beforeRun", "afterRun", "afterRestart"];
const others = ["after", "core", "deps", "dispose", "eager", "grace", "order", "run", "tags"];

export function planOf(token: Token<unknown>, options: Readonly<Record<string, unknown>>): Plan {
  const hint = "write restartable(token, { core, build: (core, …, signal) => … })";
  if (Object(options) !== options) throw refused("its options are not an object", token, hint);
  const { core, build, run, dispose, grace = 10_000 } = options;
  for (const [name, it] of Object.entries(options)) {
    const known = [...functions, ...others];
    const near = known.find((other) => isNear(other, name));
    if (!known.includes(name))
      throw refused(
        `it has no option "${name}"`,
        token,
        near ? `did you mean "${near}"?` : `there is ${known.join(", ")}`,
      );
    if (functions.includes(name) && it !== undefined && typeof it !== "function")
      throw refused(`its option "${name}" is no function`, token, hint);
  }
  if (typeof build !== "function") throw refused("nothing makes its runtime", token, hint);
  const runs = typeof run === "function" ? { "": run } : (run ?? {});
  if (typeof runs !== "object" || Object.values(runs).some((it) => typeof it !== "function"))
    throw refused('its option "run" is neither a function nor a record of functions', token, hint);
  if (dispose !== undefined && dispose !== false && typeof dispose !== "function")
    throw refused('its option "dispose" is neither a function nor false', token, hint);
  if (!(typeof grace === "number" && grace >= 0))
    throw refused(
      'its option "grace" is no number of milliseconds',
      token,
      "leave it out, or write Infinity",
    );
  try {
    // The copy is what containers begin with: the original may change.
    return { ...options, core: clone(core), run: Object.entries(runs), grace } as unknown as Plan;
  } catch {
    throw refused(
      "its core cannot be copied",
      token,
      "data only: no functions; build makes what is more than data",
    );
  }
}
