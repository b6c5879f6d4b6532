/** Needle DI: providers as objects, and factories that ask the container they are given. */

import { Container, InjectionToken } from "@needle-di/core";
import { Changes, Checkout, Clock, Config, Db, Incoming, Orders, Session, Visitor } from "../services.mjs";
import { inParts } from "../programs.mjs";

export const title = "needle-di";
export const imports = ["@needle-di/core"];

function singletons(classes) {
  const app = new Container();
  for (const Class of classes) app.bind({ provide: Class, useFactory: () => new Class() });
  return app;
}

export function cached(classes) {
  const app = singletons(classes);
  return { keys: classes, get: (key) => app.get(key) };
}

export function cachedByToken(classes) {
  const keys = classes.map((_, i) => new InjectionToken(`service ${i}`));
  const app = new Container();
  classes.forEach((Class, i) => app.bind({ provide: keys[i], useFactory: () => new Class() }));
  return { keys, get: (key) => app.get(key) };
}

export function cachedFromBelow(classes, depth) {
  let scope = singletons(classes);
  for (let i = 0; i < depth; i++) scope = scope.createChild();
  return { keys: classes, get: (key) => scope.get(key) };
}

export function requestScopes() {
  const app = new Container();
  app.bind({ provide: Config, useFactory: () => new Config() });
  app.bind({ provide: Db, useFactory: (c) => new Db(c.get(Config)) });
  app.bind({ provide: Clock, useFactory: () => new Clock() });

  // An instance lives in the container that its provider is bound in, so each request binds its own.
  const providers = [
    { provide: Visitor, useFactory: (c) => new Visitor(c.get(Incoming), c.get(Clock)) },
    { provide: Session, useFactory: (c) => new Session(c.get(Incoming), c.get(Db)) },
    { provide: Changes, useFactory: (c) => new Changes(c.get(Session)) },
    { provide: Orders, useFactory: (c) => new Orders(c.get(Changes), c.get(Session)) },
    { provide: Checkout, useFactory: (c) => new Checkout(c.get(Orders), c.get(Visitor), c.get(Config)) },
  ];
  const open = (incoming) =>
    app.createChild().bindAll({ provide: Incoming, useValue: incoming }, ...providers);
  return { open, resolve: (scope) => scope.get(Checkout) };
}

export function program(graph, address) {
  const lines = graph.map((it, i) =>
    it.length === 0
      ? `app.bind({ provide: S${i}, useFactory: () => new S${i}() });`
      : `app.bind({ provide: S${i}, useFactory: (c) => new S${i}(${it.map((d) => `c.get(S${d})`).join(", ")}) });`,
  );
  const { functions, calls } = inParts(lines, "app");
  return `import { Container } from "${address}";
${functions}
export function start() {
  const app = new Container();
  ${calls}
  return app.get(S${graph.length - 1});
}`;
}

export function register(services) {
  const app = new Container();
  for (const { Class, classes } of services) {
    app.bind({ provide: Class, useFactory: (c) => new Class(...classes.map((it) => c.get(it))) });
  }
  return (position) => app.get(services[position].Class);
}

export function chain(links) {
  const prepare = () => {
    const app = new Container();
    links.forEach((Link, i) =>
      app.bind({
        provide: Link,
        async: true,
        useFactory:
          i === 0 ? async () => new Link(undefined) : async (c) => new Link(await c.getAsync(links[i - 1])),
      }),
    );
    return app;
  };
  return { prepare, run: (app) => app.getAsync(links.at(-1)) };
}

export function scopes() {
  const app = new Container();
  app.bind({ provide: Clock, useFactory: () => new Clock() });
  return { open: () => app.createChild(), clockOf: (scope) => scope.get(Clock) };
}

export function deep(links) {
  const app = new Container();
  links.forEach((Link, i) =>
    app.bind({
      provide: Link,
      useFactory: i === 0 ? () => new Link(undefined) : (c) => new Link(c.get(links[i - 1])),
    }),
  );
  return app.get(links.at(-1));
}

export const tiny = (address) => `import { Container } from "${address}";
export function start() {
  const app = new Container();
  app.bind({ provide: Settings, useFactory: () => new Settings() });
  app.bind({ provide: Store, useFactory: (it) => new Store(it.get(Settings)) });
  app.bind({ provide: Shop, useFactory: (it) => new Shop(it.get(Store)) });
  return app.get(Shop);
}`;

export const unsupported = {
  transients: "no transients: every provider is built once per container",
  page: "no transients: every provider is built once per container",
  request: "nothing is ever disposed",
  handler: "nothing is ever disposed",
  shutdown: "nothing is ever disposed",
  S3b: "nothing is ever disposed",
};
