import {
  alias,
  createContainer,
  map,
  optional,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { laterRefusal, refusal, route } from "./support/refusal.ts";
import { uncheckedContainer } from "./support/unchecked.ts";

const Mailer = token<string>("mailer");
const Smtp = token<string>("smtp");

describe("an alias", () => {
  it("is another name for the same instance", () => {
    class Store {}
    class MemoryStore extends Store {}
    const app = createContainer(alias(Store, MemoryStore), singleton(MemoryStore));

    expect(app.get(Store)).toBe(app.get(MemoryStore));
  });

  it("may name another alias", () => {
    const Notifier = token<string>("notifier");
    const app = createContainer(alias(Notifier, Mailer), alias(Mailer, Smtp), value(Smtp, "smtp"));

    expect(app.get(Notifier)).toBe("smtp");
    expect(app.has(Notifier)).toBe(true);
  });

  it("may name any dependency: a combinator, a tuple, a record", () => {
    const Length = token<number>("length");
    const Absent = token<string | undefined>("absent");
    const Pair = token<readonly [string, number]>("pair");
    const Both = token<{ readonly smtp: string }>("both");
    const app = createContainer(
      value(Smtp, "smtp"),
      alias(
        Length,
        map(Smtp, (name) => name.length),
      ),
      alias(Absent, optional(token<string>("nowhere"))),
      alias(Pair, [Smtp, Length]),
      alias(Both, { smtp: Smtp }),
    );

    expect(app.get([Length, Absent, Pair, Both])).toEqual([4, undefined, ["smtp", 4], { smtp: "smtp" }]);
  });

  it("asks anew each time for what is made anew each time", () => {
    class Job {}
    const Task = token<Job>("task");
    const app: Scope = createContainer(transient(Job), alias(Task, Job));

    expect(app.get(Task)).not.toBe(app.get(Task));
  });

  it("asks for its target from the scope that asks", () => {
    const app = createContainer(alias(Mailer, Smtp), value(Smtp, "root's"));
    const child = app.createScope("request", value(Smtp, "request's"));

    expect(child.get(Mailer)).toBe("request's");
    expect(app.get(Mailer)).toBe("root's");
  });

  it("may name what only a scope below provides", () => {
    const app = uncheckedContainer(alias(Mailer, Smtp));
    const child = app.createScope("request", value(Smtp, "request's"));

    expect(child.get(Mailer)).toBe("request's");
    expect(refusal(() => app.get(Mailer)).code).toBe("NOT_PROVIDED");
  });

  it("is asked by a singleton from the scope that registered the singleton", () => {
    const Users = token<string>("users");
    const app = createContainer(
      alias(Mailer, Smtp),
      value(Smtp, "root's"),
      singleton(Users, [Mailer], (mailer) => mailer),
    );
    const child = app.createScope("request", value(Smtp, "request's"));

    expect(child.get(Users)).toBe("root's");
  });

  it("waits for a target that takes its time", async () => {
    const app = createContainer(
      alias(Mailer, Smtp),
      singleton(Smtp, async () => "smtp"),
    );

    expect(refusal(() => app.get(Mailer)).code).toBe("ASYNC_PROVIDER");
    expect(await app.getAsync(Mailer)).toBe("smtp");
    expect(app.get(Mailer)).toBe("smtp");
  });

  it("shares the one build of its target", async () => {
    let built = 0;
    const app = createContainer(
      alias(Mailer, Smtp),
      singleton(Smtp, async () => `smtp ${++built}`),
    );

    expect(await Promise.all([app.getAsync(Mailer), app.getAsync(Smtp), app.getAsync(Mailer)])).toEqual([
      "smtp 1",
      "smtp 1",
      "smtp 1",
    ]);
  });

  it("says the whole way when its target is missing", () => {
    const error = refusal(() => uncheckedContainer(alias(Mailer, Smtp)).get(Mailer));

    expect(error.code).toBe("NOT_PROVIDED");
    expect(route(error.path)).toBe("mailer > smtp");
  });

  it("of itself is a cycle", async () => {
    const app: Scope = createContainer(alias(Mailer, Mailer));

    expect(refusal(() => app.get(Mailer)).code).toBe("CIRCULAR_DEPENDENCY");
    expect((await laterRefusal(app.getAsync(Mailer))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("of an alias of itself is a cycle", () => {
    const app: Scope = createContainer(alias(Mailer, Smtp), alias(Smtp, Mailer));

    const error = refusal(() => app.get(Mailer));

    expect(error.code).toBe("CIRCULAR_DEPENDENCY");
    expect(route(error.path)).toBe("mailer > smtp > mailer");
  });

  it("never disposes its target: a child that closes leaves its parent's service open", async () => {
    const undone: string[] = [];
    const app = createContainer(singleton(Smtp, () => "smtp", { dispose: () => undone.push("smtp") }));
    const child = app.createScope("request", alias(Mailer, Smtp));
    child.get(Mailer);

    const report = await child.shutdown();

    expect(report.services).toEqual([]);
    expect(undone).toEqual([]);
    expect(app.get(Smtp)).toBe("smtp");
  });

  it("leaves its target to be disposed once, under its own name", async () => {
    const undone: string[] = [];
    const app = createContainer(
      singleton(Smtp, () => "smtp", { dispose: () => undone.push("smtp") }),
      alias(Mailer, Smtp),
    );
    app.get([Smtp, Mailer]);

    const report = await app.shutdown();

    expect(undone).toEqual(["smtp"]);
    expect(report.services.map((row) => row.token)).toEqual(["smtp"]);
  });

  it("may shadow the service it names in the scope above", () => {
    const app = createContainer(value(Mailer, "root's"), value(Smtp, "smtp"));
    const child = app.createScope("request", alias(Mailer, Smtp));

    expect(child.get(Mailer)).toBe("smtp");
    expect(app.get(Mailer)).toBe("root's");
  });
});
