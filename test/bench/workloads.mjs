/**
 * The rows: what each one is, what a result must be to count, and what thimble aims for.
 *
 * A row takes from a subject the export named `work`, and measures it in one of four ways:
 *   `speed(work)`  gives `{ check, op }` or `{ check, prepare, op }`; `op` is timed over and over in one process, what
 *                  `prepare` makes for it beforehand is not;
 *   `fresh`        times the import of a module in a new process each time, and its `start()` if it has one, whose
 *                  result `check` is given;
 *   `bytes(work)`  is a number that is taken once;
 *   `steps`        asks how long a list may get, and takes the last step that held.
 * A check throws when a result is wrong, and returns a remark when it is right with a reservation.
 */

import assert from "node:assert/strict";
import {
  Audit,
  Author,
  Basket,
  Cache,
  Checkout,
  Clock,
  Db,
  Envelope,
  Handler,
  Image,
  Imprint,
  Incoming,
  Ledger,
  Menu,
  Page,
  Payment,
  Positive,
  Preferences,
  Report,
  Solvent,
  TimedLedger,
  disposals,
  leaves,
  makeLinks,
  makeServices,
  many,
} from "./services.mjs";

// Sixty-four in an order no prefetcher likes, the same for all.
const shuffled = Array.from({ length: 64 }, (_, i) => (i * 29) & 63);

function lookups(work) {
  const { keys, get } = work;
  const order = shuffled.map((it) => keys[it]);
  return {
    check() {
      const first = keys.map((key) => get(key));
      first.forEach((it, i) => assert.ok(it instanceof many[i], "gives an instance of the class"));
      keys.forEach((key, i) => assert.equal(get(key), first[i], "gives the same instance again"));
      assert.equal(new Set(first).size, 64);
    },
    op: (i) => get(order[i & 63]),
  };
}

function transients(work) {
  const { keys, get } = work(leaves);
  return {
    check: () =>
      keys.forEach((key, i) => {
        assert.ok(get(key) instanceof leaves[i] && get(key).value === i);
        assert.notEqual(get(key), get(key), "gives a new instance each time");
      }),
    op: (i) => get(keys[i & 7]),
  };
}

function page(work) {
  const make = work();
  return {
    check() {
      const [one, two] = [make(), make()];
      assert.ok(one instanceof Page && countReachable(one) === 10);
      assert.ok(one.header.logo.image instanceof Image && one.header.menu instanceof Menu);
      assert.ok(one.article.text.author instanceof Author && one.footer.imprint instanceof Imprint);
      assert.notEqual(one.article.text.author, two.article.text.author, "gives a new graph each time");
    },
    op: make,
  };
}

function request(work) {
  const handle = work();
  const requests = shuffled.map((id) => new Incoming(id));
  return {
    async check() {
      const [one, two] = [await handle(requests[0]), await handle(requests[1])];
      for (const it of [one, two]) {
        assert.ok(it instanceof Checkout);
        assert.equal(it.orders.session, it.orders.changes.session, "a scoped service is one per request");
        assert.equal(it.visitor.incoming, it.orders.session.incoming);
        assert.equal(it.orders.session.open, false, "the session is disposed");
        assert.equal(it.orders.changes.open, false, "the changes are disposed");
      }
      assert.equal(one.visitor.incoming, requests[0], "gives the request's own value");
      assert.equal(two.visitor.incoming, requests[1], "gives the request's own value");
      assert.notEqual(one.orders.session, two.orders.session, "the next request has its own");
      assert.ok(one.orders.session.db instanceof Db && one.visitor.clock instanceof Clock);
      assert.equal(one.orders.session.db, two.orders.session.db, "a singleton is shared");
      assert.equal(one.config, two.orders.session.db.config, "a singleton is shared");
      return one.orders.changes.written && two.orders.changes.written ? undefined : wrongOrder;
    },
    op: (i) => handle(requests[i & 63]),
  };
}

const wrongOrder = "disposes what others still need first";

/** W12 gives the handler of each request after its scope was closed. */
function handler(work) {
  const handle = work();
  const requests = shuffled.map((id) => new Incoming(id));
  return {
    async check() {
      const [one, two] = [await handle(requests[0]), await handle(requests[1])];
      return checkHandlers(one, two, requests);
    },
    op: (i) => handle(requests[i & 63]),
  };
}

