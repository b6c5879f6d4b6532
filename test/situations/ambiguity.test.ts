/**
 * Several implementations of one interface, where containers take a random
 * one, another when the right one is incomplete, or build all to give one.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { all, createContainer, one, singleton, token, value, type Scope } from "thimble";
import { thrown } from "../core/support/refusal.ts";
import { turn } from "../core/support/turn.ts";
import { codeOf, trail } from "./failing.ts";
import { rejection, settles } from "./waiting.ts";

interface Mailer {
  readonly via: string;
}

const Mailer = token<Mailer>("mailer");
const Smtp = token<Mailer>("smtp");
const Ses = token<Mailer>("ses");
const Pigeon = token<Mailer>("pigeon");
const Config = token<object>("config");

/** Providers of a mailer that note their building. */
function mailers(built: string[] = []) {
  const make = (via: string) => () => {
    built.push(via);
    return { via };
  };
  return {
    smtp: singleton(Smtp, make("smtp"), { as: [Mailer] }),
    ses: singleton(Ses, make("ses"), { as: [Mailer] }),
    pigeon: singleton(Pigeon, make("pigeon"), { as: [Mailer] }),
  };
}

describe("several that answer, and none preferred", () => {
  it("are AMBIGUOUS: all candidates are named, and none is built", () => {
    const built: string[] = [];
    const { smtp, ses, pigeon } = mailers(built);
    const app: Scope = createContainer(smtp, ses, pigeon);

    const error = thrown(() => app.get(one(Mailer)));

    expect(codeOf(error)).toBe("AMBIGUOUS");
    for (const name of ["smtp", "ses", "pigeon"]) expect((error as Error).message).toContain(name);
    expect(built).toEqual([]);
  });

  it("are AMBIGUOUS in every order and every time, also when one of them is built already", () => {
    const { smtp, ses } = mailers();

    for (const providers of [
      [smtp, ses],
      [ses, smtp],
    ]) {
      const app: Scope = createContainer(providers);
      app.get(Ses);
      for (let ask = 0; ask < 20; ask++) expect(codeOf(thrown(() => app.get(one(Mailer))))).toBe("AMBIGUOUS");
    }
  });

  it("are AMBIGUOUS for a service that declares one of them: refused with the path, nothing half built", async () => {
    const built: string[] = [];
    const { smtp, ses } = mailers(built);
    const Signup = token<object>("signup");
    const app: Scope = createContainer(
      smtp,
      ses,
      singleton(Signup, [one(Mailer)], (mailer) => {
        built.push("signup");
        return { mailer };
      }),
    );

    const error = await rejection(app.getAsync(Signup));

    expect(codeOf(error)).toBe("AMBIGUOUS");
    expect(trail(error)[0]).toBe("signup");
    expect(built).toEqual([]);
  });

  it("all marked as the default: AMBIGUOUS too, rather than the first", () => {
    const app: Scope = createContainer(
      singleton(Smtp, () => ({ via: "smtp" }), { as: [Mailer], default: true }),
      singleton(Ses, () => ({ via: "ses" }), { as: [Mailer], default: true }),
    );

    expect(codeOf(thrown(() => app.get(one(Mailer))))).toBe("AMBIGUOUS");
  });
});

describe("one that is preferred", () => {
  it("because it is the default: given in every order, and the others are never built", () => {
    for (const reversed of [false, true]) {
      const built: string[] = [];
      const { smtp, pigeon } = mailers(built);
      const ses = singleton(Ses, () => ({ via: "ses" }), { as: [Mailer], default: true });
      const app: Scope = createContainer(reversed ? [pigeon, ses, smtp] : [smtp, ses, pigeon]);

      expect(app.get(one(Mailer)).via).toBe("ses");
      expect(built).toEqual([]);
    }
  });

  it("because it is the token itself: given before a default", () => {
    const app: Scope = createContainer(
      singleton(Ses, () => ({ via: "ses" }), { as: [Mailer], default: true }),
      value(Mailer, { via: "own" }),
    );

    expect(app.get(one(Mailer)).via).toBe("own");
  });

  it("because it is the only one: given, without a mark", () => {
    const { smtp } = mailers();

    expect(createContainer(smtp).get(one(Mailer)).via).toBe("smtp");
  });

  it("but misses a dependency: that is what is reported, and no other steps in", () => {
    const built: string[] = [];
    const { smtp, pigeon } = mailers(built);
    const app: Scope = createContainer(smtp, pigeon);
    app.provide(singleton(Ses, [Config], () => ({ via: "ses" }), { as: [Mailer], default: true }));

    const error = thrown(() => app.get(one(Mailer)));

    expect(codeOf(error)).toBe("NOT_PROVIDED");
    expect(trail(error).slice(-2)).toEqual(["ses", "config"]);
    expect(built).toEqual([]);
  });

  it("but fails to build: its own error comes out, and no other steps in", async () => {
    const built: string[] = [];
    const { smtp } = mailers(built);
    const refused = new Error("no credentials");
    const app: Scope = createContainer(
      smtp,
      singleton(
        Ses,
        async () => {
          await turn();
          throw refused;
        },
        { as: [Mailer], default: true },
      ),
    );

    expect(await rejection(app.getAsync(one(Mailer)))).toBe(refused);
    expect(built).toEqual([]);
  });
});

describe("none that answers", () => {
  it("is NOT_PROVIDED for one, and an empty list for all", () => {
    const app: Scope = createContainer(value(Config, {}));

    expect(codeOf(thrown(() => app.get(one(Mailer))))).toBe("NOT_PROVIDED");
    expect(app.get(all(Mailer))).toEqual([]);
  });
});

describe("all that answer", () => {
  it("come in the same order every time, whichever was built first", async () => {
    const orders = await Promise.all(
      [Smtp, Ses, Pigeon].map(async (first) => {
        const { smtp, ses, pigeon } = mailers();
        const app: Scope = createContainer(smtp, ses, pigeon);
        app.get(first);
        return (await settles(app.getAsync(all(Mailer)))).map((it) => it.via);
      }),
    );

    expect(orders).toEqual([
      ["smtp", "ses", "pigeon"],
      ["smtp", "ses", "pigeon"],
      ["smtp", "ses", "pigeon"],
    ]);
  });

  it("and one that fails: the error comes out, the list is never silently shorter", () => {
    const { smtp } = mailers();
    const refused = new Error("no credentials");
    const app: Scope = createContainer(
      smtp,
      singleton(
        Ses,
        () => {
          throw refused;
        },
        { as: [Mailer] },
      ),
    );

    expect(thrown(() => app.get(all(Mailer)))).toBe(refused);
  });
});
