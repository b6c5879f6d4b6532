/**
 * The same work by hand, without any container: what every ratio is a ratio to.
 *
 * By hand a service that is built once is a `lazy`, one that is built each time is a function that says `new`, and a
 * request is a class with a getter per service. The promises are the same as a container's: built when first asked
 * for, built once, undone in the right order even when an earlier disposal throws.
 */

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
  Session,
  Solvent,
  Text,
  TimedLedger,
  Upload,
  Visitor,
  leaves,
} from "../services.mjs";
import { lazy } from "../lazy.mjs";
import { inParts } from "../programs.mjs";

export const title = "hand";
export const imports = [new URL("../lazy.mjs", import.meta.url).href];

const ask = (key) => key();

export const cached = (classes) => ({ keys: classes.map((Class) => lazy(() => new Class())), get: ask });
export const cachedByToken = cached;
/** By hand there is no way down to walk: a nested function sees what the outer one sees. */
export const cachedFromBelow = cached;

/** A switch and not a table of functions: where a leaf is wanted by hand, its `new` stands right there. */
export function transients() {
  const [Leaf0, Leaf1, Leaf2, Leaf3, Leaf4, Leaf5, Leaf6, Leaf7] = leaves;
  const get = (key) => {
    switch (key) {
      case 0:
        return new Leaf0();
      case 1:
        return new Leaf1();
      case 2:
        return new Leaf2();
      case 3:
        return new Leaf3();
      case 4:
        return new Leaf4();
      case 5:
        return new Leaf5();
      case 6:
        return new Leaf6();
      default:
        return new Leaf7();
    }
  };
  return { keys: [0, 1, 2, 3, 4, 5, 6, 7], get };
}

export function page() {
  const header = () => new Header(new Logo(new Image()), new Menu());
  const article = () => new Article(new Text(new Author()));
  const footer = () => new Footer(new Imprint());
  return () => new Page(header(), article(), footer());
}

