/**
 * InversifyJS: classes with decorators, here called as functions so that no compiler is needed.
 *
 * It is measured twice: as it is by default, and with `jitless: false`, which lets it make functions from strings. A
 * child container does not take this over from its parent.
 */

import { Container, decorate, inject, injectable } from "inversify";
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

const jit = new URL(import.meta.url).searchParams.get("jitless") === "false";
const options = jit ? { jitless: false } : {};
const optionsText = jit ? "{ jitless: false }" : "";
const createContainer = (parent) => new Container(parent ? { ...options, parent } : options);

export const title = jit ? "inversify jit" : "inversify";
export const imports = ["inversify"];

const decorated = new WeakSet();
function needs(Class, ...dependencies) {
  if (decorated.has(Class)) return Class;
  decorated.add(Class);
  decorate(injectable(), Class);
  dependencies.forEach((it, i) => decorate(inject(it), Class, i));
  return Class;
}

function singletons(classes) {
  const app = createContainer();
  for (const Class of classes) app.bind(needs(Class)).toSelf().inSingletonScope();
  return app;
}

export function cached(classes) {
  const app = singletons(classes);
  return { keys: classes, get: (key) => app.get(key) };
}

export function cachedByToken(classes) {
  const keys = classes.map((_, i) => Symbol(`service ${i}`));
  const app = createContainer();
  classes.forEach((Class, i) => app.bind(keys[i]).to(needs(Class)).inSingletonScope());
  return { keys, get: (key) => app.get(key) };
}

export function cachedFromBelow(classes, depth) {
  let scope = singletons(classes);
  for (let i = 0; i < depth; i++) scope = createContainer(scope);
  return { keys: classes, get: (key) => scope.get(key) };
}

export function transients(classes) {
  const app = createContainer();
  for (const Class of classes) app.bind(needs(Class)).toSelf().inTransientScope();
  return { keys: classes, get: (key) => app.get(key) };
}

export function page() {
  const app = createContainer();
  const bind = (Class, ...dependencies) =>
    app
      .bind(needs(Class, ...dependencies))
      .toSelf()
      .inTransientScope();
  bind(Page, Header, Article, Footer);
  bind(Header, Logo, Menu);
  bind(Article, Text);
  bind(Footer, Imprint);
  bind(Logo, Image);
  bind(Text, Author);
  for (const Leaf of [Author, Image, Imprint, Menu]) bind(Leaf);
  return () => app.get(Page);
}

function shop() {
  const app = createContainer();
  app.bind(needs(Config)).toSelf().inSingletonScope();
  app.bind(needs(Db, Config)).toSelf().inSingletonScope();
  app.bind(needs(Clock)).toSelf().inSingletonScope();
  needs(Visitor, Incoming, Clock);
  needs(Session, Incoming, Db);
  needs(Changes, Session);
  needs(Orders, Changes, Session);
  needs(Checkout, Orders, Visitor, Config);
  const dispose = (it) => it.dispose();

  const open = (incoming) => {
    // What inversify calls a request is one `get`; an instance per scope is a singleton of a child container.
    const scope = createContainer(app);
    scope.bind(Incoming).toConstantValue(incoming);
    scope.bind(Visitor).toSelf().inSingletonScope();
    scope.bind(Session).toSelf().inSingletonScope().onDeactivation(dispose);
    scope.bind(Changes).toSelf().inSingletonScope().onDeactivation(dispose);
    scope.bind(Orders).toSelf().inSingletonScope();
    scope.bind(Checkout).toSelf().inSingletonScope();
    return scope;
  };
  return { open, resolve: (scope) => scope.get(Checkout) };
}
export const requestScopes = shop;

export function request() {
  const { open, resolve } = shop();
  return (incoming) => {
    const scope = open(incoming);
    const checkout = resolve(scope);
    scope.unbindAll();
    return checkout;
  };
}

const Log = Symbol("log");
const Limit = Symbol("limit");

