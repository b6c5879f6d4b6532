/** Iti: objects of factories. Those of the next `add` are given the items of all `add`s before it. */

import { createContainer } from "iti";
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

export const title = "iti";
export const imports = ["iti"];

export function cached(classes) {
  const keys = classes.map((_, i) => `service${i}`);
  const app = createContainer().add(
    Object.fromEntries(classes.map((Class, i) => [keys[i], () => new Class()])),
  );
  return { keys, get: (key) => app.get(key) };
}
export const cachedByToken = cached;

// What its documentation calls a transient: an item that is a function, and is called by who wants another instance.

export function transients(classes) {
  const keys = classes.map((_, i) => `leaf${i}`);
  const app = createContainer().add(
    Object.fromEntries(classes.map((Class, i) => [keys[i], () => () => new Class()])),
  );
  return { keys, get: (key) => app.get(key)() };
}

export function page() {
  const app = createContainer()
    .add({
      author: () => () => new Author(),
      image: () => () => new Image(),
      imprint: () => () => new Imprint(),
      menu: () => () => new Menu(),
    })
    .add((items) => ({
      text: () => () => new Text(items.author()),
      logo: () => () => new Logo(items.image()),
      footer: () => () => new Footer(items.imprint()),
    }))
    .add((items) => ({
      article: () => () => new Article(items.text()),
      header: () => () => new Header(items.logo(), items.menu()),
    }))
    .add((items) => ({
      page: () => () => new Page(items.header(), items.article(), items.footer()),
    }));
  return () => app.get("page")();
}

function shop() {
  const app = createContainer()
    .add({ config: () => new Config(), clock: () => new Clock() })
    .add((items) => ({ db: () => new Db(items.config) }));
  // A container knows of no other one, so what belongs to a request is a container that is filled for it.
  return (incoming) =>
    createContainer()
      .add({
        visitor: () => new Visitor(incoming, app.get("clock")),
        session: () => new Session(incoming, app.get("db")),
      })
      .add((items) => ({ changes: () => new Changes(items.session) }))
      .add((items) => ({ orders: () => new Orders(items.changes, items.session) }))
      .add((items) => ({ checkout: () => new Checkout(items.orders, items.visitor, app.get("config")) }))
      .addDisposer({ session: (it) => it.dispose(), changes: (it) => it.dispose() });
}

export function request() {
  const open = shop();
  return async (incoming) => {
    const scope = open(incoming);
    const checkout = scope.get("checkout");
    await scope.disposeAll();
    return checkout;
  };
}

export const requestScopes = () => ({ open: shop(), resolve: (scope) => scope.get("checkout") });

export function handler() {
  const app = createContainer()
    .add({ preferences: () => new Preferences(), clock: () => new Clock(), cache: () => new Cache() })
    .add((items) => ({
      db: () => new Db(items.preferences),
      envelope: () => () => new Envelope(items.clock),
    }));
  return async (incoming) => {
    const scope = createContainer()
      .add({
        // Items have no lifetimes, and what may be missing is just not passed.
        identity: () => new Identity(incoming.id, undefined),
        session: () => new Session(incoming, app.get("db")),
        prices: () => new Prices(app.get("preferences").currency, app.get("cache")),
        ledger: () => new Ledger({ db: app.get("db"), clock: app.get("clock") }, 100),
      })
      .add((items) => ({
        changes: () => new Changes(items.session),
        audit: () => {
          const audit = new Audit([items.identity, app.get("clock")]);
          audit.begin();
          return audit;
        },
        basket: () => new Basket(items.session, items.prices),
      }))
      .add((items) => ({ log: () => items.audit }))
      .add((items) => ({ payment: () => new Payment(items.basket, items.changes, items.log) }))
      .add((items) => ({
        receipts: () => new Receipts({ get: () => items.payment }, app.get("envelope")()),
      }))
      .add((items) => ({
        handler: () =>
          new Handler(items.payment, items.ledger, items.log, items.receipts, app.get("envelope")()),
      }))
      .addDisposer({ session: (it) => it.dispose(), changes: (it) => it.dispose() });
    const handler = scope.get("handler");
    handler.handle();
    await scope.disposeAll();
    return handler;
  };
}

/** The positions in the order they are added: an item has to be in a later `add` than those that it needs. */
function inSteps(graph, longest) {
  const steps = [];
  let first = 0;
  graph.forEach((dependencies, i) => {
    if (i > 0 && i - first < longest && dependencies.every((it) => it < first)) {
      steps.at(-1).push(i);
    } else {
      first = i;
      steps.push([i]);
    }
  });
  return steps;
}

export function program(graph, address) {
  const steps = inSteps(graph, 50).map((step) => {
    const lines = step.map(
      (i) => `    s${i}: () => new S${i}(${graph[i].map((d) => `items.s${d}`).join(", ")}),\n`,
    );
    return `const step${step[0]} = (items) => ({\n${lines.join("")}});\n`;
  });
  const adds = inSteps(graph, 50).map(([i]) => `.add(step${i})`);
  return `import { createContainer } from "${address}";
${steps.join("")}
export function start() {
  const app = createContainer()${adds.join("\n    ")};
  return app.get("s${graph.length - 1}");
}`;
}

const known = new WeakMap();
function addAll(app, services) {
  if (!known.has(services)) {
    const graph = services.map(({ dependencies }) => dependencies);
    known.set(services, inSteps(graph, services.length));
  }
  for (const step of known.get(services)) {
    app.add((items) => {
      const factories = {};
      for (const i of step) {
        const { name, Class, names } = services[i];
        factories[name] = () => new Class(...names.map((it) => items[it]));
      }
      return factories;
    });
  }
  return app;
}

export function register(services) {
  const app = addAll(createContainer(), services);
  return (position) => app.get(services[position].name);
}

export function chain(links) {
  const prepare = () => {
    const app = createContainer().add({ link0: async () => new links[0](undefined) });
    links.slice(1).forEach((Link, i) => {
      app.add((items) => ({ [`link${i + 1}`]: async () => new Link(await items[`link${i}`]) }));
    });
    return app;
  };
  return { prepare, run: (app) => app.get(`link${links.length - 1}`) };
}

export function shutdown(services) {
  const root = services.at(-1).name;
  const prepare = () => {
    const app = addAll(createContainer(), services);
    app.addDisposer(Object.fromEntries(services.map(({ name }) => [name, (it) => it.dispose()])));
    app.get(root);
    return app;
  };
  return { prepare, run: (app) => app.disposeAll(), rootOf: (app) => app.get(root) };
}

export function deep(links) {
  const app = createContainer().add({ s0: () => new links[0]() });
  links.slice(1).forEach((Link, i) => {
    app.add((items) => ({ [`s${i + 1}`]: () => new Link(items[`s${i}`]) }));
  });
  return app.get(`s${links.length - 1}`);
}

export const tiny = (address, disposes) => `import { createContainer } from "${address}";
export async function start() {
  const app = createContainer()
    .add({ settings: () => new Settings() })
    .add((items) => ({ store: () => new Store(items.settings) }))
    .add((items) => ({ shop: () => new Shop(items.store) }))${disposes ? "\n    .addDisposer({ store: (it) => it.dispose() })" : ""};
  const shop = app.get("shop");
  await app.disposeAll();
  return shop;
}`;

const noScopes = "no scopes: a container knows of no other one";
export const unsupported = {
  cachedFromBelow: noScopes,
  scopes: noScopes,
};
