/**
 * Which lists of providers hold together. Checked by `tsc`; nothing here runs.
 */

import {
  alias,
  all,
  arg,
  assisted,
  createContainer,
  defer,
  fallback,
  make,
  map,
  one,
  optional,
  parent,
  type Provider,
  type ProviderGroup,
  ref,
  type Scope,
  scoped,
  singleton,
  transient,
  value,
} from "thimble";
import {
  Clock,
  Config,
  Db,
  Host,
  Logger,
  Mailer,
  Port,
  Session,
  SettableClock,
  SmtpMailer,
  Users,
} from "./services.ts";

const config = value(Config, { dbUrl: "mem:" });
const request = value(Request, new Request("https://example.org"));
const data = [singleton(Db, [Config], (config) => Db.open(config.dbUrl), { dispose: (db) => db.close() })];
const mail = [singleton(SmtpMailer, [Config]), alias(Mailer, SmtpMailer)];

// ---- in any order, in groups, with a name or without

createContainer();
createContainer("shop");
// `undefined` in place of a name is no name
createContainer(undefined, config).createScope(undefined, data).get(Db);
// @ts-expect-error nothing provides Config
createContainer(undefined, data);
// @ts-expect-error only in the first place
createContainer(config, undefined);
createContainer(singleton(Users, [Db, Mailer]), mail, config, data);
createContainer("shop", config, [data, [mail, [[singleton(Users, [Db, Mailer])]]]]).get(Users);
// @ts-expect-error nothing provides Config
createContainer(mail);
// @ts-expect-error nothing provides Config
createContainer("shop", [[[mail]]]);
// @ts-expect-error nothing provides Db
createContainer(config, mail, singleton(Users, [Db, Mailer]));
// @ts-expect-error a name comes first
createContainer(config, "shop");
// @ts-expect-error a token is no provider
createContainer(Config);

// what is nested deeper than four levels may hold anything
createContainer([[[[mail]]]]).get(Users);

// a list whose type says nothing about it is for a plain scope: anywhere else it would take the checks away
const plugins: ProviderGroup = [];
const anything: Provider[] = mail;
// @ts-expect-error it may hold anything
createContainer(plugins, mail);
// @ts-expect-error it may hold anything
createContainer(config, anything);
// @ts-expect-error also in a group
createContainer(config, [anything]);
// @ts-expect-error also in a scope that knows what it has
createContainer(config).createScope("request", anything);
(createContainer(config) as Scope).provide(plugins, anything).get(Users);

// what is written by hand is checked like everything else
const byHand: readonly [
  Provider<SmtpMailer, typeof Config, "singleton">,
  Provider<typeof Mailer, typeof SmtpMailer, "alias">,
] = [singleton(SmtpMailer, [Config]), alias(Mailer, SmtpMailer)];
createContainer(config, byHand).get(Mailer);
// @ts-expect-error nothing provides Config
createContainer(byHand);
// @ts-expect-error it needs a Config
const wrongNeeds: Provider<SmtpMailer, never, "singleton"> = singleton(SmtpMailer, [Config]);
// @ts-expect-error it is for a SmtpMailer
const wrongToken: Provider<typeof Mailer, typeof Config, "singleton"> = singleton(SmtpMailer, [Config]);
void [wrongNeeds, wrongToken];

// options are no dependencies
createContainer(singleton(Clock, { as: [SettableClock], dispose: (clock) => clock.now() })).get(Clock);

// ---- a token is itself and nothing else

const byClock = singleton(Port, [Clock], (clock) => clock.now());
const bySettableClock = singleton(Port, [SettableClock], (clock) => clock.now());
createContainer(singleton(SettableClock), bySettableClock);
// @ts-expect-error a subclass is provided, which does not provide its base
createContainer(singleton(SettableClock), byClock);
// @ts-expect-error the base is provided, which does not provide a subclass
createContainer(singleton(Clock), bySettableClock);
// @ts-expect-error the implementation is provided, not the interface
createContainer(config, data, singleton(SmtpMailer, [Config]), singleton(Users, [Db, Mailer]));

// ---- combinators

