/**
 * What the compiler says about a broken graph, in its own words. Each mistake comes with its repair, and the repaired
 * program must compile: so it is the mistake that was refused, and nothing else in the program.
 */

import { beforeAll, describe, expect, it } from "vitest";
import { type Checked, check } from "./reader.ts";

const shop = `
  import { alias, createContainer, parent, scoped, singleton, token, transient, value } from "thimble";
  interface Config { readonly dbUrl: string }
  interface Logger { log(line: string): void }
  interface Mailer { send(to: string): void }
  const Config = token<Config>("config");
  const Logger = token<Logger>("logger");
  const Mailer = token<Mailer>("mailer");
  class Db { #url = ""; constructor(config: Config) {} close() {} }
  class SmtpMailer { #url = ""; constructor(config: Config) {} send(to: string) {} }
  class Users { #parts = []; constructor(db: Db, log: Logger) {} }
  class Session { #request: Request; constructor(request: Request) { this.#request = request; } }
  const config = value(Config, { dbUrl: "mem:" });
  const site = createContainer(config, singleton(Db, [Config]), scoped(Session, [Request]));
`;

interface Mistake {
  readonly title: string;
  readonly mistake: string;
  readonly repair: string;
  readonly says: readonly string[];
}

const mistakes: Mistake[] = [
  {
    title: "names the token that a container has no provider for",
    mistake: `createContainer(config, singleton(Db, [Config]), singleton(Users, [Db, Logger]));`,
    repair: `createContainer(config, singleton(Db, [Config]), singleton(Users, [Db, Logger]), value(Logger, console));`,
    says: [`"no provider for"`, `required in type 'MissingProvider<Token<Logger>>'`],
  },
  {
    title: "names a class by what it is called",
    mistake: `createContainer("shop", value(Logger, console), singleton(Users, [Db, Logger]));`,
    repair: `createContainer("shop", value(Logger, console), singleton(Users, [Db, Logger]), singleton(Db, [Config]), config);`,
    says: [`"no provider for"`, `required in type 'MissingProvider<Db>'`],
  },
  {
    title: "looks into groups",
    mistake: `createContainer([[singleton(Db, [Config])], [value(Logger, console)]]);`,
    repair: `createContainer([[singleton(Db, [Config])], [value(Logger, console), [config]]]);`,
    says: [`"no provider for"`, `required in type 'MissingProvider<Token<Config>>'`],
  },
  {
    title: "names the token that a scope cannot give",
    mistake: `site.get([Db, Mailer]);`,
    repair: `site.createScope(singleton(SmtpMailer, [Config]), alias(Mailer, SmtpMailer)).get([Db, Mailer]);`,
    says: [`"no provider for"`, `required in type 'MissingProvider<Token<Mailer>>'`],
  },
  {
    title: "names what a scoped service still waits for",
    mistake: `site.get(Session);`,
    repair: `site.createScope(value(Request, new Request("https://example.org"))).get(Session);`,
    says: [`"no provider for"`, `required in type 'MissingProvider<Request>'`],
  },
  {
    title: "says that a singleton would capture something scoped",
    mistake: `site.provide(value(Request, new Request("")), singleton(Logger, [Session], () => console));`,
    repair: `site.provide(value(Request, new Request("")), scoped(Logger, [Session], () => console));`,
    says: [`"a singleton would capture the scoped"`, `required in type 'CaptiveDependency<Session>'`],
  },
  {
    title: "knows that nothing is above the container",
    mistake: `createContainer(singleton(Logger, [parent(Logger)], (logger) => logger));`,
    repair: `createContainer(value(Logger, console)).createScope(singleton(Logger, [parent(Logger)], (logger) => logger));`,
    says: [`"no provider for"`, `required in type 'MissingProvider<Token<Logger>>'`],
  },
  {
    title: "says that an override replaces nothing",
    mistake: `site.override(value(Logger, console));`,
    repair: `site.override(value(Config, { dbUrl: "mem:" }));`,
    says: [`"nothing to override for"`, `required in type 'NothingToOverride<Token<Logger>>'`],
  },
  {
    title: "says which parameter does not fit its dependency",
    mistake: `singleton(Users, [Logger, Db]);`,
    repair: `singleton(Users, [Db, Logger]);`,
    says: [
      `Types of parameters 'db' and`,
      `Type 'Logger' is missing the following properties from type 'Db'`,
    ],
  },
  {
    title: "says that a class is no factory",
    mistake: `singleton(Mailer, [Config], SmtpMailer);`,
    repair: `[singleton(SmtpMailer, [Config]), alias(Mailer, SmtpMailer)];`,
    says: [`'typeof SmtpMailer' provides no match for the signature '(args_0: Config): Made<Token<Mailer>>'`],
  },
  {
    title: "says what a factory should have made",
    mistake: `singleton(Db, [Config], (config) => new SmtpMailer(config));`,
    repair: `singleton(Db, [Config], async (config) => new Db(config));`,
    says: [`Type 'SmtpMailer' is not assignable to type 'Made<typeof Db>'`],
  },
  {
    title: "says what an alias would give, and what its token holds",
    mistake: `alias(Mailer, Db);`,
    repair: `alias(Mailer, SmtpMailer);`,
    says: [`NotAssignable<Db, Mailer>`, `"is not assignable to"`],
  },
  {
    title: "says that a transient has no dispose",
    mistake: `transient(Db, [Config], (config) => new Db(config), { dispose: () => {} });`,
    repair: `scoped(Db, [Config], (config) => new Db(config), { dispose: () => {} });`,
    says: [`'dispose' does not exist in type 'TransientOptions<Db>'`],
  },
];

describe("the compiler", () => {
  let checked: Checked;

  beforeAll(async () => {
    const files: Record<string, string> = {};
    mistakes.forEach(({ mistake, repair }, i) => {
      files[`mistake-${i}.ts`] = shop + mistake;
      files[`repair-${i}.ts`] = shop + repair;
    });
    checked = await check(files);
  });

  it.each(mistakes.map((it, i) => ({ ...it, i })))("$title", ({ says, i }) => {
    expect(checked.errors[`repair-${i}.ts`] ?? []).toEqual([]);

    const errors = checked.errors[`mistake-${i}.ts`] ?? [];
    expect(errors).toHaveLength(1);
    for (const words of says) expect(errors[0]).toContain(words);
  });
});
