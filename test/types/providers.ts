/**
 * What a provider's forms accept and refuse. Checked by `tsc`; nothing here runs.
 */

import {
  alias,
  createContainer,
  optional,
  scoped,
  singleton,
  type Token,
  token,
  transient,
  value,
} from "thimble";
import { expectTypeOf } from "vitest";
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

// ---- every form, with every kind

singleton(Users, [Db, Mailer]);
scoped(Users, [Db, Mailer], { in: "request" });
transient(Users, [Db, Mailer], { tags: ["people"] });

singleton(Clock);
scoped(Clock, { init: (clock) => expectTypeOf(clock).toEqualTypeOf<Clock>() });
transient(Clock);

singleton(Db, [Config], (config) => new Db(config.dbUrl));
singleton(Db, [Config], (config) => Db.open(config.dbUrl));
singleton(Db, [Config], async (config) => new Db(config.dbUrl), { dispose: (db) => db.close() });
scoped(Db, { config: Config, log: optional(Logger) }, ({ config, log }) => {
  expectTypeOf(log).toEqualTypeOf<Logger | undefined>();
  return new Db(config.dbUrl);
});
transient(Port, [Host, { config: Config }], (host, { config }) => host.length + config.dbUrl.length);

singleton(Port, () => 8080);
singleton(Db, async (services) => {
  expectTypeOf(services.get(Port)).toEqualTypeOf<number>();
  expectTypeOf(services.getAsync([Config, { log: Logger }])).toEqualTypeOf<
    Promise<[Config, { log: Logger }]>
  >();
  expectTypeOf(services.has(Mailer)).toEqualTypeOf<boolean>();
  return Db.open(services.get(Config).dbUrl);
});

// ---- what a factory returns is read as what its token holds: literals and tuples stay what they are

const Mode = token<"live" | "dry">("mode");
const Shape = token<{ kind: "circle"; radius: number } | { kind: "dot" }>("shape");
const Pair = token<[string, number]>("pair");
const Modes = token<("live" | "dry")[]>("modes");
const Hook = token<(line: string) => "ok" | "">("hook");

singleton(Mode, () => "live");
singleton(Mode, async () => "live");
singleton(Mode, [], async () => "live");
singleton(Mode, [Port], async () => "live", { tags: ["mode"] });
singleton(Mode, async () => "live", { tags: ["mode"] });
singleton(Mode, async ({ getAsync }) => ((await getAsync(Port)) ? "live" : "dry"));
singleton(Mode, ({ get }) => (get(Port) ? "live" : "dry"));
singleton(Mode, [], () => "live");
scoped(Mode, [Port], () => "live", { init: (mode) => expectTypeOf(mode).toEqualTypeOf<"live" | "dry">() });
transient(Mode, [Port], async (port) => (port ? "live" : "dry"));
singleton(Mode, { port: Port }, ({ port }) => (port ? "live" : "dry"));
singleton(Shape, () => ({ kind: "dot" }));
singleton(Shape, async () => ({ kind: "circle", radius: 1 }));
singleton(Shape, [], () => ({ kind: "dot" }));
singleton(Shape, [Port], async (port) => (port ? { kind: "circle", radius: port } : { kind: "dot" }));
singleton(Pair, () => ["a", 1]);
singleton(Pair, [Port], async (port) => ["a", port]);
singleton(Modes, async () => ["live"]);
singleton(Modes, [Port], () => ["live", "dry"]);
singleton(Hook, [Port], () => (line) => line && "ok");
// @ts-expect-error no such mode
singleton(Mode, [Port], () => "wet");
// @ts-expect-error no such mode
singleton(Mode, () => "wet");
// @ts-expect-error a circle has a radius
singleton(Shape, () => ({ kind: "circle" }));
// @ts-expect-error the other way round
singleton(Pair, [Port], (port) => [port, "a"]);

// ---- values and aliases

value(Config, { dbUrl: "mem:" });
value(Db, new Db("mem:"), { owned: true });
value(Db, new Db("mem:"), { dispose: (db) => db.close() });

alias(Mailer, SmtpMailer);
alias(Clock, SettableClock);
alias(Logger, optional(Logger, console));