const clock = () => new Clock();
createContainer(
  singleton(Clock, [optional(Db), all(Mailer, { tag: "mail" }), one(Logger), defer(Users)], clock),
);
createContainer(singleton(Clock, [optional({ db: Db, log: Logger })], clock));
createContainer(
  singleton(Clock, [defer(all(Mailer)), defer(optional(Db)), defer([Db, { users: Users }])], clock),
);
// @ts-expect-error a ref needs what its token needs
createContainer(singleton(Clock, [ref(() => Db)], clock));
createContainer(config, data, singleton(Clock, [ref(() => Db)], clock));
// @ts-expect-error a map needs what its dependency needs
createContainer(singleton(Clock, [map(Config, (config) => config.dbUrl)], clock));
// @ts-expect-error also in a tuple in a record in a tuple
createContainer(singleton(Port, [{ at: [Host] }], ({ at: [host] }) => host.length));
createContainer(
  value(Host, "localhost"),
  singleton(Port, [{ at: [Host] }], ({ at: [host] }) => host.length),
);
// @ts-expect-error also in a record in a tuple
createContainer(singleton(Port, [{ host: Host }], ({ host }) => host.length));
// @ts-expect-error also in a record
createContainer(singleton(Port, { host: Host }, ({ host }) => host.length));

// ---- make

const made = make(singleton(Users, [Db, Mailer]));
createContainer(config, data, mail).get(made).count();
// @ts-expect-error it needs what its provider needs
createContainer(config, data).get(made);
// @ts-expect-error also where it is a dependency
createContainer(config, data, singleton(Clock, [made], clock));
createContainer(config, data, mail, singleton(Clock, [made], clock));
createContainer(config)
  .get(make(value(Port, 1)))
  .toFixed();
createContainer(config)
  .get(
    make(
      alias(
        Port,
        map(Config, ({ dbUrl }) => dbUrl.length),
      ),
    ),
  )
  .toFixed();
createContainer(config).get(
  make(
    singleton(Users, [
      make(singleton(Db, [Config], (it) => new Db(it.dbUrl))),
      make(singleton(SmtpMailer, [Config])),
    ]),
  ),
);
createContainer().get(optional(made))?.count();
createContainer().get(defer(made)).get().count();
// what a transient makes may come later, as what it declares
createContainer(transient(Clock, [made], clock))
  .createScope(config, data, mail)
  .get(Clock);
// @ts-expect-error a class is no provider
make(Users);
// @ts-expect-error nor is a list
make([config]);
const written: Provider = config;
// @ts-expect-error its type says nothing about it
createContainer(config).get(make(written));
(createContainer(config) as Scope).get(make(written));

// ---- assisted

class Letter {
  readonly #parts: unknown[];
  constructor(db: Db, to: string, pages: number) {
    this.#parts = [db, to, pages];
  }
  size(): number {
    return this.#parts.length;
  }
}
const newLetter = assisted(Letter, [Db, arg<string>(), arg<number>()]);
const shopWithDb = createContainer(config, data);
shopWithDb.get(newLetter)("Ada", 1).size();
// @ts-expect-error an arg is missing
shopWithDb.get(newLetter)("Ada");
// @ts-expect-error or one too many
shopWithDb.get(newLetter)("Ada", 1, 2);
// @ts-expect-error or in another place
shopWithDb.get(newLetter)(1, "Ada");
// @ts-expect-error it needs the other dependencies
createContainer().get(newLetter);
// @ts-expect-error also where it is a dependency
createContainer(singleton(Clock, [newLetter], clock));
createContainer(
  config,
  data,
  singleton(Port, [newLetter], (write) => write("Ada", 1).size()),
);
const laterBySession = assisted(Port, [Session, arg<number>()], (_, n) => n);
const captor = singleton(Clock, [laterBySession], clock);
// @ts-expect-error what is resolved later would be captured all the same
createContainer(value(Request, new Request("https://example.org")), scoped(Session, [Request]), captor);
const line = assisted(Host, [{ db: Db, all: [Config] }, arg<string>()], ({ db, all: [{ dbUrl }] }, text) => {
  void db.close();
  return dbUrl + text.trim();
});
shopWithDb.get(line)("x").trim();
shopWithDb.get(assisted(Clock, []))().now();
// the instance is not promised
// @ts-expect-error a promise is no string
assisted(Host, [Db], async () => "x");
// an optional parameter is given as undefined
class Page {
  readonly title: string | undefined;
  constructor(db: Db, title?: string) {
    void db.close();
    this.title = title;
  }
}
shopWithDb.get(assisted(Page, [Db, arg<string | undefined>()]))(undefined);
shopWithDb.get(assisted(Page, [Db]))();
// @ts-expect-error an arg stands in the list itself
assisted(Host, [[arg<string>()]], ([text]) => text);
// @ts-expect-error not in a record
assisted(Host, [{ text: arg<string>() }], ({ text }) => text);
// @ts-expect-error not in a combinator
optional(arg<string>());
// @ts-expect-error not in a provider
singleton(Host, [arg<string>()], (text) => text);
// @ts-expect-error and it is nothing that a scope can give
shopWithDb.get(arg<string>());
// @ts-expect-error not even a plain one
(shopWithDb as Scope).get(arg<string>());

