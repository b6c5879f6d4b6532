/**
 * What the compiler says about a broken graph, in its own words. Each mistake comes with its repair, and the repaired
 * program must compile: so it is the mistake that was refused, and nothing else in the program.
 *
 * One mistake is one error. It stands where the mistake is, and its first line tells what is wrong: editors show the
 * first line, and TypeScript 5.9 and 7 do not agree on the others.
 */

import { beforeAll, describe, expect, it } from "vitest";
import { type Checked, check, compilerNames } from "./reader.ts";

const shop = `
  import { alias, arg, assisted, createContainer, decorate, defer, fallback, make, parent, type Provider, type Scope, scoped, singleton, token, transient, value } from "thimble";
  interface Config { readonly dbUrl: string }
  interface Logger { log(line: string): void }
  interface Mailer { send(to: string): void }
  interface Visit { readonly from: string }
  const Config = token<Config>("config");
  const Logger = token<Logger>("logger");
  const Mailer = token<Mailer>("mailer");
  const Visit = token<Visit>("visit");
  const Mode = token<"live" | "dry">("mode");
  class Db { #url = ""; constructor(config: Config) {} close() {} }
  class SmtpMailer { #url = ""; constructor(config: Config) {} send(to: string) {} }
  class Users { #parts = []; constructor(db: Db, log: Logger) {} }
  class Session { #visit: Visit; constructor(visit: Visit) { this.#visit = visit; } }
  class Clock { #start = 0 }
  class Vault { #key = 1; private constructor() {} static open() { return new Vault(); } }
  const config = value(Config, { dbUrl: "mem:" });
  const data = [singleton(Db, [Config]), singleton(Users, [Db, Logger])];
  const site = createContainer(config, singleton(Db, [Config]), scoped(Session, [Visit]));
  const visit = value(Visit, { from: "home" });
`;

interface Mistake {
  readonly title: string;
  readonly mistake: string;
  readonly repair: string;
  /** How the text at the place of the error begins. */
  readonly at: string;
  /** What the first line of the error contains. */
  readonly says: string;
}