class App {
  #config;
  #db;
  #clock;
  get config() {
    return (this.#config ??= new Config());
  }
  get db() {
    return (this.#db ??= new Db(this.config));
  }
  get clock() {
    return (this.#clock ??= new Clock());
  }
}

class RequestScope {
  #app;
  #incoming;
  #visitor;
  #session;
  #changes;
  #orders;
  #checkout;
  constructor(app, incoming) {
    this.#app = app;
    this.#incoming = incoming;
  }
  get clock() {
    return this.#app.clock;
  }
  get visitor() {
    return (this.#visitor ??= new Visitor(this.#incoming, this.clock));
  }
  get session() {
    return (this.#session ??= new Session(this.#incoming, this.#app.db));
  }
  get changes() {
    return (this.#changes ??= new Changes(this.session));
  }
  get orders() {
    return (this.#orders ??= new Orders(this.changes, this.session));
  }
  get checkout() {
    return (this.#checkout ??= new Checkout(this.orders, this.visitor, this.#app.config));
  }
  dispose() {
    try {
      this.#changes?.dispose();
    } finally {
      this.#session?.dispose();
    }
  }
  async disposeAwaited() {
    try {
      await this.#changes?.dispose();
    } finally {
      await this.#session?.dispose();
    }
  }
}

export function request() {
  const app = new App();
  return (incoming) => {
    const scope = new RequestScope(app, incoming);
    const checkout = scope.checkout;
    scope.dispose();
    return checkout;
  };
}

export function requestAwaited() {
  const app = new App();
  return async (incoming) => {
    const scope = new RequestScope(app, incoming);
    const checkout = scope.checkout;
    await scope.disposeAwaited();
    return checkout;
  };
}

export function requestScopes() {
  const app = new App();
  return { open: (incoming) => new RequestScope(app, incoming), resolve: (scope) => scope.checkout };
}

class HandlerApp {
  #preferences;
  #db;
  #clock;
  #cache;
  get preferences() {
    return (this.#preferences ??= new Preferences());
  }
  get db() {
    return (this.#db ??= new Db(this.preferences));
  }
  get clock() {
    return (this.#clock ??= new Clock());
  }
  get cache() {
    return (this.#cache ??= new Cache());
  }
}

class HandlerScope {
  #app;
  #incoming;
  #identity;
  #session;
  #changes;
  #prices;
  #ledger;
  #audit;
  #basket;
  #payment;
  #receipts;
  #handler;
  constructor(app, incoming) {
    this.#app = app;
    this.#incoming = incoming;
  }
  get app() {
    return this.#app;
  }
  get identity() {
    return (this.#identity ??= new Identity(this.#incoming.id, undefined));
  }
  get session() {
    return (this.#session ??= new Session(this.#incoming, this.#app.db));
  }
  get changes() {
    return (this.#changes ??= new Changes(this.session));
  }
  get prices() {
    return (this.#prices ??= new Prices(this.#app.preferences.currency, this.#app.cache));
  }
  makeLedger() {
    return new Ledger({ db: this.#app.db, clock: this.#app.clock }, 100);
  }
  get ledger() {
    return (this.#ledger ??= this.makeLedger());
  }
  get audit() {
    return (this.#audit ??= this.#makeAudit());
  }
  #makeAudit() {
    const audit = new Audit([this.identity, this.#app.clock]);
    audit.begin();
    return audit;
  }
  get basket() {
    return (this.#basket ??= new Basket(this.session, this.prices));
  }
  get payment() {
    return (this.#payment ??= new Payment(this.basket, this.changes, this.audit));
  }
  get receipts() {
    return (this.#receipts ??= new Receipts({ get: () => this.payment }, new Envelope(this.#app.clock)));
  }
  get handler() {
    return (this.#handler ??= new Handler(
      this.payment,
      this.ledger,
      this.audit,
      this.receipts,
      new Envelope(this.#app.clock),
    ));
  }
  dispose() {
    try {
      this.#changes?.dispose();
    } finally {
      this.#session?.dispose();
    }
  }
  async disposeAwaited() {
    try {
      await this.#changes?.dispose();
    } finally {
      await this.#session?.dispose();
    }
  }
}

export function handler() {
  const app = new HandlerApp();
  return (incoming) => {
    const scope = new HandlerScope(app, incoming);
    const { handler } = scope;
    handler.handle();
    scope.dispose();
    return handler;
  };
}

export function handlerAwaited() {
  const app = new HandlerApp();
  return async (incoming) => {
    const scope = new HandlerScope(app, incoming);
    const { handler } = scope;
    handler.handle();
    await scope.disposeAwaited();
    return handler;
  };
}

class DeskApp extends HandlerApp {
  #positive;
  get positive() {
    return (this.#positive ??= new Positive());
  }
}

class DeskScope extends HandlerScope {
  #solvent;
  #upload;
  #desk;
  makeLedger() {
    return new TimedLedger(super.makeLedger(), this.app.clock);
  }
  get solvent() {
    return (this.#solvent ??= new Solvent(this.ledger));
  }
  get upload() {
    return (this.#upload ??= new Upload(this.app.db));
  }
  get desk() {
    return (this.#desk ??= new Desk(
      this.handler,
      [this.solvent, this.app.positive],
      this.upload,
      (heading) => new Report(this.app.db, heading),
    ));
  }
  dispose() {
    try {
      this.#upload?.close();
    } finally {
      super.dispose();
    }
  }
  async disposeAwaited() {
    try {
      await this.#upload?.close();
    } finally {
      await super.disposeAwaited();
    }
  }
}

export function desk() {
  const app = new DeskApp();
  return (incoming) => {
    const scope = new DeskScope(app, incoming);
    const { desk } = scope;
    desk.handle();
    scope.dispose();
    return desk;
  };
}

export function deskAwaited() {
  const app = new DeskApp();
  return async (incoming) => {
    const scope = new DeskScope(app, incoming);
    const { desk } = scope;
    desk.handle();
    await scope.disposeAwaited();
    return desk;
  };
}

export function program(graph) {
  const lines = graph.map((it, i) => `s[${i}] = new S${i}(${it.map((d) => `s[${d}]`).join(", ")});`);
  const { functions, calls } = inParts(lines, "s");
  return `${functions}
export function start() {
  const s = new Array(${graph.length});
  ${calls}
  return s[${graph.length - 1}];
}`;
}

export function chain(links) {
  const prepare = () => {
    let previous = async () => undefined;
    for (const Link of links) {
      const before = previous;
      previous = lazy(async () => new Link(await before()));
    }
    return previous;
  };
  return { prepare, run: (last) => last() };
}

const build = (services) => {
  const built = [];
  for (const { Class, dependencies } of services)
    built.push(new Class(...dependencies.map((it) => built[it])));
  return built;
};

export function shutdown(services) {
  const prepare = () => build(services);
  const run = (built) => {
    const errors = [];
    for (let i = built.length - 1; i >= 0; i--) {
      try {
        built[i].dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  };
  return { prepare, run, rootOf: (built) => built.at(-1) };
}

export function shutdownAwaited(services) {
  const run = async (built) => {
    const errors = [];
    for (let i = built.length - 1; i >= 0; i--) {
      try {
        await built[i].dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  };
  return { ...shutdown(services), run };
}

export function scopes() {
  const app = new App();
  return { open: () => new RequestScope(app, undefined), clockOf: (scope) => scope.clock };
}

export function deep(links) {
  let previous = () => undefined;
  for (const Link of links) {
    const before = previous;
    let instance;
    // `lazy` written out: a frame per link, where calling a function to call a function takes two.
    previous = () => (instance ??= new Link(before()));
  }
  return previous();
}

export const tiny = (address, disposes) => `import { lazy } from "${address}";
export async function start() {
  const settings = lazy(() => new Settings());
  const store = lazy(() => new Store(settings()));
  const shop = lazy(() => new Shop(store()));
  const made = shop();
  ${disposes ? "await store().dispose();" : ""}
  return made;
}`;

/** A loop that waits for each receiver in turn. */
export const emit = (receivers) => async (payload) => {
  const event = { name: "paid", payload };
  for (const receiver of receivers) await receiver(event);
};

/** So many loops, each of which takes the next check. Nothing is bounded, and no check is told to give up. */
export const sweep = (services, concurrency) => async () => {
  const rows = [];
  let next = 0;
  const loop = async () => {
    while (next < services.length) {
      const at = next++;
      try {
        rows[at] = { status: (await services[at].check()) === false ? "unhealthy" : "healthy" };
      } catch (error) {
        rows[at] = { status: "unhealthy", error };
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  return rows;
};

export const requestByOption = request;

export const unsupported = {
  register: "nothing is registered by hand; 1 is the bare Map of this row",
};
