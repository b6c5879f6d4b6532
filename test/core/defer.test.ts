import { createContainer, defer, pathOf, scoped, singleton, token, value, type Scope } from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "./support/deferred.ts";
import { laterRefusal, refusal, rejected, route, thrown } from "./support/refusal.ts";
import { turn } from "./support/turn.ts";

interface Later<T> {
  get(): T;
  getAsync(): Promise<T>;
}

class Users {
  readonly audit: Later<Audit>;
  constructor(audit: Later<Audit>) {
    this.audit = audit;
  }
}

class Audit {
  readonly users: Users;
  constructor(users: Users) {
    this.users = users;
  }
}

describe("defer", () => {
  it("closes a cycle", () => {
    const app = createContainer(singleton(Users, [defer(Audit)]), singleton(Audit, [Users]));

    const users = app.get(Users);

    expect(users.audit.get()).toBe(app.get(Audit));
    expect(users.audit.get().users).toBe(users);
  });

  it("closes a cycle entered from the other end", async () => {
    const app = createContainer(singleton(Users, [defer(Audit)]), singleton(Audit, [Users]));

    const audit = await app.getAsync(Audit);

    expect(audit.users.audit.get()).toBe(audit);
    expect(await audit.users.audit.getAsync()).toBe(audit);
  });

  it("builds nothing before it is asked", () => {
    let built = 0;
    const Heavy = token<number>("heavy");
    const Light = token<Later<number>>("light");
    const app = createContainer(
      singleton(Heavy, () => ++built),
      singleton(Light, [defer(Heavy)], (heavy) => heavy),
    );

    const light = app.get(Light);
    expect(built).toBe(0);

    expect(light.get()).toBe(1);
    expect(light.get()).toBe(1);
  });

  it("needs nothing to be there when it is handed out, and may be asked once it is", () => {
    const Heavy = token<string>("heavy");
    const Light = token<Later<string>>("light");
    const app: Scope = createContainer(singleton(Light, [defer(Heavy)], (heavy) => heavy));
    const light = app.get(Light);

    const error = refusal(() => light.get());
    expect(error.code).toBe("NOT_PROVIDED");
    expect(route(error.path)).toContain("heavy");

    app.provide(value(Heavy, "here now"));
    expect(light.get()).toBe("here now");
  });

  it("gives what takes its time through getAsync, and through get once it is built", async () => {
    const Slow = token<string>("slow");
    const app = createContainer(singleton(Slow, async () => "at last"));
    const slow = app.get(defer(Slow));

    expect(refusal(() => slow.get()).code).toBe("ASYNC_PROVIDER");
    expect(await slow.getAsync()).toBe("at last");
    expect(slow.get()).toBe("at last");
  });

  it("rejects and never throws from getAsync", async () => {
    const app: Scope = createContainer();

    const promise = app.get(defer(token<string>("absent"))).getAsync();

    expect((await laterRefusal(promise)).code).toBe("NOT_PROVIDED");
  });

  it("is a cycle when it is asked before its own service is built", () => {
    const app = createContainer(
      singleton(Users, [defer(Audit)], (audit) => {
        audit.get();
        return new Users(audit);
      }),
      singleton(Audit, [Users]),
    );

    expect(refusal(() => app.get(Users)).code).toBe("CIRCULAR_DEPENDENCY");
    expect(refusal(() => app.get(Audit)).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("is a cycle when it is awaited before its own service is built", async () => {
    const app = createContainer(
      singleton(Users, [defer(Audit)], async (audit) => {
        await turn();
        await audit.getAsync();
        return new Users(audit);
      }),
      singleton(Audit, [Users]),
    );

    expect((await laterRefusal(app.getAsync(Users))).code).toBe("CIRCULAR_DEPENDENCY");
  });

  it("asks from the scope that registered the singleton that holds it", () => {
    const Host = token<string>("host");
    const Holder = token<Later<string>>("holder");
    const app = createContainer(
      value(Host, "root's"),
      singleton(Holder, [defer(Host)], (host) => host),
    );
    const child: Scope = app.createScope("request", value(Host, "request's"));

    expect(child.get(Holder).get()).toBe("root's");
  });

  it("asks from the scope that the scoped service which holds it belongs to", () => {
    const Host = token<string>("host");
    const Holder = token<Later<string>>("holder");
    const app: Scope = createContainer(
      value(Host, "root's"),
      scoped(Holder, [defer(Host)], (host) => host),
    );
    const child = app.createScope("request", value(Host, "request's"));

    expect(child.get(Holder).get()).toBe("request's");
    expect(app.get(Holder).get()).toBe("root's");
  });

  it("is a captive dependency when it is asked, not before", () => {
    const Session = token<string>("session");
    const Holder = token<Later<string>>("holder");
    const app: Scope = createContainer(
      scoped(Session, () => "session"),
      singleton(Holder, [defer(Session)], (session) => session),
    );

    const holder = app.createScope("request").get(Holder);

    const error = refusal(() => holder.get());
    expect(error.code).toBe("CAPTIVE_DEPENDENCY");
    expect(route(error.path)).toBe("holder > session");
  });

  it("says whose it was, when what it asks for later cannot be had", () => {
    const Missing = token<string>("missing");
    const Flaky = token<string>("flaky");
    const Holder = token<readonly [Later<string>, Later<string>]>("holder");
    const app: Scope = createContainer(
      singleton(Flaky, (): string => {
        throw new Error("not yet");
      }),
      singleton(Holder, [defer(Missing), defer(Flaky)], (missing, flaky) => [missing, flaky] as const),
    );
    const [missing, flaky] = app.get(Holder);

    expect(route(refusal(() => missing.get()).path)).toBe("holder > missing");
    expect(route(pathOf(thrown(() => flaky.get())))).toBe("holder > flaky");
  });

  it("passes on the failure of a factory, and tries again the next time", async () => {
    const failure = new Error("not yet");
    let tries = 0;
    const Flaky = token<string>("flaky");
    const app = createContainer(
      singleton(Flaky, () => {
        if (++tries < 3) throw failure;
        return "up";
      }),
    );
    const flaky = app.get(defer(Flaky));

    expect(thrown(() => flaky.get())).toBe(failure);
    expect(await rejected(flaky.getAsync())).toBe(failure);
    expect(flaky.get()).toBe("up");
  });

  it("orders shutdown once it has been asked: who asked is undone first", async () => {
    const undone: string[] = [];
    const release = deferred();
    const Db = token<string>("db");
    const Holder = token<Later<string>>("holder");
    const app = createContainer(
      singleton(Db, () => "db", { dispose: () => undone.push("db") }),
      singleton(Holder, [defer(Db)], (db) => db, {
        dispose: async () => {
          await release.promise;
          undone.push("holder");
        },
      }),
    );
    app.get(Holder).get();

    const closing = app.shutdown();
    await turn();
    expect(undone).toEqual([]);
    release.resolve();
    await closing;

    expect(undone).toEqual(["holder", "db"]);
  });

  it("yields to a declared dependency where the two make a circle", async () => {
    const undone: string[] = [];
    const app = createContainer(
      singleton(Users, [defer(Audit)], { dispose: () => undone.push("users") }),
      singleton(Audit, [Users], { dispose: () => undone.push("audit") }),
    );
    app.get(Users).audit.get();

    const report = await app.shutdown();

    expect(report.ok).toBe(true);
    expect(undone).toEqual(["audit", "users"]);
  });

  it("is refused once the scope is closed", async () => {
    const Db = token<string>("db");
    const app = createContainer(singleton(Db, () => "db"));
    const db = app.get(defer(Db));
    await app.shutdown();

    expect(refusal(() => db.get()).code).toBe("SCOPE_CLOSED");
    expect((await laterRefusal(db.getAsync())).code).toBe("SCOPE_CLOSED");
  });
});