export function handler() {
  const app = createContainer();
  app.bind(needs(Preferences)).toSelf().inSingletonScope();
  app.bind(needs(Db, Preferences)).toSelf().inSingletonScope();
  app.bind(needs(Clock)).toSelf().inSingletonScope();
  app.bind(needs(Cache)).toSelf().inSingletonScope();
  app.bind(needs(Envelope, Clock)).toSelf().inTransientScope();
  needs(Session, Incoming, Db);
  needs(Changes, Session);
  needs(Handler, Payment, Ledger, Log, Receipts, Envelope);
  const optional = (serviceIdentifier) => ({ serviceIdentifier, optional: true });
  const dispose = (it) => it.dispose();
  const begin = (_, audit) => {
    audit.begin();
    return audit;
  };

  return (incoming) => {
    const scope = createContainer(app);
    scope.bind(Incoming).toConstantValue(incoming);
    scope
      .bind(Identity)
      .toResolvedValue((it, tracer) => new Identity(it.id, tracer), [Incoming, optional(Tracer)])
      .inSingletonScope();
    scope.bind(Session).toSelf().inSingletonScope().onDeactivation(dispose);
    scope.bind(Changes).toSelf().inSingletonScope().onDeactivation(dispose);
    scope
      .bind(Prices)
      .toResolvedValue((it, cache) => new Prices(it.currency, cache), [Preferences, optional(Cache)])
      .inSingletonScope();
    scope
      .bind(Ledger)
      .toResolvedValue(
        (db, clock, limit = 100) => new Ledger({ db, clock }, limit),
        [Db, Clock, optional(Limit)],
      )
      .inSingletonScope();
    scope
      .bind(Audit)
      .toResolvedValue((...both) => new Audit(both), [Identity, Clock])
      .inSingletonScope()
      .onActivation(begin);
    scope.bind(Log).toService(Audit);
    scope
      .bind(Basket)
      .toDynamicValue((context) => new Basket(context.get(Session), context.get(Prices)))
      .inSingletonScope();
    scope
      .bind(Payment)
      .toDynamicValue((context) => new Payment(context.get(Basket), context.get(Changes), context.get(Log)))
      .inSingletonScope();
    scope
      .bind(Receipts)
      .toDynamicValue((context) => new Receipts({ get: () => context.get(Payment) }, context.get(Envelope)))
      .inSingletonScope();
    scope.bind(Handler).toSelf().inSingletonScope();
    const handler = scope.get(Handler);
    handler.handle();
    scope.unbindAll();
    return handler;
  };
}

export function program(graph, address) {
  const decorations = graph
    .map(
      (it, i) =>
        `decorate(injectable(), S${i});${it.map((d, at) => ` decorate(inject(S${d}), S${i}, ${at});`).join("")}\n`,
    )
    .join("");
  const { functions, calls } = inParts(
    graph.map((_, i) => `app.bind(S${i}).toSelf().inSingletonScope();`),
    "app",
  );
  return `import { Container, decorate, inject, injectable } from "${address}";
${decorations}
${functions}
export function start() {
  const app = new Container(${optionsText});
  ${calls}
  return app.get(S${graph.length - 1});
}`;
}

function decorateAll(services) {
  for (const { Class, classes } of services) needs(Class, ...classes);
}

export function register(services) {
  decorateAll(services);
  const app = createContainer();
  for (const { Class } of services) app.bind(Class).toSelf().inSingletonScope();
  return (position) => app.get(services[position].Class);
}

export function chain(links) {
  const prepare = () => {
    const app = createContainer();
    links.forEach((Link, i) => {
      const binding = app.bind(Link);
      const made =
        i === 0
          ? binding.toResolvedValue(async () => new Link(undefined))
          : binding.toResolvedValue(async (previous) => new Link(previous), [links[i - 1]]);
      made.inSingletonScope();
    });
    return app;
  };
  return { prepare, run: (app) => app.getAsync(links.at(-1)) };
}

export function shutdown(services) {
  decorateAll(services);
  const Root = services.at(-1).Class;
  const prepare = () => {
    const app = createContainer();
    for (const { Class } of services)
      app
        .bind(Class)
        .toSelf()
        .inSingletonScope()
        .onDeactivation((it) => it.dispose());
    app.get(Root);
    return app;
  };
  return { prepare, run: (app) => app.unbindAll(), rootOf: (app) => app.get(Root) };
}

export function scopes() {
  const app = createContainer();
  app.bind(needs(Clock)).toSelf().inSingletonScope();
  return { open: () => createContainer(app), clockOf: (scope) => scope.get(Clock) };
}

export function deep(links) {
  const app = createContainer();
  links.forEach((Link, i) =>
    app
      .bind(i === 0 ? needs(Link) : needs(Link, links[i - 1]))
      .toSelf()
      .inSingletonScope(),
  );
  return app.get(links.at(-1));
}

export const tiny = (
  address,
  disposes,
) => `import { Container, decorate, inject, injectable } from "${address}";
decorate(injectable(), Settings);
decorate(injectable(), Store);
decorate(inject(Settings), Store, 0);
decorate(injectable(), Shop);
decorate(inject(Store), Shop, 0);
export async function start() {
  const app = new Container(${optionsText});
  app.bind(Settings).toSelf().inSingletonScope();
  app.bind(Store).toSelf().inSingletonScope()${disposes ? ".onDeactivation((it) => it.dispose())" : ""};
  app.bind(Shop).toSelf().inSingletonScope();
  const shop = app.get(Shop);
  await app.unbindAll();
  return shop;
}`;

export const unsupported = {};
