/**
 * What a scope's type remembers, and what may be passed for what. Checked by `tsc`; nothing here runs.
 */

import {
  type AnyToken,
  abortSignal,
  all,
  consumer,
  createContainer,
  currentScope,
  defer,
  map,
  optional,
  parent,
  type Resolved,
  type Resolver,
  type Scope,
  type ShutdownReport,
  scoped,
  singleton,
  type Token,
  transient,
  value,
} from "thimble";
import { observe } from "thimble/observe";
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
} from "./services.ts";

const app = createContainer(
  value(Config, { dbUrl: "mem:" }),
  value(Logger, console),
  singleton(Db, [Config], (config) => Db.open(config.dbUrl)),
);

// ---- asking

expectTypeOf(app.get(Db)).toEqualTypeOf<Db>();
expectTypeOf(app.get(Config)).toEqualTypeOf<Config>();
expectTypeOf(app.getAsync(Db)).toEqualTypeOf<Promise<Db>>();
expectTypeOf(app.get([Db, Config])).toEqualTypeOf<[Db, Config]>();
expectTypeOf(app.get([Db, { log: Logger }])).toEqualTypeOf<[Db, { log: Logger }]>();
expectTypeOf(app.get({ db: Db, config: Config })).toEqualTypeOf<{ db: Db; config: Config }>();
expectTypeOf(app.get({ both: [Db, Config], maybe: [optional(Port)] })).toEqualTypeOf<{
  both: [Db, Config];
  maybe: [number | undefined];
}>();
expectTypeOf(app.get({ deep: { db: Db } })).toEqualTypeOf<{ deep: { db: Db } }>();
expectTypeOf(app.get([[Db, Config], Db])).toEqualTypeOf<[[Db, Config], Db]>();
expectTypeOf(app.get(optional(Mailer))).toEqualTypeOf<Mailer | undefined>();
expectTypeOf(app.get(optional(Port, 8080))).toEqualTypeOf<number>();
expectTypeOf(app.get(optional(Port, "none"))).toEqualTypeOf<number | string>();
expectTypeOf(app.get(all(Mailer))).toEqualTypeOf<Mailer[]>();
expectTypeOf(app.get(defer(Db)).getAsync()).toEqualTypeOf<Promise<Db>>();
expectTypeOf(app.get(defer(all(Mailer))).get()).toEqualTypeOf<Mailer[]>();
expectTypeOf(app.get(defer(optional(Mailer))).getAsync()).toEqualTypeOf<Promise<Mailer | undefined>>();
expectTypeOf(app.get(defer([Db, { mail: Mailer }])).get()).toEqualTypeOf<[Db, { mail: Mailer }]>();
expectTypeOf(app.get(map([Config, Db], ([config]) => config.dbUrl))).toEqualTypeOf<string>();
expectTypeOf(app.get(parent(Db))).toEqualTypeOf<Db>();
expectTypeOf(app.get(currentScope)).toEqualTypeOf<Scope>();
expectTypeOf(app.get(abortSignal)).toEqualTypeOf<AbortSignal>();
expectTypeOf(app.get(consumer)).toEqualTypeOf<AnyToken | undefined>();
expectTypeOf<Resolved<[typeof Db, { log: Token<Logger> }]>>().toEqualTypeOf<[Db, { log: Logger }]>();
expectTypeOf(app.has(Mailer)).toEqualTypeOf<boolean>();

expectTypeOf(app.run([Db, Config], (db, config) => [db, config] as const)).toEqualTypeOf<
  readonly [Db, Config]
>();
expectTypeOf(app.run(Db, (db) => db)).toEqualTypeOf<Db>();
expectTypeOf(app.run({ db: Db }, ({ db }) => db)).toEqualTypeOf<Db>();
expectTypeOf(app.runAsync([Db], (db) => db.close())).toEqualTypeOf<Promise<void>>();
expectTypeOf(app.runAsync(Db, (db) => db)).toEqualTypeOf<Promise<Db>>();

// @ts-expect-error nothing provides Mailer
app.get(Mailer);
// @ts-expect-error nothing provides Mailer
app.get([Db, Mailer]);
// @ts-expect-error nothing provides Mailer
void app.getAsync({ mail: Mailer });
// @ts-expect-error nothing provides Mailer
app.get({ both: [Db, Mailer] });
// @ts-expect-error nothing provides Mailer
app.run([Mailer], (mailer) => mailer);
// @ts-expect-error nothing provides Mailer
void app.runAsync([Mailer], (mailer) => mailer);
// @ts-expect-error nothing provides Mailer above
app.get(parent(Mailer));
// @ts-expect-error the second argument is a config
app.run([Db, Config], (db: Db, config: Db) => [db, config]);

