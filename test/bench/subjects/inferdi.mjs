/** InferDI: classes with lists of keys, one for each argument of the constructor. Keys are strings or symbols. */

import { Container } from "@inferdi/inferdi";
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

export const title = "inferdi";
export const imports = ["@inferdi/inferdi"];

function registerMany(classes, toKey, lifetime) {
  const keys = classes.map((_, i) => toKey(i));
  const app = new Container();
  classes.forEach((Class, i) => app.registerClass(keys[i], Class, [], lifetime));
  return { app, keys };
}

const toName = (i) => `service${i}`;

export function cached(classes) {
  const { app, keys } = registerMany(classes, toName);
  return { keys, get: (key) => app.get(key) };
}

export function cachedByToken(classes) {
  const { app, keys } = registerMany(classes, (i) => Symbol(toName(i)));
  return { keys, get: (key) => app.get(key) };
}

export function cachedFromBelow(classes, depth) {
  const { app, keys } = registerMany(classes, toName);
  let scope = app;
  for (let i = 0; i < depth; i++) scope = scope.createScope();
  return { keys, get: (key) => scope.get(key) };
}

export function transients(classes) {
  const { app, keys } = registerMany(classes, toName, "transient");
  return { keys, get: (key) => app.get(key) };
}

export function page() {
  const app = new Container()
    .registerClass("author", Author, [], "transient")
    .registerClass("image", Image, [], "transient")
    .registerClass("imprint", Imprint, [], "transient")
    .registerClass("menu", Menu, [], "transient")
    .registerClass("text", Text, ["author"], "transient")
    .registerClass("logo", Logo, ["image"], "transient")
    .registerClass("footer", Footer, ["imprint"], "transient")
    .registerClass("article", Article, ["text"], "transient")
    .registerClass("header", Header, ["logo", "menu"], "transient")
    .registerClass("page", Page, ["header", "article", "footer"], "transient");
  return () => app.get("page");
}

const shop = () =>
  new Container()
    .registerClass("config", Config, [])
    .registerClass("db", Db, ["config"])
    .registerClass("clock", Clock, [])
    .registerClass("visitor", Visitor, ["incoming", "clock"], "scoped")
    .registerClass("session", Session, ["incoming", "db"], "scoped")
    .registerClass("changes", Changes, ["session"], "scoped")
    .registerClass("orders", Orders, ["changes", "session"], "scoped")
    .registerClass("checkout", Checkout, ["orders", "visitor", "config"], "scoped");

// Its documentation fills the fields of an empty scoped request. Ours exists already, and is a value of the scope.
const openRequest = (app, incoming) => app.createScope().registerValue("incoming", incoming);

export function request() {
  const app = shop();
  return async (incoming) => {
    const scope = openRequest(app, incoming);
    const checkout = scope.get("checkout");
    await scope.dispose();
    return checkout;
  };
}

export function requestScopes() {
  const app = shop();
  return { open: (incoming) => openRequest(app, incoming), resolve: (scope) => scope.get("checkout") };
}

export function handler() {
  const app = new Container()
    .registerClass("preferences", Preferences, [])
    .registerClass("db", Db, ["preferences"])
    .registerClass("clock", Clock, [])
    .registerClass("cache", Cache, [])
    .registerFactory(
      "identity",
      (c) => new Identity(c.get("incoming").id, c.has("tracer") ? c.get("tracer") : undefined),
      "scoped",
    )
    .registerClass("session", Session, ["incoming", "db"], "scoped")
    .registerClass("changes", Changes, ["session"], "scoped")
    .registerFactory(
      "prices",
      (c) => new Prices(c.get("preferences").currency, c.has("cache") ? c.get("cache") : undefined),
      "scoped",
    )
    .registerFactory(
      "ledger",
      (c) => new Ledger({ db: c.get("db"), clock: c.get("clock") }, c.has("limit") ? c.get("limit") : 100),
      "scoped",
    )
    .registerFactory(
      "audit",
      (c) => {
        const audit = new Audit([c.get("identity"), c.get("clock")]);
        audit.begin();
        return audit;
      },
      "scoped",
    )
    .registerFactory("log", (c) => c.get("audit"), "scoped")
    .registerFactory("basket", (c) => new Basket(c.get("session"), c.get("prices")), "scoped")
    .registerFactory("payment", (c) => new Payment(c.get("basket"), c.get("changes"), c.get("log")), "scoped")
    .registerClass("envelope", Envelope, ["clock"], "transient")
    .registerFactory(
      "receipts",
      (c) => new Receipts({ get: () => c.get("payment") }, c.get("envelope")),
      "scoped",
    )
    .registerClass("handler", Handler, ["payment", "ledger", "log", "receipts", "envelope"], "scoped");
  return async (incoming) => {
    const scope = openRequest(app, incoming);
    const handler = scope.get("handler");
    handler.handle();
    await scope.dispose();
    return handler;
  };
}

export function program(graph, address) {
  const lines = graph.map(
    (it, i) => `.registerClass("s${i}", S${i}, [${it.map((d) => `"s${d}"`).join(", ")}])`,
  );
  const { functions, calls } = inParts(lines, "app", { before: "app\n  ", after: ";" });
  return `import { Container } from "${address}";
${functions}
export function start() {
  const app = new Container();
  ${calls}
  return app.get("s${graph.length - 1}");
}`;
}

function registerAll(services) {
  const app = new Container();
  for (const { name, Class, names } of services) app.registerClass(name, Class, names);
  return app;
}

export function register(services) {
  const app = registerAll(services);
  return (position) => app.get(services[position].name);
}

export function chain(links) {
  const keys = links.map((_, i) => `link${i}`);
  const prepare = () => {
    const app = new Container();
    links.forEach((Link, i) =>
      app.registerFactory(
        keys[i],
        i === 0 ? async () => new Link(undefined) : async (c) => new Link(await c.get(keys[i - 1])),
      ),
    );
    return app;
  };
  return { prepare, run: (app) => app.get(keys.at(-1)) };
}

export function shutdown(services) {
  const root = services.at(-1).name;
  const prepare = () => {
    const app = registerAll(services);
    app.get(root);
    return app;
  };
  return { prepare, run: (app) => app.dispose(), rootOf: (app) => app.get(root) };
}

export function scopes() {
  const app = new Container().registerClass("clock", Clock, []);
  return { open: () => app.createScope(), clockOf: (scope) => scope.get("clock") };
}

export function deep(links) {
  const app = new Container();
  links.forEach((Link, i) => app.registerClass(`link${i}`, Link, i === 0 ? [] : [`link${i - 1}`]));
  return app.get(`link${links.length - 1}`);
}

export const tiny = (address) => `import { Container } from "${address}";
export async function start() {
  const app = new Container()
    .registerClass("settings", Settings, [])
    .registerClass("store", Store, ["settings"])
    .registerClass("shop", Shop, ["store"]);
  const shop = app.get("shop");
  await app.dispose();
  return shop;
}`;

export const unsupported = {};
