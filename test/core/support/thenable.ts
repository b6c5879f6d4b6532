/**
 * An object with a method `then`, as query builders and old promise libraries have. The linter warns of such objects
 * wherever they are written; in these tests they are what is met.
 *
 * @module
 */

export function thenable<F>(then: F): { readonly then: F } {
  // oxlint-disable-next-line unicorn/no-thenable -- that it is one is the point
  return { then };
}
