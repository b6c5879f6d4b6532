/**
 * The two symbols of `using`, also where the runtime does not have them: the registered ones are what the
 * compilers' own helpers fall back to.
 *
 * @module
 */

export const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for("Symbol.asyncDispose") as typeof Symbol.asyncDispose);

export const dispose: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);
