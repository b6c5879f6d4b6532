import { alias, all, createContainer, scoped, singleton, token, transient, value, type Scope } from "thimble";
import { describe, expect, it } from "vitest";
import { laterRefusal, refusal } from "./support/refusal.ts";

const Plugin = token<string>("plugin");

/** A provider of a plugin under a token of its own. */
function plugin(name: string, options: { order?: number; tags?: string[] } = {}) {
  return value(token<string>(name), name, { ...options, as: [Plugin] });
}

describe("all", () => {
  it("is empty when there is none", () => {
    const app = createContainer(value(token<string>("unrelated"), "unrelated"));

    expect(app.get(all(Plugin))).toEqual([]);
  });

  it("has the provider of the token itself", () => {
    expect(createContainer(value(Plugin, "exact")).get(all(Plugin))).toEqual(["exact"]);
  });

  it("has every provider that lists the token in `as`", () => {
    const app = createContainer(plugin("spell"), value(token<string>("unrelated"), "no"), plugin("lint"));

    expect(app.get(all(Plugin))).toEqual(["spell", "lint"]);
  });

  it("has every provider that lists the token among others in `as`", () => {
    const Named = token<string>("named");
    const app = createContainer(value(token<string>("spell"), "spell", { as: [Named, Plugin] }));

    expect(app.get([all(Named), all(Plugin)])).toEqual([["spell"], ["spell"]]);
  });

  it("has every provider whose class extends the token, at any distance", () => {
    abstract class Handler {}
    class Upload extends Handler {}
    class LargeUpload extends Upload {}
    class Unrelated {}
    const app = createContainer(singleton(Upload), singleton(Unrelated), singleton(LargeUpload));

    expect(app.get(all(Handler))).toEqual([app.get(Upload), app.get(LargeUpload)]);
    expect(app.get(all(Upload))).toEqual([app.get(Upload), app.get(LargeUpload)]);
    expect(app.get(all(LargeUpload))).toEqual([app.get(LargeUpload)]);
  });

  it("has the class itself beside those that extend it", () => {
    class Handler {}
    class Upload extends Handler {}
    const app = createContainer(singleton(Handler), singleton(Upload));

    expect(app.get(all(Handler))).toEqual([app.get(Handler), app.get(Upload)]);
  });

  it("goes by the token of a provider, not by the class of what it makes", () => {
    class Handler {}
    class Upload extends Handler {}
    const Hidden = token<Handler>("hidden");
    const app = createContainer(singleton(Hidden, () => new Upload()));

    expect(app.get(all(Handler))).toEqual([]);
  });

  it("keeps to the providers that carry the tag", () => {
    const app = createContainer(
      plugin("backup", { tags: ["nightly"] }),
      plugin("mail"),
      plugin("report", { tags: ["weekly", "nightly"] }),
    );

    expect(app.get(all(Plugin, { tag: "nightly" }))).toEqual(["backup", "report"]);
    expect(app.get(all(Plugin, { tag: "yearly" }))).toEqual([]);
    expect(app.get(all(Plugin))).toEqual(["backup", "mail", "report"]);
  });

  it("is sorted by order, lower first, and then by registration", () => {
    const app = createContainer(
      plugin("c", { order: 5 }),
      plugin("a"),
      plugin("z", { order: -1 }),
      plugin("b", { order: 0 }),
    );

    expect(app.get(all(Plugin))).toEqual(["z", "a", "b", "c"]);
  });

  it("puts what was registered later behind", () => {
    const app: Scope = createContainer(plugin("first"));
    app.provide(plugin("second")).provide(plugin("third"));

    expect(app.get(all(Plugin))).toEqual(["first", "second", "third"]);
  });

  it("has the nearest scope first, whatever the order says", () => {
    const app = createContainer(plugin("far", { order: -100 }));
    const child: Scope = app.createScope("request", plugin("near", { order: 100 }));

    expect(child.get(all(Plugin))).toEqual(["near", "far"]);
    expect(app.get(all(Plugin))).toEqual(["far"]);
  });

  it("does not count a provider that is shadowed", () => {
    const app = createContainer(value(Plugin, "far"));
    const child = app.createScope("request", value(Plugin, "near"));

    expect(child.get(all(Plugin))).toEqual(["near"]);
  });

  it("does not count a shadowed provider even where the one that shadows it is no candidate", () => {
    const Spell = token<string>("spell");
    const app = createContainer(value(Spell, "far", { as: [Plugin] }));
    const child = app.createScope("request", value(Spell, "near"));

    expect(child.get(all(Plugin))).toEqual([]);
    expect(app.get(all(Plugin))).toEqual(["far"]);
  });

  it("counts an instance once that has a name and an alias", () => {
    class Mailer {}
    class SmtpMailer extends Mailer {}
    const app = createContainer(alias(Mailer, SmtpMailer), singleton(SmtpMailer));

    expect(app.get(all(Mailer))).toEqual([app.get(SmtpMailer)]);
  });

  it("counts an instance once that is reached through `as`, an alias, and an alias of that", () => {
    interface Mailer {
      readonly kind: string;
    }
    const Mailer = token<Mailer>("mailer");
    class Smtp implements Mailer {
      readonly kind = "smtp";
    }
    class Other implements Mailer {
      readonly kind = "other";
    }
    const Default = token<Mailer>("default");
    const app = createContainer(
      singleton(Smtp, { as: [Mailer] }),
      alias(Default, Smtp),
      alias(Mailer, Default),
      singleton(Other, { as: [Mailer] }),
    );

    const kinds = app.get(all(Mailer)).map((it) => it.kind);

    expect(kinds.toSorted()).toEqual(["other", "smtp"]);
  });

  it("counts an instance once that is a value under two tokens", () => {
    const shared = { id: 1 };
    const Shared = token<{ id: number }>("shared");
    const app = createContainer(
      value(token<{ id: number }>("a"), shared, { as: [Shared] }),
      value(token<{ id: number }>("b"), shared, { as: [Shared] }),
    );

    expect(app.get(all(Shared))).toEqual([shared]);
  });

  it("has an alias that lists nothing but leads to another service", () => {
    const Spell = token<string>("spell");
    const app = createContainer(value(Spell, "spell"), alias(Plugin, Spell), plugin("lint"));

    expect(app.get(all(Plugin)).toSorted()).toEqual(["lint", "spell"]);
  });

  it("builds what it lists and nothing else", () => {
    const built: string[] = [];
    const Spell = token<string>("spell");
    const Lint = token<string>("lint");
    const build = (name: string) => () => {
      built.push(name);
      return name;
    };
    const app = createContainer(
      singleton(Spell, build("spell"), { as: [Plugin], tags: ["text"] }),
      singleton(Lint, build("lint"), { as: [Plugin] }),
    );

    app.get(all(Plugin, { tag: "text" }));

    expect(built).toEqual(["spell"]);
  });

  it("gives the same singletons and fresh transients each time", () => {
    class Job {}
    class Fixed extends Job {}
    class Fresh extends Job {}
    const app = createContainer(singleton(Fixed), transient(Fresh));

    const [fixed, fresh] = app.get(all(Job));
    const [fixedAgain, freshAgain] = app.get(all(Job));

    expect(fixedAgain).toBe(fixed);
    expect(freshAgain).not.toBe(fresh);
    expect([fresh, freshAgain]).toEqual([expect.any(Fresh), expect.any(Fresh)]);
  });

  it("gives scoped services of the scope that asks", () => {
    class Job {}
    class Mail extends Job {}
    const app: Scope = createContainer(scoped(Mail));
    const child = app.createScope("request");

    expect(child.get(all(Job))).toEqual([child.get(Mail)]);
    expect(child.get(all(Job))[0]).toBe(child.get(Mail));
    expect(child.get(all(Job))[0]).not.toBe(app.get(Mail));
  });

  it("is asked by a singleton from the scope that registered it", () => {
    const Host = token<readonly string[]>("host");
    const app = createContainer(
      plugin("far"),
      singleton(Host, [all(Plugin)], (plugins) => plugins),
    );
    const child: Scope = app.createScope("request", plugin("near"));

    expect(child.get(Host)).toEqual(["far"]);
  });

  it("waits for all of them, side by side", async () => {
    const Left = token<string>("left");
    const Right = token<string>("right");
    const begun: string[] = [];
    const app = createContainer(
      singleton(Left, async () => (begun.push("left"), "left"), { as: [Plugin] }),
      singleton(Right, async () => (begun.push("right"), "right"), { as: [Plugin] }),
    );

    expect(await app.getAsync(all(Plugin))).toEqual(["left", "right"]);
    expect(begun).toEqual(["left", "right"]);
  });

  it("cannot be had at once while one of them takes its time", async () => {
    const Slow = token<string>("slow");
    const app = createContainer(
      plugin("quick"),
      singleton(Slow, async () => "slow", { as: [Plugin] }),
    );

    expect(refusal(() => app.get(all(Plugin))).code).toBe("ASYNC_PROVIDER");
    await app.getAsync(Slow);

    expect(app.get(all(Plugin))).toEqual(["quick", "slow"]);
  });

  it("is a cycle when two of them depend on all of them", async () => {
    const Composite = token<string>("composite");
    const Another = token<string>("another");
    const app = createContainer(
      plugin("spell"),
      singleton(Composite, [all(Plugin)], (all) => all.join(), { as: [Plugin] }),
      singleton(Another, [all(Plugin)], (all) => all.join(), { as: [Plugin] }),
    );

    expect(refusal(() => app.get(all(Plugin))).code).toBe("CIRCULAR_DEPENDENCY");
    expect((await laterRefusal(app.getAsync(Composite))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("has the provider that overrides, and not the one overridden", () => {
    const Spell = token<string>("spell");
    const app: Scope = createContainer(value(Spell, "old", { as: [Plugin] }));

    app.override(value(Spell, "new", { as: [Plugin] }));

    expect(app.get(all(Plugin))).toEqual(["new"]);
  });

  it("can be asked for through the resolver", () => {
    const Names = token<string>("names");
    const app = createContainer(
      plugin("spell"),
      plugin("lint"),
      singleton(Names, ({ get }) => get(all(Plugin)).join()),
    );

    expect(app.get(Names)).toBe("spell,lint");
  });
});
