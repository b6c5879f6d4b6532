/**
 * `singleton`, `scoped` and `transient` by name, for what must be so of each of them.
 *
 * They take the same forms and differ in kind and options, so the type of one stands in for all: the one cast that
 * the tests running over kinds share.
 *
 * @module
 */

import { scoped, singleton, transient } from "thimble";

const byName = { singleton, scoped, transient };

export function kinds(...names: (keyof typeof byName)[]): [kind: string, provider: typeof singleton][] {
  return names.map((name) => [name, byName[name] as unknown as typeof singleton]);
}
