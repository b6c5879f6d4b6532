import { createContainer, singleton, token, value, type Scope } from "thimble";
import { describe, expect, it } from "vitest";
import { refusal, route } from "./support/refusal.ts";

describe("a token", () => {
  it("is new each time it is made", () => {
    expect(token<string>("region")).not.toBe(token<string>("region"));
  });

  it("is known by identity, so two of the same name stand side by side", () => {
    const Ours = token<string>("logger");
    const Theirs = token<string>("logger");
    const app = createContainer(value(Ours, "ours"), value(Theirs, "theirs"));

    expect(app.get([Ours, Theirs])).toEqual(["ours", "theirs"]);
  });

  it("is not provided because another of the same name is", () => {
    const app: Scope = createContainer(value(token<string>("logger"), "ours"));

    expect(app.has(token<string>("logger"))).toBe(false);
    expect(refusal(() => app.get(token<string>("logger"))).code).toBe("NOT_PROVIDED");
  });

  it.each(["", " ", "__proto__", "constructor", "toString", "a > b", "тимбл"])("may be called %j", (name) => {
    const Named = token<number>(name);
    const Other = token<number>(name);
    const app: Scope = createContainer(value(Named, 7));

    expect(app.get(Named)).toBe(7);
    expect(app.has(Other)).toBe(false);
  });

  it("is printed by its name", () => {
    const app: Scope = createContainer();

    const error = refusal(() => app.get(token("mailer")));

    expect(route(error.path)).toBe("mailer");
    expect(error.message).toContain('"mailer"');
  });
});

describe("a class", () => {
  it("is a token for its instances", () => {
    class Clock {
      now() {
        return 12;
      }
    }
    const app = createContainer(singleton(Clock));

    expect(app.get(Clock)).toBeInstanceOf(Clock);
    expect(app.get(Clock).now()).toBe(12);
  });

  it("is a token when it is abstract too", () => {
    abstract class Store {
      abstract read(): string;
    }
    class MemoryStore extends Store {
      override read() {
        return "from memory";
      }
    }
    const app = createContainer(singleton(Store, () => new MemoryStore()));

    expect(app.get(Store).read()).toBe("from memory");
  });

  it("does not answer to the name of the class it extends", () => {
    class Mailer {}
    class SmtpMailer extends Mailer {}
    const app: Scope = createContainer(singleton(SmtpMailer));

    expect(app.has(Mailer)).toBe(false);
    expect(refusal(() => app.get(Mailer)).code).toBe("NOT_PROVIDED");
  });

  it("does not answer to the name of the class that extends it", () => {
    class Mailer {}
    class SmtpMailer extends Mailer {}
    const app: Scope = createContainer(singleton(Mailer));

    expect(refusal(() => app.get(SmtpMailer)).code).toBe("NOT_PROVIDED");
  });

  it("is printed by its name, and by something readable when it has none", () => {
    class Clock {}
    const app: Scope = createContainer();

    expect(route(refusal(() => app.get(Clock)).path)).toBe("Clock");
    expect(route(refusal(() => app.get(class {})).path)).not.toBe("");
  });

  it("is printed as text even when it has a static `name` that is no string", () => {
    class Tagged {
      static readonly name = 42 as unknown as string;
    }
    const app: Scope = createContainer();

    expect(typeof refusal(() => app.get(Tagged)).path[0]?.token).toBe("string");
  });
});
