/** typed-inject: every registration is an injector of its own, linked to the one before it. Tokens are strings. */

import { INJECTOR_TOKEN, Scope, createInjector } from "typed-inject";
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

export const title = "typed-inject";
export const imports = ["typed-inject"];

function needs(Class, ...dependencies) {
  Class.inject = dependencies;
  return Class;
}

function provideMany(classes, scope) {
  const keys = classes.map((_, i) => `service ${i}`);
  let app = createInjector();
  classes.forEach((Class, i) => {
    app = app.provideClass(keys[i], Class, scope);
  });
  return { keys, app };
}

export function cached(classes) {
  const { keys, app } = provideMany(classes, Scope.Singleton);
  return { keys, get: (key) => app.resolve(key) };
}
export const cachedByToken = cached;

export function cachedFromBelow(classes, depth) {
  const { keys, app } = provideMany(classes, Scope.Singleton);
  let scope = app;
  for (let i = 0; i < depth; i++) scope = scope.createChildInjector();
  return { keys, get: (key) => scope.resolve(key) };
}

export function transients(classes) {
  const { keys, app } = provideMany(classes, Scope.Transient);
  return { keys, get: (key) => app.resolve(key) };
}

export function page() {
  const app = createInjector()
    .provideClass("author", needs(Author), Scope.Transient)
    .provideClass("image", needs(Image), Scope.Transient)
    .provideClass("imprint", needs(Imprint), Scope.Transient)
    .provideClass("menu", needs(Menu), Scope.Transient)
    .provideClass("text", needs(Text, "author"), Scope.Transient)
    .provideClass("logo", needs(Logo, "image"), Scope.Transient)
    .provideClass("footer", needs(Footer, "imprint"), Scope.Transient)
    .provideClass("article", needs(Article, "text"), Scope.Transient)
    .provideClass("header", needs(Header, "logo", "menu"), Scope.Transient)
    .provideClass("page", needs(Page, "header", "article", "footer"), Scope.Transient);
  return () => app.resolve("page");
}

function shop() {
  needs(Visitor, "incoming", "clock");
  needs(Session, "incoming", "db");
  needs(Changes, "session");
  needs(Orders, "changes", "session");
  needs(Checkout, "orders", "visitor", "config");
  return createInjector()
    .provideClass("config", needs(Config))
    .provideClass("db", needs(Db, "config"))
    .provideClass("clock", needs(Clock));
}

const provideRequest = (scope) =>
  scope
    .provideClass("visitor", Visitor)
    .provideClass("session", Session)
    .provideClass("changes", Changes)
    .provideClass("orders", Orders)
    .provideClass("checkout", Checkout);

export function request() {
  const app = shop();
  return async (incoming) => {
    const scope = app.provideValue("incoming", incoming);
    const checkout = provideRequest(scope).resolve("checkout");
    await scope.dispose();
    return checkout;
  };
}

export function requestScopes() {
  const app = shop();
  return {
    open: (incoming) => provideRequest(app.provideValue("incoming", incoming)),
    resolve: (scope) => scope.resolve("checkout"),
  };
}

export function handler() {
  const identity = needs((incoming, tracer) => new Identity(incoming.id, tracer), "incoming", "tracer");
  const prices = needs((it, cache) => new Prices(it.currency, cache), "preferences", "cache");
  const ledger = needs((db, clock, limit) => new Ledger({ db, clock }, limit), "db", "clock", "limit");
  const audit = needs(
    (...both) => {
      const made = new Audit(both);
      made.begin();
      return made;
    },
    "identity",
    "clock",
  );
  const log = needs((it) => it, "audit");
  const receipts = needs(
    (injector, envelope) => new Receipts({ get: () => injector.resolve("payment") }, envelope),
    INJECTOR_TOKEN,
    "envelope",
  );
  needs(Session, "incoming", "db");
  needs(Changes, "session");
  needs(Basket, "session", "prices");
  needs(Payment, "basket", "changes", "log");
  needs(Handler, "payment", "ledger", "log", "receipts", "envelope");
  const app = createInjector()
    .provideClass("preferences", needs(Preferences))
    .provideClass("db", needs(Db, "preferences"))
    .provideClass("clock", needs(Clock))
    .provideClass("cache", needs(Cache))
    // Nothing is optional, so what may be missing is provided as missing.
    .provideValue("tracer", undefined)
    .provideValue("limit", 100)
    .provideClass("envelope", needs(Envelope, "clock"), Scope.Transient);
  return async (incoming) => {
    const scope = app.provideValue("incoming", incoming);
    const handler = scope
      .provideFactory("identity", identity)
      .provideClass("session", Session)
      .provideClass("changes", Changes)
      .provideFactory("prices", prices)
      .provideFactory("ledger", ledger)
      .provideFactory("audit", audit)
      .provideFactory("log", log)
      .provideClass("basket", Basket)
      .provideClass("payment", Payment)
      .provideFactory("receipts", receipts)
      .provideClass("handler", Handler)
      .resolve("handler");
    handler.handle();
    await scope.dispose();
    return handler;
  };
}

export function program(graph, address) {
  const injects = graph.map((it, i) => `S${i}.inject = [${it.map((d) => `"s${d}"`).join(", ")}];\n`).join("");
  const lines = graph.map((_, i) => `.provideClass("s${i}", S${i})`);
  const { functions, names } = inParts(lines, "app", { before: "return app\n  " });
  return `import { createInjector } from "${address}";
${injects}
${functions}
export function start() {
  let app = createInjector();
  ${names.map((it) => `app = ${it}(app);`).join("\n  ")}
  return app.resolve("s${graph.length - 1}");
}`;
}

function provideAll(services, app) {
  for (const { name, Class, names } of services) {
    Class.inject ??= names;
    app = app.provideClass(name, Class);
  }
  return app;
}

export function shutdown(services) {
  const prepare = () => {
    const app = createInjector();
    return { app, root: provideAll(services, app).resolve(services.at(-1).name) };
  };
  return { prepare, run: ({ app }) => app.dispose(), rootOf: ({ root }) => root };
}

export function scopes() {
  const app = createInjector().provideClass("clock", needs(Clock));
  return { open: () => app.createChildInjector(), clockOf: (scope) => scope.resolve("clock") };
}

export function deep(links) {
  let app = createInjector();
  links.forEach((Link, i) => {
    Link.inject = i === 0 ? [] : [`s${i - 1}`];
    app = app.provideClass(`s${i}`, Link);
  });
  return app.resolve(`s${links.length - 1}`);
}

export const tiny = (address) => `import { createInjector } from "${address}";
Store.inject = ["settings"];
Shop.inject = ["store"];
export async function start() {
  const app = createInjector();
  const shop = app
    .provideClass("settings", Settings)
    .provideClass("store", Store)
    .provideClass("shop", Shop)
    .resolve("shop");
  await app.dispose();
  return shop;
}`;

const tooLong = "overflows the stack: resolving walks through every registration there is";
export const unsupported = {
  W5c: tooLong,
  register: tooLong,
  chain: "no asynchronous providers: what a factory promises is handed on as a promise",
};
