/** Thimble as its users write it: classes, and lists of what their constructors want. */

import {
  Article,
  Audit,
  Author,
  Basket,
  Cache,
  Changes,
  Checkout,
  Clock,
  Config,
  Db,
  Desk,
  Envelope,
  Footer,
  Handler,
  Header,
  Identity,
  Image,
  Imprint,
  Incoming,
  Ledger,
  Logo,
  Menu,
  Orders,
  Page,
  Payment,
  Positive,
  Preferences,
  Prices,
  Receipts,
  Report,
  Rule,
  Session,
  Solvent,
  Text,
  TimedLedger,
  Tracer,
  Upload,
  Visitor,
} from "../services.mjs";
import { inParts } from "../programs.mjs";

// This file measures every build of Thimble. `run.mjs` says which in the query of its address.
const build =
  new URL(import.meta.url).searchParams.get("build") ??
  new URL("../../../dist/index.js", import.meta.url).href;
const {
  alias,
  all,
  arg,
  assisted,
  cleanup,
  createContainer,
  decorate,
  defer,
  map,
  optional,
  scoped,
  singleton,
  token,
  transient,
  value,
} = await import(build);

// An older build may lack these. Its cells then say so.
const { createEvents } = await import(new URL("features/events.js", build).href).catch(() => ({}));
const { checkHealth } = await import(new URL("features/health.js", build).href).catch(() => ({}));

export const title = "thimble";
export const imports = [build];

export function cached(classes) {
  const app = createContainer(classes.map((Class) => singleton(Class)));
  return { keys: classes, get: (key) => app.get(key) };
}

export function cachedByToken(classes) {
  const keys = classes.map((_, i) => token(`service ${i}`));
  const app = createContainer(classes.map((Class, i) => singleton(keys[i], [], () => new Class())));
  return { keys, get: (key) => app.get(key) };
}

export function cachedFromBelow(classes, depth) {
  let scope = createContainer(classes.map((Class) => singleton(Class)));
  for (let i = 0; i < depth; i++) scope = scope.createScope();
  return { keys: classes, get: (key) => scope.get(key) };
}

export function transients(classes) {
  const app = createContainer(classes.map((Class) => transient(Class)));
  return { keys: classes, get: (key) => app.get(key) };
}

export function page() {
  const app = createContainer(
    transient(Page, [Header, Article, Footer]),
    transient(Header, [Logo, Menu]),
    transient(Article, [Text]),
    transient(Footer, [Imprint]),
    transient(Logo, [Image]),
    transient(Text, [Author]),
    transient(Author),
    transient(Image),
    transient(Imprint),
    transient(Menu),
  );
  return () => app.get(Page);
}

const shop = (changes, session) =>
  createContainer(
    singleton(Config),
    singleton(Db, [Config]),
    singleton(Clock),
    scoped(Visitor, [Incoming, Clock]),
    scoped(Session, [Incoming, Db], session),
    scoped(Changes, [Session], changes),
    scoped(Orders, [Changes, Session]),
    scoped(Checkout, [Orders, Visitor, Config]),
  );

const openRequest = (app, incoming) => app.createScope("request", value(Incoming, incoming));

const serve = (app) => async (incoming) => {
  const scope = openRequest(app, incoming);
  const checkout = scope.get(Checkout);
  await scope.shutdown();
  return checkout;
};

export const request = () => serve(shop());

/** The same with the other way to say how something is disposed: an option of its provider. */
export const requestByOption = () =>
  serve(shop({ dispose: (changes) => changes.dispose() }, { dispose: (session) => session.dispose() }));

export function requestScopes() {
  const app = shop();
  return { open: (incoming) => openRequest(app, incoming), resolve: (scope) => scope.get(Checkout) };
}

const Log = token("log");
const Limit = token("limit");

