/** TSyringe: classes with decorators and the metadata a compiler would emit, both written as calls. */

import "reflect-metadata";
import { Lifecycle, container as global, injectable, instancePerContainerCachingFactory } from "tsyringe";
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
  Incoming,
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
  Tracer,
  Visitor,
} from "../services.mjs";
import { inParts } from "../programs.mjs";

export const title = "tsyringe";
export const imports = ["reflect-metadata", "tsyringe"];

const createContainer = () => global.createChildContainer();
const singleton = { lifecycle: Lifecycle.Singleton };
const scoped = { lifecycle: Lifecycle.ContainerScoped };

function needs(Class, ...dependencies) {
  Reflect.defineMetadata("design:paramtypes", dependencies, Class);
  injectable()(Class);
  return Class;
}

function singletons(classes) {
  const app = createContainer();
  for (const Class of classes) app.register(Class, { useClass: needs(Class) }, singleton);
  return app;
}

export function cached(classes) {
  const app = singletons(classes);
  return { keys: classes, get: (key) => app.resolve(key) };
}

export function cachedByToken(classes) {
  const keys = classes.map((_, i) => Symbol(`service ${i}`));
  const app = createContainer();
  classes.forEach((Class, i) => app.register(keys[i], { useClass: needs(Class) }, singleton));
  return { keys, get: (key) => app.resolve(key) };
}

export function cachedFromBelow(classes, depth) {
  let scope = singletons(classes);
  for (let i = 0; i < depth; i++) scope = scope.createChildContainer();
  return { keys: classes, get: (key) => scope.resolve(key) };
}

export function transients(classes) {
  const app = createContainer();
  for (const Class of classes) app.register(Class, { useClass: needs(Class) });
  return { keys: classes, get: (key) => app.resolve(key) };
}

export function page() {
  const app = createContainer();
  const bind = (Class, ...dependencies) => app.register(Class, { useClass: needs(Class, ...dependencies) });
  bind(Page, Header, Article, Footer);
  bind(Header, Logo, Menu);
  bind(Article, Text);
  bind(Footer, Imprint);
  bind(Logo, Image);
  bind(Text, Author);
  for (const Leaf of [Author, Image, Imprint, Menu]) bind(Leaf);
  return () => app.resolve(Page);
}

function shop() {
  const app = createContainer();
  app.register(Config, { useClass: needs(Config) }, singleton);
  app.register(Db, { useClass: needs(Db, Config) }, singleton);
  app.register(Clock, { useClass: needs(Clock) }, singleton);
  app.register(Visitor, { useClass: needs(Visitor, Incoming, Clock) }, scoped);
  app.register(Session, { useClass: needs(Session, Incoming, Db) }, scoped);
  app.register(Changes, { useClass: needs(Changes, Session) }, scoped);
  app.register(Orders, { useClass: needs(Orders, Changes, Session) }, scoped);
  app.register(Checkout, { useClass: needs(Checkout, Orders, Visitor, Config) }, scoped);
  return app;
}

const openRequest = (app, incoming) => app.createChildContainer().registerInstance(Incoming, incoming);

export function request() {
  const app = shop();
  return async (incoming) => {
    const scope = openRequest(app, incoming);
    const checkout = scope.resolve(Checkout);
    await scope.dispose();
    return checkout;
  };
}

export function requestScopes() {
  const app = shop();
  return { open: (incoming) => openRequest(app, incoming), resolve: (scope) => scope.resolve(Checkout) };
}

