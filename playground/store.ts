/**
 * Where links are kept: the contract every store fulfils, and the simplest one.
 *
 * A visit is counted by the store and not by reading a link and writing it back:
 * two visitors who arrive together must both be counted.
 */
import { token, type Token } from "thimble";

export interface Link {
  readonly id: string;
  readonly url: string;
  /** Milliseconds since 1970, by the app's clock. */
  readonly createdAt: number;
  readonly visits: number;
}

export interface Store {
  /** Keeps a new link, unless its id is taken: then nothing changes and the answer is `false`. */
  add(link: Link): Promise<boolean>;
  find(id: string): Promise<Link | undefined>;
  /** The newest links, newest first. */
  latest(count: number): Promise<Link[]>;
  countVisit(id: string): Promise<void>;
  close(): Promise<void>;
}

export const Store: Token<Store> = token("store");

/** A store that forgets everything when the program ends. */
export async function memoryStore(): Promise<Store> {
  // A Map and never an object: ids come from outside, and one day somebody asks for "__proto__".
  const links = new Map<string, Link>();

  return {
    async add(link) {
      if (links.has(link.id)) return false;
      links.set(link.id, link);
      return true;
    },
    async find(id) {
      return links.get(id);
    },
    async latest(count) {
      return [...links.values()].slice(-count).reverse();
    },
    async countVisit(id) {
      const link = links.get(id);
      if (link) links.set(id, { ...link, visits: link.visits + 1 });
    },
    async close() {
      links.clear();
    },
  };
}
