/** Brandi: tokens, and what `injected` says that the classes and functions behind them are given. */

import { Container, injected, token } from "brandi";
import {
  Article,
  Author,
  Changes,
  Checkout,
  Clock,
  Config,
  Db,
  Footer,
  Header,
  Image,
  Imprint,
  Logo,
  Menu,
  Orders,
  Page,
  Session,
  Text,
  Visitor,
} from "../services.mjs";
import { inParts } from "../programs.mjs";

export const title = "brandi";
export const imports = ["brandi"];

const tokensOf = (classes) => classes.map((_, i) => token(`service ${i}`));

export function cached(classes) {
  const keys = tokensOf(classes);
  const app = new Container();
  classes.forEach((Class, i) => app.bind(keys[i]).toInstance(Class).inSingletonScope());
  return { keys, get: (key) => app.get(key) };
}
export const cachedByToken = cached;

export function cachedFromBelow(classes, depth) {
  const keys = tokensOf(classes);
  let scope = new Container();
  classes.forEach((Class, i) => scope.bind(keys[i]).toInstance(Class).inSingletonScope());
  for (let i = 0; i < depth; i++) scope = new Container().extend(scope);
  return { keys, get: (key) => scope.get(key) };
}

export function transients(classes) {
  const keys = tokensOf(classes);
  const app = new Container();
  classes.forEach((Class, i) => app.bind(keys[i]).toInstance(Class).inTransientScope());
  return { keys, get: (key) => app.get(key) };
}

export function page() {
  const app = new Container();
  const bind = (Class, ...dependencies) => {
    const key = token(Class.name);
    if (dependencies.length > 0) injected(Class, ...dependencies);
    app.bind(key).toInstance(Class).inTransientScope();
    return key;
  };
  const text = bind(Text, bind(Author));
  const logo = bind(Logo, bind(Image));
  const footer = bind(Footer, bind(Imprint));
  const article = bind(Article, text);
  const header = bind(Header, logo, bind(Menu));
  const root = bind(Page, header, article, footer);
  return () => app.get(root);
}

export function requestScopes() {
  const [config, db, clock, incoming, visitor, session, changes, orders, checkout] = Array.from(
    { length: 9 },
    (_, i) => token(`service ${i}`),
  );
  injected(Db, config);
  injected(Visitor, incoming, clock);
  injected(Session, incoming, db);
  injected(Changes, session);
  injected(Orders, changes, session);
  injected(Checkout, orders, visitor, config);

  const app = new Container();
  app.bind(config).toInstance(Config).inSingletonScope();
  app.bind(db).toInstance(Db).inSingletonScope();
  app.bind(clock).toInstance(Clock).inSingletonScope();
  app.bind(visitor).toInstance(Visitor).inContainerScope();
  app.bind(session).toInstance(Session).inContainerScope();
  app.bind(changes).toInstance(Changes).inContainerScope();
  app.bind(orders).toInstance(Orders).inContainerScope();
  app.bind(checkout).toInstance(Checkout).inContainerScope();

  const open = (value) => {
    const scope = new Container().extend(app);
    scope.bind(incoming).toConstant(value);
    return scope;
  };
  return { open, resolve: (scope) => scope.get(checkout) };
}

export function program(graph, address) {
  const tokens = graph.map((_, i) => `const T${i} = token("s${i}");\n`).join("");
  const injections = graph
    .map((it, i) => (it.length > 0 ? `injected(S${i}, ${it.map((d) => `T${d}`).join(", ")});\n` : ""))
    .join("");
  const { functions, calls } = inParts(
    graph.map((_, i) => `app.bind(T${i}).toInstance(S${i}).inSingletonScope();`),
    "app",
  );
  return `import { Container, injected, token } from "${address}";
${tokens}${injections}
${functions}
export function start() {
  const app = new Container();
  ${calls}
  return app.get(T${graph.length - 1});
}`;
}

/** Tokens are made once and classes are injected once, and any number of containers share them. */
const known = new WeakMap();
function tokensFor(services) {
  const keys = services.map(({ name }) => token(name));
  for (const { Class, dependencies } of services) {
    if (dependencies.length > 0) injected(Class, ...dependencies.map((it) => keys[it]));
  }
  return keys;
}

export function register(services) {
  if (!known.has(services)) known.set(services, tokensFor(services));
  const keys = known.get(services);
  const app = new Container();
  services.forEach(({ Class }, i) => app.bind(keys[i]).toInstance(Class).inSingletonScope());
  return (position) => app.get(keys[position]);
}

export function scopes() {
  const clock = token("clock");
  const app = new Container();
  app.bind(clock).toInstance(Clock).inSingletonScope();
  return { open: () => new Container().extend(app), clockOf: (scope) => scope.get(clock) };
}

export function deep(links) {
  const keys = tokensOf(links);
  const app = new Container();
  links.forEach((Link, i) => {
    if (i > 0) injected(Link, keys[i - 1]);
    app.bind(keys[i]).toInstance(Link).inSingletonScope();
  });
  return app.get(keys.at(-1));
}

export const tiny = (address) => `import { Container, injected, token } from "${address}";
const settings = token("settings");
const store = token("store");
const shop = token("shop");
injected(Store, settings);
injected(Shop, store);
export function start() {
  const app = new Container();
  app.bind(settings).toInstance(Settings).inSingletonScope();
  app.bind(store).toInstance(Store).inSingletonScope();
  app.bind(shop).toInstance(Shop).inSingletonScope();
  return app.get(shop);
}`;

export const unsupported = {
  request: "nothing is ever disposed",
  handler: "nothing is ever disposed",
  shutdown: "nothing is ever disposed",
  S3b: "nothing is ever disposed",
  chain: "no asynchronous providers: what a factory promises is handed on as a promise",
};