export function handler() {
  const app = createContainer();
  app.register(Preferences, { useClass: needs(Preferences) }, singleton);
  app.register(Db, { useClass: needs(Db, Preferences) }, singleton);
  app.register(Clock, { useClass: needs(Clock) }, singleton);
  app.register(Cache, { useClass: needs(Cache) }, singleton);
  app.register(Envelope, { useClass: needs(Envelope, Clock) });
  app.register(Session, { useClass: needs(Session, Incoming, Db) }, scoped);
  app.register(Changes, { useClass: needs(Changes, Session) }, scoped);
  const registerFactory = (token, make) =>
    app.register(token, { useFactory: instancePerContainerCachingFactory(make) });
  const optional = (c, token, fallback) => (c.isRegistered(token, true) ? c.resolve(token) : fallback);
  registerFactory(Identity, (c) => new Identity(c.resolve(Incoming).id, optional(c, Tracer)));
  registerFactory(Prices, (c) => new Prices(c.resolve(Preferences).currency, optional(c, Cache)));
  registerFactory(
    Ledger,
    (c) => new Ledger({ db: c.resolve(Db), clock: c.resolve(Clock) }, optional(c, "limit", 100)),
  );
  registerFactory(Audit, (c) => {
    const audit = new Audit([c.resolve(Identity), c.resolve(Clock)]);
    audit.begin();
    return audit;
  });
  app.register("log", { useToken: Audit });
  registerFactory(Basket, (c) => new Basket(c.resolve(Session), c.resolve(Prices)));
  registerFactory(Payment, (c) => new Payment(c.resolve(Basket), c.resolve(Changes), c.resolve("log")));
  registerFactory(Receipts, (c) => new Receipts({ get: () => c.resolve(Payment) }, c.resolve(Envelope)));
  registerFactory(
    Handler,
    (c) =>
      new Handler(
        c.resolve(Payment),
        c.resolve(Ledger),
        c.resolve("log"),
        c.resolve(Receipts),
        c.resolve(Envelope),
      ),
  );
  return async (incoming) => {
    const scope = openRequest(app, incoming);
    const handler = scope.resolve(Handler);
    handler.handle();
    await scope.dispose();
    return handler;
  };
}

export function program(graph, reflect, tsyringe) {
  const decorations = graph.map(
    (it, i) =>
      `Reflect.defineMetadata("design:paramtypes", [${it.map((d) => `S${d}`).join(", ")}], S${i}); injectable()(S${i});\n`,
  );
  const lines = graph.map(
    (_, i) => `app.register(S${i}, { useClass: S${i} }, { lifecycle: Lifecycle.Singleton });`,
  );
  const { functions, calls } = inParts(lines, "app");
  return `import "${reflect}";
import { Lifecycle, container, injectable } from "${tsyringe}";
${decorations.join("")}
${functions}
export function start() {
  const app = container.createChildContainer();
  ${calls}
  return app.resolve(S${graph.length - 1});
}`;
}

const decorated = new WeakSet();
function decorateAll(services) {
  if (decorated.has(services)) return;
  decorated.add(services);
  for (const { Class, classes } of services) needs(Class, ...classes);
}

export function register(services) {
  decorateAll(services);
  const app = createContainer();
  for (const { Class } of services) app.register(Class, { useClass: Class }, singleton);
  return (position) => app.resolve(services[position].Class);
}

export function shutdown(services) {
  const Root = services.at(-1).Class;
  const prepare = () => {
    const app = createContainer();
    decorateAll(services);
    for (const { Class } of services) app.register(Class, { useClass: Class }, singleton);
    app.resolve(Root);
    return app;
  };
  return { prepare, run: (app) => app.dispose(), rootOf: (app) => app.resolve(Root) };
}

export function scopes() {
  const app = createContainer();
  app.register(Clock, { useClass: needs(Clock) }, singleton);
  return { open: () => app.createChildContainer(), clockOf: (scope) => scope.resolve(Clock) };
}

export function deep(links) {
  const app = createContainer();
  links.forEach((Link, i) => {
    app.register(Link, { useClass: i === 0 ? needs(Link) : needs(Link, links[i - 1]) }, singleton);
  });
  return app.resolve(links.at(-1));
}

export const tiny = (reflect, tsyringe) => `import "${reflect}";
import { Lifecycle, container, injectable } from "${tsyringe}";
Reflect.defineMetadata("design:paramtypes", [], Settings);
injectable()(Settings);
Reflect.defineMetadata("design:paramtypes", [Settings], Store);
injectable()(Store);
Reflect.defineMetadata("design:paramtypes", [Store], Shop);
injectable()(Shop);
export async function start() {
  const app = container.createChildContainer();
  app.register(Settings, { useClass: Settings }, { lifecycle: Lifecycle.Singleton });
  app.register(Store, { useClass: Store }, { lifecycle: Lifecycle.Singleton });
  app.register(Shop, { useClass: Shop }, { lifecycle: Lifecycle.Singleton });
  const shop = app.resolve(Shop);
  await app.dispose();
  return shop;
}`;

export const unsupported = {
  chain: "no asynchronous providers: what a factory promises is handed on as a promise",
};
