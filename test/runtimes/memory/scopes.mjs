// Run with --expose-gc, for one of the builds: `index` or `fast`. Prints, as JSON, what scopes cost on the heap: bytes per
// scope that is open and idle, and the bytes that are left when a million were opened, used and closed.
const [, , build] = process.argv;
const { createContainer, scoped, singleton, token, transient, value } = await import(
  `../../../dist/${build}.js`
);

class Clock {}
class Visit {
  constructor(request, clock) {
    this.request = request;
    this.clock = clock;
  }
  [Symbol.dispose]() {
    undone++;
  }
}

const Request = token("request");
const Fresh = token("fresh");
const app = createContainer(
  singleton(Clock),
  scoped(Visit, [Request, Clock]),
  transient(Fresh, [Clock], async (clock) => ({ clock })),
);
let undone = 0;

function heap() {
  for (let n = 0; n < 4; n++) globalThis.gc();
  return process.memoryUsage().heapUsed;
}

async function serve(requests) {
  for (let n = 0; n < requests; n++) {
    const scope = app.createScope("request", value(Request, { n }));
    if (scope.get(Visit).request.n !== n) throw new Error(`request ${n} was given another's visit`);
    await scope.shutdown();
  }
}

/** Nobody keeps what is made here; the scope that is asked lives on. */
async function ask(times) {
  for (let n = 0; n < times; n++) await app.getAsync([Fresh]);
}

await serve(20_000); // so that what the engine keeps for itself is there
const before = heap();
await serve(1_000_000);
const left = heap() - before;

await ask(1_000);
const asked = heap();
await ask(100_000);
const leftOfAsking = heap() - asked;

/** Scopes that nobody closes, with nothing in them that has to be disposed. */
function forget(requests) {
  for (let n = 0; n < requests; n++) {
    const scope = app.createScope("request", value(Request, { n, text: "x".repeat(100) }));
    if (scope.get(Request).n !== n || scope.get(Clock) !== app.get(Clock)) throw new Error("a stranger's");
  }
}
forget(1_000);
const remembered = heap();
forget(100_000);
const leftOfForgotten = heap() - remembered;

/** A closed scope that somebody keeps, and whether the container above it can still be reached. */
async function close() {
  const container = createContainer(singleton(Clock), scoped(Visit, [Request, Clock]));
  const scope = container.createScope("request", value(Request, { n: 0 }));
  const visit = new WeakRef(scope.get(Visit));
  await scope.shutdown();
  return { scope, visit, container: new WeakRef(container) };
}
const closed = await close();
await new Promise((resolve) => setTimeout(resolve, 1));
heap();
const keptByClosed = [closed.visit.deref(), closed.container.deref()].filter(Boolean).length;
const stateOfClosed = closed.scope.state;

const held = new Array(100_000).fill(app);
const empty = heap();
for (let n = 0; n < held.length; n++) held[n] = app.createScope();
const perIdleScope = (heap() - empty) / held.length;

console.log(
  JSON.stringify({
    undone,
    left,
    leftOfAsking,
    leftOfForgotten,
    keptByClosed,
    stateOfClosed,
    perIdleScope,
    open: held.length,
  }),
);
