/** Awilix in its default mode: names, and factories that take what they need from the cradle. */

import { aliasTo, asFunction, asValue, createContainer } from "awilix";
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

export const title = "awilix";
export const imports = ["awilix"];

function registerMany(classes, lifetime) {
  const keys = classes.map((_, i) => `service${i}`);
  const app = createContainer();
  classes.forEach((Class, i) => app.register(keys[i], asFunction(() => new Class())[lifetime]()));
  return { app, keys };
}

export function cached(classes) {
  const { app, keys } = registerMany(classes, "singleton");
  return { keys, get: (key) => app.resolve(key) };
}
export const cachedByToken = cached;

export function cachedFromBelow(classes, depth) {
  const { app, keys } = registerMany(classes, "singleton");
  let scope = app;
  for (let i = 0; i < depth; i++) scope = scope.createScope();
  return { keys, get: (key) => scope.resolve(key) };
}

export function transients(classes) {
  const { app, keys } = registerMany(classes, "transient");
  return { keys, get: (key) => app.resolve(key) };
}

export function page() {
  const app = createContainer().register({
    author: asFunction(() => new Author()),
    image: asFunction(() => new Image()),
    imprint: asFunction(() => new Imprint()),
    menu: asFunction(() => new Menu()),
    text: asFunction(({ author }) => new Text(author)),
    logo: asFunction(({ image }) => new Logo(image)),
    footer: asFunction(({ imprint }) => new Footer(imprint)),
    article: asFunction(({ text }) => new Article(text)),
    header: asFunction(({ logo, menu }) => new Header(logo, menu)),
    page: asFunction(({ header, article, footer }) => new Page(header, article, footer)),
  });
  return () => app.resolve("page");
}

const shop = () =>
  createContainer().register({
    config: asFunction(() => new Config()).singleton(),
    db: asFunction(({ config }) => new Db(config)).singleton(),
    clock: asFunction(() => new Clock()).singleton(),
    visitor: asFunction(({ incoming, clock }) => new Visitor(incoming, clock)).scoped(),
    session: asFunction(({ incoming, db }) => new Session(incoming, db))
      .scoped()
      .disposer((it) => it.dispose()),
    changes: asFunction(({ session }) => new Changes(session))
      .scoped()
      .disposer((it) => it.dispose()),
    orders: asFunction(({ changes, session }) => new Orders(changes, session)).scoped(),
    checkout: asFunction(({ orders, visitor, config }) => new Checkout(orders, visitor, config)).scoped(),
  });

const openRequest = (app, incoming) => app.createScope().register("incoming", asValue(incoming));

export function request() {
  const app = shop();
  return async (incoming) => {
    const scope = openRequest(app, incoming);
    const checkout = scope.resolve("checkout");
    await scope.dispose();
    return checkout;
  };
}

export function requestScopes() {
  const app = shop();
  return { open: (incoming) => openRequest(app, incoming), resolve: (scope) => scope.resolve("checkout") };
}

export function handler() {
  const app = createContainer().register({
    preferences: asFunction(() => new Preferences()).singleton(),
    db: asFunction(({ preferences }) => new Db(preferences)).singleton(),
    clock: asFunction(() => new Clock()).singleton(),
    cache: asFunction(() => new Cache()).singleton(),
    // The cradle throws for what is missing, so what may be missing is registered as missing.
    tracer: asValue(undefined),
    limit: asValue(100),
    identity: asFunction(({ incoming, tracer }) => new Identity(incoming.id, tracer)).scoped(),
    session: asFunction(({ incoming, db }) => new Session(incoming, db))
      .scoped()
      .disposer((it) => it.dispose()),
    changes: asFunction(({ session }) => new Changes(session))
      .scoped()
      .disposer((it) => it.dispose()),
    prices: asFunction(({ preferences, cache }) => new Prices(preferences.currency, cache)).scoped(),
    ledger: asFunction(({ db, clock, limit }) => new Ledger({ db, clock }, limit)).scoped(),
    audit: asFunction(({ identity, clock }) => {
      const audit = new Audit([identity, clock]);
      audit.begin();
      return audit;
    }).scoped(),
    log: aliasTo("audit"),
    basket: asFunction(({ session, prices }) => new Basket(session, prices)).scoped(),
    payment: asFunction(({ basket, changes, log }) => new Payment(basket, changes, log)).scoped(),
    envelope: asFunction(({ clock }) => new Envelope(clock)),
    receipts: asFunction((cradle) => new Receipts({ get: () => cradle.payment }, cradle.envelope)).scoped(),
    handler: asFunction(
      ({ payment, ledger, log, receipts, envelope }) => new Handler(payment, ledger, log, receipts, envelope),
    ).scoped(),
  });
  return async (incoming) => {
    const scope = openRequest(app, incoming);
    const handler = scope.resolve("handler");
    handler.handle();
    await scope.dispose();
    return handler;
  };
}

export function program(graph, address) {
  const lines = graph.map((it, i) => {
    const cradle = it.length > 0 ? `{ ${it.map((d) => `s${d}`).join(", ")} }` : "";
    return `s${i}: asFunction((${cradle}) => new S${i}(${it.map((d) => `s${d}`).join(", ")})).singleton(),`;
  });
  const { functions, calls } = inParts(lines, "app", { before: "app.register({\n  ", after: "\n  });" });
  return `import { asFunction, createContainer } from "${address}";
${functions}
export function start() {
  const app = createContainer();
  ${calls}
  return app.resolve("s${graph.length - 1}");
}`;
}

function registerAll(app, services, dispose) {
  for (const { name, Class, names } of services) {
    const resolver = asFunction((cradle) => new Class(...names.map((it) => cradle[it]))).singleton();
    app.register(name, dispose ? resolver.disposer(dispose) : resolver);
  }
  return app;
}

export function register(services) {
  const app = registerAll(createContainer(), services);
  return (position) => app.resolve(services[position].name);
}

export function shutdown(services) {
  const root = services.at(-1).name;
  const prepare = () => {
    const app = registerAll(createContainer(), services, (it) => it.dispose());
    app.resolve(root);
    return app;
  };
  return { prepare, run: (app) => app.dispose(), rootOf: (app) => app.resolve(root) };
}

export function scopes() {
  const app = createContainer().register("clock", asFunction(() => new Clock()).singleton());
  return { open: () => app.createScope(), clockOf: (scope) => scope.resolve("clock") };
}

export function deep(links) {
  const app = createContainer();
  links.forEach((Link, i) =>
    app.register(`s${i}`, asFunction((cradle) => new Link(i && cradle[`s${i - 1}`])).singleton()),
  );
  return app.resolve(`s${links.length - 1}`);
}

export const tiny = (address, disposes) => `import { asFunction, createContainer } from "${address}";
export async function start() {
  const app = createContainer().register({
    settings: asFunction(() => new Settings()).singleton(),
    store: asFunction(({ settings }) => new Store(settings)).singleton()${disposes ? ".disposer((it) => it.dispose())" : ""},
    shop: asFunction(({ store }) => new Shop(store)).singleton(),
  });
  const shop = app.resolve("shop");
  await app.dispose();
  return shop;
}`;

export const unsupported = {
  chain: "no asynchronous providers: what a factory promises is handed on as a promise",
};
