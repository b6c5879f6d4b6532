/**
 * The two builds are the same to the compiler, and so is `thimble`, which is one of them. Checked by `tsc`; nothing here
 * runs.
 */

import * as thimble from "thimble";
import * as fast from "thimble/fast";
import * as small from "thimble/small";
import { expectTypeOf } from "vitest";
import { Config, Db, Host, Mailer, SmtpMailer, Users } from "./services.ts";

expectTypeOf<typeof fast>().toEqualTypeOf<typeof small>();
expectTypeOf<typeof fast>().toEqualTypeOf<typeof thimble>();
expectTypeOf<fast.Scope<Db>>().toEqualTypeOf<small.Scope<Db>>();
expectTypeOf<fast.Provider<Db>>().toEqualTypeOf<thimble.Provider<Db>>();
expectTypeOf<fast.CreateContainer>().toEqualTypeOf<small.CreateContainer>();

// ---- what one of them makes, the others take

const Path = small.token<string>("path");
const group = [
  small.singleton(Db, [Config], ({ dbUrl }) => new Db(dbUrl)),
  fast.singleton(Mailer, { config: Config }, ({ config }) => new SmtpMailer(config)),
  thimble.scoped(Users, [Db, Mailer]),
  fast.transient(Path, [small.optional(Host, "localhost")], (host) => `/${host}`),
] as const;

for (const { createContainer, value } of [thimble, fast, small]) {
  const app = createContainer(group, value(Config, { dbUrl: "mem:" }), small.value(Host, "here"));
  expectTypeOf(app.get(Users)).toEqualTypeOf<Users>();
  expectTypeOf(app.get(Path)).toEqualTypeOf<string>();
  expectTypeOf(app.createScope("request", fast.value(Host, "there"))).toExtend<small.Scope<typeof Path>>();

  // @ts-expect-error nothing provides the config, whichever build the providers are from
  createContainer(group, small.value(Host, "here")).get(Db);
}

const scope: small.Scope<Db> = fast.createContainer(fast.value(Db, new Db("mem:")));
const other: fast.Scope<Db> = small.createContainer(small.value(Db, new Db("mem:")));
const refused = (error: small.NotProvidedError): fast.ContainerError => error;
void [scope, other, refused];
