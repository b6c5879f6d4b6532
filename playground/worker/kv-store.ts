/**
 * Links in Workers KV.
 *
 * KV lists keys in the order of their names and knows no "newest first", so each
 * link is kept twice: under its id, and under a name that sorts by age.
 */
import type { Link, Store } from "../store.ts";

/** What is used of a KV binding. */
export interface KvNamespace {
  get(key: string, type: "json"): Promise<unknown>;
  put(key: string, value: string): Promise<void>;
  list(options: { prefix: string; limit: number }): Promise<{ keys: { name: string }[] }>;
}

export function kvStore(kv: KvNamespace): Store {
  const keyOf = (id: string) => `link/${id}`;
  const find = async (id: string) => ((await kv.get(keyOf(id), "json")) as Link | null) ?? undefined;

  return {
    async add(link) {
      if (await find(link.id)) return false;
      // The later, the smaller: newest first.
      const age = String(1e14 - link.createdAt).padStart(15, "0");
      await Promise.all([kv.put(keyOf(link.id), JSON.stringify(link)), kv.put(`age/${age}/${link.id}`, "")]);
      return true;
    },
    find,
    async latest(count) {
      const { keys } = await kv.list({ prefix: "age/", limit: count });
      const links = await Promise.all(keys.map(({ name }) => find(name.split("/")[2]!)));
      return links.filter((link) => link !== undefined);
    },
    async countVisit(id) {
      // KV cannot add one to a number: of two visits in the very same moment one may
      // go uncounted. A counter that must be exact belongs in a Durable Object.
      const link = await find(id);
      if (link) await kv.put(keyOf(id), JSON.stringify({ ...link, visits: link.visits + 1 }));
    },
    // A binding is borrowed from the runtime: there is nothing of ours to close.
    async close() {},
  };
}
