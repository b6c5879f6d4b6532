/**
 * The symbol under which an instance has a disposer: looked up twice for each instance, more often than anything else.
 *
 * The same line is written several times, because an engine remembers for each place in the code which kinds of objects came
 * by there, and is quick as long as these are few. Each plan looks in one of the places. One place for all plans takes five
 * times as long.
 *
 * @module
 */

import { asyncDisposeSymbol, disposeSymbol } from "../words/web.ts";

type Check = (it: object) => symbol | undefined;

// prettier-ignore
const checks: readonly Check[] = [
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
  (it) => (asyncDisposeSymbol() in it ? asyncDisposeSymbol() : disposeSymbol() in it ? disposeSymbol() : undefined),
];

let next = 0;

/** Gives one of these functions. */
export function nextCheck(): Check {
  return checks[next++ % checks.length]!;
}
