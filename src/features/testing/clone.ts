/**
 * `clone`: the same providers and scopes once more, with nothing built.
 *
 * @module
 */

import { closed } from "../../core/model/messages.ts";
import { Definition, type Options, type ScopeRecord, VALUE } from "../../core/model/records.ts";
import { definitionsIn, hold, itemsOf } from "../../core/model/tree.ts";
import { createContainer } from "../../core/scope/scope.ts";
import type { Scope } from "../../core/types/scope.ts";
import { observe, type Observer } from "../observe.ts";
import { checkOptions } from "../options.ts";

/** How a clone is watched. */
export interface CloneOptions {
  /**
   * Observers of the clone, as for `observe` of `thimble/observe`. They are told of what is registered in it, too.
   * Observers of the original are not told of the clone.
   *
   * @default []
   */
  readonly observers?: readonly Observer[] | undefined;
}

/**
 * Makes a container with the same providers and the same open scopes as another one, each under the same name, and with
 * nothing built. What was overridden in the original is overridden in the clone. From then on, neither of them changes
 * the other.
 *
 * Values are shared, and they stay the original's: the clone neither starts nor stops nor disposes them, whatever their
 * options say. A scope that has nothing to dispose may be missing, as it is in `scope.children`.
 *
 * @example
 * ```ts
 * await using copy = clone(app);
 * copy.override(fake(Mailer, { send: () => {} })); // app still sends
 * ```
 *
 * @throws `SCOPE_CLOSED` when the container has closed or is about to.
 * @throws `TypeError` when it is given a scope that has a parent, or an option is unknown or of the wrong type.
 */
export function clone<Has>(container: Scope<Has>, options: CloneOptions = {}): Scope<Has> {
  const original = container as unknown as ScopeRecord | undefined;
  if (!original?.tree) throw new TypeError("clone: its first argument is a container");
  if (original.parent)
    throw new TypeError("clone: a scope cannot be cloned without those above: clone(scope.root)");
  checkOptions("clone", options, known);
  if (original.closing) throw closed(original);
  const copy = createContainer(original.name) as Scope;
  const record = copy as unknown as ScopeRecord;
  // Which node an `io` singleton lives in is decided by the integration that made the container.
  if (original.tree.nodeOfIo) record.tree.nodeOfIo = original.tree.nodeOfIo;
  for (const observer of options.observers ?? []) observe(copy, observer);
  const pending: [from: ScopeRecord, to: Scope][] = [[original, copy]];
  // The array grows while it is walked, so that a deep tree needs no recursion.
  for (const [from, to] of pending) {
    to.provide(...(definitionsIn(from).map(borrowed) as never[]));
    for (const child of itemsOf(from)) {
      if (child.closing) continue;
      const below = to.createScope(child.name);
      // A scope without instances is not among the `children` of its parent unless something holds it there.
      hold(below as unknown as ScopeRecord);
      pending.push([child, below]);
    }
  }
  return copy as Scope<Has>;
}

/** The definition as it is; of a value one that never touches it. */
function borrowed(it: Definition): Definition {
  if (it.lifetime !== VALUE) return it;
  const { owned, dispose, stop, start, eager, ...rest } = it.options;
  if (!owned && dispose === undefined && !stop && !start && !eager) return it;
  const { token, dependencies, make, arity } = it;
  // The provider that the value was registered with counts as the same one, should it be registered again.
  const lent = { given: it, ...rest } as Options;
  return new Definition(VALUE, token, dependencies, make, lent, arity);
}

const known = {
  observers: [
    "a list of observers",
    (it: unknown) => Array.isArray(it) && [...it].every((one) => Object(one) === one),
  ],
} as const;
