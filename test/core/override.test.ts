import { alias, createContainer, scoped, singleton, token, transient, value, type Scope } from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "./support/deferred.ts";
import { refusal } from "./support/refusal.ts";

const Mailer = token<string>("mailer");
const Users = token<string>("users");
const Absent = token<string>("absent");

describe("override", () => {
  it("replaces the provider of a token, and returns the scope", () => {
    const app: Scope = createContainer(
      singleton(Mailer, () => "smtp"),
      singleton(Users, [Mailer], (mailer) => `users with ${mailer}`),
    );

    expect(app.override(value(Mailer, "mock"))).toBe(app);

    expect(app.get([Mailer, Users])).toEqual(["mock", "users with mock"]);
  });

  it("replaces many at once, and groups of them", () => {
    const app: Scope = createContainer(value(Mailer, "smtp"), value(Users, "users"));

    app.override([value(Mailer, "mock")], [[value(Users, "nobody")]]);

    expect(app.get([Mailer, Users])).toEqual(["mock", "nobody"]);
  });

  it("may change the kind", () => {
    class Job {}
    const app: Scope = createContainer(singleton(Job));

    app.override(transient(Job));

    expect(app.get(Job)).not.toBe(app.get(Job));
  });

  it("may put an alias in place of a service, and a service in place of an alias", () => {
    const app: Scope = createContainer(value(Users, "users"), value(Mailer, "smtp"));

    app.override(alias(Mailer, Users));
    expect(app.get(Mailer)).toBe("users");

    app.override(value(Mailer, "mock"));
    expect(app.get(Mailer)).toBe("mock");
    expect(app.get(Users)).toBe("users");
  });

  it("may be done again", () => {
    const app: Scope = createContainer(value(Mailer, "smtp"));

    app.override(value(Mailer, "first")).override(value(Mailer, "second"));

    expect(app.get(Mailer)).toBe("second");
  });

  it("refuses a token that nothing visible provides: a stale mock is a bug", () => {
    const app: Scope = createContainer(value(Mailer, "smtp"));
    app.createScope("request", value(Absent, "below"));

    const error = refusal(() => app.override(value(Absent, "mock")));

    expect(error.code).toBe("NOT_PROVIDED");
    expect(error.message).toContain('"absent"');
    expect(app.has(Absent)).toBe(false);
  });

  it("refuses a whole list for one of it", () => {
    const app: Scope = createContainer(value(Mailer, "smtp"));

    refusal(() => app.override(value(Mailer, "mock"), value(Absent, "mock")));

    expect(app.get(Mailer)).toBe("smtp");
  });

  it("refuses two for one token in one list", () => {
    const app: Scope = createContainer(value(Mailer, "smtp"));

    expect(refusal(() => app.override(value(Mailer, "a"), value(Mailer, "b"))).code).toBe("DUPLICATE");
    expect(app.get(Mailer)).toBe("smtp");
  });
});

describe("an override in a child", () => {
  it("of what a scope above provides counts in the child only", () => {
    const app = createContainer(value(Mailer, "smtp"));
    const child: Scope = app.createScope("request");
    const sibling: Scope = app.createScope("request");

    child.override(value(Mailer, "mock"));

    expect(child.get(Mailer)).toBe("mock");
    expect(child.createScope("job").get(Mailer)).toBe("mock");
    expect([app.get(Mailer), sibling.get(Mailer)]).toEqual(["smtp", "smtp"]);
  });

  it("does not change what singletons above are made of", () => {
    const app = createContainer(
      value(Mailer, "smtp"),
      singleton(Users, [Mailer], (mailer) => `users with ${mailer}`),
    );
    const child: Scope = app.createScope("request");

    child.override(value(Mailer, "mock"));

    expect(child.get(Users)).toBe("users with smtp");
  });

  it("may be done again, and may override what the child itself provides", () => {
    const app = createContainer(value(Mailer, "smtp"));
    const child: Scope = app.createScope("request", value(Mailer, "request's"));

    child.override(value(Mailer, "first"));
    child.override(value(Mailer, "second"));

    expect(child.get(Mailer)).toBe("second");
    expect(app.get(Mailer)).toBe("smtp");
  });
});

describe("what was built before an override", () => {
  it("stays with whoever holds it", () => {
    const app: Scope = createContainer(
      singleton(Mailer, () => "smtp"),
      singleton(Users, [Mailer], (mailer) => `users with ${mailer}`),
    );
    const held = app.get(Users);

    app.override(singleton(Mailer, () => "mock"));

    expect(held).toBe("users with smtp");
    expect(app.get(Users)).toBe(held);
    expect(app.get(Mailer)).toBe("mock");
  });

  it("is still disposed at shutdown, and so is what replaced it", async () => {
    const undone: string[] = [];
    const mailer = (name: string) => singleton(Mailer, () => name, { dispose: (it) => undone.push(it) });
    const app: Scope = createContainer(mailer("first"));
    app.get(Mailer);
    app.override(mailer("second"));
    app.get(Mailer);
    app.override(mailer("third"));

    const report = await app.shutdown();

    expect(undone.toSorted()).toEqual(["first", "second"]);
    expect(report.services.map((row) => row.outcome)).toEqual(["disposed", "disposed"]);
  });

  it("is disposed after what was built on it", async () => {
    const undone: string[] = [];
    const release = deferred();
    const app: Scope = createContainer(
      singleton(Mailer, () => "smtp", { dispose: (it) => undone.push(it) }),
      singleton(Users, [Mailer], (mailer) => `users with ${mailer}`, {
        dispose: async () => {
          await release.promise;
          undone.push("users");
        },
      }),
    );
    app.get(Users);
    app.override(value(Mailer, "mock"));

    const closing = app.shutdown();
    release.resolve();
    await closing;

    expect(undone).toEqual(["users", "smtp"]);
  });

  it("is disposed also when it was still being built", async () => {
    const undone: string[] = [];
    const gate = deferred<string>();
    const app: Scope = createContainer(
      singleton(Mailer, () => gate.promise, { dispose: (it) => undone.push(it) }),
    );
    const asked = app.getAsync(Mailer);

    app.override(value(Mailer, "mock"));
    expect(app.get(Mailer)).toBe("mock");
    gate.resolve("smtp");
    await asked;
    await app.shutdown();

    expect(undone).toEqual(["smtp"]);
  });

  it("is disposed also when it was an owned value that nobody had asked for", async () => {
    const undone: string[] = [];
    const owned = (name: string) => value(Mailer, name, { owned: true, dispose: (it) => undone.push(it) });
    const app: Scope = createContainer(owned("first"));
    app.override(owned("second"));

    await app.shutdown();

    expect(undone.toSorted()).toEqual(["first", "second"]);
  });

  it("stays in the scopes that built theirs, when it is scoped", () => {
    const app: Scope = createContainer(scoped(Mailer, () => "smtp"));
    const before = app.createScope("before");
    const holder = before.get(Mailer);

    app.override(scoped(Mailer, () => "mock"));

    expect(holder).toBe("smtp");
    expect(app.createScope("after").get(Mailer)).toBe("mock");
  });
});
