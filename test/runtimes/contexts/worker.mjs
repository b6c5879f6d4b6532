// A Worker whose first requests come at the same time, and all need what the first of them has begun to build. Each path has
// a container of its own. Everything here waits for timers, and bodies are read in factories: workerd lets a request touch
// its own I/O and no other's.
import {
  alias,
  all,
  createContainer,
  map,
  parent,
  scoped,
  singleton,
  token,
  transient,
  value,
} from "thimble";

const Incoming = token("request");
const Pool = token("pool");
const Cache = token("cache");
const Page = token("page");
const Part = token("part");

let builds = 0;
const open = async () => {
  builds++;
  await scheduler.wait(150);
  return { opened: builds };
};
/** A body that only its own request may read. */
const read = async (_, request) => {
  await scheduler.wait(1);
  return request.text();
};

const programs = {
  "/singleton": [
    singleton(Pool, open),
    alias(
      Page,
      map(Pool, () => "pool"),
    ),
  ],
  "/scoped": [singleton(Pool, open), scoped(Page, [Pool, Incoming], read)],
  "/transient": [singleton(Pool, open), transient(Page, [Pool, Incoming], read)],
  "/resolver": [
    singleton(Pool, open),
    scoped(Page, async ({ getAsync }) => read(await getAsync(Pool), await getAsync(Incoming))),
  ],
  "/chain": [
    singleton(Pool, open),
    singleton(Cache, [Pool], async () => (await scheduler.wait(20), {})),
    scoped(Part, [Cache, Incoming], read),
    scoped(Page, { parts: [Part, Pool] }, ({ parts }) => parts[0]),
  ],
  "/all": [
    singleton(Pool, open, { as: [Part] }),
    scoped(Cache, [Incoming], (request) => read(undefined, request), { as: [Part] }),
    scoped(Page, [all(Part)], ([, text]) => text),
  ],
  // The request decorates what the program has.
  "/decorated": [singleton(Page, open)],
  // The first try fails for all who wait; each of them tries again.
  "/again": [
    singleton(Pool, async () => {
      await scheduler.wait(50);
      if (builds++ === 0) throw new Error("not yet");
      return {};
    }),
    scoped(Page, [Pool, Incoming], read),
  ],
  "/init": [
    singleton(Pool, () => ({}), { init: async () => void (builds++, await scheduler.wait(100)) }),
    scoped(Page, [Incoming, Pool], (request) => ({ request }), {
      init: async (page) => void (page.text = await page.request.text()),
    }),
  ],
};

const apps = {};

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/builds") return new Response(String([builds, (builds = 0)][0]));
    const app = (apps[pathname] ??= createContainer(programs[pathname]));
    const own = [value(Incoming, request)];
    if (pathname === "/decorated") own.push(singleton(Page, [parent(Page), Incoming], read));
    const scope = app.createScope("request", ...own);
    try {
      let page = scope.getAsync(Page);
      if (pathname === "/again") page = page.catch(() => scope.getAsync(Page));
      const it = await page;
      return new Response(it.text ?? it);
    } finally {
      await scope.shutdown();
    }
  },
};
