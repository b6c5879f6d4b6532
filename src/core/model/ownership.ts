/**
 * Ownership: which provider an object belongs to. It is the first one that has built it or borrowed it, in whatever container; the
 * others only pass it on. Only objects that have a disposer need an owner.
 *
 * @module
 */

import { asyncDisposeSymbol, disposeSymbol } from "../words/web.ts";
import type { Node, ScopeRecord } from "./records.ts";

/** The symbol under which an instance has a disposer. */
export function symbolIn(value: unknown, scope: ScopeRecord): symbol | false {
  const it = Object(value) as object;
  try {
    // Looking a symbol up with `in` is several times as fast as reading a property that is not there.
    const symbol = asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol();
    return symbol in it && !isScopeOfTree(it, scope) && symbol;
  } catch {
    // A revoked or guarded proxy counts as having neither symbol.
    return false;
  }
}

/** Whether it is a scope of the same tree. The shutdown of the tree closes it. */
export function isScopeOfTree(it: object, scope: ScopeRecord): boolean {
  const isScope = Object.getPrototypeOf(scope).isPrototypeOf(it);
  // A scope that has closed is disposed already.
  return isScope && ((it as ScopeRecord).tree === scope.tree || (it as ScopeRecord).state === "closed");
}

const Given = function (it: object) {
  return it;
} as unknown as new (it: object) => object;

/**
 * Adds a private field to an object that exists already: a constructor whose base class returns that object does so. Nobody
 * else can see the field, no trap of a proxy is called, and it takes a tenth of the time that a `WeakMap` takes.
 */
class Owned extends Given {
  #owner: Node;

  constructor(it: object, owner: Node) {
    super(it);
    this.#owner = owner;
  }

  static get(it: object): Node | undefined {
    return #owner in it ? it.#owner : sealed?.get(it);
  }

  /** @param had What owned it before, if anything. */
  static set(it: object, owner: Node, had: Node | undefined): void {
    try {
      if (had) (it as Owned).#owner = owner;
      else new Owned(it, owner);
    } catch {
      (sealed ??= new WeakMap()).set(it, owner);
    }
  }
}

/** The owners of objects that take no further field. There once one was met. */
let sealed: WeakMap<object, Node> | undefined;

/** Has the node own an object with a disposer, unless something else does. */
export function claim(node: Node, value: unknown): void {
  if (symbolIn(value, node.scope)) own(node, value);
}

/** The same for an object that nobody has owned yet, in almost all cases. Throws when it cannot tell at once. */
export function ownFresh(node: Node, value: object): void {
  new Owned(value, node);
}

/** The same for an object that is known to have a disposer. Gives whether something else owns it. */
export function own(node: Node, value: unknown): unknown {
  const owner = ownerOf(value);
  // After the deadline, what a factory in flight has received may have been disposed before it passes that on.
  return (
    (owner && (node.scope.closing?.expired || isOwnerOf(owner, value))) ||
    Owned.set(value as object, node, owner)
  );
}

/** What an object belongs to, or has belonged to. */
export function ownerOf(value: unknown): Node | undefined {
  return Object(value) === value ? Owned.get(value as object) : undefined;
}

/** Whether an object belongs to something that is there. What was disposed is not: a pool may give its object to somebody else. */
export function isOwned(value: unknown): boolean {
  const owner = ownerOf(value);
  return !!owner && isOwnerOf(owner, value);
}

function isOwnerOf(owner: Node, value: unknown): boolean {
  // The owner of what was disposed has no value any more. A borrowed value stays in its scope.
  return (owner.value === value || madeBy(owner) === value) && !owner.scope.closing?.report;
}

/** What the factory of a service has made. A decorator may have made something else from it, which is what others receive. */
export function madeBy({ original, value }: Node): unknown {
  return original ? original.value : value;
}