// ---- fallback

const clockInstead = fallback(singleton(Clock));
createContainer(clockInstead).get(Clock).now();
createContainer(clockInstead, singleton(Clock)).get(Clock).now();
createContainer(clockInstead).override(value(Clock, new Clock())).get(Clock).now();
createContainer(fallback(value(Config, { dbUrl: "mem:" })), data, [[fallback(alias(Logger, Logger))]]).get(
  Db,
);
// @ts-expect-error it needs what its provider needs
createContainer(fallback(singleton(SmtpMailer, [Config])));
const typed: Provider<SmtpMailer, typeof Config, "singleton"> = fallback(singleton(SmtpMailer, [Config]));
// @ts-expect-error a class is no provider
fallback(Clock);
// @ts-expect-error nor is a list
fallback([clockInstead]);
void [typed];

// ---- parent

const shop = createContainer(config, data, mail, singleton(Clock));
shop.createScope(singleton(Mailer, [parent(Mailer)], (mailer) => mailer));
// @ts-expect-error nothing is above the container
createContainer(singleton(Clock, [parent(Clock)], (clock) => clock));
const byClockAbove = singleton(Port, [parent(Clock)], (clock) => clock.now());
// @ts-expect-error the list's own clock is not above it
createContainer().createScope(singleton(Clock), byClockAbove);
// @ts-expect-error what is above is asked for here and now, also for a transient
createContainer().createScope(transient(Port, [parent(Clock)], (clock) => clock.now()));

// ---- scoped and transient may wait for a later scope, singletons may not

const site = createContainer(
  config,
  data,
  mail,
  scoped(Session, [Request]),
  transient(Host, [Session], (session) => session.user() ?? "nobody"),
  alias(
    Logger,
    map(Host, () => console),
  ),
);
site.get(Mailer);
// @ts-expect-error a session needs a Request
site.get(Session);
// @ts-expect-error so does what depends on it
site.get(Host);
// @ts-expect-error and what depends on that
site.get(Logger);
// @ts-expect-error one in a tuple
site.get([Mailer, Host]);
// @ts-expect-error one in a record
site.get({ mail: Mailer, host: Host });
site.get(optional(Session));
site.createScope("request", request).get([Session, Host, Logger]);
site.createScope("tenant").createScope("request", request).get({ log: Logger });
// @ts-expect-error a singleton is built where it is registered, and there is no Request
createContainer(singleton(Session, [Request]));
// @ts-expect-error nor for what a transient needs
site.createScope(singleton(Port, [Logger], () => 1));
const hostOf = transient(Host, [Request], (request) => new URL(request.url).host);
const byHost = singleton(Port, [Host], (host) => host.length);
// @ts-expect-error nor in the same list
createContainer(hostOf, byHost);
const byLogger = singleton(Port, [Logger], () => 1);
site.createScope(request, byLogger).get(Port);
site.provide(request).get(Session);

// two that need each other and wait for something: the checker comes to an end
const hostByPort = transient(Host, [Port], String);
const portByHost = transient(Port, [Host, Request], (host) => host.length);
const circle = createContainer(hostByPort, portByHost);
// @ts-expect-error nothing provides Request
circle.get(Host);

// ---- a singleton may not hold what lives shorter

const session = scoped(Session, [Request]);
const bySession = singleton(Port, [Session], () => 1);
// @ts-expect-error a session is per scope
createContainer(request, session, bySession);
// @ts-expect-error also when it is provided above
site.createScope(request, bySession);
const bySessionInRecord = singleton(Port, { session: Session }, () => 1);
// @ts-expect-error also when it is asked for in a record
site.createScope(request, bySessionInRecord);
const bySessionLater = singleton(Port, [defer(Session)], () => 1);
createContainer(request, session, bySessionLater);
const perScope = scoped(Port, [Session], () => 1);
createContainer(request, session, perScope);
const perAsk = transient(Port, [Session], () => 1);
createContainer(request, session, perAsk);
// here the session is a value of this scope
const given = value(Session, new Session(new Request("https://example.org")));
site.createScope(given, bySession);
