/** Ditox: tokens, and factories that `injectable` gives their arguments. */

import { createContainer, injectable, optional, token } from "ditox";
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
  Envelope,
  Footer,
  Handler,
  Header,
  Identity,
  Image,
  Imprint,
  Ledger,
  Logo,
  Menu,
  Orders,
  Page,
  Payment,
  Preferences,
  Prices,
  Receipts,
  Session,
  Text,
  Visitor,
} from "../services.mjs";
import { inParts } from "../programs.mjs";

export const title = "ditox";
export const imports = ["ditox"];

export function cached(classes) {
  const keys = classes.map((_, i) => token(`service ${i}`));
  const app = createContainer();
  classes.forEach((Class, i) => app.bindFactory(keys[i], () => new Class()));
  return { keys, get: (key) => app.resolve(key) };
}
export const cachedByToken = cached;

export function cachedFromBelow(classes, depth) {
  const keys = classes.map((_, i) => token(`service ${i}`));
  let scope = createContainer();
  classes.forEach((Class, i) => scope.bindFactory(keys[i], () => new Class()));
  for (let i = 0; i < depth; i++) scope = createContainer(scope);
  return { keys, get: (key) => scope.resolve(key) };
}

export function transients(classes) {
  const keys = classes.map((_, i) => token(`leaf ${i}`));
  const app = createContainer();
  classes.forEach((Class, i) => app.bindFactory(keys[i], () => new Class(), { scope: "transient" }));
  return { keys, get: (key) => app.resolve(key) };
}

export function page() {
  const app = createContainer();
  const bind = (make, ...dependencies) => {
    const key = token();
    app.bindFactory(key, injectable(make, ...dependencies), { scope: "transient" });
    return key;
  };
  const author = bind(() => new Author());
  const image = bind(() => new Image());
  const imprint = bind(() => new Imprint());
  const menu = bind(() => new Menu());
  const text = bind((it) => new Text(it), author);
  const logo = bind((it) => new Logo(it), image);
  const footer = bind((it) => new Footer(it), imprint);
  const article = bind((it) => new Article(it), text);
  const header = bind((a, b) => new Header(a, b), logo, menu);
  const root = bind((a, b, c) => new Page(a, b, c), header, article, footer);
  return () => app.resolve(root);
}

function shop() {
  const [config, db, clock, incoming, visitor, session, changes, orders, checkout] = Array.from(
    { length: 9 },
    () => token(),
  );
  const app = createContainer();
  app.bindFactory(config, () => new Config());
  app.bindFactory(
    db,
    injectable((it) => new Db(it), config),
  );
  app.bindFactory(clock, () => new Clock());

  const makeVisitor = injectable((a, b) => new Visitor(a, b), incoming, clock);
  const makeSession = injectable((a, b) => new Session(a, b), incoming, db);
  const makeChanges = injectable((it) => new Changes(it), session);
  const makeOrders = injectable((a, b) => new Orders(a, b), changes, session);
  const makeCheckout = injectable((a, b, c) => new Checkout(a, b, c), orders, visitor, config);
  const scoped = { scope: "scoped" };
  const undone = { scope: "scoped", onRemoved: (it) => it.dispose() };

  // A scoped instance lives in the container that holds its factory, so each request binds its own.
  const open = (value) => {
    const scope = createContainer(app);
    scope.bindValue(incoming, value);
    scope.bindFactory(visitor, makeVisitor, scoped);
    scope.bindFactory(session, makeSession, undone);
    scope.bindFactory(changes, makeChanges, undone);
    scope.bindFactory(orders, makeOrders, scoped);
    scope.bindFactory(checkout, makeCheckout, scoped);
    return scope;
  };
  return { open, resolve: (scope) => scope.resolve(checkout) };
}
export const requestScopes = shop;

export function request() {
  const { open, resolve } = shop();
  return (incoming) => {
    const scope = open(incoming);
    const checkout = resolve(scope);
    scope.removeAll();
    return checkout;
  };
}

