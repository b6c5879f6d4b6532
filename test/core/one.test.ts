import { alias, createContainer, one, singleton, token, value, type Scope } from "thimble";
import { describe, expect, it } from "vitest";
import { laterRefusal, refusal } from "./support/refusal.ts";

const Mailer = token<string>("mailer");
const Smtp = token<string>("smtp");
const Queue = token<string>("queue");

describe("one", () => {
  it("gives the only candidate", () => {
    const app = createContainer(value(Smtp, "smtp", { as: [Mailer] }));

    expect(app.get(one(Mailer))).toBe("smtp");
  });

  it("gives the only class that extends the token", () => {
    abstract class Store {}
    class MemoryStore extends Store {}
    const app = createContainer(singleton(MemoryStore));

    expect(app.get(one(Store))).toBe(app.get(MemoryStore));
  });

  it("prefers the exact token, also to one that is marked default", () => {
    const app = createContainer(value(Smtp, "smtp", { as: [Mailer], default: true }), value(Mailer, "exact"));

    expect(app.get(one(Mailer))).toBe("exact");
  });

  it("prefers the exact token of a scope above to a candidate nearer by", () => {
    const app = createContainer(value(Mailer, "exact"));
    const child: Scope = app.createScope("request", value(Smtp, "smtp", { as: [Mailer], default: true }));

    expect(child.get(one(Mailer))).toBe("exact");
  });

  it("picks the one marked default among several", () => {
    const app = createContainer(
      value(Smtp, "smtp", { as: [Mailer] }),
      value(Queue, "queue", { as: [Mailer], default: true }),
    );

    expect(app.get(one(Mailer))).toBe("queue");
  });

  it("refuses to pick among several, names them, and builds none", () => {
    let built = 0;
    const app = createContainer(
      singleton(Smtp, () => `smtp ${++built}`, { as: [Mailer] }),
      singleton(Queue, () => `queue ${++built}`, { as: [Mailer] }),
    );

    const error = refusal(() => app.get(one(Mailer)));

    expect(error.code).toBe("AMBIGUOUS");
    expect(error.message).toContain("smtp");
    expect(error.message).toContain("queue");
    expect(built).toBe(0);
  });

  it("refuses to pick among several marked default", () => {
    const app = createContainer(
      value(Smtp, "smtp", { as: [Mailer], default: true }),
      value(Queue, "queue", { as: [Mailer], default: true }),
    );

    expect(refusal(() => app.get(one(Mailer))).code).toBe("AMBIGUOUS");
  });

  it("refuses to pick between a scope and the one above", async () => {
    const app = createContainer(value(Smtp, "smtp", { as: [Mailer] }));
    const child: Scope = app.createScope("request", value(Queue, "queue", { as: [Mailer] }));

    expect(refusal(() => child.get(one(Mailer))).code).toBe("AMBIGUOUS");
    expect((await laterRefusal(child.getAsync(one(Mailer)))).code).toBe("AMBIGUOUS");
    expect(app.get(one(Mailer))).toBe("smtp");
  });

  it("does not count what is shadowed", () => {
    const app = createContainer(value(Smtp, "far", { as: [Mailer] }));
    const child: Scope = app.createScope("request", value(Smtp, "near", { as: [Mailer] }));

    expect(child.get(one(Mailer))).toBe("near");
  });

  it("is not confused by two names of one service", () => {
    class Store {}
    class MemoryStore extends Store {}
    class DefaultStore extends MemoryStore {}
    const app = createContainer(singleton(DefaultStore), alias(MemoryStore, DefaultStore));

    expect(app.get(one(Store))).toBe(app.get(DefaultStore));
  });

  it("says that nothing provides it when there is no candidate", () => {
    const app: Scope = createContainer(value(Smtp, "smtp"));

    expect(refusal(() => app.get(one(Mailer))).code).toBe("NOT_PROVIDED");
  });

  it("stays with its choice when another one fails to build or lacks something", () => {
    const app = createContainer(
      value(Smtp, "smtp", { as: [Mailer], default: true }),
      singleton(
        Queue,
        (): string => {
          throw new Error("no queue");
        },
        { as: [Mailer] },
      ),
    );

    expect(app.get(one(Mailer))).toBe("smtp");
  });

  it("waits for one that takes its time", async () => {
    const app = createContainer(singleton(Smtp, async () => "smtp", { as: [Mailer] }));

    expect(await app.getAsync(one(Mailer))).toBe("smtp");
  });

  it("can be a dependency", () => {
    const Users = token<string>("users");
    const app = createContainer(
      value(Smtp, "smtp", { as: [Mailer] }),
      singleton(Users, [one(Mailer)], (mailer) => `users with ${mailer}`),
    );

    expect(app.get(Users)).toBe("users with smtp");
  });
});
