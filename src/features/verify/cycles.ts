/**
 * Cycles of a graph: for every edge that leads back to where it comes from, one way on which it does.
 *
 * @module
 */

import { route } from "../../core/model/edges.ts";
import type { State } from "./states.ts";

/**
 * The shortest cycles, so that each edge that is part of a cycle is part of one of them. A cycle begins with what comes
 * first among `all`, and does not repeat it at the end.
 */
export function cyclesIn(all: readonly State[]): State[][] {
  if (!findGroups(all)) return [];
  const cycles: State[][] = [];
  const orderOf = new Map(all.map((it, at) => [it, at]));
  const covered = new Map<State, Set<State>>();
  for (const from of all) {
    const isInside = (it: State): boolean => it.group === from.group;
    for (const to of from.group < 0 ? [] : from.needs) {
      if (!isInside(to) || covered.get(from)?.has(to)) continue;
      const isStart = (it: State): boolean => it === from;
      const way = route(to, isStart, ({ needs }) => needs.filter(isInside))!;
      const cycle = [from, ...way.slice(0, -1)];
      cycles.push(rotate(cycle, orderOf));
      cycle.forEach((it, at) => {
        let targets = covered.get(it);
        if (!targets) covered.set(it, (targets = new Set()));
        targets.add(cycle[(at + 1) % cycle.length]!);
      });
    }
  }
  return cycles;
}

/** The same cycle, beginning with what comes first of all. */
function rotate(cycle: readonly State[], orderOf: ReadonlyMap<State, number>): State[] {
  let first = 0;
  for (const [at, it] of cycle.entries()) if (orderOf.get(it)! < orderOf.get(cycle[first]!)!) first = at;
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}

/**
 * Gives everything that is part of a cycle the number of its group: the largest in which everything leads to everything
 * (Tarjan's algorithm). Without recursion, because a chain may be longer than the stack. Returns whether there is one.
 */
function findGroups(all: readonly State[]): boolean {
  let hasGroups = false;
  let count = 0;
  // What is not yet known to belong to a group or to none; and the way to where the search is, with the next edge of each.
  const open: State[] = [];
  const way: State[] = [];
  const next: number[] = [];

  function enter(it: State): void {
    it.index = it.low = count++;
    open.push(it);
    way.push(it);
    next.push(0);
  }

  for (const start of all) {
    if (start.index < 0) enter(start);
    while (way.length > 0) {
      const it = way[way.length - 1]!;
      const to = it.needs[next[next.length - 1]!++];
      if (to) {
        if (to.index < 0) enter(to);
        // What belongs to a group, or to none, has an infinite index.
        else if (to.index < it.low) it.low = to.index;
        continue;
      }
      way.pop();
      next.pop();
      const above = way[way.length - 1];
      if (above && it.low < above.low) above.low = it.low;
      if (it.low !== it.index) continue;
      const isCycle = open[open.length - 1] !== it || it.needs.includes(it);
      const group = it.index;
      for (let member: State | undefined; member !== it;) {
        member = open.pop()!;
        member.index = Infinity;
        if (isCycle) member.group = group;
      }
      hasGroups ||= isCycle;
    }
  }
  return hasGroups;
}