function checkHandlers(one, two, requests) {
  [one, two].forEach((it, i) => {
    const { payment, ledger, log, receipts, envelope, printed } = it;
    const { basket, changes } = payment;
    assert.ok(it instanceof Handler && payment instanceof Payment && basket instanceof Basket);
    assert.ok(log instanceof Audit && log.begun, "is initialised, and found by its other name");
    assert.equal(payment.log, log, "a scoped service is one per request");
    assert.equal(changes.session, basket.session, "a scoped service is one per request");
    assert.equal(basket.session.incoming, requests[i], "gives the request's own value");
    assert.equal(log.identity.id, requests[i].id, "gives what is picked from the request");
    assert.equal(log.identity.tracer, undefined, "nobody provides a tracer");
    assert.equal(basket.prices.currency, "EUR");
    assert.ok(basket.prices.cache instanceof Cache, "gives what may be missing and is there");
    assert.equal(ledger.limit, 100, "gives the fallback of what is missing");
    assert.equal(printed, payment, "gives later what is one per request");
    assert.ok(envelope instanceof Envelope && receipts.envelope instanceof Envelope);
    assert.notEqual(receipts.envelope, envelope, "each has its own");
    assert.equal(basket.session.open, false, "the session is disposed");
    assert.equal(changes.open, false, "the changes are disposed");
  });
  assert.notEqual(one.payment, two.payment, "the next request has its own");
  assert.equal(one.ledger.db, two.ledger.db, "a singleton is shared");
  assert.equal(one.ledger.clock, two.log.clock, "a singleton is shared");
  assert.ok(one.ledger.db.config instanceof Preferences && one.ledger.clock instanceof Clock);
  return one.payment.changes.written && two.payment.changes.written ? undefined : wrongOrder;
}

/** W12b gives the desk of each request after its scope was closed. */
function desk(work) {
  const handle = work();
  const requests = shuffled.map((id) => new Incoming(id));
  return {
    async check() {
      const [one, two] = [await handle(requests[0]), await handle(requests[1])];
      for (const { handler, rules, upload, report } of [one, two]) {
        const timed = handler.ledger;
        assert.ok(timed instanceof TimedLedger && timed.ledger instanceof Ledger, "the ledger is wrapped");
        assert.ok(rules[0] instanceof Solvent && rules[1] instanceof Positive && rules.length === 2);
        assert.equal(rules[0].ledger, timed, "everybody receives the wrapped one");
        assert.equal(upload.open, false, "what the factory has opened is closed");
        assert.ok(report instanceof Report && report.heading === "today" && report.db === timed.ledger.db);
      }
      const bare = [one, two].map(({ handler }) => Object.assign(handler, { ledger: handler.ledger.ledger }));
      return checkHandlers(bare[0], bare[1], requests);
    },
    op: (i) => handle(requests[i & 63]),
  };
}

function checkReaches(root, n) {
  assert.equal(countReachable(root), n, "the root reaches all, each once");
}

function checkTiny({ store }) {
  assert.ok(store.settings, "the store has its settings");
  assert.equal(store.open, true, "nothing is disposed");
}

function checkTinyDisposed({ store }) {
  assert.ok(store.settings, "the store has its settings");
  assert.equal(store.open, false, "the store is disposed");
}

/** Walks from the root over its own fields; gives how many services it found, each once. */
function countReachable(root) {
  const seen = new Set([root]);
  for (const it of seen) for (const dependency of Object.values(it)) seen.add(dependency);
  return seen.size;
}

function program(start) {
  return {
    check() {
      checkReaches(start(), 1_000);
      assert.notEqual(start(), start(), "every start makes its own");
    },
    op: start,
  };
}

function registering(work) {
  const services = makeServices(10_000);
  return {
    check() {
      const get = work(services);
      for (const position of [0, 17, 4_999, 9_000]) {
        const it = get(position);
        assert.ok(it instanceof services[position].Class);
        assert.equal(get(position), it, "gives the same instance again");
        it.dependencies.forEach((one, i) =>
          assert.equal(get(services[position].dependencies[i]), one, "dependents share it"),
        );
      }
    },
    op: () => work(services),
  };
}

function chain(work) {
  const links = makeLinks(50);
  const { prepare, run } = work(links);
  return {
    async check() {
      const last = await run(prepare());
      checkChain(last, links);
    },
    prepare,
    op: run,
  };
}

function checkChain(last, links) {
  let it = last;
  for (let i = links.length - 1; i >= 0; i--) {
    assert.ok(it instanceof links[i], `link ${i} is where it belongs`);
    it = it.previous;
  }
}