// a dependency list that was written down elsewhere
const needs = [Db, Mailer] as const;
singleton(Users, needs);

// a factory may ignore the dependencies at the end of its list
singleton(Clock, [Db], () => new Clock());
singleton(Db, [Config, Port], (config) => new Db(config.dbUrl));

// a parameter of a constructor may be optional, or be any number of parameters
class Report {
  readonly parts: unknown[];
  constructor(db: Db, clock?: Clock, ...loggers: Logger[]) {
    this.parts = [db, clock, loggers];
  }
}
singleton(Report, [Db]);
singleton(Report, [Db, Clock]);
singleton(Report, [Db, Clock, Logger, Logger]);
// @ts-expect-error a port is no logger
singleton(Report, [Db, Clock, Logger, Port]);

// records in tuples, tuples in records, as deep as one likes
singleton(Port, { db: [Db, { clock: Clock }] }, ({ db: [db, { clock }] }) => {
  expectTypeOf(db).toEqualTypeOf<Db>();
  return clock.now();
});
singleton(Port, [[Db, Clock]], ([, clock]) => clock.now());
// @ts-expect-error a string is no dependency, wherever it stands
singleton(Port, [{ db: ["db"] }], () => 1);

// ---- classes that only they themselves construct: the class is the token, and a factory makes the instance

class Vault {
  readonly #key = 1;
  private constructor() {}
  static open(): Vault {
    return new Vault();
  }
  key(): number {
    return this.#key;
  }
}
abstract class Shelf {
  readonly #books = 1;
  protected constructor() {}
  books(): number {
    return this.#books;
  }
}
singleton(Vault, () => Vault.open());
singleton(Vault, [Config], () => Vault.open(), {
  dispose: (vault) => expectTypeOf(vault).toEqualTypeOf<Vault>(),
});
value(Vault, Vault.open());
alias(token<Vault>("vault"), Vault);
singleton(Port, [Vault, optional(Shelf)], (vault, shelf) => vault.key() + (shelf?.books() ?? 0));
// @ts-expect-error nobody else may call its constructor
singleton(Vault);
// @ts-expect-error nobody else may call its constructor
singleton(Vault, []);
// @ts-expect-error a clock is no vault
value(Vault, new Clock());
// @ts-expect-error a plain function is no token
value(() => new Clock(), new Clock());
// @ts-expect-error a plain function is no token
singleton(() => new Clock());

// ---- options

singleton(SmtpMailer, [Config], {
  dispose: (mailer, signal) => {
    expectTypeOf(mailer).toEqualTypeOf<SmtpMailer>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    return fetch("https://example.org", { signal });
  },
  init: async (mailer, signal: AbortSignal) => {
    signal.throwIfAborted();
    await mailer.send("ada", "up");
  },
  as: [Mailer],
  default: true,
  order: -1,
  tags: ["mail"],
});
singleton(Clock, { dispose: false });
singleton(Clock, undefined);
singleton(Clock, [], undefined);
singleton(Clock, [], {});
singleton(Port, () => 1, { init: (port) => expectTypeOf(port).toEqualTypeOf<number>() });
singleton(Db, [Config], (config) => new Db(config.dbUrl), undefined);
singleton(Users, [Db, Mailer], { dispose: (users) => expectTypeOf(users).toEqualTypeOf<Users>() });

// ---- refused