export function handler() {
  const [preferences, db, clock, cache, incoming, tracer, limit] = Array.from({ length: 7 }, () => token());
  const [identity, session, changes, prices, ledger, audit, log] = Array.from({ length: 7 }, () => token());
  const [basket, payment, envelope, receipts, handler] = Array.from({ length: 5 }, () => token());
  const app = createContainer();
  app.bindFactory(preferences, () => new Preferences());
  app.bindFactory(
    db,
    injectable((it) => new Db(it), preferences),
  );
  app.bindFactory(clock, () => new Clock());
  app.bindFactory(cache, () => new Cache());
  app.bindFactory(
    envelope,
    injectable((it) => new Envelope(it), clock),
    { scope: "transient" },
  );

  const makeIdentity = injectable((it, trace) => new Identity(it.id, trace), incoming, optional(tracer));
  const makeSession = injectable((a, b) => new Session(a, b), incoming, db);
  const makeChanges = injectable((it) => new Changes(it), session);
  const makePrices = injectable((it, b) => new Prices(it.currency, b), preferences, optional(cache));
  const makeLedger = injectable((it, most) => new Ledger(it, most), { db, clock }, optional(limit, 100));
  const makeAudit = injectable(
    (...both) => {
      const made = new Audit(both);
      made.begin();
      return made;
    },
    identity,
    clock,
  );
  const makeLog = injectable((it) => it, audit);
  const makeBasket = (scope) => new Basket(scope.resolve(session), scope.resolve(prices));
  const makePayment = (scope) =>
    new Payment(scope.resolve(basket), scope.resolve(changes), scope.resolve(log));
  const makeReceipts = (scope) =>
    new Receipts({ get: () => scope.resolve(payment) }, scope.resolve(envelope));
  const makeHandler = injectable(
    (a, b, c, d, e) => new Handler(a, b, c, d, e),
    payment,
    ledger,
    log,
    receipts,
    envelope,
  );
  const scoped = { scope: "scoped" };
  const undone = { scope: "scoped", onRemoved: (it) => it.dispose() };

  return (value) => {
    const scope = createContainer(app);
    scope.bindValue(incoming, value);
    scope.bindFactory(identity, makeIdentity, scoped);
    scope.bindFactory(session, makeSession, undone);
    scope.bindFactory(changes, makeChanges, undone);
    scope.bindFactory(prices, makePrices, scoped);
    scope.bindFactory(ledger, makeLedger, scoped);
    scope.bindFactory(audit, makeAudit, scoped);
    scope.bindFactory(log, makeLog, scoped);
    scope.bindFactory(basket, makeBasket, scoped);
    scope.bindFactory(payment, makePayment, scoped);
    scope.bindFactory(receipts, makeReceipts, scoped);
    scope.bindFactory(handler, makeHandler, scoped);
    const made = scope.resolve(handler);
    made.handle();
    scope.removeAll();
    return made;
  };
}

export function program(graph, address) {
  const names = ["a", "b", "c"];
  const tokens = graph.map((_, i) => `const T${i} = token("s${i}");\n`).join("");
  const lines = graph.map((it, i) => {
    const parameters = names.slice(0, it.length).join(", ");
    const factory = [`(${parameters}) => new S${i}(${parameters})`, ...it.map((d) => `T${d}`)];
    return it.length === 0
      ? `app.bindFactory(T${i}, () => new S${i}());`
      : `app.bindFactory(T${i}, injectable(${factory.join(", ")}));`;
  });
  const { functions, calls } = inParts(lines, "app");
  return `import { createContainer, injectable, token } from "${address}";
${tokens}
${functions}
export function start() {
  const app = createContainer();
  ${calls}
  return app.resolve(T${graph.length - 1});
}`;
}

/** Tokens are made once, as classes are, and any number of containers share them: no part of registering. */
function withTokens(services) {
  const keys = services.map(({ name }) => token(name));
  const needs = services.map(({ dependencies }) => dependencies.map((it) => keys[it]));
  const bindAll = (app, options) => {
    services.forEach(({ Class }, i) => {
      app.bindFactory(
        keys[i],
        injectable((...it) => new Class(...it), ...needs[i]),
        options,
      );
    });
    return app;
  };
  return { keys, bindAll };
}

const known = new WeakMap();
export function register(services) {
  if (!known.has(services)) known.set(services, withTokens(services));
  const { keys, bindAll } = known.get(services);
  const app = bindAll(createContainer());
  return (position) => app.resolve(keys[position]);
}

export function shutdown(services) {
  const { keys, bindAll } = withTokens(services);
  const root = keys.at(-1);
  const options = { scope: "singleton", onRemoved: (it) => it.dispose() };
  const prepare = () => {
    const app = bindAll(createContainer(), options);
    app.resolve(root);
    return app;
  };
  return { prepare, run: (app) => app.removeAll(), rootOf: (app) => app.resolve(root) };
}

export function scopes() {
  const app = createContainer();
  const clock = token("clock");
  app.bindFactory(clock, () => new Clock());
  return { open: () => createContainer(app), clockOf: (scope) => scope.resolve(clock) };
}

export function deep(links) {
  const keys = links.map(() => token());
  const app = createContainer();
  links.forEach((Link, i) => {
    app.bindFactory(keys[i], i === 0 ? () => new Link() : injectable((it) => new Link(it), keys[i - 1]));
  });
  return app.resolve(keys.at(-1));
}

export const tiny = (address, disposes) => `import { createContainer, injectable, token } from "${address}";
const settings = token("settings");
const store = token("store");
const shop = token("shop");
export function start() {
  const app = createContainer();
  app.bindFactory(settings, () => new Settings());
  app.bindFactory(store, injectable((it) => new Store(it), settings)${disposes ? ", { onRemoved: (it) => it.dispose() }" : ""});
  app.bindFactory(shop, injectable((it) => new Shop(it), store));
  const made = app.resolve(shop);
  app.removeAll();
  return made;
}`;

export const unsupported = {
  chain: "no asynchronous providers: what a factory promises is handed on as a promise",
};