const mistakes: Mistake[] = [
  // ---- graphs
  {
    title: "names the token that is missing and who needs it, at the provider that does",
    mistake: `createContainer(config, singleton(Db, [Config]), singleton(Users, [Db, Logger]), visit);`,
    repair: `createContainer(config, singleton(Db, [Config]), singleton(Users, [Db, Logger]), visit, value(Logger, console));`,
    at: "singleton(Users",
    says: `'MissingProvider<Token<Logger>, NeededBy<Users>>'`,
  },
  {
    title: "names a class by what it is called",
    mistake: `createContainer("shop", value(Logger, console), singleton(Users, [Db, Logger]));`,
    repair: `createContainer("shop", value(Logger, console), singleton(Users, [Db, Logger]), singleton(Db, [Config]), config);`,
    at: "singleton(Users",
    says: `'MissingProvider<Db, NeededBy<Users>>'`,
  },
  {
    title: "looks into groups that are written where they are used",
    mistake: `createContainer([value(Logger, console), [visit, singleton(Db, [Config])]]);`,
    repair: `createContainer([value(Logger, console), [config, singleton(Db, [Config])]]);`,
    at: "singleton(Db",
    says: `'MissingProvider<Token<Config>, NeededBy<Db>>'`,
  },
  {
    title: "stands at a group that was written elsewhere",
    mistake: `createContainer(config, data, visit);`,
    repair: `createContainer(config, data, visit, value(Logger, console));`,
    at: "data, visit",
    says: `'MissingProvider<Token<Logger>, NeededBy<Users>>'`,
  },
  {
    title: "follows what is there to what it waits for",
    mistake: `site.provide(transient(Logger, [Session], () => console), singleton(Clock, [Logger], () => new Clock()));`,
    repair: `site.provide(transient(Logger, [Session], () => console), singleton(Clock, [Logger], () => new Clock()), visit);`,
    at: "singleton(Clock",
    says: `'MissingProvider<Token<Visit>, NeededBy<Session>>'`,
  },
  {
    title: "names the token that a scope cannot give, where it stands in a tuple",
    mistake: `site.get([Db, Mailer]);`,
    repair: `site.createScope(singleton(SmtpMailer, [Config]), alias(Mailer, SmtpMailer)).get([Db, Mailer]);`,
    at: "Mailer]",
    says: `'MissingProvider<Token<Mailer>, NeededHere>'`,
  },
  {
    title: "names it where it stands in a record",
    mistake: `site.get({ db: Db, mail: Mailer });`,
    repair: `site.createScope(singleton(SmtpMailer, [Config]), alias(Mailer, SmtpMailer)).get({ db: Db, mail: Mailer });`,
    at: "mail: Mailer",
    says: `'MissingProvider<Token<Mailer>, NeededHere>'`,
  },
  {
    title: "names what a scoped service still waits for",
    mistake: `site.get(Session);`,
    repair: `site.createScope(visit).get(Session);`,
    at: "Session);",
    says: `'MissingProvider<Token<Visit>, NeededBy<Session>>'`,
  },
  {
    title: "says that a singleton would capture something scoped",
    mistake: `site.provide(visit, singleton(Logger, [Session], () => console));`,
    repair: `site.provide(visit, scoped(Logger, [Session], () => console));`,
    at: "singleton(Logger",
    says: `'CaptiveDependency<Session, NeededBy<Token<Logger>>>'`,
  },
  {
    title: "says so also when the scoped service waits for something",
    mistake: `createContainer(scoped(Session, [Visit]), singleton(Logger, [Session], () => console));`,
    repair: `createContainer(scoped(Session, [Visit]), singleton(Logger, [defer(Session)], () => console));`,
    at: "singleton(Logger",
    says: `'CaptiveDependency<Session, NeededBy<Token<Logger>>>'`,
  },
  {
    title: "names what a decorated value needs",
    mistake: `createContainer(decorate(value(Visit, { from: "" }), [Logger], (visit) => visit));`,
    repair: `createContainer(decorate(value(Visit, { from: "" }), [Logger], (visit) => visit), value(Logger, console));`,
    at: "decorate(",
    says: `'MissingProvider<Token<Logger>, NeededBy<Token<Visit>>>'`,
  },
  {
    title: "says that a decorated value would capture something scoped",
    mistake: `createContainer(scoped(Logger, () => console), decorate(value(Visit, { from: "" }), [Logger], (visit) => visit));`,
    repair: `createContainer(scoped(Logger, () => console), decorate(value(Visit, { from: "" }), [defer(Logger)], (visit) => visit));`,
    at: "decorate(",
    says: `'CaptiveDependency<Token<Logger>, NeededBy<Token<Visit>>>'`,
  },
  {
    title: "knows that nothing is above the container",
    mistake: `createContainer(config, singleton(Logger, [parent(Logger)], (logger) => logger));`,
    repair: `createContainer(value(Logger, console)).createScope(singleton(Logger, [parent(Logger)], (logger) => logger));`,
    at: "singleton(Logger",
    says: `'MissingProvider<Token<Logger>, NeededBy<Token<Logger>>>'`,
  },
  {
    title: "says that an override replaces nothing",
    mistake: `site.override(config, value(Logger, console));`,
    repair: `site.override(config);`,
    at: "value(Logger",
    says: `'NothingToOverride<Token<Logger>>'`,
  },
  {
    title: "says that the type of a list says nothing",
    mistake: `const list: Provider[] = data; createContainer(config, list);`,
    repair: `const list: Provider[] = data; (createContainer(config) as Scope).provide(list);`,
    at: "list);",
    says: `'UnknownProvider'`,
  },

  {
    title: "says that a list that is spread says nothing",
    mistake: `const list: readonly Provider[] = data; createContainer(...list);`,
    repair: `const list: readonly Provider[] = data; (createContainer() as Scope).provide(...list);`,
    at: "...list",
    says: `'UnknownProvider'`,
  },

  // ---- dependencies and factories
  {
    title: "says which dependency does not fit its parameter",
    mistake: `singleton(Users, [Logger, Db]);`,
    repair: `singleton(Users, [Db, Logger]);`,
    at: "Logger, Db",
    says: `'NotAssignable<Logger, Db>'`,
  },
  {
    title: "says so also before options",
    mistake: `singleton(Users, [Db, Config], { dispose: false });`,
    repair: `singleton(Users, [Db, Logger], { dispose: false });`,
    at: "Config]",
    says: `'NotAssignable<Config, Logger>'`,
  },
  {
    title: "says what a list of dependencies lacks",
    mistake: `singleton(Users, [Db]);`,
    repair: `singleton(Users, [Db, Logger]);`,
    at: "[Db]",
    says: `'readonly [db: typeof Db, log: DependencyFor<Logger>]'`,
  },
  {
    title: "refuses a dependency too many",
    mistake: `singleton(Users, [Db, Logger, Config]);`,
    repair: `singleton(Users, [Db, Logger]);`,
    at: "[Db, Logger, Config]",
    says: `'readonly [db: typeof Db, log: Token<Logger>]'`,
  },
  {
    title: "says that the list of dependencies is missing, once",
    mistake: `createContainer(config, singleton(Db));`,
    repair: `createContainer(config, singleton(Db, [Config]));`,
    at: "Db)",
    says: `'MissingDependencies<[config: Config]>'`,
  },
  {
    title: "says that a token has no constructor",
    mistake: `createContainer(config, singleton(Mailer, [Config]));`,
    repair: `createContainer(config, singleton(Mailer, [Config], (config) => new SmtpMailer(config)));`,
    at: "[Config]",
    says: `'MissingFactory<Token<Mailer>>'`,
  },
  {
    title: "says that nobody may call a private constructor",
    mistake: `createContainer(singleton(Vault));`,
    repair: `createContainer(singleton(Vault, () => Vault.open()));`,
    at: "Vault)",
    says: `'MissingFactory<typeof Vault>'`,
  },
  {
    title: "says that a class is no factory",
    mistake: `createContainer(config, singleton(Mailer, [Config], SmtpMailer));`,
    repair: `createContainer(config, singleton(SmtpMailer, [Config]), alias(Mailer, SmtpMailer));`,
    at: "SmtpMailer)",
    says: `'ClassAsFactory'`,
  },
  {
    title: "says what a factory should have made",
    mistake: `singleton(Db, [Config], (config) => new SmtpMailer(config));`,
    repair: `singleton(Db, [Config], async (config) => new Db(config));`,
    at: "new SmtpMailer",
    says: `Type 'SmtpMailer' is not assignable to type 'Made<typeof Db>'`,
  },
  {
    title: "says what a factory that resolves as it runs should have made",
    mistake: `singleton(Mode, () => "wet");`,
    repair: `singleton(Mode, async () => "dry");`,
    at: `"wet"`,
    says: `Type '"wet"' is not assignable to type 'Made<Token<`,
  },
  {
    title: "says what an alias would give, and what its token holds",
    mistake: `alias(Mailer, Db);`,
    repair: `alias(Mailer, SmtpMailer);`,
    at: "Db)",
    says: `NotAssignable<Db, Mailer>`,
  },

  ...[
    [
      `assisted(Mailer, [arg<Config>()], (config, more) => new SmtpMailer(config));`,
      `assisted(Mailer, [arg<Config>()], (config) => new SmtpMailer(config));`,
      `'(args_0: Config) => Mailer'`,
    ],
    [
      `decorate(config, [Logger], (it, log, more) => it);`,
      `decorate(config, [Logger], (it, log) => it);`,
      `'(instance: Config, dependencies_0: Logger) => Decorating<Config>'`,
    ],
  ].map(([mistake, repair, says]) => ({
    title: `refuses a parameter too many, once: ${mistake}`,
    mistake: mistake!,
    repair: repair!,
    at: /(async )?\([^()]*, more\) =>/.exec(mistake!)![0],
    says: says!,
  })),
  ...[`dispose: (it) => it`, `dispose() {}`, `eager: true`, `onDispose() {}`].flatMap((option) => [
    {
      title: `says that the list of dependencies is missing, also before options: ${option}`,
      mistake: `singleton(Db, { ${option} });`,
      repair: `singleton(Db, [Config], { dispose: (it) => it });`,
      at: "{ ",
      says: `'MissingDependencies<[config: Config]>'`,
    },
    {
      title: `says that the factory is missing, also before options: ${option}`,
      mistake: `scoped(Mailer, { ${option} });`,
      repair: `scoped(Mailer, () => ({ send() {} }), { dispose: (it) => it });`,
      at: "{ ",
      says: `'MissingFactory<Token<Mailer>>'`,
    },
  ]),
  ...[`undefined`, `null`, `"clock"`, `{}`].map((it) => ({
    title: `says that it is no token: singleton(${it})`,
    mistake: `singleton(${it});`,
    repair: `singleton(Clock);`,
    at: it,
    says: `'AnyToken'`,
  })),

  // ---- make, assisted, fallback
  {
    title: "names what the provider in make needs, and who needs that",
    mistake: `createContainer(singleton(Logger, [make(singleton(Db, [Config]))], () => console));`,
    repair: `createContainer(singleton(Logger, [make(singleton(Db, [Config]))], () => console), config);`,
    at: "singleton(Logger",
    says: `'MissingProvider<Token<Config>, NeededBy<Token<Logger>>>'`,
  },
  {
    title: "names what is no provider, once",
    mistake: `site.get(make(Db));`,
    repair: `site.get(make(singleton(Db, [Config])));`,
    at: "Db)",
    says: `'Provider<any, any, ProviderKind>'`,
  },
  {
    title: "says that the type of the provider in make says nothing",
    mistake: `const it: Provider = config; site.get(make(it));`,
    repair: `const it: Provider = config; (site as Scope).get(make(it));`,
    at: "make(it)",
    says: `'MissingProvider<UnknownProvider, NeededHere>'`,
  },
  {
    title: "names what an assisted function needs besides its args",
    mistake: `createContainer(singleton(Logger, [assisted(Users, [Db, arg<Logger>()])], () => console));`,
    repair: `createContainer(singleton(Logger, [assisted(Users, [arg<Db>(), arg<Logger>()])], () => console));`,
    at: "singleton(Logger",
    says: `'MissingProvider<Db, NeededBy<Token<Logger>>>'`,
  },
  {
    title: "says which arg does not fit its parameter",
    mistake: `assisted(Users, [Db, arg<Mailer>()]);`,
    repair: `assisted(Users, [Db, arg<Logger>()]);`,
    at: "arg<Mailer>",
    says: `'NotAssignable<Mailer, Logger>'`,
  },
  {
    title: "says what the list of assisted lacks",
    mistake: `assisted(Users, [arg<Db>()]);`,
    repair: `assisted(Users, [arg<Db>(), Logger]);`,
    at: "[arg<Db>()]",
    says: `'readonly [db: Arg<Db>, log: DependencyFor<Logger>]'`,
  },
  {
    title: "says that assisted needs a factory for a token",
    mistake: `assisted(Mailer, [arg<string>()]);`,
    repair: `assisted(Mailer, [arg<string>()], () => new SmtpMailer({ dbUrl: "" }));`,
    at: "[arg",
    says: `'MissingFactory<Token<Mailer>>'`,
  },
  {
    title: "says that a class is no factory of assisted",
    mistake: `assisted(Mailer, [Config], SmtpMailer);`,
    repair: `assisted(SmtpMailer, [Config]);`,
    at: "SmtpMailer)",
    says: `'ClassAsFactory'`,
  },
  {
    title: "says that an arg is no dependency of a provider",
    mistake: `singleton(SmtpMailer, [arg<Config>()]);`,
    repair: `assisted(SmtpMailer, [arg<Config>()]);`,
    at: "arg<Config>",
    says: `Type 'Arg<Config>' is not assignable to type 'Dependency'`,
  },
  {
    title: "names what a fallback needs",
    mistake: `createContainer(fallback(singleton(Db, [Config])));`,
    repair: `createContainer(fallback(singleton(Db, [Config])), fallback(config));`,
    at: "fallback(singleton",
    says: `'MissingProvider<Token<Config>, NeededBy<Db>>'`,
  },

  // ---- options
  ...[
    [`singleton(Clock, { `, `'SingletonOptions<Clock>'`],
    [`singleton(Clock, [], { `, `'SingletonOptions<Clock>'`],
    [`singleton(Db, [Config], { `, `'SingletonOptions<Db>'`],
    [`singleton(Db, [Config], (config) => new Db(config), { `, `'SingletonOptions<Db>'`],
    [`singleton(Mailer, () => ({ send() {} }), { `, `'SingletonOptions<Mailer>'`],
    [`singleton(Mailer, async ({ get }) => new SmtpMailer(get(Config)), { `, `'SingletonOptions<Mailer>'`],
    [`scoped(Clock, { `, `'ScopedOptions<Clock>'`],
    [`value(Clock, new Clock(), { `, `'ValueOptions<Clock>'`],
  ].flatMap(([before, options]) => [
    {
      title: `says whose option it is that does not exist: ${before}onDispose() {} })`,
      mistake: `${before}onDispose() {} });`,
      repair: `${before}dispose() {} });`,
      at: "onDispose",
      says: `'onDispose' does not exist in type ${options}`,
    },
    {
      title: `says whose option it is that does not exist: ${before}disposer: (it) => it })`,
      mistake: `${before}disposer: (it: unknown) => it });`,
      repair: `${before}dispose: (it) => it });`,
      at: "disposer",
      says: `'disposer' does not exist in type ${options}`,
    },
  ]),
  {
    title: "says that a transient has no dispose",
    mistake: `transient(Db, [Config], (config) => new Db(config), { dispose: () => {} });`,
    repair: `scoped(Db, [Config], (config) => new Db(config), { dispose: () => {} });`,
    at: "dispose",
    says: `'dispose' does not exist in type 'TransientOptions<Db>'`,
  },
];

describe.each(compilerNames)("%s", (compiler) => {
  let checked: Checked;

  beforeAll(async () => {
    const files: Record<string, string> = {};
    mistakes.forEach(({ mistake, repair }, i) => {
      files[`mistake-${i}.ts`] = shop + mistake;
      files[`repair-${i}.ts`] = shop + repair;
    });
    checked = await check(files, {}, compiler);
  });

  it.each(mistakes.map((it, i) => ({ ...it, i })))("$title", ({ says, at, i }) => {
    expect(checked.errors[`repair-${i}.ts`] ?? []).toEqual([]);

    const errors = checked.errors[`mistake-${i}.ts`] ?? [];
    expect(errors).toHaveLength(1);
    expect(errors[0]?.split("\n")[0]).toContain(says);
    expect(checked.places[`mistake-${i}.ts`]?.[0]?.slice(0, at.length)).toBe(at);
  });
});