// @ts-expect-error the other way round: the constructor takes the database first
singleton(Users, [Mailer, Db]);
// @ts-expect-error the constructor takes a mailer too
singleton(Users, [Db]);
// @ts-expect-error also before options
singleton(Users, [Db], { dispose: false });
// @ts-expect-error also before none
singleton(Users, [Db], {});
// @ts-expect-error the constructor takes no clock
singleton(Users, [Db, Mailer, Clock]);
// @ts-expect-error the constructor takes nothing
singleton(Clock, [Db]);
// @ts-expect-error the constructor takes nothing, also before options
scoped(Clock, [Db], { in: "request" });
// @ts-expect-error a record has no order: write [{ config: Config }]
singleton(Db, { config: Config });
// @ts-expect-error the same before options
singleton(Db, { config: Config }, { dispose: false });
// @ts-expect-error a token has no constructor
singleton(Logger, [Db]);
const one = () => 1;
// @ts-expect-error one factory is enough
singleton(Port, one, one);
// @ts-expect-error the constructor takes parameters
singleton(Users);
// @ts-expect-error the constructor takes parameters
scoped(Users, { in: "request" });
// @ts-expect-error the second parameter is a string, the second dependency a number
singleton(Db, [Config, Port], (config: Config, port: string) => new Db(config.dbUrl + port));
// @ts-expect-error `log` is not among the dependencies
singleton(Db, { config: Config }, ({ config, log }) => new Db(config.dbUrl + log));
// @ts-expect-error a mailer is not a database
singleton(Db, [Config], (config) => new SmtpMailer(config));
// @ts-expect-error nor is the promise of one
singleton(Db, [Config], async (config) => new SmtpMailer(config));
// @ts-expect-error a port is a number
singleton(Port, () => "8080");

// @ts-expect-error a class is no factory: singleton(SmtpMailer, [Config]) and alias(Mailer, SmtpMailer)
singleton(Mailer, [Config], SmtpMailer);
// @ts-expect-error nor is it one where it needs nothing
singleton(Clock, [], SettableClock);
// @ts-expect-error nor without a list
singleton(Mailer, SmtpMailer);
// @ts-expect-error nor where the token is a class
singleton(Clock, SettableClock);

// @ts-expect-error a provider is no dependency
singleton(Clock, [singleton(Db, [Config], (config) => new Db(config.dbUrl))]);
// @ts-expect-error nor is a string
singleton(Clock, ["db"]);
// @ts-expect-error nor is what a circular import leaves behind
singleton(Clock, [undefined]);

// @ts-expect-error a config has a dbUrl
value(Config, { url: "mem:" });
// @ts-expect-error a promise is no value: it is the factory of a singleton
value(Db, Db.open("mem:"));
// @ts-expect-error a database sends no mail
alias(Mailer, Db);
// @ts-expect-error perhaps nothing is no logger
alias(Logger, optional(Logger));
// @ts-expect-error a clock cannot be set: a base class is not its subclass
alias(SettableClock, Clock);

// @ts-expect-error transients are never disposed
transient(Db, [Config], (config) => new Db(config.dbUrl), { dispose: (db: Db) => db.close() });
// @ts-expect-error only a value is owned or not
singleton(Clock, { owned: true });
// @ts-expect-error only a scoped service lives in a scope of its choice
singleton(Clock, { in: "request" });
// @ts-expect-error an alias has no options
alias(Mailer, SmtpMailer, { order: 1 });
singleton(Clock, { io: true });
singleton(Clock, { layer: "service" });
singleton(Clock, { health: (clock: Clock, signal: AbortSignal) => !signal.aborted && clock !== undefined });
value(Port, 80, { health: (port) => port > 0 });
scoped(Session, [Request], { health: async (session, signal) => !signal.aborted && session !== undefined });
// @ts-expect-error a transient is not kept, so there is nothing to check
transient(Clock, { health: () => true });
// @ts-expect-error the instance is a clock
singleton(Clock, { health: (db: Db) => db !== undefined });
singleton(Clock, { eager: true, start: (clock) => clock.now(), after: [Config] });
// @ts-expect-error nothing starts a transient
transient(Db, [Config], (config) => new Db(config.dbUrl), { start: (db: Db) => db.close() });
// @ts-expect-error a clock sends no mail
singleton(Clock, { as: [Mailer] });
// @ts-expect-error the instance is a session
scoped(Session, [Request], { dispose: (db: Db) => db.close() });

// ---- helpers of one's own

export const lazy = <T>(key: Token<T>, make: () => T) => singleton(key, make);
export const byPort = <T>(key: Token<T>, make: (port: number) => T) =>
  singleton(key, [Port], make, { order: 1 });
export const constructed = <T>(Made: new (port: number) => T) => scoped(Made, [Port]);
createContainer(
  lazy(Port, () => 1),
  byPort(Host, String),
).get(Host);