// ---- widening

expectTypeOf(app.provide(value(Port, 8080)).get(Port)).toEqualTypeOf<number>();
app.createScope("request", value(Host, "localhost")).get([Host, Db]);
app.createScope(value(Host, "localhost")).createScope().get([Host, Db]);
app.override(value(Logger, console)).get([Logger, Db]);
app
  .provide(value(Mailer, { send: async () => {} }))
  .override(singleton(Mailer, [Config], (c) => new SmtpMailer(c)));
app
  .createScope("tests", [value(Port, 1)], [scoped(Clock)])
  .override(singleton(Clock))
  .get(Clock);
// @ts-expect-error there is no mailer to replace
app.override(value(Mailer, { send: async () => {} }));
// @ts-expect-error what replaces must find what it needs, too
app.override(singleton(Logger, [Port], () => console));
// @ts-expect-error the child had it, not its parent
void [app.createScope(value(Port, 1)), app.get(Port)];
const needsPort = transient(Host, [Port], String);
const needsHost = singleton(Clock, [Host], () => new Clock());
// @ts-expect-error nothing provides Port
app.provide(needsPort, needsHost);

// ---- plain scopes

const empty: Scope = createContainer();
const plain: Scope = app;
empty.get(Mailer);
plain.get([Mailer, { port: Port }]);
expectTypeOf(plain.get(Mailer)).toEqualTypeOf<Mailer>();
plain.override(value(Mailer, { send: async () => {} }));
plain.createScope(singleton(Clock, [Mailer], () => new Clock())).get(Host);
expectTypeOf(plain.provide(value(Port, 1))).toEqualTypeOf<Scope>();
const opened: Scope = app.createScope("request", value(Host, "localhost"));
opened.root.get(Mailer);
plain satisfies Resolver;

/** Generic code asks a plain scope. */
export function ask<T>(scope: Scope, what: Token<T>): T {
  return scope.get(what);
}
export function askAny<K extends AnyToken>(scope: Scope, what: K): Promise<Resolved<K>> {
  return scope.getAsync<K>(what);
}
ask(app, Config).dbUrl.toUpperCase();

// ---- scopes that say what they have

const some: Scope<Db | Token<Config>> = app;
some.get([Db, Config]);
const fewer: Scope<Db> = some;
fewer.get(Db);
const none: Scope<never> = createContainer();
const site = createContainer(scoped(Session, [Request]));
const handler: Scope<Session> = site.createScope("request", value(Request, new Request("")));
handler.get(Session);
// @ts-expect-error it cannot make one yet
const early: Scope<Session> = site;
// @ts-expect-error a singleton would keep the request's session
site.createScope(value(Request, new Request(""))).provide(singleton(Port, [Session], () => 1));
// @ts-expect-error it says nothing of a logger
some.get(Logger);
// @ts-expect-error an empty container has no database
const wrong: Scope<Db> = createContainer();
// @ts-expect-error it has no mailer
const wider: Scope<Db | Token<Mailer>> = app;
// @ts-expect-error it has a subclass, which is another token
const base: Scope<Clock> = createContainer(singleton(SettableClock));
void [none, wrong, wider, base, early];

// ---- the end

/** `await using` works, and the report is plain data. */
export async function close(): Promise<ShutdownReport> {
  await using request = app.createScope("request");
  request.get(Db);
  const report = await app.shutdown({ timeout: 500, signal: AbortSignal.timeout(100), reason: "bye" });
  expectTypeOf(report.services[0]?.outcome).toEqualTypeOf<"disposed" | "failed" | "abandoned" | undefined>();
  return report;
}

observe(app, {
  built: ({ token, elapsed, path }) => console.log(token.name, elapsed, path.at(-1)?.token),
  got: ({ scope, cached }) => console.log(scope.name, cached),
  buildFailed: ({ error }) => expectTypeOf(error).toEqualTypeOf<unknown>(),
})();
// @ts-expect-error a scope has no such method
app.observe({});
// @ts-expect-error there is no such event
observe(app, { builds: () => {} });
