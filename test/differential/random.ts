/**
 * Random numbers from a seed: the same on every machine, and cheap.
 *
 * @module
 */

/** Each key as often as its weight: drawing from it is one look. */
export interface Weights<K extends string> {
  readonly keys: readonly K[];
}

export function weights<K extends string>(of: Readonly<Record<K, number>>): Weights<K> {
  const all = Object.entries(of) as [K, number][];
  return { keys: all.flatMap(([key, weight]) => Array<K>(weight).fill(key)) };
}

export class Random {
  #a: number;

  constructor(seed: number) {
    // Seeds are counted, so neighbours have to be far apart.
    this.#a = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ (seed >>> 13);
    for (let turns = 0; turns < 4; turns++) this.#next();
  }

  /** Mulberry32. */
  #next(): number {
    this.#a = (this.#a + 0x6d2b79f5) | 0;
    let it = Math.imul(this.#a ^ (this.#a >>> 15), 1 | this.#a);
    it = (it + Math.imul(it ^ (it >>> 7), 61 | it)) ^ it;
    return (it ^ (it >>> 14)) >>> 0;
  }

  /** From 0 to `below`, without that. */
  int(below: number): number {
    return below > 0 ? this.#next() % below : 0;
  }

  /** Both ends included. */
  between(from: number, to: number): number {
    return from + this.int(to - from + 1);
  }

  /** True in so many cases of a thousand. */
  in1000(cases: number): boolean {
    return this.#next() % 1000 < cases;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(from.length)]!;
  }

  /** One of the keys of a table, as often as its weight says. */
  weigh<K extends string>({ keys }: Weights<K>): K {
    return keys[this.#next() % keys.length]!;
  }

  /** So many different ones, in random order. */
  some<T>(from: readonly T[], count: number): T[] {
    const left = [...from];
    const taken: T[] = [];
    while (taken.length < count && left.length > 0) taken.push(...left.splice(this.int(left.length), 1));
    return taken;
  }
}