function shutdown(work) {
  const services = makeServices(1_000);
  const { prepare, run, rootOf } = work(services);
  return {
    async check() {
      const built = prepare();
      const all = new Set([rootOf(built)]);
      for (const it of all) for (const dependency of it.dependencies) all.add(dependency);
      assert.equal(all.size, 1_000, "all are built");
      const before = disposals.count;
      await run(built);
      assert.equal(disposals.count - before, 1_000, "each is disposed once");
      assert.ok(
        [...all].every((it) => it.disposedAt > before),
        "each is disposed",
      );
      const right = [...all].every((it) => it.dependencies.every((one) => one.disposedAt > it.disposedAt));
      return right ? undefined : wrongOrder;
    },
    prepare,
    op: run,
  };
}

/** An event to ten receivers. What they are given tells them how much to add. */
function emitting(makeReceiver) {
  return (work) => {
    let sum = 0;
    const receivers = Array.from({ length: 10 }, () => makeReceiver((cents) => (sum += cents)));
    const emit = work(receivers);
    const order = { id: "7", cents: 5 };
    return {
      async check() {
        await emit(order);
        assert.equal(sum, 50, "each receiver has received it once");
      },
      op: () => emit(order),
    };
  };
}

/** The health of a thousand services, so many checks at a time. */
function sweeping(work) {
  const concurrency = 10;
  let running = 0;
  let most = 0;
  const check = async () => {
    most = Math.max(most, ++running);
    await undefined;
    running--;
  };
  const sweep = work(
    Array.from({ length: 1_000 }, () => ({ check })),
    concurrency,
  );
  return {
    async check() {
      const rows = await sweep();
      assert.equal(rows.length, 1_000);
      assert.ok(rows.every(({ status }) => status === "healthy"));
      assert.equal(most, concurrency, "as many checks at a time as were asked for, and no more");
      assert.equal(running, 0, "all checks have ended");
    },
    op: sweep,
  };
}

/** Bytes of heap that each of `count` things from `make` takes, while the program keeps them all. */
function bytesEach(make, count) {
  const kept = [];
  const heap = () => {
    for (let i = 0; i < 3; i++) globalThis.gc();
    return process.memoryUsage().heapUsed;
  };
  const grow = (n) => {
    const before = heap();
    for (let i = 0; i < n; i++) kept.push(make());
    // The array that keeps them is ours, not theirs.
    return (heap() - before) / n - 8;
  };
  // A first thousand pays for what is made once and tells how many of the heavy ones fit into memory.
  const estimate = grow(1_000);
  kept.length = 0;
  return Math.round(grow(estimate < 4_096 ? count : count / 10));
}

function bytesPerIdleScope(work) {
  const { open, clockOf } = work();
  const [one, two] = [open(), open()];
  assert.notEqual(one, two, "opens a new scope each time");
  assert.ok(
    clockOf(one) instanceof Clock && clockOf(one) === clockOf(two),
    "a scope sees what its root provides",
  );
  return bytesEach(open, 200_000);
}

function bytesPerRequest(work) {
  const { open, resolve } = work();
  const requests = [new Incoming(0), new Incoming(1)];
  const scopes = requests.map((it) => open(it));
  const [one, two] = scopes.map((it) => resolve(it));
  assert.equal(one.visitor.incoming, requests[0], "gives the request's own value");
  assert.equal(two.visitor.incoming, requests[1], "gives the request's own value");
  assert.equal(resolve(scopes[0]), one, "a scope keeps its services");
  assert.notEqual(one.orders.session, two.orders.session, "the next request has its own");
  assert.equal(one.orders.session.db, two.orders.session.db, "a singleton is shared");
  assert.ok(one.orders.session.open, "the scope is still open");

  const make = () => {
    const scope = open(new Incoming(2));
    resolve(scope);
    return scope;
  };
  return bytesEach(make, 50_000);
}

/** Resolves a chain of `length`, in a process that has resolved nothing before, because a program starts only once. */
export function resolveChain(work, length) {
  const links = makeLinks(length);
  checkChain(work(links), links);
}

/** The plans of the fast build are to be worth their size: three times as fast as the engine below them. */
function thirdOfSmall({ "thimble-small": small }) {
  return small?.ratio && small.ratio / 3;
}