const handlers = (ledger) => [
  singleton(Preferences),
  singleton(Db, [Preferences]),
  singleton(Clock),
  singleton(Cache),
  scoped(Identity, [map(Incoming, ({ id }) => id), optional(Tracer)]),
  scoped(Session, [Incoming, Db]),
  scoped(Changes, [Session], { dispose: (changes) => changes.dispose() }),
  scoped(Prices, [map(Preferences, ({ currency }) => currency), optional(Cache)]),
  ledger,
  scoped(Audit, [[Identity, Clock]], { init: (audit) => audit.begin() }),
  alias(Log, Audit),
  scoped(Basket, ({ get }) => new Basket(get(Session), get(Prices))),
  scoped(Payment, ({ get }) => new Payment(get(Basket), get(Changes), get(Log))),
  transient(Envelope, [Clock]),
  scoped(Receipts, [defer(Payment), Envelope]),
  scoped(Handler, [Payment, Ledger, Log, Receipts, Envelope]),
];

const ledger = () => scoped(Ledger, [{ db: Db, clock: Clock }, optional(Limit, 100)]);

const handleWith = (app, token) => async (incoming) => {
  const scope = openRequest(app, incoming);
  const handler = scope.get(token);
  handler.handle();
  await scope.shutdown();
  return handler;
};

export const handler = () => handleWith(createContainer(handlers(ledger())), Handler);

export function desk() {
  const timed = decorate(ledger(), [Clock], (it, clock) => new TimedLedger(it, clock));
  const app = createContainer(
    handlers(timed),
    scoped(Solvent, [Ledger], { as: [Rule] }),
    singleton(Positive, { as: [Rule] }),
    scoped(Upload, [cleanup, Db], (onCleanup, db) => {
      const upload = new Upload(db);
      onCleanup(() => upload.close());
      return upload;
    }),
    scoped(Desk, [Handler, all(Rule), Upload, assisted(Report, [Db, arg()])]),
  );
  return handleWith(app, Desk);
}

export function program(graph, address) {
  const lines = graph.map((it, i) => `singleton(S${i}, [${it.map((d) => `S${d}`).join(", ")}]),`);
  const { functions, names } = inParts(lines, "", { before: "return [\n  ", after: "\n  ];" });
  return `import { createContainer, singleton } from "${address}";
${functions}
export function start() {
  return createContainer(${names.map((it) => `${it}()`).join(", ")}).get(S${graph.length - 1});
}`;
}

export function register(services) {
  const app = createContainer(services.map(({ Class, classes }) => singleton(Class, classes)));
  return (position) => app.get(services[position].Class);
}

export function chain(links) {
  const prepare = () =>
    createContainer(
      links.map((Link, i) =>
        i === 0
          ? singleton(Link, [], async () => new Link(undefined))
          : singleton(Link, [links[i - 1]], async (previous) => new Link(previous)),
      ),
    );
  return { prepare, run: (app) => app.getAsync(links.at(-1)) };
}

export function shutdown(services) {
  const Root = services.at(-1).Class;
  const prepare = () => {
    const app = createContainer(services.map(({ Class, classes }) => singleton(Class, classes)));
    app.get(Root);
    return app;
  };
  return { prepare, run: (app) => app.shutdown(), rootOf: (app) => app.get(Root) };
}

export function scopes() {
  const app = createContainer(singleton(Clock));
  return { open: () => app.createScope(), clockOf: (scope) => scope.get(Clock) };
}

export function deep(links) {
  const app = createContainer(links.map((Link, i) => singleton(Link, i === 0 ? [] : [links[i - 1]])));
  return app.get(links.at(-1));
}

export const emit =
  createEvents &&
  ((receivers) => {
    const bus = createEvents();
    for (const receiver of receivers) bus.on("paid", receiver);
    return (payload) => bus.emit("paid", payload);
  });

export const sweep =
  checkHealth &&
  ((services, concurrency) => {
    const app = createContainer(
      services.map((service, i) => value(token(`service ${i}`), service, { health: (it) => it.check() })),
    );
    return async () => (await checkHealth(app, { concurrency })).checks;
  });

export const tiny = (address) => `import { createContainer, singleton } from "${address}";
export async function start() {
  const app = createContainer(singleton(Settings), singleton(Store, [Settings]), singleton(Shop, [Store]));
  const shop = app.get(Shop);
  await app.shutdown();
  return shop;
}`;

export const unsupported = {};
