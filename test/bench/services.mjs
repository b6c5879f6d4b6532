/**
 * The services that every subject wires: plain classes which know of no container.
 *
 * Every row of every subject runs in a process of its own, so no two subjects share what the engine learns about these
 * classes, and one file can serve them all.
 */

/** W1, W11: sixty-four services that are built once and asked for over and over. */
export const many = Array.from({ length: 64 }, () => class Service {});

/** W2: eight leaves, so that "the class of this record" is not a constant the engine can fold. */
export const leaves = [
  class Leaf0 {
    value = 0;
  },
  class Leaf1 {
    value = 1;
  },
  class Leaf2 {
    value = 2;
  },
  class Leaf3 {
    value = 3;
  },
  class Leaf4 {
    value = 4;
  },
  class Leaf5 {
    value = 5;
  },
  class Leaf6 {
    value = 6;
  },
  class Leaf7 {
    value = 7;
  },
];

// W3: a page of ten parts, four deep.

export class Author {}
export class Image {}
export class Imprint {}
export class Menu {}
export class Text {
  constructor(author) {
    this.author = author;
  }
}
export class Logo {
  constructor(image) {
    this.image = image;
  }
}
export class Footer {
  constructor(imprint) {
    this.imprint = imprint;
  }
}
export class Article {
  constructor(text) {
    this.text = text;
  }
}
export class Header {
  constructor(logo, menu) {
    this.logo = logo;
    this.menu = menu;
  }
}
export class Page {
  constructor(header, article, footer) {
    this.header = header;
    this.article = article;
    this.footer = footer;
  }
}

// W4: a request to a shop. Config, Db and Clock live as long as the program; Visitor to Checkout as long as the request.

export class Config {}
export class Db {
  constructor(config) {
    this.config = config;
  }
}
export class Clock {}
export class Incoming {
  constructor(id) {
    this.id = id;
  }
}
export class Visitor {
  constructor(incoming, clock) {
    this.incoming = incoming;
    this.clock = clock;
  }
}
export class Session {
  open = true;
  constructor(incoming, db) {
    this.incoming = incoming;
    this.db = db;
  }
  dispose() {
    this.open = false;
  }
  static {
    answerToSymbol(this);
  }
}
export class Changes {
  open = true;
  /** Whether the session was still open when the changes were written to it: what the right order is good for. */
  written = false;
  constructor(session) {
    this.session = session;
  }
  dispose() {
    this.open = false;
    this.written = this.session.open;
  }
  static {
    answerToSymbol(this);
  }
}
export class Orders {
  constructor(changes, session) {
    this.changes = changes;
    this.session = session;
  }
}
export class Checkout {
  constructor(orders, visitor, config) {
    this.orders = orders;
    this.visitor = visitor;
    this.config = config;
  }
}

// W12: a handler of that shop, wired as programs wire theirs. Preferences, Db, Clock and Cache live as long as the program;
// an Envelope is made for each that needs one; all others live as long as the request. Nobody provides a Tracer.

export class Preferences {
  currency = "EUR";
}
export class Cache {}
export class Tracer {}
export class Identity {
  constructor(id, tracer) {
    this.id = id;
    this.tracer = tracer;
  }
}
export class Prices {
  constructor(currency, cache) {
    this.currency = currency;
    this.cache = cache;
  }
}
export class Ledger {
  constructor({ db, clock }, limit) {
    this.db = db;
    this.clock = clock;
    this.limit = limit;
  }
}
export class Audit {
  begun = false;
  constructor([identity, clock]) {
    this.identity = identity;
    this.clock = clock;
  }
  begin() {
    this.begun = true;
  }
}
export class Basket {
  constructor(session, prices) {
    this.session = session;
    this.prices = prices;
  }
}
export class Payment {
  constructor(basket, changes, log) {
    this.basket = basket;
    this.changes = changes;
    this.log = log;
  }
}
export class Envelope {
  constructor(clock) {
    this.clock = clock;
  }
}
export class Receipts {
  /** `payment` is resolved when a receipt is printed: `payment.get()`. */
  constructor(payment, envelope) {
    this.payment = payment;
    this.envelope = envelope;
  }
  print() {
    return this.payment.get();
  }
}
export class Handler {
  printed;
  constructor(payment, ledger, log, receipts, envelope) {
    this.payment = payment;
    this.ledger = ledger;
    this.log = log;
    this.receipts = receipts;
    this.envelope = envelope;
  }
  handle() {
    this.printed = this.receipts.print();
  }
}

// W12b: the same with rules that are found by what they are, a ledger that is wrapped, something that its factory has
// opened, and reports that are made on demand.

export class Rule {}
export class Positive {}
export class Solvent {
  constructor(ledger) {
    this.ledger = ledger;
  }
}
export class TimedLedger {
  constructor(ledger, clock) {
    this.ledger = ledger;
    this.clock = clock;
  }
}
export class Upload {
  open = true;
  constructor(db) {
    this.db = db;
  }
  close() {
    this.open = false;
  }
}
export class Report {
  constructor(db, heading) {
    this.db = db;
    this.heading = heading;
  }
}
export class Desk {
  report;
  constructor(handler, rules, upload, makeReport) {
    this.handler = handler;
    this.rules = rules;
    this.upload = upload;
    this.makeReport = makeReport;
  }
  handle() {
    this.report = this.makeReport("today");
    this.handler.handle();
  }
}

/** W7, W10: the links of a chain. Each is given the one before it, the first one nothing, so it may not ask either. */
export function makeLinks(length) {
  return Array.from(
    { length },
    () =>
      class Link {
        constructor(...previous) {
          this.previous = previous[0];
        }
      },
  );
}

/** W8: the number of disposals so far, so that the order of any two can be told. */
export const disposals = { count: 0 };

/**
 * The graph of W5, W6 and W8: for each of `n` services the positions of those it depends on, all of them before it.
 *
 * Read from its end it is a heap. The last service is the root; each depends on two of the layer below and on one of
 * ten that a tenth of the program shares, as it would share a logger or a configuration. The root reaches all.
 */
export function dependenciesOf(n) {
  return Array.from({ length: n }, (_, position) => {
    const rank = n - 1 - position;
    const below = [2 * rank + 1, 2 * rank + 2, n - 1 - (rank % 10)].filter((it) => it > rank && it < n);
    return [...new Set(below)].map((it) => n - 1 - it);
  });
}

/**
 * W6, W8: that graph as classes with something to undo, in the order one writes them, dependencies first. What each
 * depends on is there as positions, as classes and as names, so that no container is charged for looking them up.
 */
export function makeServices(n) {
  const services = dependenciesOf(n).map((dependencies, position) => ({
    name: `s${position}`,
    dependencies,
    Class: class Service {
      disposedAt = 0;
      constructor(...dependencies) {
        this.dependencies = dependencies;
      }
      dispose() {
        this.disposedAt = ++disposals.count;
      }
      static {
        answerToSymbol(this);
      }
    },
  }));
  for (const it of services) {
    it.classes = it.dependencies.map((position) => services[position].Class);
    it.names = it.dependencies.map((position) => services[position].name);
  }
  return services;
}

/** Puts the very same function under both names, or a container that looks for the symbol would pay for one more call. */
function answerToSymbol(Class) {
  Class.prototype[Symbol.dispose] = Class.prototype.dispose;
}