export const rows = [
  {
    id: "W1",
    title: "cached singleton of 64, by class",
    aim: 3.8,
    work: "cached",
    speed: (work) => lookups(work(many)),
  },
  {
    id: "W1b",
    title: "the same, by token",
    aim: 3.8,
    work: "cachedByToken",
    speed: (work) => lookups(work(many)),
  },
  {
    id: "W2",
    title: "transient leaf",
    aim: { thimble: 6.3, "thimble-small": 11 },
    work: "transients",
    speed: transients,
  },
  {
    id: "W3",
    title: "transient graph of 10, depth 4",
    aim: { thimble: 6, "thimble-small": 24 },
    work: "page",
    speed: page,
  },
  {
    id: "W4",
    title: "request scope, awaited",
    aim: { thimble: 16, "thimble-small": 50 },
    work: "request",
    handToo: "requestAwaited",
    speed: request,
  },
  {
    id: "W4b",
    title: "the same, disposed by an option",
    aim: { thimble: 16, "thimble-small": 50 },
    work: "requestByOption",
    otherwise: "has one way to say how something is disposed, that of W4",
    speed: request,
  },
  {
    id: "W5",
    title: "1 000 registered and the root, warm",
    aim: { thimble: 4.7, "thimble-small": 5.1 },
    work: "program",
    size: 1_000,
    speed: program,
  },
  {
    id: "W5b",
    title: "the same, cold",
    aim: 1.8,
    work: "program",
    size: 1_000,
    fresh: true,
    check: (root) => checkReaches(root, 1_000),
  },
  {
    id: "W5c",
    title: "10 000 of them, cold",
    aim: 2,
    work: "program",
    size: 10_000,
    fresh: true,
    check: (root) => checkReaches(root, 10_000),
    share: 0.5,
  },
  {
    id: "W6",
    title: "registering 10 000",
    aim: { thimble: 1.5, "thimble-small": 1.8 },
    work: "register",
    reference: "map",
    speed: registering,
  },
  {
    id: "W7",
    title: "chain of 50 asynchronous providers",
    aim: { thimble: 4, "thimble-small": 4.4 },
    work: "chain",
    speed: chain,
  },
  {
    id: "W8",
    title: "shutdown of 1 000",
    aim: { thimble: 5.5, "thimble-small": 6.5 },
    work: "shutdown",
    handToo: "shutdownAwaited",
    speed: shutdown,
  },
  { id: "W9", title: "bytes per idle scope", aim: 122, work: "scopes", bytes: bytesPerIdleScope },
  {
    id: "W9b",
    title: "bytes per live request scope",
    aim: { thimble: 450, "thimble-small": 1_500 },
    work: "requestScopes",
    bytes: bytesPerRequest,
  },
  {
    id: "W10",
    title: "deepest chain that resolves",
    aim: 50_000,
    work: "deep",
    steps: [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000],
  },
  {
    id: "W11",
    title: "singleton from 10 scopes down",
    aim: 3.9,
    work: "cachedFromBelow",
    speed: (work) => lookups(work(many, 10)),
  },
  {
    id: "W12",
    title: "request scope as programs wire it",
    aim: { thimble: thirdOfSmall },
    work: "handler",
    handToo: "handlerAwaited",
    speed: handler,
  },
  {
    id: "W12b",
    title: "the same, with more combinators",
    aim: { thimble: thirdOfSmall },
    work: "desk",
    handToo: "deskAwaited",
    otherwise: "has no combinators like these",
    speed: desk,
  },
  {
    id: "E1",
    title: "an event to 10 asynchronous receivers",
    aim: 2,
    work: "emit",
    otherwise: "has no events",
    speed: emitting(
      (add) =>
        async ({ payload }) =>
          void add(payload.cents),
    ),
  },
  {
    id: "E1b",
    title: "the same, synchronous receivers",
    aim: 2,
    work: "emit",
    otherwise: "has no events",
    speed: emitting(
      (add) =>
        ({ payload }) =>
          void add(payload.cents),
    ),
  },
  {
    id: "H1",
    title: "health of 1 000, 10 at a time",
    work: "sweep",
    otherwise: "has no health checks",
    speed: sweeping,
  },
  {
    id: "S1",
    title: "start-up, bundled",
    aim: 3.2,
    work: "imports",
    bundled: true,
    reference: "empty",
    fresh: true,
    share: 2,
  },
  { id: "S2", title: "start-up, as published", work: "imports", reference: "empty", fresh: true },
  {
    id: "S3",
    title: "a tiny program, bundled",
    work: "tiny",
    bundled: true,
    reference: "empty",
    fresh: true,
    check: checkTiny,
    share: 2,
  },
  {
    id: "S3b",
    title: "the same, with a service to dispose",
    work: "tiny",
    disposes: true,
    bundled: true,
    reference: "empty",
    fresh: true,
    check: checkTinyDisposed,
    share: 2,
  },
];
