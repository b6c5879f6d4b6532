/**
 * Links in localStorage: they are still there when the page comes back.
 *
 * `pause` is awaited wherever a database would take its time. That is what "slow
 * motion" changes, and all it changes.
 *
 * @param {() => Promise<unknown>} pause
 * @returns {Promise<import("../../store.ts").Store>}
 */
export async function localStore(pause) {
  await pause();
  // Read anew each time: another tab may have written.
  const all = () => new Map(read().map((link) => [link.id, link]));
  const write = (links) => localStorage.setItem(key, JSON.stringify([...links.values()].slice(-100)));

  return {
    async add(link) {
      await pause();
      const links = all();
      if (links.has(link.id)) return false;
      write(links.set(link.id, link));
      return true;
    },
    async find(id) {
      await pause();
      return all().get(id);
    },
    async latest(count) {
      await pause();
      return [...all().values()].slice(-count).reverse();
    },
    async countVisit(id) {
      await pause();
      const links = all();
      const link = links.get(id);
      if (link) write(links.set(id, { ...link, visits: link.visits + 1 }));
    },
    async close() {
      await pause();
    },
  };
}

const key = "thimble-playground";

/** Whatever lies there may be of another version, or of another page on this port. */
function read() {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "[]").filter(isLink);
  } catch {
    return [];
  }
}

function isLink(it) {
  return (
    typeof it?.id === "string" &&
    URL.canParse(it.url) &&
    Number.isFinite(it.createdAt) &&
    Number.isFinite(it.visits)
  );
}
